//! The calls of a run of publish-build-result's sweep, and what comes of them.

use std::time::SystemTime;

use serde::Serialize;

use crate::build::Build;
use crate::build_event::BuildEvent;
use crate::build_variables::PullRequestBuild;
use crate::ids::{BuildId, PullRequestId};
use crate::own_comments::PullRequestComment;
use crate::publish::Publication;
use crate::sweep::walk::{WalkAnswer, WalkStep};

/// A call that a run makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishSweepStep {
    /// List a page of the project's builds, newest first.
    ListBuilds {
        /// The token of the page; the first page has none.
        page: Option<String>,
    },
    /// Find open pull requests.
    Walk(WalkStep),
    /// Read the comments on a pull request, deleted ones too.
    ReadComments(PullRequestId),
    /// Read these builds, at most 100.
    ReadNamedBuilds(Vec<BuildId>),
    /// Publish a build, as for an event that tells of it.
    Repair(Box<Repair>),
}

/// A build that its commit's comment does not tell of as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The event that CodeBuild would send of it now.
    pub event: BuildEvent,
    /// What it was started for.
    pub build: PullRequestBuild,
}

impl Repair {
    pub(super) fn of(build: &Build) -> Self {
        Self { event: BuildEvent::of(build), build: build.pull_request.clone() }
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishSweepAnswer {
    /// A page of the project's builds.
    Builds {
        /// Those of them that are pull requests' builds.
        builds: Vec<Build>,
        /// When the oldest on the page was submitted, whatever it is a build of.
        listed_back_to: Option<SystemTime>,
        /// The token of the next page, if there is one.
        next_page: Option<String>,
    },
    /// What was found.
    Walk(WalkAnswer),
    /// The comments on a pull request.
    Comments {
        /// The pull request.
        pull_request_id: PullRequestId,
        /// Its comments, or nothing if there is no such pull request any more.
        comments: Option<Vec<PullRequestComment>>,
    },
    /// Those of the builds that CodeBuild still knows and that are pull requests' builds.
    NamedBuilds(Vec<Build>),
    /// A build is published.
    Published {
        /// What was to be published.
        repair: Box<Repair>,
        /// What it came to.
        publication: Publication,
    },
    /// The call failed. The next run tries again.
    Failed,
}

/// What a run saw and did, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishSweepSummary {
    /// The pull requests' builds of the last two days.
    pub recent_builds: usize,
    /// The repositories whose open pull requests were all listed.
    pub repositories: usize,
    /// The pull requests whose comments were read.
    pub pull_requests: usize,
    /// The builds that comments do not tell of as they should.
    pub out_of_date: usize,
    /// Builds of which the same is true, but which began or ended too short a time ago.
    pub left_to_events: usize,
    /// The comments that were posted or changed.
    pub comments_written: usize,
    /// The calls that failed.
    pub failed: usize,
    /// Whether time ran out before everything was looked at.
    pub cut_short: bool,
}

impl PublishSweepSummary {
    /// Whether the run could look at nothing at all, because calls failed.
    pub fn saw_nothing(&self) -> bool {
        self.failed > 0 && self.repositories == 0 && self.pull_requests == 0
    }
}
