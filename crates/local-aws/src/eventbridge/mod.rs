//! EventBridge: the rules of a template, and the delivery of events to their targets.

mod delivery;
mod pattern;
mod put_events;
mod rules_api;
mod schedule;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::account::Account;
use crate::activity::Activity;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::faults::Faults;
use crate::lambda::Lambda;
use crate::sqs::Sqs;
use crate::tasks::Tasks;
use crate::template::{Rule, Target};

pub use delivery::{Delivery, DeliveryOutcome};
pub use pattern::{EventPattern, InvalidEventPattern};

/// What EventBridge needs of the world around it.
#[derive(Debug)]
pub struct EventBridgeSettings {
    /// Where events happen.
    pub account: Account,
    /// Retries follow it.
    pub clock: Clock,
    /// Is told of each delivery.
    pub activity: Activity,
    /// The rules of the template.
    pub rules: Vec<Rule>,
    /// Functions as targets.
    pub lambda: Lambda,
    /// Queues as targets, and as dead-letter queues.
    pub sqs: Sqs,
    /// What goes wrong with deliveries.
    pub faults: Faults,
}

/// A rule that cannot be created.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule}: {reason}")]
pub struct InvalidRule {
    /// The rule's name.
    pub rule: String,
    /// What is wrong with its pattern.
    #[source]
    pub reason: InvalidEventPattern,
}

/// The default bus with its rules. Clones share everything.
#[derive(Debug, Clone)]
pub struct EventBridge {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    account: Account,
    clock: Clock,
    activity: Activity,
    /// Each rule with its pattern; a rule that only has a schedule matches nothing.
    rules: Vec<(Rule, Option<EventPattern>)>,
    lambda: Lambda,
    sqs: Sqs,
    faults: Faults,
    deliveries: watch::Sender<Vec<Delivery>>,
    /// The targets that do not answer at present, with the error that each gives.
    outages: Mutex<BTreeMap<String, String>>,
    /// Deliveries under way or waiting.
    tasks: Tasks,
}

impl EventBridge {
    /// Creates the rules. A pattern that is not valid, or that uses an operator that does not exist here, is refused.
    pub fn new(settings: EventBridgeSettings) -> Result<Self, InvalidRule> {
        let rules = settings
            .rules
            .into_iter()
            .map(|rule| match rule.event_pattern.as_ref().map(EventPattern::compile).transpose() {
                Ok(pattern) => Ok((rule, pattern)),
                Err(reason) => Err(InvalidRule { rule: rule.name, reason }),
            })
            .collect::<Result<_, _>>()?;
        let inner = Inner {
            account: settings.account,
            clock: settings.clock,
            activity: settings.activity,
            rules,
            lambda: settings.lambda,
            sqs: settings.sqs,
            faults: settings.faults,
            deliveries: watch::Sender::default(),
            outages: Mutex::default(),
            tasks: Tasks::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Puts an event on the bus: each target of each enabled rule that matches gets it, each by itself.
    pub fn put(&self, event: &Event) {
        let event = event.to_json(&self.inner.account);
        let body: Arc<str> = event.to_string().into();
        for (rule, pattern) in &self.inner.rules {
            if rule.enabled && pattern.as_ref().is_some_and(|pattern| pattern.matches(&event)) {
                self.start_deliveries(rule, &event, &body);
            }
        }
    }

    /// Where services put their events.
    pub fn sink(&self) -> EventSink {
        let bus = self.clone();
        Arc::new(move |event| bus.put(&event))
    }

    /// Every delivery that ended so far, well or not.
    pub fn deliveries(&self) -> watch::Receiver<Vec<Delivery>> {
        self.inner.deliveries.subscribe()
    }

    /// Makes a target fail with an error that is worth a retry, such as `INTERNAL_ERROR`, until [`Self::end_outage`].
    pub fn begin_outage(&self, target_arn: &str, error_code: &str) {
        self.outages().insert(target_arn.to_owned(), error_code.to_owned());
    }

    /// Lets a target answer again. Events that wait come with their next attempt.
    pub fn end_outage(&self, target_arn: &str) {
        self.outages().remove(target_arn);
    }

    /// Forgets every event that waits.
    pub async fn shutdown(&self) {
        self.inner.tasks.shutdown().await;
    }

    /// Delivers an event, whose JSON text is `body`, to the targets of a rule, as often and as late as faults say.
    fn start_deliveries(&self, rule: &Rule, event: &Value, body: &Arc<str>) {
        let event_id = event["id"].as_str().unwrap_or_default();
        for target in &rule.targets {
            for wait in self.inner.faults.arrivals(&target.arn, event) {
                self.start_delivery(rule, target, event_id, body, wait);
            }
        }
    }

    fn start_delivery(&self, rule: &Rule, target: &Target, event_id: &str, body: &Arc<str>, wait: Duration) {
        let mut busy = self.inner.activity.begin();
        let inner = self.inner.clone();
        let (rule_arn, target) = (rule.arn.clone(), target.clone());
        let (event_id, body) = (event_id.to_owned(), body.clone());
        let arrival = inner.clock.now() + wait;
        let delivery = async move {
            if !wait.is_zero() {
                busy = inner.clock.sleep_idle_until(arrival, busy).await;
            }
            inner.deliver(&rule_arn, &target, event_id, &body, busy).await;
        };
        if let Err(error) = self.inner.tasks.spawn(delivery) {
            tracing::warn!(%error, rule.arn = %rule.arn, "an event is dropped");
        }
    }

    fn outages(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.inner.outages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
