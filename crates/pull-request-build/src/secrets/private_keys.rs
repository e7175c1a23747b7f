//! Private keys in PEM: `-----BEGIN … PRIVATE KEY-----`, many lines of Base64, `-----END … PRIVATE KEY-----`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::patterns::pattern;

static BEGIN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----"));
static END: LazyLock<Regex> = LazyLock::new(|| pattern(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----"));
/// A whole line of a key, or one that has a line of a key in it.
static KEY_LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^\s*(|[A-Za-z0-9+/=]+|(Proc-Type|DEK-Info|Version|Comment): .*)\s*$|[A-Za-z0-9+/]{16}")
});
static WHOLE_KEY_LINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*[A-Za-z0-9+/=]+\s*$"));
static LONG_KEY_LINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z0-9+/]{40}"));

/// Everything between a key's begin and its end. Of a key that never ends, the lines that can be its own; of one whose
/// begin is not in the text, the lines right before its end.
pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    let mut searched = 0;
    while let Some(end) = END.find_at(text.as_bytes(), searched) {
        match BEGIN.find(&text.as_bytes()[searched..end.start()]) {
            Some(begin) => secrets.push(searched + begin.end()..end.start()),
            None => secrets.push(start_of_key(text, searched..end.start())..end.start()),
        }
        searched = end.end();
    }
    if let Some(begin) = BEGIN.find_at(text.as_bytes(), searched) {
        find_in_key_without_end(text, begin.end(), secrets);
    }
}

fn start_of_key(text: &str, before_end: Range<usize>) -> usize {
    let mut start = before_end.end;
    for line in text[before_end].rsplit('\n').skip(1) {
        if !WHOLE_KEY_LINE.is_match(line.as_bytes()) {
            break;
        }
        start -= line.len() + 1;
    }
    start
}

/// Masks the rest of the line and the lines after it that look like a key's. Other output may be between the lines of a
/// key, so long runs of Base64 are masked to the end.
fn find_in_key_without_end(text: &str, begin: usize, secrets: &mut Vec<Range<usize>>) {
    let mut in_key = true;
    let mut start = begin;
    for (index, line) in text[begin..].split('\n').enumerate() {
        let range = start..start + line.len();
        start = range.end + 1;
        in_key = in_key && (index == 0 || KEY_LINE.is_match(line.as_bytes()));
        let in_quotes = index == 0 && !KEY_LINE.is_match(line.as_bytes());
        if (in_key && !in_quotes) || LONG_KEY_LINE.is_match(line.as_bytes()) {
            secrets.push(range);
        }
    }
}
