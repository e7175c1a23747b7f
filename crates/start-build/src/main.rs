#![doc = include_str!("../README.md")]

mod build;
mod config;
mod failure;
mod handler;
mod pull_request;
mod report;
mod sweep;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::value::RawValue;

use crate::{config::Config, handler::Handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_setup::start_log_lines();
    let config = Config::from_environment().inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let handler = Handler::new(config, &lambda_setup::load_sdk_config().await);
    let handler = &handler;
    run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let (function_arn, deadline) = (&event.context.invoked_function_arn, event.context.deadline());
        handler.handle(event.payload.get(), function_arn, deadline).await
    }))
    .await
}
