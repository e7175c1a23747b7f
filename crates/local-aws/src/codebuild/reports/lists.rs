//! ListReportGroups, ListReports and ListReportsForReportGroup.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::page::PageRequest;
use super::report::Report;
use crate::aws_json::ApiError;
use crate::codebuild::CodeBuild;
use crate::codebuild::lists::{SortOrder, read_order};
use crate::codebuild::request::invalid;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct ListReportGroupsInput {
    sort_order: Option<String>,
    sort_by: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct ListReportsInput {
    sort_order: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
    filter: Option<ReportFilter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct ListReportsForReportGroupInput {
    report_group_arn: String,
    next_token: Option<String>,
    sort_order: Option<String>,
    max_results: Option<i64>,
    filter: Option<ReportFilter>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportFilter {
    status: Option<String>,
}

/// The statuses that a filter may have (API reference, `ReportStatusType`).
const STATUSES: [&str; 5] = ["GENERATING", "SUCCEEDED", "FAILED", "INCOMPLETE", "DELETING"];

impl CodeBuild {
    /// The ARNs of the report groups, by name unless it is asked for otherwise.
    pub(in super::super) fn list_report_groups(
        &self,
        input: &ListReportGroupsInput,
    ) -> Result<Value, ApiError> {
        let mut groups = self.shared.reports.groups();
        match input.sort_by.as_deref() {
            None | Some("NAME") => groups.sort_by(|one, other| one.name.cmp(&other.name)),
            // They are kept in the order of their creation, and nothing modifies one.
            Some("CREATED_TIME" | "LAST_MODIFIED_TIME") => {}
            Some(other) => {
                return Err(invalid(format!(
                    "sortBy is {other}; it can be NAME, CREATED_TIME or LAST_MODIFIED_TIME"
                )));
            }
        }
        if read_order(input.sort_order.as_deref())? == Some(SortOrder::Descending) {
            groups.reverse();
        }
        let page = PageRequest { max_results: input.max_results, next_token: input.next_token.as_deref() };
        page.answer("reportGroups", &groups, |group| group.arn.clone(), |group| group.arn.as_str().into())
    }

    /// The ARNs of all reports, the newest first unless it is asked for otherwise.
    pub(in super::super) fn list_reports(&self, input: &ListReportsInput) -> Result<Value, ApiError> {
        let reports = self.shared.reports.reports(self.shared.around.clock.now());
        let page = PageRequest { max_results: input.max_results, next_token: input.next_token.as_deref() };
        self.list(reports, input.filter.as_ref(), input.sort_order.as_deref(), page)
    }

    /// The ARNs of one group's reports, the newest first unless it is asked for otherwise.
    pub(in super::super) fn list_reports_for_report_group(
        &self,
        input: &ListReportsForReportGroupInput,
    ) -> Result<Value, ApiError> {
        let group = &input.report_group_arn;
        if self.shared.reports.group(group).is_none() {
            let message = format!("Report group {group} does not exist");
            return Err(ApiError::new("ResourceNotFoundException", message));
        }
        let mut reports = self.shared.reports.reports(self.shared.around.clock.now());
        reports.retain(|report| report.group.arn == *group);
        let page = PageRequest { max_results: input.max_results, next_token: input.next_token.as_deref() };
        self.list(reports, input.filter.as_ref(), input.sort_order.as_deref(), page)
    }

    fn list(
        &self,
        mut reports: Vec<Arc<Report>>,
        filter: Option<&ReportFilter>,
        order: Option<&str>,
        page: PageRequest<'_>,
    ) -> Result<Value, ApiError> {
        if let Some(status) = filter.and_then(|filter| filter.status.as_deref()) {
            if !STATUSES.contains(&status) {
                return Err(invalid(format!("filter.status is {status}; it can be {}", STATUSES.join(", "))));
            }
            let now = self.shared.around.clock.now();
            reports.retain(|report| report.status(now).as_str() == status);
        }
        if read_order(order)? != Some(SortOrder::Ascending) {
            reports.reverse();
        }
        page.answer("reports", &reports, |report| report.arn.clone(), |report| report.arn.as_str().into())
    }
}
