//! Faults of calls and of deliveries, under a real process.

use std::time::Duration;

use local_aws::event::Event;
use local_aws::faults::{CallFault, DeliveryFault, Effect, FaultList, InvalidFault, Moment};
use local_aws::lambda::Outcome;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::world::FunctionWorld;

fn calls(calls: Vec<CallFault>) -> FaultList {
    FaultList { calls, ..FaultList::default() }
}

fn deliveries(deliveries: Vec<DeliveryFault>) -> FaultList {
    FaultList { deliveries, ..FaultList::default() }
}

/// A world whose function makes this many calls when it is asked, with these faults.
async fn start(faults: FaultList) -> FunctionWorld {
    let world = FunctionWorld::start(|_| {}).await;
    world.faults.inject(faults).unwrap();
    world
}

/// Invokes the function, and says how its calls were answered and which of them took effect.
async fn make_calls(world: &FunctionWorld, count: usize) -> (Value, Vec<String>) {
    let answer = world.invoke(&json!({ "do": "call", "times": count }).to_string()).await.json();
    (answer, sent(world))
}

/// The messages that the calls sent.
fn sent(world: &FunctionWorld) -> Vec<String> {
    world.sqs.messages(&world.failures).into_iter().map(|message| message.body).collect()
}

fn event(name: &str) -> Event {
    let time = OffsetDateTime::from_unix_timestamp(1_795_248_000).unwrap();
    let detail = json!({ "do": "echo", "name": name });
    Event::new("ci.requests", "Request", time, "arn:aws:ci:::one".to_owned(), detail)
}

#[tokio::test]
async fn a_call_is_struck_by_its_number_and_only_as_often_as_the_fault_says() {
    let fault = CallFault { number: Some(2), times: 2, ..CallFault::new("Start", Effect::Throttled) };
    let world = start(calls(vec![fault.clone()])).await;
    let throttled = json!(["200", "400 RequestThrottled", "200"]);
    assert_eq!(make_calls(&world, 3).await.0, throttled);
    assert_eq!(world.faults.left(), calls(vec![CallFault { times: 1, ..fault }]));
    assert_eq!(make_calls(&world, 3).await.0, throttled);
    assert_eq!(world.faults.left(), FaultList::default());
    assert_eq!(make_calls(&world, 3).await.0, json!(["200", "200", "200"]));
}

