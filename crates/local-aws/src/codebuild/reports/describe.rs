//! DescribeTestCases and DescribeCodeCoverages.

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::{Value, json};

use super::coverage::FileCoverage;
use super::page::PageRequest;
use super::report::{Content, Report};
use super::test_case::TestCase;
use crate::aws_json::ApiError;
use crate::clock::epoch_seconds;
use crate::codebuild::CodeBuild;
use crate::codebuild::lists::{SortOrder, read_order};
use crate::codebuild::request::invalid;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct DescribeTestCasesInput {
    report_arn: String,
    next_token: Option<String>,
    max_results: Option<i64>,
    filter: Option<TestCaseFilter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestCaseFilter {
    status: Option<String>,
    keyword: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct DescribeCodeCoveragesInput {
    report_arn: String,
    next_token: Option<String>,
    max_results: Option<i64>,
    sort_order: Option<String>,
    sort_by: Option<String>,
    min_line_coverage_percentage: Option<f64>,
    max_line_coverage_percentage: Option<f64>,
}

/// The statuses that a filter may have (API reference, `TestCaseFilter`).
const STATUSES: [&str; 5] = ["SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN"];

impl CodeBuild {
    /// The test cases of a report that the filter lets through, those that failed first. There are none before the
    /// report has been generated.
    pub(in super::super) fn describe_test_cases(
        &self,
        input: &DescribeTestCasesInput,
    ) -> Result<Value, ApiError> {
        let none = TestCaseFilter::default();
        let filter = input.filter.as_ref().unwrap_or(&none);
        if let Some(other) = filter.status.as_deref().filter(|status| !STATUSES.contains(status)) {
            return Err(invalid(format!("filter.status is {other}; it can be {}", STATUSES.join(", "))));
        }
        let now = self.shared.around.clock.now();
        let report = self.shared.reports.report(&input.report_arn, now);
        let report = report.ok_or_else(|| {
            let message = format!("Report {} does not exist", input.report_arn);
            ApiError::new("ResourceNotFoundException", message)
        })?;
        let cases = match report.content(now) {
            Content::Tests(results) => results.kept.as_slice(),
            _ => &[],
        };
        let wanted: Vec<_> = cases.iter().enumerate().filter(|(_, case)| filter.lets_through(case)).collect();
        let page = PageRequest { max_results: input.max_results, next_token: input.next_token.as_deref() };
        page.answer("testCases", &wanted, |(at, _)| at.to_string(), |(_, case)| describe_case(&report, case))
    }

    /// The files of a report whose coverage is within the limits. There are none before the report has been generated.
    pub(in super::super) fn describe_code_coverages(
        &self,
        input: &DescribeCodeCoveragesInput,
    ) -> Result<Value, ApiError> {
        let (lowest, highest) = input.limits()?;
        let compare = input.comparison()?;
        let now = self.shared.around.clock.now();
        // The operation has no exception of its own for a report that is not there.
        let report = self.shared.reports.report(&input.report_arn, now);
        let report = report.ok_or_else(|| invalid(format!("Report {} does not exist", input.report_arn)))?;
        let files = match report.content(now) {
            Content::Coverage(files) => files.as_slice(),
            _ => &[],
        };
        let within = |file: &&FileCoverage| (lowest..=highest).contains(&file.counts.line_percentage());
        let mut wanted: Vec<_> = files.iter().filter(within).collect();
        wanted.sort_by(|one, other| compare(one, other));
        let page = PageRequest { max_results: input.max_results, next_token: input.next_token.as_deref() };
        page.answer("codeCoverages", &wanted, |file| file.id.clone(), |file| describe_file(&report, file))
    }
}

impl TestCaseFilter {
    fn lets_through(&self, case: &TestCase) -> bool {
        let status = self.status.as_deref().is_none_or(|status| status == case.status.as_str());
        let contains =
            |keyword: &String| case.name.contains(keyword.as_str()) || case.prefix.contains(keyword.as_str());
        status && self.keyword.as_ref().is_none_or(contains)
    }
}

impl DescribeCodeCoveragesInput {
    fn limits(&self) -> Result<(f64, f64), ApiError> {
        let limit = |name: &str, limit: Option<f64>, default: f64| match limit {
            Some(limit) if !(0.0..=100.0).contains(&limit) => {
                Err(invalid(format!("{name} is {limit}; it must be between 0 and 100")))
            }
            limit => Ok(limit.unwrap_or(default)),
        };
        Ok((
            limit("minLineCoveragePercentage", self.min_line_coverage_percentage, 0.0)?,
            limit("maxLineCoveragePercentage", self.max_line_coverage_percentage, 100.0)?,
        ))
    }

    fn comparison(&self) -> Result<impl Fn(&FileCoverage, &FileCoverage) -> Ordering, ApiError> {
        let by_percentage = match self.sort_by.as_deref() {
            None | Some("FILE_PATH") => false,
            Some("LINE_COVERAGE_PERCENTAGE") => true,
            Some(other) => {
                return Err(invalid(format!(
                    "sortBy is {other}; it can be LINE_COVERAGE_PERCENTAGE or FILE_PATH"
                )));
            }
        };
        let descending = read_order(self.sort_order.as_deref())? == Some(SortOrder::Descending);
        Ok(move |one: &FileCoverage, other: &FileCoverage| {
            let by_path = one.path.cmp(&other.path);
            let ordering = if by_percentage {
                one.counts.line_percentage().total_cmp(&other.counts.line_percentage()).then(by_path)
            } else {
                by_path
            };
            if descending { ordering.reverse() } else { ordering }
        })
    }
}

fn describe_case(report: &Report, case: &TestCase) -> Value {
    let mut json = json!({
        "reportArn": report.arn,
        "testRawDataPath": case.file,
        "prefix": case.prefix,
        "name": case.name,
        "status": case.status.as_str(),
        "durationInNanoSeconds": case.nanoseconds,
        "message": case.message,
        "expired": epoch_seconds(report.expiry()),
    });
    if let Some(suite) = &case.suite {
        json["testSuiteName"] = suite.as_str().into();
    }
    json
}

fn describe_file(report: &Report, file: &FileCoverage) -> Value {
    let mut json = file.counts.to_json();
    json["id"] = file.id.as_str().into();
    json["reportARN"] = report.arn.as_str().into();
    json["filePath"] = file.path.as_str().into();
    json["expired"] = epoch_seconds(report.expiry()).into();
    json
}
