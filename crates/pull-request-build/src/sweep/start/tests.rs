use super::*;
use crate::build::BuildStatus;
use crate::examples::{a_pull_request_build, at};
use crate::ids::{DestinationCommit, PullRequestId, RepositoryName, RevisionId};
use crate::sweep::walk::WalkStep;

mod properties;
mod world;

use world::{Aws, NOW, PullRequest, head, marker, run, run_with, settings, starts, words};

fn comments_with(contents: &[String]) -> Aws {
    let mut aws = Aws::with(&[(1, 50_000)]);
    aws.pull_requests[0].comments = contents.to_vec();
    aws
}

#[test]
fn a_head_whose_build_its_comment_names_costs_two_calls_and_no_listing() {
    let mut aws = Aws::with(&[(1, 0), (2, 0)]);
    for (unique, number) in [("1", 1), ("2", 2)] {
        aws.builds.push(world::build(unique, 10, Some(world::build_of(number))));
        aws.pull_request(number).comments = vec![marker("hook", 'a', &[unique])];
    }
    let (steps, summary) = run(&aws);
    assert_eq!(steps, ["list payments", "read 1", "comments 1", "read 2", "comments 2", "named 1,2"]);
    assert_eq!(
        summary,
        StartSweepSummary { repositories: 1, pull_requests: 2, ..StartSweepSummary::default() }
    );
}

#[test]
fn a_missing_build_is_started() {
    let (steps, summary) = run(&Aws::with(&[(1, 50_000)]));
    assert_eq!(
        steps,
        ["list payments", "read 1", "comments 1", "deployment", "time 1", "builds 0", "start 1"]
    );
    assert_eq!((summary.unproven, summary.missing, summary.repaired), (1, 1, 1));
}

#[test]
fn only_a_comment_of_this_hook_on_this_commit_with_a_build_is_proof() {
    for (content, is_proof) in [
        (marker("hook", 'a', &["1"]), true),
        (marker("hook", 'a', &[]), false),
        (marker("hook", 'c', &["1"]), false),
        (marker("another-hook", 'a', &["1"]), false),
        ("words".to_owned(), false),
    ] {
        let aws = comments_with(std::slice::from_ref(&content));
        assert_eq!(starts(&run(&aws).0).is_empty(), is_proof, "{content}");
    }
}

#[test]
fn a_build_of_an_earlier_revision_of_the_same_commit_is_no_proof() {
    let earlier_revision =
        PullRequestBuild { revision_id: RevisionId::parse("r0").unwrap(), ..world::build_of(1) };
    let mut aws = comments_with(&[marker("hook", 'a', &["7"])]);
    aws.builds = vec![world::build("7", 10, Some(earlier_revision))];
    let (steps, _) = run(&aws);
    assert_eq!(starts(&steps), ["1"], "the branch was pushed back to a commit that had a build");
    aws.builds.push(world::build("8", 50_001, Some(world::build_of(1))));
    aws.pull_requests[0].comments = vec![marker("hook", 'a', &["8", "7"])];
    assert_eq!(starts(&run(&aws).0), [""; 0]);
}

#[test]
fn the_builds_that_comments_name_are_read_by_the_hundred() {
    let numbers: Vec<(u64, u64)> = (1..=101).map(|number| (number, 0)).collect();
    let mut aws = Aws::with(&numbers);
    for (number, _) in numbers {
        let unique = number.to_string();
        aws.builds.push(world::build(&unique, 10, Some(world::build_of(number))));
        aws.pull_request(number).comments = vec![marker("hook", 'a', &[&unique])];
    }
    let (steps, summary) = run(&aws);
    let named: Vec<_> = steps.iter().filter(|step| step.starts_with("named")).collect();
    assert_eq!(named.len(), 2);
    assert_eq!((summary.pull_requests, summary.unproven), (101, 0));
}

