//! The sweep of start-build: looks at the head of every open pull request, and starts the builds that are missing.
//!
//! # What proves a build
//!
//! The comment on a head names its builds, and CodeBuild says what they were started for: a branch that was pushed back
//! to an earlier commit has a comment on its head, of a build that was started for an earlier revision and may have been
//! stopped since. Only for a head without a build in its comment, the time of its revision is asked for, and the
//! project's builds are listed back to it, once for all such heads.
//!
//! Not listed further than needed: the newest heads are built first, so the list ends where as many heads as a run may
//! build are known to have no build. Comments count only if publish-build-result wrote them; the steps' answers carry no
//! others.
//!
//! # What a run costs
//!
//! | for each | calls |
//! |---|---|
//! | thousand repositories | 1, and none where the settings name the repositories |
//! | repository | 1, and 1 more for each page of open pull requests after the first |
//! | open pull request | 2: the pull request, its comments |
//! | hundred builds that comments on heads name | 1 |
//! | head without a build in its comment | 1: the time of its revision; none if it was quiet since the hook was deployed |
//! | run with such a head | 1: when the hook was deployed |
//! | hundred builds of the project since the oldest of these | 2 |
//! | missing build | as many as an event that is older than four minutes: see [`Starter`](crate::Starter) |

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::mem::take;
use std::time::SystemTime;

use crate::build::MAX_BUILDS_READ;
use crate::build_variables::PullRequestBuild;
use crate::ids::{BuildId, HookName, ProjectName, SourceCommit};
use crate::marker::Marker;
use crate::pull_request_event::{NewRevision, PullRequestStatus};
use crate::served_repositories::ServedRepositories;
use crate::start::{ListedBuild, StartOutcome};
use crate::sweep::walk::{Listed, Walk, WalkAnswer, Walked};
use crate::sweep::{Calls, LEFT_TO_EVENTS, Sweep};

use search::Search;

pub use step::{Head, MissingBuild, StartSweepAnswer, StartSweepStep, StartSweepSummary};

mod search;
mod step;

/// What the settings say about the sweep of start-build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartSweepSettings {
    /// The hook whose comments prove builds.
    pub hook_name: HookName,
    /// The project in which they run.
    pub project_name: ProjectName,
    /// The repositories whose pull requests are looked at.
    pub repositories: ServedRepositories,
    /// At most this many builds are started in a run.
    pub most_builds: usize,
    /// Whether heads are built, too, that were pushed before the hook was deployed.
    pub build_existing: bool,
}

/// One run: what it knows, and the calls that remain.
#[derive(Debug, Clone)]
pub struct StartSweep {
    settings: StartSweepSettings,
    now: SystemTime,
    phase: Phase,
    has_to_end_looking: bool,
    calls: Calls<StartSweepStep>,
    walk: Walk,
    /// Heads with a comment of theirs that names builds, and the builds of the project that it names.
    named: Vec<(Head, Vec<BuildId>)>,
    /// What CodeBuild says of these builds.
    found: BTreeMap<BuildId, ListedBuild>,
    /// Heads that no comment proves a build of.
    unproven: Vec<Head>,
    /// When the hook was deployed.
    deployed: Option<SystemTime>,
    /// Those of the unproven heads that call for a build, unless the project has it.
    search: Search,
    /// What is missing and was not handed out yet, newest first.
    missing: VecDeque<MissingBuild>,
    summary: StartSweepSummary,
}

/// The phases of a run. Within one, calls may be under way beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// What the repositories are.
    Naming,
    /// Which heads have a comment that names builds.
    Looking,
    /// Whether these builds are of the heads' revisions.
    Proving,
    /// When the hook was deployed.
    Deployment,
    /// When the other heads were pushed.
    Dating,
    /// Which of them the project has no build of.
    Listing,
    /// Their starts.
    Starting,
    Over,
}

impl StartSweep {
    /// A run of the schedule's `tick`, which was due at `now` by AWS's clock. A run that comes late leaves more to the
    /// events than it would have to, never less.
    pub fn new(settings: StartSweepSettings, now: SystemTime, tick: u64) -> Self {
        let walk = Walk::new(settings.repositories.clone(), tick);
        let mut calls = Calls::default();
        calls.push_last(walk.first_step().map(StartSweepStep::Walk));
        Self {
            settings,
            now,
            phase: Phase::Naming,
            has_to_end_looking: false,
            calls,
            walk,
            named: Vec::new(),
            found: BTreeMap::new(),
            unproven: Vec::new(),
            deployed: None,
            search: Search::default(),
            missing: VecDeque::new(),
            summary: StartSweepSummary::default(),
        }
    }

    /// Makes these the next calls that look at something, unless the time to look is over.
    fn look(&mut self, steps: impl IntoIterator<Item = StartSweepStep>) {
        let mut steps = steps.into_iter().peekable();
        if self.phase == Phase::Over || self.has_to_end_looking {
            self.summary.cut_short |= steps.peek().is_some();
        } else {
            self.calls.push_first(steps);
        }
    }

