//! How much of the code ran.

use super::CommentContent;
use super::room::first_that_fits;
use super::test_results::linked_reports;
use super::words::linked_build;
use crate::reports::{Coverage, Covered, Report, ReportContent};

/// A line with the percentages of all coverage reports together, and how they changed since the previous run if that
/// has the same reports.
pub(super) fn coverage(content: &CommentContent<'_>, bytes: usize) -> Option<String> {
    let now = Total::of(content.reports)?;
    let previous = content.previous.and_then(|previous| Some((previous.build, Total::of(previous.reports)?)));
    let previous = previous.filter(|(_, total)| total.groups == now.groups);
    let before = previous.as_ref().map(|(_, total)| total.coverage);
    let parts = [
        share(now.coverage.lines, before.map(|coverage| coverage.lines), "lines"),
        share(now.coverage.branches, before.map(|coverage| coverage.branches), "branches"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return None;
    }
    let since = previous.map(|(build, _)| format!(", compared with {}", linked_build(build)));
    let line = format!("**Coverage:** {}{}", parts.join(", "), since.unwrap_or_default());
    let links = linked_reports(content.builds.newest(), &now.reports);
    first_that_fits(bytes, [format!("{line}{links}."), format!("{line}.")])
}

/// What all coverage reports of a build say together.
struct Total<'r> {
    groups: Vec<&'r str>,
    reports: Vec<&'r Report>,
    coverage: Coverage,
}

impl<'r> Total<'r> {
    fn of(reports: &'r [Report]) -> Option<Self> {
        let mut total = Self { groups: Vec::new(), reports: Vec::new(), coverage: Coverage::default() };
        for report in reports {
            if let ReportContent::Coverage(coverage) = &report.content {
                total.groups.push(report.group_name());
                total.reports.push(report);
                total.coverage.lines = sum(total.coverage.lines, coverage.lines);
                total.coverage.branches = sum(total.coverage.branches, coverage.branches);
            }
        }
        total.groups.sort_unstable();
        Some(total).filter(|total| !total.reports.is_empty())
    }
}

fn sum(one: Covered, other: Covered) -> Covered {
    Covered {
        covered: one.covered.saturating_add(other.covered),
        missed: one.missed.saturating_add(other.missed),
    }
}

/// `81.2 % of lines (+0.4)`; none where there is nothing to cover.
fn share(now: Covered, before: Option<Covered>, things: &str) -> Option<String> {
    let now = tenths_of_percent(now)?;
    let change = before.and_then(tenths_of_percent).map(|before| match now - before {
        0 => " (±0)".to_owned(),
        change if change > 0 => format!(" (+{})", with_point(change)),
        change => format!(" (−{})", with_point(-change)),
    });
    Some(format!("{} % of {things}{}", with_point(now), change.unwrap_or_default()))
}

/// Rounded down, so that 100 % says that nothing was missed.
fn tenths_of_percent(of: Covered) -> Option<i64> {
    let all = u128::from(of.covered) + u128::from(of.missed);
    i64::try_from((u128::from(of.covered) * 1_000).checked_div(all)?).ok()
}

fn with_point(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_down_and_compared_as_it_is_shown() {
        let covered = |covered, missed| Covered { covered, missed };
        for (now, before, expected) in [
            (covered(812, 188), None, Some("81.2 % of lines")),
            (covered(812, 188), Some(covered(808, 192)), Some("81.2 % of lines (+0.4)")),
            (covered(700, 300), Some(covered(711, 289)), Some("70.0 % of lines (−1.1)")),
            (covered(7_001, 2_999), Some(covered(7_002, 2_998)), Some("70.0 % of lines (±0)")),
            (covered(9_999, 1), Some(covered(0, 0)), Some("99.9 % of lines")),
            (covered(3, 0), None, Some("100.0 % of lines")),
            (covered(u64::MAX, u64::MAX), None, Some("50.0 % of lines")),
            (covered(0, 0), Some(covered(1, 1)), None),
        ] {
            assert_eq!(share(now, before, "lines").as_deref(), expected, "{now:?} after {before:?}");
        }
    }
}
