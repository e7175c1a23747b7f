//! What keeps two commits from being merged, and the operations that tell it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeCommit;
use super::folder::RepositoryFolder;
use super::git;
use super::git_write::merge_tree;
use super::page::page;
use super::parameters::{repository_name, required};
use super::tree::{Entry, SUBMODULE, SYMLINK, Tree, differences, files};
use crate::aws_json::ApiError;

/// Files in conflict a page. AWS documents no number.
const CONFLICTS_PER_PAGE: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConflictDetailLevel {
    /// A file that both sides changed differently is a conflict.
    File,
    /// Only lines that both sides changed are.
    Line,
}

impl ConflictDetailLevel {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::File => "FILE_LEVEL",
            Self::Line => "LINE_LEVEL",
        }
    }
}

/// FILE_LEVEL where nothing is said (API reference, GetMergeConflicts).
pub(super) fn conflict_detail_level(value: Option<&str>) -> Result<ConflictDetailLevel, ApiError> {
    match value {
        None | Some("FILE_LEVEL") => Ok(ConflictDetailLevel::File),
        Some("LINE_LEVEL") => Ok(ConflictDetailLevel::Line),
        Some(other) => {
            let message = format!("Conflict detail level {other:?} is not one of FILE_LEVEL, LINE_LEVEL");
            Err(ApiError::new("InvalidConflictDetailLevelException", message))
        }
    }
}

/// NONE is the only strategy that is modeled, and what AWS takes where nothing is said.
pub(super) fn none_strategy(value: Option<&str>) -> Result<(), ApiError> {
    match value {
        None | Some("NONE") => Ok(()),
        Some(known @ ("ACCEPT_SOURCE" | "ACCEPT_DESTINATION" | "AUTOMERGE")) => {
            Err(ApiError::not_modeled(format_args!("the conflict resolution strategy {known}")))
        }
        Some(other) => {
            let message = format!("Conflict resolution strategy {other:?} is not valid");
            Err(ApiError::new("InvalidConflictResolutionStrategyException", message))
        }
    }
}

/// A merge and its conflicts.
pub(super) struct Conflicts {
    pub(super) base: Option<String>,
    /// The merged tree, with conflict markers where there are conflicts.
    pub(super) tree: String,
    pub(super) paths: BTreeSet<Vec<u8>>,
    sides: Sides,
}

/// The files of the three commits of a merge.
struct Sides {
    base: Tree,
    destination: Tree,
    source: Tree,
}

/// Merges two commits in thought.
pub(super) async fn find_conflicts(
    folder: &Path,
    destination: &str,
    source: &str,
    level: ConflictDetailLevel,
) -> Result<Conflicts, ApiError> {
    let base = git::merge_base(folder, source, destination).await?;
    let merged = merge_tree(folder, destination, source).await?;
    let sides = Sides {
        base: match &base {
            Some(base) => files(folder, base).await?,
            None => Tree::new(),
        },
        destination: files(folder, destination).await?,
        source: files(folder, source).await?,
    };
    let mut paths: BTreeSet<Vec<u8>> = merged.conflicts.into_iter().collect();
    if level == ConflictDetailLevel::File {
        paths.extend(sides.changed_differently());
    }
    Ok(Conflicts { base, tree: merged.tree, paths, sides })
}

