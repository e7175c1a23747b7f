//! What the hook promises, checked from outside: by what stands in CodeCommit and CodeBuild.
//!
//! What must never be is checked when it happens. What must be in the end is checked twice: when nothing has happened for
//! two sweeps, and when the last late event has come, too. It must be so whatever became of the events.

use std::collections::BTreeSet;

use pull_request_build::{
    Build, BuildStatus, CommentIdentity, CommitBuilds, CommitComments, LiveComment, OwnComments, Replies,
    superseded_by,
};

use crate::aws::At;
use crate::codebuild::Run;
use crate::codecommit::Posted;
use crate::delivery::{About, Fate, Sent};
use crate::function::Function;
use crate::moment::Span;
use crate::world::World;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The promise.
    pub promise: &'static str,
    /// What is so instead.
    pub instead: String,
}

impl Promise {
    pub(crate) fn new(promise: &'static str, instead: String) -> Self {
        Self { promise, instead }
    }
}

const ONE_BUILD: &str = "a head has one build";
const HEAD_GOES_ON: &str = "the hook stops no build of a head";
const TOLD: &str = "people are told that no build can be started";
const ONE_COMMENT: &str = "a commit has one comment";
const FINAL_STATE: &str = "a comment shows how its commit's newest build ended";
const SETTLED: &str = "an event that comes once more changes nothing";
const NOTHING_LOST: &str = "an event that arrived is handled or in the failure queue";
const NOTHING_TO_REPAIR: &str = "a sweep after another finds nothing to repair";
const EVENTS_SUFFICE: &str = "events that are neither lost nor late leave nothing to the sweeps";
const ONE_REPLY: &str = "a build is replied to once";
const STAYS_DELETED: &str = "what a person deleted stays deleted until a build starts later";

/// When a build is submitted: the hook never starts a second one of a revision.
pub(crate) fn check_build(world: &mut World, run: usize) {
    let runs = &world.aws.codebuild.runs;
    let build = &runs[run].build.pull_request;
    let by_hook = runs.iter().filter(|run| run.token.is_some());
    let count = by_hook.filter(|other| other.build.pull_request.is_same_request(build)).count();
    if runs[run].token.is_some() && count > 1 {
        let instead = format!("the hook started {count} builds of {}", build.revision_id);
        world.broken.push(Promise::new(ONE_BUILD, instead));
    }
}

/// When start-build stops a build: never one that its pull request's head waits for.
pub(crate) fn check_stop(world: &mut World, run: usize) {
    let build = &world.aws.codebuild.runs[run].build;
    let pull_requests = &world.aws.codecommit.pull_requests;
    let head_waits = pull_requests.iter().any(|pull_request| {
        pull_request.is_open() && pull_request.head().is_same_request(&build.pull_request)
    });
    if head_waits {
        let instead =
            format!("{}, of the head {}, is stopped", build.arn.build_id, build.pull_request.revision_id);
        world.broken.push(Promise::new(HEAD_GOES_ON, instead));
    }
}

/// When something is posted: never a second reply on a build, never a comment in place of a deleted one without a build
/// that started since.
pub(crate) fn check_post(world: &mut World, posted: &Posted) {
    if let Some(marker) = &posted.reply_on {
        world.tally.replies += 1;
        if world.replied.contains(&marker.build_id) {
            let instead = format!("a second reply on {} was posted", marker.build_id);
            world.broken.push(Promise::new(ONE_REPLY, instead));
        }
        world.replied.push(marker.build_id.clone());
    }
    let Some(commit) = &posted.comment_on else { return };
    let pull_request = &world.aws.codecommit.pull_requests[posted.pull_request];
    let own = OwnComments::find(&pull_request.comments, &world.aws.names.hook, &world.aws.names.author);
    let Some(deletion) = own.of(commit).last_deletion else { return };
    let is_reason = |build: &Build| {
        build.pull_request.pull_request_id == pull_request.id
            && build.pull_request.source_commit == *commit
            && build.start_time.is_some_and(|start| start > deletion)
    };
    if !world.aws.codebuild.runs.iter().any(|run| is_reason(&run.build)) {
        let instead = format!("a comment on {} was posted again", commit.short());
        world.broken.push(Promise::new(STAYS_DELETED, instead));
    }
}

