//! The look at the project's builds, before a late start and after a refused one.

use super::*;

/// A build in the project, with the variables of the event's pull request.
fn a_build(id: &str, start_second: i64) -> Value {
    json!({
        "id": id,
        "startTime": start_second,
        "buildStatus": "STOPPED",
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

/// The same build with the variable at `index` changed.
fn a_build_with(index: usize, value: &str) -> Value {
    let mut build = a_build("payments-project:8", EVENT_SECOND + 20);
    build["environment"]["environmentVariables"][index]["value"] = json!(value);
    build
}

/// A build of another pull request.
fn another_build(id: &str, start_second: i64) -> Value {
    let mut build = a_build(id, start_second);
    build["environment"]["environmentVariables"][0]["value"] = json!("41");
    build
}

#[tokio::test]
async fn an_event_of_up_to_four_minutes_trusts_the_token() {
    let Run { result, requests, .. } = run(&created(), vec![agreed(FOUR_MINUTES_LATER), started()]).await;
    assert_eq!(result, Ok(build_started()));
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn an_older_event_finds_the_build_that_was_started_before() {
    let mut script = vec![agreed(MORE_THAN_FOUR_MINUTES_LATER)];
    let builds = [
        another_build("payments-project:9", EVENT_SECOND + 30),
        a_build("payments-project:8", EVENT_SECOND + 20),
    ];
    script.extend(page(&builds, Some("page 2")));
    let Run { result, requests, .. } = run(&created(), script).await;
    assert_eq!(result, Ok(build_found("payments-project:8")));
    assert_eq!(requests[1].body, json!({"projectName": "payments-project"}));
    assert_eq!(requests[2].body, json!({"ids": ["payments-project:9", "payments-project:8"]}));
}

#[tokio::test]
async fn the_look_goes_on_to_the_page_that_has_the_build() {
    let mut script = vec![agreed(MORE_THAN_FOUR_MINUTES_LATER)];
    // Older than the event, but by no more than the services' clocks may differ.
    script.extend(page(&[another_build("payments-project:9", EVENT_SECOND - 60)], Some("page 2")));
    script.extend(page(&[a_build("payments-project:8", EVENT_SECOND + 20)], Some("page 3")));
    let Run { result, requests, .. } = run(&created(), script).await;
    assert_eq!(result, Ok(build_found("payments-project:8")));
    assert_eq!(requests[3].body, json!({"projectName": "payments-project", "nextToken": "page 2"}));
}

#[tokio::test]
async fn the_look_ends_at_builds_older_than_the_event_and_the_build_is_started() {
    let mut script = vec![agreed(MORE_THAN_FOUR_MINUTES_LATER)];
    let builds = [
        another_build("payments-project:9", EVENT_SECOND + 30),
        another_build("payments-project:8", EVENT_SECOND - 61),
    ];
    script.extend(page(&builds, Some("page 2")));
    script.push(started());
    assert_eq!(run(&created(), script).await.result, Ok(build_started()));
}

#[tokio::test]
async fn a_project_without_builds_has_none_to_get() {
    let script = vec![agreed(MORE_THAN_FOUR_MINUTES_LATER), no_builds(), started()];
    assert_eq!(run(&created(), script).await.result, Ok(build_started()));
}

#[tokio::test]
async fn without_the_services_time_the_look_comes_first() {
    for answer in [Answer::json(pull_request()), Answer::json(pull_request()).at("half past nine")] {
        let mut script = vec![("GetPullRequest", answer)];
        script.extend(page(&[a_build("payments-project:8", EVENT_SECOND + 20)], None));
        assert_eq!(run(&created(), script).await.result, Ok(build_found("payments-project:8")));
    }
}

#[tokio::test]
async fn a_build_of_anything_else_is_not_taken_for_it() {
    let mut not_of_a_pull_request = a_build("payments-project:8", EVENT_SECOND + 20);
    not_of_a_pull_request["environment"]["environmentVariables"] = json!([]);
    let others = [
        a_build_with(0, "41"),
        a_build_with(1, "refunds"),
        a_build_with(2, &"c".repeat(40)),
        a_build_with(4, "r0"),
        not_of_a_pull_request,
        json!({"id": "payments-project:8"}),
    ];
    for other in others {
        let mut script = vec![agreed(MORE_THAN_FOUR_MINUTES_LATER)];
        script.extend(page(std::slice::from_ref(&other), None));
        script.push(started());
        assert_eq!(run(&created(), script).await.result, Ok(build_started()), "{other}");
    }
}

#[tokio::test]
async fn a_destination_that_moved_since_does_not_hide_the_build() {
    let mut script = vec![agreed(MORE_THAN_FOUR_MINUTES_LATER)];
    script.extend(page(&[a_build_with(3, &"c".repeat(40))], None));
    assert_eq!(run(&created(), script).await.result, Ok(build_found("payments-project:8")));
}

fn invalid_input() -> (&'static str, Answer) {
    let message = "idempotencyToken was already used with different parameters";
    ("StartBuild", Answer::error("InvalidInputException", message))
}

#[tokio::test]
async fn an_invalid_input_is_no_error_if_the_build_is_there() {
    let mut script = vec![agreed(FIVE_SECONDS_LATER), invalid_input()];
    script.extend(page(&[a_build("payments-project:8", EVENT_SECOND + 2)], None));
    assert_eq!(run(&created(), script).await.result, Ok(build_found("payments-project:8")));
}

#[tokio::test]
async fn an_invalid_input_without_a_build_is_an_error_in_codebuilds_words() {
    let mut script = vec![agreed(FIVE_SECONDS_LATER), invalid_input()];
    script.extend(page(&[another_build("payments-project:8", EVENT_SECOND + 2)], None));
    script.push(reported());
    let failure = run(&created(), script).await.result.unwrap_err();
    assert_eq!(failure.error_type(), "RefusedByAws");
    let text = failure.to_string();
    assert!(text.contains("already used with different parameters") && text.contains("settings"), "{text}");
}

#[tokio::test]
async fn a_late_event_whose_start_is_refused_looks_once_more() {
    // Another invocation started the build between the first look and the start.
    let mut script = vec![agreed(MORE_THAN_FOUR_MINUTES_LATER)];
    script.extend(page(&[another_build("payments-project:8", EVENT_SECOND + 2)], None));
    script.push(invalid_input());
    script.extend(page(&[a_build("payments-project:9", EVENT_SECOND + 250)], None));
    assert_eq!(run(&created(), script).await.result, Ok(build_found("payments-project:9")));
}
