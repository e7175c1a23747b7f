use super::*;
use crate::author::{AuthorArn, FunctionArn};
use crate::examples::{a_build_of, a_pull_request_build, at};
use crate::ids::{BuildId, DestinationCommit, HookName, PullRequestId, SourceCommit};
use crate::marker::ReplyMarker;
use crate::own_comments::{OwnComments, PullRequestComment};

fn identity() -> CommentIdentity {
    let build = a_pull_request_build();
    CommentIdentity {
        hook_name: HookName::parse("pull-request-hook").unwrap(),
        pull_request_id: build.pull_request_id,
        source_commit: build.source_commit,
    }
}

fn author() -> AuthorArn {
    FunctionArn::parse("arn:aws:lambda:eu-central-1:123456789012:function:publish")
        .unwrap()
        .author_arn("role")
}

fn content(builds: &[&str]) -> String {
    let builds = builds.iter().map(|id| BuildId::parse(&format!("pull-request-hook:{id}")).unwrap());
    let identity = identity();
    let marker = Marker {
        hook_name: identity.hook_name,
        source_commit: identity.source_commit,
        builds: builds.collect(),
        unfinished: false,
        earlier_unfinished: false,
    };
    format!("Hello\n\n{marker}")
}

/// The hook's own comment of second `created`, showing `builds`.
fn own(id: &str, created: u64, builds: &[&str]) -> PullRequestComment {
    PullRequestComment {
        id: id.to_owned(),
        author_arn: Some(author().as_str().to_owned()),
        content: Some(content(builds)),
        deleted: false,
        creation_date: Some(at(created)),
        last_modified_date: Some(at(created)),
        after_commit_id: Some(identity().source_commit.to_string()),
        in_reply_to: None,
        client_request_token: None,
    }
}

fn deleted(id: &str, created: u64, when: u64) -> PullRequestComment {
    PullRequestComment {
        content: None,
        deleted: true,
        last_modified_date: Some(at(when)),
        ..own(id, created, &[])
    }
}

fn find(comments: &[PullRequestComment]) -> OwnComments<'_> {
    OwnComments::find(comments, &identity().hook_name, &author())
}

fn live_id(comments: &[PullRequestComment]) -> Option<String> {
    find(comments).of(&identity().source_commit).live.map(|live| live.id.to_owned())
}

#[test]
fn the_marker_and_the_author_make_a_comment_the_hooks_own() {
    let mine = own("mine", 5, &["1"]);
    assert_eq!(live_id(std::slice::from_ref(&mine)), Some("mine".to_owned()));
    let with_content = |content: String| PullRequestComment { content: Some(content), ..mine.clone() };
    let by = |author: &str| PullRequestComment { author_arn: Some(author.to_owned()), ..mine.clone() };
    for (why, other) in [
        ("another author", by("arn:aws:iam::123456789012:user/mallory")),
        ("another session of the role", by("arn:aws:sts::123456789012:assumed-role/role/publish2")),
        ("another account", by("arn:aws:sts::999999999999:assumed-role/role/publish")),
        ("no author", PullRequestComment { author_arn: None, ..mine.clone() }),
        ("another hook", with_content(content(&["1"]).replace("hook=pull-request-hook", "hook=other"))),
        ("another commit", with_content(content(&["1"]).replace(&"a".repeat(40), &"c".repeat(40)))),
        ("no marker", with_content("Hello".to_owned())),
        ("no content", PullRequestComment { content: None, ..mine.clone() }),
    ] {
        assert_eq!(live_id(&[other]), None, "{why}");
    }
}

#[test]
fn of_two_own_comments_the_older_is_kept() {
    assert_eq!(live_id(&[own("b", 7, &[]), own("a", 5, &[])]), Some("a".to_owned()));
    assert_eq!(live_id(&[own("b", 5, &[]), own("a", 5, &[])]), Some("a".to_owned()));
}

