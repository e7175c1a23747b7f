//! What has to hold between git, branches, pull requests, comments, reactions and events, and between each of them and
//! what was asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::codecommit_calls::read_content;
use crate::world::World;

impl World {
    pub(crate) async fn check_codecommit(&self) {
        let listed = self.list("codecommit.ListRepositories", "repositories", json!({})).await;
        let listed: BTreeSet<_> =
            listed.iter().map(|each| each["repositoryName"].as_str().unwrap()).collect();
        let known: BTreeSet<_> = self.known.repositories.iter().map(String::as_str).collect();
        assert_eq!(listed, known, "the repositories");
        let mut tips = BTreeMap::new();
        for repository in &self.known.repositories {
            tips.insert(repository.as_str(), self.check_branches(repository).await);
            self.check_lists(repository).await;
        }
        let newest = self.newest_events();
        for (id, known) in &self.known.pull_requests {
            let answer = self.ask("codecommit.GetPullRequest", json!({ "pullRequestId": id })).await;
            let pull_request = &answer["pullRequest"];
            assert!(known.title.may_be(&pull_request["title"].as_str().unwrap().to_owned()), "title of {id}");
            let description = pull_request["description"].as_str().map(str::to_owned);
            assert!(known.description.may_be(&description), "the description of {id}");
            check_commits(id, pull_request, &tips[known.repository.as_str()]);
            if let Some(event) = newest.get(id) {
                check_event(id, pull_request, event);
            }
            self.check_history(id, pull_request).await;
            self.check_comments(id).await;
        }
    }

