use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, function};

fn target(pull_request: &Value) -> &Value {
    &pull_request["pullRequestTargets"][0]
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

#[tokio::test]
async fn a_new_pull_request_is_told_in_the_documented_shape() {
    let (world, clone) = World::with_repository("payments").await;
    let base = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    let source = clone.push_commit("feature/a", "one").await;
    clone.git(&["reset", "--quiet", "--hard", &base]).await.unwrap();
    let destination = clone.push_commit("main", "meanwhile").await;
    world.take_events();

    let input = json!({
        "title": "Pay",
        "description": "More",
        "targets": [{
            "repositoryName": "payments",
            "sourceReference": "feature/a",
            "destinationReference": "refs/heads/main",
        }],
        "clientRequestToken": "t",
    });
    let pull_request = world.call("CreatePullRequest", input).await.unwrap()["pullRequest"].clone();
    let expected = json!({
        "repositoryName": "payments",
        "sourceReference": "refs/heads/feature/a",
        "destinationReference": "refs/heads/main",
        "sourceCommit": source,
        "destinationCommit": destination,
        "mergeBase": base,
        "mergeMetadata": { "isMerged": false },
    });
    assert_eq!(target(&pull_request), &expected);
    assert_eq!(pull_request["pullRequestId"], "1");
    assert_eq!(pull_request["pullRequestStatus"], "OPEN");
    let revision = text(&pull_request, "revisionId");
    assert!(revision.len() == 64 && revision.bytes().all(|byte| byte.is_ascii_hexdigit()), "{revision}");

    let events = world.take_events();
    assert_eq!(events.len(), 1);
    let mut detail = events[0].detail.clone();
    let date = text(&detail, "creationDate").to_owned();
    assert!(date.contains(" UTC 20"), "{date}");
    detail["creationDate"] = "date".into();
    detail["lastModifiedDate"] = "date".into();
    let expected = json!({
        "author": "arn:aws:iam::123456789012:user/developer",
        "callerUserArn": "arn:aws:iam::123456789012:user/developer",
        "creationDate": "date",
        "description": "More",
        "destinationCommit": destination,
        "destinationReference": "refs/heads/main",
        "event": "pullRequestCreated",
        "isMerged": "False",
        "lastModifiedDate": "date",
        "notificationBody": "A pull request event occurred in the following AWS CodeCommit repository: payments. \
            User: arn:aws:iam::123456789012:user/developer. Event: Created. Pull request name: 1. Additional \
            information: A pull request was created with the following ID: 1. The title of the pull request is: \
            Pay. For more information, go to the AWS CodeCommit console \
            https://us-east-1.console.aws.amazon.com/codesuite/codecommit/repositories/payments/pull-requests/1\
            ?region=us-east-1.",
        "pullRequestId": "1",
        "pullRequestStatus": "Open",
        "repositoryNames": ["payments"],
        "revisionId": revision,
        "sourceCommit": source,
        "sourceReference": "refs/heads/feature/a",
        "title": "Pay",
    });
    assert_eq!(detail, expected);
}

#[tokio::test]
async fn a_push_to_the_source_branch_makes_a_new_revision_of_every_open_pull_request() {
    let (world, clone) = World::with_repository("payments").await;
    clone.git(&["push", "origin", "HEAD:refs/heads/release"]).await.unwrap();
    let first = clone.push_commit("topic", "one").await;
    let to_main = world.open_pull_request("payments", "topic").await;
    let open_to_release = json!({
        "title": "Backport",
        "targets": [{
            "repositoryName": "payments", "sourceReference": "topic", "destinationReference": "release",
        }],
        "clientRequestToken": "release",
    });
    let to_release = world.call("CreatePullRequest", open_to_release).await.unwrap()["pullRequest"].clone();
    clone.git(&["push", "origin", "HEAD~1:refs/heads/other"]).await.unwrap();
    world.take_events();
    world.clock.advance(Duration::from_secs(60));

    let second = clone.push_commit("topic", "two").await;
    let events = world.take_events();
    let names: Vec<_> = events.iter().map(|event| text(&event.detail, "event")).collect();
    let updated = "pullRequestSourceBranchUpdated";
    assert_eq!(names, ["referenceUpdated", updated, updated]);
    for (event, before) in events[1..].iter().zip([&to_main, &to_release]) {
        let now = world.pull_request(text(before, "pullRequestId")).await;
        assert_eq!(event.detail["revisionId"], now["revisionId"]);
        assert_ne!(now["revisionId"], before["revisionId"]);
        assert_eq!(event.detail["sourceCommit"], second);
        assert_eq!(target(&now)["sourceCommit"], second);
        assert_eq!(target(before)["sourceCommit"], first);
        let activity = |value: &Value| value["lastActivityDate"].as_f64().unwrap();
        assert!(activity(&now) >= activity(before) + 60.0);
    }
}

#[tokio::test]
async fn force_pushes_to_and_fro_make_three_revisions() {
    let (world, clone) = World::with_repository("payments").await;
    let a = clone.push_commit("topic", "a").await;
    let pull_request = world.open_pull_request("payments", "topic").await;
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]).await.unwrap();
    let b = clone.commit("b").await;
    world.take_events();
    for commit in [&b, &a] {
        clone.git(&["push", "--force", "origin", &format!("{commit}:refs/heads/topic")]).await.unwrap();
    }
    let told: Vec<_> =
        world.take_events().into_iter().filter(|event| event.detail.get("title").is_some()).collect();
    let commits: Vec<_> = told.iter().map(|event| text(&event.detail, "sourceCommit")).collect();
    assert_eq!(commits, [b.as_str(), a.as_str()]);
    let mut revisions = vec![text(&pull_request, "revisionId")];
    revisions.extend(told.iter().map(|event| text(&event.detail, "revisionId")));
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), 3, "an old commit does not bring its old revision back");
}

