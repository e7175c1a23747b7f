//! What happens to a pull request, and what is built for it.

use end_to_end_tests::{FAILING, PASSING, run_test};
use local_aws::event::Event;
use serde_json::json;

#[tokio::test]
async fn a_created_pull_request_is_built_and_its_comment_shows_the_result() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
        assert_eq!(comment.after_commit, pull_request.source_commit);
        assert_eq!(comment.before_commit, pull_request.destination_commit);
        let builds = world.builds().await;
        assert_eq!(builds.len(), 1);
        assert_eq!(builds[0].source_version(), Some(pull_request.source_commit.as_str()));
        assert_eq!(builds[0].resolved_source_version(), Some(pull_request.source_commit.as_str()));
        assert!(world.failures().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_failing_build_names_the_phase_the_command_and_the_exit_status() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", FAILING).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        for expected in ["Build failed", "BUILD", "./run-tests.sh --all", "exit status 127"] {
            assert!(comment.text.contains(expected), "no {expected:?} in:\n{}", comment.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_push_is_built_and_gets_a_comment_of_its_own() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let first = world.propose(&repository, "feature", FAILING).await;
        world.settle().await;
        repository.push_buildspec("feature", PASSING).await;
        world.settle().await;
        let second = world.pull_request(&first.id).await;
        assert_ne!(first.revision_id, second.revision_id);
        let comments = world.comments(&first.id).await;
        let shown: Vec<_> = comments
            .iter()
            .filter(|comment| comment.in_reply_to.is_none())
            .map(|comment| (comment.after_commit.as_str(), comment.text.contains("Build succeeded")))
            .collect();
        assert_eq!(shown, [(first.source_commit.as_str(), false), (second.source_commit.as_str(), true)]);
    })
    .await;
}

#[tokio::test]
async fn closing_builds_nothing() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        world.close(&pull_request).await;
        world.settle().await;
        assert_eq!(world.builds().await.len(), 1);
        world.settle_with_one_comment(&pull_request).await;
    })
    .await;
}

#[tokio::test]
async fn a_push_to_a_branch_without_a_pull_request_builds_nothing() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        repository.push_buildspec("feature", PASSING).await;
        world.settle().await;
        assert!(world.builds().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_force_push_away_and_back_ends_in_a_build_of_the_last_revision() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let first = world.propose(&repository, "feature", PASSING).await;
        let a = first.source_commit.clone();
        let b = repository.commit("feature", &[("README.md", "another idea\n")]).await;
        repository.push(&[&format!("+{b}:refs/heads/feature")]).await;
        repository.push(&[&format!("+{a}:refs/heads/feature")]).await;
        world.settle().await;
        let last = world.pull_request(&first.id).await;
        assert_eq!(last.source_commit, a);
        let builds = world.builds().await;
        assert!(
            builds.iter().any(|build| world.variable(build, "REVISION_ID") == Some(&last.revision_id)),
            "no build of the last revision\n{}",
            world.describe().await
        );
        // A build of the other commit that ended first makes the last one a fix, of which a reply tells.
        let comments = world.comments(&first.id).await;
        let own = comments.iter().filter(|comment| comment.in_reply_to.is_none());
        assert_eq!(own.filter(|comment| comment.after_commit == a).count(), 1, "{comments:?}");
    })
    .await;
}

#[tokio::test]
async fn the_same_head_in_two_pull_requests_is_built_and_shown_on_both() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        repository.push(&["main:refs/heads/release"]).await;
        let into_main = world.propose(&repository, "feature", PASSING).await;
        let into_release = world.open_pull_request_into(&repository, "feature", "release").await;
        assert_eq!(into_main.source_commit, into_release.source_commit);
        for pull_request in [into_main, into_release] {
            let comment = world.settle_with_one_comment(&pull_request).await;
            assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
        }
        assert_eq!(world.builds().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_source_equal_to_its_destination_is_not_built_and_the_log_says_so() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        repository.push(&["main:refs/heads/feature"]).await;
        let pull_request = world.open_pull_request(&repository, "feature").await;
        world.settle().await;
        assert!(world.builds().await.is_empty());
        assert!(world.comments(&pull_request.id).await.is_empty());
        let log = world.function_log("start-build");
        assert!(log.contains("same commit"), "{log}");
        assert!(world.failures().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_destination_that_moves_builds_nothing_and_the_comment_keeps_the_builds_own_commits() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.gate().await;
        let pull_request = world.propose(&repository, "feature", &gate.buildspec()).await;
        gate.wait_until_reached().await;
        repository.push_buildspec("main", PASSING).await;
        gate.open().await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
        assert_eq!(comment.before_commit, pull_request.destination_commit);
        assert_eq!(world.builds().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_event_of_a_repository_that_does_not_exist_is_over_and_not_a_failure() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        let mut event = world.created_event();
        event.detail["repositoryNames"] = json!(["no-such-repository"]);
        event.detail["pullRequestId"] = json!("999");
        world.aws.eventbridge.put(&Event { id: "1".to_owned(), ..event });
        world.settle().await;
        assert_eq!(world.builds().await.len(), 1);
        assert!(world.failures().is_empty());
        let log = world.function_log("start-build");
        assert!(log.contains("999"), "{log}");
    })
    .await;
}

#[tokio::test]
async fn a_malformed_event_is_retried_and_reaches_the_failure_queue_whole() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        let mut event = world.created_event();
        event.detail["sourceCommit"] = json!("HEAD");
        world.aws.eventbridge.put(&event);
        world.exhaust_retries().await;
        let failures = world.failures();
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert_eq!(failures[0].body["requestPayload"]["detail"], event.detail);
        assert_eq!(failures[0].body["requestContext"]["condition"], "RetriesExhausted");
        let reason = failures[0].body["responsePayload"]["errorMessage"].as_str().unwrap();
        assert!(reason.contains("source commit"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn hostile_branch_names_and_titles_stay_inside_their_code_spans() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let branches = ["`](x)", "$(touch${IFS}pwned)", "a'b\"c", "<b>bold</b>", "ünïcode-分支"];
        for branch in branches {
            let pull_request = world.propose(&repository, branch, FAILING).await;
            let comment = world.settle_with_one_comment(&pull_request).await;
            assert!(comment.text.contains("Build failed"), "{branch}: {}", comment.text);
            let shown = comment.text.lines().any(|line| line.contains(branch) && line.contains('`'));
            assert!(shown, "{branch} is not shown in a code span:\n{}", comment.text);
        }
    })
    .await;
}
