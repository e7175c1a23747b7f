//! What a person sees: without colors where no terminal is, and without what could mislead.

use std::env;
use std::io::{self, IsTerminal, Write};

/// Where the program writes.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// For standard output.
    pub(crate) paint: Paint,
    /// For standard error.
    error_paint: Paint,
}

/// Whether text is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Plain text.
    Plain,
    /// With ANSI escape sequences.
    Colored,
}

impl Terminal {
    /// Colors go to terminals alone, and not there if `NO_COLOR` is set (<https://no-color.org>).
    pub(crate) fn detect() -> Self {
        let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let paint = |is_terminal| if wanted && is_terminal { Paint::Colored } else { Paint::Plain };
        Self { paint: paint(io::stdout().is_terminal()), error_paint: paint(io::stderr().is_terminal()) }
    }

    /// Prints for the person. One who closed the output, as `head` does, does not stop the work.
    pub(crate) fn say(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).ok();
    }

    /// Says what went wrong.
    pub(crate) fn complain(&self, text: &str) {
        writeln!(io::stderr(), "{} {text}", self.error_paint.red("error:")).ok();
    }
}

impl Paint {
    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colored => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// A text of AWS or of a stranger on one line, cut after `limit` characters, without what a terminal would obey or a
/// reader would be misled by: control characters, those that turn the direction of writing, those without a width.
pub(crate) fn shown(text: &str, limit: usize) -> String {
    let words = text.split_whitespace().map(|word| word.chars().filter(|&c| is_visible(c)).collect());
    let line = words.filter(|word: &String| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Rust's debug form escapes what is not printable by Unicode's categories, format characters among them, and marks that
/// combine with what stands before them. The three others that it escapes are harmless here.
fn is_visible(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_can_neither_command_a_terminal_nor_mislead_a_reader() {
        for (text, expected) in [
            ("plain \"quoted\" 'text' \\n", "plain \"quoted\" 'text' \\n"),
            ("zażółć 日本語 ✅", "zażółć 日本語 ✅"),
            ("\u{1b}[2J\u{1b}]0;title\u{7}gone", "[2J]0;titlegone"),
            ("\u{9b}31mred\u{85}next\u{2028}line\r\n", "31mred next line"),
            ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{ad}f", "abcdef"),
            ("\u{200b} \u{200b}", ""),
        ] {
            assert_eq!(shown(text, 100), expected);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shown("ąęść", 4), "ąęść");
        assert_eq!(shown("ąęść", 3), "ąęś…");
    }

    #[test]
    fn there_are_colors_only_where_they_are_wanted() {
        assert_eq!(Paint::Plain.red("no"), "no");
        assert_eq!(Paint::Colored.red("no"), "\u{1b}[1;31mno\u{1b}[0m");
    }
}
