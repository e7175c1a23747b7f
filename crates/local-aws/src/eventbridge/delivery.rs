//! From a rule to a target: permission, retries and the dead-letter queue.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use axum::body::Bytes;

use super::Inner;
use crate::activity::Busy;
use crate::caller::Caller;
use crate::lambda::InvokeError;
use crate::sqs::{Attribute, SendError};
use crate::template::Target;

/// The principal that asks in a rule's name.
const PRINCIPAL: &str = "events.amazonaws.com";

/// Waits begin with a second and double up to eight minutes. AWS says "exponential back off and jitter", and that 185
/// attempts fill 24 hours; these numbers do (without the jitter, so that tests can count on them).
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(480);

/// A delivery that ended, for those who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The rule that matched.
    pub rule_arn: String,
    /// The function or queue.
    pub target_arn: String,
    /// The event.
    pub event_id: String,
    /// How it ended.
    pub outcome: DeliveryOutcome,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The target took the event. A function that fails on it is Lambda's matter.
    Delivered,
    /// The target did not take it; it is in the dead-letter queue.
    SentToDeadLetterQueue {
        /// Such as `NO_PERMISSIONS`.
        error_code: String,
    },
    /// The target did not take it, and there is no dead-letter queue that did.
    Dropped {
        /// Such as `NO_PERMISSIONS`.
        error_code: String,
    },
}

/// Why a target did not take an event.
#[derive(Debug, Clone)]
struct DeliveryError {
    /// As in a dead-letter message's ERROR_CODE.
    code: String,
    message: String,
    retryable: bool,
}

/// Which limit ended the retries, and after how many.
#[derive(Debug, Clone, Copy)]
struct ExhaustedRetries {
    /// As in a dead-letter message's EXHAUSTED_RETRY_CONDITION.
    condition: &'static str,
    attempts: u32,
}

impl Inner {
    /// Delivers until it succeeds or must not be tried again. `busy` covers everything but the waits.
    pub(super) async fn deliver(
        &self,
        rule_arn: &str,
        target: &Target,
        event_id: String,
        body: &str,
        mut busy: Busy,
    ) {
        let expiry = self.clock.now() + target.maximum_event_age;
        let mut retries = 0;
        let mut wait = FIRST_WAIT;
        let outcome = loop {
            let error = match self.send(rule_arn, target, body) {
                Ok(()) => break DeliveryOutcome::Delivered,
                Err(error) => error,
            };
            if !error.retryable {
                break self.give_up(rule_arn, target, body, error, None);
            }
            if retries == target.maximum_retry_attempts {
                let exhausted = ExhaustedRetries { condition: "MaximumRetryAttempts", attempts: retries };
                break self.give_up(rule_arn, target, body, error, Some(exhausted));
            }
            let end = expiry.min(self.clock.now() + wait);
            busy = self.clock.sleep_idle_until(end, busy).await;
            if self.clock.now() >= expiry {
                let exhausted = ExhaustedRetries { condition: "MaximumEventAgeInSeconds", attempts: retries };
                break self.give_up(rule_arn, target, body, error, Some(exhausted));
            }
            retries += 1;
            wait = (wait * 2).min(LONGEST_WAIT);
        };
        let delivery =
            Delivery { rule_arn: rule_arn.to_owned(), target_arn: target.arn.clone(), event_id, outcome };
        self.deliveries.send_modify(|all| all.push(delivery));
        drop(busy);
    }

    fn send(&self, rule_arn: &str, target: &Target, body: &str) -> Result<(), DeliveryError> {
        let outage = self.outages.lock().unwrap_or_else(PoisonError::into_inner).get(&target.arn).cloned();
        if let Some(code) = outage {
            let message = format!("{} does not answer", target.arn);
            return Err(DeliveryError { code, message, retryable: true });
        }
        let service = Caller::service(&self.account, PRINCIPAL, rule_arn);
        if target.arn.contains(":lambda:") {
            let payload = Bytes::from(body.to_owned());
            let invoked = self.lambda.invoke_event_as(&service, &target.arn, payload);
            invoked.map(drop).map_err(DeliveryError::from)
        } else {
            let sent = self.sqs.send_as(&service, &target.arn, body.to_owned(), BTreeMap::new());
            sent.map(drop).map_err(DeliveryError::from)
        }
    }

    /// Sends the event to the dead-letter queue, if the target has one and its policy allows the rule.
    fn give_up(
        &self,
        rule_arn: &str,
        target: &Target,
        body: &str,
        error: DeliveryError,
        exhausted: Option<ExhaustedRetries>,
    ) -> DeliveryOutcome {
        let mut attributes = BTreeMap::from([
            ("RULE_ARN".to_owned(), Attribute::text(rule_arn)),
            ("TARGET_ARN".to_owned(), Attribute::text(&target.arn)),
            ("ERROR_CODE".to_owned(), Attribute::text(&error.code)),
            ("ERROR_MESSAGE".to_owned(), Attribute::text(&error.message)),
        ]);
        if let Some(ExhaustedRetries { condition, attempts }) = exhausted {
            attributes.insert("EXHAUSTED_RETRY_CONDITION".to_owned(), Attribute::text(condition));
            attributes.insert("RETRY_ATTEMPTS".to_owned(), Attribute::text(attempts.to_string()));
        }
        let error_code = error.code;
        let (rule, target_arn) = (rule_arn, &target.arn);
        let Some(queue) = &target.dead_letter_queue else {
            tracing::warn!(rule.arn = %rule, target.arn = %target_arn, %error_code,
                "an event is dropped: its target did not take it and has no dead-letter queue");
            return DeliveryOutcome::Dropped { error_code };
        };
        let service = Caller::service(&self.account, PRINCIPAL, rule_arn);
        match self.sqs.send_as(&service, queue, body.to_owned(), attributes) {
            Ok(_) => DeliveryOutcome::SentToDeadLetterQueue { error_code },
            Err(error) => {
                tracing::warn!(rule.arn = %rule, target.arn = %target_arn, %error_code, %error,
                    "an event is dropped: neither its target nor the dead-letter queue took it");
                DeliveryOutcome::Dropped { error_code }
            }
        }
    }
}

impl DeliveryError {
    /// An error that only a change of the deployment can mend: it is not tried again.
    fn lasting(code: &str, error: &impl ToString) -> Self {
        Self { code: code.to_owned(), message: error.to_string(), retryable: false }
    }
}

impl From<InvokeError> for DeliveryError {
    fn from(error: InvokeError) -> Self {
        match error {
            InvokeError::FunctionNotFound(_) => Self::lasting("NO_RESOURCE", &error),
            InvokeError::AccessDenied(_) => Self::lasting("NO_PERMISSIONS", &error),
            InvokeError::RequestTooLarge { .. } => Self::lasting("INVALID_PARAMETER", &error),
            InvokeError::TooManyRequests => {
                Self { code: "THROTTLING".to_owned(), message: error.to_string(), retryable: true }
            }
            InvokeError::ShuttingDown(_) => {
                Self { code: "INTERNAL_ERROR".to_owned(), message: error.to_string(), retryable: true }
            }
        }
    }
}

impl From<SendError> for DeliveryError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::QueueDoesNotExist(_) => Self::lasting("NO_RESOURCE", &error),
            SendError::AccessDenied(_) => Self::lasting("NO_PERMISSIONS", &error),
            SendError::TooLarge(_) => Self::lasting("INVALID_PARAMETER", &error),
        }
    }
}
