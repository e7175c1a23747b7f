//! Why an invocation fails.

use lambda_runtime::Diagnostic;
use lambda_setup::CallFailure;
use pull_request_build::{InvalidEvent, InvalidId};

/// A failed invocation: Lambda tries it again, and at last the event goes into the failure queue.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    /// It will not become better by itself; the queue keeps it for a person.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
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
