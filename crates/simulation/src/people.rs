//! What people do while the hook works.

use pull_request_build::PullRequestStatus;

use crate::chance::Chance;
use crate::codebuild::Ending;
use crate::moment::Span;
use crate::names::{destination_commit, source_commit};
use crate::world::World;

/// How long people wait between two things they do.
const PAUSES: [(Span, Span); 4] = [
    (Span(0), Span(300)),
    (Span(100), Span(5_000)),
    (Span::seconds(5), Span::seconds(120)),
    (Span::minutes(3), Span::minutes(12)),
];

#[derive(Debug, Clone, Copy)]
enum Act {
    Open,
    Push,
    PushBack,
    MoveDestination,
    Close,
    Merge,
    DeleteComment,
    RetryBuild,
    StopBuild,
}

/// After how long each thing that people do happens, from the one before.
pub(crate) fn plan(chance: &mut Chance) -> Vec<Span> {
    let count = chance.below(7);
    (0..count)
        .map(|_| {
            let range = chance.pick(PAUSES[0], &PAUSES[1..]);
            chance.span(range)
        })
        .collect()
}

/// Opens the pull request that every world begins with.
pub(crate) fn open_first(world: &mut World) {
    open(world);
}

/// Somebody does something that can be done now.
pub(crate) fn act(world: &mut World) {
    use Act::{Close, DeleteComment, Merge, MoveDestination, Open, Push, PushBack, RetryBuild, StopBuild};
    let act = world.chance.pick(
        Push,
        &[
            Push,
            Push,
            Push,
            PushBack,
            PushBack,
            Open,
            MoveDestination,
            Close,
            Merge,
            DeleteComment,
            DeleteComment,
            RetryBuild,
            RetryBuild,
            RetryBuild,
            StopBuild,
            StopBuild,
        ],
    );
    let count = world.aws.codecommit.pull_requests.len();
    let pull_request = world.chance.below(count);
    match act {
        Open => open(world),
        Push => push(world, pull_request, None),
        PushBack => {
            let number = 1 + world.chance.below(world.aws.codecommit.commits());
            push(world, pull_request, Some(number));
        }
        MoveDestination => move_destination(world, pull_request),
        Close => end(world, pull_request, PullRequestStatus::Closed),
        Merge => end(world, pull_request, PullRequestStatus::Merged),
        DeleteComment => delete_comment(world, pull_request),
        RetryBuild => retry_build(world),
        StopBuild => stop_build(world),
    }
}

fn open(world: &mut World) {
    let count = world.aws.names.repositories.len();
    let repository = world.aws.names.repositories[world.chance.below(count)].clone();
    let pull_request = world.aws.codecommit.open(repository, world.now);
    world.note(|world| {
        let pull_request = &world.aws.codecommit.pull_requests[pull_request];
        let state = pull_request.state();
        format!(
            "a person opens pull request {} with {} as {}",
            pull_request.id,
            state.source_commit.short(),
            state.revision_id
        )
    });
    world.send_revision(pull_request);
}

/// Pushes a new commit, or one that is already there.
fn push(world: &mut World, pull_request: usize, known: Option<usize>) {
    let codecommit = &mut world.aws.codecommit;
    if !codecommit.pull_requests[pull_request].is_open() {
        return;
    }
    let commit = source_commit(known.unwrap_or_else(|| codecommit.new_commit()));
    let state = codecommit.pull_requests[pull_request].state();
    if state.source_commit == commit || state.destination_commit.as_str() == commit.as_str() {
        return;
    }
    codecommit.pull_requests[pull_request].push(commit, world.now, pull_request);
    world.note(|world| {
        let pull_request = &world.aws.codecommit.pull_requests[pull_request];
        let state = pull_request.state();
        format!(
            "a person pushes {} to pull request {} as {}",
            state.source_commit.short(),
            pull_request.id,
            state.revision_id
        )
    });
    world.send_revision(pull_request);
}

/// Somebody pushes to the destination branch: no event tells the pull request's hook.
fn move_destination(world: &mut World, pull_request: usize) {
    let commit = world.aws.codecommit.new_commit();
    world.aws.codecommit.pull_requests[pull_request].move_destination(destination_commit(commit), world.now);
    world.note(|_| "a person pushes to the destination branch".to_owned());
}

fn end(world: &mut World, pull_request: usize, status: PullRequestStatus) {
    let now = world.now;
    let ended = &mut world.aws.codecommit.pull_requests[pull_request];
    if !ended.is_open() {
        return;
    }
    ended.end(status.clone(), now);
    world.note(|world| {
        format!("pull request {} is {status} now", world.aws.codecommit.pull_requests[pull_request].id)
    });
    world.send_end(pull_request);
}

/// Deletes a comment or a reply of the hook.
fn delete_comment(world: &mut World, pull_request: usize) {
    let comments = &world.aws.codecommit.pull_requests[pull_request].comments;
    let live: Vec<usize> = (0..comments.len()).filter(|index| !comments[*index].deleted).collect();
    if live.is_empty() {
        return;
    }
    let index = live[world.chance.below(live.len())];
    world.aws.codecommit.delete_comment(pull_request, index, world.now);
    world.note(|world| {
        format!("a person deletes {}", world.aws.codecommit.pull_requests[pull_request].comments[index].id)
    });
}

fn retry_build(world: &mut World) {
    let count = world.aws.codebuild.runs.len();
    if count == 0 {
        return;
    }
    let retried = world.chance.below(count);
    let run = world.aws.codebuild.retry(retried, world.now);
    world.note(|_| format!("a person retries build {} as build {}", retried + 1, run + 1));
    world.submitted(run);
}

fn stop_build(world: &mut World) {
    let runs = &world.aws.codebuild.runs;
    let unfinished: Vec<usize> = (0..runs.len()).filter(|run| runs[*run].ended.is_none()).collect();
    if unfinished.is_empty() {
        return;
    }
    let run = unfinished[world.chance.below(unfinished.len())];
    world.note(|_| format!("a person stops build {}", run + 1));
    world.end_build(run, Ending::Stopped);
}
