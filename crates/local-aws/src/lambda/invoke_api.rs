//! The operation Invoke: `POST /2015-03-31/functions/NAME/invocations`.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;

use super::invocation::{Completed, InvocationRequest};
use super::{InvokeError, Lambda, SYNCHRONOUS_PAYLOAD_LIMIT};
use crate::aws_json::ApiError;
use crate::caller::Caller;
use crate::tasks::ShuttingDown;

impl Lambda {
    /// Invokes a function, by name or ARN.
    pub(super) async fn invoke(
        &self,
        caller: &Caller,
        name: &str,
        request: Request,
    ) -> Result<Response, ApiError> {
        let headers = request.headers().clone();
        let function = self.inner.find_function(name).map_err(api_error)?;
        function.authorize_invocation(caller)?;
        let payload = to_bytes(request.into_body(), SYNCHRONOUS_PAYLOAD_LIMIT)
            .await
            .map_err(|_| api_error(InvokeError::RequestTooLarge { limit: SYNCHRONOUS_PAYLOAD_LIMIT }))?;
        let payload = read_payload(payload)?;
        match header(&headers, "x-amz-invocation-type").unwrap_or("RequestResponse") {
            "DryRun" => Ok(StatusCode::NO_CONTENT.into_response()),
            "Event" => {
                let request_id = self.invoke_event(name, payload).map_err(api_error)?;
                Ok((StatusCode::ACCEPTED, [("x-amzn-requestid", request_id)]).into_response())
            }
            "RequestResponse" => {
                let request_id = uuid::Uuid::new_v4().to_string();
                let request = InvocationRequest { request_id: request_id.clone(), payload, attempt: 1 };
                let answer = self.inner.start_invocation(&function, request).map_err(api_error)?;
                let completed = answer.await.map_err(|_| api_error(ShuttingDown.into()))?;
                let tail = header(&headers, "x-amz-log-type") == Some("Tail");
                Ok(respond(request_id, completed, tail))
            }
            other => {
                let message = format!(
                    "Value '{other}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value \
                     set: [Event, RequestResponse, DryRun]"
                );
                Err(ApiError::new("InvalidParameterValueException", message))
            }
        }
    }
}

fn respond(request_id: String, completed: Completed, tail: bool) -> Response {
    let function_error = completed.result.is_err();
    let payload = completed.result.unwrap_or_else(|error| error.payload);
    let mut headers = vec![
        ("x-amzn-requestid", request_id),
        ("x-amz-executed-version", "$LATEST".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    if function_error {
        headers.push(("x-amz-function-error", "Unhandled".to_owned()));
    }
    if tail {
        headers.push(("x-amz-log-result", STANDARD.encode(completed.log_tail)));
    }
    let mut response = Response::builder().status(StatusCode::OK);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response
        .body(Body::from(payload))
        .unwrap_or_else(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response())
}

/// A function gets JSON, and `{}` where nothing was sent. What its runtime makes of numbers out of range, halves of
/// characters and deep nesting is the function's business.
fn read_payload(payload: Bytes) -> Result<Bytes, ApiError> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    let refuse = |error: &dyn std::error::Error| {
        let message = format!("Could not parse request body into json: {error}");
        ApiError::new("InvalidRequestContentException", message)
    };
    let text = str::from_utf8(&payload).map_err(|error| refuse(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| refuse(&error))?;
    Ok(payload)
}

pub(super) fn api_error(error: InvokeError) -> ApiError {
    let (status, code) = match &error {
        InvokeError::FunctionNotFound(_) => (404, "ResourceNotFoundException"),
        InvokeError::AccessDenied(_) => (403, "AccessDeniedException"),
        InvokeError::RequestTooLarge { .. } => (413, "RequestTooLargeException"),
        InvokeError::TooManyRequests => (429, "TooManyRequestsException"),
        InvokeError::ShuttingDown(_) => (500, "ServiceException"),
    };
    ApiError { status, code: code.to_owned(), message: error.to_string() }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
