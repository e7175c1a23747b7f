//! The operations on a pull request's comments.

use std::path::Path;
use std::sync::MutexGuard;

use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeCommit;
use super::comment_answers::{comment_json, group, posted_json};
use super::events::{CommentChange, comment_event};
use super::git;
use super::page::{page, page_size};
use super::parameters::{
    comment_content, comment_id, commit_id, idempotency_mismatch, path_in_repository, pull_request_id,
    repository_name, request_token,
};
use super::state::{Comment, FileVersion, Location, Place, PostRequest, RequestToken, State};
use crate::aws_json::ApiError;
use crate::caller::Caller;

/// Comments a page by default, and at most (API reference, GetCommentsForPullRequest, maxResults).
const COMMENTS_PER_PAGE: usize = 100;
const COMMENTS_PER_PAGE_LIMIT: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PostCommentForPullRequest {
    pull_request_id: Option<String>,
    repository_name: Option<String>,
    before_commit_id: Option<String>,
    after_commit_id: Option<String>,
    location: Option<LocationInput>,
    content: Option<String>,
    client_request_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LocationInput {
    file_path: Option<String>,
    file_position: Option<i64>,
    relative_file_version: Option<String>,
}

/// A comment that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommentRequest {
    pull_request: u64,
    repository_name: String,
    before_commit: String,
    after_commit: String,
    location: Option<Location>,
    content: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CommentById {
    comment_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UpdateComment {
    comment_id: Option<String>,
    content: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetCommentsForPullRequest {
    pull_request_id: Option<String>,
    repository_name: Option<String>,
    before_commit_id: Option<String>,
    after_commit_id: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

impl CodeCommit {
    pub(super) async fn post_comment_for_pull_request(
        &self,
        caller: &Caller,
        input: PostCommentForPullRequest,
    ) -> Result<Value, ApiError> {
        let token = request_token(caller, input.client_request_token.clone())?;
        let posted = validate(input)?;
        let request = PostRequest::Comment(posted.clone());
        let (folder, own_commits) = {
            let mut state = self.lock();
            let pull_request = state.pull_request_of(posted.pull_request, &posted.repository_name)?;
            let own_commits = [pull_request.source_commit.clone(), pull_request.destination_commit.clone()];
            if let Some(comment) = state.find_posted(&token, &request)? {
                return Ok(posted_json(comment, caller));
            }
            (state.repository(&posted.repository_name)?.folder.clone(), own_commits)
        };
        let mut commits = vec![posted.before_commit.as_str(), posted.after_commit.as_str()];
        commits.retain(|commit| !own_commits.iter().any(|own| own == commit));
        commits_must_exist(&folder, &commits).await?;
        let place = match &posted.location {
            Some(location) => Some(find_place(&folder, &posted, location).await?),
            None => None,
        };
        let mut state = self.lock();
        // The same request may have come twice at once.
        if let Some(comment) = state.find_posted(&token, &request)? {
            return Ok(posted_json(comment, caller));
        }
        let now = self.clock.now();
        let comment = Comment {
            id: state.pull_request(posted.pull_request)?.new_comment_id(),
            pull_request: posted.pull_request,
            repository_name: posted.repository_name.clone(),
            before_commit: posted.before_commit.clone(),
            after_commit: posted.after_commit.clone(),
            place,
            in_reply_to: None,
            content: Some(posted.content.clone()),
            author_arn: token.caller_arn.clone(),
            token: token.token.clone(),
            created: now,
            modified: now,
            reactions: Vec::new(),
        };
        let answer = posted_json(&comment, caller);
        self.add_comment(&mut state, caller, (token, request), comment)?;
        Ok(answer)
    }

    /// Posts a comment that `request` asked for, and tells of it.
    pub(super) fn add_comment(
        &self,
        state: &mut MutexGuard<'_, State>,
        caller: &Caller,
        (token, request): (RequestToken, PostRequest),
        comment: Comment,
    ) -> Result<(), ApiError> {
        let now = comment.created;
        state.pull_request(comment.pull_request)?.last_activity = now;
        let repository_id = &state.repository(&comment.repository_name)?.id;
        let event =
            comment_event(&self.account, now, CommentChange::Created, &comment, repository_id, caller);
        state.posted.insert(token, (request, comment.id.clone()));
        state.comments.push(comment);
        self.send(state, [event]);
        Ok(())
    }

    pub(super) fn get_comment(&self, caller: &Caller, input: CommentById) -> Result<Value, ApiError> {
        let id = comment_id(input.comment_id)?;
        Ok(json!({ "comment": comment_json(self.lock().comment(&id)?, caller) }))
    }

    pub(super) fn update_comment(&self, caller: &Caller, input: UpdateComment) -> Result<Value, ApiError> {
        let id = comment_id(input.comment_id)?;
        let content = comment_content(input.content)?;
        let mut state = self.lock();
        let now = self.clock.now();
        let comment = state.comment(&id)?;
        if comment.author_arn != caller.arn {
            let message = "Only a comment's author can update it";
            return Err(ApiError::new("CommentNotCreatedByCallerException", message));
        }
        comment.content = Some(content);
        comment.modified = now;
        let comment = comment.clone();
        state.pull_request(comment.pull_request)?.last_activity = now;
        let repository_id = &state.repository(&comment.repository_name)?.id;
        let event =
            comment_event(&self.account, now, CommentChange::Updated, &comment, repository_id, caller);
        self.send(&state, [event]);
        Ok(json!({ "comment": comment_json(&comment, caller) }))
    }

    /// Anyone may: the API model lists no error for a caller who is not the author.
    pub(super) fn delete_comment_content(
        &self,
        caller: &Caller,
        input: CommentById,
    ) -> Result<Value, ApiError> {
        let id = comment_id(input.comment_id)?;
        let mut state = self.lock();
        let now = self.clock.now();
        let comment = state.comment(&id)?;
        comment.content = None;
        comment.modified = now;
        let comment = comment.clone();
        state.pull_request(comment.pull_request)?.last_activity = now;
        Ok(json!({ "comment": comment_json(&comment, caller) }))
    }

    pub(super) async fn get_comments_for_pull_request(
        &self,
        caller: &Caller,
        input: GetCommentsForPullRequest,
    ) -> Result<Value, ApiError> {
        let id = pull_request_id(input.pull_request_id)?;
        let commits = if input.repository_name.is_none()
            && input.before_commit_id.is_none()
            && input.after_commit_id.is_none()
        {
            self.lock().pull_request(id)?;
            None
        } else {
            let name = repository_name(input.repository_name)?;
            let commits = (commit_id(input.before_commit_id)?, commit_id(input.after_commit_id)?);
            let folder = {
                let mut state = self.lock();
                state.pull_request_of(id, &name)?;
                state.repository(&name)?.folder.clone()
            };
            commits_must_exist(&folder, &[&commits.0, &commits.1]).await?;
            Some(commits)
        };
        let size = page_size(input.max_results, COMMENTS_PER_PAGE, COMMENTS_PER_PAGE_LIMIT)?;
        let state = self.lock();
        let matches = |comment: &&Comment| {
            let of_commits = |(before, after): &(String, String)| {
                comment.before_commit == *before && comment.after_commit == *after
            };
            comment.pull_request == id && commits.as_ref().is_none_or(of_commits)
        };
        let comments = state.comments.iter().filter(matches).collect();
        let token = input.next_token.as_deref();
        let (comments, next) = page(comments, "GetCommentsForPullRequest", token, size)?;
        let mut answer = json!({ "commentsForPullRequestData": group(comments, caller) });
        if let Some(next) = next {
            answer["nextToken"] = next.into();
        }
        Ok(answer)
    }
}

impl State {
    /// A comment that still has its content.
    pub(super) fn comment(&mut self, id: &str) -> Result<&mut Comment, ApiError> {
        let comment = self.posted_comment(id)?;
        if comment.content.is_none() {
            let message =
                "This comment has already been deleted. You cannot edit or delete a deleted comment.";
            return Err(ApiError::new("CommentDeletedException", message));
        }
        Ok(comment)
    }

    /// A comment, deleted or not.
    pub(super) fn posted_comment(&mut self, id: &str) -> Result<&mut Comment, ApiError> {
        self.comments.iter_mut().find(|comment| comment.id == id).ok_or_else(|| {
            ApiError::new("CommentDoesNotExistException", format!("No comment has the id {id}"))
        })
    }

    /// The comment that a token already posted, deleted or not.
    pub(super) fn find_posted(
        &self,
        token: &RequestToken,
        request: &PostRequest,
    ) -> Result<Option<&Comment>, ApiError> {
        match self.posted.get(token) {
            Some((earlier, id)) if earlier == request => {
                Ok(self.comments.iter().find(|comment| comment.id == *id))
            }
            Some(_) => Err(idempotency_mismatch()),
            None => Ok(None),
        }
    }
}

fn validate(input: PostCommentForPullRequest) -> Result<CommentRequest, ApiError> {
    let pull_request = pull_request_id(input.pull_request_id)?;
    let repository_name = repository_name(input.repository_name)?;
    let before_commit = commit_id(input.before_commit_id)?;
    let after_commit = commit_id(input.after_commit_id)?;
    if before_commit == after_commit {
        let message =
            "The before commit ID and the after commit ID are the same; they must be different commits";
        return Err(ApiError::new("BeforeCommitIdAndAfterCommitIdAreSameException", message));
    }
    let content = comment_content(input.content)?;
    let location = input.location.map(validate_location).transpose()?;
    Ok(CommentRequest { pull_request, repository_name, before_commit, after_commit, location, content })
}

fn validate_location(input: LocationInput) -> Result<Location, ApiError> {
    let file_path = path_in_repository(input.file_path)?;
    let version = match input.relative_file_version.as_deref() {
        Some("BEFORE") => FileVersion::Before,
        Some("AFTER") => FileVersion::After,
        other => {
            let message = format!("Relative file version {other:?} is not one of BEFORE, AFTER");
            return Err(ApiError::new("InvalidRelativeFileVersionEnumException", message));
        }
    };
    let position = input.file_position.map(|line| u64::try_from(line).map_err(|_| invalid_position(line)));
    Ok(Location { file_path, file_position: position.transpose()?, version })
}

fn invalid_position(line: impl std::fmt::Display) -> ApiError {
    let message = format!("Line {line} does not exist in this version of the file");
    ApiError::new("InvalidFilePositionException", message)
}

async fn commits_must_exist(folder: &Path, commits: &[&str]) -> Result<(), ApiError> {
    if commits.is_empty() {
        return Ok(());
    }
    match git::missing_commit(folder, commits).await? {
        Some(id) => {
            let message = format!("The commit {id} does not exist in the repository");
            Err(ApiError::new("CommitDoesNotExistException", message))
        }
        None => Ok(()),
    }
}

/// The file must be in the version that the location names, and have the line.
async fn find_place(folder: &Path, request: &CommentRequest, location: &Location) -> Result<Place, ApiError> {
    let before_blob = git::blob_at(folder, &request.before_commit, &location.file_path).await?;
    let after_blob = git::blob_at(folder, &request.after_commit, &location.file_path).await?;
    let (commit, blob) = match location.version {
        FileVersion::Before => (&request.before_commit, &before_blob),
        FileVersion::After => (&request.after_commit, &after_blob),
    };
    let content = match blob {
        Some(blob) => git::object(folder, blob).await?,
        None => None,
    };
    let Some((_, content)) = content else {
        if git::tree_at(folder, commit, &location.file_path).await?.is_some() {
            let message = format!("The path {} is a folder; name a file in it", location.file_path);
            return Err(ApiError::new("InvalidFileLocationException", message));
        }
        let message = format!("The path {} does not exist in that version", location.file_path);
        return Err(ApiError::new("PathDoesNotExistException", message));
    };
    if let Some(line) = location.file_position {
        let lines = content.split_inclusive(|&byte| byte == b'\n').count() as u64;
        if !(1..=lines).contains(&line) {
            return Err(invalid_position(line));
        }
    }
    Ok(Place { location: location.clone(), before_blob, after_blob })
}
