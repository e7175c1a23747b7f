//! Comments on builds with a log, reports, earlier runs and runs to compare with.

use std::time::Duration;

use super::*;
use crate::build::Phase;
use crate::examples::{a_build_of, a_phase, a_report};
use crate::reports::{Coverage, Covered, FailingTest, MissingReport, ReportContent, TestResults};

fn test(suite: &str, name: &str, message: &str) -> FailingTest {
    FailingTest {
        suite: suite.to_owned(),
        prefix: suite.to_owned(),
        name: name.to_owned(),
        errored: false,
        message: message.to_owned(),
    }
}

fn results(passed: u64, skipped: u64, failing: Vec<FailingTest>) -> ReportContent {
    let errored = failing.iter().filter(|test| test.errored).count() as u64;
    ReportContent::Tests(TestResults {
        passed,
        skipped,
        errored,
        failed: failing.len() as u64 - errored,
        duration: Some(Duration::from_secs(12)),
        failing,
        ..TestResults::default()
    })
}

fn coverage(lines: u64, branches: u64) -> Report {
    let covered = |covered| Covered { covered, missed: 1_000 - covered };
    let coverage = Coverage { lines: covered(lines), branches: covered(branches) };
    a_report("pull-request-hook-coverage", ReportContent::Coverage(coverage))
}

fn make_test_failed() -> Build {
    failed(83, "BUILD", COMMAND_ERROR, "Error while executing command: make test. Reason: exit status 2")
}

fn succeeded() -> Build {
    Build { phases: Vec::new(), ..an_ended_build(BuildStatus::Succeeded, 125, "BUILD", "", "") }
}

/// Build 11, of another commit of the pull request.
fn previous_build() -> Build {
    let mut build = Build { number: Some(11), ..a_build_of("0a1b2c3d-0000-4000-8000-000000000011", 0) };
    build.pull_request.source_commit = SourceCommit::parse(&"c".repeat(40)).unwrap();
    build
}

fn unit(content: ReportContent) -> Report {
    a_report("pull-request-hook-unit", content)
}

fn failing_tests() -> Vec<FailingTest> {
    vec![
        test(
            "tests.test_login",
            "test_a_wrong_password_is_refused",
            "AssertionError: assert 200 == 401\n  where 200 = <Response 200 OK>.status_code\n\ntests/test_login.py:31: AssertionError",
        ),
        test("tests.test_login", "test_logout", "KeyError: 'session'"),
        FailingTest {
            errored: true,
            ..test("tests.test_billing", "test_refund", "ConnectionError: database is not there")
        },
        test("tests.test_billing", "test_rounding", ""),
    ]
}

fn log(lines: &[&str], lines_before: usize, lines_after: usize) -> Option<LogExcerpt> {
    Some(LogExcerpt {
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        lines_before,
        lines_after,
    })
}

message!(tests_failed, {
    let before = vec![
        test("tests.test_billing", "test_rounding", ""),
        test("tests.test_export", "test_empty_export", "x"),
        test("tests.test_export", "test_large_export", "y"),
    ];
    Facts {
        reports: vec![unit(results(120, 2, failing_tests())), coverage(812, 700)],
        previous: Some((previous_build(), vec![unit(results(121, 2, before)), coverage(808, 711)])),
        log: log(&["pytest", "E   assert 200 == 401", "4 failed, 120 passed, 2 skipped"], 0, 0),
        ..Facts::from(make_test_failed())
    }
});
message!(tests_failed_in_the_first_run, {
    Facts { reports: vec![unit(results(120, 2, failing_tests()))], ..Facts::from(make_test_failed()) }
});
message!(tests_passed, {
    Facts {
        reports: vec![unit(results(124, 2, Vec::new())), coverage(812, 700)],
        previous: Some((previous_build(), vec![unit(results(124, 2, Vec::new())), coverage(812, 700)])),
        ..Facts::from(succeeded())
    }
});
message!(tests_fixed, {
    Facts {
        reports: vec![unit(results(124, 2, Vec::new()))],
        previous: Some((previous_build(), vec![unit(results(120, 2, failing_tests()))])),
        ..Facts::from(succeeded())
    }
});
message!(tests_of_several_reports, {
    let api = a_report("pull-request-hook-api", results(9, 0, vec![test("", "GET /login", "HTTP 500")]));
    Facts { reports: vec![unit(results(120, 2, Vec::new())), api], ..Facts::from(make_test_failed()) }
});
message!(more_tests_failed_than_there_is_room_for, {
    let failing = (1..=500).map(|number| {
        test("many", &format!("test_{number}_{}", "x".repeat(300)), &"expected 1, got 2\n".repeat(200))
    });
    let counted = TestResults { failed: 10_000, failing: failing.collect(), ..TestResults::default() };
    let before = results(120, 0, vec![test("many", "test_of_old", "")]);
    Facts {
        reports: vec![unit(ReportContent::Tests(counted))],
        previous: Some((previous_build(), vec![unit(before)])),
        log: log(&["0123456789 ".repeat(30).as_str(); 40], 100, 2_000),
        ..Facts::from(make_test_failed())
    }
});
message!(reports_missing, {
    let missing =
        |name: &str, why| a_report(&format!("pull-request-hook-{name}"), ReportContent::Missing(why));
    Facts {
        reports: vec![
            missing("unit", MissingReport::Generating),
            missing("api", MissingReport::InState("INCOMPLETE".to_owned())),
        ],
        ..Facts::from(succeeded())
    }
});
message!(earlier_reports_gone, {
    Facts {
        reports: vec![unit(results(120, 2, failing_tests()[..1].to_vec()))],
        previous: Some((previous_build(), vec![unit(ReportContent::Missing(MissingReport::Gone))])),
        ..Facts::from(make_test_failed())
    }
});
message!(log_excerpt, {
    let lines = [
        "   Compiling payments v0.1.0 (/codebuild/output/src1/src)",
        "error[E0308]: mismatched types",
        " --> src/login.rs:31:9",
        "  |",
        "31|         \"401\"",
        "  |         ^^^^^ expected `u16`, found `&str`",
    ];
    Facts { log: log(&lines, 1_204, 17), ..Facts::from(make_test_failed()) }
});
message!(log_excerpt_too_long, {
    let lines: Vec<String> = (1..=40).map(|number| format!("line {number} {}", "ä".repeat(290))).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    Facts { log: log(&lines, 1_000, 2_000), ..Facts::from(make_test_failed()) }
});

