//! What a build says about its pull request, compared with the run before it.
//!
//! Every answer is a function of facts that no longer change once the build has ended, so that invocations which run at
//! the same time, late or again come to the same one.

use std::time::SystemTime;

use crate::build::Build;
use crate::failure::Failure;
use crate::ids::SourceCommit;
use crate::outcome::Outcome;

/// What a build says about the commit that it built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It succeeded.
    Good,
    /// It failed, for a reason that may be the commit's.
    Broken,
}

impl Verdict {
    /// The verdict of an outcome. There is none while the build runs, nor where the outcome says nothing about the
    /// commit: CodeBuild had a fault, the build was stopped or never left the queue, or nobody waits for it any more.
    fn of(outcome: &Outcome<'_>) -> Option<Self> {
        match outcome {
            Outcome::Succeeded => Some(Self::Good),
            Outcome::TimedOut(Some(Failure { phase: "QUEUED", .. })) => None,
            Outcome::Failed(_) | Outcome::TimedOut(_) | Outcome::Unknown(..) => Some(Self::Broken),
            Outcome::Submitted
            | Outcome::Faulted(_)
            | Outcome::Stopped(..)
            | Outcome::SourceLost(..)
            | Outcome::ClosedMeanwhile(_) => None,
        }
    }
}

/// What a build changed for its pull request. Somebody should hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The build is broken, and the run before was good or there was none.
    Broken,
    /// The build is good, and the run before was broken.
    Fixed,
}

/// The verdict of `build`, given its outcome and all builds of its pull request. A build that was superseded has none.
pub fn verdict(build: &Build, outcome: &Outcome<'_>, all: &[Build]) -> Option<Verdict> {
    Verdict::of(outcome).filter(|_| superseded_by(build, all).is_none())
}

/// What `build` changed, given its outcome and all builds of its pull request.
pub fn change(build: &Build, outcome: &Outcome<'_>, all: &[Build]) -> Option<Change> {
    let before = previous_run(build, all).and_then(|previous| verdict_alone(previous, all));
    match (verdict(build, outcome, all)?, before) {
        (Verdict::Broken, None | Some(Verdict::Good)) => Some(Change::Broken),
        (Verdict::Good, Some(Verdict::Broken)) => Some(Change::Fixed),
        (Verdict::Broken, Some(Verdict::Broken)) | (Verdict::Good, None | Some(Verdict::Good)) => None,
    }
}

/// The commit that superseded `build`'s: that of the first build of the same pull request with another source commit
/// which was submitted after `build` and before it ended.
pub fn superseded_by<'b>(build: &Build, all: &'b [Build]) -> Option<&'b SourceCommit> {
    let started = build.start_time?;
    let in_time = |at: SystemTime| at > started && build.end_time.is_none_or(|end| at < end);
    all.iter()
        .filter(|other| is_of_same_pull_request(build, other))
        .filter(|other| other.pull_request.source_commit != build.pull_request.source_commit)
        .filter_map(|other| other.start_time.filter(|at| in_time(*at)).map(|at| (at, other)))
        .min_by_key(|(at, other)| (*at, &other.arn.build_id))
        .map(|(_, other)| &other.pull_request.source_commit)
}

/// The run that `build` is compared with: of the builds of the same pull request that have a verdict, were submitted
/// before `build` and ended no later, the one that was submitted last. None while `build` runs.
pub fn previous_run<'b>(build: &Build, all: &'b [Build]) -> Option<&'b Build> {
    let (started, ended) = (build.start_time?, build.end_time?);
    all.iter()
        .filter(|other| is_of_same_pull_request(build, other))
        .filter(|other| other.start_time.is_some_and(|at| at < started))
        .filter(|other| other.end_time.is_some_and(|at| at <= ended))
        .filter(|other| verdict_alone(other, all).is_some())
        .max_by_key(|other| (other.start_time, other.number, &other.arn.build_id))
}

/// The verdict by what CodeBuild alone says, which unlike the pull request's state does not change any more.
fn verdict_alone(build: &Build, all: &[Build]) -> Option<Verdict> {
    verdict(build, &Outcome::of(build, None), all)
}

