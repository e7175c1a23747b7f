//! The demo from start to end, through Git and the AWS SDK alone.

use std::path::Path;
use std::time::Duration;

use aws_sdk_codebuild::types::Build;
use aws_sdk_codecommit::error::DisplayErrorContext;
use aws_sdk_codecommit::types::Target;
use tokio::time::Instant;

use crate::comment::show_comment;
use crate::local_aws::{Endpoint, LocalAws, LocalAwsError};
use crate::progress::Progress;
use crate::sample::{self, BRANCHES, GitError};

const REPOSITORY: &str = "greeter";
/// The name of the CodeBuild project in the committed template: the hook's default name.
const PROJECT: &str = "pull-request-hook";
/// How often to look.
const PAUSE: Duration = Duration::from_millis(200);

/// Why the demo did not show its two comments.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error(transparent)]
    LocalAws(#[from] LocalAwsError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("a temporary folder cannot be made: {0}")]
    Folder(std::io::Error),
    #[error("signals cannot be listened for: {0}")]
    Signals(std::io::Error),
    #[error("it was interrupted; nothing is left behind")]
    Interrupted,
    #[error("{call} failed: {reason}")]
    Call { call: &'static str, reason: String },
    #[error(
        "pull request {id} has no comment with its build's result after {seconds} seconds; {state}. \
         Try again with a larger --limit, or look at what the functions log: `cargo xtask local`"
    )]
    NoComment { id: String, seconds: u64, state: String },
}

/// What the demo needs to know of a pull request that it opened.
struct PullRequest {
    id: String,
    source_commit: String,
}

/// An outside user's clients.
struct Clients {
    codebuild: aws_sdk_codebuild::Client,
    codecommit: aws_sdk_codecommit::Client,
}

