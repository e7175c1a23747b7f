//! What follows a phase, and what the API, the log and the events tell of it.

use serde_json::json;

use super::world::{PROJECT, World};

const BEFORE: [&str; 4] =
    ["SUBMITTED SUCCEEDED", "QUEUED SUCCEEDED", "PROVISIONING SUCCEEDED", "DOWNLOAD_SOURCE SUCCEEDED"];

fn after_source(phases: &[String]) -> Vec<&str> {
    assert_eq!(phases[..4], BEFORE);
    phases[4..].iter().map(String::as_str).collect()
}

#[tokio::test]
async fn a_build_that_succeeds_passes_all_phases() {
    let world = World::new();
    let build =
        world.run_inline("version: 0.2\nphases:\n  build:\n    commands:\n      - echo hello\n").await;
    assert_eq!(build.status(), "SUCCEEDED");
    let expected = [
        "INSTALL SUCCEEDED",
        "PRE_BUILD SUCCEEDED",
        "BUILD SUCCEEDED",
        "POST_BUILD SUCCEEDED",
        "UPLOAD_ARTIFACTS SUCCEEDED",
        "FINALIZING SUCCEEDED",
        "COMPLETED",
    ];
    assert_eq!(after_source(&build.phases()), expected);
    assert_eq!(build.output(), ["hello"]);
    assert_eq!(build.build["buildComplete"], true);
    assert_eq!(build.build["currentPhase"], "COMPLETED");
    assert_eq!(build.context("BUILD"), (String::new(), String::new()));
}

#[tokio::test]
async fn a_command_that_fails_ends_its_phase_and_its_log_says_so_in_codebuilds_words() {
    let world = World::new();
    let build = world.run_commands(&["echo before", "bash -c 'exit 3'", "echo never"]).await;
    assert_eq!(build.status(), "FAILED");
    let expected = [
        "INSTALL SUCCEEDED",
        "PRE_BUILD SUCCEEDED",
        "BUILD FAILED",
        "POST_BUILD SUCCEEDED",
        "UPLOAD_ARTIFACTS SUCCEEDED",
        "FINALIZING SUCCEEDED",
        "COMPLETED",
    ];
    assert_eq!(after_source(&build.phases()), expected);
    let message = "Error while executing command: bash -c 'exit 3'. Reason: exit status 3";
    assert_eq!(build.context("BUILD"), ("COMMAND_EXECUTION_ERROR".to_owned(), message.to_owned()));
    assert_eq!(build.output(), ["before"]);
    let said = build.said();
    let at = said.iter().position(|line| *line == "Entering phase BUILD").unwrap();
    let context = format!("Phase context status code: COMMAND_EXECUTION_ERROR Message: {message}");
    let expected = [
        "Running command echo before",
        "Running command bash -c 'exit 3'",
        "Command did not exit successfully bash -c 'exit 3' exit status 3",
        "Phase complete: BUILD State: FAILED",
        &context,
    ];
    assert_eq!(said[at + 1..at + 6], expected);
}

#[tokio::test]
async fn a_failed_install_or_pre_build_leads_straight_to_finalizing() {
    let world = World::new();
    for phase in ["install", "pre_build"] {
        let buildspec = format!("version: 0.2\nphases: {{ {phase}: {{ commands: [ 'false' ] }} }}");
        let build = world.run_inline(&buildspec).await;
        let phases = build.phases();
        let failed = format!("{} FAILED", phase.to_uppercase());
        assert_eq!(phases[phases.len() - 3..], [failed.as_str(), "FINALIZING SUCCEEDED", "COMPLETED"]);
        assert_eq!(build.status(), "FAILED");
    }
}

#[tokio::test]
async fn on_failure_continues_or_aborts() {
    let world = World::new();
    let go_on = world
        .run_inline(
            "version: 0.2\nphases:\n  install: { on-failure: CONTINUE, commands: [ 'false' ] }\n  build: { commands: [ echo built ] }\n",
        )
        .await;
    assert_eq!(go_on.output(), ["built"]);
    assert_eq!(go_on.status(), "FAILED");
    let abort = world
        .run_inline(
            "version: 0.2\nphases:\n  build: { on-failure: ABORT, commands: [ 'false' ] }\n  post_build: { commands: [ echo never ] }\n",
        )
        .await;
    assert!(abort.output().is_empty(), "{:?}", abort.log);
    let phases = after_source(&abort.phases()).join(", ");
    assert_eq!(
        phases,
        "INSTALL SUCCEEDED, PRE_BUILD SUCCEEDED, BUILD FAILED, FINALIZING SUCCEEDED, COMPLETED"
    );
}

