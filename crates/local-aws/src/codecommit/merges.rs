//! Merging pull requests: by fast-forward, squash and three-way.

use serde::Deserialize;
use serde_json::Value;

use super::CodeCommit;
use super::branches::{existing_tip, short};
use super::events::MergeOrigin;
use super::git;
use super::git_write::{commit_tree, update_reference};
use super::merge_conflicts::{ConflictDetailLevel, conflict_detail_level, find_conflicts, none_strategy};
use super::parameters::{CommitWords, commit_id, commit_person, pull_request_id, repository_name};
use super::push::Merged;
use super::state::{Merge, MergeOption, PullRequest};
use crate::aws_json::ApiError;
use crate::caller::Caller;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MergeByFastForward {
    pull_request_id: Option<String>,
    repository_name: Option<String>,
    source_commit_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MergeByCommit {
    pull_request_id: Option<String>,
    repository_name: Option<String>,
    source_commit_id: Option<String>,
    conflict_detail_level: Option<String>,
    conflict_resolution_strategy: Option<String>,
    commit_message: Option<String>,
    author_name: Option<String>,
    email: Option<String>,
    /// Git merges keep no empty folders; a merge never leaves one that it could keep.
    keep_empty_folders: Option<bool>,
}

/// A merge as asked for.
struct Request {
    option: MergeOption,
    pull_request: u64,
    repository_name: String,
    source_commit: Option<String>,
    level: ConflictDetailLevel,
    words: CommitWords,
}

impl CodeCommit {
    pub(super) async fn merge_by_fast_forward(
        &self,
        caller: &Caller,
        input: MergeByFastForward,
    ) -> Result<Value, ApiError> {
        let request = Request {
            option: MergeOption::FastForward,
            pull_request: pull_request_id(input.pull_request_id)?,
            repository_name: repository_name(input.repository_name)?,
            source_commit: input.source_commit_id.map(|id| commit_id(Some(id))).transpose()?,
            level: ConflictDetailLevel::Line,
            words: CommitWords::default(),
        };
        self.merge(caller, request).await
    }

    /// A squash or a three-way merge.
    pub(super) async fn merge_by_commit(
        &self,
        caller: &Caller,
        option: MergeOption,
        input: MergeByCommit,
    ) -> Result<Value, ApiError> {
        none_strategy(input.conflict_resolution_strategy.as_deref())?;
        if input.keep_empty_folders == Some(true) {
            return Err(ApiError::not_modeled("keepEmptyFolders in merges"));
        }
        let request = Request {
            option,
            pull_request: pull_request_id(input.pull_request_id)?,
            repository_name: repository_name(input.repository_name)?,
            source_commit: input.source_commit_id.map(|id| commit_id(Some(id))).transpose()?,
            level: conflict_detail_level(input.conflict_detail_level.as_deref())?,
            words: CommitWords::new(input.author_name, input.email, input.commit_message)?,
        };
        self.merge(caller, request).await
    }

    async fn merge(&self, caller: &Caller, request: Request) -> Result<Value, ApiError> {
        self.lock().pull_request_of(request.pull_request, &request.repository_name)?;
        let name = &request.repository_name;
        let (turn, folder) = self.push_turn(name).await?;
        let pull_request = self.mergeable_pull_request(&request)?;
        let (source, destination) = (&pull_request.source_commit, &pull_request.destination_commit);
        let base = git::merge_base(&folder, source, destination).await?;
        let commit = match request.option {
            MergeOption::FastForward => {
                if base.as_ref() != Some(destination) {
                    return Err(manual_merge_required(
                        "the destination branch has commits that the source lacks",
                    ));
                }
                source.clone()
            }
            option => {
                let found = find_conflicts(&folder, destination, source, request.level).await?;
                if !found.paths.is_empty() {
                    return Err(manual_merge_required("the branches changed the same files"));
                }
                let person = commit_person(&request.words, caller, self.clock.now());
                let message = request.words.message.clone().unwrap_or_else(|| {
                    let (source, destination) =
                        (&pull_request.source_reference, &pull_request.destination_reference);
                    format!("Merge branch '{}' into {}\n", short(source), short(destination))
                });
                let both = [destination.as_str(), source.as_str()];
                let parents = if option == MergeOption::Squash { &both[..1] } else { &both[..] };
                commit_tree(&folder, &found.tree, parents, &person, &message).await?
            }
        };
        update_reference(&folder, &pull_request.destination_reference, Some(&commit), Some(destination))
            .await?;
        let merge = Merge { option: request.option, merged_by: caller.arn.clone(), commit };
        let origin = MergeOrigin {
            base,
            source: source.clone(),
            destination: destination.clone(),
            option: request.option,
            level: (request.option != MergeOption::FastForward).then_some(request.level),
        };
        let branch = pull_request.destination_reference.clone();
        let merged = Merged { pull_request: request.pull_request, branch, merge, origin };
        self.tell_of_references(name, &folder, caller, Some(merged)).await?;
        drop(turn);
        let pull_request = self.lock().pull_request(request.pull_request)?.clone();
        self.describe(pull_request).await
    }

    /// The pull request, open, with both its branches where it says that they are.
    fn mergeable_pull_request(&self, request: &Request) -> Result<PullRequest, ApiError> {
        let mut state = self.lock();
        let pull_request = state.open_pull_request(request.pull_request)?.clone();
        let repository = state.repository(&request.repository_name)?;
        for branch in [&pull_request.source_reference, &pull_request.destination_reference] {
            existing_tip(repository, branch).map_err(|_| {
                let message = format!("The reference {branch} does not exist");
                ApiError::new("ReferenceDoesNotExistException", message)
            })?;
        }
        match &request.source_commit {
            Some(expected) if *expected != pull_request.source_commit => {
                let message = format!(
                    "The tip of the source branch is {}, not {expected}: look at what was pushed, and merge again",
                    pull_request.source_commit
                );
                Err(ApiError::new("TipOfSourceReferenceIsDifferentException", message))
            }
            _ => Ok(pull_request),
        }
    }
}

fn manual_merge_required(why: &str) -> ApiError {
    let message = format!(
        "The pull request cannot be merged automatically: {why}. Merge it with a Git client and push the result."
    );
    ApiError::new("ManualMergeRequiredException", message)
}
