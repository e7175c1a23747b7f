#![doc = include_str!("../README.md")]

mod clients;
mod comment;
mod flow;
mod local_aws;
mod progress;
mod sample;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::flow::DemoError;
use crate::progress::Progress;

/// Opens three pull requests against a local stand-in for AWS and prints the comments that they receive.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask demo")]
struct Arguments {
    /// The CloudFormation template to load.
    #[arg(long)]
    template: PathBuf,
    /// How long to wait for the comments.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    limit: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let limit = Duration::from_secs(arguments.limit);
    let outcome = match wait_for_interruption() {
        Ok(interrupted) => flow::run(&arguments.template, limit, &Progress::start(), interrupted).await,
        Err(error) => Err(DemoError::Signals(error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ends with Ctrl-C, with the terminal, or when somebody ends the demo with `kill`. From this call on, none of them
/// ends it at once: local-aws has to be stopped first.
fn wait_for_interruption() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
