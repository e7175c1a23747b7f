//! A build as CodeBuild's `BatchGetBuilds` tells it.

use std::time::{Duration, SystemTime};

use crate::build_arn::BuildArn;
use crate::build_variables::PullRequestBuild;
use crate::secrets::Secrets;

/// As many builds are read in one call (API reference of CodeBuild, `BatchGetBuilds`).
pub(crate) const MAX_BUILDS_READ: usize = 100;

/// A build of a pull request, reduced to what decisions and comments need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The build's ARN, with its id in it.
    pub arn: BuildArn,
    /// The build's number in its project; CodeBuild leaves it out now and then.
    pub number: Option<i64>,
    /// How the build stands.
    pub status: BuildStatus,
    /// When the build was submitted.
    pub start_time: Option<SystemTime>,
    /// When the build ended.
    pub end_time: Option<SystemTime>,
    /// The phases that were entered, in order.
    pub phases: Vec<Phase>,
    /// The link to the log that CodeBuild gives. Before the log exists it is a placeholder.
    pub log_deep_link: Option<String>,
    /// Where its log is, once there is one.
    pub log_stream: Option<LogStream>,
    /// The ARNs of its test and coverage reports, in CodeBuild's order.
    pub report_arns: Vec<String>,
    /// Values of its variables that nothing said about it may show.
    pub secrets: Secrets,
    /// What the build was started for.
    pub pull_request: PullRequestBuild,
}

impl Build {
    /// How long the build took, from its submission to its end.
    pub fn duration(&self) -> Option<Duration> {
        self.end_time?.duration_since(self.start_time?).ok()
    }
}

/// A log stream of CloudWatch Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    /// The log group's name.
    pub group_name: String,
    /// The stream's name in it.
    pub stream_name: String,
}

/// The state of a build or of one of its phases (API reference of CodeBuild, `StatusType`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildStatus {
    /// Submitted, queued or running.
    InProgress,
    /// Ended well.
    Succeeded,
    /// A phase failed.
    Failed,
    /// CodeBuild itself failed.
    Fault,
    /// Ran or waited longer than it may.
    TimedOut,
    /// Stopped by someone.
    Stopped,
    /// A state that this version does not know; taken for a failure.
    Other(String),
}

impl BuildStatus {
    /// Takes CodeBuild's word for it; no word is refused.
    pub fn from_name(name: &str) -> Self {
        match name {
            "IN_PROGRESS" => Self::InProgress,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "FAULT" => Self::Fault,
            "TIMED_OUT" => Self::TimedOut,
            "STOPPED" => Self::Stopped,
            other => Self::Other(other.to_owned()),
        }
    }

    /// CodeBuild's word for it.
    pub fn name(&self) -> &str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Fault => "FAULT",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
            Self::Other(name) => name,
        }
    }
}

/// A phase that a build entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// The phase's name, such as `DOWNLOAD_SOURCE`.
    pub name: String,
    /// How it ended; absent while it runs.
    pub status: Option<BuildStatus>,
    /// When it began.
    pub start_time: Option<SystemTime>,
    /// When it ended; absent while it runs.
    pub end_time: Option<SystemTime>,
    /// What CodeBuild says about it, usually one entry. Both parts may be empty.
    pub contexts: Vec<PhaseContext>,
}

impl Phase {
    /// How long the phase took.
    pub fn duration(&self) -> Option<Duration> {
        self.end_time?.duration_since(self.start_time?).ok()
    }
}

/// What CodeBuild says about a phase.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PhaseContext {
    /// A code, such as `COMMAND_EXECUTION_ERROR`.
    pub status_code: String,
    /// A sentence. It quotes the repository's commands: hostile text.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_keeps_its_name() {
        for name in ["IN_PROGRESS", "SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED", "ABANDONED"] {
            assert_eq!(BuildStatus::from_name(name).name(), name);
        }
        assert_eq!(BuildStatus::from_name("ABANDONED"), BuildStatus::Other("ABANDONED".to_owned()));
    }
}
