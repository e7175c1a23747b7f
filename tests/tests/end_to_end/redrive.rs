//! What a person sees of the failure queue and does about it, with the program behind `cargo xtask redrive`.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use end_to_end_tests::{
    HOOK, PASSING, World, WorldOptions, binaries, hook_template, logical_id, run_test, run_test_with,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Far above what is needed.
const LIMIT: Duration = Duration::from_secs(90);

#[derive(Debug)]
struct Exit {
    code: Option<i32>,
    output: String,
    errors: String,
}

/// The program as the person starts it who has pasted what local-aws prints.
fn start(url: &str, region: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(binaries().join("redrive"));
    command.args(arguments).env_clear().kill_on_drop(true);
    command.env("AWS_ENDPOINT_URL", url).env("AWS_REGION", region);
    command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn wait_for_exit(child: Child) -> Exit {
    let ended = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
    let output = ended.expect("the program ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Exit { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
}

async fn redrive(world: &World, arguments: &[&str]) -> Exit {
    wait_for_exit(start(world.aws.url(), &world.aws.account.region, arguments)).await
}

/// The ids in the failure queue, oldest first.
fn ids(world: &World) -> Vec<String> {
    let queue = &world.aws.deployment.queues[0].arn;
    world.aws.sqs.messages(queue).into_iter().map(|message| message.id).collect()
}

fn send(world: &World, body: &str) {
    world.aws.sqs.send(&world.aws.deployment.queues[0].arn, body.to_owned(), BTreeMap::new()).unwrap();
}

fn assert_says(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "no {expected:?} in:\n{text}");
    }
}

/// A world in which a bash script with these lines runs in the place of start-build.
fn with_start_build(folder: &Path, script: &str) -> WorldOptions {
    let program: PathBuf = folder.join("start-build");
    std::fs::write(&program, format!("#!/usr/bin/env bash\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    WorldOptions {
        executables: BTreeMap::from([(logical_id("start-build"), program)]),
        ..WorldOptions::default()
    }
}

/// A world in which the rule for pull requests may not invoke start-build.
fn without_the_permission_of_the_rule() -> WorldOptions {
    let mut template: Value = serde_json::from_str(&hook_template(HOOK)).unwrap();
    template["Resources"].as_object_mut().unwrap().retain(|_, resource| {
        resource["Type"] != "AWS::Lambda::Permission" || !resource.to_string().contains("StartBuildFunction")
    });
    WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() }
}

#[tokio::test]
async fn an_event_waits_in_the_queue_until_its_cause_is_gone_and_then_starts_its_build() {
    let folder = tempfile::tempdir().unwrap();
    let mended = folder.path().join("mended");
    let start_build = binaries().join("start-build");
    let script = format!("[ -e '{}' ] || exit 9\nexec '{}'", mended.display(), start_build.display());
    run_test_with(with_start_build(folder.path(), &script), async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.exhaust_retries().await;
        let [id] = ids(world).try_into().unwrap();

        let list = redrive(world, &[]).await;
        assert_eq!((list.code, list.errors.as_str()), (Some(0), ""));
        let function = &world.function("start-build").name;
        let commit = &pull_request.source_commit[..8];
        let what =
            format!("{function} failed on pull request 1 of payments (pullRequestCreated, commit {commit})");
        let shown =
            ["One message is in the failure queue ", &id[..8], &what, "after 3 tries.", "Runtime.ExitError"];
        assert_says(&list.output, &shown);
        assert!(!list.output.contains('\u{1b}'), "there is no terminal to color: {}", list.output);

        let early = redrive(world, &["--message", &id[..6]]).await;
        assert_eq!(early.code, Some(1), "{early:?}");
        assert_says(&early.output, &["failed again. Runtime.ExitError", "0 handed back; 1 failed"]);
        assert_eq!(ids(world), [id]);

        std::fs::write(&mended, "").unwrap();
        let done = redrive(world, &["--all"]).await;
        assert_eq!((done.code, done.errors.as_str()), (Some(0), ""), "{}", done.output);
        assert_says(&done.output, &["\"decision\":\"buildStarted\"", "1 handed back; 0 failed"]);
        assert!(ids(world).is_empty());
        let comment = world.settle_with_one_comment(&pull_request).await;
        assert!(comment.text.contains("Build succeeded"), "{}", comment.text);

        let empty = redrive(world, &["--all"]).await;
        assert_eq!((empty.code, empty.errors.as_str()), (Some(0), ""));
        assert_says(&empty.output, &["There is nothing to hand back in the failure queue "]);
    })
    .await;
}

