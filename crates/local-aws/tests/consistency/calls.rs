//! The calls to choose from, each as a caller would make it, and what their answers change.

use serde_json::{Value, json};

use crate::world::{BRANCHES, Comment, LOG_GROUP, PROJECT, PUSH, World};

/// Operations, and how often each is chosen beside the others.
const CALLS: &[(&str, usize)] = &[
    ("codecommit.CreateRepository", 2),
    ("codecommit.GetRepository", 4),
    ("codecommit.ListRepositories", 4),
    ("codecommit.GetBranch", 8),
    ("codecommit.GetCommit", 2),
    ("codecommit.CreatePullRequest", 10),
    ("codecommit.GetPullRequest", 6),
    ("codecommit.ListPullRequests", 8),
    ("codecommit.UpdatePullRequestStatus", 2),
    ("codecommit.PostCommentForPullRequest", 12),
    ("codecommit.GetComment", 8),
    ("codecommit.UpdateComment", 8),
    ("codecommit.DeleteCommentContent", 4),
    ("codecommit.GetCommentsForPullRequest", 4),
    ("codebuild.StartBuild", 1),
    ("codebuild.StopBuild", 1),
    ("codebuild.RetryBuild", 1),
    ("codebuild.BatchGetBuilds", 6),
    ("codebuild.ListBuilds", 6),
    ("codebuild.ListBuildsForProject", 6),
    ("codebuild.ListProjects", 2),
    ("codebuild.BatchGetProjects", 2),
    ("events.PutEvents", 4),
    ("events.ListRules", 2),
    ("events.DescribeRule", 2),
    ("logs.DescribeLogGroups", 4),
    ("logs.DescribeLogStreams", 4),
    ("logs.FilterLogEvents", 4),
    ("logs.GetLogEvents", 6),
    ("sqs.SendMessage", 6),
    ("sqs.ReceiveMessage", 6),
    ("sqs.DeleteMessage", 4),
    ("sqs.ChangeMessageVisibility", 2),
    ("sqs.GetQueueAttributes", 2),
    ("sqs.PurgeQueue", 1),
];

const NOTHING: &str = "no-such-thing";
const QUEUE_URL: &str = "http://127.0.0.1/123456789012/failures";

impl World {
    /// A call with members that fit together, as far as what they name exists.
    pub(crate) fn choose_call(&mut self) -> (&'static str, Value) {
        let all: usize = CALLS.iter().map(|(_, weight)| weight).sum();
        let mut place = self.random.below(all);
        let (operation, _) = CALLS
            .iter()
            .find(|(_, weight)| {
                let found = place < *weight;
                place = place.wrapping_sub(*weight);
                found
            })
            .unwrap();
        (operation, self.make_input(operation))
    }

