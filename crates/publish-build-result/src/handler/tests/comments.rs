//! Which comment is the hook's own, and who wrote or deleted it meanwhile.

use pull_request_build::MAX_PASSES;
use replayed_aws::Answer;
use serde_json::json;

use super::world::*;
use super::{Publication, PublishError};

#[tokio::test]
async fn the_comment_is_found_on_a_later_page() {
    let build = a_build("1", "SUCCEEDED");
    let text = text_on(&build).await;
    let others = (0..500).map(|number| {
        let mut other = own(&format!("other-{number}"), number, "Looks good to me");
        other["authorArn"] = json!("arn:aws:iam::123456789012:user/jane");
        other
    });
    let script = [
        page(others, Some("page-2")),
        page([], Some("page-3")),
        page([own("c1", 2, &text)], None),
        builds([build]),
    ];
    let run = run(event("succeeded.json"), script).await;
    assert_eq!(run.publication().shown().unwrap().comment_id, "c1");
    assert_eq!(
        run.request("GetCommentsForPullRequest", 2),
        json!({"pullRequestId": "42", "nextToken": "page-3"})
    );
}

#[tokio::test]
async fn a_marker_in_someone_elses_comment_counts_for_nothing() {
    let build = a_build("1", "SUCCEEDED");
    let text = text_on(&build).await;
    let mut forged = own("forged", 1, &text);
    forged["authorArn"] = json!("arn:aws:sts::123456789012:assumed-role/publish-role/mallory");
    let script = [
        comments([forged.clone()]),
        builds([build.clone()]),
        posted(),
        comments([forged, own("c1", 2, &text)]),
        builds([build]),
    ];
    let run = run(event("succeeded.json"), script).await;
    assert_eq!(run.publication().shown().unwrap().comment_id, "c1");
}

#[tokio::test]
async fn of_two_first_invocations_the_slower_one_takes_the_others_comment() {
    let (running, ended) = (a_build("1", "IN_PROGRESS"), a_build("1", "SUCCEEDED"));
    let (before, after) = (text_on(&running).await, text_on(&ended).await);
    let mismatch = Answer::error("IdempotencyParameterMismatchException", "other content");
    let script = [
        comments([]),
        builds([ended.clone()]),
        ("PostCommentForPullRequest", mismatch),
        comments([own("c1", 2, &before)]),
        builds([ended.clone()]),
        updated(),
        comments([own("c1", 2, &after)]),
        builds([ended]),
    ];
    let run = run(event("succeeded.json"), script).await;
    assert!(matches!(run.publication(), Publication::Updated(_)), "{:?}", run.publication());
    assert_eq!(run.request("UpdateComment", 0)["content"], after);
}

#[tokio::test]
async fn what_another_invocation_overwrote_with_an_older_state_is_written_again() {
    let (running, ended) = (a_build("1", "IN_PROGRESS"), a_build("1", "FAILED"));
    let open = || pull_request("OPEN", false, SOURCE);
    let (before, after) = (text_on(&running).await, text_on(&ended).await);
    let script = [
        comments([own("c1", 2, &before)]),
        builds([ended.clone()]),
        open(),
        updated(),
        comments([own("c1", 2, &before)]),
        builds([ended.clone()]),
        open(),
        updated(),
        comments([own("c1", 2, &after)]),
        builds([ended]),
    ];
    let run = run(event("failed.json"), script).await;
    assert_eq!(run.publication().shown().unwrap().build_status, "FAILED");
    assert_eq!(run.request("UpdateComment", 1)["content"], after);
}

#[tokio::test]
async fn a_state_that_ends_between_reading_and_writing_is_written_at_once() {
    let (running, ended) = (a_build("1", "IN_PROGRESS"), a_build("1", "SUCCEEDED"));
    let (before, after) = (text_on(&running).await, text_on(&ended).await);
    let script = [
        comments([]),
        builds([running]),
        posted(),
        comments([own("c1", 2, &before)]),
        builds([ended.clone()]),
        updated(),
        comments([own("c1", 2, &after)]),
        builds([ended]),
    ];
    let run = run(event("in-progress.json"), script).await;
    assert!(matches!(run.publication(), Publication::Posted(_)), "{:?}", run.publication());
    assert_eq!(run.publication().shown().unwrap().build_status, "SUCCEEDED");
}

#[tokio::test]
async fn a_comment_that_never_settles_is_left_to_the_next_try() {
    let build = a_build("1", "SUCCEEDED");
    let before = text_on(&a_build("1", "IN_PROGRESS")).await;
    let pass = || [comments([own("c1", 2, &before)]), builds([build.clone()]), updated()];
    let run = run(event("succeeded.json"), (0..MAX_PASSES).flat_map(|_| pass())).await;
    assert!(
        matches!(run.result, Err(PublishError::NotSettled { passes: MAX_PASSES, .. })),
        "{:?}",
        run.result
    );
}

#[tokio::test]
async fn a_comment_that_a_person_deletes_stays_deleted_for_its_builds() {
    let build = a_build("1", "SUCCEEDED");
    let before = text_on(&a_build("1", "IN_PROGRESS")).await;
    for refusal in ["CommentDeletedException", "CommentDoesNotExistException"] {
        let script = [
            comments([own("c1", 2, &before)]),
            builds([build.clone()]),
            ("UpdateComment", Answer::error(refusal, "gone")),
            comments([deleted("c1", 90)]),
            builds([build.clone()]),
        ];
        let run = run(event("succeeded.json"), script).await;
        assert!(run.ignored().contains("person deleted"), "{}", run.ignored());
    }
}

#[tokio::test]
async fn a_build_that_starts_after_the_deletion_posts_again_under_another_token() {
    let (first, second) = (a_build("1", "IN_PROGRESS"), started_at(a_build("2", "SUCCEEDED"), 500));
    let first_run = run(
        event("in-progress.json"),
        [comments([]), builds([first]), ("PostCommentForPullRequest", Answer::status(500))],
    )
    .await;
    let script =
        [comments([deleted("c1", 90)]), builds([second]), ("PostCommentForPullRequest", Answer::status(500))];
    let second_run = run(event_of("2"), script).await;
    let token = |run: &Run| run.request("PostCommentForPullRequest", 0)["clientRequestToken"].clone();
    assert_ne!(token(&first_run), token(&second_run));
}

#[tokio::test]
async fn a_token_that_is_answered_with_a_deleted_comment_is_looked_into() {
    let build = a_build("1", "SUCCEEDED");
    let answer = json!({"comment": {"commentId": "c1", "authorArn": AUTHOR, "deleted": true}});
    let script = [
        comments([]),
        builds([build.clone()]),
        ("PostCommentForPullRequest", Answer::json(answer)),
        comments([deleted("c1", 90)]),
        builds([build]),
    ];
    assert!(run(event("succeeded.json"), script).await.ignored().contains("person deleted"));
}

#[tokio::test]
async fn a_comment_of_another_author_than_expected_stops_at_once() {
    let build = a_build("1", "SUCCEEDED");
    let answer = json!({"comment": {"authorArn": "arn:aws:iam::123456789012:user/x", "deleted": false}});
    let script = [comments([]), builds([build]), ("PostCommentForPullRequest", Answer::json(answer))];
    let error = run(event("succeeded.json"), script).await.result.unwrap_err().to_string();
    assert!(error.contains("user/x") && error.contains("set ROLE_NAME"), "{error}");
}
