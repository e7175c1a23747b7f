//! What an invocation comes to.

use lambda_runtime::Diagnostic;
use lambda_setup::CallFailure;
use pull_request_build::{InvalidBuildEvent, InvalidId};
use serde::Serialize;

/// The function's answer. Lambda drops it after an asynchronous invocation; people and tests read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase")]
pub(crate) enum Publication {
    /// A new comment was posted.
    Posted(Shown),
    /// The comment's text was replaced.
    Updated(Shown),
    /// The comment said it already.
    Unchanged(Shown),
    /// Nothing is to be shown.
    Ignored {
        /// Why.
        reason: String,
    },
}

impl Publication {
    /// What the comment shows, if there is one.
    pub(crate) fn shown(&self) -> Option<&Shown> {
        match self {
            Self::Posted(shown) | Self::Updated(shown) | Self::Unchanged(shown) => Some(shown),
            Self::Ignored { .. } => None,
        }
    }

    /// Why nothing is shown.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Ignored { reason } => Some(reason),
            Self::Posted(_) | Self::Updated(_) | Self::Unchanged(_) => None,
        }
    }

    /// What was done, for the log.
    pub(crate) fn message(&self) -> &'static str {
        match self {
            Self::Posted(_) => "comment posted",
            Self::Updated(_) => "comment updated",
            Self::Unchanged(_) => "comment up to date",
            Self::Ignored { .. } => "build ignored",
        }
    }
}

/// What the comment shows now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    pub(crate) comment_id: String,
    pub(crate) build_id: String,
    pub(crate) build_status: String,
}

/// Why there is nothing left to write on: the end of the matter, not a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Over {
    #[error("the pull request does not exist any more")]
    PullRequestGone,
    #[error("the repository does not exist any more")]
    RepositoryGone,
    #[error("a commit of the build does not exist any more")]
    CommitGone,
    #[error("the build names a repository that its pull request does not belong to")]
    RepositoryOfAnotherPullRequest,
    #[error("the build's source and destination commit are the same, so there is no place for a comment")]
    SameCommits,
    #[error("CodeBuild does not know the build, or not as a pull request's build")]
    BuildGone,
    #[error("CodeBuild's answer about the build names another pull request or commit than the event")]
    BuildOfAnotherCommit,
    #[error("a person deleted the comment after the build had started, so it stays deleted")]
    CommentDeleted,
}

/// A failed invocation: Lambda tries it again, and at last the event goes into the failure queue.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    /// It will not become better by itself; the queue keeps it for a person.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidBuildEvent),
    /// The Runtime API did not say which function was invoked, so the author of its comments is unknown.
    #[error(transparent)]
    InvalidFunctionArn(#[from] InvalidId),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// The function does not know its own comments, and would post one after the other.
    #[error(
        "CodeCommit names {actual} as the author of the function's comment, not {expected}: set ROLE_NAME to the name of the function's role"
    )]
    ForeignAuthor {
        /// The author that the settings and the invoked function's ARN make.
        expected: String,
        /// The author that CodeCommit names.
        actual: String,
    },
    /// Others wrote all the time, or CodeCommit does not show yet what was written.
    #[error("the comment was not settled after {passes} passes (last: {last}); the next try may settle it")]
    NotSettled {
        /// How many times the function looked and wrote.
        passes: usize,
        /// What it did last.
        last: &'static str,
    },
}

impl PublishError {
    /// The kind's name. It is the `errorType` in the failure queue, and does not change between versions.
    pub(crate) fn error_type(&self) -> &'static str {
        match self {
            Self::InvalidEvent(_) => "InvalidEvent",
            Self::InvalidFunctionArn(_) => "InvalidFunctionArn",
            Self::Call(failure) => failure.error_type(),
            Self::ForeignAuthor { .. } => "ForeignAuthor",
            Self::NotSettled { .. } => "CommentNotSettled",
        }
    }
}

impl From<PublishError> for Diagnostic {
    fn from(error: PublishError) -> Self {
        Self { error_type: error.error_type().to_owned(), error_message: error.to_string() }
    }
}

/// What ends an invocation early.
#[derive(Debug)]
pub(crate) enum Interruption {
    Over(Over),
    Error(PublishError),
}

impl From<Over> for Interruption {
    fn from(over: Over) -> Self {
        Self::Over(over)
    }
}

impl From<PublishError> for Interruption {
    fn from(error: PublishError) -> Self {
        Self::Error(error)
    }
}

impl From<CallFailure> for Interruption {
    fn from(failure: CallFailure) -> Self {
        Self::Error(failure.into())
    }
}
