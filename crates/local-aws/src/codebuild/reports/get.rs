//! BatchGetReports and BatchGetReportGroups.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws_json::ApiError;
use crate::codebuild::CodeBuild;
use crate::codebuild::request::invalid;

/// ARNs of one request (API reference, `ReportArns` and `ReportGroupArns`).
const ARN_LIMIT: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct BatchGetReportsInput {
    report_arns: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct BatchGetReportGroupsInput {
    report_group_arns: Vec<String>,
}

impl CodeBuild {
    /// The reports with these ARNs, and the ARNs without one.
    pub(in super::super) fn batch_get_reports(
        &self,
        input: &BatchGetReportsInput,
    ) -> Result<Value, ApiError> {
        let now = self.shared.around.clock.now();
        let find = |arn: &str| self.shared.reports.report(arn, now).map(|report| report.to_json(now));
        let (reports, not_found) = get_all("reportArns", &input.report_arns, find)?;
        Ok(json!({ "reports": reports, "reportsNotFound": not_found }))
    }

    /// The report groups with these ARNs, and the ARNs without one.
    pub(in super::super) fn batch_get_report_groups(
        &self,
        input: &BatchGetReportGroupsInput,
    ) -> Result<Value, ApiError> {
        let find = |arn: &str| self.shared.reports.group(arn).map(|group| group.to_json());
        let (groups, not_found) = get_all("reportGroupArns", &input.report_group_arns, find)?;
        Ok(json!({ "reportGroups": groups, "reportGroupsNotFound": not_found }))
    }
}

/// What there is, and the ARNs of what there is not.
fn get_all<'a>(
    member: &str,
    arns: &'a [String],
    find: impl Fn(&str) -> Option<Value>,
) -> Result<(Vec<Value>, Vec<&'a String>), ApiError> {
    if !(1..=ARN_LIMIT).contains(&arns.len()) {
        return Err(invalid(format!("{member} must have 1 to {ARN_LIMIT} members")));
    }
    let (mut found, mut not_found) = (Vec::new(), Vec::new());
    for arn in arns {
        match find(arn) {
            Some(value) => found.push(value),
            None => not_found.push(arn),
        }
    }
    Ok((found, not_found))
}
