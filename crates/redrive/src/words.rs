//! A message in words: when, which function, what it was about, what was wrong, how often it was tried, what to do.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::event::describe_event;
use crate::message::{Content, DeadLetter, FunctionError, InvocationRecord, Message};
use crate::terminal::{Paint, shown};

/// An error's text is cut after this many characters; a payload may have megabytes.
const MESSAGE_LIMIT: usize = 800;

/// A name or an ARN is cut after this many characters.
const NAME_LIMIT: usize = 256;

/// Of a message that nobody knows, this much is shown.
const BODY_LIMIT: usize = 200;

const WHEN: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");

/// A paragraph about a message. `id_length` characters tell the queue's ids apart.
pub(crate) fn describe_message(message: &Message, id_length: usize, paint: Paint) -> String {
    let when = message.sent.and_then(|sent| sent.format(WHEN).ok());
    let when = when.unwrap_or_else(|| "at an unknown time".to_owned());
    let id = paint.bold(&shown(message.short_id(id_length), NAME_LIMIT));
    let sentences = match &message.content {
        Content::Record(record) => describe_record(record),
        Content::DeadLetter(letter) => describe_dead_letter(letter),
        Content::Unknown(body) => describe_unknown(body),
    };
    let lines: Vec<_> = sentences.into_iter().map(|sentence| format!("\n  {sentence}")).collect();
    format!("{id}  {when}{}", lines.concat())
}

fn describe_record(record: &InvocationRecord) -> Vec<String> {
    let function = record.function_arn.as_deref().map_or_else(|| "A function".to_owned(), function_name);
    let event = describe_event(&record.event);
    let tries = match record.tries {
        None => "an unknown number of tries".to_owned(),
        Some(tries) => count(tries, "try", "tries"),
    };
    let condition = record.condition.as_deref().unwrap_or_default();
    let what = match (condition, record.tries) {
        ("EventAgeExceeded", Some(0)) => {
            format!(
                "{function} never ran for {event}: Lambda had no room for it until the event was too old."
            )
        }
        ("EventAgeExceeded", _) => {
            format!("{function} failed on {event}. After {tries} the event was too old for another one.")
        }
        ("RetriesExhausted" | "", _) => {
            format!("{function} failed on {event}. Lambda gave it up after {tries}.")
        }
        (other, _) => {
            let other = shown(other, NAME_LIMIT);
            format!("{function} failed on {event}. Lambda gave it up after {tries}: {other}.")
        }
    };
    match &record.error {
        Some(error) => vec![what, describe_error(error), advise_on_error(error)],
        None => vec![what, to_do("hand it back.")],
    }
}

fn describe_dead_letter(letter: &DeadLetter) -> Vec<String> {
    let rule = letter.rule_arn.as_deref().map(|arn| last_part(arn, "rule/"));
    let rule = rule.map_or_else(|| "A rule".to_owned(), |rule| format!("The rule {rule}"));
    let function = letter.target_arn.as_deref().map_or_else(|| "its function".to_owned(), function_name);
    let event = describe_event(&letter.event);
    let retries = match letter.retries.as_deref().map(str::parse) {
        // An event without any attribute says nothing of what became of it.
        None if letter.error_code.is_none() => String::new(),
        None => " and did not try again".to_owned(),
        Some(Ok(retries)) => format!(" and gave up after {}", count(retries, "retry", "retries")),
        Some(Err(_)) => " and gave up after an unknown number of retries".to_owned(),
    };
    let code =
        letter.error_code.as_deref().map_or_else(|| "EventBridge gave no error code.".to_owned(), name);
    let message = letter.error_message.as_deref().map(|message| shown(message, MESSAGE_LIMIT));
    vec![
        format!("{rule} could not hand an event to {function}{retries}: {event}."),
        message.map_or_else(|| code.clone(), |message| format!("{code}: {message}")),
        to_do(match letter.error_code.as_deref() {
            Some("NO_PERMISSIONS") => {
                "deploy the hook again, which lets the rule call the function; then hand it back."
            }
            Some("NO_RESOURCE") => {
                "deploy the hook again, which brings the function back; then hand it back."
            }
            _ => "hand it back; if more come, look at the rule and the function.",
        }),
    ]
}

fn describe_unknown(body: &str) -> Vec<String> {
    let shown = shown(body, BODY_LIMIT);
    let begins = if shown.is_empty() { "It is empty.".to_owned() } else { format!("It begins: {shown}") };
    vec![
        "This is neither an event nor Lambda's record of one, so it cannot be handed back.".to_owned(),
        begins,
        to_do("find out what sends it. It stays until the queue's retention period is over."),
    ]
}

/// The kind of an error and its text.
pub(crate) fn describe_error(error: &FunctionError) -> String {
    let message = shown(&error.message, MESSAGE_LIMIT);
    match (error.error_type.as_deref().map(name), message.is_empty()) {
        (Some(kind), false) => format!("{kind}: {message}"),
        (Some(kind), true) => format!("{kind}, without a message"),
        (None, false) => message,
        (None, true) => "The error has neither a type nor a message.".to_owned(),
    }
}

/// What to do about an error of a function. doc/operations.md tells more about each kind.
pub(crate) fn advise_on_error(error: &FunctionError) -> String {
    to_do(match error.error_type.as_deref() {
        Some("PassingFailure") => "hand it back; nothing was wrong with the hook.",
        Some("RefusedByAws") => "change in the account what the message names, then hand it back.",
        Some("InvalidEvent") => {
            "look at what changed the event, a rule as a rule, and deploy the hook again; handed back as it is, it fails again."
        }
        Some("ReadIsBehind" | "CommentNotSettled") => "hand it back.",
        Some("InvalidAnswer") => "hand it back; if it fails again, open a case with AWS Support.",
        Some("ForeignAuthor" | "InvalidFunctionArn") => {
            "deploy the hook again, then hand it back; if it fails again, report it with this message."
        }
        Some("UnknownFailure") => {
            "look the code up in the API reference of the operation, then hand it back."
        }
        Some(lambda) if lambda.starts_with("Sandbox.") || lambda.starts_with("Runtime.") => {
            "hand it back; if it fails again, report it with this message."
        }
        _ => "correct what the message names, then hand it back.",
    })
}

fn to_do(what: &str) -> String {
    format!("What to do: {what}")
}

/// The name in a function's ARN.
fn function_name(arn: &str) -> String {
    let name = last_part(arn, ":function:");
    name.strip_suffix(":$LATEST").unwrap_or(&name).to_owned()
}

fn last_part(arn: &str, separator: &str) -> String {
    name(arn.split_once(separator).map_or(arn, |(_, name)| name))
}

fn name(text: &str) -> String {
    shown(text, NAME_LIMIT)
}

fn count(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests;
