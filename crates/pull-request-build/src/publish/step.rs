//! The calls of an invocation, and what comes of them.

use crate::build::Build;
use crate::build_variables::PullRequestBuild;
use crate::ids::BuildId;
use crate::outcome::SourceLoss;
use crate::own_comments::PullRequestComment;
use crate::publish::publication::{Over, Publication, Target};
use crate::reports::Report;

/// What an invocation does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read the comments on the pull request, deleted ones and replies too.
    ReadComments,
    /// Read these builds.
    ReadBuilds(Vec<BuildId>),
    /// Find out whether the source that a build was started for is no longer wanted or there.
    FindSourceLoss {
        /// The build.
        build: Box<Build>,
        /// Whether it had its source: then the branch does not matter any more.
        had_source: bool,
    },
    /// Find out whether the pull request does not wait for a build of this commit any more.
    FindCommitLoss(Box<PullRequestBuild>),
    /// Read a build's reports.
    ReadReports {
        /// The build.
        build: Box<Build>,
        /// Whether to wait, briefly, for those that are still being generated.
        wait: bool,
    },
    /// Read what the log of a build says of its failed phase.
    ReadLog {
        /// The build. It has a log stream and a failure.
        build: Box<Build>,
    },
    /// Post a comment on the commits of a build.
    PostComment {
        /// What the build was started for.
        build: Box<PullRequestBuild>,
        /// The request's token.
        request_token: String,
        /// The text.
        content: String,
    },
    /// Replace the text of a comment.
    UpdateComment {
        /// The comment.
        comment_id: String,
        /// The text.
        content: String,
    },
    /// Reply to a comment.
    PostReply {
        /// The comment.
        comment_id: String,
        /// The request's token.
        request_token: String,
        /// The text.
        content: String,
    },
    /// Nothing: this is what it came to.
    Finished(Publication),
    /// Nothing: others wrote all the time, or an answer stays behind. A later try may settle it.
    GiveUp {
        /// How many times the invocation looked.
        passes: usize,
        /// What it did last.
        last: &'static str,
    },
}

/// What came of a step. Any other error ends the invocation as if it had been killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The comments.
    Comments(Vec<PullRequestComment>),
    /// Those of the builds that CodeBuild still knows and that are pull requests' builds.
    Builds(Vec<Build>),
    /// Why the source is no longer wanted or there, if that is so.
    SourceLoss(Option<SourceLoss>),
    /// The reports, in the order of their ARNs.
    Reports(Vec<Report>),
    /// The messages of the log's events, in order; none if there is no log yet, or it may not be read.
    Log(Vec<String>),
    /// The comment or the reply says it now.
    Written {
        /// The id of the comment that was written, if the answer tells it.
        comment_id: Option<String>,
        /// The text in the words that CodeCommit kept, if the answer tells them.
        stored: Option<String>,
    },
    /// Another invocation or a person was faster; why, in words.
    LookAgain(&'static str),
    /// There is nothing left to write on.
    Over(Over),
}

/// A comment that has to be written.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) step: Step,
    pub(super) target: Target,
}

impl Write {
    pub(super) fn update(comment_id: &str, content: String, target: Target) -> Self {
        Self { step: Step::UpdateComment { comment_id: comment_id.to_owned(), content }, target }
    }
}
