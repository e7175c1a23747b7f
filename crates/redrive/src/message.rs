//! The messages of the failure queue, read as tolerantly as they can be.

use std::collections::BTreeMap;

use serde_json::Value;
use time::OffsetDateTime;

use crate::error::Error;

/// Ids are shown with as many characters as tell them apart, and at least these.
const SHORT_ID: usize = 8;

/// A message of the failure queue.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    /// SQS's id, a UUID.
    pub(crate) id: String,
    /// When it came into the queue.
    pub(crate) sent: Option<OffsetDateTime>,
    /// What it says.
    pub(crate) content: Content,
}

/// Which kind of message it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// From a function: Lambda's record of an event that it gave up.
    Record(InvocationRecord),
    /// From a rule: the event that EventBridge could not deliver.
    DeadLetter(DeadLetter),
    /// Neither of the two; this is its body.
    Unknown(String),
}

/// Lambda's record of an asynchronous invocation that failed (Lambda developer guide, "Capturing records of Lambda
/// asynchronous invocations").
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InvocationRecord {
    /// The function, with a qualifier.
    pub(crate) function_arn: Option<String>,
    /// `RetriesExhausted` or `EventAgeExceeded`.
    pub(crate) condition: Option<String>,
    /// How often the function ran, roughly.
    pub(crate) tries: Option<u64>,
    /// What the function was invoked with.
    pub(crate) event: Value,
    /// What the function answered in the end; nothing where it never ran.
    pub(crate) error: Option<FunctionError>,
}

/// The event of a rule's dead letter, with its message attributes (EventBridge user guide, "Using dead-letter queues to
/// process undelivered events").
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeadLetter {
    /// The message's body.
    pub(crate) event: Value,
    /// `RULE_ARN`.
    pub(crate) rule_arn: Option<String>,
    /// `TARGET_ARN`.
    pub(crate) target_arn: Option<String>,
    /// `ERROR_CODE`, such as `NO_PERMISSIONS`.
    pub(crate) error_code: Option<String>,
    /// `ERROR_MESSAGE`.
    pub(crate) error_message: Option<String>,
    /// `RETRY_ATTEMPTS`; nothing where the first failure was final.
    pub(crate) retries: Option<String>,
}

/// The error that a function returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionError {
    /// Such as `RefusedByAws`; Lambda's own errors may lack it.
    pub(crate) error_type: Option<String>,
    /// What is wrong.
    pub(crate) message: String,
}

impl Message {
    /// Reads a message of SQS. `sent` is the attribute `SentTimestamp`: milliseconds since the epoch.
    pub(crate) fn read(
        id: &str,
        sent: Option<&str>,
        body: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Self {
        let milliseconds = sent.and_then(|sent| sent.parse::<i64>().ok());
        Self {
            id: id.to_owned(),
            sent: milliseconds.and_then(|sent| OffsetDateTime::from_unix_timestamp(sent / 1000).ok()),
            content: Content::read(body, attributes),
        }
    }

    /// The first characters of the id.
    pub(crate) fn short_id(&self, length: usize) -> &str {
        self.id.get(..length).unwrap_or(&self.id)
    }
}

impl Content {
    fn read(body: &str, attributes: &BTreeMap<String, String>) -> Self {
        let attribute = |name: &str| attributes.get(name).cloned();
        match serde_json::from_str::<Value>(body) {
            Ok(Value::Object(mut record)) if record.contains_key("requestPayload") => {
                let text = |value: &Value| value.as_str().map(str::to_owned);
                let context = record.remove("requestContext").unwrap_or_default();
                Self::Record(InvocationRecord {
                    function_arn: text(&context["functionArn"]),
                    condition: text(&context["condition"]),
                    tries: context["approximateInvokeCount"].as_u64(),
                    event: record.remove("requestPayload").unwrap_or_default(),
                    error: record.get("responsePayload").and_then(FunctionError::read),
                })
            }
            Ok(event) if event["source"].is_string() || attributes.contains_key("TARGET_ARN") => {
                Self::DeadLetter(DeadLetter {
                    event,
                    rule_arn: attribute("RULE_ARN"),
                    target_arn: attribute("TARGET_ARN"),
                    error_code: attribute("ERROR_CODE"),
                    error_message: attribute("ERROR_MESSAGE"),
                    retries: attribute("RETRY_ATTEMPTS"),
                })
            }
            _ => Self::Unknown(body.to_owned()),
        }
    }

    /// The event that failed.
    pub(crate) fn event(&self) -> Option<&Value> {
        match self {
            Self::Record(record) => Some(&record.event),
            Self::DeadLetter(letter) => Some(&letter.event),
            Self::Unknown(_) => None,
        }
    }

