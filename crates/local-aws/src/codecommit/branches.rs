//! The operations on branches. They change references in the repository's turn, as a push does.

use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeCommit;
use super::git;
use super::git_write::update_reference;
use super::page::page;
use super::parameters::{branch_name, commit_id, repository_name};
use super::state::Repository;
use crate::aws_json::ApiError;
use crate::caller::Caller;

/// Branches a page. AWS documents no number.
const BRANCHES_PER_PAGE: usize = 1000;

/// The beginning of a branch's full name.
const BRANCH_PREFIX: &str = "refs/heads/";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NamedBranch {
    repository_name: Option<String>,
    branch_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateBranch {
    repository_name: Option<String>,
    branch_name: Option<String>,
    commit_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListBranches {
    repository_name: Option<String>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UpdateDefaultBranch {
    repository_name: Option<String>,
    default_branch_name: Option<String>,
}

impl CodeCommit {
    pub(super) fn get_branch(&self, input: NamedBranch) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let branch = branch_name(input.branch_name)?;
        let state = self.lock();
        Ok(json!({ "branch": branch_json(&branch, existing_tip(state.repository(&name)?, &branch)?) }))
    }

    pub(super) async fn create_branch(
        &self,
        caller: &Caller,
        input: CreateBranch,
    ) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let branch = branch_name(input.branch_name)?;
        let commit = commit_id(input.commit_id)?;
        let (_turn, folder) = self.push_turn(&name).await?;
        if let Some(taken) = self.lock().repository(&name)?.conflicting_branch(&branch) {
            let message = format!("Branch {} cannot be created: {} exists", short(&branch), short(taken));
            return Err(ApiError::new("BranchNameExistsException", message));
        }
        if git::missing_commit(&folder, &[&commit]).await?.is_some() {
            let message = format!("The commit {commit} does not exist in {name}");
            return Err(ApiError::new("CommitDoesNotExistException", message));
        }
        update_reference(&folder, &branch, Some(&commit), None).await?;
        self.tell_of_references(&name, &folder, caller, None).await?;
        Ok(json!({}))
    }

    /// A branch that is not there answers nothing: the API model lists no error for it.
    pub(super) async fn delete_branch(&self, caller: &Caller, input: NamedBranch) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let branch = branch_name(input.branch_name)?;
        let (_turn, folder) = self.push_turn(&name).await?;
        let tip = {
            let state = self.lock();
            let repository = state.repository(&name)?;
            if repository.default_branch.as_ref() == Some(&branch) {
                let message = format!("{} is the repository's default branch", short(&branch));
                return Err(ApiError::new("DefaultBranchCannotBeDeletedException", message));
            }
            repository.tip(&branch).map(str::to_owned)
        };
        let Some(tip) = tip else { return Ok(json!({})) };
        update_reference(&folder, &branch, None, Some(&tip)).await?;
        self.tell_of_references(&name, &folder, caller, None).await?;
        Ok(json!({ "deletedBranch": branch_json(&branch, &tip) }))
    }

    pub(super) fn list_branches(&self, input: ListBranches) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let state = self.lock();
        let names = state.repository(&name)?.references.keys();
        let branches: Vec<&str> = names.filter_map(|name| name.strip_prefix(BRANCH_PREFIX)).collect();
        let token = input.next_token.as_deref();
        let (branches, next) = page(branches, "ListBranches", token, BRANCHES_PER_PAGE)?;
        let mut answer = json!({ "branches": branches });
        if let Some(next) = next {
            answer["nextToken"] = next.into();
        }
        Ok(answer)
    }

    pub(super) async fn update_default_branch(&self, input: UpdateDefaultBranch) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let branch = branch_name(input.default_branch_name)?;
        let (_turn, folder) = self.push_turn(&name).await?;
        existing_tip(self.lock().repository(&name)?, &branch)?;
        git::set_head(&folder, &branch).await?;
        if let Some(repository) = self.lock().repositories.get_mut(&name) {
            repository.default_branch = Some(branch);
            repository.modified = self.clock.now();
        }
        Ok(json!({}))
    }
}

impl Repository {
    /// The branch that keeps another one from existing: itself, or one of which the other would be a folder.
    pub(super) fn conflicting_branch(&self, branch: &str) -> Option<&str> {
        let below = |one: &str, other: &str| {
            one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut names = self.references.keys().map(String::as_str);
        names.find(|name| below(name, branch) || below(branch, name))
    }
}

/// The tip of a branch that must exist, by its full name.
pub(super) fn existing_tip<'a>(repository: &'a Repository, branch: &str) -> Result<&'a str, ApiError> {
    repository.tip(branch).ok_or_else(|| {
        ApiError::new("BranchDoesNotExistException", format!("Branch {} does not exist", short(branch)))
    })
}

fn branch_json(branch: &str, tip: &str) -> Value {
    json!({ "branchName": short(branch), "commitId": tip })
}

/// A branch's short name.
pub(super) fn short(branch: &str) -> &str {
    branch.strip_prefix(BRANCH_PREFIX).unwrap_or(branch)
}
