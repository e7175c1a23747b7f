//! Builds that nobody waits for any more: a later commit came, or the pull request is over.

use aws_sdk_codebuild::types::StatusType;
use end_to_end_tests::{
    FAILING, Gate, PASSING, PullRequest, Repository, World, WorldOptions, hook_template_with, run_test,
    run_test_with,
};

/// A pull request whose build waits at a gate.
async fn propose_slow(world: &World) -> (Repository, Gate, PullRequest) {
    let repository = world.create_repository("payments").await;
    let gate = world.gate().await;
    let pull_request = world.propose(&repository, "feature", &gate.buildspec()).await;
    gate.wait_until_reached().await;
    (repository, gate, pull_request)
}

/// The states of all builds, the oldest first.
async fn states(world: &World) -> Vec<StatusType> {
    let builds = world.builds().await;
    builds.iter().rev().map(|build| build.build_status().unwrap().clone()).collect()
}

/// The text of the comment on a commit.
async fn comment_on(world: &World, pull_request: &PullRequest, commit: &str) -> String {
    let comments = world.comments(&pull_request.id).await;
    let on_commit = comments.into_iter().find(|comment| comment.after_commit == commit);
    on_commit.unwrap_or_else(|| panic!("no comment on {commit}")).text
}

#[tokio::test]
async fn a_push_stops_the_earlier_build_that_runs() {
    run_test(async |world| {
        let (repository, _gate, first) = propose_slow(world).await;
        repository.push_buildspec("feature", PASSING).await;
        world.settle().await;
        assert_eq!(states(world).await, [StatusType::Stopped, StatusType::Succeeded]);
        let stopped = comment_on(world, &first, &first.source_commit).await;
        let head = world.pull_request(&first.id).await.source_commit;
        assert!(stopped.contains("Build stopped") && stopped.contains(&head[..8]), "{stopped}");
        let current = comment_on(world, &first, &head).await;
        assert!(current.contains("Build succeeded"), "{current}");
        assert!(world.failures().is_empty());
    })
    .await;
}

#[tokio::test]
async fn closing_stops_the_build_that_runs() {
    run_test(async |world| {
        let (_repository, _gate, pull_request) = propose_slow(world).await;
        world.close(&pull_request).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert_eq!(states(world).await, [StatusType::Stopped]);
        assert!(comment.text.contains("closed"), "{}", comment.text);
        assert!(world.failures().is_empty());
    })
    .await;
}

#[tokio::test]
async fn merging_stops_the_build_that_runs() {
    run_test(async |world| {
        let (repository, _gate, pull_request) = propose_slow(world).await;
        let merge = world.codecommit.merge_pull_request_by_fast_forward().repository_name("payments");
        merge.pull_request_id(&pull_request.id).send().await.unwrap();
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert_eq!(states(world).await, [StatusType::Stopped]);
        assert!(comment.text.contains("Build stopped"), "{}", comment.text);
        assert!(comment.text.contains("was merged"), "{}", comment.text);
        assert!(world.failures().is_empty());
        drop(repository);
    })
    .await;
}

#[tokio::test]
async fn builds_of_other_pull_requests_go_on() {
    run_test(async |world| {
        let (repository, gate, other) = propose_slow(world).await;
        let pull_request = world.propose(&repository, "another", PASSING).await;
        world.wait_for_builds(2).await;
        world.close(&pull_request).await;
        world
            .wait_for("the end of the closed pull request's build", async || {
                (states(world).await[1] != StatusType::InProgress).then_some(())
            })
            .await;
        gate.open().await;
        let comment = world.settle_with_one_comment(&other).await;
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
    })
    .await;
}

#[tokio::test]
async fn a_build_that_a_person_started_again_is_not_stopped_by_an_old_event() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let first = world.propose(&repository, "feature", FAILING).await;
        world.settle().await;
        let first_build = world.builds().await[0].id().unwrap().to_owned();
        repository.push_buildspec("feature", PASSING).await;
        world.settle().await;
        world.codebuild.retry_build().id(first_build).send().await.unwrap();
        let pushed = world.events_of("CodeCommit Pull Request State Change").pop().unwrap();
        world.aws.eventbridge.put(&pushed);
        world.settle().await;
        assert_eq!(
            states(world).await,
            [StatusType::Failed, StatusType::Succeeded, StatusType::Failed],
            "the build of {} ended by itself",
            first.source_commit
        );
    })
    .await;
}

#[tokio::test]
async fn where_the_setting_is_off_every_build_runs_to_its_end() {
    let templates = vec![hook_template_with("STOP_SUPERSEDED", "false")];
    run_test_with(WorldOptions { templates, ..WorldOptions::default() }, async |world| {
        let (repository, gate, first) = propose_slow(world).await;
        repository.push_buildspec("feature", PASSING).await;
        world.wait_for_builds(2).await;
        world.close(&first).await;
        gate.open().await;
        world.settle().await;
        assert_eq!(states(world).await, [StatusType::Succeeded, StatusType::Succeeded]);
        assert!(world.failures().is_empty());
    })
    .await;
}
