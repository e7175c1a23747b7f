//! What the APIs of Lambda and EventBridge say about the template's functions and rules.

use local_aws::account::Account;
use local_aws::aws_json::AwsJsonService;
use local_aws::caller::AccessKeys;
use serde_json::{Value, json};

use crate::world::FunctionWorld;

async fn get(world: &FunctionWorld, path: &str) -> (u16, Value) {
    let answer = world.get(&format!("/2015-03-31/functions{path}")).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[tokio::test]
async fn a_function_is_listed_and_described() {
    let world = FunctionWorld::start(|setup| {
        setup.function.environment.insert("HOOK_NAME".to_owned(), "hook".to_owned());
    })
    .await;
    let (_, list) = get(&world, "/?MaxItems=10").await;
    let listed = &list["Functions"][0];
    assert_eq!(list.get("NextMarker"), None);
    for (name, expected) in [
        ("FunctionName", json!("start")),
        ("FunctionArn", json!(world.function.arn)),
        ("Role", json!("arn:aws:iam::123456789012:role/start-role")),
        ("Timeout", json!(60)),
        ("State", json!("Active")),
        ("Environment", json!({ "Variables": { "HOOK_NAME": "hook" } })),
    ] {
        assert_eq!(listed[name], expected, "{name}");
    }
    let (_, function) = get(&world, "/start").await;
    assert_eq!(&function["Configuration"], listed);
    let (_, latest) = get(&world, "/start/configuration?Qualifier=%24LATEST").await;
    assert_eq!(latest["FunctionArn"], format!("{}:$LATEST", world.function.arn));

    let (_, first) = get(&world, "?MaxItems=1").await;
    assert_eq!((&first["Functions"], &first["NextMarker"]), (&json!([listed]), &json!("start")));
    let (_, rest) = get(&world, "?Marker=start").await;
    let names: Vec<_> =
        rest["Functions"].as_array().unwrap().iter().map(|each| &each["FunctionName"]).collect();
    assert_eq!(names, ["start-of-another-stack"]);
}

#[tokio::test]
async fn where_failed_events_end_is_told() {
    let world = FunctionWorld::start(|_| {}).await;
    let answer = world.get("/2019-09-25/functions/start/event-invoke-config?Qualifier=%24LATEST").await;
    let config: Value = serde_json::from_str(&answer.body).unwrap();
    for (name, expected) in [
        ("FunctionArn", json!(format!("{}:$LATEST", world.function.arn))),
        ("MaximumRetryAttempts", json!(2)),
        ("MaximumEventAgeInSeconds", json!(21_600)),
        ("DestinationConfig", json!({ "OnSuccess": {}, "OnFailure": { "Destination": world.failures } })),
    ] {
        assert_eq!(config[name], expected, "{name}");
    }
    assert!(config["LastModified"].is_f64(), "{config}");
}

#[tokio::test]
async fn a_function_with_the_defaults_has_no_event_invoke_config() {
    let world = FunctionWorld::start(|setup| setup.function.on_failure = None).await;
    let answer = world.get("/2019-09-25/functions/start/event-invoke-config").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("x-amzn-errortype"), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_modeled_are_told_apart() {
    let world = FunctionWorld::start(|_| {}).await;
    let (status, error) = get(&world, "/other").await;
    assert_eq!(status, 404);
    let name = "arn:aws:lambda:us-east-1:123456789012:function:other";
    assert!(error["Message"].as_str().unwrap().contains(name), "{error}");
    for path in ["/start?Qualifier=1", "/start/policy", "?FunctionVersion=ALL"] {
        let (_, error) = get(&world, path).await;
        assert!(error["Message"].as_str().unwrap().contains("does not model"), "{path}: {error}");
    }
}

async fn call(world: &FunctionWorld, operation: &str, input: Value) -> Result<Value, String> {
    let caller = AccessKeys::new(Account::default(), Vec::new()).identify(None);
    world.bus.call(operation, &caller, input).await.map_err(|error| error.code)
}

#[tokio::test]
async fn rules_and_targets_are_listed_as_the_template_has_them() {
    let world = FunctionWorld::start(|_| {}).await;
    let rules = call(&world, "ListRules", json!({ "NamePrefix": "req" })).await.unwrap();
    let [rule] = rules["Rules"].as_array().unwrap().as_slice() else { panic!("{rules}") };
    assert_eq!((&rule["Name"], &rule["State"]), (&json!("requests"), &json!("ENABLED")));
    let pattern: Value = serde_json::from_str(rule["EventPattern"].as_str().unwrap()).unwrap();
    assert!(pattern.is_object(), "{pattern}");
    let described = call(&world, "DescribeRule", json!({ "Name": "requests" })).await.unwrap();
    assert_eq!(described["EventPattern"], rule["EventPattern"]);
    let input = json!({ "Rule": "requests", "EventBusName": "default" });
    let targets = call(&world, "ListTargetsByRule", input).await.unwrap();
    assert_eq!(targets["Targets"][0]["Arn"], world.function.arn);
    assert_eq!(targets["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"], 185);

    assert_eq!(call(&world, "ListRules", json!({ "NamePrefix": "x" })).await.unwrap()["Rules"], json!([]));
    for (operation, input, code) in [
        ("DescribeRule", json!({ "Name": "other" }), "ResourceNotFoundException"),
        ("ListTargetsByRule", json!({ "Rule": "other" }), "ResourceNotFoundException"),
        ("ListRules", json!({ "EventBusName": "other" }), "ResourceNotFoundException"),
        ("ListRules", json!({ "Limit": 101 }), "ValidationException"),
        ("PutRule", json!({}), "NotModeledByLocalAws"),
    ] {
        assert_eq!(call(&world, operation, input).await.unwrap_err(), code, "{operation}");
    }
}
