//! Builds that nobody waits for any more.

use super::*;
use crate::marker::Marker;
use crate::pull_request_event::ClosedPullRequest;

fn commit(letter: char) -> SourceCommit {
    SourceCommit::parse(&letter.to_string().repeat(40)).unwrap()
}

/// A running build of the pull request's commit that consists of `letter`.
fn earlier(unique: &str, letter: char, start: u64) -> ListedBuild {
    let pull_request = PullRequestBuild { source_commit: commit(letter), ..a_pull_request_build() };
    ListedBuild { pull_request: Some(pull_request), ..ours(unique, start) }
}

/// A comment of this hook that shows these builds.
fn comment(hook: &str, builds: &[&str]) -> String {
    let marker = Marker {
        hook_name: HookName::parse(hook).unwrap(),
        source_commit: commit('e'),
        builds: builds.iter().map(|id| BuildId::parse(id).unwrap()).collect(),
        unfinished: true,
        earlier_unfinished: false,
    };
    format!("### Build running\n\n{marker}")
}

fn comments(contents: &[String]) -> StartAnswer {
    StartAnswer::Comments(contents.to_vec())
}

fn closed(status: PullRequestStatus) -> PullRequestEvent {
    let PullRequestBuild { pull_request_id, repository_name, .. } = a_pull_request_build();
    PullRequestEvent::Closed(ClosedPullRequest { pull_request_id, repository_name, status })
}

fn push() -> PullRequestEvent {
    PullRequestEvent::NewRevision(NewRevision { is_first: false, ..revision() })
}

/// The steps for `event`, the first one too.
fn run(event: PullRequestEvent, answers: impl IntoIterator<Item = StartAnswer>) -> Vec<String> {
    let mut starter = starter(event);
    let mut steps = vec![words(starter.step())];
    for answer in answers {
        starter.answer(answer);
        steps.push(words(starter.step()));
    }
    steps
}

/// The steps after a push's build was started, from that for the comments on.
fn after_push(answers: impl IntoIterator<Item = StartAnswer>) -> Vec<String> {
    run(push(), [agreed(5), started()].into_iter().chain(answers)).split_off(2)
}

#[test]
fn a_push_stops_the_earlier_builds_that_run() {
    let newest = [earlier("2", 'c', EVENT + 1), ours("1", EVENT + 5), earlier("0", 'd', EVENT - 50)];
    assert_eq!(
        after_push([
            comments(&[]),
            page(&newest, Some("page 2")),
            agreed(6),
            StartAnswer::Stopped,
            StartAnswer::Stopped
        ]),
        [
            "read comments of 42",
            "read builds page 1",
            "read pull request 42",
            "stop hook:2",
            "stop hook:0",
            "build started: hook:1, stopped hook:2, stopped hook:0",
        ]
    );
}

#[test]
fn a_comment_names_a_build_that_is_not_among_the_newest() {
    let contents = [comment("pull-request-hook", &["hook:2", "hook:7"]), "a person's words".to_owned()];
    assert_eq!(
        after_push([
            comments(&contents),
            page(&[earlier("2", 'c', EVENT)], None),
            page(&[earlier("7", 'c', 5)], None),
            agreed(6),
            StartAnswer::Stopped,
        ])[1..],
        [
            "read builds page 1",
            "read 1 named builds from hook:7",
            "read pull request 42",
            "stop hook:2",
            "stop hook:7"
        ]
    );
}

#[test]
fn comments_of_other_hooks_and_builds_of_other_projects_are_not_read() {
    let contents =
        [comment("another-hook", &["hook:7"]), comment("pull-request-hook", &["another-project:7"])];
    assert_eq!(after_push([comments(&contents), page(&[], None)]).last().unwrap(), "build started: hook:1");
}