#[tokio::test]
async fn what_works_leaves_the_queue_and_what_does_not_stays() {
    run_test_with(without_the_permission_of_the_rule(), async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        // The other rule delivers, and its function cannot read this.
        let mut malformed = world.created_event();
        malformed.source = "aws.codebuild".to_owned();
        malformed.detail_type = "CodeBuild Build State Change".to_owned();
        malformed.detail = json!({
            "project-name": HOOK,
            "build-status": "FAILED",
            "build-id": "no ARN \u{1b}[2J\u{202e}",
        });
        world.aws.eventbridge.put(&malformed);
        for minutes in [1, 2] {
            world.settle().await;
            world.aws.clock.advance(Duration::from_secs(minutes * 60));
        }
        world.settle().await;
        send(world, "somebody tried something");

        let list = redrive(world, &[]).await;
        assert_eq!((list.code, list.errors.as_str()), (Some(0), ""));
        let rule = "The rule local-HookPullRequestRule";
        let publish =
            format!("{} failed on build no ARN [2J (FAILED)", world.function("publish-build-result").name);
        let shown = [
            "3 messages are in",
            rule,
            "NO_PERMISSIONS: ",
            "deploy the hook again",
            &publish,
            "InvalidEvent: ",
        ];
        assert_says(&list.output, &shown);
        assert_says(&list.output, &["neither an event nor", "It begins: somebody tried something"]);
        assert!(!list.output.contains(['\u{1b}', '\u{202e}']), "{:?}", list.output);

        let [works, fails, neither] = ids(world).try_into().unwrap();
        let done = redrive(world, &["--all"]).await;
        assert_eq!((done.code, done.errors.as_str()), (Some(1), ""), "{}", done.output);
        assert_says(&done.output, &[&works[..8], "handed back: pull request 1 of payments", "buildStarted"]);
        assert_says(&done.output, &["failed again. InvalidEvent", "1 handed back; 2 failed"]);
        assert_eq!(ids(world), [fails, neither]);
        world.settle_with_one_comment(&pull_request).await;
        assert_says(&redrive(world, &[]).await.output, &["2 messages are in the failure queue "]);
    })
    .await;
}

#[tokio::test]
async fn every_message_is_listed_once_and_can_be_seen_again() {
    run_test(async |world| {
        for number in 0..25 {
            send(world, &format!("{{\"source\":\"number {number}\"}}"));
        }
        let expected: Vec<String> = ids(world).into_iter().map(|id| id[..8].to_owned()).collect();
        for time in ["the first", "the second"] {
            let list = redrive(world, &[]).await;
            assert_says(&list.output, &["25 messages are in the failure queue "]);
            let paragraphs = list.output.split("\n\n").filter_map(|paragraph| paragraph.split_once("  "));
            let mut listed: Vec<&str> = paragraphs.map(|(id, _)| id).filter(|id| id.len() == 8).collect();
            listed.sort_unstable();
            let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            expected.sort_unstable();
            assert_eq!(listed, expected, "{time} time");
        }
        let failed = redrive(world, &["--message", &expected[3], &expected[7]]).await;
        assert_eq!(failed.code, Some(1));
        assert_says(&failed.output, &["No function of this hook handles that", "0 handed back; 2 failed"]);
        assert_eq!(ids(world).len(), 25);
    })
    .await;
}

#[tokio::test]
async fn an_interruption_leaves_everything_in_the_queue_for_everybody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; read -r _ <&3");
    run_test_with(with_start_build(folder.path(), &script), async |world| {
        send(world, "{\"source\":\"aws.codecommit\"}");
        let child = start(world.aws.url(), &world.aws.account.region, &["--all"]);
        let reached = tokio::time::timeout(LIMIT, listener.accept()).await;
        let _connection = reached.expect("the function runs").unwrap();
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.unwrap(), Signal::INT).unwrap();
        let exit = wait_for_exit(child).await;
        assert_eq!(exit.code, Some(1), "{exit:?}");
        assert_says(
            &exit.errors,
            &["error: interrupted; every message that was not handed back is still in the queue"],
        );
        let list = redrive(world, &[]).await;
        assert_says(&list.output, &["One message is in the failure queue ", "an event of aws.codecommit"]);
        assert!(!list.output.contains("cannot be seen"), "{}", list.output);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_what_to_do() {
    run_test(async |world| {
        send(world, "{}");
        for (arguments, code, expected) in [
            (vec!["--message", "zzzz"], 2, "no message in the queue has an id that begins with zzzz"),
            (vec!["--message", "z"], 2, "give at least 4 characters"),
            (vec!["--all", "--message", "zzzz"], 2, "cannot be used with"),
            (vec!["--hook", "other"], 1, "belongs to a hook named other; name the hook with --hook"),
            (vec!["--queue-url", "https://sqs/1/none"], 1, "The specified queue does not exist"),
        ] {
            let exit = redrive(world, &arguments).await;
            assert_eq!((exit.code, exit.output.as_str()), (Some(code), ""), "{arguments:?}: {exit:?}");
            assert_says(&exit.errors, &["error: ", expected]);
        }
        let url =
            format!("{}/{}/{}", world.aws.url(), world.aws.account.id, world.aws.deployment.queues[0].name);
        let named = redrive(world, &["--hook", "other", "--queue-url", &url]).await;
        assert_eq!(named.code, Some(0), "{named:?}");
        assert_says(&named.output, &["One message is in the failure queue "]);
    })
    .await;
}

#[tokio::test]
async fn an_aws_that_does_not_answer_is_named() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let exit = wait_for_exit(start(&format!("http://127.0.0.1:{port}"), "us-east-1", &[])).await;
    assert_eq!((exit.code, exit.output.as_str()), (Some(1), ""), "{exit:?}");
    assert_says(&exit.errors, &["error: ListFunctions failed: ", "AWS_ENDPOINT_URL"]);
    assert!(exit.errors.trim_end().lines().all(|line| line.starts_with("error: ") || line.starts_with("… ")));
}
