//! Reports and the log of a build, from CodeBuild and CloudWatch Logs into the comment.

use serde_json::Value;

use super::*;
use crate::config::Config;

const COMMAND: &str = "make test";

/// A build whose command failed, with a report and a log.
fn a_failed_build() -> Value {
    let mut build = ended_in(a_build("1", "FAILED"), "BUILD", "COMMAND_EXECUTION_ERROR");
    build["phases"][1]["contexts"][0]["message"] =
        json!(format!("Error while executing command: {COMMAND}. Reason: exit status 2"));
    build["phases"][1]["startTime"] = json!(1_795_000_010);
    build["phases"][1]["endTime"] = json!(1_795_000_020);
    build["logs"]["groupName"] = json!("builds");
    build["logs"]["streamName"] = json!("1");
    build["reportArns"] = json!([report_arn()]);
    build
}

fn report_arn() -> String {
    "arn:aws:codebuild:eu-central-1:123456789012:report/pull-request-hook-unit:0a1b".to_owned()
}

fn report() -> world::Step {
    let counts = json!({"SUCCEEDED": 4, "FAILED": 1});
    let report = json!({
        "arn": report_arn(),
        "type": "TEST",
        "status": "FAILED",
        "testSummary": {"total": 5, "statusCounts": counts, "durationInNanoSeconds": 1},
    });
    ("BatchGetReports", Answer::json(json!({"reports": [report], "reportsNotFound": []})))
}

/// The failed tests of the report, and the errored ones, of which there are none.
fn failing_tests() -> [world::Step; 2] {
    let case = json!({"name": "the moon rises", "status": "FAILED", "message": "it is down"});
    let page = |cases: Value| ("DescribeTestCases", Answer::json(json!({"testCases": cases})));
    [page(json!([case])), page(json!([]))]
}

fn log() -> world::Step {
    let messages = [
        format!("[Container] 2026/07/14 09:57:50.447178 Running command {COMMAND}\n"),
        "error: the moon is down\n".to_owned(),
    ];
    let events: Vec<Value> = messages.iter().map(|text| json!({"timestamp": 1, "message": text})).collect();
    (
        "GetLogEvents",
        Answer::json(json!({"events": events, "nextBackwardToken": "b/0", "nextForwardToken": "f/0"})),
    )
}

fn begin() -> [world::Step; 3] {
    let build = a_failed_build();
    [comments([]), builds([build.clone()]), asked_about(&build).unwrap()]
}

fn end(text: &str) -> [world::Step; 3] {
    [posted(), comments([own("c1", 200, text)]), builds([a_failed_build()])]
}

fn failed_event() -> Value {
    event("failed.json")
}

/// What is posted in a run of this script, up to the post.
async fn text_after(config: Config, script: impl IntoIterator<Item = world::Step>) -> String {
    let script = begin().into_iter().chain(script);
    let script = script.chain([("PostCommentForPullRequest", Answer::status(500))]);
    let run = run_as(config, failed_event(), script).await;
    run.request("PostCommentForPullRequest", 0)["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_failed_build_is_shown_with_its_tests_and_the_lines_of_its_log() {
    let text = text_after(config(), [report()].into_iter().chain(failing_tests()).chain([log()])).await;
    for part in ["1 failed, 4 passed", "the moon rises", "it is down", "error: the moon is down"] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    let script = begin()
        .into_iter()
        .chain([report()].into_iter().chain(failing_tests()).chain([log()]))
        .chain(end(&text));
    let run = run(failed_event(), script).await;
    assert_eq!(run.publication(), Publication::Posted(shown("FAILED")));
}

#[tokio::test]
async fn without_lines_to_show_the_log_is_not_read() {
    let text =
        text_after(Config { log_lines: 0, ..config() }, [report()].into_iter().chain(failing_tests())).await;
    assert!(text.contains("1 failed") && !text.contains("error: the moon is down"), "{text}");
}

#[tokio::test]
async fn reports_that_cannot_be_read_keep_no_result_from_the_pull_request() {
    let throttled = || ("BatchGetReports", Answer::error("ThrottlingException", "Rate exceeded"));
    let text = text_after(config(), [throttled(), log()]).await;
    assert!(text.contains("Build failed") && text.contains("error: the moon is down"), "{text}");
    assert!(!text.contains("1 failed"), "{text}");
    let script = begin().into_iter().chain([throttled(), log()]).chain(end(&text));
    let run = run(failed_event(), script).await;
    let error = run.result.unwrap_err();
    assert_eq!(error.error_type(), "PassingFailure", "so that the next try adds them: {error}");
}

#[tokio::test]
async fn a_log_that_cannot_be_read_keeps_no_result_from_the_pull_request() {
    let lost = || ("GetLogEvents", Answer::lost_connection());
    let text = text_after(config(), [report()].into_iter().chain(failing_tests()).chain([lost()])).await;
    assert!(text.contains("the moon rises") && !text.contains("error: the moon is down"), "{text}");
    let script = begin()
        .into_iter()
        .chain([report()].into_iter().chain(failing_tests()).chain([lost()]))
        .chain(end(&text));
    // Before it ends, it looks for the log once more.
    let script = script.chain([lost()]);
    assert_eq!(run(failed_event(), script).await.result.unwrap_err().error_type(), "PassingFailure");
}
