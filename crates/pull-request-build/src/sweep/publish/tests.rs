use super::*;
use crate::examples::at;
use crate::ids::RepositoryName;

mod properties;
mod world;

use world::{Aws, Comment, NOW, build, ended, repairs, run, run_with, settings, words};

/// Comments of pull request 1 on the commit of `a`s, beside the builds 1 to `builds`.
fn with_comments(comments: Vec<Comment>, builds: Vec<Build>) -> Aws {
    Aws { pull_requests: vec![(1, comments)], builds, ..Aws::default() }
}

#[test]
fn what_is_up_to_date_costs_a_call_a_repository_and_one_a_pull_request() {
    let aws = Aws {
        pull_requests: vec![(1, vec![Comment::naming(&["1"])]), (2, vec![])],
        builds: vec![ended("1", 1, 101_000, 102_000)],
        ..Aws::default()
    };
    let (steps, summary) = run(&aws);
    assert_eq!(steps, ["builds 0", "comments 1", "list payments", "comments 2"]);
    let expected = PublishSweepSummary { recent_builds: 1, repositories: 1, pull_requests: 2, ..summary };
    assert_eq!(summary, expected);
    assert_eq!((summary.out_of_date, summary.failed, summary.cut_short), (0, 0, false));
}

#[test]
fn a_build_that_no_comment_names_is_published() {
    for (what, comments) in [
        ("no comment", vec![]),
        ("no build could be started", vec![Comment::naming(&[])]),
        ("another build", vec![Comment::naming(&["7"])]),
        ("another commit", vec![Comment { commit: 'c', ..Comment::naming(&["1"]) }]),
        ("another hook", vec![Comment { hook: "another", ..Comment::naming(&["1"]) }]),
        ("another author", vec![Comment { author: "somebody", ..Comment::naming(&["1"]) }]),
        ("a reply", vec![Comment { is_reply: true, ..Comment::naming(&["1"]) }]),
    ] {
        for build in [build("1", 1, 101_000), ended("1", 1, 101_000, 102_000)] {
            let (steps, summary) = run(&with_comments(comments.clone(), vec![build]));
            assert_eq!(repairs(&steps), ["1"], "{what}");
            assert_eq!((summary.out_of_date, summary.comments_written), (1, 1), "{what}");
        }
    }
}

#[test]
fn a_repair_is_what_the_builds_event_would_be() {
    let aws = with_comments(vec![], vec![ended("1", 1, 101_000, 102_000)]);
    let mut sweep = PublishSweep::new(settings(), at(NOW), 0);
    let repair = loop {
        match sweep.next().unwrap() {
            PublishSweepStep::Repair(repair) => break repair,
            step => sweep.answer(aws.answer(step)),
        }
    };
    assert_eq!(repair.build, aws.builds[0].pull_request);
    assert_eq!(repair.event.build_arn, aws.builds[0].arn);
    assert_eq!(repair.event.status, aws.builds[0].status);
    let project_name = ProjectName::parse("pull-request-hook").unwrap();
    assert_eq!(repair.event.pull_request_build(&project_name).unwrap(), repair.build);
}

#[test]
fn a_comment_that_says_that_an_ended_build_runs_is_written() {
    let unfinished = Comment { unfinished: true, ..Comment::naming(&["1"]) };
    for (build, expected) in
        [(build("1", 1, 101_000), &[] as &[&str]), (ended("1", 1, 101_000, 102_000), &["1"])]
    {
        let (steps, _) = run(&with_comments(vec![unfinished.clone()], vec![build]));
        assert_eq!(repairs(&steps), expected);
    }
}

#[test]
fn a_history_that_says_that_an_ended_build_runs_is_written() {
    let naming = Comment::naming(&["2", "1"]);
    let unfinished = Comment { earlier_unfinished: true, ..naming.clone() };
    let newest = ended("2", 1, 101_100, 101_200);
    for (comment, earlier, expected) in [
        (&unfinished, build("1", 1, 101_000), &[] as &[&str]),
        (&unfinished, ended("1", 1, 101_000, 102_000), &["1"]),
        (&naming, ended("1", 1, 101_000, 102_000), &[]),
    ] {
        let (steps, _) = run(&with_comments(vec![comment.clone()], vec![newest.clone(), earlier]));
        assert_eq!(repairs(&steps), expected);
    }
}

#[test]
fn older_builds_that_comments_say_are_running_are_read() {
    let unfinished = Comment { unfinished: true, ..Comment::naming(&["1", "0"]) };
    let old = NOW - 50 * 3_600;
    for (build, expected) in [
        (Some(build("1", 1, old)), &[] as &[&str]),
        (Some(ended("1", 1, old, old + 60)), &["1"]),
        // CodeBuild has forgotten it.
        (None, &[]),
    ] {
        let (steps, summary) = run(&with_comments(vec![unfinished.clone()], build.into_iter().collect()));
        assert_eq!(steps[..4], ["builds 0", "list payments", "comments 1", "named 1"]);
        assert_eq!(repairs(&steps), expected);
        assert_eq!(summary.recent_builds, 0);
    }
    let other_project = Comment { project: "old-name", ..unfinished };
    let (steps, _) = run(&with_comments(vec![other_project], vec![]));
    assert_eq!(steps.last().unwrap(), "comments 1", "the function may not read another project's builds");
}

