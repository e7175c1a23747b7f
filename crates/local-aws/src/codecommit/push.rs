//! Git over HTTP: clones, fetches, and pushes with their consequences.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use tokio::sync::OwnedMutexGuard;

use super::CodeCommit;
use super::events::{MergeOrigin, PullRequestChange, ReferenceChange, pull_request_event, reference_event};
use super::folder::RepositoryFolder;
use super::git::{self, GitError, References};
use super::http_backend::HttpBackend;
use super::state::{Happening, Merge, State, new_revision_id};
use crate::aws_json::ApiError;
use crate::caller::Caller;
use crate::iam::Permission;

/// The path prefix of every repository's clone URL.
pub const CLONE_PATH: &str = "/v1/repos/";

/// What a Git client asks of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GitRequest {
    /// References, or objects: nothing changes.
    Pull,
    /// The references, for a push that is to come.
    BeginPush,
    Push,
}

/// A pull request that was merged, and how.
pub(super) struct Merged {
    pub(super) pull_request: u64,
    /// The full name of the branch that it was merged into.
    pub(super) branch: String,
    pub(super) merge: Merge,
    pub(super) origin: MergeOrigin,
}

impl CodeCommit {
    /// Answers a request of Git's smart HTTP protocol below `/v1/repos/NAME/`.
    ///
    /// The answer to a push comes when its consequences are applied. A push that has begun is carried through even if
    /// this future is dropped, for what Git has stored must not miss its events.
    pub async fn handle_git(self: &Arc<Self>, caller: &Caller, request: Request<Body>) -> Response<Body> {
        let uri = request.uri().clone();
        let Some((name, below)) = split_path(uri.path()) else {
            return refuse(StatusCode::NOT_FOUND, "a repository's path is /v1/repos/NAME");
        };
        let Some(kind) = classify(request.method(), below, uri.query()) else {
            return refuse(StatusCode::FORBIDDEN, "only Git's smart HTTP protocol is served here");
        };
        let action = match kind {
            GitRequest::Pull => "codecommit:GitPull",
            GitRequest::BeginPush | GitRequest::Push => "codecommit:GitPush",
        };
        if let Err(denied) = caller.authorize(&Permission::on(action, self.repository_arn(name))) {
            return refuse(StatusCode::FORBIDDEN, &denied.to_string());
        }
        let answer = match kind {
            GitRequest::Pull | GitRequest::BeginPush => self.read(name, below, request).await,
            GitRequest::Push => {
                let code_commit = Arc::clone(self);
                let (name, below, caller) = (name.to_owned(), below.to_owned(), caller.clone());
                let push = async move { code_commit.push(&name, &below, &caller, request).await };
                tokio::spawn(push).await.unwrap_or_else(|error| Err(ApiError::internal(error.to_string())))
            }
        };
        answer.unwrap_or_else(|error| {
            if error.status < 500 {
                return refuse(StatusCode::NOT_FOUND, &format!("repository {name} does not exist"));
            }
            tracing::error!(repository.name = name, %error, "git http-backend failed");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, &format!("local-aws failed: {error}"))
        })
    }

    async fn read(
        &self,
        name: &str,
        below: &str,
        request: Request<Body>,
    ) -> Result<Response<Body>, ApiError> {
        let folder = self.lock().repository(name)?.folder.clone();
        let backend = HttpBackend::start(&self.folder, &path_info(&folder, below), request).await;
        Ok(backend.map_err(GitError::from)?.stream(folder))
    }

    async fn push(
        &self,
        name: &str,
        below: &str,
        caller: &Caller,
        request: Request<Body>,
    ) -> Result<Response<Body>, ApiError> {
        let (_turn, folder) = self.push_turn(name).await?;
        let backend = HttpBackend::start(&self.folder, &path_info(&folder, below), request).await;
        let answer = backend.map_err(GitError::from)?.collect().await.map_err(GitError::from)?;
        self.tell_of_references(name, &folder, caller, None).await?;
        Ok(answer)
    }

    /// Waits for a repository's turn to change its references. While it is held nobody else changes them.
    pub(super) async fn push_turn(
        &self,
        name: &str,
    ) -> Result<(OwnedMutexGuard<()>, Arc<RepositoryFolder>), ApiError> {
        loop {
            let turn = Arc::clone(&self.lock().repository(name)?.push_turn);
            let guard = Arc::clone(&turn).lock_owned().await;
            // It may have been deleted meanwhile, and another one created with its name.
            let state = self.lock();
            let repository = state.repository(name)?;
            if Arc::ptr_eq(&repository.push_turn, &turn) {
                return Ok((guard, Arc::clone(&repository.folder)));
            }
        }
    }

    /// Reads a repository's references after a change, whose turn is still held, and applies what follows from them.
    /// `merged` tells of the pull request that this change merged.
    pub(super) async fn tell_of_references(
        &self,
        name: &str,
        folder: &Path,
        caller: &Caller,
        merged: Option<Merged>,
    ) -> Result<(), GitError> {
        let references = git::references(folder).await?;
        let has_default =
            self.lock().repositories.get(name).is_some_and(|repository| repository.default_branch.is_some());
        let default_branch = if has_default { None } else { first_branch(&references) };
        if let Some(branch) = &default_branch {
            git::set_head(folder, branch).await?;
        }
        self.apply_references(name, caller, references, default_branch, merged);
        Ok(())
    }

    /// Brings repository and pull requests up to date with the references after a change, and tells of all that changed.
    fn apply_references(
        &self,
        name: &str,
        caller: &Caller,
        references: References,
        default_branch: Option<String>,
        merged: Option<Merged>,
    ) {
        let now = self.clock.now();
        let mut guard = self.lock();
        let State { repositories, pull_requests, .. } = &mut *guard;
        let Some(repository) = repositories.get_mut(name) else { return };
        let changes = compare(&repository.references, &references);
        if changes.is_empty() && merged.is_none() {
            return;
        }
        repository.references = references;
        repository.modified = now;
        if default_branch.is_some() {
            repository.default_branch = default_branch;
        }
        let repository = &*repository;
        let mut events: Vec<_> = changes
            .iter()
            .map(|(full_name, change)| {
                let origin = merged.as_ref().filter(|merged| merged.branch == *full_name);
                let origin = origin.map(|merged| &merged.origin);
                reference_event(&self.account, now, repository, full_name, change, origin, caller)
            })
            .collect();
        if let Some(merged) = merged
            && let Some(pull_request) = pull_requests.get_mut(&merged.pull_request)
        {
            pull_request.open = false;
            pull_request.merge = Some(merged.merge);
            pull_request.record(now, &caller.arn, Happening::Merged);
            let change = PullRequestChange::Merged;
            events.push(pull_request_event(&self.account, now, change, pull_request, caller));
        }
        for pull_request in pull_requests.values_mut() {
            if !pull_request.open || pull_request.repository_name != name {
                continue;
            }
            // A branch that is gone leaves the pull request with the last commit it saw.
            if let Some(tip) = repository.tip(&pull_request.destination_reference) {
                tip.clone_into(&mut pull_request.destination_commit);
            }
            match repository.tip(&pull_request.source_reference) {
                Some(tip) if tip != pull_request.source_commit => {
                    let before = std::mem::replace(&mut pull_request.source_commit, tip.to_owned());
                    let (after, destination) = (tip.to_owned(), pull_request.destination_commit.clone());
                    pull_request.revision_id = new_revision_id();
                    let happening = Happening::SourceUpdated { before, after, destination };
                    pull_request.record(now, &caller.arn, happening);
                    let change = PullRequestChange::SourceBranchUpdated;
                    events.push(pull_request_event(&self.account, now, change, pull_request, caller));
                }
                _ => {}
            }
        }
        self.send(&guard, events);
    }
}

