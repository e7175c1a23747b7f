//! A whole local AWS, what was asked of it so far, and what should be in it therefore.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use local_aws::account::Account;
use local_aws::aws_json::ApiError;
use local_aws::caller::Caller;
use local_aws::codebuild::CodeBuildSettings;
use local_aws::faults::FaultList;
use local_aws::local_aws::{LocalAws, Options};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::knowledge::{Knowledge, Moment};
use crate::random::Random;
use crate::services::Services;

pub(crate) const PROJECT: &str = "hook";
pub(crate) const FUNCTION: &str = "nothing";
pub(crate) const LOG_GROUP: &str = "/builds";
pub(crate) const BRANCHES: [&str; 5] = ["main", "feature-0", "feature-1", "feature-2", "feature-3"];

/// What a push is counted as.
pub(crate) const PUSH: &str = "git push";

/// Commits that are pushed around: the first half is one line of history, the others branch off it.
const COMMITS: usize = 12;

/// The most calls and pushes that are made at once.
const AT_ONCE: usize = 6;

/// One thing to do.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Call {
        operation: &'static str,
        caller: Caller,
        input: Value,
    },
    /// Without a commit the branch is deleted.
    Push {
        repository: String,
        branch: &'static str,
        commit: Option<String>,
        forced: bool,
    },
}

pub(crate) struct World {
    pub(crate) aws: LocalAws,
    pub(crate) services: Services,
    pub(crate) random: Random,
    /// Who calls.
    pub(crate) people: [Caller; 2],
    /// A work tree with all commits.
    work: Arc<tempfile::TempDir>,
    commits: Vec<String>,
    pub(crate) known: Knowledge,
    /// How often each operation was answered with what: an error's code, or `success`.
    pub(crate) answers: BTreeMap<String, BTreeMap<String, u32>>,
    pub(crate) steps: u64,
}

impl World {
    pub(crate) async fn start(seed: u64) -> Self {
        let account = Account::default();
        let builds = CodeBuildSettings::from_environment(|_| None);
        let aws = LocalAws::start(Options {
            port: 0,
            templates: vec![template().to_string()],
            binaries: "/".into(),
            // Nobody invokes the function.
            executables: BTreeMap::from([("Function".to_owned(), std::env::current_exe().unwrap())]),
            builds,
            account: account.clone(),
            faults: FaultList::default(),
        });
        let aws = aws.await.unwrap();
        let people = ["developer", "reviewer"];
        let mut world = Self {
            services: Services::of(&aws),
            aws,
            random: Random(seed),
            people: people
                .map(|name| Caller::administrator(account.global_arn("iam", &format!("user/{name}")))),
            work: Arc::new(tempfile::tempdir().unwrap()),
            commits: Vec::new(),
            known: Knowledge::default(),
            answers: BTreeMap::new(),
            steps: 0,
        };
        world.make_commits().await;
        world
    }

    async fn make_commits(&mut self) {
        let work = self.work.clone();
        let git = async |arguments: &[&str]| run_git(work.path(), arguments).await.unwrap();
        git(&["init", "--quiet"]).await;
        for number in 0..COMMITS {
            if number >= COMMITS / 2 {
                let base = self.choose_commit();
                git(&["checkout", "--quiet", &base]).await;
            }
            std::fs::write(work.path().join(format!("file-{number}")), number.to_string()).unwrap();
            // Some can be merged with any other, some cannot.
            if number % 3 != 0 {
                std::fs::write(work.path().join("shared"), number.to_string()).unwrap();
            }
            git(&["add", "--all"]).await;
            git(&["commit", "--quiet", "--message", "Change"]).await;
            self.commits.push(git(&["rev-parse", "HEAD"]).await);
        }
    }

    pub(crate) fn choose_commit(&mut self) -> String {
        self.random.choose(&self.commits).clone()
    }

