//! Event patterns: compiled when a rule is created, matched against each event.
//!
//! The semantics are those of the EventBridge user guide ("Creating Amazon EventBridge event patterns") and of Event
//! Ruler, the library that AWS published: an event is a set of leaves, each with its path and its place in arrays, and
//! a pattern asks for one leaf for each of its fields, all from the same elements of arrays.

mod compile;
mod leaves;
mod matcher;

use serde_json::Value;

use leaves::{Leaf, Leaves};
use matcher::Matcher;

/// A pattern's size limit in characters (EventBridge quotas).
const PATTERN_LIMIT: usize = 2048;

/// Why a pattern is not valid, in AWS's words where AWS's words are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Event pattern is not valid. Reason: {0}")]
pub struct InvalidEventPattern(String);

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPattern {
    /// One is enough; `$or` makes more than one.
    alternatives: Vec<Vec<Field>>,
}

/// What a pattern asks of one path: any of the matchers.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    /// The keys from the top, joined with dots, as Event Ruler joins them in patterns and in events.
    path: String,
    matchers: Vec<Matcher>,
}

impl EventPattern {
    /// Checks and compiles a pattern.
    pub fn compile(pattern: &Value) -> Result<Self, InvalidEventPattern> {
        let length = pattern.to_string().chars().count();
        if length > PATTERN_LIMIT {
            let reason = format!("the pattern has {length} characters; the limit is {PATTERN_LIMIT}");
            return Err(InvalidEventPattern(reason));
        }
        Ok(Self { alternatives: compile::compile(pattern)? })
    }

    /// Whether an event, as targets receive it, matches.
    pub fn matches(&self, event: &Value) -> bool {
        let leaves = Leaves::of(event);
        self.alternatives.iter().any(|fields| fields_match(fields, &leaves, &[]))
    }
}

/// Whether a leaf can be chosen for every field, so that all of them come from the same elements of arrays.
fn fields_match(fields: &[Field], leaves: &Leaves<'_>, places: &[leaves::Place]) -> bool {
    let Some((field, rest)) = fields.split_first() else { return true };
    let found = leaves.at(&field.path);
    if found.is_empty() && field.matchers.contains(&Matcher::Exists(false)) {
        return fields_match(rest, leaves, places);
    }
    found.iter().any(|leaf: &Leaf<'_>| {
        field.matchers.iter().any(|matcher| matcher.matches(leaf.value))
            && leaf.places.iter().all(|place| places.iter().all(|other| place.agrees_with(other)))
            && fields_match(rest, leaves, &[places, &leaf.places].concat())
    })
}