    fn take_walk(&mut self, answer: WalkAnswer) {
        match self.walk.take(answer) {
            Walked::Step(step) => self.look([StartSweepStep::Walk(step)]),
            Walked::PullRequests(listed) => {
                self.summary.repositories += 1;
                self.read(listed);
            }
            Walked::RepositoriesListed => {}
        }
    }

    fn read(&mut self, listed: Vec<Listed>) {
        let read = |Listed { pull_request_id, repository_name }| StartSweepStep::ReadPullRequest {
            pull_request_id,
            repository_name,
        };
        self.look(listed.into_iter().map(read));
    }

    fn take_head(&mut self, head: Head) {
        let PullRequestBuild { source_commit, destination_commit, .. } = &head.build;
        // It may have been closed since it was listed; and without a change, there is nothing to build.
        if head.status == PullRequestStatus::Open && source_commit.as_str() != destination_commit.as_str() {
            self.look([StartSweepStep::ReadComments(Box::new(head))]);
        }
    }

    fn take_comments(&mut self, head: Head, contents: &[String]) {
        self.summary.pull_requests += 1;
        let builds = self.named_builds(&head.build.source_commit, contents);
        let is_of_project = |id: &BuildId| id.project_name() == self.settings.project_name.as_str();
        match builds.first() {
            None => self.unproven.push(head),
            // The function may not read a build of another project, which the hook may have had: then the comment is
            // proof enough.
            Some(_) if builds.iter().all(is_of_project) => self.named.push((head, builds)),
            Some(_) => {}
        }
    }

    /// The builds that the hook's comments on this commit name. A comment that says that no build could be started names
    /// none.
    fn named_builds(&self, commit: &SourceCommit, contents: &[String]) -> Vec<BuildId> {
        let markers = contents.iter().filter_map(|content| Marker::find(content));
        let of_commit = markers
            .filter(|marker| marker.hook_name == self.settings.hook_name && marker.source_commit == *commit);
        let mut builds: Vec<BuildId> = of_commit.flat_map(|marker| marker.builds).collect();
        builds.sort();
        builds.dedup();
        builds
    }

    /// Reads the builds that comments name, as many at a time as CodeBuild tells of.
    fn named_builds_steps(&self) -> Vec<StartSweepStep> {
        let ids: Vec<&BuildId> = self.named.iter().flat_map(|(_, builds)| builds).collect();
        let step = |ids: &[&BuildId]| StartSweepStep::ReadNamedBuilds(ids.iter().copied().cloned().collect());
        ids.chunks(MAX_BUILDS_READ).map(step).collect()
    }

    /// Sorts out the heads whose comments name builds of other revisions only. Builds that could not be read, or that
    /// CodeBuild has forgotten after a year, are taken for the head's.
    fn judge_named(&mut self) {
        let found = take(&mut self.found);
        for (head, ids) in take(&mut self.named) {
            let is_of_another_revision =
                |id: &BuildId| found.get(id).is_some_and(|build| !is_build_of(build, &head.build));
            if ids.iter().all(is_of_another_revision) {
                self.unproven.push(head);
            }
        }
    }

    /// Asks for the times of the unproven heads, of the most active pull request first.
    fn date(&mut self) {
        let Some(deployed) = self.deployed else {
            // Nobody knows which of them the hook is to build.
            self.unproven.clear();
            return;
        };
        let mut heads = take(&mut self.unproven);
        if !self.settings.build_existing {
            let before = heads.len();
            // What happened last to them happened before the hook was there, and so did the push.
            heads.retain(|head| head.last_activity >= deployed);
            self.summary.older_than_the_hook += before - heads.len();
        }
        heads.sort_by_cached_key(|head| (Reverse(head.last_activity), head.build.pull_request_id.clone()));
        self.calls.push_last(heads.into_iter().map(|head| StartSweepStep::ReadRevisionTime(Box::new(head))));
    }

    fn take_revision_time(&mut self, head: Head, time: Option<SystemTime>) {
        let (Some(time), Some(deployed)) = (time, self.deployed) else {
            self.summary.without_time += 1;
            return;
        };
        let is_young = self.now.duration_since(time).map_or(true, |age| age < LEFT_TO_EVENTS);
        let is_older_than_the_hook = time < deployed;
        if is_young {
            self.summary.left_to_events += 1;
        } else if is_older_than_the_hook && !self.settings.build_existing {
            self.summary.older_than_the_hook += 1;
        } else {
            let Head { status, build, .. } = head;
            self.search.add(MissingBuild {
                revision: NewRevision { time, status, is_first: false, build },
                looked_back_from: self.now,
                is_older_than_the_hook,
            });
        }
    }

