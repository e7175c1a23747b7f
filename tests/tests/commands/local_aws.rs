//! local-aws while it runs: what it prints, whom it answers, and how it stops.

use end_to_end_tests::{FAILING, Repository, connect, logical_id};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::hold::Hold;
use crate::program::{Ready, Setup, export};

#[tokio::test]
async fn it_warns_first_then_gives_the_lines_to_paste_and_says_when_it_is_ready() {
    let ready = Ready::start(&[], Setup::default()).await;
    let lines = &ready.introduction;
    assert!(lines[0].starts_with("Builds run the repository's own commands on this machine"), "{lines:#?}");
    let region = export(lines, "AWS_REGION");
    assert_eq!(export(lines, "AWS_DEFAULT_REGION"), region);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        assert!(!export(lines, name).is_empty());
    }
    let clone = format!("git clone {}/v1/repos/example", ready.url);
    assert!(lines.iter().any(|line| line.trim() == clone), "{lines:#?}");
    let (codecommit, _) = connect(&ready.url, &region);
    codecommit.create_repository().repository_name("example").send().await.unwrap();
    ready.program.send(Signal::TERM);
    let exit = ready.program.wait_for_exit().await;
    assert_eq!((exit.code, exit.output.as_str(), exit.errors.as_str()), (Some(0), "", ""));
}

#[tokio::test]
async fn it_runs_where_its_errors_go_to_a_terminal() {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let side = open(name, OFlags::WRONLY | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let setup = Setup { errors: Some(side), ..Setup::default() };
    let ready = Ready::start(&[], setup).await;
    ready.program.send(Signal::TERM);
    assert_eq!(ready.program.wait_for_exit().await.code, Some(0));
}

#[tokio::test]
async fn a_signal_stops_it_with_its_builds_and_functions_and_all_that_they_started() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let folder = tempfile::tempdir().unwrap();
        let (build, function) = (Hold::new().await, Hold::new().await);
        let program = folder.path().join("publish");
        function.write_program(&program, "AWS_LAMBDA_FUNCTION_NAME");
        let publish = format!("{}={}", logical_id("publish-build-result"), program.display());
        let ready = Ready::start(&["--function", &publish], Setup::default()).await;

        let (codecommit, _) = connect(&ready.url, &export(&ready.introduction, "AWS_REGION"));
        let repository =
            Repository::create(&codecommit, &ready.url, "payments", folder.path().join("payments")).await;
        let command = build.command("CODEBUILD_BUILD_ID").replace('"', "\\\"");
        let buildspec = format!("version: 0.2\nphases:\n  build:\n    commands:\n      - \"{command}\"\n");
        repository.push_buildspec("feature", &buildspec).await;
        repository.open_pull_request(&codecommit, "feature", "main").await;
        let ((build, id), (function, _)) = tokio::join!(build.wait_until_held(), function.wait_until_held());
        assert!(id.starts_with("pull-request-hook:"), "{id}");

        ready.program.send(signal);
        build.wait_until_released().await;
        function.wait_until_released().await;
        let exit = ready.program.wait_for_exit().await;
        assert_eq!((exit.code, exit.errors.as_str()), (Some(0), ""), "after {signal:?}");
    }
}

