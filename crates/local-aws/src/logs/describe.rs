//! DescribeLogGroups and DescribeLogStreams.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Stream;
use super::operations::{Logs, invalid, invalid_token, page_size};
use crate::aws_json::ApiError;

/// Groups and streams a page (API reference).
const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DescribeLogGroups {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DescribeLogStreams {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<OrderBy>,
    #[serde(default)]
    descending: bool,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum OrderBy {
    LogStreamName,
    LastEventTime,
}

impl Logs {
    /// Sorted by name. A token is the name of the last group of its page.
    pub(super) fn describe_log_groups(&self, input: DescribeLogGroups) -> Result<Value, ApiError> {
        let limit = page_size(input.limit, PAGE)?;
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            return Err(invalid("LogGroupNamePrefix and LogGroupNamePattern cannot be set together."));
        }
        let wanted = |name: &String| {
            input.log_group_name_prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix))
                && input.log_group_name_pattern.as_ref().is_none_or(|pattern| name.contains(pattern))
                && input.next_token.as_ref().is_none_or(|after| name > after)
        };
        let state = self.store.lock();
        let mut groups: Vec<_> =
            state.groups.iter().filter(|(name, _)| wanted(name)).take(limit + 1).collect();
        let more = groups.len() > limit;
        groups.truncate(limit);
        let describe = |(name, group): &(&String, &super::Group)| {
            let arn = self.group_arn(name);
            let streams = group.streams.values();
            json!({
                "logGroupName": name,
                "creationTime": group.created,
                "metricFilterCount": 0,
                "arn": format!("{arn}:*"),
                "logGroupArn": arn,
                "storedBytes": streams.map(stored_bytes).sum::<usize>(),
                "logGroupClass": "STANDARD",
            })
        };
        let mut answer = json!({ "logGroups": groups.iter().map(describe).collect::<Vec<_>>() });
        if let Some((name, _)) = groups.last().filter(|_| more) {
            answer["nextToken"] = name.as_str().into();
        }
        Ok(answer)
    }

    /// A token is what the last stream of its page was sorted by: the time of its last event, and its name.
    pub(super) fn describe_log_streams(&self, input: DescribeLogStreams) -> Result<Value, ApiError> {
        let limit = page_size(input.limit, PAGE)?;
        let by_time = input.order_by == Some(OrderBy::LastEventTime);
        if by_time && input.log_stream_name_prefix.is_some() {
            return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
        }
        let after = match input.next_token.as_deref() {
            Some(token) => Some(parse_token(token).ok_or_else(invalid_token)?),
            None => None,
        };
        let key = |name: &str, stream: &Stream| {
            let last = stream.events.last().map_or(stream.created, |event| event.timestamp);
            (if by_time { last } else { 0 }, name.to_owned())
        };
        let (name, identifier) = (input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        self.with_group(name, identifier, |group| {
            let mut streams: Vec<_> = group
                .streams
                .iter()
                .filter(|(name, _)| {
                    input.log_stream_name_prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix))
                })
                .map(|(name, stream)| (key(name, stream), stream))
                .collect();
            streams.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            if input.descending {
                streams.reverse();
            }
            if let Some(after) = &after {
                streams.retain(|(key, _)| if input.descending { key < after } else { key > after });
            }
            let more = streams.len() > limit;
            streams.truncate(limit);
            let group_arn = self.group_arn(&group.name);
            let describe = |((_, name), stream): &((i64, String), &Stream)| {
                let mut json = json!({
                    "logStreamName": name,
                    "creationTime": stream.created,
                    "arn": format!("{group_arn}:log-stream:{name}"),
                    // Since 2019 AWS says 0 for every stream (API reference, LogStream).
                    "storedBytes": 0,
                });
                if let (Some(first), Some(last)) = (stream.events.first(), stream.events.last()) {
                    json["firstEventTimestamp"] = first.timestamp.into();
                    json["lastEventTimestamp"] = last.timestamp.into();
                    json["lastIngestionTime"] = last.timestamp.into();
                }
                json
            };
            let mut answer = json!({ "logStreams": streams.iter().map(describe).collect::<Vec<_>>() });
            if let Some(((time, name), _)) = streams.last().filter(|_| more) {
                answer["nextToken"] = format!("{time}/{name}").into();
            }
            Ok(answer)
        })
    }
}

fn stored_bytes(stream: &Stream) -> usize {
    stream.events.iter().map(|event| event.message.len()).sum()
}

fn parse_token(token: &str) -> Option<(i64, String)> {
    let (time, name) = token.split_once('/')?;
    Some((time.parse().ok()?, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::LogStore;
    use super::super::operations::tests::call;
    use super::*;
    use crate::account::Account;
    use crate::clock::Clock;

    /// All pages of two.
    async fn names(logs: &Logs, operation: &str, list: &str, name: &str, mut input: Value) -> Vec<String> {
        input["limit"] = 2.into();
        let mut names = Vec::new();
        loop {
            let answer = call(logs, operation, input.clone()).await.unwrap();
            let page = answer[list].as_array().unwrap();
            assert!(page.len() <= 2, "{answer}");
            names.extend(page.iter().map(|item| item[name].as_str().unwrap().to_owned()));
            match answer.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => return names,
            }
        }
    }

    #[tokio::test]
    async fn groups_are_paged_by_name_and_found_by_prefix_and_pattern() {
        let store = LogStore::new(Clock::default());
        ["/aws/c", "/aws/a", "/own/b", "/own/a", "/aws/b"].iter().for_each(|group| store.create_group(group));
        let logs = Logs::new(Account::default(), store);
        let cases = [
            (json!({}), vec!["/aws/a", "/aws/b", "/aws/c", "/own/a", "/own/b"]),
            (json!({ "logGroupNamePrefix": "/aws/" }), vec!["/aws/a", "/aws/b", "/aws/c"]),
            (json!({ "logGroupNamePattern": "s/a" }), vec!["/aws/a"]),
        ];
        for (input, expected) in cases {
            let found = names(&logs, "DescribeLogGroups", "logGroups", "logGroupName", input.clone()).await;
            assert_eq!(found, expected, "{input}");
        }
        let error = call(&logs, "DescribeLogGroups", json!({ "limit": 51 })).await.unwrap_err();
        assert_eq!(error.code, "InvalidParameterException");
    }

    #[tokio::test]
    async fn streams_are_paged_by_name_and_by_the_time_of_their_last_line() {
        let clock = Clock::default();
        let store = LogStore::new(clock.clone());
        for stream in ["a", "c", "b", "a"] {
            store.append("/group", stream, "line");
            clock.advance(Duration::from_secs(1));
        }
        let logs = Logs::new(Account::default(), store);
        let cases = [
            (json!({}), ["a", "b", "c"]),
            (json!({ "descending": true }), ["c", "b", "a"]),
            (json!({ "orderBy": "LastEventTime" }), ["c", "b", "a"]),
            (json!({ "orderBy": "LastEventTime", "descending": true }), ["a", "b", "c"]),
        ];
        for (mut input, expected) in cases {
            input["logGroupName"] = "/group".into();
            let found =
                names(&logs, "DescribeLogStreams", "logStreams", "logStreamName", input.clone()).await;
            assert_eq!(found, expected, "{input}");
        }
        let input = json!({
            "logGroupName": "/group", "orderBy": "LastEventTime", "logStreamNamePrefix": "a"
        });
        let error = call(&logs, "DescribeLogStreams", input).await.unwrap_err();
        assert_eq!(error.code, "InvalidParameterException");
    }
}
