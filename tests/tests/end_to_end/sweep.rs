//! What events did not tell is found by a sweep.

use std::time::Duration;

use end_to_end_tests::{
    HOOK, PASSING, World, WorldOptions, hook_template, logical_id, run_test, run_test_with,
};
use local_aws::faults::{DeliveryFault, FaultList};
use serde_json::{Value, json};

/// The default of the setting `sweepMinutes`.
const PERIOD: Duration = Duration::from_secs(15 * 60);

/// Lets the next event of services to the function whose code is the binary `binary` be lost.
pub(crate) fn lose_next_event(world: &World, binary: &str) {
    lose_events(world, binary, 1);
}

pub(crate) fn lose_events(world: &World, binary: &str, times: u32) {
    let of_services = json!({ "source": [{ "anything-but": "aws.events" }] });
    let function = logical_id(binary);
    let lost = DeliveryFault { function, event: Some(of_services), arrivals: Vec::new(), times };
    world.aws.faults.inject(FaultList { deliveries: vec![lost], ..FaultList::default() }).unwrap();
}

/// Pushes the clock past the next sweep, and waits until nothing is under way.
pub(crate) async fn sweep(world: &World) {
    world.settle().await;
    world.aws.clock.advance(PERIOD);
    world.settle().await;
}

/// The lines of the metrics of a function's sweeps: how much each repaired.
fn repairs(world: &World, binary: &str) -> Vec<u64> {
    let log = world.function_log(binary);
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line["SweepRepairs"].as_u64()).collect()
}

/// The template of the default hook, in which start-build finds `value` in its variable `name`.
fn with_variable(name: &str, value: &str) -> WorldOptions {
    let mut template: Value = serde_json::from_str(&hook_template(HOOK)).unwrap();
    let function = &mut template["Resources"][logical_id("start-build")]["Properties"];
    let variable = function["Environment"]["Variables"].get_mut(name).unwrap();
    *variable = value.into();
    WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() }
}

#[tokio::test]
async fn a_build_whose_event_was_lost_is_started_by_a_sweep() {
    run_test(async |world| {
        lose_next_event(world, "start-build");
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        assert!(world.builds().await.is_empty());
        sweep(world).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
        assert!(world.function_log("start-build").contains("build started by a sweep"));
        // What has its build is left alone.
        sweep(world).await;
        assert_eq!(world.settle_with_one_comment(&pull_request).await, comment);
        assert_eq!(world.builds().await.len(), 1);
        assert_eq!(repairs(world, "start-build"), [1, 0]);
        assert!(world.failures().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_sweep_leaves_a_young_head_to_its_event() {
    run_test(async |world| {
        world.settle().await;
        world.aws.clock.advance(PERIOD - Duration::from_secs(5 * 60));
        lose_next_event(world, "start-build");
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        world.aws.clock.advance(Duration::from_secs(5 * 60));
        world.settle().await;
        assert_eq!(repairs(world, "start-build"), [0]);
        assert!(world.builds().await.is_empty(), "{}", world.describe().await);
        sweep(world).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
    })
    .await;
}

#[tokio::test]
async fn a_push_whose_event_was_lost_gets_its_build_and_stops_the_earlier_one() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.occupy_builds(&repository).await;
        lose_next_event(world, "start-build");
        repository.push_buildspec("slow", PASSING).await;
        let head = world.pull_request("1").await;
        world.aws.clock.advance(PERIOD);
        world.wait_for_builds(2).await;
        world.settle().await;
        drop(gate);
        let builds = world.builds().await;
        let of_head =
            builds.iter().find(|build| build.source_version() == Some(&head.source_commit)).unwrap();
        assert_eq!(of_head.build_status().unwrap().as_str(), "SUCCEEDED");
        let earlier = builds.iter().find(|build| build.id() != of_head.id()).unwrap();
        assert_eq!(earlier.build_status().unwrap().as_str(), "STOPPED");
    })
    .await;
}

#[tokio::test]
async fn a_sweep_starts_no_more_builds_than_the_setting_allows_and_the_next_one_goes_on() {
    run_test_with(with_variable("SWEEP_BUILDS", "2"), async |world| {
        lose_events(world, "start-build", 3);
        let repository = world.create_repository("payments").await;
        for branch in ["one", "two", "three"] {
            world.propose(&repository, branch, PASSING).await;
        }
        for started in [2, 3, 3] {
            sweep(world).await;
            assert_eq!(world.builds().await.len(), started, "{}", world.describe().await);
        }
        assert_eq!(repairs(world, "start-build"), [2, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_hook_that_sweeps_one_repository_leaves_the_others_alone() {
    run_test_with(with_variable("REPOSITORIES", r#"["payments"]"#), async |world| {
        lose_events(world, "start-build", 2);
        for name in ["payments", "elsewhere"] {
            let repository = world.create_repository(name).await;
            world.propose(&repository, "feature", PASSING).await;
        }
        sweep(world).await;
        let builds = world.builds().await;
        let [build] = builds.as_slice() else { panic!("{}", world.describe().await) };
        assert_eq!(world.variable(build, "REPOSITORY_NAME"), Some("payments"));
    })
    .await;
}

#[tokio::test]
async fn a_result_whose_event_was_lost_is_written_by_a_sweep() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.occupy_builds(&repository).await;
        let pull_request = world.pull_request("1").await;
        let running = async || world.comments("1").await.into_iter().next();
        let before = world.wait_for("the first comment", running).await;
        lose_next_event(world, "publish-build-result");
        gate.open().await;
        world.settle().await;
        assert_eq!(world.settle_with_one_comment(&pull_request).await.text, before.text);
        sweep(world).await;
        let after = world.settle_with_one_comment(&pull_request).await;
        assert_eq!(after.id, before.id);
        assert!(after.text.contains("Build succeeded"), "{}", after.text);
        sweep(world).await;
        assert_eq!(world.settle_with_one_comment(&pull_request).await, after);
        assert_eq!(repairs(world, "publish-build-result"), [1, 0]);
        assert!(world.failures().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_build_of_which_every_event_was_lost_is_told_of_even_after_its_pull_request_was_closed() {
    run_test(async |world| {
        lose_events(world, "publish-build-result", 2);
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        world.close(&pull_request).await;
        world.settle().await;
        assert!(world.comments(&pull_request.id).await.is_empty());
        sweep(world).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_a_person_deleted_stays_deleted() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        world.codecommit.delete_comment_content().comment_id(&comment.id).send().await.unwrap();
        for _ in 0..2 {
            sweep(world).await;
            assert!(world.comments(&pull_request.id).await.is_empty(), "{}", world.describe().await);
        }
        assert_eq!(world.builds().await.len(), 1);
        assert_eq!(repairs(world, "publish-build-result"), [0, 0]);
        assert_eq!(repairs(world, "start-build"), [0, 0]);
    })
    .await;
}
