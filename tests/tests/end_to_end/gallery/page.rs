//! The page, and how two of them are compared.

const INTRODUCTION: &str = "\
# Comments

What the hook writes on pull requests. A test makes this page from real builds on `local-aws`, and fails when the hook
writes anything else. The links lead into the AWS console of an account that does not exist.
";

/// A comment with the replies to it, and how it came to be.
pub(super) struct Entry {
    pub(super) title: &'static str,
    /// What was done, in a sentence or two.
    pub(super) story: &'static str,
    pub(super) comment: String,
    pub(super) replies: Vec<String>,
}

/// The page with these entries.
pub(super) fn render(entries: &[Entry]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for Entry { title, story, comment, replies } in entries {
        page += &format!("\n## {title}\n\n{story}\n\n{}", quote(comment));
        for reply in replies {
            page += &format!("\nReply:\n\n{}", quote(reply));
        }
    }
    page
}

/// The Markdown as a quotation, without its last line, the marker, which a pull request does not show either.
fn quote(markdown: &str) -> String {
    let shown: Vec<&str> = markdown.lines().filter(|line| !line.starts_with("[//]: # (")).collect();
    let shown = shown.join("\n");
    shown.trim_end().lines().map(|line| format!("> {line}").trim_end().to_owned() + "\n").collect()
}

/// The page's lines without what differs from run to run: ids, numbers, durations, and how many lines of the same form
/// had room.
pub(super) fn steady_lines(page: &str) -> Vec<String> {
    let mut lines: Vec<String> = page.lines().map(steady).collect();
    lines.dedup();
    lines
}

/// The line with `ID` for each id, `0` for each number and `T` for each duration.
fn steady(line: &str) -> String {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == '-';
    let mut text = String::new();
    let mut rest = &*line.replace("less than a second", "0 seconds");
    while let Some(first) = rest.chars().next() {
        let hex = rest.len() - rest.trim_start_matches(is_hex).len();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (token, length) = match (hex, digits) {
            (8.., _) => ("ID", hex),
            (_, 1..) => ("0", digits),
            _ => (&rest[..first.len_utf8()], first.len_utf8()),
        };
        text += token;
        rest = &rest[length..];
    }
    for unit in ["hours", "hour", "minutes", "minute", "seconds", "second"] {
        text = text.replace(&format!("0 {unit}"), "T");
    }
    text.replace("T T", "T")
}

#[test]
fn durations_and_numbers_are_not_compared_and_words_are() {
    let steady = |text: &str| steady_lines(text);
    assert_eq!(steady("failed after 1 minute 12 seconds."), steady("failed after less than a second."));
    assert_eq!(steady("> line 17\n> line 18\nend"), steady("> line 1\nend"));
    assert_eq!(steady("build/0a1b2c3d-0000-4000/log"), steady("build/9f8e7d6c-0000-4000/log"));
    assert_ne!(steady("failed after 2 seconds."), steady("stopped after 2 seconds."));
}
