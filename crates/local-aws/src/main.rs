//! The command line of a local AWS.

mod descendants;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use local_aws::account::Account;
use local_aws::codebuild::{Build, CodeBuildSettings, Status};
use local_aws::event::Event;
use local_aws::faults::FaultList;
use local_aws::follow::follow;
use local_aws::local_aws::{LocalAws, Options, StartError};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::Receiver;

use crate::descendants::Descendants;

/// A local stand-in for AWS: CodeCommit, CodeBuild, EventBridge, Lambda, SQS and CloudWatch Logs on one loopback port.
#[derive(Debug, Parser)]
#[command(name = "local-aws", version)]
struct Arguments {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 4580)]
    port: u16,
    /// The CloudFormation template to load.
    #[arg(long, value_name = "FILE")]
    template: PathBuf,
    /// The folder of the functions' executables [default: this program's own].
    #[arg(long, value_name = "DIR")]
    binaries: Option<PathBuf>,
    /// An executable to run in place of a function's own; may be given several times.
    #[arg(long = "function", value_name = "LOGICAL_ID=PATH", value_parser = parse_function)]
    functions: Vec<(String, PathBuf)>,
    /// How many builds run at one time; the others wait in the queue.
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    concurrent_builds: usize,
    /// What goes wrong, and when: a JSON file as doc/semantics/faults.md describes it.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Tell what happens as it happens, a line each; without it, one line a build.
    #[arg(long)]
    follow: bool,
}

fn parse_function(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((logical_id, path)) if !logical_id.is_empty() && !path.is_empty() => {
            Ok((logical_id.to_owned(), PathBuf::from(path)))
        }
        _ => Err("expected LOGICAL_ID=PATH, such as StartBuildFunction=./my-function".to_owned()),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::WARN).init();
    run_and_end_all(arguments).unwrap_or_else(|error| {
        eprintln!("local-aws cannot start: {error}");
        ExitCode::FAILURE
    })
}

fn run_and_end_all(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let descendants = Descendants::adopt()?;
    let outcome = Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(run(arguments)));
    // The runtime is gone, and has killed what it held. What escaped it is left.
    descendants.end();
    outcome
}

async fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    // Listening for the signals comes first: one that arrives during the start must not leave anything behind.
    let mut signals = StopSignals::listen()?;
    let template = arguments.template.clone();
    let faults = arguments.faults.clone().unwrap_or_default();
    let follows = arguments.follow;
    let started = LocalAws::start(read_options(arguments)?).await;
    let aws = started.map_err(|error| match error {
        StartError::Template(_) | StartError::Rule(_) => format!("{}: {error}", template.display()),
        StartError::Fault(_) => format!("{}: {error}", faults.display()),
        other => other.to_string(),
    })?;
    // Both watch before the line `ready`: nothing that a person does then is missed.
    let (for_builds, for_follower) = (aws.watch_events(), aws.watch_events());
    say(&introduction(&aws));
    tokio::select! {
        () = signals.next() => {}
        () = tell_builds(&aws, for_builds) => {}
        () = follow(&aws, for_follower, say), if follows => {}
    }
    tell_faults_left(&aws.faults.left());
    // A second signal does not wait: what still runs is killed when the future is dropped.
    Ok(tokio::select! {
        () = aws.shutdown() => ExitCode::SUCCESS,
        () = signals.next() => ExitCode::FAILURE,
    })
}

/// Says how many faults struck less often than they were asked to: whoever counted on them has seen nothing yet.
fn tell_faults_left(left: &FaultList) {
    let (calls, deliveries) = (left.calls.len(), left.deliveries.len());
    if calls + deliveries > 0 {
        tracing::warn!(calls, deliveries, "some faults did not strike as often as the file asks for");
    }
}

/// Says a line for each build that ends.
async fn tell_builds(aws: &LocalAws, mut events: Receiver<Event>) {
    loop {
        let event = events.recv().await;
        if let Some(build) = event.ok().and_then(|event| find_ended_build(aws, &event)) {
            say(&build.summary());
        }
    }
}

/// The signals that stop it: Ctrl-C, the end of the terminal, and what `kill` sends.
struct StopSignals {
    interrupt: Signal,
    hangup: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn read_options(arguments: Arguments) -> Result<Options, Box<dyn Error>> {
    let template = &arguments.template;
    let template = std::fs::read_to_string(template)
        .map_err(|error| format!("{} cannot be read: {error}", template.display()))?;
    let own_folder = || Ok::<_, io::Error>(std::env::current_exe()?.with_file_name(""));
    #[expect(
        clippy::disallowed_methods,
        reason = "the machine's PATH and toolchain are what builds run with"
    )]
    let builds = CodeBuildSettings::from_environment(|name| std::env::var(name).ok());
    let faults = arguments.faults.as_deref().map_or_else(|| Ok(FaultList::default()), read_faults)?;
    Ok(Options {
        port: arguments.port,
        templates: vec![template],
        binaries: arguments.binaries.map_or_else(own_folder, Ok)?,
        executables: arguments.functions.into_iter().collect::<BTreeMap<_, _>>(),
        builds: CodeBuildSettings { concurrent_builds: arguments.concurrent_builds, ..builds },
        account: Account::default(),
        faults,
    })
}

fn read_faults(path: &Path) -> Result<FaultList, Box<dyn Error>> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    FaultList::parse(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// What a person has to know and to paste. The last line is for programs that wait.
fn introduction(aws: &LocalAws) -> String {
    let (url, region) = (aws.url(), &aws.account.region);
    format!(
        "Builds run the repository's own commands on this machine, as you. Push only what you would run.

Paste this where you use Git and the AWS CLI:

  export AWS_ENDPOINT_URL={url}
  export AWS_REGION={region}
  export AWS_DEFAULT_REGION={region}
  export AWS_ACCESS_KEY_ID=local
  export AWS_SECRET_ACCESS_KEY=local

  aws codecommit create-repository --repository-name example
  git clone {url}/v1/repos/example

Ctrl-C stops it, and everything in it is gone then.
ready"
    )
}

/// The build whose end an event tells.
fn find_ended_build(aws: &LocalAws, event: &Event) -> Option<Build> {
    let (arn, status) = (event.detail.get("build-id")?.as_str()?, event.detail.get("build-status")?);
    if status == Status::InProgress.as_str() {
        return None;
    }
    let (_, id) = arn.split_once(":build/")?;
    let build = aws.codebuild.watch_build(id)?;
    let build = build.borrow().clone();
    Some(build)
}

/// Prints for the person. One who closed the output, as `head` does, does not stop what runs.
fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).ok();
}
