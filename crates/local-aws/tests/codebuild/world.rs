//! One CodeBuild of its own for each test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_aws::account::Account;
use local_aws::activity::Activity;
use local_aws::aws_json::{ApiError, AwsJsonService};
use local_aws::caller::{AccessKeys, Caller};
use local_aws::clock::Clock;
use local_aws::codebuild::{Build, CodeBuild, CodeBuildSettings, Surroundings};
use local_aws::event::Event;
use local_aws::iam::{Effect, Role, Selection, Statement};
use local_aws::logs::LogStore;
use local_aws::template::{Project, ProjectEnvironment};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a test waits for anything before it fails and tells what it saw.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const PROJECT: &str = "pull-request-hook";
pub(crate) const CLONE_URL_PREFIX: &str = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/";

pub(crate) struct World {
    pub codebuild: Arc<CodeBuild>,
    pub clock: Clock,
    pub access_keys: AccessKeys,
    pub activity: Activity,
    pub events: Arc<Mutex<Vec<Event>>>,
    logs: LogStore,
    folder: TempDir,
    caller: Caller,
}

/// A build that has ended: its answer from BatchGetBuilds, and its log.
#[derive(Debug)]
pub(crate) struct Finished {
    pub build: Value,
    pub log: Vec<String>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {}, |_| {})
    }

    pub(crate) fn with(
        change_settings: impl FnOnce(&mut CodeBuildSettings),
        change_project: impl FnOnce(&mut Project),
    ) -> Self {
        Self::with_role(change_settings, change_project, None)
    }

    /// One whose builds may do everything but this action.
    pub(crate) fn denying(action: &str) -> Self {
        Self::with_role(|_| {}, |_| {}, Some(action))
    }

    fn with_role(
        change_settings: impl FnOnce(&mut CodeBuildSettings),
        change_project: impl FnOnce(&mut Project),
        denied: Option<&str>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (account, clock, activity) = (Account::default(), Clock::default(), Activity::default());
        let (logs, access_keys) = (
            LogStore::new(clock.clone()),
            AccessKeys::new(account.clone(), vec![build_role(&account, denied)]),
        );
        let events = Arc::new(Mutex::new(Vec::new()));
        let emit = {
            let events = Arc::clone(&events);
            Arc::new(move |event| events.lock().unwrap().push(event))
        };
        let repositories = folder.path().join("repositories");
        let resolve_source = Arc::new(move |url: &str| {
            let repository = repositories.join(url.strip_prefix(CLONE_URL_PREFIX)?);
            repository.exists().then_some(repository)
        });
        let mut settings = machine_settings();
        change_settings(&mut settings);
        let mut project = project(&account);
        change_project(&mut project);
        let surroundings = Surroundings {
            account,
            clock: clock.clone(),
            folder: folder.path().join("builds"),
            emit,
            logs: logs.clone(),
            resolve_source,
            access_keys: access_keys.clone(),
            activity: activity.clone(),
        };
        let codebuild = CodeBuild::new(surroundings, settings, vec![project]);
        let caller = Caller::administrator("arn:aws:sts::123456789012:assumed-role/start-role/start");
        Self { codebuild, clock, access_keys, activity, events, logs, folder, caller }
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.codebuild.call(operation, &self.caller, input).await
    }

    /// Starts a build and answers its id.
    pub(crate) async fn start(&self, mut input: Value) -> String {
        input["projectName"] = PROJECT.into();
        let answer = self.call("StartBuild", input).await.unwrap();
        answer["build"]["id"].as_str().unwrap().to_owned()
    }

    /// Starts a build without a source.
    pub(crate) async fn start_inline(&self, buildspec: &str) -> String {
        self.start(json!({ "buildspecOverride": buildspec })).await
    }

    /// Runs a build without a source to its end.
    pub(crate) async fn run_inline(&self, buildspec: &str) -> Finished {
        let id = self.start_inline(buildspec).await;
        self.finish(&id).await
    }

    /// Runs a build whose phase `build` has these commands.
    pub(crate) async fn run_commands(&self, commands: &[&str]) -> Finished {
        let buildspec = json!({ "version": "0.2", "phases": { "build": { "commands": commands } } });
        self.run_inline(&buildspec.to_string()).await
    }

    /// Waits until a build is as it should be.
    pub(crate) async fn wait_until(&self, id: &str, wanted: impl FnMut(&Build) -> bool) {
        self.wait_for_at_most(PATIENCE, id, wanted).await;
    }

    async fn wait_for_at_most(&self, limit: Duration, id: &str, mut wanted: impl FnMut(&Build) -> bool) {
        let mut build = self.codebuild.watch_build(id).expect("no such build");
        let waiting = tokio::time::timeout(limit, build.wait_for(|build| wanted(build))).await;
        if !matches!(waiting, Ok(Ok(_))) {
            let build = self.codebuild.watch_build(id).map(|build| build.borrow().clone());
            panic!("waited {limit:?} in vain; the build is {build:#?}; its log is {:#?}", self.log_of(id));
        }
    }

    /// Waits until a line of the log of a running build begins with `text`.
    pub(crate) async fn wait_for_log(&self, id: &str, text: &str) {
        let seen = || self.log_of(id).iter().any(|line| line.starts_with(text));
        let mut lines = self.logs.subscribe();
        let waiting = lines.wait_for(|_| seen());
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("waited {PATIENCE:?} in vain for {text:?}; the log is {:#?}", self.log_of(id));
        }
    }

    /// Waits until a process, of whoever it is a child, has ended.
    pub(crate) async fn wait_until_ended(&self, process: &str) {
        let process = Pid::from_raw(process.parse().unwrap()).unwrap();
        let handle = match pidfd_open(process, PidfdFlags::empty()) {
            Err(Errno::SRCH) => return,
            handle => handle.unwrap(),
        };
        let limit = Timespec::try_from(PATIENCE).unwrap();
        let ended = tokio::task::spawn_blocking(move || {
            poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&limit)).unwrap()
        });
        assert_eq!(ended.await.unwrap(), 1, "waited {PATIENCE:?} in vain; process {process:?} is alive");
    }

    pub(crate) async fn finish(&self, id: &str) -> Finished {
        self.finish_within(PATIENCE, id).await
    }

    /// Waits for the end of a build that takes its time.
    pub(crate) async fn finish_within(&self, limit: Duration, id: &str) -> Finished {
        self.wait_for_at_most(limit, id, Build::is_complete).await;
        let answer = self.call("BatchGetBuilds", json!({ "ids": [id] })).await.unwrap();
        let build = answer["builds"][0].clone();
        Finished { log: self.log_of(id), build }
    }

    /// The log of a build that may still run.
    pub(crate) fn log_of(&self, id: &str) -> Vec<String> {
        let uuid = id.split_once(':').unwrap().1;
        let events = self.logs.read("builds", uuid).unwrap_or_default();
        events.into_iter().map(|event| event.message).collect()
    }

    /// Makes a repository with one commit on `main`. Answers the commit's id.
    pub(crate) fn create_repository(&self, name: &str, files: &[(&str, &str)]) -> String {
        let bare = self.repository(name);
        git(
            self.folder.path(),
            &["init", "--quiet", "--bare", "--initial-branch=main", &bare.to_string_lossy()],
        );
        self.push(name, "main", files)
    }

    /// Pushes one new commit, with these files alone, to a branch. Answers the commit's id.
    pub(crate) fn push(&self, name: &str, branch: &str, files: &[(&str, &str)]) -> String {
        let work = tempfile::tempdir_in(self.folder.path()).unwrap();
        git(work.path(), &["init", "--quiet"]);
        for (file, text) in files {
            let file = work.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        git(work.path(), &["add", "--all"]);
        git(work.path(), &["commit", "--quiet", "--allow-empty", "--message", branch]);
        let target = format!("HEAD:refs/heads/{branch}");
        git(work.path(), &["push", "--quiet", "--force", &self.repository(name).to_string_lossy(), &target]);
        git(work.path(), &["rev-parse", "HEAD"])
    }

    pub(crate) fn delete_branch(&self, name: &str, branch: &str) {
        git(&self.repository(name), &["update-ref", "-d", &format!("refs/heads/{branch}")]);
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.folder.path().join("repositories").join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Finished {
    pub(crate) fn status(&self) -> &str {
        self.build["buildStatus"].as_str().unwrap()
    }

    /// Each phase with its status: `BUILD FAILED`.
    pub(crate) fn phases(&self) -> Vec<String> {
        let phases = self.build["phases"].as_array().unwrap();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let line = |phase: &Value| format!("{} {}", word(&phase["phaseType"]), word(&phase["phaseStatus"]));
        phases.iter().map(|phase| line(phase).trim_end().to_owned()).collect()
    }

    /// The status code and the message of a phase.
    pub(crate) fn context(&self, phase_type: &str) -> (String, String) {
        let phases = self.build["phases"].as_array().unwrap();
        let phase = phases.iter().find(|phase| phase["phaseType"] == phase_type).expect("no such phase");
        let text = |member: &str| phase["contexts"][0][member].as_str().unwrap().to_owned();
        (text("statusCode"), text("message"))
    }

    /// The lines that commands printed.
    pub(crate) fn output(&self) -> Vec<&str> {
        let lines = self.log.iter().map(String::as_str);
        lines.filter(|line| !line.starts_with("[Container] ")).collect()
    }

    /// CodeBuild's own lines without their times.
    pub(crate) fn said(&self) -> Vec<&str> {
        let lines = self.log.iter().filter(|line| line.starts_with("[Container] "));
        lines.map(|line| line.splitn(4, ' ').nth(3).unwrap_or_default()).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' one look at this machine's environment")]
fn machine_settings() -> CodeBuildSettings {
    CodeBuildSettings::from_environment(|name| std::env::var(name).ok())
}

/// The role of the project, whose builds may do everything but the action that is denied.
fn build_role(account: &Account, denied: Option<&str>) -> Role {
    let statement = |effect, action: &str| Statement {
        effect,
        actions: Selection::Of(vec![action.to_owned()]),
        resources: Selection::Of(vec!["*".to_owned()]),
        conditions: Vec::new(),
    };
    let denial = denied.map(|action| statement(Effect::Deny, action));
    Role {
        name: "build-role".to_owned(),
        arn: account.global_arn("iam", "role/build-role"),
        trust: Vec::new(),
        statements: std::iter::once(statement(Effect::Allow, "*")).chain(denial).collect(),
    }
}

fn project(account: &Account) -> Project {
    Project {
        name: PROJECT.to_owned(),
        arn: account.arn("codebuild", &format!("project/{PROJECT}")),
        source_type: "NO_SOURCE".to_owned(),
        source_location: None,
        buildspec: Some("version: 0.2\nphases: { build: { commands: [ 'exit 1' ] } }\n".to_owned()),
        environment: ProjectEnvironment {
            environment_type: "LINUX_CONTAINER".to_owned(),
            image: "aws/codebuild/amazonlinux-x86_64-standard:6.0".to_owned(),
            compute_type: "BUILD_GENERAL1_SMALL".to_owned(),
            privileged_mode: false,
            variables: vec![("OF_PROJECT".to_owned(), "project".to_owned())],
        },
        role_name: "build-role".to_owned(),
        role_arn: account.global_arn("iam", "role/build-role"),
        encryption_key: account.arn("kms", "alias/aws/s3"),
        timeout: Duration::from_secs(60 * 60),
        queued_timeout: Duration::from_secs(8 * 60 * 60),
        log_group: "builds".to_owned(),
        concurrent_build_limit: None,
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
