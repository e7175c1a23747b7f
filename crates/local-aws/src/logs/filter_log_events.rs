//! FilterLogEvents: the lines of a group's streams in the order of their times.

use serde::Deserialize;
use serde_json::{Value, json};

use super::filter_pattern::FilterPattern;
use super::get_log_events::PAGE;
use super::operations::{Logs, invalid, invalid_token, page_size};
use super::{Group, LogEvent};
use crate::aws_json::ApiError;

/// Streams that one request may name (API reference, FilterLogEvents).
const STREAM_LIMIT: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FilterLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    #[serde(default)]
    filter_pattern: String,
    next_token: Option<String>,
    limit: Option<usize>,
    /// Since 2019 AWS ignores it and always interleaves (API reference, FilterLogEvents).
    #[serde(rename = "interleaved")]
    _interleaved: Option<bool>,
}

/// What the lines are sorted by: a token is the place of the last line of its page, so that lines that come meanwhile
/// do not shift the next one.
type Place = (i64, u64);

impl Logs {
    pub(super) fn filter_log_events(&self, input: FilterLogEvents) -> Result<Value, ApiError> {
        let limit = page_size(input.limit, PAGE)?;
        if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
            return Err(invalid("LogStreamNames and LogStreamNamePrefix cannot be set together."));
        }
        if input.log_stream_names.as_ref().is_some_and(|names| !(1..=STREAM_LIMIT).contains(&names.len())) {
            return Err(invalid(format!(
                "1 validation error detected: Value at 'logStreamNames' failed to satisfy constraint: Member must \
                 have length between 1 and {STREAM_LIMIT}"
            )));
        }
        let pattern = FilterPattern::parse(&input.filter_pattern)?;
        let after = match input.next_token.as_deref() {
            Some(token) => Some(parse_token(token).ok_or_else(invalid_token)?),
            None => None,
        };
        let (name, identifier) = (input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        self.with_group(name, identifier, |group| {
            let mut found = find_events(group, &input, &pattern);
            found.retain(|(_, event)| after.is_none_or(|after| place(event) > after));
            found.sort_unstable_by_key(|(_, event)| place(event));
            let more = found.len() > limit;
            found.truncate(limit);
            let events: Vec<Value> = found.iter().map(|(stream, event)| describe(stream, event)).collect();
            // AWS no longer says which streams it searched: the list is empty (API reference, FilterLogEvents).
            let mut answer = json!({ "events": events, "searchedLogStreams": [] });
            if let Some((_, last)) = found.last().filter(|_| more) {
                answer["nextToken"] = format!("{}/{}", last.timestamp, last.sequence).into();
            }
            Ok(answer)
        })
    }
}

fn find_events<'g>(
    group: &'g Group,
    input: &FilterLogEvents,
    pattern: &FilterPattern,
) -> Vec<(&'g str, &'g LogEvent)> {
    let wanted = |stream: &String| {
        input.log_stream_names.as_ref().is_none_or(|names| names.contains(stream))
            && input.log_stream_name_prefix.as_ref().is_none_or(|prefix| stream.starts_with(prefix))
    };
    let streams = group.streams.iter().filter(|(name, _)| wanted(name));
    let events =
        streams.flat_map(|(name, stream)| stream.events.iter().map(move |event| (name.as_str(), event)));
    events
        .filter(|(_, event)| input.start_time.is_none_or(|start| event.timestamp >= start))
        // Events with a later time are not returned (API reference, FilterLogEvents): endTime itself is.
        .filter(|(_, event)| input.end_time.is_none_or(|end| event.timestamp <= end))
        .filter(|(_, event)| pattern.matches(&event.message))
        .collect()
}

fn place(event: &LogEvent) -> Place {
    (event.timestamp, event.sequence)
}

/// An event's id has 56 digits in AWS; what matters to who follows a log is that it stays and is the event's own.
fn describe(stream: &str, event: &LogEvent) -> Value {
    json!({
        "logStreamName": stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.timestamp,
        "eventId": format!("{:056}", event.sequence),
    })
}

