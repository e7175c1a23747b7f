//! CloudWatch Logs: what functions and builds print, to be read with its API.

mod describe;
mod filter_log_events;
mod filter_pattern;
mod get_log_events;
mod operations;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
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
    /// Counts all lines of the store, in the order in which they came.
    pub(super) sequence: u64,
}

/// A log group as of now.
#[derive(Debug, Clone)]
struct Group {
    name: String,
    /// Milliseconds since the epoch.
    created: i64,
    streams: BTreeMap<String, Stream>,
}

/// A log stream as of now.
#[derive(Debug, Clone)]
struct Stream {
    /// Milliseconds since the epoch.
    created: i64,
    events: Vec<LogEvent>,
}

#[derive(Debug, Default)]
struct State {
    groups: BTreeMap<String, Group>,
    next_sequence: u64,
}

/// The log groups and streams of a local AWS, in memory. Clones share them.
#[derive(Debug, Clone)]
pub struct LogStore {
    clock: Clock,
    state: Arc<Mutex<State>>,
    appended: watch::Sender<()>,
}

impl LogStore {
    /// A store without groups.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Arc::default(), appended: watch::Sender::default() }
    }

    /// Creates a log group; one that is there stays as it is.
    pub fn create_group(&self, group: &str) {
        let created = epoch_milliseconds(self.clock.now());
        self.lock().groups.entry(group.to_owned()).or_insert_with(|| Group::new(group, created));
    }

    /// Appends a line, stamped with this world's time. Creates the group and the stream where they are missing.
    pub fn append(&self, group: &str, stream: &str, message: &str) {
        let mut state = self.lock();
        // The time is taken under the lock: lines of one stream are in the order of their times.
        let timestamp = epoch_milliseconds(self.clock.now());
        let sequence = state.next_sequence;
        state.next_sequence += 1;
        let in_group = state.groups.entry(group.to_owned()).or_insert_with(|| Group::new(group, timestamp));
        let stream = in_group
            .streams
            .entry(stream.to_owned())
            .or_insert_with(|| Stream { created: timestamp, events: Vec::new() });
        stream.events.push(LogEvent { timestamp, message: message.to_owned(), sequence });
        drop(state);
        self.appended.send_replace(());
    }

    /// Changes with every line, for whoever waits for one.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.appended.subscribe()
    }

    /// The lines of a stream so far, or nothing where there is no such group or stream.
    pub fn read(&self, group: &str, stream: &str) -> Option<Vec<LogEvent>> {
        Some(self.lock().groups.get(group)?.streams.get(stream)?.events.clone())
    }

    /// The names of a group's streams, or nothing where there is no such group.
    pub fn streams(&self, group: &str) -> Option<Vec<String>> {
        Some(self.lock().groups.get(group)?.streams.keys().cloned().collect())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    fn new(name: &str, created: i64) -> Self {
        Self { name: name.to_owned(), created, streams: BTreeMap::new() }
    }
}

fn epoch_milliseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
