use serde_json::{Value, json};

use crate::world::{GitClone, World, person};

/// Pull request 1 of `topic`, which branched off before the last commit of `main`; both wrote their own file, or the
/// same one where `conflict` is given its two contents.
async fn diverged(conflict: Option<(&str, &str)>) -> (World, GitClone) {
    let (world, clone) = World::with_repository("payments").await;
    clone.commit_file("both.txt", "1\n2\n3\n4\n5\n").await;
    clone.git(&["push", "--quiet", "origin", "HEAD:main", "HEAD:refs/heads/topic"]).await.unwrap();
    let base = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    let (ours, theirs) = conflict.unwrap_or_default();
    match conflict {
        Some(_) => clone.commit_file("both.txt", ours).await,
        None => clone.commit_file("main.txt", "main\n").await,
    };
    clone.git(&["push", "--quiet", "origin", "HEAD:main"]).await.unwrap();
    clone.git(&["checkout", "--quiet", &base]).await.unwrap();
    match conflict {
        Some(_) => clone.commit_file("both.txt", theirs).await,
        None => clone.commit_file("topic.txt", "topic\n").await,
    };
    clone.git(&["push", "--quiet", "origin", "HEAD:topic"]).await.unwrap();
    world.open_pull_request("payments", "topic").await;
    world.take_events();
    (world, clone)
}

fn merge() -> Value {
    json!({ "pullRequestId": "1", "repositoryName": "payments" })
}

fn conflicts(level: &str) -> Value {
    json!({
        "repositoryName": "payments",
        "destinationCommitSpecifier": "main",
        "sourceCommitSpecifier": "topic",
        "mergeOption": "THREE_WAY_MERGE",
        "conflictDetailLevel": level,
    })
}