/// `NAME` and what follows it in `/v1/repos/NAME/…`.
fn split_path(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(CLONE_PATH)?.split_once('/')
}

/// The path below the folder of all repositories that git is asked for.
fn path_info(folder: &Path, below: &str) -> String {
    let id = folder.file_name().unwrap_or_default().to_string_lossy();
    format!("/{id}/{below}")
}

/// Only the four requests of the smart protocol; nothing else of the path ever reaches Git.
fn classify(method: &Method, below: &str, query: Option<&str>) -> Option<GitRequest> {
    match (method.as_str(), below, query) {
        ("GET", "info/refs", Some("service=git-upload-pack")) | ("POST", "git-upload-pack", None) => {
            Some(GitRequest::Pull)
        }
        ("GET", "info/refs", Some("service=git-receive-pack")) => Some(GitRequest::BeginPush),
        ("POST", "git-receive-pack", None) => Some(GitRequest::Push),
        _ => None,
    }
}

/// The branch that becomes the default one: `main` if the first push has it, otherwise the first by name.
fn first_branch(references: &References) -> Option<String> {
    let main = "refs/heads/main";
    if references.contains_key(main) {
        return Some(main.to_owned());
    }
    references.keys().find(|name| name.starts_with("refs/heads/")).cloned()
}

/// What changed between two states of a repository, by the reference's full name.
fn compare(before: &References, after: &References) -> Vec<(String, ReferenceChange)> {
    let deleted = before
        .iter()
        .filter(|(name, _)| !after.contains_key(*name))
        .map(|(name, old)| (name.clone(), ReferenceChange::Deleted { old: old.commit.clone() }));
    let written = after.iter().filter_map(|(name, new)| {
        let new_commit = new.commit.clone();
        match before.get(name) {
            None => Some((name.clone(), ReferenceChange::Created { new: new_commit })),
            Some(old) if old.object != new.object => {
                let change = ReferenceChange::Updated { old: old.commit.clone(), new: new_commit };
                Some((name.clone(), change))
            }
            Some(_) => None,
        }
    });
    deleted.chain(written).collect()
}

fn refuse(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{message}\n")));
    *response.status_mut() = status;
    let text = axum::http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(axum::http::header::CONTENT_TYPE, text);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_smart_protocol_reaches_git() {
        let upload = Some("service=git-upload-pack");
        let receive = Some("service=git-receive-pack");
        assert_eq!(classify(&Method::GET, "info/refs", upload), Some(GitRequest::Pull));
        assert_eq!(classify(&Method::GET, "info/refs", receive), Some(GitRequest::BeginPush));
        assert_eq!(classify(&Method::POST, "git-receive-pack", None), Some(GitRequest::Push));
        for (method, below, query) in [
            (Method::GET, "info/refs", None),
            (Method::GET, "info/refs", Some("service=git-upload-archive")),
            (Method::GET, "HEAD", None),
            (Method::GET, "config", None),
            (Method::GET, "../other/info/refs", upload),
            (Method::GET, "git-receive-pack", None),
            (Method::POST, "git-upload-archive", None),
        ] {
            assert_eq!(classify(&method, below, query), None, "{method} {below} {query:?}");
        }
    }
}
