//! Filter patterns for lines of text: terms that a line must have or must not have.

use super::operations::invalid;
use crate::aws_json::ApiError;

/// The longest pattern in characters (API reference, FilterLogEvents).
const LONGEST_PATTERN: usize = 1024;

/// A pattern of terms (user guide, "Filter pattern syntax for unstructured log events"). Terms are compared with case.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FilterPattern {
    /// Every line that has all of `required` and none of `excluded`.
    All { required: Vec<String>, excluded: Vec<String> },
    /// Every line that has one of these, written `?a ?b`.
    Any(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Required,
    Excluded,
    Optional,
}

impl FilterPattern {
    /// Reads a pattern. An empty one matches every line. Patterns for JSON and for space-delimited lines, regular
    /// expressions, and `?` beside other terms are refused by name.
    pub(super) fn parse(pattern: &str) -> Result<Self, ApiError> {
        if pattern.chars().count() > LONGEST_PATTERN {
            return Err(invalid(format!("filterPattern has more than {LONGEST_PATTERN} characters")));
        }
        let (mut required, mut excluded, mut optional) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = pattern.trim_start();
        while !rest.is_empty() {
            let (kind, text) = match rest.as_bytes()[0] {
                b'-' => (Kind::Excluded, &rest[1..]),
                b'?' => (Kind::Optional, &rest[1..]),
                _ => (Kind::Required, rest),
            };
            let (term, after) = take_term(text)?;
            match kind {
                Kind::Required => required.push(term),
                Kind::Excluded => excluded.push(term),
                Kind::Optional => optional.push(term),
            }
            rest = after.trim_start();
        }
        match (optional.is_empty(), required.is_empty() && excluded.is_empty()) {
            (true, _) => Ok(Self::All { required, excluded }),
            (false, true) => Ok(Self::Any(optional)),
            (false, false) => Err(ApiError::not_modeled(
                "a filterPattern with ? beside terms without it; use ? on every term or on none",
            )),
        }
    }

    /// Whether a line is one of those that are looked for.
    pub(super) fn matches(&self, line: &str) -> bool {
        let has = |term: &String| line.contains(term.as_str());
        match self {
            Self::All { required, excluded } => required.iter().all(has) && !excluded.iter().any(has),
            Self::Any(terms) => terms.iter().any(has),
        }
    }
}

/// A word, or a phrase between quotation marks; and what follows it.
fn take_term(text: &str) -> Result<(String, &str), ApiError> {
    if let Some(quoted) = text.strip_prefix('"') {
        let Some((phrase, after)) = quoted.split_once('"').filter(|(phrase, _)| !phrase.is_empty()) else {
            return Err(invalid(
                "Invalid filter pattern: a quotation mark is not closed, or nothing is in it",
            ));
        };
        return Ok((phrase.to_owned(), after));
    }
    if text.starts_with(['{', '[', '%']) {
        return Err(ApiError::not_modeled(
            "a filterPattern for JSON or space-delimited lines, or with a regular expression; use terms",
        ));
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    if word.is_empty() || !after.is_empty() && !after.starts_with(char::is_whitespace) {
        return Err(invalid(format!(
            "Invalid filter pattern: put terms with other characters than letters, digits and _ between quotation \
             marks, at {text:?}"
        )));
    }
    Ok((word.to_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_select_lines_as_documented() {
        let line = "[ERROR] 404: Not found, user_id 7";
        let cases = [
            ("", true),
            ("ERROR", true),
            ("error", false),
            ("ERROR 404", true),
            ("ERROR 500", false),
            ("\"404: Not found\"", true),
            ("\"404 Not found\"", false),
            ("ERROR -404", false),
            ("ERROR -500", true),
            ("-\"[ERROR]\"", false),
            ("?500 ?user_id", true),
            ("?500 ?501", false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(FilterPattern::parse(pattern).unwrap().matches(line), expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_not_modeled_is_told_from_what_is_wrong() {
        for pattern in ["{ $.level = 1 }", "[a, b]", "%4[0-9]{2}%", "ERROR ?WARN"] {
            let error = FilterPattern::parse(pattern).unwrap_err();
            assert_eq!(error.code, "NotModeledByLocalAws", "{pattern}");
        }
        let long = "a".repeat(LONGEST_PATTERN + 1);
        for pattern in ["404:", "\"open", "\"\"", "-", "a-b", &long] {
            let error = FilterPattern::parse(pattern).unwrap_err();
            assert_eq!(error.code, "InvalidParameterException", "{pattern}");
        }
    }
}
