//! What is no event as AWS documents it, through Lambda's Invoke into the real functions: the corpus of the fuzzer and some
//! hundred mutants of it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use end_to_end_tests::{World, run_test};
use event_fuzzer::{Function, Handled, Scene, make_mutants, read_corpus};
use local_aws::lambda::{DEFAULT_CONCURRENCY, Outcome};
use serde_json::Value;

const MUTANTS: u32 = 200;
const SEED: u64 = 20_261_121;

/// Events under way at one time, so that Lambda throttles none.
const AT_ONCE: usize = 5;

/// What AWS may answer to the calls of an event that is well-formed but of no pull request. It is a failure like any other.
const FAILED_CALLS: [&str; 3] = ["PassingFailure", "RefusedByAws", "UnknownFailure"];

/// A line of the log tells of an event; it does not repeat it.
const LONGEST_LINE: usize = 5_000;

/// An input that Lambda took for a function.
struct Sent {
    function: Function,
    input: Vec<u8>,
}

fn connect(world: &World) -> aws_sdk_lambda::Client {
    let credentials = aws_sdk_lambda::config::Credentials::new("person", "person", None, None, "test");
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(aws_sdk_lambda::config::BehaviorVersion::latest())
        .endpoint_url(world.aws.url())
        .region(aws_sdk_lambda::config::Region::new(world.aws.account.region.clone()))
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    aws_sdk_lambda::Client::from_conf(config.build())
}

/// Sends every input to every function, and sees each through its retries. Returns those that Lambda took, by request id.
async fn send_all(world: &World, inputs: &[Vec<u8>]) -> BTreeMap<String, Sent> {
    let lambda = connect(world);
    let mut sent = BTreeMap::new();
    let all: Vec<_> = Function::ALL
        .into_iter()
        .flat_map(|function| inputs.iter().map(move |input| (function, input)))
        .collect();
    for batch in all.chunks(AT_ONCE) {
        for &(function, input) in batch {
            let invocation = lambda.invoke().function_name(world.function(function.name()).name);
            let payload = Blob::new(input.clone());
            match invocation.invocation_type(InvocationType::Event).payload(payload).send().await {
                Ok(answer) => {
                    let id = answer.request_id().unwrap().to_owned();
                    sent.insert(id, Sent { function, input: input.clone() });
                }
                Err(error) => {
                    assert_eq!(error.code(), Some("InvalidRequestContentException"), "{error:?}");
                    let handled = function.handle(input, &Scene::default());
                    assert!(matches!(handled, Handled::Unreadable(_)), "{handled:?}");
                }
            }
        }
        for minutes in [1, 2] {
            world.settle().await;
            world.aws.clock.advance(Duration::from_secs(minutes * 60));
        }
        world.settle().await;
    }
    sent
}

/// The payloads of the records in the failure queue, by request id.
fn queued(world: &World) -> BTreeMap<String, Value> {
    let failures = world.failures();
    let count = failures.len();
    let queued: BTreeMap<_, _> = failures
        .into_iter()
        .map(|failure| {
            let id = failure.body["requestContext"]["requestId"].as_str().unwrap().to_owned();
            (id, failure.body["requestPayload"].clone())
        })
        .collect();
    assert_eq!(queued.len(), count, "an event is in the failure queue twice");
    queued
}

/// Checks what came of an input against what comes of it in the process of the test. Returns whether it was given up.
fn check(sent: &Sent, outcomes: &[Outcome]) -> bool {
    let shown: String = String::from_utf8_lossy(&sent.input).chars().take(1000).collect();
    let shown = format!("{} with {shown}: {outcomes:?}", sent.function.name());
    let handled = sent.function.handle(&sent.input, &Scene::default());
    match (outcomes, handled) {
        ([Outcome::Succeeded], Handled::Ignored(_) | Handled::Acted { .. }) => false,
        ([first @ Outcome::Failed { error_type, message }, others @ ..], handled) => {
            assert!(others.len() == 2 && others.iter().all(|other| other == first), "{shown}");
            match handled {
                Handled::Unreadable(reason) | Handled::Refused(reason) => {
                    assert_eq!((&**error_type, message), ("InvalidEvent", &reason), "{shown}");
                }
                Handled::Acted { .. } => assert!(FAILED_CALLS.contains(&&**error_type), "{shown}"),
                Handled::Ignored(reason) => panic!("{reason}, but {shown}"),
            }
            true
        }
        (_, handled) => panic!("{handled:?}, but {shown}"),
    }
}

#[tokio::test]
async fn what_is_no_event_is_refused_and_reaches_the_failure_queue_whole() {
    run_test(async |world| {
        let corpus = read_corpus().unwrap();
        let mut inputs = make_mutants(&corpus, SEED, MUTANTS);
        inputs.extend(corpus.into_iter().map(|document| document.text));
        let sent = send_all(world, &inputs).await;
        let mut queued = queued(world);
        let invocations = world.aws.lambda.invocations().borrow().clone();
        for (id, sent) in &sent {
            let attempts = invocations.iter().filter(|invocation| invocation.request_id == *id);
            let outcomes: Vec<_> = attempts.map(|invocation| invocation.outcome.clone()).collect();
            let found = queued.remove(id);
            if check(sent, &outcomes) {
                let text = String::from_utf8(sent.input.clone()).unwrap();
                // What no function can read stays the text that it is.
                let payload = serde_json::from_str(&text).unwrap_or(Value::String(text));
                assert_eq!(found, Some(payload), "not whole, or not in the queue");
            } else {
                assert_eq!(found, None, "done, and in the queue");
            }
        }
        assert_eq!(queued, BTreeMap::new(), "nobody sent these");
        for function in Function::ALL {
            // A process that had ended would have been followed by another one, with a log stream of its own.
            let streams = world.aws.logs.streams(&world.function(function.name()).log_group).unwrap();
            assert!((1..=DEFAULT_CONCURRENCY).contains(&streams.len()), "{} processes", streams.len());
            for line in world.function_log(function.name()).lines() {
                assert!(line.len() <= LONGEST_LINE, "{} bytes: {}…", line.len(), &line[..500]);
            }
        }
    })
    .await;
}
