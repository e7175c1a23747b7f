//! Puts hostile text into Markdown so that it stays text.
//!
//! Inside code, Markdown knows one thing only: the run of backticks that ends it. A delimiter longer than every run in
//! the text cannot be imitated.

/// A text as inline code, on one line, at most `max_characters` long. Empty text becomes a space, since Markdown has no
/// empty code span.
pub(crate) fn code_span(text: &str, max_characters: usize) -> String {
    let clean: String = visible_characters(text).map(|c| if c == '\n' { ' ' } else { c }).collect();
    let mut shown: String = clean.chars().take(max_characters).collect();
    if shown.len() < clean.len() {
        shown.push('…');
    }
    let delimiter = "`".repeat(longest_run_of_backticks(&shown) + 1);
    // Markdown takes one space off each end if both have one, so padding never shows.
    let touches = |edge: Option<char>| matches!(edge, None | Some('`' | ' '));
    let padding = if touches(shown.chars().next()) || touches(shown.chars().next_back()) { " " } else { "" };
    format!("{delimiter}{padding}{shown}{padding}{delimiter}")
}

/// A text as one line for a fenced code block. More than `max_characters` of it are cut, which the line says.
pub(crate) fn shortened_line(text: &str, max_characters: usize) -> String {
    let line: String = visible_characters(text).map(|c| if c == '\n' { ' ' } else { c }).collect();
    match line.char_indices().nth(max_characters) {
        None => line,
        Some((end, _)) => {
            let (shown, rest) = line.split_at(end);
            format!("{shown}… ({} more characters)", rest.chars().count())
        }
    }
}

/// A text as a fenced code block, as much of it from the start as `max_bytes` have room for.
pub(crate) fn code_block(text: &str, max_bytes: usize) -> CodeBlock {
    let clean: String = visible_characters(text).collect();
    let clean = clean.trim_matches('\n');
    // A longer start never makes a shorter block, so the longest that fits can be found by halving.
    let (mut fits, mut too_long) = (0, clean.len() + 1);
    while too_long - fits > 1 {
        let middle = fits + (too_long - fits) / 2;
        if fenced(&clean[..clean.floor_char_boundary(middle)]).len() <= max_bytes {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    let (shown, rest) = clean.split_at(clean.floor_char_boundary(fits));
    CodeBlock { markdown: fenced(shown), omitted_characters: rest.chars().count() }
}

/// A fenced code block, and how much did not go into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeBlock {
    pub(crate) markdown: String,
    pub(crate) omitted_characters: usize,
}

/// A text, made of what [`shortened_line`] gives or of visible characters only, as a fenced code block.
pub(crate) fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run_of_backticks(text).max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The text without what a reader cannot see but would be misled by: control characters, the characters that turn the
/// direction of writing, and those without a width. Every kind of line end becomes `\n`.
fn visible_characters(text: &str) -> impl Iterator<Item = char> {
    let mut after_carriage_return = false;
    text.chars().filter_map(move |c| {
        let ends_pair = after_carriage_return && c == '\n';
        after_carriage_return = c == '\r';
        match c {
            '\n' if ends_pair => None,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            '\t' => Some(' '),
            c if c.is_control() || is_invisible(c) => None,
            c => Some(c),
        }
    })
}

/// Whether a character has no width, or turns the direction of writing.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_span_outlasts_every_run_of_backticks() {
        for (text, expected) in [
            ("main", "`main`"),
            ("`](x)", "`` `](x) ``"),
            ("a``b", "```a``b```"),
            ("b`", "`` b` ``"),
            (" a ", "`  a  `"),
            ("", "`  `"),
            ("a\r\nb\n\nc\td", "`a b  c d`"),
            ("e\u{202e}gpj\u{0}\u{1b}[31m", "`egpj[31m`"),
            ("0123456789abc", "`0123456789…`"),
        ] {
            assert_eq!(code_span(text, 10), expected, "for {text:?}");
        }
    }

    #[test]
    fn a_code_block_outlasts_every_fence() {
        assert_eq!(code_block("cargo test", 100).markdown, "```\ncargo test\n```");
        assert_eq!(code_block("```\n# Hi\n````", 100).markdown, "`````\n```\n# Hi\n````\n`````");
    }

    #[test]
    fn a_code_block_says_how_much_it_leaves_out() {
        let block = code_block("äöü", 8 + 4);
        assert_eq!(block, CodeBlock { markdown: "```\näö\n```".to_owned(), omitted_characters: 1 });
        assert_eq!(code_block("abc", 0).omitted_characters, 3);
    }

    /// A text of few characters, so that runs and line ends meet often.
    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof!["[`~ \\\\\n\r\t)(\\]x\u{202e}\u{1b}ä]{0,60}", any::<String>()]
    }

    fn runs(text: &str) -> impl Iterator<Item = usize> {
        text.split(|c| c != '`').map(str::len)
    }

    proptest! {
        #[test]
        fn no_text_ends_its_code_span(text in hostile()) {
            let span = code_span(&text, 40);
            let delimiter = span.chars().take_while(|c| *c == '`').count();
            prop_assert!(delimiter > 0 && span.len() > 2 * delimiter, "{span:?}");
            let inner = &span[delimiter..span.len() - delimiter];
            prop_assert!(span.ends_with(&"`".repeat(delimiter)));
            prop_assert!(!inner.starts_with('`') && !inner.ends_with('`'), "{span:?}");
            prop_assert!(runs(inner).all(|run| run < delimiter), "{span:?}");
            prop_assert!(!span.contains(|c: char| c.is_control() || is_invisible(c)), "{span:?}");
        }

        #[test]
        fn no_text_ends_its_code_block(text in hostile(), max_bytes in 8_usize..200) {
            let block = code_block(&text, max_bytes).markdown;
            prop_assert!(block.len() <= max_bytes, "{} bytes: {block:?}", block.len());
            let (fence, rest) = block.split_once('\n').unwrap();
            let inner = rest.strip_suffix(fence).unwrap();
            prop_assert!(fence.len() >= 3 && fence.bytes().all(|byte| byte == b'`'));
            prop_assert!(inner.ends_with('\n') && runs(inner).all(|run| run < fence.len()), "{block:?}");
            prop_assert!(!inner.contains(|c: char| (c.is_control() && c != '\n') || is_invisible(c)));
        }
    }
}
