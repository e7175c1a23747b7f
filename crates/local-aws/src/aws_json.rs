//! The awsJson1_1 protocol: operations by name, JSON in, JSON or a named error out.

use std::future::Future;
use std::pin::Pin;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::caller::Caller;
use crate::iam::{Permission, ResourceStatement};

/// An error as an AWS API answers it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The HTTP status: 400 for almost everything.
    pub status: u16,
    /// The exception's name, such as `RepositoryDoesNotExistException`.
    pub code: String,
    /// The message for a person.
    pub message: String,
}

impl ApiError {
    /// An exception of the service's API model.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// What a local AWS refuses because it does not model it. The message names it.
    pub fn not_modeled(what: impl std::fmt::Display) -> Self {
        Self::new(
            "NotModeledByLocalAws",
            format!("local-aws does not model {what}; doc/semantics.md lists what it does"),
        )
    }

    /// A failure of local-aws itself or of a tool it runs, with status 500.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { status: 500, code: "InternalFailure".to_owned(), message: message.into() }
    }
}

/// The answer of one call, on its way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>>;

/// A service that speaks awsJson1_1.
pub trait AwsJsonService: Send + Sync {
    /// The part of `X-Amz-Target` before the dot, such as `CodeCommit_20150413`.
    fn target_prefix(&self) -> &'static str;

    /// What a caller must be allowed for an operation, as the service authorization reference tells. An operation that
    /// is not there has one too: who may not ask for it is refused first.
    fn permission(&self, operation: &str, input: &Value) -> Permission;

    /// The policy of a resource that a permission names; empty where it has none, as most have.
    fn resource_policy(&self, _resource: &str) -> Vec<ResourceStatement> {
        Vec::new()
    }

    /// Carries out one operation for a caller who may ask for it. An operation that is not there answers [`ApiError::not_modeled`].
    fn call<'a>(&'a self, operation: &'a str, caller: &'a Caller, input: Value) -> Answer<'a>;

    /// What the service says to a caller who asks too much of it (API references, "Common errors").
    fn throttling_error(&self) -> ApiError {
        ApiError::new("ThrottlingException", "The request was denied due to request throttling.")
    }

    /// The code that an error had in the query protocol which the service spoke before, where it is another one. AWS
    /// sends it along, and clients still show it to their callers.
    fn query_error_code(&self, _code: &str) -> Option<&'static str> {
        None
    }
}

/// Reads an operation's input. Input types deny unknown fields, so that a member that AWS knows and this crate does
/// not is refused by name instead of being passed over.
pub fn parse_input<T: DeserializeOwned>(operation: &str, input: Value) -> Result<T, ApiError> {
    serde_json::from_value(input).map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
            Some((member, _)) => ApiError::not_modeled(format_args!("the member {member} of {operation}")),
            None => ApiError::new("SerializationException", format!("{operation}: {text}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[expect(dead_code, reason = "only its name matters here")]
        known: u32,
    }

    #[test]
    fn a_member_that_is_not_modeled_is_refused_by_name() {
        let input = serde_json::json!({ "known": 1, "kmsKeyId": "k" });
        let error = parse_input::<Input>("CreateRepository", input).unwrap_err();
        assert_eq!(error.code, "NotModeledByLocalAws");
        assert!(error.message.contains("the member kmsKeyId of CreateRepository"), "{error}");
    }

    #[test]
    fn a_member_of_the_wrong_type_is_a_serialization_error() {
        let error =
            parse_input::<Input>("CreateRepository", serde_json::json!({ "known": "x" })).unwrap_err();
        assert_eq!(error.code, "SerializationException");
    }
}
