//! What the hook promises, as people and programs see it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_codebuild::types::{Build, StatusType};
use end_to_end_tests::Comment;
use local_aws::lambda::Outcome;
use serde_json::Value;

use crate::Tally;
use crate::live::{Known, Lived};
use crate::plan::FUNCTIONS;

/// The last line of the hook's comments. Nobody else writes comments here.
const MARKER: &str = "[//]: # (pull-request-hook v";
const REPLY_MARKER: &str = "[//]: # (pull-request-hook-reply v";

/// Says of each promise that is broken what is there instead.
pub(crate) async fn check(lived: &Lived<'_>, tally: &mut Tally) -> Vec<String> {
    let builds = lived.world.builds().await;
    let mut broken = check_builds(lived, &builds);
    tally.faults = lived.faults as usize;
    for known in &lived.pull_requests {
        broken.extend(check_head(lived, known, &builds, tally).await);
        broken.extend(check_comments(lived, known, &builds, tally).await);
    }
    broken.extend(check_queue(lived, tally));
    tally.swept = swept(lived);
    broken
}

/// Nothing runs for ever, and nothing is built twice.
fn check_builds(lived: &Lived<'_>, builds: &[Build]) -> Vec<String> {
    let mut revisions = BTreeSet::new();
    let mut broken = Vec::new();
    for build in builds {
        let of = |name| lived.world.variable(build, name).unwrap_or_default().to_owned();
        if !build.build_complete() {
            broken.push(format!("build {:?} still runs", build.id()));
        }
        if !revisions.insert((of("PULL_REQUEST_ID"), of("REVISION_ID"))) {
            broken.push(format!("revision {} has two builds", of("REVISION_ID")));
        }
    }
    broken
}

async fn check_head(lived: &Lived<'_>, known: &Known, builds: &[Build], tally: &mut Tally) -> Option<String> {
    if !known.is_open {
        return None;
    }
    tally.heads += 1;
    let head = lived.world.pull_request(&known.id).await;
    let of_head = |build: &&Build| lived.world.variable(build, "REVISION_ID") == Some(&head.revision_id);
    let of_head: Vec<_> = builds.iter().filter(of_head).collect();
    match of_head[..] {
        [build] if build.build_status() != Some(&StatusType::Stopped) => None,
        [_] => Some(format!("the build of the head of pull request {} was stopped", known.id)),
        _ => Some(format!("the head of pull request {} has {} builds", known.id, of_head.len())),
    }
}

async fn check_comments(
    lived: &Lived<'_>,
    known: &Known,
    builds: &[Build],
    tally: &mut Tally,
) -> Vec<String> {
    let comments = lived.world.comments(&known.id).await;
    let mut broken = check_replies(&comments);
    let mut of_commits: BTreeMap<&str, Vec<&Build>> = BTreeMap::new();
    for build in builds {
        if lived.world.variable(build, "PULL_REQUEST_ID") == Some(&known.id) {
            let commit = lived.world.variable(build, "SOURCE_COMMIT").unwrap_or_default();
            of_commits.entry(commit).or_default().push(build);
        }
    }
    for (commit, builds) in of_commits {
        tally.comments += 1;
        let on_commit =
            comments.iter().filter(|comment| comment.in_reply_to.is_none() && comment.after_commit == commit);
        let on_commit: Vec<&Comment> = on_commit.collect();
        // Each commit is pushed once, so it has one build.
        let [build] = builds[..] else {
            broken.push(format!("commit {commit} has {} builds", builds.len()));
            continue;
        };
        let start = build.start_time().map_or(0.0, |time| time.as_secs_f64());
        let deleted = known.deletions.get(commit);
        let stays_deleted = deleted.is_some_and(|deletion| start <= *deletion);
        match on_commit[..] {
            [] if stays_deleted => {}
            [_] if stays_deleted => broken.push(format!("the deleted comment on {commit} was posted again")),
            [comment] => broken.extend(check_comment(comment, build)),
            _ => broken.push(format!("commit {commit} has {} comments", on_commit.len())),
        }
    }
    broken
}

/// Nobody is told of a build twice.
fn check_replies(comments: &[Comment]) -> Vec<String> {
    let replies = comments.iter().filter_map(|comment| comment.text.split(REPLY_MARKER).nth(1));
    let mut told = BTreeSet::new();
    replies.filter(|marker| !told.insert(*marker)).map(|marker| format!("replied twice: {marker}")).collect()
}

/// The comment shows how the build ended.
fn check_comment(comment: &Comment, build: &Build) -> Option<String> {
    let id = build.id().unwrap_or_default();
    let marker = comment.text.split(MARKER).nth(1).unwrap_or_default();
    let headline = match build.build_status() {
        Some(StatusType::Succeeded) => "**Build succeeded**",
        // What a build that did not succeed means depends on what became of its pull request meanwhile.
        _ => "",
    };
    let is_final =
        marker.contains(id) && !marker.contains("unfinished=yes") && comment.text.contains(headline);
    (!is_final).then(|| format!("{id} is {:?}, but its comment says: {}", build.build_status(), comment.text))
}

/// What was given up is in the failure queue, once, and nothing else is.
fn check_queue(lived: &Lived<'_>, tally: &mut Tally) -> Option<String> {
    let mut last = BTreeMap::new();
    for invocation in lived.world.aws.lambda.invocations().borrow().iter() {
        let outcome = (invocation.attempt, invocation.outcome.clone());
        let newest = last.entry(invocation.request_id.clone()).or_insert_with(|| outcome.clone());
        if newest.0 < outcome.0 {
            *newest = outcome;
        }
    }
    let failed = last.into_iter().filter(|(_, (_, outcome))| *outcome != Outcome::Succeeded);
    let mut given_up: Vec<String> = failed.map(|(request_id, _)| request_id).collect();
    let failures = lived.world.failures();
    let ids = failures.iter().map(|failure| failure.body["requestContext"]["requestId"].as_str());
    let mut queued: Vec<String> = ids.map(|id| id.unwrap_or("an event of a rule").to_owned()).collect();
    tally.queued = queued.len();
    given_up.sort();
    queued.sort();
    (given_up != queued).then(|| format!("given up were {given_up:?}, but in the queue are {queued:?}"))
}

/// How much the sweeps repaired, by the functions' own metrics.
fn swept(lived: &Lived<'_>) -> usize {
    let logs = FUNCTIONS.map(|function| lived.world.function_log(function)).concat();
    let lines = logs.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line["SweepRepairs"].as_u64()).sum::<u64>() as usize
}
