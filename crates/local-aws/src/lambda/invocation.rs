//! One invocation: what is asked, how it ends, and what the log says of it.

use std::process::ExitStatus;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::template::Function;

/// A time to the millisecond, in log lines and in invocation records.
pub(super) const TIMESTAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// What a function is asked.
#[derive(Debug, Clone)]
pub(super) struct InvocationRequest {
    /// A UUID, the same for every attempt at one event.
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    /// Begins with 1.
    pub(super) attempt: u32,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function returned.
    Succeeded,
    /// It returned an error, ran over its time, or its process ended.
    Failed {
        /// Such as `Sandbox.Timedout`, `Runtime.ExitError`, or the function's own.
        error_type: String,
        /// For a person.
        message: String,
    },
}

/// An invocation that is over, for those who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The function's key in the template.
    pub logical_id: String,
    /// The function's name.
    pub function: String,
    /// The same for every attempt at one event.
    pub request_id: String,
    /// Begins with 1.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, without the start of a new environment.
    pub duration: Duration,
}

/// An ended invocation with everything its caller gets.
#[derive(Debug, Clone)]
pub(super) struct Completed {
    pub(super) result: Result<Bytes, FunctionError>,
    pub(super) duration: Duration,
    /// The end of what was logged, up to 4 KB.
    pub(super) log_tail: String,
}

/// An error as Lambda hands it to the caller: the payload is the function's own JSON, or Lambda's.
#[derive(Debug, Clone)]
pub(super) struct FunctionError {
    pub(super) error_type: String,
    pub(super) payload: Bytes,
}

impl FunctionError {
    /// An error that Lambda itself finds; it names the request.
    pub(super) fn new(error_type: &str, request_id: &str, message: &str) -> Self {
        let message = format!("RequestId: {request_id} Error: {message}");
        let payload = json!({ "errorType": error_type, "errorMessage": message }).to_string();
        Self { error_type: error_type.to_owned(), payload: payload.into() }
    }

    pub(super) fn timed_out(request_id: &str, timeout: Duration) -> Self {
        let message = format!("Task timed out after {:.2} seconds", timeout.as_secs_f64());
        Self::new("Sandbox.Timedout", request_id, &message)
    }

    pub(super) fn exited(request_id: &str, status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let message = match (status.code(), status.signal()) {
            (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
            (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
            (None, signal) => {
                format!("Runtime exited with error: signal: {}", signal.unwrap_or_default())
            }
        };
        Self::new("Runtime.ExitError", request_id, &message)
    }

    /// The message inside the payload, for the log and for those who watch.
    pub(super) fn message(&self) -> String {
        let payload: Option<Value> = serde_json::from_slice(&self.payload).ok();
        let message = payload.as_ref().and_then(|payload| payload["errorMessage"].as_str());
        message.map_or_else(|| String::from_utf8_lossy(&self.payload).into_owned(), str::to_owned)
    }
}

impl Completed {
    /// An invocation whose process could not be started.
    pub(super) fn not_started(request: &InvocationRequest, error: &std::io::Error) -> Self {
        Self {
            result: Err(FunctionError::new(
                "Runtime.InvalidEntrypoint",
                &request.request_id,
                &error.to_string(),
            )),
            duration: Duration::ZERO,
            log_tail: String::new(),
        }
    }
}

impl Invocation {
    pub(super) fn new(function: &Function, request: &InvocationRequest, completed: &Completed) -> Self {
        let outcome = match &completed.result {
            Ok(_) => Outcome::Succeeded,
            Err(error) => Outcome::Failed { error_type: error.error_type.clone(), message: error.message() },
        };
        Self {
            logical_id: function.logical_id.clone(),
            function: function.name.clone(),
            request_id: request.request_id.clone(),
            attempt: request.attempt,
            outcome,
            duration: completed.duration,
        }
    }
}

/// The line that Lambda writes behind each invocation. What a local process's memory was is not measured.
pub(super) fn report_line(
    request_id: &str,
    duration: Duration,
    memory_size: u32,
    init_duration: Option<Duration>,
    error_type: Option<&str>,
) -> String {
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    // A custom runtime is billed for its start too.
    let billed = milliseconds(duration + init_duration.unwrap_or_default()).ceil();
    let mut line = format!(
        "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {memory_size} MB",
        milliseconds(duration),
    );
    if let Some(init_duration) = init_duration {
        line.push_str(&format!("\tInit Duration: {:.2} ms", milliseconds(init_duration)));
    }
    match error_type {
        None => {}
        Some("Sandbox.Timedout") => line.push_str("\tStatus: timeout"),
        Some(error_type) => line.push_str(&format!("\tStatus: error\tError Type: {error_type}")),
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_bills_whole_milliseconds_with_the_start() {
        let duration = Duration::from_micros(12_340);
        assert_eq!(
            report_line("id", duration, 256, Some(Duration::from_millis(30)), None),
            "REPORT RequestId: id\tDuration: 12.34 ms\tBilled Duration: 43 ms\tMemory Size: 256 MB\tInit Duration: 30.00 ms"
        );
        let timed_out = report_line("id", duration, 128, None, Some("Sandbox.Timedout"));
        assert!(timed_out.ends_with("Memory Size: 128 MB\tStatus: timeout"), "{timed_out}");
    }
}
