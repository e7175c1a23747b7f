//! The conditions of a statement.

use std::collections::BTreeMap;

use crate::arn::{arn_like, wildcards_match};

/// What is known of a request, by the condition key in lower case: keys are compared without regard to case.
pub type Context = BTreeMap<&'static str, String>;

/// The keys that a request's context can have here, in lower case.
pub const KNOWN_KEYS: [&str; 8] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "events:detail-type",
    "events:source",
];

/// One operator with one key, and the values of which one has to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    operator: Operator,
    negated: bool,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Bool,
    Null,
}

impl Condition {
    /// A condition as a policy writes it. Nothing where the operator or the key is not modeled.
    pub fn parse(operator: &str, key: &str, values: Vec<String>) -> Option<Self> {
        let key = key.to_ascii_lowercase();
        let (name, if_exists) = match operator.strip_suffix("IfExists") {
            Some("Null") => return None,
            Some(name) => (name, true),
            None => (operator, false),
        };
        let (operator, negated) = match name {
            "StringEquals" => (Operator::Equals, false),
            "StringNotEquals" => (Operator::Equals, true),
            "StringEqualsIgnoreCase" => (Operator::EqualsIgnoreCase, false),
            "StringNotEqualsIgnoreCase" => (Operator::EqualsIgnoreCase, true),
            "StringLike" => (Operator::Like, false),
            "StringNotLike" => (Operator::Like, true),
            "ArnEquals" | "ArnLike" => (Operator::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Operator::Arn, true),
            "Bool" => (Operator::Bool, false),
            "Null" => (Operator::Null, false),
            _ => return None,
        };
        KNOWN_KEYS.contains(&key.as_str()).then_some(Self { operator, negated, if_exists, key, values })
    }

    /// Whether it holds. A key that the request does not have fits no value, so that an operator that negates holds
    /// without it (IAM user guide, "Condition operators").
    pub fn holds(&self, context: &Context) -> bool {
        let found = context.get(self.key.as_str());
        if self.operator == Operator::Null {
            return self.values.iter().any(|value| value.eq_ignore_ascii_case("true") == found.is_none());
        }
        match found {
            None => self.if_exists || self.negated,
            Some(found) => self.values.iter().any(|value| self.operator.fits(value, found)) != self.negated,
        }
    }
}

impl Operator {
    fn fits(self, value: &str, found: &str) -> bool {
        match self {
            Self::Equals => value == found,
            Self::EqualsIgnoreCase | Self::Bool => value.eq_ignore_ascii_case(found),
            Self::Like => wildcards_match(value, found),
            Self::Arn => arn_like(value, found),
            Self::Null => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(operator: &str, values: &[&str], found: Option<&str>, expected: bool) {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        let condition = Condition::parse(operator, "AWS:SourceArn", values).unwrap();
        let context = found.map(|found| ("aws:sourcearn", found.to_owned())).into_iter().collect();
        assert_eq!(condition.holds(&context), expected, "{operator} with {found:?}");
    }

    #[test]
    fn every_operator_compares_as_iam_documents_it() {
        check("StringEquals", &["x", "A*"], Some("A*"), true);
        check("StringEquals", &["A*"], Some("Ab"), false);
        check("StringEquals", &["a"], Some("A"), false);
        check("StringEqualsIgnoreCase", &["a"], Some("A"), true);
        check("StringNotEquals", &["a", "b"], Some("b"), false);
        check("StringNotEquals", &["a", "b"], Some("c"), true);
        check("StringNotEqualsIgnoreCase", &["a"], Some("A"), false);
        check("StringLike", &["a?c*"], Some("abcd"), true);
        check("StringNotLike", &["a*"], Some("abcd"), false);
        check("ArnLike", &["arn:aws:sqs:*:1:q"], Some("arn:aws:sqs:eu-west-1:1:q"), true);
        check("ArnEquals", &["arn:aws:sqs:*:1:q"], Some("arn:aws:sqs:eu-west-1:1:q"), true);
        check("ArnLike", &["arn:aws:*"], Some("arn:aws:sqs:eu-west-1:1:q"), false);
        check("ArnNotLike", &["arn:aws:sqs:*:1:q"], Some("arn:aws:sqs:eu-west-1:1:q"), false);
        check("ArnNotEquals", &["arn:aws:sqs:*:1:q"], Some("arn:aws:sns:eu-west-1:1:q"), true);
        check("Bool", &["true"], Some("True"), true);
        check("Bool", &["false"], Some("true"), false);
    }

    #[test]
    fn a_key_that_the_request_lacks_decides_by_the_operator() {
        check("StringEquals", &["a"], None, false);
        check("StringEqualsIfExists", &["a"], None, true);
        check("StringEqualsIfExists", &["a"], Some("b"), false);
        check("StringNotEquals", &["a"], None, true);
        check("Bool", &["true"], None, false);
        check("Null", &["true"], None, true);
        check("Null", &["true"], Some("a"), false);
        check("Null", &["false"], Some("a"), true);
        check("Null", &["false"], None, false);
    }

    #[test]
    fn what_cannot_be_evaluated_is_no_condition() {
        for (operator, key) in [
            ("NumericEquals", "aws:SourceArn"),
            ("ForAnyValue:StringEquals", "aws:SourceArn"),
            ("NullIfExists", "aws:SourceArn"),
            ("StringEquals", "aws:MultiFactorAuthPresent"),
        ] {
            assert_eq!(Condition::parse(operator, key, vec!["1".to_owned()]), None, "{operator} {key}");
        }
    }
}
