//! The operations that create and read repositories and commits.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::CodeCommit;
use super::folder::RepositoryFolder;
use super::git::{self, References};
use super::page::page;
use super::parameters::{commit_id, repository_description, repository_name};
use super::state::Repository;
use crate::aws_json::ApiError;
use crate::clock::epoch_seconds;

/// Repositories a page (API reference, ListRepositories, nextToken).
const REPOSITORIES_PER_PAGE: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateRepository {
    repository_name: Option<String>,
    repository_description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetRepository {
    repository_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListRepositories {
    next_token: Option<String>,
    sort_by: Option<String>,
    order: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetCommit {
    repository_name: Option<String>,
    commit_id: Option<String>,
}

impl CodeCommit {
    pub(super) async fn create_repository(&self, input: CreateRepository) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let description = repository_description(input.repository_description)?;
        // One creation at a time, so that a name is taken by the first and refused to the second.
        let _turn = self.creation.lock().await;
        if self.lock().repositories.contains_key(&name) {
            let message = format!("Repository named {name} already exists");
            return Err(ApiError::new("RepositoryNameExistsException", message));
        }
        let id = Uuid::new_v4().to_string();
        let folder = self.folder.join(format!("{id}.git"));
        git::init(&folder).await?;
        let now = self.clock.now();
        let repository = Repository {
            id,
            name: name.clone(),
            description,
            folder: Arc::new(RepositoryFolder::new(folder)),
            created: now,
            modified: now,
            default_branch: None,
            references: References::new(),
            push_turn: Arc::default(),
        };
        let metadata = self.repository_metadata(&repository);
        self.lock().repositories.insert(name, repository);
        Ok(json!({ "repositoryMetadata": metadata }))
    }

    pub(super) fn get_repository(&self, input: GetRepository) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let state = self.lock();
        Ok(json!({ "repositoryMetadata": self.repository_metadata(state.repository(&name)?) }))
    }

    pub(super) fn list_repositories(&self, input: ListRepositories) -> Result<Value, ApiError> {
        let by_date = match input.sort_by.as_deref() {
            None | Some("repositoryName") => false,
            Some("lastModifiedDate") => true,
            Some(other) => {
                let message = format!("Sort by {other:?} is not one of repositoryName, lastModifiedDate");
                return Err(ApiError::new("InvalidSortByException", message));
            }
        };
        let descending = match input.order.as_deref() {
            None | Some("ascending") => false,
            Some("descending") => true,
            Some(other) => {
                let message = format!("Order {other:?} is not one of ascending, descending");
                return Err(ApiError::new("InvalidOrderException", message));
            }
        };
        let state = self.lock();
        let mut repositories: Vec<&Repository> = state.repositories.values().collect();
        if by_date {
            repositories.sort_by_key(|repository| repository.modified);
        }
        if descending {
            repositories.reverse();
        }
        let token = input.next_token.as_deref();
        let (repositories, next) = page(repositories, "ListRepositories", token, REPOSITORIES_PER_PAGE)?;
        let pair = |repository: &Repository| json!({ "repositoryName": repository.name, "repositoryId": repository.id });
        let repositories: Vec<Value> = repositories.into_iter().map(pair).collect();
        let mut answer = json!({ "repositories": repositories });
        if let Some(next) = next {
            answer["nextToken"] = next.into();
        }
        Ok(answer)
    }

    pub(super) async fn get_commit(&self, input: GetCommit) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let id = commit_id(input.commit_id)?;
        let folder = self.lock().repository(&name)?.folder.clone();
        match git::object(&folder, &id).await? {
            Some((kind, content)) if kind == "commit" => {
                Ok(json!({ "commit": commit_json(&id, &String::from_utf8_lossy(&content)) }))
            }
            _ => {
                let message = format!("The commit {id} does not exist in {name}");
                Err(ApiError::new("CommitIdDoesNotExistException", message))
            }
        }
    }

    pub(super) fn repository_metadata(&self, repository: &Repository) -> Value {
        let (account, name) = (&self.account, &repository.name);
        let mut metadata = json!({
            "accountId": account.id,
            "repositoryId": repository.id,
            "repositoryName": name,
            "lastModifiedDate": epoch_seconds(repository.modified),
            "creationDate": epoch_seconds(repository.created),
            "cloneUrlHttp": format!("{}{name}", account.clone_url_prefix()),
            "cloneUrlSsh": format!(
                "ssh://git-codecommit.{}.{}/v1/repos/{name}", account.region, account.url_suffix()
            ),
            "Arn": account.arn("codecommit", name),
        });
        if let Some(description) = &repository.description {
            metadata["repositoryDescription"] = description.as_str().into();
        }
        if let Some(branch) = &repository.default_branch {
            metadata["defaultBranch"] = branch.trim_start_matches("refs/heads/").into();
        }
        metadata
    }
}

/// A commit object as GetCommit shows it. Headers that the API has no member for are `additionalData`.
fn commit_json(id: &str, object: &str) -> Value {
    let (head, message) = object.split_once("\n\n").unwrap_or((object, ""));
    let mut parents = Vec::new();
    let mut additional = String::new();
    let mut commit = json!({ "commitId": id, "message": message });
    for line in head.lines() {
        match line.split_once(' ') {
            Some(("tree", tree)) => commit["treeId"] = tree.into(),
            Some(("parent", parent)) => parents.push(parent),
            Some(("author", person)) => commit["author"] = person_json(person),
            Some(("committer", person)) => commit["committer"] = person_json(person),
            _ => {
                additional.push_str(line);
                additional.push('\n');
            }
        }
    }
    commit["parents"] = parents.into();
    commit["additionalData"] = additional.into();
    commit
}

/// `NAME <EMAIL> SECONDS OFFSET`, as Git writes it.
fn person_json(person: &str) -> Value {
    let (name, rest) = person.split_once('<').unwrap_or((person, ""));
    let (email, date) = rest.rsplit_once('>').unwrap_or((rest, ""));
    json!({ "name": name.trim_end(), "email": email, "date": date.trim_start() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_merge_commit_is_shown_whole() {
        let object = "tree 1111\nparent 2222\nparent 3333\nauthor A B <a@b> 1484167798 -0800\n\
                      committer C <c@d> 1484167799 +0000\ngpgsig -----BEGIN\n line\n -----END\n\nSubject\n\nBody\n";
        let expected = json!({
            "commitId": "4444",
            "treeId": "1111",
            "parents": ["2222", "3333"],
            "author": { "name": "A B", "email": "a@b", "date": "1484167798 -0800" },
            "committer": { "name": "C", "email": "c@d", "date": "1484167799 +0000" },
            "message": "Subject\n\nBody\n",
            "additionalData": "gpgsig -----BEGIN\n line\n -----END\n",
        });
        assert_eq!(commit_json("4444", object), expected);
    }
}