/// When nothing is left to happen.
pub(crate) fn check_at_rest(world: &mut World) {
    let mut broken = Vec::new();
    for pull_request in 0..world.aws.codecommit.pull_requests.len() {
        broken.extend(check_head(world, pull_request));
        broken.extend(check_comments(world, pull_request));
    }
    world.broken.extend(broken);
}

/// When two sweeps have passed in which nothing else happened, of which the second made so many repairs.
pub(crate) fn check_last_sweep(world: &mut World, repairs: usize) {
    if repairs > 0 {
        let instead = format!("the second made {repairs} repairs");
        world.broken.push(Promise::new(NOTHING_TO_REPAIR, instead));
    }
}

/// When two sweeps have passed, and no event was lost or late: the sweeps made so many repairs. Where a commit has two
/// builds, the slower one of two invocations may write over what it has not seen; a comment cannot be written on condition.
pub(crate) fn check_events(world: &mut World, repairs: usize) {
    let builds = world.aws.codebuild.runs.iter().map(|run| &run.build.pull_request);
    let commits: BTreeSet<_> = builds.map(|build| (&build.pull_request_id, &build.source_commit)).collect();
    if commits.len() == world.aws.codebuild.runs.len() {
        world.tally.without_loss += 1;
        if repairs > 0 {
            let instead = format!("sweeps made {repairs} repairs");
            world.broken.push(Promise::new(EVENTS_SUFFICE, instead));
        }
    }
}

/// When the last event has come and the last invocation has ended.
pub(crate) fn check_deliveries(world: &mut World) {
    let is_lost = |sent: &&Sent| sent.deliveries.iter().any(|fate| matches!(fate, Fate::Pending { .. }));
    let lost = world.events.iter().filter(is_lost);
    let broken = lost.map(|sent| Promise::new(NOTHING_LOST, format!("{:?} is neither", sent.about)));
    world.broken.extend(broken);
}

/// The head of an open pull request has exactly one build, unless it is older than the hook, and those are not wanted.
fn check_head(world: &mut World, index: usize) -> Option<Promise> {
    let pull_request = &world.aws.codecommit.pull_requests[index];
    if !pull_request.is_open() {
        return None;
    }
    let head = pull_request.head();
    let is_older = pull_request.state().since.to_second() < world.aws.codebuild.project_created.to_second();
    let is_wanted = world.settings.build_existing || !is_older;
    let can_be_built = world.aws.laws.starts_builds;
    let by_hook = world.aws.codebuild.runs.iter().filter(|run| run.token.is_some());
    let count = by_hook.filter(|run| run.build.pull_request.is_same_request(&head)).count();
    let names = &world.aws.names;
    let own = OwnComments::find(&pull_request.comments, &names.hook, &names.author);
    let of_head = own.of(&head.source_commit);
    world.tally.heads += 1;
    if count != usize::from(is_wanted && can_be_built) {
        return Some(Promise::new(ONE_BUILD, format!("{} has {count}", head.revision_id)));
    }
    // A run of the sweep tries no more heads than it may build, so with few it takes many until all are told of.
    let is_to_be_told = is_wanted && !can_be_built && of_head.deleted == 0 && world.settings.sweep_builds > 1;
    let is_told = of_head.live.is_some_and(|live| live.marker.builds.is_empty());
    (is_to_be_told && !is_told).then(|| Promise::new(TOLD, format!("{} has no comment", head.revision_id)))
}

