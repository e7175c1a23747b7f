//! Stopping what nobody waits for any more.

use super::*;

const CLOSED: &str =
    include_str!("../../../../pull-request-build/fixtures/pull-request-events/pullRequestStatusChanged.json");

/// A build of the pull request.
fn a_build(id: &str, status: &str) -> Value {
    json!({
        "id": id,
        "startTime": EVENT_SECOND,
        "buildStatus": status,
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [
                plaintext("PULL_REQUEST_ID", "42"),
                plaintext("REPOSITORY_NAME", "payments"),
                plaintext("SOURCE_COMMIT", SOURCE),
                plaintext("DESTINATION_COMMIT", DESTINATION),
                plaintext("REVISION_ID", REVISION),
            ],
        },
    })
}

/// A thread that consists of one comment, which shows build `id`.
fn a_thread(author: &str, id: &str) -> Value {
    let content = format!(
        "Build running\n\n[//]: # (pull-request-hook v1 hook=payments-hook commit={SOURCE} builds={id})"
    );
    json!({"comments": [
        {"commentId": "c1", "authorArn": author, "content": content},
        {"commentId": "c2", "authorArn": author, "deleted": true},
    ]})
}

fn comments(threads: &[Value], next_token: Option<&str>) -> (&'static str, Answer) {
    let mut answer = json!({"commentsForPullRequestData": threads});
    if let Some(next_token) = next_token {
        answer["nextToken"] = json!(next_token);
    }
    ("GetCommentsForPullRequest", Answer::json(answer))
}

fn stopped_build(answer: Answer) -> (&'static str, Answer) {
    ("StopBuild", answer)
}

fn stopped_answer() -> Answer {
    Answer::json(json!({"build": {"id": "payments-project:7", "buildStatus": "STOPPED"}}))
}

fn closed_and_stopped(ids: &[&str]) -> Result<StartOutcome, Failure> {
    Ok(StartOutcome::Skipped {
        reason: "the pull request is closed".to_owned(),
        stopped: ids.iter().map(|&id| id.to_owned()).collect(),
    })
}

#[tokio::test]
async fn a_closed_pull_requests_builds_are_found_on_both_ways_and_stopped() {
    let mut script = vec![
        comments(&[a_thread("arn:aws:iam::1:user/mallory", "payments-project:6")], Some("page 2")),
        comments(&[a_thread(AUTHOR, "payments-project:7")], None),
    ];
    let newest = [a_build("payments-project:9", "IN_PROGRESS"), a_build("payments-project:8", "FAILED")];
    script.extend(page(&newest, Some("page 2")));
    let named = json!({"builds": [a_build("payments-project:7", "IN_PROGRESS")]});
    script.push(("BatchGetBuilds", Answer::json(named)));
    script.extend([stopped_build(stopped_answer()), stopped_build(stopped_answer())]);
    let Run { result, requests, line } = run(&event(CLOSED), script).await;
    assert_eq!(result, closed_and_stopped(&["payments-project:9", "payments-project:7"]));
    assert_eq!(requests[0].body, json!({"pullRequestId": "42"}));
    assert_eq!(requests[1].body, json!({"pullRequestId": "42", "nextToken": "page 2"}));
    assert_eq!(requests[4].body, json!({"ids": ["payments-project:7"]}));
    assert_eq!(requests[5].body, json!({"id": "payments-project:9"}));
    assert_eq!(requests[6].body, json!({"id": "payments-project:7"}));
    assert_eq!(line["builds.stopped"], "payments-project:9,payments-project:7");
    assert_eq!(line["reason"], "the pull request is closed");
}

#[tokio::test]
async fn without_builds_to_stop_the_line_names_none() {
    let Run { result, line, .. } = run(&event(CLOSED), vec![no_comments(), no_builds()]).await;
    assert_eq!(result, closed_and_stopped(&[]));
    assert_eq!(line.get("builds.stopped"), None);
}

#[tokio::test]
async fn a_pull_request_without_comments_to_read_may_still_have_builds() {
    for exception in ["PullRequestDoesNotExistException", "RepositoryDoesNotExistException"] {
        let mut script = vec![("GetCommentsForPullRequest", Answer::error(exception, "it is not there"))];
        script.extend(page(&[a_build("payments-project:9", "IN_PROGRESS")], None));
        script.push(stopped_build(stopped_answer()));
        assert_eq!(run(&event(CLOSED), script).await.result, closed_and_stopped(&["payments-project:9"]));
    }
}

#[tokio::test]
async fn a_build_that_is_gone_needs_no_stop_and_any_other_error_is_tried_again() {
    for (answer, expected) in [
        (Answer::error("ResourceNotFoundException", "no such build"), None),
        (Answer::error("ThrottlingException", "Rate exceeded"), Some("PassingFailure")),
        (Answer::error("AccessDeniedException", "not authorized"), Some("RefusedByAws")),
        (Answer::lost_connection(), Some("PassingFailure")),
    ] {
        let mut script = vec![no_comments()];
        script.extend(page(&[a_build("payments-project:9", "IN_PROGRESS")], None));
        script.push(stopped_build(answer));
        let result = run(&event(CLOSED), script).await.result;
        assert_eq!(result.as_ref().err().map(Failure::error_type), expected, "{result:?}");
    }
}

#[tokio::test]
async fn errors_of_the_search_are_tried_again() {
    let refused = || Answer::error("AccessDeniedException", "not authorized");
    let scripts = [
        vec![("GetCommentsForPullRequest", refused())],
        vec![no_comments(), ("ListBuildsForProject", refused())],
    ];
    for script in scripts {
        let failure = run(&event(CLOSED), script).await.result.unwrap_err();
        assert_eq!(failure.error_type(), "RefusedByAws", "{failure}");
    }
}

#[tokio::test]
async fn what_was_stopped_is_readable_as_json() {
    assert_eq!(
        serde_json::to_value(closed_and_stopped(&["payments-project:9"]).unwrap()).unwrap(),
        json!({
            "decision": "skipped",
            "reason": "the pull request is closed",
            "stopped": ["payments-project:9"],
        })
    );
}
