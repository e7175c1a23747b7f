//! Values that the text itself calls a secret: `password=…`, `"token": "…"`, `--api-key …`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::formats::is_made_up;
use crate::patterns::pattern;

/// A name that says secret (1, 2 is what follows the word), and what stands between it and its value (3).
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)(password|passwd|passphrase|[_-]pass|[_-]pwd|secret|token|credentials?|api[_-]?key|private[_-]?key",
        r"|access[_-]?key|account[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key)([a-z0-9_-]*)",
        r#"(?:\\*["'])?\]?([ \t]*(?:=>|:=|=|:)[ \t]*|[ \t]+)"#,
    ))
});

/// A shorter value is not masked, as with variables, in bytes.
const SHORTEST: usize = 4;

/// As much of a value is looked at to judge it, in bytes.
const LOOKED_AT: usize = 128;

/// What follows the word when the name is not that of a secret but of something about it, such as `token_type`.
const ABOUT_A_SECRET: [&str; 24] = [
    "arn",
    "count",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "file",
    "file-path",
    "ization",
    "izer",
    "len",
    "length",
    "less",
    "limit",
    "name",
    "path",
    "policy",
    "set",
    "smanager",
    "stdin",
    "ttl",
    "type",
    "uri",
    "url",
];

/// Words that follow such a name in sentences, types and settings without being a value.
const NO_VALUE: [&str; 84] = [
    "a",
    "an",
    "and",
    "any",
    "are",
    "argument",
    "authentication",
    "bool",
    "boolean",
    "but",
    "by",
    "bytes",
    "can",
    "cannot",
    "char",
    "default",
    "denied",
    "disabled",
    "does",
    "empty",
    "enabled",
    "error",
    "exists",
    "expected",
    "expired",
    "failed",
    "false",
    "field",
    "flag",
    "for",
    "found",
    "from",
    "has",
    "have",
    "hidden",
    "if",
    "in",
    "incorrect",
    "input",
    "instead",
    "int",
    "integer",
    "invalid",
    "is",
    "it",
    "mismatch",
    "missing",
    "must",
    "never",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "number",
    "object",
    "of",
    "ok",
    "on",
    "option",
    "optional",
    "or",
    "parameter",
    "provided",
    "redacted",
    "rejected",
    "required",
    "set",
    "should",
    "str",
    "string",
    "text",
    "the",
    "this",
    "to",
    "true",
    "undefined",
    "unexpected",
    "unknown",
    "valid",
    "value",
    "was",
    "with",
    "wrong",
];

pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut searched = 0;
    while let Some(captures) = NAMES.captures_at(bytes, searched) {
        let (Some(all), Some(word), Some(suffix), Some(separator)) =
            (captures.get(0), captures.get(1), captures.get(2), captures.get(3))
        else {
            break;
        };
        let name = Name {
            before: before_name(bytes, word.start()),
            word: word.as_bytes(),
            suffix: suffix.as_bytes(),
            separator: separator.as_bytes(),
        };
        let value = Value::at(bytes, all.end());
        searched = all.end();
        if name.may_have(&value) {
            let end =
                if name.has_rest_of_line(&value) { end_of_line(bytes, all.end()) } else { value.end(bytes) };
            secrets.push(value.start..end);
            searched = end.max(all.end());
        }
    }
}

/// What is on the line before the word, as far as it matters.
fn before_name(text: &[u8], word: usize) -> &[u8] {
    let line = &text[word.saturating_sub(LOOKED_AT)..word];
    line.rsplit(|byte| *byte == b'\n').next().unwrap_or_default()
}

struct Name<'t> {
    before: &'t [u8],
    word: &'t [u8],
    suffix: &'t [u8],
    separator: &'t [u8],
}

