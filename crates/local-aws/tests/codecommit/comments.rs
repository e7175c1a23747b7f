use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, function};

/// A world with pull request 1 of two commits, and the input of a comment on it.
pub(crate) async fn world_with_pull_request() -> (World, Value) {
    let (world, clone) = World::with_repository("payments").await;
    let before = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    std::fs::create_dir(clone.folder.join("folder")).unwrap();
    clone.commit_file("folder/file.txt", "file\n").await;
    clone.commit_file("empty.txt", "").await;
    let after = clone.commit_file("src.txt", "one\ntwo\n").await;
    clone.git(&["push", "--quiet", "origin", "HEAD:refs/heads/topic"]).await.unwrap();
    world.open_pull_request("payments", "topic").await;
    world.take_events();
    let comment = json!({
        "pullRequestId": "1",
        "repositoryName": "payments",
        "beforeCommitId": before,
        "afterCommitId": after,
        "content": "Hello",
        "clientRequestToken": "first",
    });
    (world, comment)
}

pub(crate) fn with(input: &Value, change: Value) -> Value {
    let mut input = input.clone();
    input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    input
}

pub(crate) async fn post(world: &World, input: Value) -> Value {
    world.call_as(&function(), "PostCommentForPullRequest", input).await.unwrap()
}

pub(crate) async fn all_comments(world: &World) -> Value {
    let input = json!({ "pullRequestId": "1" });
    world.call("GetCommentsForPullRequest", input).await.unwrap()["commentsForPullRequestData"].clone()
}

