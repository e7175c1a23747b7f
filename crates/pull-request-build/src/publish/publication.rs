//! What an invocation comes to.

use serde::Serialize;

use crate::outcome::SourceLoss;

/// The function's answer. Lambda drops it after an asynchronous invocation; people and tests read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase")]
pub enum Publication {
    /// A new comment was posted.
    Posted(Shown),
    /// The comment's text was replaced.
    Updated(Shown),
    /// The comment said it already.
    Unchanged(Shown),
    /// Nothing is to be shown.
    Ignored {
        /// Why.
        reason: String,
    },
}

/// What the comment shows now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The comment.
    pub comment_id: String,
    /// The build that it shows; none while none could be started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// That build's state, or [`Shown::NOT_STARTED`].
    pub build_status: String,
    /// The reply that told people of the event's build, if this invocation posted one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_id: Option<String>,
    /// How often this invocation wrote other comments: earlier commits', and second ones of one commit.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_comments_updated: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Shown {
    /// The state of a build that could not be started.
    pub const NOT_STARTED: &str = "NOT_STARTED";
}

impl Publication {
    /// How many comments this invocation posted or changed, replies apart.
    pub fn comments_written(&self) -> usize {
        let own = usize::from(matches!(self, Self::Posted(_) | Self::Updated(_)));
        own + self.shown().map_or(0, |shown| shown.other_comments_updated)
    }

    /// What the comment shows, if there is one.
    pub fn shown(&self) -> Option<&Shown> {
        match self {
            Self::Posted(shown) | Self::Updated(shown) | Self::Unchanged(shown) => Some(shown),
            Self::Ignored { .. } => None,
        }
    }

    /// Why nothing is shown.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ignored { reason } => Some(reason),
            Self::Posted(_) | Self::Updated(_) | Self::Unchanged(_) => None,
        }
    }

    /// What was done, for the log.
    pub fn message(&self) -> &'static str {
        match self {
            Self::Posted(_) => "comment posted",
            Self::Updated(_) => "comment updated",
            Self::Unchanged(_) => "comment up to date",
            Self::Ignored { .. } => "build ignored",
        }
    }
}

/// Why there is nothing left to write on: the end of the matter, not a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Over {
    /// Somebody deleted it with its repository.
    #[error("the pull request does not exist any more")]
    PullRequestGone,
    /// Somebody deleted it.
    #[error("the repository does not exist any more")]
    RepositoryGone,
    /// A repository of the same name was created anew.
    #[error("a commit of the build does not exist any more")]
    CommitGone,
    /// The build's variables contradict each other.
    #[error("the build names a repository that its pull request does not belong to")]
    RepositoryOfAnotherPullRequest,
    /// CodeCommit takes no comment between a commit and itself.
    #[error("the build's source and destination commit are the same, so there is no place for a comment")]
    SameCommits,
    /// CodeBuild keeps builds for a year.
    #[error("CodeBuild does not know the build, or not as a pull request's build")]
    BuildGone,
    /// The event is not CodeBuild's own.
    #[error("CodeBuild's answer about the build names another pull request or commit than the event")]
    BuildOfAnotherCommit,
    /// The comment knows more than the report that no build could be started.
    #[error("the comment shows a build of the commit by now")]
    BuildShown,
    /// Nobody misses the build that could not be started.
    #[error("the pull request does not wait for a build of the commit any more: it {}", past(.0))]
    CommitNotWaitedFor(SourceLoss),
    /// It is for a person to say.
    #[error("a person deleted the comment after the build had started, so it stays deleted")]
    CommentDeleted,
}

fn past(loss: &SourceLoss) -> &'static str {
    match loss {
        SourceLoss::Merged => "was merged",
        SourceLoss::Closed => "was closed",
        SourceLoss::Superseded => "has moved on to another one",
        SourceLoss::BranchDeleted => "has lost its source branch",
    }
}

/// Which comment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// That of the event's commit, for the first time.
    New,
    /// That of the event's commit.
    Own,
    /// Another one.
    Other,
}

/// What an invocation wrote so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Wrote {
    own: Option<Target>,
    others: usize,
}

impl Wrote {
    pub(super) fn note(&mut self, target: Target) {
        match target {
            // A comment that was posted and then changed was posted.
            Target::New | Target::Own => {
                self.own.get_or_insert(target);
            }
            Target::Other => self.others += 1,
        }
    }

    /// What it comes to, given what the comment shows.
    pub(super) fn publication(&self, shown: Shown) -> Publication {
        let shown = Shown { other_comments_updated: self.others, ..shown };
        match self.own {
            Some(Target::New) => Publication::Posted(shown),
            Some(Target::Own | Target::Other) => Publication::Updated(shown),
            None => Publication::Unchanged(shown),
        }
    }
}
