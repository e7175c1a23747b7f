//! What an invocation comes to.

use serde::Serialize;

use crate::ids::RevisionId;

/// What came of an event. Each is success: Lambda does not try the event again. Lambda drops the answer of an
/// asynchronous invocation; people and tests read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StartOutcome {
    /// A build was started, or CodeBuild knew the token of one that was.
    BuildStarted {
        /// The build's id.
        build_id: String,
        /// The builds that were stopped, because nobody waits for them any more.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        stopped: Vec<String>,
    },
    /// The build had been started before.
    BuildFound {
        /// The build's id.
        build_id: String,
        /// The builds that were stopped, because nobody waits for them any more.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        stopped: Vec<String>,
    },
    /// Nothing is to be built.
    Skipped {
        /// Why.
        reason: String,
        /// The builds that were stopped, because nobody waits for them any more.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        stopped: Vec<String>,
    },
}

impl StartOutcome {
    /// What was done, for the log.
    pub fn message(&self) -> &'static str {
        match self {
            Self::BuildStarted { .. } => "build started",
            Self::BuildFound { .. } => "build found, none started",
            Self::Skipped { .. } => "nothing built",
        }
    }

    /// The build that the event has.
    pub fn build_id(&self) -> Option<&str> {
        match self {
            Self::BuildStarted { build_id, .. } | Self::BuildFound { build_id, .. } => Some(build_id),
            Self::Skipped { .. } => None,
        }
    }

    /// The builds that were stopped.
    pub fn stopped(&self) -> &[String] {
        match self {
            Self::BuildStarted { stopped, .. }
            | Self::BuildFound { stopped, .. }
            | Self::Skipped { stopped, .. } => stopped,
        }
    }

    /// The same outcome after these builds were stopped.
    pub(super) fn after_stopping(mut self, builds: Vec<String>) -> Self {
        let (Self::BuildStarted { stopped, .. }
        | Self::BuildFound { stopped, .. }
        | Self::Skipped { stopped, .. }) = &mut self;
        *stopped = builds;
        self
    }

    /// Why nothing is built.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Skipped { reason, .. } => Some(reason),
            Self::BuildStarted { .. } | Self::BuildFound { .. } => None,
        }
    }
}

/// Why the event has no build although it should. Lambda tries it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartFailure {
    /// CodeCommit does not know of the revision yet.
    ReadIsBehind(RevisionId),
    /// CodeBuild started no build, and none is there. It was reported.
    NotStarted,
}