#[tokio::test]
async fn a_comment_is_posted_updated_and_read_back() {
    let (world, input) = world_with_pull_request().await;
    let opened = world.pull_request("1").await;
    world.clock.advance(Duration::from_secs(60));
    let posted = post(&world, input.clone()).await;
    let comment = &posted["comment"];
    assert_eq!(comment["authorArn"], function().arn);
    assert_eq!(comment["content"], "Hello");
    assert_eq!(comment["deleted"], false);
    assert_eq!(posted["beforeCommitId"], input["beforeCommitId"]);
    assert_eq!(posted["afterCommitId"], input["afterCommitId"]);
    let activity = |value: &Value| value["lastActivityDate"].as_f64().unwrap();
    assert!(activity(&world.pull_request("1").await) >= activity(&opened) + 60.0);

    let update = json!({ "commentId": comment["commentId"], "content": "Done" });
    let updated = world.call_as(&function(), "UpdateComment", update.clone()).await.unwrap();
    assert_eq!(updated["comment"]["content"], "Done");
    let error = world.call("UpdateComment", update).await.unwrap_err();
    assert_eq!(error.code, "CommentNotCreatedByCallerException");
    let by_id = world.call("GetComment", json!({ "commentId": comment["commentId"] })).await.unwrap();
    assert_eq!(by_id, updated);
    assert_eq!(all_comments(&world).await[0]["comments"], json!([updated["comment"]]));

    let events = world.take_events();
    let names: Vec<_> = events.iter().map(|event| event.detail["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["commentOnPullRequestCreated", "commentOnPullRequestUpdated"]);
    let mut detail = events[0].detail.clone();
    let body = detail["notificationBody"].take();
    assert!(
        body.as_str().unwrap().contains("The comment was made on the following Pull Request: 1."),
        "{body}"
    );
    let repository = world.call("GetRepository", json!({ "repositoryName": "payments" })).await.unwrap();
    let expected = json!({
        "afterCommitId": input["afterCommitId"],
        "beforeCommitId": input["beforeCommitId"],
        "callerUserArn": function().arn,
        "commentId": comment["commentId"],
        "event": "commentOnPullRequestCreated",
        "notificationBody": null,
        "pullRequestId": "1",
        "repositoryId": repository["repositoryMetadata"]["repositoryId"],
        "repositoryName": "payments",
    });
    assert_eq!(detail, expected);
    assert_eq!(events[0].detail_type, "CodeCommit Comment on Pull Request");
}

#[tokio::test]
async fn a_token_posts_one_comment_even_at_the_same_time_and_after_its_deletion() {
    let (world, input) = world_with_pull_request().await;
    let (one, other) = tokio::join!(post(&world, input.clone()), post(&world, input.clone()));
    assert_eq!(one, other);
    assert_eq!(world.take_event_names(), ["commentOnPullRequestCreated"]);

    let other_content = with(&input, json!({ "content": "Other" }));
    let error = world.call_as(&function(), "PostCommentForPullRequest", other_content).await.unwrap_err();
    assert_eq!(error.code, "IdempotencyParameterMismatchException");

    let id = json!({ "commentId": one["comment"]["commentId"] });
    let deleted = world.call("DeleteCommentContent", id.clone()).await.unwrap();
    assert_eq!(deleted["comment"]["deleted"], true);
    assert!(deleted["comment"].get("content").is_none(), "{deleted}");
    assert_eq!(post(&world, input).await["comment"], deleted["comment"]);
    assert_eq!(all_comments(&world).await[0]["comments"], json!([deleted["comment"]]));
    assert!(world.take_events().is_empty());

    let update = with(&id, json!({ "content": "x" }));
    for (operation, input) in [("GetComment", &id), ("UpdateComment", &update), ("DeleteCommentContent", &id)]
    {
        let error = world.call_as(&function(), operation, input.clone()).await.unwrap_err();
        assert_eq!(error.code, "CommentDeletedException", "{operation}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_comment_is_refused() {
    let (world, input) = world_with_pull_request().await;
    world.call("CreateRepository", json!({ "repositoryName": "other" })).await.unwrap();
    let place = |path: &str, line: i64, version: &str| json!({ "location": { "filePath": path, "filePosition": line, "relativeFileVersion": version } });
    for (change, code) in [
        (json!({ "pullRequestId": "9" }), "PullRequestDoesNotExistException"),
        (json!({ "pullRequestId": null }), "PullRequestIdRequiredException"),
        (json!({ "repositoryName": "nowhere" }), "RepositoryDoesNotExistException"),
        (json!({ "repositoryName": "other" }), "RepositoryNotAssociatedWithPullRequestException"),
        (json!({ "beforeCommitId": null }), "CommitIdRequiredException"),
        (json!({ "afterCommitId": "topic" }), "InvalidCommitIdException"),
        (json!({ "afterCommitId": "0".repeat(40) }), "CommitDoesNotExistException"),
        (
            json!({ "afterCommitId": input["beforeCommitId"] }),
            "BeforeCommitIdAndAfterCommitIdAreSameException",
        ),
        (json!({ "content": "" }), "CommentContentRequiredException"),
        (json!({ "content": "x".repeat(10_241) }), "CommentContentSizeLimitExceededException"),
        (json!({ "clientRequestToken": null }), "ClientRequestTokenRequiredException"),
        (place("src.txt", 3, "AFTER"), "InvalidFilePositionException"),
        (place("src.txt", 0, "AFTER"), "InvalidFilePositionException"),
        (place("src.txt", -1, "AFTER"), "InvalidFilePositionException"),
        (place("src.txt", 1, "BEFORE"), "PathDoesNotExistException"),
        (place("*.txt", 1, "AFTER"), "PathDoesNotExistException"),
        (place("src.txt/x", 1, "AFTER"), "PathDoesNotExistException"),
        (place("folder", 1, "AFTER"), "InvalidFileLocationException"),
        (place("empty.txt", 1, "AFTER"), "InvalidFilePositionException"),
        (place("../src.txt", 1, "AFTER"), "InvalidPathException"),
        (place("src\0.txt", 1, "AFTER"), "InvalidPathException"),
        (place("", 1, "AFTER"), "PathRequiredException"),
        (place("src.txt", 1, "after"), "InvalidRelativeFileVersionEnumException"),
    ] {
        let input = with(&input, change.clone());
        let error = world.call("PostCommentForPullRequest", input).await.unwrap_err();
        assert_eq!(error.code, code, "{change}");
    }
    let unknown = "00000000-0000-4000-8000-000000000000:00000000-0000-4000-8000-000000000000";
    for (id, code) in [
        (json!(unknown), "CommentDoesNotExistException"),
        (json!("7"), "InvalidCommentIdException"),
        (json!(null), "CommentIdRequiredException"),
    ] {
        let error = world.call("GetComment", json!({ "commentId": id })).await.unwrap_err();
        assert_eq!(error.code, code);
    }
    assert_eq!(all_comments(&world).await, json!([]));
    assert!(world.take_events().is_empty());
}

#[tokio::test]
async fn comments_stand_together_by_commits_and_place() {
    let (world, input) = world_with_pull_request().await;
    let line = json!({ "filePath": "src.txt", "filePosition": 2, "relativeFileVersion": "AFTER" });
    for (token, location) in [("a", None), ("b", Some(&line)), ("c", None), ("d", Some(&line))] {
        let mut comment = with(&input, json!({ "clientRequestToken": token, "content": token }));
        if let Some(location) = location {
            comment["location"] = location.clone();
        }
        post(&world, comment).await;
    }
    let groups = all_comments(&world).await;
    let contents = |group: &Value| -> Vec<String> {
        let comments = group["comments"].as_array().unwrap();
        comments.iter().map(|comment| comment["content"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(contents(&groups[0]), ["a", "c"]);
    assert_eq!(contents(&groups[1]), ["b", "d"]);
    assert_eq!(groups.as_array().unwrap().len(), 2);
    assert_eq!(groups[1]["location"], line);
    assert!(groups[1]["afterBlobId"].is_string() && groups[1].get("beforeBlobId").is_none(), "{groups}");
}

#[tokio::test]
async fn hundreds_of_comments_come_in_pages() {
    let (world, input) = world_with_pull_request().await;
    for number in 0..620 {
        let token = format!("comment {number}");
        post(&world, with(&input, json!({ "content": token, "clientRequestToken": token }))).await;
    }
    for (max_results, sizes) in [(None, vec![100, 100, 100, 100, 100, 100, 20]), (Some(500), vec![500, 120])]
    {
        let (mut seen, mut seen_sizes, mut token) = (Vec::new(), Vec::new(), Value::Null);
        loop {
            let input = json!({ "pullRequestId": "1", "maxResults": max_results, "nextToken": token });
            let page = world.call("GetCommentsForPullRequest", input).await.unwrap();
            let comments = page["commentsForPullRequestData"][0]["comments"].as_array().unwrap();
            seen_sizes.push(comments.len());
            seen.extend(comments.iter().map(|comment| comment["content"].as_str().unwrap().to_owned()));
            match page.get("nextToken") {
                Some(next) => token = next.clone(),
                None => break,
            }
        }
        assert_eq!(seen_sizes, sizes);
        assert!(seen.iter().enumerate().all(|(number, text)| *text == format!("comment {number}")));
    }
}

#[tokio::test]
async fn the_commits_filter_needs_all_of_its_members() {
    let (world, input) = world_with_pull_request().await;
    post(&world, input.clone()).await;
    let filter = json!({
        "pullRequestId": "1",
        "repositoryName": "payments",
        "beforeCommitId": input["beforeCommitId"],
        "afterCommitId": input["afterCommitId"],
    });
    let count = async |input: Value| {
        let answer = world.call("GetCommentsForPullRequest", input).await?;
        Ok::<_, local_aws::aws_json::ApiError>(answer["commentsForPullRequestData"].as_array().unwrap().len())
    };
    assert_eq!(count(filter.clone()).await.unwrap(), 1);
    let reversed = json!({
        "beforeCommitId": input["afterCommitId"],
        "afterCommitId": input["beforeCommitId"],
    });
    assert_eq!(count(with(&filter, reversed)).await.unwrap(), 0);
    for (change, code) in [
        (json!({ "beforeCommitId": null }), "CommitIdRequiredException"),
        (json!({ "afterCommitId": null }), "CommitIdRequiredException"),
        (json!({ "repositoryName": null }), "RepositoryNameRequiredException"),
        (json!({ "afterCommitId": "0".repeat(40) }), "CommitDoesNotExistException"),
        (json!({ "pullRequestId": "9" }), "PullRequestDoesNotExistException"),
        (json!({ "maxResults": 501 }), "InvalidMaxResultsException"),
    ] {
        assert_eq!(count(with(&filter, change.clone())).await.unwrap_err().code, code, "{change}");
    }
}