#[tokio::test]
async fn a_three_way_merge_has_two_parents_and_tells_that_it_merged() {
    let (world, clone) = diverged(None).await;
    let before = world.pull_request("1").await["pullRequestTargets"][0].clone();
    let mut input = merge();
    input["commitMessage"] = "Merge it".into();
    input["authorName"] = "Grace".into();
    input["email"] = "grace@example.com".into();
    input["sourceCommitId"] = before["sourceCommit"].clone();
    let merged = world.call("MergePullRequestByThreeWay", input).await.unwrap()["pullRequest"].clone();
    assert_eq!(merged["pullRequestStatus"], "CLOSED");
    let target = &merged["pullRequestTargets"][0];
    let metadata = &target["mergeMetadata"];
    assert_eq!(metadata["isMerged"], true);
    assert_eq!(metadata["mergeOption"], "THREE_WAY_MERGE");
    assert_eq!(metadata["mergedBy"], person().arn);
    assert_eq!(target["destinationCommit"], before["destinationCommit"]);

    clone.git(&["fetch", "--quiet"]).await.unwrap();
    let shown = clone.git(&["log", "-1", "--format=%H %P|%an <%ae>|%s", "origin/main"]).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let expected = format!(
        "{} {} {}|Grace <grace@example.com>|Merge it",
        text(&metadata["mergeCommitId"]),
        text(&before["destinationCommit"]),
        text(&before["sourceCommit"]),
    );
    assert_eq!(shown, expected);
    let files = clone.git(&["ls-tree", "--name-only", "origin/main"]).await.unwrap();
    assert_eq!(files, "both.txt\nmain.txt\ntopic.txt");

    let events = world.take_events();
    let names: Vec<_> = events.iter().map(|event| event.detail["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["referenceUpdated", "pullRequestMergeStatusUpdated"]);
    let updated = &events[0].detail;
    let base = clone.git(&["merge-base", "origin/topic", "origin/main~1"]).await.unwrap();
    for (member, expected) in [
        ("commitId", &metadata["mergeCommitId"]),
        ("oldCommitId", &before["destinationCommit"]),
        ("baseCommitId", &json!(base)),
        ("sourceCommitId", &before["sourceCommit"]),
        ("destinationCommitId", &before["destinationCommit"]),
        ("mergeOption", &json!("THREE_WAY_MERGE")),
        ("conflictDetailsLevel", &json!("FILE_LEVEL")),
        ("conflictResolutionStrategy", &json!("NONE")),
    ] {
        assert_eq!(updated[member], *expected, "{member}");
    }
    let detail = &events[1].detail;
    assert_eq!(detail["isMerged"], "True");
    assert_eq!(detail["pullRequestStatus"], "Closed");
    assert_eq!(detail["mergeOption"], "THREE_WAY_MERGE");
    let again = world.call("MergePullRequestByThreeWay", merge()).await.unwrap_err();
    assert_eq!(again.code, "PullRequestAlreadyClosedException");
}

#[tokio::test]
async fn a_squash_has_one_parent_and_updates_the_pull_requests_of_its_branch() {
    let (world, clone) = diverged(None).await;
    let onward = json!({
        "title": "Onward",
        "targets": [{ "repositoryName": "payments", "sourceReference": "main", "destinationReference": "topic" }],
        "clientRequestToken": "onward",
    });
    world.call("CreatePullRequest", onward).await.unwrap();
    world.take_events();
    world.call("MergePullRequestBySquash", merge()).await.unwrap();
    let names = world.take_event_names();
    assert_eq!(
        names,
        ["referenceUpdated", "pullRequestMergeStatusUpdated", "pullRequestSourceBranchUpdated"]
    );
    clone.git(&["fetch", "--quiet"]).await.unwrap();
    let parents = clone.git(&["log", "-1", "--format=%P", "origin/main"]).await.unwrap();
    assert_eq!(parents.split(' ').count(), 1);
}

#[tokio::test]
async fn only_a_branch_that_is_ahead_is_fast_forwarded() {
    let (world, clone) = diverged(None).await;
    let error = world.call("MergePullRequestByFastForward", merge()).await.unwrap_err();
    assert_eq!(error.code, "ManualMergeRequiredException");
    clone.git(&["checkout", "--quiet", "origin/main"]).await.unwrap();
    let ahead = clone.commit_file("ahead.txt", "a\n").await;
    clone.git(&["push", "--quiet", "--force", "origin", "HEAD:topic"]).await.unwrap();
    let mut stale = merge();
    stale["sourceCommitId"] = "0".repeat(40).into();
    let error = world.call("MergePullRequestByFastForward", stale).await.unwrap_err();
    assert_eq!(error.code, "TipOfSourceReferenceIsDifferentException");
    world.take_events();
    world.call("MergePullRequestByFastForward", merge()).await.unwrap();
    let events = world.take_events();
    assert_eq!(events[0].detail["mergeOption"], "FAST_FORWARD_MERGE");
    assert_eq!(events[0].detail.get("conflictDetailsLevel"), None);
    assert_eq!(events[1].detail["event"], "pullRequestMergeStatusUpdated");
    clone.git(&["fetch", "--quiet"]).await.unwrap();
    assert_eq!(clone.git(&["rev-parse", "origin/main"]).await.unwrap(), ahead);
}

#[tokio::test]
async fn a_file_that_both_changed_is_a_conflict_of_files_and_not_always_of_lines() {
    let (world, _clone) = diverged(Some(("one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n"))).await;
    let found = world.call("GetMergeConflicts", conflicts("FILE_LEVEL")).await.unwrap();
    assert_eq!(found["mergeable"], false);
    assert_eq!(found["conflictMetadataList"][0]["filePath"], "both.txt");
    let found = world.call("GetMergeConflicts", conflicts("LINE_LEVEL")).await.unwrap();
    assert_eq!(found["mergeable"], true);
    assert_eq!(found["conflictMetadataList"], json!([]));
    let error = world.call("MergePullRequestByThreeWay", merge()).await.unwrap_err();
    assert_eq!(error.code, "ManualMergeRequiredException");
    let mut by_line = merge();
    by_line["conflictDetailLevel"] = "LINE_LEVEL".into();
    world.call("MergePullRequestByThreeWay", by_line).await.unwrap();
}

#[tokio::test]
async fn lines_that_both_changed_are_told_and_keep_the_branches_apart() {
    let (world, clone) = diverged(Some(("one\n2\n3\n4\n5\n", "uno\n2\n3\n4\nfive\n"))).await;
    let main = clone.git(&["rev-parse", "origin/main"]).await.unwrap();
    let found = world.call("GetMergeConflicts", conflicts("LINE_LEVEL")).await.unwrap();
    assert_eq!(found["mergeable"], false);
    let conflict = &found["conflictMetadataList"][0];
    assert_eq!(conflict["numberOfConflicts"], 1);
    assert_eq!(conflict["contentConflict"], true);
    assert_eq!(conflict["mergeOperations"], json!({ "source": "M", "destination": "M" }));
    assert_eq!(conflict["fileSizes"], json!({ "source": 15, "destination": 12, "base": 10 }));
    let mut by_line = merge();
    by_line["conflictDetailLevel"] = "LINE_LEVEL".into();
    let error = world.call("MergePullRequestBySquash", by_line).await.unwrap_err();
    assert_eq!(error.code, "ManualMergeRequiredException");
    assert_eq!(world.pull_request("1").await["pullRequestStatus"], "OPEN");
    assert!(world.take_events().is_empty());
    let branch = json!({ "repositoryName": "payments", "branchName": "main" });
    assert_eq!(world.call("GetBranch", branch).await.unwrap()["branch"]["commitId"], main);
}

#[tokio::test]
async fn a_pull_request_tells_its_history_oldest_first() {
    let (world, clone) = diverged(None).await;
    let before = world.pull_request("1").await["pullRequestTargets"][0]["sourceCommit"].clone();
    let after = clone.push_commit("topic", "more").await;
    world.call("UpdatePullRequestTitle", json!({ "pullRequestId": "1", "title": "New" })).await.unwrap();
    let words = json!({ "pullRequestId": "1", "description": "Why" });
    let changed = world.call("UpdatePullRequestDescription", words).await.unwrap();
    assert_eq!(changed["pullRequest"]["title"], "New");
    assert_eq!(changed["pullRequest"]["description"], "Why");
    world.call("MergePullRequestByThreeWay", merge()).await.unwrap();
    let input = json!({ "pullRequestId": "1" });
    let told = world.call("DescribePullRequestEvents", input).await.unwrap();
    let kinds = told["pullRequestEvents"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|event| event["pullRequestEventType"].as_str().unwrap()).collect();
    let expected =
        ["PULL_REQUEST_CREATED", "PULL_REQUEST_SOURCE_REFERENCE_UPDATED", "PULL_REQUEST_MERGE_STATE_CHANGED"];
    assert_eq!(kinds, expected);
    let update = &told["pullRequestEvents"][1]["pullRequestSourceReferenceUpdatedEventMetadata"];
    assert_eq!(update["beforeCommitId"], before);
    assert_eq!(update["afterCommitId"], after.as_str());
    let of_one = json!({ "pullRequestId": "1", "pullRequestEventType": "PULL_REQUEST_CREATED" });
    let told = world.call("DescribePullRequestEvents", of_one).await.unwrap();
    assert_eq!(told["pullRequestEvents"].as_array().unwrap().len(), 1);
    let error = world.call("UpdatePullRequestTitle", json!({ "pullRequestId": "1", "title": "No" }));
    assert_eq!(error.await.unwrap_err().code, "PullRequestAlreadyClosedException");
}

fn sides(source: &str, destination: &str) -> Value {
    json!({
        "repositoryName": "payments",
        "sourceCommitSpecifier": source,
        "destinationCommitSpecifier": destination,
    })
}

#[tokio::test]
async fn a_merge_commit_is_found_by_what_it_merged() {
    let (world, clone) = diverged(None).await;
    let before = world.call("GetMergeCommit", sides("topic", "main")).await.unwrap();
    let tip = async |branch: &str| clone.git(&["rev-parse", &format!("origin/{branch}")]).await.unwrap();
    let base = clone.git(&["merge-base", "origin/topic", "origin/main"]).await.unwrap();
    let (topic, main) = (tip("topic").await, tip("main").await);
    assert_eq!(
        before,
        json!({ "sourceCommitId": topic, "destinationCommitId": main, "baseCommitId": base }),
        "there is none before the merge"
    );
    world.call("MergePullRequestByThreeWay", merge()).await.unwrap();
    clone.git(&["fetch", "--quiet"]).await.unwrap();
    let merged = tip("main").await;
    clone.git(&["checkout", "--quiet", "origin/main"]).await.unwrap();
    clone.push_commit("main", "later").await;
    let found = world.call("GetMergeCommit", sides("topic", "main")).await.unwrap();
    assert_eq!(found["mergedCommitId"], merged);
    let at_the_time = world.call("GetMergeCommit", sides("topic", &main)).await.unwrap();
    assert_eq!(at_the_time.get("mergedCommitId"), None);
    for (change, code) in [
        (json!({ "sourceCommitSpecifier": null }), "CommitRequiredException"),
        (json!({ "destinationCommitSpecifier": "none" }), "CommitDoesNotExistException"),
        (json!({ "repositoryName": "nowhere" }), "RepositoryDoesNotExistException"),
        (json!({ "conflictDetailLevel": "WORD_LEVEL" }), "InvalidConflictDetailLevelException"),
        (json!({ "conflictResolutionStrategy": "BOTH" }), "InvalidConflictResolutionStrategyException"),
    ] {
        let mut input = sides("topic", "main");
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(world.call("GetMergeCommit", input).await.unwrap_err().code, code, "{change}");
    }
}

#[tokio::test]
async fn a_squash_is_a_merge_commit_and_a_fast_forward_has_none() {
    let (world, clone) = diverged(None).await;
    world.call("MergePullRequestBySquash", merge()).await.unwrap();
    clone.git(&["fetch", "--quiet"]).await.unwrap();
    let squash = clone.git(&["rev-parse", "origin/main"]).await.unwrap();
    let found = world.call("GetMergeCommit", sides("topic", "main")).await.unwrap();
    assert_eq!(found["mergedCommitId"], squash);

    clone.git(&["checkout", "--quiet", "origin/main"]).await.unwrap();
    clone.push_commit("ahead", "ahead").await;
    world.open_pull_request("payments", "ahead").await;
    let ahead = json!({ "pullRequestId": "2", "repositoryName": "payments" });
    world.call("MergePullRequestByFastForward", ahead).await.unwrap();
    let found = world.call("GetMergeCommit", sides("ahead", "main")).await.unwrap();
    assert_eq!(found.get("mergedCommitId"), None);
}
