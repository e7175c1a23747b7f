//! What a terminal would show of a text that was written for one.

use crate::markdown::is_invisible;

/// The text without escape sequences, and with the moves of the cursor made: a line that was written over shows what was
/// written last, and what a backspace took back is gone. Characters that nobody sees are left out, so that no secret
/// hides from its mask behind them. Every line feed of the text stays.
pub(crate) fn displayed(text: &str) -> String {
    let mut screen = Screen { text: String::with_capacity(text.len()), ..Screen::default() };
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            screen.start_line();
        }
        if line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            screen.text.push_str(line);
        } else {
            // A parser for each line, since a sequence that never ends would swallow the rest of the log.
            vte::Parser::new().advance(&mut screen, line.as_bytes());
        }
    }
    screen.text
}

#[derive(Default)]
struct Screen {
    text: String,
    line_start: usize,
    /// The cursor went back to the start of the line. Nothing is gone until something is written.
    returned: bool,
}

impl Screen {
    fn start_line(&mut self) {
        self.text.push('\n');
        self.line_start = self.text.len();
        self.returned = false;
    }
}

impl vte::Perform for Screen {
    fn print(&mut self, c: char) {
        if matches!(c, '\u{2028}' | '\u{2029}') {
            return self.start_line();
        }
        if c.is_control() || is_invisible(c) {
            return;
        }
        if std::mem::take(&mut self.returned) {
            self.text.truncate(self.line_start);
        }
        self.text.push(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\r' => self.returned = true,
            0x08 if self.text.len() > self.line_start => {
                self.text.pop();
            }
            b'\t' => (0..4).for_each(|_| self.print(' ')),
            // Vertical tab, form feed and "next line".
            0x0b | 0x0c | 0x85 => self.start_line(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_what_a_terminal_would() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a\nb\n", "a\nb\n"),
            ("a\r\nb\r\n", "a\nb\n"),
            ("\u{1b}[1m\u{1b}[38;5;9merror\u{1b}[0m: no", "error: no"),
            ("\u{1b}(Bcharset", "charset"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;https://x.example\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}]0;never ends\nnext", "\nnext"),
            ("\u{1b}[31\nnext", "\nnext"),
            (" 10%\r 50%\r100%\r", "100%"),
            ("loading\r\u{1b}[2Kdone", "done"),
            ("loading\r\r\n", "loading\n"),
            ("abc\u{8}\u{8}x", "ax"),
            ("a\n\u{8}b", "a\nb"),
            ("a\tb", "a    b"),
            ("a\u{c}b\u{b}c\u{85}d\u{2028}e", "a\nb\nc\nd\ne"),
            ("ma\u{200b}sk\u{202e}ed\u{0}", "masked"),
            ("\u{1b}[32m✓ größer\u{1b}[m 日本", "✓ größer 日本"),
        ] {
            assert_eq!(displayed(text), expected, "for {text:?}");
        }
    }
}
