//! Reads pull requests and their comments from CodeCommit, and writes comments.

use std::time::SystemTime;

use aws_sdk_codecommit::{
    Client,
    operation::{
        get_branch::GetBranchError, get_comments_for_pull_request::GetCommentsForPullRequestError,
        get_pull_request::GetPullRequestError, post_comment_for_pull_request::PostCommentForPullRequestError,
        update_comment::UpdateCommentError,
    },
    types,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use lambda_setup::CallFailure;
use pull_request_build::{
    AuthorArn, PullRequestBuild, PullRequestComment, PullRequestId, PullRequestStatus, Reference,
    RepositoryName, SourceCommit, SourceLoss,
};

use crate::publication::{Interruption, Over, PublishError};

/// How a write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Write {
    /// The comment says it now, in the words that CodeCommit kept if its answer has them.
    Done {
        /// The comment's text as CodeCommit stored it.
        stored: Option<String>,
    },
    /// Another invocation or a person was faster; why, in words.
    LookAgain(&'static str),
}

/// Reads every comment by `author` on the pull request, deleted ones too.
///
/// Only the pull request's id is passed. With a repository and commits, CodeCommit would leave out the comments that
/// were made before the destination moved.
pub(crate) async fn read_comments(
    client: &Client,
    id: &PullRequestId,
    author: &AuthorArn,
) -> Result<Vec<PullRequestComment>, Interruption> {
    use GetCommentsForPullRequestError as E;
    let mut pages =
        client.get_comments_for_pull_request().pull_request_id(id.as_str()).into_paginator().send();
    let mut comments = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            let over = match error.as_service_error() {
                Some(E::PullRequestDoesNotExistException(_)) => Some(Over::PullRequestGone),
                Some(E::RepositoryDoesNotExistException(_)) => Some(Over::RepositoryGone),
                Some(E::CommitDoesNotExistException(_)) => Some(Over::CommitGone),
                _ => None,
            };
            interruption("GetCommentsForPullRequest", &error, over)
        })?;
        for thread in page.comments_for_pull_request_data() {
            let read = |comment| read_comment(thread.after_commit_id(), comment);
            let by_author = |comment: &&types::Comment| comment.author_arn() == Some(author.as_str());
            comments.extend(thread.comments().iter().filter(by_author).filter_map(read));
        }
    }
    Ok(comments)
}

fn read_comment(after_commit_id: Option<&str>, comment: &types::Comment) -> Option<PullRequestComment> {
    Some(PullRequestComment {
        id: comment.comment_id()?.to_owned(),
        author_arn: comment.author_arn().map(str::to_owned),
        content: comment.content().map(str::to_owned),
        deleted: comment.deleted(),
        creation_date: comment.creation_date().and_then(|date| SystemTime::try_from(*date).ok()),
        last_modified_date: comment.last_modified_date().and_then(|date| SystemTime::try_from(*date).ok()),
        after_commit_id: after_commit_id.map(str::to_owned),
    })
}

/// Posts a comment on the commits of `build`.
pub(crate) async fn post_comment(
    client: &Client,
    build: &PullRequestBuild,
    author: &AuthorArn,
    request_token: &str,
    content: &str,
) -> Result<Write, Interruption> {
    use PostCommentForPullRequestError as E;
    let answer = client
        .post_comment_for_pull_request()
        .pull_request_id(build.pull_request_id.as_str())
        .repository_name(build.repository_name.as_str())
        // Before is the destination, after the source.
        .before_commit_id(build.destination_commit.as_str())
        .after_commit_id(build.source_commit.as_str())
        .client_request_token(request_token)
        .content(content)
        .send()
        .await;
    let posted = match answer {
        Ok(posted) => posted,
        Err(error) => {
            let over = match error.as_service_error() {
                Some(E::IdempotencyParameterMismatchException(_)) => {
                    return Ok(Write::LookAgain("another invocation posted the comment first"));
                }
                Some(E::PullRequestDoesNotExistException(_)) => Some(Over::PullRequestGone),
                Some(E::RepositoryDoesNotExistException(_)) => Some(Over::RepositoryGone),
                Some(E::CommitDoesNotExistException(_)) => Some(Over::CommitGone),
                Some(E::RepositoryNotAssociatedWithPullRequestException(_)) => {
                    Some(Over::RepositoryOfAnotherPullRequest)
                }
                Some(E::BeforeCommitIdAndAfterCommitIdAreSameException(_)) => Some(Over::SameCommits),
                _ => None,
            };
            return Err(interruption("PostCommentForPullRequest", &error, over));
        }
    };
    match posted.comment() {
        Some(comment) if comment.deleted() => {
            Ok(Write::LookAgain("a person deleted the comment that this token had posted"))
        }
        Some(comment) if comment.author_arn().is_some_and(|actual| actual != author.as_str()) => {
            Err(PublishError::ForeignAuthor {
                expected: author.as_str().to_owned(),
                actual: comment.author_arn().unwrap_or_default().to_owned(),
            }
            .into())
        }
        comment => Ok(Write::Done { stored: stored_text(comment) }),
    }
}