#[test]
fn a_reply_is_no_comment_of_its_commit_and_tells_its_build() {
    let reply = ReplyMarker {
        hook_name: identity().hook_name,
        build_id: BuildId::parse("pull-request-hook:1").unwrap(),
    };
    let reply = PullRequestComment {
        content: Some(format!("Broken.\n\n{reply}")),
        in_reply_to: Some("mine".to_owned()),
        ..own("reply", 9, &[])
    };
    let deleted = PullRequestComment { in_reply_to: Some("mine".to_owned()), ..deleted("gone", 20, 30) };
    let comments = [own("mine", 5, &["1"]), reply, deleted];
    let own = find(&comments);
    let build_id = |name: &str| BuildId::parse(&format!("pull-request-hook:{name}")).unwrap();
    assert!(own.replied_to(&build_id("1")) && !own.replied_to(&build_id("2")));
    assert_eq!(own.deleted_replies().len(), 1);
    let of_commit = own.of(&identity().source_commit);
    assert_eq!((of_commit.duplicates.len(), of_commit.deleted), (0, 0));
}

#[test]
fn comments_of_all_commits_are_told_apart_and_the_newest_comes_first() {
    let other = SourceCommit::parse(&"c".repeat(40)).unwrap();
    let elsewhere = |id, created, builds: &[&str]| PullRequestComment {
        content: Some(content(builds).replace(&"a".repeat(40), other.as_str())),
        ..own(id, created, builds)
    };
    let comments = [
        own("b", 20, &["2"]),
        elsewhere("c", 10, &["3", "4"]),
        own("a", 5, &["1"]),
        elsewhere("d", 30, &["5"]),
    ];
    let own = find(&comments);
    assert_eq!(own.commits(), [&other, &identity().source_commit]);
    let builds: Vec<_> = own.shown_builds().map(BuildId::unique_part).collect();
    assert_eq!(builds, ["5", "2", "3", "4", "1"]);
    let of_other = own.of(&other);
    assert_eq!(of_other.live.unwrap().id, "c");
    assert_eq!(of_other.duplicates.iter().map(|comment| comment.id).collect::<Vec<_>>(), ["d"]);
}

#[test]
fn deletions_are_counted_by_author_and_commit() {
    let other_commit = PullRequestComment { after_commit_id: Some("c".repeat(40)), ..deleted("c", 1, 99) };
    let other_author = PullRequestComment { author_arn: Some("x".to_owned()), ..deleted("d", 1, 99) };
    let comments = [deleted("a", 1, 10), deleted("b", 20, 30), other_commit, other_author];
    let own = find(&comments);
    let found = own.of(&identity().source_commit);
    assert_eq!((found.live, found.deleted, found.last_deletion), (None, 2, Some(at(30))));
}

#[test]
fn the_build_that_started_last_is_shown() {
    let ids = |builds: &CommitBuilds<'_>| {
        let ids = builds.marker(&identity()).builds;
        ids.iter().map(|id| id.unique_part().to_owned()).collect::<Vec<_>>()
    };
    let retried = [a_build_of("1", 10), a_build_of("3", 30), a_build_of("2", 20)];
    assert_eq!(ids(&CommitBuilds::of(&retried, &identity()).unwrap()), ["3", "2", "1"]);

    let mut at_once = [a_build_of("1", 10), a_build_of("2", 10), a_build_of("3", 10)];
    at_once[0].number = Some(13);
    assert_eq!(ids(&CommitBuilds::of(&at_once, &identity()).unwrap()), ["1", "3", "2"]);

    let twice = [a_build_of("1", 10), a_build_of("1", 10)];
    assert_eq!(ids(&CommitBuilds::of(&twice, &identity()).unwrap()), ["1"]);

    let many: Vec<Build> = (1..=20).map(|number| a_build_of(&number.to_string(), number)).collect();
    let newest = CommitBuilds::of(&many, &identity()).unwrap();
    assert_eq!(ids(&newest), ["20", "19", "18", "17", "16", "15", "14", "13", "12", "11"]);
}

#[test]
fn the_marker_tells_which_ends_the_comment_does_not_know() {
    let ended = |name, start| Build { status: BuildStatus::Failed, ..a_build_of(name, start) };
    let unfinished = |builds: &[Build]| {
        let marker = CommitBuilds::of(builds, &identity()).unwrap().marker(&identity());
        (marker.unfinished, marker.earlier_unfinished)
    };
    assert_eq!(unfinished(&[ended("1", 10), ended("2", 20)]), (false, false));
    assert_eq!(unfinished(&[ended("1", 10), a_build_of("2", 20)]), (true, false));
    assert_eq!(unfinished(&[a_build_of("1", 10), ended("2", 20)]), (false, true));
}

