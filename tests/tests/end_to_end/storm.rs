//! Two thousand pull-request events within a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use end_to_end_tests::{PASSING, World, WorldOptions, run_test_with};
use local_aws::event::Event;
use local_aws::faults::{DeliveryFault, FaultList};

/// How many pull requests there are, and of how many the source branch moves before the storm: the event that opened
/// such a one tells of a revision that is history by then.
const PULL_REQUESTS: usize = 200;
const PUSHED: usize = 50;

/// How often each event is delivered.
const DELIVERIES: usize = 8;

/// All deliveries of the storm.
const STORM: usize = (PULL_REQUESTS + PUSHED) * DELIVERIES;

/// The minute of the storm.
const MINUTE: Duration = Duration::from_secs(60);

/// Prime to [`STORM`]: its multiples scatter the deliveries over the minute.
const SCATTER: usize = 7919;

/// How far the clock is pushed when the functions have nothing to do.
const STEP: Duration = Duration::from_millis(250);

/// A pull request and the commit of its source branch.
type Head = (String, String);

/// Opens the pull requests and pushes to some of them, while no event reaches start-build.
async fn prepare(world: &World, function: &str) -> (BTreeSet<Head>, Vec<Event>) {
    let lost = DeliveryFault { times: u32::MAX, ..DeliveryFault::new(function, &[]) };
    world.aws.faults.inject(FaultList { deliveries: vec![lost], ..FaultList::default() }).unwrap();
    let repository = world.create_repository("payments").await;
    let branches: Vec<String> = (0..PULL_REQUESTS).map(|number| format!("feature-{number}")).collect();
    let push = async |branches: &[String]| {
        let commit = repository.commit("feature", &[("buildspec-tests.yaml", PASSING)]).await;
        let refspecs: Vec<_> =
            branches.iter().map(|branch| format!("{commit}:refs/heads/{branch}")).collect();
        repository.push(&refspecs.iter().map(String::as_str).collect::<Vec<_>>()).await;
    };
    push(&branches).await;
    let mut ids = Vec::new();
    for branch in &branches {
        ids.push(repository.open_pull_request(&world.codecommit, branch, "main").await);
    }
    push(&branches[..PUSHED]).await;
    world.settle().await;
    let mut heads = BTreeSet::new();
    for id in ids {
        let commit = world.pull_request(&id).await.source_commit;
        heads.insert((id, commit));
    }
    world.aws.faults.end();
    assert_eq!(world.aws.lambda.invocations().borrow().len(), 0, "an event was not lost");
    (heads, world.events_of("CodeCommit Pull Request State Change"))
}

/// When each delivery of an event comes.
fn scatter(event: usize) -> Vec<Duration> {
    let place = |delivery| (event * DELIVERIES + delivery) * SCATTER % STORM;
    (0..DELIVERIES).map(|delivery| MINUTE * place(delivery) as u32 / STORM as u32).collect()
}

#[tokio::test]
async fn two_thousand_events_within_a_minute_end_in_one_build_for_each_head() {
    // CodeBuild queues five times as many builds as run; more would be refused.
    let options = WorldOptions { concurrent_builds: PULL_REQUESTS / 5, ..WorldOptions::default() };
    run_test_with(options, async |world| {
        let function = world.function("start-build").logical_id;
        let (heads, events) = prepare(world, &function).await;
        assert_eq!((heads.len(), events.len() * DELIVERIES), (PULL_REQUESTS, 2000));

        let scattered = (0..events.len()).map(|event| DeliveryFault::new(&function, &scatter(event)));
        world
            .aws
            .faults
            .inject(FaultList { deliveries: scattered.collect(), ..FaultList::default() })
            .unwrap();
        events.iter().for_each(|event| world.aws.eventbridge.put(event));
        world.let_time_pass(STEP, STORM).await;
        world.settle().await;
        world.let_time_pass(STEP, STORM).await;

        let mut built: BTreeMap<Head, usize> = BTreeMap::new();
        for build in world.builds().await {
            let variable = |name| world.variable(&build, name).unwrap().to_owned();
            *built.entry((variable("PULL_REQUEST_ID"), variable("SOURCE_COMMIT"))).or_default() += 1;
        }
        let once: BTreeMap<Head, usize> = heads.iter().cloned().map(|head| (head, 1)).collect();
        assert_eq!(built, once);
        for (id, commit) in &heads {
            let comments = world.comments(id).await;
            let [comment] = comments.as_slice() else { panic!("{id} has the comments {comments:#?}") };
            assert_eq!(&comment.after_commit, commit);
            assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
        }
    })
    .await;
}
