//! Running a buildspec's commands.
//!
//! CodeBuild's agent writes each command into a script of its own, `/codebuild/output/tmp/script.sh`, between lines
//! that bring back the folder and the exported variables of the command before and lines that save them again: the
//! message `script.sh: line 4: x: command not found` and the variable `CODEBUILD_LAST_EXIT` show it. So `cd` and
//! variables persist, and an `exit` or a `set -e` ends its own command and nothing else. The same is done here.

use std::io::{self, PipeWriter};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use tokio::net::unix::pipe;
use tokio::process::Command;

use super::buildspec;
use super::log::BuildLog;
use crate::process_group::ProcessGroup;

/// What a Linux pipe holds: whatever a command wrote before it ended is in that many bytes.
const PIPE_CAPACITY: usize = 64 * 1024;

/// The commands of one build: one process group, one pipe for their output. Dropping it kills all of them.
#[derive(Debug)]
pub(super) struct Shell {
    program: &'static str,
    /// Holds the group's id for as long as the build lasts: it waits for a line that never comes, and is not reaped.
    group: ProcessGroup,
    /// Keeps the pipe open between commands, for those that were left in the background.
    writer: PipeWriter,
    reader: pipe::Receiver,
    path: String,
    tmp: PathBuf,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CommandEnd {
    Succeeded,
    /// `exit status 1`, or `signal: killed`.
    Failed(String),
}

impl Shell {
    /// Prepares the folder `tmp` for commands that begin in `directory` with `variables`.
    pub(super) fn open(
        shell: buildspec::Shell,
        path: &str,
        tmp: PathBuf,
        directory: &std::path::Path,
        variables: &[(String, String)],
    ) -> io::Result<Self> {
        let program = match shell {
            buildspec::Shell::Bash => "bash",
            buildspec::Shell::Sh => "sh",
        };
        std::fs::create_dir_all(&tmp)?;
        let exports: String =
            variables.iter().map(|(name, value)| format!("export {name}={}\n", quote(value))).collect();
        std::fs::write(tmp.join("env.sh"), exports)?;
        std::fs::write(tmp.join("dir.txt"), directory.as_os_str().as_encoded_bytes())?;
        let mut leader = Command::new("sh");
        leader.args(["-c", "read -r line"]).env_clear().env("PATH", path);
        leader.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let group = ProcessGroup::spawn(&mut leader)?;
        let (reader, writer) = io::pipe()?;
        let reader = pipe::Receiver::from_owned_fd(reader.into())?;
        Ok(Self { program, group, writer, reader, path: path.to_owned(), tmp })
    }

    /// Runs one command to its end and writes its output into `log`. Standard input is empty. Processes that it leaves
    /// in the background go on, and do not hold the build up.
    pub(super) async fn run(&mut self, text: &str, log: &mut BuildLog) -> io::Result<CommandEnd> {
        let script = self.tmp.join("script.sh");
        tokio::fs::write(&script, self.script(text)).await?;
        let mut command = Command::new(self.program);
        // Not in the folder that local-aws was started in: `cd -` and OLDPWD would lead there.
        command.arg(&script).env_clear().env("PATH", &self.path).current_dir(&self.tmp);
        command.stdin(Stdio::null()).stdout(self.writer.try_clone()?).stderr(self.writer.try_clone()?);
        let mut child = self.group.spawn_member(&mut command)?;
        // The command holds copies of the pipe's end, which the child must be alone with.
        drop(command);
        let mut buffer = vec![0; PIPE_CAPACITY];
        let status = loop {
            tokio::select! {
                readable = self.reader.readable() => {
                    readable?;
                    self.read(&mut buffer, log)?;
                    // A flood of output must not keep the runtime from seeing that the command has ended.
                    tokio::task::yield_now().await;
                }
                status = child.wait() => break status?,
            }
        };
        // What the command wrote is in the pipe by now. Reading on until the pipe is empty could last for ever: a
        // process in the background may go on writing.
        let mut left = PIPE_CAPACITY;
        while left > 0 {
            match self.read(&mut buffer[..left], log)? {
                0 => break,
                read => left -= read,
            }
        }
        log.flush();
        Ok(command_end(status))
    }

    /// Makes `CODEBUILD_BUILD_SUCCEEDING` 0 for the commands that follow.
    pub(super) fn mark_failing(&self) -> io::Result<()> {
        use std::io::Write;
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(self.tmp.join("env.sh"))?;
        file.write_all(b"\nexport CODEBUILD_BUILD_SUCCEEDING=0\n")
    }

    fn script(&self, text: &str) -> String {
        let file = |name: &str| quote(&self.tmp.join(name).to_string_lossy());
        let (directory, variables) = (file("dir.txt"), file("env.sh"));
        // The command stands in line 4, as on CodeBuild.
        format!(
            "cd \"$(cat {directory})\"\nset -a\n. {variables}\n{text}\nCODEBUILD_LAST_EXIT=$?\n\
             export -p >| {variables}\npwd >| {directory}\nexit $CODEBUILD_LAST_EXIT\n"
        )
    }

    /// Reads what is there, without waiting.
    fn read(&mut self, buffer: &mut [u8], log: &mut BuildLog) -> io::Result<usize> {
        match self.reader.try_read(buffer) {
            Ok(read) => {
                log.output(&buffer[..read]);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        }
    }
}

fn command_end(status: ExitStatus) -> CommandEnd {
    use std::os::unix::process::ExitStatusExt;
    if status.success() {
        return CommandEnd::Succeeded;
    }
    // The words of Go's os/exec, which the agent is written in.
    CommandEnd::Failed(match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(9)) => "signal: killed".to_owned(),
        (None, Some(15)) => "signal: terminated".to_owned(),
        (None, Some(signal)) => format!("signal: signal {signal}"),
        (None, None) => status.to_string(),
    })
}

/// A word for a shell, whatever is in it.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
