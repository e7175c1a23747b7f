//! The calls to choose from, each as a caller would make it, and what their answers change.

use local_aws::caller::Caller;
use serde_json::{Value, json};

use crate::codecommit_calls;
use crate::knowledge::Moment;
use crate::world::{BRANCHES, FUNCTION, LOG_GROUP, PROJECT, PUSH, Step, World};

/// Operations of the other services, and how often each is chosen beside the others.
const OTHER_CALLS: &[(&str, usize)] = &[
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
    ("lambda.ListFunctions", 2),
    ("lambda.GetFunction", 2),
    ("lambda.GetFunctionConfiguration", 2),
    ("sts.GetCallerIdentity", 2),
    ("sqs.ListQueues", 2),
    ("sqs.GetQueueUrl", 2),
    ("sqs.SendMessage", 6),
    ("sqs.ReceiveMessage", 6),
    ("sqs.DeleteMessage", 4),
    ("sqs.ChangeMessageVisibility", 2),
    ("sqs.GetQueueAttributes", 2),
    ("sqs.PurgeQueue", 1),
];

pub(crate) const NOTHING: &str = "no-such-thing";
const QUEUE_URL: &str = "http://127.0.0.1/123456789012/failures";

impl World {
    /// A call with members that fit together, as far as what they name exists, or a push; now and then a spoilt call.
    pub(crate) fn choose_step(&mut self) -> Step {
        if self.random.once_in(60) {
            return self.choose_push();
        }
        let calls = || codecommit_calls::CALLS.iter().chain(OTHER_CALLS);
        let mut place = self.random.below(calls().map(|(_, weight)| weight).sum());
        let mut calls = calls().filter(|(_, weight)| {
            let found = place < *weight;
            place = place.wrapping_sub(*weight);
            found
        });
        let (operation, _) = *calls.next().unwrap();
        let mut input = match operation.strip_prefix("codecommit.") {
            Some(operation) => self.make_codecommit_input(operation),
            None => self.make_other_input(operation),
        };
        if self.random.once_in(6) {
            self.random.spoil(&mut input);
        }
        let caller = self.random.choose(&self.people).clone();
        Step::Call { operation, caller, input }
    }

    /// Pushes a commit to a branch, or deletes the branch.
    fn choose_push(&mut self) -> Step {
        let repository = self.choose_repository();
        let branch = *self.random.choose(&BRANCHES);
        let commit = (!self.random.once_in(6)).then(|| self.choose_commit());
        Step::Push { repository, branch, commit, forced: self.random.once_in(2) }
    }

    fn make_other_input(&mut self, operation: &str) -> Value {
        let repository = self.choose_repository();
        let commit = self.choose_commit();
        let number = self.random.below(40);
        match operation {
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
                let stream = self.random.choose_or(&self.known.streams, NOTHING);
                json!({ "logGroupName": LOG_GROUP, "logStreamName": stream, "limit": number + 1 })
            }
            "sqs.SendMessage" => json!({ "QueueUrl": QUEUE_URL, "MessageBody": format!("message {number}") }),
            "sqs.ReceiveMessage" => json!({
                "QueueUrl": QUEUE_URL, "MaxNumberOfMessages": 1 + number % 10, "VisibilityTimeout": number % 3
            }),
            "sqs.DeleteMessage" => {
                json!({ "QueueUrl": QUEUE_URL, "ReceiptHandle": self.random.choose_or(&self.known.receipts, NOTHING) })
            }
            "sqs.ChangeMessageVisibility" => json!({
                "QueueUrl": QUEUE_URL,
                "ReceiptHandle": self.random.choose_or(&self.known.receipts, NOTHING),
                "VisibilityTimeout": number,
            }),
            "sqs.ListQueues" => json!({ "QueueNamePrefix": "fail" }),
            "sqs.GetQueueUrl" => json!({ "QueueName": "failures" }),
            "lambda.ListFunctions" => json!({ "MaxItems": number + 1 }),
            "lambda.GetFunction" | "lambda.GetFunctionConfiguration" => json!({ "FunctionName": FUNCTION }),
            "sts.GetCallerIdentity" => json!({ "Version": "2011-06-15" }),
            "sqs.GetQueueAttributes" => json!({ "QueueUrl": QUEUE_URL, "AttributeNames": ["All"] }),
            "sqs.PurgeQueue" => json!({ "QueueUrl": QUEUE_URL }),
            _ => json!({}),
        }
    }

    /// Remembers what an answer says that there is now.
    pub(crate) fn note(
        &mut self,
        (operation, caller): (&str, &Caller),
        input: &Value,
        answer: &Value,
        moment: Moment,
    ) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match operation {
            "codebuild.StartBuild" | "codebuild.RetryBuild" => {
                let id = text(&answer["build"]["id"]);
                if !self.known.builds.contains(&id) {
                    self.known.builds.push(id);
                }
            }
            "logs.DescribeLogStreams" => {
                let streams = answer["logStreams"].as_array().unwrap();
                self.known.streams = streams.iter().map(|stream| text(&stream["logStreamName"])).collect();
            }
            "sqs.ReceiveMessage" => {
                let messages = answer["Messages"].as_array().into_iter().flatten();
                self.known.receipts = messages.map(|message| text(&message["ReceiptHandle"])).collect();
            }
            _ => {
                if let Some(operation) = operation.strip_prefix("codecommit.") {
                    self.note_codecommit((operation, caller), input, answer, moment);
                }
            }
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
        for (operation, _) in codecommit_calls::CALLS.iter().chain(OTHER_CALLS) {
            assert!(has(operation, false) > 0, "no {operation} was answered with an error");
            // There are no rules in this world.
            let possible = *operation != "events.DescribeRule";
            assert!(!possible || has(operation, true) > 0, "no {operation} had success");
        }
        assert!(has(PUSH, true) > 20 && has(PUSH, false) > 0, "there were too few pushes of a kind");
    }

    fn choose_build(&mut self) -> String {
        self.random.choose_or(&self.known.builds, "hook:none")
    }
}