    /// Makes one call or push, or several at once.
    pub(crate) async fn make_steps(&mut self) {
        let count = if self.random.once_in(2) { 1 } else { 2 + self.random.below(AT_ONCE - 1) };
        let steps: Vec<Step> = (0..count).map(|_| self.choose_step()).collect();
        let mut running = JoinSet::new();
        for (index, step) in steps.iter().cloned().enumerate() {
            let (services, work, url) = (self.services.clone(), self.work.clone(), self.aws.url().to_owned());
            running.spawn(async move { (index, make_step(&services, work.path(), &url, step).await) });
        }
        let mut answers = running.join_all().await;
        answers.sort_by_key(|(index, _)| *index);
        let moment = self.steps + 1;
        self.steps += steps.len() as u64;
        for (step, (_, answer)) in steps.iter().zip(answers) {
            self.note_step(step, answer, moment, steps.len());
        }
        self.settle_deletions(moment).await;
    }

    fn note_step(&mut self, step: &Step, answer: Result<Value, ApiError>, moment: Moment, at_once: usize) {
        let name = match step {
            Step::Call { operation, .. } => operation,
            Step::Push { .. } => PUSH,
        };
        let code = match (&answer, step) {
            (Ok(_), _) => "success",
            (Err(error), _) => {
                let status = error.status;
                assert!(status < 500, "step {moment}, {at_once} at once: {step:?}: {error}");
                error.code.as_str()
            }
        };
        *self.answers.entry(name.to_owned()).or_default().entry(code.to_owned()).or_default() += 1;
        match (step, answer) {
            (Step::Call { operation, caller, input }, Ok(answer)) => {
                self.note((operation, caller), input, &answer, moment);
            }
            (Step::Push { repository, branch, commit, .. }, Ok(_)) => {
                self.known.set_tip(repository, branch, commit.clone(), moment);
            }
            (_, Err(_)) => {}
        }
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.services.call(operation, &self.people[0], input).await
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
}

/// The answer to one step. A push that fails is an error of whoever pushes, unless git says that the server failed.
async fn make_step(services: &Services, work: &Path, url: &str, step: Step) -> Result<Value, ApiError> {
    match step {
        Step::Call { operation, caller, input } => services.call(operation, &caller, input).await,
        Step::Push { repository, branch, commit, forced } => {
            let url = format!("{url}/v1/repos/{repository}");
            let mut arguments = vec!["push", "--quiet"];
            if forced {
                arguments.push("--force");
            }
            let refspec = format!("{}:refs/heads/{branch}", commit.unwrap_or_default());
            arguments.extend([url.as_str(), &refspec]);
            match run_git(work, &arguments).await {
                Ok(_) => Ok(Value::Null),
                Err(message) => {
                    let failed = message.contains("The requested URL returned error: 5");
                    let status = if failed { 500 } else { 400 };
                    Err(ApiError { status, ..ApiError::new("error", message) })
                }
            }
        }
    }
}

async fn run_git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = tokio::process::Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
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

/// A project, a queue and a function; nothing that runs by itself.
fn template() -> Value {
    json!({
        "Resources": {
            "Failures": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "failures" } },
            "Role": role("codebuild.amazonaws.com", &json!([{
                "PolicyName": "Builds",
                "PolicyDocument": {
                    "Statement": {
                        "Effect": "Allow",
                        "Action": ["codecommit:GitPull", "logs:CreateLogStream", "logs:PutLogEvents"],
                        "Resource": "*"
                    }
                }
            }])),
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": FUNCTION,
                    "Code": { "S3Key": "nothing.zip" },
                    "Handler": "bootstrap",
                    "Role": { "Fn::GetAtt": ["FunctionRole", "Arn"] },
                    "Runtime": "provided.al2023"
                }
            },
            "FunctionRole": role("lambda.amazonaws.com", &json!([])),
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

/// A role that the service assumes.
fn role(service: &str, policies: &Value) -> Value {
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": { "Service": service }
                }
            },
            "Policies": policies
        }
    })
}
