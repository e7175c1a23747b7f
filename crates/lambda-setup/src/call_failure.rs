//! Sorting of calls that failed.

use std::{error::Error, iter::successors};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// A call to AWS that failed for a reason that is not an answer about the pull request or the build. Whoever knows an
/// operation's own errors (a pull request that is gone, a comment that was deleted) looks for them first.
///
/// Every kind makes the invocation fail, so that Lambda tries it again and at last puts it into the failure queue; the
/// kinds differ in what a person has to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// It may pass by itself: throttling, a quota that other builds fill, an error of the server, a broken connection.
    #[error("{operation} failed, and may succeed when it is tried again: {cause}")]
    Passing {
        /// The operation that was called.
        operation: &'static str,
        /// AWS's code and words, or what broke on the way.
        cause: String,
    },
    /// It fails until somebody changes the account's configuration.
    #[error("{operation} was refused ({cause}): {remedy}")]
    Refused {
        /// The operation that was called.
        operation: &'static str,
        /// AWS's code and words.
        cause: String,
        /// What to change.
        remedy: String,
    },
    /// Neither is known of it.
    #[error(
        "{operation} failed in a way that this version does not know: {cause}; look the code up in the API reference of the operation"
    )]
    Unknown {
        /// The operation that was called.
        operation: &'static str,
        /// AWS's code and words, or what broke on the way.
        cause: String,
    },
}

/// Codes with which CodeBuild, CodeCommit and the services in front of them ask to come back later.
const PASSING: [&str; 8] = [
    "AccountLimitExceededException",
    "ExpiredTokenException",
    "InternalFailure",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

impl CallFailure {
    /// Sorts the failure of `operation`, which is named as in the API: `StartBuild`.
    pub fn sort<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.code().unwrap_or_default();
        let cause = describe(error);
        if let Some(remedy) = remedy(code) {
            return Self::Refused { operation, cause, remedy: remedy.to_owned() };
        }
        let status = error.raw_response().map(|response| response.status().as_u16());
        let broken = matches!(
            error,
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_)
        );
        if broken || PASSING.contains(&code) || status.is_some_and(|status| status >= 500 || status == 429) {
            Self::Passing { operation, cause }
        } else {
            Self::Unknown { operation, cause }
        }
    }

    /// A refusal whose remedy only the caller knows.
    pub fn refused<E>(
        operation: &'static str,
        error: &SdkError<E, HttpResponse>,
        remedy: impl Into<String>,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        Self::Refused { operation, cause: describe(error), remedy: remedy.into() }
    }

    /// AWS's code and words, or what broke on the way.
    pub fn cause(&self) -> &str {
        match self {
            Self::Passing { cause, .. } | Self::Refused { cause, .. } | Self::Unknown { cause, .. } => cause,
        }
    }

    /// The kind's name. It is the `errorType` of the failed invocation, and does not change between versions.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Passing { .. } => "PassingFailure",
            Self::Refused { .. } => "RefusedByAws",
            Self::Unknown { .. } => "UnknownFailure",
        }
    }
}

fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "AccessDenied" | "AccessDeniedException" => {
            "allow the function's role the action on the resource, and look for a policy that denies it"
        }
        "EncryptionKeyAccessDeniedException" => {
            "allow the function's role to use the repository's KMS key (setting repositoryKeyArns)"
        }
        "EncryptionKeyDisabledException" => "enable the repository's KMS key",
        "EncryptionKeyNotFoundException" => "give the repository a KMS key that exists",
        "EncryptionKeyUnavailableException" => {
            "look at the state of the repository's KMS key: it must be enabled and not pending deletion"
        }
        "EncryptionIntegrityChecksFailedException" => {
            "open a case with AWS Support if it stays: CodeCommit cannot decrypt the repository"
        }
        "InvalidClientTokenId" | "InvalidSignatureException" | "UnrecognizedClientException" => {
            "look at the function's role and at AWS_ENDPOINT_URL: AWS does not accept the credentials"
        }
        _ => return None,
    })
}