    fn make_input(&mut self, operation: &str) -> Value {
        let repository = self.random.choose_or(&self.repositories, NOTHING);
        let branch = *self.random.choose(&BRANCHES);
        let commit = self.random.choose(&self.commits).clone();
        let number = self.random.below(40);
        match operation {
            "codecommit.CreateRepository" => {
                json!({ "repositoryName": format!("repository-{}", number % 4) })
            }
            "codecommit.GetRepository" => json!({ "repositoryName": repository }),
            "codecommit.GetBranch" => json!({ "repositoryName": repository, "branchName": branch }),
            "codecommit.GetCommit" => json!({ "repositoryName": repository, "commitId": commit }),
            "codecommit.CreatePullRequest" => json!({
                "title": format!("Change {number}"),
                "clientRequestToken": format!("token-{number}"),
                "targets": [{
                    "repositoryName": repository,
                    "sourceReference": format!("feature-{}", number % 4),
                    "destinationReference": "main",
                }],
            }),
            "codecommit.ListPullRequests" => {
                json!({ "repositoryName": repository, "pullRequestStatus": "OPEN", "maxResults": number + 1 })
            }
            "codecommit.GetPullRequest" | "codecommit.UpdatePullRequestStatus" => {
                let mut input = json!({ "pullRequestId": self.choose_pull_request() });
                if operation != "codecommit.GetPullRequest" {
                    input["pullRequestStatus"] = "CLOSED".into();
                }
                input
            }
            "codecommit.PostCommentForPullRequest" => {
                let id = self.choose_pull_request();
                let target = self.targets.get(&id).cloned().unwrap_or_default();
                let words = self.random.below(400);
                json!({
                    "clientRequestToken": format!("{id}-{words}"),
                    "pullRequestId": id,
                    "repositoryName": target["repositoryName"],
                    "beforeCommitId": target["destinationCommit"],
                    "afterCommitId": target["sourceCommit"],
                    "content": format!("comment {words}"),
                })
            }
            "codecommit.GetComment" | "codecommit.DeleteCommentContent" => {
                json!({ "commentId": self.choose_comment() })
            }
            "codecommit.UpdateComment" => {
                json!({ "commentId": self.choose_comment(), "content": format!("edit {number}") })
            }
            "codecommit.GetCommentsForPullRequest" => {
                json!({ "pullRequestId": self.choose_pull_request(), "maxResults": number + 1 })
            }
            "codebuild.StartBuild" => {
                let location =
                    format!("https://git-codecommit.us-east-1.amazonaws.com/v1/repos/{repository}");
                let buildspec = "version: 0.2\nphases:\n  build:\n    commands:\n      - ls file-0\n";
                json!({
                    "projectName": PROJECT,
                    "idempotencyToken": format!("token-{number}"),
                    "sourceTypeOverride": "CODECOMMIT",
                    "sourceLocationOverride": location,
                    "sourceVersion": commit,
                    "buildspecOverride": buildspec,
                    "environmentVariablesOverride": [{ "name": "NUMBER", "value": number.to_string() }],
                })
            }
            "codebuild.StopBuild" | "codebuild.RetryBuild" => json!({ "id": self.choose_build() }),
            "codebuild.BatchGetBuilds" => json!({ "ids": [self.choose_build(), self.choose_build()] }),
            "codebuild.ListBuildsForProject" => json!({ "projectName": PROJECT }),
            "codebuild.ListBuilds" => json!({ "sortOrder": "ASCENDING" }),
            "codebuild.ListProjects" => json!({ "sortBy": "NAME", "sortOrder": "DESCENDING" }),
            "codebuild.BatchGetProjects" => json!({ "names": [PROJECT, NOTHING] }),
            "events.PutEvents" => json!({
                "Entries": [{ "Source": "ci.example", "DetailType": "Example", "Detail": "{\"a\": [1, null]}" }]
            }),
            "events.ListRules" => json!({ "NamePrefix": "a", "Limit": number + 1 }),
            "events.DescribeRule" => json!({ "Name": NOTHING }),
            "logs.DescribeLogGroups" => json!({ "logGroupNamePrefix": "/", "limit": number + 1 }),
            "logs.DescribeLogStreams" => {
                json!({ "logGroupName": LOG_GROUP, "orderBy": "LastEventTime", "limit": number + 1 })
            }
            "logs.FilterLogEvents" => {
                json!({ "logGroupName": LOG_GROUP, "filterPattern": "Container -DEBUG", "limit": number + 1 })
            }
            "logs.GetLogEvents" => {
                let stream = self.random.choose_or(&self.streams, NOTHING);
                json!({ "logGroupName": LOG_GROUP, "logStreamName": stream, "limit": number + 1 })
            }
            "sqs.SendMessage" => json!({ "QueueUrl": QUEUE_URL, "MessageBody": format!("message {number}") }),
            "sqs.ReceiveMessage" => json!({
                "QueueUrl": QUEUE_URL, "MaxNumberOfMessages": 1 + number % 10, "VisibilityTimeout": number % 3
            }),
            "sqs.DeleteMessage" => {
                json!({ "QueueUrl": QUEUE_URL, "ReceiptHandle": self.random.choose_or(&self.receipts, NOTHING) })
            }
            "sqs.ChangeMessageVisibility" => json!({
                "QueueUrl": QUEUE_URL,
                "ReceiptHandle": self.random.choose_or(&self.receipts, NOTHING),
                "VisibilityTimeout": number,
            }),
            "sqs.GetQueueAttributes" => json!({ "QueueUrl": QUEUE_URL, "AttributeNames": ["All"] }),
            "sqs.PurgeQueue" => json!({ "QueueUrl": QUEUE_URL }),
            _ => json!({}),
        }
    }

