//! Reports of builds that could not be started, beside the events of builds.

use super::world::*;
use super::*;
use crate::examples::a_not_started;
use crate::not_started::{NotStartedKind, NotStartedReason};
use crate::outcome::SourceLoss;

fn not_started(kind: NotStartedKind) -> NotStarted {
    let reason = NotStartedReason { kind, message: "AWS's words".to_owned() };
    NotStarted { reason, ..a_not_started() }
}

fn report(kind: NotStartedKind) -> Event {
    Event::NotStarted(not_started(kind))
}

#[test]
fn a_report_is_told_once_and_its_build_takes_the_comment_over() {
    let mut world = World::new(Replies::OnChange);
    let report = report(NotStartedKind::AccountLimit);
    let publication = world.run(&report);
    assert!(matches!(publication, Publication::Posted(_)), "{publication:?}");
    let shown = publication.shown().unwrap();
    assert_eq!((&*shown.build_status, &shown.build_id), ("NOT_STARTED", &None));
    let marker = Marker::find(&world.comment_of('a')).unwrap();
    assert_eq!((marker.builds, marker.unfinished), (Vec::new(), false));
    assert!(matches!(world.run(&report), Publication::Unchanged(_)));
    world.builds.push(running("1", 'a', 0));
    assert!(matches!(world.run(&world.event("1")), Publication::Updated(_)));
    let shows_build = world.comment_of('a');
    assert!(shows_build.contains("Build submitted"), "{shows_build}");
    let publication = world.run(&report);
    assert_eq!(publication.reason(), Some("the comment shows a build of the commit by now"));
    assert_eq!(world.comment_of('a'), shows_build);
    world.end("1", BuildStatus::Succeeded, 50);
    world.run(&world.event("1"));
    world.check_final();
    assert_eq!(world.comments.len(), 1);
}

#[test]
fn a_report_costs_no_more_calls_than_it_needs() {
    let mut world = World::new(Replies::OnChange);
    let report = report(NotStartedKind::AccessDenied);
    assert_eq!(world.calls(&report), ["ReadComments", "FindCommitLoss", "PostComment", "ReadComments"]);
    assert_eq!(world.calls(&report), ["ReadComments", "FindCommitLoss"]);
}

#[test]
fn another_reason_replaces_the_first() {
    let mut world = World::new(Replies::OnChange);
    world.run(&report(NotStartedKind::AccessDenied));
    let publication = world.run(&report(NotStartedKind::AccountLimit));
    assert!(matches!(publication, Publication::Updated(_)), "{publication:?}");
    assert!(world.comment_of('a').contains("not started yet"), "{}", world.comment_of('a'));
}

#[test]
fn nobody_is_told_of_a_commit_that_no_build_is_waited_for() {
    for (loss, reason) in [
        (SourceLoss::Merged, "was merged"),
        (SourceLoss::Closed, "was closed"),
        (SourceLoss::Superseded, "has moved on"),
    ] {
        let mut world = World::new(Replies::OnChange);
        world.commit_loss = Some(loss);
        let publication = world.run(&report(NotStartedKind::AccountLimit));
        assert!(publication.reason().unwrap().contains(reason), "{publication:?}");
        assert_eq!(world.comments, []);
    }
}

#[test]
fn a_deleted_report_stays_deleted_until_a_build_starts() {
    let mut world = World::new(Replies::OnChange);
    let report = report(NotStartedKind::AccountLimit);
    world.run(&report);
    let comment = &mut world.comments[0];
    (comment.deleted, comment.content, comment.last_modified_date) = (true, None, Some(at(20)));
    let publication = world.run(&report);
    assert!(publication.reason().unwrap().contains("person deleted"), "{publication:?}");
    world.builds.push(running("1", 'a', 30));
    assert!(matches!(world.run(&world.event("1")), Publication::Posted(_)));
    world.run(&report);
    assert!(world.comment_of('a').contains("Build submitted"), "{}", world.comment_of('a'));
}

/// Both are posted with the same token, so that the second finds the first.
#[test]
fn reports_and_events_in_any_interleaving_end_in_one_comment_that_shows_the_build() {
    for seed in 0..400 {
        let limit = || Change::CannotStart(not_started(NotStartedKind::AccountLimit));
        let changes = vec![
            limit(),
            Change::Start("1", 'a'),
            limit(),
            Change::End("1", BuildStatus::Failed),
            Change::Start("2", 'b'),
            Change::End("2", BuildStatus::Succeeded),
        ];
        let world = interleave(seed, changes);
        world.check_final();
        assert!(world.comment_of('a').contains("Build failed"), "seed {seed}: {}", world.comment_of('a'));
    }
}

/// An update cannot be made on condition: one that replaces another reason may hide a build whose comment came between.
/// Any later look at the build mends that.
#[test]
fn a_report_that_hides_a_build_is_mended_by_the_next_look_at_the_build() {
    for seed in 0..400 {
        let changes = vec![
            Change::CannotStart(not_started(NotStartedKind::AccessDenied)),
            Change::CannotStart(not_started(NotStartedKind::AccountLimit)),
            Change::Start("1", 'a'),
            Change::End("1", BuildStatus::Succeeded),
        ];
        let mut world = interleave(seed, changes);
        world.run(&world.event("1"));
        world.check_final();
    }
}
