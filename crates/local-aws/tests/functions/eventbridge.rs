//! From an event on the bus to its targets.

use std::collections::BTreeMap;
use std::time::Duration;

use local_aws::account::Account;
use local_aws::aws_json::{ApiError, AwsJsonService};
use local_aws::event::Event;
use local_aws::eventbridge::{DeliveryOutcome, EventBridge, EventBridgeSettings};
use local_aws::lambda::Outcome;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::world::FunctionWorld;

fn event(detail: Value) -> Event {
    let time = OffsetDateTime::from_unix_timestamp(1_795_248_000).unwrap();
    Event::new("ci.requests", "Request", time, "arn:aws:ci:::one".to_owned(), detail)
}

/// Puts an event that the function answers with success, and returns the event.
async fn put(world: &FunctionWorld) -> Event {
    let event = event(json!({ "do": "echo" }));
    world.bus.put(&event);
    world.activity.wait_until_idle().await;
    event
}

fn outcomes(world: &FunctionWorld) -> Vec<DeliveryOutcome> {
    world.bus.deliveries().borrow().iter().map(|delivery| delivery.outcome.clone()).collect()
}

/// The attributes of the one message in the failure queue, without the free text.
fn dead_letter_attributes(world: &FunctionWorld) -> BTreeMap<String, String> {
    let [message] = world.sqs.messages(&world.failures).try_into().unwrap();
    let attributes = message.attributes.into_iter();
    attributes
        .filter(|(name, _)| name != "ERROR_MESSAGE")
        .map(|(name, value)| (name, value.string_value))
        .collect()
}

