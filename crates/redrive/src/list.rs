//! The whole queue in words.

use crate::message::{Message, find_id_length};
use crate::terminal::{Paint, shown};
use crate::words::describe_message;

/// Of a URL, more than any queue's has.
const URL_LIMIT: usize = 300;

/// What is in the queue. `hidden` messages were received by somebody else shortly before.
pub(crate) fn describe_queue(url: &str, messages: &[Message], hidden: u64, paint: Paint) -> String {
    let url = shown(url, URL_LIMIT);
    let mut paragraphs = vec![match messages.len() {
        0 => format!("There is nothing to hand back in the failure queue {url}"),
        1 => format!("One message is in the failure queue {url}"),
        several => format!("{several} messages are in the failure queue {url}"),
    }];
    let length = find_id_length(messages);
    paragraphs.extend(messages.iter().map(|message| describe_message(message, length, paint)));
    if hidden > 0 {
        paragraphs.push(format!(
            "About {hidden} more cannot be seen now: somebody has received them, and they come back by themselves."
        ));
    }
    if !messages.is_empty() {
        paragraphs.push(
            "To hand back to its function:\n  \
             cargo xtask redrive --message ID…    what may work now; the first characters of an id are enough\n  \
             cargo xtask redrive --all            everything"
                .to_owned(),
        );
    }
    paragraphs.join("\n\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_empty_queue_needs_nothing() {
        assert_eq!(
            describe_queue("https://q", &[], 0, Paint::Plain),
            "There is nothing to hand back in the failure queue https://q"
        );
    }

    #[test]
    fn what_somebody_else_has_received_is_told() {
        let text = describe_queue("https://q", &[], 2, Paint::Plain);
        assert!(text.ends_with("\n\nAbout 2 more cannot be seen now: somebody has received them, and they come back by themselves."));
    }

    #[test]
    fn the_whole_list() {
        let ids = ["5f0c1d2e-1111-4222-8333-444455556666", "0a1b2c3d-1111-4222-8333-444455556666"];
        let messages = ids.map(|id| Message::read(id, Some("1784023071123"), "?", &BTreeMap::new()));
        let text = describe_queue("https://sqs.eu-central-1.amazonaws.com/1/q", &messages, 1, Paint::Plain);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("list", text);
        });
    }
}
