//! The command line of a local AWS.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local_aws::account::Account;
use local_aws::codebuild::CodeBuildSettings;
use local_aws::local_aws::{LocalAws, Options};
use tokio::signal::unix::{SignalKind, signal};

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
}

fn parse_function(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((logical_id, path)) if !logical_id.is_empty() && !path.is_empty() => {
            Ok((logical_id.to_owned(), PathBuf::from(path)))
        }
        _ => Err("expected LOGICAL_ID=PATH, such as StartBuildFunction=./my-function".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_max_level(tracing::Level::WARN)
        .init();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local-aws cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // Listening for the signals comes first: one that arrives during the start must not leave anything behind.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let aws = LocalAws::start(read_options(arguments)?).await?;
    print_introduction(&aws);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    aws.shutdown().await;
    Ok(())
}

fn read_options(arguments: Arguments) -> Result<Options, Box<dyn Error>> {
    let template = &arguments.template;
    let template = std::fs::read_to_string(template)
        .map_err(|error| format!("{} cannot be read: {error}", template.display()))?;
    let own_folder = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name(""));
    #[expect(
        clippy::disallowed_methods,
        reason = "the machine's PATH and toolchain are what builds run with"
    )]
    let builds = CodeBuildSettings::from_environment(|name| std::env::var(name).ok());
    Ok(Options {
        port: arguments.port,
        templates: vec![template],
        binaries: arguments.binaries.map_or_else(own_folder, Ok)?,
        executables: arguments.functions.into_iter().collect::<BTreeMap<_, _>>(),
        builds: CodeBuildSettings { concurrent_builds: arguments.concurrent_builds, ..builds },
        account: Account::default(),
    })
}

/// What a person has to know and to paste. The last line is for programs that wait.
fn print_introduction(aws: &LocalAws) {
    let (url, region) = (aws.url(), &aws.account.region);
    println!(
        "Builds run the repository's own commands on this machine, as you. Push only what you would run."
    );
    println!();
    println!("Paste this where you use Git and the AWS CLI:");
    println!();
    println!("  export AWS_ENDPOINT_URL={url}");
    println!("  export AWS_REGION={region}");
    println!("  export AWS_DEFAULT_REGION={region}");
    println!("  export AWS_ACCESS_KEY_ID=local");
    println!("  export AWS_SECRET_ACCESS_KEY=local");
    println!();
    println!("  aws codecommit create-repository --repository-name example");
    println!("  git clone {url}/v1/repos/example");
    println!();
    println!("Ctrl-C stops it, and everything in it is gone then.");
    println!("ready");
}
