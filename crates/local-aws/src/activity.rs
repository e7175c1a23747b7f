//! What is under way in a local AWS, so that a wait can end when a condition holds and not after some time.

use tokio::sync::watch;

/// Counts what is under way and tells of every change. Clones share the count.
///
/// Under way are: the delivery of an event, an invocation, a build. What waits for the clock (a retry, say) is not.
/// Whoever hands work on begins the next piece before it ends its own, so that the count never touches zero between
/// an event and the invocation that it causes.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    state: watch::Sender<Snapshot>,
}

/// What is under way at a moment. Two that are equal have nothing between them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// How many pieces of work.
    pub busy: usize,
    changes: u64,
}

/// One piece of work; it is over when this is dropped.
#[derive(Debug)]
pub struct Busy {
    activity: Activity,
}

/// Sees every change from the moment it was made.
#[derive(Debug)]
pub struct Changes {
    receiver: watch::Receiver<Snapshot>,
}

impl Activity {
    /// Begins a piece of work.
    pub fn begin(&self) -> Busy {
        self.state.send_modify(|state| state.busy += 1);
        Busy { activity: self.clone() }
    }

    /// Tells that something changed that a wait may look at.
    pub fn note_change(&self) {
        self.state.send_modify(|state| state.changes += 1);
    }

    /// What is under way now.
    pub fn snapshot(&self) -> Snapshot {
        *self.state.borrow()
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.state.borrow().busy == 0
    }

    /// The changes from now on.
    pub fn changes(&self) -> Changes {
        Changes { receiver: self.state.subscribe() }
    }

    /// Waits until nothing is under way.
    pub async fn wait_until_idle(&self) {
        let mut receiver = self.state.subscribe();
        // The sender lives in `self`, so this cannot fail.
        receiver.wait_for(|state| state.busy == 0).await.ok();
    }
}

impl Changes {
    /// Waits for a change since the last call, or since this was made.
    pub async fn next(&mut self) {
        if self.receiver.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Busy {
    /// What counts it.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.activity.state.send_modify(|state| {
            state.busy -= 1;
            state.changes += 1;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn idle_is_when_the_last_piece_of_work_is_over() {
        let activity = Activity::default();
        let (first, second) = (activity.begin(), activity.begin());
        let waiting = tokio::spawn({
            let activity = activity.clone();
            async move { activity.wait_until_idle().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "one piece of work is still under way");
        drop(second);
        waiting.await.unwrap();
        assert!(activity.is_idle());
    }

    #[tokio::test]
    async fn a_change_between_two_waits_is_not_lost() {
        let activity = Activity::default();
        let mut changes = activity.changes();
        activity.note_change();
        changes.next().await;
        drop(activity.begin());
        changes.next().await;
    }
}
