//! SQS behind its API, over awsJson1_0.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::message::{Attribute, Message, attributes_digest, body_digest};
use super::store::{QueueState, SendError, Sqs};
use crate::aws_json::{Answer, ApiError, AwsJsonService, parse_input};
use crate::caller::Caller;
use crate::clock::epoch_seconds;
use crate::iam::{Permission, ResourceStatement};

impl AwsJsonService for Sqs {
    fn target_prefix(&self) -> &'static str {
        "AmazonSQS"
    }

    fn permission(&self, operation: &str, input: &Value) -> Permission {
        let name = |member: &str| input[member].as_str()?.rsplit('/').next();
        let queue = name("QueueUrl").or_else(|| name("QueueName"));
        let resource = queue.map_or_else(|| "*".to_owned(), |name| self.account.arn("sqs", name));
        Permission::on(format!("sqs:{operation}"), resource)
    }

    fn resource_policy(&self, resource: &str) -> Vec<ResourceStatement> {
        self.policy(resource)
    }

    fn call<'a>(&'a self, operation: &'a str, _caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            match operation {
                "ListQueues" => self.list_queues(parse_input(operation, input)?),
                "GetQueueUrl" => self.get_queue_url(parse_input(operation, input)?),
                "GetQueueAttributes" => self.get_queue_attributes(parse_input(operation, input)?),
                "SendMessage" => self.send_message(parse_input(operation, input)?),
                "ReceiveMessage" => self.receive_message(parse_input(operation, input)?).await,
                "DeleteMessage" => self.delete_message(&parse_input(operation, input)?),
                "ChangeMessageVisibility" => self.change_message_visibility(&parse_input(operation, input)?),
                "PurgeQueue" => self.purge_queue(&parse_input(operation, input)?),
                other => Err(ApiError::not_modeled(format_args!("SQS {other}"))),
            }
        })
    }

    fn throttling_error(&self) -> ApiError {
        ApiError::new("RequestThrottled", "The request was denied due to request throttling.")
    }

    fn query_error_code(&self, code: &str) -> Option<&'static str> {
        (code == "QueueDoesNotExist").then_some("AWS.SimpleQueueService.NonExistentQueue")
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListQueues {
    #[serde(default)]
    queue_name_prefix: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueUrl {
    queue_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessage {
    queue_url: String,
    message_body: String,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ReceiveMessage {
    queue_url: String,
    max_number_of_messages: Option<u32>,
    visibility_timeout: Option<u32>,
    wait_time_seconds: Option<u32>,
    /// The older name of the next one.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeMessageVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PurgeQueue {
    queue_url: String,
}

impl Sqs {
    fn list_queues(&self, input: ListQueues) -> Result<Value, ApiError> {
        let queues = self.lock();
        let names = queues.keys().filter(|name| name.starts_with(&input.queue_name_prefix));
        Ok(json!({ "QueueUrls": names.map(|name| self.queue_url(name)).collect::<Vec<_>>() }))
    }

    fn get_queue_url(&self, input: GetQueueUrl) -> Result<Value, ApiError> {
        if !self.lock().contains_key(&input.queue_name) {
            return Err(queue_does_not_exist());
        }
        Ok(json!({ "QueueUrl": self.queue_url(&input.queue_name) }))
    }

    fn get_queue_attributes(&self, input: GetQueueAttributes) -> Result<Value, ApiError> {
        let now = self.clock.now();
        let created = self.created.unix_timestamp().to_string();
        let all = self.at_url(&input.queue_url, |state| {
            let visible = state.messages.iter().filter(|message| message.visible_from <= now).count();
            let hidden = state.messages.len() - visible;
            BTreeMap::from([
                ("QueueArn", state.queue.arn.clone()),
                ("VisibilityTimeout", state.queue.visibility_timeout.as_secs().to_string()),
                ("MessageRetentionPeriod", state.queue.message_retention.as_secs().to_string()),
                ("MaximumMessageSize", super::store::MESSAGE_LIMIT.to_string()),
                ("ApproximateNumberOfMessages", visible.to_string()),
                ("ApproximateNumberOfMessagesNotVisible", hidden.to_string()),
                ("ApproximateNumberOfMessagesDelayed", "0".to_owned()),
                ("CreatedTimestamp", created.clone()),
                ("LastModifiedTimestamp", created),
                ("DelaySeconds", "0".to_owned()),
                ("ReceiveMessageWaitTimeSeconds", "0".to_owned()),
            ])
        })?;
        let wanted = if input.attribute_names.iter().any(|name| name == "All") {
            all.keys().map(|&name| name.to_owned()).collect()
        } else {
            input.attribute_names
        };
        let mut attributes = Map::new();
        for name in wanted {
            let value = all
                .get(name.as_str())
                .ok_or_else(|| ApiError::not_modeled(format_args!("the queue attribute {name}")))?;
            attributes.insert(name, json!(value));
        }
        Ok(json!({ "Attributes": attributes }))
    }

    fn send_message(&self, input: SendMessage) -> Result<Value, ApiError> {
        if input.message_body.is_empty() {
            return Err(ApiError::new(
                "MissingRequiredParameterException",
                "The request must contain the parameter MessageBody.",
            ));
        }
        let arn = self.at_url(&input.queue_url, |state| state.queue.arn.clone())?;
        let sent =
            self.send(&arn, input.message_body, input.message_attributes).map_err(|error| match error {
                SendError::TooLarge(_) => invalid(
                    "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
                ),
                _ => queue_does_not_exist(),
            })?;
        let mut answer = json!({ "MessageId": sent.id, "MD5OfMessageBody": sent.body_digest });
        if let Some(digest) = sent.attributes_digest {
            answer["MD5OfMessageAttributes"] = json!(digest);
        }
        Ok(answer)
    }

    /// Waits for a message for as long as the caller asked, by this world's clock.
    async fn receive_message(&self, input: ReceiveMessage) -> Result<Value, ApiError> {
        let limit = within("MaxNumberOfMessages", input.max_number_of_messages.unwrap_or(1), 1..=10)?;
        let wait = within("WaitTimeSeconds", input.wait_time_seconds.unwrap_or(0), 0..=20)?;
        let hide = input
            .visibility_timeout
            .map(|seconds| within("VisibilityTimeout", seconds, 0..=43_200))
            .transpose()?
            .map(|seconds| Duration::from_secs(seconds.into()));
        if let Some(name) = system_attributes(&input).find(|name| !SYSTEM_ATTRIBUTES.contains(name)) {
            return Err(ApiError::not_modeled(format_args!("the message attribute {name}")));
        }
        let mut changes = self.changes();
        let wait = self.clock.sleep(Duration::from_secs(wait.into()));
        tokio::pin!(wait);
        loop {
            changes.borrow_and_update();
            let now = self.clock.now();
            let received = self.at_url(&input.queue_url, |state| state.receive(now, limit as usize, hide))?;
            if !received.is_empty() {
                let messages: Vec<Value> = received.iter().map(|message| describe(message, &input)).collect();
                return Ok(json!({ "Messages": messages }));
            }
            tokio::select! {
                biased;
                () = &mut wait => return Ok(json!({})),
                _ = changes.changed() => {}
            }
        }
    }

    fn delete_message(&self, input: &DeleteMessage) -> Result<Value, ApiError> {
        self.with_receipt(&input.queue_url, &input.receipt_handle, |state, index| {
            state.messages.remove(index);
        })
    }

    fn change_message_visibility(&self, input: &ChangeMessageVisibility) -> Result<Value, ApiError> {
        let seconds = within("VisibilityTimeout", input.visibility_timeout, 0..=43_200)?;
        let visible_from = self.clock.now() + Duration::from_secs(seconds.into());
        self.with_receipt(&input.queue_url, &input.receipt_handle, |state, index| {
            state.messages[index].visible_from = visible_from;
        })
    }

    fn purge_queue(&self, input: &PurgeQueue) -> Result<Value, ApiError> {
        self.at_url(&input.queue_url, |state| state.messages.clear())?;
        Ok(json!({}))
    }

    /// Acts on the message that was received with this handle. An old handle, or one of a message that is gone,
    /// changes nothing and is no error; what cannot be a handle is one.
    fn with_receipt(
        &self,
        queue_url: &str,
        handle: &str,
        act: impl FnOnce(&mut QueueState, usize),
    ) -> Result<Value, ApiError> {
        let well_formed = handle
            .split_once(':')
            .is_some_and(|(id, count)| uuid::Uuid::try_parse(id).is_ok() && count.parse::<u32>().is_ok());
        if !well_formed {
            return Err(ApiError::new("ReceiptHandleIsInvalid", "The input receipt handle is invalid."));
        }
        self.at_url(queue_url, |state| {
            let index = state.messages.iter().position(|message| message.receipt_handle() == handle);
            if let Some(index) = index {
                act(state, index);
            }
        })?;
        Ok(json!({}))
    }

    /// The queue behind a URL. Only the name counts: the host differs with the endpoint through which it was asked.
    fn at_url<T>(&self, url: &str, f: impl FnOnce(&mut QueueState) -> T) -> Result<T, ApiError> {
        let now = self.clock.now();
        let mut queues = self.lock();
        let name = url.rsplit('/').next().unwrap_or_default();
        let state = queues.get_mut(name).ok_or_else(queue_does_not_exist)?;
        state.expire(now);
        Ok(f(state))
    }
}

/// The system attributes that a message has here, and the word for all of them.
const SYSTEM_ATTRIBUTES: [&str; 4] =
    ["All", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"];

fn system_attributes(input: &ReceiveMessage) -> impl Iterator<Item = &str> {
    input.attribute_names.iter().chain(&input.message_system_attribute_names).map(String::as_str)
}

fn describe(message: &Message, input: &ReceiveMessage) -> Value {
    let milliseconds = |time| format!("{:.0}", epoch_seconds(time) * 1000.0);
    let all = [
        ("SentTimestamp", Some(milliseconds(message.sent))),
        ("ApproximateReceiveCount", Some(message.receive_count.to_string())),
        ("ApproximateFirstReceiveTimestamp", message.first_received.map(milliseconds)),
    ];
    let wanted: Map<_, _> = all
        .into_iter()
        .filter(|(name, _)| system_attributes(input).any(|wanted| wanted == "All" || wanted == *name))
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))))
        .collect();
    let mut answer = json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle(),
        "MD5OfBody": body_digest(&message.body),
        "Body": message.body,
    });
    if !wanted.is_empty() {
        answer["Attributes"] = Value::Object(wanted);
    }
    let attributes = select_attributes(message, &input.message_attribute_names);
    if let Some(digest) = attributes_digest(&attributes) {
        answer["MD5OfMessageAttributes"] = json!(digest);
        answer["MessageAttributes"] = json!(attributes);
    }
    answer
}

/// The attributes that were asked for: by name, by `prefix.*`, or all of them by `All` or `.*`.
fn select_attributes(message: &Message, names: &[String]) -> BTreeMap<String, Attribute> {
    let exact: HashSet<&str> = names.iter().map(String::as_str).collect();
    let wanted = |name: &str| {
        exact.contains("All")
            || exact.contains(name)
            || names
                .iter()
                .any(|pattern| pattern.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix)))
    };
    let attributes = message.attributes.iter();
    attributes.filter(|(name, _)| wanted(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn within(name: &str, value: u32, limits: std::ops::RangeInclusive<u32>) -> Result<u32, ApiError> {
    if limits.contains(&value) {
        return Ok(value);
    }
    Err(invalid(format!(
        "Value {value} for parameter {name} is invalid. Reason: Must be between {} and {}, if provided.",
        limits.start(),
        limits.end()
    )))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValueException", message)
}

fn queue_does_not_exist() -> ApiError {
    ApiError::new("QueueDoesNotExist", "The specified queue does not exist.")
}
