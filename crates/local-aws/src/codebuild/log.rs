//! A build's log, in CodeBuild's own form.

use time::macros::format_description;

use crate::clock::Clock;
use crate::logs::LogStore;

/// The largest event of CloudWatch Logs in bytes; a longer line becomes several (API reference, `PutLogEvents`).
const LONGEST_LINE: usize = 256 * 1024;

/// What CloudWatch Logs counts for each event beside its bytes (API reference, `PutLogEvents`).
const EVENT_OVERHEAD: usize = 26;

/// Writes one build's log stream: CodeBuild's own lines, and the output of commands between them.
#[derive(Debug)]
pub(super) struct BuildLog {
    /// Nothing where the build's role may not write it.
    store: Option<LogStore>,
    clock: Clock,
    group: String,
    stream: String,
    /// Output after the last line end.
    pending: Vec<u8>,
    /// How many bytes of output are still kept.
    left: usize,
    limit: usize,
    cut: bool,
}

impl BuildLog {
    pub(super) fn new(
        store: Option<LogStore>,
        clock: Clock,
        group: &str,
        stream: &str,
        limit: usize,
    ) -> Self {
        Self {
            store,
            clock,
            group: group.to_owned(),
            stream: stream.to_owned(),
            pending: Vec::new(),
            left: limit,
            limit,
            cut: false,
        }
    }

    /// Writes a line of CodeBuild's own: `[Container] 2026/07/14 09:57:50.447178 Entering phase BUILD`.
    pub(super) fn say(&mut self, text: &str) {
        self.flush();
        let format =
            format_description!("[year]/[month]/[day] [hour]:[minute]:[second].[subsecond digits:6]");
        let time = self.clock.now().format(&format).unwrap_or_default();
        for line in format!("[Container] {time} {text}").lines() {
            self.append(line);
        }
    }

    /// Writes a line without CodeBuild's prefix.
    pub(super) fn say_plainly(&mut self, text: &str) {
        self.flush();
        self.append(text);
    }

    /// Writes output of a command as it comes, line by line. What is not UTF-8 is replaced.
    pub(super) fn output(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let kept = &piece[..piece.len().min(self.left)];
            self.left -= kept.len();
            let (line, ended) = kept.strip_suffix(b"\n").map_or((kept, false), |line| (line, true));
            self.pending.extend_from_slice(line);
            while self.pending.len() > LONGEST_LINE {
                let rest = self.pending.split_off(LONGEST_LINE);
                self.write_pending();
                self.pending = rest;
            }
            if ended {
                self.write_pending();
            }
            if kept.len() < piece.len() {
                self.say_that_it_is_cut();
                return;
            }
        }
    }

    fn say_that_it_is_cut(&mut self) {
        if !std::mem::replace(&mut self.cut, true) {
            let limit = self.limit;
            self.say(&format!(
                "local-aws keeps {limit} bytes of a build's output; what follows is not in this log"
            ));
        }
    }

    /// Ends an unfinished line.
    pub(super) fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.write_pending();
        }
    }

    fn write_pending(&mut self) {
        let line = std::mem::take(&mut self.pending);
        self.left = self.left.saturating_sub(EVENT_OVERHEAD);
        self.append(&String::from_utf8_lossy(&line));
    }

    fn append(&self, line: &str) {
        if let Some(store) = &self.store {
            store.append(&self.group, &self.stream, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(limit: usize) -> (LogStore, BuildLog) {
        let store = LogStore::new(Clock::default());
        let log = BuildLog::new(Some(store.clone()), Clock::default(), "group", "stream", limit);
        (store, log)
    }

    fn lines(store: &LogStore) -> Vec<String> {
        store.read("group", "stream").unwrap().into_iter().map(|event| event.message).collect()
    }

    #[test]
    fn output_is_cut_into_lines_wherever_it_breaks_off() {
        let (store, mut log) = log(1000);
        log.output(b"one\ntw");
        log.output(b"o\n\nno end");
        log.say("Phase complete");
        let lines = lines(&store);
        assert_eq!(lines[..4], ["one", "two", "", "no end"]);
        assert!(
            lines[4].starts_with("[Container] 2") && lines[4].ends_with(" Phase complete"),
            "{}",
            lines[4]
        );
    }

    #[test]
    fn output_beyond_the_limit_is_dropped_and_the_log_says_so_once() {
        let (store, mut log) = log(6 + EVENT_OVERHEAD);
        log.output(b"abc\nd");
        log.output(b"efgh\n");
        log.output(b"more\n");
        log.say("Phase complete");
        let lines = lines(&store);
        assert_eq!(lines[..2], ["abc", "de"]);
        assert!(lines[2].contains("local-aws keeps 32 bytes"), "{}", lines[2]);
        assert_eq!(lines.len(), 4, "{lines:?}");
    }

    #[test]
    fn a_line_without_an_end_is_split_and_what_is_not_utf_8_is_replaced() {
        let (store, mut log) = log(usize::MAX);
        log.output(&vec![b'x'; LONGEST_LINE + 1]);
        log.output(b"\xff\xfe\n");
        let lines = lines(&store);
        assert_eq!(lines[0].len(), LONGEST_LINE);
        assert_eq!(lines[1], "x\u{fffd}\u{fffd}");
    }
}
