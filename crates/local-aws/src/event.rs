//! Events as EventBridge carries them.

use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::account::Account;

/// An event on the default bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// A UUID.
    pub id: String,
    /// Such as `aws.codecommit`.
    pub source: String,
    /// Such as `CodeCommit Pull Request State Change`.
    pub detail_type: String,
    /// When it happened; written to the second.
    pub time: OffsetDateTime,
    /// The ARNs it is about.
    pub resources: Vec<String>,
    /// What happened, in the sender's own shape.
    pub detail: Value,
}

/// Where a service puts its events. Never blocks; delivery happens elsewhere.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;

impl Event {
    /// A new event with an id of its own.
    pub fn new(
        source: &str,
        detail_type: &str,
        time: OffsetDateTime,
        resource: String,
        detail: Value,
    ) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            time,
            resources: vec![resource],
            detail,
        }
    }

    /// The event as a target receives it.
    pub fn to_json(&self, account: &Account) -> Value {
        let time = self.time.replace_nanosecond(0).unwrap_or(self.time);
        json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": account.id,
            "time": time.format(&Rfc3339).unwrap_or_default(),
            "region": account.region,
            "resources": self.resources,
            "detail": self.detail,
        })
    }
}
