//! A report and a report group as the API shows them.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::coverage::{CoverageCounts, FileCoverage};
use super::test_case::TestResults;
use crate::clock::epoch_seconds;

/// How long there is a report (API reference, `Report`).
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a report is about (API reference, `ReportType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportType {
    Test,
    CodeCoverage,
}

impl ReportType {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Test => "TEST",
            Self::CodeCoverage => "CODE_COVERAGE",
        }
    }
}

/// Where a report is (API reference, `ReportStatusType`). Nothing here deletes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportStatus {
    /// Its files are being read.
    Generating,
    /// All tests succeeded or were skipped; or it is about coverage.
    Succeeded,
    /// Some did not; or the files could not be read.
    Failed,
    /// There were no files, or the build's role may not put anything into it.
    Incomplete,
}

impl ReportStatus {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Generating => "GENERATING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Incomplete => "INCOMPLETE",
        }
    }
}

/// A report group. A build creates it with its first report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportGroup {
    pub arn: String,
    pub name: String,
    pub report_type: ReportType,
    pub created: OffsetDateTime,
}

impl ReportGroup {
    /// The group in an API answer.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "arn": self.arn,
            "name": self.name,
            "type": self.report_type.as_str(),
            "exportConfig": { "exportConfigType": "NO_EXPORT" },
            "created": epoch_seconds(self.created),
            "lastModified": epoch_seconds(self.created),
            "tags": [],
            "status": "ACTIVE",
        })
    }
}

/// The report of one build in one report group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    pub arn: String,
    pub group: ReportGroup,
    pub build_arn: String,
    pub created: OffsetDateTime,
    /// When it has been generated.
    pub generated: OffsetDateTime,
    /// Its status then.
    pub outcome: ReportStatus,
    /// What is in it then.
    pub content: Content,
}

/// What was read from a build's files.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Nothing,
    Tests(TestResults),
    Coverage(Vec<FileCoverage>),
}

impl Report {
    /// Whether there is (still) such a report.
    pub(super) fn exists(&self, now: OffsetDateTime) -> bool {
        now < self.expiry()
    }

    /// To the second, as captured answers have it.
    pub(super) fn expiry(&self) -> OffsetDateTime {
        let expiry = self.created + LIFETIME;
        expiry.replace_nanosecond(0).unwrap_or(expiry)
    }

    pub(super) fn status(&self, now: OffsetDateTime) -> ReportStatus {
        if now < self.generated { ReportStatus::Generating } else { self.outcome }
    }

    /// What a reader sees: nothing before it has been generated.
    pub(super) fn content(&self, now: OffsetDateTime) -> &Content {
        if now < self.generated { &Content::Nothing } else { &self.content }
    }

    /// The report in an API answer.
    pub(super) fn to_json(&self, now: OffsetDateTime) -> Value {
        let mut json = json!({
            "arn": self.arn,
            "type": self.group.report_type.as_str(),
            "name": self.group.name,
            "reportGroupArn": self.group.arn,
            "executionId": self.build_arn,
            "status": self.status(now).as_str(),
            "created": epoch_seconds(self.created),
            "expired": epoch_seconds(self.expiry()),
            "exportConfig": { "exportConfigType": "NO_EXPORT" },
            "truncated": false,
        });
        match self.content(now) {
            Content::Nothing => {}
            Content::Tests(results) => {
                json["truncated"] = results.is_truncated().into();
                json["testSummary"] = results.summary_json();
            }
            Content::Coverage(files) => {
                let counts: CoverageCounts = files.iter().map(|file| file.counts).sum();
                json["codeCoverageSummary"] = counts.to_json();
            }
        }
        json
    }
}
