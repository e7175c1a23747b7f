//! The calls of CodeCommit to choose from, each as a caller would make it, and what their answers change.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local_aws::caller::Caller;
use serde_json::{Value, json};

use crate::calls::NOTHING;
use crate::knowledge::{Comment, Moment, Possible, PullRequest};
use crate::world::{BRANCHES, World};

/// Operations, and how often each is chosen beside the others.
pub(crate) const CALLS: &[(&str, usize)] = &[
    ("codecommit.CreateRepository", 4),
    ("codecommit.GetRepository", 4),
    ("codecommit.ListRepositories", 4),
    ("codecommit.BatchGetRepositories", 3),
    ("codecommit.UpdateRepositoryDescription", 3),
    ("codecommit.DeleteRepository", 3),
    ("codecommit.CreateBranch", 5),
    ("codecommit.GetBranch", 6),
    ("codecommit.ListBranches", 4),
    ("codecommit.DeleteBranch", 3),
    ("codecommit.UpdateDefaultBranch", 3),
    ("codecommit.GetCommit", 3),
    ("codecommit.GetDifferences", 3),
    ("codecommit.GetFile", 3),
    ("codecommit.GetFolder", 3),
    ("codecommit.GetBlob", 3),
    ("codecommit.PutFile", 6),
    ("codecommit.CreateCommit", 6),
    ("codecommit.CreatePullRequest", 12),
    ("codecommit.GetPullRequest", 6),
    ("codecommit.ListPullRequests", 6),
    ("codecommit.UpdatePullRequestTitle", 4),
    ("codecommit.UpdatePullRequestDescription", 4),
    ("codecommit.UpdatePullRequestStatus", 3),
    ("codecommit.DescribePullRequestEvents", 4),
    ("codecommit.MergePullRequestByFastForward", 8),
    ("codecommit.MergePullRequestBySquash", 4),
    ("codecommit.MergePullRequestByThreeWay", 4),
    ("codecommit.GetMergeConflicts", 3),
    ("codecommit.GetMergeOptions", 3),
    ("codecommit.GetMergeCommit", 3),
    ("codecommit.PostCommentForPullRequest", 12),
    ("codecommit.PostCommentReply", 6),
    ("codecommit.GetComment", 6),
    ("codecommit.UpdateComment", 8),
    ("codecommit.DeleteCommentContent", 4),
    ("codecommit.GetCommentsForPullRequest", 4),
    ("codecommit.PutCommentReaction", 10),
    ("codecommit.GetCommentReactions", 6),
];

/// Reactions in every form, with the short code of each.
const REACTIONS: [(&str, Option<&str>); 5] = [
    (":thumbsup:", Some("thumbsup")),
    ("👎", Some("thumbsdown")),
    ("U+1F604", Some("smile")),
    ("clap", Some("clap")),
    ("none", None),
];

