//! A program of the workspace that runs, with a folder for temporary files that only it uses.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use end_to_end_tests::binaries;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long a program may take in real time before the test fails. Far above what is needed.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

/// A program that runs. Dropping it asks it to stop.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Exit {
    /// Nothing if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed that was not read before.
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// What is set otherwise than by default.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    /// The PATH, in place of the test's own.
    pub(crate) path: Option<&'a Path>,
    /// The current folder, in place of the test's own.
    pub(crate) current_folder: Option<&'a Path>,
    /// Where its errors go, in place of a pipe that the test reads.
    pub(crate) errors: Option<OwnedFd>,
}

impl Program {
    /// Starts the binary `name`.
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        Self::start_with(name, arguments, Setup::default())
    }

    /// Starts the binary `name` in a surrounding that `setup` says.
    pub(crate) fn start_with(name: &str, arguments: &[&str], setup: Setup<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(binaries().join(name));
        command.args(arguments).env("TMPDIR", folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(errors) = setup.errors {
            command.stderr(errors);
        }
        if let Some(path) = setup.path {
            command.env("PATH", path);
        }
        if let Some(current) = setup.current_folder {
            command.current_dir(current);
        }
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, folder }
    }

    /// The lines up to the first that `is_last` accepts, that one included.
    pub(crate) async fn read_until(&mut self, is_last: impl Fn(&str) -> bool) -> Vec<String> {
        let mut read = Vec::new();
        while !read.last().is_some_and(|line: &String| is_last(line)) {
            let line = tokio::time::timeout(LIMIT, self.lines.next_line()).await;
            match line.unwrap_or_else(|_| panic!("no further line came after {read:#?}")).unwrap() {
                Some(line) => read.push(line),
                None => {
                    let mut errors = String::new();
                    if let Some(mut pipe) = self.child.stderr.take() {
                        pipe.read_to_string(&mut errors).await.unwrap();
                    }
                    panic!("the program ended after {read:#?} with {errors}");
                }
            }
        }
        read
    }

    /// Sends a signal.
    pub(crate) fn send(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        // One that has ended already needs no signal.
        id.map(|id| kill_process(id, signal).ok());
    }

    /// Waits for its end, and checks that none of its temporary files is left.
    pub(crate) async fn wait_for_exit(mut self) -> Exit {
        let mut errors = String::new();
        let pipe = self.child.stderr.take();
        let ending = async {
            let reading = async {
                let mut output = String::new();
                while let Some(line) = self.lines.next_line().await.unwrap() {
                    output += &line;
                    output.push('\n');
                }
                output
            };
            let reading_errors = async {
                if let Some(mut pipe) = pipe {
                    pipe.read_to_string(&mut errors).await.unwrap();
                }
            };
            let (output, ()) = tokio::join!(reading, reading_errors);
            (output, self.child.wait().await.unwrap())
        };
        let ended = tokio::time::timeout(LIMIT, ending).await;
        let (output, status) = ended.unwrap_or_else(|_| panic!("the program does not end"));
        let left: Vec<_> =
            std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "the program left {left:?}");
        Exit { code: status.code(), output, errors }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.send(Signal::TERM);
    }
}

/// The committed template.
pub(crate) fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/template/pull-request-hook.template.json")
}

/// A local-aws that is ready on a free port.
pub(crate) struct Ready {
    pub(crate) program: Program,
    /// What it printed, up to the line `ready`.
    pub(crate) introduction: Vec<String>,
    pub(crate) url: String,
}

impl Ready {
    /// Starts it with the committed template and these arguments.
    pub(crate) async fn start(arguments: &[&str], setup: Setup<'_>) -> Self {
        let template = template();
        let mut all = vec!["--port", "0", "--template", template.to_str().unwrap()];
        all.extend(arguments);
        let mut program = Program::start_with("local-aws", &all, setup);
        let introduction = program.read_until(|line| line == "ready").await;
        let url = export(&introduction, "AWS_ENDPOINT_URL");
        Self { program, introduction, url }
    }
}

/// The value of a variable in the lines to paste.
pub(crate) fn export(lines: &[String], name: &str) -> String {
    let prefix = format!("export {name}=");
    let found = lines.iter().find_map(|line| line.trim().strip_prefix(&prefix));
    found.unwrap_or_else(|| panic!("{name} is not exported by {lines:#?}")).to_owned()
}
