//! Reading the members of an event, one by one, so that what is wrong with one is told by its path.
//!
//! Events are as hostile as the texts in them: a reason quotes the beginning of a text and no more, because it goes into
//! logs and into the failure queue, whose messages have a limit.

use std::fmt;
use std::time::SystemTime;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::ids::InvalidId;

/// The most characters of a name that AWS makes up, such as a state. The longest that is documented has 32.
const LONGEST_NAME: usize = 100;

/// The most characters of a text that are quoted.
const LONGEST_QUOTE: usize = 64;

/// Why an event cannot be understood. It will not become better by being delivered again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// It is no JSON, or JSON that no value can hold: halves of characters, numbers out of range, deep nesting.
    #[error("the event cannot be read: {0}")]
    Unreadable(String),
    /// A required member is not there.
    #[error("the event has no {0}; the rule that calls this function must pass events whole")]
    Missing(&'static str),
    /// A member is there, but does not hold what AWS documents.
    #[error("the event's {member} is malformed: {reason}")]
    Malformed {
        /// The member's path in the event.
        member: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
}

/// Reads an event from the payload that Lambda hands over.
///
/// Lambda's runtime for Rust would do so before the function is called. But a refusal of its own is neither counted nor
/// logged like ours, and its text has the names of all members on the way, however long they are.
pub fn read_event(payload: &str) -> Result<Value, InvalidEvent> {
    serde_json::from_str(payload).map_err(|error| InvalidEvent::Unreadable(error.to_string()))
}

/// Refuses an event of another kind.
pub(crate) fn require_detail_type(event: &Value, expected: &str) -> Result<(), InvalidEvent> {
    const MEMBER: &str = "detail-type";
    let found = required(event, MEMBER)?;
    if found == expected {
        return Ok(());
    }
    let found = quote(found);
    Err(malformed(
        MEMBER,
        format_args!("it is {found}, but this function takes {expected:?}; correct its rule"),
    ))
}

/// The text at a path of names.
pub(crate) fn required<'e>(event: &'e Value, member: &'static str) -> Result<&'e str, InvalidEvent> {
    optional(event, member)?.ok_or(InvalidEvent::Missing(member))
}

/// The text at a path of names, if there is one.
pub(crate) fn optional<'e>(event: &'e Value, member: &'static str) -> Result<Option<&'e str>, InvalidEvent> {
    find(event, member)?
        .map(|value| value.as_str().ok_or_else(|| malformed(member, "it must be a string")))
        .transpose()
}

/// A name that AWS makes up, known to this version or not.
pub(crate) fn required_name<'e>(event: &'e Value, member: &'static str) -> Result<&'e str, InvalidEvent> {
    optional_name(event, member)?.ok_or(InvalidEvent::Missing(member))
}

/// A name that AWS makes up, known to this version or not, if there is one.
pub(crate) fn optional_name<'e>(
    event: &'e Value,
    member: &'static str,
) -> Result<Option<&'e str>, InvalidEvent> {
    let name = optional(event, member)?;
    if let Some(name) = name
        && (name.chars().nth(LONGEST_NAME).is_some() || name.contains(char::is_control))
    {
        let reason =
            format_args!("it must be a name of up to {LONGEST_NAME} characters, but is {}", quote(name));
        return Err(malformed(member, reason));
    }
    Ok(name)
}

/// When the event was made, in whole seconds.
pub(crate) fn time(event: &Value) -> Result<SystemTime, InvalidEvent> {
    const MEMBER: &str = "time";
    let text = required(event, MEMBER)?;
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| malformed(MEMBER, error))?;
    Ok(time.into())
}

/// The identity at a path of names.
pub(crate) fn id<T>(
    event: &Value,
    member: &'static str,
    parse: fn(&str) -> Result<T, InvalidId>,
) -> Result<T, InvalidEvent> {
    parse(required(event, member)?).map_err(|reason| malformed(member, reason))
}

/// The value at a path of names; null counts as absent.
pub(crate) fn find<'e>(event: &'e Value, member: &'static str) -> Result<Option<&'e Value>, InvalidEvent> {
    let mut value = event;
    for name in member.split('.') {
        match value {
            Value::Object(members) => match members.get(name) {
                Some(found) => value = found,
                None => return Ok(None),
            },
            Value::Null => return Ok(None),
            _ => return Err(malformed(member, format_args!("what should hold {name:?} is no object"))),
        }
    }
    Ok((!value.is_null()).then_some(value))
}

pub(crate) fn malformed(member: &'static str, reason: impl fmt::Display) -> InvalidEvent {
    InvalidEvent::Malformed { member, reason: reason.to_string() }
}

/// The beginning of a text in quotation marks, with escapes for what cannot be seen.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reason_quotes_the_beginning_of_a_text_and_no_more() {
        let event = json!({"detail-type": format!("\u{7}{}", "x".repeat(250_000))});
        let reason = require_detail_type(&event, "Something Else").unwrap_err().to_string();
        assert!(reason.starts_with(r#"the event's detail-type is malformed: it is "\u{7}xxxx"#), "{reason}");
        assert!(reason.len() < 300, "{} bytes", reason.len());
        assert_eq!(quote("grüße"), "\"grüße\"");
    }

    #[test]
    fn an_event_that_no_value_can_hold_is_refused_without_the_names_in_it() {
        let name = "x".repeat(250_000);
        for value in [r#""\ud800""#, "1e999", &"[".repeat(200), "nothing", ""] {
            let reason = read_event(&format!(r#"{{"{name}":{value}}}"#)).unwrap_err().to_string();
            assert!(reason.starts_with("the event cannot be read: ") && reason.len() < 200, "{reason}");
        }
        assert_eq!(read_event(r#"{"detail":1}"#), Ok(json!({"detail": 1})));
    }

    #[test]
    fn a_name_of_aws_is_short_and_can_be_printed() {
        for (name, is_valid) in [
            (json!("IN_PROGRESS"), true),
            (json!("ü".repeat(100)), true),
            (json!("x".repeat(101)), false),
            (json!("FAILED\nSUCCEEDED"), false),
        ] {
            let event = json!({"detail": {"build-status": name}});
            assert_eq!(required_name(&event, "detail.build-status").is_ok(), is_valid, "{event}");
        }
    }

    #[test]
    fn a_member_of_what_is_no_object_is_malformed_rather_than_absent() {
        for (event, expected) in [
            (json!({}), Ok(None)),
            (json!(null), Ok(None)),
            (json!({"detail": null}), Ok(None)),
            (json!({"detail": {"event": null}}), Ok(None)),
            (json!("detail"), Err(())),
            (json!([]), Err(())),
            (json!({"detail": "text"}), Err(())),
            (json!({"detail": []}), Err(())),
        ] {
            let found = find(&event, "detail.event");
            assert!(found.as_ref().err().is_none_or(|error| error.to_string().contains("detail.event")));
            assert_eq!(found.map_err(|_| ()), expected, "{event}");
        }
    }
}
