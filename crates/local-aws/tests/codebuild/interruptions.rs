//! Builds that are stopped, run out of time, or wait for their turn.

use std::time::Duration;

use local_aws::codebuild::PhaseType;
use serde_json::json;

use super::world::World;

const ENDLESS: &str = "version: 0.2
phases:
  build:
    commands:
      - sh -c 'sleep 600 & echo started $!; wait'
";

fn in_phase(phase_type: PhaseType) -> impl FnMut(&local_aws::codebuild::Build) -> bool {
    move |build| build.current_phase() == phase_type
}

#[tokio::test]
async fn a_stop_kills_the_command_with_all_its_descendants() {
    let world = World::new();
    let id = world.start_inline(ENDLESS).await;
    world.wait_for_log(&id, "started ").await;
    let answer = world.call("StopBuild", json!({ "id": id })).await.unwrap();
    assert_eq!(answer["build"]["buildStatus"], "STOPPED");
    let build = world.finish(&id).await;
    let phases = build.phases();
    assert_eq!(phases[phases.len() - 2..], ["BUILD STOPPED", "COMPLETED"]);
    let grandchild = build.output()[0].trim_start_matches("started ");
    world.wait_until_ended(grandchild).await;
    let last = world.events.lock().unwrap().last().cloned().unwrap();
    assert_eq!(last.detail["build-status"], "STOPPED");
    let again = world.call("StopBuild", json!({ "id": id })).await.unwrap();
    assert_eq!(again["build"], build.build);
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_timed_out() {
    let world = World::with(|settings| settings.longest_build = Some(Duration::from_secs(5)), |_| {});
    let id = world.start_inline(ENDLESS).await;
    let build = world.finish(&id).await;
    assert_eq!(build.status(), "TIMED_OUT");
    assert_eq!(build.context("BUILD").0, "BUILD_TIMED_OUT");
    world.wait_until_ended(build.output()[0].trim_start_matches("started ")).await;
}

#[tokio::test]
async fn shutting_down_kills_what_runs() {
    let world = World::new();
    let id = world.start_inline(ENDLESS).await;
    world.wait_for_log(&id, "started ").await;
    world.codebuild.shutdown().await;
    let line = world.log_of(&id).into_iter().find(|line| line.starts_with("started ")).unwrap();
    world.wait_until_ended(line.trim_start_matches("started ")).await;
    let error = world.call("StartBuild", json!({ "projectName": super::world::PROJECT })).await.unwrap_err();
    assert_eq!(error.status, 500);
}

#[tokio::test]
async fn builds_over_the_concurrency_wait_in_their_order_and_the_queue_has_a_limit() {
    let world = World::with(|settings| settings.concurrent_builds = 1, |_| {});
    let running = world.start_inline(ENDLESS).await;
    world.wait_until(&running, in_phase(PhaseType::Build)).await;
    let mut queued = Vec::new();
    for _ in 0..5 {
        queued.push(world.start_inline(ENDLESS).await);
    }
    let input = json!({ "projectName": super::world::PROJECT });
    let error = world.call("StartBuild", input).await.unwrap_err();
    assert_eq!(error.code, "AccountLimitExceededException");
    assert_eq!(error.message, "Cannot have more than 5 builds in queue for the account");
    for id in &queued {
        assert_eq!(world.codebuild.watch_build(id).unwrap().borrow().current_phase(), PhaseType::Queued);
    }
    // A queued build can be stopped without ever having run.
    world.call("StopBuild", json!({ "id": queued[1] })).await.unwrap();
    let stopped = world.finish(&queued[1]).await;
    assert_eq!(stopped.phases(), ["SUBMITTED SUCCEEDED", "QUEUED STOPPED", "COMPLETED"]);
    assert!(stopped.log.is_empty());
    assert!(!world.activity.is_idle());
    world.call("StopBuild", json!({ "id": running })).await.unwrap();
    world.wait_until(&queued[0], in_phase(PhaseType::Build)).await;
    assert_eq!(world.codebuild.watch_build(&queued[2]).unwrap().borrow().current_phase(), PhaseType::Queued);
    world.codebuild.shutdown().await;
    assert!(world.activity.is_idle());
}

#[tokio::test]
async fn a_build_that_waits_too_long_is_timed_out_by_the_clock() {
    let world = World::with(|settings| settings.concurrent_builds = 1, |_| {});
    let running = world.start_inline(ENDLESS).await;
    world.wait_until(&running, in_phase(PhaseType::Build)).await;
    let input = json!({ "queuedTimeoutInMinutesOverride": 5, "buildspecOverride": ENDLESS });
    let queued = world.start(input).await;
    world.clock.advance(Duration::from_secs(5 * 60));
    let build = world.finish(&queued).await;
    assert_eq!(build.status(), "TIMED_OUT");
    assert_eq!(build.phases(), ["SUBMITTED SUCCEEDED", "QUEUED TIMED_OUT", "COMPLETED"]);
    assert_eq!(build.build["queuedTimeoutInMinutes"], 5);
    // The build that runs takes the time it takes.
    assert!(!world.codebuild.watch_build(&running).unwrap().borrow().is_complete());
    world.codebuild.shutdown().await;
}

#[tokio::test]
async fn a_projects_own_limit_refuses_instead_of_queueing() {
    let world = World::with(|_| {}, |project| project.concurrent_build_limit = Some(1));
    let first = world.start_inline(ENDLESS).await;
    let input = json!({ "projectName": super::world::PROJECT });
    let error = world.call("StartBuild", input.clone()).await.unwrap_err();
    assert_eq!(error.code, "AccountLimitExceededException");
    world.call("StopBuild", json!({ "id": first })).await.unwrap();
    world.call("StartBuild", input).await.unwrap();
    world.codebuild.shutdown().await;
}
