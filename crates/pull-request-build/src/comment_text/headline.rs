//! The first line: how the build stands.

use super::CommentContent;
use super::failure::{failure_of, introduction};
use super::words::{duration_text, linked_commit, name};
use crate::console_links::commit_link;
use crate::failure::Failure;
use crate::outcome::{Outcome, SourceLoss};

/// How the build stands, by which commit it was superseded, and what introduces the quotation after it.
pub(super) fn headline(content: &CommentContent<'_>) -> String {
    let build = content.builds.newest();
    let newer =
        content.superseded_by.map(|commit| linked_commit(commit, commit_link(build, commit).as_deref()));
    let state = state(content, newer.as_deref());
    // A source that was lost to a newer commit has been told with that commit.
    let superseded = match content.outcome {
        Outcome::SourceLost(SourceLoss::Superseded, _) => None,
        _ => newer.map(|commit| format!(" Commit {commit} has replaced this one meanwhile.")),
    };
    let introduction = failure_of(content.outcome).and_then(|failure| introduction(failure, &build.secrets));
    let introduction = introduction.map(|text| format!(" {text}"));
    format!("{state}{}{}", superseded.unwrap_or_default(), introduction.unwrap_or_default())
}

fn state(content: &CommentContent<'_>, newer: Option<&str>) -> String {
    let duration = content.builds.newest().duration();
    let after = duration.map(|duration| format!(" after {}", duration_text(duration))).unwrap_or_default();
    let during = failure_of(content.outcome).map(|failure| format!(" in phase {}", name(failure.phase)));
    let during = during.unwrap_or_default();
    match content.outcome {
        Outcome::Submitted => "⏳ **Build submitted.** This comment will show how it ends.".to_owned(),
        Outcome::Succeeded => format!("✅ **Build succeeded**{after}."),
        Outcome::Failed(_) => format!("❌ **Build failed**{during}{after}."),
        Outcome::Faulted(_) => format!(
            "💥 **CodeBuild had a fault**{during}{after}. It says nothing about the commit: retry the build."
        ),
        Outcome::TimedOut(Some(Failure { phase: "QUEUED", .. })) => {
            format!(
                "⏰ **Build timed out in the queue**{after}. It never ran: retry it when fewer builds run."
            )
        }
        Outcome::TimedOut(_) => format!("⏰ **Build timed out**{during}{after}."),
        Outcome::Stopped(loss, _) => {
            let why = match (loss, newer) {
                (Some(SourceLoss::Merged), _) => " The pull request was merged meanwhile.",
                // The commit that replaced this one is told next.
                (_, Some(_)) => "",
                (_, None) => " Someone stopped it: retry it to get a result.",
            };
            format!("🛑 **Build stopped**{during}{after}.{why}")
        }
        Outcome::Unknown(state, _) => format!(
            "❌ **Build ended as** {}{during}{after}. This hook does not know that state and takes it for a failure.",
            name(state)
        ),
        Outcome::ClosedMeanwhile(_) => {
            format!(
                "⚪ **The pull request was closed** before its build ended. The build did not succeed{during}{after}."
            )
        }
        Outcome::SourceLost(loss, _) => {
            let why = match (loss, newer) {
                (SourceLoss::Merged, _) => "the pull request was merged".to_owned(),
                (SourceLoss::Closed, _) => "the pull request was closed".to_owned(),
                (SourceLoss::Superseded, None) => "a newer commit replaced this one".to_owned(),
                (SourceLoss::Superseded, Some(commit)) => format!("commit {commit} replaced this one"),
                (SourceLoss::BranchDeleted, _) => "the source branch was deleted".to_owned(),
            };
            format!("⚪ **Not built:** {why} before the build could fetch its source.")
        }
    }
}
