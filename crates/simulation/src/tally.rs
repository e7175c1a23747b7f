//! How much happened.

use std::fmt;
use std::ops::AddAssign;

/// What worlds were made of: worlds in which nothing goes wrong prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Worlds that ran.
    pub worlds: usize,
    /// Events that CodeCommit and CodeBuild sent.
    pub events: usize,
    /// Those that never arrived.
    pub events_lost: usize,
    /// Those that arrived more than once.
    pub events_repeated: usize,
    /// Sweeps that were to be made.
    pub sweeps: usize,
    /// Builds that sweeps started.
    pub builds_of_sweeps: usize,
    /// Reports that a build could not be started.
    pub reports: usize,
    /// Comments that sweeps posted or changed.
    pub comments_of_sweeps: usize,
    /// Invocations of both functions.
    pub invocations: usize,
    /// Those that failed or were killed.
    pub failures: usize,
    /// Deliveries that ended in the failure queue.
    pub queued: usize,
    /// Calls to AWS.
    pub calls: usize,
    /// Builds that were submitted.
    pub builds: usize,
    /// Worlds whose events left nothing to the sweeps, because none was lost or late.
    pub without_loss: usize,
    /// Heads of open pull requests that were checked.
    pub heads: usize,
    /// Commits whose comments were checked.
    pub comments: usize,
    /// Comments that a person deleted and that were checked to be so still.
    pub deleted: usize,
    /// Replies that were posted.
    pub replies: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        let Self {
            worlds,
            events,
            events_lost,
            events_repeated,
            sweeps,
            builds_of_sweeps,
            reports,
            comments_of_sweeps,
            invocations,
            failures,
            queued,
            calls,
            builds,
            without_loss,
            heads,
            comments,
            deleted,
            replies,
        } = other;
        self.worlds += worlds;
        self.events += events;
        self.events_lost += events_lost;
        self.events_repeated += events_repeated;
        self.sweeps += sweeps;
        self.builds_of_sweeps += builds_of_sweeps;
        self.reports += reports;
        self.comments_of_sweeps += comments_of_sweeps;
        self.invocations += invocations;
        self.failures += failures;
        self.queued += queued;
        self.calls += calls;
        self.builds += builds;
        self.without_loss += without_loss;
        self.heads += heads;
        self.comments += comments;
        self.deleted += deleted;
        self.replies += replies;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} worlds: {} events ({} lost, {} repeated), {} sweeps, {} invocations ({} failed), {} deliveries in the \
             queue, {} calls, {} builds ({} by sweeps), {} reports of none, {} comments written by sweeps; checked: {} worlds \
             without loss, {} heads, {} comments, \
             {} deleted comments, {} replies",
            self.worlds,
            self.events,
            self.events_lost,
            self.events_repeated,
            self.sweeps,
            self.invocations,
            self.failures,
            self.queued,
            self.calls,
            self.builds,
            self.builds_of_sweeps,
            self.reports,
            self.comments_of_sweeps,
            self.without_loss,
            self.heads,
            self.comments,
            self.deleted,
            self.replies
        )
    }
}
