//! GetLogEvents: one stream, forwards and backwards.

use serde::Deserialize;
use serde_json::{Value, json};

use super::operations::{Logs, invalid_token, not_found, page_size};
use crate::aws_json::ApiError;

/// Events a page: AWS returns as many as fit into 1 MB, up to 10,000; the default is the limit.
pub(super) const PAGE: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    limit: Option<usize>,
    #[serde(default)]
    start_from_head: bool,
    next_token: Option<String>,
}

impl Logs {
    /// Pages by position: a token is `f/` or `b/` and an index, and AWS's rule holds that the end of a stream answers
    /// the token that was passed in.
    pub(super) fn get_log_events(&self, input: GetLogEvents) -> Result<Value, ApiError> {
        let limit = page_size(input.limit, PAGE)?;
        let (name, identifier) = (input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        // StartTime is inclusive, endTime exclusive (API reference, GetLogEvents).
        let events: Vec<_> = self.with_group(name, identifier, |group| {
            let stream = group.streams.get(&input.log_stream_name).ok_or_else(|| not_found("stream"))?;
            let in_time = stream
                .events
                .iter()
                .filter(|event| input.start_time.is_none_or(|start| event.timestamp >= start))
                .filter(|event| input.end_time.is_none_or(|end| event.timestamp < end));
            Ok(in_time.cloned().collect())
        })?;
        let count = events.len();
        let (from, to) = match input.next_token.as_deref().map(parse_token) {
            Some(Some(('f', index))) => (index.min(count), index.saturating_add(limit).min(count)),
            Some(Some((_, index))) => (index.min(count).saturating_sub(limit), index.min(count)),
            Some(None) => return Err(invalid_token()),
            None if input.start_from_head => (0, limit.min(count)),
            None => (count.saturating_sub(limit), count),
        };
        let page: Vec<Value> = events[from..to]
            .iter()
            .map(|event| {
                json!({
                    "timestamp": event.timestamp,
                    "message": event.message,
                    "ingestionTime": event.timestamp,
                })
            })
            .collect();
        Ok(json!({
            "events": page,
            "nextForwardToken": format!("f/{to:056}"),
            "nextBackwardToken": format!("b/{from:056}"),
        }))
    }
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
    use super::super::operations::tests::{call, logs_with};
    use super::*;

    #[tokio::test]
    async fn pages_forward_until_the_token_repeats() {
        let logs = logs_with(&[("stream", 5)]);
        let mut input = json!({
            "logGroupName": "/group", "logStreamName": "stream", "startFromHead": true, "limit": 2
        });
        let mut lines = Vec::new();
        loop {
            let answer = call(&logs, "GetLogEvents", input.clone()).await.unwrap();
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
        let answer = call(&logs_with(&[("stream", 3)]), "GetLogEvents", input).await.unwrap();
        assert_eq!(answer["events"][0]["message"], "line 2");
    }

    #[tokio::test]
    async fn a_stream_that_is_not_there_is_named_as_aws_names_it() {
        let input = json!({ "logGroupName": "/group", "logStreamName": "other" });
        let error = call(&logs_with(&[("stream", 1)]), "GetLogEvents", input).await.unwrap_err();
        assert_eq!(error.code, "ResourceNotFoundException");
    }

    #[tokio::test]
    async fn a_token_that_was_not_given_out_is_an_error_wherever_it_points() {
        let logs = logs_with(&[("stream", 1)]);
        let input =
            |token: &str| json!({ "logGroupName": "/group", "logStreamName": "stream", "nextToken": token });
        for token in ["x/1", "f", "f/-1", ""] {
            let error = call(&logs, "GetLogEvents", input(token)).await.unwrap_err();
            assert_eq!(error.code, "InvalidParameterException", "{token:?}");
        }
        let answer = call(&logs, "GetLogEvents", input(&format!("f/{}", usize::MAX))).await.unwrap();
        assert_eq!(answer["events"], json!([]));
    }
}
