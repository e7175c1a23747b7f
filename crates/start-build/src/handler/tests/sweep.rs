//! Sweeps: which calls the steps of a sweep become, and what is said of it.

use std::time::{Duration, UNIX_EPOCH};

use super::*;

/// When the schedule of [`scheduled`] was due: an hour after the pull request was opened.
const NOW: &str = "2026-07-14T10:57:50Z";
const AN_HOUR_LATER: &str = "Tue, 14 Jul 2026 10:57:50 GMT";

fn scheduled() -> Value {
    json!({"detail-type": "Scheduled Event", "source": "aws.events", "time": NOW, "detail": {}})
}

/// The two steps in which the one repository and its one open pull request are found. The settings of [`a_config`] name
/// a repository and a pattern.
fn walked() -> Script {
    vec![
        ("ListRepositories", Answer::json(json!({"repositories": [{"repositoryName": "other"}]}))),
        ("ListPullRequests", Answer::json(json!({"pullRequestIds": ["42"]}))),
    ]
}

fn comments(contents: &[(&str, &str)]) -> (&'static str, Answer) {
    let comments: Vec<_> =
        contents.iter().map(|(author, content)| json!({"authorArn": author, "content": content})).collect();
    let data = json!([{"comments": comments}]);
    ("GetCommentsForPullRequest", Answer::json(json!({"commentsForPullRequestData": data})))
}

fn text_of(builds: &str) -> String {
    format!(
        "Build running\n\n[//]: # (pull-request-hook v1 hook=payments-hook commit={SOURCE} builds={builds})"
    )
}

fn deployed(second: i64) -> (&'static str, Answer) {
    let project = json!({"name": "payments-project", "created": second});
    ("BatchGetProjects", Answer::json(json!({"projects": [project]})))
}

fn history(events: &[Value]) -> (&'static str, Answer) {
    ("DescribePullRequestEvents", Answer::json(json!({"pullRequestEvents": events})))
}

fn opened_at(second: i64) -> Value {
    json!({
        "pullRequestId": "42",
        "eventDate": second,
        "pullRequestEventType": "PULL_REQUEST_CREATED",
        "pullRequestCreatedEventMetadata": {"repositoryName": "payments", "sourceCommitId": SOURCE},
    })
}

fn pushed_at(second: i64, commit: &str) -> Value {
    json!({
        "pullRequestId": "42",
        "eventDate": second,
        "pullRequestEventType": "PULL_REQUEST_SOURCE_REFERENCE_UPDATED",
        "pullRequestSourceReferenceUpdatedEventMetadata": {"repositoryName": "payments", "afterCommitId": commit},
    })
}

/// What a sweep came to.
struct Swept {
    result: Result<StartSweepSummary, Failure>,
    requests: Vec<RecordedRequest>,
    lines: Vec<Value>,
}

/// Sweeps with ten minutes of time, while AWS answers as `script` says.
async fn sweep(script: Script) -> Swept {
    let lines = Lines::default();
    let _guard = lines.capture();
    let aws = ReplayedAws::new(script);
    let deadline = SystemTime::now() + Duration::from_secs(600);
    let handler = Handler::new(a_config(), &aws.sdk_config());
    let result = match handler.handle(&scheduled().to_string(), FUNCTION_ARN, deadline).await {
        Ok(Handled::Swept(summary)) => Ok(summary),
        Ok(event @ Handled::Event(_)) => panic!("{event:?}"),
        Err(failure) => Err(failure),
    };
    Swept { result, requests: aws.requests(), lines: lines.all() }
}

/// The last line of the log, reduced to the numbers of the sweep that are not zero.
fn numbers(lines: &[Value]) -> Value {
    let line = lines.last().unwrap().as_object().unwrap().clone();
    assert_eq!((&line["message"], &line["hook.name"]), (&json!("swept"), &json!("payments-hook")));
    let of_sweep = line.into_iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("sweep.")?.to_owned();
        (value != json!(0) && value != json!(false)).then_some((name, value))
    });
    Value::Object(of_sweep.collect())
}

