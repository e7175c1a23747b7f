//! What a function prints, on its way to its log stream.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use tokio::net::unix::pipe;

use crate::logs::LogStore;

/// The longest line in bytes before it is broken: CloudWatch Logs' limit for an event, as Lambda applies it.
const LONGEST_LINE: usize = 262_144;

/// How much of a log Invoke returns with `LogType: Tail`, in bytes (Lambda API reference, Invoke).
const TAIL: usize = 4096;

/// Reads a process's output and appends it to its log stream, between the lines that Lambda writes itself.
///
/// Standard output and error share one pipe, so their order is kept; and whoever handles the function's calls reads
/// it, so that a line that was printed before an answer is logged before the end of the invocation.
#[derive(Debug)]
pub(super) struct Output {
    pipe: pipe::Receiver,
    closed: bool,
    unfinished: Vec<u8>,
    /// Nothing where the function's role may not write them.
    logs: Option<LogStore>,
    group: String,
    stream: String,
    tail: String,
}

impl Output {
    /// A pipe: the ends for the process, and what reads from it.
    pub(super) fn open(
        logs: Option<LogStore>,
        group: &str,
        stream: &str,
    ) -> io::Result<(Self, Stdio, Stdio)> {
        let (reader, writer) = io::pipe()?;
        let (stdout, stderr) = (Stdio::from(writer.try_clone()?), Stdio::from(writer));
        let output = Self {
            pipe: pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?,
            closed: false,
            unfinished: Vec::new(),
            logs,
            group: group.to_owned(),
            stream: stream.to_owned(),
            tail: String::new(),
        };
        Ok((output, stdout, stderr))
    }

    /// Waits for output and logs it. Never ends once the pipe is closed.
    pub(super) async fn copy(&mut self) {
        while !self.closed && self.pipe.readable().await.is_ok() {
            self.copy_available();
        }
        std::future::pending::<()>().await;
    }

    /// Logs what has been printed by now.
    pub(super) fn copy_available(&mut self) {
        let mut buffer = [0; 8192];
        while !self.closed {
            match self.pipe.try_read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(read) => self.append(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.closed = true,
            }
        }
    }

    /// Writes a line of Lambda's own.
    pub(super) fn write_line(&mut self, line: &str) {
        self.finish_line();
        self.log(line.to_owned());
    }

    /// Begins the tail anew.
    pub(super) fn start_tail(&mut self) {
        self.tail.clear();
    }

    /// The end of what was logged since [`Self::start_tail`].
    pub(super) fn tail(&self) -> String {
        let from = self.tail.len().saturating_sub(TAIL);
        let from = (from..=self.tail.len()).find(|&index| self.tail.is_char_boundary(index));
        self.tail[from.unwrap_or_default()..].to_owned()
    }

    fn append(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                // An empty line is an event too.
                let line = std::mem::take(&mut self.unfinished);
                self.log(String::from_utf8_lossy(&line).into_owned());
            } else {
                self.unfinished.push(byte);
                if self.unfinished.len() == LONGEST_LINE {
                    self.finish_line();
                }
            }
        }
    }

    fn finish_line(&mut self) {
        if !self.unfinished.is_empty() {
            let line = std::mem::take(&mut self.unfinished);
            self.log(String::from_utf8_lossy(&line).into_owned());
        }
    }

    fn log(&mut self, line: String) {
        if let Some(logs) = &self.logs {
            logs.append(&self.group, &self.stream, &line);
        }
        self.tail.push_str(&line);
        self.tail.push('\n');
    }
}
