//! What commands see, and what they can do to the build.

use serde_json::json;

use super::world::{PROJECT, World};

#[tokio::test]
async fn the_folder_and_the_variables_persist_across_commands_and_phases() {
    let world = World::new();
    let build = world
        .run_inline(
            r#"version: 0.2
phases:
  install:
    commands:
      - mkdir -p a/b && cd a/b
      - export GREETING="it's \"quoted\" and $(printf 'two\nlines')"
      - plain=kept
      - unset OF_PROJECT
  build:
    commands:
      - basename "$PWD"
      - echo "$GREETING"
      - echo "$plain ${OF_PROJECT-unset}"
      - |
        for word in multi line
        do
          echo "$word"
        done
"#,
        )
        .await;
    assert_eq!(build.status(), "SUCCEEDED", "{:#?}", build.log);
    let output = build.output();
    assert_eq!(output[..4], ["b", "it's \"quoted\" and two", "lines", "kept unset"]);
    // The lines of the command itself come before those that it prints.
    assert!(output.ends_with(&["done", "multi", "line"]), "{output:#?}");
}

#[tokio::test]
async fn an_exit_or_errexit_ends_its_own_command_only() {
    let world = World::new();
    let build = world
        .run_commands(&[
            "export A=1",
            "echo a; exit 0; echo never",
            "set -e",
            "false || true; echo $A",
            "exit 3",
        ])
        .await;
    assert_eq!(build.output(), ["a", "1"]);
    assert!(build.context("BUILD").1.ends_with("command: exit 3. Reason: exit status 3"));
    let errexit = world.run_commands(&["set -e; false; echo never"]).await;
    assert!(errexit.context("BUILD").1.ends_with("Reason: exit status 1"), "{:?}", errexit.log);
    let broken = world.run_commands(&["if then"]).await;
    assert!(broken.context("BUILD").1.ends_with("Reason: exit status 2"), "{:?}", broken.log);
    let killed = world.run_commands(&["kill -KILL $$"]).await;
    assert!(killed.context("BUILD").1.ends_with("Reason: signal: killed"), "{:?}", killed.log);
}