/// Replaces a comment's text.
pub(crate) async fn update_comment(client: &Client, id: &str, content: &str) -> Result<Write, Interruption> {
    use UpdateCommentError as E;
    let error = match client.update_comment().comment_id(id).content(content).send().await {
        Ok(updated) => return Ok(Write::Done { stored: stored_text(updated.comment()) }),
        Err(error) => error,
    };
    match error.as_service_error() {
        Some(E::CommentDeletedException(_) | E::CommentDoesNotExistException(_)) => {
            Ok(Write::LookAgain("a person deleted the comment meanwhile"))
        }
        Some(E::CommentNotCreatedByCallerException(_)) => {
            Ok(Write::LookAgain("CodeCommit did not take the comment for this function's own"))
        }
        _ => Err(interruption("UpdateComment", &error, None)),
    }
}

fn stored_text(comment: Option<&types::Comment>) -> Option<String> {
    comment?.content().map(str::to_owned)
}

/// Looks for the reason why a build's source is no longer wanted or there: in the pull request, then, if the build never
/// had its source, in the source branch.
pub(crate) async fn find_source_loss(
    client: &Client,
    build: &PullRequestBuild,
    had_source: bool,
) -> Result<Option<SourceLoss>, Interruption> {
    let pull_request = read_pull_request(client, build).await?;
    let tip = pull_request.source_commit.as_ref();
    let loss = SourceLoss::from_pull_request(&pull_request.status, tip, &build.source_commit);
    match (loss, &pull_request.source_reference) {
        (None, Some(branch))
            if !had_source && !branch_exists(client, &build.repository_name, branch).await? =>
        {
            Ok(Some(SourceLoss::BranchDeleted))
        }
        (loss, _) => Ok(loss),
    }
}

/// What explains a lost source; whatever CodeCommit does not say explains nothing.
struct PullRequestState {
    status: PullRequestStatus,
    source_commit: Option<SourceCommit>,
    source_reference: Option<Reference>,
}

async fn read_pull_request(
    client: &Client,
    build: &PullRequestBuild,
) -> Result<PullRequestState, Interruption> {
    use GetPullRequestError as E;
    let answer = client.get_pull_request().pull_request_id(build.pull_request_id.as_str()).send().await;
    let answer = answer.map_err(|error| {
        let over = match error.as_service_error() {
            Some(E::PullRequestDoesNotExistException(_)) => Some(Over::PullRequestGone),
            _ => None,
        };
        interruption("GetPullRequest", &error, over)
    })?;
    let pull_request = answer.pull_request();
    let status = pull_request.and_then(types::PullRequest::pull_request_status);
    let targets = pull_request.map(types::PullRequest::pull_request_targets).unwrap_or_default();
    let target =
        targets.iter().find(|target| target.repository_name() == Some(build.repository_name.as_str()));
    let is_merged = target.and_then(|target| target.merge_metadata()).is_some_and(|merge| merge.is_merged());
    let source_commit = target.and_then(|target| target.source_commit());
    let source_reference = target.and_then(|target| target.source_reference());
    Ok(PullRequestState {
        status: PullRequestStatus::from_name(status.map_or("", |status| status.as_str()), is_merged),
        source_commit: source_commit.and_then(|commit| SourceCommit::parse(commit).ok()),
        source_reference: source_reference.and_then(|reference| Reference::parse(reference).ok()),
    })
}

async fn branch_exists(
    client: &Client,
    repository_name: &RepositoryName,
    branch: &Reference,
) -> Result<bool, Interruption> {
    use GetBranchError as E;
    let request = client.get_branch().repository_name(repository_name.as_str());
    let Err(error) = request.branch_name(branch.branch_name()).send().await else {
        return Ok(true);
    };
    match error.as_service_error() {
        Some(E::BranchDoesNotExistException(_)) => Ok(false),
        // Git takes names that this operation does not; nothing is known of such a branch, then.
        Some(E::InvalidBranchNameException(_)) => Ok(true),
        Some(E::RepositoryDoesNotExistException(_)) => Err(Over::RepositoryGone.into()),
        _ => Err(interruption("GetBranch", &error, None)),
    }
}

fn interruption<E>(
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
    over: Option<Over>,
) -> Interruption
where
    E: aws_sdk_codecommit::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    over.map_or_else(|| CallFailure::sort(operation, error).into(), Interruption::from)
}
