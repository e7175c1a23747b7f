//! Every word that the hook writes on a pull request.
//!
//! CodeCommit shows Markdown without HTML and, as far as is known, without tables, and joins lines that a single newline
//! parts. So a comment is made of paragraphs, lists and fences. Mails and terminals show it as it is written.
//!
//! The page has the order in which a developer reads; `room` tells in which order its sections get their room.

mod coverage;
mod facts;
mod failure;
mod headline;
mod history;
mod log;
mod missing_reports;
mod not_started;
mod phases;
mod reply;
mod room;
mod test_results;
#[cfg(test)]
mod tests;
mod words;

use crate::build::Build;
use crate::comment_decision::CommitBuilds;
use crate::console_links::ConsoleLinks;
use crate::ids::SourceCommit;
use crate::log_excerpt::LogExcerpt;
use crate::marker::Marker;
use crate::outcome::Outcome;
use crate::reports::Report;
use crate::test_comparison::TestComparison;

pub(crate) use not_started::not_started_text;
pub use reply::{pointer_text, reply_text};
use room::{ALL, Room};

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
    /// The lines of the newest build's log that say what went wrong.
    pub log: Option<&'b LogExcerpt>,
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
    let build = content.builds.newest();
    let links = ConsoleLinks::of(build);
    let comparison = TestComparison::of(content.reports, content.previous.map(|previous| previous.reports));

    // The room is given out in this order of importance. What is not cut comes first.
    let mut room = Room::of_a_comment();
    let headline = room.take(headline::headline(content));
    let facts = room.take(facts::facts(build, links.as_ref()));
    let marker = room.take(marker.to_string());
    let test_counts = room.give(ALL, |bytes| test_results::counts(content, &comparison, bytes));
    let missing = room.give(ALL, |bytes| missing_reports::missing(build, content.reports, bytes));
    let coverage = room.give(ALL, |bytes| coverage::coverage(content, bytes));
    let phases = room.give(ALL, |bytes| phases::phases(build, bytes));
    let failure = room.give(2_000, |bytes| failure::quotation(content.outcome, &build.secrets, bytes));
    let history = room.give(1_200, |bytes| history::history(content.builds.earlier(), bytes));
    let test_lists = test_results::lists(&comparison, build, content.reports, &mut room);
    let log = room.give(ALL, |bytes| log::excerpt(content.log?, content.outcome, bytes));

    let page = [Some(headline), failure, log, test_counts].into_iter();
    let page = page.chain(test_lists).chain([missing, coverage, phases, Some(facts), history, Some(marker)]);
    page.flatten().collect::<Vec<_>>().join(room::PARAGRAPH)
}
