//! Replies, second comments and earlier commits.

use lambda_runtime::Diagnostic;
use pull_request_build::Replies;
use replayed_aws::Answer;
use serde_json::{Value, json};

use super::Publication;
use super::world::*;

/// The comment says that build 1 failed, and nobody was told yet.
async fn up_to_the_reply() -> (Value, Vec<Step>) {
    let build = a_build("1", "FAILED");
    let text = text_on(&build).await;
    let script =
        vec![comments([own("c1", 2, &text)]), builds([build.clone()]), pull_request("OPEN", false, SOURCE)];
    (build, script)
}

fn replied() -> Step {
    ("PostCommentReply", Answer::json(json!({"comment": {"commentId": "r1", "inReplyTo": "c1"}})))
}

fn reply_to(id: &str, content: &str) -> Value {
    let mut reply = own("r1", 200, content);
    reply["inReplyTo"] = json!(id);
    reply
}

#[tokio::test]
async fn who_breaks_the_build_is_told_once() {
    let (build, script) = up_to_the_reply().await;
    let run = run_with(Replies::OnChange, event("failed.json"), script.into_iter().chain([replied()])).await;
    let publication = run.publication();
    assert_eq!(publication.shown().unwrap().reply_id.as_deref(), Some("r1"));
    let mut request = run.request("PostCommentReply", 0);
    assert_eq!(request["clientRequestToken"].take().as_str().map(str::len), Some(64));
    assert_eq!(request["inReplyTo"], "c1");
    let content = request["content"].as_str().unwrap();
    assert!(content.ends_with(&format!("build={})", id("1"))), "{content}");

    let (_, mut script) = up_to_the_reply().await;
    let text = text_on(&build).await;
    script.truncate(0);
    script.extend([
        comments([own("c1", 2, &text), reply_to("c1", content)]),
        builds([build]),
        pull_request("OPEN", false, SOURCE),
    ]);
    let again = run_with(Replies::OnChange, event("failed.json"), script).await;
    assert!(matches!(again.publication(), Publication::Unchanged(_)), "{:?}", again.publication());
}

#[tokio::test]
async fn a_reply_that_another_invocation_posted_first_is_looked_for() {
    for exception in ["IdempotencyParameterMismatchException", "CommentDoesNotExistException"] {
        let (build, script) = up_to_the_reply().await;
        let text = text_on(&build).await;
        let marker = format!("[//]: # (pull-request-hook-reply v1 hook=pull-request-hook build={})", id("1"));
        let script = script.into_iter().chain([
            ("PostCommentReply", Answer::error(exception, "x")),
            comments([own("c1", 2, &text), reply_to("c1", &format!("Broken.\n\n{marker}"))]),
            builds([build]),
        ]);
        let run = run_with(Replies::OnChange, event("failed.json"), script).await;
        assert!(matches!(run.publication(), Publication::Unchanged(_)), "{:?}", run.publication());
    }
}

#[tokio::test]
async fn a_reply_that_is_refused_fails_the_invocation() {
    for (answer, error_type) in [
        (Answer::error("AccessDeniedException", "no"), "RefusedByAws"),
        (Answer::error("ThrottlingException", "slow"), "PassingFailure"),
        (Answer::status(503), "PassingFailure"),
        (Answer::lost_connection(), "PassingFailure"),
        (Answer::error("ClientRequestTokenRequiredException", "x"), "UnknownFailure"),
        (Answer::error("InvalidClientRequestTokenException", "x"), "UnknownFailure"),
        (Answer::error("CommentContentRequiredException", "x"), "UnknownFailure"),
        (Answer::error("CommentContentSizeLimitExceededException", "x"), "UnknownFailure"),
        (Answer::error("CommentIdRequiredException", "x"), "UnknownFailure"),
        (Answer::error("InvalidCommentIdException", "x"), "UnknownFailure"),
    ] {
        let (_, script) = up_to_the_reply().await;
        let script = script.into_iter().chain([("PostCommentReply", answer)]);
        let error = run_with(Replies::OnChange, event("failed.json"), script).await.result.unwrap_err();
        let Diagnostic { error_type: actual, error_message } = error.into();
        assert_eq!(actual, error_type, "{error_message}");
        assert!(error_message.contains("PostCommentReply"), "{error_message}");
    }
}

#[tokio::test]
async fn of_two_comments_the_newer_becomes_a_pointer() {
    let build = a_build("1", "SUCCEEDED");
    let text = text_on(&build).await;
    let script = [
        comments([own("c1", 2, &text), own("c2", 3, &text)]),
        builds([build.clone()]),
        updated(),
        comments([own("c1", 2, &text), own("c2", 3, "The build of this commit is shown elsewhere.")]),
        builds([build]),
    ];
    let run = run(event("succeeded.json"), script).await;
    assert_eq!(run.publication().shown().unwrap().other_comments_updated, 1);
    let request = run.request("UpdateComment", 0);
    assert_eq!(request["commentId"], "c2");
    assert!(request["content"].as_str().unwrap().contains("#c1"), "{request}");
}