#[test]
fn builds_that_codebuild_has_forgotten_or_that_another_project_ran_are_taken_for_the_heads() {
    let other_project = marker("hook", 'a', &["1"]).replace("builds=hook:1", "builds=old-name:1");
    for content in [marker("hook", 'a', &["1"]), other_project] {
        let (steps, summary) = run(&comments_with(std::slice::from_ref(&content)));
        assert_eq!(starts(&steps), [""; 0], "{content}");
        assert_eq!(summary.unproven, 0);
    }
}

#[test]
fn a_build_in_the_project_is_proof_whatever_its_state() {
    let mut aws = Aws::with(&[(1, 50_000), (2, 60_000)]);
    aws.page_size = 2;
    aws.builds = vec![
        world::build("9", 90_000, Some(world::build_of(3))),
        world::build("8", 80_000, None),
        world::build("7", 50_001, Some(world::build_of(1))),
    ];
    let (steps, summary) = run(&aws);
    assert_eq!(starts(&steps), ["2"]);
    assert_eq!(summary.missing, 1);
}

#[test]
fn builds_are_listed_once_and_back_to_the_oldest_revision_that_is_not_found() {
    let mut aws = Aws::with(&[(1, 50_000), (2, 60_000)]);
    aws.page_size = 1;
    aws.builds = [("9", 90_000), ("8", 49_940), ("7", 49_939), ("6", 1)]
        .map(|(unique, start)| world::build(unique, start, None))
        .to_vec();
    let listed = |steps: &[String]| -> Vec<String> {
        steps.iter().filter(|step| step.starts_with("builds")).cloned().collect()
    };
    assert_eq!(listed(&run(&aws).0), ["builds 0", "builds 1", "builds 2"]);
    aws.builds[0].pull_request = Some(world::build_of(1));
    assert_eq!(listed(&run(&aws).0), ["builds 0", "builds 1"], "only the newer one is still looked for");
    aws.builds[1].pull_request = Some(world::build_of(2));
    let (steps, summary) = run(&aws);
    assert_eq!(listed(&steps), ["builds 0", "builds 1"]);
    assert_eq!(summary.missing, 0, "all were found");
}

#[test]
fn builds_are_not_listed_further_than_a_run_may_start_any() {
    let mut aws = Aws::with(&[(1, 5_000), (2, 60_000), (3, 70_000)]);
    aws.page_size = 1;
    aws.builds = [("9", 90_000), ("8", 65_000), ("7", 55_000), ("6", 1)]
        .map(|(unique, start)| world::build(unique, start, None))
        .to_vec();
    let (steps, summary) = run_with(StartSweepSettings { most_builds: 2, ..settings() }, &aws, 1);
    assert_eq!(steps[steps.len() - 5..], ["builds 0", "builds 1", "builds 2", "start 3", "start 2"]);
    assert_eq!((summary.unproven, summary.missing, summary.repaired), (3, 2, 2));
}

#[test]
fn heads_are_left_to_events_for_ten_minutes() {
    for (time, expected) in [(NOW - 599, 0), (NOW - 600, 1), (NOW + 5, 0)] {
        let (steps, summary) = run(&Aws::with(&[(1, time)]));
        assert_eq!(starts(&steps).len(), expected, "{time}");
        assert_eq!(summary.left_to_events, 1 - expected);
    }
}

#[test]
fn heads_older_than_the_hook_are_built_only_where_the_setting_says_so() {
    let aws = Aws::with(&[(1, 999), (2, 1_000)]);
    let (steps, summary) = run(&aws);
    assert_eq!(starts(&steps), ["2"]);
    assert!(!steps.contains(&"time 1".to_owned()), "nothing happened to it since, so its time says nothing");
    assert_eq!((summary.older_than_the_hook, summary.repaired, summary.started_older), (1, 1, 0));
    let (steps, summary) = run_with(StartSweepSettings { build_existing: true, ..settings() }, &aws, 1);
    assert_eq!(starts(&steps), ["2", "1"]);
    assert_eq!((summary.older_than_the_hook, summary.repaired, summary.started_older), (0, 1, 1));
}

