//! Replaces ranges of a text by the mask.

use std::ops::Range;

use super::MASK;

/// Replaces every range. All are found in the text as it was, so that the mask of one secret never hides the context by
/// which another is known; where they overlap or touch, they are one. Line feeds within a range stay.
pub(super) fn mask(text: &str, mut secrets: Vec<Range<usize>>) -> String {
    secrets.sort_unstable_by_key(|range| range.start);
    let mut masked = String::with_capacity(text.len());
    let mut shown = 0;
    let mut secrets = secrets.into_iter().peekable();
    while let Some(mut secret) = secrets.next() {
        while let Some(next) = secrets.next_if(|next| next.start <= secret.end) {
            secret.end = secret.end.max(next.end);
        }
        // The patterns match bytes.
        let start = text.floor_char_boundary(secret.start);
        let end = text.ceil_char_boundary(secret.end);
        masked.push_str(&text[shown..start]);
        for (index, line) in text[start..end].split('\n').enumerate() {
            if index > 0 {
                masked.push('\n');
            }
            if !line.trim().is_empty() {
                masked.push_str(MASK);
            }
        }
        shown = end;
    }
    masked.push_str(&text[shown..]);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_meet_are_one() {
        for (ranges, expected) in [
            (vec![], "0123456789"),
            (vec![6..8, 2..4], "01***45***89"),
            (vec![2..4, 4..6], "01***6789"),
            (vec![2..9, 3..5, 8..10], "01***"),
        ] {
            assert_eq!(mask("0123456789", ranges.clone()), expected, "for {ranges:?}");
        }
    }

    #[test]
    fn line_feeds_and_characters_stay_whole() {
        assert_eq!(mask("0123456789", std::iter::once(2..4).collect()), "01***456789");
        assert_eq!(mask("ab\ncd\n \nef", std::iter::once(1..9).collect()), "a***\n***\n\n***f");
        assert_eq!(mask("xäy", std::iter::once(2..3).collect()), "x***y");
    }
}
