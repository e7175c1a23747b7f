//! What becomes of a build that CodeBuild does not start.

use super::*;

const LIMIT: &str = "Cannot have more than 60 builds in queue for the account";

/// The step in which CodeBuild starts no build, with this code.
fn refused(code: &'static str, message: &str) -> (&'static str, Answer) {
    ("StartBuild", Answer::error(code, message))
}

#[tokio::test]
async fn the_pull_request_is_told_why_and_the_invocation_fails() {
    for (code, message, kind, error_type, words) in [
        ("AccountLimitExceededException", LIMIT, "accountLimit", "PassingFailure", "may succeed"),
        (
            "ResourceNotFoundException",
            "Project cannot be found",
            "projectNotFound",
            "RefusedByAws",
            "no CodeBuild project payments-project",
        ),
        ("AccessDeniedException", "is not authorized", "accessDenied", "RefusedByAws", "role"),
    ] {
        let script = vec![agreed(FIVE_SECONDS_LATER), refused(code, message), reported()];
        let Run { result, requests, line } = run(&created(), script).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.error_type(), error_type, "{failure}");
        let text = failure.to_string();
        assert!(text.contains(message) && text.contains(words), "{text}");
        let [entry] = requests[2].body["Entries"].as_array().unwrap().as_slice() else {
            panic!("{requests:?}")
        };
        assert_eq!(entry["Source"], "pull-request-hook");
        assert_eq!(entry["DetailType"], "Pull Request Build Not Started");
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        let expected = json!({
            "hook": "payments-hook",
            "pullRequestId": "42",
            "repositoryName": "payments",
            "sourceCommit": SOURCE,
            "destinationCommit": DESTINATION,
            "revisionId": REVISION,
            "sourceReference": created()["detail"]["sourceReference"],
            "destinationReference": created()["detail"]["destinationReference"],
            "reason": { "kind": kind, "message": format!("{code}: {message}") },
        });
        assert_eq!(detail, expected);
        assert_eq!(line["error.type"], error_type);
    }
}

#[tokio::test]
async fn a_request_that_codebuild_refuses_is_reported_after_the_look() {
    let refused = refused("InvalidInputException", "Invalid build image");
    let script = vec![agreed(FIVE_SECONDS_LATER), refused, no_builds(), reported()];
    let Run { result, requests, .. } = run(&created(), script).await;
    assert_eq!(result.unwrap_err().error_type(), "RefusedByAws");
    let detail: Value =
        serde_json::from_str(requests[3].body["Entries"][0]["Detail"].as_str().unwrap()).unwrap();
    let reason = json!({ "kind": "refused", "message": "InvalidInputException: Invalid build image" });
    assert_eq!(detail["reason"], reason);
}

#[tokio::test]
async fn a_report_that_is_not_taken_is_said_beside_the_reason_why_there_is_no_build() {
    let not_taken = json!({
        "FailedEntryCount": 1,
        "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}],
    });
    let cases = [
        (Answer::json(not_taken), "InternalFailure: try again"),
        (Answer::json(json!({"FailedEntryCount": 1, "Entries": []})), "an entry was not taken"),
        (Answer::error("AccessDeniedException", "is not authorized"), "is not authorized"),
        (Answer::lost_connection(), "PutEvents failed"),
    ];
    for (answer, words) in cases {
        let limit = refused("AccountLimitExceededException", LIMIT);
        let script = vec![agreed(FIVE_SECONDS_LATER), limit, ("PutEvents", answer)];
        let Run { result, line, .. } = run(&created(), script).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.error_type(), "PassingFailure", "the start's");
        let text = failure.to_string();
        assert!(text.contains(LIMIT) && text.contains("does not say so: PutEvents"), "{text}");
        assert!(text.contains(words), "{text}");
        assert!(line["message"].as_str().unwrap().contains(words), "{line}");
    }
}

#[tokio::test]
async fn what_may_be_over_in_a_minute_is_not_reported() {
    for answer in [
        Answer::lost_connection(),
        Answer::status(503),
        Answer::error("ThrottlingException", "Rate exceeded"),
        Answer::error("SomethingNewException", "surprise"),
    ] {
        let script = vec![agreed(FIVE_SECONDS_LATER), ("StartBuild", answer)];
        assert!(run(&created(), script).await.result.is_err());
    }
}
