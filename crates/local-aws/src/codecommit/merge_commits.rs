//! The operation that tells which commit merged one commit into another.

use std::path::Path;

use serde_json::{Value, json};

use super::CodeCommit;
use super::git::{self, GitError, in_repository, read};
use super::merge_conflicts::{Merge, MergeQuestion};
use super::state::MergeOption;
use crate::aws_json::ApiError;

impl CodeCommit {
    /// Without a merge, and where it was a fast-forward, there is no merge commit, and no member for it.
    pub(super) async fn get_merge_commit(&self, input: MergeQuestion) -> Result<Value, ApiError> {
        let Merge { repository_name: name, folder, source, destination, .. } =
            self.merge_in_question(input).await?;
        let mut answer = json!({ "sourceCommitId": source, "destinationCommitId": destination });
        if let Some(base) = git::merge_base(&folder, &source, &destination).await? {
            answer["baseCommitId"] = base.into();
        }
        let history = first_parents(&folder, &destination).await?;
        let squashes = self.squashes(&name, &source);
        let merges = |commit: &&Ancestor| commit.merged.contains(&source) || squashes.contains(&commit.id);
        // The oldest one: what merged the same commit again later brought nothing.
        if let Some(commit) = history.iter().rev().find(merges) {
            answer["mergedCommitId"] = commit.id.as_str().into();
        }
        Ok(answer)
    }

    /// The commits that pull requests with this source were squashed to. Nothing in them tells their source.
    fn squashes(&self, repository_name: &str, source: &str) -> Vec<String> {
        let state = self.lock();
        let pull_requests = state.pull_requests.values().filter(|pull_request| {
            pull_request.repository_name == repository_name && pull_request.source_commit == source
        });
        let merges = pull_requests.filter_map(|pull_request| pull_request.merge.as_ref());
        let squashes = merges.filter(|merge| merge.option == MergeOption::Squash);
        squashes.map(|merge| merge.commit.clone()).collect()
    }
}

/// A commit in the history of a branch, with the commits that it merged into it.
struct Ancestor {
    id: String,
    merged: Vec<String>,
}

/// What a branch's tip has been, newest first: a merge follows its first parent.
async fn first_parents(folder: &Path, tip: &str) -> Result<Vec<Ancestor>, GitError> {
    let command =
        in_repository(folder, ["rev-list", "--first-parent", "--parents", "--end-of-options", tip, "--"]);
    let answer = read(command, "rev-list", b"").await?;
    let ancestor = |line: &str| {
        let mut ids = line.split(' ').map(str::to_owned);
        let id = ids.next().unwrap_or_default();
        Ancestor { id, merged: ids.skip(1).collect() }
    };
    Ok(answer.lines().map(ancestor).collect())
}
