//! Which builds of a pull request still run although nobody waits for them.

use std::collections::VecDeque;
use std::mem;
use std::time::SystemTime;

use crate::build::BuildStatus;
use crate::ids::{BuildId, HookName, PullRequestId, RepositoryName, SourceCommit};
use crate::marker::Marker;
use crate::start::step::{ListedBuild, StartStep};

/// As many builds are read in one call (API reference of CodeBuild, `BatchGetBuilds`).
const MAX_BUILDS_READ: usize = 100;

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
    /// The builds that comments name and that were not read yet.
    named: Vec<BuildId>,
    running: VecDeque<BuildId>,
    stopped: Vec<String>,
}

/// A build that makes earlier ones superfluous.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) source_commit: SourceCommit,
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
            pull_request.source_commit != kept.source_commit && is_earlier
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
        match self.running.front() {
            Some(id) => Next::Step(StartStep::StopBuild(id.clone())),
            None => Next::Done(mem::take(&mut self.stopped)),
        }
    }
}