impl Sides {
    /// The files that both sides changed, and not to the same.
    fn changed_differently(&self) -> Vec<Vec<u8>> {
        let by_source = differences(&self.base, &self.source).into_iter().map(|change| change.path);
        let others = |path: &Vec<u8>| {
            self.base.get(path) != self.destination.get(path)
                && self.source.get(path) != self.destination.get(path)
        };
        by_source.filter(others).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetMergeConflicts {
    repository_name: Option<String>,
    destination_commit_specifier: Option<String>,
    source_commit_specifier: Option<String>,
    merge_option: Option<String>,
    conflict_detail_level: Option<String>,
    max_conflict_files: Option<i64>,
    conflict_resolution_strategy: Option<String>,
    next_token: Option<String>,
}

/// What `GetMergeOptions` and `GetMergeCommit` are asked: both have these members (API reference).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MergeQuestion {
    repository_name: Option<String>,
    source_commit_specifier: Option<String>,
    destination_commit_specifier: Option<String>,
    conflict_detail_level: Option<String>,
    conflict_resolution_strategy: Option<String>,
}

/// A merge of one commit into another that a question is about.
pub(super) struct Merge {
    pub(super) repository_name: String,
    pub(super) folder: Arc<RepositoryFolder>,
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) level: ConflictDetailLevel,
}

impl CodeCommit {
    pub(super) async fn get_merge_conflicts(&self, input: GetMergeConflicts) -> Result<Value, ApiError> {
        let option = required(input.merge_option, "MergeOptionRequiredException")?;
        if !["FAST_FORWARD_MERGE", "SQUASH_MERGE", "THREE_WAY_MERGE"].contains(&option.as_str()) {
            let message = format!(
                "Merge option {option:?} is not one of FAST_FORWARD_MERGE, SQUASH_MERGE, THREE_WAY_MERGE"
            );
            return Err(ApiError::new("InvalidMergeOptionException", message));
        }
        let level = conflict_detail_level(input.conflict_detail_level.as_deref())?;
        none_strategy(input.conflict_resolution_strategy.as_deref())?;
        let size = match input.max_conflict_files {
            None => CONFLICTS_PER_PAGE,
            Some(size) => usize::try_from(size).ok().filter(|size| *size > 0).ok_or_else(|| {
                let message = format!("The maximum number of conflict files {size} is not valid");
                ApiError::new("InvalidMaxConflictFilesException", message)
            })?,
        };
        let name = repository_name(input.repository_name)?;
        let folder = self.lock().repository(&name)?.folder.clone();
        let destination = required(input.destination_commit_specifier, "CommitRequiredException")?;
        let destination = self.resolve_commit(&name, &folder, &destination).await?;
        let source = required(input.source_commit_specifier, "CommitRequiredException")?;
        let source = self.resolve_commit(&name, &folder, &source).await?;
        let found = find_conflicts(&folder, &destination, &source, level).await?;
        let mergeable = match option.as_str() {
            "FAST_FORWARD_MERGE" => found.base.as_ref() == Some(&destination),
            _ => found.paths.is_empty(),
        };
        let paths = found.paths.iter().collect();
        let (paths, next) = page(paths, "GetMergeConflicts", input.next_token.as_deref(), size)?;
        let mut list = Vec::new();
        for path in paths {
            list.push(found.metadata(&folder, path, level).await?);
        }
        let mut answer = json!({
            "mergeable": mergeable,
            "destinationCommitId": destination,
            "sourceCommitId": source,
            "conflictMetadataList": list,
        });
        if let Some(base) = found.base {
            answer["baseCommitId"] = base.into();
        }
        if let Some(next) = next {
            answer["nextToken"] = next.into();
        }
        Ok(answer)
    }

    pub(super) async fn get_merge_options(&self, input: MergeQuestion) -> Result<Value, ApiError> {
        let Merge { folder, source, destination, level, .. } = self.merge_in_question(input).await?;
        let found = find_conflicts(&folder, &destination, &source, level).await?;
        let mut options = Vec::new();
        if found.base.as_ref() == Some(&destination) {
            options.push("FAST_FORWARD_MERGE");
        }
        if found.paths.is_empty() {
            options.extend(["SQUASH_MERGE", "THREE_WAY_MERGE"]);
        }
        Ok(json!({
            "mergeOptions": options,
            "sourceCommitId": source,
            "destinationCommitId": destination,
            // Unrelated histories have none, but the member is required.
            "baseCommitId": found.base.unwrap_or_default(),
        }))
    }

