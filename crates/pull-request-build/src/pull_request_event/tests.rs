use std::time::Duration;

use serde_json::json;

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        ($name, include_str!(concat!("../../fixtures/pull-request-events/", $name, ".json")))
    };
}

const CREATED: (&str, &str) = fixture!("pullRequestCreated");
const SOURCE_BRANCH_UPDATED: (&str, &str) = fixture!("pullRequestSourceBranchUpdated");
const STATUS_CHANGED: (&str, &str) = fixture!("pullRequestStatusChanged");
const MERGE_STATUS_UPDATED: (&str, &str) = fixture!("pullRequestMergeStatusUpdated");
const OTHERS: [(&str, &str); 5] = [
    fixture!("pullRequestApprovalStateChanged"),
    fixture!("pullRequestApprovalRuleCreated"),
    fixture!("pullRequestApprovalRuleUpdated"),
    fixture!("pullRequestApprovalRuleDeleted"),
    fixture!("pullRequestApprovalRuleOverridden"),
];

fn json((_, text): (&str, &str)) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The event of a created pull request with one field of its detail changed; null removes it.
fn created_with(name: &str, value: Value) -> Value {
    let mut event = json(CREATED);
    event["detail"][name] = value;
    event
}

fn parse_revision(event: &Value) -> NewRevision {
    match PullRequestEvent::parse(event) {
        Ok(PullRequestEvent::NewRevision(revision)) => revision,
        other => panic!("expected a new revision, got {other:?}"),
    }
}

#[test]
fn a_created_pull_request_is_a_new_revision() {
    let revision = parse_revision(&json(CREATED));
    assert_eq!(revision.time, SystemTime::UNIX_EPOCH + Duration::from_secs(1_784_023_070));
    assert_eq!(revision.status, PullRequestStatus::Open);
    assert!(revision.is_first);
    let build = revision.build;
    assert_eq!(build.pull_request_id.as_str(), "42");
    assert_eq!(build.repository_name.as_str(), "payments");
    assert_eq!(build.source_commit.as_str(), "2df5de2b8c1a7f3e9d0b4c6a5e8f7d1c3b2a9e80");
    assert_eq!(build.destination_commit.as_str(), "77e1a0b2c3d4e5f60718293a4b5c6d7e8f901234");
    assert_eq!(
        build.revision_id.as_str(),
        "bdc0cb9b4a1d0d8e5e1f6c2a7b3948d15c6e7f80a1b2c3d4e5f60718293a4b5c"
    );
    assert_eq!(build.source_reference.unwrap().as_str(), "refs/heads/feature/refunds");
    assert_eq!(build.destination_reference.unwrap().as_str(), "refs/heads/main");
}

#[test]
fn a_push_to_the_source_branch_is_a_new_revision() {
    let revision = parse_revision(&json(SOURCE_BRANCH_UPDATED));
    assert!(!revision.is_first);
    assert_eq!(revision.build.source_commit.as_str(), "9a3f1c5e7b2d4860af1e3c5b7d9f0a2c4e6b8d01");
}

