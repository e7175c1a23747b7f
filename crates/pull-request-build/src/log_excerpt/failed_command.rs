//! Finds the output of the failed command, by the lines that CodeBuild itself writes into a log.

use std::ops::Range;

use crate::failure::{Cause, Failure};
use crate::terminal::displayed;

/// What the failed phase wrote, as indices of the log's lines.
pub(super) struct PhaseOutput {
    /// The phase's lines without CodeBuild's own.
    pub(super) phase: Vec<usize>,
    /// Where the failed command's lines are. Without the lines of CodeBuild that would say so, the whole phase.
    pub(super) command: Range<usize>,
}

/// Finds the failed phase in the log, and the failed command in it. What is missing, because the log begins late or ends
/// early, is taken to be where the log begins or ends.
pub(super) fn output_of_phase(lines: &[&str], failure: &Failure<'_>) -> PhaseOutput {
    let own: Vec<(usize, Own<'_>)> =
        lines.iter().enumerate().filter_map(|(index, line)| Some((index, Own::parse(line)?))).collect();
    let phase = range_of_phase(lines.len(), &own, failure.phase);
    let own = &own[own.partition_point(|(index, _)| *index < phase.start)
        ..own.partition_point(|(index, _)| *index < phase.end)];
    let command = match &failure.cause {
        Cause::Command { command, .. } => displayed(command),
        Cause::Reported { .. } | Cause::Unexplained => String::new(),
    };
    let command: Vec<&str> = command.lines().map(str::trim_end).collect();
    let range = range_of_command(&phase, own, command.first().copied().unwrap_or_default());
    let quoted = own.iter().flat_map(|(index, own)| lines_of_quoted_command(lines, *index, own, &command));
    let mut not_output: Vec<usize> = own.iter().map(|(index, _)| *index).chain(quoted).collect();
    not_output.sort_unstable();
    let output = phase.filter(|index| not_output.binary_search(index).is_err()).collect();
    PhaseOutput { phase: output, command: range }
}

/// The phase may have been tried several times; the last time counts.
fn range_of_phase(lines: usize, own: &[(usize, Own<'_>)], phase: &str) -> Range<usize> {
    let is_entered = |own: &Own<'_>| matches!(own, Own::EnteringPhase(name) if *name == phase);
    let is_complete = |own: &Own<'_>| matches!(own, Own::PhaseComplete(name) if *name == phase);
    let ends_another = |own: &Own<'_>| matches!(own, Own::EnteringPhase(_) | Own::PhaseComplete(_));
    if let Some(entered) = own.iter().rposition(|(_, own)| is_entered(own)) {
        let rest = &own[entered + 1..];
        let end = rest.iter().find(|(_, own)| ends_another(own)).map_or(lines, |(index, _)| *index);
        return own[entered].0 + 1..end;
    }
    match own.iter().rposition(|(_, own)| is_complete(own)) {
        Some(complete) => {
            let before = own[..complete].iter().rfind(|(_, own)| ends_another(own));
            before.map_or(0, |(index, _)| index + 1)..own[complete].0
        }
        None => 0..lines,
    }
}

fn range_of_command(phase: &Range<usize>, own: &[(usize, Own<'_>)], command: &str) -> Range<usize> {
    let starts = |text: &str| !command.is_empty() && text.starts_with(command);
    let is_failed = |own: &Own<'_>| matches!(own, Own::CommandFailed(_));
    let failed = own
        .iter()
        .position(|(_, own)| matches!(own, Own::CommandFailed(text) if starts(text)))
        .or_else(|| own.iter().position(|(_, own)| is_failed(own)));
    let (until, end) = failed.map_or((own.len(), phase.end), |failed| (failed, own[failed].0));
    let running = own[..until]
        .iter()
        .rfind(|(_, own)| matches!(own, Own::RunningCommand(_)))
        .map_or(phase.start, |(index, _)| index + 1);
    running..end
}

/// CodeBuild quotes the whole command, and only its first line follows CodeBuild's time.
fn lines_of_quoted_command(lines: &[&str], index: usize, own: &Own<'_>, command: &[&str]) -> Range<usize> {
    let (Own::RunningCommand(text) | Own::CommandFailed(text)) = own else {
        return index..index;
    };
    let Some((first, rest)) = command.split_first() else {
        return index..index;
    };
    let following = &lines[index + 1..];
    let quoted = rest.len() <= following.len()
        && text.trim_end() == *first
        && rest.iter().zip(following).all(|(quoted, line)| line.starts_with(quoted));
    if quoted { index + 1..index + 1 + rest.len() } else { index..index }
}

/// A line that CodeBuild itself wrote. As captured: `[Container] 2026/07/14 09:57:50.447178 Entering phase BUILD`; older
/// ones have no fraction of a second.
enum Own<'l> {
    EnteringPhase(&'l str),
    PhaseComplete(&'l str),
    RunningCommand(&'l str),
    CommandFailed(&'l str),
    Other,
}

impl<'l> Own<'l> {
    fn parse(line: &'l str) -> Option<Self> {
        let rest = line.strip_prefix("[Container] ")?;
        let (date, rest) = rest.split_once(' ')?;
        let (time, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_made_of = |text: &str, marks: &str| {
            text.len() >= 8 && text.chars().all(|c| c.is_ascii_digit() || marks.contains(c))
        };
        if !is_made_of(date, "/") || !is_made_of(time, ":.") {
            return None;
        }
        let own = if let Some(name) = text.strip_prefix("Entering phase ") {
            Self::EnteringPhase(name.trim())
        } else if let Some(rest) = text.strip_prefix("Phase complete: ") {
            Self::PhaseComplete(rest.split(' ').next().unwrap_or_default())
        } else if let Some(command) = text.strip_prefix("Running command ") {
            Self::RunningCommand(command)
        } else if let Some(command) = text.strip_prefix("Command did not exit successfully ") {
            Self::CommandFailed(command)
        } else {
            Self::Other
        };
        Some(own)
    }
}
