//! Reads the log of a build's failed phase from CloudWatch Logs.
//!
//! The log explains a result; it is not the result. So a log that is not there, or may not be read, is an empty one, and
//! the function's own log says why. Only what may pass by itself (throttling, an error of the server, a broken
//! connection) is an error.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatchlogs::{
    Client,
    operation::get_log_events::{GetLogEventsError, GetLogEventsOutput},
};
use lambda_setup::CallFailure;
use pull_request_build::{Build, Cause, Failure, LogStream, Phase};
use tokio::time::sleep;

/// How far an event's time may lie from its phase's: the build's machine takes the one, CodeBuild the other, and lines
/// are sent in batches. What is read too much belongs to the phases beside it; what is read too little would be the end
/// of the failed command's output.
const MARGIN: Duration = Duration::from_secs(60);

/// The most that is kept of a log: far more than a comment shows, far less than the function's memory.
const MAX_BYTES: usize = 4 << 20;

/// The most that `GetLogEvents` gives at once (API reference of CloudWatch Logs).
const PAGE_BYTES: usize = 1 << 20;

/// The most pages that are read, the empty ones among them.
const MAX_PAGES: usize = 8;

/// How often a log that is not there is looked for. The last lines arrive some seconds after the build's end.
const LOOKS: usize = 3;

/// How long a log that is not there is left alone.
const PAUSE: Duration = Duration::from_secs(2);

/// Reads what the log says about the failed phase: the messages of its events, in order, from before the failed command
/// to the phase's end. Of a very long log they are the last ones, at most 4 MiB.
pub(crate) async fn read_failed_phase(
    client: &Client,
    build: &Build,
    failure: &Failure<'_>,
) -> Result<Vec<String>, CallFailure> {
    let Some(stream) = &build.log_stream else {
        return Ok(Vec::new());
    };
    let request = LogRequest::new(stream, build, failure);
    let mut why = "there are no lines of the failed phase";
    for look in 0..LOOKS {
        if look > 0 {
            sleep(PAUSE).await;
        }
        match request.read(client).await {
            Ok(messages) if messages.is_empty() => why = "there are no lines of the failed phase",
            Ok(messages) => return Ok(messages),
            Err(Unread::NotThere) => why = "there is no such stream",
            Err(Unread::Failure(failure @ CallFailure::Passing { .. })) => return Err(failure),
            Err(Unread::Failure(failure)) => {
                tracing::warn!(
                    build.id = %build.arn.build_id,
                    log.group = stream.group_name,
                    log.stream = stream.stream_name,
                    error.type = failure.error_type(),
                    "the log is left out of the comment: {failure}"
                );
                return Ok(Vec::new());
            }
        }
    }
    tracing::warn!(
        build.id = %build.arn.build_id,
        log.group = stream.group_name,
        log.stream = stream.stream_name,
        "the log is left out of the comment: {why}"
    );
    Ok(Vec::new())
}

/// Why a log could not be read.
enum Unread {
    /// CloudWatch Logs does not know the stream, or not yet.
    NotThere,
    Failure(CallFailure),
}

/// Which part of which log is read.
struct LogRequest<'a> {
    stream: &'a LogStream,
    /// In milliseconds since 1970; the beginning of the log if it is not known.
    start_time: Option<i64>,
    /// In milliseconds since 1970, not included; the end of the log if it is not known.
    end_time: Option<i64>,
    /// The line with which the failed command's output begins, as far as it is known: how it ends.
    first_line: Option<String>,
}

impl<'a> LogRequest<'a> {
    fn new(stream: &'a LogStream, build: &Build, failure: &Failure<'_>) -> Self {
        let phase = build.phases.iter().find(|phase| phase.name == failure.phase);
        let start_time =
            phase.and_then(|phase: &Phase| phase.start_time).and_then(|time| time.checked_sub(MARGIN));
        let end_time = phase.and_then(|phase| phase.end_time).and_then(|time| time.checked_add(MARGIN));
        let first_line = match failure.cause {
            // The log has a command of several lines as several lines.
            Cause::Command { command, .. } => {
                let line = command.trim().lines().next().unwrap_or_default();
                Some(format!(" Running command {}", line.trim_end()))
            }
            Cause::Reported { .. } | Cause::Unexplained => None,
        };
        Self {
            stream,
            start_time: start_time.and_then(to_milliseconds),
            end_time: end_time.and_then(to_milliseconds),
            first_line,
        }
    }

    /// Reads backwards, from the last page on: what went wrong is near the end.
    async fn read(&self, client: &Client) -> Result<Vec<String>, Unread> {
        let mut pages: Vec<Vec<String>> = Vec::new();
        let mut bytes = 0;
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = self.read_page(client, token.clone()).await?;
            let next_token = page.next_backward_token;
            let messages: Vec<String> =
                page.events.unwrap_or_default().into_iter().filter_map(|event| event.message).collect();
            bytes += messages.iter().map(String::len).sum::<usize>();
            let complete = messages.iter().any(|message| self.is_first_line(message));
            pages.push(messages);
            // An empty page is no end; the token that was sent is.
            if complete || bytes + PAGE_BYTES > MAX_BYTES || next_token.is_none() || next_token == token {
                break;
            }
            token = next_token;
        }
        Ok(pages.into_iter().rev().flatten().collect())
    }

    async fn read_page(&self, client: &Client, token: Option<String>) -> Result<GetLogEventsOutput, Unread> {
        let request = client
            .get_log_events()
            .log_group_name(&self.stream.group_name)
            .log_stream_name(&self.stream.stream_name)
            .set_start_time(self.start_time)
            .set_end_time(self.end_time)
            .start_from_head(false)
            .set_next_token(token);
        request.send().await.map_err(|error| match error.as_service_error() {
            Some(GetLogEventsError::ResourceNotFoundException(_)) => Unread::NotThere,
            _ => Unread::Failure(CallFailure::sort("GetLogEvents", &error)),
        })
    }

    fn is_first_line(&self, message: &str) -> bool {
        let begins = |first_line: &String| {
            message.starts_with("[Container] ") && message.trim_end().ends_with(first_line.as_str())
        };
        self.first_line.as_ref().is_some_and(begins)
    }
}

fn to_milliseconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()
}
