//! What becomes of the files that a build reports.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{Finished, PROJECT, World};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

const JUNIT: &str = r#"<testsuites>
  <testsuite name="payments">
    <testcase name="tests::rounds" classname="payments" time="0.25"/>
    <testcase name="tests::adds" classname="payments" time="0.5">
      <failure message="assertion failed">thread 'tests::adds' panicked</failure>
    </testcase>
    <testcase name="tests::slow" classname="payments"><skipped/></testcase>
  </testsuite>
</testsuites>"#;

const COBERTURA: &str = r#"<coverage><sources><source>.</source></sources><packages><package name="p"><classes>
  <class name="a" filename="src/a.rs"><lines>
    <line number="1" hits="1"/><line number="2" hits="0" branch="true" condition-coverage="50% (1/2)"/>
  </lines></class>
  <class name="b" filename="./src/b.rs"><lines><line number="1" hits="7"/></lines></class>
</classes></package></packages></coverage>"#;

/// A world in which a report is generated for an hour.
pub(super) fn slow_world() -> World {
    World::with(|settings| settings.report_generation = HOUR, |_| {})
}

/// Runs a build that writes these files and then runs a command, with this `reports` in its buildspec.
pub(super) async fn run(world: &World, files: &[(&str, &str)], command: &str, reports: Value) -> Finished {
    let write = |(file, text): &(&str, &str)| {
        format!("mkdir -p \"$(dirname '{file}')\" && cat > '{file}' <<'END'\n{text}\nEND")
    };
    let mut commands: Vec<_> = files.iter().map(write).collect();
    commands.push(command.to_owned());
    let buildspec = json!({
        "version": "0.2", "phases": { "build": { "commands": commands } }, "reports": reports,
    });
    world.run_inline(&buildspec.to_string()).await
}

pub(super) async fn run_tests(world: &World, junit: &str) -> Finished {
    run(world, &[("junit.xml", junit)], "true", json!({ "tests": { "files": ["junit.xml"] } })).await
}

/// The one report of a build, as BatchGetReports answers it.
pub(super) async fn report(world: &World, build: &Finished) -> Value {
    let arns = build.build["reportArns"].as_array().unwrap();
    assert_eq!(arns.len(), 1, "{:#?}", build.log);
    let answer = world.call("BatchGetReports", json!({ "reportArns": arns })).await.unwrap();
    assert_eq!(answer["reportsNotFound"], json!([]));
    answer["reports"][0].clone()
}

#[tokio::test]
async fn junit_becomes_a_test_report_after_a_while() {
    let world = slow_world();
    let build = run_tests(&world, JUNIT).await;
    assert_eq!(build.status(), "SUCCEEDED", "{:#?}", build.log);
    let generating = report(&world, &build).await;
    let group = format!("arn:aws:codebuild:us-east-1:123456789012:report-group/{PROJECT}-tests");
    let prefix = format!("arn:aws:codebuild:us-east-1:123456789012:report/{PROJECT}-tests:");
    let arn = generating["arn"].as_str().unwrap();
    assert_eq!(arn.strip_prefix(&prefix).map(str::len), Some(36), "{arn}");
    assert_eq!(generating["status"], "GENERATING");
    assert_eq!(generating["reportGroupArn"], group);
    assert_eq!(generating["executionId"], build.build["arn"]);
    assert!(generating.get("testSummary").is_none());
    let cases = world.call("DescribeTestCases", json!({ "reportArn": arn })).await.unwrap();
    assert_eq!(cases, json!({ "testCases": [] }));
    assert!(world.activity.is_idle(), "a report that waits for the clock is not under way");

    world.clock.advance(HOUR);
    let generated = report(&world, &build).await;
    assert_eq!((&generated["status"], &generated["type"]), (&json!("FAILED"), &json!("TEST")));
    assert_eq!(generated["truncated"], false);
    let summary = json!({
        "total": 3,
        "statusCounts": { "SUCCEEDED": 1, "FAILED": 1, "ERROR": 0, "SKIPPED": 1, "UNKNOWN": 0 },
        "durationInNanoSeconds": 750_000_000,
    });
    assert_eq!(generated["testSummary"], summary);
    let cases = world.call("DescribeTestCases", json!({ "reportArn": arn })).await.unwrap();
    let first = json!({
        "reportArn": arn,
        "testRawDataPath": "junit.xml",
        "testSuiteName": "payments",
        "prefix": "payments",
        "name": "tests::adds",
        "status": "FAILED",
        "durationInNanoSeconds": 500_000_000,
        "message": "assertion failed\nthread 'tests::adds' panicked",
        "expired": generated["expired"],
    });
    assert_eq!(cases["testCases"][0], first);
    assert_eq!(cases["testCases"].as_array().unwrap().len(), 3);

    let groups =
        world.call("BatchGetReportGroups", json!({ "reportGroupArns": [group, arn] })).await.unwrap();
    assert_eq!(groups["reportGroupsNotFound"], json!([arn]));
    let group = &groups["reportGroups"][0];
    assert_eq!((&group["name"], &group["type"]), (&generated["name"], &json!("TEST")));
}

