//! Every error that AWS may answer, sorted, in each call.

use lambda_runtime::Diagnostic;

use super::*;

/// An answer, the kind of failure that it is, and words that the failure's text must have.
type Case = (Answer, &'static str, &'static str);

/// The answers that any of the calls may get.
fn general_errors() -> Vec<Case> {
    vec![
        (Answer::lost_connection(), "PassingFailure", "may succeed"),
        (Answer::status(500), "PassingFailure", "may succeed"),
        (Answer::status(503), "PassingFailure", "may succeed"),
        (Answer::error("ThrottlingException", "Rate exceeded"), "PassingFailure", "Rate exceeded"),
        (Answer::error("SomethingNewException", "surprise"), "UnknownFailure", "SomethingNewException"),
    ]
}

/// The same for calls that nobody hears of if they are denied.
fn errors_of_reads() -> Vec<Case> {
    let mut cases = general_errors();
    cases.push((Answer::error("AccessDeniedException", "is not authorized"), "RefusedByAws", "role"));
    cases
}

/// Checks what each answer to `operation` comes to, when the steps `before` went well.
async fn assert_failures(operation: &'static str, before: Script, cases: Vec<Case>) {
    for (answer, error_type, words) in cases {
        let shown = format!("{operation} answering {answer:?}");
        let mut script = before.clone();
        script.push((operation, answer));
        let failure = run(&created(), script).await.result.unwrap_err();
        let text = failure.to_string();
        assert_eq!(failure.error_type(), error_type, "{shown}: {text}");
        assert!(text.contains(operation) && text.contains(words), "{shown}: {text}");
    }
}

#[tokio::test]
async fn errors_of_get_pull_request() {
    let mut cases = errors_of_reads();
    cases.extend([
        (Answer::error("EncryptionKeyAccessDeniedException", "no"), "RefusedByAws", "repositoryKeyArns"),
        (Answer::error("EncryptionKeyDisabledException", "no"), "RefusedByAws", "enable"),
        (Answer::error("EncryptionKeyNotFoundException", "no"), "RefusedByAws", "KMS key that exists"),
        (Answer::error("EncryptionKeyUnavailableException", "no"), "RefusedByAws", "state"),
        (Answer::error("EncryptionIntegrityChecksFailedException", "no"), "RefusedByAws", "AWS Support"),
        (Answer::error("InvalidPullRequestIdException", "no"), "UnknownFailure", "InvalidPullRequestId"),
    ]);
    assert_failures("GetPullRequest", vec![], cases).await;
}

#[tokio::test]
async fn errors_of_start_build() {
    // Those that people are told of are in `not_started`.
    assert_failures("StartBuild", vec![agreed(FIVE_SECONDS_LATER)], general_errors()).await;
}

#[tokio::test]
async fn errors_of_the_look_start_no_build() {
    let agreed = agreed(MORE_THAN_FOUR_MINUTES_LATER);
    let mut cases = errors_of_reads();
    cases.push((
        Answer::error("ResourceNotFoundException", "no such project"),
        "RefusedByAws",
        "no CodeBuild project payments-project",
    ));
    assert_failures("ListBuildsForProject", vec![agreed.clone()], cases).await;

    let list = ("ListBuildsForProject", Answer::json(json!({"ids": ["payments-project:8"]})));
    assert_failures("BatchGetBuilds", vec![agreed, list], errors_of_reads()).await;
}

#[tokio::test]
async fn a_read_from_before_the_event_is_an_error_so_that_it_is_read_again() {
    let mut old = pull_request();
    old["pullRequest"]["revisionId"] = json!("r0");
    old["pullRequest"]["lastActivityDate"] = json!(EVENT_SECOND - 1);
    let script = vec![("GetPullRequest", Answer::json(old).at(FIVE_SECONDS_LATER))];
    let failure = run(&created(), script).await.result.unwrap_err();
    assert_eq!(failure.error_type(), "ReadIsBehind");
    assert!(failure.to_string().contains(REVISION), "{failure}");
}

#[tokio::test]
async fn an_answer_without_what_is_needed_names_what_is_missing() {
    let without = |path: &str, name: &str| {
        let mut answer = pull_request();
        answer.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        answer
    };
    let target = "/pullRequest/pullRequestTargets/0";
    let mut elsewhere = pull_request();
    elsewhere["pullRequest"]["pullRequestTargets"][0]["repositoryName"] = json!("refunds");
    let mut malformed = pull_request();
    malformed["pullRequest"]["pullRequestTargets"][0]["sourceCommit"] = json!("HEAD");
    let cases = [
        (json!({"pullRequest": {}}), "a target in repository payments"),
        (without("/pullRequest", "revisionId"), "revisionId"),
        (without("/pullRequest", "pullRequestStatus"), "pullRequestStatus"),
        (without("/pullRequest", "lastActivityDate"), "lastActivityDate"),
        (without("/pullRequest", "pullRequestTargets"), "a target in repository payments"),
        (without(target, "sourceCommit"), "sourceCommit"),
        (elsewhere, "a target in repository payments"),
        (malformed, "40 lower-case hex digits"),
    ];
    for (answer, what) in cases {
        let failure =
            run(&created(), vec![("GetPullRequest", Answer::json(answer))]).await.result.unwrap_err();
        assert_eq!(failure.error_type(), "InvalidAnswer", "{failure}");
        assert!(failure.to_string().contains(what), "{failure}");
    }
    let script = vec![agreed(FIVE_SECONDS_LATER), ("StartBuild", Answer::json(json!({})))];
    let failure = run(&created(), script).await.result.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "StartBuild answered without the build's id; if it stays, open a case with AWS Support"
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_understood_asks_aws_nothing_and_names_the_field() {
    let cases = [
        ("sourceCommit", json!("HEAD")),
        ("destinationCommit", Value::Null),
        ("repositoryNames", json!(["payments", "refunds"])),
    ];
    for (name, value) in cases {
        let failure = run(&created_with(name, value), vec![]).await.result.unwrap_err();
        assert_eq!(failure.error_type(), "InvalidEvent");
        assert!(failure.to_string().contains(&format!("detail.{name}")), "{failure}");
    }
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_an_invalid_event_like_any_other() {
    let handled = run_payload(r#"{"detail":{"title":"\ud83e"}}"#, vec![]).await;
    assert_eq!(handled.result.unwrap_err().error_type(), "InvalidEvent");
    assert_eq!(handled.line["error.type"], "InvalidEvent");
}

#[tokio::test]
async fn the_line_about_a_malformed_event_shows_the_beginning_of_its_texts_and_no_more() {
    let handled = run(&created_with("pullRequestId", json!("4".repeat(250_000))), vec![]).await;
    assert_eq!(handled.line["pull_request.id"], "4".repeat(100));
    let length = handled.line.to_string().len();
    assert!(length < 2000, "the line has {length} bytes");
}

#[test]
fn the_failure_queue_shows_the_kind_and_the_text() {
    let failure = Failure::InvalidAnswer { operation: "StartBuild", what: "the build's id".to_owned() };
    let text = failure.to_string();
    let diagnostic = Diagnostic::from(failure);
    assert_eq!((diagnostic.error_type.as_str(), diagnostic.error_message), ("InvalidAnswer", text));
}
