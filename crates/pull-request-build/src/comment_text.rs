//! Every word that the hook writes on a pull request.
//!
//! CodeCommit shows Markdown without HTML and, as far as is known, without tables, and joins lines that a single newline
//! parts. So a comment is made of paragraphs, lists and fences.

use std::time::Duration;

use crate::build::{Build, BuildStatus};
use crate::comment_decision::CommitBuilds;
use crate::console_links::{ConsoleLinks, comment_link};
use crate::failure::{Cause, Failure};
use crate::ids::SourceCommit;
use crate::markdown::{CodeBlock, code_block, code_span};
use crate::marker::{Marker, PointerMarker, ReplyMarker};
use crate::outcome::{Outcome, SourceLoss};
use crate::reports::Report;
use crate::verdict::Change;

/// The longest comment that CodeCommit takes, in its words 10,240 characters. It does not say how it counts them, so
/// they are counted in the way that gives the most: as bytes of UTF-8.
pub(crate) const MAX_COMMENT_BYTES: usize = 10_240;

/// More of a command or a message than this is for the log, not for a comment.
const MAX_QUOTE_BYTES: usize = 3_000;
/// More of a branch's name, a phase, a code or an exit status than this does not help to recognize it.
const MAX_NAME_CHARACTERS: usize = 100;

/// What a comment says.
#[derive(Debug, Clone, Copy)]
pub struct CommentContent<'b> {
    /// The builds of the comment's commit.
    pub builds: &'b CommitBuilds<'b>,
    /// The outcome of the newest of them.
    pub outcome: &'b Outcome<'b>,
    /// The commit that superseded this one while the newest build ran.
    pub superseded_by: Option<&'b SourceCommit>,
    /// The reports of the newest build; none while it runs.
    pub reports: &'b [Report],
    /// The run that the newest build is compared with.
    pub previous: Option<PreviousRun<'b>>,
}

/// An earlier run of the pull request, to compare with.
#[derive(Debug, Clone, Copy)]
pub struct PreviousRun<'b> {
    /// Its build.
    pub build: &'b Build,
    /// Its reports, as far as CodeBuild still has them.
    pub reports: &'b [Report],
}

/// The comment on a commit, with the marker as its last line. The same content gives the same text at any time.
pub fn comment_text(content: &CommentContent<'_>, marker: &Marker) -> String {
    let (build, outcome) = (content.builds.newest(), content.outcome);
    let links = ConsoleLinks::of(build);
    let before = headline(outcome, build.duration());
    let after = format!("{}\n\n{marker}", facts(build, links.as_ref()));
    let Some((introduction, quote)) = failure_of(outcome).and_then(explanation) else {
        return format!("{before}\n\n{after}");
    };
    let before = format!("{before} {introduction}");
    if quote.is_empty() {
        return format!("{before}\n\n{after}");
    }
    let room = MAX_COMMENT_BYTES.saturating_sub(before.len() + after.len() + omission(usize::MAX).len() + 6);
    let CodeBlock { markdown, omitted_characters } = code_block(quote, room.min(MAX_QUOTE_BYTES));
    match omitted_characters {
        0 => format!("{before}\n\n{markdown}\n\n{after}"),
        count => format!("{before}\n\n{markdown}\n\n{}\n\n{after}", omission(count)),
    }
}

/// The reply that tells people of `build`'s end, with `marker` as its last line. It is made of facts that never change
/// again, so that two invocations at the same time send the same words.
pub fn reply_text(build: &Build, change: Option<Change>, marker: &ReplyMarker) -> String {
    let commit = build.pull_request.source_commit.short();
    let during = Failure::of(build).map(|failure| format!(" in phase {}", name(failure.phase)));
    let during = during.unwrap_or_default();
    let succeeded = build.status == BuildStatus::Succeeded;
    let says = match (succeeded, change) {
        (true, Some(Change::Fixed)) => format!("✅ Fixed: the build of `{commit}` succeeded."),
        (true, _) => format!("✅ The build of `{commit}` succeeded."),
        (false, _) => format!("❌ The build of `{commit}` failed{during}."),
    };
    format!("{says}\n\n{marker}")
}