#[tokio::test]
async fn a_head_whose_comment_names_its_build_costs_two_calls_and_a_hundredth() {
    let build = json!({
        "id": "payments-project:7",
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "x",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [
                plaintext("PULL_REQUEST_ID", "42"),
                plaintext("REPOSITORY_NAME", "payments"),
                plaintext("SOURCE_COMMIT", SOURCE),
                plaintext("DESTINATION_COMMIT", DESTINATION),
                plaintext("REVISION_ID", REVISION),
            ],
        },
    });
    let mut script = walked();
    script.extend([
        agreed(AN_HOUR_LATER),
        comments(&[(AUTHOR, &text_of("payments-project:7"))]),
        ("BatchGetBuilds", Answer::json(json!({"builds": [build]}))),
    ]);
    let swept = sweep(script).await;
    assert_eq!(numbers(&swept.lines), json!({"repositories": 1, "pull_requests": 1}));
    assert_eq!(swept.lines.len(), 1);
    let bodies: Vec<_> = swept.requests.into_iter().map(|request| request.body).collect();
    let expected = [
        json!({}),
        json!({"repositoryName": "payments", "pullRequestStatus": "OPEN"}),
        json!({"pullRequestId": "42"}),
        json!({"pullRequestId": "42"}),
        json!({"ids": ["payments-project:7"]}),
    ];
    assert_eq!(bodies, expected);
}

#[tokio::test]
async fn a_build_that_nobody_started_is_started_as_its_event_would_have() {
    let mut script = walked();
    script.extend([
        agreed(AN_HOUR_LATER),
        // What somebody else writes proves nothing, and neither does what was deleted.
        comments(&[("arn:aws:iam::123456789012:user/ada", &text_of("payments-project:1"))]),
        deployed(EVENT_SECOND - 3600),
        history(&[pushed_at(EVENT_SECOND - 60, DESTINATION), opened_at(EVENT_SECOND)]),
        no_builds(),
        // From here on, the calls are those of an event that is an hour late.
        agreed(AN_HOUR_LATER),
        no_builds(),
        started(),
        no_comments(),
        no_builds(),
    ]);
    let swept = sweep(script).await;
    let expected = StartSweepSummary {
        repositories: 1,
        pull_requests: 1,
        unproven: 1,
        missing: 1,
        repaired: 1,
        ..StartSweepSummary::default()
    };
    assert_eq!(swept.result, Ok(expected));
    let [started, swept_line] = swept.lines.try_into().unwrap();
    assert_eq!(started["message"], "build started by a sweep");
    assert_eq!(started["build.id"], "payments-project:1");
    assert_eq!(started["pull_request.id"], "42");
    assert_eq!(started["repository.name"], "payments");
    assert_eq!(
        numbers(&[swept_line]),
        json!({"repositories": 1, "pull_requests": 1, "unproven": 1, "missing": 1, "repaired": 1})
    );
    let start = swept.requests.iter().find(|request| request.operation == "StartBuild").unwrap();
    assert_eq!(start.body["sourceVersion"], SOURCE);
    let project = swept.requests.iter().find(|request| request.operation == "BatchGetProjects").unwrap();
    assert_eq!(project.body, json!({"names": ["payments-project"]}));
}

#[tokio::test]
async fn a_head_is_as_old_as_the_last_push_that_brought_it() {
    // Pushed, pushed away, and brought back nine minutes ago: the events may still come.
    let young = pushed_at(EVENT_SECOND + 3600 - 540, SOURCE);
    let mut script = walked();
    script.extend([
        agreed(AN_HOUR_LATER),
        no_comments(),
        deployed(EVENT_SECOND - 3600),
        ("DescribePullRequestEvents", Answer::json(json!({"pullRequestEvents": [young], "nextToken": "p2"}))),
        history(&[opened_at(EVENT_SECOND)]),
    ]);
    let expected = json!({"repositories": 1, "pull_requests": 1, "unproven": 1, "left_to_events": 1});
    assert_eq!(numbers(&sweep(script).await.lines), expected);
}

