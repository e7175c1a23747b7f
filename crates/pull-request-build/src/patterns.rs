//! Compiles the patterns of this crate. They match bytes and know ASCII only.

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// A pattern that is a constant of this crate.
#[expect(clippy::expect_used, reason = "the pattern is a constant, and tests use every one")]
pub(crate) fn pattern(text: &str) -> Regex {
    RegexBuilder::new(text).unicode(false).build().expect("a pattern of this crate compiles")
}

/// Several patterns of which one has to match.
#[expect(clippy::expect_used, reason = "the patterns are constants, and tests use every one")]
pub(crate) fn any_of(patterns: &[&str]) -> RegexSet {
    RegexSetBuilder::new(patterns).unicode(false).build().expect("the patterns of this crate compile")
}