#[tokio::test]
async fn a_signal_stops_what_left_its_build_for_a_session_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (ended, running) = (Hold::new().await, Hold::new().await);
    let programs = (folder.path().join("ended"), folder.path().join("running"));
    ended.write_program(&programs.0, "CODEBUILD_BUILD_ID");
    running.write_program(&programs.1, "CODEBUILD_BUILD_ID");
    let mut ready = Ready::start(&[], Setup::default()).await;
    let (codecommit, _) = connect(&ready.url, &export(&ready.introduction, "AWS_REGION"));
    let repository =
        Repository::create(&codecommit, &ready.url, "payments", folder.path().join("payments")).await;
    let buildspec =
        |command: String| format!("version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\n");
    // The first build ends as soon as its process has its own session, and leaves it without a parent.
    let in_session = format!("setsid bash -c 'echo > begun; exec {}'", programs.0.display());
    let first = buildspec(format!("mkfifo begun && ({in_session} &) && read -r line < begun"));
    repository.push_buildspec("first", &first).await;
    repository.open_pull_request(&codecommit, "first", "main").await;
    let (ended, _) = ended.wait_until_held().await;
    ready.program.read_until(|line| line.contains("SUCCEEDED")).await;
    // The second build waits for its own.
    let second = buildspec(format!("setsid {}", programs.1.display()));
    repository.push_buildspec("second", &second).await;
    repository.open_pull_request(&codecommit, "second", "main").await;
    let (running, _) = running.wait_until_held().await;

    ready.program.send(Signal::TERM);
    ended.wait_until_released().await;
    running.wait_until_released().await;
    let exit = ready.program.wait_for_exit().await;
    assert_eq!((exit.code, exit.errors.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn it_tells_a_follower_everything_from_the_push_to_the_last_comment() {
    let mut ready = Ready::start(&["--follow"], Setup::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let (codecommit, _) = connect(&ready.url, &export(&ready.introduction, "AWS_REGION"));
    let repository =
        Repository::create(&codecommit, &ready.url, "payments", folder.path().join("payments")).await;
    repository.push_buildspec("feature", FAILING).await;
    repository.open_pull_request(&codecommit, "feature", "main").await;
    let is_last = |line: &str| line.contains("commentOnPullRequestUpdated");
    let told = ready.program.read_until(is_last).await.join("\n");
    for expected in [
        "event       CodeCommit Repository State Change: referenceCreated, repository payments, reference refs/heads/feature",
        "event       CodeCommit Pull Request State Change: pullRequestCreated, pull request 1",
        "event       CodeBuild Build State Change: FAILED, build pull-request-hook:",
        "rule        local-HookPullRequestRule",
        ": delivered",
        "invocation  local-HookStartBuildFunction",
        ": succeeded after ",
        "phase       build 1 BUILD: FAILED",
    ] {
        assert!(told.contains(expected), "{expected:?} is not told in\n{told}");
    }
    ready.program.send(Signal::TERM);
    assert_eq!(ready.program.wait_for_exit().await.code, Some(0));
}

#[tokio::test]
async fn another_executable_runs_in_the_place_of_a_function() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::new().await;
    hold.write_program(&folder.path().join("my-start"), "AWS_LAMBDA_FUNCTION_NAME");
    let id = logical_id("start-build");
    // As a person types it: relative to where local-aws is started, which is not where a function runs.
    let setup = Setup { current_folder: Some(folder.path()), ..Setup::default() };
    let ready = Ready::start(&["--function", &format!("{id}=my-start")], setup).await;
    let (codecommit, _) = connect(&ready.url, &export(&ready.introduction, "AWS_REGION"));
    let repository =
        Repository::create(&codecommit, &ready.url, "payments", folder.path().join("payments")).await;
    repository.push_buildspec("feature", FAILING).await;
    repository.open_pull_request(&codecommit, "feature", "main").await;
    let (_held, name) = hold.wait_until_held().await;
    assert!(name.contains(&id), "the function that runs is {name:?}");
}

#[tokio::test]
async fn a_line_tells_of_each_build_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut ready = Ready::start(&[], Setup::default()).await;
    let (codecommit, _) = connect(&ready.url, &export(&ready.introduction, "AWS_REGION"));
    let repository =
        Repository::create(&codecommit, &ready.url, "payments", folder.path().join("payments")).await;
    let commit = repository.push_buildspec("feature", FAILING).await;
    repository.open_pull_request(&codecommit, "feature", "main").await;
    let line = ready.program.read_until(|_| true).await.remove(0);
    let seconds = line.strip_prefix(&format!("build 1 of payments at {commit:.7}: FAILED after "));
    let seconds = seconds.and_then(|rest| rest.strip_suffix(" s")).unwrap_or_else(|| panic!("{line}"));
    assert!(seconds.parse::<f64>().is_ok(), "{line}");
}

/// Sends one request as it stands here, and answers its status line and body.
async fn ask(url: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\n{headers}\r\nConnection: close\r\nContent-Length: 2\r\n\
         X-Amz-Target: CodeCommit_20150413.ListRepositories\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_page_in_a_browser_cannot_use_it() {
    let ready = Ready::start(&[], Setup::default()).await;
    let own = ready.url.strip_prefix("http://").unwrap();
    let answer = ask(&ready.url, &format!("Host: {own}")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let port = own.rsplit_once(':').unwrap().1;
    for headers in [
        format!("Host: rebound.example:{port}"),
        format!("Host: {own}\r\nOrigin: https://page.example"),
        format!("Host: {own}\r\nOrigin: null"),
    ] {
        let answer = ask(&ready.url, &headers).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{headers} was answered with {answer}");
        assert!(answer.contains("AccessDeniedException"), "{answer}");
    }
}