#[tokio::test]
async fn what_is_gone_or_of_before_the_hook_is_no_failure() {
    let gone = |operation| (operation, Answer::error("PullRequestDoesNotExistException", "gone"));
    let seen = json!({"repositories": 1, "pull_requests": 1, "unproven": 1});
    let with = |name: &str| {
        let mut numbers = seen.clone();
        numbers[name] = json!(1);
        numbers
    };
    for (rest, expected) in [
        (vec![gone("GetPullRequest")], json!({"repositories": 1})),
        (
            vec![
                agreed(AN_HOUR_LATER),
                gone("GetCommentsForPullRequest"),
                deployed(EVENT_SECOND - 9),
                gone("DescribePullRequestEvents"),
            ],
            with("without_time"),
        ),
        (
            vec![agreed(AN_HOUR_LATER), no_comments(), deployed(EVENT_SECOND + 60)],
            with("older_than_the_hook"),
        ),
    ] {
        let mut script = walked();
        script.extend(rest);
        assert_eq!(numbers(&sweep(script).await.lines), expected);
    }
}

#[tokio::test]
async fn a_call_that_fails_leaves_its_pull_request_to_the_next_sweep() {
    let mut script = walked();
    script.push(("GetPullRequest", Answer::error("ThrottlingException", "Rate exceeded")));
    let swept = sweep(script).await;
    assert!(swept.result.is_ok());
    let [warning, _] = swept.lines.as_slice() else { panic!("{:?}", swept.lines) };
    assert_eq!((&warning["level"], &warning["error.type"]), (&json!("WARN"), &json!("PassingFailure")));
    assert!(
        warning["message"]
            .as_str()
            .unwrap()
            .starts_with("a sweep leaves something to the next one: GetPullRequest")
    );
    assert_eq!(numbers(&swept.lines), json!({"repositories": 1, "failed": 1}));
}

#[tokio::test]
async fn a_project_without_its_time_is_a_wrong_answer() {
    let mut script = walked();
    script.extend([
        agreed(AN_HOUR_LATER),
        no_comments(),
        ("BatchGetProjects", Answer::json(json!({"projects": [], "projectsNotFound": ["payments-project"]}))),
    ]);
    let swept = sweep(script).await;
    assert_eq!(swept.lines[0]["error.type"], "InvalidAnswer");
    assert_eq!(swept.result.unwrap().failed, 1);
}

#[tokio::test]
async fn a_sweep_that_can_look_at_nothing_fails() {
    let refused = |operation| (operation, Answer::error("AccessDeniedException", "no"));
    let swept = sweep(vec![refused("ListRepositories"), refused("ListPullRequests")]).await;
    let failure = swept.result.unwrap_err();
    assert_eq!(failure.error_type(), "RefusedByAws");
    let line = swept.lines.last().unwrap();
    assert_eq!(line["level"], "ERROR");
    assert!(
        line["message"].as_str().unwrap().starts_with("a sweep could look at nothing: ListRepositories"),
        "{line}"
    );
}

#[tokio::test]
async fn a_schedule_without_a_time_is_refused_without_a_call() {
    let mut event = scheduled();
    event["time"] = json!("soon");
    let run = run(&event, vec![]).await;
    assert_eq!(run.result.unwrap_err().error_type(), "InvalidEvent");
    assert_eq!(run.line["level"], "ERROR");
}

#[tokio::test]
async fn an_invocation_without_time_makes_no_call() {
    let aws = ReplayedAws::new([]);
    let handler = Handler::new(a_config(), &aws.sdk_config());
    let Ok(Handled::Swept(summary)) =
        handler.handle(&scheduled().to_string(), FUNCTION_ARN, UNIX_EPOCH).await
    else {
        panic!("it failed")
    };
    assert!(summary.cut_short);
    assert_eq!(aws.requests(), []);
}

#[test]
fn the_answer_of_a_sweep_says_so() {
    let summary = StartSweepSummary { repositories: 3, ..StartSweepSummary::default() };
    let answer = serde_json::to_value(Handled::Swept(summary)).unwrap();
    assert_eq!((&answer["decision"], &answer["repositories"]), (&json!("swept"), &json!(3)));
    let event = serde_json::to_value(Handled::Event(skipped("the pull request is closed"))).unwrap();
    assert_eq!(event, json!({"decision": "skipped", "reason": "the pull request is closed"}));
}
