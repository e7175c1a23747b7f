//! Rules that fire by themselves.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;

use super::EventBridge;
use crate::activity::Busy;
use crate::event::{Event, EventSink};
use crate::template::Rule;

impl EventBridge {
    /// Starts the schedule of each enabled rule that has one: from now on it fires once a period, the first time after
    /// one period. Each event goes to the targets of its own rule, and `tell` is told of it.
    ///
    /// A clock that is pushed over several periods lets a rule fire once, for the latest of them.
    pub fn start_schedules(&self, tell: &EventSink) {
        for (index, (rule, _)) in self.inner.rules.iter().enumerate() {
            if let Some(schedule) = rule.schedule.as_ref().filter(|_| rule.enabled) {
                let (start, busy) = (self.inner.clock.now(), self.inner.activity.begin());
                let firing = fire(self.clone(), index, schedule.period, start, busy, tell.clone());
                if let Err(error) = self.inner.tasks.spawn(firing) {
                    tracing::warn!(%error, rule.arn = %rule.arn, "a schedule is not started");
                }
            }
        }
    }

    fn fire_once(&self, rule: &Rule, time: OffsetDateTime, tell: &EventSink) {
        let event = Event::new("aws.events", "Scheduled Event", time, rule.arn.clone(), json!({}));
        let json = event.to_json(&self.inner.account);
        let body: Arc<str> = json.to_string().into();
        tell(event);
        self.start_deliveries(rule, &json, &body);
    }
}

/// Fires a rule until the bus is shut down. The waits do not count as under way.
async fn fire(
    bus: EventBridge,
    rule: usize,
    period: Duration,
    mut last: OffsetDateTime,
    mut busy: Busy,
    tell: EventSink,
) {
    let clock = bus.inner.clock.clone();
    loop {
        busy = clock.sleep_idle_until(last + period, busy).await;
        last += period;
        // What a push leaped over is gone: nothing could have run in that time.
        while last + period <= clock.now() {
            last += period;
        }
        if let Some((rule, _)) = bus.inner.rules.get(rule) {
            bus.fire_once(rule, last, &tell);
        }
    }
}