    /// Checks a question about a merge, and finds its commits.
    pub(super) async fn merge_in_question(&self, input: MergeQuestion) -> Result<Merge, ApiError> {
        let level = conflict_detail_level(input.conflict_detail_level.as_deref())?;
        none_strategy(input.conflict_resolution_strategy.as_deref())?;
        let name = repository_name(input.repository_name)?;
        let folder = self.lock().repository(&name)?.folder.clone();
        let source = required(input.source_commit_specifier, "CommitRequiredException")?;
        let source = self.resolve_commit(&name, &folder, &source).await?;
        let destination = required(input.destination_commit_specifier, "CommitRequiredException")?;
        let destination = self.resolve_commit(&name, &folder, &destination).await?;
        Ok(Merge { repository_name: name, folder, source, destination, level })
    }
}

impl Conflicts {
    async fn metadata(
        &self,
        folder: &Path,
        path: &[u8],
        level: ConflictDetailLevel,
    ) -> Result<Value, ApiError> {
        let sides = [
            ("source", self.sides.source.get(path)),
            ("destination", self.sides.destination.get(path)),
            ("base", self.sides.base.get(path)),
        ];
        let (mut sizes, mut modes, mut types, mut binary) = (json!({}), json!({}), json!({}), json!({}));
        for (side, entry) in sides {
            let content = content_of(folder, entry).await?;
            sizes[side] = content.len().into();
            binary[side] = content.contains(&0).into();
            let Some(entry) = entry else { continue };
            if let Some(mode) = entry.file_mode() {
                modes[side] = mode.into();
            }
            types[side] = object_type(entry).into();
        }
        let [(_, source), (_, destination), (_, base)] = sides;
        let differs = |of: fn(&Entry) -> &str| match (source, destination) {
            (Some(source), Some(destination)) => of(source) != of(destination),
            _ => false,
        };
        let content_conflict = source.map(|entry| &entry.id) != destination.map(|entry| &entry.id);
        let type_conflict = differs(object_type);
        let mode_conflict = !type_conflict && differs(|entry| entry.mode.as_str());
        let hunks = match level {
            ConflictDetailLevel::File => 1,
            ConflictDetailLevel::Line => self.count_hunks(folder, path).await?.max(1),
        };
        let operation = |side: Option<&Entry>| match (base, side) {
            (None, Some(_)) => "A",
            (_, None) => "D",
            _ => "M",
        };
        Ok(json!({
            "filePath": String::from_utf8_lossy(path),
            "fileSizes": sizes,
            "fileModes": modes,
            "objectTypes": types,
            "numberOfConflicts": hunks,
            "isBinaryFile": binary,
            "contentConflict": content_conflict,
            "fileModeConflict": mode_conflict,
            "objectTypeConflict": type_conflict,
            "mergeOperations": { "source": operation(source), "destination": operation(destination) },
        }))
    }

    /// The conflicts that Git has marked in the merged file.
    async fn count_hunks(&self, folder: &Path, path: &[u8]) -> Result<usize, ApiError> {
        let merged = files(folder, &self.tree).await?;
        let content = content_of(folder, merged.get(path)).await?;
        let own = content_of(folder, self.sides.destination.get(path)).await?;
        let marks = |content: &[u8]| {
            content.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"<<<<<<< ")).count()
        };
        Ok(marks(&content).saturating_sub(marks(&own)))
    }
}

async fn content_of(folder: &Path, entry: Option<&Entry>) -> Result<Vec<u8>, ApiError> {
    let Some(entry) = entry.filter(|entry| entry.mode != SUBMODULE) else { return Ok(Vec::new()) };
    Ok(git::object(folder, &entry.id).await?.map(|(_, content)| content).unwrap_or_default())
}

fn object_type(entry: &Entry) -> &'static str {
    match entry.mode.as_str() {
        SUBMODULE => "GIT_LINK",
        SYMLINK => "SYMBOLIC_LINK",
        _ => "FILE",
    }
}
