//! The lines of the log that say what went wrong.

use super::failure::failure_of;
use super::words::{name, number};
use crate::log_excerpt::LogExcerpt;
use crate::markdown::{fenced, shortened_line};
use crate::outcome::Outcome;

/// Where room is short, a line is cut after so many characters before any line is left out.
const SHORT_LINE_CHARACTERS: usize = 160;

/// The excerpt in a fence, introduced by which lines of the log it is.
pub(super) fn excerpt(excerpt: &LogExcerpt, outcome: &Outcome<'_>, bytes: usize) -> Option<String> {
    let phase = failure_of(outcome).map(|failure| format!(" of phase {}", name(failure.phase)));
    let phase = phase.unwrap_or_default();
    let whole: Vec<String> = excerpt.lines.iter().map(|line| shortened_line(line, usize::MAX)).collect();
    let text = shown(&whole, excerpt, &phase);
    if whole.is_empty() || text.len() <= bytes {
        return Some(text).filter(|_| !whole.is_empty());
    }
    let short: Vec<String> = whole.iter().map(|line| shortened_line(line, SHORT_LINE_CHARACTERS)).collect();
    (1..=short.len())
        .rev()
        .map(|count| {
            let start = first_shown(excerpt, short.len(), count);
            let omitted = short.len() - start - count;
            let part = LogExcerpt {
                lines: Vec::new(),
                lines_before: excerpt.lines_before + start,
                lines_after: excerpt.lines_after + omitted,
            };
            shown(&short[start..start + count], &part, &phase)
        })
        .find(|text| text.len() <= bytes)
}

/// Which line comes first if only `count` of `all` lines are shown. An excerpt has its first error after a quarter of its
/// lines, unless it is the end of the output.
fn first_shown(excerpt: &LogExcerpt, all: usize, count: usize) -> usize {
    let omitted = all - count;
    if excerpt.lines_before > 0 && excerpt.lines_after == 0 { omitted } else { omitted / 4 }
}

fn shown(lines: &[String], position: &LogExcerpt, phase: &str) -> String {
    let (before, after) = (position.lines_before as u64, position.lines_after as u64);
    let last = before + lines.len() as u64;
    let which = if before == 0 && after == 0 {
        format!("The log{phase}:")
    } else if lines.len() == 1 {
        format!("From the log{phase}, line {} of {}:", number(last), number(last + after))
    } else {
        format!(
            "From the log{phase}, lines {} to {} of {}:",
            number(before + 1),
            number(last),
            number(last + after)
        )
    };
    format!("{which}\n\n{}", fenced(&lines.join("\n")))
}
