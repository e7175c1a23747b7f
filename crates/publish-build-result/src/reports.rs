//! Reads a build's test and coverage reports from CodeBuild.
//!
//! A report says more about a result; it is not the result. So what cannot be read is said in its place, and the log
//! says why. Only what may pass by itself (throttling, an error of the server, a broken connection) is an error.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, time::Duration};

use aws_sdk_codebuild::{Client, operation::describe_test_cases::DescribeTestCasesError, types};
use lambda_setup::CallFailure;
use pull_request_build::{Coverage, Covered, FailingTest, MissingReport, Report, ReportContent, TestResults};
use tokio::time::{Instant, sleep};

/// The most reports that `BatchGetReports` takes, and the most test cases that `DescribeTestCases` gives at once.
const PAGE: usize = 100;

/// The most cases that CodeBuild keeps of a report (user guide, "Working with reports").
const CASES_KEPT: usize = 500;

/// How long a report that is being generated is left alone. Most are there seconds after their build's end.
const PAUSE: Duration = Duration::from_secs(2);

/// Reads the reports `arns` as they are now, in that order.
pub(crate) async fn read_reports(client: &Client, arns: &[String]) -> Result<Vec<Report>, CallFailure> {
    let found = look_up(client, arns).await?;
    read_found(client, arns, found).await
}

/// Reads the reports `arns`, in that order, when none is being generated any more, at the latest at `deadline`. Those
/// that are not ready then are missing.
pub(crate) async fn wait_for_reports(
    client: &Client,
    arns: &[String],
    deadline: Instant,
) -> Result<Vec<Report>, CallFailure> {
    let mut found = look_up(client, arns).await?;
    while found.values().any(is_generated_now) && Instant::now() + PAUSE <= deadline {
        sleep(PAUSE).await;
        found = look_up(client, arns).await?;
    }
    read_found(client, arns, found).await
}

/// What CodeBuild says about a report that was asked for.
enum Found {
    Report(Box<types::Report>),
    /// It does not know the report.
    Gone,
    /// It refused to answer.
    Refused,
}

fn is_generated_now(found: &Found) -> bool {
    matches!(found, Found::Report(report) if report.status() == Some(&types::ReportStatusType::Generating))
}

async fn look_up<'a>(client: &Client, arns: &'a [String]) -> Result<HashMap<&'a str, Found>, CallFailure> {
    let mut found = HashMap::new();
    for arns in arns.chunks(PAGE) {
        if get_reports(client, arns, &mut found).await? {
            continue;
        }
        // One refused report refuses them all: a buildspec may name a report group of its own besides the project's.
        for arn in arns {
            if arns.len() == 1 || !get_reports(client, std::slice::from_ref(arn), &mut found).await? {
                found.insert(arn, Found::Refused);
            }
        }
    }
    Ok(found)
}

/// Asks for the reports `arns` at once. Whether CodeBuild answered.
async fn get_reports<'a>(
    client: &Client,
    arns: &'a [String],
    found: &mut HashMap<&'a str, Found>,
) -> Result<bool, CallFailure> {
    let answer = match client.batch_get_reports().set_report_arns(Some(arns.to_vec())).send().await {
        Ok(answer) => answer,
        Err(error) => {
            return pass_over(CallFailure::sort("BatchGetReports", &error), &arns.join(" ")).map(|()| false);
        }
    };
    let mut reports: HashMap<String, types::Report> = answer
        .reports
        .unwrap_or_default()
        .into_iter()
        .filter_map(|report| Some((report.arn.clone()?, report)))
        .collect();
    for arn in arns {
        let report = reports.remove(arn).map_or(Found::Gone, |report| Found::Report(Box::new(report)));
        found.insert(arn, report);
    }
    Ok(true)
}

async fn read_found(
    client: &Client,
    arns: &[String],
    found: HashMap<&str, Found>,
) -> Result<Vec<Report>, CallFailure> {
    let mut reports = Vec::new();
    for arn in arns {
        let content = match found.get(arn.as_str()) {
            Some(Found::Report(report)) => read_report(client, arn, report).await?,
            Some(Found::Gone) => ReportContent::Missing(MissingReport::Gone),
            Some(Found::Refused) | None => ReportContent::Missing(MissingReport::Unreadable),
        };
        reports.push(Report { arn: arn.clone(), content });
    }
    Ok(reports)
}