impl World {
    pub(crate) fn make_codecommit_input(&mut self, operation: &str) -> Value {
        let repository = self.choose_repository();
        let branch = *self.random.choose(&BRANCHES);
        let (commit, other) = (self.choose_commit_of(&repository), self.choose_commit_of(&repository));
        let number = self.random.below(40);
        match operation {
            "CreateRepository" => json!({ "repositoryName": format!("repository-{}", number % 4) }),
            // Mostly one that is not there: what is in a repository needs time to become interesting.
            "DeleteRepository" => json!({ "repositoryName": format!("repository-{number}") }),
            "BatchGetRepositories" => json!({ "repositoryNames": [repository, NOTHING] }),
            "UpdateRepositoryDescription" => {
                json!({ "repositoryName": repository, "repositoryDescription": format!("number {number}") })
            }
            "ListRepositories" => json!({ "sortBy": "lastModifiedDate", "order": "descending" }),
            "CreateBranch" => {
                json!({ "repositoryName": repository, "branchName": branch, "commitId": commit })
            }
            "GetBranch" | "DeleteBranch" => json!({ "repositoryName": repository, "branchName": branch }),
            "UpdateDefaultBranch" => json!({ "repositoryName": repository, "defaultBranchName": branch }),
            "GetCommit" => json!({ "repositoryName": repository, "commitId": commit }),
            "GetDifferences" => json!({
                "repositoryName": repository, "beforeCommitSpecifier": other, "afterCommitSpecifier": commit,
                "MaxResults": number + 1,
            }),
            "GetFile" => {
                json!({ "repositoryName": repository, "commitSpecifier": branch, "filePath": "file-0" })
            }
            "GetFolder" => {
                json!({ "repositoryName": repository, "commitSpecifier": branch, "folderPath": "/" })
            }
            "GetBlob" => {
                let blob = self.random.choose_or(&self.known.blobs, &"0".repeat(40));
                json!({ "repositoryName": repository, "blobId": blob })
            }
            "PutFile" => json!({
                "repositoryName": repository,
                "branchName": branch,
                "filePath": format!("put/{}", number % 10),
                "fileContent": STANDARD.encode(format!("content {number}")),
                "parentCommitId": self.known.tip(&repository, branch),
                "commitMessage": "Put a file",
                "name": "Grace",
                "email": "grace@example.com",
            }),
            "CreateCommit" => json!({
                "repositoryName": repository,
                "branchName": branch,
                "parentCommitId": self.known.tip(&repository, branch),
                "authorName": "Grace",
                "putFiles": [{ "filePath": "created", "fileContent": STANDARD.encode(number.to_string()) }],
                "deleteFiles": if number.is_multiple_of(4) { json!([{ "filePath": "put/1" }]) } else { json!([]) },
                "setFileModes": if number % 4 == 1 {
                    json!([{ "filePath": "put/2", "fileMode": "EXECUTABLE" }])
                } else {
                    json!([])
                },
            }),
            "CreatePullRequest" => {
                let token = self.random.below(60);
                json!({
                    "title": format!("Change {token}"),
                    "clientRequestToken": format!("token-{token}"),
                    "targets": [{
                        "repositoryName": repository,
                        "sourceReference": format!("feature-{}", token % 4),
                        "destinationReference": if token % 8 == 1 { "feature-0" } else { "main" },
                    }],
                })
            }
            "ListPullRequests" => {
                json!({ "repositoryName": repository, "pullRequestStatus": "OPEN", "maxResults": number + 1 })
            }
            "GetMergeConflicts" | "GetMergeOptions" | "GetMergeCommit" => {
                let mut input = json!({
                    "repositoryName": repository,
                    "sourceCommitSpecifier": commit,
                    "destinationCommitSpecifier": if number.is_multiple_of(2) { other.as_str() } else { branch },
                    "conflictDetailLevel": "LINE_LEVEL",
                });
                if operation == "GetMergeConflicts" {
                    input["mergeOption"] = "SQUASH_MERGE".into();
                }
                input
            }
            operation if operation.contains("Comment") => self.make_comment_input(operation, number),
            operation if operation.contains("PullRequest") => self.make_pull_request_input(operation, number),
            _ => json!({ "repositoryName": repository }),
        }
    }

    fn make_pull_request_input(&mut self, operation: &str, number: usize) -> Value {
        let id = self.choose_pull_request();
        let repository = self.known.pull_requests.get(&id).map(|known| known.repository.clone());
        let mut input = json!({ "pullRequestId": id });
        match operation {
            "UpdatePullRequestTitle" => input["title"] = format!("Title {number}").into(),
            "UpdatePullRequestDescription" => input["description"] = format!("Description {number}").into(),
            "UpdatePullRequestStatus" => input["pullRequestStatus"] = "CLOSED".into(),
            "DescribePullRequestEvents" => input["maxResults"] = (number + 1).into(),
            "GetPullRequest" => {}
            merge => {
                input["repositoryName"] = repository.into();
                if merge != "MergePullRequestByFastForward" {
                    input["conflictDetailLevel"] = "LINE_LEVEL".into();
                    input["commitMessage"] = "Merge it".into();
                    input["authorName"] = "Grace".into();
                }
            }
        }
        input
    }

