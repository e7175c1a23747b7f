//! The harness of the end-to-end tests: every test gets a world of its own, with the real functions in it, and acts as
//! an outside user: Git and the AWS SDK.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this crate exists for tests, where a panic is a failure"
)]

mod clients;
mod gate;
mod repository;
mod world;

pub use clients::connect;
pub use gate::{Gate, Turnstile};
pub use repository::{FAILING, PASSING, Repository};
pub use world::{
    Comment, Failure, HOOK, PullRequest, World, WorldOptions, binaries, hook_template, hook_template_with,
    logical_id, run_test, run_test_with,
};