fn is_of_same_pull_request(build: &Build, other: &Build) -> bool {
    other.pull_request.pull_request_id == build.pull_request.pull_request_id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::BuildStatus::{self, Failed, Fault, InProgress, Stopped, Succeeded, TimedOut};
    use crate::examples::{a_build_of, an_ended_build, at};
    use crate::ids::PullRequestId;
    use crate::outcome::SourceLoss;

    /// A build of the commit that consists of `commit` only, from second `start` to second `end`.
    fn run(name: &str, commit: char, status: BuildStatus, start: u64, end: u64) -> Build {
        let ended = an_ended_build(status, end, "BUILD", "", "");
        let mut build = Build { arn: a_build_of(name, 0).arn, start_time: Some(at(start)), ..ended };
        build.pull_request.source_commit = SourceCommit::parse(&commit.to_string().repeat(40)).unwrap();
        if build.status == InProgress {
            build.end_time = None;
        }
        build
    }

    fn change_of(last: usize, builds: &[Build]) -> Option<Change> {
        change(&builds[last], &Outcome::of(&builds[last], None), builds)
    }

    #[test]
    fn a_change_is_from_good_or_nothing_to_broken_or_from_broken_to_good() {
        use Change::{Broken, Fixed};
        for (before, now, expected) in [
            (None, Failed, Some(Broken)),
            (None, TimedOut, Some(Broken)),
            (None, BuildStatus::Other("ABANDONED".to_owned()), Some(Broken)),
            (None, Succeeded, None),
            (Some(Succeeded), Failed, Some(Broken)),
            (Some(Failed), Failed, None),
            (Some(Failed), Succeeded, Some(Fixed)),
            (Some(Succeeded), Succeeded, None),
            (Some(Failed), Stopped, None),
            (Some(Succeeded), Fault, None),
            (Some(Failed), InProgress, None),
            // What says nothing about its commit is passed over.
            (Some(Stopped), Failed, Some(Broken)),
            (Some(Fault), Succeeded, None),
        ] {
            let mut builds = vec![run("2", 'b', now.clone(), 100, 150)];
            builds.extend(before.clone().map(|status| run("1", 'a', status, 0, 50)));
            assert_eq!(change_of(0, &builds), expected, "{before:?}, then {now:?}");
        }
    }

    #[test]
    fn a_build_that_never_left_the_queue_says_nothing() {
        let queued = an_ended_build(TimedOut, 28_800, "QUEUED", "", "");
        assert_eq!(verdict(&queued, &Outcome::of(&queued, None), &[]), None);
        let failed = an_ended_build(Failed, 9, "DOWNLOAD_SOURCE", "CLIENT_ERROR", "");
        let outcome = |loss| Outcome::of(&failed, loss);
        assert_eq!(verdict(&failed, &outcome(None), &[]), Some(Verdict::Broken));
        assert_eq!(verdict(&failed, &outcome(Some(SourceLoss::Superseded)), &[]), None);
        assert_eq!(verdict(&failed, &outcome(Some(SourceLoss::Closed)), &[]), None);
    }

    #[test]
    fn a_build_is_superseded_by_the_first_other_commit_during_it() {
        let newer = |start| run("2", 'b', InProgress, start, 0);
        let by =
            |build: &Build, all: &[Build]| superseded_by(build, all).map(|commit| commit.short().to_owned());
        let ended = run("1", 'a', Failed, 10, 50);
        let running = run("1", 'a', InProgress, 10, 0);
        assert_eq!(by(&ended, &[newer(49)]), Some("bbbbbbbb".to_owned()));
        assert_eq!(by(&ended, &[newer(50)]), None, "started when it was over");
        assert_eq!(by(&ended, &[newer(10)]), None, "started together");
        assert_eq!(by(&running, &[newer(5_000)]), Some("bbbbbbbb".to_owned()));
        assert_eq!(by(&running, &[running.clone(), run("3", 'a', InProgress, 20, 0)]), None, "a re-run");
        let third = run("3", 'c', InProgress, 30, 0);
        assert_eq!(by(&ended, &[third, newer(40)]), Some("cccccccc".to_owned()));
        let mut elsewhere = newer(20);
        elsewhere.pull_request.pull_request_id = PullRequestId::parse("43").unwrap();
        assert_eq!(by(&ended, &[elsewhere]), None);
    }

    #[test]
    fn a_superseded_build_neither_breaks_nor_is_compared_with() {
        let builds = [
            run("1", 'a', Succeeded, 0, 50),
            run("2", 'b', Failed, 100, 150),
            run("3", 'c', Failed, 120, 170),
        ];
        assert_eq!(change_of(1, &builds), None);
        assert_eq!(previous_run(&builds[2], &builds), Some(&builds[0]));
        assert_eq!(change_of(2, &builds), Some(Change::Broken));
    }

    #[test]
    fn the_previous_run_is_the_last_that_had_ended() {
        let builds = [
            run("1", 'a', Failed, 0, 50),
            run("2", 'a', Succeeded, 60, 500),
            run("3", 'a', Stopped, 70, 80),
            run("4", 'a', Succeeded, 100, 150),
        ];
        assert_eq!(previous_run(&builds[3], &builds), Some(&builds[0]), "2 ended later, 3 says nothing");
        assert_eq!(previous_run(&builds[1], &builds), Some(&builds[0]));
        assert_eq!(previous_run(&builds[0], &builds), None);
        assert_eq!(previous_run(&run("5", 'a', InProgress, 600, 0), &builds), None, "not over yet");
    }
}