fn attributes<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    let account = Account::default();
    let own = [
        ("RULE_ARN".to_owned(), account.arn("events", "rule/requests")),
        ("TARGET_ARN".to_owned(), account.arn("lambda", "function:start")),
    ];
    own.into_iter().chain(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

#[tokio::test]
async fn an_event_that_matches_reaches_the_function() {
    let world = FunctionWorld::start(|_| {}).await;
    put(&world).await;
    assert_eq!(outcomes(&world), [DeliveryOutcome::Delivered]);
    assert_eq!(world.invocations()[0].outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn an_event_reaches_a_queue_as_aws_writes_it() {
    let world = FunctionWorld::start(|setup| setup.rules[0].targets[0].arn = setup.queue.arn.clone()).await;
    let event = put(&world).await;
    assert_eq!(
        world.failures(),
        [json!({
            "version": "0",
            "id": event.id,
            "detail-type": "Request",
            "source": "ci.requests",
            "account": "123456789012",
            "time": "2026-11-21T08:00:00Z",
            "region": "us-east-1",
            "resources": ["arn:aws:ci:::one"],
            "detail": { "do": "echo" },
        })]
    );
}

#[tokio::test]
async fn other_events_and_disabled_rules_reach_nobody() {
    let world =
        FunctionWorld::start(|setup| setup.rules[0].event_pattern = Some(json!({ "source": ["other"] })))
            .await;
    put(&world).await;
    assert_eq!(outcomes(&world), []);
    let world = FunctionWorld::start(|setup| setup.rules[0].enabled = false).await;
    put(&world).await;
    assert_eq!(outcomes(&world), []);
}

#[tokio::test]
async fn without_permission_an_event_goes_to_the_dead_letter_queue_at_once() {
    let world = FunctionWorld::start(|setup| setup.function.policy.clear()).await;
    let event = put(&world).await;
    let error_code = "NO_PERMISSIONS".to_owned();
    assert_eq!(outcomes(&world), [DeliveryOutcome::SentToDeadLetterQueue { error_code }]);
    assert_eq!(dead_letter_attributes(&world), attributes([("ERROR_CODE", "NO_PERMISSIONS")]));
    assert_eq!(world.failures()[0], event.to_json(&Account::default()));
    assert_eq!(world.invocations(), []);
}

#[tokio::test]
async fn without_the_queues_policy_too_an_event_is_dropped() {
    let world = FunctionWorld::start(|setup| {
        setup.function.policy.clear();
        setup.queue.policy.clear();
    })
    .await;
    put(&world).await;
    let error_code = "NO_PERMISSIONS".to_owned();
    assert_eq!(outcomes(&world), [DeliveryOutcome::Dropped { error_code }]);
    assert_eq!(world.failures(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_target_that_is_not_there_is_no_resource() {
    let world = FunctionWorld::start(|setup| setup.rules[0].targets[0].arn.push_str("-of-old")).await;
    put(&world).await;
    assert_eq!(dead_letter_attributes(&world)["ERROR_CODE"], "NO_RESOURCE");
}

#[tokio::test]
async fn a_delivery_is_tried_again_until_the_target_answers() {
    let world = FunctionWorld::start(|_| {}).await;
    world.bus.begin_outage(&world.function.arn, "INTERNAL_ERROR");
    put(&world).await;
    world.step(Duration::from_secs(1)).await;
    assert_eq!(outcomes(&world), []);
    world.bus.end_outage(&world.function.arn);
    world.step(Duration::from_secs(2)).await;
    assert_eq!(outcomes(&world), [DeliveryOutcome::Delivered]);
    assert_eq!(world.invocations().len(), 1);
}

#[tokio::test]
async fn retries_end_with_their_number_and_with_the_events_age() {
    let world = FunctionWorld::start(|setup| setup.rules[0].targets[0].maximum_retry_attempts = 1).await;
    world.bus.begin_outage(&world.function.arn, "INTERNAL_ERROR");
    put(&world).await;
    world.step(Duration::from_secs(1)).await;
    let expected = attributes([
        ("ERROR_CODE", "INTERNAL_ERROR"),
        ("EXHAUSTED_RETRY_CONDITION", "MaximumRetryAttempts"),
        ("RETRY_ATTEMPTS", "1"),
    ]);
    assert_eq!(dead_letter_attributes(&world), expected);

    let age = Duration::from_secs(60);
    let world = FunctionWorld::start(|setup| setup.rules[0].targets[0].maximum_event_age = age).await;
    world.bus.begin_outage(&world.function.arn, "INTERNAL_ERROR");
    put(&world).await;
    world.step(age).await;
    let expected = attributes([
        ("ERROR_CODE", "INTERNAL_ERROR"),
        ("EXHAUSTED_RETRY_CONDITION", "MaximumEventAgeInSeconds"),
        ("RETRY_ATTEMPTS", "0"),
    ]);
    assert_eq!(dead_letter_attributes(&world), expected);
}

#[tokio::test]
async fn a_function_that_fails_is_lambdas_matter() {
    let world = FunctionWorld::start(|setup| setup.function.maximum_retry_attempts = 0).await;
    world.bus.put(&event(json!({ "do": "fail" })));
    world.activity.wait_until_idle().await;
    assert_eq!(outcomes(&world), [DeliveryOutcome::Delivered]);
    assert_eq!(world.failures()[0]["requestContext"]["condition"], "RetriesExhausted");
}

#[tokio::test]
async fn a_rule_with_an_invalid_pattern_is_refused_by_name() {
    let world = FunctionWorld::start(|_| {}).await;
    let rule = local_aws::template::Rule {
        name: "broken".to_owned(),
        arn: Account::default().arn("events", "rule/broken"),
        event_pattern: Some(json!({ "source": [{ "sounds-like": "aws" }] })),
        schedule: None,
        enabled: true,
        targets: Vec::new(),
    };
    let settings = EventBridgeSettings {
        account: Account::default(),
        clock: world.clock.clone(),
        activity: world.activity.clone(),
        rules: vec![rule],
        lambda: world.lambda.clone(),
        sqs: world.sqs.clone(),
        faults: world.faults.clone(),
    };
    assert_eq!(
        EventBridge::new(settings).unwrap_err().to_string(),
        "rule broken: Event pattern is not valid. Reason: Unrecognized match type sounds-like"
    );
}

async fn put_events(world: &FunctionWorld, entries: Value) -> Result<Value, ApiError> {
    let caller = world.access_keys.identify(None);
    let answer = world.bus.call("PutEvents", &caller, json!({ "Entries": entries })).await;
    world.activity.wait_until_idle().await;
    answer
}

#[tokio::test]
async fn a_persons_events_reach_the_rules_and_nobody_sends_as_aws() {
    let world = FunctionWorld::start(|setup| setup.rules[0].targets[0].arn = setup.queue.arn.clone()).await;
    let entries = json!([
        { "Source": "ci.requests", "DetailType": "Request", "Detail": "{\"do\":\"echo\"}", "Time": 1_795_248_000.0 },
        { "Source": "aws.codecommit", "DetailType": "Request", "Detail": "{}" },
        { "DetailType": "Request", "Detail": "{}" },
        { "Source": "ci.requests", "DetailType": "Request", "Detail": "{" },
    ]);
    let answer = put_events(&world, entries).await.unwrap();
    assert_eq!(answer["FailedEntryCount"], 3);
    let codes: Vec<_> = (1..4).map(|index| answer["Entries"][index]["ErrorCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["NotAuthorizedForSourceException", "InvalidArgument", "MalformedDetail"]);
    let [event] = world.failures().try_into().unwrap();
    assert_eq!(
        (&event["id"], &event["time"]),
        (&answer["Entries"][0]["EventId"], &json!("2026-11-21T08:00:00Z"))
    );

    let entry = json!({ "Source": "a", "DetailType": "b", "Detail": "{}" });
    let error = put_events(&world, json!(vec![entry; 11])).await.unwrap_err();
    assert_eq!(error.code, "ValidationException");
    let entry = json!({ "Source": "a", "DetailType": "b", "Detail": "{}", "EventBusName": "mine" });
    let error = put_events(&world, json!([entry])).await.unwrap_err();
    assert!(error.message.contains("the event bus mine"), "{error}");
}
