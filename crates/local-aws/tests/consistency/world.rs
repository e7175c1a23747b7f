//! A whole local AWS, what was asked of it so far, and what should be in it therefore.

use std::collections::BTreeMap;
use std::process::Stdio;

use local_aws::account::Account;
use local_aws::aws_json::{ApiError, AwsJsonService};
use local_aws::caller::{AccessKeys, Caller};
use local_aws::codebuild::CodeBuildSettings;
use local_aws::local_aws::{LocalAws, Options};
use local_aws::logs::Logs;
use serde_json::{Value, json};

use crate::random::Random;

pub(crate) const PROJECT: &str = "hook";
pub(crate) const LOG_GROUP: &str = "/builds";
pub(crate) const BRANCHES: [&str; 5] = ["main", "feature-0", "feature-1", "feature-2", "feature-3"];

/// What a push is counted as.
pub(crate) const PUSH: &str = "git push";

/// Commits that are pushed around: the first half is one line of history, the others branch off it.
const COMMITS: usize = 12;

/// What a comment should be now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) pull_request: String,
    /// Nothing once it is deleted.
    pub(crate) content: Option<String>,
}

pub(crate) struct World {
    pub(crate) aws: LocalAws,
    pub(crate) random: Random,
    logs: Logs,
    person: Caller,
    /// A work tree with all commits.
    work: tempfile::TempDir,
    pub(crate) commits: Vec<String>,
    pub(crate) repositories: Vec<String>,
    /// The tips that were pushed, by repository and branch.
    pub(crate) tips: BTreeMap<(String, String), String>,
    /// The repository of each pull request.
    pub(crate) pull_requests: BTreeMap<String, String>,
    /// The target of each pull request as it was last seen.
    pub(crate) targets: BTreeMap<String, Value>,
    pub(crate) comments: BTreeMap<String, Comment>,
    /// The ids of comments and of builds in the order of their creation, to choose from: their own order is random.
    pub(crate) comment_ids: Vec<String>,
    pub(crate) builds: Vec<String>,
    pub(crate) streams: Vec<String>,
    pub(crate) receipts: Vec<String>,
    /// How often each operation was answered with what: an error's code, or `success`.
    pub(crate) answers: BTreeMap<String, BTreeMap<String, u32>>,
    steps: u64,
}

impl World {
    pub(crate) async fn start(seed: u64) -> Self {
        let account = Account::default();
        let builds = CodeBuildSettings::from_environment(|_| None);
        let aws = LocalAws::start(Options {
            port: 0,
            templates: vec![template().to_string()],
            binaries: "/".into(),
            executables: BTreeMap::new(),
            builds,
            account: account.clone(),
        });
        let aws = aws.await.unwrap();
        let logs = Logs::new(account.clone(), aws.logs.clone());
        let person = AccessKeys::new(account, Vec::new()).identify(None);
        let mut world = Self {
            aws,
            random: Random(seed),
            logs,
            person,
            work: tempfile::tempdir().unwrap(),
            commits: Vec::new(),
            repositories: Vec::new(),
            tips: BTreeMap::new(),
            pull_requests: BTreeMap::new(),
            targets: BTreeMap::new(),
            comments: BTreeMap::new(),
            comment_ids: Vec::new(),
            builds: Vec::new(),
            streams: Vec::new(),
            receipts: Vec::new(),
            answers: BTreeMap::new(),
            steps: 0,
        };
        world.make_commits().await;
        world
    }

    async fn make_commits(&mut self) {
        self.git(&["init", "--quiet"]).await.unwrap();
        for number in 0..COMMITS {
            if number >= COMMITS / 2 {
                let base = self.random.choose(&self.commits).clone();
                self.git(&["checkout", "--quiet", &base]).await.unwrap();
            }
            std::fs::write(self.work.path().join(format!("file-{number}")), number.to_string()).unwrap();
            std::fs::write(self.work.path().join("shared"), number.to_string()).unwrap();
            self.git(&["add", "--all"]).await.unwrap();
            self.git(&["commit", "--quiet", "--message", "Change"]).await.unwrap();
            self.commits.push(self.git(&["rev-parse", "HEAD"]).await.unwrap());
        }
    }

