//! Why local-aws does not start, in words that say what to do.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use end_to_end_tests::{HOOK, binaries, hook_template, logical_id};
use tokio::net::TcpListener;

use crate::program::{Exit, Program, Setup, template};

/// Runs local-aws with these arguments, which it has to refuse.
async fn refuse(template: &Path, arguments: &[&str]) -> Exit {
    let mut all = vec!["--template", template.to_str().unwrap()];
    if !arguments.contains(&"--port") {
        all.extend(["--port", "0"]);
    }
    all.extend(arguments);
    Program::start("local-aws", &all).wait_for_exit().await
}

#[track_caller]
fn assert_refused(exit: &Exit, words: &[&str]) {
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert_eq!(exit.output, "", "it said that it was ready");
    assert!(exit.errors.starts_with("local-aws cannot start: "), "{}", exit.errors);
    for word in words {
        assert!(exit.errors.contains(word), "{word:?} is not in: {}", exit.errors);
    }
}

#[tokio::test]
async fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let exit = refuse(&template(), &["--port", &port]).await;
    assert_refused(&exit, &[&format!("port {port} cannot be listened on"), "--port"]);
}

#[tokio::test]
async fn a_template_that_is_not_there_or_does_not_load() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let none = folder.path().join("none.json");
    assert_refused(&refuse(&none, &[]).await, &["none.json", "cannot be read"]);
    let text = write("text.json", "Resources:");
    assert_refused(&refuse(&text, &[]).await, &["text.json", "does not load"]);
    let bucket = write("bucket.json", r#"{"Resources": {"Files": {"Type": "AWS::S3::Bucket"}}}"#);
    assert_refused(&refuse(&bucket, &[]).await, &["bucket.json", "Files", "AWS::S3::Bucket"]);
    let pattern = hook_template(HOOK).replace("\"aws.codecommit\"", "{\"sounds-like\": \"codecommit\"}");
    let pattern = write("pattern.json", &pattern);
    assert_refused(&refuse(&pattern, &[]).await, &["pattern.json", "sounds-like"]);
}

#[tokio::test]
async fn a_fault_file_that_is_not_there_or_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults.json");
    let refuse_faults = async || refuse(&template(), &["--faults", path.to_str().unwrap()]).await;
    assert_refused(&refuse_faults().await, &["faults.json", "cannot be read"]);
    std::fs::write(&path, r#"{ "deliveries": [{ "function": "Start", "arrives": [] }] }"#).unwrap();
    assert_refused(&refuse_faults().await, &["faults.json", "unknown field `arrives`", "line 1"]);
    std::fs::write(&path, r#"{ "deliveries": [{ "function": "Start", "arrivals": [] }] }"#).unwrap();
    let known = logical_id("start-build");
    assert_refused(&refuse_faults().await, &["faults.json", "fault 1 of deliveries", "\"Start\"", &known]);
}

#[tokio::test]
async fn a_function_that_the_template_does_not_have() {
    let program = binaries().join("start-build");
    let exit = refuse(&template(), &["--function", &format!("Start={}", program.display())]).await;
    assert_refused(&exit, &["\"Start\"", &logical_id("start-build"), &logical_id("publish-build-result")]);
}

#[tokio::test]
async fn an_executable_that_is_not_there_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let binaries = ["--binaries", folder.path().to_str().unwrap()];
    let missing = ["has no executable at", "cargo build --workspace --bins", "--function"];
    assert_refused(&refuse(&template(), &binaries).await, &missing);
    let id = logical_id("start-build");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a program").unwrap();
    for path in [text.as_path(), folder.path()] {
        let exit = refuse(&template(), &["--function", &format!("{id}={}", path.display())]).await;
        assert_refused(&exit, &[&id, "has no executable at", path.to_str().unwrap()]);
    }
}

#[tokio::test]
async fn an_argument_that_is_none() {
    let exit = refuse(&template(), &["--function", "start-build"]).await;
    assert_eq!(exit.code, Some(2), "{exit:?}");
    assert!(exit.errors.contains("LOGICAL_ID=PATH"), "{}", exit.errors);
}

#[tokio::test]
async fn a_machine_without_bash_or_without_git() {
    let template = template();
    let arguments = ["--port", "0", "--template", template.to_str().unwrap()];
    for (present, missing) in [(vec!["sh"], "bash"), (vec!["sh", "bash"], "git")] {
        let folder = tempfile::tempdir().unwrap();
        for name in present {
            symlink("/bin/sh", folder.path().join(name)).unwrap();
        }
        let setup = Setup { path: Some(folder.path()), ..Setup::default() };
        let exit = Program::start_with("local-aws", &arguments, setup).wait_for_exit().await;
        assert_refused(&exit, &[&format!("install {missing}")]);
    }
}
