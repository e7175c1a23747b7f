//! One CodeCommit on a port of its own, with everything that it was asked and everything that it told.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use local_aws::account::Account;
use local_aws::aws_json::{ApiError, AwsJsonService};
use local_aws::caller::Caller;
use local_aws::clock::Clock;
use local_aws::codecommit::CodeCommit;
use local_aws::event::Event;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::task::JoinHandle;

/// Far more than any git command of these tests takes.
const GIT_LIMIT: Duration = Duration::from_secs(120);

/// A request of a git client: method and path, and its headers.
pub(crate) type GitRequest = (String, HeaderMap);

pub(crate) struct World {
    pub(crate) code_commit: Arc<CodeCommit>,
    pub(crate) clock: Clock,
    pub(crate) git_requests: Arc<Mutex<Vec<GitRequest>>>,
    events: Arc<Mutex<Vec<Event>>>,
    address: String,
    folder: tempfile::TempDir,
    server: JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repositories = folder.path().join("repositories");
        std::fs::create_dir(&repositories).unwrap();
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let sink = Arc::clone(&events);
        let clock = Clock::default();
        let code_commit = CodeCommit::new(
            Account::default(),
            clock.clone(),
            repositories,
            Arc::new(move |event| sink.lock().unwrap().push(event)),
        );
        let git_requests: Arc<Mutex<Vec<GitRequest>>> = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback({
            let (code_commit, git_requests) = (Arc::clone(&code_commit), Arc::clone(&git_requests));
            move |request: Request<Body>| async move {
                let line = format!("{} {}", request.method(), request.uri());
                git_requests.lock().unwrap().push((line, request.headers().clone()));
                code_commit.handle_git(&person(), request).await
            }
        });
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { code_commit, clock, git_requests, events, address, folder, server }
    }

    /// A world with one repository, and a clone of it with a first commit on `main`.
    pub(crate) async fn with_repository(name: &str) -> (Self, GitClone) {
        let world = Self::new().await;
        world.call("CreateRepository", json!({ "repositoryName": name })).await.unwrap();
        let clone = world.clone_repository(name).await.unwrap();
        clone.commit("first").await;
        clone.git(&["push", "origin", "HEAD:refs/heads/main"]).await.unwrap();
        (world, clone)
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.call_as(&person(), operation, input).await
    }

    pub(crate) async fn call_as(
        &self,
        caller: &Caller,
        operation: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        self.code_commit.call(operation, caller, input).await
    }

    /// Opens a pull request to `main` and answers it.
    pub(crate) async fn open_pull_request(&self, repository: &str, source: &str) -> Value {
        let input = json!({
            "title": format!("Merge {source}"),
            "targets": [{ "repositoryName": repository, "sourceReference": source }],
            "clientRequestToken": format!("open {repository} {source}"),
        });
        self.call("CreatePullRequest", input).await.unwrap()["pullRequest"].clone()
    }

    pub(crate) async fn pull_request(&self, id: &str) -> Value {
        let answer = self.call("GetPullRequest", json!({ "pullRequestId": id })).await.unwrap();
        answer["pullRequest"].clone()
    }

    /// The events since the last call.
    pub(crate) fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    /// The names of the events since the last call.
    pub(crate) fn take_event_names(&self) -> Vec<String> {
        let name = |event: &Event| event.detail["event"].as_str().unwrap().to_owned();
        self.take_events().iter().map(name).collect()
    }

    pub(crate) fn url(&self, repository: &str) -> String {
        format!("http://{}/v1/repos/{repository}", self.address)
    }

    pub(crate) fn git_folder(&self, repository: &str) -> GitClone {
        GitClone { folder: self.code_commit.repository_folder(repository).unwrap() }
    }

    /// An empty repository that is nobody's clone yet.
    pub(crate) async fn folder_for_fetch(&self) -> GitClone {
        let clone = GitClone { folder: self.new_folder() };
        clone.git(&["init", "--quiet"]).await.unwrap();
        clone
    }

    fn new_folder(&self) -> PathBuf {
        let folder = self.folder.path().join(format!("clone-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    pub(crate) async fn clone_repository(&self, name: &str) -> Result<GitClone, String> {
        let clone = GitClone { folder: self.new_folder() };
        clone.git(&["clone", "--quiet", &self.url(name), "."]).await.map(|_| clone)
    }
}

/// A work tree, or any other repository, and git to use on it.
#[derive(Clone)]
pub(crate) struct GitClone {
    pub(crate) folder: PathBuf,
}

impl GitClone {
    /// Runs git; what it prints on standard output, or on standard error where it fails.
    pub(crate) async fn git(&self, arguments: &[&str]) -> Result<String, String> {
        let run = Command::new("git")
            .args(arguments)
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(GIT_LIMIT, run)
            .await
            .unwrap_or_else(|_| panic!("git {arguments:?} has not ended within {GIT_LIMIT:?}"))
            .unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Commits on top of what is checked out; the new commit's id.
    pub(crate) async fn commit(&self, message: &str) -> String {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]).await.unwrap();
        self.git(&["rev-parse", "HEAD"]).await.unwrap()
    }

    /// Commits a file's content; the new commit's id.
    pub(crate) async fn commit_file(&self, path: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.folder.join(path), content).unwrap();
        self.git(&["add", "--", path]).await.unwrap();
        self.commit(&format!("Write {path}")).await
    }

    /// Commits and pushes to a branch; the new commit's id.
    pub(crate) async fn push_commit(&self, branch: &str, message: &str) -> String {
        let commit = self.commit(message).await;
        self.git(&["push", "--quiet", "origin", &format!("HEAD:refs/heads/{branch}")]).await.unwrap();
        commit
    }
}

/// Who sits at the terminal.
pub(crate) fn person() -> Caller {
    Caller::administrator("arn:aws:iam::123456789012:user/developer")
}

/// A function that speaks for itself.
pub(crate) fn function() -> Caller {
    Caller::administrator("arn:aws:sts::123456789012:assumed-role/publish-role/publish")
}
