//! Commits as a caller names them: "a branch, tag, HEAD, or other fully qualified reference, such as a commit ID" (API
//! reference, GetDifferences).

use std::path::Path;

use super::CodeCommit;
use super::git;
use super::state::Repository;
use crate::aws_json::ApiError;

impl CodeCommit {
    /// The id of the commit that `specifier` names; `CommitDoesNotExistException` where there is none.
    pub(super) async fn resolve_commit(
        &self,
        repository_name: &str,
        folder: &Path,
        specifier: &str,
    ) -> Result<String, ApiError> {
        if let Some(commit) = named_commit(self.lock().repository(repository_name)?, specifier) {
            return Ok(commit);
        }
        let is_id = specifier.len() == 40 && specifier.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = specifier.to_ascii_lowercase();
        if is_id && git::missing_commit(folder, &[&id]).await?.is_none() {
            return Ok(id);
        }
        let message = format!("The commit {specifier} does not exist in {repository_name}");
        Err(ApiError::new("CommitDoesNotExistException", message))
    }
}

/// The commit of a reference by its full or short name.
fn named_commit(repository: &Repository, specifier: &str) -> Option<String> {
    if specifier == "HEAD" {
        return repository.tip(repository.default_branch.as_deref()?).map(str::to_owned);
    }
    let names = [specifier.to_owned(), format!("refs/heads/{specifier}"), format!("refs/tags/{specifier}")];
    names.iter().find_map(|name| repository.tip(name)).map(str::to_owned)
}
