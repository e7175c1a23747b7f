//! The phases of a build, their statuses, and which one follows which.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::buildspec::OnFailure;
use crate::clock::epoch_seconds;

/// A phase of a build (API reference, `BuildPhase`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhaseType {
    /// The build has been accepted.
    Submitted,
    /// It waits for its turn.
    Queued,
    /// Its environment is made.
    Provisioning,
    /// The source is cloned and the buildspec read.
    DownloadSource,
    /// The buildspec's `install`.
    Install,
    /// The buildspec's `pre_build`.
    PreBuild,
    /// The buildspec's `build`.
    Build,
    /// The buildspec's `post_build`.
    PostBuild,
    /// Artifacts would be uploaded.
    UploadArtifacts,
    /// Cleaning up.
    Finalizing,
    /// Over.
    Completed,
}

impl PhaseType {
    /// AWS's name of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Queued => "QUEUED",
            Self::Provisioning => "PROVISIONING",
            Self::DownloadSource => "DOWNLOAD_SOURCE",
            Self::Install => "INSTALL",
            Self::PreBuild => "PRE_BUILD",
            Self::Build => "BUILD",
            Self::PostBuild => "POST_BUILD",
            Self::UploadArtifacts => "UPLOAD_ARTIFACTS",
            Self::Finalizing => "FINALIZING",
            Self::Completed => "COMPLETED",
        }
    }

    /// The phase that follows one of the buildspec's phases (user guide, "Build phase transitions" and
    /// `phases/*/on-failure`).
    pub(super) fn next(self, succeeded: bool, on_failure: Option<OnFailure>) -> Self {
        let go_on = succeeded || on_failure == Some(OnFailure::Continue);
        match self {
            Self::Install if go_on => Self::PreBuild,
            Self::PreBuild if go_on => Self::Build,
            // Without on-failure, post_build and the artifacts still have their turn after a failed build.
            Self::Build if go_on || on_failure.is_none() => Self::PostBuild,
            Self::PostBuild if go_on || on_failure.is_none() => Self::UploadArtifacts,
            _ => Self::Finalizing,
        }
    }
}

/// The status of a build or of one of its phases (API reference, `StatusType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It has not ended.
    InProgress,
    /// It ended well.
    Succeeded,
    /// It ended with an error of its own.
    Failed,
    /// It ended with an error of CodeBuild's.
    Fault,
    /// It ran or waited too long.
    TimedOut,
    /// Someone stopped it.
    Stopped,
}

impl Status {
    /// AWS's name of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Fault => "FAULT",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }
}

/// Why a phase ended as it did. Both parts are empty for a phase that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PhaseContext {
    /// Such as `COMMAND_EXECUTION_ERROR`.
    pub status_code: String,
    /// For a person.
    pub message: String,
}

impl PhaseContext {
    pub(super) fn new(status_code: &str, message: impl Into<String>) -> Self {
        Self { status_code: status_code.to_owned(), message: message.into() }
    }
}

/// One phase of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Which one.
    pub phase_type: PhaseType,
    /// Nothing while it runs, and for COMPLETED for ever.
    pub status: Option<Status>,
    /// When it began.
    pub start: OffsetDateTime,
    /// When it ended.
    pub end: Option<OffsetDateTime>,
    /// Why it ended so. SUBMITTED, QUEUED and COMPLETED have none.
    pub contexts: Vec<PhaseContext>,
}

impl Phase {
    pub(super) fn begun(phase_type: PhaseType, start: OffsetDateTime) -> Self {
        Self { phase_type, status: None, start, end: None, contexts: Vec::new() }
    }

    /// Whole seconds from start to end.
    pub(super) fn seconds(&self) -> Option<i64> {
        self.end.map(|end| (end - self.start).whole_seconds())
    }

    /// The phase in an API answer.
    pub(super) fn to_json(&self) -> Value {
        let mut json =
            json!({ "phaseType": self.phase_type.as_str(), "startTime": epoch_seconds(self.start) });
        if let Some(status) = self.status {
            json["phaseStatus"] = status.as_str().into();
        }
        if let (Some(end), Some(seconds)) = (self.end, self.seconds()) {
            json["endTime"] = epoch_seconds(end).into();
            json["durationInSeconds"] = seconds.into();
        }
        if !self.contexts.is_empty() {
            let contexts = self
                .contexts
                .iter()
                .map(|context| json!({ "statusCode": context.status_code, "message": context.message }));
            json["contexts"] = contexts.collect();
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_each_other_as_the_user_guide_says() {
        use OnFailure::{Abort, Continue};
        use PhaseType::{Build, Finalizing, Install, PostBuild, PreBuild, UploadArtifacts};
        let cases = [
            (Install, true, None, PreBuild),
            (Install, false, None, Finalizing),
            (Install, false, Some(Continue), PreBuild),
            (PreBuild, false, None, Finalizing),
            (PreBuild, false, Some(Continue), Build),
            (Build, true, Some(Abort), PostBuild),
            (Build, false, None, PostBuild),
            (Build, false, Some(Continue), PostBuild),
            (Build, false, Some(Abort), Finalizing),
            (PostBuild, true, None, UploadArtifacts),
            (PostBuild, false, None, UploadArtifacts),
            (PostBuild, false, Some(Abort), Finalizing),
        ];
        for (phase, succeeded, on_failure, expected) in cases {
            assert_eq!(phase.next(succeeded, on_failure), expected, "{phase:?} {succeeded} {on_failure:?}");
        }
    }
}
