//! Where the output of a step goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, describe};

/// The output of one step.
#[derive(Debug)]
pub(crate) enum Log {
    /// Shown as it comes.
    Shown,
    /// Kept in this file until the step has ended.
    Held(PathBuf),
}

impl Log {
    /// A log that is kept in the file `path`, which starts empty.
    pub(crate) fn held(path: PathBuf) -> Result<Self, Error> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::file(folder))?;
        }
        File::create(&path).map_err(Error::file(&path))?;
        Ok(Self::Held(path))
    }

    /// Runs `command` to its end with this log as its output; anything but success is an error.
    pub(crate) fn run(&self, command: &mut Command) -> Result<(), Error> {
        self.line(&format!("$ {}", describe(command)))?;
        self.redirect(command)?;
        let status = command.status().map_err(|source| Error::not_started(command, source))?;
        Error::check(command, status)
    }

    /// Makes this log the output of `command`, whose input is empty.
    pub(crate) fn redirect(&self, command: &mut Command) -> Result<(), Error> {
        command.stdin(Stdio::null());
        if let Self::Held(path) = self {
            let file = append(path)?;
            let other = file.try_clone().map_err(Error::file(path))?;
            command.stdout(file).stderr(other);
        }
        Ok(())
    }

    /// Writes one line.
    pub(crate) fn line(&self, text: &str) -> Result<(), Error> {
        match self {
            Self::Shown => {
                show(&format!("{text}\n"));
                Ok(())
            }
            Self::Held(path) => writeln!(append(path)?, "{text}").map_err(Error::file(path)),
        }
    }

    /// What was written so far; empty if it was shown as it came.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Shown => String::new(),
            Self::Held(path) => fs::read(path)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_else(|error| format!("{}: {error}\n", path.display())),
        }
    }
}

fn append(path: &Path) -> Result<File, Error> {
    OpenOptions::new().append(true).open(path).map_err(Error::file(path))
}

/// Shows `text` in one piece. A reader that went away does not end the run.
pub(crate) fn show(text: &str) {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    drop(written);
}

/// The last `count` lines of `text`, each with its line end.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_log(folder: &tempfile::TempDir) -> Log {
        Log::held(folder.path().join("logs/step.log")).expect("the folder is new")
    }

    #[test]
    fn a_held_log_keeps_both_streams_in_their_order() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = held_log(&folder);
        log.line("before").expect("the file is there");
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; echo three"]);
        log.run(&mut command).expect("the script succeeds");
        assert_eq!(log.text(), "before\n$ sh -c echo one; echo two >&2; echo three\none\ntwo\nthree\n");
    }

    #[test]
    fn a_command_that_fails_is_named_with_its_status() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = held_log(&folder).run(Command::new("sh").args(["-c", "exit 3"])).expect_err("it exits 3");
        assert_eq!(error.to_string(), "`sh -c exit 3` ended with exit status: 3");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let missing = folder.path().join("missing");
        let error = held_log(&folder).run(&mut Command::new(&missing)).expect_err("there is no such program");
        assert!(matches!(error, Error::NotStarted { .. }), "{error}");
        assert!(error.to_string().contains("missing"), "{error}");
    }

    #[test]
    fn last_lines_are_the_end_of_the_text() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(last_lines("a", 2), "a\n");
        assert_eq!(last_lines("a\nb\n", 0), "");
    }
}
