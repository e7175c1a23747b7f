//! The operations of CloudWatch Logs that a local AWS has.

use serde::Deserialize;
use serde_json::{Value, json};

use super::LogStore;
use crate::aws_json::{Answer, ApiError, AwsJsonService, parse_input};
use crate::caller::Caller;

/// Events a page: AWS returns as many as fit into 1 MB, up to 10,000; the default is the limit.
const PAGE: usize = 10_000;

/// CloudWatch Logs behind its API.
#[derive(Debug, Clone)]
pub struct Logs {
    store: LogStore,
}

impl Logs {
    /// The API over `store`.
    pub fn new(store: LogStore) -> Self {
        Self { store }
    }
}

impl AwsJsonService for Logs {
    fn target_prefix(&self) -> &'static str {
        "Logs_20140328"
    }

    fn call<'a>(&'a self, operation: &'a str, _caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            match operation {
                "GetLogEvents" => get_log_events(&self.store, parse_input(operation, input)?),
                other => Err(ApiError::not_modeled(format_args!("CloudWatch Logs {other}"))),
            }
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GetLogEvents {
    log_group_name: String,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    limit: Option<usize>,
    #[serde(default)]
    start_from_head: bool,
    next_token: Option<String>,
}

/// Pages by position: a token is `f/` or `b/` and an index, and AWS's rule holds that the end of a stream answers the
/// token that was passed in.
fn get_log_events(store: &LogStore, input: GetLogEvents) -> Result<Value, ApiError> {
    let not_found = |what: &str| {
        ApiError::new("ResourceNotFoundException", format!("The specified log {what} does not exist."))
    };
    let streams = store.streams(&input.log_group_name).ok_or_else(|| not_found("group"))?;
    if !streams.contains(&input.log_stream_name) {
        return Err(not_found("stream"));
    }
    let limit = input.limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        let message =
            format!("Value '{limit}' at 'limit' failed to satisfy constraint: between 1 and {PAGE}");
        return Err(ApiError::new("InvalidParameterException", message));
    }
    // StartTime is inclusive, endTime exclusive (API reference, GetLogEvents).
    let events: Vec<_> = store.read(&input.log_group_name, &input.log_stream_name).unwrap_or_default();
    let events: Vec<_> = events
        .into_iter()
        .filter(|event| input.start_time.is_none_or(|start| event.timestamp >= start))
        .filter(|event| input.end_time.is_none_or(|end| event.timestamp < end))
        .collect();
    let (from, to) = match input.next_token.as_deref().map(parse_token) {
        Some(Some(('f', index))) => {
            (index.min(events.len()), (index.min(events.len()) + limit).min(events.len()))
        }
        Some(Some((_, index))) => (index.min(events.len()).saturating_sub(limit), index.min(events.len())),
        Some(None) => {
            return Err(ApiError::new("InvalidParameterException", "The specified nextToken is invalid."));
        }
        None if input.start_from_head => (0, limit.min(events.len())),
        None => (events.len().saturating_sub(limit), events.len()),
    };
    let page: Vec<Value> = events[from..to]
        .iter()
        .map(|event| {
            json!({ "timestamp": event.timestamp, "message": event.message, "ingestionTime": event.timestamp })
        })
        .collect();
    Ok(json!({
        "events": page,
        "nextForwardToken": format!("f/{to:056}"),
        "nextBackwardToken": format!("b/{from:056}"),
    }))
}

fn parse_token(token: &str) -> Option<(char, usize)> {
    let (direction, index) = token.split_once('/')?;
    let direction = match direction {
        "f" => 'f',
        "b" => 'b',
        _ => return None,
    };
    Some((direction, index.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::caller::AccessKeys;
    use crate::clock::Clock;

    async fn read(logs: &Logs, input: Value) -> Result<Value, ApiError> {
        let caller = AccessKeys::new(Account::default()).identify(None);
        logs.call("GetLogEvents", &caller, input).await
    }

    fn logs_with(lines: usize) -> Logs {
        let store = LogStore::new(Clock::default());
        (0..lines).for_each(|line| store.append("/group", "stream", &format!("line {line}")));
        Logs::new(store)
    }

    #[tokio::test]
    async fn pages_forward_until_the_token_repeats() {
        let logs = logs_with(5);
        let mut input = json!({
            "logGroupName": "/group", "logStreamName": "stream", "startFromHead": true, "limit": 2
        });
        let mut lines = Vec::new();
        loop {
            let answer = read(&logs, input.clone()).await.unwrap();
            let page = answer["events"].as_array().unwrap();
            lines.extend(page.iter().map(|event| event["message"].as_str().unwrap().to_owned()));
            if input["nextToken"] == answer["nextForwardToken"] {
                break;
            }
            input["nextToken"] = answer["nextForwardToken"].clone();
        }
        assert_eq!(lines, ["line 0", "line 1", "line 2", "line 3", "line 4"]);
    }

    #[tokio::test]
    async fn without_start_from_head_the_last_lines_come_first() {
        let input = json!({ "logGroupName": "/group", "logStreamName": "stream", "limit": 1 });
        let answer = read(&logs_with(3), input).await.unwrap();
        assert_eq!(answer["events"][0]["message"], "line 2");
    }

    #[tokio::test]
    async fn a_stream_that_is_not_there_is_named_as_aws_names_it() {
        let input = json!({ "logGroupName": "/group", "logStreamName": "other" });
        assert_eq!(read(&logs_with(1), input).await.unwrap_err().code, "ResourceNotFoundException");
    }

    #[tokio::test]
    async fn an_operation_that_is_not_modeled_is_named() {
        let caller = AccessKeys::new(Account::default()).identify(None);
        let error = logs_with(1).call("StartQuery", &caller, json!({})).await.unwrap_err();
        assert!(error.message.contains("CloudWatch Logs StartQuery"), "{error}");
    }
}
