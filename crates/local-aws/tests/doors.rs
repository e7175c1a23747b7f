//! Who is let in: the person at one door, functions and builds at the other.

#![cfg(test)]

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local_aws::account::Account;
use local_aws::activity::Activity;
use local_aws::caller::AccessKeys;
use local_aws::clock::Clock;
use local_aws::door::{Door, Strangers};
use local_aws::faults::Faults;
use local_aws::http::{FrontDoor, PathHandler, PathService};
use local_aws::iam::{Effect, Role, Selection, Statement};
use local_aws::sqs::Sqs;

/// A front door of sessions with one path of each kind, and a key of a session that may do everything.
fn door_of_sessions() -> (FrontDoor, String) {
    let all = || Selection::Of(vec!["*".to_owned()]);
    let statement =
        Statement { effect: Effect::Allow, actions: all(), resources: all(), conditions: Vec::new() };
    let (name, arn) = ("r".to_owned(), "arn:aws:iam::123456789012:role/r".to_owned());
    let role = Role { name, arn, trust: Vec::new(), statements: vec![statement] };
    let keys = AccessKeys::new(Account::default(), vec![role]);
    let key = keys.issue(&keys.open_session("r", "f")).access_key_id;
    let handler: PathHandler =
        Arc::new(|caller, _| Box::pin(async move { caller.arn.clone().into_response() }));
    let path = |prefix, strangers| PathService { prefix, strangers, handler: handler.clone() };
    let paths = vec![
        path("/git/", Strangers::Asked),
        path("/runtime/", Strangers::Answered),
        path("/functions/", Strangers::Refused),
    ];
    (
        FrontDoor {
            door: Door::Sessions,
            keys,
            faults: Faults::default(),
            paths,
            clock: Clock::default(),
            activity: Activity::default(),
            services: vec![Arc::new(Sqs::new(
                Account::default(),
                Clock::default(),
                "http://localhost",
                Vec::new(),
            ))],
        },
        key,
    )
}

async fn ask_door(door: &FrontDoor, path: &str, headers: &[(&str, String)]) -> (u16, String, HeaderMap) {
    let mut request = Request::builder().method("POST").uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = door.respond(request.body(Body::from("{}")).unwrap()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap(), headers)
}

#[tokio::test]
async fn at_the_door_of_sessions_nobody_is_the_person() {
    let (door, _) = door_of_sessions();
    let target = ("x-amz-target", "AmazonSQS.ListQueues".to_owned());
    let form = ("content-type", "application/x-www-form-urlencoded".to_owned());
    let persons_key = ("authorization", "AWS4-HMAC-SHA256 Credential=local/20261121/x".to_owned());
    let cases = [
        ("/", vec![target.clone()], "MissingAuthenticationTokenException"),
        ("/", vec![target, persons_key.clone()], "UnrecognizedClientException"),
        ("/", vec![form, persons_key.clone()], "<Code>UnrecognizedClientException</Code>"),
        ("/functions/f", vec![persons_key], "UnrecognizedClientException"),
        ("/nothing", vec![], "MissingAuthenticationTokenException"),
    ];
    for (path, headers, code) in cases {
        let (status, answer, _) = ask_door(&door, path, &headers).await;
        assert!(status == 403 && answer.contains(code), "{path} {headers:?}: {status} {answer}");
    }
    let (status, _, headers) = ask_door(&door, "/git/payments", &[]).await;
    assert_eq!(status, 401);
    assert!(headers["www-authenticate"].to_str().unwrap().starts_with("Basic "));
    assert_eq!(ask_door(&door, "/runtime/secret", &[]).await.0, 200);
}

#[tokio::test]
async fn both_doors_know_a_session_by_its_key() {
    let (door, key) = door_of_sessions();
    let session = "arn:aws:sts::123456789012:assumed-role/r/f";
    let signature = format!("AWS4-HMAC-SHA256 Credential={key}/20261121/x");
    let basic = format!("Basic {}", STANDARD.encode(format!("{key}%t:p")));
    for door in [FrontDoor { door: Door::Person, ..door.clone() }, door] {
        for authorization in [&signature, &basic] {
            let headers = [("authorization", authorization.clone())];
            let (status, answer, _) = ask_door(&door, "/git/payments", &headers).await;
            assert_eq!((status, answer.as_str()), (200, session), "{:?}", door.door);
        }
    }
}
