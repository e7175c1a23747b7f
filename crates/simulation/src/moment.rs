//! Time in a world.

use std::fmt;
use std::ops::Add;
use std::time::{Duration, SystemTime};

/// When worlds begin, in seconds of the Unix epoch.
const BEGINNING: u64 = 1_700_000_000;

/// A moment, in milliseconds since the world began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Moment(pub(crate) u64);

/// A length of time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Span(pub(crate) u64);

impl Span {
    pub(crate) const fn seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    pub(crate) const fn minutes(minutes: u64) -> Self {
        Self::seconds(minutes * 60)
    }

    pub(crate) const fn to_duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl Moment {
    pub(crate) fn to_system_time(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(BEGINNING) + Duration::from_millis(self.0)
    }

    /// In whole seconds, as in events and in the `Date` of answers.
    pub(crate) fn to_second(self) -> SystemTime {
        Self(self.0 / 1000 * 1000).to_system_time()
    }

    pub(crate) fn before(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add<Span> for Moment {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, milliseconds) = (self.0 / 1000, self.0 % 1000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(formatter, "{hours}:{minutes:02}:{seconds:02}.{milliseconds:03}")
    }
}
