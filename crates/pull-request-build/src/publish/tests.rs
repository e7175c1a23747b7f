//! Invocations against a small CodeCommit and a small CodeBuild, interleaved call by call.

mod not_started;
mod world;

use world::*;

use super::*;

#[test]
fn the_first_event_posts_the_second_updates_and_a_late_one_changes_nothing() {
    let mut world = World::new(Replies::Never);
    world.builds.push(running("1", 'a', 0));
    let event = world.event("1");
    assert!(matches!(world.run(&event), Publication::Posted(_)));
    world.end("1", BuildStatus::Succeeded, 50);
    assert!(matches!(world.run(&world.event("1")), Publication::Updated(_)));
    assert_eq!(world.calls(&event), ["ReadComments", "ReadBuilds"]);
    assert!(matches!(world.run(&event), Publication::Unchanged(_)));
    world.check_final();
}

#[test]
fn an_event_costs_no_more_calls_than_it_needs() {
    let mut world = World::new(Replies::OnChange);
    world.builds.push(running("1", 'a', 0));
    let calls = world.calls(&world.event("1"));
    assert_eq!(calls, ["ReadComments", "ReadBuilds", "PostComment", "ReadComments", "ReadBuilds"]);
    world.end("1", BuildStatus::Failed, 50);
    let build = world.builds.iter_mut().next().unwrap();
    build.report_arns = vec!["arn:aws:codebuild:eu-central-1:123456789012:report/hook-tests:1".to_owned()];
    let calls = world.calls(&world.event("1"));
    assert_eq!(
        calls,
        [
            "ReadComments",
            "ReadBuilds",
            "FindSourceLoss",
            "ReadReports",
            "UpdateComment",
            "ReadComments",
            "ReadBuilds",
            "PostReply"
        ]
    );
}

#[test]
fn a_comment_that_was_left_behind_by_a_killed_invocation_is_brought_up_to_date_by_any_event() {
    let mut world = World::new(Replies::Never);
    world.builds.push(running("1", 'a', 0));
    world.run(&world.event("1"));
    world.end("1", BuildStatus::Succeeded, 5);
    world.builds.push(running("2", 'b', 10));
    world.run(&world.event("2"));
    assert!(world.comment_of('a').contains("Build succeeded"), "{}", world.comment_of('a'));
}

#[test]
fn an_answer_from_before_the_end_that_a_comment_shows_is_not_written_over_it() {
    let mut world = World::new(Replies::Never);
    world.builds.push(running("1", 'a', 0));
    let (late, before) = (world.event("1"), world.builds.clone());
    world.end("1", BuildStatus::Succeeded, 50);
    world.run(&world.event("1"));
    let ended = world.comment_of('a');
    world.builds = before;
    let mut invocation = world.invoke(&late);
    while world.advance(&mut invocation) == Progress::Made {}
    assert!(matches!(invocation.publisher.step(), Step::GiveUp { passes: MAX_PASSES, .. }));
    assert_eq!(world.comment_of('a'), ended);
}

#[test]
fn of_two_live_comments_the_newer_points_to_the_older() {
    let mut world = World::new(Replies::Never);
    world.builds.push(running("1", 'a', 0));
    world.run(&world.event("1"));
    let text = world.comment_of('a');
    world.add_own("second", &text);
    let first = world.comments[0].id.clone();
    let publication = world.run(&world.event("1"));
    assert_eq!(publication.shown().unwrap().other_comments_updated, 1);
    let pointer = world.comments[1].content.clone().unwrap();
    assert!(pointer.contains(&first) && pointer.lines().count() <= 3, "{pointer}");
    assert_eq!(world.calls(&world.event("1")), ["ReadComments", "ReadBuilds"]);
}

