//! What CodeCommit says of a pull request, and at what time by its own clock.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use aws_sdk_codecommit::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeDeserializationInterceptorContextRef,
    },
    error::{BoxError, ProvideErrorMetadata},
    primitives::{DateTime, DateTimeFormat},
    types::PullRequest,
};
use lambda_setup::CallFailure;
use pull_request_build::{
    AuthorArn, CurrentPullRequest, PullRequestBuild, PullRequestId, PullRequestStatus, RevisionId,
    SourceCommit, StartAnswer,
};

use crate::failure::Failure;

const OPERATION: &str = "GetPullRequest";

/// Asks how the pull request of `build` stands.
pub(crate) async fn get_pull_request(
    client: &Client,
    build: &PullRequestBuild,
) -> Result<StartAnswer, Failure> {
    let time = AnswerTime::default();
    let answer = client
        .get_pull_request()
        .pull_request_id(build.pull_request_id.as_str())
        .customize()
        .interceptor(time.clone())
        .send()
        .await;
    let pull_request = match answer {
        Ok(output) => {
            let pull_request = output.pull_request().ok_or_else(|| missing("pullRequest"))?;
            Some(read_pull_request(pull_request, build)?)
        }
        Err(error) => match error.code() {
            Some("PullRequestDoesNotExistException" | "RepositoryDoesNotExistException") => None,
            _ => return Err(CallFailure::sort(OPERATION, &error).into()),
        },
    };
    Ok(StartAnswer::PullRequest { pull_request, time: time.get() })
}

/// Reads the texts of the comments by `author` on the pull request. There are none where there is no pull request.
///
/// Only the pull request's id is passed. With a repository and commits, CodeCommit would leave out the comments that
/// were made before the destination moved.
pub(crate) async fn read_comments(
    client: &Client,
    pull_request_id: &PullRequestId,
    author: &AuthorArn,
) -> Result<StartAnswer, Failure> {
    let request = client.get_comments_for_pull_request().pull_request_id(pull_request_id.as_str());
    let mut pages = request.into_paginator().send();
    let mut contents = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => match error.code() {
                Some("PullRequestDoesNotExistException" | "RepositoryDoesNotExistException") => {
                    return Ok(StartAnswer::Comments(Vec::new()));
                }
                _ => return Err(CallFailure::sort("GetCommentsForPullRequest", &error).into()),
            },
        };
        let threads = page.comments_for_pull_request_data.unwrap_or_default();
        let comments = threads.into_iter().flat_map(|thread| thread.comments.unwrap_or_default());
        let by_author = comments.filter(|comment| comment.author_arn() == Some(author.as_str()));
        contents.extend(by_author.filter_map(|comment| comment.content));
    }
    Ok(StartAnswer::Comments(contents))
}

fn read_pull_request(
    pull_request: &PullRequest,
    build: &PullRequestBuild,
) -> Result<CurrentPullRequest, Failure> {
    let target = pull_request
        .pull_request_targets()
        .iter()
        .find(|target| target.repository_name() == Some(build.repository_name.as_str()))
        .ok_or_else(|| missing(format_args!("a target in repository {}", build.repository_name)))?;
    let status = pull_request.pull_request_status().ok_or_else(|| missing("pullRequestStatus"))?;
    let is_merged = target.merge_metadata().is_some_and(|merge| merge.is_merged());
    let revision_id = pull_request.revision_id().ok_or_else(|| missing("revisionId"))?;
    let source_commit = target.source_commit().ok_or_else(|| missing("sourceCommit"))?;
    let last_activity = pull_request.last_activity_date().ok_or_else(|| missing("lastActivityDate"))?;
    Ok(CurrentPullRequest {
        status: PullRequestStatus::from_name(status.as_str(), is_merged),
        revision_id: RevisionId::parse(revision_id).map_err(unreadable)?,
        source_commit: SourceCommit::parse(source_commit).map_err(unreadable)?,
        last_activity: SystemTime::try_from(*last_activity).map_err(unreadable)?,
    })
}

fn missing(what: impl ToString) -> Failure {
    Failure::InvalidAnswer { operation: OPERATION, what: what.to_string() }
}

fn unreadable(error: impl std::error::Error) -> Failure {
    missing(format_args!("a readable value: {error}"))
}

/// Remembers the `Date` of the last answer. An idempotency token lives by the clock of the service, not by this
/// machine's: a clock that is wrong here must not make an old event look young.
#[derive(Debug, Clone, Default)]
struct AnswerTime(Arc<Mutex<Option<SystemTime>>>);

impl AnswerTime {
    fn get(&self) -> Option<SystemTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for AnswerTime {
    fn name(&self) -> &'static str {
        "AnswerTime"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            date.and_then(|date| SystemTime::try_from(date).ok());
        Ok(())
    }
}
