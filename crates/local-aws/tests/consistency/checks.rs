//! What has to hold between the services, and between each of them and what was asked.

use std::collections::BTreeMap;
use std::time::Duration;

use local_aws::codebuild::Build;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::calls::read_content;
use crate::world::{BRANCHES, Comment, LOG_GROUP, PROJECT, World};

/// Far more than any of these builds takes.
const BUILD_LIMIT: Duration = Duration::from_secs(120);

impl World {
    /// Git, branches, pull requests, their newest events, and comments agree.
    pub(crate) async fn check_codecommit(&self) {
        for repository in &self.repositories {
            self.check_branches(repository).await;
            self.check_lists(repository).await;
        }
        let newest = self.newest_events();
        for (id, repository) in &self.pull_requests {
            let answer = self.ask("codecommit.GetPullRequest", json!({ "pullRequestId": id })).await;
            let pull_request = &answer["pullRequest"];
            let target = &pull_request["pullRequestTargets"][0];
            let source = target["sourceReference"].as_str().unwrap().trim_start_matches("refs/heads/");
            let tip = self.tips.get(&(repository.clone(), source.to_owned()));
            if let (Some(tip), "OPEN") = (tip, pull_request["pullRequestStatus"].as_str().unwrap()) {
                assert_eq!(target["sourceCommit"], *tip, "the source of pull request {id}");
            }
            if let Some(event) = newest.get(id) {
                assert_eq!(event["revisionId"], pull_request["revisionId"], "the revision of {id}");
                assert_eq!(event["sourceCommit"], target["sourceCommit"], "the source commit of {id}");
                assert_eq!(
                    event["pullRequestStatus"].as_str().map(str::to_uppercase).as_deref(),
                    pull_request["pullRequestStatus"].as_str()
                );
            }
            self.check_comments(id).await;
        }
    }

    async fn check_branches(&self, repository: &str) {
        let folder = self.aws.codecommit.repository_folder(repository).unwrap();
        let format = "--format=%(refname:lstrip=2) %(objectname)";
        let mut git = Command::new("git");
        git.args(["for-each-ref", format, "refs/heads"]).current_dir(folder);
        let output = String::from_utf8(git.output().await.unwrap().stdout).unwrap();
        let of_git: BTreeMap<&str, &str> = output.lines().map(|line| line.split_once(' ').unwrap()).collect();
        for branch in BRANCHES {
            let input = json!({ "repositoryName": repository, "branchName": branch });
            let answer = self.call("codecommit.GetBranch", input).await;
            let commit = answer.as_ref().ok().and_then(|answer| answer["branch"]["commitId"].as_str());
            let pushed = self.tips.get(&(repository.to_owned(), branch.to_owned())).map(String::as_str);
            assert_eq!((commit, of_git.get(branch).copied()), (pushed, pushed), "{repository} {branch}");
        }
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
        let known = self.pull_requests.iter().filter(|(_, of)| *of == repository);
        let known: Vec<_> = known.map(|(id, _)| id.as_str()).collect();
        assert_eq!(listed, known, "the pull requests of {repository}");
    }

    async fn check_comments(&self, pull_request: &str) {
        let input = json!({ "pullRequestId": pull_request, "maxResults": 9 });
        let threads =
            self.list("codecommit.GetCommentsForPullRequest", "commentsForPullRequestData", input).await;
        let found = threads.iter().flat_map(|thread| thread["comments"].as_array().unwrap());
        let found: BTreeMap<_, _> = found
            .map(|comment| {
                (
                    comment["commentId"].as_str().unwrap().to_owned(),
                    Comment { pull_request: pull_request.to_owned(), content: read_content(comment) },
                )
            })
            .collect();
        let known = self.comments.iter().filter(|(_, comment)| comment.pull_request == pull_request);
        let known: BTreeMap<_, _> = known.map(|(id, comment)| (id.clone(), comment.clone())).collect();
        assert_eq!(found, known, "the comments of {pull_request}");
    }

    /// The details of the newest remembered event of each pull request.
    fn newest_events(&self) -> BTreeMap<String, Value> {
        let events = self.aws.events().into_iter();
        events
            .filter(|event| event.detail_type == "CodeCommit Pull Request State Change")
            .map(|event| (event.detail["pullRequestId"].as_str().unwrap().to_owned(), event.detail))
            .collect()
    }

    /// Every build ends; the lists, the numbers, the events and the logs agree on it.
    pub(crate) async fn check_builds(&self) {
        let listed = self.list("codebuild.ListBuilds", "ids", json!({ "sortOrder": "ASCENDING" })).await;
        let mut newest_first =
            self.list("codebuild.ListBuildsForProject", "ids", json!({ "projectName": PROJECT })).await;
        newest_first.reverse();
        assert_eq!(listed, newest_first, "both lists have the same builds");
        let ids: Vec<_> = listed.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, self.builds, "the builds that were answered are those that are listed");
        for (index, id) in listed.iter().enumerate() {
            let id = id.as_str().unwrap();
            let mut build = self.aws.codebuild.watch_build(id).unwrap();
            let ended = tokio::time::timeout(BUILD_LIMIT, build.wait_for(Build::is_complete)).await.is_ok();
            assert!(ended, "build {id} has not ended: {:#?}", *build.borrow());
            let answer = self.ask("codebuild.BatchGetBuilds", json!({ "ids": [id] })).await;
            let described = &answer["builds"][0];
            assert_eq!(described["buildNumber"], index + 1);
            assert_eq!(
                (&described["buildComplete"], &described["currentPhase"]),
                (&json!(true), &json!("COMPLETED"))
            );
            if let Some(stream) = described["logs"]["streamName"].as_str() {
                assert!(self.aws.logs.read(LOG_GROUP, stream).is_some(), "build {id} has no log");
            }
            let events = self.aws.events().into_iter().rev();
            let mut events = events.filter(|event| event.detail["build-id"] == described["arn"]);
            if let Some(newest) = events.next() {
                assert_eq!(newest.detail["build-status"], described["buildStatus"], "the last event of {id}");
            }
        }
    }
}
