//! Why an invocation failed.

use lambda_runtime::Diagnostic;
use lambda_setup::CallFailure;
use pull_request_build::{InvalidEvent, InvalidId, RevisionId};

/// An invocation that failed. Lambda tries the event again after one and after two more minutes, and then puts it into
/// the failure queue; the text is for the person who reads it there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The event cannot be understood.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
    /// Lambda's word for this function cannot be understood.
    #[error("Lambda invoked a function whose ARN cannot be read: {0}")]
    InvalidFunctionArn(#[from] InvalidId),
    /// CodeCommit does not know of the revision yet.
    #[error(
        "GetPullRequest answered with a state from before the event of revision {0}; a later try reads the new one"
    )]
    ReadIsBehind(RevisionId),
    /// An answer of AWS lacks what its API documents.
    #[error("{operation} answered without {what}; if it stays, open a case with AWS Support")]
    InvalidAnswer {
        /// The operation that was called.
        operation: &'static str,
        /// What is missing or cannot be read.
        what: String,
    },
    /// A call to AWS failed.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// No build could be started, and its pull request could not be told.
    #[error("{start}; and the pull request does not say so: {report}")]
    NotReported {
        /// Why there is no build.
        start: CallFailure,
        /// Why that could not be reported.
        report: Box<CallFailure>,
    },
}

impl Failure {
    /// The kind's name. It is the `errorType` in the failure queue, and does not change between versions.
    pub(crate) fn error_type(&self) -> &'static str {
        match self {
            Self::InvalidEvent(_) => "InvalidEvent",
            Self::InvalidFunctionArn(_) => "InvalidFunctionArn",
            Self::ReadIsBehind(_) => "ReadIsBehind",
            Self::InvalidAnswer { .. } => "InvalidAnswer",
            Self::Call(failure) | Self::NotReported { start: failure, .. } => failure.error_type(),
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.error_type().to_owned(), error_message: failure.to_string() }
    }
}
