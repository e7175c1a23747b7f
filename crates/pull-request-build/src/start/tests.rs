use super::*;
use crate::build::BuildStatus;
use crate::examples::{a_pull_request_build, at};
use crate::ids::{BuildId, DestinationCommit, PullRequestId, RepositoryName, RevisionId, SourceCommit};
use crate::pull_request_event::{PullRequestEventKind, PullRequestStatus};

mod stop;

/// The second at which the event was made.
const EVENT: u64 = 1_000;

fn revision() -> NewRevision {
    let build = a_pull_request_build();
    NewRevision { time: at(EVENT), status: PullRequestStatus::Open, is_first: true, build }
}

fn settings() -> StartSettings {
    StartSettings {
        hook_name: HookName::parse("pull-request-hook").unwrap(),
        project_name: ProjectName::parse("hook").unwrap(),
        stop_superseded: true,
    }
}

fn starter(event: PullRequestEvent) -> Starter {
    Starter::new(settings(), event)
}

/// CodeCommit's answer that agrees with the event, `seconds` after it.
fn agreed(seconds: u64) -> StartAnswer {
    let pull_request = CurrentPullRequest {
        status: PullRequestStatus::Open,
        revision_id: revision().build.revision_id,
        source_commit: revision().build.source_commit,
        last_activity: at(EVENT),
    };
    StartAnswer::PullRequest { pull_request: Some(pull_request), time: Some(at(EVENT + seconds)) }
}

/// The same answer after `change`.
fn changed(change: impl FnOnce(&mut CurrentPullRequest)) -> StartAnswer {
    let StartAnswer::PullRequest { pull_request: Some(mut pull_request), time } = agreed(5) else {
        panic!("an answer of another kind");
    };
    change(&mut pull_request);
    StartAnswer::PullRequest { pull_request: Some(pull_request), time }
}

fn id(unique: &str) -> BuildId {
    BuildId::parse(&format!("hook:{unique}")).unwrap()
}

/// A build of the event's revision.
fn ours(unique: &str, start: u64) -> ListedBuild {
    ListedBuild {
        id: id(unique),
        start_time: Some(at(start)),
        status: BuildStatus::InProgress,
        pull_request: Some(a_pull_request_build()),
    }
}

/// A build of another pull request.
fn other(unique: &str, start: u64) -> ListedBuild {
    let pull_request_id = PullRequestId::parse("41").unwrap();
    let pull_request = PullRequestBuild { pull_request_id, ..a_pull_request_build() };
    ListedBuild { pull_request: Some(pull_request), ..ours(unique, start) }
}

fn page(builds: &[ListedBuild], next_page: Option<&str>) -> StartAnswer {
    StartAnswer::Builds { builds: builds.to_vec(), next_page: next_page.map(str::to_owned) }
}

fn started() -> StartAnswer {
    StartAnswer::Started { build_id: id("1"), start_time: Some(at(EVENT + 5)) }
}

fn reason(kind: NotStartedKind) -> NotStartedReason {
    NotStartedReason { kind, message: "as AWS says it".to_owned() }
}

fn not_started(kind: NotStartedKind) -> StartAnswer {
    StartAnswer::NotStarted(reason(kind))
}

/// A step in words.
fn words(step: &StartStep) -> String {
    match step {
        StartStep::ReadPullRequest(build) => format!("read pull request {}", build.pull_request_id),
        StartStep::ReadBuilds { page } => format!("read builds {}", page.as_deref().unwrap_or("page 1")),
        StartStep::StartBuild { build, .. } => format!("start {}", build.revision_id),
        StartStep::ReadComments(pull_request_id) => format!("read comments of {pull_request_id}"),
        StartStep::ReadNamedBuilds(ids) => format!("read {} named builds from {}", ids.len(), ids[0]),
        StartStep::StopBuild(id) => format!("stop {id}"),
        StartStep::ReportNotStarted(not_started) => {
            format!("report {}: {}", not_started.build.revision_id, not_started.reason.kind)
        }
        StartStep::Finished(outcome) => {
            let what = outcome.build_id().or(outcome.reason()).unwrap_or_default();
            let stopped = outcome.stopped().iter().map(|id| format!(", stopped {id}"));
            format!("{}: {what}{}", outcome.message(), stopped.collect::<String>())
        }
        StartStep::Failed(failure) => format!("failed: {failure:?}"),
    }
}

/// The steps that come after the first, one for each answer.
fn steps(answers: impl IntoIterator<Item = StartAnswer>) -> Vec<String> {
    let mut starter = starter(PullRequestEvent::NewRevision(revision()));
    assert_eq!(words(starter.step()), "read pull request 42");
    let step_after = |answer| {
        starter.answer(answer);
        words(starter.step())
    };
    answers.into_iter().map(step_after).collect()
}

#[test]
fn a_revision_is_built_after_codecommit_agreed() {
    assert_eq!(steps([agreed(5), started()]), ["start r1", "build started: hook:1"]);
}