#[test]
fn a_re_run_keeps_the_earlier_run_and_replies_once_to_each_change() {
    let mut world = World::new(Replies::OnChange);
    for (name, status, start) in [("1", BuildStatus::Failed, 0), ("2", BuildStatus::Succeeded, 100)] {
        world.builds.push(running(name, 'a', start));
        world.run(&world.event(name));
        world.end(name, status, start + 50);
        for _ in 0..3 {
            world.run(&world.event(name));
        }
    }
    assert_eq!(world.replies().len(), 2, "{:?}", world.replies());
    assert!(world.replies()[1].contains("Fixed"), "{:?}", world.replies());
    world.check_final();
}

#[test]
fn who_is_told_is_a_setting() {
    use BuildStatus::{Failed, Stopped, Succeeded};
    for (replies, statuses, expected) in [
        (Replies::Never, vec![Failed, Succeeded], 0),
        (Replies::OnChange, vec![Succeeded, Succeeded, Failed, Failed, Stopped, Failed, Succeeded], 2),
        (Replies::Always, vec![Succeeded, Succeeded, Failed, Failed, Stopped, Failed, Succeeded], 6),
    ] {
        let mut world = World::new(replies);
        for (number, status) in (0_u64..).zip(statuses) {
            let name = number.to_string();
            let commit = char::from_digit(u32::try_from(number).unwrap() + 1, 16).unwrap();
            world.builds.push(running(&name, commit, number * 100));
            world.run(&world.event(&name));
            world.end(&name, status, number * 100 + 50);
            world.run(&world.event(&name));
        }
        assert_eq!(world.replies().len(), expected, "{replies:?}: {:?}", world.replies());
    }
}

#[test]
fn a_reply_that_a_person_deleted_is_not_posted_again() {
    for keeps_token in [true, false] {
        let mut world = World::new(Replies::OnChange);
        world.builds.push(running("1", 'a', 0));
        world.run(&world.event("1"));
        world.end("1", BuildStatus::Failed, 50);
        world.run(&world.event("1"));
        assert_eq!(world.replies().len(), 1);
        world.delete_reply(keeps_token);
        // CodeCommit does not say how long it knows a token.
        world.tokens.clear();
        world.run(&world.event("1"));
        assert_eq!(world.replies().len(), 0, "the answer names the token: {keeps_token}");
    }
}

#[test]
fn nobody_is_told_of_what_a_later_run_has_overtaken() {
    let mut world = World::new(Replies::OnChange);
    world.builds.push(running("1", 'a', 0));
    world.run(&world.event("1"));
    world.end("1", BuildStatus::Failed, 50);
    world.builds.push(running("2", 'a', 60));
    world.run(&world.event("2"));
    world.end("2", BuildStatus::Succeeded, 90);
    world.run(&world.event("2"));
    world.run(&world.event("1"));
    assert_eq!(world.replies().len(), 1);
    assert!(world.replies()[0].contains("Fixed"), "{:?}", world.replies());
}

#[test]
fn a_deleted_comment_stays_deleted_and_nobody_is_told() {
    let mut world = World::new(Replies::Always);
    world.builds.push(running("1", 'a', 0));
    world.run(&world.event("1"));
    world.comments[0].deleted = true;
    world.comments[0].content = None;
    world.comments[0].last_modified_date = Some(at(20));
    world.end("1", BuildStatus::Failed, 50);
    let publication = world.run(&world.event("1"));
    assert!(publication.reason().unwrap().contains("person deleted"), "{publication:?}");
    assert_eq!(world.comments.len(), 1);
}

#[test]
fn a_push_marks_the_earlier_comment_at_once_and_its_own_event_ends_it() {
    let mut world = World::new(Replies::OnChange);
    world.builds.push(running("1", 'a', 0));
    world.run(&world.event("1"));
    let before = world.comment_of('a');
    world.builds.push(running("2", 'b', 10));
    let publication = world.run(&world.event("2"));
    assert_eq!(publication.shown().unwrap().other_comments_updated, 1);
    let marked = world.comment_of('a');
    assert_ne!(marked, before);
    assert!(marked.contains("bbbbbbbb"), "{marked}");
    world.end("1", BuildStatus::Failed, 50);
    world.run(&world.event("1"));
    let ended = world.comment_of('a');
    assert!(ended.contains("Build failed") && ended.contains("bbbbbbbb"), "{ended}");
    assert_eq!(world.replies(), Vec::<String>::new(), "nobody has to act on a superseded build");
}

