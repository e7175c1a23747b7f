//! The queues and their messages, by this world's clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;

use super::message::{Attribute, Message, SentMessage, attributes_digest, body_digest};
use crate::account::Account;
use crate::caller::Caller;
use crate::clock::Clock;
use crate::iam::{AccessDenied, Permission, ResourceStatement};
use crate::template::Queue;

/// A message may have 1 MiB (SQS API reference, SendMessage).
pub(super) const MESSAGE_LIMIT: usize = 1_048_576;

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No queue has this ARN.
    #[error("the queue {0} does not exist")]
    QueueDoesNotExist(String),
    /// Neither the queue's policy nor the sender's allow it.
    #[error(transparent)]
    AccessDenied(#[from] AccessDenied),
    /// More than 1 MiB.
    #[error("the message has {0} bytes; the limit is 1048576")]
    TooLarge(usize),
}

/// The queues of a local AWS, in memory. Clones share them.
#[derive(Debug, Clone)]
pub struct Sqs {
    pub(super) account: Account,
    pub(super) clock: Clock,
    pub(super) endpoint_url: String,
    pub(super) created: OffsetDateTime,
    queues: Arc<Mutex<BTreeMap<String, QueueState>>>,
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
pub(super) struct QueueState {
    pub(super) queue: Queue,
    pub(super) messages: Vec<Message>,
}

impl Sqs {
    /// Creates the queues. Their URLs begin with `endpoint_url`, which is without a slash at its end.
    pub fn new(account: Account, clock: Clock, endpoint_url: &str, queues: Vec<Queue>) -> Self {
        let queues = queues
            .into_iter()
            .map(|queue| (queue.name.clone(), QueueState { queue, messages: Vec::new() }))
            .collect();
        Self {
            account,
            created: clock.now(),
            clock,
            endpoint_url: endpoint_url.to_owned(),
            queues: Arc::new(Mutex::new(queues)),
            changes: watch::Sender::default(),
        }
    }

    /// Sends a message to the queue with this ARN. Who may send is the caller's question.
    pub fn send(
        &self,
        queue_arn: &str,
        body: String,
        attributes: BTreeMap<String, Attribute>,
    ) -> Result<SentMessage, SendError> {
        let size = Message::size(&body, &attributes);
        if size > MESSAGE_LIMIT {
            return Err(SendError::TooLarge(size));
        }
        let sent = SentMessage {
            id: uuid::Uuid::new_v4().to_string(),
            body_digest: body_digest(&body),
            attributes_digest: attributes_digest(&attributes),
        };
        let now = self.clock.now();
        let message = Message {
            id: sent.id.clone(),
            body,
            attributes,
            sent: now,
            visible_from: now,
            first_received: None,
            receive_count: 0,
        };
        self.with_queue(queue_arn, |state| state.messages.push(message))?;
        self.changes.send_modify(|changes| *changes += 1);
        Ok(sent)
    }

    /// Sends a message as a service does, in its own name or as the session of a role.
    pub fn send_as(
        &self,
        caller: &Caller,
        queue_arn: &str,
        body: String,
        attributes: BTreeMap<String, Attribute>,
    ) -> Result<SentMessage, SendError> {
        let policy = self.with_queue(queue_arn, |state| state.queue.policy.clone())?;
        caller.authorize_with(&Permission::on("sqs:SendMessage", queue_arn), |_| policy.clone())?;
        self.send(queue_arn, body, attributes)
    }

    /// The policy of the queue with this ARN; empty where there is none.
    pub(super) fn policy(&self, queue_arn: &str) -> Vec<ResourceStatement> {
        self.with_queue(queue_arn, |state| state.queue.policy.clone()).unwrap_or_default()
    }

    /// The messages in the queue with this ARN, received or not, oldest first; none where there is no such queue.
    pub fn messages(&self, queue_arn: &str) -> Vec<Message> {
        self.with_queue(queue_arn, |state| state.messages.clone()).unwrap_or_default()
    }

    /// Changes with every message that is sent.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The URL of a queue at this endpoint.
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.endpoint_url, self.account.id)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, QueueState>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_queue<T>(&self, queue_arn: &str, f: impl FnOnce(&mut QueueState) -> T) -> Result<T, SendError> {
        let now = self.clock.now();
        let mut queues = self.lock();
        let state = queues
            .values_mut()
            .find(|state| state.queue.arn == queue_arn)
            .ok_or_else(|| SendError::QueueDoesNotExist(queue_arn.to_owned()))?;
        state.expire(now);
        Ok(f(state))
    }
}

impl QueueState {
    /// Forgets what was kept for as long as the queue says.
    pub(super) fn expire(&mut self, now: OffsetDateTime) {
        let retention = self.queue.message_retention;
        self.messages.retain(|message| message.sent + retention > now);
    }

    /// Receives up to `limit` visible messages and hides them.
    pub(super) fn receive(
        &mut self,
        now: OffsetDateTime,
        limit: usize,
        hide: Option<Duration>,
    ) -> Vec<Message> {
        let hide = hide.unwrap_or(self.queue.visibility_timeout);
        let visible = self.messages.iter_mut().filter(|message| message.visible_from <= now);
        visible
            .take(limit)
            .map(|message| {
                message.visible_from = now + hide;
                message.first_received.get_or_insert(now);
                message.receive_count += 1;
                message.clone()
            })
            .collect()
    }
}
