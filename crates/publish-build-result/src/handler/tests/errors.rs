//! Every error that AWS can answer, sorted.

use lambda_runtime::Diagnostic;
use pull_request_build::{MAX_PASSES, Over};
use replayed_aws::Answer;
use serde_json::json;

use super::world::*;

/// The script up to the call of `operation`, which is then answered with `answer`.
async fn answered(operation: &'static str, answer: Answer) -> Run {
    let ended = || a_build("1", "SUCCEEDED");
    let without_source = || ended_in(a_build("1", "FAILED"), "DOWNLOAD_SOURCE", "CLIENT_ERROR");
    let before = match operation {
        "GetCommentsForPullRequest" => vec![],
        "BatchGetBuilds" => vec![comments([])],
        "PostCommentForPullRequest" => vec![comments([]), builds([ended()])],
        "UpdateComment" => {
            let text = text_on(&a_build("1", "IN_PROGRESS")).await;
            vec![comments([own("c1", 2, &text)]), builds([ended()])]
        }
        "GetPullRequest" => vec![comments([]), builds([without_source()])],
        _ => vec![comments([]), builds([without_source()]), pull_request("OPEN", false, SOURCE)],
    };
    run(event("succeeded.json"), before.into_iter().chain([(operation, answer)])).await
}

#[tokio::test]
async fn what_is_over_is_a_success_with_a_reason() {
    for (operation, exception, reason) in [
        ("GetCommentsForPullRequest", "PullRequestDoesNotExistException", Over::PullRequestGone),
        ("GetCommentsForPullRequest", "RepositoryDoesNotExistException", Over::RepositoryGone),
        ("GetCommentsForPullRequest", "CommitDoesNotExistException", Over::CommitGone),
        ("PostCommentForPullRequest", "PullRequestDoesNotExistException", Over::PullRequestGone),
        ("PostCommentForPullRequest", "RepositoryDoesNotExistException", Over::RepositoryGone),
        ("PostCommentForPullRequest", "CommitDoesNotExistException", Over::CommitGone),
        (
            "PostCommentForPullRequest",
            "RepositoryNotAssociatedWithPullRequestException",
            Over::RepositoryOfAnotherPullRequest,
        ),
        ("PostCommentForPullRequest", "BeforeCommitIdAndAfterCommitIdAreSameException", Over::SameCommits),
        ("GetPullRequest", "PullRequestDoesNotExistException", Over::PullRequestGone),
        ("GetBranch", "RepositoryDoesNotExistException", Over::RepositoryGone),
    ] {
        let run = answered(operation, Answer::error(exception, "x")).await;
        assert_eq!(run.ignored(), reason.to_string(), "{operation} {exception}");
    }
}

#[tokio::test]
async fn everything_else_fails_and_says_which_call_and_what_to_do() {
    let operations = [
        "GetCommentsForPullRequest",
        "BatchGetBuilds",
        "PostCommentForPullRequest",
        "UpdateComment",
        "GetPullRequest",
        "GetBranch",
    ];
    for operation in operations {
        for (answer, error_type, words) in [
            (Answer::error("AccessDeniedException", "no"), "RefusedByAws", "allow the function's role"),
            (Answer::error("ThrottlingException", "slow"), "PassingFailure", "tried again"),
            (Answer::status(503), "PassingFailure", "tried again"),
            (Answer::lost_connection(), "PassingFailure", "tried again"),
            (Answer::error("SomethingNewException", "?"), "UnknownFailure", "SomethingNewException"),
        ] {
            let error = answered(operation, answer).await.result.unwrap_err();
            let Diagnostic { error_type: actual, error_message } = error.into();
            assert_eq!(actual, error_type, "{operation}: {error_message}");
            assert!(error_message.contains(operation) && error_message.contains(words), "{error_message}");
        }
    }
}

#[tokio::test]
async fn a_branch_name_that_codecommit_does_not_take_explains_nothing() {
    let build = ended_in(a_build("1", "FAILED"), "DOWNLOAD_SOURCE", "CLIENT_ERROR");
    let script = [
        comments([]),
        builds([build]),
        pull_request("OPEN", false, SOURCE),
        ("GetBranch", Answer::error("InvalidBranchNameException", "x")),
        ("PostCommentForPullRequest", Answer::status(500)),
    ];
    let run = run(event("failed.json"), script).await;
    let text = run.request("PostCommentForPullRequest", 0)["content"].to_string();
    assert!(text.contains("Build failed"), "{text}");
}

#[tokio::test]
async fn an_update_that_is_always_refused_is_left_to_the_next_try() {
    let text = text_on(&a_build("1", "IN_PROGRESS")).await;
    let refusal = || ("UpdateComment", Answer::error("CommentNotCreatedByCallerException", "not yours"));
    let pass = || [comments([own("c1", 2, &text)]), builds([a_build("1", "SUCCEEDED")]), refusal()];
    let run = run(event("succeeded.json"), (0..MAX_PASSES).flat_map(|_| pass())).await;
    let Diagnostic { error_type, error_message } = run.result.unwrap_err().into();
    assert_eq!(error_type, "CommentNotSettled");
    assert!(error_message.contains("this function's own"), "{error_message}");
}

#[tokio::test]
async fn an_event_that_cannot_be_understood_reaches_the_failure_queue() {
    let error = run(json!({"detail-type": "Scheduled Event", "detail": {}}), []).await.result.unwrap_err();
    assert_eq!(Diagnostic::from(error).error_type, "InvalidEvent");
}
