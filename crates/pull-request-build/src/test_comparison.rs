//! Compares the failing tests of a build with those of the run before.
//!
//! A test is the same if its report group, suite, prefix and name are. Tests of one name are counted: if two failed
//! before and three do now, one is newly failing. Nothing is claimed that the reports do not show: CodeBuild keeps 500
//! cases of a report, so a test that is not in its list may still have failed.

use std::collections::HashMap;

use crate::reports::{FailingTest, MissingReport, Report, ReportContent, TestResults};

/// A test and the report group that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TestOfGroup<'r> {
    pub(crate) group: &'r str,
    pub(crate) test: &'r FailingTest,
}

/// What became of failing tests since the run before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TestComparison<'r> {
    /// Failing now and not before.
    pub(crate) newly_failing: Vec<TestOfGroup<'r>>,
    /// Failing now and before.
    pub(crate) still_failing: Vec<TestOfGroup<'r>>,
    /// Failing before and not now.
    pub(crate) fixed: Vec<TestOfGroup<'r>>,
    /// Failing now, and nobody knows about before.
    pub(crate) not_compared: Vec<TestOfGroup<'r>>,
    /// How many failing tests CodeBuild counts beyond those that it lists.
    pub(crate) unlisted: u64,
    /// Why some tests could not be compared, where a reader would expect that they were.
    pub(crate) obstacle: Option<Obstacle<'r>>,
}

/// Why tests cannot be compared with those of an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle<'r> {
    /// The earlier run has no report of that group.
    NoReport,
    /// The earlier run's report says nothing.
    Missing(&'r MissingReport),
    /// CodeBuild does not list all failing tests of one of the runs.
    Unlisted,
}

type Key<'r> = (&'r str, &'r str, &'r str);

impl<'r> TestComparison<'r> {
    /// Compares the reports of a build with those of the previous run, if there was one.
    pub(crate) fn of(now: &'r [Report], previous: Option<&'r [Report]>) -> Self {
        let mut comparison = Self::default();
        let mut groups: Vec<&str> = Vec::new();
        for report in now {
            if matches!(report.content, ReportContent::Tests(_)) && !groups.contains(&report.group_name()) {
                groups.push(report.group_name());
            }
        }
        for group in groups {
            comparison.add_group(group, &TestsOfGroup::of(now, group), previous);
        }
        comparison
    }

    fn add_group(&mut self, group: &'r str, now: &TestsOfGroup<'r>, previous: Option<&'r [Report]>) {
        let of_group = |test| TestOfGroup { group, test };
        self.unlisted = self.unlisted.saturating_add(now.unlisted);
        let before = match previous.map(|reports| comparable(reports, group)) {
            Some(Ok(before)) => before,
            why => {
                if let Some(Err(obstacle)) = why.filter(|_| !now.failing.is_empty()) {
                    self.obstacle.get_or_insert(obstacle);
                }
                self.not_compared.extend(now.failing.iter().copied().map(of_group));
                return;
            }
        };
        let (still, not_before) = now.split(&before);
        self.still_failing.extend(still.into_iter().map(of_group));
        if before.unlisted == 0 {
            self.newly_failing.extend(not_before.into_iter().map(of_group));
        } else {
            if !not_before.is_empty() {
                self.obstacle.get_or_insert(Obstacle::Unlisted);
            }
            self.not_compared.extend(not_before.into_iter().map(of_group));
        }
        let (_, not_now) = before.split(now);
        if now.unlisted == 0 {
            self.fixed.extend(not_now.into_iter().map(of_group));
        } else if !not_now.is_empty() {
            self.obstacle.get_or_insert(Obstacle::Unlisted);
        }
    }
}

fn comparable<'r>(reports: &'r [Report], group: &str) -> Result<TestsOfGroup<'r>, Obstacle<'r>> {
    let mut found = false;
    for report in reports.iter().filter(|report| report.group_name() == group) {
        match &report.content {
            ReportContent::Tests(_) => found = true,
            ReportContent::Coverage(_) => {}
            ReportContent::Missing(missing) => return Err(Obstacle::Missing(missing)),
        }
    }
    if found { Ok(TestsOfGroup::of(reports, group)) } else { Err(Obstacle::NoReport) }
}

/// The failing tests of all reports of one group in one build.
struct TestsOfGroup<'r> {
    failing: Vec<&'r FailingTest>,
    unlisted: u64,
}

impl<'r> TestsOfGroup<'r> {
    fn of(reports: &'r [Report], group: &str) -> Self {
        let of_group = reports.iter().filter(|report| report.group_name() == group);
        let results = of_group.filter_map(|report| match &report.content {
            ReportContent::Tests(results) => Some(results),
            ReportContent::Coverage(_) | ReportContent::Missing(_) => None,
        });
        let mut tests = Self { failing: Vec::new(), unlisted: 0 };
        for results in results {
            tests.failing.extend(&results.failing);
            tests.unlisted = tests.unlisted.saturating_add(unlisted(results));
        }
        tests
    }

