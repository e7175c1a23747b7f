use local_aws::aws_json::AwsJsonService as _;
use serde_json::{Value, json};

use crate::comments::{all_comments, post, with, world_with_pull_request};
use crate::world::{World, person};

async fn reply(world: &World, in_reply_to: &Value, token: &str, content: &str) -> Value {
    let input = json!({ "inReplyTo": in_reply_to, "content": content, "clientRequestToken": token });
    world.call("PostCommentReply", input).await.unwrap()["comment"].clone()
}

#[tokio::test]
async fn replies_stand_in_the_thread_of_their_comment() {
    let (world, input) = world_with_pull_request().await;
    let line = json!({ "filePath": "src.txt", "filePosition": 2, "relativeFileVersion": "AFTER" });
    let at_line = with(&input, json!({ "location": line, "clientRequestToken": "line" }));
    let at_line = post(&world, at_line).await["comment"].clone();
    let whole = post(&world, input.clone()).await["comment"].clone();
    world.take_events();

    let answered = reply(&world, &at_line["commentId"], "one", "Why?").await;
    assert_eq!(answered["inReplyTo"], at_line["commentId"]);
    assert_eq!(answered["content"], "Why?");
    assert_eq!(answered["authorArn"], person().arn);
    let nested = reply(&world, &answered["commentId"], "two", "Because.").await;
    assert_eq!(nested["inReplyTo"], answered["commentId"]);

    let groups = all_comments(&world).await;
    assert_eq!(groups[0]["location"], line);
    assert_eq!(groups[0]["comments"], json!([at_line, answered, nested]));
    assert_eq!(groups[1]["comments"], json!([whole]));
    assert!(whole.get("inReplyTo").is_none(), "{whole}");

    let events = world.take_events();
    let detail = |member: &str| events.iter().map(|event| event.detail[member].clone()).collect::<Vec<_>>();
    assert_eq!(detail("event"), ["commentOnPullRequestCreated", "commentOnPullRequestCreated"]);
    assert_eq!(detail("commentId"), [answered["commentId"].clone(), nested["commentId"].clone()]);
    assert_eq!(detail("inReplyTo"), [at_line["commentId"].clone(), answered["commentId"].clone()]);
    assert_eq!(detail("afterCommitId"), [input["afterCommitId"].clone(), input["afterCommitId"].clone()]);
}

#[tokio::test]
async fn a_token_replies_once_and_a_deleted_comment_can_be_replied_to() {
    let (world, input) = world_with_pull_request().await;
    let parent = post(&world, input).await["comment"]["commentId"].clone();
    world.call("DeleteCommentContent", json!({ "commentId": parent })).await.unwrap();
    world.take_events();
    let first = reply(&world, &parent, "token", "Gone?").await;
    assert_eq!(reply(&world, &parent, "token", "Gone?").await, first);
    assert_eq!(world.take_event_names(), ["commentOnPullRequestCreated"]);
    let other = json!({ "inReplyTo": parent, "content": "Other", "clientRequestToken": "token" });
    let error = world.call("PostCommentReply", other).await.unwrap_err();
    assert_eq!(error.code, "IdempotencyParameterMismatchException");
}

#[tokio::test]
async fn what_cannot_be_a_reply_is_refused() {
    let (world, input) = world_with_pull_request().await;
    let parent = post(&world, input).await["comment"]["commentId"].clone();
    let input = json!({ "inReplyTo": parent, "content": "Yes", "clientRequestToken": "reply" });
    let unknown = "00000000-0000-4000-8000-000000000000:00000000-0000-4000-8000-000000000000";
    for (change, code) in [
        (json!({ "inReplyTo": unknown }), "CommentDoesNotExistException"),
        (json!({ "inReplyTo": "7" }), "InvalidCommentIdException"),
        (json!({ "inReplyTo": null }), "CommentIdRequiredException"),
        (json!({ "content": "" }), "CommentContentRequiredException"),
        (json!({ "content": "x".repeat(10_241) }), "CommentContentSizeLimitExceededException"),
        (json!({ "clientRequestToken": null }), "ClientRequestTokenRequiredException"),
    ] {
        let error = world.call("PostCommentReply", with(&input, change.clone())).await.unwrap_err();
        assert_eq!(error.code, code, "{change}");
    }
    assert_eq!(all_comments(&world).await[0]["comments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_reply_and_a_reaction_need_permission_on_the_repository_of_their_comment() {
    let (world, input) = world_with_pull_request().await;
    let id = post(&world, input.clone()).await["comment"]["commentId"].clone();
    let of_pull_request = world.code_commit.permission("PostCommentForPullRequest", &input).resources;
    assert!(of_pull_request[0].ends_with(":payments"), "{of_pull_request:?}");
    for (operation, input) in [
        ("PostCommentReply", json!({ "inReplyTo": id })),
        ("PutCommentReaction", json!({ "commentId": id })),
        ("GetCommentReactions", json!({ "commentId": id })),
    ] {
        let permission = world.code_commit.permission(operation, &input);
        assert_eq!(permission.action, format!("codecommit:{operation}"));
        assert_eq!(permission.resources, of_pull_request[..1]);
    }
    let nowhere = world.code_commit.permission("PostCommentReply", &json!({ "inReplyTo": "7" }));
    assert!(nowhere.resources.is_empty(), "{nowhere:?}");
}
