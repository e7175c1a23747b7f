//! CloudWatch Logs: what functions and builds print, to be read with GetLogEvents.

mod operations;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::clock::Clock;

pub use operations::Logs;

/// One line of a log stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// The line without its line end.
    pub message: String,
}

/// Log groups by name, their streams by name, and each stream's lines.
type Groups = BTreeMap<String, BTreeMap<String, Vec<LogEvent>>>;

/// The log groups and streams of a local AWS, in memory. Clones share them.
#[derive(Debug, Clone)]
pub struct LogStore {
    clock: Clock,
    groups: Arc<Mutex<Groups>>,
    appended: watch::Sender<()>,
}

impl LogStore {
    /// A store without groups.
    pub fn new(clock: Clock) -> Self {
        Self { clock, groups: Arc::default(), appended: watch::Sender::default() }
    }

    /// Creates a log group; one that is there stays as it is.
    pub fn create_group(&self, group: &str) {
        self.lock().entry(group.to_owned()).or_default();
    }

    /// Appends a line, stamped with this world's time. Creates the group and the stream where they are missing.
    pub fn append(&self, group: &str, stream: &str, message: &str) {
        let timestamp =
            i64::try_from(self.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let event = LogEvent { timestamp, message: message.to_owned() };
        let mut groups = self.lock();
        let streams = groups.entry(group.to_owned()).or_default();
        streams.entry(stream.to_owned()).or_default().push(event);
        drop(groups);
        self.appended.send_replace(());
    }

    /// Changes with every line, for whoever waits for one.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.appended.subscribe()
    }

    /// The lines of a stream so far, or nothing where there is no such group or stream.
    pub fn read(&self, group: &str, stream: &str) -> Option<Vec<LogEvent>> {
        self.lock().get(group)?.get(stream).cloned()
    }

    /// The names of a group's streams, or nothing where there is no such group.
    pub fn streams(&self, group: &str) -> Option<Vec<String>> {
        Some(self.lock().get(group)?.keys().cloned().collect())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
