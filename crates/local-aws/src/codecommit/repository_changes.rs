//! The operations that change, delete and batch-get repositories.

use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeCommit;
use super::parameters::{repository_description, repository_name};
use crate::aws_json::ApiError;

/// Repositories of one BatchGetRepositories call (user guide, Quotas).
const BATCH_LIMIT: usize = 25;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeleteRepository {
    repository_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UpdateRepositoryDescription {
    repository_name: Option<String>,
    repository_description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BatchGetRepositories {
    repository_names: Option<Vec<String>>,
}

impl CodeCommit {
    /// Deletes a repository with its pull requests and their comments. One that is not there answers no id.
    pub(super) async fn delete_repository(&self, input: DeleteRepository) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let Ok((_turn, folder)) = self.push_turn(&name).await else { return Ok(json!({})) };
        let id = {
            let mut state = self.lock();
            let Some(repository) = state.repositories.remove(&name) else { return Ok(json!({})) };
            let state = &mut *state;
            state.pull_requests.retain(|_, pull_request| pull_request.repository_name != name);
            state.comments.retain(|comment| comment.repository_name != name);
            let (pull_requests, comments) = (&state.pull_requests, &state.comments);
            state.created.retain(|_, (_, id)| pull_requests.contains_key(id));
            state.posted.retain(|_, (_, id)| comments.iter().any(|comment| comment.id == *id));
            repository.id
        };
        folder.give_up();
        Ok(json!({ "repositoryId": id }))
    }

    pub(super) fn update_repository_description(
        &self,
        input: UpdateRepositoryDescription,
    ) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let description = repository_description(input.repository_description)?;
        let mut state = self.lock();
        state.repository(&name)?;
        if let Some(repository) = state.repositories.get_mut(&name) {
            repository.description = description;
            repository.modified = self.clock.now();
        }
        Ok(json!({}))
    }

    pub(super) fn batch_get_repositories(&self, input: BatchGetRepositories) -> Result<Value, ApiError> {
        let names = input.repository_names.filter(|names| !names.is_empty()).ok_or_else(|| {
            ApiError::new("RepositoryNamesRequiredException", "At least one repository name is required")
        })?;
        if names.len() > BATCH_LIMIT {
            let message = format!("At most {BATCH_LIMIT} repository names are allowed");
            return Err(ApiError::new("MaximumRepositoryNamesExceededException", message));
        }
        let names = names.into_iter().map(|name| repository_name(Some(name)));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let state = self.lock();
        let (found, missing): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| state.repositories.contains_key(name));
        let found = found.iter().filter_map(|name| state.repositories.get(name));
        let found: Vec<Value> = found.map(|repository| self.repository_metadata(repository)).collect();
        Ok(json!({ "repositories": found, "repositoriesNotFound": missing }))
    }
}
