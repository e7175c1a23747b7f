//! What a build means for its pull request.

use crate::build::{Build, BuildStatus};
use crate::failure::Failure;
use crate::ids::SourceCommit;
use crate::pull_request_event::PullRequestStatus;

/// What a comment says of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<'b> {
    /// Submitted: the build waits or runs.
    Submitted,
    /// Every phase ended well.
    Succeeded,
    /// Something in the commit or its build failed.
    Failed(Option<Failure<'b>>),
    /// CodeBuild itself failed.
    Faulted(Option<Failure<'b>>),
    /// The build ran or waited longer than it may.
    TimedOut(Option<Failure<'b>>),
    /// Somebody or the hook stopped the build, which may no longer have been wanted.
    Stopped(Option<SourceLoss>, Option<Failure<'b>>),
    /// A state that this version does not know, by its own name.
    Unknown(&'b str, Option<Failure<'b>>),
    /// The build never had its source, for a reason that says nothing against the commit.
    SourceLost(SourceLoss, Option<Failure<'b>>),
    /// The build had its source and did not succeed, but its pull request was closed without merging meanwhile.
    ClosedMeanwhile(Option<Failure<'b>>),
}

/// Why the source that a build was started for is no longer wanted or no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceLoss {
    /// The pull request was merged.
    Merged,
    /// The pull request was closed without merging.
    Closed,
    /// The source branch has another commit by now.
    Superseded,
    /// The source branch was deleted.
    BranchDeleted,
}

impl SourceLoss {
    /// What the pull request alone explains: its status, and the tip of its source branch as far as CodeCommit says it.
    /// Without an answer, the source branch remains to be looked for.
    pub fn from_pull_request(
        status: &PullRequestStatus,
        tip: Option<&SourceCommit>,
        built: &SourceCommit,
    ) -> Option<Self> {
        match status {
            PullRequestStatus::Merged => Some(Self::Merged),
            PullRequestStatus::Closed => Some(Self::Closed),
            _ if tip.is_some_and(|tip| tip != built) => Some(Self::Superseded),
            PullRequestStatus::Open | PullRequestStatus::Other(_) => None,
        }
    }
}

/// Whether the build ended in any other way than well. Then the pull request may explain why, or say that nobody waits
/// for the build any more.
pub fn ended_without_success(build: &Build) -> bool {
    !matches!(build.status, BuildStatus::InProgress | BuildStatus::Succeeded)
}

/// Whether the build ended without ever having its source, and not because of its buildspec. Then the pull request and
/// its branch may explain why.
pub fn ended_without_source(build: &Build) -> bool {
    if !ended_without_success(build) {
        return false;
    }
    let had_source = build.phases.iter().any(|phase| match phase.name.as_str() {
        "SUBMITTED" | "QUEUED" | "PROVISIONING" | "FINALIZING" | "COMPLETED" => false,
        "DOWNLOAD_SOURCE" => phase.status == Some(BuildStatus::Succeeded),
        _ => true,
    });
    !had_source && !Failure::of(build).is_some_and(|failure| failure.is_of_the_buildspec())
}

impl<'b> Outcome<'b> {
    /// The outcome of `build`, given why its source is no longer wanted or there, if that is so.
    pub fn of(build: &'b Build, source_loss: Option<SourceLoss>) -> Self {
        let failure = Failure::of(build);
        match (&build.status, source_loss) {
            (BuildStatus::InProgress, _) => Self::Submitted,
            (BuildStatus::Succeeded, _) => Self::Succeeded,
            (_, Some(loss)) if ended_without_source(build) => Self::SourceLost(loss, failure),
            (_, Some(SourceLoss::Closed)) => Self::ClosedMeanwhile(failure),
            // A merge, a newer commit or a deleted branch does not make a failure of this commit any less of one.
            (BuildStatus::Failed, _) => Self::Failed(failure),
            (BuildStatus::Fault, _) => Self::Faulted(failure),
            (BuildStatus::TimedOut, _) => Self::TimedOut(failure),
            (BuildStatus::Stopped, loss) => Self::Stopped(loss, failure),
            (BuildStatus::Other(name), _) => Self::Unknown(name, failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{a_build, a_phase, an_ended_build};

    #[test]
    fn the_source_is_asked_for_only_if_the_build_never_had_it() {
        use BuildStatus::{Failed, Fault, InProgress, Stopped, Succeeded, TimedOut};
        let cases = [
            (Failed, "DOWNLOAD_SOURCE", "CLIENT_ERROR", true),
            (Failed, "DOWNLOAD_SOURCE", "YAML_FILE_ERROR", false),
            (Failed, "BUILD", "COMMAND_EXECUTION_ERROR", false),
            (Failed, "A_PHASE_OF_TOMORROW", "", false),
            (Stopped, "QUEUED", "", true),
            (Stopped, "BUILD", "", false),
            (TimedOut, "QUEUED", "", true),
            (Fault, "PROVISIONING", "", true),
            (InProgress, "DOWNLOAD_SOURCE", "", false),
            (Succeeded, "DOWNLOAD_SOURCE", "", false),
        ];
        for (status, phase, code, expected) in cases {
            let what = format!("{status:?} in {phase} with {code:?}");
            assert_eq!(
                ended_without_source(&an_ended_build(status, 9, phase, code, "x")),
                expected,
                "{what}"
            );
        }
        let mut stopped = an_ended_build(Stopped, 9, "PROVISIONING", "", "");
        stopped.phases = vec![a_phase("DOWNLOAD_SOURCE", Succeeded), a_phase("FINALIZING", Succeeded)];
        assert!(!ended_without_source(&stopped), "stopped between the source and the first command");
    }

    #[test]
    fn the_pull_request_explains_a_lost_source_in_this_order() {
        let built = a_build().pull_request.source_commit;
        let newer = SourceCommit::parse(&"c".repeat(40)).unwrap();
        for (status, tip, expected) in [
            (PullRequestStatus::Merged, Some(&newer), Some(SourceLoss::Merged)),
            (PullRequestStatus::Closed, Some(&newer), Some(SourceLoss::Closed)),
            (PullRequestStatus::Open, Some(&newer), Some(SourceLoss::Superseded)),
            (PullRequestStatus::Open, Some(&built), None),
            (PullRequestStatus::Open, None, None),
            (PullRequestStatus::Other("FROZEN".to_owned()), Some(&built), None),
        ] {
            assert_eq!(SourceLoss::from_pull_request(&status, tip, &built), expected, "{status:?}");
        }
    }

    #[test]
    fn a_lost_source_never_hides_a_success() {
        let loss = Some(SourceLoss::Closed);
        let succeeded = an_ended_build(BuildStatus::Succeeded, 9, "BUILD", "", "");
        let failed = an_ended_build(BuildStatus::Failed, 9, "QUEUED", "", "");
        assert_eq!(Outcome::of(&a_build(), loss), Outcome::Submitted);
        assert_eq!(Outcome::of(&succeeded, loss), Outcome::Succeeded);
        assert!(matches!(Outcome::of(&failed, loss), Outcome::SourceLost(SourceLoss::Closed, Some(_))));
        assert!(matches!(Outcome::of(&failed, None), Outcome::Failed(Some(_))));
    }

    #[test]
    fn only_a_close_takes_the_red_from_a_build_that_had_its_source() {
        let failed = an_ended_build(BuildStatus::Failed, 9, "BUILD", "COMMAND_EXECUTION_ERROR", "x");
        assert!(matches!(Outcome::of(&failed, Some(SourceLoss::Closed)), Outcome::ClosedMeanwhile(Some(_))));
        for loss in [SourceLoss::Merged, SourceLoss::Superseded, SourceLoss::BranchDeleted] {
            assert!(matches!(Outcome::of(&failed, Some(loss)), Outcome::Failed(Some(_))), "{loss:?}");
        }
        let broken = an_ended_build(BuildStatus::Failed, 9, "DOWNLOAD_SOURCE", "YAML_FILE_ERROR", "x");
        assert!(matches!(Outcome::of(&broken, Some(SourceLoss::Closed)), Outcome::ClosedMeanwhile(Some(_))));
    }
}
