use proptest::prelude::*;

use super::*;
use crate::failure::Cause;

const COMMAND: Failure<'_> =
    Failure { phase: "BUILD", cause: Cause::Command { command: "make test", reason: "exit status 2" } };

fn own(text: &str) -> String {
    format!("[Container] 2026/07/14 09:57:50.447178 {text}\n")
}

/// A log whose BUILD phase failed in `make test`, which wrote this.
fn log_of(output: &str) -> String {
    [
        own("Entering phase INSTALL"),
        own("Running command npm ci"),
        "npm ERR! not the failed phase\n".to_owned(),
        own("Phase complete: INSTALL State: SUCCEEDED"),
        own("Phase context status code:  Message: "),
        own("Entering phase BUILD"),
        own("Running command make"),
        "error: not the failed command\n".to_owned(),
        own("Running command make test"),
        output.to_owned(),
        if output.ends_with('\n') { String::new() } else { "\n".to_owned() },
        own("Command did not exit successfully make test exit status 2"),
        own("Running command ./clean-up"),
        "cleaning up\n".to_owned(),
        own("Phase complete: BUILD State: FAILED"),
        own("Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: make test. Reason: exit status 2"),
        own("Entering phase POST_BUILD"),
        own("Running command echo done"),
        "error: not this phase either\n".to_owned(),
        own("Phase complete: POST_BUILD State: SUCCEEDED"),
    ]
    .concat()
}

fn find(log: &str, max_lines: usize) -> Option<LogExcerpt> {
    LogExcerpt::find(log.split_inclusive('\n'), &COMMAND, &Secrets::default(), max_lines)
}

fn numbered(name: &str, count: usize) -> String {
    (1..=count).map(|number| format!("{name} {number}\n")).collect()
}

fn excerpt(lines: &[&str], lines_before: usize, lines_after: usize) -> Option<LogExcerpt> {
    Some(LogExcerpt {
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        lines_before,
        lines_after,
    })
}

#[test]
fn the_failed_command_of_the_failed_phase_is_shown() {
    let expected = excerpt(&["checking", "src/a.c:1: error: no", "", "bye"], 1, 1);
    assert_eq!(find(&log_of("checking\nsrc/a.c:1: error: no\n\n\nbye\n"), 40), expected);
}

#[test]
fn the_window_is_around_the_first_error() {
    let log = log_of(&format!("{}error: boom\n{}", numbered("before", 50), numbered("after", 50)));
    assert_eq!(
        find(&log, 8),
        excerpt(
            &["before 49", "before 50", "error: boom", "after 1", "after 2", "after 3", "after 4", "after 5"],
            1 + 48,
            45 + 1
        )
    );
    let at_end = log_of(&format!("{}error: boom\n", numbered("before", 50)));
    assert_eq!(find(&at_end, 8), excerpt(&["before 49", "before 50", "error: boom"], 49, 1));
}

#[test]
fn without_an_error_the_last_lines_are_shown() {
    let log = log_of(&numbered("line", 50));
    assert_eq!(find(&log, 3), excerpt(&["line 48", "line 49", "line 50"], 1 + 47, 1));
}

#[test]
fn a_long_traceback_shows_its_exception() {
    let calls: String = (0..50).map(|call| format!("  File \"a.py\", line {call}, in f\n")).collect();
    let log = log_of(&format!("Traceback (most recent call last):\n{calls}ValueError: boom\nbye\n"));
    let excerpt = find(&log, 10).unwrap();
    assert_eq!(excerpt.lines.last().unwrap(), "ValueError: boom");
    assert_eq!((excerpt.lines.len(), excerpt.lines_before, excerpt.lines_after), (10, 1 + 42, 2));
}

#[test]
fn a_command_without_output_has_no_excerpt() {
    for log in [log_of(""), log_of("\n  \n\u{1b}[0m\n"), String::new(), own("Entering phase BUILD")] {
        assert_eq!(find(&log, 40), None);
    }
    assert_eq!(find(&log_of("error: no room"), 0), None);
}