#[test]
fn an_old_head_is_known_by_its_time_where_its_pull_request_was_active_since() {
    let mut aws = Aws::with(&[(1, 999)]);
    aws.pull_requests[0].last_activity = at(5_000);
    let (steps, summary) = run(&aws);
    assert_eq!(steps.last().unwrap(), "time 1");
    assert_eq!(summary.older_than_the_hook, 1);
}

#[test]
fn a_run_starts_only_so_many_builds_the_newest_heads_first() {
    let aws = Aws::with(&[(1, 5_000), (2, 9_000), (3, 7_000), (4, 9_000)]);
    let (steps, summary) = run_with(StartSweepSettings { most_builds: 3, ..settings() }, &aws, 1);
    assert_eq!(starts(&steps), ["2", "4", "3"]);
    assert_eq!((summary.missing, summary.repaired), (4, 3));
}

#[test]
fn a_start_that_was_not_needed_gives_its_place_to_another() {
    let mut aws = Aws::with(&[(1, 5_000), (2, 9_000), (3, 7_000)]);
    aws.pull_request(2).start =
        Some(StartOutcome::BuildFound { build_id: "hook:1".to_owned(), stopped: vec![] });
    let skipped = StartOutcome::Skipped { reason: "the pull request is closed".to_owned(), stopped: vec![] };
    aws.pull_request(3).start = Some(skipped);
    let (steps, summary) = run_with(StartSweepSettings { most_builds: 1, ..settings() }, &aws, 1);
    assert_eq!(starts(&steps), ["2", "3", "1"]);
    assert_eq!((summary.missing, summary.repaired), (3, 1));
}

#[test]
fn a_head_that_the_history_does_not_name_is_told_and_not_built() {
    let mut aws = Aws::with(&[(1, 0)]);
    aws.pull_requests[0] = PullRequest { time: None, last_activity: at(NOW), ..PullRequest::new(1, 0) };
    let (steps, summary) = run(&aws);
    assert_eq!(starts(&steps), [""; 0]);
    assert_eq!(summary.without_time, 1);
}

#[test]
fn a_pull_request_that_was_closed_since_or_has_no_change_is_passed_over() {
    let mut closed = head(1, NOW);
    closed.status = PullRequestStatus::Merged;
    let mut no_change = head(1, NOW);
    no_change.build.destination_commit = DestinationCommit::parse(&"a".repeat(40)).unwrap();
    for head in [Some(closed), Some(no_change), None] {
        let mut sweep = StartSweep::new(settings(), at(NOW), 0);
        let list = sweep.next().unwrap();
        sweep.answer(Aws::with(&[(1, 0)]).answer(list));
        sweep.next().unwrap();
        sweep.answer(StartSweepAnswer::PullRequest(head.map(Box::new)));
        assert_eq!(sweep.next(), None);
        assert_eq!(sweep.summary().pull_requests, 0);
    }
}

