//! Which builds of a pull request still run although nobody waits for them.

use std::collections::VecDeque;
use std::mem;
use std::time::SystemTime;

use crate::build::{BuildStatus, MAX_BUILDS_READ};
use crate::build_variables::PullRequestBuild;
use crate::ids::{BuildId, HookName, PullRequestId, RepositoryName};
use crate::marker::Marker;
use crate::pull_request_event::PullRequestStatus;
use crate::start::step::{ListedBuild, StartStep};
use crate::start_decision::CurrentPullRequest;

/// The search for builds to stop, and what is left to stop.
///
/// They are looked for in two places. The comments on the pull request name builds however old they are; a build whose
/// comment is not there yet is among the project's newest.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    pull_request_id: PullRequestId,
    repository_name: RepositoryName,
    /// The build that the others make way for. Without one, the pull request needs no build any more.
    kept: Option<Kept>,
    /// Whether the pull request's head is still the kept build's, asked after the builds were read: whatever was among
    /// them belongs to an earlier revision then, even if this invocation was slow and others were faster.
    is_confirmed: bool,
    /// The builds that comments name and that were not read yet.
    named: Vec<BuildId>,
    running: VecDeque<BuildId>,
    stopped: Vec<String>,
}

/// A build that makes earlier ones superfluous.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) build: Box<PullRequestBuild>,
    pub(super) start_time: Option<SystemTime>,
}

/// What follows an answer.
pub(super) enum Next {
    Step(StartStep),
    /// Nothing is left to stop; these were stopped.
    Done(Vec<String>),
}

impl Stop {
    pub(super) fn new(
        pull_request_id: PullRequestId,
        repository_name: RepositoryName,
        kept: Option<Kept>,
    ) -> (Self, StartStep) {
        let step = StartStep::ReadComments(pull_request_id.clone());
        let stop = Self {
            pull_request_id,
            repository_name,
            is_confirmed: kept.is_none(),
            kept,
            named: Vec::new(),
            running: VecDeque::new(),
            stopped: Vec::new(),
        };
        (stop, step)
    }

    /// Takes the texts of the comments. A build of another project, which the hook may have had under another name, is
    /// left out: the function may not read it.
    pub(super) fn take_comments(
        &mut self,
        contents: &[String],
        hook_name: &HookName,
        project_name: &str,
    ) -> Next {
        let markers = contents.iter().filter_map(|content| Marker::find(content));
        let ours = markers.filter(|marker| marker.hook_name == *hook_name);
        for id in ours.flat_map(|marker| marker.builds) {
            if id.project_name() == project_name && !self.named.contains(&id) {
                self.named.push(id);
            }
        }
        Next::Step(StartStep::ReadBuilds { page: None })
    }

    pub(super) fn take_builds(&mut self, builds: &[ListedBuild]) -> Next {
        self.named.retain(|id| builds.iter().all(|build| build.id != *id));
        for build in builds {
            if self.is_to_stop(build) && !self.running.contains(&build.id) {
                self.running.push_back(build.id.clone());
            }
        }
        self.next()
    }

    /// Takes how the pull request stands. Where a later revision is the head, its own event stops what is left.
    pub(super) fn take_pull_request(&mut self, current: Option<CurrentPullRequest>) -> Next {
        self.is_confirmed = true;
        let is_wanted = |current: CurrentPullRequest| match &self.kept {
            Some(Kept { build, .. }) if current.status == PullRequestStatus::Open => {
                current.revision_id == build.revision_id && current.source_commit == build.source_commit
            }
            _ => true,
        };
        if !current.is_some_and(is_wanted) {
            self.running.clear();
        }
        self.next()
    }

    pub(super) fn note_stopped(&mut self) -> Next {
        self.stopped.extend(self.running.pop_front().map(|id| id.to_string()));
        self.next()
    }

    /// Whether the build runs for nobody. One of another commit that began after the kept one goes on: a person may have
    /// started it again, and no comment would call it superseded.
    fn is_to_stop(&self, build: &ListedBuild) -> bool {
        let Some(pull_request) = &build.pull_request else { return false };
        let is_superfluous = self.kept.as_ref().is_none_or(|kept| {
            let is_earlier = match (build.start_time, kept.start_time) {
                (Some(start), Some(kept)) => start < kept,
                _ => true,
            };
            pull_request.source_commit != kept.build.source_commit && is_earlier
        });
        build.status == BuildStatus::InProgress
            && pull_request.pull_request_id == self.pull_request_id
            && pull_request.repository_name == self.repository_name
            && is_superfluous
    }

    fn next(&mut self) -> Next {
        if !self.named.is_empty() {
            let rest = self.named.split_off(self.named.len().min(MAX_BUILDS_READ));
            return Next::Step(StartStep::ReadNamedBuilds(mem::replace(&mut self.named, rest)));
        }
        match (self.running.front(), &self.kept) {
            (Some(_), Some(Kept { build, .. })) if !self.is_confirmed => {
                Next::Step(StartStep::ReadPullRequest(build.clone()))
            }
            (Some(id), _) => Next::Step(StartStep::StopBuild(id.clone())),
            (None, _) => Next::Done(mem::take(&mut self.stopped)),
        }
    }
}