    /// Git, the branches and the default branch agree, and are what was asked for. Answers the tips.
    async fn check_branches(&self, repository: &str) -> BTreeMap<String, String> {
        let folder = self.services.codecommit.repository_folder(repository).unwrap();
        let git = async |arguments: &[&str]| {
            let output = Command::new("git").args(arguments).current_dir(&folder).output().await.unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let format = "--format=%(refname:lstrip=2) %(objectname)";
        let of_git = git(&["for-each-ref", format, "refs/heads"]).await;
        let of_git = of_git.lines().map(|line| line.rsplit_once(' ').unwrap());
        let of_git: BTreeMap<_, _> =
            of_git.map(|(branch, tip)| (branch.to_owned(), tip.to_owned())).collect();
        let name = json!({ "repositoryName": repository });
        let listed = self.list("codecommit.ListBranches", "branches", name.clone()).await;
        let listed: Vec<_> = listed.iter().map(|branch| branch.as_str().unwrap()).collect();
        assert_eq!(listed, of_git.keys().collect::<Vec<_>>(), "the branches of {repository}");
        for (branch, tip) in &of_git {
            let input = json!({ "repositoryName": repository, "branchName": branch });
            let answer = self.ask("codecommit.GetBranch", input).await;
            assert_eq!(answer["branch"]["commitId"], *tip, "{repository} {branch}");
            let known = self.known.tips.get(&(repository.to_owned(), branch.clone()));
            assert!(
                known.is_some_and(|known| known.may_be(&Some(tip.clone()))),
                "{repository} {branch} {tip}"
            );
        }
        for ((_, branch), tip) in self.known.tips.iter().filter(|((of, _), _)| of == repository) {
            assert!(of_git.contains_key(branch) || tip.may_be(&None), "{repository} lacks {branch}");
        }
        let metadata = self.ask("codecommit.GetRepository", name).await;
        if let Some(default) = metadata["repositoryMetadata"]["defaultBranch"].as_str() {
            let head = git(&["symbolic-ref", "--short", "HEAD"]).await;
            assert_eq!(head.trim_end(), default, "the default branch of {repository}");
            assert!(of_git.contains_key(default), "{repository} lacks its default branch {default}");
        }
        of_git
    }

    /// Each pull request of a repository is in one of its lists.
    async fn check_lists(&self, repository: &str) {
        let mut listed = Vec::new();
        for status in ["OPEN", "CLOSED"] {
            let input = json!({ "repositoryName": repository, "pullRequestStatus": status, "maxResults": 7 });
            listed.extend(self.list("codecommit.ListPullRequests", "pullRequestIds", input).await);
        }
        let mut listed: Vec<_> = listed.iter().map(|id| id.as_str().unwrap()).collect();
        listed.sort_unstable();
        let known = self.known.pull_requests.iter().filter(|(_, known)| known.repository == repository);
        let known: Vec<_> = known.map(|(id, _)| id.as_str()).collect();
        assert_eq!(listed, known, "the pull requests of {repository}");
    }

    /// The history begins with the creation, each update begins where the last one ended, and the end is the present.
    async fn check_history(&self, id: &str, pull_request: &Value) {
        let input = json!({ "pullRequestId": id, "maxResults": 50 });
        let history = self.list("codecommit.DescribePullRequestEvents", "pullRequestEvents", input).await;
        let target = &pull_request["pullRequestTargets"][0];
        let merge = &target["mergeMetadata"];
        let mut source = &history[0]["pullRequestCreatedEventMetadata"]["sourceCommitId"];
        assert!(source.is_string(), "pull request {id} begins with {}", history[0]);
        let mut ending = None;
        for entry in &history[1..] {
            assert!(ending.is_none(), "pull request {id} has {entry} after its end");
            let update = &entry["pullRequestSourceReferenceUpdatedEventMetadata"];
            if update.is_object() {
                assert_eq!(update["beforeCommitId"], *source, "an update of {id}");
                source = &update["afterCommitId"];
            } else {
                ending = entry["pullRequestEventType"].as_str();
            }
        }
        assert_eq!(target["sourceCommit"], *source, "the source of {id} by its history");
        let expected = match (pull_request["pullRequestStatus"].as_str().unwrap(), &merge["isMerged"]) {
            ("OPEN", _) => None,
            (_, Value::Bool(true)) => Some("PULL_REQUEST_MERGE_STATE_CHANGED"),
            _ => Some("PULL_REQUEST_STATUS_CHANGED"),
        };
        assert_eq!(ending, expected, "the end of {id}");
        if let Some(commit) = merge["mergeCommitId"].as_str() {
            self.check_merge(id, target, commit).await;
        }
    }

    /// The merge commit's parents are those of its merge option.
    async fn check_merge(&self, id: &str, target: &Value, commit: &str) {
        let (source, destination) = (&target["sourceCommit"], &target["destinationCommit"]);
        let input = json!({ "repositoryName": target["repositoryName"], "commitId": commit });
        let parents = self.ask("codecommit.GetCommit", input).await["commit"]["parents"].clone();
        match target["mergeMetadata"]["mergeOption"].as_str().unwrap() {
            "FAST_FORWARD_MERGE" => assert_eq!(commit, source, "the merge of {id}"),
            "SQUASH_MERGE" => assert_eq!(parents, json!([destination]), "the merge of {id}"),
            // Git has no commit with the same parent twice.
            "THREE_WAY_MERGE" if source == destination => assert_eq!(parents, json!([source])),
            "THREE_WAY_MERGE" => assert_eq!(parents, json!([destination, source]), "the merge of {id}"),
            other => panic!("{id} was merged by {other}"),
        }
    }

    async fn check_comments(&self, pull_request: &str) {
        let input = json!({ "pullRequestId": pull_request, "maxResults": 9 });
        let threads =
            self.list("codecommit.GetCommentsForPullRequest", "commentsForPullRequestData", input).await;
        let found = threads.iter().flat_map(|thread| thread["comments"].as_array().unwrap());
        let found: BTreeMap<_, _> =
            found.map(|comment| (comment["commentId"].as_str().unwrap(), comment)).collect();
        let known = self.known.comments.iter().filter(|(_, comment)| comment.pull_request == pull_request);
        let known: BTreeMap<_, _> = known.map(|(id, comment)| (id.as_str(), comment)).collect();
        assert!(found.keys().eq(known.keys()), "the comments of {pull_request}: {found:?}, not {known:?}");
        for (id, comment) in found {
            let known = known[id];
            let content = read_content(comment);
            assert!(known.content.may_be(&content), "comment {id}: {comment}, not {known:?}");
            assert_eq!(comment["inReplyTo"].as_str(), known.in_reply_to.as_deref(), "comment {id}");
            if content.is_some() {
                self.check_reactions(id, comment).await;
            }
        }
    }

    /// The counts are those of the reactions, and every reaction was given.
    async fn check_reactions(&self, id: &str, comment: &Value) {
        let input = json!({ "commentId": id, "maxResults": 2 });
        let reactions = self.list("codecommit.GetCommentReactions", "reactionsForComment", input).await;
        let mut counts = json!({});
        let mut given = BTreeMap::new();
        for reaction in &reactions {
            let code = reaction["reaction"]["shortCode"].as_str().unwrap();
            let users = reaction["reactionUsers"].as_array().unwrap();
            counts[code.to_uppercase()] = users.len().into();
            for user in users {
                let other = given.insert(user.as_str().unwrap(), code);
                assert_eq!(other, None, "{user} has two reactions to {id}");
            }
        }
        assert_eq!(comment["reactionCounts"], counts, "the reactions to {id}");
        let known = &self.known.comments[id].reactions;
        for person in &self.people {
            let code = given.get(person.arn.as_str());
            let possible =
                known.get(&person.arn).map_or(code.is_none(), |known| known.may_be(&code.copied()));
            assert!(possible, "{} has given {code:?} to {id}, not {known:?}", person.arn);
        }
    }

    /// The details of the newest remembered event of each pull request.
    fn newest_events(&self) -> BTreeMap<String, Value> {
        let events = self.aws.events().into_iter();
        events
            .filter(|event| event.detail_type == "CodeCommit Pull Request State Change")
            .map(|event| (event.detail["pullRequestId"].as_str().unwrap().to_owned(), event.detail))
            .collect()
    }
}

/// An open pull request follows both its branches, as long as they exist.
fn check_commits(id: &str, pull_request: &Value, tips: &BTreeMap<String, String>) {
    if pull_request["pullRequestStatus"] != "OPEN" {
        return;
    }
    let target = &pull_request["pullRequestTargets"][0];
    for (commit, reference) in
        [("sourceCommit", "sourceReference"), ("destinationCommit", "destinationReference")]
    {
        let branch = target[reference].as_str().unwrap().trim_start_matches("refs/heads/");
        if let Some(tip) = tips.get(branch) {
            assert_eq!(target[commit], *tip, "the {commit} of pull request {id}");
        }
    }
}

fn check_event(id: &str, pull_request: &Value, event: &Value) {
    let target = &pull_request["pullRequestTargets"][0];
    assert_eq!(event["revisionId"], pull_request["revisionId"], "the revision of {id}");
    assert_eq!(event["sourceCommit"], target["sourceCommit"], "the source commit of {id}");
    let status = event["pullRequestStatus"].as_str().map(str::to_uppercase);
    assert_eq!(status.as_deref(), pull_request["pullRequestStatus"].as_str(), "the status of {id}");
    let merged = event["isMerged"] == "True";
    assert_eq!(target["mergeMetadata"]["isMerged"], merged, "the merge of {id}");
}
