//! Whether an event of a pull request starts a build.

use std::time::{Duration, SystemTime};

use crate::build_variables::PullRequestBuild;
use crate::ids::{RevisionId, SourceCommit};
use crate::pull_request_event::{NewRevision, PullRequestEvent, PullRequestEventKind, PullRequestStatus};

/// How old an event may be for its build's idempotency token to be trusted alone. CodeBuild knows a token for five
/// minutes (API reference of `StartBuild`); the rest is room for the call that follows, which takes 20 seconds at most.
const TOKEN_TRUSTED: Duration = Duration::from_secs(4 * 60);

/// A pull request as `GetPullRequest` tells it, reduced to what a build depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentPullRequest {
    /// Whether it is open.
    pub status: PullRequestStatus,
    /// Its latest revision.
    pub revision_id: RevisionId,
    /// The tip of its source branch.
    pub source_commit: SourceCommit,
    /// When something last happened to it.
    pub last_activity: SystemTime,
}

/// What to do about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StartDecision {
    /// Start the revision's build.
    Build,
    /// Do nothing.
    Skip(SkipReason),
    /// The pull request was read in a state from before the event: read it again later.
    ReadAgain,
}

/// Why an event starts no build. Each is a good end, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SkipReason {
    /// The event makes no new revision.
    #[error("an event of kind {} makes no new revision", .0.name())]
    NoNewRevision(PullRequestEventKind),
    /// Nobody waits for a build of a pull request that is not open.
    #[error("the pull request is {0}")]
    NotOpen(PullRequestStatus),
    /// There is no change to build, and CodeCommit takes no comment on it
    /// (`BeforeCommitIdAndAfterCommitIdAreSameException`).
    #[error("source and destination are the same commit, {0}")]
    NoChange(SourceCommit),
    /// A later event builds the later revision.
    #[error("the pull request has moved on to commit {source_commit}, revision {revision_id}")]
    MovedOn {
        /// The tip of the source branch by now.
        source_commit: SourceCommit,
        /// The revision by now.
        revision_id: RevisionId,
    },
    /// CodeCommit does not know the pull request any more: its repository was deleted.
    #[error("the pull request or its repository no longer exists")]
    Gone,
}

/// What the event says alone, before CodeCommit is asked: the revision to build, or why there is nothing to ask.
pub(crate) fn find_revision_to_build(event: PullRequestEvent) -> Result<NewRevision, SkipReason> {
    match event {
        PullRequestEvent::Other(kind) => Err(SkipReason::NoNewRevision(kind)),
        PullRequestEvent::Closed(closed) => Err(SkipReason::NotOpen(closed.status)),
        PullRequestEvent::NewRevision(revision) => {
            let PullRequestBuild { source_commit, destination_commit, .. } = &revision.build;
            if revision.status != PullRequestStatus::Open {
                Err(SkipReason::NotOpen(revision.status))
            } else if source_commit.as_str() == destination_commit.as_str() {
                Err(SkipReason::NoChange(source_commit.clone()))
            } else {
                Ok(revision)
            }
        }
    }
}

/// Whether the revision is still the one to build, now that CodeCommit has been asked.
pub(crate) fn decide_start(revision: &NewRevision, current: CurrentPullRequest) -> StartDecision {
    if current.status != PullRequestStatus::Open {
        return StartDecision::Skip(SkipReason::NotOpen(current.status));
    }
    let CurrentPullRequest { revision_id, source_commit, last_activity, .. } = current;
    if revision_id == revision.build.revision_id && source_commit == revision.build.source_commit {
        StartDecision::Build
    } else if last_activity < revision.time {
        StartDecision::ReadAgain
    } else {
        StartDecision::Skip(SkipReason::MovedOn { source_commit, revision_id })
    }
}