#[test]
fn more_than_a_hundred_named_builds_are_read_in_several_calls() {
    let ids: Vec<String> = (100..350).map(|number| format!("hook:{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let contents = [comment("pull-request-hook", &ids)];
    let none = || page(&[], None);
    assert_eq!(
        after_push([comments(&contents), none(), none(), none(), none()])[2..],
        [
            "read 100 named builds from hook:100",
            "read 100 named builds from hook:200",
            "read 50 named builds from hook:300",
            "build started: hook:1",
        ]
    );
}

#[test]
fn a_build_goes_on_unless_it_is_an_earlier_one_of_another_commit() {
    let of_repository = |name| {
        let mut build = earlier("2", 'c', EVENT);
        let pull_request = build.pull_request.as_mut().unwrap();
        pull_request.repository_name = RepositoryName::parse(name).unwrap();
        build
    };
    for (build, is_stopped) in [
        (earlier("2", 'c', EVENT + 4), true),
        (ListedBuild { start_time: None, ..earlier("2", 'c', 0) }, true),
        (earlier("2", 'c', EVENT + 5), false),
        (earlier("2", 'c', EVENT + 6), false),
        (ours("2", EVENT), false),
        (other("2", EVENT), false),
        (of_repository("payments"), true),
        (of_repository("refunds"), false),
        (ListedBuild { status: BuildStatus::Succeeded, ..earlier("2", 'c', EVENT) }, false),
        (ListedBuild { pull_request: None, ..earlier("2", 'c', EVENT) }, false),
    ] {
        let steps = after_push([comments(&[]), page(std::slice::from_ref(&build), None)]);
        let expected = if is_stopped { "read pull request 42" } else { "build started: hook:1" };
        assert_eq!(steps.last().unwrap(), expected, "{build:?}");
    }
}

#[test]
fn a_slow_invocation_does_not_stop_what_was_started_for_a_later_revision() {
    let builds = [ours("1", EVENT + 5), earlier("2", 'c', EVENT + 4)];
    let last_step = |answer| {
        let steps = after_push([comments(&[]), page(&builds, None), answer]);
        steps.last().cloned()
    };
    let moved_on = changed(|current| current.revision_id = RevisionId::parse("r2").unwrap());
    assert_eq!(last_step(moved_on).as_deref(), Some("build started: hook:1"));
    let gone = StartAnswer::PullRequest { pull_request: None, time: None };
    assert_eq!(last_step(gone).as_deref(), Some("build started: hook:1"));
    for status in [PullRequestStatus::Closed, PullRequestStatus::Merged] {
        let answer = changed(|current| current.status = status.clone());
        assert_eq!(last_step(answer).as_deref(), Some("stop hook:2"), "{status}");
    }
}

#[test]
fn an_event_that_comes_again_stops_what_was_left() {
    let builds = [ours("1", EVENT + 5), earlier("0", 'd', EVENT - 50)];
    let answers = [
        agreed(300),
        page(&builds, None),
        comments(&[]),
        page(&builds, None),
        agreed(301),
        StartAnswer::Stopped,
    ];
    assert_eq!(run(push(), answers).last().unwrap(), "build found, none started: hook:1, stopped hook:0");
}

#[test]
fn a_first_revision_supersedes_nothing() {
    assert_eq!(steps([agreed(5), started()]), ["start r1", "build started: hook:1"]);
}

#[test]
fn closing_and_merging_stop_every_build() {
    for status in [PullRequestStatus::Closed, PullRequestStatus::Merged] {
        let builds = [ours("1", EVENT + 5), other("3", EVENT), earlier("0", 'd', EVENT - 50)];
        let answers = [comments(&[]), page(&builds, None), StartAnswer::Stopped, StartAnswer::Stopped];
        assert_eq!(
            run(closed(status.clone()), answers),
            [
                "read comments of 42",
                "read builds page 1",
                "stop hook:1",
                "stop hook:0",
                &format!("nothing built: the pull request is {status}, stopped hook:1, stopped hook:0"),
            ]
        );
    }
}

#[test]
fn so_does_an_event_that_comes_after_the_end() {
    for status in [PullRequestStatus::Closed, PullRequestStatus::Merged] {
        let answer = changed(|current| current.status = status.clone());
        let steps = steps([answer, comments(&[]), page(&[ours("1", EVENT)], None), StartAnswer::Stopped]);
        assert_eq!(
            steps.last().unwrap(),
            &format!("nothing built: the pull request is {status}, stopped hook:1")
        );
    }
    let answer = changed(|current| current.status = PullRequestStatus::Other("FROZEN".to_owned()));
    assert_eq!(steps([answer]), ["nothing built: the pull request is FROZEN"]);
}

#[test]
fn without_the_setting_nothing_is_stopped() {
    let off = || StartSettings { stop_superseded: false, ..settings() };
    let over = Starter::new(off(), closed(PullRequestStatus::Closed));
    assert_eq!(words(over.step()), "nothing built: the pull request is closed");
    let mut pushed = Starter::new(off(), push());
    [agreed(5), started()].into_iter().for_each(|answer| pushed.answer(answer));
    assert_eq!(words(pushed.step()), "build started: hook:1");
    let mut late = Starter::new(off(), push());
    late.answer(changed(|current| current.status = PullRequestStatus::Merged));
    assert_eq!(words(late.step()), "nothing built: the pull request is merged");
}
