//! What one run of a function's sweep does: looks at every open pull request, and makes up for lost events.
//!
//! Events of CodeCommit and CodeBuild are best effort. The events make the hook fast; the sweeps make its promise true.
//! Like a [`Starter`](crate::Starter), a [`Sweep`] names calls and makes none, but several of them may be under way at a
//! time: [`Sweep::next`] hands out one after the other, [`Sweep::answer`] takes what came of them in any order.
//!
//! There are two. [`StartSweep`] starts the builds that are missing, [`PublishSweep`] writes what comments lack. Both
//! [walk](WalkStep) from the served repositories to their open pull requests, and both leave what is young to the events.
//!
//! # When time runs out
//!
//! A run that may not look at more still repairs what it has found. Where it began depends on the schedule's
//! [tick](schedule_tick), so that the runs that follow look at the rest; nothing is remembered.
//!
//! # When calls fail
//!
//! A call that fails leaves what it was about to the next run, and fails nothing else: the sweep is the net below the
//! events, and has itself as its own.

use std::collections::VecDeque;
use std::time::Duration;

pub use publish::{
    PublishSweep, PublishSweepAnswer, PublishSweepSettings, PublishSweepStep, PublishSweepSummary, Repair,
};
pub use start::{
    Head, MissingBuild, StartSweep, StartSweepAnswer, StartSweepSettings, StartSweepStep, StartSweepSummary,
};
pub use walk::{WalkAnswer, WalkStep, schedule_tick};

mod publish;
mod start;
mod walk;

/// What is younger is left to the events, which may be under way or tried again.
const LEFT_TO_EVENTS: Duration = Duration::from_secs(10 * 60);

/// One run of a sweep: what it knows, and the calls that remain.
pub trait Sweep {
    /// A call that a run makes.
    type Step;
    /// What comes of a call.
    type Answer;
    /// What a run saw and did, in numbers.
    type Summary;

    /// A call to make now, beside those that are under way. Without one, wait for an answer; where none is under way
    /// either, the run is over ([`Sweep::summary`]).
    fn next(&mut self) -> Option<Self::Step>;

    /// Takes what came of a call.
    fn answer(&mut self, answer: Self::Answer);

    /// Tells that there is no time to look at more: what is known to be missing by now is repaired, the rest is left to
    /// the next run.
    fn end_looking(&mut self);

    /// Tells that there is no time for another call.
    fn end(&mut self);

    /// What the run came to so far.
    fn summary(&self) -> &Self::Summary;
}

/// The calls that a run still has to make, and how many are under way.
#[derive(Debug, Clone)]
struct Calls<S> {
    waiting: VecDeque<S>,
    under_way: usize,
}

impl<S> Default for Calls<S> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), under_way: 0 }
    }
}

impl<S> Calls<S> {
    fn begin_next(&mut self) -> Option<S> {
        let step = self.waiting.pop_front()?;
        self.under_way += 1;
        Some(step)
    }

    fn note_answer(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Whether nothing waits and nothing is under way.
    fn are_done(&self) -> bool {
        self.waiting.is_empty() && self.under_way == 0
    }

    /// Makes these the next calls. What lies deeper comes first, so that few calls wait.
    fn push_first(&mut self, steps: impl IntoIterator<Item = S>) {
        let steps: Vec<S> = steps.into_iter().collect();
        for step in steps.into_iter().rev() {
            self.waiting.push_front(step);
        }
    }

    fn push_last(&mut self, steps: impl IntoIterator<Item = S>) {
        self.waiting.extend(steps);
    }

    /// Forgets the calls that wait, and says whether there were any.
    fn drop_waiting(&mut self) -> bool {
        let had_some = !self.waiting.is_empty();
        self.waiting.clear();
        had_some
    }
}