#[tokio::test]
async fn a_push_to_the_destination_moves_its_commit_and_tells_no_pull_request_event() {
    let (world, clone) = World::with_repository("payments").await;
    clone.push_commit("topic", "one").await;
    let before = world.open_pull_request("payments", "topic").await;
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]).await.unwrap();
    world.take_events();
    let destination = clone.push_commit("main", "meanwhile").await;
    assert_eq!(world.take_event_names(), ["referenceUpdated"]);
    let now = world.pull_request("1").await;
    assert_eq!(target(&now)["destinationCommit"], destination);
    for unchanged in ["revisionId", "lastActivityDate"] {
        assert_eq!(now[unchanged], before[unchanged], "{unchanged}");
    }
}

#[tokio::test]
async fn a_deleted_source_branch_leaves_the_pull_request_open() {
    let (world, clone) = World::with_repository("payments").await;
    let commit = clone.push_commit("topic", "one").await;
    let before = world.open_pull_request("payments", "topic").await;
    world.take_events();
    clone.git(&["push", "origin", ":refs/heads/topic"]).await.unwrap();
    assert_eq!(world.take_event_names(), ["referenceDeleted"]);
    assert_eq!(world.pull_request("1").await, before);
    // The same commit again is no news; another one is.
    clone.git(&["push", "origin", &format!("{commit}:refs/heads/topic")]).await.unwrap();
    assert_eq!(world.take_event_names(), ["referenceCreated"]);
    clone.push_commit("topic", "two").await;
    assert_eq!(world.take_event_names(), ["referenceUpdated", "pullRequestSourceBranchUpdated"]);
}

#[tokio::test]
async fn closing_is_told_once_and_is_final() {
    let (world, clone) = World::with_repository("payments").await;
    clone.push_commit("topic", "one").await;
    world.open_pull_request("payments", "topic").await;
    world.take_events();
    let close = json!({ "pullRequestId": "1", "pullRequestStatus": "CLOSED" });
    for _ in 0..2 {
        let answer = world.call_as(&function(), "UpdatePullRequestStatus", close.clone()).await.unwrap();
        assert_eq!(answer["pullRequest"]["pullRequestStatus"], "CLOSED");
    }
    let events = world.take_events();
    assert_eq!(events.len(), 1);
    let detail = &events[0].detail;
    assert_eq!(detail["event"], "pullRequestStatusChanged");
    assert_eq!(detail["pullRequestStatus"], "Closed");
    assert_eq!(detail["isMerged"], "False");
    assert_eq!(detail["callerUserArn"], function().arn);
    assert_eq!(detail["author"], "arn:aws:iam::123456789012:user/developer");

    let reopen = json!({ "pullRequestId": "1", "pullRequestStatus": "OPEN" });
    let error = world.call("UpdatePullRequestStatus", reopen).await.unwrap_err();
    assert_eq!(error.code, "InvalidPullRequestStatusUpdateException");
    let closed = world.pull_request("1").await;
    clone.push_commit("topic", "two").await;
    assert_eq!(world.take_event_names(), ["referenceUpdated"]);
    assert_eq!(world.pull_request("1").await, closed);
}

#[tokio::test]
async fn a_token_opens_one_pull_request() {
    let (world, clone) = World::with_repository("payments").await;
    clone.push_commit("topic", "one").await;
    let first = world.open_pull_request("payments", "topic").await;
    assert_eq!(world.open_pull_request("payments", "topic").await, first);
    let changed = json!({
        "title": "Another title",
        "targets": [{ "repositoryName": "payments", "sourceReference": "topic" }],
        "clientRequestToken": text(&first, "clientRequestToken"),
    });
    let error = world.call("CreatePullRequest", changed.clone()).await.unwrap_err();
    assert_eq!(error.code, "IdempotencyParameterMismatchException");
    let other = world.call_as(&function(), "CreatePullRequest", changed).await.unwrap();
    assert_eq!(other["pullRequest"]["pullRequestId"], "2", "a token is its caller's own");
}

