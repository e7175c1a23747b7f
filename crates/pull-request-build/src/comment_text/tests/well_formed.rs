//! Reads a comment as CommonMark does.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Checks that hostile text, told by the word `pwn`, is nowhere but in code, that there is nothing that the hook does not
/// write, and that the marker is not shown: it would be, were a fence or a code span before it still open.
pub(super) fn check(text: &str) {
    let mut in_code_block = false;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code_block = true,
            Event::End(TagEnd::CodeBlock) => in_code_block = false,
            Event::Start(Tag::Link { dest_url, title, .. }) => {
                assert!(dest_url.starts_with("https://"), "a link to {dest_url} in\n{text}");
                assert!(!dest_url.contains("pwn") && title.is_empty(), "a foreign link in\n{text}");
            }
            Event::Start(Tag::Paragraph | Tag::List(None) | Tag::Item | Tag::Strong)
            | Event::End(_)
            | Event::Code(_)
            | Event::SoftBreak => {}
            Event::Text(shown) => {
                assert!(in_code_block || !shown.contains("pwn"), "hostile text {shown:?} in\n{text}");
                let shows_marker = !in_code_block && shown.contains("pull-request-hook v");
                assert!(!shows_marker, "the marker is shown in\n{text}");
            }
            other => panic!("{other:?} in\n{text}"),
        }
    }
}
