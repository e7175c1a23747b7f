//! The calls of an invocation, and what comes of them.

use std::time::SystemTime;

use crate::build_variables::PullRequestBuild;
use crate::ids::BuildId;
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
    /// A page of the project's builds.
    Builds {
        /// The builds that are still known.
        builds: Vec<ListedBuild>,
        /// The token of the next page, if there is one.
        next_page: Option<String>,
    },
    /// CodeBuild started the build of this id, or had done so before with the same token.
    Started(BuildId),
    /// CodeBuild calls a parameter of the start invalid. It says the same of a token that it knows with other
    /// parameters: then the build is there.
    Refused,
}

/// A build of the project, reduced to what tells one from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBuild {
    /// The build's id.
    pub id: BuildId,
    /// When it was submitted.
    pub start_time: Option<SystemTime>,
    /// What it was started for, if for a pull request.
    pub pull_request: Option<PullRequestBuild>,
}
