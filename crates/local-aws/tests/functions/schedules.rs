//! Rules that fire by the clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_aws::account::Account;
use local_aws::aws_json::AwsJsonService;
use local_aws::event::Event;
use local_aws::template::{self, Rule};
use serde_json::{Value, json};

use crate::world::FunctionWorld;

const MINUTE: Duration = Duration::from_secs(60);
const PERIOD: Duration = Duration::from_secs(15 * 60);

/// The one rule of a template of its own, with the target of the world's.
fn scheduled_rule(state: &str) -> Rule {
    let template = json!({
        "Resources": {
            "Sweep": {
                "Type": "AWS::Events::Rule",
                "Properties": { "Name": "requests", "ScheduleExpression": "rate(15 minutes)", "State": state },
            },
        },
    });
    let deployment = template::load(&template.to_string(), &Account::default()).unwrap();
    let [rule] = deployment.rules.try_into().unwrap();
    rule
}

/// A world whose schedules run, with a queue as their target, and the events that were told of.
async fn start(state: &str) -> (FunctionWorld, Arc<Mutex<Vec<Event>>>) {
    let world = FunctionWorld::start(|setup| {
        let mut target = setup.rules[0].targets[0].clone();
        target.arn.clone_from(&setup.queue.arn);
        setup.rules = vec![Rule { targets: vec![target], ..scheduled_rule(state) }];
    })
    .await;
    let told: Arc<Mutex<Vec<Event>>> = Arc::default();
    let sink = told.clone();
    world.bus.start_schedules(&(Arc::new(move |event| sink.lock().unwrap().push(event)) as _));
    world.activity.wait_until_idle().await;
    (world, told)
}

#[tokio::test]
async fn a_rule_fires_after_each_period_with_the_documented_event() {
    let (world, told) = start("ENABLED").await;
    world.step(PERIOD - MINUTE).await;
    assert_eq!(world.failures(), Vec::<Value>::new());
    world.step(MINUTE).await;
    let [event] = world.failures().try_into().unwrap();
    let told_event = told.lock().unwrap()[0].clone();
    assert_eq!(event, told_event.to_json(&Account::default()));
    assert_eq!(
        event,
        json!({
            "version": "0",
            "id": told_event.id,
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": event["time"],
            "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:123456789012:rule/requests"],
            "detail": {},
        })
    );
    world.step(PERIOD).await;
    let told = told.lock().unwrap();
    assert_eq!((world.failures().len(), told.len()), (2, 2));
    assert_eq!(told[1].time - told[0].time, PERIOD);
}

#[tokio::test]
async fn a_push_over_several_periods_fires_once_and_keeps_the_beat() {
    let (world, told) = start("ENABLED").await;
    world.step(3 * PERIOD + MINUTE).await;
    assert_eq!(told.lock().unwrap().len(), 1);
    world.step(PERIOD - MINUTE).await;
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].time - told[0].time, PERIOD);
}

#[tokio::test]
async fn a_disabled_rule_does_not_fire() {
    let (world, told) = start("DISABLED").await;
    world.step(10 * PERIOD).await;
    assert_eq!(told.lock().unwrap().len(), 0);
    assert_eq!(world.failures(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_shutdown_ends_schedules() {
    let (world, told) = start("ENABLED").await;
    world.bus.shutdown().await;
    world.step(PERIOD).await;
    assert_eq!(told.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_rule_without_a_pattern_matches_nothing_and_is_described_by_its_schedule() {
    let (world, _) = start("ENABLED").await;
    let time = world.clock.now();
    world.bus.put(&Event::new("aws.events", "Scheduled Event", time, String::new(), json!({})));
    world.activity.wait_until_idle().await;
    assert_eq!(world.failures(), Vec::<Value>::new());
    let caller = world.access_keys.identify(None);
    let rule = world.bus.call("DescribeRule", &caller, json!({ "Name": "requests" })).await.unwrap();
    assert_eq!(rule["ScheduleExpression"], "rate(15 minutes)");
    assert_eq!(rule.get("EventPattern"), None);
}
