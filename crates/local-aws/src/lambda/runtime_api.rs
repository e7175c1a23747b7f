//! The Lambda Runtime API: `/runtime/ENVIRONMENT/2018-06-01/runtime/…`.
//!
//! On AWS each environment has an address of its own, and `AWS_LAMBDA_RUNTIME_API` is `HOST:PORT`. Here each has a path
//! of its own on the one port, and the variable is `http://HOST:PORT/runtime/ENVIRONMENT`: the Rust runtime takes the
//! variable as a URL, keeps its path, and takes a path only behind a scheme.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::oneshot;

use super::invocation::FunctionError;
use super::{Lambda, SYNCHRONOUS_PAYLOAD_LIMIT, lock};

/// What a runtime asks, on its way to the one who runs the environment.
#[derive(Debug)]
pub(super) enum RuntimeCall {
    /// `GET …/invocation/next`.
    Next(oneshot::Sender<NextInvocation>),
    /// `POST …/invocation/ID/response` or `…/error`.
    Result { request_id: String, result: Result<Bytes, FunctionError>, accepted: oneshot::Sender<bool> },
    /// `POST …/init/error`.
    InitError { error: FunctionError, accepted: oneshot::Sender<bool> },
}

/// The answer to `next`.
#[derive(Debug)]
pub(super) struct NextInvocation {
    pub(super) request_id: String,
    pub(super) function_arn: String,
    /// Real time: the process lives by it.
    pub(super) timeout: Duration,
    pub(super) payload: Bytes,
}

impl Lambda {
    /// Answers a request of a function's runtime; its path begins with `/runtime/`.
    pub async fn handle_runtime(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let mut parts = path.trim_start_matches('/').splitn(3, '/');
        let (Some("runtime"), Some(environment), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return refuse(StatusCode::NOT_FOUND, "NotFound", &path);
        };
        let Some(rest) = rest.strip_prefix("2018-06-01/runtime/") else {
            return refuse(StatusCode::NOT_FOUND, "NotFound", &path);
        };
        let Some(calls) = lock(&self.inner.runtimes).get(environment).cloned() else {
            return gone();
        };
        let steps: Vec<&str> = rest.split('/').collect();
        match (request.method(), steps.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => {
                let (answer, answered) = oneshot::channel();
                if calls.send(RuntimeCall::Next(answer)).await.is_err() {
                    return gone();
                }
                match answered.await {
                    Ok(next) => next.into_response(),
                    Err(_) => gone(),
                }
            }
            (&Method::POST, ["invocation", request_id, "response" | "error"]) => {
                let is_error = steps.last() == Some(&"error");
                let request_id = (*request_id).to_owned();
                let (result, too_large) = read_result(request, &request_id, is_error).await;
                let (accepted, answer) = oneshot::channel();
                let call = RuntimeCall::Result { request_id: request_id.clone(), result, accepted };
                if calls.send(call).await.is_err() {
                    return gone();
                }
                match answer.await {
                    Ok(_) if too_large => refuse(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "RequestEntityTooLarge",
                        "the response is too large",
                    ),
                    Ok(true) => accepted_response(),
                    Ok(false) => refuse(StatusCode::BAD_REQUEST, "InvalidRequestID", &request_id),
                    Err(_) => gone(),
                }
            }
            (&Method::POST, ["init", "error"]) => {
                let (result, _) = read_result(request, "init", true).await;
                let Err(error) = result else { return accepted_response() };
                let (accepted, answer) = oneshot::channel();
                if calls.send(RuntimeCall::InitError { error, accepted }).await.is_err() {
                    return gone();
                }
                answer.await.map_or_else(|_| gone(), |_| accepted_response())
            }
            (method, _) => refuse(
                StatusCode::NOT_FOUND,
                "NotFound",
                &format!("local-aws does not model {method} {path} of the Runtime API"),
            ),
        }
    }
}

/// The body of a result, and whether it was over the limit: then the function's caller gets an error instead.
async fn read_result(
    request: Request,
    request_id: &str,
    is_error: bool,
) -> (Result<Bytes, FunctionError>, bool) {
    let header = request.headers().get("lambda-runtime-function-error-type");
    let error_type = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Ok(payload) = to_bytes(request.into_body(), SYNCHRONOUS_PAYLOAD_LIMIT).await else {
        let message = format!(
            "Response payload size exceeded maximum allowed payload size ({SYNCHRONOUS_PAYLOAD_LIMIT} bytes)."
        );
        let error = FunctionError::new("Function.ResponseSizeTooLarge", request_id, &message);
        return (Err(error), true);
    };
    if !is_error {
        return (Ok(payload), false);
    }
    // The body's type is the function's own word; the header is a runtime's, and optional.
    let body: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
    let error_type = body["errorType"].as_str().map(str::to_owned).or(error_type);
    let error_type = error_type.unwrap_or_else(|| "Runtime.UnknownReason".to_owned());
    (Err(FunctionError { error_type, payload }), false)
}

impl NextInvocation {
    fn into_response(self) -> Response {
        let deadline = SystemTime::now() + self.timeout;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let headers = [
            ("lambda-runtime-aws-request-id", self.request_id),
            ("lambda-runtime-deadline-ms", deadline.to_string()),
            ("lambda-runtime-invoked-function-arn", self.function_arn),
            ("lambda-runtime-trace-id", trace_id()),
            ("content-type", "application/json".to_owned()),
        ];
        (StatusCode::OK, headers, Body::from(self.payload)).into_response()
    }
}

/// A trace header that is not sampled (X-Ray, "Tracing header").
fn trace_id() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &random[..24], &random[16..])
}

fn accepted_response() -> Response {
    (StatusCode::ACCEPTED, [("content-type", "application/json")], r#"{"status":"OK"}"#).into_response()
}

/// The environment has ended, or is not in a state for this call.
fn gone() -> Response {
    refuse(StatusCode::FORBIDDEN, "InvalidStateTransition", "the environment does not expect this call")
}

fn refuse(status: StatusCode, error_type: &str, message: &str) -> Response {
    let body = json!({ "errorType": error_type, "errorMessage": message }).to_string();
    (status, [("content-type", "application/json")], body).into_response()
}
