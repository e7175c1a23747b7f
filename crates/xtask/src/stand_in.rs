//! `cargo xtask demo`, `cargo xtask local` and `cargo xtask redrive`: build the binaries, then become one of them.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use crate::arguments::{DemoOptions, LocalOptions, RedriveOptions};
use crate::checkout::{Checkout, new_command};
use crate::error::Error;

/// Builds the binaries and becomes the demo. Returns only if that is not possible.
pub(crate) fn become_demo(checkout: &Checkout, options: &DemoOptions) -> Result<ExitCode, Error> {
    build_binaries(checkout)?;
    become_program(demo_command(checkout, options))
}

/// Builds the binaries and becomes local-aws. Returns only if that is not possible.
pub(crate) fn become_local_aws(checkout: &Checkout, options: &LocalOptions) -> Result<ExitCode, Error> {
    build_binaries(checkout)?;
    become_program(local_aws_command(checkout, options))
}

/// Builds the binaries and becomes the program that looks into the failure queue. Returns only if that is not possible.
pub(crate) fn become_redrive(checkout: &Checkout, options: &RedriveOptions) -> Result<ExitCode, Error> {
    build_binaries(checkout)?;
    become_program(redrive_command(checkout, options))
}

fn build_binaries(checkout: &Checkout) -> Result<(), Error> {
    let mut command = checkout.build_command();
    eprintln!("Building the programs of this repository; the first time this takes some minutes.");
    let status = command.status().map_err(|source| Error::not_started(&command, source))?;
    Error::check(&command, status)
}

fn demo_command(checkout: &Checkout, options: &DemoOptions) -> Command {
    let mut command = new_command(checkout.binaries().join("pull-request-demo"));
    command.arg("--template").arg(checkout.template());
    if let Some(limit) = options.limit {
        command.args(["--limit", &limit.to_string()]);
    }
    command
}

fn local_aws_command(checkout: &Checkout, options: &LocalOptions) -> Command {
    let mut command = new_command(checkout.binaries().join("local-aws"));
    command.arg("--template").arg(options.template.clone().unwrap_or_else(|| checkout.template()));
    command.arg("--binaries").arg(checkout.binaries());
    if let Some(port) = options.port {
        command.args(["--port", &port.to_string()]);
    }
    for function in &options.functions {
        command.args(["--function", function]);
    }
    if let Some(faults) = &options.faults {
        command.arg("--faults").arg(faults);
    }
    if options.follow {
        command.arg("--follow");
    }
    command
}

fn redrive_command(checkout: &Checkout, options: &RedriveOptions) -> Command {
    let mut command = new_command(checkout.binaries().join("redrive"));
    if options.all {
        command.arg("--all");
    }
    for id in &options.messages {
        command.args(["--message", id]);
    }
    if let Some(hook) = &options.hook {
        command.args(["--hook", hook]);
    }
    if let Some(url) = &options.queue_url {
        command.args(["--queue-url", url]);
    }
    command
}

/// Replaces this process, so that signals reach the program and its exit code is this command's.
fn become_program(mut command: Command) -> Result<ExitCode, Error> {
    let source = command.exec();
    Err(Error::not_started(&command, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::describe;

    fn checkout() -> Checkout {
        Checkout { root: "/c".into(), target_directory: "/c/target".into(), packages: Vec::new() }
    }

    #[test]
    fn local_aws_loads_the_committed_template_and_the_built_binaries() {
        let options =
            LocalOptions { port: None, template: None, functions: Vec::new(), faults: None, follow: false };
        assert_eq!(
            describe(&local_aws_command(&checkout(), &options)),
            "/c/target/debug/local-aws --template /c/infra/template/pull-request-hook.template.json \
             --binaries /c/target/debug",
        );
    }

    #[test]
    fn what_a_person_asks_for_reaches_local_aws() {
        let options = LocalOptions {
            port: Some(4566),
            template: Some("mine.json".into()),
            functions: vec!["Start=/bin/a".to_owned(), "Publish=/bin/b".to_owned()],
            faults: Some("storm.json".into()),
            follow: true,
        };
        assert_eq!(
            describe(&local_aws_command(&checkout(), &options)),
            "/c/target/debug/local-aws --template mine.json --binaries /c/target/debug --port 4566 \
             --function Start=/bin/a --function Publish=/bin/b --faults storm.json --follow",
        );
    }

    #[test]
    fn the_demo_gets_the_committed_template() {
        assert_eq!(
            describe(&demo_command(&checkout(), &DemoOptions { limit: Some(30) })),
            "/c/target/debug/pull-request-demo \
             --template /c/infra/template/pull-request-hook.template.json --limit 30",
        );
    }

    #[test]
    fn what_a_person_asks_for_reaches_redrive() {
        let options = RedriveOptions {
            all: false,
            messages: vec!["5f0c".to_owned(), "0a1b".to_owned()],
            hook: Some("mine".to_owned()),
            queue_url: Some("https://q".to_owned()),
        };
        assert_eq!(
            describe(&redrive_command(&checkout(), &options)),
            "/c/target/debug/redrive --message 5f0c --message 0a1b --hook mine --queue-url https://q",
        );
        let everything = RedriveOptions { all: true, messages: Vec::new(), hook: None, queue_url: None };
        assert_eq!(describe(&redrive_command(&checkout(), &everything)), "/c/target/debug/redrive --all");
    }
}
