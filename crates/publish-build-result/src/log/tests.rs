use pull_request_build::{BuildArn, BuildStatus, PullRequestBuild, Secrets};
use replayed_aws::{Answer, RecordedRequest, ReplayedAws};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;

type Step = (&'static str, Answer);

const FAILING: Cause<'static> = Cause::Command { command: "make test\n", reason: "exit status 2" };
const RUNNING: &str = "[Container] 2026/07/14 09:57:50.447178 Running command make test\n";

/// A build whose phase BUILD lasted from second 100 to second 200.5.
fn a_build() -> Build {
    let at = |milliseconds| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds));
    let variables = [
        ("PULL_REQUEST_ID", "42".to_owned()),
        ("REPOSITORY_NAME", "payments".to_owned()),
        ("SOURCE_COMMIT", "a".repeat(40)),
        ("DESTINATION_COMMIT", "b".repeat(40)),
        ("REVISION_ID", "r1".to_owned()),
    ];
    let variables = variables.iter().map(|(name, value)| (*name, value.as_str()));
    let arn = "arn:aws:codebuild:eu-central-1:123456789012:build/pull-request-hook:0a1b2c3d-0000-4000-8000-000000000001";
    Build {
        arn: BuildArn::parse(arn).unwrap(),
        number: None,
        status: BuildStatus::Failed,
        start_time: at(0),
        end_time: at(300_000),
        phases: vec![Phase {
            name: "BUILD".to_owned(),
            status: Some(BuildStatus::Failed),
            start_time: at(100_000),
            end_time: at(200_500),
            contexts: Vec::new(),
        }],
        log_deep_link: None,
        log_stream: Some(LogStream { group_name: "builds".to_owned(), stream_name: "0a1b".to_owned() }),
        report_arns: Vec::new(),
        secrets: Secrets::default(),
        pull_request: PullRequestBuild::from_variables(variables).unwrap(),
    }
}

fn page(messages: &[&str], token: &str) -> Step {
    let events: Vec<Value> =
        messages.iter().map(|message| json!({"timestamp": 1, "message": message})).collect();
    let page = json!({"events": events, "nextBackwardToken": token, "nextForwardToken": "f/0"});
    ("GetLogEvents", Answer::json(page))
}

fn absent() -> Step {
    ("GetLogEvents", Answer::error("ResourceNotFoundException", "The specified log stream does not exist."))
}

async fn read_of(
    build: &Build,
    cause: Cause<'_>,
    script: impl IntoIterator<Item = Step>,
) -> (Result<Vec<String>, CallFailure>, Vec<RecordedRequest>) {
    let aws = ReplayedAws::new(script);
    let failure = Failure { phase: "BUILD", cause };
    let messages = read_failed_phase(&Client::new(&aws.sdk_config()), build, &failure).await;
    (messages, aws.requests())
}

async fn read(
    script: impl IntoIterator<Item = Step>,
) -> (Result<Vec<String>, CallFailure>, Vec<RecordedRequest>) {
    read_of(&a_build(), FAILING, script).await
}

#[tokio::test]
async fn pages_are_read_backwards_until_the_failed_command_and_put_in_order() {
    let script =
        [page(&["e\n", "f\n"], "b/2"), page(&[], "b/1"), page(&["a\n", RUNNING, "c\n", "d\n"], "b/0")];
    let (messages, requests) = read(script).await;
    assert_eq!(messages.unwrap(), ["a\n", RUNNING, "c\n", "d\n", "e\n", "f\n"]);
    let mut asked = json!({
        "logGroupName": "builds",
        "logStreamName": "0a1b",
        "startTime": 40_000,
        "endTime": 260_500,
        "startFromHead": false,
    });
    assert_eq!(requests[0].body, asked);
    for (request, token) in requests[1..].iter().zip(["b/2", "b/1"]) {
        asked["nextToken"] = json!(token);
        assert_eq!(request.body, asked);
    }
}

#[tokio::test]
async fn the_token_that_was_sent_ends_the_log() {
    let script = [page(&["b"], "b/1"), page(&["a"], "b/0"), page(&[], "b/0")];
    assert_eq!(read(script).await.0.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn only_the_first_line_of_the_failed_command_ends_the_search() {
    for line in [
        "Running command make test",
        "[Container] 2026/07/14 09:57:50.447178 Running command make test-all",
        "[Container] 2026/07/14 09:57:50.447178 Command did not exit successfully make test exit status 2",
    ] {
        let (messages, _) = read([page(&[line], "b/1"), page(&["before"], "b/1")]).await;
        assert_eq!(messages.unwrap(), ["before", line]);
    }
}

#[tokio::test]
async fn a_command_of_several_lines_is_found_by_its_first() {
    let cause = Cause::Command { command: "make test\nmake clean", reason: "exit status 2" };
    let (messages, _) = read_of(&a_build(), cause, [page(&[RUNNING, "make clean"], "b/1")]).await;
    assert_eq!(messages.unwrap(), [RUNNING, "make clean"]);
}

#[tokio::test]
async fn a_failure_without_a_command_is_read_to_the_beginning_of_its_phase() {
    let mut build = a_build();
    build.phases[0].end_time = None;
    let script = [page(&[RUNNING], "b/1"), page(&["before"], "b/1")];
    let (messages, requests) = read_of(&build, Cause::Unexplained, script).await;
    assert_eq!(messages.unwrap(), ["before", RUNNING]);
    assert_eq!(
        (&requests[0].body["startTime"], &requests[0].body["endTime"]),
        (&json!(40_000), &Value::Null)
    );
}

#[tokio::test]
async fn of_a_very_long_log_the_end_is_read() {
    let message = "x".repeat(PAGE_BYTES);
    let tokens = ["b/4", "b/3", "b/2", "b/1"];
    let (messages, _) = read(tokens.map(|token| page(&[&message], token))).await;
    assert_eq!(messages.unwrap().len() * PAGE_BYTES, MAX_BYTES);

    let tokens = ["b/8", "b/7", "b/6", "b/5", "b/4", "b/3", "b/2", "b/1"];
    let (messages, _) = read(tokens.map(|token| page(&["x"], token))).await;
    assert_eq!(messages.unwrap().len(), MAX_PAGES);
}

#[tokio::test]
async fn without_a_stream_nothing_is_asked() {
    let build = Build { log_stream: None, ..a_build() };
    assert_eq!(read_of(&build, FAILING, []).await.0, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_late_is_waited_for() {
    let start = Instant::now();
    let (messages, _) = read([absent(), page(&[], "b/0"), page(&[], "b/0"), page(&[RUNNING], "b/0")]).await;
    assert_eq!((messages.unwrap().len(), start.elapsed()), (1, PAUSE * 2));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_never_comes_is_an_empty_one() {
    let (messages, requests) = read([absent(), absent(), absent()]).await;
    assert_eq!((messages, requests.len()), (Ok(Vec::new()), LOOKS));
}

#[tokio::test]
async fn a_log_that_may_not_be_read_is_an_empty_one() {
    for exception in ["AccessDeniedException", "InvalidParameterException"] {
        let (messages, _) = read([("GetLogEvents", Answer::error(exception, "no"))]).await;
        assert_eq!(messages, Ok(Vec::new()));
    }
}

#[tokio::test]
async fn what_may_pass_by_itself_is_an_error() {
    for answer in [
        Answer::error("ThrottlingException", "Rate exceeded"),
        Answer::status(503),
        Answer::lost_connection(),
    ] {
        let (messages, _) = read([("GetLogEvents", answer)]).await;
        assert!(matches!(messages, Err(CallFailure::Passing { operation: "GetLogEvents", .. })));
    }
}
