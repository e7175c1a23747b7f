//! Everything that can go wrong, in words that say what to do next.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;
use std::process::ExitCode;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use crate::terminal::shown;

/// Longer texts of AWS are cut.
const CAUSE_LIMIT: usize = 600;

/// Why nothing, or not everything, was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A call to AWS failed.
    #[error("{operation} failed: {cause}{advice}")]
    Call { operation: &'static str, cause: String, advice: &'static str },
    /// No region is configured.
    #[error("no AWS region is set; set AWS_REGION to the one of the hook")]
    NoRegion,
    /// No function belongs to the hook.
    #[error(
        "no Lambda function in {region} belongs to a hook named {hook}; name the hook with --hook, look at AWS_REGION and \
         AWS_PROFILE, and for a local AWS at AWS_ENDPOINT_URL"
    )]
    NoHook { hook: String, region: String },
    /// The hook's functions leave their failures in no queue.
    #[error(
        "the functions of {hook} leave their failures in no SQS queue; deploy the hook with its own template, or give the \
         queue with --queue-url"
    )]
    NoQueue { hook: String },
    /// No message's id begins like that.
    #[error("no message in the queue has an id that begins with {0}; list them: cargo xtask redrive")]
    NoSuchMessage(String),
    /// More than one message's id begins like that.
    #[error("{prefix} may be any of {}; give more characters", ids.join(", "))]
    AmbiguousMessage { prefix: String, ids: Vec<String> },
    /// Messages that were received could not be made visible again.
    #[error(
        "{count} messages could not be made visible again, and come back by themselves within {seconds} seconds: {cause}"
    )]
    StillHidden { count: usize, seconds: i32, cause: String },
    /// Signals cannot be listened for.
    #[error("signals cannot be listened for: {0}")]
    Signals(io::Error),
    /// Somebody stopped it.
    #[error("interrupted; every message that was not handed back is still in the queue")]
    Interrupted,
}

impl Error {
    /// The failure of `operation`, which is named as in the API: `ReceiveMessage`.
    pub(crate) fn call<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
        R: std::fmt::Debug + 'static,
    {
        move |error| Self::Call { operation, cause: describe(&error), advice: advise(&error) }
    }

    /// 2 where another command line would help, 1 otherwise.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoSuchMessage(_) | Self::AmbiguousMessage { .. } => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// The service's code and words, or what broke on the way to it.
fn describe<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + StdError + 'static,
    R: std::fmt::Debug + 'static,
{
    let text = match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => {
            let causes = successors(Some(error as &dyn StdError), |&error| error.source());
            causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
        }
    };
    shown(&text, CAUSE_LIMIT)
}

fn advise<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> &'static str {
    match (error, error.code().unwrap_or_default()) {
        (_, "AccessDenied" | "AccessDeniedException" | "KmsAccessDenied") => {
            "; crates/redrive/README.md lists the permissions that it needs"
        }
        (_, "ExpiredToken" | "ExpiredTokenException" | "UnrecognizedClientException") => {
            "; sign in again, or look at AWS_PROFILE and AWS_ENDPOINT_URL"
        }
        (SdkError::DispatchFailure(_) | SdkError::TimeoutError(_), _) => {
            "; look at the credentials, AWS_REGION and AWS_ENDPOINT_URL, and for a local AWS whether it still runs"
        }
        _ => "",
    }
}