#[test]
fn older_builds_are_read_by_the_hundred() {
    let pull_requests = (1..=101).map(|number| {
        let unique = number.to_string();
        (number, vec![Comment { unfinished: true, ..Comment::naming(&[&unique]) }])
    });
    let aws = Aws { pull_requests: pull_requests.collect(), ..Aws::default() };
    let (steps, _) = run(&aws);
    assert_eq!(steps.iter().filter(|step| step.starts_with("named")).count(), 2);
}

#[test]
fn a_second_comment_of_one_commit_is_a_repair() {
    let second = Comment { id: "second", created: 10, ..Comment::naming(&["1"]) };
    let aws = with_comments(vec![Comment::naming(&["1"]), second], vec![ended("1", 1, 101_000, 102_000)]);
    assert_eq!(repairs(&run(&aws).0), ["1"]);
}

#[test]
fn what_a_person_deleted_stays_deleted_for_the_builds_before() {
    let deleted = Comment { deleted: Some(101_500), ..Comment::naming(&[]) };
    for (comments, start, expected) in [
        (vec![deleted.clone()], 101_500, &[] as &[&str]),
        (vec![deleted.clone()], 101_501, &["1"]),
        // A later build posted again; the one before the deletion is not to come back with it.
        (vec![deleted, Comment { created: 101_600, ..Comment::naming(&["2"]) }], 101_000, &[]),
    ] {
        let (steps, _) = run(&with_comments(comments, vec![build("1", 1, start)]));
        assert_eq!(repairs(&steps), expected);
    }
}

#[test]
fn what_changed_in_the_last_ten_minutes_is_left_to_events() {
    for (build, expected) in [
        (build("1", 1, NOW - 600), 1),
        (build("1", 1, NOW - 599), 0),
        (ended("1", 1, NOW - 2_000, NOW - 600), 1),
        (ended("1", 1, NOW - 2_000, NOW - 599), 0),
        (build("1", 1, NOW + 5), 0),
    ] {
        let (steps, summary) = run(&with_comments(vec![], vec![build]));
        assert_eq!(repairs(&steps).len(), expected);
        assert_eq!(summary.left_to_events, 1 - expected);
    }
}

#[test]
fn builds_are_listed_back_for_two_days() {
    let hours = |hours: u64| NOW - hours * 3_600;
    let mut builds = vec![
        build("4", 1, hours(1)),
        build("3", 2, hours(48)),
        build("2", 3, hours(48) - 1),
        build("1", 4, hours(50)),
    ];
    // It was started by hand, for no pull request: the answer tells its time alone.
    builds[2].pull_request.pull_request_id = PullRequestId::parse("0").unwrap();
    let aws = Aws { builds, page_size: Some(1), ..Aws::default() };
    let (steps, summary) = run(&aws);
    let listed: Vec<_> = steps.iter().filter(|step| step.starts_with("builds")).collect();
    assert_eq!(listed, ["builds 0", "builds 1", "builds 2"]);
    assert_eq!(summary.recent_builds, 2);
    assert_eq!(repairs(&steps), ["4", "3"], "their pull requests are closed by now");
}

#[test]
fn a_marker_names_ten_builds_and_no_older_one_is_missed() {
    let names: Vec<String> = (10..22).map(|number| number.to_string()).collect();
    let builds: Vec<Build> = names
        .iter()
        .rev()
        .map(|unique| ended(unique, 1, 101_000 + unique.parse::<u64>().unwrap(), 102_000))
        .collect();
    let newest_ten: Vec<&str> = names.iter().rev().take(10).map(String::as_str).collect();
    let (steps, _) = run(&with_comments(vec![Comment::naming(&newest_ten)], builds.clone()));
    assert_eq!(repairs(&steps), [""; 0]);
    let (steps, _) = run(&with_comments(vec![Comment::naming(&newest_ten[1..])], builds));
    assert_eq!(repairs(&steps), ["21"]);
}

#[test]
fn builds_in_repositories_that_are_not_served_are_passed_over() {
    let mut elsewhere = build("1", 1, 101_000);
    elsewhere.pull_request.repository_name = RepositoryName::parse("refunds").unwrap();
    let (steps, summary) = run(&Aws { builds: vec![elsewhere], ..Aws::default() });
    assert_eq!(steps, ["builds 0", "list payments"]);
    assert_eq!(summary.recent_builds, 0);
}

