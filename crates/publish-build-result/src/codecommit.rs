//! Reads pull requests and their comments from CodeCommit, and writes comments.

use std::time::SystemTime;

use aws_sdk_codecommit::{
    Client,
    operation::{
        get_branch::GetBranchError, get_comments_for_pull_request::GetCommentsForPullRequestError,
        get_pull_request::GetPullRequestError, post_comment_for_pull_request::PostCommentForPullRequestError,
        post_comment_reply::PostCommentReplyError, update_comment::UpdateCommentError,
    },
    types,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use lambda_setup::CallFailure;
use pull_request_build::{
    Answer, AuthorArn, Over, PullRequestBuild, PullRequestComment, PullRequestId, PullRequestStatus,
    Reference, RepositoryName, SourceCommit, SourceLoss,
};

use crate::publish_error::PublishError;

/// Reads every comment by `author` on the pull request, deleted ones too; or says what is not there any more.
///
/// Only the pull request's id is passed. With a repository and commits, CodeCommit would leave out the comments that
/// were made before the destination moved.
pub(crate) async fn read_comments(
    client: &Client,
    id: &PullRequestId,
    author: &AuthorArn,
) -> Result<Result<Vec<PullRequestComment>, Over>, PublishError> {
    use GetCommentsForPullRequestError as E;
    let mut pages =
        client.get_comments_for_pull_request().pull_request_id(id.as_str()).into_paginator().send();
    let mut comments = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                return match error.as_service_error() {
                    Some(E::PullRequestDoesNotExistException(_)) => Ok(Err(Over::PullRequestGone)),
                    Some(E::RepositoryDoesNotExistException(_)) => Ok(Err(Over::RepositoryGone)),
                    Some(E::CommitDoesNotExistException(_)) => Ok(Err(Over::CommitGone)),
                    _ => Err(CallFailure::sort("GetCommentsForPullRequest", &error).into()),
                };
            }
        };
        for thread in page.comments_for_pull_request_data() {
            let read = |comment| read_comment(thread.after_commit_id(), comment);
            let by_author = |comment: &&types::Comment| comment.author_arn() == Some(author.as_str());
            comments.extend(thread.comments().iter().filter(by_author).filter_map(read));
        }
    }
    Ok(Ok(comments))
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
        in_reply_to: comment.in_reply_to().map(str::to_owned),
        client_request_token: comment.client_request_token().map(str::to_owned),
    })
}

/// Posts a comment on the commits of `build`.
pub(crate) async fn post_comment(
    client: &Client,
    build: &PullRequestBuild,
    author: &AuthorArn,
    request_token: &str,
    content: &str,
) -> Result<Answer, PublishError> {
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
                    return Ok(Answer::LookAgain("another invocation posted the comment first"));
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
            return over_or_failure("PostCommentForPullRequest", &error, over);
        }
    };
    match posted.comment() {
        Some(comment) if comment.deleted() => {
            Ok(Answer::LookAgain("a person deleted the comment that this token had posted"))
        }
        Some(comment) if comment.author_arn().is_some_and(|actual| actual != author.as_str()) => {
            Err(PublishError::ForeignAuthor {
                expected: author.as_str().to_owned(),
                actual: comment.author_arn().unwrap_or_default().to_owned(),
            })
        }
        comment => Ok(written(comment)),
    }
}

/// Replaces a comment's text.
pub(crate) async fn update_comment(client: &Client, id: &str, content: &str) -> Result<Answer, PublishError> {
    use UpdateCommentError as E;
    let error = match client.update_comment().comment_id(id).content(content).send().await {
        Ok(updated) => return Ok(written(updated.comment())),
        Err(error) => error,
    };
    match error.as_service_error() {
        Some(E::CommentDeletedException(_) | E::CommentDoesNotExistException(_)) => {
            Ok(Answer::LookAgain("a person deleted the comment meanwhile"))
        }
        Some(E::CommentNotCreatedByCallerException(_)) => {
            Ok(Answer::LookAgain("CodeCommit did not take the comment for this function's own"))
        }
        _ => over_or_failure("UpdateComment", &error, None),
    }
}

