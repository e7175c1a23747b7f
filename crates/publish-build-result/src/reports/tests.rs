use replayed_aws::{Answer, RecordedRequest, ReplayedAws};
use serde_json::{Value, json};

use super::*;

type Step = (&'static str, Answer);

fn arn(name: &str) -> String {
    format!("arn:aws:codebuild:eu-central-1:123456789012:report/pull-request-hook-{name}:0a1b")
}

fn a_report(name: &str, kind: &str, status: &str) -> Value {
    json!({"arn": arn(name), "type": kind, "name": name, "status": status})
}

fn tests_report(name: &str, counts: Value) -> Value {
    let mut report = a_report(name, "TEST", "FAILED");
    report["testSummary"] =
        json!({"total": 9, "statusCounts": counts, "durationInNanoSeconds": 2_500_000_000_u64});
    report
}

fn found(reports: impl IntoIterator<Item = Value>) -> Step {
    let reports: Vec<Value> = reports.into_iter().collect();
    ("BatchGetReports", Answer::json(json!({"reports": reports, "reportsNotFound": []})))
}

fn cases(cases: Value, next: Option<&str>) -> Step {
    let mut page = json!({"testCases": cases});
    if let Some(next) = next {
        page["nextToken"] = json!(next);
    }
    ("DescribeTestCases", Answer::json(page))
}

fn missing(reason: MissingReport) -> ReportContent {
    ReportContent::Missing(reason)
}

fn failing(name: &str, errored: bool) -> FailingTest {
    FailingTest {
        suite: String::new(),
        prefix: String::new(),
        name: name.to_owned(),
        errored,
        message: String::new(),
    }
}

async fn read(
    names: &[&str],
    script: impl IntoIterator<Item = Step>,
) -> (Result<Vec<Report>, CallFailure>, Vec<RecordedRequest>) {
    let aws = ReplayedAws::new(script);
    let arns: Vec<String> = names.iter().map(|name| arn(name)).collect();
    let reports = read_reports(&Client::new(&aws.sdk_config()), &arns).await;
    (reports, aws.requests())
}

/// What is read of the only report `a`.
async fn read_one(script: impl IntoIterator<Item = Step>) -> ReportContent {
    let mut reports = read(&["a"], script).await.0.unwrap();
    assert_eq!(reports.len(), 1);
    reports.remove(0).content
}

#[tokio::test]
async fn a_test_report_has_its_counts_and_the_failing_tests() {
    let counts = json!({"SUCCEEDED": 3, "FAILED": 2, "ERROR": 1, "SKIPPED": 2, "UNKNOWN": 1, "FLAKY": 4});
    let a_case = json!([{
        "reportArn": arn("a"),
        "prefix": "com.example",
        "name": "adds",
        "status": "FAILED",
        "message": "expected 4, but was 5",
        "durationInNanoSeconds": 1,
        "testSuiteName": "Sums",
        "somethingNew": true,
    }]);
    let script = [
        found([tests_report("a", counts)]),
        cases(a_case, Some("t1")),
        cases(json!([{"name": "subtracts"}]), None),
        cases(json!([{"name": "divides"}]), None),
    ];
    let (reports, requests) = read(&["a"], script).await;
    let first = FailingTest {
        suite: "Sums".to_owned(),
        prefix: "com.example".to_owned(),
        name: "adds".to_owned(),
        errored: false,
        message: "expected 4, but was 5".to_owned(),
    };
    let expected = TestResults {
        passed: 3,
        failed: 2,
        errored: 1,
        skipped: 2,
        unknown: 5,
        duration: Some(Duration::from_millis(2500)),
        failing: vec![first, failing("subtracts", false), failing("divides", true)],
    };
    assert_eq!(reports.unwrap(), [Report { arn: arn("a"), content: ReportContent::Tests(expected) }]);
    let asked: Vec<Value> = requests[1..].iter().map(|request| request.body.clone()).collect();
    let page = |status: &str| json!({"reportArn": arn("a"), "filter": {"status": status}, "maxResults": 100});
    let mut second = page("FAILED");
    second["nextToken"] = json!("t1");
    assert_eq!(asked, [page("FAILED"), second, page("ERROR")]);
}

#[tokio::test]
async fn tests_that_all_passed_are_not_described() {
    let content = read_one([found([tests_report("a", json!({"SUCCEEDED": 3}))])]).await;
    let ReportContent::Tests(results) = content else { panic!("{content:?}") };
    assert_eq!((results.passed, results.failing.len()), (3, 0));
}

#[tokio::test]
async fn no_more_failing_tests_are_read_than_codebuild_keeps() {
    let page = || Value::from(vec![json!({"name": "x"}); 100]);
    let mut script = vec![found([tests_report("a", json!({"FAILED": 10_000, "ERROR": 7}))])];
    script.extend((0..5).map(|_| cases(page(), Some("more"))));
    let content = read_one(script).await;
    let ReportContent::Tests(results) = content else { panic!("{content:?}") };
    assert_eq!((results.failed, results.failing.len()), (10_000, 500));
}

#[tokio::test]
async fn a_coverage_report_counts_lines_and_branches() {
    let mut report = a_report("a", "CODE_COVERAGE", "SUCCEEDED");
    report["codeCoverageSummary"] =
        json!({"lineCoveragePercentage": 75.0, "linesCovered": 30, "linesMissed": 10, "branchesCovered": 1});
    assert_eq!(
        read_one([found([report])]).await,
        ReportContent::Coverage(Coverage {
            lines: Covered { covered: 30, missed: 10 },
            branches: Covered { covered: 1, missed: 0 },
        })
    );
}

#[tokio::test]
async fn a_report_without_results_says_why() {
    for (kind, status, expected) in [
        ("TEST", "GENERATING", MissingReport::Generating),
        ("TEST", "INCOMPLETE", MissingReport::InState("INCOMPLETE".to_owned())),
        ("CODE_COVERAGE", "DELETING", MissingReport::InState("DELETING".to_owned())),
        ("TEST", "RESTING", MissingReport::InState("RESTING".to_owned())),
        ("TEST", "SUCCEEDED", MissingReport::Unreadable),
        ("MUTATION", "SUCCEEDED", MissingReport::Unreadable),
    ] {
        assert_eq!(
            read_one([found([a_report("a", kind, status)])]).await,
            missing(expected),
            "{kind} {status}"
        );
    }
    let report = json!({"arn": arn("a")});
    let unknown = MissingReport::InState("UNKNOWN".to_owned());
    assert_eq!(read_one([found([report])]).await, missing(unknown));
}

#[tokio::test]
async fn reports_come_in_the_order_of_the_build_and_forgotten_ones_are_gone() {
    let answer = json!({
        "reports": [a_report("c", "TEST", "GENERATING"), a_report("a", "TEST", "INCOMPLETE")],
        "reportsNotFound": [arn("b")],
    });
    let (reports, requests) = read(&["a", "b", "c"], [("BatchGetReports", Answer::json(answer))]).await;
    let contents: Vec<ReportContent> = reports.unwrap().into_iter().map(|report| report.content).collect();
    let incomplete = MissingReport::InState("INCOMPLETE".to_owned());
    assert_eq!(
        contents,
        [missing(incomplete), missing(MissingReport::Gone), missing(MissingReport::Generating)]
    );
    assert_eq!(requests[0].body, json!({"reportArns": [arn("a"), arn("b"), arn("c")]}));
}

#[tokio::test]
async fn more_than_a_hundred_reports_are_asked_for_in_parts() {
    let names: Vec<String> = (0..101).map(|number| format!("r{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (reports, requests) = read(&names, [found([]), found([])]).await;
    assert!(reports.unwrap().iter().all(|report| report.content == missing(MissingReport::Gone)));
    let asked = |request: &RecordedRequest| request.body["reportArns"].as_array().unwrap().len();
    assert_eq!(requests.iter().map(asked).collect::<Vec<_>>(), [100, 1]);
}

#[tokio::test]
async fn without_reports_nothing_is_asked() {
    assert_eq!(read(&[], []).await.0, Ok(Vec::new()));
}

#[tokio::test]
async fn a_report_that_may_not_be_read_takes_no_other_with_it() {
    let refused = || ("BatchGetReports", Answer::error("AccessDeniedException", "not authorized"));
    let script = [refused(), refused(), found([a_report("b", "TEST", "GENERATING")])];
    let (reports, _) = read(&["a", "b"], script).await;
    let contents: Vec<ReportContent> = reports.unwrap().into_iter().map(|report| report.content).collect();
    assert_eq!(contents, [missing(MissingReport::Unreadable), missing(MissingReport::Generating)]);
    assert_eq!(read_one([refused()]).await, missing(MissingReport::Unreadable));
}

#[tokio::test]
async fn tests_that_cannot_be_described_leave_what_the_summary_says() {
    for exception in ["ResourceNotFoundException", "AccessDeniedException", "InvalidInputException"] {
        let script = [
            found([tests_report("a", json!({"FAILED": 2}))]),
            cases(json!([{"name": "x"}]), Some("t1")),
            ("DescribeTestCases", Answer::error(exception, "no")),
        ];
        let content = read_one(script).await;
        let ReportContent::Tests(results) = content else { panic!("{content:?}") };
        assert_eq!((results.failed, results.failing), (2, vec![failing("x", false)]), "{exception}");
    }
}

#[tokio::test]
async fn what_may_pass_by_itself_is_an_error() {
    for answer in [
        Answer::error("ThrottlingException", "Rate exceeded"),
        Answer::status(500),
        Answer::lost_connection(),
    ] {
        let (reports, _) = read(&["a", "b"], [("BatchGetReports", answer.clone())]).await;
        assert!(matches!(reports, Err(CallFailure::Passing { operation: "BatchGetReports", .. })));
        let script = [found([tests_report("a", json!({"FAILED": 2}))]), ("DescribeTestCases", answer)];
        let (reports, _) = read(&["a"], script).await;
        assert!(matches!(reports, Err(CallFailure::Passing { operation: "DescribeTestCases", .. })));
    }
}

/// Waits at most `limit` for the only report `a`, and tells what it is and how long it took.
async fn wait(limit: Duration, script: impl IntoIterator<Item = Step>) -> (ReportContent, Duration) {
    let aws = ReplayedAws::new(script);
    let start = Instant::now();
    let mut reports =
        wait_for_reports(&Client::new(&aws.sdk_config()), &[arn("a")], start + limit).await.unwrap();
    aws.requests();
    (reports.remove(0).content, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_being_generated_is_waited_for() {
    let generating = || found([a_report("a", "TEST", "GENERATING")]);
    let done = found([tests_report("a", json!({"FAILED": 1}))]);
    let described = [cases(json!([{"name": "x"}]), None), cases(json!([]), None)];
    let script = [generating(), generating(), done].into_iter().chain(described);
    let (content, took) = wait(Duration::from_secs(20), script).await;
    let ReportContent::Tests(results) = content else { panic!("{content:?}") };
    assert_eq!((results.failing.len(), took), (1, PAUSE * 2));
}

#[tokio::test(start_paused = true)]
async fn the_wait_ends_before_its_deadline() {
    for (limit, looks) in [(0, 1), (1, 1), (2, 2), (5, 3)] {
        let script = (0..looks).map(|_| found([a_report("a", "TEST", "GENERATING")]));
        let (content, took) = wait(Duration::from_secs(limit), script).await;
        assert_eq!(content, missing(MissingReport::Generating));
        assert!(took <= Duration::from_secs(limit), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn reports_that_are_ready_or_gone_are_not_waited_for() {
    for answer in [found([]), found([a_report("a", "TEST", "INCOMPLETE")])] {
        let (_, took) = wait(Duration::from_secs(20), [answer]).await;
        assert_eq!(took, Duration::ZERO);
    }
}