#[test]
fn builds_of_something_else_are_left_out() {
    let mut other_commit = a_build_of("1", 10);
    other_commit.pull_request.source_commit = SourceCommit::parse(&"c".repeat(40)).unwrap();
    let mut other_pull_request = a_build_of("2", 20);
    other_pull_request.pull_request.pull_request_id = PullRequestId::parse("43").unwrap();
    let mut moved_destination = a_build_of("3", 5);
    moved_destination.pull_request.destination_commit = DestinationCommit::parse(&"d".repeat(40)).unwrap();
    assert_eq!(CommitBuilds::of(&[other_commit.clone(), other_pull_request.clone()], &identity()), None);
    let builds = [other_commit, other_pull_request, moved_destination];
    let builds = CommitBuilds::of(&builds, &identity()).unwrap();
    assert_eq!(builds.newest().arn.build_id.unique_part(), "3");
    assert_eq!(builds.marker(&identity()).builds.len(), 1);
}

fn decide(comments: &[PullRequestComment], build: &Build, content: &str) -> CommentDecision {
    decide_comment(&identity(), &find(comments).of(&identity().source_commit), build, content)
}

#[test]
fn a_comment_is_posted_once_and_then_changed_in_place() {
    let build = a_build_of("1", 10);
    let text = content(&["1"]);
    let post = |generation| CommentDecision::Post { request_token: identity().request_token(generation) };
    assert_eq!(decide(&[], &build, &text), post(0));
    let comments = [own("mine", 11, &["1"])];
    let keep = CommentDecision::Keep { comment_id: "mine".to_owned() };
    assert_eq!(decide(&comments, &build, &text), keep);
    assert_eq!(decide(&comments, &build, &format!("{text}\n")), keep);
    let update = CommentDecision::Update { comment_id: "mine".to_owned() };
    assert_eq!(decide(&comments, &build, &text.replace("Hello", "Bye")), update);
}

#[test]
fn what_a_person_deleted_stays_deleted_until_a_later_build() {
    let text = content(&["1"]);
    let comments = [deleted("a", 11, 100)];
    for start in [10, 99, 100] {
        assert_eq!(
            decide(&comments, &a_build_of("1", start), &text),
            CommentDecision::StayDeleted,
            "{start}"
        );
    }
    let again = CommentDecision::Post { request_token: identity().request_token(1) };
    assert_eq!(decide(&comments, &a_build_of("2", 101), &text), again);

    let unknown_start = Build { start_time: None, ..a_build_of("1", 0) };
    assert_eq!(decide(&comments, &unknown_start, &text), CommentDecision::StayDeleted);
    let mut unknown_deletion = deleted("a", 11, 100);
    (unknown_deletion.creation_date, unknown_deletion.last_modified_date) = (None, None);
    assert_eq!(decide(&[unknown_deletion], &a_build_of("2", 101), &text), CommentDecision::StayDeleted);
}

#[test]
fn a_comment_posted_after_a_deletion_is_kept_current() {
    let comments = [deleted("a", 11, 100), own("b", 120, &["2"])];
    assert_eq!(
        decide(&comments, &a_build_of("2", 110), &content(&["2", "1"])),
        CommentDecision::Update { comment_id: "b".to_owned() }
    );
}

#[test]
fn a_token_is_the_same_for_ever_and_another_for_every_comment() {
    let token = identity().request_token(0);
    assert_eq!(token, "7a7ad3a37d50239ba2ffc17506b6bd2109e7b1c36b59aa4dc060f8a9c1050d50");
    let mut others = vec![identity().request_token(1)];
    for change in [
        |identity: &mut CommentIdentity| identity.hook_name = HookName::parse("other").unwrap(),
        |identity: &mut CommentIdentity| identity.pull_request_id = PullRequestId::parse("4").unwrap(),
        |identity: &mut CommentIdentity| {
            identity.source_commit = SourceCommit::parse(&"c".repeat(40)).unwrap();
        },
    ] {
        let mut identity = identity();
        change(&mut identity);
        others.push(identity.request_token(0));
    }
    assert!(!others.contains(&token));
}
