//! The failure queue: reading it without losing anything.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName, QueueAttributeName};
use tokio::task::JoinSet;

use crate::error::Error;
use crate::message::Message;

/// How long a received message is hidden from others. It is made visible again before that; only if this program is
/// killed does it take so long.
const HIDDEN_SECONDS: i32 = 300;

/// A long poll asks all of SQS's servers, where a short one may find nothing although there is something (SQS developer
/// guide, "Amazon SQS short and long polling").
const WAIT_SECONDS: i32 = 1;

/// The largest page.
const PAGE: i32 = 10;

/// Requests at one time.
const CONCURRENCY: usize = 10;

/// A queue, and what was received from it and not deleted.
#[derive(Debug)]
pub(crate) struct Queue {
    client: Client,
    url: String,
    /// The handle of the last receipt of each message, by the message's id.
    receipts: Mutex<BTreeMap<String, String>>,
}

impl Queue {
    pub(crate) fn new(config: &SdkConfig, url: &str) -> Self {
        Self { client: Client::new(config), url: url.to_owned(), receipts: Mutex::default() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many messages have been received so far.
    pub(crate) fn count_received(&self) -> usize {
        self.lock().len()
    }

    /// How many messages are hidden because somebody has received them. SQS counts roughly.
    pub(crate) async fn count_hidden(&self) -> Result<u64, Error> {
        let name = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let request = self.client.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        let answer = request.send().await.map_err(Error::call("GetQueueAttributes"))?;
        let count = answer.attributes().and_then(|attributes| attributes.get(&name)?.parse().ok());
        Ok(count.unwrap_or_default())
    }

    /// Receives every message that can be seen, oldest first, each once. Until [`Self::release`], they are hidden from
    /// others.
    pub(crate) async fn read(&self) -> Result<Vec<Message>, Error> {
        let mut messages = Vec::new();
        loop {
            let page = self.receive().await?;
            let before = messages.len();
            for message in page {
                let (Some(id), Some(handle)) = (message.message_id(), message.receipt_handle()) else {
                    continue;
                };
                // SQS delivers at least once; the last receipt is the one that counts.
                if self.lock().insert(id.to_owned(), handle.to_owned()).is_none() {
                    messages.push(read_message(id, &message));
                }
            }
            if messages.len() == before {
                break;
            }
        }
        messages.sort_by(|one, other| (one.sent, &one.id).cmp(&(other.sent, &other.id)));
        Ok(messages)
    }

    async fn receive(&self) -> Result<Vec<SqsMessage>, Error> {
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(PAGE)
            .visibility_timeout(HIDDEN_SECONDS)
            .wait_time_seconds(WAIT_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names("All");
        let answer = request.send().await.map_err(Error::call("ReceiveMessage"))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Deletes a message that was received.
    pub(crate) async fn delete(&self, id: &str) -> Result<(), Error> {
        let Some(handle) = self.lock().get(id).cloned() else { return Ok(()) };
        let request = self.client.delete_message().queue_url(&self.url).receipt_handle(handle);
        request.send().await.map_err(Error::call("DeleteMessage"))?;
        self.lock().remove(id);
        Ok(())
    }

    /// Makes every message visible again that was received and not deleted. What cannot be made visible now comes back
    /// by itself.
    pub(crate) async fn release(&self) -> Option<Error> {
        let handles: Vec<String> = std::mem::take(&mut *self.lock()).into_values().collect();
        let mut failures = Vec::new();
        for some in handles.chunks(CONCURRENCY) {
            let calls = some.iter().map(|handle| {
                let request = self.client.change_message_visibility().queue_url(&self.url);
                let request = request.receipt_handle(handle).visibility_timeout(0);
                async move {
                    match request.send().await {
                        // Its time was over before: it can be seen already.
                        Err(error)
                            if error.as_service_error().is_some_and(|it| it.is_message_not_inflight()) =>
                        {
                            Ok(())
                        }
                        other => other.map(drop).map_err(Error::call("ChangeMessageVisibility")),
                    }
                }
            });
            let answers = calls.collect::<JoinSet<_>>().join_all().await;
            failures.extend(answers.into_iter().filter_map(Result::err));
        }
        let cause = failures.first()?.to_string();
        Some(Error::StillHidden { count: failures.len(), seconds: HIDDEN_SECONDS, cause })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_message(id: &str, message: &SqsMessage) -> Message {
    let sent = message.attributes().and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp));
    let attributes = message.message_attributes.iter().flatten();
    let attributes =
        attributes.filter_map(|(name, value)| Some((name.clone(), value.string_value()?.to_owned())));
    Message::read(id, sent.map(String::as_str), message.body().unwrap_or_default(), &attributes.collect())
}