fn parse_token(token: &str) -> Option<Place> {
    let (timestamp, sequence) = token.split_once('/')?;
    Some((timestamp.parse().ok()?, sequence.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};
    use std::time::Duration;

    use super::super::epoch_milliseconds;
    use super::super::operations::tests::{call, logs_with};
    use super::*;
    use crate::clock::Clock;

    fn messages(answer: &Value) -> Vec<&str> {
        answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn streams_are_interleaved_and_chosen_by_name_or_prefix() {
        let logs = logs_with(&[]);
        for (stream, line) in [("a1", "1"), ("b", "2"), ("a2", "3"), ("a1", "4")] {
            logs.store.append("/group", stream, line);
        }
        let cases = [
            (json!({}), vec!["1", "2", "3", "4"]),
            (json!({ "logStreamNamePrefix": "a" }), vec!["1", "3", "4"]),
            (json!({ "logStreamNames": ["b", "a2"] }), vec!["2", "3"]),
            (json!({ "filterPattern": "4" }), vec!["4"]),
        ];
        for (mut input, expected) in cases {
            input["logGroupName"] = "/group".into();
            let answer = call(&logs, "FilterLogEvents", input.clone()).await.unwrap();
            assert_eq!(messages(&answer), expected, "{input}");
        }
        let both = json!({ "logGroupName": "/group", "logStreamNames": ["b"], "logStreamNamePrefix": "a" });
        assert_eq!(call(&logs, "FilterLogEvents", both).await.unwrap_err().code, "InvalidParameterException");
    }

    #[tokio::test]
    async fn the_end_time_is_part_of_the_range() {
        let logs = logs_with(&[("stream", 1)]);
        let all = call(&logs, "FilterLogEvents", json!({ "logGroupName": "/group" })).await.unwrap();
        let time = all["events"][0]["timestamp"].as_i64().unwrap();
        for (start, end, count) in [(time, time, 1), (time + 1, time + 9, 0), (0, time - 1, 0)] {
            let input = json!({ "logGroupName": "/group", "startTime": start, "endTime": end });
            let answer = call(&logs, "FilterLogEvents", input).await.unwrap();
            assert_eq!(messages(&answer).len(), count, "{start} to {end} around {time}");
        }
    }

    /// What `aws logs tail GROUP --follow` of the AWS CLI's version 2 sends: the lines of the last ten minutes page by
    /// page, and then again and again those from the newest time on that it has seen. Of that time it remembers the ids,
    /// so that it shows no line twice. (It asks for no limit; two lines a page are for the test.)
    #[tokio::test]
    async fn tailing_sees_every_line_once() {
        let logs = logs_with(&[("a", 3), ("b", 2)]);
        let (mut seen, mut lines) = (BTreeMap::<i64, HashSet<String>>::new(), 0);
        let start = epoch_milliseconds(Clock::default().now() - Duration::from_secs(600));
        let mut input =
            json!({ "logGroupName": "/group", "interleaved": true, "startTime": start, "limit": 2 });
        for round in 0..3 {
            loop {
                let answer = call(&logs, "FilterLogEvents", input.clone()).await.unwrap();
                for event in answer["events"].as_array().unwrap() {
                    let ids = seen.entry(event["timestamp"].as_i64().unwrap()).or_default();
                    lines += usize::from(ids.insert(event["eventId"].as_str().unwrap().to_owned()));
                }
                while seen.len() > 1 {
                    seen.pop_first();
                }
                // Lines that come between two pages belong to a later page, and none is passed over.
                if round == 1 && input.get("nextToken").is_none() {
                    logs.store.append("/group", "a", "between two pages");
                }
                let Some(token) = answer.get("nextToken") else { break };
                input["nextToken"] = token.clone();
            }
            let input = input.as_object_mut().unwrap();
            input.remove("nextToken");
            input.extend(seen.keys().map(|newest| ("startTime".to_owned(), json!(newest))));
            logs.store.append("/group", "c", "between two rounds");
        }
        let all = call(&logs, "FilterLogEvents", json!({ "logGroupName": "/group" })).await.unwrap();
        assert_eq!(lines, messages(&all).len() - 1, "all but the line after the last round");
    }
}
