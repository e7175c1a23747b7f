//! Either function killed at any call of the sweep that makes up for lost events, before and after it took effect.
//!
//! As with events, nobody lists the calls: those of a rehearsal are the scenes, and each is played in a world of its own.

use std::time::Duration;

use end_to_end_tests::{FAILING, World, logical_id, run_test};
use local_aws::faults::{CallFault, Effect, FaultList, Moment};
use serde_json::json;

use crate::sweep::{lose_events, sweep};

/// Longer than Lambda waits before it tries an event again.
const PAST_RETRY: Duration = Duration::from_secs(2 * 60);

/// In the order in which their sweeps have something to do: the first finds a head, the next its build that ended.
const FUNCTIONS: [&str; 2] = ["start-build", "publish-build-result"];

/// Where a function is killed.
#[derive(Debug, Clone, Copy)]
struct Kill {
    binary: &'static str,
    number: u32,
    when: Moment,
}

impl Kill {
    fn fault(self) -> CallFault {
        CallFault {
            event: Some(json!({ "detail-type": ["Scheduled Event"] })),
            number: Some(self.number),
            when: self.when,
            ..CallFault::new(&logical_id(self.binary), Effect::Killed)
        }
    }
}

/// Proposes a commit whose build fails, loses every event about it, and lets sweeps make up for that.
async fn make_up(world: &World, kill: Option<Kill>) {
    FUNCTIONS.iter().for_each(|binary| lose_events(world, binary, u32::MAX));
    let repository = world.create_repository("payments").await;
    let pull_request = world.propose(&repository, "feature", FAILING).await;
    for binary in FUNCTIONS {
        let calls = kill.filter(|kill| kill.binary == binary).map(Kill::fault).into_iter().collect();
        world.aws.faults.inject(FaultList { calls, ..FaultList::default() }).unwrap();
        sweep(world).await;
        world.aws.clock.advance(PAST_RETRY);
        world.settle().await;
    }
    assert!(world.aws.faults.left().calls.is_empty(), "the call of {kill:?} was never made");
    let comment = world.settle_with_one_comment(&pull_request).await;
    assert!(comment.text.contains("Build failed"), "{kill:?}: {}", comment.text);
    sweep(world).await;
    assert_eq!(world.settle_with_one_comment(&pull_request).await, comment, "{kill:?}");
    assert_eq!(world.builds().await.len(), 1, "{kill:?}: {}", world.describe().await);
    assert!(world.failures().is_empty(), "{kill:?}: {}", world.describe().await);
}

/// How many calls the longest sweep of a function made.
fn calls_of_sweep(world: &World, binary: &str) -> u32 {
    let function = logical_id(binary);
    let calls = world.aws.faults.calls();
    let of_sweeps = calls.iter().filter(|call| {
        call.invocation.logical_id == function && call.invocation.event["detail-type"] == "Scheduled Event"
    });
    of_sweeps.map(|call| call.number).max().unwrap_or_default()
}

async fn kill_everywhere(binary: &'static str, when: Moment) {
    let mut calls = 0;
    run_test(async |world| {
        make_up(world, None).await;
        calls = calls_of_sweep(world, binary);
    })
    .await;
    assert!(calls > 0, "{binary} made no call");
    for number in 1..=calls {
        run_test(async |world| make_up(world, Some(Kill { binary, number, when })).await).await;
    }
}

#[tokio::test]
async fn start_build_that_is_killed_before_any_call_of_its_sweep_breaks_no_promise() {
    kill_everywhere("start-build", Moment::Before).await;
}

#[tokio::test]
async fn start_build_that_is_killed_after_any_call_of_its_sweep_breaks_no_promise() {
    kill_everywhere("start-build", Moment::After).await;
}

#[tokio::test]
async fn publish_build_result_that_is_killed_before_any_call_of_its_sweep_breaks_no_promise() {
    kill_everywhere("publish-build-result", Moment::Before).await;
}

#[tokio::test]
async fn publish_build_result_that_is_killed_after_any_call_of_its_sweep_breaks_no_promise() {
    kill_everywhere("publish-build-result", Moment::After).await;
}
