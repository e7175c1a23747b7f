//! Every way in which a build can end, and builds that are none of the hook's.

use std::time::Duration;

use end_to_end_tests::{FAILING, HOOK, PASSING, WorldOptions, run_test, run_test_with};

fn one_at_a_time() -> WorldOptions {
    WorldOptions { concurrent_builds: 1, ..WorldOptions::default() }
}

#[tokio::test]
async fn a_build_that_nobodys_pull_request_started_is_left_alone() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        world.codebuild.start_build().project_name(HOOK).send().await.unwrap();
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
        assert!(world.failures().is_empty());
        let log = world.function_log("publish-build-result");
        assert!(log.contains("PULL_REQUEST_ID"), "{log}");
    })
    .await;
}

#[tokio::test]
async fn while_it_runs_the_comment_says_submitted_and_later_the_same_comment_says_how_it_ended() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.gate().await;
        let pull_request = world.propose(&repository, "feature", &gate.buildspec()).await;
        gate.wait_until_reached().await;
        let first = world
            .wait_for("the first comment", async || world.comments(&pull_request.id).await.into_iter().next())
            .await;
        assert!(first.text.contains("Build submitted"), "{}", first.text);
        gate.open().await;
        let last = world.settle_with_one_comment(&pull_request).await;
        assert_eq!(first.id, last.id);
        assert!(last.text.contains("Build succeeded"), "{}", last.text);
    })
    .await;
}

#[tokio::test]
async fn a_stopped_build_says_so() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.gate().await;
        let pull_request = world.propose(&repository, "feature", &gate.buildspec()).await;
        gate.wait_until_reached().await;
        let id = world.builds().await[0].id().unwrap().to_owned();
        world.codebuild.stop_build().id(id).send().await.unwrap();
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("Build stopped"), "{}", comment.text);
    })
    .await;
}

#[tokio::test]
async fn a_build_that_waits_too_long_times_out_and_says_so() {
    run_test_with(one_at_a_time(), async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.occupy_builds(&repository).await;
        let waiting = world.propose(&repository, "waiting", PASSING).await;
        world.wait_for_builds(2).await;
        world.aws.clock.advance(Duration::from_secs(8 * 3600 + 1));
        let comment = world
            .wait_for("the comment on the time-out", async || {
                let comments = world.comments(&waiting.id).await;
                comments.into_iter().find(|comment| comment.text.contains("timed out"))
            })
            .await;
        assert_eq!(comment.after_commit, waiting.source_commit);
        gate.open().await;
        world.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_broken_buildspec_is_named_in_the_comment() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", "version: 0.2\nphases: [oops\n").await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        for expected in ["Build failed", "DOWNLOAD_SOURCE", "YAML_FILE_ERROR"] {
            assert!(comment.text.contains(expected), "no {expected:?} in:\n{}", comment.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_fault_of_the_build_service_is_told_apart_from_a_failure_of_the_code() {
    run_test_with(one_at_a_time(), async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.occupy_builds(&repository).await;
        let waiting = world.propose(&repository, "waiting", PASSING).await;
        world.wait_for_builds(2).await;
        world.break_builds();
        gate.open().await;
        world
            .wait_for("the comment on the fault", async || {
                let comments = world.comments(&waiting.id).await;
                comments.into_iter().find(|comment| comment.text.contains("CodeBuild had a fault"))
            })
            .await;
        world.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_branch_deleted_while_its_build_waits_is_said_and_not_red() {
    run_test_with(one_at_a_time(), async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.occupy_builds(&repository).await;
        let deleted = world.propose(&repository, "deleted", PASSING).await;
        let closed = world.propose(&repository, "closed", PASSING).await;
        world.wait_for_builds(3).await;
        repository.push(&[":refs/heads/deleted"]).await;
        world.close(&closed).await;
        repository.push(&[":refs/heads/closed"]).await;
        gate.open().await;
        for (pull_request, reason) in [(deleted, "the source branch was deleted"), (closed, "was closed")] {
            let comment = world.settle_with_one_comment(&pull_request).await;
            assert!(comment.text.contains(reason), "no {reason:?} in:\n{}", comment.text);
            assert!(!comment.text.contains('❌'), "{}", comment.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_pull_request_closed_while_its_build_waits_is_said_and_not_red() {
    run_test_with(one_at_a_time(), async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.occupy_builds(&repository).await;
        let closed = world.propose(&repository, "closed", FAILING).await;
        world.wait_for_builds(2).await;
        world.close(&closed).await;
        let comment = world
            .wait_for("the comment on the end", async || {
                let comments = world.comments(&closed.id).await;
                comments.into_iter().find(|comment| comment.text.contains("the pull request was closed"))
            })
            .await;
        assert!(!comment.text.contains('❌'), "{}", comment.text);
        gate.open().await;
        assert_eq!(world.settle_with_one_comment(&closed).await, comment);
    })
    .await;
}

#[tokio::test]
async fn a_build_retried_from_the_console_updates_the_comment_of_its_commit() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let marker = world.path("fixed");
        let buildspec =
            format!("version: 0.2\nphases:\n  build:\n    commands:\n      - test -e {}\n", marker.display());
        let pull_request = world.propose(&repository, "feature", &buildspec).await;
        let before = world.settle_with_one_comment(&pull_request).await;
        assert!(before.text.contains("Build failed"), "{}", before.text);
        std::fs::write(&marker, "").unwrap();
        let id = world.builds().await[0].id().unwrap().to_owned();
        world.codebuild.retry_build().id(id).send().await.unwrap();
        let after = world.settle_with_one_comment(&pull_request).await;
        assert_eq!(before.id, after.id);
        assert!(after.text.contains("Build succeeded"), "{}", after.text);
    })
    .await;
}

#[tokio::test]
async fn one_broken_and_one_good_build_do_not_touch_each_other() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let good = world.propose(&repository, "good", PASSING).await;
        let broken = world.propose(&repository, "broken", FAILING).await;
        assert!(world.settle_with_one_comment(&good).await.text.contains("Build succeeded"));
        assert!(world.settle_with_one_comment(&broken).await.text.contains("Build failed"));
    })
    .await;
}
