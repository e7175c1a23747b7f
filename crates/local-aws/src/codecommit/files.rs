//! The operations that read files, folders, blobs, and the differences of two commits.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeCommit;
use super::folder::RepositoryFolder;
use super::git;
use super::page::{page, page_size};
use super::parameters::{blob_id, path_in_repository, repository_name, required};
use super::tree::{Difference, Entry, SUBMODULE, SYMLINK, Tree, differences, files, is_at_or_below};
use crate::aws_json::ApiError;

/// The largest file that the API reads or writes, in bytes (API model, FileContent).
pub(super) const FILE_LIMIT: usize = 6 * 1024 * 1024;

/// Differences a page, by default and at most. AWS documents no number.
const DIFFERENCES_PER_PAGE: usize = 100;
const DIFFERENCES_PER_PAGE_LIMIT: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetDifferences {
    repository_name: Option<String>,
    before_commit_specifier: Option<String>,
    after_commit_specifier: Option<String>,
    before_path: Option<String>,
    after_path: Option<String>,
    #[serde(rename = "MaxResults")]
    max_results: Option<i64>,
    #[serde(rename = "NextToken")]
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetFile {
    repository_name: Option<String>,
    commit_specifier: Option<String>,
    file_path: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetFolder {
    repository_name: Option<String>,
    commit_specifier: Option<String>,
    folder_path: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetBlob {
    repository_name: Option<String>,
    blob_id: Option<String>,
}

impl CodeCommit {
    /// Without a before commit, everything is added.
    pub(super) async fn get_differences(&self, input: GetDifferences) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let size = page_size(input.max_results, DIFFERENCES_PER_PAGE, DIFFERENCES_PER_PAGE_LIMIT)?;
        let folder = self.lock().repository(&name)?.folder.clone();
        let after = required(input.after_commit_specifier, "CommitRequiredException")?;
        let after = files(&folder, &self.resolve_commit(&name, &folder, &after).await?).await?;
        let before = match input.before_commit_specifier {
            Some(before) => files(&folder, &self.resolve_commit(&name, &folder, &before).await?).await?,
            None => Tree::new(),
        };
        let before = limit_to(before, input.before_path)?;
        let after = limit_to(after, input.after_path)?;
        let found = differences(&before, &after);
        let token = input.next_token.as_deref();
        let (found, next) = page(found, "GetDifferences", token, size)?;
        let mut answer = json!({ "differences": found.iter().map(difference_json).collect::<Vec<_>>() });
        if let Some(next) = next {
            answer["NextToken"] = next.into();
        }
        Ok(answer)
    }

    pub(super) async fn get_file(&self, input: GetFile) -> Result<Value, ApiError> {
        let path = path_in_repository(input.file_path)?;
        let (folder, commit) = self.commit_to_read(input.repository_name, input.commit_specifier).await?;
        let files = files(&folder, &commit).await?;
        let found = files.get(path.as_bytes()).and_then(|entry| Some((entry, entry.file_mode()?)));
        let (entry, mode) = found.ok_or_else(|| {
            ApiError::new("FileDoesNotExistException", format!("The file {path} does not exist in {commit}"))
        })?;
        let content = read_blob(&folder, &entry.id).await?.unwrap_or_default();
        Ok(json!({
            "commitId": commit,
            "blobId": entry.id,
            "filePath": path,
            "fileMode": mode,
            "fileSize": content.len(),
            "fileContent": STANDARD.encode(content),
        }))
    }

    pub(super) async fn get_folder(&self, input: GetFolder) -> Result<Value, ApiError> {
        let path = required(input.folder_path, "PathRequiredException")?;
        let path = match path.trim_matches('/') {
            "" => String::new(),
            path => path_in_repository(Some(path.to_owned()))?,
        };
        let (folder, commit) = self.commit_to_read(input.repository_name, input.commit_specifier).await?;
        let missing = || {
            let message = format!("The folder {path} does not exist in {commit}");
            ApiError::new("FolderDoesNotExistException", message)
        };
        let tree = git::tree_at(&folder, &commit, &path).await?.ok_or_else(missing)?;
        let mut answer = json!({
            "commitId": commit,
            "folderPath": path,
            "treeId": tree,
            "subFolders": [],
            "files": [],
            "symbolicLinks": [],
            "subModules": [],
        });
        for (name, entry) in super::tree::entries(&folder, &tree).await? {
            let name = String::from_utf8_lossy(&name).into_owned();
            let absolute = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let mut item = json!({ "absolutePath": absolute, "relativePath": name });
            let (list, id) = match entry.mode.as_str() {
                "040000" => ("subFolders", "treeId"),
                SUBMODULE => ("subModules", "commitId"),
                SYMLINK => ("symbolicLinks", "blobId"),
                _ => ("files", "blobId"),
            };
            item[id] = entry.id.as_str().into();
            if id == "blobId" {
                item["fileMode"] = entry.file_mode().into();
            }
            if let Some(list) = answer[list].as_array_mut() {
                list.push(item);
            }
        }
        Ok(answer)
    }

    pub(super) async fn get_blob(&self, input: GetBlob) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let id = blob_id(input.blob_id)?;
        let folder = self.lock().repository(&name)?.folder.clone();
        let content = read_blob(&folder, &id).await?.ok_or_else(|| {
            ApiError::new("BlobIdDoesNotExistException", format!("The blob {id} does not exist in {name}"))
        })?;
        Ok(json!({ "content": STANDARD.encode(content) }))
    }

    /// The repository's folder and a commit's id. Without a specifier it is the default branch's tip.
    async fn commit_to_read(
        &self,
        name: Option<String>,
        specifier: Option<String>,
    ) -> Result<(Arc<RepositoryFolder>, String), ApiError> {
        let name = repository_name(name)?;
        let folder = self.lock().repository(&name)?.folder.clone();
        let commit = self.resolve_commit(&name, &folder, specifier.as_deref().unwrap_or("HEAD")).await?;
        Ok((folder, commit))
    }
}

/// A blob's content, or nothing where there is no such blob.
async fn read_blob(folder: &Path, id: &str) -> Result<Option<Vec<u8>>, ApiError> {
    match git::object(folder, id).await? {
        Some((kind, content)) if kind == "blob" => {
            if content.len() > FILE_LIMIT {
                let message = "The file is larger than 6 MB: use a Git client to read it";
                return Err(ApiError::new("FileTooLargeException", message));
            }
            Ok(Some(content))
        }
        _ => Ok(None),
    }
}

/// The files at or below a path, which must be there.
fn limit_to(mut files: Tree, path: Option<String>) -> Result<Tree, ApiError> {
    let Some(path) = path else { return Ok(files) };
    let wanted = path.trim_matches('/');
    files.retain(|path, _| is_at_or_below(path, wanted.as_bytes()));
    if files.is_empty() && !wanted.is_empty() {
        let message = format!("The path {path} does not exist in that commit");
        return Err(ApiError::new("PathDoesNotExistException", message));
    }
    Ok(files)
}

fn difference_json(difference: &Difference) -> Value {
    let blob = |entry: &Entry| {
        let path = String::from_utf8_lossy(&difference.path);
        json!({ "blobId": entry.id, "path": path, "mode": entry.mode })
    };
    let mut value = json!({ "changeType": difference.change_type() });
    if let Some(before) = &difference.before {
        value["beforeBlob"] = blob(before);
    }
    if let Some(after) = &difference.after {
        value["afterBlob"] = blob(after);
    }
    value
}
