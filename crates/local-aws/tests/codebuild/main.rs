//! CodeBuild through its own API, with real shells and real git.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod commands;
mod interruptions;
mod phases;
mod report_requests;
mod reports;
mod requests;
mod sample_buildspec;
mod source;
mod world;
