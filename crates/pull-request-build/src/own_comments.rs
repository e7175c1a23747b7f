//! Finds the hook's own comments among all comments of a pull request.

use std::time::SystemTime;

use crate::author::AuthorArn;
use crate::build::{Build, BuildStatus};
use crate::ids::{BuildId, HookName, PullRequestId, SourceCommit};
use crate::marker::{Marker, ReplyMarker};
use crate::request_token::request_token;

/// What a comment belongs to. There is at most one live comment of each identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentIdentity {
    /// The hook that writes it.
    pub hook_name: HookName,
    /// The pull request that it stands on.
    pub pull_request_id: PullRequestId,
    /// The commit that it is about.
    pub source_commit: SourceCommit,
}

impl CommentIdentity {
    /// The token for posting the comment. Its generation is the number of deleted comments before it: a token whose
    /// comment was deleted would be answered with the deleted comment.
    pub fn request_token(&self, generation: usize) -> String {
        request_token(&[
            "comment",
            self.hook_name.as_str(),
            self.pull_request_id.as_str(),
            self.source_commit.as_str(),
            &generation.to_string(),
        ])
    }
}

/// A comment as `GetCommentsForPullRequest` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestComment {
    /// The comment's id.
    pub id: String,
    /// The author's ARN.
    pub author_arn: Option<String>,
    /// The text; gone from a deleted comment.
    pub content: Option<String>,
    /// Whether somebody deleted it.
    pub deleted: bool,
    /// When it was posted.
    pub creation_date: Option<SystemTime>,
    /// When it was last changed; of a deleted comment, when that was done.
    pub last_modified_date: Option<SystemTime>,
    /// The `afterCommitId` of the thread that the comment stands in.
    pub after_commit_id: Option<String>,
    /// The comment that it replies to, if it is a reply.
    pub in_reply_to: Option<String>,
    /// The token it was posted with.
    pub client_request_token: Option<String>,
}

/// The hook's own comments on one pull request: all that one author wrote with the hook's marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnComments<'c> {
    live: Vec<LiveComment<'c>>,
    deleted: Vec<&'c PullRequestComment>,
    replies: Vec<BuildId>,
    deleted_replies: Vec<&'c PullRequestComment>,
}

/// The comments of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitComments<'c> {
    /// The comment to keep current. If two were ever posted, the older.
    pub live: Option<&'c LiveComment<'c>>,
    /// Those that were posted after it, although it stands.
    pub duplicates: Vec<&'c LiveComment<'c>>,
    /// How many comments of this author for this commit were deleted.
    pub deleted: usize,
    /// When the last of them was.
    pub last_deletion: Option<SystemTime>,
}

/// A comment that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveComment<'c> {
    /// The comment's id.
    pub id: &'c str,
    /// Its text.
    pub content: &'c str,
    /// What its marker says.
    pub marker: Marker,
    creation_date: Option<SystemTime>,
}

impl<'c> OwnComments<'c> {
    /// Finds them. A marker in anyone else's comment counts for nothing.
    pub fn find(comments: &'c [PullRequestComment], hook_name: &HookName, author: &AuthorArn) -> Self {
        let mut own =
            Self { live: Vec::new(), deleted: Vec::new(), replies: Vec::new(), deleted_replies: Vec::new() };
        for comment in
            comments.iter().filter(|comment| comment.author_arn.as_deref() == Some(author.as_str()))
        {
            match (&comment.content, &comment.in_reply_to) {
                // A deleted comment has lost its marker with its text; its thread still names the commit.
                (_, None) if comment.deleted => own.deleted.push(comment),
                (_, Some(_)) if comment.deleted => own.deleted_replies.push(comment),
                (Some(content), None) => own.live.extend(LiveComment::of(comment, content, hook_name)),
                (Some(content), Some(_)) => {
                    let marker = ReplyMarker::find(content).filter(|marker| marker.hook_name == *hook_name);
                    own.replies.extend(marker.map(|marker| marker.build_id));
                }
                (None, _) => {}
            }
        }
        own.live.sort_by_key(|comment| (comment.creation_date, comment.id));
        own
    }

    /// Those of one commit.
    pub fn of(&'c self, commit: &SourceCommit) -> CommitComments<'c> {
        let mut live = self.live.iter().filter(|comment| comment.marker.source_commit == *commit);
        let is_of_commit =
            |comment: &&&PullRequestComment| comment.after_commit_id.as_deref() == Some(commit.as_str());
        let deleted = self.deleted.iter().filter(is_of_commit);
        CommitComments {
            live: live.next(),
            duplicates: live.collect(),
            deleted: deleted.clone().count(),
            last_deletion: deleted
                .filter_map(|comment| comment.last_modified_date.max(comment.creation_date))
                .max(),
        }
    }

    /// The commits that have a live comment, each once, that of the newest comment first.
    pub fn commits(&self) -> Vec<&SourceCommit> {
        let mut commits = Vec::new();
        for comment in self.live.iter().rev() {
            if !commits.contains(&&comment.marker.source_commit) {
                commits.push(&comment.marker.source_commit);
            }
        }
        commits
    }

    /// The builds that live comments have shown, those of the newest comment first.
    pub fn shown_builds(&self) -> impl Iterator<Item = &BuildId> {
        self.live.iter().rev().flat_map(|comment| &comment.marker.builds)
    }

    /// Whether a reply on the build stands.
    pub fn replied_to(&self, build_id: &BuildId) -> bool {
        self.replies.contains(build_id)
    }

    /// The replies that were deleted. Their texts are gone with their markers.
    pub fn deleted_replies(&self) -> &[&'c PullRequestComment] {
        &self.deleted_replies
    }
}

impl<'c> LiveComment<'c> {
    fn of(comment: &'c PullRequestComment, content: &'c str, hook_name: &HookName) -> Option<Self> {
        let marker = Marker::find(content).filter(|marker| marker.hook_name == *hook_name)?;
        Some(Self { id: &comment.id, content, marker, creation_date: comment.creation_date })
    }

    /// Whether the comment shows the end of a build that `build`, an answer of CodeBuild, shows as running: then the
    /// answer is behind.
    pub(crate) fn knows_end_of(&self, build: &Build) -> bool {
        build.status == BuildStatus::InProgress
            && !self.marker.unfinished
            && self.marker.builds.first() == Some(&build.arn.build_id)
    }

    /// Whether the comment says this. CodeCommit may keep a text without the white space at its ends.
    pub fn says(&self, content: &str) -> bool {
        self.content.trim() == content.trim()
    }
}
