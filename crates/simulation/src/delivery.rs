//! The events of a world and what became of each.
//!
//! EventBridge delivers an event at least once, late, in any order, or, as both services send them with best effort,
//! never. Lambda invokes the function again one and two minutes after a failure, and then puts the event into the
//! failure queue.

use crate::function::Event;
use crate::moment::Span;

/// The pauses before Lambda's second and third attempt (developer guide of Lambda, "Error handling for asynchronous
/// invocation").
const PAUSES: [Span; 2] = [Span::minutes(1), Span::minutes(2)];

/// An event that a service has sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) event: Event,
    pub(crate) about: About,
    /// What became of each delivery.
    pub(crate) deliveries: Vec<Fate>,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A revision of a pull request, by their numbers.
    Revision { pull_request: usize },
    /// A pull request that was closed or merged.
    End { pull_request: usize },
    /// A build, and whether it had ended.
    Build { run: usize, ended: bool },
    /// A build that could not be started.
    NotStarted,
    /// The time of a sweep.
    Tick,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is under way; so many attempts have failed.
    Pending { failures: usize },
    /// The function handled it.
    Handled,
    /// It is in the failure queue.
    Queued,
}

impl Sent {
    /// Whether the function handled the event. Otherwise it was lost or is in the failure queue.
    pub(crate) fn is_handled(&self) -> bool {
        self.deliveries.contains(&Fate::Handled)
    }
}

impl Fate {
    /// Counts a failure; the pause before the next attempt, if there is one.
    pub(crate) fn fail(&mut self) -> Option<Span> {
        let Self::Pending { failures } = self else { return None };
        let pause = PAUSES.get(*failures).copied();
        *self = if pause.is_some() { Self::Pending { failures: *failures + 1 } } else { Self::Queued };
        pause
    }
}
