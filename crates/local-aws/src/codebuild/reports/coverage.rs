//! Code coverage, as a report keeps it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// One line of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Line {
    pub covered: bool,
    pub branches_covered: u32,
    pub branches: u32,
}

/// The lines of one source file that could run, by number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SourceLines(BTreeMap<u64, Line>);

impl SourceLines {
    /// Adds what was seen of a line. What ran anywhere ran.
    pub(super) fn add(&mut self, number: u64, seen: Line) {
        let line = self.0.entry(number).or_default();
        line.covered |= seen.covered;
        line.branches = line.branches.max(seen.branches);
        line.branches_covered = line.branches_covered.max(seen.branches_covered);
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (number, line) in &other.0 {
            self.add(*number, *line);
        }
    }

    pub(super) fn counts(&self) -> CoverageCounts {
        let mut counts = CoverageCounts::default();
        for line in self.0.values() {
            counts.lines += 1;
            counts.lines_covered += u64::from(line.covered);
            counts.branches += u64::from(line.branches);
            counts.branches_covered += u64::from(line.branches_covered);
        }
        counts
    }
}

/// How much of something is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CoverageCounts {
    pub lines: u64,
    pub lines_covered: u64,
    pub branches: u64,
    pub branches_covered: u64,
}

impl CoverageCounts {
    pub(super) fn line_percentage(&self) -> f64 {
        percentage(self.lines_covered, self.lines)
    }

    /// The members that `CodeCoverage` and `CodeCoverageReportSummary` have in common.
    pub(super) fn to_json(self) -> Value {
        json!({
            "lineCoveragePercentage": self.line_percentage(),
            "linesCovered": self.lines_covered,
            "linesMissed": self.lines - self.lines_covered,
            "branchCoveragePercentage": percentage(self.branches_covered, self.branches),
            "branchesCovered": self.branches_covered,
            "branchesMissed": self.branches - self.branches_covered,
        })
    }
}

impl std::iter::Sum for CoverageCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, next| Self {
            lines: sum.lines + next.lines,
            lines_covered: sum.lines_covered + next.lines_covered,
            branches: sum.branches + next.branches,
            branches_covered: sum.branches_covered + next.branches_covered,
        })
    }
}

/// One source file of a report.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FileCoverage {
    /// Made up by CodeBuild.
    pub id: String,
    /// Relative to the source's folder, where it is in it.
    pub path: String,
    pub counts: CoverageCounts,
}

/// A percentage with two decimals, the rest cut off: 10 of 11 is 90.9 (captured). Of nothing it is 0.
fn percentage(covered: u64, total: u64) -> f64 {
    let hundredths = (covered * 10_000).checked_div(total).unwrap_or_default();
    hundredths as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_two_decimals_as_in_captured_answers() {
        for (covered, total, expected) in
            [(5, 6, 83.33), (10, 11, 90.9), (1, 2, 50.0), (3, 3, 100.0), (0, 4, 0.0), (0, 0, 0.0)]
        {
            assert_eq!(percentage(covered, total), expected, "{covered} of {total}");
        }
    }
}
