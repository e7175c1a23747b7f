//! A comment's Markdown, as a person reads it in a terminal.

/// The comment behind a bar, without what a pull request does not show either: the marker, and where links lead.
pub(crate) fn show_comment(markdown: &str) -> String {
    let shown: Vec<&str> = markdown.lines().filter(|line| !line.starts_with("[//]: # (")).collect();
    let shown = shown.join("\n");
    let lines = shown.trim().lines().map(|line| format!("  │ {}", without_targets(line)));
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned() + "\n").collect();
    format!("  │\n{}  │\n", lines.concat())
}

/// A reply, below the comment that it answers.
pub(crate) fn show_reply(markdown: &str) -> String {
    let shown = markdown.lines().filter(|line| !line.starts_with("[//]: # (") && !line.is_empty());
    let mut first = true;
    let lines = shown.map(|line| {
        let before = if std::mem::take(&mut first) { "  ↳ " } else { "    " };
        format!("{before}{}\n", without_targets(line))
    });
    lines.collect()
}

/// Replaces `[label](https://…)` by `label`.
fn without_targets(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(middle) = rest.find("](https://") {
        let (before, target) = rest.split_at(middle);
        let (Some(open), Some(close)) = (before.rfind('['), target.find(')')) else { break };
        text += &before[..open];
        text += &before[open + 1..];
        rest = &target[close + 1..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_shown_by_their_labels_and_the_marker_not_at_all() {
        let markdown = "✅ **Build succeeded**.\n\n- Commit [`a1b2`](https://c/1?x=y) of `[x]`: [log](https://c/2)\n\n\
                        [//]: # (pull-request-hook v1 hook=h)";
        assert_eq!(
            show_comment(markdown),
            "  │\n  │ ✅ **Build succeeded**.\n  │\n  │ - Commit `a1b2` of `[x]`: log\n  │\n"
        );
    }

    #[test]
    fn a_reply_stands_below_its_comment_without_empty_lines() {
        let markdown =
            "✅ **Fixed**, see [build 3](https://c/3).\n\nThanks.\n\n[//]: # (pull-request-hook-reply v1)";
        assert_eq!(show_reply(markdown), "  ↳ ✅ **Fixed**, see build 3.\n    Thanks.\n");
    }

    #[test]
    fn what_only_looks_like_a_link_stays() {
        for line in ["a](https://b", "](https://b)", "[a](ftp://b)", "no link"] {
            assert_eq!(without_targets(line), line);
        }
    }
}
