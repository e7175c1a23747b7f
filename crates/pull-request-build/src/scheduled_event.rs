//! The event that a rule with a schedule sends, as EventBridge delivers it.

use std::time::SystemTime;

use serde_json::Value;

use crate::event_members::{self, InvalidEvent};

/// In every event of a schedule (EventBridge user guide, "Creating a rule that runs on a schedule").
const DETAIL_TYPE: &str = "Scheduled Event";

/// A schedule's time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledEvent {
    /// When the schedule was due, in whole seconds of AWS's clock.
    pub time: SystemTime,
}

impl ScheduledEvent {
    /// Reads the event if it is one of a schedule; every other event is nothing.
    pub fn parse(event: &Value) -> Result<Option<Self>, InvalidEvent> {
        if event.get("detail-type").and_then(Value::as_str) != Some(DETAIL_TYPE) {
            return Ok(None);
        }
        Ok(Some(Self { time: event_members::time(event)? }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn the_documented_event_tells_when_it_was_due() {
        let event = json!({
            "version": "0",
            "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": "2015-10-08T16:53:06Z",
            "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"],
            "detail": {},
        });
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_444_323_186);
        assert_eq!(ScheduledEvent::parse(&event), Ok(Some(ScheduledEvent { time })));
    }

    #[test]
    fn other_events_are_for_others() {
        for event in [
            json!({"detail-type": "CodeCommit Pull Request State Change", "time": "never"}),
            json!({"time": "2015-10-08T16:53:06Z"}),
            json!({"detail-type": 5}),
            json!([]),
            Value::Null,
        ] {
            assert_eq!(ScheduledEvent::parse(&event), Ok(None), "{event}");
        }
    }

    #[test]
    fn without_its_time_it_is_refused() {
        for time in [json!("yesterday"), json!(1_444_323_186), Value::Null] {
            let event = json!({"detail-type": "Scheduled Event", "time": time});
            let error = ScheduledEvent::parse(&event).unwrap_err().to_string();
            assert!(error.starts_with("the event") && error.contains("time"), "{error}");
        }
        assert!(ScheduledEvent::parse(&json!({"detail-type": "Scheduled Event"})).is_err());
    }
}
