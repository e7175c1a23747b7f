//! The lines of a build's log that say what went wrong.

mod failed_command;
mod first_error;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::failure::Failure;
use crate::secrets::{MASK, Secrets};
use crate::terminal::displayed;

/// A longer line is cut, in characters.
const LONGEST_LINE: usize = 300;

/// The lines of a build's log that say what went wrong, ready to be quoted: cleaned, masked, cut. Hostile text still.
///
/// They come from the output of the command that failed: a quarter of them before the first error, which tells what was
/// being done, then the error and what follows. Without a line that looks like an error they are the last ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogExcerpt {
    /// The lines, in the log's order, without line ends. Never more than asked for, none longer than about 330
    /// characters.
    pub lines: Vec<String>,
    /// How many lines of the failed phase's output come before the first line shown. CodeBuild's own lines are not
    /// counted; several blank lines are one.
    pub lines_before: usize,
    /// How many lines of the failed phase's output come after the last line shown, counted alike.
    pub lines_after: usize,
}

impl LogExcerpt {
    /// Finds them in the messages of the log's events, in order. A message may have several lines, and ends a line.
    ///
    /// The whole log is masked before anything is cut off, so that no part of a secret survives at a cut. `None` when the
    /// failed command wrote nothing.
    pub fn find<'l>(
        lines: impl IntoIterator<Item = &'l str>,
        failure: &Failure<'_>,
        secrets: &Secrets,
        max_lines: usize,
    ) -> Option<Self> {
        let mut log = String::new();
        for message in lines {
            log.push_str(message.strip_suffix('\n').unwrap_or(message));
            log.push('\n');
        }
        let shown = displayed(&log);
        let masked = secrets.mask_displayed(&shown);
        // The mask keeps the number of lines, so a line has the same index in both.
        let shown: Vec<&str> = shown.split('\n').map(str::trim_end).collect();
        let masked: Vec<&str> = masked.split('\n').map(str::trim_end).collect();

        let output = failed_command::output_of_phase(&shown, failure);
        let phase = without_repeated_blanks(output.phase, &masked);
        let command = output.command.start..output.command.end;
        let first = phase.partition_point(|index| *index < command.start);
        let end = phase.partition_point(|index| *index < command.end);
        let of_command: Vec<&str> = phase[first..end].iter().map(|index| shown[*index]).collect();

        let error = first_error::find(&of_command);
        let window = window(of_command.len(), error, max_lines);
        let window =
            trim_blanks(first + window.start..first + window.end, |line| masked[phase[line]].is_empty());
        if window.is_empty() {
            return None;
        }
        Some(Self {
            lines: phase[window.clone()].iter().map(|index| cut_line(masked[*index])).collect(),
            lines_before: window.start,
            lines_after: phase.len() - window.end,
        })
    }
}

/// Keeps one of several blank lines, none at the ends, and one line of a mask that covers many.
fn without_repeated_blanks(mut phase: Vec<usize>, masked: &[&str]) -> Vec<usize> {
    phase.dedup_by(|next, kept| matches!(masked[*kept], "" | MASK) && masked[*next] == masked[*kept]);
    let ends = trim_blanks(0..phase.len(), |line| masked[phase[line]].is_empty());
    phase.truncate(ends.end);
    phase.drain(..ends.start);
    phase
}

fn trim_blanks(mut lines: Range<usize>, is_blank: impl Fn(usize) -> bool) -> Range<usize> {
    while !lines.is_empty() && is_blank(lines.start) {
        lines.start += 1;
    }
    while !lines.is_empty() && is_blank(lines.end - 1) {
        lines.end -= 1;
    }
    lines
}

/// Which of the command's lines are shown. An error that is longer than the room for it shows its end, where a traceback
/// has its message.
fn window(lines: usize, error: Option<Range<usize>>, max_lines: usize) -> Range<usize> {
    let Some(error) = error else {
        return lines.saturating_sub(max_lines)..lines;
    };
    let before = max_lines / 4;
    let start = error.start.saturating_sub(before).max(error.end.saturating_sub(max_lines));
    start..lines.min(start + max_lines)
}

fn cut_line(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        None => line.to_owned(),
        Some((end, _)) => {
            let (start, rest) = line.split_at(end);
            format!("{start}… ({} more characters)", rest.chars().count())
        }
    }
}
