//! The sweep of publish-build-result: looks for builds that the comments on their pull requests do not tell of, or of
//! which they say that they run although they ended, and writes these comments.
//!
//! # What is repaired
//!
//! - Builds that began in the last two days and that their commit's comment does not name; there may be no comment, or
//!   one that says that no build could be started. A comment that a person deleted stays deleted for the builds before.
//! - Comments that say of their newest build, or in their history of an earlier one, that it runs, although it ended.
//! - Second comments of one commit.
//!
//! The pull requests of recent builds come first, whether they are open or not: a build may end after its pull request.
//! Then the walk leads to the other open ones, whose comments may tell of older builds.
//!
//! Every repair is a [`Publisher`](crate::Publisher) for a build, as an event of the build would make one. It looks
//! again before it writes, so neither an event nor another sweep at the same time does harm. The repairs of one pull
//! request come one after the other: they would write the same comments.
//!
//! # What a run costs
//!
//! | for each | calls |
//! |---|---|
//! | hundred builds of the project in the last two days | 2 |
//! | thousand repositories | 1, and none where the settings name the repositories |
//! | repository | 1, and 1 more for each page of open pull requests after the first |
//! | pull request that is open, or has a build of the last two days | 1: its comments |
//! | hundred older builds that comments say are running | 1 |
//! | repair | as many as an event: see [`Publisher`](crate::Publisher) |

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::author::AuthorArn;
use crate::build::{Build, BuildStatus, MAX_BUILDS_READ};
use crate::comment_decision::CommitBuilds;
use crate::ids::{BuildId, HookName, ProjectName, PullRequestId, SourceCommit};
use crate::own_comments::{CommentIdentity, OwnComments, PullRequestComment};
use crate::publish::Publication;
use crate::served_repositories::ServedRepositories;
use crate::sweep::walk::{Listed, Walk, WalkAnswer, Walked};
use crate::sweep::{Calls, LEFT_TO_EVENTS, Sweep};

pub use step::{PublishSweepAnswer, PublishSweepStep, PublishSweepSummary, Repair};

mod step;

/// A build is over by then, and some sweeps have seen its end: it waits for eight hours and runs for 36 at most
/// (API reference of CodeBuild, `queuedTimeoutInMinutes` and `timeoutInMinutes`).
const RECENT: Duration = Duration::from_secs(48 * 60 * 60);

/// What the settings say about the sweep of publish-build-result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishSweepSettings {
    /// The hook whose comments are looked at.
    pub hook_name: HookName,
    /// The project whose builds they tell of.
    pub project_name: ProjectName,
    /// Who writes them.
    pub author: AuthorArn,
    /// The repositories whose pull requests are looked at.
    pub repositories: ServedRepositories,
}

/// One run: what it knows, and the calls that remain.
#[derive(Debug, Clone)]
pub struct PublishSweep {
    settings: PublishSweepSettings,
    now: SystemTime,
    phase: Phase,
    has_to_end_looking: bool,
    calls: Calls<PublishSweepStep>,
    walk: Walk,
    /// The project's builds of the last two days, of pull requests that were not looked at yet.
    recent: BTreeMap<PullRequestId, Vec<Build>>,
    /// The pull requests whose comments were asked for.
    asked: BTreeSet<PullRequestId>,
    /// Comments that may be out of date, by the newest builds they name, which are not known yet.
    doubtful: BTreeMap<BuildId, Doubt>,
    /// The builds that comments have to be written for.
    repairs: BTreeMap<PullRequestId, Vec<Build>>,
    summary: PublishSweepSummary,
}

/// Why a comment may be out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Doubt {
    /// It says that the build runs.
    is_unfinished: bool,
    /// There is another comment on the same commit.
    has_duplicates: bool,
}

/// The phases of a run. Within one, calls may be under way beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Which builds began in the last two days.
    Listing,
    /// What the comments say on the pull requests of these builds.
    Recent,
    /// What the repositories are.
    Naming,
    /// What the comments say on the other open pull requests.
    Looking,
    /// How the older builds stand that comments say are running.
    Reading,
    /// The writing.
    Repairing,
    Over,
}

impl PublishSweep {
    /// A run of the schedule's `tick`, which was due at `now` by AWS's clock. A run that comes late leaves more to the
    /// events than it would have to, never less.
    pub fn new(settings: PublishSweepSettings, now: SystemTime, tick: u64) -> Self {
        let walk = Walk::new(settings.repositories.clone(), tick);
        let mut calls = Calls::default();
        calls.push_last([PublishSweepStep::ListBuilds { page: None }]);
        Self {
            settings,
            now,
            phase: Phase::Listing,
            has_to_end_looking: false,
            calls,
            walk,
            recent: BTreeMap::new(),
            asked: BTreeSet::new(),
            doubtful: BTreeMap::new(),
            repairs: BTreeMap::new(),
            summary: PublishSweepSummary::default(),
        }
    }