/// What remains of a comment whose commit has an older one, with `marker` as its last line. `build` is any of the commit's.
pub fn pointer_text(build: &Build, marker: &PointerMarker) -> String {
    let comment = match comment_link(build, &marker.comment_id) {
        Some(link) => format!("[an earlier comment]({link})"),
        None => "an earlier comment".to_owned(),
    };
    format!("The build of this commit is shown in {comment}.\n\n{marker}")
}

fn headline(outcome: &Outcome<'_>, duration: Option<Duration>) -> String {
    let after = duration.map(|duration| format!(" after {}", duration_text(duration))).unwrap_or_default();
    let during = failure_of(outcome).map(|failure| format!(" in phase {}", name(failure.phase)));
    let during = during.unwrap_or_default();
    match outcome {
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
        Outcome::Stopped(_) => {
            format!("🛑 **Build stopped**{during}{after}. Someone stopped it: retry it to get a result.")
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
            let why = match loss {
                SourceLoss::Merged => "the pull request was merged",
                SourceLoss::Closed => "the pull request was closed",
                SourceLoss::Superseded => "a newer commit replaced this one",
                SourceLoss::BranchDeleted => "the source branch was deleted",
            };
            format!("⚪ **Not built:** {why} before the build could fetch its source.")
        }
    }
}

/// What introduces a quotation, and what is quoted.
fn explanation<'b>(failure: &Failure<'b>) -> Option<(String, &'b str)> {
    match failure.cause {
        Cause::Command { command, reason } => {
            Some((format!("This command ended with {}:", name(reason)), command))
        }
        Cause::Reported { status_code, message: "" } => {
            Some((format!("CodeBuild reports {}.", name(status_code)), ""))
        }
        Cause::Reported { status_code: "", message } => Some(("CodeBuild reports:".to_owned(), message)),
        Cause::Reported { status_code, message } => {
            Some((format!("CodeBuild reports {}:", name(status_code)), message))
        }
        Cause::Unexplained => None,
    }
}

fn omission(characters: usize) -> String {
    format!("{characters} more characters are left out here.")
}

fn facts(build: &Build, links: Option<&ConsoleLinks>) -> String {
    let of_pull_request = &build.pull_request;
    let mut commit = format!("`{}`", of_pull_request.source_commit.short());
    if let Some(links) = links {
        commit = format!("[{commit}]({})", links.commit);
    }
    let from = of_pull_request.source_reference.as_ref().map(|source| name(source.branch_name()));
    let into =
        of_pull_request.destination_reference.as_ref().map(|destination| name(destination.branch_name()));
    let from = from.map(|branch| format!(" from {branch}")).unwrap_or_default();
    let into = into.map(|branch| format!(" into {branch}")).unwrap_or_default();
    let build_name = match build.number {
        Some(number) => number.to_string(),
        None => name(build.arn.build_id.unique_part()),
    };
    let pages = links.map(|links| format!(": [details]({}), [log]({})", links.build, links.log));
    format!(
        "- Commit {commit}{from}{into}\n- Build {build_name} of project {}{}",
        name(build.arn.build_id.project_name()),
        pages.unwrap_or_default()
    )
}

fn name(text: &str) -> String {
    code_span(text, MAX_NAME_CHARACTERS)
}

fn failure_of<'o, 'b>(outcome: &'o Outcome<'b>) -> Option<&'o Failure<'b>> {
    match outcome {
        Outcome::Submitted | Outcome::Succeeded => None,
        Outcome::Failed(failure)
        | Outcome::Faulted(failure)
        | Outcome::TimedOut(failure)
        | Outcome::Stopped(failure)
        | Outcome::Unknown(_, failure)
        | Outcome::SourceLost(_, failure)
        | Outcome::ClosedMeanwhile(failure) => failure.as_ref(),
    }
}

/// A duration as people say it, in its two largest units.
fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let count = |number: u64, unit: &str| match number {
        0 => None,
        1 => Some(format!("1 {unit}")),
        _ => Some(format!("{number} {unit}s")),
    };
    let units = if seconds >= 3_600 {
        [count(seconds / 3_600, "hour"), count(seconds % 3_600 / 60, "minute")]
    } else {
        [count(seconds / 60, "minute"), count(seconds % 60, "second")]
    };
    let text = units.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "less than a second".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
