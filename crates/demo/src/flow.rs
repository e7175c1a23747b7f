//! The demo from start to end, through Git and the AWS SDK alone.

use std::path::Path;
use std::time::Duration;

use aws_sdk_codebuild::types::Build;
use tokio::time::Instant;

use crate::clients::{CallError, Clients, Thread};
use crate::comment::{show_comment, show_reply};
use crate::local_aws::{LocalAws, LocalAwsError};
use crate::progress::Progress;
use crate::sample::{BRANCHES, Commit, GitError, Sample};

const REPOSITORY: &str = "greeter";
/// How often to look.
const PAUSE: Duration = Duration::from_millis(200);

/// Why the demo did not show its comments.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error(transparent)]
    LocalAws(#[from] LocalAwsError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("a temporary folder cannot be made: {0}")]
    Folder(std::io::Error),
    #[error("signals cannot be listened for: {0}")]
    Signals(std::io::Error),
    #[error("it was interrupted; nothing is left behind")]
    Interrupted,
    #[error(
        "pull request {id} has no comment with its build's result after {seconds} seconds; {state}. \
         Try again with a larger --limit, or look at what the functions log: `cargo xtask local`"
    )]
    NoComment { id: String, seconds: u64, state: String },
}

/// Runs the demo. Whatever happens, local-aws is stopped and the folders are removed.
pub(crate) async fn run(
    template: &Path,
    limit: Duration,
    progress: &Progress,
    interrupted: impl Future<Output = ()>,
) -> Result<(), DemoError> {
    println!(
        "Three pull requests, their builds and their comments, on this machine and without an AWS account."
    );
    println!("The builds run the sample repository's own test script.\n");
    let mut local_aws = LocalAws::start(template)?;
    let outcome = tokio::select! {
        outcome = open_and_wait(&mut local_aws, limit, progress) => outcome,
        () = interrupted => Err(DemoError::Interrupted),
    };
    local_aws.stop().await;
    if outcome.is_ok() {
        progress.say("stopped local-aws; nothing is left behind");
        println!("\nTo play with it yourself: cargo xtask local");
    }
    outcome
}

async fn open_and_wait(
    local_aws: &mut LocalAws,
    limit: Duration,
    progress: &Progress,
) -> Result<(), DemoError> {
    let endpoint = local_aws.wait_until_ready().await?;
    progress.say(format_args!("local-aws is ready at {}", endpoint.url));
    let clients = Clients::new(&endpoint);
    clients.create_repository(REPOSITORY).await?;
    let folder = tempfile::tempdir().map_err(DemoError::Folder)?;
    let remote = format!("{}/v1/repos/{REPOSITORY}", endpoint.url);
    let sample = Sample { folder: folder.path(), remote: &remote };
    sample.push_first_commits().await?;
    progress.say(format_args!(
        "pushed the sample repository {REPOSITORY} with the branch main and {} more",
        BRANCHES.len()
    ));
    let mut pull_requests = Vec::new();
    for branch in &BRANCHES {
        let pull_request = clients.open_pull_request(REPOSITORY, branch).await?;
        let id = &pull_request.id;
        progress.say(format_args!("opened pull request {id}, \"{}\", from {}", branch.title, branch.name));
        pull_requests.push(pull_request);
    }
    let wait = Wait { clients: &clients, deadline: Instant::now() + limit, limit, progress };
    for (pull_request, branch) in pull_requests.iter().zip(&BRANCHES) {
        wait.for_result(&pull_request.id, &pull_request.source_commit, &branch.commits[0]).await?;
    }
    for (pull_request, branch) in pull_requests.iter().zip(&BRANCHES) {
        for commit in &branch.commits[1..] {
            let tip = sample.push(branch, commit).await?;
            progress.say(format_args!("pushed \"{}\" to pull request {}", commit.message, pull_request.id));
            wait.for_result(&pull_request.id, &tip, commit).await?;
        }
    }
    for (pull_request, branch) in pull_requests.iter().zip(&BRANCHES) {
        println!("\nPull request {}, \"{}\":", pull_request.id, branch.title);
        for (place, thread) in clients.read_threads(&pull_request.id).await?.iter().enumerate() {
            if place > 0 {
                println!();
            }
            print!("{}", show_comment(&thread.comment));
            thread.replies.iter().for_each(|reply| print!("{}", show_reply(reply)));
        }
    }
    println!("\nOn a pull request, commit, details, log and report are links into the AWS console.\n");
    Ok(())
}

/// How to wait for results.
struct Wait<'w> {
    clients: &'w Clients,
    deadline: Instant,
    limit: Duration,
    progress: &'w Progress,
}

impl Wait<'_> {
    /// Waits until the build of `commit`, whose id is `tip`, is complete and the comment was written after that.
    /// Judged by states and times alone, so that the comment's words are free to change.
    async fn for_result(&self, pull_request_id: &str, tip: &str, commit: &Commit) -> Result<(), DemoError> {
        let mut last = String::new();
        while Instant::now() < self.deadline {
            let build = self.clients.find_build(tip).await?;
            let state = build.as_ref().map_or_else(|| "no build has started".to_owned(), describe);
            if state != last {
                self.progress.say(format_args!("pull request {pull_request_id}: {state}"));
                last = state;
            }
            if let Some(ended) = build.and_then(|build| build.end_time().copied()) {
                let threads = self.clients.read_threads(pull_request_id).await?;
                let is_shown = |thread: &Thread| {
                    thread.commit == tip
                        && thread.modified >= ended.as_secs_f64()
                        && thread.replies.is_empty() != commit.turns
                };
                if threads.iter().any(is_shown) {
                    self.progress
                        .say(format_args!("pull request {pull_request_id}: the comment shows the result"));
                    return Ok(());
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        let id = pull_request_id.to_owned();
        Err(DemoError::NoComment { id, seconds: self.limit.as_secs(), state: last })
    }
}

fn describe(build: &Build) -> String {
    let number = build.build_number().unwrap_or_default();
    let status = build.build_status().map_or("UNKNOWN", |status| status.as_str());
    match build.current_phase() {
        Some(phase) if !build.build_complete() => format!("build {number} is in phase {phase}"),
        _ => format!("build {number} has ended: {status}"),
    }
}