    /// Remembers what an answer says that there is now.
    pub(crate) fn note(&mut self, operation: &str, input: &Value, answer: &Value) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match operation {
            "codecommit.CreateRepository" => {
                self.repositories.push(text(&answer["repositoryMetadata"]["repositoryName"]));
            }
            "codecommit.CreatePullRequest" | "codecommit.GetPullRequest" => {
                let (id, target) = (
                    text(&answer["pullRequest"]["pullRequestId"]),
                    &answer["pullRequest"]["pullRequestTargets"][0],
                );
                self.pull_requests.insert(id.clone(), text(&target["repositoryName"]));
                self.targets.insert(id, target.clone());
            }
            // A repeated token is answered with the comment as it is now, which may be deleted.
            "codecommit.PostCommentForPullRequest"
            | "codecommit.UpdateComment"
            | "codecommit.DeleteCommentContent" => {
                let comment = &answer["comment"];
                let id = text(&comment["commentId"]);
                let of_id = input["pullRequestId"].as_str().map(str::to_owned);
                let pull_request = of_id.unwrap_or_else(|| self.comments[&id].pull_request.clone());
                let known = self
                    .comments
                    .insert(id.clone(), Comment { pull_request, content: read_content(comment) });
                if known.is_none() {
                    self.comment_ids.push(id);
                }
            }
            "codebuild.StartBuild" | "codebuild.RetryBuild" => {
                let id = text(&answer["build"]["id"]);
                if !self.builds.contains(&id) {
                    self.builds.push(id);
                }
            }
            "logs.DescribeLogStreams" => {
                let streams = answer["logStreams"].as_array().unwrap();
                self.streams = streams.iter().map(|stream| text(&stream["logStreamName"])).collect();
            }
            "sqs.ReceiveMessage" => {
                let messages = answer["Messages"].as_array().into_iter().flatten();
                self.receipts = messages.map(|message| text(&message["ReceiptHandle"])).collect();
            }
            _ => {}
        }
    }

    /// Every operation has been answered with success, and with an error.
    pub(crate) fn check_coverage(&self) {
        println!("answered with success and with an error: {:#?}", self.answers);
        let has = |operation: &str, success: bool| {
            let answers = self.answers.get(operation).into_iter().flatten();
            answers
                .filter(|(answer, _)| (*answer == "success") == success)
                .map(|(_, count)| count)
                .sum::<u32>()
        };
        for (operation, _) in CALLS {
            assert!(has(operation, false) > 0, "no {operation} was answered with an error");
            // There are no rules in this world.
            let possible = *operation != "events.DescribeRule";
            assert!(!possible || has(operation, true) > 0, "no {operation} had success");
        }
        assert!(has(PUSH, true) > 20 && has(PUSH, false) > 0, "there were too few pushes of a kind");
    }

    fn choose_pull_request(&mut self) -> String {
        let ids: Vec<String> = self.pull_requests.keys().cloned().collect();
        self.random.choose_or(&ids, "999999")
    }

    fn choose_comment(&mut self) -> String {
        self.random.choose_or(&self.comment_ids, NOTHING)
    }

    fn choose_build(&mut self) -> String {
        self.random.choose_or(&self.builds, "hook:none")
    }
}

/// What a comment says, or nothing if it is deleted.
pub(crate) fn read_content(comment: &Value) -> Option<String> {
    comment["content"].as_str().filter(|_| comment["deleted"] != json!(true)).map(str::to_owned)
}