    fn make_comment_input(&mut self, operation: &str, number: usize) -> Value {
        let comment = self.random.choose_or(&self.known.comment_ids, NOTHING);
        match operation {
            "PostCommentForPullRequest" => {
                let id = self.choose_pull_request();
                let target = self.known.pull_requests.get(&id).map(|known| known.target.clone());
                let target = target.unwrap_or_default();
                let words = self.random.below(400);
                let mut input = json!({
                    "clientRequestToken": format!("{id}-{words}"),
                    "pullRequestId": id,
                    "repositoryName": target["repositoryName"],
                    "beforeCommitId": target["destinationCommit"],
                    "afterCommitId": target["sourceCommit"],
                    "content": format!("comment {words}"),
                });
                if words.is_multiple_of(3) {
                    input["location"] = self.choose_location(number);
                }
                input
            }
            "PostCommentReply" => json!({
                "clientRequestToken": format!("reply-{comment}-{number}"),
                "inReplyTo": comment,
                "content": format!("reply {number}"),
            }),
            "UpdateComment" => json!({ "commentId": comment, "content": format!("edit {number}") }),
            "PutCommentReaction" => {
                json!({ "commentId": comment, "reactionValue": self.random.choose(&REACTIONS).0 })
            }
            "GetCommentsForPullRequest" => {
                json!({ "pullRequestId": self.choose_pull_request(), "maxResults": number + 1 })
            }
            _ => json!({ "commentId": comment }),
        }
    }

    /// A place that some versions of some files have, and now and then a spoilt one.
    fn choose_location(&mut self, number: usize) -> Value {
        let version = if number.is_multiple_of(2) { "AFTER" } else { "BEFORE" };
        let path = format!("file-{}", number % 3);
        let mut location =
            json!({ "filePath": path, "filePosition": number % 3, "relativeFileVersion": version });
        if self.random.once_in(4) {
            self.random.spoil(&mut location);
        }
        location
    }

