//! The calls of an invocation, and what comes of them.

use std::time::SystemTime;

use crate::build::BuildStatus;
use crate::build_variables::PullRequestBuild;
use crate::ids::{BuildId, PullRequestId};
use crate::not_started::{NotStarted, NotStartedReason};
use crate::start::outcome::{StartFailure, StartOutcome};
use crate::start_decision::CurrentPullRequest;

/// What an invocation does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartStep {
    /// Read the pull request that this build is for.
    ReadPullRequest(Box<PullRequestBuild>),
    /// Read a page of the project's builds, newest first.
    ReadBuilds {
        /// The token of the page; the first page has none.
        page: Option<String>,
    },
    /// Start a build.
    StartBuild {
        /// What is built.
        build: Box<PullRequestBuild>,
        /// The request's token.
        token: String,
    },
    /// Read the texts of the comments that publish-build-result wrote on the pull request.
    ReadComments(PullRequestId),
    /// Read these builds.
    ReadNamedBuilds(Vec<BuildId>),
    /// Stop a build.
    StopBuild(BuildId),
    /// Report to publish-build-result that the build could not be started. A report that cannot be sent is no reason to
    /// end the invocation otherwise: it fails in any case, and the next try reports again.
    ReportNotStarted(Box<NotStarted>),
    /// Nothing: this is what it came to.
    Finished(StartOutcome),
    /// Nothing: a later try may succeed.
    Failed(StartFailure),
}

/// What came of a step. Any other error ends the invocation as if it had been killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartAnswer {
    /// How the pull request stands.
    PullRequest {
        /// The pull request, or nothing if CodeCommit does not know it any more.
        pull_request: Option<CurrentPullRequest>,
        /// When CodeCommit answered, by its own clock; absent if the answer does not say it.
        time: Option<SystemTime>,
    },
    /// Builds of the project: a page of them, or those that were named.
    Builds {
        /// The builds that are still known.
        builds: Vec<ListedBuild>,
        /// The token of the next page, if there is one.
        next_page: Option<String>,
    },
    /// CodeBuild started the build of this id, or had done so before with the same token.
    Started {
        /// The build's id.
        build_id: BuildId,
        /// When it was submitted.
        start_time: Option<SystemTime>,
    },
    /// CodeBuild starts no build, for a reason that people should know. That of a refused request is also what it says of
    /// a token that it knows with other parameters: then the build is there.
    NotStarted(NotStartedReason),
    /// The report is on its way, or could not be sent.
    Reported,
    /// The comments' texts; none if the pull request does not exist any more.
    Comments(Vec<String>),
    /// The build is stopped, or had ended before.
    Stopped,
}

/// A build of the project, reduced to what tells one from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBuild {
    /// The build's id.
    pub id: BuildId,
    /// When it was submitted.
    pub start_time: Option<SystemTime>,
    /// How it stands.
    pub status: BuildStatus,
    /// What it was started for, if for a pull request.
    pub pull_request: Option<PullRequestBuild>,
}