/// Whether to look for a build of the revision before starting one: the event is so old that CodeBuild may have
/// forgotten the token of an earlier try. `now` is the time by AWS's clock; without one, looking is the safe way.
pub(crate) fn must_look_first(event_time: SystemTime, now: Option<SystemTime>) -> bool {
    // An event from the future has not been tried before.
    now.is_none_or(|now| now.duration_since(event_time).is_ok_and(|age| age > TOKEN_TRUSTED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::a_pull_request_build;
    use crate::ids::DestinationCommit;

    const EVENT_SECOND: u64 = 1_700_000_000;

    fn second(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn revision() -> NewRevision {
        NewRevision {
            time: second(EVENT_SECOND),
            status: PullRequestStatus::Open,
            is_first: true,
            build: a_pull_request_build(),
        }
    }

    fn current(revision_id: &str, source: &str, last_activity: u64) -> CurrentPullRequest {
        CurrentPullRequest {
            status: PullRequestStatus::Open,
            revision_id: RevisionId::parse(revision_id).unwrap(),
            source_commit: SourceCommit::parse(&source.repeat(40)).unwrap(),
            last_activity: second(last_activity),
        }
    }

    /// The decision in words.
    fn decide(current: CurrentPullRequest) -> String {
        match decide_start(&revision(), current) {
            StartDecision::Build => "build".to_owned(),
            StartDecision::Skip(reason) => reason.to_string(),
            StartDecision::ReadAgain => "read again".to_owned(),
        }
    }

    #[test]
    fn a_revision_is_built_as_long_as_it_is_the_latest_of_an_open_pull_request() {
        let later = EVENT_SECOND + 5;
        let earlier = EVENT_SECOND - 5;
        let moved_on = format!("the pull request has moved on to commit {}, revision r2", "c".repeat(40));
        let closed = |status| CurrentPullRequest { status, ..current("r2", "c", earlier) };
        let cases = [
            (current("r1", "a", EVENT_SECOND), "build"),
            (current("r1", "a", later), "build"),
            // Even a read that seems older than the event agrees with it here.
            (current("r1", "a", earlier), "build"),
            (current("r2", "c", later), &moved_on),
            (current("r2", "c", EVENT_SECOND), &moved_on),
            (current("r2", "c", earlier), "read again"),
            // Pushed back to the same commit: the event of the third revision builds it.
            (
                current("r3", "a", later),
                &format!("the pull request has moved on to commit {}, revision r3", "a".repeat(40)),
            ),
            (current("r0", "a", earlier), "read again"),
            (current("r1", "c", earlier), "read again"),
            (closed(PullRequestStatus::Closed), "the pull request is closed"),
            (closed(PullRequestStatus::Merged), "the pull request is merged"),
            (closed(PullRequestStatus::Other("FROZEN".to_owned())), "the pull request is FROZEN"),
        ];
        for (current, expected) in cases {
            let shown = format!("{current:?}");
            assert_eq!(decide(current), expected, "{shown}");
        }
    }

    #[test]
    fn the_event_alone_may_say_that_there_is_nothing_to_build() {
        let same = DestinationCommit::parse(&"a".repeat(40)).unwrap();
        let no_change = NewRevision {
            build: PullRequestBuild { destination_commit: same, ..revision().build },
            ..revision()
        };
        let merged = NewRevision { status: PullRequestStatus::Merged, ..revision() };
        let cases = [
            (
                PullRequestEvent::Other(PullRequestEventKind::StatusChanged),
                "an event of kind pullRequestStatusChanged makes no new revision".to_owned(),
            ),
            (PullRequestEvent::NewRevision(merged), "the pull request is merged".to_owned()),
            (
                PullRequestEvent::NewRevision(no_change),
                format!("source and destination are the same commit, {}", "a".repeat(40)),
            ),
        ];
        for (event, expected) in cases {
            let reason = find_revision_to_build(event).unwrap_err();
            assert_eq!(reason.to_string(), expected);
        }
        assert_eq!(find_revision_to_build(PullRequestEvent::NewRevision(revision())), Ok(revision()));
    }

    #[test]
    fn an_event_older_than_four_minutes_is_looked_after_first() {
        let event = second(EVENT_SECOND);
        let cases = [
            (Some(second(EVENT_SECOND - 1)), false),
            (Some(event), false),
            (Some(second(EVENT_SECOND + 240)), false),
            (Some(second(EVENT_SECOND + 241)), true),
            (Some(second(EVENT_SECOND + 6 * 3600)), true),
            (None, true),
        ];
        for (now, expected) in cases {
            assert_eq!(must_look_first(event, now), expected, "{now:?}");
        }
    }
}
