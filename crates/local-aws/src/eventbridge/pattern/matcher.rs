//! What one field may be.

use std::net::IpAddr;

use serde_json::Value;

/// One entry of a field's list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    /// A literal that is not a number: a text, true, false or null.
    Literal(Value),
    /// A number, whatever way it is written.
    Number(f64),
    Text(TextMatcher),
    /// Everything but what the matchers inside match.
    AnythingBut(Vec<Matcher>),
    Exists(bool),
    Numeric(Vec<(Comparison, f64)>),
    Cidr(Network),
}

/// What compares texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TextMatcher {
    Prefix { prefix: String, ignore_case: bool },
    Suffix { suffix: String, ignore_case: bool },
    EqualsIgnoreCase(String),
    Wildcard(Wildcard),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The texts between the stars of a wildcard pattern: one more than there are stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard {
    pub(super) parts: Vec<String>,
}

/// A block of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) address: IpAddr,
    pub(super) mask_bits: u32,
}

impl Matcher {
    pub(super) fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Literal(literal) => literal == value,
            Self::Number(number) => value.as_f64() == Some(*number),
            Self::Text(matcher) => value.as_str().is_some_and(|text| matcher.matches(text)),
            Self::AnythingBut(matchers) => !matchers.iter().any(|matcher| matcher.matches(value)),
            Self::Exists(exists) => *exists,
            Self::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
                comparisons.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            Self::Cidr(network) => value
                .as_str()
                .and_then(|text| text.parse().ok())
                .is_some_and(|address| network.contains(address)),
        }
    }
}

impl TextMatcher {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Prefix { prefix, ignore_case: false } => text.starts_with(prefix.as_str()),
            Self::Suffix { suffix, ignore_case: false } => text.ends_with(suffix.as_str()),
            Self::Prefix { prefix, .. } => text.to_lowercase().starts_with(&prefix.to_lowercase()),
            Self::Suffix { suffix, .. } => text.to_lowercase().ends_with(&suffix.to_lowercase()),
            Self::EqualsIgnoreCase(other) => text.to_lowercase() == other.to_lowercase(),
            Self::Wildcard(wildcard) => wildcard.matches(text),
        }
    }
}

impl Comparison {
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number == bound,
            Self::Less => number < bound,
            Self::LessOrEqual => number <= bound,
            Self::Greater => number > bound,
            Self::GreaterOrEqual => number >= bound,
        }
    }
}

impl Wildcard {
    /// Each part at its first place behind the one before it; the last at the end.
    fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else { return false };
        let Some(mut remaining) = text.strip_prefix(first.as_str()) else { return false };
        let Some((last, middle)) = rest.split_last() else { return remaining.is_empty() };
        for part in middle {
            match remaining.find(part.as_str()) {
                Some(index) => remaining = &remaining[index + part.len()..],
                None => return false,
            }
        }
        remaining.ends_with(last.as_str())
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let same = |own: u128, other: u128, bits: u32| {
            let ignored = bits - self.mask_bits.min(bits);
            own.checked_shr(ignored) == other.checked_shr(ignored)
        };
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(u32::from(own).into(), u32::from(other).into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.into(), other.into(), 128),
            _ => false,
        }
    }
}
