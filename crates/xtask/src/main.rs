#![doc = include_str!("../README.md")]

mod arguments;
mod checkout;
mod error;
mod stand_in;
mod test;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Task};
use crate::checkout::Checkout;
use crate::error::Error;

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode, Error> {
    match task {
        Task::Demo(options) => stand_in::become_demo(&Checkout::find()?, &options),
        Task::Local(options) => stand_in::become_local_aws(&Checkout::find()?, &options),
        Task::Redrive(options) => stand_in::become_redrive(&Checkout::find()?, &options),
        Task::Test(options) if options.list => {
            print!("{}", test::list_steps());
            Ok(ExitCode::SUCCESS)
        }
        Task::Test(options) => test::run_steps(&Checkout::find()?, &options.steps),
    }
}