#[test]
fn a_closed_or_merged_pull_request_is_named() {
    let closed = |status| {
        Ok(PullRequestEvent::Closed(ClosedPullRequest {
            pull_request_id: PullRequestId::parse("42").unwrap(),
            repository_name: RepositoryName::parse("payments").unwrap(),
            status,
        }))
    };
    assert_eq!(PullRequestEvent::parse(&json(STATUS_CHANGED)), closed(PullRequestStatus::Closed));
    assert_eq!(PullRequestEvent::parse(&json(MERGE_STATUS_UPDATED)), closed(PullRequestStatus::Merged));
    for name in ["pullRequestId", "repositoryNames"] {
        let mut event = json(STATUS_CHANGED);
        event["detail"][name] = Value::Null;
        let error = PullRequestEvent::parse(&event).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_changed_status_that_is_not_the_end_makes_no_revision() {
    for status in [json!("Open"), json!("Draft"), Value::Null] {
        let mut event = json(STATUS_CHANGED);
        event["detail"]["pullRequestStatus"] = status.clone();
        let expected = PullRequestEvent::Other(PullRequestEventKind::StatusChanged);
        assert_eq!(PullRequestEvent::parse(&event), Ok(expected), "{status}");
    }
}

#[test]
fn every_other_documented_kind_is_known_and_makes_no_revision() {
    for fixture in OTHERS {
        let (name, _) = fixture;
        let event = PullRequestEvent::parse(&json(fixture)).unwrap();
        let PullRequestEvent::Other(kind) = event else { panic!("{name} became {event:?}") };
        assert!(!matches!(kind, PullRequestEventKind::Other(_)), "{name} is not known");
        assert_eq!(kind.name(), name);
    }
}

#[test]
fn a_kind_that_does_not_exist_yet_keeps_its_name_and_needs_no_other_field() {
    let event = json!({"detail-type": DETAIL_TYPE, "detail": {"event": "pullRequestTeleported"}});
    let kind = PullRequestEventKind::Other("pullRequestTeleported".to_owned());
    assert_eq!(PullRequestEvent::parse(&event), Ok(PullRequestEvent::Other(kind)));
}

#[test]
fn what_is_not_needed_may_be_absent_and_what_is_new_is_ignored() {
    let optional = [
        "author",
        "callerUserArn",
        "creationDate",
        "description",
        "isMerged",
        "lastModifiedDate",
        "notificationBody",
        "pullRequestStatus",
        "title",
    ];
    let expected = parse_revision(&json(CREATED));
    let mut event = json(CREATED);
    event["detail"]["somethingNew"] = json!([{"deep": 1}]);
    event["detail"]["title"] = json!(5);
    assert_eq!(parse_revision(&event), expected);
    for name in optional {
        assert_eq!(parse_revision(&created_with(name, Value::Null)), expected, "without {name}");
    }
}

#[test]
fn a_reference_that_is_absent_or_cannot_be_passed_on_is_left_out() {
    for value in [
        Value::Null,
        json!("main"),
        json!("refs/heads/a\u{0}b"),
        json!(format!("refs/heads/{}", "x".repeat(2000))),
    ] {
        let build = parse_revision(&created_with("sourceReference", value)).build;
        assert_eq!(build.source_reference, None);
        assert!(build.destination_reference.is_some());
    }
}

#[test]
fn is_merged_is_a_string() {
    let status = |value| PullRequestEvent::parse(&created_with("isMerged", value));
    assert_eq!(parse_revision(&created_with("isMerged", json!("True"))).status, PullRequestStatus::Merged);
    for wrong in [json!(true), json!("true"), json!("")] {
        let error = status(wrong.clone()).unwrap_err();
        assert!(error.to_string().contains("detail.isMerged"), "{wrong}: {error}");
    }
}

#[test]
fn a_status_is_read_in_the_events_and_in_the_apis_form() {
    let cases = [
        ("Open", false, PullRequestStatus::Open),
        ("OPEN", false, PullRequestStatus::Open),
        ("Closed", false, PullRequestStatus::Closed),
        ("CLOSED", true, PullRequestStatus::Merged),
        ("Draft", false, PullRequestStatus::Other("Draft".to_owned())),
    ];
    for (name, is_merged, expected) in cases {
        assert_eq!(PullRequestStatus::from_name(name, is_merged), expected);
    }
}

#[test]
fn a_required_field_that_is_absent_is_named() {
    for name in
        ["pullRequestId", "repositoryNames", "sourceCommit", "destinationCommit", "revisionId", "event"]
    {
        let error = PullRequestEvent::parse(&created_with(name, Value::Null)).unwrap_err();
        assert!(matches!(error, InvalidEvent::Missing(_)), "{name}: {error:?}");
        assert!(error.to_string().contains(&format!("detail.{name}")), "{error}");
    }
    for name in ["detail-type", "detail", "time"] {
        let mut event = json(CREATED);
        event[name] = Value::Null;
        let error = PullRequestEvent::parse(&event).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_required_field_that_is_malformed_is_named_with_what_is_wrong() {
    let cases = [
        ("sourceCommit", json!("HEAD"), "40 lower-case hex digits"),
        ("sourceCommit", json!(7), "must be a string"),
        ("destinationCommit", json!(""), "40 lower-case hex digits"),
        ("pullRequestId", json!("4 2"), "digits"),
        ("revisionId", json!("a b"), "without spaces"),
        ("repositoryNames", json!([]), "names 0"),
        ("repositoryNames", json!(["payments", "refunds"]), "names 2"),
        ("repositoryNames", json!("payments"), "must be a list"),
        ("repositoryNames", json!([7]), "list of strings"),
        ("repositoryNames", json!(["pay/ments"]), "the repository name"),
        ("event", json!("x".repeat(101)), "up to 100 characters"),
        ("pullRequestStatus", json!("Open\u{0}"), "up to 100 characters"),
    ];
    for (name, value, wrong) in cases {
        let error = PullRequestEvent::parse(&created_with(name, value)).unwrap_err().to_string();
        assert!(error.contains(&format!("detail.{name}")) && error.contains(wrong), "{error}");
    }
    let mut event = json(CREATED);
    event["time"] = json!("yesterday");
    assert!(PullRequestEvent::parse(&event).unwrap_err().to_string().contains("the event's time"));
}

#[test]
fn an_event_of_another_service_is_refused() {
    let mut event = json(CREATED);
    event["detail-type"] = json!("CodeCommit Repository State Change");
    let error = PullRequestEvent::parse(&event).unwrap_err().to_string();
    assert!(error.contains("CodeCommit Repository State Change") && error.contains("rule"), "{error}");
}