#[test]
fn the_repairs_of_one_pull_request_come_one_after_the_other_the_newest_build_first() {
    let aws = Aws {
        builds: vec![
            ended("5", 2, 105_000, 106_000),
            ended("4", 1, 104_000, 105_000),
            ended("3", 1, 103_000, 104_000),
            ended("2", 3, 102_000, 103_000),
        ],
        ..Aws::default()
    };
    let mut sweep = PublishSweep::new(settings(), at(NOW), 0);
    let mut under_way = Vec::new();
    while let Some(step) = sweep.next() {
        if matches!(step, PublishSweepStep::Repair(_)) {
            under_way.push(step);
        } else {
            sweep.answer(aws.answer(step));
        }
    }
    let in_words = |steps: &[PublishSweepStep]| steps.iter().map(words).collect::<Vec<_>>();
    assert_eq!(in_words(&under_way), ["repair 5", "repair 4", "repair 2"]);
    sweep.answer(aws.answer(under_way.remove(0)));
    assert_eq!(sweep.next(), None, "the pull request of build 5 has no other repair");
    sweep.answer(aws.answer(under_way.remove(0)));
    assert_eq!(words(&sweep.next().unwrap()), "repair 3");
}

#[test]
fn a_pull_request_that_does_not_exist_any_more_is_passed_over() {
    let aws = Aws { builds: vec![build("1", 1, 101_000)], gone: vec![1], ..Aws::default() };
    let (steps, summary) = run(&aws);
    assert_eq!(steps, ["builds 0", "comments 1", "list payments"]);
    assert_eq!(summary.pull_requests, 0);
}

#[test]
fn a_failed_call_leaves_its_pull_request_to_the_next_run() {
    let aws = Aws {
        pull_requests: vec![
            (1, vec![]),
            (2, vec![]),
            (3, vec![Comment { unfinished: true, ..Comment::naming(&["old"]) }]),
        ],
        builds: vec![
            ended("2", 2, NOW - 10_000, NOW - 9_000),
            ended("1", 1, NOW - 20_000, NOW - 9_000),
            ended("old", 3, 1_000, 2_000),
        ],
        ..Aws::default()
    };
    for (failing, expected) in [
        ("builds 0", &["old"] as &[&str]),
        ("comments 1", &["2", "old"]),
        ("list payments", &["2", "1"]),
        ("named old", &["2", "1"]),
        ("repair 2", &["1", "old"]),
        ("nothing", &["2", "1", "old"]),
    ] {
        let mut sweep = PublishSweep::new(settings(), at(NOW), 0);
        let mut repaired = Vec::new();
        while let Some(step) = sweep.next() {
            let step_words = words(&step);
            if step_words == failing {
                sweep.answer(PublishSweepAnswer::Failed);
            } else {
                repaired.extend(step_words.strip_prefix("repair ").map(str::to_owned));
                sweep.answer(aws.answer(step));
            }
        }
        assert_eq!(repaired, expected, "{failing}");
        assert_eq!(sweep.summary().failed, usize::from(failing != "nothing"));
        assert!(!sweep.summary().saw_nothing());
    }
}

#[test]
fn a_run_whose_every_call_fails_saw_nothing() {
    let mut sweep = PublishSweep::new(settings(), at(NOW), 0);
    while sweep.next().is_some() {
        sweep.answer(PublishSweepAnswer::Failed);
    }
    assert!(sweep.summary().saw_nothing());
    assert_eq!(sweep.summary().failed, 2);
}

#[test]
fn when_the_time_to_look_is_over_what_was_found_is_repaired() {
    let aws = Aws {
        pull_requests: vec![(1, vec![]), (2, vec![])],
        builds: vec![ended("2", 2, 103_000, 104_000), ended("1", 1, 101_000, 102_000)],
        ..Aws::default()
    };
    let mut sweep = PublishSweep::new(settings(), at(NOW), 0);
    let mut steps = Vec::new();
    while let Some(step) = sweep.next() {
        steps.push(words(&step));
        sweep.answer(aws.answer(step));
        if steps.last().unwrap() == "comments 1" {
            sweep.end_looking();
        }
    }
    assert_eq!(steps, ["builds 0", "comments 1", "repair 1"]);
    assert!(sweep.summary().cut_short);
}

#[test]
fn at_the_end_no_call_is_left() {
    let aws = Aws {
        pull_requests: vec![(1, vec![])],
        builds: vec![ended("2", 1, 103_000, 104_000), ended("1", 1, 101_000, 102_000)],
        ..Aws::default()
    };
    for before in 0..8 {
        let mut sweep = PublishSweep::new(settings(), at(NOW), 0);
        let mut is_whole = false;
        for _ in 0..before {
            match sweep.next() {
                Some(step) => sweep.answer(aws.answer(step)),
                None => is_whole = true,
            }
        }
        sweep.end();
        assert_eq!(sweep.next(), None);
        assert!(sweep.summary().cut_short || sweep.summary().comments_written == 2, "after {before} calls");
        assert!(!(is_whole && sweep.summary().cut_short), "after {before} calls");
    }
}

#[test]
fn calls_beside_each_other_come_to_the_same() {
    let pull_requests = (1..=6).map(|number| (number, vec![])).collect();
    let builds =
        (1..=6).rev().map(|number| ended(&number.to_string(), number, 101_000 + number, NOW - 5_000));
    let aws = Aws { pull_requests, builds: builds.collect(), ..Aws::default() };
    let (one_by_one, summary) = run(&aws);
    for concurrency in 2..8 {
        let (steps, beside) = run_with(&aws, concurrency);
        assert_eq!(repairs(&steps), repairs(&one_by_one), "{concurrency}");
        assert_eq!(beside, summary);
    }
}
