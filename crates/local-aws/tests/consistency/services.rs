//! The services of a local AWS, each asked in its own protocol.

use std::fmt::Write;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use local_aws::aws_json::{ApiError, AwsJsonService};
use local_aws::caller::Caller;
use local_aws::codebuild::CodeBuild;
use local_aws::codecommit::CodeCommit;
use local_aws::eventbridge::EventBridge;
use local_aws::lambda::{self, Lambda};
use local_aws::local_aws::LocalAws;
use local_aws::logs::Logs;
use local_aws::sqs::Sqs;
use local_aws::sts;
use serde_json::{Value, json};

#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) codecommit: Arc<CodeCommit>,
    codebuild: Arc<CodeBuild>,
    eventbridge: EventBridge,
    lambda: Lambda,
    logs: Arc<Logs>,
    sqs: Sqs,
}

impl Services {
    pub(crate) fn of(aws: &LocalAws) -> Self {
        Self {
            codecommit: aws.codecommit.clone(),
            codebuild: aws.codebuild.clone(),
            eventbridge: aws.eventbridge.clone(),
            lambda: aws.lambda.clone(),
            logs: Arc::new(Logs::new(aws.account.clone(), aws.logs.clone())),
            sqs: aws.sqs.clone(),
        }
    }

    /// Asks the service whose operation it is, such as `sqs.ListQueues`.
    pub(crate) async fn call(
        &self,
        operation: &str,
        caller: &Caller,
        input: Value,
    ) -> Result<Value, ApiError> {
        let (service, operation) = operation.split_once('.').unwrap();
        let service: &dyn AwsJsonService = match service {
            "codecommit" => self.codecommit.as_ref(),
            "codebuild" => self.codebuild.as_ref(),
            "events" => &self.eventbridge,
            "logs" => self.logs.as_ref(),
            "sqs" => &self.sqs,
            "lambda" => return self.get_from_lambda(operation, caller, &input).await,
            "sts" => return answer_of(sts::answer_form(caller, &sts_form(operation, &input))).await,
            other => panic!("there is no service {other}"),
        };
        service.call(operation, caller, input).await
    }

    async fn get_from_lambda(
        &self,
        operation: &str,
        caller: &Caller,
        input: &Value,
    ) -> Result<Value, ApiError> {
        let mut uri = lambda::PATH.to_owned();
        if let Some(name) = input.get("FunctionName") {
            write!(uri, "/{}", encode(&text(name))).unwrap();
        }
        if operation == "GetFunctionConfiguration" {
            uri.push_str("/configuration");
        }
        let members = input.as_object().unwrap().iter().filter(|(name, _)| *name != "FunctionName");
        let query: Vec<_> = members.map(|(name, value)| format!("{name}={}", encode(&text(value)))).collect();
        let uri = format!("{uri}?{}", query.join("&"));
        let request = Request::builder().method("GET").uri(uri).body(Body::empty()).unwrap();
        answer_of(self.lambda.handle_api(caller, request).await).await
    }
}

fn sts_form(operation: &str, input: &Value) -> String {
    let members = input.as_object().unwrap().iter();
    let members = members.map(|(name, value)| format!("&{name}={}", encode(&text(value))));
    format!("Action={operation}{}", members.collect::<String>())
}

/// A value as it stands in a path, a query or a form.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.chars().take(1_000).collect())
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// An answer that is not of the awsJson1_1 protocol, as far as it matters here.
async fn answer_of(response: Response) -> Result<Value, ApiError> {
    let status = response.status();
    let code = response.headers().get("x-amzn-errortype").map(|code| code.to_str().unwrap().to_owned());
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    if status.is_success() {
        return Ok(serde_json::from_str(&body).unwrap_or_else(|_| json!(body)));
    }
    let code = code.unwrap_or_else(|| "an error in XML".to_owned());
    Err(ApiError { status: status.as_u16(), ..ApiError::new(&code, body) })
}
