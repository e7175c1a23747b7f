//! CodeCommit: its API, real bare Git repositories, and Git's smart HTTP protocol in front of them.
//!
//! What a push changes (pull requests, events) is applied before its answer ends, and one push at a time is served
//! per repository: who pushed and then asks the API sees their push.

mod branches;
mod comment_answers;
mod comment_replies;
mod comments;
mod commit_specifier;
mod commits;
mod events;
mod file_changes;
mod files;
mod folder;
mod git;
mod git_write;
mod http_backend;
mod merge_commits;
mod merge_conflicts;
mod merges;
mod page;
mod parameters;
mod pull_request_changes;
mod pull_requests;
mod push;
mod reactions;
mod repositories;
mod repository_changes;
mod state;
mod tree;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::Value;

use crate::account::Account;
use crate::aws_json::{Answer, ApiError, AwsJsonService, parse_input};
use crate::caller::Caller;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::iam::Permission;
pub(crate) use git::git_command;
pub use push::CLONE_PATH;

use state::{MergeOption, State};

/// CodeCommit in one account and region.
pub struct CodeCommit {
    /// Itself, for calls that are carried through.
    this: Weak<Self>,
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
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            account,
            clock,
            folder,
            emit,
            state,
            creation,
        })
    }

    /// The folder of a repository's bare Git repository, for reading.
    pub fn repository_folder(&self, name: &str) -> Option<PathBuf> {
        self.lock().repositories.get(name).map(|repository| repository.folder.to_path_buf())
    }

    fn repository_arn(&self, name: &str) -> String {
        self.account.arn("codecommit", name)
    }

    /// The repositories that a request is about: named, or those of the pull request or the comment that is named.
    fn repositories_of(&self, input: &Value) -> Vec<String> {
        let text = |member: &str| input[member].as_str();
        let targets = input["targets"].as_array().into_iter().flatten();
        let targets = targets.filter_map(|target| target["repositoryName"].as_str());
        let named = text("repositoryName").into_iter().chain(targets).map(str::to_owned);
        let state = self.lock();
        let id = text("pullRequestId").and_then(|id| id.parse().ok());
        let pull_request = id.and_then(|id: u64| state.pull_requests.get(&id));
        let comment = text("commentId").or_else(|| text("inReplyTo"));
        let comment = comment.and_then(|id| state.comments.iter().find(|comment| comment.id == id));
        let found = pull_request.map(|pull_request| pull_request.repository_name.clone());
        named.chain(found).chain(comment.map(|comment| comment.repository_name.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends events while the state is still locked, so that they leave in the order in which it changed.
    fn send(&self, _state: &MutexGuard<'_, State>, events: impl IntoIterator<Item = Event>) {
        events.into_iter().for_each(|event| (self.emit)(event));
    }
}

impl CodeCommit {
    async fn carry_out(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, ApiError> {
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
            "GetComment" => self.get_comment(caller, parse_input(operation, input)?),
            "UpdateComment" => self.update_comment(caller, parse_input(operation, input)?),
            "DeleteCommentContent" => self.delete_comment_content(caller, parse_input(operation, input)?),
            "GetCommentsForPullRequest" => {
                self.get_comments_for_pull_request(caller, parse_input(operation, input)?).await
            }
            "PostCommentReply" => self.post_comment_reply(caller, parse_input(operation, input)?),
            "PutCommentReaction" => self.put_comment_reaction(caller, parse_input(operation, input)?),
            "GetCommentReactions" => self.get_comment_reactions(parse_input(operation, input)?),
            "DeleteRepository" => self.delete_repository(parse_input(operation, input)?).await,
            "UpdateRepositoryDescription" => {
                self.update_repository_description(parse_input(operation, input)?)
            }
            "BatchGetRepositories" => self.batch_get_repositories(parse_input(operation, input)?),
            "CreateBranch" => self.create_branch(caller, parse_input(operation, input)?).await,
            "DeleteBranch" => self.delete_branch(caller, parse_input(operation, input)?).await,
            "ListBranches" => self.list_branches(parse_input(operation, input)?),
            "UpdateDefaultBranch" => self.update_default_branch(parse_input(operation, input)?).await,
            "UpdatePullRequestTitle" => self.update_pull_request_title(parse_input(operation, input)?).await,
            "UpdatePullRequestDescription" => {
                self.update_pull_request_description(parse_input(operation, input)?).await
            }
            "DescribePullRequestEvents" => {
                self.describe_pull_request_events(parse_input(operation, input)?).await
            }
            "MergePullRequestByFastForward" => {
                self.merge_by_fast_forward(caller, parse_input(operation, input)?).await
            }
            "MergePullRequestBySquash" => {
                self.merge_by_commit(caller, MergeOption::Squash, parse_input(operation, input)?).await
            }
            "MergePullRequestByThreeWay" => {
                self.merge_by_commit(caller, MergeOption::ThreeWay, parse_input(operation, input)?).await
            }
            "GetMergeConflicts" => self.get_merge_conflicts(parse_input(operation, input)?).await,
            "GetMergeOptions" => self.get_merge_options(parse_input(operation, input)?).await,
            "GetMergeCommit" => self.get_merge_commit(parse_input(operation, input)?).await,
            "GetDifferences" => self.get_differences(parse_input(operation, input)?).await,
            "GetFile" => self.get_file(parse_input(operation, input)?).await,
            "GetFolder" => self.get_folder(parse_input(operation, input)?).await,
            "GetBlob" => self.get_blob(parse_input(operation, input)?).await,
            "PutFile" => self.put_file(caller, parse_input(operation, input)?).await,
            "CreateCommit" => self.create_commit(caller, parse_input(operation, input)?).await,
            other => Err(ApiError::not_modeled(format_args!("CodeCommit {other}"))),
        }
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

    fn permission(&self, operation: &str, input: &Value) -> Permission {
        let names = self.repositories_of(input);
        let mut resources: Vec<_> = names.iter().map(|name| self.repository_arn(name)).collect();
        let names_something =
            ["pullRequestId", "commentId", "inReplyTo"].iter().any(|&member| input.get(member).is_some());
        if resources.is_empty() && !names_something {
            resources.push("*".to_owned());
        }
        Permission { action: format!("codecommit:{operation}"), resources }
    }

    fn call<'a>(&'a self, operation: &'a str, caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            let Some(this) = self.this.upgrade() else {
                return Err(ApiError::internal("CodeCommit has ended"));
            };
            // A call that has begun is carried through even if its caller goes away: what Git has stored must not miss
            // its events.
            let (operation, caller) = (operation.to_owned(), caller.clone());
            let call = tokio::spawn(async move { this.carry_out(&operation, &caller, input).await });
            call.await.unwrap_or_else(|error| Err(ApiError::internal(format!("CodeCommit failed: {error}"))))
        })
    }
}
