//! The form of the functions' log lines.

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// The module of `lambda_runtime` that logs what a handler returns as an error, and a panic.
const RUNTIME_FAILURES: &str = "lambda_runtime::layers::panic";

/// Starts writing log lines: JSON, one object a line, level INFO and above, on standard output. Fields stand beside
/// the message; the request id is in `span.requestId`.
///
/// A function logs its own failure, with fields: the Lambda runtime's second, bare line about it is left out. Nothing is
/// lost by that for a panic, whose text Rust writes to standard error. Call this once, first; a later call does nothing.
pub fn start_log_lines() {
    let levels =
        Targets::new().with_default(LevelFilter::INFO).with_target(RUNTIME_FAILURES, LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(std::io::stdout)
        .with_filter(levels);
    // The only error is that log lines were started before.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
