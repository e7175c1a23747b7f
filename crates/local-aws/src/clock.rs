//! The clock of a local AWS: real time plus an offset that tests push forward.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;

/// A clock that every service shares. Clones show the same time.
///
/// Only the waits that AWS makes follow it (retries, token lifetimes, time limits of queues, schedules) and the
/// times it stamps. A process's deadline is real time, and a build takes the time it takes.
#[derive(Debug, Clone)]
pub struct Clock {
    offset: watch::Sender<Duration>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { offset: watch::Sender::new(Duration::ZERO) }
    }
}

impl Clock {
    /// The time in this world.
    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + *self.offset.borrow()
    }

    /// The time in this world as AWS's JSON protocols write it: seconds since the epoch, to the millisecond.
    pub fn epoch_seconds(&self) -> f64 {
        epoch_seconds(self.now())
    }

    /// Pushes the clock forward. Waits that are over by then end at once.
    pub fn advance(&self, by: Duration) {
        self.offset.send_modify(|offset| *offset += by);
    }

    /// Waits until this clock has moved by `wait`, by itself or because it was pushed.
    pub async fn sleep(&self, wait: Duration) {
        self.sleep_until(self.now() + wait).await;
    }

    /// Waits until this clock shows `end`.
    pub async fn sleep_until(&self, end: OffsetDateTime) {
        let mut offset = self.offset.subscribe();
        loop {
            offset.borrow_and_update();
            let Ok(left) = Duration::try_from(end - self.now()) else { return };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = offset.changed() => {}
            }
        }
    }
}

/// Seconds since the epoch, to the millisecond: the timestamp form of AWS's JSON protocols.
pub fn epoch_seconds(time: OffsetDateTime) -> f64 {
    let milliseconds = time.unix_timestamp_nanos() / 1_000_000;
    milliseconds as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_wait_ends_when_the_clock_is_pushed_past_it() {
        let clock = Clock::default();
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(6 * 3600)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(3 * 3600));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the wait ended half-way");
        clock.advance(Duration::from_secs(3 * 3600));
        waiting.await.unwrap();
    }
}