impl Name<'_> {
    /// Whether the value is a secret, by how it is written.
    fn may_have(&self, value: &Value<'_>) -> bool {
        if self.is_about_a_secret() || value.is_no_secret(self) {
            return false;
        }
        let is_sure = value.is_quoted || is_made_up(value.start_of_text);
        match self.separator {
            [b' ' | b'\t', ..] if self.separator.trim_ascii().is_empty() => {
                self.is_flag() && !value.start_of_text.starts_with(b"-")
            }
            b"=" => is_sure || self.is_strong() || self.is_flag() || self.is_upper_case(),
            b":" => is_sure && (value.is_quoted || self.is_strong()),
            separator if separator.trim_ascii() == b":" => is_sure || self.is_strong() || self.starts_line(),
            _ => is_sure || self.is_strong(),
        }
    }

    /// In YAML and in messages a value goes on to the end of its line.
    fn has_rest_of_line(&self, value: &Value<'_>) -> bool {
        self.separator.trim_ascii() == b":" && self.starts_line() && !value.is_quoted
    }

    fn is_about_a_secret(&self) -> bool {
        let squashed: Vec<u8> = self
            .suffix
            .iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect();
        ABOUT_A_SECRET.iter().any(|about| squashed.ends_with(about.as_bytes()))
    }

    /// A compiler, too, speaks of tokens, so that word alone is not enough.
    fn is_strong(&self) -> bool {
        !self.word.eq_ignore_ascii_case(b"token")
            && !self.word.to_ascii_lowercase().starts_with(b"credential")
            || self.suffix.to_ascii_lowercase().windows(4).any(|part| part == b"pass")
    }

    fn is_flag(&self) -> bool {
        let start = self
            .before
            .iter()
            .rposition(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_'));
        let name = &self.before[start.map_or(0, |start| start + 1)..];
        name.starts_with(b"-")
    }

    fn is_upper_case(&self) -> bool {
        !self.word.iter().any(u8::is_ascii_lowercase)
    }

    fn starts_line(&self) -> bool {
        let is_of_name =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'"' | b'\'');
        self.before.iter().all(|byte| is_of_name(byte) || *byte == b' ')
            && self.before.trim_ascii().iter().all(is_of_name)
            && self.before.len() < LOOKED_AT
    }
}

struct Value<'t> {
    start: usize,
    is_quoted: bool,
    /// The value, or as much of it as is looked at.
    start_of_text: &'t [u8],
    quote: &'t [u8],
}

impl<'t> Value<'t> {
    fn at(text: &'t [u8], at: usize) -> Self {
        let at = if text[at..].starts_with(b"Some(") { at + b"Some(".len() } else { at };
        let backslashes = text[at..].iter().take(8).take_while(|byte| **byte == b'\\').count();
        let is_quoted = matches!(text.get(at + backslashes), Some(b'"' | b'\''));
        let start = if is_quoted { at + backslashes + 1 } else { at };
        let mut value = Self { start, is_quoted, start_of_text: &[], quote: &text[at..start] };
        let end = value.end(&text[..text.len().min(start + LOOKED_AT)]);
        value.start_of_text = &text[start..end];
        value
    }

    /// Quoted: until the same quotes again. Otherwise: until white space, without the marks that end a sentence or close
    /// what was opened before.
    fn end(&self, text: &[u8]) -> usize {
        let rest = &text[self.start..];
        if self.is_quoted {
            let ends = |index: usize| {
                let is_escaped = self.quote.len() == 1 && index > 0 && rest[index - 1] == b'\\';
                rest[index] == b'\n' || (rest[index..].starts_with(self.quote) && !is_escaped)
            };
            return self.start + (0..rest.len()).find(|index| ends(*index)).unwrap_or(rest.len());
        }
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let closes = |byte: &&u8| b"\"'`,;)]}>.".contains(byte);
        self.start + end - rest[..end].iter().rev().take_while(closes).count()
    }

    fn is_no_secret(&self, name: &Name<'_>) -> bool {
        let text = self.start_of_text;
        let lower = text.to_ascii_lowercase();
        let is_word = |words: &[&str]| words.iter().any(|word| lower == word.as_bytes());
        let is_version =
            text.contains(&b'.') && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        let is_number_of_tokens = !name.is_strong() && text.iter().all(u8::is_ascii_digit);
        text.len() < SHORTEST
            || is_word(&NO_VALUE)
            || is_version
            || is_number_of_tokens
            || is_placeholder(text)
            || (!self.is_quoted && is_code(text, name))
    }
}

/// What stands for a value that is somewhere else: `$TOKEN`, `${{ … }}`, `<token>`, `%s`.
fn is_placeholder(text: &[u8]) -> bool {
    let is_variable = |rest: &[u8]| rest.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    match text {
        [b'$', b'{' | b'(', ..] | [b'{', b'{', ..] | [b'<', ..] | [b'[', ..] | [b'%', _] => true,
        [b'$', rest @ ..] => is_variable(rest),
        _ => text.iter().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X' | b'-' | b'_')),
    }
}

/// What a programming language has behind such a name: a call, a path, a type, the same name again.
fn is_code(text: &[u8], name: &Name<'_>) -> bool {
    let call = text.iter().position(|byte| *byte == b'(');
    let is_identifier = |text: &[u8]| {
        text.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'!' | b'&'))
    };
    call.is_some_and(|call| call > 0 && is_identifier(&text[..call]))
        || text.windows(2).any(|pair| pair == b"::")
        || matches!(text[0], b'=' | b':' | b'>' | b'(' | b'&' | b'|' | b'`')
        || [b"self.".as_slice(), b"process.env", b"os.environ", b"env.", b"args.", b"config."]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        || text.eq_ignore_ascii_case(&[name.word, name.suffix].concat())
}

fn end_of_line(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |line| at + line)
}
