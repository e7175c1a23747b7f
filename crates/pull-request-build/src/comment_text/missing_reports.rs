//! Reports that say nothing.

use super::room::first_that_fits;
use super::test_results::report_name;
use super::words::{count, left_out, name};
use crate::build::Build;
use crate::reports::{MissingReport, Report, ReportContent};

/// More reports than these are only counted.
const MAX_NAMES: usize = 5;

/// A list of the reports that are missing, and why.
pub(super) fn missing(build: &Build, reports: &[Report], bytes: usize) -> Option<String> {
    let sentences: Vec<String> = reports.iter().filter_map(|report| sentence(build, report)).collect();
    if sentences.is_empty() {
        return None;
    }
    let listed = sentences.len().min(MAX_NAMES);
    let texts = (0..=listed).rev().map(|shown| match left_out(sentences.len(), shown) {
        0 => sentences.join(" "),
        more if shown == 0 => format!("{} of the build could not be read.", count(more, "report")),
        more => format!(
            "{} {} could not be read either.",
            sentences[..shown].join(" "),
            count(more, "more report")
        ),
    });
    first_that_fits(bytes, texts)
}

fn sentence(build: &Build, report: &Report) -> Option<String> {
    let ReportContent::Missing(missing) = &report.content else { return None };
    let report = name(&build.secrets.mask(report_name(build, report.group_name())));
    Some(match missing {
        MissingReport::Generating => {
            format!("Report {report} was still being generated when this was written.")
        }
        MissingReport::Gone => format!("Report {report} is gone: CodeBuild keeps reports for 30 days."),
        MissingReport::InState(state) => {
            format!("Report {report} cannot be read: CodeBuild says {}.", name(&build.secrets.mask(state)))
        }
        MissingReport::Unreadable => {
            format!("Report {report} cannot be read: the log of publish-build-result says why.")
        }
    })
}