/// Replies to a comment.
pub(crate) async fn post_reply(
    client: &Client,
    comment_id: &str,
    request_token: &str,
    content: &str,
) -> Result<Answer, PublishError> {
    use PostCommentReplyError as E;
    let request = client.post_comment_reply().in_reply_to(comment_id).client_request_token(request_token);
    let error = match request.content(content).send().await {
        // A person may have deleted the reply that the token posted: it was posted, all the same.
        Ok(posted) => return Ok(written(posted.comment())),
        Err(error) => error,
    };
    match error.as_service_error() {
        Some(E::IdempotencyParameterMismatchException(_)) => {
            Ok(Answer::LookAgain("another invocation posted the reply first"))
        }
        Some(E::CommentDoesNotExistException(_)) => {
            Ok(Answer::LookAgain("the comment to reply to is not there any more"))
        }
        _ => over_or_failure("PostCommentReply", &error, None),
    }
}

fn written(comment: Option<&types::Comment>) -> Answer {
    Answer::Written {
        comment_id: comment.and_then(types::Comment::comment_id).map(str::to_owned),
        stored: comment.and_then(types::Comment::content).map(str::to_owned),
    }
}

/// Looks for the reason why a build's source is no longer wanted or there: in the pull request, then, if the build never
/// had its source, in the source branch.
pub(crate) async fn find_source_loss(
    client: &Client,
    build: &PullRequestBuild,
    had_source: bool,
) -> Result<Answer, PublishError> {
    use GetPullRequestError as E;
    let answer = client.get_pull_request().pull_request_id(build.pull_request_id.as_str()).send().await;
    let pull_request = match answer {
        Ok(answer) => read_pull_request(answer.pull_request(), &build.repository_name),
        Err(error) => {
            let over = match error.as_service_error() {
                Some(E::PullRequestDoesNotExistException(_)) => Some(Over::PullRequestGone),
                _ => None,
            };
            return over_or_failure("GetPullRequest", &error, over);
        }
    };
    let tip = pull_request.source_commit.as_ref();
    let loss = SourceLoss::from_pull_request(&pull_request.status, tip, &build.source_commit);
    match (loss, &pull_request.source_reference) {
        (None, Some(branch)) if !had_source => find_branch_loss(client, &build.repository_name, branch).await,
        (loss, _) => Ok(Answer::SourceLoss(loss)),
    }
}

/// What explains a lost source; whatever CodeCommit does not say explains nothing.
struct PullRequestState {
    status: PullRequestStatus,
    source_commit: Option<SourceCommit>,
    source_reference: Option<Reference>,
}

fn read_pull_request(
    pull_request: Option<&types::PullRequest>,
    repository_name: &RepositoryName,
) -> PullRequestState {
    let status = pull_request.and_then(types::PullRequest::pull_request_status);
    let targets = pull_request.map(types::PullRequest::pull_request_targets).unwrap_or_default();
    let target = targets.iter().find(|target| target.repository_name() == Some(repository_name.as_str()));
    let is_merged = target.and_then(|target| target.merge_metadata()).is_some_and(|merge| merge.is_merged());
    let source_commit = target.and_then(|target| target.source_commit());
    let source_reference = target.and_then(|target| target.source_reference());
    PullRequestState {
        status: PullRequestStatus::from_name(status.map_or("", |status| status.as_str()), is_merged),
        source_commit: source_commit.and_then(|commit| SourceCommit::parse(commit).ok()),
        source_reference: source_reference.and_then(|reference| Reference::parse(reference).ok()),
    }
}

async fn find_branch_loss(
    client: &Client,
    repository_name: &RepositoryName,
    branch: &Reference,
) -> Result<Answer, PublishError> {
    use GetBranchError as E;
    let request = client.get_branch().repository_name(repository_name.as_str());
    let Err(error) = request.branch_name(branch.branch_name()).send().await else {
        return Ok(Answer::SourceLoss(None));
    };
    match error.as_service_error() {
        Some(E::BranchDoesNotExistException(_)) => Ok(Answer::SourceLoss(Some(SourceLoss::BranchDeleted))),
        // Git takes names that this operation does not; nothing is known of such a branch, then.
        Some(E::InvalidBranchNameException(_)) => Ok(Answer::SourceLoss(None)),
        Some(E::RepositoryDoesNotExistException(_)) => Ok(Answer::Over(Over::RepositoryGone)),
        _ => over_or_failure("GetBranch", &error, None),
    }
}

fn over_or_failure<E>(
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
    over: Option<Over>,
) -> Result<Answer, PublishError>
where
    E: aws_sdk_codecommit::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    over.map_or_else(|| Err(CallFailure::sort(operation, error).into()), |over| Ok(Answer::Over(over)))
}
