//! The clock of a local AWS: real time plus an offset that tests push forward.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{oneshot, watch};

use crate::activity::{Activity, Busy};

/// A clock that every service shares. Clones show the same time.
///
/// Only the waits that AWS makes follow it (retries, token lifetimes, time limits of queues, schedules) and the
/// times it stamps. A process's deadline is real time, and a build takes the time it takes.
#[derive(Debug, Clone)]
pub struct Clock {
    offset: watch::Sender<Duration>,
    sleepers: Arc<Mutex<Vec<Sleeper>>>,
}

/// Work that waits for this clock and does not count as under way meanwhile.
#[derive(Debug)]
struct Sleeper {
    end: OffsetDateTime,
    activity: Activity,
    wake: oneshot::Sender<Busy>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { offset: watch::Sender::new(Duration::ZERO), sleepers: Arc::default() }
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

    /// Pushes the clock forward. Waits that are over by then end at once; what waited in [`Self::sleep_idle_until`] is
    /// under way again before this returns.
    pub fn advance(&self, by: Duration) {
        self.offset.send_modify(|offset| *offset += by);
        let now = self.now();
        for sleeper in self.sleepers().extract_if(.., |sleeper| sleeper.end <= now) {
            // One that woke by itself meanwhile has begun by itself.
            sleeper.wake.send(sleeper.activity.begin()).ok();
        }
    }

    /// Waits until this clock shows `end`, and does not count as under way meanwhile. Whoever sees that nothing is under
    /// way, pushes the clock and waits until nothing is under way again, has seen the end of what this work did next.
    pub async fn sleep_idle_until(&self, end: OffsetDateTime, busy: Busy) -> Busy {
        let activity = busy.activity().clone();
        let (wake, woken) = oneshot::channel();
        self.add_sleeper(Sleeper { end, activity: activity.clone(), wake });
        drop(busy);
        tokio::select! {
            biased;
            Ok(busy) = woken => busy,
            () = self.sleep_until(end) => activity.begin(),
        }
    }

    /// Adds a sleeper, and forgets those that woke by themselves.
    fn add_sleeper(&self, sleeper: Sleeper) {
        let mut sleepers = self.sleepers();
        sleepers.retain(|sleeper| !sleeper.wake.is_closed());
        sleepers.push(sleeper);
    }

    fn sleepers(&self) -> MutexGuard<'_, Vec<Sleeper>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
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
    async fn work_that_waited_is_under_way_again_before_the_push_returns() {
        let (clock, activity) = (Clock::default(), Activity::default());
        let end = clock.now() + Duration::from_secs(3600);
        let waiting = tokio::spawn({
            let (clock, busy) = (clock.clone(), activity.begin());
            async move { drop(clock.sleep_idle_until(end, busy).await) }
        });
        activity.wait_until_idle().await;
        clock.advance(Duration::from_secs(1800));
        assert!(activity.is_idle(), "the wait ended half-way");
        clock.advance(Duration::from_secs(1800));
        assert!(!activity.is_idle(), "the push returned before the work counted again");
        waiting.await.unwrap();
        assert!(activity.is_idle());
    }

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
