//! Finds the hook's own comments among all comments of a pull request.

use std::time::SystemTime;

use crate::author::AuthorArn;
use crate::ids::{BuildId, HookName, PullRequestId, SourceCommit};
use crate::marker::Marker;
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
}

/// The comments of one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnComments<'c> {
    /// The comment to keep current. If two invocations ever posted one each, the older.
    pub live: Option<LiveComment<'c>>,
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
    /// The builds that it has shown.
    pub builds: Vec<BuildId>,
}

impl<'c> OwnComments<'c> {
    /// Finds them. A marker in anyone else's comment counts for nothing.
    pub fn find(comments: &'c [PullRequestComment], identity: &CommentIdentity, author: &AuthorArn) -> Self {
        let by_author =
            || comments.iter().filter(|comment| comment.author_arn.as_deref() == Some(author.as_str()));
        // A deleted comment has lost its marker with its text; its thread still names the commit.
        let is_deleted = |comment: &&PullRequestComment| {
            comment.deleted && comment.after_commit_id.as_deref() == Some(identity.source_commit.as_str())
        };
        let live = |comment: &'c PullRequestComment| {
            let content = comment.content.as_deref().filter(|_| !comment.deleted)?;
            let marker = Marker::find(content)?;
            let is_own =
                marker.hook_name == identity.hook_name && marker.source_commit == identity.source_commit;
            let found = LiveComment { id: &comment.id, content, builds: marker.builds };
            is_own.then_some(((comment.creation_date, &*comment.id), found))
        };
        Self {
            live: by_author().filter_map(live).min_by_key(|(age, _)| *age).map(|(_, found)| found),
            deleted: by_author().filter(is_deleted).count(),
            last_deletion: by_author()
                .filter(is_deleted)
                .filter_map(|comment| comment.last_modified_date.max(comment.creation_date))
                .max(),
        }
    }

    /// The builds that the live comment has shown.
    pub fn shown_builds(&self) -> &[BuildId] {
        self.live.as_ref().map_or(&[], |live| &live.builds)
    }
}