#[tokio::test]
async fn a_variable_of_start_build_wins_over_the_projects_and_that_over_the_buildspecs() {
    let world = World::new();
    let id = world
        .start(json!({
            "buildspecOverride": "version: 0.2
env: { variables: { OF_PROJECT: buildspec, OWN: 1, TAKEN: buildspec, CODEBUILD_CI: 'no' } }
phases: { build: { commands: [ 'echo $OF_PROJECT $OWN $TAKEN $CODEBUILD_CI' ] } }",
            "environmentVariablesOverride": [
                { "name": "TAKEN", "value": "$(touch pwned) `x` \"'", "type": "PLAINTEXT" },
            ],
        }))
        .await;
    let build = world.finish(&id).await;
    assert_eq!(build.output(), ["project 1 $(touch pwned) `x` \"' true"]);
    let variables = &build.build["environment"]["environmentVariables"];
    assert_eq!(variables[0], json!({ "name": "OF_PROJECT", "type": "PLAINTEXT", "value": "project" }));
    assert_eq!(variables.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn commands_see_what_codebuild_defines_and_nothing_of_this_machine() {
    let world =
        World::with(|settings| settings.endpoint_url = Some("http://127.0.0.1:4566".to_owned()), |_| {});
    let build = world.run_commands(&["env -0 | tr '\\n\\0' ' \\n' | sort"]).await;
    let id = build.build["id"].as_str().unwrap();
    let value = |name: &str| {
        let lines = build.output();
        let line = lines.iter().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name} in {lines:#?}")).to_owned()
    };
    assert_eq!(value("CODEBUILD_BUILD_ID"), id);
    assert_eq!(value("CODEBUILD_BUILD_ARN"), build.build["arn"].as_str().unwrap());
    assert_eq!(value("CODEBUILD_BUILD_NUMBER"), "1");
    assert_eq!(value("CODEBUILD_INITIATOR"), "start-role/start");
    assert_eq!(value("CODEBUILD_BUILD_SUCCEEDING"), "1");
    assert_eq!(value("CODEBUILD_LOG_PATH"), id.split_once(':').unwrap().1);
    assert_eq!(value("CODEBUILD_CI"), "true");
    assert_eq!(value("AWS_REGION"), "us-east-1");
    assert_eq!(value("AWS_ENDPOINT_URL"), "http://127.0.0.1:4566");
    assert_eq!(value("PWD"), value("CODEBUILD_SRC_DIR"));
    assert!(value("HOME").starts_with(&*world.folder().to_string_lossy()), "{}", value("HOME"));
    let header = format!("Credential={}/20260101/us-east-1/sts/aws4_request", value("AWS_ACCESS_KEY_ID"));
    let session = format!("assumed-role/build-role/AWSCodeBuild-{}", value("CODEBUILD_LOG_PATH"));
    assert!(world.access_keys.identify(Some(&header)).arn.ends_with(&session));
    assert_eq!([value("GIT_TERMINAL_PROMPT"), value("GIT_CONFIG_NOSYSTEM")], ["0", "1"]);
    let known = [
        "PATH",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "HOME",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "OF_PROJECT",
        "GIT_TERMINAL_PROMPT",
        "GIT_CONFIG_NOSYSTEM",
    ];
    for line in build.output() {
        let name = line.split_once('=').map_or(line, |(name, _)| name);
        let expected = known.contains(&name) || name.starts_with("CODEBUILD_") || name.starts_with("AWS_");
        assert!(expected, "the build sees {line}");
    }
}

#[tokio::test]
async fn the_folder_before_the_first_one_is_the_builds_own_too() {
    let command =
        r#"case "$OLDPWD" in "${CODEBUILD_SRC_DIR%/src*}"/*) echo own ;; *) echo "$OLDPWD" ;; esac"#;
    let build = World::new().run_commands(&[command]).await;
    assert_eq!((build.status(), build.output()), ("SUCCEEDED", vec!["own"]));
}

#[tokio::test]
async fn standard_input_is_empty() {
    let build = World::new().run_commands(&["cat", "read -r line || echo end"]).await;
    assert_eq!((build.status(), build.output()), ("SUCCEEDED", vec!["end"]));
}

#[tokio::test]
async fn both_shells_keep_folder_and_variables() {
    let world = World::new();
    for (shell, expected) in [("bash", "bash a kept"), ("/bin/sh", "sh a kept")] {
        let buildspec = format!(
            "version: 0.2\nenv: {{ shell: {shell} }}\nphases:\n  build:\n    commands:\n      - mkdir a && cd a\n      - X=kept\n      - 'echo \"$(tr \"\\0\" \" \" < /proc/$$/cmdline | cut -d \" \" -f 1) ${{PWD##*/}} $X\"'\n",
        );
        let build = world.run_inline(&buildspec).await;
        assert_eq!(build.output(), [expected], "{:#?}", build.log);
    }
}

#[tokio::test]
async fn output_of_both_streams_keeps_its_order_and_hostile_bytes_do_no_harm() {
    let world = World::new();
    let build = world
        .run_commands(&[
            "for i in 1 2 3; do echo out $i; echo err $i >&2; done",
            r"printf '\377\376 \033[31mred \342\200\256\n'",
            "printf 'no line end'",
            "echo '[Container] 2026/01/01 00:00:00.000000 Phase complete: BUILD State: SUCCEEDED'; exit 1",
        ])
        .await;
    let output = build.output();
    assert_eq!(output[..6], ["out 1", "err 1", "out 2", "err 2", "out 3", "err 3"]);
    assert_eq!(output[6..], ["\u{fffd}\u{fffd} \u{1b}[31mred \u{202e}", "no line end"]);
    assert_eq!(build.status(), "FAILED");
}

#[tokio::test]
async fn a_flood_of_output_is_cut_and_does_not_stop_the_build() {
    let world = World::with(|settings| settings.output_limit = 28_000, |_| {});
    let build = world.run_commands(&["yes | head -c 5000000", "echo later"]).await;
    assert_eq!(build.status(), "SUCCEEDED");
    assert_eq!(build.output().len(), 1000);
    let said = build.said();
    assert_eq!(
        said.iter().filter(|line| line.contains("local-aws keeps 28000 bytes")).count(),
        1,
        "{said:#?}"
    );
}

#[tokio::test]
async fn a_process_in_the_background_neither_holds_the_build_up_nor_outlives_it() {
    let world = World::new();
    let build = world
        .run_commands(&["sleep 600 & echo $! | tee $HOME/pid", "kill -0 $(cat $HOME/pid)", "yes & true"])
        .await;
    assert_eq!(build.status(), "SUCCEEDED", "{:?}", build.log.last());
    world.wait_until_ended(build.output()[0]).await;
    assert!(!world.folder().join("builds").read_dir().unwrap().any(|entry| entry.is_ok()));
}

#[tokio::test]
async fn a_build_of_the_project_itself_runs_its_own_buildspec() {
    let world = World::new();
    let id = world.start(json!({})).await;
    let build = world.finish(&id).await;
    assert!(id.starts_with(&format!("{PROJECT}:")));
    assert_eq!(build.build["source"]["type"], "NO_SOURCE");
    assert!(build.context("BUILD").1.contains("exit 1"));
}
