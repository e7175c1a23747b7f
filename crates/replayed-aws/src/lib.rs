#![doc = include_str!("../README.md")]

mod answer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use serde_json::Value;

pub use answer::Answer;

/// One request as it left the SDK.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRequest {
    /// The operation's name, such as `StartBuild`: what follows the dot in the header `X-Amz-Target`.
    pub operation: String,
    /// The request's JSON body.
    pub body: Value,
}

/// A scripted AWS. Clones share the script and the record.
#[derive(Debug, Clone)]
pub struct ReplayedAws {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    script: std::vec::IntoIter<(&'static str, Answer)>,
    requests: Vec<RecordedRequest>,
    unexpected: Vec<String>,
}

impl ReplayedAws {
    /// An AWS that answers the operations named in `script`, in that order.
    pub fn new(script: impl IntoIterator<Item = (&'static str, Answer)>) -> Self {
        let script: Vec<_> = script.into_iter().collect();
        let state = State { script: script.into_iter(), requests: Vec::new(), unexpected: Vec::new() };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// The configuration from which a test makes its SDK clients.
    pub fn sdk_config(&self) -> SdkConfig {
        let credentials = Credentials::for_tests();
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(SharedHttpClient::new(self.clone()))
            .retry_config(RetryConfig::disabled())
            .build()
    }

    /// Every request so far, in the order of sending.
    ///
    /// # Panics
    ///
    /// If a step of the script was not asked for, or a call was made that the script does not expect.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        let state = self.lock();
        assert!(state.unexpected.is_empty(), "unexpected calls: {}", state.unexpected.join("; "));
        let left: Vec<_> = state.script.as_slice().iter().map(|(operation, _)| *operation).collect();
        assert!(left.is_empty(), "never called: {}", left.join(", "));
        state.requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn answer(&mut self, request: &HttpRequest) -> Result<Answer, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let body = serde_json::from_slice(body).map_err(|error| ConnectorError::user(error.into()))?;
        self.requests.push(RecordedRequest { operation: operation.clone(), body });
        let problem = match self.script.next() {
            Some((expected, answer)) if expected == operation => return Ok(answer),
            Some((expected, _)) => format!("{operation} was called where the script expects {expected}"),
            None => format!("{operation} was called after the script's end"),
        };
        self.unexpected.push(problem.clone());
        Err(ConnectorError::user(problem.into()))
    }
}

impl HttpConnector for ReplayedAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.lock().answer(&request);
        HttpConnectorFuture::ready(answer.and_then(Answer::into_response))
    }
}

impl HttpClient for ReplayedAws {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use aws_sdk_codecommit::{Client, error::ProvideErrorMetadata};
    use serde_json::json;

    use super::*;

    fn client(aws: &ReplayedAws) -> Client {
        Client::new(&aws.sdk_config())
    }

    #[tokio::test]
    async fn an_answer_reaches_the_client_and_the_request_is_recorded() {
        let answer = Answer::json(json!({"branch": {"branchName": "main", "commitId": "c1"}}));
        let aws = ReplayedAws::new([("GetBranch", answer)]);
        let output =
            client(&aws).get_branch().repository_name("payments").branch_name("main").send().await.unwrap();
        assert_eq!(output.branch().unwrap().commit_id(), Some("c1"));
        let request = &aws.requests()[0];
        assert_eq!(request.operation, "GetBranch");
        assert_eq!(request.body, json!({"repositoryName": "payments", "branchName": "main"}));
    }

    #[tokio::test]
    async fn an_error_is_the_services_own() {
        let answer = Answer::error("BranchDoesNotExistException", "no such branch");
        let aws = ReplayedAws::new([("GetBranch", answer)]);
        let error = client(&aws).get_branch().send().await.unwrap_err().into_service_error();
        assert!(error.is_branch_does_not_exist_exception());
        assert_eq!(error.message(), Some("no such branch"));
    }

    #[tokio::test]
    async fn a_lost_connection_and_a_server_error_are_not_retried_by_the_client() {
        let script = [("GetBranch", Answer::lost_connection()), ("GetBranch", Answer::status(503))];
        let aws = ReplayedAws::new(script);
        assert!(client(&aws).get_branch().send().await.is_err());
        assert!(client(&aws).get_branch().send().await.is_err());
        assert_eq!(aws.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_call_that_the_script_does_not_expect_fails_the_test() {
        let aws = ReplayedAws::new([("GetCommit", Answer::json(json!({})))]);
        assert!(client(&aws).get_branch().send().await.is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| aws.requests())).is_err());
    }

    #[test]
    fn a_step_that_nobody_asked_for_fails_the_test() {
        let aws = ReplayedAws::new([("GetCommit", Answer::json(json!({})))]);
        assert!(catch_unwind(AssertUnwindSafe(|| aws.requests())).is_err());
    }
}