/// The service's code and words; without them the status, or the chain of what broke on the way. Never the answer
/// itself, which may hold anything.
fn describe<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error.raw_response().map(|response| response.status());
    match (error.code(), error.message(), status) {
        (Some(code), Some(message), _) => format!("{code}: {message}"),
        (Some(code), None, _) => code.to_owned(),
        (None, _, Some(status)) if !status.is_success() => {
            format!("HTTP status {} without an error code", status.as_u16())
        }
        (None, ..) => {
            let causes = successors(Some(error as &dyn Error), |&error| error.source());
            causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_codecommit::Client;
    use replayed_aws::{Answer, ReplayedAws};
    use serde_json::json;

    use super::*;

    async fn sort(answer: Answer) -> CallFailure {
        let aws = ReplayedAws::new([("GetPullRequest", answer)]);
        let client = Client::new(&aws.sdk_config());
        let error = client.get_pull_request().pull_request_id("1").send().await.unwrap_err();
        CallFailure::sort("GetPullRequest", &error)
    }

    #[tokio::test]
    async fn what_may_pass_is_told_from_what_somebody_must_change() {
        let cases = [
            (Answer::lost_connection(), "PassingFailure"),
            (Answer::status(500), "PassingFailure"),
            (Answer::status(503), "PassingFailure"),
            (Answer::status(429), "PassingFailure"),
            (Answer::error("ThrottlingException", "Rate exceeded"), "PassingFailure"),
            (Answer::error("AccountLimitExceededException", "Cannot have more"), "PassingFailure"),
            (Answer::error("AccessDeniedException", "not authorized"), "RefusedByAws"),
            (Answer::error("EncryptionKeyAccessDeniedException", "no"), "RefusedByAws"),
            (Answer::error("EncryptionKeyDisabledException", "no"), "RefusedByAws"),
            (Answer::error("EncryptionKeyNotFoundException", "no"), "RefusedByAws"),
            (Answer::error("EncryptionKeyUnavailableException", "no"), "RefusedByAws"),
            (Answer::error("EncryptionIntegrityChecksFailedException", "no"), "RefusedByAws"),
            (Answer::error("UnrecognizedClientException", "no"), "RefusedByAws"),
            (Answer::error("SomethingNewException", "no"), "UnknownFailure"),
        ];
        for (answer, expected) in cases {
            let shown = format!("{answer:?}");
            let failure = sort(answer).await;
            assert_eq!(failure.error_type(), expected, "{shown} became {failure}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_may_pass() {
        let failure = sort(Answer::json(json!({"pullRequest": 5}))).await;
        assert_eq!(failure.error_type(), "PassingFailure", "{failure}");
    }

    #[tokio::test]
    async fn without_an_error_of_the_service_the_text_says_what_broke_and_nothing_of_the_answer() {
        let lost = sort(Answer::lost_connection()).await;
        assert!(lost.to_string().ends_with(": the connection broke"), "{lost}");
        assert_eq!(
            sort(Answer::status(503)).await.to_string(),
            "GetPullRequest failed, and may succeed when it is tried again: HTTP status 503 without an error code"
        );
        let secret = json!({"pullRequest": {"title": "secret", "pullRequestTargets": 5}});
        let unreadable = sort(Answer::json(secret)).await;
        assert!(!unreadable.to_string().contains("secret"), "{unreadable}");
    }

    #[tokio::test]
    async fn the_text_names_the_operation_the_code_and_the_remedy() {
        let failure = sort(Answer::error("EncryptionKeyDisabledException", "key 1234 is disabled")).await;
        assert_eq!(
            failure.to_string(),
            "GetPullRequest was refused (EncryptionKeyDisabledException: key 1234 is disabled): \
             enable the repository's KMS key"
        );
    }
}