#[tokio::test]
async fn finally_runs_after_a_failure_and_the_first_failure_is_the_phases() {
    let world = World::new();
    let build = world
        .run_inline(
            "version: 0.2
phases:
  build:
    commands: [ 'sh -c \"exit 4\"', echo never ]
    finally: [ 'echo succeeding=$CODEBUILD_BUILD_SUCCEEDING', 'sh -c \"exit 5\"', echo never ]
  post_build:
    commands: [ 'echo then=$CODEBUILD_BUILD_SUCCEEDING' ]
",
        )
        .await;
    assert_eq!(build.output(), ["succeeding=0", "then=0"]);
    assert!(build.context("BUILD").1.ends_with("exit status 4"), "{:?}", build.context("BUILD"));
    let good = world
        .run_inline("version: 0.2\nphases: { build: { commands: [ 'true' ], finally: [ 'echo finally' ] } }")
        .await;
    assert_eq!((good.status(), good.output()), ("SUCCEEDED", vec!["finally"]));
    let only_finally = world
        .run_inline("version: 0.2\nphases: { build: { commands: [ 'true' ], finally: [ 'false' ] } }")
        .await;
    assert_eq!(only_finally.status(), "FAILED");
}

#[tokio::test]
async fn a_broken_buildspec_fails_download_source_with_a_message_that_helps() {
    let world = World::new();
    let reports = |text: &str| format!("version: 0.2\nphases: {{ build: {{}} }}\nreports: {{ {text} }}\n");
    let cases = [
        ("version: 0.2\nphases:\n  bild:\n    commands: [ a ]\n", "Invalid buildspec phase name: BILD"),
        ("version: 0.2\nphases:\n  build:\n    command:\n      - a\n", "line 4"),
        ("version: 0.2\nphases:\n  build:\n    commands:\n      - echo: x\n", "line 5"),
        ("version: 0.2\nphases: { build: { commands: [ a }\n", "line 2"),
        ("version: 0.2\nversion: 0.2\nphases: {}\n", "version"),
        ("version: 0.3\nphases: {}\n", "version: 0.2"),
        ("phases:\n  build: {}\n", "version: 0.2"),
        ("version: 0.2\nenv: {}\n", "no phases"),
        ("version: 0.2\nbatch: { fast-fail: true }\nphases: { build: {} }\n", "does not model batch"),
        (
            "version: 0.2\nenv: { parameter-store: { A: /a } }\nphases: { build: {} }\n",
            "does not model env/parameter-store",
        ),
        ("version: 0.2\nenv: { variables: { A-B: c } }\nphases: { build: {} }\n", "A-B"),
        ("version: 0.2\nenv: { shell: fish }\nphases: { build: {} }\n", "env/shell fish"),
        ("version: 0.2\nphases:\n  build: { on-failure: RETRY-2 }\n", "RETRY-2"),
        ("version: 0.2\nphases:\n  build: { on-failure: IGNORE }\n", "ABORT, CONTINUE"),
        ("version: 0.2\nphases:\n  build: { runtime-versions: { rust: 1 } }\n", "only install"),
        (&reports("unit: { files: [] }"), "reports/unit/files"),
        (&reports("unit: { files: [ a ], file-format: TAP }"), "file-format is TAP"),
        (
            &reports("unit: { files: [ a ], file-format: jacocoxml }"),
            "does not model reports/unit/file-format JACOCOXML",
        ),
        (&reports("'arn:aws:codebuild:r:a:report-group/g': { files: [ a ] }"), "report group by its ARN"),
        (&reports("'unit/tests': { files: [ a ] }"), "letters, digits, - and _"),
        (
            &reports("unit: { files: [ a ], base-directory: 'x/*' }"),
            "wildcards in reports/unit/base-directory",
        ),
        (
            &reports(&(1..=6).map(|each| format!("r{each}: {{ files: [ a ] }}, ")).collect::<String>()),
            "a buildspec can have 5",
        ),
        ("version: 0.2\nphases: { build: {} }\nartifacts: {}\n", "artifacts has no files"),
        ("version: 0.2\nphases: { build: {} }\ncache: { paths: [] }\n", "cache/paths is empty"),
    ];
    for (buildspec, expected) in cases {
        let build = world.run_inline(buildspec).await;
        let (code, message) = build.context("DOWNLOAD_SOURCE");
        assert_eq!((build.status(), code.as_str()), ("FAILED", "YAML_FILE_ERROR"), "{buildspec}");
        assert!(message.contains(expected), "{buildspec}\nanswered: {message}");
        assert!(!message.contains('\n'), "{message}");
        let phases = build.phases();
        let end = ["DOWNLOAD_SOURCE FAILED", "FINALIZING SUCCEEDED", "COMPLETED"];
        assert_eq!(phases[phases.len() - 3..], end);
    }
}

