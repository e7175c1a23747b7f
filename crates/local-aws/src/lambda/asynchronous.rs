//! Asynchronous events: retries, age, and the on-failure destination.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::invocation::{Completed, InvocationRequest, TIMESTAMP};
use super::{FunctionState, Inner, InvokeError};
use crate::activity::Busy;

/// The waits before the second and the third attempt after a function error (Lambda developer guide, "Error handling
/// for asynchronous invocations").
const RETRY_WAITS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// A throttled event waits 1 second, then doubling up to 5 minutes (same page).
const FIRST_THROTTLE_WAIT: Duration = Duration::from_secs(1);
const LONGEST_THROTTLE_WAIT: Duration = Duration::from_secs(300);

/// Why an event was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    RetriesExhausted,
    EventAgeExceeded,
}

impl Inner {
    /// Takes an event. What becomes of it shows in the function's log, in the invocations and at the destination.
    pub(super) fn queue_event(
        self: &Arc<Self>,
        function: Arc<FunctionState>,
        payload: Bytes,
    ) -> Result<String, InvokeError> {
        let request_id = uuid::Uuid::new_v4().to_string();
        let request = InvocationRequest { request_id: request_id.clone(), payload, attempt: 1 };
        let busy = self.activity.begin();
        let inner = self.clone();
        self.tasks.spawn(async move { inner.carry_event(&function, request, busy).await })?;
        Ok(request_id)
    }

    /// Invokes until the function succeeds, its retries are exhausted, or the event is too old. `busy` covers
    /// everything but the waits.
    async fn carry_event(
        self: &Arc<Self>,
        function: &Arc<FunctionState>,
        mut request: InvocationRequest,
        mut busy: Busy,
    ) {
        let settings = &function.function;
        let expiry = self.clock.now() + settings.maximum_event_age;
        let mut throttle_wait = FIRST_THROTTLE_WAIT;
        let mut last: Option<Completed> = None;
        let condition = loop {
            if self.clock.now() >= expiry {
                break Condition::EventAgeExceeded;
            }
            let wait = match self.start_invocation(function, request.clone()) {
                Ok(answer) => {
                    // Without an answer Lambda was shut down.
                    let Ok(completed) = answer.await else { return };
                    if completed.result.is_ok() {
                        return;
                    }
                    last = Some(completed);
                    if request.attempt > settings.maximum_retry_attempts {
                        break Condition::RetriesExhausted;
                    }
                    let wait = RETRY_WAITS[(request.attempt as usize - 1).min(RETRY_WAITS.len() - 1)];
                    request.attempt += 1;
                    wait
                }
                Err(InvokeError::TooManyRequests) => {
                    let wait = throttle_wait;
                    throttle_wait = (throttle_wait * 2).min(LONGEST_THROTTLE_WAIT);
                    wait
                }
                Err(_) => return,
            };
            let end = expiry.min(self.clock.now() + wait);
            busy = self.clock.sleep_idle_until(end, busy).await;
        };
        self.send_to_destination(function, &request, last.as_ref(), condition);
        drop(busy);
    }

    fn send_to_destination(
        &self,
        function: &FunctionState,
        request: &InvocationRequest,
        last: Option<&Completed>,
        condition: Condition,
    ) {
        let function = &function.function;
        let Some(destination) = &function.on_failure else {
            tracing::warn!(
                function.name = %function.name, request.id = %request.request_id, ?condition,
                "an event is given up, and the function has no on-failure destination"
            );
            return;
        };
        // Lambda sends as the function.
        let session = self.access_keys.open_session(&function.role_name, &function.name);
        let record = self.invocation_record(&function.arn, request, last, condition);
        if let Err(error) = self.sqs.send_as(&session, destination, record.to_string(), BTreeMap::new()) {
            tracing::warn!(
                function.name = %function.name, request.id = %request.request_id, %error,
                "an event is given up, and its record could not be delivered"
            );
        }
    }

    /// The record of an event that is given up (Lambda developer guide, "Capturing records of asynchronous
    /// invocations").
    fn invocation_record(
        &self,
        function_arn: &str,
        request: &InvocationRequest,
        last: Option<&Completed>,
        condition: Condition,
    ) -> Value {
        let invoke_count = match (condition, last) {
            (_, None) => 0,
            (Condition::RetriesExhausted, Some(_)) => request.attempt,
            // The attempt that its age forbade is counted already.
            (Condition::EventAgeExceeded, Some(_)) => request.attempt - 1,
        };
        let mut record = json!({
            "version": "1.0",
            "timestamp": self.clock.now().format(TIMESTAMP).unwrap_or_default(),
            "requestContext": {
                "requestId": request.request_id,
                "functionArn": format!("{function_arn}:$LATEST"),
                "condition": format!("{condition:?}"),
                "approximateInvokeCount": invoke_count,
            },
            "requestPayload": json_or_text(&request.payload),
        });
        if let Some(Err(error)) = last.map(|completed| &completed.result) {
            record["responseContext"] = json!({
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            });
            record["responsePayload"] = json_or_text(&error.payload);
        }
        record
    }
}

fn json_or_text(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| json!(String::from_utf8_lossy(payload)))
}
