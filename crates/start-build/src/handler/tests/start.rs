use super::*;

/// The token of the event of [`created`], computed apart from this code.
const CREATED_TOKEN: &str = "d18771561f7ab2ef93e0dd997612f1ce25cb77758bc525dac3179b54eb43667f";

#[tokio::test]
async fn a_created_pull_request_starts_a_build_of_exactly_its_commit() {
    let Run { result, requests, .. } = run(&created(), vec![agreed(FIVE_SECONDS_LATER), started()]).await;
    assert_eq!(result, Ok(build_started()));
    assert_eq!(requests[0].body, json!({"pullRequestId": "42"}));
    assert_eq!(
        requests[1].body,
        json!({
            "projectName": "payments-project",
            "sourceTypeOverride": "CODECOMMIT",
            "sourceLocationOverride":
                "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/payments",
            "sourceVersion": SOURCE,
            "buildspecOverride": "ci/buildspec-tests.yaml",
            "artifactsOverride": {"type": "NO_ARTIFACTS"},
            "environmentVariablesOverride": [
                plaintext("PULL_REQUEST_ID", "42"),
                plaintext("REPOSITORY_NAME", "payments"),
                plaintext("SOURCE_COMMIT", SOURCE),
                plaintext("DESTINATION_COMMIT", DESTINATION),
                plaintext("REVISION_ID", REVISION),
                plaintext("SOURCE_REFERENCE", "refs/heads/feature/refunds"),
                plaintext("DESTINATION_REFERENCE", "refs/heads/main"),
            ],
            "idempotencyToken": CREATED_TOKEN,
        })
    );
}

#[tokio::test]
async fn no_parameter_depends_on_the_clock_or_on_what_else_happened_to_the_pull_request() {
    let first = run(&created(), vec![agreed(FIVE_SECONDS_LATER), started()]).await.requests;
    let mut moved = pull_request();
    moved["pullRequest"]["lastActivityDate"] = json!(EVENT_SECOND + 200);
    moved["pullRequest"]["pullRequestTargets"][0]["destinationCommit"] = json!("c".repeat(40));
    let answer = Answer::json(moved).at(FOUR_MINUTES_LATER);
    let second = run(&created(), vec![("GetPullRequest", answer), started()]).await.requests;
    assert_eq!(first[1].body, second[1].body);
}

#[tokio::test]
async fn a_push_builds_the_new_revision_under_a_token_of_its_own() {
    let event = event(include_str!(
        "../../../../pull-request-build/fixtures/pull-request-events/pullRequestSourceBranchUpdated.json"
    ));
    let mut answer = pull_request();
    answer["pullRequest"]["revisionId"] = event["detail"]["revisionId"].clone();
    answer["pullRequest"]["pullRequestTargets"][0]["sourceCommit"] = event["detail"]["sourceCommit"].clone();
    let agreed = ("GetPullRequest", Answer::json(answer).at(FIVE_SECONDS_LATER));
    let script = vec![agreed, started(), no_comments(), no_builds()];
    let Run { result, requests, .. } = run(&event, script).await;
    assert_eq!(result, Ok(build_started()));
    assert_eq!(requests[1].body["sourceVersion"], event["detail"]["sourceCommit"]);
    assert_ne!(requests[1].body["idempotencyToken"], json!(CREATED_TOKEN));
}

#[tokio::test]
async fn an_event_that_calls_for_no_build_asks_aws_nothing() {
    let cases = [
        (
            created_with("event", json!("pullRequestStatusChanged")),
            "an event of kind pullRequestStatusChanged makes no new revision".to_owned(),
        ),
        (
            created_with("event", json!("pullRequestTeleported")),
            "an event of kind pullRequestTeleported makes no new revision".to_owned(),
        ),
        (created_with("pullRequestStatus", json!("Closed")), "the pull request is closed".to_owned()),
        (created_with("isMerged", json!("True")), "the pull request is merged".to_owned()),
        (
            created_with("destinationCommit", json!(SOURCE)),
            format!("source and destination are the same commit, {SOURCE}"),
        ),
    ];
    for (event, reason) in cases {
        assert_eq!(run(&event, vec![]).await.result, Ok(skipped(&reason)));
    }
}

#[tokio::test]
async fn nothing_is_built_of_a_pull_request_that_is_not_open_or_has_moved_on() {
    let other = "c".repeat(40);
    let answer = |path: &str, value: Value| {
        let mut answer = pull_request();
        *answer.pointer_mut(path).unwrap() = value;
        Answer::json(answer).at(FIVE_SECONDS_LATER)
    };
    let source = "/pullRequest/pullRequestTargets/0/sourceCommit";
    let gone = "the pull request or its repository no longer exists";
    let cases = [
        (answer("/pullRequest/pullRequestStatus", json!("FROZEN")), "the pull request is FROZEN".to_owned()),
        (
            answer("/pullRequest/revisionId", json!("r2")),
            format!("the pull request has moved on to commit {SOURCE}, revision r2"),
        ),
        (
            answer(source, json!(other)),
            format!("the pull request has moved on to commit {other}, revision {REVISION}"),
        ),
        (Answer::error("PullRequestDoesNotExistException", "no such pull request"), gone.to_owned()),
        (Answer::error("RepositoryDoesNotExistException", "no such repository"), gone.to_owned()),
    ];
    for (answer, reason) in cases {
        assert_eq!(run(&created(), vec![("GetPullRequest", answer)]).await.result, Ok(skipped(&reason)));
    }
}

#[test]
fn what_came_of_an_event_is_readable_as_json() {
    let cases = [
        (build_started(), json!({"decision": "buildStarted", "buildId": "payments-project:1"})),
        (
            build_found("payments-project:2"),
            json!({"decision": "buildFound", "buildId": "payments-project:2"}),
        ),
        (skipped("it is closed"), json!({"decision": "skipped", "reason": "it is closed"})),
    ];
    for (outcome, expected) in cases {
        assert_eq!(serde_json::to_value(outcome).unwrap(), expected);
    }
}

#[tokio::test]
async fn each_event_leaves_one_line_that_reads_alone_and_has_nothing_else_of_the_event() {
    let line = run(&created(), vec![agreed(FIVE_SECONDS_LATER), started()]).await.line;
    assert_eq!(line["message"], "build started");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["hook.name"], "payments-hook");
    assert_eq!(line["pull_request.id"], "42");
    assert_eq!(line["repository.name"], "payments");
    assert_eq!(line["build.id"], "payments-project:1");
    assert!(!line.to_string().contains("Refuses a refund"), "the description was logged: {line}");

    let line =
        run(&created(), vec![("GetPullRequest", Answer::error("AccessDeniedException", "no"))]).await.line;
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["error.type"], "RefusedByAws");
    assert_eq!(line["pull_request.id"], "42");
    assert_eq!(line.get("build.id"), None);
}
