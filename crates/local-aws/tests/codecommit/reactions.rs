use local_aws::caller::Caller;
use serde_json::{Value, json};

use crate::comments::{post, world_with_pull_request};
use crate::world::{World, function, person};

async fn react(world: &World, caller: &Caller, comment: &Value, value: Value) {
    let input = json!({ "commentId": comment, "reactionValue": value });
    assert_eq!(world.call_as(caller, "PutCommentReaction", input).await.unwrap(), json!({}));
}

async fn reactions(world: &World, input: Value) -> Value {
    world.call("GetCommentReactions", input).await.unwrap()["reactionsForComment"].clone()
}

async fn world_with_comment() -> (World, Value) {
    let (world, input) = world_with_pull_request().await;
    let comment = post(&world, input).await["comment"]["commentId"].clone();
    world.take_events();
    (world, comment)
}

#[tokio::test]
async fn each_user_has_one_reaction_and_can_take_it_back() {
    let (world, comment) = world_with_comment().await;
    let id = json!({ "commentId": comment });
    let seen = async |caller: Caller| {
        let comment = world.call_as(&caller, "GetComment", id.clone()).await.unwrap()["comment"].clone();
        (comment["callerReactions"].clone(), comment["reactionCounts"].clone())
    };
    assert_eq!(seen(person()).await, (json!([]), json!({})));
    let activity = world.pull_request("1").await["lastActivityDate"].clone();

    react(&world, &person(), &comment, json!(":thumbsup:")).await;
    react(&world, &function(), &comment, json!("👍")).await;
    assert_eq!(seen(person()).await, (json!(["THUMBSUP"]), json!({ "THUMBSUP": 2 })));
    react(&world, &function(), &comment, json!("U+1F44E")).await;
    assert_eq!(seen(person()).await, (json!(["THUMBSUP"]), json!({ "THUMBSUP": 1, "THUMBSDOWN": 1 })));
    assert_eq!(seen(function()).await.0, json!(["THUMBSDOWN"]));

    let up = json!({
        "reaction": { "emoji": "👍", "shortCode": "thumbsup", "unicode": "U+1F44D" },
        "reactionUsers": [person().arn],
        "reactionsFromDeletedUsersCount": 0,
    });
    let all = reactions(&world, id.clone()).await;
    assert_eq!(all[0], up);
    assert_eq!(all[1]["reactionUsers"], json!([function().arn]));
    let own = json!({ "commentId": comment, "reactionUserArn": person().arn });
    assert_eq!(reactions(&world, own).await, json!([up]));

    for nothing in [json!(null), json!(""), json!("none")] {
        react(&world, &function(), &comment, json!(":clap:")).await;
        assert_eq!(seen(function()).await.0, json!(["CLAP"]));
        world.take_events();
        react(&world, &function(), &comment, nothing).await;
        assert!(world.take_events().is_empty());
        assert_eq!(reactions(&world, id.clone()).await, json!([up]));
    }
    assert_eq!(world.pull_request("1").await["lastActivityDate"], activity);
}

#[tokio::test]
async fn a_new_and_another_reaction_send_events() {
    let (world, comment) = world_with_comment().await;
    for value in [":thumbsdown:", "👎", ":smile:"] {
        react(&world, &function(), &comment, json!(value)).await;
    }
    let events = world.take_events();
    let repository = world.call("GetRepository", json!({ "repositoryName": "payments" })).await.unwrap();
    let expected = |event: &str, did: &str, emoji: &str, short_code: &str, code_point: &str| {
        json!({
            "callerUserArn": function().arn,
            "commentId": comment,
            "event": event,
            "notificationBody": format!(
                "A comment reaction event occurred in the following AWS CodeCommit Repository: payments. The user: {} \
                 {did} {emoji} to the comment with comment ID: {}",
                function().arn,
                comment.as_str().unwrap(),
            ),
            "reactionEmojis": [emoji],
            "reactionShortcodes": [short_code],
            "reactionUnicodes": [code_point],
            "repositoryId": repository["repositoryMetadata"]["repositoryId"],
            "repositoryName": "payments",
        })
    };
    let details: Vec<_> = events.iter().map(|event| event.detail.clone()).collect();
    let made = "made a comment reaction";
    assert_eq!(
        details,
        [
            expected("commentReactionCreated", made, "👎", ":thumbsdown:", "U+1F44E"),
            expected("commentReactionUpdated", "updated a reaction", "😄", ":smile:", "U+1F604"),
        ]
    );
    assert!(events.iter().all(|event| event.detail_type == "CodeCommit Comment Reaction Change"));
}

#[tokio::test]
async fn reactions_come_in_pages() {
    let (world, comment) = world_with_comment().await;
    for (user, value) in [("a", ":clap:"), ("b", ":smile:"), ("c", ":smile:"), ("d", ":thumbsdown:")] {
        let user = Caller::administrator(format!("arn:aws:iam::123456789012:user/{user}"));
        react(&world, &user, &comment, json!(value)).await;
    }
    let all = reactions(&world, json!({ "commentId": comment })).await;
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let input = json!({ "commentId": comment, "maxResults": 2, "nextToken": token });
        let page = world.call("GetCommentReactions", input).await.unwrap();
        seen.extend(page["reactionsForComment"].as_array().unwrap().clone());
        match page.get("nextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 3);
    assert_eq!(json!(seen), all);
}

#[tokio::test]
async fn what_cannot_be_a_reaction_is_refused() {
    let (world, comment) = world_with_comment().await;
    let unknown = "00000000-0000-4000-8000-000000000000:00000000-0000-4000-8000-000000000000";
    for (operation, input, code) in [
        ("PutCommentReaction", json!({ "commentId": comment }), "ReactionValueRequiredException"),
        (
            "PutCommentReaction",
            json!({ "commentId": comment, "reactionValue": "great" }),
            "InvalidReactionValueException",
        ),
        (
            "PutCommentReaction",
            json!({ "commentId": unknown, "reactionValue": "👍" }),
            "CommentDoesNotExistException",
        ),
        ("PutCommentReaction", json!({ "reactionValue": "👍" }), "CommentIdRequiredException"),
        ("GetCommentReactions", json!({ "commentId": unknown }), "CommentDoesNotExistException"),
        ("GetCommentReactions", json!({ "commentId": "7" }), "InvalidCommentIdException"),
        (
            "GetCommentReactions",
            json!({ "commentId": comment, "reactionUserArn": "ada" }),
            "InvalidReactionUserArnException",
        ),
        (
            "GetCommentReactions",
            json!({ "commentId": comment, "maxResults": 1001 }),
            "InvalidMaxResultsException",
        ),
        (
            "GetCommentReactions",
            json!({ "commentId": comment, "nextToken": "x" }),
            "InvalidContinuationTokenException",
        ),
    ] {
        let error = world.call(operation, input.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{operation} {input}");
    }
}

#[tokio::test]
async fn a_deleted_comment_keeps_its_counts_and_takes_no_reaction() {
    let (world, comment) = world_with_comment().await;
    react(&world, &person(), &comment, json!(":clap:")).await;
    let id = json!({ "commentId": comment });
    let deleted = world.call("DeleteCommentContent", id.clone()).await.unwrap();
    assert_eq!(deleted["comment"]["reactionCounts"], json!({ "CLAP": 1 }));
    let reaction = json!({ "commentId": comment, "reactionValue": "none" });
    for (operation, input) in [("PutCommentReaction", reaction), ("GetCommentReactions", id)] {
        let error = world.call(operation, input).await.unwrap_err();
        assert_eq!(error.code, "CommentDeletedException", "{operation}");
    }
}
