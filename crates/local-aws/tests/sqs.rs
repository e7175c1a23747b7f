//! SQS through its API.

#![cfg(test)]

use std::collections::BTreeMap;
use std::time::Duration;

use local_aws::account::Account;
use local_aws::aws_json::{ApiError, AwsJsonService};
use local_aws::caller::AccessKeys;
use local_aws::clock::Clock;
use local_aws::sqs::{Attribute, SendError, Sqs};
use local_aws::template::{Queue, QueuePermission};
use serde_json::{Value, json};

const URL: &str = "http://127.0.0.1:1234/123456789012/failures";
const RULE: &str = "arn:aws:events:us-east-1:123456789012:rule/requests";

fn queue(permissions: Vec<QueuePermission>) -> Queue {
    Queue {
        name: "failures".to_owned(),
        arn: Account::default().arn("sqs", "failures"),
        message_retention: Duration::from_secs(3600),
        visibility_timeout: Duration::from_secs(30),
        permissions,
    }
}

fn sqs(permissions: Vec<QueuePermission>) -> (Sqs, Clock) {
    let clock = Clock::default();
    let sqs = Sqs::new(Account::default(), clock.clone(), "http://127.0.0.1:1234", vec![queue(permissions)]);
    (sqs, clock)
}

async fn call(sqs: &Sqs, operation: &str, input: Value) -> Result<Value, ApiError> {
    let caller = AccessKeys::new(Account::default(), Vec::new()).identify(None);
    sqs.call(operation, &caller, input).await
}

async fn send(sqs: &Sqs, body: &str) {
    call(sqs, "SendMessage", json!({ "QueueUrl": URL, "MessageBody": body })).await.unwrap();
}

