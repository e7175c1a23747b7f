//! Decides which build a commit's comment shows, and what is to be done to the comment.

use std::cmp::Reverse;
use std::iter;

use crate::build::{Build, BuildStatus};
use crate::marker::{MAX_BUILDS, Marker};
use crate::own_comments::{CommentIdentity, CommitComments};

/// The builds of one commit on one pull request, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitBuilds<'b> {
    newest: &'b Build,
    earlier: Vec<&'b Build>,
}

impl<'b> CommitBuilds<'b> {
    /// Takes those of `builds` that were started for the comment's pull request and commit; none if there are none.
    ///
    /// Builds that started at the same moment stand in the order of their numbers, then of their ids, so that every
    /// invocation comes to the same order.
    pub fn of(builds: &'b [Build], identity: &CommentIdentity) -> Option<Self> {
        let is_of_commit = |build: &&Build| {
            build.pull_request.pull_request_id == identity.pull_request_id
                && build.pull_request.source_commit == identity.source_commit
        };
        let mut builds: Vec<&Build> = builds.iter().filter(is_of_commit).collect();
        builds.sort_by_key(|build| Reverse((build.start_time, build.number, &build.arn.build_id)));
        builds.dedup_by_key(|build| &build.arn.build_id);
        builds.truncate(MAX_BUILDS);
        let (newest, earlier) = builds.split_first()?;
        Some(Self { newest, earlier: earlier.to_vec() })
    }

    /// The build that the comment shows: the one that started last.
    pub fn newest(&self) -> &'b Build {
        self.newest
    }

    /// The builds that started before it, newest first; the marker has room for a few only.
    pub fn earlier(&self) -> &[&'b Build] {
        &self.earlier
    }

    /// All of them, newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'b Build> {
        iter::once(self.newest).chain(self.earlier.iter().copied())
    }

    /// The marker of a comment that shows these builds.
    pub fn marker(&self, identity: &CommentIdentity) -> Marker {
        Marker {
            hook_name: identity.hook_name.clone(),
            source_commit: identity.source_commit.clone(),
            builds: self.iter().map(|build| build.arn.build_id.clone()).collect(),
            unfinished: self.newest.status == BuildStatus::InProgress,
            earlier_unfinished: self.earlier.iter().any(|build| build.status == BuildStatus::InProgress),
        }
    }
}

/// What is to be done to the comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentDecision {
    /// There is none yet: post it with this token.
    Post {
        /// The request's token.
        request_token: String,
    },
    /// It says something else: replace its text.
    Update {
        /// The comment's id.
        comment_id: String,
    },
    /// It says this already.
    Keep {
        /// The comment's id.
        comment_id: String,
    },
    /// A person deleted it after this build had started: it stays deleted.
    StayDeleted,
}

/// Decides what makes `content`, the text on the build `newest`, the commit's comment.
pub fn decide_comment(
    identity: &CommentIdentity,
    own: &CommitComments<'_>,
    newest: &Build,
    content: &str,
) -> CommentDecision {
    match &own.live {
        Some(live) if live.says(content) => CommentDecision::Keep { comment_id: live.id.to_owned() },
        Some(live) => CommentDecision::Update { comment_id: live.id.to_owned() },
        None if own.stays_deleted_for(newest) => CommentDecision::StayDeleted,
        None => CommentDecision::Post { request_token: identity.request_token(own.deleted) },
    }
}

impl CommitComments<'_> {
    /// Whether a person deleted a comment of the commit after `build` had started. A build of unknown start or a deletion
    /// at an unknown time are no reason to overrule a person.
    pub(crate) fn stays_deleted_for(&self, build: &Build) -> bool {
        self.deleted > 0 && (self.last_deletion.is_none() || build.start_time <= self.last_deletion)
    }
}

#[cfg(test)]
mod tests;