#[tokio::test]
async fn cobertura_becomes_a_coverage_report() {
    let world = slow_world();
    let files = [("target/cobertura.xml", COBERTURA), ("src/b.rs", "fn b() {}")];
    let reports = json!({
        "coverage": { "files": ["**/*.xml"], "base-directory": "target", "file-format": "CoberturaXml" },
    });
    let build = run(&world, &files, "true", reports).await;
    assert_eq!(build.status(), "SUCCEEDED", "{:#?}", build.log);
    assert_eq!(report(&world, &build).await["status"], "GENERATING");
    world.clock.advance(HOUR);
    let report = report(&world, &build).await;
    assert_eq!((&report["status"], &report["type"]), (&json!("SUCCEEDED"), &json!("CODE_COVERAGE")));
    let summary = json!({
        "lineCoveragePercentage": 66.66, "linesCovered": 2, "linesMissed": 1,
        "branchCoveragePercentage": 50.0, "branchesCovered": 1, "branchesMissed": 1,
    });
    assert_eq!(report["codeCoverageSummary"], summary);
    assert!(report.get("testSummary").is_none());
    let list = async |mut input: Value| {
        input["reportArn"] = report["arn"].clone();
        let answer = world.call("DescribeCodeCoverages", input).await.unwrap();
        let files = answer["codeCoverages"].as_array().unwrap().iter();
        files.map(|file| file["filePath"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (a, b) = ("src/a.rs", "src/b.rs");
    assert_eq!(list(json!({})).await, [a, b]);
    assert_eq!(list(json!({ "sortOrder": "DESCENDING" })).await, [b, a]);
    let worst_last = json!({ "sortBy": "LINE_COVERAGE_PERCENTAGE", "sortOrder": "DESCENDING" });
    assert_eq!(list(worst_last).await, [b, a]);
    assert_eq!(list(json!({ "minLineCoveragePercentage": 50.1 })).await, [b]);
    assert_eq!(list(json!({ "maxLineCoveragePercentage": 50.0 })).await, [a]);
    assert_eq!(list(json!({ "maxResults": 1 })).await, [a]);
}

#[tokio::test]
async fn a_failed_build_has_reports_and_one_that_was_aborted_or_stopped_has_none() {
    let world = World::new();
    let reports = json!({ "tests": { "files": ["junit.xml"] } });
    let failed = run(&world, &[("junit.xml", JUNIT)], "exit 1", reports).await;
    assert_eq!(failed.status(), "FAILED");
    assert!(failed.phases().contains(&"UPLOAD_ARTIFACTS SUCCEEDED".to_owned()), "{:?}", failed.phases());
    assert_eq!(report(&world, &failed).await["type"], "TEST");

    let buildspec = json!({
        "version": "0.2",
        "phases": { "build": { "on-failure": "ABORT", "commands": ["touch junit.xml", "exit 1"] } },
        "reports": { "tests": { "files": ["junit.xml"] } },
    });
    assert_eq!(world.run_inline(&buildspec.to_string()).await.build["reportArns"], json!([]));

    let buildspec = json!({
        "version": "0.2",
        "phases": { "build": { "commands": ["touch junit.xml", "echo ready", "sleep 600"] } },
        "reports": { "tests": { "files": ["junit.xml"] } },
    });
    let id = world.start_inline(&buildspec.to_string()).await;
    world.wait_for_log(&id, "ready").await;
    world.call("StopBuild", json!({ "id": id })).await.unwrap();
    assert_eq!(world.finish(&id).await.build["reportArns"], json!([]));
}

#[tokio::test]
async fn a_report_without_files_is_incomplete_and_fails_the_phase_but_not_the_others() {
    let world = World::with(|settings| settings.report_generation = Duration::ZERO, |_| {});
    let reports = json!({
        "a-lost": { "files": ["missing.xml", "*.yaml"] },
        "b-nowhere": { "files": ["*"], "base-directory": "no/such" },
        "c-tests": { "files": ["junit.xml"] },
    });
    let build = run(&world, &[("junit.xml", JUNIT)], "true", reports).await;
    assert_eq!(build.status(), "FAILED");
    let context = ("CLIENT_ERROR".to_owned(), "no matching report paths found".to_owned());
    assert_eq!(build.context("UPLOAD_ARTIFACTS"), context);
    let input = json!({ "reportArns": build.build["reportArns"] });
    let answer = world.call("BatchGetReports", input).await.unwrap();
    let statuses: Vec<_> = answer["reports"].as_array().unwrap().iter().map(|each| &each["status"]).collect();
    assert_eq!(statuses, ["INCOMPLETE", "INCOMPLETE", "FAILED"]);
    let said = build.said();
    for line in [
        "Expanding base directory path: .",
        "Expanding file paths for base directory .",
        "Expanding missing.xml",
        "Skipping invalid file path missing.xml",
        "no matching base directory path found for no/such",
        "Found 1 file(s)",
    ] {
        assert!(said.contains(&line), "{line}: {said:#?}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_read_make_a_failed_report_and_say_why_in_the_log() {
    let cases = [
        ("{}", "junit.xml: it has text outside of its elements (line 2)"),
        ("<testsuites/>", "the files have no test cases"),
        ("<testsuite><testcase", "junit.xml: syntax error"),
        ("<html/>", "junit.xml: its root element is <html>; JUnit's is <testsuites> or <testsuite>"),
    ];
    let world = World::with(|settings| settings.report_generation = Duration::ZERO, |_| {});
    for (junit, problem) in cases {
        let build = run_tests(&world, junit).await;
        assert_eq!(build.status(), "SUCCEEDED");
        assert_eq!(report(&world, &build).await["status"], "FAILED");
        let line = format!("Failed to process report file {problem}");
        assert!(build.said().iter().any(|said| said.starts_with(&line)), "{line}: {:#?}", build.said());
    }
}

#[tokio::test]
async fn one_unreadable_file_does_not_hide_the_tests_of_the_others() {
    let world = World::with(|settings| settings.report_generation = Duration::ZERO, |_| {});
    let good = "<testsuite><testcase name='a'/></testsuite>";
    let files = [("out/deep/good.xml", good), ("out/bad.xml", "<")];
    let reports = json!({
        "tests": { "files": ["**/*"], "base-directory": "out", "discard-paths": true },
    });
    let build = run(&world, &files, "true", reports).await;
    let report = report(&world, &build).await;
    assert_eq!((&report["status"], &report["testSummary"]["total"]), (&json!("FAILED"), &json!(1)));
    let cases = world.call("DescribeTestCases", json!({ "reportArn": report["arn"] })).await.unwrap();
    assert_eq!(cases["testCases"][0]["testRawDataPath"], "good.xml");
    assert!(cases["testCases"][0].get("testSuiteName").is_none());
}

#[tokio::test]
async fn a_report_keeps_500_cases_with_the_failed_ones_and_5000_characters_of_a_message() {
    let world = World::with(|settings| settings.report_generation = Duration::ZERO, |_| {});
    let message = "é".repeat(5_001);
    let mut junit: String = (0..500).map(|each| format!("<testcase name='good {each}'/>")).collect();
    junit += &format!("<testcase name='bad'><failure message='{message}'/></testcase>");
    junit += "<testcase name='broken'><error/></testcase>";
    let build = run_tests(&world, &format!("<testsuite>{junit}</testsuite>")).await;
    let report = report(&world, &build).await;
    assert_eq!(report["truncated"], true);
    assert_eq!(report["testSummary"]["total"], 502);
    assert_eq!(report["testSummary"]["statusCounts"]["SUCCEEDED"], 500);
    let (mut names, mut token, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let input = json!({ "reportArn": report["arn"], "nextToken": token });
        let answer = world.call("DescribeTestCases", input).await.unwrap();
        let cases = answer["testCases"].as_array().unwrap();
        names.extend(cases.iter().map(|case| case["name"].as_str().unwrap().to_owned()));
        if pages == 0 {
            assert_eq!(cases[0]["message"], "é".repeat(5_000));
        }
        pages += 1;
        match answer.get("nextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    assert_eq!((pages, names.len()), (5, 500));
    assert_eq!(names[..3], ["bad", "broken", "good 0"]);
    assert_eq!(names.last().unwrap(), "good 497");
}

#[tokio::test]
async fn a_report_is_there_for_30_days() {
    let world = slow_world();
    let build = run_tests(&world, JUNIT).await;
    let arns = &build.build["reportArns"];
    let found = async || {
        let answer = world.call("BatchGetReports", json!({ "reportArns": arns })).await.unwrap();
        answer["reports"].as_array().unwrap().len()
    };
    world.clock.advance(30 * DAY - HOUR);
    assert_eq!(found().await, 1);
    world.clock.advance(HOUR);
    assert_eq!(found().await, 0);
    let error = world.call("DescribeTestCases", json!({ "reportArn": arns[0] })).await.unwrap_err();
    assert_eq!(error.code, "ResourceNotFoundException");
    assert_eq!(world.call("ListReports", json!({})).await.unwrap(), json!({ "reports": [] }));
    let groups = world.call("ListReportGroups", json!({})).await.unwrap();
    assert_eq!(groups["reportGroups"].as_array().unwrap().len(), 1, "a group stays");
}

#[tokio::test]
async fn without_a_permission_of_its_role_a_build_fails_and_has_no_results() {
    let coverage = json!({ "coverage": { "files": ["c.xml"], "file-format": "COBERTURAXML" } });
    let tests = json!({ "tests": { "files": ["junit.xml"] } });
    let files = [("junit.xml", JUNIT), ("c.xml", COBERTURA)];
    for (action, reports, has_report) in [
        ("codebuild:CreateReportGroup", &tests, false),
        ("codebuild:CreateReport", &tests, false),
        ("codebuild:UpdateReport", &tests, true),
        ("codebuild:BatchPutTestCases", &tests, true),
        ("codebuild:BatchPutCodeCoverages", &coverage, true),
    ] {
        let world = World::denying(action);
        let build = run(&world, &files, "true", reports.clone()).await;
        let (code, message) = build.context("UPLOAD_ARTIFACTS");
        assert_eq!((build.status(), code.as_str()), ("FAILED", "CLIENT_ERROR"), "{action}");
        assert!(message.starts_with("AccessDeniedException: User: arn:aws:sts:"), "{message}");
        assert!(
            message.contains(&format!("is not authorized to perform: {action} on resource:")),
            "{message}"
        );
        assert!(build.said().contains(&message.as_str()), "{:#?}", build.said());
        if has_report {
            assert_eq!(report(&world, &build).await["status"], "INCOMPLETE", "{action}");
        } else {
            assert_eq!(build.build["reportArns"], json!([]), "{action}");
        }
    }
    let world = World::denying("codebuild:BatchPutCodeCoverages");
    assert_eq!(run(&world, &files, "true", tests).await.status(), "SUCCEEDED");
}

#[tokio::test]
async fn a_group_of_tests_takes_no_coverage() {
    let world = World::new();
    run_tests(&world, JUNIT).await;
    let reports = json!({ "tests": { "files": ["c.xml"], "file-format": "COBERTURAXML" } });
    let build = run(&world, &[("c.xml", COBERTURA)], "true", reports).await;
    let message = format!("Report group {PROJECT}-tests is of type TEST, not CODE_COVERAGE");
    assert_eq!(build.context("UPLOAD_ARTIFACTS"), ("CLIENT_ERROR".to_owned(), message));
}