#[test]
fn lines_of_codebuild_may_be_missing() {
    let log = log_of("error: boom");
    let full = find(&log, 1).unwrap();
    assert_eq!(full.lines, ["error: boom"]);
    for marker in
        ["Entering phase BUILD", "Phase complete: BUILD State: FAILED", "Running command ./clean-up"]
    {
        let without = log.replace(&own(marker), "");
        assert_eq!(find(&without, 1).unwrap().lines, full.lines, "without {marker}");
    }
    // The log is read from somewhere in the middle, or ends in it.
    let start = log.find(&own("Running command make test")).unwrap();
    assert_eq!(find(&log[start..], 1).unwrap().lines, full.lines);
    let end = log.find(&own("Command did not exit successfully make test exit status 2")).unwrap();
    assert_eq!(find(&log[..end], 1).unwrap().lines, full.lines);
    assert_eq!(find("hello\nerror: boom\nbye", 40), excerpt(&["hello", "error: boom", "bye"], 0, 0));
    // As older logs have it.
    let older = log.replace(".447178", "");
    assert_eq!(find(&older, 1).unwrap(), full);
}

#[test]
fn a_phase_that_is_not_a_commands_failure_shows_its_last_command() {
    let log =
        log_of("waiting").replace(&own("Command did not exit successfully make test exit status 2"), "");
    let failure = Failure { phase: "BUILD", cause: Cause::Unexplained };
    let found = LogExcerpt::find(log.lines(), &failure, &Secrets::default(), 40).unwrap();
    assert_eq!(found.lines, ["cleaning up"]);
    let failure = Failure { phase: "DOWNLOAD_SOURCE", cause: Cause::Unexplained };
    let log = [own("Waiting for agent ping"), own("Entering phase DOWNLOAD_SOURCE"), own("x")].concat();
    assert_eq!(LogExcerpt::find(log.lines(), &failure, &Secrets::default(), 40), None);
}

#[test]
fn a_command_of_many_lines_is_not_taken_for_its_output() {
    let command = "set -e\n\tmake error\nmake test";
    let failure = Failure { phase: "BUILD", cause: Cause::Command { command, reason: "exit status 2" } };
    let log = [
        own("Entering phase BUILD"),
        own(&format!("Running command {command}")),
        "output\n".to_owned(),
        own(&format!("Command did not exit successfully {command} exit status 2")),
        own("Phase complete: BUILD State: FAILED"),
    ]
    .concat();
    let found = LogExcerpt::find(log.split_inclusive('\n'), &failure, &Secrets::default(), 40);
    assert_eq!(found, excerpt(&["output"], 0, 0));
}

#[test]
fn the_last_try_of_a_phase_counts() {
    let log = log_of("error: first try") + &log_of("error: second try");
    assert_eq!(find(&log, 1).unwrap().lines, ["error: second try"]);
}

#[test]
fn lines_are_cleaned() {
    let log = log_of("10%\r 50%\rdone   \n\u{1b}[31merror\u{1b}[0m: boom\r\n\n \n\u{1b}[0m\nab\u{8}c\n");
    assert_eq!(find(&log, 40), excerpt(&["done", "error: boom", "", "ac"], 1, 1));
}

#[test]
fn a_message_may_have_several_lines_and_ends_one() {
    let messages = ["one\ntwo\n", "error: three", "four\n\n"];
    let found = LogExcerpt::find(messages, &COMMAND, &Secrets::default(), 40);
    assert_eq!(found, excerpt(&["one", "two", "error: three", "four"], 0, 0));
}

#[test]
fn a_long_line_is_cut_and_says_so() {
    let found = find(&format!("error: {}", "ä".repeat(1_000)), 40).unwrap();
    assert_eq!(found.lines, [format!("error: {}… (707 more characters)", "ä".repeat(293))]);
}