#[tokio::test]
async fn a_call_that_fails_afterwards_took_effect_and_one_that_fails_before_did_not() {
    for (effect, answer) in [(Effect::Failed, "500 InternalFailure"), (Effect::Cut, "cut")] {
        for (when, message) in [(Moment::Before, None), (Moment::After, Some("call 1"))] {
            let world = start(calls(vec![CallFault { when, ..CallFault::new("start", effect) }])).await;
            let (answers, sent) = make_calls(&world, 2).await;
            assert_eq!(answers, json!([answer, "200"]), "{effect:?} {when:?}");
            assert_eq!(
                sent,
                message.into_iter().chain(["call 2"]).collect::<Vec<_>>(),
                "{effect:?} {when:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_killed_function_has_crashed_and_its_event_is_tried_again() {
    for (when, messages) in [
        (Moment::Before, &["call 1", "call 1", "call 2", "call 3"][..]),
        (Moment::After, &["call 1", "call 2", "call 1", "call 2", "call 3"]),
    ] {
        let fault = CallFault { number: Some(2), when, ..CallFault::new("Start", Effect::Killed) };
        let world = start(calls(vec![fault])).await;
        let payload = json!({ "do": "call", "times": 3 }).to_string();
        world.lambda.invoke_event("start", payload.into()).unwrap();
        world.activity.wait_until_idle().await;
        let Outcome::Failed { error_type, message } = world.invocations()[0].outcome.clone() else {
            panic!("the function was not killed")
        };
        assert_eq!(error_type, "Runtime.ExitError");
        assert!(message.ends_with("Runtime exited with error: signal: 9"), "{message}");
        world.step(Duration::from_secs(60)).await;
        assert_eq!(world.invocations()[1].outcome, Outcome::Succeeded);
        assert_eq!(sent(&world), messages, "{when:?}");
    }
}

#[tokio::test]
async fn the_calls_of_every_attempt_are_recorded_with_their_invocation() {
    let fault = CallFault { number: Some(2), ..CallFault::new("Start", Effect::Killed) };
    let world = start(calls(vec![fault])).await;
    let payload = json!({ "do": "call", "times": 2 });
    let request_id = world.lambda.invoke_event("start", payload.to_string().into()).unwrap();
    world.activity.wait_until_idle().await;
    world.step(Duration::from_secs(60)).await;
    let recorded = world.faults.calls();
    let told = |call: &local_aws::faults::Call| (call.invocation.attempt, call.number);
    assert_eq!(recorded.iter().map(told).collect::<Vec<_>>(), [(1, 1), (1, 2), (2, 1), (2, 2)]);
    for call in recorded {
        assert_eq!(call.operation, "SendMessage");
        assert_eq!(call.invocation.function, "start");
        assert_eq!((&call.invocation.request_id, &call.invocation.event), (&request_id, &payload));
    }
}

#[tokio::test]
async fn only_invocations_and_operations_that_a_fault_describes_are_struck() {
    let of_three = CallFault {
        event: Some(json!({ "times": [3] })),
        operation: Some("SendMessage".to_owned()),
        ..CallFault::new("Start", Effect::Failed)
    };
    let other_operation = CallFault {
        operation: Some("ReceiveMessage".to_owned()),
        ..CallFault::new("Start", Effect::Throttled)
    };
    let world = start(calls(vec![other_operation.clone(), of_three])).await;
    assert_eq!(make_calls(&world, 1).await.0, json!(["200"]));
    assert_eq!(make_calls(&world, 3).await.0, json!(["500 InternalFailure", "200", "200"]));
    assert_eq!(world.faults.left(), calls(vec![other_operation]));
    world.faults.end();
    assert_eq!(world.faults.left(), FaultList::default());
}

/// How often the function was invoked with the event `name`.
fn count_invocations(world: &FunctionWorld) -> usize {
    world.invocations().len()
}

#[tokio::test]
async fn deliveries_are_lost_repeated_and_delayed() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let named = |name: &str, arrivals: &[Duration]| DeliveryFault {
        event: Some(json!({ "detail": { "name": [name] } })),
        ..DeliveryFault::new("Start", arrivals)
    };
    let world = start(deliveries(vec![
        named("lost", &[]),
        named("late", &[minutes(10)]),
        named("twice", &[Duration::ZERO, minutes(20)]),
    ]))
    .await;
    for (name, invocations) in [("late", 0), ("lost", 0), ("twice", 1), ("other", 2), ("lost", 3)] {
        world.bus.put(&event(name));
        world.activity.wait_until_idle().await;
        assert_eq!(count_invocations(&world), invocations, "after {name}");
    }
    assert_eq!(world.faults.left(), FaultList::default());
    world.step(minutes(10) - Duration::from_secs(5)).await;
    assert_eq!(count_invocations(&world), 3);
    world.step(minutes(1)).await;
    assert_eq!(count_invocations(&world), 4, "the late event came");
    world.step(minutes(10)).await;
    assert_eq!(count_invocations(&world), 5, "the second delivery came");
}

#[tokio::test]
async fn what_cannot_be_a_fault_is_refused_by_name_and_nothing_of_its_list_is_taken() {
    let world = FunctionWorld::start(|_| {}).await;
    let good = || CallFault::new("Start", Effect::Failed);
    let refuse = |list: FaultList| {
        let error = world.faults.inject(list).unwrap_err().to_string();
        assert_eq!(world.faults.left(), FaultList::default());
        error
    };
    assert_eq!(
        refuse(calls(vec![good(), CallFault::new("Strat", Effect::Failed)])),
        "fault 2 of calls: there is no function \"Strat\"; the functions are Start, Start"
    );
    assert_eq!(
        refuse(calls(vec![CallFault { when: Moment::After, effect: Effect::Throttled, ..good() }])),
        "fault 1 of calls: a throttled call never takes effect; leave out \"when\", or choose another effect"
    );
    for (fault, member) in
        [(CallFault { times: 0, ..good() }, "times"), (CallFault { number: Some(0), ..good() }, "number")]
    {
        let expected = format!("fault 1 of calls: {member} is 0; leave the fault out, or count from 1");
        assert_eq!(refuse(calls(vec![fault])), expected);
    }
    let pattern = DeliveryFault {
        event: Some(json!({ "source": [{ "sounds-like": "ci" }] })),
        ..DeliveryFault::new("Start", &[])
    };
    assert_eq!(
        refuse(FaultList { calls: vec![good()], deliveries: vec![pattern] }),
        "fault 1 of deliveries: Event pattern is not valid. Reason: Unrecognized match type sounds-like"
    );
}

#[test]
fn a_file_says_the_same_as_the_library() {
    let file = r#"{
        "calls": [
            { "function": "Start", "operation": "StartBuild", "effect": "killed", "when": "after" },
            { "function": "Start", "event": { "detail": { "pullRequestId": ["7"] } }, "number": 3, "effect": "cut", "times": 2 }
        ],
        "deliveries": [{ "function": "Start", "arrivals": [0, 600] }]
    }"#;
    let after = CallFault {
        operation: Some("StartBuild".to_owned()),
        when: Moment::After,
        ..CallFault::new("Start", Effect::Killed)
    };
    let third = CallFault {
        event: Some(json!({ "detail": { "pullRequestId": ["7"] } })),
        number: Some(3),
        times: 2,
        ..CallFault::new("Start", Effect::Cut)
    };
    let twice = DeliveryFault::new("Start", &[Duration::ZERO, Duration::from_secs(600)]);
    let expected = FaultList { calls: vec![after, third], deliveries: vec![twice] };
    assert_eq!(FaultList::parse(file), Ok(expected));
    for (file, word) in [
        ("7", "invalid type"),
        (r#"{ "call": [] }"#, "unknown field `call`"),
        (r#"{ "calls": [{ "function": "Start", "effect": "slow" }] }"#, "unknown variant `slow`"),
        (r#"{ "calls": [{ "function": "Start" }] }"#, "missing field `effect`"),
        (r#"{ "deliveries": [{ "function": "Start", "arrivals": [-1] }] }"#, "invalid value"),
    ] {
        let Err(InvalidFault::NoFaultList(reason)) = FaultList::parse(file) else {
            panic!("{file} is taken")
        };
        assert!(reason.contains(word) && reason.contains("line 1"), "{file}: {reason}");
    }
}
