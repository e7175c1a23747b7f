//! A fixture and a snapshot for each thing that a message may say.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

/// Reads a message as the AWS CLI prints it, but with its body as JSON instead of as text.
fn read(fixture: &str) -> Message {
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    let attributes = fixture["MessageAttributes"].as_object().into_iter().flatten();
    let attributes =
        attributes.map(|(name, value)| (name.clone(), value["StringValue"].as_str().unwrap().to_owned()));
    Message::read(
        fixture["MessageId"].as_str().unwrap(),
        fixture["Attributes"]["SentTimestamp"].as_str(),
        &fixture["Body"].to_string(),
        &attributes.collect::<BTreeMap<_, _>>(),
    )
}

/// One snapshot a fixture, of the same name.
macro_rules! messages {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                let message = read(include_str!(concat!("../../fixtures/", $name, ".json")));
                let words = describe_message(&message, 8, Paint::Plain);
                insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                    insta::assert_snapshot!($name, words);
                });
            }
        )*
    };
}

messages! {
    a_function_that_aws_refused_something: "refused-by-aws",
    an_event_that_never_ran: "event-age-exceeded",
    an_event_that_grew_too_old_after_a_failure: "event-age-exceeded-after-a-failure",
    text_that_would_command_the_terminal: "hostile-text",
    the_record_of_the_documentation: "documented-record",
    a_rule_without_permission: "no-permissions",
    a_rule_that_tried_for_a_day: "retries-exhausted-by-a-rule",
    an_event_without_attributes: "event-without-attributes",
    a_message_that_is_neither: "neither",
}

#[test]
fn every_kind_of_error_has_its_advice() {
    let advise = |error_type: &str| {
        advise_on_error(&FunctionError { error_type: Some(error_type.to_owned()), message: String::new() })
    };
    let unknown = advise("SomethingNew");
    for known in [
        "PassingFailure",
        "RefusedByAws",
        "UnknownFailure",
        "InvalidEvent",
        "ReadIsBehind",
        "InvalidAnswer",
        "CommentNotSettled",
        "ForeignAuthor",
        "InvalidFunctionArn",
        "Sandbox.Timedout",
        "Runtime.ExitError",
    ] {
        assert_ne!(advise(known), unknown, "{known}");
    }
}

#[test]
fn an_error_is_named_by_what_there_is_of_it() {
    for (error_type, message, expected) in [
        (Some("A"), "b", "A: b"),
        (Some("A"), "\u{200b}", "A, without a message"),
        (None, "b", "b"),
        (None, "", "The error has neither a type nor a message."),
    ] {
        let error = FunctionError { error_type: error_type.map(str::to_owned), message: message.to_owned() };
        assert_eq!(describe_error(&error), expected);
    }
}

#[test]
fn only_the_id_is_emphasized() {
    let message = read(include_str!("../../fixtures/neither.json"));
    let words = describe_message(&message, 8, Paint::Colored);
    assert!(words.starts_with("\u{1b}[1m5f0c1d2e\u{1b}[0m  2026-07-14 09:57:51 UTC\n"), "{words:?}");
}