#[test]
fn a_secret_at_a_cut_is_masked() {
    let secret = "correct-horse-battery";
    let secrets = Secrets::from_variables([("MY_TOKEN", secret)]);
    let long = format!("{}{secret}{}", "x".repeat(LONGEST_LINE - 10), "y".repeat(100));
    let found = LogExcerpt::find([long.as_str()], &COMMAND, &secrets, 40).unwrap();
    assert_eq!(found.lines, [format!("{}***{}… (93 more characters)", "x".repeat(290), "y".repeat(7))]);
    // The key begins before the window.
    let key: String = (0..30).map(|line| format!("MIIEabcdefgh{line:04}\n")).collect();
    let log = log_of(&format!("-----BEGIN PRIVATE KEY-----\n{key}-----END PRIVATE KEY-----\nerror: boom\n"));
    assert_eq!(
        find(&log, 12).unwrap().lines,
        ["-----BEGIN PRIVATE KEY-----", "***", "-----END PRIVATE KEY-----", "error: boom"]
    );
    assert_eq!(find(&log, 3).unwrap().lines, ["error: boom"]);
}

#[test]
fn huge_logs_are_read_in_linear_time() {
    let long = find(&log_of(&format!("error: {}", "token \u{1b}[1mabc ".repeat(300_000))), 40).unwrap();
    assert!(long.lines.iter().all(|line| line.chars().count() < LONGEST_LINE + 40), "{long:?}");
    let many = find(&log_of(&numbered("an error? no: 0 errors, line", 200_000)), 40).unwrap();
    assert_eq!(many.lines.len(), 40);
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\r\n\t\u{1b}\u{8}äß日]{0,60}",
        any::<String>(),
        Just("\nerror: boom\n".to_owned()),
        Just(own("Running command make test")),
        Just(own("Command did not exit successfully make test exit status 2")),
        Just(own("Entering phase BUILD")),
        Just(own("Phase complete: BUILD State: FAILED")),
        Just("\nTraceback (most recent call last):\n".to_owned()),
        Just("x".repeat(290)),
        Just("-----BEGIN PRIVATE KEY-----\n".to_owned()),
        Just("\u{1b}[31m".to_owned()),
    ]
}

proptest! {
    #[test]
    fn an_excerpt_is_within_its_bounds(pieces in prop::collection::vec(piece(), 0..12), max_lines in 0..12_usize) {
        let log = pieces.concat();
        if let Some(found) = find(&log, max_lines) {
            prop_assert!(!found.lines.is_empty() && found.lines.len() <= max_lines);
            prop_assert!(found.lines.iter().all(|line| line.chars().count() <= LONGEST_LINE + 40));
            prop_assert!(found.lines.iter().all(|line| !line.contains(char::is_control)));
            prop_assert!(!found.lines[0].is_empty() && !found.lines[found.lines.len() - 1].is_empty());
        }
    }

    #[test]
    fn no_planted_secret_is_in_an_excerpt(
        before in prop::collection::vec(piece(), 0..6), after in prop::collection::vec(piece(), 0..6), max_lines in 1..12_usize,
        secret in prop_oneof![Just(format!("AKIA{}", "IOSFODNN7EXAMPLE")), "ghp_[A-Za-z0-9]{36}", Just("correct-horse-battery".to_owned())],
    ) {
        let secrets = Secrets::from_variables([("MY_TOKEN", "correct-horse-battery")]);
        let log = format!("{}{secret}{}", before.concat(), after.concat());
        if let Some(found) = LogExcerpt::find(log.split_inclusive('\n'), &COMMAND, &secrets, max_lines) {
            // A half of it would do harm, too.
            let half = &secret[..secret.len() - 6];
            prop_assert!(found.lines.iter().all(|line| !line.contains(half)), "{found:?}");
        }
    }
}
