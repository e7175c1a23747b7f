//! What tests say: counts, what changed, and the failing tests by name.

use std::time::Duration;

use super::room::{Room, first_that_fits};
use super::words::{count, duration_text, left_out, linked_build, linked_commit, name, number};
use super::{CommentContent, PreviousRun};
use crate::build::Build;
use crate::console_links::{commit_link, report_link};
use crate::markdown::{code_span, fenced, shortened_line};
use crate::reports::{FailingTest, MissingReport, Report, ReportContent, TestResults};
use crate::secrets::Secrets;
use crate::test_comparison::{Obstacle, TestComparison, TestOfGroup};

/// More tests of a kind than these are only counted.
const MAX_TESTS: usize = 20;
/// So much of a test's name is shown.
const MAX_TEST_NAME_CHARACTERS: usize = 200;
/// The first lines of a test's message, and so much of each.
const MAX_MESSAGE_LINES: usize = 6;
const MAX_MESSAGE_LINE_CHARACTERS: usize = 200;
/// Links to more reports than these help nobody.
const MAX_LINKS: usize = 4;

/// A line of counts with links to the reports, and what changed since the previous run.
pub(super) fn counts(
    content: &CommentContent<'_>,
    comparison: &TestComparison<'_>,
    bytes: usize,
) -> Option<String> {
    let build = content.builds.newest();
    let tests: Vec<(&Report, &TestResults)> = content.reports.iter().filter_map(of_tests).collect();
    if tests.is_empty() {
        return None;
    }
    let sum = |of: fn(&TestResults) -> u64| {
        tests.iter().fold(0_u64, |sum, (_, results)| sum.saturating_add(of(results)))
    };
    let counts = [
        (sum(|results| results.failed), "failed"),
        (sum(|results| results.errored), "errored"),
        (sum(|results| results.passed), "passed"),
        (sum(|results| results.skipped), "skipped"),
        (sum(|results| results.unknown), "ended in a state of their own"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{} {what}", number(*count))).collect();
    let counts = if counts.is_empty() { "none ran".to_owned() } else { counts.join(", ") };
    let duration = tests.iter().filter_map(|(_, results)| results.duration).reduce(Duration::saturating_add);
    let duration = duration.map(|duration| format!(", in {}", duration_text(duration))).unwrap_or_default();
    let reports: Vec<&Report> = tests.iter().map(|(report, _)| *report).collect();
    let links = linked_reports(build, &reports);
    let change = content.previous.and_then(|previous| change(build, previous, comparison));
    let change = change.map(|change| format!(" {change}")).unwrap_or_default();
    let line = format!("**Tests:** {counts}{duration}");
    first_that_fits(
        bytes,
        [format!("{line}{links}.{change}"), format!("{line}.{change}"), format!("{line}.")],
    )
}

fn of_tests(report: &Report) -> Option<(&Report, &TestResults)> {
    match &report.content {
        ReportContent::Tests(results) => Some((report, results)),
        ReportContent::Coverage(_) | ReportContent::Missing(_) => None,
    }
}

/// What changed since the previous run, or why nobody knows.
fn change(build: &Build, previous: PreviousRun<'_>, comparison: &TestComparison<'_>) -> Option<String> {
    let commit = &previous.build.pull_request.source_commit;
    let mut run = linked_build(previous.build);
    if *commit != build.pull_request.source_commit {
        run.push_str(&format!(
            " of {}",
            linked_commit(commit, commit_link(previous.build, commit).as_deref())
        ));
    }
    let counts = [
        (comparison.newly_failing.len(), "newly failing"),
        (comparison.still_failing.len(), "still failing"),
        (comparison.fixed.len(), "fixed"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> =
        counts.map(|(count, what)| format!("{} {what}", number(*count as u64))).collect();
    let why = comparison.obstacle.map(|obstacle| match obstacle {
        Obstacle::NoReport => format!("There are no reports of these tests in {run} to compare with."),
        Obstacle::Missing(MissingReport::Gone) => {
            format!("The reports of {run} are gone, since CodeBuild keeps them for 30 days, so nothing is compared.")
        }
        Obstacle::Missing(_) => format!("The reports of {run} cannot be read, so nothing is compared."),
        Obstacle::Unlisted => {
            "Others may have changed, since CodeBuild keeps 500 cases of a report.".to_owned()
        }
    });
    let counts = (!counts.is_empty()).then(|| format!("Since {run}: {}.", counts.join(", ")));
    let sentences: Vec<String> = counts.into_iter().chain(why).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The failing tests, the newly failing ones first, and the names of the fixed ones.
pub(super) fn lists(
    comparison: &TestComparison<'_>,
    build: &Build,
    reports: &[Report],
    room: &mut Room,
) -> Vec<Option<String>> {
    let names_groups = reports.iter().filter_map(of_tests).count() > 1;
    let list = |title: &str, tests: &[TestOfGroup<'_>], bytes| {
        let name = |test: &TestOfGroup<'_>| {
            let group = if names_groups { report_name(build, test.group) } else { "" };
            let errored = if test.test.errored { " (error)" } else { "" };
            format!("{}{errored}", test_name(group, test.test, &build.secrets))
        };
        failing_tests(title, tests, name, &build.secrets, bytes)
    };
    // Those of unknown age stand where newly failing ones would. At most one of the two lists is long as a rule.
    let new = room.give(3_000, |bytes| list("Newly failing", &comparison.newly_failing, bytes));
    let unknown = room.give(3_000, |bytes| list("Failing", &comparison.not_compared, bytes));
    let still = room.give(1_500, |bytes| list("Still failing", &comparison.still_failing, bytes));
    let unlisted = match comparison.unlisted {
        0 => None,
        tests => room
            .give(200, |_| Some(format!("CodeBuild does not name {}.", count(tests, "more failing test")))),
    };
    let fixed = room.give(400, |bytes| fixed_tests(&comparison.fixed, &build.secrets, bytes));
    vec![new, unknown, still, unlisted, fixed]
}

/// Failing tests in a fence: as many names as half of the room has space for, and what they say in the other half.
fn failing_tests(
    title: &str,
    tests: &[TestOfGroup<'_>],
    name: impl Fn(&TestOfGroup<'_>) -> String,
    secrets: &Secrets,
    bytes: usize,
) -> Option<String> {
    if tests.is_empty() {
        return None;
    }
    let first = &tests[..tests.len().min(MAX_TESTS)];
    let names: Vec<String> = first.iter().map(name).collect();
    let page = |shown: &[String], messages: &[Vec<String>]| {
        let mut lines = Vec::new();
        for (index, name) in shown.iter().enumerate() {
            lines.push(name.clone());
            lines.extend(messages.get(index).into_iter().flatten().cloned());
        }
        let more = match left_out(tests.len(), shown.len()) {
            0 => String::new(),
            more => {
                let kind = format!("more {} test", title.to_lowercase());
                format!("\n\nIn the report: {}.", count(more, &kind))
            }
        };
        format!("{title}:\n\n{}{more}", fenced(&lines.join("\n")))
    };
    let says_something = first.iter().any(|test| !test.test.message.trim().is_empty());
    let for_names = if says_something { bytes / 2 } else { bytes };
    let fits = |shown: usize, room: usize| page(&names[..shown], &[]).len() <= room;
    let Some(shown) =
        (1..=names.len()).rev().find(|shown| fits(*shown, for_names)).or_else(|| fits(1, bytes).then_some(1))
    else {
        let text = format!("{title}: {} in the report.", count(tests.len() as u64, "test"));
        return Some(text).filter(|text| text.len() <= bytes);
    };
    let mut messages: Vec<Vec<String>> = Vec::new();
    for test in &first[..shown] {
        let lines = message_lines(&secrets.mask(&test.test.message));
        messages.push(lines);
        while page(&names[..shown], &messages).len() > bytes {
            // A message that does not fit loses its last lines, and says so with an ellipsis.
            let lines = messages.last_mut()?;
            if lines.len() <= 1 {
                lines.clear();
                break;
            }
            lines.truncate(lines.len().saturating_sub(2));
            lines.push("    …".to_owned());
        }
    }
    Some(page(&names[..shown], &messages))
}

/// The group, the suite, the prefix and the name, each only if the next does not begin with it.
fn test_name(group: &str, test: &FailingTest, secrets: &Secrets) -> String {
    let parts = [group, &test.suite, &test.prefix, &test.name].map(|part| secrets.mask(part.trim()));
    let shown = parts.iter().enumerate().filter(|(index, part)| {
        let next = parts[index + 1..].iter().find(|next| !next.is_empty());
        !part.is_empty() && !next.is_some_and(|next| next.starts_with(part.as_str()))
    });
    let shown: Vec<&str> = shown.map(|(_, part)| part.as_str()).collect();
    let name = shortened_line(&shown.join(" › "), MAX_TEST_NAME_CHARACTERS);
    if name.is_empty() { "(a test without a name)".to_owned() } else { name }
}

fn message_lines(message: &str) -> Vec<String> {
    let mut lines = message.lines().filter(|line| !line.trim().is_empty());
    let first = lines.by_ref().take(MAX_MESSAGE_LINES);
    let mut shown: Vec<String> = first
        .map(|line| format!("    {}", shortened_line(line.trim_end(), MAX_MESSAGE_LINE_CHARACTERS)))
        .collect();
    match lines.count() as u64 {
        0 => {}
        more => shown.push(format!("    … {} in the report", count(more, "more line"))),
    }
    shown
}

fn fixed_tests(tests: &[TestOfGroup<'_>], secrets: &Secrets, bytes: usize) -> Option<String> {
    if tests.is_empty() {
        return None;
    }
    let names: Vec<String> = tests
        .iter()
        .take(MAX_TESTS)
        .map(|test| code_span(&test_name("", test.test, secrets), MAX_TEST_NAME_CHARACTERS))
        .collect();
    let texts = (1..=names.len()).rev().map(|shown| match left_out(tests.len(), shown) {
        0 => format!("Fixed: {}.", names[..shown].join(", ")),
        more => format!("Fixed: {} and {}.", names[..shown].join(", "), count(more, "more test")),
    });
    first_that_fits(bytes, texts.chain([format!("Fixed: {}.", count(tests.len() as u64, "test"))]))
}

/// The report's name in the buildspec. CodeBuild puts the project's name before it.
pub(super) fn report_name<'r>(build: &Build, group_name: &'r str) -> &'r str {
    let in_project = group_name.strip_prefix(build.arn.build_id.project_name());
    in_project.and_then(|rest| rest.strip_prefix('-')).filter(|rest| !rest.is_empty()).unwrap_or(group_name)
}

/// The links to reports in parentheses, or nothing where the console is not known.
pub(super) fn linked_reports(build: &Build, reports: &[&Report]) -> String {
    let links = reports.iter().filter_map(|report| Some((*report, report_link(build, report)?)));
    let links: Vec<String> = links
        .take(MAX_LINKS)
        .map(|(report, link)| match reports.len() {
            1 => format!("[report]({link})"),
            _ => {
                let shown = build.secrets.mask(report_name(build, report.group_name()));
                format!("[{}]({link})", name(&shown))
            }
        })
        .collect();
    if links.is_empty() { String::new() } else { format!(" ({})", links.join(", ")) }
}