/// Each commit with a build has one comment, which shows how the newest build ended, unless a person deleted it.
fn check_comments(world: &mut World, index: usize) -> Vec<Promise> {
    let mut broken = Vec::new();
    let mut due = Vec::new();
    let pull_request = &world.aws.codecommit.pull_requests[index];
    let names = &world.aws.names;
    let builds: Vec<_> = world.aws.codebuild.runs.iter().map(|run| run.build.clone()).collect();
    let own = OwnComments::find(&pull_request.comments, &names.hook, &names.author);
    let of_pull_request = builds
        .iter()
        .map(|build| &build.pull_request)
        .filter(|build| build.pull_request_id == pull_request.id);
    let commits: BTreeSet<_> = of_pull_request.map(|build| &build.source_commit).collect();
    for commit in commits {
        let comments = own.of(commit);
        let name = commit.short();
        if !comments.duplicates.is_empty() {
            broken.push(Promise::new(ONE_COMMENT, format!("{name} has {}", 1 + comments.duplicates.len())));
        }
        let identity = CommentIdentity {
            hook_name: names.hook.clone(),
            pull_request_id: pull_request.id.clone(),
            source_commit: commit.clone(),
        };
        let Some(of_commit) = CommitBuilds::of(&builds, &identity) else { continue };
        let newest = of_commit.newest();
        if comments.last_deletion.is_some_and(|deletion| newest.start_time <= Some(deletion)) {
            world.tally.deleted += 1;
            if comments.live.is_some() {
                broken.push(Promise::new(STAYS_DELETED, format!("{name} has a comment again")));
            }
            continue;
        }
        world.tally.comments += 1;
        let id = &newest.arn.build_id;
        let instead = match comments.live {
            None => Some(format!("{name} has no comment, although build {id} ended")),
            Some(live) if live.marker.builds.first() != Some(id) => {
                Some(format!("the comment on {name} shows {:?} instead of {id}", live.marker.builds.first()))
            }
            Some(live) if live.marker.unfinished || live.marker.earlier_unfinished => {
                Some(format!("the comment on {name} says that a build runs"))
            }
            Some(live) if names_too_few(live, &comments, &of_commit) => {
                Some(format!("the comment on {name} names {:?} only", live.marker.builds))
            }
            Some(_) => {
                // What a comment says of a build that did not succeed depends on the pull request at that moment, and
                // whether it names the commit that superseded it on whose event was handled first.
                let is_final = |run: &Run| {
                    let is_explained = run.ended > Some(pull_request.state().since);
                    (run.build.status == BuildStatus::Succeeded || is_explained)
                        && superseded_by(&run.build, &builds).is_none()
                };
                let runs = world.aws.codebuild.runs.iter();
                due.extend(runs.clone().position(|run| run.build.arn.build_id == *id && is_final(run)));
                None
            }
        };
        broken.extend(instead.map(|instead| Promise::new(FINAL_STATE, instead)));
    }
    // A deleted comment takes with it what it told of builds that others name.
    if !pull_request.comments.iter().any(|comment| comment.deleted) {
        broken.extend(due.into_iter().filter_map(|run| check_settled(world, run)));
    }
    broken
}

/// Whether the comment leaves out builds of its commit, but those that began before a person deleted an earlier comment.
fn names_too_few(live: &LiveComment<'_>, comments: &CommitComments<'_>, builds: &CommitBuilds<'_>) -> bool {
    builds.earlier().iter().any(|build| {
        let was_deleted = comments.last_deletion.is_some_and(|deletion| build.start_time <= Some(deletion));
        !was_deleted && !live.marker.builds.contains(&build.arn.build_id)
    })
}

/// What is done for an event makes one call after the other.
const LANE: usize = 0;

/// The event of a build's end, once more: it must find nothing to write.
fn check_settled(world: &mut World, run: usize) -> Option<Promise> {
    let about = About::Build { run, ended: true };
    let sent = world.events.iter().find(|sent| sent.about == about)?;
    let (event, was_handled) = (sent.event.clone(), sent.is_handled());
    let mut function = Function::invoke(event, &world.aws, world.settings, world.now, world.pace()).ok()?;
    let at = At { now: world.now, lag: Span(0), refusal: None };
    while function.end().is_none() {
        // Whether people hear of a build depends on the builds that the comments showed when it was decided. A reply that
        // was lost with its event is not made up for: the comment says what it would have said.
        let is_owed = world.settings.publish.replies == Replies::Always && was_handled;
        if function.is_about_to_reply() && !is_owed {
            return None;
        }
        if function.is_about_to_write() || function.is_about_to_reply() {
            return Some(Promise::new(SETTLED, format!("it {}", function.describe_call(LANE))));
        }
        function.call(LANE, &mut world.aws, at, true).ok()?;
    }
    None
}
