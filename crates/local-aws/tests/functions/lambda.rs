//! Lambda with a real process behind it, through the Runtime API and Invoke.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::body::Bytes;
use local_aws::account::Account;
use local_aws::caller::Caller;
use local_aws::lambda::{InvokeError, Lambda, LambdaSettings, Outcome};
use serde_json::{Value, json};

use crate::world::{FunctionWorld, Hold};

#[tokio::test]
async fn a_function_answers_and_its_log_reads_like_lambdas() {
    let world = FunctionWorld::start(|_| {}).await;
    let answer = world.invoke(r#"{"do":"echo"}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"do":"echo"}"#));
    assert_eq!(answer.header("x-amz-function-error"), None);
    assert_eq!(answer.header("x-amz-executed-version"), Some("$LATEST"));

    let id = answer.header("x-amzn-requestid").unwrap();
    let log = world.log();
    let [first, start, end, report] = log.as_slice() else { panic!("{log:#?}") };
    assert_eq!(first, "starting");
    assert_eq!(*start, format!("START RequestId: {id} Version: $LATEST"));
    assert_eq!(*end, format!("END RequestId: {id}"));
    assert!(report.starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{report}");
    assert!(report.contains("\tMemory Size: 128 MB\tInit Duration: "), "{report}");
}

#[tokio::test]
async fn a_process_sees_lambdas_variables_and_the_templates_and_no_others() {
    let world = FunctionWorld::start(|setup| {
        setup.function.environment.insert("HOOK_NAME".to_owned(), "hook".to_owned());
    })
    .await;
    let before = time::OffsetDateTime::now_utc();
    world.invoke(r#"{"do":"print"}"#).await;
    let log = world.log();
    let value = |name: &str| {
        let prefix = format!("{name}=");
        log.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_else(|| panic!("{name} in {log:#?}"))
    };
    let names: BTreeSet<_> = log
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| !matches!(*name, "deadline" | "PWD" | "SHLVL" | "_" | "OLDPWD"))
        .collect();
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "HOOK_NAME",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "PATH",
        "TMPDIR",
        "TZ",
        "_HANDLER",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    assert_eq!(value("PWD"), value("LAMBDA_TASK_ROOT"));
    let signature = format!("AWS4-HMAC-SHA256 Credential={}/x", value("AWS_ACCESS_KEY_ID"));
    assert_eq!(
        world.access_keys.identify(Some(&signature)).arn,
        "arn:aws:sts::123456789012:assumed-role/start-role/start"
    );
    // The deadline is real time, whatever the clock of this world shows.
    let deadline: i128 = value("deadline").parse().unwrap();
    let distance = deadline - before.unix_timestamp_nanos() / 1_000_000;
    assert!((30_000..90_000).contains(&distance), "the deadline is {distance} ms away");
}

#[tokio::test]
async fn output_is_logged_in_order_before_the_invocation_ends() {
    let world = FunctionWorld::start(|_| {}).await;
    world.invoke(r#"{"do":"print"}"#).await;
    let log = world.log();
    let position = |wanted: &str| log.iter().position(|line| line.starts_with(wanted)).unwrap();
    let order =
        ["START", "deadline=", "on standard error", "without a line end", "END", "REPORT"].map(position);
    assert!(order.is_sorted(), "{log:#?}");
}

#[tokio::test]
async fn an_environment_is_used_again_and_errors_of_the_function_do_not_end_it() {
    let world = FunctionWorld::start(|_| {}).await;
    for event in [r#"{"do":"echo"}"#, r#"{"do":"fail"}"#, r#"{"do":"echo"}"#] {
        world.invoke(event).await;
        world.activity.wait_until_idle().await;
    }
    assert_eq!(world.log_streams(), 1);
    let outcomes: Vec<_> = world.invocations().into_iter().map(|invocation| invocation.outcome).collect();
    let failed = Outcome::Failed { error_type: "Refused".to_owned(), message: "as asked".to_owned() };
    assert_eq!(outcomes, [Outcome::Succeeded, failed, Outcome::Succeeded]);
}

#[tokio::test]
async fn an_error_reaches_the_caller_as_the_function_wrote_it() {
    let world = FunctionWorld::start(|_| {}).await;
    let answer = world.invoke(r#"{"do":"fail"}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"));
    assert_eq!(answer.json(), json!({ "errorType": "Refused", "errorMessage": "as asked" }));
}

#[tokio::test]
async fn a_process_that_ends_is_reported_and_replaced() {
    let world = FunctionWorld::start(|_| {}).await;
    let answer = world.invoke(r#"{"do":"exit"}"#).await;
    assert_eq!(answer.json()["errorType"], "Runtime.ExitError");
    let message = answer.json()["errorMessage"].as_str().unwrap().to_owned();
    assert!(message.ends_with("Error: Runtime exited with error: exit status 3"), "{message}");
    assert!(world.log().contains(&"about to exit".to_owned()), "{:#?}", world.log());
    world.activity.wait_until_idle().await;
    assert_eq!(world.invoke(r#"{"do":"echo"}"#).await.body, r#"{"do":"echo"}"#);
    assert_eq!(world.log_streams(), 2);
}

#[tokio::test]
async fn what_runs_over_its_timeout_is_killed_with_everything_it_started() {
    let world = FunctionWorld::start(|setup| setup.function.timeout = Duration::from_secs(1)).await;
    let hold = Hold::listen().await;
    let event = hold.event();
    let (answer, mut held) = tokio::join!(world.invoke(&event), hold.accept());
    assert_eq!(answer.json()["errorType"], "Sandbox.Timedout");
    let message = answer.json()["errorMessage"].as_str().unwrap().to_owned();
    assert!(message.ends_with("Error: Task timed out after 1.00 seconds"), "{message}");
    assert!(world.log().iter().any(|line| line.ends_with("Task timed out after 1.00 seconds")));
    assert!(world.log().iter().any(|line| line.ends_with("\tStatus: timeout")));
    held.wait_until_closed().await;
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    for (start, error_type, message) in [
        ("refuse", "BadSettings", "START is refuse"),
        ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 4"),
    ] {
        let world = FunctionWorld::start(|setup| {
            setup.function.environment.insert("START".to_owned(), start.to_owned());
        })
        .await;
        let answer = world.invoke("{}").await;
        assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"));
        assert_eq!(answer.json()["errorType"], error_type);
        assert!(answer.json()["errorMessage"].as_str().unwrap().ends_with(message), "{}", answer.body);
    }
    // A file that cannot be executed.
    let world = FunctionWorld::start(|setup| setup.executable = "tests/fixtures/template.json").await;
    assert_eq!(world.invoke("{}").await.json()["errorType"], "Runtime.InvalidEntrypoint");
}

#[tokio::test]
async fn invocations_at_one_time_have_environments_of_their_own_up_to_the_limit() {
    let world = FunctionWorld::start(|_| {}).await;
    let hold = Hold::listen().await;
    let event = hold.event();
    let release = async {
        let held = [hold.accept().await, hold.accept().await];
        // The concurrency of this world is 2.
        let third = world.invoke(r#"{"do":"echo"}"#).await;
        assert_eq!((third.status, third.header("x-amzn-errortype")), (429, Some("TooManyRequestsException")));
        drop(held);
    };
    let (one, two, ()) = tokio::join!(world.invoke(&event), world.invoke(&event), release);
    assert_eq!((one.body.as_str(), two.body.as_str()), (r#""released""#, r#""released""#));
    assert_eq!(world.log_streams(), 2);
}

#[tokio::test]
async fn a_throttled_event_waits_and_runs_later() {
    let world = FunctionWorld::start(|_| {}).await;
    let hold = Hold::listen().await;
    for _ in 0..2 {
        world.lambda.invoke_event("start", Bytes::from(hold.event())).unwrap();
    }
    let held = [hold.accept().await, hold.accept().await];
    let request_id = world.lambda.invoke_event("start", Bytes::from(r#"{"do":"echo"}"#)).unwrap();
    assert_eq!(world.invocations(), []);
    drop(held);
    world.activity.wait_until_idle().await;
    world.step(Duration::from_secs(300)).await;
    let invocations = world.invocations();
    assert_eq!((&invocations[2].request_id, invocations[2].attempt), (&request_id, 1));
    assert_eq!(invocations[2].outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn a_failed_event_is_tried_again_after_one_and_two_minutes_and_then_recorded() {
    let world = FunctionWorld::start(|_| {}).await;
    let request_id = world.lambda.invoke_event(&world.function.arn, Bytes::from(r#"{"do":"fail"}"#)).unwrap();
    world.activity.wait_until_idle().await;
    for (attempts, wait) in [(1, 60), (2, 120)] {
        world.step(Duration::from_secs(wait - 10)).await;
        assert_eq!(world.invocations().len(), attempts, "an attempt came before {wait} seconds");
        assert_eq!(world.failures(), Vec::<Value>::new());
        world.step(Duration::from_secs(10)).await;
    }
    let invocations = world.invocations();
    assert_eq!(invocations.len(), 3);
    assert!(invocations.iter().all(|invocation| invocation.request_id == request_id));
    let [record] = world.failures().try_into().unwrap();
    let timestamp = record["timestamp"].as_str().unwrap().to_owned();
    assert_eq!((timestamp.len(), timestamp.ends_with('Z')), ("2026-11-21T08:00:00.000Z".len(), true));
    assert_eq!(
        record,
        json!({
            "version": "1.0",
            "timestamp": timestamp,
            "requestContext": {
                "requestId": request_id,
                "functionArn": format!("{}:$LATEST", world.function.arn),
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": { "do": "fail" },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "responsePayload": { "errorType": "Refused", "errorMessage": "as asked" },
        })
    );
}

#[tokio::test]
async fn the_template_says_how_often_an_event_is_tried() {
    let world = FunctionWorld::start(|setup| setup.function.maximum_retry_attempts = 0).await;
    world.lambda.invoke_event("start", Bytes::from(r#"{"do":"fail"}"#)).unwrap();
    world.activity.wait_until_idle().await;
    let [record] = world.failures().try_into().unwrap();
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
}

#[tokio::test]
async fn an_event_that_grows_too_old_is_recorded_as_such() {
    let world =
        FunctionWorld::start(|setup| setup.function.maximum_event_age = Duration::from_secs(60)).await;
    world.lambda.invoke_event("start", Bytes::from(r#"{"do":"fail"}"#)).unwrap();
    world.activity.wait_until_idle().await;
    world.step(Duration::from_secs(60)).await;
    let [record] = world.failures().try_into().unwrap();
    assert_eq!(record["requestContext"]["condition"], "EventAgeExceeded");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(world.invocations().len(), 1);
}

#[tokio::test]
async fn a_service_invokes_only_what_the_resource_policy_allows() {
    let world = FunctionWorld::start(|_| {}).await;
    let invoke = |principal: &str, source: &str| {
        let service = Caller::service(&Account::default(), principal, source);
        world.lambda.invoke_event_as(&service, "start", Bytes::from(r#"{"do":"echo"}"#))
    };
    let rule = "arn:aws:events:us-east-1:123456789012:rule/requests";
    assert!(invoke("events.amazonaws.com", rule).is_ok());
    for (principal, source) in
        [("events.amazonaws.com", rule.replace("requests", "other")), ("s3.amazonaws.com", rule.to_owned())]
    {
        let refused = invoke(principal, &source).unwrap_err();
        assert!(matches!(refused, InvokeError::AccessDenied(_)), "{refused}");
    }
    world.activity.wait_until_idle().await;
    assert_eq!(world.invocations().len(), 1);
}

#[tokio::test]
async fn invoke_answers_mistakes_as_lambda_does() {
    let world = FunctionWorld::start(|_| {}).await;
    let large = format!("\"{}\"", "x".repeat(6 * 1024 * 1024));
    let medium = format!("\"{}\"", "x".repeat(1024 * 1024));
    for (name, kind, payload, status, code) in [
        ("other", "RequestResponse", "{}", 404, "ResourceNotFoundException"),
        ("start", "RequestResponse", "{", 400, "InvalidRequestContentException"),
        ("start", "RequestResponse", &large, 413, "RequestTooLargeException"),
        ("start", "Event", &medium, 413, "RequestTooLargeException"),
        ("start", "Sometimes", "{}", 400, "InvalidParameterValueException"),
    ] {
        let answer = world.invoke_as(name, &[("x-amz-invocation-type", kind)], payload).await;
        assert_eq!(
            (answer.status, answer.header("x-amzn-errortype")),
            (status, Some(code)),
            "{}",
            answer.body
        );
    }
    let dry = world.invoke_as("start", &[("x-amz-invocation-type", "DryRun")], "{}").await;
    assert_eq!(dry.status, 204);
    assert_eq!(world.invocations(), []);
}

#[tokio::test]
async fn invoke_takes_an_arn_queues_events_and_returns_the_end_of_the_log() {
    let world = FunctionWorld::start(|_| {}).await;
    let escaped = world.function.arn.replace(':', "%3A");
    let event = world.invoke_as(&escaped, &[("x-amz-invocation-type", "Event")], r#"{"do":"echo"}"#).await;
    assert_eq!(event.status, 202);
    world.activity.wait_until_idle().await;
    let request_id = event.header("x-amzn-requestid").unwrap();
    assert_eq!(world.invocations()[0].request_id, request_id);

    let tail = world.invoke_as("start", &[("x-amz-log-type", "Tail")], r#"{"do":"echo"}"#).await;
    let tail = tail.log_result();
    assert!(tail.starts_with("START RequestId: ") && tail.contains("\nREPORT RequestId: "), "{tail}");
}

#[tokio::test]
async fn two_stacks_of_one_template_run_the_same_executable_apart() {
    let world = FunctionWorld::start(|_| {}).await;
    for name in ["start", "start-of-another-stack"] {
        assert_eq!(world.invoke_as(name, &[], r#"{"do":"echo"}"#).await.body, r#"{"do":"echo"}"#);
        world.activity.wait_until_idle().await;
    }
    assert_eq!(world.log_streams(), 2);
}

#[tokio::test]
async fn a_function_without_an_executable_says_how_to_name_one() {
    let world = FunctionWorld::start(|_| {}).await;
    let settings = LambdaSettings {
        account: Account::default(),
        clock: world.clock.clone(),
        activity: world.activity.clone(),
        functions: vec![world.function.clone()],
        executables: BTreeMap::new(),
        endpoint_url: "http://127.0.0.1:1".to_owned(),
        logs: world.logs.clone(),
        access_keys: world.access_keys.clone(),
        sqs: world.sqs.clone(),
        faults: world.faults.clone(),
        concurrency: 1,
    };
    let error = Lambda::new(settings).unwrap_err().to_string();
    assert!(
        error.contains("function Start (start-build.zip)") && error.contains("--function Start=PATH"),
        "{error}"
    );
}

#[tokio::test]
async fn shutting_down_ends_what_runs_and_starts_nothing_more() {
    let world = FunctionWorld::start(|_| {}).await;
    let hold = Hold::listen().await;
    world.lambda.invoke_event("start", Bytes::from(hold.event())).unwrap();
    let mut held = hold.accept().await;
    world.lambda.shutdown().await;
    held.wait_until_closed().await;
    let refused = world.lambda.invoke_event("start", Bytes::from("{}")).unwrap_err();
    assert!(matches!(refused, InvokeError::ShuttingDown(_)), "{refused}");
}
