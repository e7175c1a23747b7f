//! What requests answer and refuse.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{PROJECT, World};

const QUICK: &str = "version: 0.2\nphases: { build: { commands: [ 'true' ] } }";

#[tokio::test]
async fn a_repeated_token_answers_the_same_build_for_five_minutes() {
    let world = World::new();
    let input = json!({ "buildspecOverride": QUICK, "idempotencyToken": "token", "sourceVersion": "a" });
    let first = world.start(input.clone()).await;
    world.clock.advance(Duration::from_secs(4 * 60));
    assert_eq!(world.start(input.clone()).await, first);
    let mut other = input.clone();
    other["sourceVersion"] = "b".into();
    other["projectName"] = PROJECT.into();
    let error = world.call("StartBuild", other).await.unwrap_err();
    assert_eq!(error.code, "InvalidInputException");
    world.clock.advance(Duration::from_secs(60));
    let second = world.start(input).await;
    assert_ne!(second, first);
    assert_eq!(world.codebuild.builds_of_project(PROJECT), [first, second]);
    world.codebuild.shutdown().await;
}

#[tokio::test]
async fn a_retry_asks_for_the_same_once_more() {
    let world = World::new();
    let variables = json!([{ "name": "PULL_REQUEST_ID", "value": "42", "type": "PLAINTEXT" }]);
    let id = world
        .start(json!({
            "buildspecOverride": QUICK, "environmentVariablesOverride": variables, "timeoutInMinutesOverride": 7,
        }))
        .await;
    let first = world.finish(&id).await.build;
    let retry = json!({ "id": id, "idempotencyToken": "again" });
    let answer = world.call("RetryBuild", retry.clone()).await.unwrap();
    let again = world.call("RetryBuild", retry).await.unwrap();
    assert_eq!(answer["build"]["id"], again["build"]["id"]);
    assert_eq!(answer["build"]["buildStatus"], "IN_PROGRESS");
    assert_eq!(answer["build"]["currentPhase"], "QUEUED");
    let second = world.finish(answer["build"]["id"].as_str().unwrap()).await.build;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(second["buildNumber"], 2);
    for member in ["environment", "source", "timeoutInMinutes", "projectName"] {
        assert_eq!(first[member], second[member], "{member}");
    }
    let error = world.call("RetryBuild", json!({ "id": "p:none" })).await.unwrap_err();
    assert_eq!(error.code, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_build_has_the_members_of_the_api_model() {
    let world = World::new();
    let id = world.start(json!({ "buildspecOverride": QUICK })).await;
    let build = world.finish(&id).await.build;
    let uuid = id.split_once(':').unwrap().1;
    assert_eq!(build["arn"], format!("arn:aws:codebuild:us-east-1:123456789012:build/{id}"));
    assert_eq!(build["serviceRole"], "arn:aws:iam::123456789012:role/build-role");
    assert_eq!(build["logs"]["groupName"], "builds");
    assert_eq!(build["logs"]["streamName"], uuid);
    assert_eq!(
        build["logs"]["deepLink"],
        format!(
            "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/builds/log-events/{uuid}"
        )
    );
    assert_eq!(
        build["logs"]["cloudWatchLogsArn"],
        format!("arn:aws:logs:us-east-1:123456789012:log-group:builds:log-stream:{uuid}")
    );
    assert_eq!((&build["timeoutInMinutes"], &build["queuedTimeoutInMinutes"]), (&json!(60), &json!(480)));
    assert!(build["startTime"].as_f64().unwrap() <= build["endTime"].as_f64().unwrap());
    let phase = build["phases"][6].as_object().unwrap();
    let members: Vec<_> = phase.keys().map(String::as_str).collect();
    assert_eq!(
        members,
        ["contexts", "durationInSeconds", "endTime", "phaseStatus", "phaseType", "startTime"]
    );
    let by_arn = world.call("BatchGetBuilds", json!({ "ids": [build["arn"], "p:none"] })).await.unwrap();
    assert_eq!(by_arn["builds"], json!([build]));
    assert_eq!(by_arn["buildsNotFound"], json!(["p:none"]));
}

#[tokio::test]
async fn wrong_requests_are_refused_with_the_models_errors() {
    let world = World::new();
    let token = "t".repeat(65);
    let cases: [(&str, Value, &str, &str); 18] = [
        ("StartBuild", json!({ "projectName": "none" }), "ResourceNotFoundException", "project/none"),
        ("StartBuild", json!({ "idempotencyToken": token }), "InvalidInputException", "64 characters"),
        (
            "StartBuild",
            json!({ "timeoutInMinutesOverride": 4 }),
            "InvalidInputException",
            "between 5 and 2160",
        ),
        (
            "StartBuild",
            json!({ "queuedTimeoutInMinutesOverride": 481 }),
            "InvalidInputException",
            "5 and 480",
        ),
        ("StartBuild", json!({ "buildspecOverride": "a.yaml" }), "InvalidInputException", "inline"),
        ("StartBuild", json!({ "sourceTypeOverride": "CODECOMMIT" }), "InvalidInputException", "location"),
        ("StartBuild", json!({ "sourceTypeOverride": "GITHUB" }), "NotModeledByLocalAws", "GITHUB"),
        ("StartBuild", json!({ "imageOverride": "x" }), "NotModeledByLocalAws", "member imageOverride"),
        ("StartBuild", json!({ "artifactsOverride": { "type": "S3" } }), "NotModeledByLocalAws", "S3"),
        ("StartBuild", json!({ "buildspecOverride": "arn:aws:s3:::b/k" }), "NotModeledByLocalAws", "S3"),
        ("StartBuild", variable("CODEBUILD_CI", "PLAINTEXT"), "InvalidInputException", "CODEBUILD_CI"),
        ("StartBuild", variable("A", "PARAMETER_STORE"), "NotModeledByLocalAws", "PARAMETER_STORE"),
        ("StartBuild", variable("A-B", "PLAINTEXT"), "NotModeledByLocalAws", "A-B"),
        ("StopBuild", json!({ "id": "p:none" }), "ResourceNotFoundException", "p:none"),
        ("BatchGetBuilds", json!({ "ids": [] }), "InvalidInputException", "1 to 100"),
        ("BatchGetBuilds", json!({ "ids": vec!["p:x"; 101] }), "InvalidInputException", "1 to 100"),
        ("ListBuildsForProject", json!({ "projectName": "none" }), "ResourceNotFoundException", "none"),
        ("DeleteProject", json!({ "name": "x" }), "NotModeledByLocalAws", "CodeBuild DeleteProject"),
    ];
    for (operation, mut input, code, text) in cases {
        if operation == "StartBuild" && input.get("projectName").is_none() {
            input["projectName"] = PROJECT.into();
        }
        let error = world.call(operation, input.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{operation} {input}: {error}");
        assert!(error.message.contains(text), "{operation} {input}: {error}");
    }
    assert!(world.events.lock().unwrap().is_empty());
}

fn variable(name: &str, variable_type: &str) -> Value {
    json!({ "environmentVariablesOverride": [{ "name": name, "value": "v", "type": variable_type }] })
}

#[tokio::test]
async fn builds_are_listed_newest_first_a_hundred_a_page() {
    let world = World::with(|settings| settings.concurrent_builds = 21, |_| {});
    let mut started = Vec::new();
    for _ in 0..100 {
        started.push(world.start_inline(QUICK).await);
    }
    let list = async |input: Value| {
        let mut input = input;
        input["projectName"] = PROJECT.into();
        world.call("ListBuildsForProject", input).await
    };
    let all = list(json!({})).await.unwrap();
    assert!(all.get("nextToken").is_none());
    assert_eq!(list(json!({ "sortOrder": "ASCENDING" })).await.unwrap()["ids"], json!(started));
    for id in &started {
        world.call("StopBuild", json!({ "id": id })).await.unwrap();
    }
    started.push(world.start_inline(QUICK).await);
    started.reverse();
    let first = list(json!({})).await.unwrap();
    assert_eq!(first["ids"], json!(started[..100]));
    let second = list(json!({ "nextToken": first["nextToken"] })).await.unwrap();
    assert_eq!(second, json!({ "ids": [started[100]] }));
    let error = list(json!({ "sortOrder": "DESCENDING" })).await.unwrap_err();
    assert_eq!(error.code, "InvalidInputException");
    assert_eq!(list(json!({ "nextToken": "x" })).await.unwrap_err().code, "InvalidInputException");
    world.codebuild.shutdown().await;
}