    /// Makes these the next calls that look at something, unless the time to look is over.
    fn look(&mut self, steps: impl IntoIterator<Item = PublishSweepStep>) {
        let mut steps = steps.into_iter().peekable();
        if self.phase == Phase::Over || self.has_to_end_looking {
            self.summary.cut_short |= steps.peek().is_some();
        } else {
            self.calls.push_first(steps);
        }
    }

    fn take_builds(
        &mut self,
        builds: Vec<Build>,
        listed_back_to: Option<SystemTime>,
        next_page: Option<String>,
    ) {
        let earliest = self.now.checked_sub(RECENT);
        let is_too_old = |start: SystemTime| earliest.is_some_and(|earliest| start < earliest);
        for build in builds {
            let is_served = self.settings.repositories.serves(&build.pull_request.repository_name);
            if is_served && !build.start_time.is_some_and(is_too_old) {
                self.summary.recent_builds += 1;
                let id = build.pull_request.pull_request_id.clone();
                // What it did is asked again before anything is written; thousands of builds have to fit in memory.
                let build = Build { phases: Vec::new(), report_arns: Vec::new(), ..build };
                self.recent.entry(id).or_default().push(build);
            }
        }
        if let Some(page) = next_page
            && !listed_back_to.is_some_and(is_too_old)
        {
            self.look([PublishSweepStep::ListBuilds { page: Some(page) }]);
        }
    }

    fn take_walk(&mut self, answer: WalkAnswer) {
        match self.walk.take(answer) {
            Walked::Step(step) => self.look([PublishSweepStep::Walk(step)]),
            Walked::PullRequests(listed) => {
                self.summary.repositories += 1;
                self.read(listed.into_iter().map(|Listed { pull_request_id, .. }| pull_request_id).collect());
            }
            Walked::RepositoriesListed => {}
        }
    }

    /// Reads the comments of those that were not asked for before.
    fn read(&mut self, mut ids: Vec<PullRequestId>) {
        ids.retain(|id| self.asked.insert(id.clone()));
        self.look(ids.into_iter().map(PublishSweepStep::ReadComments));
    }

    /// Compares the comments of a pull request with its builds.
    fn take_comments(&mut self, pull_request_id: PullRequestId, comments: &[PullRequestComment]) {
        self.summary.pull_requests += 1;
        let builds = self.recent.remove(&pull_request_id).unwrap_or_default();
        let own = OwnComments::find(comments, &self.settings.hook_name, &self.settings.author);
        let mut commits: BTreeSet<&SourceCommit> = own.commits().into_iter().collect();
        commits.extend(builds.iter().map(|build| &build.pull_request.source_commit));
        for commit in commits {
            let of_commit = own.of(commit);
            let identity = CommentIdentity {
                hook_name: self.settings.hook_name.clone(),
                pull_request_id: pull_request_id.clone(),
                source_commit: commit.clone(),
            };
            // As many builds as a marker names; the newest of all are among the recent ones.
            let newest = CommitBuilds::of(&builds, &identity);
            for build in newest.iter().flat_map(CommitBuilds::iter) {
                let id = &build.arn.build_id;
                let marker = of_commit.live.map(|live| &live.marker);
                let is_to_be_written = match marker.filter(|marker| marker.builds.contains(id)) {
                    None => !of_commit.stays_deleted_for(build),
                    // The comment says of one of its earlier builds that it runs.
                    Some(marker) => {
                        marker.earlier_unfinished
                            && marker.builds.first() != Some(id)
                            && build.status != BuildStatus::InProgress
                    }
                };
                if is_to_be_written {
                    self.repair(build);
                }
            }
            let Some(live) = of_commit.live else { continue };
            let doubt = Doubt {
                is_unfinished: live.marker.unfinished,
                has_duplicates: !of_commit.duplicates.is_empty(),
            };
            // The function may not read a build of another project, which the hook may have had under another name.
            let is_of_project = |id: &&BuildId| id.project_name() == self.settings.project_name.as_str();
            if let Some(id) = live.marker.builds.first().filter(is_of_project)
                && (doubt.is_unfinished || doubt.has_duplicates)
            {
                match builds.iter().find(|build| build.arn.build_id == *id) {
                    Some(build) => self.judge(build, doubt),
                    None => {
                        self.doubtful.insert(id.clone(), doubt);
                    }
                }
            }
        }
    }

    /// Decides on a comment whose newest build is `build`.
    fn judge(&mut self, build: &Build, doubt: Doubt) {
        let is_behind = doubt.is_unfinished && build.status != BuildStatus::InProgress;
        if is_behind || doubt.has_duplicates {
            self.repair(build);
        }
    }

    /// Notes that the comment of the build's commit has to be written, unless the events may still do it.
    fn repair(&mut self, build: &Build) {
        let last_change = build.end_time.max(build.start_time);
        let is_young = |change| self.now.duration_since(change).map_or(true, |age| age < LEFT_TO_EVENTS);
        if last_change.is_some_and(is_young) {
            self.summary.left_to_events += 1;
            return;
        }
        let of_pull_request = self.repairs.entry(build.pull_request.pull_request_id.clone()).or_default();
        if of_pull_request.iter().all(|other| other.arn != build.arn) {
            self.summary.out_of_date += 1;
            of_pull_request.push(build.clone());
        }
    }

