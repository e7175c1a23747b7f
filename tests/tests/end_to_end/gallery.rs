//! `doc/comments.md`: what the hook writes on pull requests, from real runs.
//!
//! The page is made anew from the runs with `UPDATE_GALLERY=1 cargo test --workspace --test end_to_end gallery`. Otherwise the
//! runs must say what the page says. What differs from run to run (durations, the builds' ids, how much room those
//! leave) is not compared.

mod page;

use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end_tests::{PASSING, PullRequest, Repository, World, WorldOptions, run_test_with};

use page::Entry;

/// The tests of a small project: prints them, leaves a JUnit report, and fails if one of them does.
const RUN_TESTS: &str = r#"
total=0 failed=0 cases=
expect() {
  total=$((total + 1))
  if [ "$2" = "$3" ]; then
    echo "ok      $1"
    cases+="<testcase classname=\"calculator\" name=\"$1\" time=\"0.5\"/>"
  else
    echo "FAILED  $1: expected $2, got $3"
    failed=$((failed + 1))
    cases+="<testcase classname=\"calculator\" name=\"$1\" time=\"0.5\"><failure message=\"expected $2, got $3\"/></testcase>"
  fi
}
. ./calculator-test.sh
echo "<testsuite name=\"calculator\" tests=\"$total\" failures=\"$failed\">$cases</testsuite>" >results.xml
[ "$failed" = 0 ]
"#;

const TESTED: &str = "\
version: 0.2
phases:
  build:
    commands:
      - bash run-tests.sh
reports:
  unit:
    files: [results.xml]
  coverage:
    files: [coverage.xml]
    file-format: COBERTURAXML
";

const ADDITION: &str = "expect 'adds' 4 $((2 + 2))\nexpect 'adds negative numbers' -4 $((-2 + -2))\n";
const ALL_PASS: &str = "expect 'divides' 2 $((4 / 2))\n";
const SOME_FAIL: &str = "expect 'divides' 2 $((4 - 4))\nexpect 'rounds half up' 3 $((5 / 2))\n";
const FIXED: &str = "expect 'divides' 2 $((4 / 2))\nexpect 'rounds half up' 3 $(((5 + 1) / 2))\n";

/// A Cobertura report of one file with that many of its ten lines run.
fn coverage(lines_run: usize) -> String {
    let lines: String = (1..=10)
        .map(|number| format!("<line number=\"{number}\" hits=\"{}\"/>", usize::from(number <= lines_run)))
        .collect();
    format!(
        "<coverage><packages><package name=\"calculator\"><classes><class name=\"calculator\" \
         filename=\"calculator.sh\"><lines>{lines}</lines></class></classes></package></packages></coverage>\n"
    )
}

fn page_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../doc/comments.md")
}

/// A pull request that tests run on: each push changes what is tested and what ran.
async fn push_tests(repository: &Repository, branch: &str, tests: &str, lines_run: usize) {
    let tests = format!("{ADDITION}{tests}");
    let files = [
        ("buildspec-tests.yaml", TESTED),
        ("run-tests.sh", RUN_TESTS),
        ("calculator-test.sh", &tests),
        ("coverage.xml", &coverage(lines_run)),
    ];
    repository.commit(branch, &files).await;
    repository.push(&[branch]).await;
}

/// Runs `story` in a world of its own, where one build runs at a time and none longer than `longest_build`.
async fn tell<T>(longest_build: Option<Duration>, story: impl AsyncFnOnce(&World, Repository) -> T) -> T {
    let options = WorldOptions { concurrent_builds: 1, longest_build, ..WorldOptions::default() };
    let mut told = None;
    run_test_with(options, async |world| {
        let repository = world.create_repository("calculator").await;
        told = Some(story(world, repository).await);
        world.settle().await;
        assert!(world.failures().is_empty(), "{}", world.describe().await);
    })
    .await;
    told.unwrap()
}