    /// Remembers what an answer of CodeCommit says that there is now.
    pub(crate) fn note_codecommit(
        &mut self,
        (operation, caller): (&str, &Caller),
        input: &Value,
        answer: &Value,
        moment: Moment,
    ) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let named = |member: &str| input[member].as_str().unwrap_or_default();
        let repository = named("repositoryName");
        let comment = &answer["comment"];
        let known = &mut self.known;
        match operation {
            "CreateRepository" => {
                let name = text(&answer["repositoryMetadata"]["repositoryName"]);
                if !known.repositories.contains(&name) {
                    known.repositories.push(name);
                }
            }
            "DeleteRepository" if answer["repositoryId"].is_string() => {
                known.delete_repository(repository, moment);
            }
            "CreateBranch" => {
                known.set_tip(repository, named("branchName"), Some(named("commitId").to_owned()), moment);
            }
            "DeleteBranch" if answer["deletedBranch"].is_object() => {
                known.set_tip(repository, named("branchName"), None, moment);
            }
            "PutFile" | "CreateCommit" => {
                let commit = text(&answer["commitId"]);
                known.set_tip(repository, named("branchName"), Some(commit), moment);
                known.blobs.extend(answer["blobId"].as_str().map(str::to_owned));
            }
            "PostCommentForPullRequest" | "PostCommentReply" => {
                let in_reply_to = comment["inReplyTo"].as_str().map(str::to_owned);
                let parent = in_reply_to.as_ref().and_then(|parent| known.comments.get(parent));
                let pull_request = match parent {
                    Some(parent) => parent.pull_request.clone(),
                    None => named("pullRequestId").to_owned(),
                };
                let content = Possible::new(read_content(comment), moment);
                let new = Comment { pull_request, in_reply_to, content, reactions: Default::default() };
                known.add_comment(&text(&comment["commentId"]), new);
            }
            "UpdateComment" => {
                if let Some(known) = known.comments.get_mut(named("commentId")) {
                    known.write(named("content").to_owned(), moment);
                }
            }
            "DeleteCommentContent" => {
                if let Some(known) = known.comments.get_mut(named("commentId")) {
                    known.delete(moment);
                }
            }
            "PutCommentReaction" => {
                let given = REACTIONS.iter().find(|(value, _)| *value == named("reactionValue"));
                let given = given.and_then(|(_, code)| *code);
                if let Some(known) = known.comments.get_mut(named("commentId")) {
                    let reaction =
                        known.reactions.entry(caller.arn.clone()).or_insert(Possible::new(None, 0));
                    reaction.set(given, moment);
                }
            }
            _ if answer["pullRequest"].is_object() => {
                self.note_pull_request(operation, &answer["pullRequest"], moment);
            }
            _ => {}
        }
    }

    fn note_pull_request(&mut self, operation: &str, answer: &Value, moment: Moment) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (id, target) = (text(&answer["pullRequestId"]), &answer["pullRequestTargets"][0]);
        let repository = text(&target["repositoryName"]);
        let merge = &target["mergeMetadata"]["mergeCommitId"];
        if operation.starts_with("Merge") {
            let branch = text(&target["destinationReference"]);
            self.known.set_tip(&repository, &branch, Some(text(merge)), moment);
        }
        let title = text(&answer["title"]);
        let description = answer["description"].as_str().map(str::to_owned);
        match self.known.pull_requests.get_mut(&id) {
            Some(known) => {
                known.target = target.clone();
                match operation {
                    "UpdatePullRequestTitle" => known.title.set(title, moment),
                    "UpdatePullRequestDescription" => known.description.set(description, moment),
                    _ => {}
                }
            }
            None if operation == "CreatePullRequest" => {
                let new = PullRequest {
                    repository,
                    since: moment,
                    target: target.clone(),
                    title: Possible::new(title, moment),
                    description: Possible::new(description, moment),
                };
                self.known.pull_requests.insert(id, new);
            }
            None => {}
        }
    }

    /// After a deletion: whether the repository was created again at the same moment, and which of the pull requests
    /// of that moment are in it.
    pub(crate) async fn settle_deletions(&mut self, moment: Moment) {
        let mut deleted = std::mem::take(&mut self.known.deleted_repositories);
        deleted.dedup();
        for name in deleted {
            let input = json!({ "repositoryName": name });
            if self.call("codecommit.GetRepository", input).await.is_err() {
                self.known.forget_repository(&name);
            }
            let of_this_moment = |known: &PullRequest| known.repository == name && known.since == moment;
            let known = self.known.pull_requests.iter().filter(|(_, known)| of_this_moment(known));
            for id in known.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
                if self.call("codecommit.GetPullRequest", json!({ "pullRequestId": id })).await.is_err() {
                    self.known.forget_pull_request(&id);
                }
            }
        }
    }

    pub(crate) fn choose_repository(&mut self) -> String {
        self.random.choose_or(&self.known.repositories, NOTHING)
    }

    /// Often a commit that the repository has.
    fn choose_commit_of(&mut self, repository: &str) -> String {
        let tips = self.known.tips.iter().filter(|((of, _), _)| of == repository);
        let tips: Vec<String> = tips.filter_map(|(_, tip)| tip.any().clone()).collect();
        let any = self.choose_commit();
        if self.random.once_in(3) { any } else { self.random.choose_or(&tips, &any) }
    }

    fn choose_pull_request(&mut self) -> String {
        let ids: Vec<String> = self.known.pull_requests.keys().cloned().collect();
        self.random.choose_or(&ids, "999999")
    }
}

/// What a comment says, or nothing if it is deleted.
pub(crate) fn read_content(comment: &Value) -> Option<String> {
    comment["content"].as_str().filter(|_| comment["deleted"] != json!(true)).map(str::to_owned)
}