async fn receive(sqs: &Sqs) -> Vec<Value> {
    let input = json!({ "QueueUrl": URL, "MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"] });
    let answer = call(sqs, "ReceiveMessage", input).await.unwrap();
    answer["Messages"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_received_message_hides_until_its_visibility_timeout_and_returns() {
    let (sqs, clock) = sqs(Vec::new());
    send(&sqs, "one").await;
    assert_eq!(receive(&sqs).await[0]["Body"], "one");
    assert_eq!(receive(&sqs).await, Vec::<Value>::new());
    clock.advance(Duration::from_secs(30));
    let again = receive(&sqs).await;
    assert_eq!(again[0]["Attributes"]["ApproximateReceiveCount"], "2");
}

#[tokio::test]
async fn only_the_most_recent_receipt_deletes() {
    let (sqs, clock) = sqs(Vec::new());
    send(&sqs, "one").await;
    let old = receive(&sqs).await[0]["ReceiptHandle"].clone();
    clock.advance(Duration::from_secs(30));
    let new = receive(&sqs).await[0]["ReceiptHandle"].clone();
    let arn = &queue(Vec::new()).arn;
    for (handle, left) in [(old, 1), (new.clone(), 0), (new, 0)] {
        call(&sqs, "DeleteMessage", json!({ "QueueUrl": URL, "ReceiptHandle": handle })).await.unwrap();
        assert_eq!(sqs.messages(arn).len(), left);
    }
    let input = json!({ "QueueUrl": URL, "ReceiptHandle": "made up" });
    assert_eq!(call(&sqs, "DeleteMessage", input).await.unwrap_err().code, "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn a_message_is_gone_after_the_retention_period() {
    let (sqs, clock) = sqs(Vec::new());
    send(&sqs, "one").await;
    clock.advance(Duration::from_secs(3600));
    assert_eq!(receive(&sqs).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_message_or_by_the_clock() {
    let (sqs, clock) = sqs(Vec::new());
    let poll = |sqs: Sqs| async move {
        let input = json!({ "QueueUrl": URL, "WaitTimeSeconds": 20 });
        call(&sqs, "ReceiveMessage", input).await.unwrap()
    };
    let (answer, ()) = tokio::join!(poll(sqs.clone()), send(&sqs, "late"));
    assert_eq!(answer["Messages"][0]["Body"], "late");
    let (answer, ()) = tokio::join!(poll(sqs.clone()), async { clock.advance(Duration::from_secs(20)) });
    assert_eq!(answer, json!({}));
}

#[tokio::test]
async fn attributes_come_back_when_they_are_asked_for() {
    let (sqs, _) = sqs(Vec::new());
    let input = json!({
        "QueueUrl": URL, "MessageBody": "one",
        "MessageAttributes": { "ERROR_CODE": { "DataType": "String", "StringValue": "NO_PERMISSIONS" } },
    });
    let sent = call(&sqs, "SendMessage", input).await.unwrap();
    let input = json!({ "QueueUrl": URL, "VisibilityTimeout": 0 });
    let without = call(&sqs, "ReceiveMessage", input).await.unwrap();
    assert_eq!(without["Messages"][0].get("MessageAttributes"), None);
    let input = json!({ "QueueUrl": URL, "MessageAttributeNames": ["ERROR_*", "ERROR_.*"] });
    let with = call(&sqs, "ReceiveMessage", input).await.unwrap();
    let message = &with["Messages"][0];
    assert_eq!(message["MessageAttributes"]["ERROR_CODE"]["StringValue"], "NO_PERMISSIONS");
    assert_eq!(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
}

#[tokio::test]
async fn a_request_that_is_refused_hides_no_message() {
    let (sqs, _) = sqs(Vec::new());
    send(&sqs, "one").await;
    let input = json!({ "QueueUrl": URL, "MessageSystemAttributeNames": ["SenderId"] });
    let error = call(&sqs, "ReceiveMessage", input).await.unwrap_err();
    assert!(error.message.contains("the message attribute SenderId"), "{error}");
    assert_eq!(receive(&sqs).await.len(), 1);
}

#[tokio::test]
async fn queues_are_found_counted_and_purged() {
    let (sqs, _) = sqs(Vec::new());
    send(&sqs, "one").await;
    send(&sqs, "two").await;
    let url = call(&sqs, "GetQueueUrl", json!({ "QueueName": "failures" })).await.unwrap();
    assert_eq!(url["QueueUrl"], URL);
    assert_eq!(call(&sqs, "ListQueues", json!({})).await.unwrap(), json!({ "QueueUrls": [URL] }));
    call(&sqs, "ReceiveMessage", json!({ "QueueUrl": URL })).await.unwrap();
    let input = json!({ "QueueUrl": URL, "AttributeNames": ["All"] });
    let answer = call(&sqs, "GetQueueAttributes", input.clone()).await.unwrap();
    assert_eq!(answer["Attributes"]["ApproximateNumberOfMessages"], "1");
    assert_eq!(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"], "1");
    call(&sqs, "PurgeQueue", json!({ "QueueUrl": URL })).await.unwrap();
    let answer = call(&sqs, "GetQueueAttributes", input).await.unwrap();
    assert_eq!(answer["Attributes"]["ApproximateNumberOfMessages"], "0");
}

#[tokio::test]
async fn mistakes_are_answered_as_sqs_does() {
    let (sqs, _) = sqs(Vec::new());
    for (operation, input, code) in [
        ("GetQueueUrl", json!({ "QueueName": "other" }), "QueueDoesNotExist"),
        ("ReceiveMessage", json!({ "QueueUrl": "http://host/123456789012/other" }), "QueueDoesNotExist"),
        (
            "ReceiveMessage",
            json!({ "QueueUrl": URL, "MaxNumberOfMessages": 11 }),
            "InvalidParameterValueException",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": URL, "MessageBody": "x".repeat(1_048_577) }),
            "InvalidParameterValueException",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": URL, "MessageBody": "x", "DelaySeconds": 1 }),
            "NotModeledByLocalAws",
        ),
        ("CreateQueue", json!({ "QueueName": "other" }), "NotModeledByLocalAws"),
    ] {
        assert_eq!(call(&sqs, operation, input).await.unwrap_err().code, code, "{operation}");
    }
}

#[test]
fn a_service_sends_only_what_the_policy_allows() {
    let allowed = QueuePermission {
        actions: vec!["sqs:SendMessage".to_owned()],
        principal: "events.amazonaws.com".to_owned(),
        source_arns: vec![RULE.to_owned()],
        source_accounts: Vec::new(),
    };
    let with = |change: fn(&mut QueuePermission)| {
        let mut permission = allowed.clone();
        change(&mut permission);
        permission
    };
    let send = |permissions| {
        let (sqs, _) = sqs(permissions);
        let attributes = BTreeMap::from([("RULE_ARN".to_owned(), Attribute::text(RULE))]);
        let arn = queue(Vec::new()).arn;
        sqs.send_as_service("events.amazonaws.com", RULE, &arn, "{}".to_owned(), attributes).map(drop)
    };
    assert_eq!(send(vec![allowed.clone()]), Ok(()));
    assert_eq!(send(vec![with(|p| p.source_arns[0] = RULE.replace("requests", "*"))]), Ok(()));
    assert_eq!(send(vec![with(|p| p.source_accounts = vec!["123456789012".to_owned()])]), Ok(()));
    for refused in [
        vec![],
        vec![with(|p| p.source_arns[0] = RULE.replace("requests", "builds"))],
        vec![with(|p| p.principal = "sns.amazonaws.com".to_owned())],
        vec![with(|p| p.actions = vec!["sqs:ReceiveMessage".to_owned()])],
        vec![with(|p| p.source_accounts = vec!["210987654321".to_owned()])],
    ] {
        assert!(matches!(send(refused), Err(SendError::AccessDenied { .. })));
    }
}
