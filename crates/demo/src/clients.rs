//! An outside user's view of AWS: the SDK, and nothing else.

use aws_sdk_codebuild::types::Build;
use aws_sdk_codecommit::error::DisplayErrorContext;
use aws_sdk_codecommit::types::Target;

use crate::local_aws::Endpoint;
use crate::sample::Branch;

/// The name of the CodeBuild project in the committed template: the hook's default name.
const PROJECT: &str = "pull-request-hook";

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error("{call} failed: {reason}")]
pub(crate) struct CallError {
    call: &'static str,
    reason: String,
}

/// What the demo needs to know of a pull request that it opened.
pub(crate) struct PullRequest {
    pub(crate) id: String,
    pub(crate) source_commit: String,
}

/// A comment on a commit of a pull request, and the replies to it.
pub(crate) struct Thread {
    pub(crate) commit: String,
    pub(crate) comment: String,
    /// The comment's last change, in seconds since the epoch.
    pub(crate) modified: f64,
    pub(crate) replies: Vec<String>,
}

/// An outside user's clients.
pub(crate) struct Clients {
    codebuild: aws_sdk_codebuild::Client,
    codecommit: aws_sdk_codecommit::Client,
}

impl Clients {
    pub(crate) fn new(endpoint: &Endpoint) -> Self {
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

    pub(crate) async fn create_repository(&self, name: &str) -> Result<(), CallError> {
        let request = self.codecommit.create_repository().repository_name(name);
        request.send().await.map(drop).map_err(failed("CreateRepository"))
    }

    pub(crate) async fn open_pull_request(
        &self,
        repository: &str,
        branch: &Branch,
    ) -> Result<PullRequest, CallError> {
        let target = Target::builder()
            .repository_name(repository)
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

    /// The newest build of a commit.
    pub(crate) async fn find_build(&self, commit: &str) -> Result<Option<Build>, CallError> {
        let request = self.codebuild.list_builds_for_project().project_name(PROJECT);
        let ids = request.send().await.map_err(failed("ListBuildsForProject"))?.ids.unwrap_or_default();
        if ids.is_empty() {
            return Ok(None);
        }
        let request = self.codebuild.batch_get_builds().set_ids(Some(ids));
        let builds = request.send().await.map_err(failed("BatchGetBuilds"))?.builds.unwrap_or_default();
        Ok(builds.into_iter().find(|build| build.source_version() == Some(commit)))
    }

    /// The comments on a pull request, in the order of their commits' first comments.
    pub(crate) async fn read_threads(&self, pull_request_id: &str) -> Result<Vec<Thread>, CallError> {
        let request = self.codecommit.get_comments_for_pull_request().pull_request_id(pull_request_id);
        let answer = request.send().await.map_err(failed("GetCommentsForPullRequest"))?;
        let mut threads = Vec::new();
        for thread in answer.comments_for_pull_request_data() {
            let (replies, comments): (Vec<_>, Vec<_>) =
                thread.comments().iter().partition(|comment| comment.in_reply_to().is_some());
            let Some(comment) = comments.first() else { continue };
            threads.push((
                comment.creation_date().map(|date| date.as_secs_f64()),
                Thread {
                    commit: thread.after_commit_id().unwrap_or_default().to_owned(),
                    comment: comment.content().unwrap_or_default().to_owned(),
                    modified: comment.last_modified_date().map_or(0.0, |date| date.as_secs_f64()),
                    replies: replies.iter().filter_map(|reply| Some(reply.content()?.to_owned())).collect(),
                },
            ));
        }
        threads.sort_by(|(one, _), (other, _)| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
        Ok(threads.into_iter().map(|(_, thread)| thread).collect())
    }
}

fn failed<E: std::error::Error>(call: &'static str) -> impl Fn(E) -> CallError {
    move |error| CallError { call, reason: DisplayErrorContext(error).to_string() }
}