#[test]
fn the_start_is_asked_for_with_the_events_build_and_its_token() {
    let mut starter = starter(PullRequestEvent::NewRevision(revision()));
    starter.answer(agreed(5));
    let token = a_pull_request_build().start_token(&HookName::parse("pull-request-hook").unwrap());
    let expected = StartStep::StartBuild { build: Box::new(a_pull_request_build()), token };
    assert_eq!(*starter.step(), expected);
}

#[test]
fn an_event_that_calls_for_no_build_costs_no_call() {
    let mut no_change = revision();
    no_change.build.destination_commit = DestinationCommit::parse(&"a".repeat(40)).unwrap();
    let closed = NewRevision { status: PullRequestStatus::Closed, ..revision() };
    for (event, expected) in [
        (
            PullRequestEvent::Other(PullRequestEventKind::ApprovalStateChanged),
            "nothing built: an event of kind pullRequestApprovalStateChanged makes no new revision",
        ),
        (PullRequestEvent::NewRevision(closed), "nothing built: the pull request is closed"),
        (
            PullRequestEvent::NewRevision(no_change),
            &format!("nothing built: source and destination are the same commit, {}", "a".repeat(40)),
        ),
    ] {
        assert_eq!(words(starter(event).step()), expected);
    }
}

#[test]
fn codecommit_may_say_that_there_is_nothing_to_build_any_more() {
    let gone = StartAnswer::PullRequest { pull_request: None, time: Some(at(EVENT)) };
    let moved_on = changed(|current| current.revision_id = RevisionId::parse("r2").unwrap());
    let behind = changed(|current| {
        current.revision_id = RevisionId::parse("r0").unwrap();
        current.last_activity = at(EVENT - 1);
    });
    for (answer, expected) in [
        (gone, "nothing built: the pull request or its repository no longer exists"),
        (
            moved_on,
            &format!(
                "nothing built: the pull request has moved on to commit {}, revision r2",
                "a".repeat(40)
            ),
        ),
        (behind, r#"failed: ReadIsBehind(RevisionId("r1"))"#),
    ] {
        assert_eq!(steps([answer]), [expected]);
    }
}

#[test]
fn the_token_is_trusted_for_four_minutes_of_codecommits_clock() {
    let without_time = |answer| match answer {
        StartAnswer::PullRequest { pull_request, .. } => {
            StartAnswer::PullRequest { pull_request, time: None }
        }
        answer => answer,
    };
    assert_eq!(steps([agreed(240)]), ["start r1"]);
    assert_eq!(steps([agreed(241)]), ["read builds page 1"]);
    assert_eq!(steps([without_time(agreed(5))]), ["read builds page 1"]);
}

#[test]
fn a_late_event_finds_the_build_of_an_earlier_try_or_starts_it() {
    let first = [other("9", EVENT - 60)];
    assert_eq!(
        steps([agreed(241), page(&first, Some("page 2")), page(&[ours("8", EVENT)], Some("page 3"))]),
        ["read builds page 1", "read builds page 2", "build found, none started: hook:8"],
        "a build that started 60 s before the event may be due to the clocks"
    );
    assert_eq!(
        steps([agreed(241), page(&[other("9", EVENT), other("8", EVENT - 61)], Some("page 2")), started()]),
        ["read builds page 1", "start r1", "build started: hook:1"],
        "older builds lie further back"
    );
    assert_eq!(steps([agreed(241), page(&[], None)]), ["read builds page 1", "start r1"]);
    let without_time = ListedBuild { start_time: None, ..other("9", 0) };
    assert_eq!(
        steps([agreed(241), page(&[without_time], Some("page 2"))]),
        ["read builds page 1", "read builds page 2"],
        "a build without a start does not end the search"
    );
}

#[test]
fn a_build_that_the_sweep_found_missing_is_looked_for_among_the_builds_since_the_sweep_began() {
    let missing = MissingBuild {
        revision: NewRevision { is_first: false, ..revision() },
        looked_back_from: at(EVENT + 3_000),
        is_older_than_the_hook: false,
    };
    let steps = |answers: &[StartAnswer]| -> Vec<String> {
        let mut starter = Starter::for_missing(settings(), missing.clone());
        assert_eq!(words(starter.step()), "read pull request 42");
        let step_after = |answer: &StartAnswer| {
            starter.answer(answer.clone());
            words(starter.step())
        };
        answers.iter().map(step_after).collect()
    };
    let first = page(&[other("9", EVENT + 2_940)], Some("page 2"));
    let second = page(&[other("8", EVENT + 2_939)], Some("page 3"));
    assert_eq!(
        steps(&[agreed(3_010), first.clone(), second, started()])[..3],
        ["read builds page 1", "read builds page 2", "start r1"]
    );
    assert_eq!(
        steps(&[agreed(3_010), first, page(&[ours("8", EVENT + 3_005)], None)])[2],
        "read comments of 42",
        "an event was faster: its build is found, and the earlier ones are stopped"
    );
    let moved_on = changed(|current| current.revision_id = RevisionId::parse("r2").unwrap());
    assert!(steps(&[moved_on])[0].starts_with("nothing built: the pull request has moved on"));
}

#[test]
fn only_a_build_of_the_same_request_is_found() {
    let with = |change: fn(&mut PullRequestBuild)| {
        let mut build = a_pull_request_build();
        change(&mut build);
        ListedBuild { pull_request: Some(build), ..ours("8", EVENT) }
    };
    let others = [
        with(|build| build.pull_request_id = PullRequestId::parse("41").unwrap()),
        with(|build| build.repository_name = RepositoryName::parse("refunds").unwrap()),
        with(|build| build.source_commit = SourceCommit::parse(&"c".repeat(40)).unwrap()),
        with(|build| build.revision_id = RevisionId::parse("r0").unwrap()),
        ListedBuild { pull_request: None, ..ours("8", EVENT) },
    ];
    for build in others {
        assert_eq!(
            steps([agreed(241), page(std::slice::from_ref(&build), None)]).last().unwrap(),
            "start r1",
            "{build:?}"
        );
    }
    let moved = with(|build| build.destination_commit = DestinationCommit::parse(&"c".repeat(40)).unwrap());
    assert_eq!(
        steps([agreed(241), page(&[moved], None)]).last().unwrap(),
        "build found, none started: hook:8"
    );
}

#[test]
fn a_refused_start_is_no_failure_if_the_build_is_there() {
    for late in [false, true] {
        let before = if late { vec![agreed(241), page(&[], None)] } else { vec![agreed(5)] };
        let before_count = before.len();
        let refused = before.into_iter().chain([not_started(NotStartedKind::Refused)]);
        let found = refused.clone().chain([page(&[], Some("page 2")), page(&[ours("8", EVENT)], None)]);
        assert_eq!(steps(found).last().unwrap(), "build found, none started: hook:8");
        let missing = refused.chain([page(&[other("8", EVENT)], None), StartAnswer::Reported]);
        assert_eq!(
            steps(missing)[before_count + 1..],
            ["report r1: CodeBuild refuses the request", "failed: NotStarted"]
        );
    }
}

#[test]
fn a_build_that_cannot_start_is_reported_before_the_invocation_fails() {
    for (kind, report) in [
        (NotStartedKind::AccountLimit, "report r1: the limit of builds is reached"),
        (NotStartedKind::ProjectNotFound, "report r1: the project does not exist"),
        (NotStartedKind::AccessDenied, "report r1: access is denied"),
    ] {
        assert_eq!(
            steps([agreed(5), not_started(kind), StartAnswer::Reported]),
            ["start r1", report, "failed: NotStarted"]
        );
    }
}

#[test]
fn the_report_has_all_that_a_comment_needs() {
    let mut starter = starter(PullRequestEvent::NewRevision(revision()));
    starter.answer(agreed(5));
    starter.answer(not_started(NotStartedKind::AccountLimit));
    let expected = NotStarted {
        hook_name: settings().hook_name,
        build: a_pull_request_build(),
        reason: reason(NotStartedKind::AccountLimit),
    };
    assert_eq!(*starter.step(), StartStep::ReportNotStarted(Box::new(expected)));
}

#[test]
fn an_answer_to_another_step_changes_nothing() {
    let all = || {
        let not_started = not_started(NotStartedKind::AccountLimit);
        [agreed(5), page(&[ours("8", EVENT)], None), started(), not_started, StartAnswer::Reported]
    };
    for (so_far, expected) in [
        (vec![], "read pull request 42"),
        (vec![agreed(5)], "start r1"),
        (vec![agreed(241)], "read builds page 1"),
        (vec![agreed(5), started()], "build started: hook:1"),
        (
            vec![agreed(5), not_started(NotStartedKind::AccountLimit)],
            "report r1: the limit of builds is reached",
        ),
    ] {
        let mut starter = starter(PullRequestEvent::NewRevision(revision()));
        so_far.into_iter().for_each(|answer| starter.answer(answer));
        assert_eq!(words(starter.step()), expected);
        let fits = |answer: &StartAnswer| {
            matches!(
                (starter.step(), answer),
                (StartStep::ReadPullRequest(_), StartAnswer::PullRequest { .. })
                    | (StartStep::ReadBuilds { .. }, StartAnswer::Builds { .. })
                    | (
                        StartStep::StartBuild { .. },
                        StartAnswer::Started { .. } | StartAnswer::NotStarted(_)
                    )
                    | (StartStep::ReportNotStarted(_), StartAnswer::Reported)
            )
        };
        for answer in all().into_iter().filter(|answer| !fits(answer)) {
            let mut starter = starter.clone();
            starter.answer(answer.clone());
            assert_eq!(words(starter.step()), expected, "{answer:?}");
        }
    }
}