    fn take_named_builds(&mut self, builds: &[Build]) {
        for build in builds {
            if let Some(doubt) = self.doubtful.remove(&build.arn.build_id) {
                self.judge(build, doubt);
            }
        }
    }

    /// The pull requests of recent builds, turned by the schedule's tick: a run that is cut short looks at a part.
    fn read_recent(&mut self) {
        let mut ids: Vec<PullRequestId> = self.recent.keys().cloned().collect();
        self.walk.rotate(&mut ids);
        self.read(ids);
    }

    /// The older builds that comments say are running, as many at a time as CodeBuild tells of.
    fn read_doubtful(&mut self) {
        let ids: Vec<&BuildId> = self.doubtful.keys().collect();
        let step =
            |ids: &[&BuildId]| PublishSweepStep::ReadNamedBuilds(ids.iter().copied().cloned().collect());
        let steps: Vec<_> = ids.chunks(MAX_BUILDS_READ).map(step).collect();
        self.calls.push_last(steps);
    }

    /// Begins with the newest build of each pull request, and with the pull request of the newest build.
    fn begin_repairs(&mut self) {
        let newness = |build: &Build| (build.start_time, build.number, build.arn.build_id.clone());
        let mut firsts = Vec::new();
        for builds in self.repairs.values_mut() {
            builds.sort_by_key(newness);
            firsts.extend(builds.pop());
        }
        firsts.sort_by_key(newness);
        self.calls.push_last(firsts.iter().rev().map(repair_step));
    }

    fn take_publication(&mut self, repair: &Repair, publication: &Publication) {
        self.summary.comments_written += publication.comments_written();
        let of_pull_request = self.repairs.get_mut(&repair.build.pull_request_id);
        if let (Phase::Repairing, Some(build)) = (self.phase, of_pull_request.and_then(Vec::pop)) {
            self.calls.push_last([repair_step(&build)]);
        }
    }

    fn begin_next_phase(&mut self) {
        self.phase = match self.phase {
            Phase::Listing => {
                self.read_recent();
                Phase::Recent
            }
            Phase::Recent => {
                let step = self.walk.first_step().map(PublishSweepStep::Walk);
                self.look(step);
                Phase::Naming
            }
            Phase::Naming => {
                let steps = self.walk.repository_steps().map(PublishSweepStep::Walk);
                self.look(steps);
                Phase::Looking
            }
            Phase::Looking => {
                let rest = self.walk.take_rest();
                if !rest.is_empty() {
                    self.read(
                        rest.into_iter().map(|Listed { pull_request_id, .. }| pull_request_id).collect(),
                    );
                    return;
                }
                self.read_doubtful();
                Phase::Reading
            }
            Phase::Reading => {
                self.begin_repairs();
                Phase::Repairing
            }
            Phase::Repairing | Phase::Over => Phase::Over,
        };
    }
}

impl Sweep for PublishSweep {
    type Step = PublishSweepStep;
    type Answer = PublishSweepAnswer;
    type Summary = PublishSweepSummary;

    fn next(&mut self) -> Option<PublishSweepStep> {
        while self.calls.are_done() && self.phase != Phase::Over {
            self.begin_next_phase();
        }
        self.calls.begin_next()
    }

    fn answer(&mut self, answer: PublishSweepAnswer) {
        self.calls.note_answer();
        match answer {
            PublishSweepAnswer::Walk(answer) => self.take_walk(answer),
            PublishSweepAnswer::Builds { builds, listed_back_to, next_page } => {
                self.take_builds(builds, listed_back_to, next_page);
            }
            PublishSweepAnswer::Comments { pull_request_id, comments: Some(comments) } => {
                self.take_comments(pull_request_id, &comments);
            }
            PublishSweepAnswer::Comments { comments: None, .. } => {}
            PublishSweepAnswer::NamedBuilds(builds) => self.take_named_builds(&builds),
            PublishSweepAnswer::Published { repair, publication } => {
                self.take_publication(&repair, &publication);
            }
            PublishSweepAnswer::Failed => self.summary.failed += 1,
        }
    }

    fn end_looking(&mut self) {
        self.has_to_end_looking = true;
        match self.phase {
            Phase::Listing | Phase::Recent | Phase::Naming | Phase::Looking => {
                self.summary.cut_short |= self.calls.drop_waiting();
            }
            Phase::Reading | Phase::Repairing | Phase::Over => {}
        }
    }

    fn end(&mut self) {
        if self.phase != Phase::Over {
            self.summary.cut_short |= !self.calls.are_done() || self.phase != Phase::Repairing;
            self.calls.drop_waiting();
            self.phase = Phase::Over;
        }
    }

    fn summary(&self) -> &PublishSweepSummary {
        &self.summary
    }
}

fn repair_step(build: &Build) -> PublishSweepStep {
    PublishSweepStep::Repair(Box::new(Repair::of(build)))
}

#[cfg(test)]
mod tests;