#[tokio::test]
async fn what_is_valid_but_not_processed_is_named_in_the_log() {
    let world = World::new();
    let build = world
        .run_inline(
            "version: 0.2
phases:
  install: { runtime-versions: { nodejs: 20 } }
  build: { commands: [ 'true' ] }
artifacts: { files: [ '**/*' ], base-directory: dist }
cache: { paths: [ target/**/* ] }
",
        )
        .await;
    assert_eq!(build.status(), "SUCCEEDED");
    let said = build.said();
    for what in ["runtime-versions (nodejs 20)", "artifacts", "cache"] {
        let line = format!("local-aws does not process {what}");
        assert!(said.contains(&line.as_str()), "{line}: {said:#?}");
    }
}

#[tokio::test]
async fn the_events_are_shaped_like_captured_ones() {
    let world = World::new();
    let id = world
        .start(json!({
            "buildspecOverride": "version: 0.2\nphases: { build: { commands: [ 'exit 7' ] } }",
            "environmentVariablesOverride": [{ "name": "PULL_REQUEST_ID", "value": "42", "type": "PLAINTEXT" }],
        }))
        .await;
    let build = world.finish(&id).await;
    let events = world.events.lock().unwrap().clone();
    let [first, last] = &events[..] else { panic!("{} events", events.len()) };
    for event in [first, last] {
        assert_eq!(event.detail_type, "CodeBuild Build State Change");
        assert_eq!(event.resources, [build.build["arn"].as_str().unwrap()]);
        assert_eq!(event.detail["build-id"], build.build["arn"]);
        assert_eq!(event.detail["project-name"], PROJECT);
        assert_eq!(event.detail["version"], "1");
        let variables = &event.detail["additional-information"]["environment"]["environment-variables"];
        let own = json!({ "name": "PULL_REQUEST_ID", "type": "PLAINTEXT", "value": "42" });
        assert_eq!(variables[1], own);
    }
    let information = &first.detail["additional-information"];
    assert_eq!(first.detail["build-status"], "IN_PROGRESS");
    assert_eq!(first.detail["current-phase"], "SUBMITTED");
    assert_eq!(first.detail["current-phase-context"], "[]");
    assert!(information.get("phases").is_none() && information.get("build-number").is_none());
    let link =
        "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEvent:group=null;stream=null";
    assert_eq!(information["logs"], json!({ "deep-link": link }));
    assert_eq!(information["timeout-in-minutes"].to_string(), "60.0");
    assert_eq!(information["initiator"], "start-role/start");

    let information = &last.detail["additional-information"];
    assert_eq!(last.detail["build-status"], "FAILED");
    assert_eq!(last.detail["current-phase"], "COMPLETED");
    assert_eq!(last.detail["current-phase-context"], "[: ]");
    assert_eq!(information["build-number"].to_string(), "1.0");
    assert_eq!(information["build-complete"], true);
    assert_eq!(information["logs"]["group-name"], "builds");
    let phases = information["phases"].as_array().unwrap();
    assert_eq!(phases[0]["phase-context"], json!([]));
    assert_eq!(phases[2]["phase-context"], json!([": "]));
    let context = "COMMAND_EXECUTION_ERROR: Error while executing command: exit 7. Reason: exit status 7";
    assert_eq!(phases[6]["phase-context"], json!([context]));
    let completed = phases.last().unwrap().as_object().unwrap();
    assert_eq!(completed.keys().collect::<Vec<_>>(), ["phase-type", "start-time"]);
}