/// Delivers the event of each change several times, in any order, to invocations whose calls run in any order and that are
/// killed between any two of them and then tried again, as Lambda does.
fn interleave(seed: u64, mut changes: Vec<Change>) -> World {
    let mut random = Random(seed * 2 + 1);
    let mut world = World::new(Replies::OnChange);
    let mut pending: Vec<Event> = Vec::new();
    let mut under_way: Vec<Invocation> = Vec::new();
    let mut now = 0;
    let mut kills = 40;
    changes.reverse();
    while !(changes.is_empty() && pending.is_empty() && under_way.is_empty()) {
        match random.below(4) {
            0 if random.below(4) == 0 => {
                if let Some(change) = changes.pop() {
                    now += 10;
                    let event = world.change(change, now);
                    pending.extend((0..=random.below(3)).map(|_| event.clone()));
                }
            }
            1 if !pending.is_empty() => {
                let event = pending.swap_remove(random.below(pending.len()));
                under_way.push(world.invoke(&event));
            }
            _ if !under_way.is_empty() => {
                let index = random.below(under_way.len());
                let is_killed = kills > 0 && random.below(12) == 0;
                if is_killed || world.advance(&mut under_way[index]) == Progress::Failed {
                    pending.push(under_way.swap_remove(index).event);
                    kills -= usize::from(is_killed);
                } else if matches!(under_way[index].publisher.step(), Step::Finished(_)) {
                    under_way.swap_remove(index);
                }
            }
            _ => {}
        }
    }
    let replies = world.replies();
    for build in &world.builds {
        // Whether there is one may depend on the order: a build counts as superseded once the other is known.
        let marker = format!("build={})", build.arn.build_id);
        let count = replies.iter().filter(|text| text.ends_with(&marker)).count();
        assert!(count <= 1, "seed {seed}: {replies:?}");
    }
    world
}

#[test]
fn any_interleaving_ends_in_one_final_comment_a_commit_and_one_reply_a_change() {
    for seed in 0..400 {
        let world = interleave(
            seed,
            vec![
                Change::Start("1", 'a'),
                Change::Start("2", 'b'),
                Change::End("1", BuildStatus::Failed),
                Change::End("2", BuildStatus::Failed),
                Change::Start("3", 'c'),
                Change::End("3", BuildStatus::Succeeded),
            ],
        );
        world.check_final();
        for (digit, state) in [('a', "failed"), ('b', "failed"), ('c', "succeeded")] {
            let comment = world.comment_of(digit);
            assert!(comment.contains(&format!("Build {state}")), "seed {seed}: {comment}");
        }
    }
}

/// The marker is the only place that tells which builds a commit had, and a comment cannot be written on condition: of two
/// builds of one commit whose invocations overlap, the slower one can overwrite what it has not seen. Any later event
/// of the build that was overwritten mends it.
#[test]
fn runs_of_one_commit_at_the_same_time_end_in_one_comment_that_a_later_event_completes() {
    for seed in 0..400 {
        let mut world = interleave(
            seed,
            vec![
                Change::Start("1", 'a'),
                Change::Start("2", 'a'),
                Change::End("1", BuildStatus::Failed),
                Change::End("2", BuildStatus::Succeeded),
            ],
        );
        assert!(!Marker::find(&world.comment_of('a')).unwrap().unfinished, "seed {seed}");
        for name in ["1", "2"] {
            world.run(&world.event(name));
        }
        world.check_final();
        assert!(world.comment_of('a').contains("Build succeeded"), "seed {seed}: {}", world.comment_of('a'));
    }
}
