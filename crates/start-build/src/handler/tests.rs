//! The handler against a scripted AWS: which calls it makes, with what, and what it makes of the answers.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use replayed_aws::{Answer, RecordedRequest, ReplayedAws};
use serde_json::{Value, json};
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use super::*;
use crate::config::tests::a_config;

mod errors;
mod look;
mod not_started;
mod start;
mod stop;
mod sweep;

const SOURCE: &str = "2df5de2b8c1a7f3e9d0b4c6a5e8f7d1c3b2a9e80";
const DESTINATION: &str = "77e1a0b2c3d4e5f60718293a4b5c6d7e8f901234";
const REVISION: &str = "bdc0cb9b4a1d0d8e5e1f6c2a7b3948d15c6e7f80a1b2c3d4e5f60718293a4b5c";

const FUNCTION_ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:start-function";
/// Who writes the hook's comments, by the settings of [`a_config`].
const AUTHOR: &str = "arn:aws:sts::123456789012:assumed-role/publish-role/publish-function";

/// 2026-07-14T09:57:50Z, when the event of [`created`] was made.
const EVENT_SECOND: i64 = 1_784_023_070;
const FIVE_SECONDS_LATER: &str = "Tue, 14 Jul 2026 09:57:55 GMT";
const FOUR_MINUTES_LATER: &str = "Tue, 14 Jul 2026 10:01:50 GMT";
const MORE_THAN_FOUR_MINUTES_LATER: &str = "Tue, 14 Jul 2026 10:01:51 GMT";

type Script = Vec<(&'static str, Answer)>;

/// The event of a pull request that was created.
fn created() -> Value {
    event(include_str!("../../../pull-request-build/fixtures/pull-request-events/pullRequestCreated.json"))
}

fn event(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The same event with one field of its detail changed.
fn created_with(name: &str, value: Value) -> Value {
    let mut event = created();
    event["detail"][name] = value;
    event
}

/// CodeCommit's answer that agrees with the event of [`created`].
fn pull_request() -> Value {
    json!({"pullRequest": {
        "pullRequestId": "42",
        "title": "Check refunds",
        "pullRequestStatus": "OPEN",
        "revisionId": REVISION,
        "creationDate": EVENT_SECOND as f64 - 0.3,
        "lastActivityDate": EVENT_SECOND as f64 + 0.2,
        "pullRequestTargets": [{
            "repositoryName": "payments",
            "sourceReference": "refs/heads/feature/refunds",
            "destinationReference": "refs/heads/main",
            "sourceCommit": SOURCE,
            "destinationCommit": DESTINATION,
            "mergeMetadata": {"isMerged": false},
        }],
    }})
}

/// The step in which CodeCommit agrees with the event, at the time `date`.
fn agreed(date: &str) -> (&'static str, Answer) {
    ("GetPullRequest", Answer::json(pull_request()).at(date))
}

/// The step in which CodeBuild starts build 1.
fn started() -> (&'static str, Answer) {
    let build = json!({"build": {"id": "payments-project:1", "buildStatus": "IN_PROGRESS"}});
    ("StartBuild", Answer::json(build))
}

/// A variable as StartBuild takes it and BatchGetBuilds answers it.
fn plaintext(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value, "type": "PLAINTEXT"})
}

/// The two steps in which a page of the project's builds is read.
fn page(builds: &[Value], next_token: Option<&str>) -> Script {
    let ids: Vec<&Value> = builds.iter().map(|build| &build["id"]).collect();
    let mut list = json!({"ids": ids});
    if let Some(next_token) = next_token {
        list["nextToken"] = json!(next_token);
    }
    vec![
        ("ListBuildsForProject", Answer::json(list)),
        ("BatchGetBuilds", Answer::json(json!({"builds": builds}))),
    ]
}

/// The step that lists the builds of a project that has none.
fn no_builds() -> (&'static str, Answer) {
    ("ListBuildsForProject", Answer::json(json!({"ids": []})))
}

/// The step in which EventBridge takes the report that no build could be started.
fn reported() -> (&'static str, Answer) {
    ("PutEvents", Answer::json(json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})))
}

/// The step that reads comments, of which there are none.
fn no_comments() -> (&'static str, Answer) {
    ("GetCommentsForPullRequest", Answer::json(json!({"commentsForPullRequestData": []})))
}

/// What handling an event came to.
struct Run {
    result: Result<StartOutcome, Failure>,
    requests: Vec<RecordedRequest>,
    line: Value,
}

/// Handles `event` while AWS answers as `script` says. Fails unless exactly the script's calls are made, and exactly one
/// line is logged.
async fn run(event: &Value, script: Script) -> Run {
    run_payload(&event.to_string(), script).await
}

async fn run_payload(payload: &str, script: Script) -> Run {
    let lines = Lines::default();
    let _guard = lines.capture();
    let aws = ReplayedAws::new(script);
    let handler = Handler::new(a_config(), &aws.sdk_config());
    let result = match handler.handle(payload, FUNCTION_ARN, SystemTime::now()).await {
        Ok(Handled::Event(outcome)) => Ok(outcome),
        Ok(swept @ Handled::Swept(_)) => panic!("{swept:?}"),
        Err(failure) => Err(failure),
    };
    Run { result, requests: aws.requests(), line: lines.only_line() }
}

/// The function's own log lines on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn capture(&self) -> DefaultGuard {
        let writer = self.clone();
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(move || writer.clone())
            .with_filter(Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::INFO));
        tracing_subscriber::registry().with(lines).set_default()
    }

    fn all(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn only_line(&self) -> Value {
        let [line] = self.all().try_into().unwrap_or_else(|lines| panic!("not one line: {lines:?}"));
        line
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn build_started() -> StartOutcome {
    StartOutcome::BuildStarted { build_id: "payments-project:1".to_owned(), stopped: Vec::new() }
}

fn build_found(id: &str) -> StartOutcome {
    StartOutcome::BuildFound { build_id: id.to_owned(), stopped: Vec::new() }
}

fn skipped(reason: &str) -> StartOutcome {
    StartOutcome::Skipped { reason: reason.to_owned(), stopped: Vec::new() }
}
