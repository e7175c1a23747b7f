//! The operations that write commits: PutFile and CreateCommit.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeCommit;
use super::branches::{existing_tip, short};
use super::file_changes::{FileChange, apply, keep_files};
use super::files::FILE_LIMIT;
use super::git;
use super::git_write::{commit_tree, update_reference, write_blob, write_tree};
use super::parameters::{
    CommitWords, branch_name, commit_person, file_mode, path_in_repository, repository_name, required,
};
use super::tree::{Difference, Entry, Tree, differences, files};
use crate::aws_json::ApiError;
use crate::caller::Caller;

/// Files that one commit may change (user guide, Quotas).
const ENTRY_LIMIT: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PutFile {
    repository_name: Option<String>,
    branch_name: Option<String>,
    file_content: Option<String>,
    file_path: Option<String>,
    file_mode: Option<String>,
    parent_commit_id: Option<String>,
    commit_message: Option<String>,
    name: Option<String>,
    email: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateCommit {
    repository_name: Option<String>,
    branch_name: Option<String>,
    parent_commit_id: Option<String>,
    author_name: Option<String>,
    email: Option<String>,
    commit_message: Option<String>,
    keep_empty_folders: Option<bool>,
    put_files: Option<Vec<PutFileEntry>>,
    delete_files: Option<Vec<DeleteFileEntry>>,
    set_file_modes: Option<Vec<SetFileModeEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PutFileEntry {
    file_path: Option<String>,
    file_mode: Option<String>,
    file_content: Option<String>,
    source_file: Option<SourceFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SourceFile {
    file_path: Option<String>,
    is_move: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeleteFileEntry {
    file_path: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetFileModeEntry {
    file_path: Option<String>,
    file_mode: Option<String>,
}

/// A commit as asked for.
struct Request {
    repository_name: String,
    branch: String,
    parent: Option<String>,
    words: CommitWords,
    keep_empty_folders: bool,
    entries: Vec<FileEntry>,
}

/// A change whose content is not stored yet.
enum FileEntry {
    Content { path: String, content: Vec<u8>, mode: Option<String> },
    Change(FileChange),
}

/// A commit that was made.
struct Made {
    commit: String,
    tree: String,
    differences: Vec<Difference>,
}

impl CodeCommit {
    pub(super) async fn put_file(&self, caller: &Caller, input: PutFile) -> Result<Value, ApiError> {
        let path = path_in_repository(input.file_path)?;
        let content = input
            .file_content
            .ok_or_else(|| ApiError::new("FileContentRequiredException", "The file's content is required"))?;
        let mode = input.file_mode.map(|mode| file_mode(Some(mode))).transpose()?;
        let entry = FileEntry::Content { path, content: decode(&content)?, mode };
        let request = Request {
            repository_name: repository_name(input.repository_name)?,
            branch: branch_name(input.branch_name)?,
            parent: input.parent_commit_id,
            words: CommitWords::new(input.name, input.email, input.commit_message)?,
            keep_empty_folders: false,
            entries: vec![entry],
        };
        let made = self.commit(caller, request).await.map_err(|error| match error.code.as_str() {
            "NoChangeException" => {
                ApiError::new("SameFileContentException", "The file has that content and mode already")
            }
            _ => error,
        })?;
        let blob = made.differences.first().and_then(|file| file.after.as_ref());
        let blob = blob.map(|entry| entry.id.clone()).unwrap_or_default();
        Ok(json!({ "commitId": made.commit, "blobId": blob, "treeId": made.tree }))
    }

    pub(super) async fn create_commit(
        &self,
        caller: &Caller,
        input: CreateCommit,
    ) -> Result<Value, ApiError> {
        let entries = entries(input.put_files, input.delete_files, input.set_file_modes)?;
        let request = Request {
            repository_name: repository_name(input.repository_name)?,
            branch: branch_name(input.branch_name)?,
            parent: input.parent_commit_id,
            words: CommitWords::new(input.author_name, input.email, input.commit_message)?,
            keep_empty_folders: input.keep_empty_folders.unwrap_or(false),
            entries,
        };
        let made = self.commit(caller, request).await?;
        let of_type = |kind: &str| {
            let files = made.differences.iter().filter(|file| file.change_type() == kind);
            files.filter_map(file_metadata).collect::<Vec<_>>()
        };
        Ok(json!({
            "commitId": made.commit,
            "treeId": made.tree,
            "filesAdded": of_type("A"),
            "filesUpdated": of_type("M"),
            "filesDeleted": of_type("D"),
        }))
    }

    async fn commit(&self, caller: &Caller, request: Request) -> Result<Made, ApiError> {
        let (_turn, folder) = self.push_turn(&request.repository_name).await?;
        let parent = self.parent(&folder, &request).await?;
        let before = match &parent {
            Some(parent) => files(&folder, parent).await?,
            None => Tree::new(),
        };
        let mut changes = Vec::new();
        for entry in request.entries {
            changes.push(match entry {
                FileEntry::Change(change) => change,
                FileEntry::Content { path, content, mode } => {
                    FileChange::Put { path, id: write_blob(&folder, &content).await?, mode }
                }
            });
        }
        let mut after = apply(&before, &changes)?;
        if request.keep_empty_folders {
            for path in keep_files(&before, &after) {
                let id = write_blob(&folder, b"").await?;
                after.insert(path, Entry { mode: "100644".to_owned(), id });
            }
        }
        let differences = differences(&before, &after);
        if differences.is_empty() {
            let message = "The commit would change nothing: all files are as they would be";
            return Err(ApiError::new("NoChangeException", message));
        }
        let tree = write_tree(&folder, &after).await?;
        let parents: Vec<&str> = parent.as_deref().into_iter().collect();
        let person = commit_person(&request.words, caller, self.clock.now());
        let message = request.words.message.unwrap_or_else(|| "Edit files\n".to_owned());
        let commit = commit_tree(&folder, &tree, &parents, &person, &message).await?;
        update_reference(&folder, &request.branch, Some(&commit), parent.as_deref()).await?;
        self.tell_of_references(&request.repository_name, &folder, caller, None).await?;
        Ok(Made { commit, tree, differences })
    }

    /// The commit to build on: the branch's tip, which the caller must know. An empty repository has none.
    async fn parent(&self, folder: &Path, request: &Request) -> Result<Option<String>, ApiError> {
        let tip = {
            let state = self.lock();
            let repository = state.repository(&request.repository_name)?;
            if repository.references.contains_key(&format!("refs/tags/{}", short(&request.branch))) {
                let message = format!("{} is the name of a tag", short(&request.branch));
                return Err(ApiError::new("BranchNameIsTagNameException", message));
            }
            if repository.references.is_empty() && request.parent.is_none() {
                return Ok(None);
            }
            existing_tip(repository, &request.branch)?.to_owned()
        };
        let parent = required(request.parent.clone(), "ParentCommitIdRequiredException")?;
        if parent == tip {
            return Ok(Some(tip));
        }
        let is_id = parent.len() == 40 && parent.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id {
            let message = format!("Parent commit id {parent:?} is not valid: it must be the full SHA");
            return Err(ApiError::new("InvalidParentCommitIdException", message));
        }
        if git::missing_commit(folder, &[&parent]).await?.is_some() {
            let message = format!("The parent commit {parent} does not exist in the repository");
            return Err(ApiError::new("ParentCommitDoesNotExistException", message));
        }
        let message = format!("The parent commit {parent} is not the branch's tip, which is {tip}");
        Err(ApiError::new("ParentCommitIdOutdatedException", message))
    }
}

fn entries(
    put: Option<Vec<PutFileEntry>>,
    delete: Option<Vec<DeleteFileEntry>>,
    modes: Option<Vec<SetFileModeEntry>>,
) -> Result<Vec<FileEntry>, ApiError> {
    let mut entries = Vec::new();
    for entry in put.unwrap_or_default() {
        entries.push(put_entry(entry)?);
    }
    for entry in delete.unwrap_or_default() {
        entries.push(FileEntry::Change(FileChange::Delete { path: path_in_repository(entry.file_path)? }));
    }
    for entry in modes.unwrap_or_default() {
        let (path, mode) = (path_in_repository(entry.file_path)?, file_mode(entry.file_mode)?);
        entries.push(FileEntry::Change(FileChange::SetMode { path, mode }));
    }
    if entries.is_empty() {
        let message = "The commit has no files to put, to delete or to change the mode of";
        return Err(ApiError::new("FileEntryRequiredException", message));
    }
    if entries.len() > ENTRY_LIMIT {
        let message = format!("A commit may change {ENTRY_LIMIT} files; use a Git client for more");
        return Err(ApiError::new("MaximumFileEntriesExceededException", message));
    }
    Ok(entries)
}

fn put_entry(entry: PutFileEntry) -> Result<FileEntry, ApiError> {
    let path = path_in_repository(entry.file_path)?;
    let mode = entry.file_mode.map(|mode| file_mode(Some(mode))).transpose()?;
    match (entry.file_content, entry.source_file) {
        (Some(content), None) => Ok(FileEntry::Content { path, content: decode(&content)?, mode }),
        (None, Some(source)) => {
            let from = path_in_repository(source.file_path)?;
            let moved = source.is_move.unwrap_or(false);
            Ok(FileEntry::Change(FileChange::Copy { path, from, moved, mode }))
        }
        (Some(_), Some(_)) => {
            let message = format!("{path} has both a content and a source file; give one");
            Err(ApiError::new("FileContentAndSourceFileSpecifiedException", message))
        }
        (None, None) => {
            let message = format!("{path} has neither a content nor a source file");
            Err(ApiError::new("SourceFileOrContentRequiredException", message))
        }
    }
}

/// A blob comes as Base64.
fn decode(content: &str) -> Result<Vec<u8>, ApiError> {
    let content = STANDARD
        .decode(content)
        .map_err(|error| ApiError::new("SerializationException", format!("fileContent: {error}")))?;
    if content.len() > FILE_LIMIT {
        let message = "The file is larger than 6 MB: use a Git client to add it";
        return Err(ApiError::new("FileContentSizeLimitExceededException", message));
    }
    Ok(content)
}

fn file_metadata(difference: &Difference) -> Option<Value> {
    let entry = difference.after.as_ref().or(difference.before.as_ref())?;
    let path = String::from_utf8_lossy(&difference.path);
    Some(json!({ "absolutePath": path, "blobId": entry.id, "fileMode": entry.file_mode()? }))
}
