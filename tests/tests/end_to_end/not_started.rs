//! A build that cannot be started: its pull request says why, until there is a build.

use std::time::Duration;

use end_to_end_tests::{Gate, HOOK, PASSING, PullRequest, World, WorldOptions, run_test_with};
use local_aws::account::Account;
use local_aws::caller::AccessKeys;
use local_aws::event::Event;
use local_aws::iam::Permission;
use local_aws::template;
use serde_json::{Value, json};

use crate::permissions::{START, committed_template, resource, template_without};

/// The template, whose project then has one build at a time and refuses every other.
pub(crate) fn limit_builds(mut template: Value) -> Value {
    resource(&mut template, "BuildProject")["Properties"]["ConcurrentBuildLimit"] = json!(1);
    template
}

fn options(template: &Value) -> WorldOptions {
    WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() }
}

/// Opens a pull request while another one's build is all that the project may have. Returns when start-build has failed.
pub(crate) async fn propose_over_limit(world: &World) -> (Gate, PullRequest) {
    let repository = world.create_repository("payments").await;
    let gate = world.occupy_builds(&repository).await;
    let pull_request = world.propose(&repository, "feature", PASSING).await;
    let function = world.function("start-build").name;
    let both_handled = async || {
        let invocations = world.aws.lambda.invocations().borrow().clone();
        let of_start_build = invocations.iter().filter(|invocation| invocation.function == function);
        (of_start_build.count() == 2).then_some(())
    };
    world.wait_for("the attempt to start the second build", both_handled).await;
    (gate, pull_request)
}

/// An event as start-build reports a build that could not be started, of no real pull request.
pub(crate) fn report(world: &World) -> Event {
    let detail = json!({
        "hook": HOOK,
        "pullRequestId": "99",
        "repositoryName": "payments",
        "sourceCommit": "a".repeat(40),
        "destinationCommit": "b".repeat(40),
        "revisionId": "r1",
        "reason": { "kind": "refused", "message": "InvalidInputException" },
    });
    let now = world.aws.clock.now();
    Event::new(HOOK, "Pull Request Build Not Started", now, String::new(), detail)
}

#[tokio::test]
async fn a_build_over_the_limit_is_announced_and_its_comment_shows_it_once_it_runs() {
    run_test_with(options(&limit_builds(committed_template())), async |world| {
        let (gate, pull_request) = propose_over_limit(world).await;
        let first = async || world.comments(&pull_request.id).await.into_iter().next();
        let announced = world.wait_for("the comment", first).await;
        assert!(announced.text.contains("Build not started yet"), "{}", announced.text);
        assert!(announced.text.contains("AccountLimitExceededException"), "{}", announced.text);
        gate.open().await;
        world.settle().await;
        world.aws.clock.advance(Duration::from_secs(60));
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert_eq!(comment.id, announced.id);
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
        assert_eq!(world.builds().await.len(), 2);
        assert!(world.failures().is_empty(), "{}", world.describe().await);
    })
    .await;
}

#[tokio::test]
async fn a_hook_that_may_not_start_builds_says_so_once_and_its_event_is_kept() {
    run_test_with(options(&template_without(START, "codebuild:StartBuild")), async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.exhaust_retries().await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("The hook is denied to start builds"), "{}", comment.text);
        assert!(
            comment.text.contains("is not authorized to perform: codebuild:StartBuild"),
            "{}",
            comment.text
        );
        assert_eq!(world.failures().len(), 1, "{}", world.describe().await);
        let calls = world.aws.faults.calls();
        let reports = calls.iter().filter(|call| call.operation == "PutEvents");
        assert_eq!(reports.count(), 3, "one for each attempt");
    })
    .await;
}

#[tokio::test]
async fn a_report_that_is_overtaken_by_a_push_is_not_told() {
    run_test_with(options(&limit_builds(committed_template())), async |world| {
        let (gate, pull_request) = propose_over_limit(world).await;
        gate.open().await;
        world.settle().await;
        let calls = world.aws.faults.calls();
        let is_report = |event: &&Value| event["source"] == HOOK;
        let mut late = report(world);
        late.detail =
            calls.iter().map(|call| &call.invocation.event).find(is_report).unwrap()["detail"].clone();
        late.detail["sourceCommit"] = json!(pull_request.destination_commit);
        let before = world.comments(&pull_request.id).await;
        world.aws.eventbridge.put(&late);
        world.settle().await;
        assert_eq!(world.comments(&pull_request.id).await, before);
    })
    .await;
}

#[test]
fn start_build_may_send_reports_and_nothing_else() {
    let account = Account::default();
    let deployment = template::load(&committed_template().to_string(), &account).unwrap();
    let role = deployment.roles.iter().find(|role| role.name.contains(START)).unwrap().name.clone();
    let session = AccessKeys::new(account.clone(), deployment.roles).open_session(&role, "start-build");
    let bus =
        |name: &str| Permission::on("events:PutEvents", account.arn("events", &format!("event-bus/{name}")));
    let as_source = |source: &str| session.clone().with("events:source", source);
    assert_eq!(as_source(HOOK).authorize(&bus("default")), Ok(()));
    assert!(as_source("ci.stranger").authorize(&bus("default")).is_err());
    assert!(as_source(HOOK).authorize(&bus("other")).is_err());
    assert!(session.authorize(&bus("default")).is_err(), "an event without a source");
}