    /// Makes a call, now and then a spoilt one, or a push.
    pub(crate) async fn step(&mut self) {
        self.steps += 1;
        if self.random.once_in(100) && !self.repositories.is_empty() {
            return self.push().await;
        }
        let (operation, mut input) = self.choose_call();
        if self.random.once_in(6) {
            self.random.spoil(&mut input);
        }
        let answer = self.call(operation, input.clone()).await;
        match answer {
            Ok(answer) => {
                self.count(operation, "success");
                self.note(operation, &input, &answer);
            }
            Err(error) => {
                let step = self.steps;
                assert!(error.status < 500, "step {step}: {operation} with {input}: {error}");
                self.count(operation, &error.code);
            }
        }
    }

    fn count(&mut self, operation: &str, answer: &str) {
        let answers = self.answers.entry(operation.to_owned()).or_default();
        *answers.entry(answer.to_owned()).or_default() += 1;
    }

    /// Pushes a commit to a branch of any name in the pool, or deletes the branch.
    async fn push(&mut self) {
        let repository = self.random.choose(&self.repositories).clone();
        let branch = (*self.random.choose(&BRANCHES)).to_owned();
        let deletes = self.random.once_in(6);
        let commit = if deletes { String::new() } else { self.random.choose(&self.commits).clone() };
        let url = format!("{}/v1/repos/{repository}", self.aws.url());
        let mut arguments = vec!["push", "--quiet"];
        if self.random.once_in(2) {
            arguments.push("--force");
        }
        let refspec = format!("{commit}:refs/heads/{branch}");
        arguments.extend([url.as_str(), &refspec]);
        let pushed = self.git(&arguments).await;
        if pushed.is_err() {
            return self.count(PUSH, "error");
        }
        self.count(PUSH, "success");
        match deletes {
            true => drop(self.tips.remove(&(repository, branch))),
            false => drop(self.tips.insert((repository, branch), commit)),
        }
    }

    /// Asks the service whose operation it is.
    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        let (service, operation) = operation.split_once('.').unwrap();
        let service: &dyn AwsJsonService = match service {
            "codecommit" => self.aws.codecommit.as_ref(),
            "codebuild" => self.aws.codebuild.as_ref(),
            "events" => &self.aws.eventbridge,
            "logs" => &self.logs,
            "sqs" => &self.aws.sqs,
            other => panic!("there is no service {other}"),
        };
        service.call(operation, &self.person, input).await
    }

    /// Asks for what must succeed.
    pub(crate) async fn ask(&self, operation: &str, input: Value) -> Value {
        let asked = format!("step {}: {operation} with {input}", self.steps);
        self.call(operation, input).await.unwrap_or_else(|error| panic!("{asked}: {error}"))
    }

    /// All of a paged list; `list` is where it is in a page.
    pub(crate) async fn list(&self, operation: &str, list: &str, mut input: Value) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let answer = self.ask(operation, input.clone()).await;
            all.extend(answer[list].as_array().unwrap().iter().cloned());
            match answer.get("nextToken") {
                Some(token) if !token.is_null() => input["nextToken"] = token.clone(),
                _ => return all,
            }
        }
    }

    async fn git(&self, arguments: &[&str]) -> Result<String, String> {
        let output = tokio::process::Command::new("git")
            .args(arguments)
            .current_dir(self.work.path())
            .env("HOME", self.work.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "Ada")))
            .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "ada@example.com")))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().to_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }
}

/// A project and a queue; nothing that runs by itself.
fn template() -> Value {
    json!({
        "Resources": {
            "Failures": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "failures" } },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Statement": {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": { "Service": "codebuild.amazonaws.com" }
                        }
                    },
                    "Policies": [{
                        "PolicyName": "Builds",
                        "PolicyDocument": {
                            "Statement": {
                                "Effect": "Allow",
                                "Action": ["codecommit:GitPull", "logs:CreateLogStream", "logs:PutLogEvents"],
                                "Resource": "*"
                            }
                        }
                    }]
                }
            },
            "Project": {
                "Type": "AWS::CodeBuild::Project",
                "Properties": {
                    "Name": PROJECT,
                    "Artifacts": { "Type": "NO_ARTIFACTS" },
                    "Environment": {
                        "Type": "LINUX_CONTAINER",
                        "Image": "aws/codebuild/amazonlinux-x86_64-standard:6.0",
                        "ComputeType": "BUILD_GENERAL1_SMALL"
                    },
                    "LogsConfig": { "CloudWatchLogs": { "GroupName": LOG_GROUP, "Status": "ENABLED" } },
                    "ServiceRole": { "Fn::GetAtt": ["Role", "Arn"] },
                    "Source": { "Type": "NO_SOURCE", "BuildSpec": "{version: 0.2, phases: {build: {commands: [exit 7]}}}" }
                }
            }
        }
    })
}