fn newer_commit() -> Option<SourceCommit> {
    Some(SourceCommit::parse(&"d".repeat(40)).unwrap())
}

message!(superseded_while_it_runs, Facts { superseded_by: newer_commit(), ..Facts::from(a_build()) });
message!(superseded_and_failed, Facts { superseded_by: newer_commit(), ..Facts::from(make_test_failed()) });
message!(superseded_and_stopped, {
    let stopped = an_ended_build(BuildStatus::Stopped, 61, "BUILD", "", "");
    Facts { superseded_by: newer_commit(), ..Facts::from(stopped) }
});
message!(superseded_before_its_source, {
    let lost = failed(20, "DOWNLOAD_SOURCE", "CLIENT_ERROR", "reference is not a tree");
    let source_loss = Some(SourceLoss::Superseded);
    Facts { superseded_by: newer_commit(), source_loss, ..Facts::from(lost) }
});

/// Runs of the commit before build 12, the newest first.
fn earlier_runs(count: usize) -> Vec<Build> {
    let statuses = [BuildStatus::Failed, BuildStatus::Stopped, BuildStatus::Fault, BuildStatus::TimedOut];
    let runs = statuses.iter().cycle().take(count).enumerate().map(|(index, status)| {
        let seconds = 60 + index as u64;
        let ended = an_ended_build(status.clone(), 0, "BUILD", "", "");
        Build {
            number: Some(11 - index as i64),
            arn: a_build_of(&format!("{index}a1b2c3d"), 0).arn,
            start_time: Some(at(10_000) - Duration::from_secs(index as u64 * 100)),
            end_time: Some(at(10_000 + seconds) - Duration::from_secs(index as u64 * 100)),
            ..ended
        }
    });
    runs.collect()
}

fn third_run() -> Build {
    Build { start_time: Some(at(20_000)), end_time: Some(at(20_125)), ..succeeded() }
}

message!(run_again, Facts { earlier: earlier_runs(2), ..Facts::from(third_run()) });
message!(run_again_and_not_over, {
    let running = Build { start_time: Some(at(20_000)), ..a_build() };
    Facts { earlier: earlier_runs(1), ..Facts::from(running) }
});
message!(run_again_many_times, Facts { earlier: earlier_runs(8), ..Facts::from(third_run()) });

fn phase(name: &str, start: u64, end: u64) -> Phase {
    Phase { start_time: Some(at(start)), end_time: Some(at(end)), ..a_phase(name, BuildStatus::Succeeded) }
}

message!(queued_long, {
    let phases = vec![
        phase("QUEUED", 0, 185),
        phase("PROVISIONING", 185, 205),
        phase("DOWNLOAD_SOURCE", 205, 275),
        phase("INSTALL", 275, 575),
        phase("BUILD", 575, 1_000),
    ];
    Facts::from(Build { phases, end_time: Some(at(1_000)), ..succeeded() })
});

#[test]
fn the_previous_run_is_named_without_its_commit_if_that_is_the_same() {
    let facts = Facts {
        reports: vec![unit(results(124, 2, Vec::new()))],
        previous: Some((
            Build { pull_request: a_build().pull_request, ..previous_build() },
            vec![unit(results(120, 2, failing_tests()))],
        )),
        ..Facts::from(succeeded())
    };
    assert!(facts.text().contains(": 4 fixed."));
    assert!(!facts.text().contains(" of [`aaaaaaaa`]"));
}