/// The comment on a commit with its replies, as they are now.
async fn entry(world: &World, pull_request: &PullRequest, title: &'static str, story: &'static str) -> Entry {
    let comments = world.comments(&pull_request.id).await;
    let of_commit = comments.into_iter().filter(|comment| comment.after_commit == pull_request.source_commit);
    let (replies, comments): (Vec<_>, Vec<_>) = of_commit.partition(|comment| comment.in_reply_to.is_some());
    let [comment] = comments.as_slice() else {
        panic!("one comment was expected on {title}\n{}", world.describe().await);
    };
    let replies = replies.into_iter().map(|reply| reply.text).collect();
    Entry { title, story, comment: comment.text.clone(), replies }
}

/// Opens a pull request with this buildspec, and tells what became of it.
async fn built(title: &'static str, story: &'static str, buildspec: &str) -> Entry {
    tell(None, async |world, repository| {
        let pull_request = world.propose(&repository, "feature", buildspec).await;
        world.settle().await;
        entry(world, &pull_request, title, story).await
    })
    .await
}

async fn running_and_superseded() -> [Entry; 2] {
    tell(None, async |world, repository| {
        let gate = world.gate().await;
        let first = world.propose(&repository, "feature", &gate.buildspec()).await;
        gate.wait_until_reached().await;
        world.wait_for("the first comment", async || world.comments(&first.id).await.pop()).await;
        let running = entry(
            world,
            &first,
            "Running",
            "A pull request was opened. The same comment will show how the build ends.",
        )
        .await;
        repository.push_buildspec("feature", PASSING).await;
        let second = world.pull_request(&first.id).await;
        world
            .wait_for("the note", async || {
                let comments = world.comments(&first.id).await;
                let of_first = comments.iter().filter(|comment| comment.after_commit == first.source_commit);
                let short = &second.source_commit[..8];
                of_first.map(|comment| &comment.text).any(|text| text.contains(short)).then_some(())
            })
            .await;
        let superseded = entry(
            world,
            &first,
            "Superseded",
            "Another commit was pushed while the build of this one ran. The new commit has a comment of its own.",
        )
        .await;
        gate.open().await;
        [running, superseded]
    })
    .await
}

async fn passed_failed_and_fixed() -> [Entry; 3] {
    tell(None, async |world, repository| {
        push_tests(&repository, "feature", ALL_PASS, 7).await;
        let pull_request = world.open_pull_request(&repository, "feature").await;
        world.settle().await;
        let passed = entry(
            world,
            &pull_request,
            "Passed",
            "The buildspec has a report of the tests and one of their coverage.",
        )
        .await;
        push_tests(&repository, "feature", SOME_FAIL, 6).await;
        world.settle().await;
        let broken = world.pull_request(&pull_request.id).await;
        let failed = entry(
            world,
            &broken,
            "Failed tests",
            "The next push to the same pull request breaks a test and adds one that fails. The reply is there because \
             an edited comment notifies nobody.",
        )
        .await;
        push_tests(&repository, "feature", FIXED, 9).await;
        world.settle().await;
        let mended = world.pull_request(&pull_request.id).await;
        let fixed =
            entry(world, &mended, "Fixed", "And the push after that repairs both.").await;
        [passed, failed, fixed]
    })
    .await
}

async fn stopped() -> Entry {
    tell(None, async |world, repository| {
        let gate = world.gate().await;
        let pull_request = world.propose(&repository, "feature", &gate.buildspec()).await;
        gate.wait_until_reached().await;
        let build = world.builds().await.remove(0);
        world.codebuild.stop_build().id(build.id().unwrap()).send().await.unwrap();
        world.settle().await;
        entry(world, &pull_request, "Stopped", "Somebody stopped the build in CodeBuild.").await
    })
    .await
}