    fn take_builds(&mut self, builds: &[ListedBuild], next_page: Option<String>) {
        let page = self.search.take_page(builds, next_page, self.settings.most_builds);
        self.look(page.map(|page| StartSweepStep::ListBuilds { page: Some(page) }));
    }

    fn start_missing(&mut self) {
        self.missing = self.search.take_missing();
        self.summary.missing = self.missing.len();
        for _ in 0..self.settings.most_builds {
            self.start_next();
        }
    }

    fn start_next(&mut self) {
        let next = self.missing.pop_front();
        self.calls.push_last(next.map(|missing| StartSweepStep::Start(Box::new(missing))));
    }

    fn take_outcome(&mut self, missing: &MissingBuild, outcome: &StartOutcome) {
        match outcome {
            StartOutcome::BuildStarted { .. } if missing.is_older_than_the_hook => {
                self.summary.started_older += 1;
            }
            StartOutcome::BuildStarted { .. } => self.summary.repaired += 1,
            // It was there after all, or nobody waits for it any more: another one may have its place.
            StartOutcome::BuildFound { .. } | StartOutcome::Skipped { .. }
                if self.phase == Phase::Starting =>
            {
                self.start_next();
            }
            StartOutcome::BuildFound { .. } | StartOutcome::Skipped { .. } => {}
        }
    }

    fn begin_next_phase(&mut self) {
        self.phase = match self.phase {
            Phase::Naming => {
                let steps: Vec<_> = self.walk.repository_steps().map(StartSweepStep::Walk).collect();
                self.look(steps);
                Phase::Looking
            }
            Phase::Looking => {
                let rest = self.walk.take_rest();
                if rest.is_empty() {
                    let steps = self.named_builds_steps();
                    self.calls.push_last(steps);
                    Phase::Proving
                } else {
                    self.read(rest);
                    Phase::Looking
                }
            }
            Phase::Proving => {
                self.judge_named();
                self.summary.unproven = self.unproven.len();
                if !self.unproven.is_empty() {
                    self.calls.push_last([StartSweepStep::ReadDeploymentTime]);
                }
                Phase::Deployment
            }
            Phase::Deployment => {
                self.date();
                Phase::Dating
            }
            Phase::Dating => {
                if !self.search.is_empty() {
                    self.calls.push_last([StartSweepStep::ListBuilds { page: None }]);
                }
                Phase::Listing
            }
            Phase::Listing => {
                self.start_missing();
                Phase::Starting
            }
            Phase::Starting | Phase::Over => Phase::Over,
        };
    }
}

impl Sweep for StartSweep {
    type Step = StartSweepStep;
    type Answer = StartSweepAnswer;
    type Summary = StartSweepSummary;

    fn next(&mut self) -> Option<StartSweepStep> {
        while self.calls.are_done() && self.phase != Phase::Over {
            self.begin_next_phase();
        }
        self.calls.begin_next()
    }

    fn answer(&mut self, answer: StartSweepAnswer) {
        self.calls.note_answer();
        match answer {
            StartSweepAnswer::Walk(answer) => self.take_walk(answer),
            StartSweepAnswer::PullRequest(head) => {
                if let Some(head) = head {
                    self.take_head(*head);
                }
            }
            StartSweepAnswer::Comments { head, contents } => self.take_comments(*head, &contents),
            StartSweepAnswer::NamedBuilds(builds) => {
                self.found.extend(builds.into_iter().map(|build| (build.id.clone(), build)));
            }
            StartSweepAnswer::DeploymentTime(time) => self.deployed = Some(time),
            StartSweepAnswer::RevisionTime { head, time } => self.take_revision_time(*head, time),
            StartSweepAnswer::Builds { builds, next_page } => self.take_builds(&builds, next_page),
            StartSweepAnswer::Started { missing, outcome } => self.take_outcome(&missing, &outcome),
            StartSweepAnswer::Failed => self.summary.failed += 1,
        }
    }

    fn end_looking(&mut self) {
        self.has_to_end_looking = true;
        match self.phase {
            // The heads that were looked at are followed to their end: few calls, of which most are for all of them.
            Phase::Naming | Phase::Looking | Phase::Dating | Phase::Listing => {
                self.summary.cut_short |= self.calls.drop_waiting();
            }
            Phase::Proving | Phase::Deployment | Phase::Starting | Phase::Over => {}
        }
    }

    fn end(&mut self) {
        if self.phase != Phase::Over {
            let had_calls = self.calls.under_way > 0 || self.calls.drop_waiting();
            self.summary.cut_short |= had_calls || self.phase != Phase::Starting;
            self.calls.drop_waiting();
            self.phase = Phase::Over;
        }
    }

    fn summary(&self) -> &StartSweepSummary {
        &self.summary
    }
}

fn is_build_of(build: &ListedBuild, wanted: &PullRequestBuild) -> bool {
    build.pull_request.as_ref().is_some_and(|build| build.is_same_request(wanted))
}

#[cfg(test)]
mod tests;
