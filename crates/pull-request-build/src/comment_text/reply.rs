//! The short texts beside the comment: the reply that people are notified of, and the pointer that is left of a second
//! comment.

use super::words::name;
use crate::build::{Build, BuildStatus};
use crate::console_links::{ConsoleLinks, comment_link};
use crate::failure::Failure;
use crate::marker::{PointerMarker, ReplyMarker};
use crate::verdict::Change;

/// The reply that tells people how `build` ended, with `marker` as its last line. It is made of facts that never change
/// again, so that two invocations at the same time send the same words: no reports, and no link that CodeBuild gives.
pub fn reply_text(build: &Build, change: Option<Change>, marker: &ReplyMarker) -> String {
    let commit = build.pull_request.source_commit.short();
    let links = ConsoleLinks::of_arn(build);
    let build_name = links.map_or("build".to_owned(), |links| format!("[build]({})", links.build));
    let during = Failure::of(build).map(|failure| format!(" in phase {}", name(failure.phase)));
    let during = during.unwrap_or_default();
    let says = match (&build.status, change) {
        (BuildStatus::Succeeded, Some(Change::Fixed)) => {
            format!("✅ Fixed: the {build_name} of `{commit}` succeeded, and the one before had not.")
        }
        (BuildStatus::Succeeded, _) => format!("✅ The {build_name} of `{commit}` succeeded."),
        (BuildStatus::TimedOut, _) => {
            format!("❌ The {build_name} of `{commit}` timed out{during}. The comment above says more.")
        }
        _ => format!(
            "❌ The {build_name} of `{commit}` failed{during}. The comment above says what went wrong."
        ),
    };
    format!("{says}\n\n{marker}")
}

/// What is left of a second comment on a commit, with `marker`, which names the first, as its last line. `build` is any
/// of the commit's.
pub fn pointer_text(build: &Build, marker: &PointerMarker) -> String {
    let commit = build.pull_request.source_commit.short();
    match comment_link(build, &marker.comment_id) {
        Some(link) => {
            format!("➡️ The build of `{commit}` is in [the comment before this one]({link}).\n\n{marker}")
        }
        None => format!("➡️ The build of `{commit}` is in the comment before this one.\n\n{marker}"),
    }
}
