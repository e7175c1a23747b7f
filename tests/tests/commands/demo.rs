//! The demo from start to end, and every way in which it may end early.

use end_to_end_tests::{HOOK, hook_template};
use rustix::process::Signal;
use tokio::net::TcpStream;

use crate::program::{Program, template};

/// Where local-aws was, by what the demo printed.
fn address(lines: &[String]) -> &str {
    let found = lines.iter().find_map(|line| line.split_once("local-aws is ready at http://"));
    found.unwrap_or_else(|| panic!("no address in {lines:#?}")).1
}

async fn assert_gone(address: &str) {
    let refused = TcpStream::connect(address).await.expect_err("local-aws still runs");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn all_comments_are_shown_and_nothing_is_left_behind() {
    let exit = Program::start("pull-request-demo", &["--template", template().to_str().unwrap()]);
    let exit = exit.wait_for_exit().await;
    assert_eq!((exit.code, exit.errors.as_str()), (Some(0), ""), "{}", exit.output);
    let (_, comments) = exit.output.split_once("\nPull request 1, \"Greet in Spanish\":").unwrap();
    let (good, comments_of_others) = comments.split_once("\nPull request 2, \"Greet louder\":").unwrap();
    let (broken, mended) = comments_of_others.split_once("\nPull request 3, \"Greet politely\":").unwrap();
    assert!(good.contains("  │ ") && good.contains("Build succeeded") && !good.contains("  ↳ "), "{good}");
    assert!(broken.contains("  │ ") && broken.contains("Build failed"), "{broken}");
    assert_eq!(broken.matches("  ↳ ").count(), 1, "{broken}");
    let parts = [
        "Build succeeded",
        "3 passed",
        "Build failed",
        "2 newly failing",
        "greets politely at noon",
        "  ↳ ❌",
        "Build succeeded",
        "2 fixed",
        "greets politely at noon",
        "  ↳ ✅ Fixed",
    ];
    let mut rest = mended;
    for part in parts {
        rest =
            rest.split_once(part).unwrap_or_else(|| panic!("{part:?} was expected in {rest}, of {mended}")).1;
    }
    assert_eq!(
        mended.matches("Build succeeded").count() + mended.matches("Build failed").count(),
        3,
        "{mended}"
    );
    assert!(!comments.contains("[//]: #"), "the marker is hidden on a pull request: {comments}");
    let lines: Vec<String> = exit.output.lines().map(str::to_owned).collect();
    assert_gone(address(&lines)).await;
}

#[tokio::test]
async fn without_a_comment_it_fails_and_says_how_far_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let disabled = folder.path().join("disabled.json");
    let template = hook_template(HOOK).replace("\"State\": \"ENABLED\"", "\"State\": \"DISABLED\"");
    std::fs::write(&disabled, template).unwrap();
    let arguments = ["--template", disabled.to_str().unwrap(), "--limit", "1"];
    let exit = Program::start("pull-request-demo", &arguments).wait_for_exit().await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    let message = "the demo failed: pull request 1 has no comment with its build's result after 1 seconds; \
                   no build has started. ";
    assert!(exit.errors.contains(message) && exit.errors.contains("--limit"), "{}", exit.errors);
    let lines: Vec<String> = exit.output.lines().map(str::to_owned).collect();
    assert_gone(address(&lines)).await;
}

#[tokio::test]
async fn an_interruption_stops_what_it_started() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut demo = Program::start("pull-request-demo", &["--template", template().to_str().unwrap()]);
        let lines = demo.read_until(|line| line.contains("local-aws is ready at")).await;
        demo.send(signal);
        let exit = demo.wait_for_exit().await;
        assert_eq!(exit.code, Some(1), "{exit:?}");
        assert!(exit.errors.contains("interrupted; nothing is left behind"), "{}", exit.errors);
        assert_gone(address(&lines)).await;
    }
}

#[tokio::test]
async fn a_template_that_does_not_load_is_named() {
    let exit = Program::start("pull-request-demo", &["--template", "/none/hook.json"]).wait_for_exit().await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.errors.contains("/none/hook.json cannot be read"), "{}", exit.errors);
    assert!(exit.errors.contains("the demo failed: local-aws ended before it was ready"), "{}", exit.errors);
}