#[tokio::test]
async fn what_cannot_be_a_pull_request_is_refused() {
    let (world, clone) = World::with_repository("payments").await;
    clone.push_commit("topic", "one").await;
    world.call("CreateRepository", json!({ "repositoryName": "empty" })).await.unwrap();
    world.take_events();
    let topic = json!({ "repositoryName": "payments", "sourceReference": "topic" });
    let source = |name: &str| json!({ "repositoryName": "payments", "sourceReference": name });
    for (change, code) in [
        (json!({ "title": "" }), "TitleRequiredException"),
        (json!({ "title": "x".repeat(151) }), "InvalidTitleException"),
        (json!({ "description": "x".repeat(10_241) }), "InvalidDescriptionException"),
        (json!({ "clientRequestToken": null }), "ClientRequestTokenRequiredException"),
        (json!({ "targets": [] }), "TargetsRequiredException"),
        (json!({ "targets": [topic, topic] }), "InvalidTargetsException"),
        (
            json!({ "targets": [topic, { "repositoryName": "empty", "sourceReference": "x" }] }),
            "MultipleRepositoriesInPullRequestException",
        ),
        (json!({ "targets": [source("gone")] }), "ReferenceDoesNotExistException"),
        (json!({ "targets": [source("")] }), "ReferenceNameRequiredException"),
        (json!({ "targets": [source("refs/tags/v1")] }), "ReferenceTypeNotSupportedException"),
        (json!({ "targets": [source("main")] }), "SourceAndDestinationAreSameException"),
        (
            json!({ "targets": [{ "repositoryName": "empty", "sourceReference": "x" }] }),
            "ReferenceDoesNotExistException",
        ),
        (
            json!({ "targets": [{ "repositoryName": "nowhere", "sourceReference": "x" }] }),
            "RepositoryDoesNotExistException",
        ),
    ] {
        let mut input = json!({ "title": "t", "targets": [topic], "clientRequestToken": "t" });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let error = world.call("CreatePullRequest", input).await.unwrap_err();
        assert_eq!(error.code, code, "{change}");
    }
    assert!(world.take_events().is_empty());
    for (id, code) in [("7", "PullRequestDoesNotExistException"), ("x", "InvalidPullRequestIdException")] {
        let error = world.call("GetPullRequest", json!({ "pullRequestId": id })).await.unwrap_err();
        assert_eq!(error.code, code);
    }
}

#[tokio::test]
async fn branches_with_one_tip_and_unrelated_histories_can_be_pull_requests() {
    let (world, clone) = World::with_repository("payments").await;
    clone.git(&["push", "origin", "HEAD:refs/heads/same"]).await.unwrap();
    let same = world.open_pull_request("payments", "same").await;
    assert_eq!(target(&same)["sourceCommit"], target(&same)["destinationCommit"]);
    clone.git(&["checkout", "--quiet", "--orphan", "unrelated"]).await.unwrap();
    clone.push_commit("unrelated", "another beginning").await;
    let unrelated = world.open_pull_request("payments", "unrelated").await;
    assert!(target(&unrelated).get("mergeBase").is_none(), "{unrelated}");
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let (world, clone) = World::with_repository("payments").await;
    for number in 1..=5 {
        clone.git(&["push", "--quiet", "origin", &format!("HEAD:refs/heads/b{number}")]).await.unwrap();
        world.open_pull_request("payments", &format!("b{number}")).await;
    }
    let close = json!({ "pullRequestId": "3", "pullRequestStatus": "CLOSED" });
    world.call("UpdatePullRequestStatus", close).await.unwrap();
    let list = async |filter: Value| {
        let mut input = json!({ "repositoryName": "payments" });
        input.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        world.call("ListPullRequests", input).await
    };
    assert_eq!(list(json!({})).await.unwrap()["pullRequestIds"], json!(["5", "4", "3", "2", "1"]));
    let open = list(json!({ "pullRequestStatus": "OPEN" })).await.unwrap();
    assert_eq!(open, json!({ "pullRequestIds": ["5", "4", "2", "1"] }));
    let mine = list(json!({ "authorArn": function().arn })).await.unwrap();
    assert_eq!(mine["pullRequestIds"], json!([]));
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = list(json!({ "maxResults": 2, "nextToken": token })).await.unwrap();
        pages.push(page["pullRequestIds"].clone());
        match page.get("nextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    assert_eq!(pages, [json!(["5", "4"]), json!(["3", "2"]), json!(["1"])]);
    for (filter, code) in [
        (json!({ "maxResults": 0 }), "InvalidMaxResultsException"),
        (json!({ "nextToken": "x" }), "InvalidContinuationTokenException"),
        (json!({ "pullRequestStatus": "open" }), "InvalidPullRequestStatusException"),
        (json!({ "authorArn": "Ada" }), "InvalidAuthorArnException"),
        (json!({ "repositoryName": "nowhere" }), "RepositoryDoesNotExistException"),
    ] {
        assert_eq!(list(filter.clone()).await.unwrap_err().code, code, "{filter}");
    }
}
