//! SQS through its API.

#![cfg(test)]

use std::collections::BTreeMap;
use std::time::Duration;

use local_aws::account::Account;
use local_aws::aws_json::{ApiError, AwsJsonService};
use local_aws::caller::{AccessKeys, Caller};
use local_aws::clock::Clock;
use local_aws::iam::{Condition, Denial, Effect, Principals, ResourceStatement};
use local_aws::sqs::{Attribute, SendError, Sqs};
use local_aws::template::Queue;
use serde_json::{Value, json};

const URL: &str = "http://127.0.0.1:1234/123456789012/failures";
const RULE: &str = "arn:aws:events:us-east-1:123456789012:rule/requests";

fn queue(policy: Vec<ResourceStatement>) -> Queue {
    Queue {
        name: "failures".to_owned(),
        arn: Account::default().arn("sqs", "failures"),
        message_retention: Duration::from_secs(3600),
        visibility_timeout: Duration::from_secs(30),
        policy,
    }
}

fn sqs(policy: Vec<ResourceStatement>) -> (Sqs, Clock) {
    let clock = Clock::default();
    let sqs = Sqs::new(Account::default(), clock.clone(), "http://127.0.0.1:1234", vec![queue(policy)]);
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

/// EventBridge's statement for the rule, with one thing changed.
fn allow(service: &str, action: &str, operator: &str, key: &str, value: &str) -> ResourceStatement {
    let condition = Condition::parse(operator, key, vec![value.to_owned()]).unwrap();
    ResourceStatement::allow(service, action, "*", vec![condition])
}

const EVENTS: &str = "events.amazonaws.com";

fn send_as(caller: &Caller, policy: Vec<ResourceStatement>) -> Result<(), SendError> {
    let (sqs, _) = sqs(policy);
    let attributes = BTreeMap::from([("RULE_ARN".to_owned(), Attribute::text(RULE))]);
    let arn = queue(Vec::new()).arn;
    let sent = sqs.send_as(caller, &arn, "{}".to_owned(), attributes).map(drop);
    assert_eq!(sqs.messages(&arn).len(), usize::from(sent.is_ok()));
    sent
}

#[test]
fn a_service_sends_only_what_the_policy_allows() {
    let send = |statement| send_as(&Caller::service(&Account::default(), EVENTS, RULE), vec![statement]);
    let (action, arn, of_account) = ("sqs:SendMessage", "aws:SourceArn", "aws:SourceAccount");
    assert_eq!(send(allow(EVENTS, action, "ArnEquals", arn, RULE)), Ok(()));
    assert_eq!(send(allow(EVENTS, action, "ArnLike", arn, &RULE.replace("requests", "*"))), Ok(()));
    assert_eq!(send(allow(EVENTS, "SQS:*", "StringEquals", of_account, "123456789012")), Ok(()));
    for refused in [
        allow(EVENTS, action, "ArnEquals", arn, &RULE.replace("requests", "builds")),
        allow("sns.amazonaws.com", action, "ArnEquals", arn, RULE),
        allow(EVENTS, "sqs:ReceiveMessage", "ArnEquals", arn, RULE),
        allow(EVENTS, action, "StringEquals", of_account, "210987654321"),
    ] {
        assert!(matches!(send(refused), Err(SendError::AccessDenied(_))));
    }
}

/// The statement that CDK's `enforceSSL` writes.
fn deny_without_tls() -> ResourceStatement {
    let mut statement = allow(EVENTS, "sqs:*", "Bool", "aws:SecureTransport", "false");
    statement.principals = Principals::Everyone;
    statement.statement.effect = Effect::Deny;
    statement
}

#[test]
fn without_tls_neither_a_service_nor_the_person_reaches_a_queue_that_denies_it() {
    let policy =
        || vec![deny_without_tls(), allow(EVENTS, "sqs:SendMessage", "ArnEquals", "aws:SourceArn", RULE)];
    let account = Account::default();
    let person = AccessKeys::new(account.clone(), Vec::new()).person();
    for caller in [Caller::service(&account, EVENTS, RULE), person] {
        assert_eq!(send_as(&caller, policy()), Ok(()));
        let Err(SendError::AccessDenied(denied)) =
            send_as(&caller.with("aws:securetransport", "false"), policy())
        else {
            panic!("the queue was reached without TLS");
        };
        assert_eq!(denied.denial, Denial::ResourcePolicy);
    }
}
