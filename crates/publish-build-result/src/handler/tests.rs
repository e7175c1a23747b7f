//! The handler between an event and a scripted AWS.

mod comments;
mod errors;
mod not_started;
mod replies;
mod results;
mod sweep;
mod world;

use pull_request_build::MAX_PASSES;
use replayed_aws::Answer;
use serde_json::json;
use world::*;

use super::{Handled, Handler, Publication, PublishError};

#[tokio::test]
async fn the_first_event_posts_a_comment_on_the_builds_own_commits() {
    let build = a_build("1", "IN_PROGRESS");
    let text = text_on(&build).await;
    let run = run(
        event("in-progress.json"),
        [comments([]), builds([build.clone()]), posted(), comments([own("c1", 2, &text)]), builds([build])],
    )
    .await;
    let shown = shown("IN_PROGRESS");
    assert_eq!(run.publication(), Publication::Posted(shown));
    let mut request = run.request("PostCommentForPullRequest", 0);
    let token = request["clientRequestToken"].take();
    assert_eq!(token.as_str().map(str::len), Some(64));
    assert_eq!(
        request,
        json!({
            "pullRequestId": "42",
            "repositoryName": "payments",
            "beforeCommitId": DESTINATION,
            "afterCommitId": SOURCE,
            "clientRequestToken": null,
            "content": text,
        })
    );
    assert!(text.starts_with("⏳"), "{text}");
    assert_eq!(run.request("BatchGetBuilds", 0), json!({"ids": [id("1")]}));
    assert_eq!(run.request("GetCommentsForPullRequest", 0), json!({"pullRequestId": "42"}));
}

#[tokio::test]
async fn a_text_that_codecommit_keeps_in_another_form_is_not_written_again_and_again() {
    let build = a_build("1", "SUCCEEDED");
    let stored = text_on(&build).await.replace('\n', "\r\n");
    let answer =
        json!({"comment": {"commentId": "c1", "authorArn": AUTHOR, "deleted": false, "content": stored}});
    let script = [
        comments([]),
        builds([build.clone()]),
        ("PostCommentForPullRequest", Answer::json(answer)),
        comments([own("c1", 2, &stored)]),
        builds([build]),
    ];
    let run = run(event("succeeded.json"), script).await;
    assert!(matches!(run.publication(), Publication::Posted(_)));
}

#[tokio::test]
async fn a_later_event_changes_the_comment_in_place() {
    for (file, status, emoji) in [
        ("succeeded.json", "SUCCEEDED", "✅"),
        ("failed.json", "FAILED", "❌"),
        ("stopped.json", "STOPPED", "🛑"),
        ("timed-out.json", "TIMED_OUT", "⏰"),
        ("fault.json", "FAULT", "💥"),
        ("unknown-state.json", "ABANDONED", "❌"),
    ] {
        let build = a_build("1", status);
        let before = text_on(&a_build("1", "IN_PROGRESS")).await;
        let after = text_on(&build).await;
        let look = |text: &str| [comments([own("c1", 2, text)]), builds([build.clone()])];
        let first = look(&before).into_iter().chain(asked_about(&build)).chain([updated()]);
        // Why a build did not succeed is asked once.
        let run = run(event(file), first.chain(look(&after))).await;
        let shown = shown(status);
        assert_eq!(run.publication(), Publication::Updated(shown));
        assert_eq!(run.request("UpdateComment", 0), json!({"commentId": "c1", "content": after}));
        assert!(after.starts_with(emoji), "{status}: {after}");
    }
}

#[tokio::test]
async fn a_late_event_of_a_build_in_progress_changes_nothing() {
    let build = a_build("1", "SUCCEEDED");
    let text = text_on(&build).await;
    let run = run(event("in-progress.json"), [comments([own("c1", 2, &text)]), builds([build])]).await;
    let shown = shown("SUCCEEDED");
    assert_eq!(run.publication(), Publication::Unchanged(shown));
}