    /// The function that did not handle the event, as the message names it: without a qualifier.
    pub(crate) fn function_arn(&self) -> Option<&str> {
        let arn = match self {
            Self::Record(record) => record.function_arn.as_deref(),
            Self::DeadLetter(letter) => letter.target_arn.as_deref(),
            Self::Unknown(_) => None,
        };
        arn.map(|arn| arn.strip_suffix(":$LATEST").unwrap_or(arn))
    }
}

impl FunctionError {
    /// Reads what a function answered. Nothing where there is no answer.
    pub(crate) fn read(payload: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match payload {
            Value::Null => None,
            Value::Object(error) if error.contains_key("errorMessage") || error.contains_key("errorType") => {
                let error_type = text(&payload["errorType"]);
                Some(Self { error_type, message: text(&payload["errorMessage"]).unwrap_or_default() })
            }
            other => Some(Self { error_type: None, message: other.to_string() }),
        }
    }
}

/// How many characters of the ids tell all messages apart.
pub(crate) fn find_id_length<'m>(messages: impl IntoIterator<Item = &'m Message>) -> usize {
    let mut ids: Vec<&str> = messages.into_iter().map(|message| message.id.as_str()).collect();
    ids.sort_unstable();
    let common = |pair: &[&str]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b).count();
    ids.windows(2).map(|pair| common(pair) + 1).max().unwrap_or(0).max(SHORT_ID)
}

/// The messages whose ids begin like this, each once, in the order of the queue.
pub(crate) fn choose<'m>(messages: &'m [Message], prefixes: &[String]) -> Result<Vec<&'m Message>, Error> {
    let mut chosen = vec![false; messages.len()];
    for prefix in prefixes {
        let begins = |message: &Message| message.id.to_ascii_lowercase().starts_with(prefix.as_str());
        let found: Vec<usize> = (0..messages.len()).filter(|&index| begins(&messages[index])).collect();
        match found.as_slice() {
            [index] => chosen[*index] = true,
            [] => return Err(Error::NoSuchMessage(prefix.clone())),
            several => {
                let length = find_id_length(messages);
                let ids = several.iter().map(|&index| messages[index].short_id(length).to_owned()).collect();
                return Err(Error::AmbiguousMessage { prefix: prefix.clone(), ids });
            }
        }
    }
    Ok(messages.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(message, _)| message).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Message {
        Message::read(id, None, "{}", &BTreeMap::new())
    }

    fn choose_ids(ids: &[&str], prefixes: &[&str]) -> Result<Vec<String>, String> {
        let messages: Vec<_> = ids.iter().map(|id| message(id)).collect();
        let prefixes: Vec<_> = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        let chosen = choose(&messages, &prefixes).map_err(|error| error.to_string())?;
        Ok(chosen.iter().map(|message| message.id.clone()).collect())
    }

    #[test]
    fn a_message_is_chosen_by_the_beginning_of_its_id() {
        let ids = ["aaaa1111-0000", "BBBB2222-0000", "aaaa1111-1000"];
        assert_eq!(
            choose_ids(&ids, &["bbbb", "aaaa1111-0", "bbbb2"]).unwrap(),
            ["aaaa1111-0000", "BBBB2222-0000"]
        );
        let unknown = choose_ids(&ids, &["bbbb", "cccc"]).unwrap_err();
        assert!(unknown.contains("begins with cccc"), "{unknown}");
        let ambiguous = choose_ids(&ids, &["aaaa"]).unwrap_err();
        assert_eq!(ambiguous, "aaaa may be any of aaaa1111-0, aaaa1111-1; give more characters");
    }

    #[test]
    fn ids_are_as_long_as_they_must_be() {
        assert_eq!(find_id_length(&[]), 8);
        assert_eq!(find_id_length(&[message("aaaa1111-0000")]), 8);
        assert_eq!(find_id_length(&[message("aaaa1111-0000"), message("aaaa1111-1000")]), 10);
    }

    #[test]
    fn what_is_neither_kind_is_kept_as_it_is() {
        for body in ["", "no JSON", "[]", "{}", "null", "{\"source\": 5}"] {
            let content = Content::read(body, &BTreeMap::new());
            assert_eq!(content, Content::Unknown(body.to_owned()));
            assert_eq!((content.event(), content.function_arn()), (None, None));
        }
    }

    #[test]
    fn attributes_alone_make_a_dead_letter() {
        let attributes = BTreeMap::from([("TARGET_ARN".to_owned(), "arn:f".to_owned())]);
        let content = Content::read("[1]", &attributes);
        assert_eq!((content.function_arn(), content.event()), (Some("arn:f"), Some(&serde_json::json!([1]))));
    }

    #[test]
    fn a_record_needs_no_more_than_the_event() {
        let content = Content::read(
            "{\"requestPayload\": {\"source\": \"s\"}, \"requestContext\": 5}",
            &BTreeMap::new(),
        );
        let Content::Record(record) = &content else { panic!("{content:?}") };
        assert_eq!((&record.function_arn, record.tries, &record.error), (&None, None, &None));
        assert_eq!(record.event["source"], "s");
    }

    #[test]
    fn a_time_that_is_none_is_left_out() {
        for sent in [None, Some(""), Some("soon"), Some("9223372036854775807")] {
            assert_eq!(Message::read("i", sent, "", &BTreeMap::new()).sent, None, "{sent:?}");
        }
    }
}
