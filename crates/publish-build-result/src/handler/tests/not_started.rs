//! Reports of start-build that a build could not be started.

use super::*;

/// The event of a build that waits for the account's limit.
fn report() -> serde_json::Value {
    let text = include_str!("../../../../pull-request-build/fixtures/build-not-started/account-limit.json");
    serde_json::from_str(text).unwrap()
}

/// The text that the handler writes about the report.
async fn text() -> String {
    let script = [
        comments([]),
        pull_request("OPEN", false, SOURCE),
        ("PostCommentForPullRequest", Answer::status(500)),
    ];
    let run = run(report(), script).await;
    run.request("PostCommentForPullRequest", 0)["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_report_becomes_the_commits_comment_and_says_what_aws_says() {
    let text = text().await;
    let script =
        [comments([]), pull_request("OPEN", false, SOURCE), posted(), comments([own("c1", 2, &text)])];
    let run = run(report(), script).await;
    let Publication::Posted(shown) = run.publication() else { panic!("{:?}", run.publication()) };
    assert_eq!((&*shown.comment_id, &*shown.build_status), ("c1", "NOT_STARTED"));
    let request = run.request("PostCommentForPullRequest", 0);
    assert_eq!(
        (&request["beforeCommitId"], &request["afterCommitId"]),
        (&json!(DESTINATION), &json!(SOURCE))
    );
    assert!(text.starts_with("⏳") && text.contains("more than 60 builds"), "{text}");
}

#[tokio::test]
async fn the_first_event_of_the_build_changes_the_comment_in_place() {
    let not_started = text().await;
    let build = a_build("1", "IN_PROGRESS");
    let submitted = text_on(&build).await;
    let look = |text: &str| [comments([own("c1", 2, text)]), builds([build.clone()])];
    let script = look(&not_started).into_iter().chain([updated()]).chain(look(&submitted));
    let run = run(event("in-progress.json"), script).await;
    assert_eq!(run.publication(), Publication::Updated(shown("IN_PROGRESS")));
    assert_eq!(run.request("UpdateComment", 0)["commentId"], "c1");
}

#[tokio::test]
async fn a_report_that_is_overtaken_changes_nothing() {
    let submitted = text_on(&a_build("1", "IN_PROGRESS")).await;
    for (script, reason) in [
        (vec![comments([own("c1", 2, &submitted)])], "shows a build"),
        (vec![comments([deleted("c1", 2)])], "a person deleted"),
        (vec![comments([]), pull_request("CLOSED", false, SOURCE)], "was closed"),
        (vec![comments([]), pull_request("CLOSED", true, SOURCE)], "was merged"),
        (vec![comments([]), pull_request("OPEN", false, DESTINATION)], "has moved on"),
    ] {
        let run = run(report(), script).await;
        assert!(run.ignored().contains(reason), "{}", run.ignored());
    }
}

#[tokio::test]
async fn a_report_of_another_hook_costs_no_call() {
    let mut report = report();
    report["detail"]["hook"] = json!("another-hook");
    let run = run(report, []).await;
    assert_eq!(run.ignored(), "the build is of hook another-hook");
}

#[tokio::test]
async fn a_report_that_cannot_be_understood_is_an_invalid_event() {
    let mut report = report();
    report["detail"]["sourceCommit"] = json!("HEAD");
    let error = run(report, []).await.result.unwrap_err();
    assert_eq!(error.error_type(), "InvalidEvent");
    assert!(error.to_string().contains("detail.sourceCommit"), "{error}");
}