#[tokio::test]
async fn an_answer_from_before_the_event_is_not_shown_as_the_truth() {
    let build = a_build("1", "SUCCEEDED");
    let text = text_on(&build).await;
    let script = [
        comments([own("c1", 2, &text)]),
        builds([a_build("1", "IN_PROGRESS")]),
        comments([own("c1", 2, &text)]),
        builds([build]),
    ];
    let run = run(event("succeeded.json"), script).await;
    assert_eq!(run.publication().shown().unwrap().build_status, "SUCCEEDED");
}

#[tokio::test]
async fn an_answer_that_stays_behind_the_event_is_left_to_the_next_try() {
    let pass = || [comments([]), builds([a_build("1", "IN_PROGRESS")])];
    let run = run(event("succeeded.json"), (0..MAX_PASSES).flat_map(|_| pass())).await;
    let error = run.result.unwrap_err().to_string();
    assert!(error.contains("a state from before the event"), "{error}");
}

#[tokio::test]
async fn a_retried_build_takes_the_comment_over() {
    let (first, second) = (a_build("1", "FAILED"), started_at(a_build("2", "SUCCEEDED"), 500));
    let before = text_on(&first).await;
    let after = text_on_all([second.clone(), first.clone()], &before).await;
    let run = run(
        event_of("2"),
        [
            comments([own("c1", 2, &before)]),
            builds([first.clone(), second.clone()]),
            updated(),
            comments([own("c1", 2, &after)]),
            builds([first, second]),
        ],
    )
    .await;
    assert_eq!(run.publication().shown().unwrap().build_id, Some(id("2")));
    assert_eq!(run.request("BatchGetBuilds", 0), json!({"ids": [id("2"), id("1")]}));
    assert!(
        after.starts_with("✅") && after.ends_with(&format!("builds={},{})", id("2"), id("1"))),
        "{after}"
    );
}

#[tokio::test]
async fn an_event_of_the_build_before_the_retry_changes_nothing() {
    let (first, second) = (a_build("1", "FAILED"), started_at(a_build("2", "SUCCEEDED"), 500));
    let text = text_on_all([second.clone(), first.clone()], &text_on(&first).await).await;
    let run = run(event("failed.json"), [comments([own("c1", 2, &text)]), builds([first, second])]).await;
    assert_eq!(run.publication().shown().unwrap().build_id, Some(id("2")));
    assert!(matches!(run.publication(), Publication::Unchanged(_)));
}

#[tokio::test]
async fn builds_of_another_project_or_without_a_pull_request_are_ignored_without_a_call() {
    let mut other = event("succeeded.json");
    other["detail"]["build-id"] = json!("arn:aws:codebuild:eu-central-1:123456789012:build/other:1");
    for (event, reason) in
        [(other, "project other"), (event("no-pull-request.json"), "no variable PULL_REQUEST_ID")]
    {
        let run = run(event, []).await;
        assert!(run.ignored().contains(reason), "{}", run.ignored());
    }
}

#[tokio::test]
async fn a_build_that_codebuild_does_not_know_any_more_is_ignored() {
    let gone = Answer::json(json!({"builds": [], "buildsNotFound": [id("1")]}));
    let run = run(event("succeeded.json"), [comments([]), ("BatchGetBuilds", gone)]).await;
    assert!(run.ignored().contains("does not know the build"), "{}", run.ignored());
}

#[tokio::test]
async fn a_build_that_names_another_pull_request_than_its_event_is_ignored() {
    let other = with_variable(a_build("1", "SUCCEEDED"), "PULL_REQUEST_ID", "43");
    let run = run(event("succeeded.json"), [comments([]), builds([other])]).await;
    assert!(run.ignored().contains("another pull request"), "{}", run.ignored());
}

