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
    types::{PullRequest, PullRequestEvent},
};
use lambda_setup::CallFailure;
use pull_request_build::{
    AuthorArn, CurrentPullRequest, DestinationCommit, Head, PullRequestBuild, PullRequestId,
    PullRequestStatus, Reference, RepositoryName, RevisionId, SourceCommit, StartAnswer,
};

use crate::failure::Failure;

const OPERATION: &str = "GetPullRequest";

/// Asks how the pull request of `build` stands.
pub(crate) async fn get_pull_request(
    client: &Client,
    build: &PullRequestBuild,
) -> Result<StartAnswer, Failure> {
    let (pull_request, time) = read_pull_request(client, &build.pull_request_id).await?;
    let read = |pull_request| read_head(pull_request, &build.pull_request_id, &build.repository_name);
    let pull_request = pull_request.as_ref().map(read).transpose()?.map(|head| CurrentPullRequest {
        status: head.status,
        revision_id: head.build.revision_id,
        source_commit: head.build.source_commit,
        last_activity: head.last_activity,
    });
    Ok(StartAnswer::PullRequest { pull_request, time })
}

/// Asks for the head of a pull request. There is none where there is no pull request.
pub(crate) async fn get_head(
    client: &Client,
    pull_request_id: &PullRequestId,
    repository_name: &RepositoryName,
) -> Result<Option<Head>, Failure> {
    let (pull_request, _) = read_pull_request(client, pull_request_id).await?;
    pull_request.map(|pull_request| read_head(&pull_request, pull_request_id, repository_name)).transpose()
}

/// The pull request, if there is one, and the time of the answer by CodeCommit's clock.
async fn read_pull_request(
    client: &Client,
    pull_request_id: &PullRequestId,
) -> Result<(Option<PullRequest>, Option<SystemTime>), Failure> {
    let time = AnswerTime::default();
    let answer = client
        .get_pull_request()
        .pull_request_id(pull_request_id.as_str())
        .customize()
        .interceptor(time.clone())
        .send()
        .await;
    match answer {
        Ok(output) => {
            let pull_request = output.pull_request.ok_or_else(|| missing("pullRequest"))?;
            Ok((Some(pull_request), time.get()))
        }
        Err(error) => match error.code() {
            Some("PullRequestDoesNotExistException" | "RepositoryDoesNotExistException") => {
                Ok((None, time.get()))
            }
            _ => Err(CallFailure::sort(OPERATION, &error).into()),
        },
    }
}

/// Reads when the head of that commit became the pull request's, for the last time if a push brought it back. Without a
/// word of it in the history, or without a pull request, nobody knows.
pub(crate) async fn read_revision_time(
    client: &Client,
    pull_request_id: &PullRequestId,
    head: &SourceCommit,
) -> Result<Option<SystemTime>, Failure> {
    let request = client.describe_pull_request_events().pull_request_id(pull_request_id.as_str());
    let mut pages = request.into_paginator().send();
    let mut latest = None;
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => match error.code() {
                Some("PullRequestDoesNotExistException" | "RepositoryDoesNotExistException") => {
                    return Ok(None);
                }
                _ => return Err(CallFailure::sort("DescribePullRequestEvents", &error).into()),
            },
        };
        // No order is documented.
        let events =
            page.pull_request_events().iter().filter(|event| made_head(event) == Some(head.as_str()));
        let times = events.filter_map(|event| SystemTime::try_from(*event.event_date()?).ok());
        latest = latest.max(times.max());
    }
    Ok(latest)
}

/// The tip of the source branch that the event brought to the pull request.
fn made_head(event: &PullRequestEvent) -> Option<&str> {
    let created = event.pull_request_created_event_metadata();
    let updated = event.pull_request_source_reference_updated_event_metadata();
    created
        .and_then(|created| created.source_commit_id())
        .or(updated.and_then(|updated| updated.after_commit_id()))
}

/// Reads the texts of the comments by `author` on the pull request, those apart that somebody deleted. There are none
/// where there is no pull request.
///
/// Only the pull request's id is passed. With a repository and commits, CodeCommit would leave out the comments that
/// were made before the destination moved.
pub(crate) async fn read_comments(
    client: &Client,
    pull_request_id: &PullRequestId,
    author: &AuthorArn,
) -> Result<Vec<String>, Failure> {
    let request = client.get_comments_for_pull_request().pull_request_id(pull_request_id.as_str());
    let mut pages = request.into_paginator().send();
    let mut contents = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => match error.code() {
                Some("PullRequestDoesNotExistException" | "RepositoryDoesNotExistException") => {
                    return Ok(Vec::new());
                }
                _ => return Err(CallFailure::sort("GetCommentsForPullRequest", &error).into()),
            },
        };
        let threads = page.comments_for_pull_request_data.unwrap_or_default();
        let comments = threads.into_iter().flat_map(|thread| thread.comments.unwrap_or_default());
        let by_author = comments.filter(|comment| comment.author_arn() == Some(author.as_str()));
        contents.extend(by_author.filter(|comment| !comment.deleted).filter_map(|comment| comment.content));
    }
    Ok(contents)
}

fn read_head(
    pull_request: &PullRequest,
    pull_request_id: &PullRequestId,
    repository_name: &RepositoryName,
) -> Result<Head, Failure> {
    let target = pull_request
        .pull_request_targets()
        .iter()
        .find(|target| target.repository_name() == Some(repository_name.as_str()))
        .ok_or_else(|| missing(format_args!("a target in repository {repository_name}")))?;
    let status = pull_request.pull_request_status().ok_or_else(|| missing("pullRequestStatus"))?;
    let is_merged = target.merge_metadata().is_some_and(|merge| merge.is_merged());
    let revision_id = pull_request.revision_id().ok_or_else(|| missing("revisionId"))?;
    let source_commit = target.source_commit().ok_or_else(|| missing("sourceCommit"))?;
    let destination_commit = target.destination_commit().ok_or_else(|| missing("destinationCommit"))?;
    let last_activity = pull_request.last_activity_date().ok_or_else(|| missing("lastActivityDate"))?;
    // A reference only tells people and buildspecs where the commit comes from: one that cannot be passed on is left out.
    let reference = |text: Option<&str>| text.and_then(|text| Reference::parse(text).ok());
    Ok(Head {
        status: PullRequestStatus::from_name(status.as_str(), is_merged),
        last_activity: SystemTime::try_from(*last_activity).map_err(unreadable)?,
        build: PullRequestBuild {
            pull_request_id: pull_request_id.clone(),
            repository_name: repository_name.clone(),
            source_commit: SourceCommit::parse(source_commit).map_err(unreadable)?,
            destination_commit: DestinationCommit::parse(destination_commit).map_err(unreadable)?,
            revision_id: RevisionId::parse(revision_id).map_err(unreadable)?,
            source_reference: reference(target.source_reference()),
            destination_reference: reference(target.destination_reference()),
        },
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