/// Runs the demo. Whatever happens, local-aws is stopped and the folders are removed.
pub(crate) async fn run(
    template: &Path,
    limit: Duration,
    progress: &Progress,
    interrupted: impl Future<Output = ()>,
) -> Result<(), DemoError> {
    println!(
        "Two pull requests, their builds and their comments, on this machine and without an AWS account."
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
    clients.create_repository().await?;
    let folder = tempfile::tempdir().map_err(DemoError::Folder)?;
    sample::push(folder.path(), &format!("{}/v1/repos/{REPOSITORY}", endpoint.url)).await?;
    progress.say(format_args!("pushed the sample repository {REPOSITORY} with the branch main and two more"));
    let mut pull_requests = Vec::new();
    for branch in &BRANCHES {
        let pull_request = clients.open_pull_request(branch).await?;
        let id = &pull_request.id;
        progress.say(format_args!("opened pull request {id}, \"{}\", from {}", branch.title, branch.name));
        pull_requests.push(pull_request);
    }
    let deadline = Instant::now() + limit;
    let mut comments = Vec::new();
    for pull_request in &pull_requests {
        comments.push(clients.wait_for_result(pull_request, deadline, limit, progress).await?);
    }
    for ((pull_request, branch), texts) in pull_requests.iter().zip(&BRANCHES).zip(comments) {
        println!("\nPull request {}, \"{}\":", pull_request.id, branch.title);
        texts.iter().for_each(|text| print!("{}", show_comment(text)));
    }
    println!("\nOn a pull request, the commit, details and log are links into the AWS console.\n");
    Ok(())
}

impl Clients {
    fn new(endpoint: &Endpoint) -> Self {
        let http = aws_smithy_http_client::Builder::new().build_http();
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::Config::builder()
                        .behavior_version($sdk::config::BehaviorVersion::latest())
                        .endpoint_url(&endpoint.url)
                        .region($sdk::config::Region::new(endpoint.region.clone()))
                        .credentials_provider($sdk::config::Credentials::new(
                            "demo", "demo", None, None, "demo",
                        ))
                        .http_client(http.clone())
                        .build(),
                )
            };
        }
        Self { codebuild: client!(aws_sdk_codebuild), codecommit: client!(aws_sdk_codecommit) }
    }

    async fn create_repository(&self) -> Result<(), DemoError> {
        let request = self.codecommit.create_repository().repository_name(REPOSITORY);
        request.send().await.map(drop).map_err(failed("CreateRepository"))
    }

    async fn open_pull_request(&self, branch: &sample::Branch) -> Result<PullRequest, DemoError> {
        let target = Target::builder()
            .repository_name(REPOSITORY)
            .source_reference(branch.name)
            .destination_reference("main")
            .build()
            .map_err(failed("CreatePullRequest"))?;
        let request = self.codecommit.create_pull_request().title(branch.title).targets(target);
        let answer = request.send().await.map_err(failed("CreatePullRequest"))?;
        let opened =
            answer.pull_request.unwrap_or_else(|| aws_sdk_codecommit::types::PullRequest::builder().build());
        let source_commit = opened.pull_request_targets().first().and_then(|target| target.source_commit());
        Ok(PullRequest {
            id: opened.pull_request_id().unwrap_or_default().to_owned(),
            source_commit: source_commit.unwrap_or_default().to_owned(),
        })
    }

    /// Waits until the pull request's build is complete and the comment was written after that. Judged by states and
    /// times alone, so that the comment's words are free to change.
    async fn wait_for_result(
        &self,
        pull_request: &PullRequest,
        deadline: Instant,
        limit: Duration,
        progress: &Progress,
    ) -> Result<Vec<String>, DemoError> {
        let id = &pull_request.id;
        let mut last = String::new();
        while Instant::now() < deadline {
            let build = self.find_build(pull_request).await?;
            let state = build.as_ref().map_or_else(|| "no build has started".to_owned(), describe);
            if state != last {
                progress.say(format_args!("pull request {id}: {state}"));
                last = state;
            }
            if let Some(ended) = build.and_then(|build| build.end_time().copied()) {
                let comments = self.read_comments(id).await?;
                if comments.iter().any(|(_, modified)| *modified >= ended.as_secs_f64()) {
                    progress.say(format_args!("pull request {id}: the comment shows the result"));
                    return Ok(comments.into_iter().map(|(text, _)| text).collect());
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(DemoError::NoComment { id: id.clone(), seconds: limit.as_secs(), state: last })
    }

    async fn find_build(&self, pull_request: &PullRequest) -> Result<Option<Build>, DemoError> {
        let request = self.codebuild.list_builds_for_project().project_name(PROJECT);
        let ids = request.send().await.map_err(failed("ListBuildsForProject"))?.ids.unwrap_or_default();
        if ids.is_empty() {
            return Ok(None);
        }
        let request = self.codebuild.batch_get_builds().set_ids(Some(ids));
        let builds = request.send().await.map_err(failed("BatchGetBuilds"))?.builds.unwrap_or_default();
        Ok(builds.into_iter().find(|build| build.source_version() == Some(&pull_request.source_commit)))
    }

    /// The comments' texts with the times of their last change, in seconds since the epoch.
    async fn read_comments(&self, id: &str) -> Result<Vec<(String, f64)>, DemoError> {
        let request = self.codecommit.get_comments_for_pull_request().pull_request_id(id);
        let answer = request.send().await.map_err(failed("GetCommentsForPullRequest"))?;
        let threads = answer.comments_for_pull_request_data.unwrap_or_default();
        let comments = threads.into_iter().flat_map(|thread| thread.comments.unwrap_or_default());
        Ok(comments
            .filter_map(|comment| Some((comment.content?, comment.last_modified_date?.as_secs_f64())))
            .collect())
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

fn failed<E: std::error::Error>(call: &'static str) -> impl Fn(E) -> DemoError {
    move |error| DemoError::Call { call, reason: DisplayErrorContext(error).to_string() }
}