#[tokio::test]
async fn a_lost_source_is_explained_and_not_held_against_the_commit() {
    let build = || ended_in(a_build("1", "FAILED"), "DOWNLOAD_SOURCE", "CLIENT_ERROR");
    let gone = || ("GetBranch", Answer::error("BranchDoesNotExistException", "gone"));
    let there = || ("GetBranch", Answer::json(json!({"branch": {"branchName": "feature/login"}})));
    let cases = [
        (vec![pull_request("CLOSED", true, SOURCE)], "⚪ **Not built:** the pull request was merged"),
        (vec![pull_request("CLOSED", false, SOURCE)], "⚪ **Not built:** the pull request was closed"),
        (vec![pull_request("OPEN", false, DESTINATION)], "⚪ **Not built:** a newer commit"),
        (
            vec![pull_request("OPEN", false, SOURCE), gone()],
            "⚪ **Not built:** the source branch was deleted",
        ),
        (
            vec![pull_request("OPEN", false, SOURCE), there()],
            "❌ **Build failed** in phase `DOWNLOAD_SOURCE`",
        ),
    ];
    for (answers, start) in cases {
        let script = [comments([]), builds([build()])].into_iter().chain(answers);
        let run =
            run(event("failed.json"), script.chain([("PostCommentForPullRequest", Answer::status(500))]))
                .await;
        let text = run.request("PostCommentForPullRequest", 0)["content"].as_str().unwrap().to_owned();
        assert!(text.starts_with(start), "{start:?} does not begin {text}");
    }
}

#[tokio::test]
async fn a_build_that_fails_after_its_pull_request_was_closed_is_not_red_and_asks_for_no_branch() {
    let build = ended_in(a_build("1", "FAILED"), "BUILD", "COMMAND_EXECUTION_ERROR");
    let script = [
        comments([]),
        builds([build]),
        pull_request("CLOSED", false, SOURCE),
        ("PostCommentForPullRequest", Answer::status(500)),
    ];
    let run = run(event("failed.json"), script).await;
    let text = run.request("PostCommentForPullRequest", 0)["content"].as_str().unwrap().to_owned();
    assert!(text.starts_with("⚪ **The pull request was closed**") && text.contains("`BUILD`"), "{text}");
}

#[tokio::test]
async fn the_branch_is_looked_for_by_its_short_name() {
    let build = ended_in(a_build("1", "STOPPED"), "QUEUED", "");
    let script = [
        comments([]),
        builds([build]),
        pull_request("OPEN", false, SOURCE),
        ("GetBranch", Answer::error("BranchDoesNotExistException", "gone")),
        ("PostCommentForPullRequest", Answer::status(500)),
    ];
    let run = run(event("stopped.json"), script).await;
    assert_eq!(
        run.request("GetBranch", 0),
        json!({"repositoryName": "payments", "branchName": "feature/login"})
    );
}

#[tokio::test]
async fn a_broken_buildspec_is_a_failure_of_the_commit() {
    let build = ended_in(a_build("1", "FAILED"), "DOWNLOAD_SOURCE", "YAML_FILE_ERROR");
    let text = text_on(&build).await;
    assert!(text.starts_with("❌") && text.contains("YAML_FILE_ERROR"), "{text}");
}

#[tokio::test]
async fn a_build_knows_its_command_its_duration_and_its_log() {
    let mut build = ended_in(a_build("1", "FAILED"), "BUILD", "COMMAND_EXECUTION_ERROR");
    build["phases"][1]["contexts"][0]["message"] =
        json!("Error while executing command: make test. Reason: exit status 2");
    let text = text_on(&build).await;
    for words in [
        "in phase `BUILD` after 2 minutes 5 seconds. This command ended with `exit status 2`:",
        "```\nmake test\n```",
        "- Commit [`aaaaaaaa`]",
        "- Build 12 of project `pull-request-hook`",
        "[log](https://eu-central-1.console.aws.amazon.com/cloudwatch/home#log-1)",
    ] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}

#[test]
fn the_answer_is_readable_json() {
    let shown = shown("FAILED");
    assert_eq!(
        serde_json::to_value(Publication::Posted(shown)).unwrap(),
        json!({"decision": "posted", "commentId": "c1", "buildId": id("1"), "buildStatus": "FAILED"})
    );
    assert_eq!(
        serde_json::to_value(Publication::Ignored { reason: "x".to_owned() }).unwrap(),
        json!({"decision": "ignored", "reason": "x"})
    );
}
