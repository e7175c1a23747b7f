//! The stand-in for AWS, as a process of its own.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long local-aws may take to get ready, and to stop.
const LIMIT: Duration = Duration::from_secs(30);

/// A running local-aws. Dropping it asks it to stop, and it then stops what it started.
#[derive(Debug)]
pub(crate) struct LocalAws {
    child: Child,
}

/// Where local-aws answers.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Such as `http://127.0.0.1:40123`.
    pub(crate) url: String,
    /// The region that its clients name.
    pub(crate) region: String,
}

/// Why local-aws does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalAwsError {
    #[error("{program} cannot be started: {error}; build it with `cargo build --workspace --bins`")]
    Spawn { program: String, error: io::Error },
    #[error("local-aws was not ready within {} seconds", LIMIT.as_secs())]
    Slow,
    #[error("local-aws ended before it was ready; what it printed stands above")]
    Ended,
    #[error("local-aws did not print the line `export {0}=…`")]
    Silent(&'static str),
}

impl LocalAws {
    /// Starts the program beside this one on a free port.
    pub(crate) fn start(template: &Path) -> Result<Self, LocalAwsError> {
        let program = std::env::current_exe().unwrap_or_default().with_file_name("local-aws");
        let mut command = Command::new(&program);
        command.args(["--port", "0", "--template"]).arg(template);
        // In a process group of its own, Ctrl-C in the terminal reaches the demo alone, which then stops it.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
        let spawned = command.spawn();
        let child = spawned
            .map_err(|error| LocalAwsError::Spawn { program: program.display().to_string(), error })?;
        Ok(Self { child })
    }

    /// Waits for its line `ready`, and takes what the lines before it say.
    pub(crate) async fn wait_until_ready(&mut self) -> Result<Endpoint, LocalAwsError> {
        let output = self.child.stdout.take().ok_or(LocalAwsError::Ended)?;
        let exports = tokio::time::timeout(LIMIT, read_exports(BufReader::new(output)));
        let exports = exports.await.map_err(|_| LocalAwsError::Slow)?.ok_or(LocalAwsError::Ended)?;
        let find = |name: &'static str| {
            let prefix = format!("export {name}=");
            let value = exports.iter().find_map(|line| line.trim().strip_prefix(&prefix));
            value.map(str::to_owned).ok_or(LocalAwsError::Silent(name))
        };
        Ok(Endpoint { url: find("AWS_ENDPOINT_URL")?, region: find("AWS_REGION")? })
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.ask_to_stop();
        // One that does not stop is no reason to hang.
        if tokio::time::timeout(LIMIT, self.child.wait()).await.is_err() {
            self.child.start_kill().ok();
        }
    }

    fn ask_to_stop(&self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            kill_process(id, Signal::TERM).ok();
        }
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

/// The lines before `ready`; nothing if the output ends first. Reads on afterwards, so that a full pipe never stops
/// the writer.
async fn read_exports(output: BufReader<tokio::process::ChildStdout>) -> Option<Vec<String>> {
    let mut lines = output.lines();
    let mut before = Vec::new();
    loop {
        match lines.next_line().await.ok()?? {
            line if line.trim() == "ready" => break,
            line => before.push(line),
        }
    }
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Some(before)
}
