//! CodeCommit: its API, real bare Git repositories, and Git's smart HTTP protocol in front of them.
//!
//! What a push changes (pull requests, events) is applied before its answer ends, and one push at a time is served
//! per repository: who pushed and then asks the API sees their push.

mod comment_answers;
mod comments;
mod events;
mod git;
mod http_backend;
mod page;
mod parameters;
mod pull_requests;
mod push;
mod repositories;
mod state;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::account::Account;
use crate::aws_json::{Answer, ApiError, AwsJsonService, parse_input};
use crate::caller::Caller;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
pub(crate) use git::git_command;

use state::State;

/// CodeCommit in one account and region.
pub struct CodeCommit {
    account: Account,
    clock: Clock,
    folder: PathBuf,
    emit: EventSink,
    state: Mutex<State>,
    creation: tokio::sync::Mutex<()>,
}

impl CodeCommit {
    /// CodeCommit without repositories. `folder` must exist and be empty: the bare repositories go there.
    pub fn new(account: Account, clock: Clock, folder: PathBuf, emit: EventSink) -> Arc<Self> {
        let (state, creation) = (Mutex::default(), tokio::sync::Mutex::default());
        Arc::new(Self { account, clock, folder, emit, state, creation })
    }

    /// The folder of a repository's bare Git repository, for reading.
    pub fn repository_folder(&self, name: &str) -> Option<PathBuf> {
        self.lock().repositories.get(name).map(|repository| repository.folder.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends events while the state is still locked, so that they leave in the order in which it changed.
    fn send(&self, _state: &MutexGuard<'_, State>, events: impl IntoIterator<Item = Event>) {
        events.into_iter().for_each(|event| (self.emit)(event));
    }
}

impl std::fmt::Debug for CodeCommit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (account, folder) = (&self.account, &self.folder);
        formatter.debug_struct("CodeCommit").field("account", account).field("folder", folder).finish()
    }
}

impl AwsJsonService for CodeCommit {
    fn target_prefix(&self) -> &'static str {
        "CodeCommit_20150413"
    }

    fn call<'a>(&'a self, operation: &'a str, caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            match operation {
                "CreateRepository" => self.create_repository(parse_input(operation, input)?).await,
                "GetRepository" => self.get_repository(parse_input(operation, input)?),
                "ListRepositories" => self.list_repositories(parse_input(operation, input)?),
                "GetBranch" => self.get_branch(parse_input(operation, input)?),
                "GetCommit" => self.get_commit(parse_input(operation, input)?).await,
                "CreatePullRequest" => self.create_pull_request(caller, parse_input(operation, input)?).await,
                "GetPullRequest" => self.get_pull_request(parse_input(operation, input)?).await,
                "ListPullRequests" => self.list_pull_requests(parse_input(operation, input)?),
                "UpdatePullRequestStatus" => {
                    self.update_pull_request_status(caller, parse_input(operation, input)?).await
                }
                "PostCommentForPullRequest" => {
                    self.post_comment_for_pull_request(caller, parse_input(operation, input)?).await
                }
                "GetComment" => self.get_comment(parse_input(operation, input)?),
                "UpdateComment" => self.update_comment(caller, parse_input(operation, input)?),
                "DeleteCommentContent" => self.delete_comment_content(parse_input(operation, input)?),
                "GetCommentsForPullRequest" => {
                    self.get_comments_for_pull_request(parse_input(operation, input)?).await
                }
                other => Err(ApiError::not_modeled(format_args!("CodeCommit {other}"))),
            }
        })
    }
}
