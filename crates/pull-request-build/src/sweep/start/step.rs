//! The calls of a run of start-build's sweep, and what comes of them.

use std::time::SystemTime;

use serde::Serialize;

use crate::build_variables::PullRequestBuild;
use crate::ids::{BuildId, PullRequestId, RepositoryName};
use crate::pull_request_event::{NewRevision, PullRequestStatus};
use crate::start::{ListedBuild, StartOutcome};
use crate::sweep::walk::{WalkAnswer, WalkStep};

/// A call that a run makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartSweepStep {
    /// Find open pull requests.
    Walk(WalkStep),
    /// Read a pull request.
    ReadPullRequest {
        /// The pull request.
        pull_request_id: PullRequestId,
        /// Its repository.
        repository_name: RepositoryName,
    },
    /// Read the texts of the comments that publish-build-result wrote on the head's pull request.
    ReadComments(Box<Head>),
    /// Read these builds, at most 100.
    ReadNamedBuilds(Vec<BuildId>),
    /// Find out when the hook was deployed: when its CodeBuild project was created.
    ReadDeploymentTime,
    /// Find out when the head became the pull request's, for the last time if it did several times.
    ReadRevisionTime(Box<Head>),
    /// List a page of the project's builds, newest first.
    ListBuilds {
        /// The token of the page; the first page has none.
        page: Option<String>,
    },
    /// Start a build, as [`Starter::for_missing`](crate::Starter::for_missing) does.
    Start(Box<MissingBuild>),
}

/// The head of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whether the pull request is open.
    pub status: PullRequestStatus,
    /// When something last happened to it. No push is later.
    pub last_activity: SystemTime,
    /// The build that the head calls for.
    pub build: PullRequestBuild,
}

/// A head that the project has no build of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingBuild {
    /// The head's revision, as its event would have told it.
    pub revision: NewRevision,
    /// The project's builds were listed from there back: whoever starts the build has to look at the newer ones only.
    pub looked_back_from: SystemTime,
    /// Whether it was pushed before the hook was deployed. Then no event was lost.
    pub is_older_than_the_hook: bool,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartSweepAnswer {
    /// What was found.
    Walk(WalkAnswer),
    /// The pull request's head, or nothing if there is no such pull request any more.
    PullRequest(Option<Box<Head>>),
    /// The texts of the comments.
    Comments {
        /// Of the pull request with this head.
        head: Box<Head>,
        /// The texts; none of a deleted comment, and none that anyone else wrote.
        contents: Vec<String>,
    },
    /// Those of the builds that CodeBuild still knows.
    NamedBuilds(Vec<ListedBuild>),
    /// When the hook was deployed.
    DeploymentTime(SystemTime),
    /// When the head became the pull request's, if its history tells.
    RevisionTime {
        /// The head.
        head: Box<Head>,
        /// When it did.
        time: Option<SystemTime>,
    },
    /// A page of the project's builds.
    Builds {
        /// The builds.
        builds: Vec<ListedBuild>,
        /// The token of the next page, if there is one.
        next_page: Option<String>,
    },
    /// The start of a build is settled.
    Started {
        /// What was to be started.
        missing: Box<MissingBuild>,
        /// What it came to.
        outcome: StartOutcome,
    },
    /// The call failed. The next run tries again.
    Failed,
}

/// What a run saw and did, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartSweepSummary {
    /// The repositories whose open pull requests were all listed.
    pub repositories: usize,
    /// The open pull requests with a change whose comments were read.
    pub pull_requests: usize,
    /// Their heads without a comment that names a build of theirs.
    pub unproven: usize,
    /// Those of them that are too young to be missed.
    pub left_to_events: usize,
    /// Those of them that were pushed before the hook was deployed and are not built for that.
    pub older_than_the_hook: usize,
    /// Those of them that their pull request's history does not name.
    pub without_time: usize,
    /// Those of them that are known to have no build, beyond the number that a run may start if there are more.
    pub missing: usize,
    /// The builds that were started because an event was lost.
    pub repaired: usize,
    /// The builds of heads that were pushed before the hook was deployed.
    pub started_older: usize,
    /// The calls that failed.
    pub failed: usize,
    /// Whether time ran out before everything was looked at.
    pub cut_short: bool,
}

impl StartSweepSummary {
    /// Whether the run could look at nothing at all, because calls failed.
    pub fn saw_nothing(&self) -> bool {
        self.failed > 0 && self.repositories == 0 && self.pull_requests == 0
    }
}