async fn timed_out() -> Entry {
    tell(Some(Duration::from_secs(2)), async |world, repository| {
        let gate = world.gate().await;
        let pull_request = world.propose(&repository, "feature", &gate.buildspec()).await;
        world.settle().await;
        let story = "The build waited for something that never came, until its time was over.";
        entry(world, &pull_request, "Timed out", story).await
    })
    .await
}

async fn run_again() -> Entry {
    tell(None, async |world, repository| {
        let flag = world.path("the-server-is-up");
        let command = format!(
            "test -e {} || {{ echo 'error: no connection to the test server'; exit 7; }}",
            flag.display()
        );
        let buildspec = format!("version: 0.2\nphases:\n  build:\n    commands:\n      - {command:?}\n");
        let pull_request = world.propose(&repository, "feature", &buildspec).await;
        world.settle().await;
        std::fs::write(flag, "").unwrap();
        let build = world.builds().await.remove(0);
        world.codebuild.retry_build().id(build.id().unwrap()).send().await.unwrap();
        world.settle().await;
        let story =
            "The build failed because of something outside of the commit, and was retried in CodeBuild.";
        entry(world, &pull_request, "Run again", story).await
    })
    .await
}

const FAILED_COMMAND: &str = r#"
version: 0.2
phases:
  build:
    commands:
      - echo "Preparing"
      - |
        for unit in parser lexer printer; do printf 'compiling %s\r' "$unit"; done; echo
        echo "token: $DEPLOY_TOKEN"
        printf '\033[31merror\033[0m: calculator.c:12: expected ";" before "}"\n'
        echo "1 error generated"
        for file in a.o b.o c.o; do echo "removing $file"; done
        exit 2
env:
  variables:
    DEPLOY_TOKEN: 8f14e45fceea167a5a36dedd4bea2543
"#;

const OVER_LONG: &str = r#"
version: 0.2
phases:
  build:
    commands:
      - |
        cases=
        for number in $(seq 1 600); do
          echo "error: case $number: $(printf 'x%.0s' $(seq 1 300))"
          cases+="<testcase name=\"case $number\"><failure message=\"expected $number, got nothing\"/></testcase>"
        done
        echo "<testsuite name=\"many\">$cases</testsuite>" >results.xml
        exit 1
reports:
  unit:
    files: [results.xml]
"#;

#[tokio::test]
async fn the_page_shows_what_the_hook_writes() {
    let [running, superseded] = running_and_superseded().await;
    let [passed, failed, fixed] = passed_failed_and_fixed().await;
    let failed_command = built(
        "Failed command",
        "A compiler finds an error, and a clean-up follows. What looks like a secret is \
         masked.",
        FAILED_COMMAND,
    );
    let broken = built(
        "Broken buildspec",
        "The buildspec on the branch cannot be read.",
        "version: 0.2\nphases:\n  build:\n    comands:\n      - make\n",
    );
    let over_long = built(
        "Over-long",
        "Far more goes wrong than a comment can hold: 600 failing tests, and a log of long lines.",
        OVER_LONG,
    );
    let entries = [
        running,
        passed,
        failed,
        fixed,
        failed_command.await,
        broken.await,
        stopped().await,
        timed_out().await,
        superseded,
        run_again().await,
        over_long.await,
    ];
    let fresh = page::render(&entries);
    if std::env::var_os("UPDATE_GALLERY").is_some() {
        std::fs::write(page_path(), &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(page_path()).unwrap_or_default();
    let (committed, fresh) = (page::steady_lines(&committed), page::steady_lines(&fresh));
    let longer = committed.len().max(fresh.len());
    if let Some(first) = (0..longer).find(|line| committed.get(*line) != fresh.get(*line)) {
        panic!(
            "doc/comments.md is not what the hook writes now. It has\n  {:?}\nwhere the hook writes\n  {:?}\n\
             Run UPDATE_GALLERY=1 cargo test --workspace --test end_to_end gallery, and read what has changed.",
            committed.get(first),
            fresh.get(first)
        );
    }
}