async fn read_report(
    client: &Client,
    arn: &str,
    report: &types::Report,
) -> Result<ReportContent, CallFailure> {
    use types::{ReportStatusType as Status, ReportType as Type};
    match report.status() {
        Some(Status::Succeeded | Status::Failed) => {}
        Some(Status::Generating) => return Ok(ReportContent::Missing(MissingReport::Generating)),
        status => {
            let name = status.map_or("UNKNOWN", Status::as_str).to_owned();
            return Ok(ReportContent::Missing(MissingReport::InState(name)));
        }
    }
    match (report.r#type(), report.test_summary(), report.code_coverage_summary()) {
        (Some(Type::Test), Some(summary), _) => {
            let mut results = read_test_summary(summary);
            if results.failed + results.errored > 0 {
                results.failing = read_failing_tests(client, arn).await?;
            }
            Ok(ReportContent::Tests(results))
        }
        (Some(Type::CodeCoverage), _, Some(summary)) => Ok(ReportContent::Coverage(read_coverage(summary))),
        (kind, ..) => {
            let kind = kind.map(Type::as_str);
            tracing::warn!(report.arn = arn, report.type = kind, "a report has no summary that this version knows");
            Ok(ReportContent::Missing(MissingReport::Unreadable))
        }
    }
}

fn read_test_summary(summary: &types::TestReportSummary) -> TestResults {
    let nanoseconds = u64::try_from(summary.duration_in_nano_seconds()).ok();
    let mut results =
        TestResults { duration: nanoseconds.map(Duration::from_nanos), ..TestResults::default() };
    for (status, count) in summary.status_counts() {
        let place = match status.as_str() {
            "SUCCEEDED" => &mut results.passed,
            "FAILED" => &mut results.failed,
            "ERROR" => &mut results.errored,
            "SKIPPED" => &mut results.skipped,
            _ => &mut results.unknown,
        };
        *place += count_of(Some(*count));
    }
    results
}

fn read_coverage(summary: &types::CodeCoverageReportSummary) -> Coverage {
    let covered = |covered, missed| Covered { covered: count_of(covered), missed: count_of(missed) };
    Coverage {
        lines: covered(summary.lines_covered(), summary.lines_missed()),
        branches: covered(summary.branches_covered(), summary.branches_missed()),
    }
}

fn count_of(count: Option<i32>) -> u64 {
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
}

/// The failed tests, then the errored ones, as far as CodeBuild keeps them. The filter takes one status at a time.
async fn read_failing_tests(client: &Client, arn: &str) -> Result<Vec<FailingTest>, CallFailure> {
    let mut failing = Vec::new();
    for (status, errored) in [("FAILED", false), ("ERROR", true)] {
        let mut next_token = None;
        while failing.len() < CASES_KEPT {
            let filter = types::TestCaseFilter::builder().status(status).build();
            let request = client.describe_test_cases().report_arn(arn).filter(filter);
            let page = match request.max_results(PAGE as i32).set_next_token(next_token).send().await {
                Ok(page) => page,
                // Deleted since it was looked up: the summary stays true.
                Err(error)
                    if matches!(
                        error.as_service_error(),
                        Some(DescribeTestCasesError::ResourceNotFoundException(_))
                    ) =>
                {
                    return Ok(failing);
                }
                Err(error) => {
                    pass_over(CallFailure::sort("DescribeTestCases", &error), arn)?;
                    return Ok(failing);
                }
            };
            failing.extend(page.test_cases().iter().map(|case| read_test_case(case, errored)));
            next_token = page.next_token;
            if next_token.is_none() {
                break;
            }
        }
    }
    failing.truncate(CASES_KEPT);
    Ok(failing)
}

fn read_test_case(case: &types::TestCase, errored: bool) -> FailingTest {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    FailingTest {
        suite: text(case.test_suite_name()),
        prefix: text(case.prefix()),
        name: text(case.name()),
        errored,
        message: text(case.message()),
    }
}

/// Lets the result be published without what a call would have told, unless the call may succeed soon.
fn pass_over(failure: CallFailure, arns: &str) -> Result<(), CallFailure> {
    if matches!(failure, CallFailure::Passing { .. }) {
        return Err(failure);
    }
    tracing::warn!(
        report.arn = arns,
        error.type = failure.error_type(),
        "a report is left out of the comment: {failure}"
    );
    Ok(())
}