#[test]
fn repositories_of_patterns_are_listed_first() {
    let repositories = ServedRepositories::parse(r#"["pay*","refunds"]"#).unwrap();
    let (steps, summary) =
        run_with(StartSweepSettings { repositories, ..settings() }, &Aws::with(&[(1, 50_000)]), 1);
    // The example's pull request is of payments, and is listed in both.
    assert_eq!(steps[..2], ["repositories", "list payments"]);
    assert_eq!(summary.repositories, 2);
}

#[test]
fn a_failed_call_leaves_its_pull_request_to_the_next_run() {
    let aws = Aws::with(&[(1, 5_000), (2, 9_000)]);
    for (failing, expected) in [
        ("list payments", &[] as &[&str]),
        ("read 1", &["2"]),
        ("comments 1", &["2"]),
        ("deployment", &[]),
        ("time 1", &["2"]),
        // What could not be listed may be there.
        ("builds 0", &[]),
        ("start 1", &["2"]),
    ] {
        let mut sweep = StartSweep::new(settings(), at(NOW), 0);
        let mut started = Vec::new();
        while let Some(step) = sweep.next() {
            let step_words = words(&step);
            if step_words == failing {
                sweep.answer(StartSweepAnswer::Failed);
            } else {
                started.extend(step_words.strip_prefix("start ").map(str::to_owned));
                sweep.answer(aws.answer(step));
            }
        }
        assert_eq!(started, expected, "{failing}");
        assert_eq!(sweep.summary().failed, 1);
        assert_eq!(sweep.summary().saw_nothing(), failing == "list payments", "{failing}");
    }
}

#[test]
fn where_a_later_page_of_builds_cannot_be_read_the_newer_heads_are_built() {
    let mut aws = Aws::with(&[(1, 5_000), (2, 60_000)]);
    aws.page_size = 1;
    aws.builds = vec![world::build("9", 50_000, None), world::build("8", 1, None)];
    let mut sweep = StartSweep::new(settings(), at(NOW), 0);
    let mut started = Vec::new();
    while let Some(step) = sweep.next() {
        started.extend(words(&step).strip_prefix("start ").map(str::to_owned));
        sweep.answer(match words(&step).as_str() {
            "builds 1" => StartSweepAnswer::Failed,
            _ => aws.answer(step),
        });
    }
    assert_eq!(started, ["2"]);
}

#[test]
fn a_failed_read_of_named_builds_makes_no_head_look_unbuilt() {
    let mut aws = comments_with(&[marker("hook", 'a', &["7"])]);
    let earlier = PullRequestBuild { revision_id: RevisionId::parse("r0").unwrap(), ..world::build_of(1) };
    aws.builds = vec![world::build("7", 10, Some(earlier))];
    let mut sweep = StartSweep::new(settings(), at(NOW), 0);
    while let Some(step) = sweep.next() {
        sweep.answer(match &step {
            StartSweepStep::ReadNamedBuilds(_) => StartSweepAnswer::Failed,
            _ => aws.answer(step),
        });
    }
    assert_eq!((sweep.summary().unproven, sweep.summary().failed), (0, 1));
}

#[test]
fn when_the_time_to_look_is_over_what_was_found_is_started() {
    let aws = Aws::with(&[(1, 5_000), (2, 9_000), (3, 7_000)]);
    let repositories = ServedRepositories::parse(r#"["payments","refunds"]"#).unwrap();
    let mut sweep = StartSweep::new(StartSweepSettings { repositories, ..settings() }, at(NOW), 0);
    let mut steps = Vec::new();
    while let Some(step) = sweep.next() {
        steps.push(words(&step));
        sweep.answer(aws.answer(step));
        if steps.last().unwrap() == "comments 1" {
            sweep.end_looking();
        }
    }
    assert_eq!(
        steps,
        ["list payments", "read 1", "comments 1", "deployment", "time 1", "builds 0", "start 1"]
    );
    assert!(sweep.summary().cut_short);
}

#[test]
fn when_the_time_to_look_is_over_before_all_is_listed_the_newer_heads_are_built() {
    let mut aws = Aws::with(&[(1, 5_000), (2, 60_000)]);
    aws.page_size = 1;
    aws.builds = vec![world::build("9", 50_000, None), world::build("8", 1, None)];
    let mut sweep = StartSweep::new(settings(), at(NOW), 0);
    let mut steps = Vec::new();
    while let Some(step) = sweep.next() {
        steps.push(words(&step));
        sweep.answer(aws.answer(step));
        if steps.last().unwrap() == "builds 0" {
            sweep.end_looking();
        }
    }
    assert_eq!(starts(&steps), ["2"]);
    assert!(sweep.summary().cut_short);
}

#[test]
fn at_the_end_no_call_is_left() {
    let aws = Aws::with(&[(1, 5_000), (2, 9_000)]);
    for before in 0..14 {
        let mut sweep = StartSweep::new(settings(), at(NOW), 0);
        let mut is_whole = false;
        for _ in 0..before {
            match sweep.next() {
                Some(step) => sweep.answer(aws.answer(step)),
                None => is_whole = true,
            }
        }
        sweep.end();
        assert_eq!(sweep.next(), None);
        assert!(sweep.summary().cut_short || sweep.summary().repaired == 2, "after {before} calls");
        assert!(!(is_whole && sweep.summary().cut_short), "after {before} calls");
    }
}
