//! What CodeCommit knows besides Git's objects: repositories, pull requests and comments.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use super::comments::CommentRequest;
use super::folder::RepositoryFolder;
use super::git::References;
use super::pull_requests::CreateRequest;
use super::reactions::Reaction;
use crate::aws_json::ApiError;

/// Everything, under one lock.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) repositories: BTreeMap<String, Repository>,
    pub(super) pull_requests: BTreeMap<u64, PullRequest>,
    /// In the order in which they were posted.
    pub(super) comments: Vec<Comment>,
    /// The pull requests that were created with a token.
    pub(super) created: HashMap<RequestToken, (CreateRequest, u64)>,
    /// The comments that were posted with a token, by their ids.
    pub(super) posted: HashMap<RequestToken, (PostRequest, String)>,
    /// The last pull request's id: one sequence for the account, and no id comes twice.
    pub(super) last_pull_request_id: u64,
}

/// A client request token, which belongs to the caller who chose it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RequestToken {
    pub(super) caller_arn: String,
    pub(super) token: String,
}

/// What a token that posted a comment stands for: a repetition must ask for the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PostRequest {
    Comment(CommentRequest),
    Reply { in_reply_to: String, content: String },
}

#[derive(Debug)]
pub(super) struct Repository {
    /// A UUID; it names the folder, too, so that no repository's name becomes a path.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) folder: Arc<RepositoryFolder>,
    pub(super) created: OffsetDateTime,
    pub(super) modified: OffsetDateTime,
    /// The full name of the branch that was pushed first, or of the one that was chosen since.
    pub(super) default_branch: Option<String>,
    /// As of the last push whose consequences were applied.
    pub(super) references: References,
    /// Held by a push from its first byte until its consequences are applied.
    pub(super) push_turn: Arc<tokio::sync::Mutex<()>>,
}

impl Repository {
    /// The tip of a branch, by its full name.
    pub(super) fn tip(&self, branch: &str) -> Option<&str> {
        self.references.get(branch).map(|reference| reference.commit.as_str())
    }
}

#[derive(Debug, Clone)]
pub(super) struct PullRequest {
    pub(super) id: u64,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) author_arn: String,
    pub(super) token: String,
    pub(super) open: bool,
    pub(super) revision_id: String,
    pub(super) created: OffsetDateTime,
    pub(super) last_activity: OffsetDateTime,
    pub(super) repository_name: String,
    pub(super) source_reference: String,
    pub(super) destination_reference: String,
    pub(super) source_commit: String,
    pub(super) destination_commit: String,
    /// The first half of its comments' ids.
    pub(super) comment_group: Uuid,
    /// Once it is merged.
    pub(super) merge: Option<Merge>,
    /// What happened to it, in that order.
    pub(super) history: Vec<HistoryEntry>,
}

impl PullRequest {
    /// An id for a new comment on it.
    pub(super) fn new_comment_id(&self) -> String {
        format!("{}:{}", self.comment_group, Uuid::new_v4())
    }

    /// Writes down what has just happened.
    pub(super) fn record(&mut self, now: OffsetDateTime, actor: &str, happening: Happening) {
        self.last_activity = now;
        self.history.push(HistoryEntry { date: now, actor_arn: actor.to_owned(), happening });
    }
}

/// How a pull request was merged.
#[derive(Debug, Clone)]
pub(super) struct Merge {
    pub(super) option: MergeOption,
    pub(super) merged_by: String,
    pub(super) commit: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MergeOption {
    FastForward,
    Squash,
    ThreeWay,
}

impl MergeOption {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FastForward => "FAST_FORWARD_MERGE",
            Self::Squash => "SQUASH_MERGE",
            Self::ThreeWay => "THREE_WAY_MERGE",
        }
    }
}

/// An entry of what DescribePullRequestEvents answers.
#[derive(Debug, Clone)]
pub(super) struct HistoryEntry {
    pub(super) date: OffsetDateTime,
    pub(super) actor_arn: String,
    pub(super) happening: Happening,
}

#[derive(Debug, Clone)]
pub(super) enum Happening {
    Created { source: String, destination: String },
    SourceUpdated { before: String, after: String, destination: String },
    Closed,
    Merged,
}

#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) id: String,
    pub(super) pull_request: u64,
    pub(super) repository_name: String,
    pub(super) before_commit: String,
    pub(super) after_commit: String,
    pub(super) place: Option<Place>,
    /// The comment that this one is a reply to.
    pub(super) in_reply_to: Option<String>,
    /// Nothing once it is deleted.
    pub(super) content: Option<String>,
    pub(super) author_arn: String,
    pub(super) token: String,
    pub(super) created: OffsetDateTime,
    pub(super) modified: OffsetDateTime,
    /// One a user at most, in the order in which they were given.
    pub(super) reactions: Vec<Reaction>,
}

/// A place in a changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) location: Location,
    pub(super) before_blob: Option<String>,
    pub(super) after_blob: Option<String>,
}

/// A place as a caller gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) file_path: String,
    /// A line, counted from 1.
    pub(super) file_position: Option<u64>,
    pub(super) version: FileVersion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileVersion {
    Before,
    After,
}

impl State {
    pub(super) fn repository(&self, name: &str) -> Result<&Repository, ApiError> {
        self.repositories
            .get(name)
            .ok_or_else(|| ApiError::new("RepositoryDoesNotExistException", format!("{name} does not exist")))
    }

    pub(super) fn pull_request(&mut self, id: u64) -> Result<&mut PullRequest, ApiError> {
        self.pull_requests.get_mut(&id).ok_or_else(|| {
            let message = format!("Pull request {id} could not be found");
            ApiError::new("PullRequestDoesNotExistException", message)
        })
    }

    /// The pull request, if `repository_name` is its repository and exists.
    pub(super) fn pull_request_of(
        &mut self,
        id: u64,
        repository_name: &str,
    ) -> Result<&mut PullRequest, ApiError> {
        self.pull_request(id)?;
        self.repository(repository_name)?;
        let pull_request = self.pull_request(id)?;
        if pull_request.repository_name != repository_name {
            let message = format!("Pull request {id} is not one of the repository {repository_name}");
            return Err(ApiError::new("RepositoryNotAssociatedWithPullRequestException", message));
        }
        Ok(pull_request)
    }
}

/// A new revision id. AWS documents it as opaque; it looks like a SHA-256 in hex.
pub(super) fn new_revision_id() -> String {
    Sha256::digest(Uuid::new_v4().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
