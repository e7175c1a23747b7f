//! What CodeBuild's test and coverage reports say about a build (API reference of CodeBuild, `Report`, `TestCase`).

use std::time::Duration;

/// A report of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The report's ARN: `arn:PARTITION:codebuild:REGION:ACCOUNT:report/GROUP:UUID`.
    pub arn: String,
    /// What it says.
    pub content: ReportContent,
}

impl Report {
    /// The report group's name: the project's name and the report's name in the buildspec, joined by a hyphen. Hostile
    /// text.
    pub fn group_name(&self) -> &str {
        let resource = self.arn.split_once(":report/").map_or(&*self.arn, |(_, resource)| resource);
        resource.rsplit_once(':').map_or(resource, |(group, _)| group)
    }
}

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportContent {
    /// Results of tests.
    Tests(TestResults),
    /// How much of the code ran.
    Coverage(Coverage),
    /// Nothing, for this reason.
    Missing(MissingReport),
}

/// Why a report says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingReport {
    /// CodeBuild still generates it.
    Generating,
    /// CodeBuild does not know it any more: reports are kept for 30 days (user guide, "Working with reports").
    Gone,
    /// Any other state, by CodeBuild's name for it: `INCOMPLETE`, `DELETING` …
    InState(String),
    /// CodeBuild refused to show it, or shows it in a form that this version does not know. The function's log says
    /// which.
    Unreadable,
}

/// Results of tests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TestResults {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed: what they check is not so.
    pub failed: u64,
    /// Tests that ended in an error before they could tell.
    pub errored: u64,
    /// Tests that did not run.
    pub skipped: u64,
    /// Tests of a status that CodeBuild does not know.
    pub unknown: u64,
    /// How long the tests took together.
    pub duration: Option<Duration>,
    /// The failing tests that CodeBuild keeps, in its order, failed ones before errored ones. It keeps 500 cases of a
    /// report, so there may be fewer than the counts say.
    pub failing: Vec<FailingTest>,
}

/// A test that failed or errored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingTest {
    /// The suite it is in; may be empty. Hostile text, like all here.
    pub suite: String,
    /// What stands before its name, such as a class; may be empty.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// Whether it errored rather than failed.
    pub errored: bool,
    /// What it says, at most 5,000 characters; may be empty.
    pub message: String,
}

/// How much of the code ran, in lines and in branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Lines.
    pub lines: Covered,
    /// Branches. Many tools report none.
    pub branches: Covered,
}

/// How many of some things ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Covered {
    /// Those that ran.
    pub covered: u64,
    /// Those that did not.
    pub missed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_named_in_the_arn() {
        let report = |arn: &str| Report {
            arn: arn.to_owned(),
            content: ReportContent::Missing(MissingReport::Generating),
        };
        for (arn, expected) in [
            ("arn:aws:codebuild:eu-central-1:123456789012:report/hook-tests:0a1b", "hook-tests"),
            ("arn:aws-cn:codebuild:cn-north-1:123456789012:report/hook-unit:x:0a1b", "hook-unit:x"),
            ("something else", "something else"),
        ] {
            assert_eq!(report(arn).group_name(), expected);
        }
    }
}
