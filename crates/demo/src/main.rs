#![doc = include_str!("../README.md")]

mod flow;
mod local_aws;
mod progress;
mod sample;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::progress::Progress;

/// Opens two pull requests against a local stand-in for AWS and prints the comments that they receive.
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
    let progress = Progress::start();
    let outcome = tokio::select! {
        outcome = flow::run(&arguments.template, Duration::from_secs(arguments.limit), &progress) => outcome,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("interrupted; nothing is left behind");
            return ExitCode::from(130);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}