    /// The tests that are also in `other`, and those that are not.
    fn split(&self, other: &Self) -> (Vec<&'r FailingTest>, Vec<&'r FailingTest>) {
        let mut in_other: HashMap<Key<'_>, usize> = HashMap::new();
        for test in &other.failing {
            *in_other.entry(key(test)).or_default() += 1;
        }
        self.failing.iter().copied().partition(|test| match in_other.get_mut(&key(test)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        })
    }
}

fn unlisted(results: &TestResults) -> u64 {
    results.failed.saturating_add(results.errored).saturating_sub(results.failing.len() as u64)
}

fn key(test: &FailingTest) -> Key<'_> {
    (&test.suite, &test.prefix, &test.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::a_report;

    fn tests(group: &str, failing: &[&str], counted: u64) -> Report {
        let failing = failing.iter().map(|name| FailingTest {
            suite: "suite".to_owned(),
            prefix: String::new(),
            name: (*name).to_owned(),
            errored: false,
            message: String::new(),
        });
        let results = TestResults { failed: counted, failing: failing.collect(), ..TestResults::default() };
        a_report(group, ReportContent::Tests(results))
    }

    fn names<'r>(tests: &[TestOfGroup<'r>]) -> Vec<&'r str> {
        tests.iter().map(|test| &*test.test.name).collect()
    }

    /// Newly failing, still failing, fixed, not compared.
    fn compared<'r>(now: &'r [Report], previous: Option<&'r [Report]>) -> [Vec<&'r str>; 4] {
        let TestComparison { newly_failing, still_failing, fixed, not_compared, .. } =
            TestComparison::of(now, previous);
        [newly_failing, still_failing, fixed, not_compared].map(|tests| names(&tests))
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn tests_are_newly_failing_still_failing_or_fixed() {
        let (now, before) = ([tests("hook-unit", &["a", "b"], 2)], [tests("hook-unit", &["b", "c"], 2)]);
        assert_eq!(compared(&now, Some(&before)), [vec!["a"], vec!["b"], vec!["c"], vec![]]);
        assert_eq!(TestComparison::of(&now, Some(&before)).obstacle, None);
    }

    #[test]
    fn without_an_earlier_run_nothing_is_compared_and_nothing_missed() {
        let now = [tests("hook-unit", &["a"], 1)];
        assert_eq!(compared(&now, None), [vec![], vec![], vec![], vec!["a"]]);
        assert_eq!(TestComparison::of(&now, None).obstacle, None);
    }

    #[test]
    fn tests_of_one_name_are_counted() {
        let (two, three) = ([tests("g", &["a", "a"], 2)], [tests("g", &["a", "a", "a"], 3)]);
        assert_eq!(compared(&three, Some(&two)), [vec!["a"], vec!["a", "a"], vec![], vec![]]);
        assert_eq!(compared(&two, Some(&three)), [vec![], vec!["a", "a"], vec!["a"], vec![]]);
    }

    #[test]
    fn groups_are_compared_each_with_itself() {
        let now = [tests("g", &["a"], 1), tests("h", &["a"], 1)];
        let before = [tests("g", &["a"], 1), tests("h", &[], 0), tests("i", &["z"], 1)];
        assert_eq!(compared(&now, Some(&before)), [vec!["a"], vec!["a"], vec![], vec![]]);
        let comparison = TestComparison::of(&now, Some(&before));
        assert_eq!((comparison.newly_failing[0].group, comparison.still_failing[0].group), ("h", "g"));
    }

    #[test]
    fn a_report_that_is_missing_takes_no_part() {
        let now = [tests("g", &["a"], 1)];
        let gone = [a_report("g", ReportContent::Missing(MissingReport::Gone))];
        for (before, expected) in
            [(&gone[..], Obstacle::Missing(&MissingReport::Gone)), (&[], Obstacle::NoReport)]
        {
            assert_eq!(compared(&now, Some(before)), [vec![], vec![], vec![], vec!["a"]]);
            assert_eq!(TestComparison::of(&now, Some(before)).obstacle, Some(expected));
        }
        assert_eq!(compared(&gone, Some(&now)), [NONE, NONE, NONE, NONE].map(Vec::from));
    }

    #[test]
    fn a_list_that_is_shorter_than_its_count_proves_nothing_about_what_it_lacks() {
        let (all, some) = ([tests("g", &["a", "b"], 2)], [tests("g", &["b", "c"], 1_000)]);
        assert_eq!(compared(&all, Some(&some)), [vec![], vec!["b"], vec!["c"], vec!["a"]]);
        assert_eq!(compared(&some, Some(&all)), [vec!["c"], vec!["b"], vec![], vec![]], "a may still fail");
        let comparison = TestComparison::of(&some, Some(&all));
        assert_eq!((comparison.unlisted, comparison.obstacle), (998, Some(Obstacle::Unlisted)));
    }
}
