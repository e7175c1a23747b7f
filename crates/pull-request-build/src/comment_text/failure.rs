//! The command that failed, or what CodeBuild says instead.

use super::words::{count, name};
use crate::failure::{Cause, Failure};
use crate::markdown::{CodeBlock, code_block};
use crate::outcome::Outcome;
use crate::secrets::Secrets;

/// What introduces the quotation; all there is to say where there is nothing to quote.
pub(super) fn introduction(failure: &Failure<'_>, secrets: &Secrets) -> Option<String> {
    match failure.cause {
        Cause::Command { reason, .. } => {
            Some(format!("This command ended with {}:", name(&secrets.mask(reason))))
        }
        Cause::Reported { status_code, message: "" } => {
            Some(format!("CodeBuild reports {}.", name(&secrets.mask(status_code))))
        }
        Cause::Reported { status_code: "", .. } => Some("CodeBuild reports:".to_owned()),
        Cause::Reported { status_code, .. } => {
            Some(format!("CodeBuild reports {}:", name(&secrets.mask(status_code))))
        }
        Cause::Unexplained => None,
    }
}

/// The command or CodeBuild's sentence in a fence, from its start as far as there is room.
pub(super) fn quotation(outcome: &Outcome<'_>, secrets: &Secrets, bytes: usize) -> Option<String> {
    let quoted = match failure_of(outcome)?.cause {
        Cause::Command { command, .. } => command,
        Cause::Reported { message, .. } if !message.is_empty() => message,
        Cause::Reported { .. } | Cause::Unexplained => return None,
    };
    Some(quote(&secrets.mask(quoted), "the build's details have", bytes))
}

/// The text in a fence, from its start as far as there is room; `who_has` says where all of it is.
pub(super) fn quote(text: &str, who_has: &str, bytes: usize) -> String {
    let omission = |characters: usize| {
        let left_out = count(characters as u64, "more character");
        format!("\n\n{left_out} are left out here; {who_has} all.")
    };
    let CodeBlock { markdown, omitted_characters: 0 } = code_block(text, bytes) else {
        let room = bytes.saturating_sub(omission(usize::MAX).len());
        let CodeBlock { markdown, omitted_characters } = code_block(text, room);
        return format!("{markdown}{}", omission(omitted_characters));
    };
    markdown
}

pub(super) fn failure_of<'o, 'b>(outcome: &'o Outcome<'b>) -> Option<&'o Failure<'b>> {
    match outcome {
        Outcome::Submitted | Outcome::Succeeded => None,
        Outcome::Failed(failure)
        | Outcome::Faulted(failure)
        | Outcome::TimedOut(failure)
        | Outcome::Stopped(_, failure)
        | Outcome::Unknown(_, failure)
        | Outcome::SourceLost(_, failure)
        | Outcome::ClosedMeanwhile(failure) => failure.as_ref(),
    }
}
