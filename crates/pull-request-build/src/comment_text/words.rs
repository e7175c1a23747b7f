//! Names, numbers and durations as people read them.

use std::time::Duration;

use crate::build::Build;
use crate::console_links::ConsoleLinks;
use crate::ids::SourceCommit;
use crate::markdown::code_span;

/// More of a branch's name, a phase, a code or an exit status than this does not help to recognize it.
const MAX_NAME_CHARACTERS: usize = 100;

/// Hostile text as a name in code.
pub(super) fn name(text: &str) -> String {
    code_span(text, MAX_NAME_CHARACTERS)
}

/// `1 test`, `2 tests`, `10,000 tests`.
pub(super) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", self::number(number))
}

/// A number with its thousands parted.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of them `shown` leaves out.
pub(super) fn left_out(all: usize, shown: usize) -> u64 {
    all.saturating_sub(shown) as u64
}

/// `build 11`, linked where the console is known.
pub(super) fn linked_build(build: &Build) -> String {
    let text = match build.number {
        Some(number) => format!("build {number}"),
        None => format!("build {}", name(build.arn.build_id.unique_part())),
    };
    match ConsoleLinks::of(build) {
        Some(links) => format!("[{text}]({})", links.build),
        None => text,
    }
}

/// A commit's first digits, linked where the console is known.
pub(super) fn linked_commit(commit: &SourceCommit, link: Option<&str>) -> String {
    match link {
        Some(link) => format!("[`{}`]({link})", commit.short()),
        None => format!("`{}`", commit.short()),
    }
}

/// A duration as people say it, in its two largest units.
pub(super) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let unit = |number: u64, unit: &str| (number > 0).then(|| count(number, unit));
    let units = if seconds >= 3_600 {
        [unit(seconds / 3_600, "hour"), unit(seconds % 3_600 / 60, "minute")]
    } else {
        [unit(seconds / 60, "minute"), unit(seconds % 60, "second")]
    };
    let text = units.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "less than a second".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_their_two_largest_units() {
        for (seconds, text) in [
            (0, "less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (121, "2 minutes 1 second"),
            (3_600, "1 hour"),
            (3_661, "1 hour 1 minute"),
            (129_600, "36 hours"),
        ] {
            assert_eq!(duration_text(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn thousands_are_parted() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(value), text);
        }
        assert_eq!([count(1, "test"), count(2, "test")], ["1 test", "2 tests"]);
    }
}
