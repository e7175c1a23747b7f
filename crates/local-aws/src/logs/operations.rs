//! The operations of CloudWatch Logs that a local AWS has, and what they have in common.

use serde_json::Value;

use super::{Group, LogStore};
use crate::account::Account;
use crate::aws_json::{Answer, ApiError, AwsJsonService, parse_input};
use crate::caller::Caller;
use crate::iam::Permission;

/// CloudWatch Logs behind its API.
#[derive(Debug, Clone)]
pub struct Logs {
    pub(super) account: Account,
    pub(super) store: LogStore,
}

impl Logs {
    /// The API over `store`.
    pub fn new(account: Account, store: LogStore) -> Self {
        Self { account, store }
    }

    /// Acts on the group that a request names: by its name, or by its name or ARN as the identifier.
    pub(super) fn with_group<T>(
        &self,
        name: Option<&str>,
        identifier: Option<&str>,
        act: impl FnOnce(&Group) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let name = match (name, identifier) {
            (Some(name), None) => name,
            (None, Some(identifier)) => self.name_of_group(identifier),
            (Some(_), Some(_)) => {
                return Err(invalid("LogGroupName and LogGroupIdentifier cannot be set together."));
            }
            (None, None) => return Err(invalid("LogGroupName or LogGroupIdentifier is required.")),
        };
        let state = self.store.lock();
        act(state.groups.get(name).ok_or_else(|| not_found("group"))?)
    }

    /// The name in a group's identifier, which is its name or its ARN.
    fn name_of_group<'i>(&self, identifier: &'i str) -> &'i str {
        let name = identifier.strip_prefix(&self.account.arn("logs", "log-group:"));
        name.map_or(identifier, |name| name.strip_suffix(":*").unwrap_or(name))
    }

    /// A group's ARN without the `:*` that stands for its streams.
    pub(super) fn group_arn(&self, group: &str) -> String {
        self.account.arn("logs", &format!("log-group:{group}"))
    }
}

impl AwsJsonService for Logs {
    fn target_prefix(&self) -> &'static str {
        "Logs_20140328"
    }

    fn permission(&self, operation: &str, input: &Value) -> Permission {
        let name = |member: &str| input[member].as_str();
        let identifier = || name("logGroupIdentifier").map(|identifier| self.name_of_group(identifier));
        let group = name("logGroupName").or_else(identifier).unwrap_or_default();
        let stream = self.account.log_stream_arn(group, name("logStreamName").unwrap_or_default());
        Permission::on(format!("logs:{operation}"), stream)
    }

    fn call<'a>(&'a self, operation: &'a str, _caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            match operation {
                "DescribeLogGroups" => self.describe_log_groups(parse_input(operation, input)?),
                "DescribeLogStreams" => self.describe_log_streams(parse_input(operation, input)?),
                "FilterLogEvents" => self.filter_log_events(parse_input(operation, input)?),
                "GetLogEvents" => self.get_log_events(parse_input(operation, input)?),
                other => Err(ApiError::not_modeled(format_args!("CloudWatch Logs {other}"))),
            }
        })
    }
}

/// The page size that a request asks for, or `most` if it does not.
pub(super) fn page_size(limit: Option<usize>, most: usize) -> Result<usize, ApiError> {
    match limit {
        None => Ok(most),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => Err(invalid(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
             value between 1 and {most}"
        ))),
    }
}

/// CloudWatch Logs' error for what is wrong with a request.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

pub(super) fn invalid_token() -> ApiError {
    invalid("The specified nextToken is invalid.")
}

pub(super) fn not_found(what: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("The specified log {what} does not exist."))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::caller::AccessKeys;
    use crate::clock::Clock;

    pub(in crate::logs) async fn call(logs: &Logs, operation: &str, input: Value) -> Result<Value, ApiError> {
        let caller = AccessKeys::new(Account::default(), Vec::new()).identify(None);
        logs.call(operation, &caller, input).await
    }

    /// A group with a stream for each name, and in it as many lines.
    pub(in crate::logs) fn logs_with(streams: &[(&str, usize)]) -> Logs {
        let store = LogStore::new(Clock::default());
        for (stream, lines) in streams {
            (0..*lines).for_each(|line| store.append("/group", stream, &format!("line {line}")));
        }
        Logs::new(Account::default(), store)
    }

    #[tokio::test]
    async fn an_operation_that_is_not_modeled_is_named() {
        let error = call(&logs_with(&[]), "StartQuery", json!({})).await.unwrap_err();
        assert!(error.message.contains("CloudWatch Logs StartQuery"), "{error}");
    }

    #[tokio::test]
    async fn a_group_is_named_in_one_way() {
        let logs = logs_with(&[("stream", 1)]);
        for identifier in ["/group", "arn:aws:logs:us-east-1:123456789012:log-group:/group"] {
            let input = json!({ "logGroupIdentifier": identifier });
            let answer = call(&logs, "DescribeLogStreams", input).await.unwrap();
            assert_eq!(answer["logStreams"][0]["logStreamName"], "stream", "{identifier}");
        }
        for input in [json!({}), json!({ "logGroupName": "/group", "logGroupIdentifier": "/group" })] {
            let error = call(&logs, "FilterLogEvents", input).await.unwrap_err();
            assert_eq!(error.code, "InvalidParameterException");
        }
        let error = call(&logs, "FilterLogEvents", json!({ "logGroupName": "/other" })).await.unwrap_err();
        assert_eq!(error.code, "ResourceNotFoundException");
    }
}
