//! EventBridge behind its API; here are its operations, and PutEvents.

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::EventBridge;
use crate::aws_json::{Answer, ApiError, AwsJsonService, parse_input};
use crate::caller::Caller;
use crate::event::Event;
use crate::iam::{AccessDenied, Permission};

const PUT_EVENTS: &str = "PutEvents";

/// Entries of one call (EventBridge API reference, PutEvents).
const ENTRY_LIMIT: usize = 10;

impl AwsJsonService for EventBridge {
    fn target_prefix(&self) -> &'static str {
        "AWSEvents"
    }

    fn permission(&self, operation: &str, input: &Value) -> Permission {
        let action = format!("events:{operation}");
        // Conditions may be about each of its entries: `put_events` asks for it.
        if operation == PUT_EVENTS {
            return Permission { action, resources: Vec::new() };
        }
        let rule = input["Name"].as_str().or_else(|| input["Rule"].as_str());
        let resource = format!("rule/{}", rule.unwrap_or("*"));
        Permission::on(action, self.inner.account.arn("events", &resource))
    }

    fn call<'a>(&'a self, operation: &'a str, caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            match operation {
                "DescribeRule" => self.describe_rule(&parse_input(operation, input)?),
                "ListRules" => self.list_rules(&parse_input(operation, input)?),
                "ListTargetsByRule" => self.list_targets_by_rule(&parse_input(operation, input)?),
                PUT_EVENTS => self.put_events(parse_input(operation, input)?, caller),
                other => Err(ApiError::not_modeled(format_args!("EventBridge {other}"))),
            }
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    time: Option<f64>,
    source: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
}

/// Why an entry is not taken: a code and a message.
type Refusal = (&'static str, String);

impl EventBridge {
    /// Each entry is taken or refused by itself; without the permission for one of them, the whole call is refused.
    fn put_events(&self, input: PutEvents, caller: &Caller) -> Result<Value, ApiError> {
        let count = input.entries.len();
        if !(1..=ENTRY_LIMIT).contains(&count) {
            let message = format!(
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length \
                 between 1 and {ENTRY_LIMIT}, inclusive; it has {count}"
            );
            return Err(ApiError::new("ValidationException", message));
        }
        let mut buses = input.entries.iter().filter_map(|entry| entry.event_bus_name.as_deref());
        if let Some(bus) = buses.find(|bus| !self.is_default_bus(bus)) {
            return Err(ApiError::not_modeled(format_args!(
                "the event bus {bus}; there is only the default one"
            )));
        }
        for entry in &input.entries {
            self.authorize(entry, caller)?;
        }
        let mut failed = 0;
        let entries: Vec<Value> = input
            .entries
            .into_iter()
            .map(|entry| match self.read_entry(entry) {
                Ok(event) => {
                    self.put(&event);
                    json!({ "EventId": event.id })
                }
                Err((code, message)) => {
                    failed += 1;
                    json!({ "ErrorCode": code, "ErrorMessage": message })
                }
            })
            .collect();
        Ok(json!({ "FailedEntryCount": failed, "Entries": entries }))
    }

    /// What conditions on `events:source` and `events:detail-type` are compared with is each entry's.
    fn authorize(&self, entry: &Entry, caller: &Caller) -> Result<(), AccessDenied> {
        let mut caller = caller.clone();
        for (key, value) in [("events:source", &entry.source), ("events:detail-type", &entry.detail_type)] {
            if let Some(value) = value {
                caller = caller.with(key, value);
            }
        }
        let bus = self.inner.account.arn("events", "event-bus/default");
        caller.authorize(&Permission::on(format!("events:{PUT_EVENTS}"), bus))
    }

    fn read_entry(&self, entry: Entry) -> Result<Event, Refusal> {
        let required = |value: Option<String>, name: &str| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| {
                let message =
                    format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
                ("InvalidArgument", message)
            })
        };
        let source = required(entry.source, "Source")?;
        let detail_type = required(entry.detail_type, "DetailType")?;
        let detail = required(entry.detail, "Detail")?;
        // Only AWS's own services send what begins so.
        if source.starts_with("aws.") {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
        }
        let detail = serde_json::from_str::<Value>(&detail).ok().filter(Value::is_object);
        let detail = detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
        let given = entry.time.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds as i64).ok());
        let time = given.unwrap_or_else(|| self.inner.clock.now());
        let mut event = Event::new(&source, &detail_type, time, String::new(), detail);
        event.resources = entry.resources;
        Ok(event)
    }
}
