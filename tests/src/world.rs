//! A world: a local AWS with the hook's own template and binaries, and a person in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_codebuild::types::Build;
use aws_sdk_codecommit::types::PullRequestStatusEnum;
use local_aws::account::Account;
use local_aws::codebuild::CodeBuildSettings;
use local_aws::event::Event;
use local_aws::faults::FaultList;
use local_aws::lambda::Outcome;
use local_aws::local_aws::{LocalAws, Options};
use local_aws::template::Function;
use serde_json::Value;
use tempfile::TempDir;

use crate::clients::connect;
use crate::gate::{Gate, Turnstile};
use crate::repository::Repository;

/// How long a wait may take in real time before the test fails. Far above what is needed, so that a busy machine
/// does not fail a test.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);

/// As many builds BatchGetBuilds tells about in one call.
const LARGEST_BATCH: usize = 100;

/// After how many invocations it is looked at how far everything has come.
const PROGRESS: usize = 20;

/// The hook's default name, and the name of its CodeBuild project.
pub const HOOK: &str = "pull-request-hook";

/// A local AWS and a person at its terminal.
pub struct World {
    /// The services, to be looked into.
    pub aws: LocalAws,
    /// CodeCommit, as the person.
    pub codecommit: aws_sdk_codecommit::Client,
    /// CodeBuild, as the person.
    pub codebuild: aws_sdk_codebuild::Client,
    folder: TempDir,
}

/// What a test may set otherwise.
#[derive(Debug)]
pub struct WorldOptions {
    /// The templates to load.
    pub templates: Vec<String>,
    /// Builds at one time.
    pub concurrent_builds: usize,
    /// How long a build may run, if that is less than its project allows.
    pub longest_build: Option<Duration>,
    /// Executables in the place of functions, by their logical ids.
    pub executables: BTreeMap<String, PathBuf>,
}

/// A pull request, as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub id: String,
    /// Its revision.
    pub revision_id: String,
    /// The tip of its source branch.
    pub source_commit: String,
    /// The tip of its destination branch.
    pub destination_commit: String,
}

/// A comment that is not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// Its Markdown.
    pub text: String,
    /// The id of the comment that it answers, if it is a reply.
    pub in_reply_to: Option<String>,
    /// Who wrote it.
    pub author_arn: String,
    /// The commit of the destination branch.
    pub before_commit: String,
    /// The tip of the source branch.
    pub after_commit: String,
}

/// A message in a failure queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The event itself (from a rule), or the record around it (from a function).
    pub body: Value,
    /// The message's attributes.
    pub attributes: BTreeMap<String, String>,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            templates: vec![hook_template(HOOK)],
            concurrent_builds: 2,
            longest_build: None,
            executables: BTreeMap::new(),
        }
    }
}

/// The committed template, as it would be for a hook called `name`.
pub fn hook_template(name: &str) -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/template/pull-request-hook.template.json");
    std::fs::read_to_string(path).unwrap().replace(HOOK, name)
}

/// The template of the hook [`HOOK`] with another value of an environment variable of its functions.
pub fn hook_template_with(variable: &str, value: &str) -> String {
    let mut template: Value = serde_json::from_str(&hook_template(HOOK)).unwrap();
    let pointer = format!("/Properties/Environment/Variables/{variable}");
    let resources = template["Resources"].as_object_mut().unwrap();
    let found: Vec<_> =
        resources.values_mut().filter_map(|resource| resource.pointer_mut(&pointer)).collect();
    assert!(!found.is_empty(), "no function has the variable {variable}");
    found.into_iter().for_each(|text| *text = value.into());
    template.to_string()
}

/// The key in the committed template of the function whose code is the binary `binary`.
pub fn logical_id(binary: &str) -> String {
    let template: Value = serde_json::from_str(&hook_template(HOOK)).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let key = format!("{binary}.zip");
    let found = resources.iter().find(|(_, resource)| resource["Properties"]["Code"]["S3Key"] == key);
    found.unwrap().0.clone()
}

/// Runs `test` in a world of its own.
pub async fn run_test(test: impl AsyncFnOnce(&World)) {
    run_test_with(WorldOptions::default(), test).await;
}

/// Runs `test` in a world of its own that is set up by `options`.
pub async fn run_test_with(options: WorldOptions, test: impl AsyncFnOnce(&World)) {
    let world = World::start(options).await;
    test(&world).await;
    world.aws.shutdown().await;
}

/// Where cargo put the binaries of the workspace: beside the folder of this test.
pub fn binaries() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().to_owned();
    assert!(
        folder.join("start-build").exists(),
        "the functions are not built: run `cargo build --workspace --bins`, or `cargo xtask test`"
    );
    folder
}

impl World {
    async fn start(options: WorldOptions) -> Self {
        #[expect(clippy::disallowed_methods, reason = "builds run with this machine's PATH and toolchain")]
        let builds = CodeBuildSettings::from_environment(|name| std::env::var(name).ok());
        let started = LocalAws::start(Options {
            port: 0,
            templates: options.templates,
            binaries: binaries(),
            executables: options.executables,
            builds: CodeBuildSettings {
                concurrent_builds: options.concurrent_builds,
                longest_build: options.longest_build,
                ..builds
            },
            account: Account::default(),
            faults: FaultList::default(),
        });
        let aws = started.await.unwrap_or_else(|error| panic!("{error}"));
        let (codecommit, codebuild) = connect(aws.url(), &aws.account.region);
        Self { aws, codecommit, codebuild, folder: tempfile::tempdir().unwrap() }
    }

    /// A gate for one build.
    pub async fn gate(&self) -> Gate {
        Gate::new().await
    }

    /// A gate for many builds.
    pub async fn turnstile(&self) -> Turnstile {
        Turnstile::new().await
    }

    /// A path in a folder of this world's own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens a pull request whose build runs until the gate is opened. Where one build runs at a time, every other one
    /// waits until then.
    pub async fn occupy_builds(&self, repository: &Repository) -> Gate {
        let gate = self.gate().await;
        self.propose(repository, "slow", &gate.buildspec()).await;
        gate.wait_until_reached().await;
        gate
    }

    /// Waits until `count` builds have been submitted.
    pub async fn wait_for_builds(&self, count: usize) {
        let what = format!("build {count}");
        self.wait_for(&what, async || (self.builds().await.len() == count).then_some(())).await;
    }

    /// Takes the disk space of CodeBuild's machines away: a file stands where builds want their folders.
    pub fn break_builds(&self) {
        let builds = self.aws.folder().join("builds");
        std::fs::rename(&builds, self.aws.folder().join("builds-before")).unwrap();
        std::fs::write(builds, "").unwrap();
    }

    /// Creates a repository with a commit on main, and a clone of it.
    pub async fn create_repository(&self, name: &str) -> Repository {
        Repository::create(&self.codecommit, self.aws.url(), name, self.folder.path().join(name)).await
    }

    /// Opens a pull request from `branch` into main.
    pub async fn open_pull_request(&self, repository: &Repository, branch: &str) -> PullRequest {
        self.open_pull_request_into(repository, branch, "main").await
    }

    /// Opens a pull request from one branch into another.
    pub async fn open_pull_request_into(
        &self,
        repository: &Repository,
        branch: &str,
        destination: &str,
    ) -> PullRequest {
        let id = repository.open_pull_request(&self.codecommit, branch, destination).await;
        self.pull_request(&id).await
    }

    /// Pushes a branch with this buildspec and opens a pull request from it.
    pub async fn propose(&self, repository: &Repository, branch: &str, buildspec: &str) -> PullRequest {
        repository.push_buildspec(branch, buildspec).await;
        self.open_pull_request(repository, branch).await
    }

    /// Reads a pull request.
    pub async fn pull_request(&self, id: &str) -> PullRequest {
        let answer = self.codecommit.get_pull_request().pull_request_id(id).send().await.unwrap();
        let found = answer.pull_request.unwrap();
        let target = &found.pull_request_targets()[0];
        PullRequest {
            id: id.to_owned(),
            revision_id: found.revision_id().unwrap().to_owned(),
            source_commit: target.source_commit().unwrap().to_owned(),
            destination_commit: target.destination_commit().unwrap().to_owned(),
        }
    }

    /// Closes a pull request.
    pub async fn close(&self, pull_request: &PullRequest) {
        let request = self.codecommit.update_pull_request_status().pull_request_id(&pull_request.id);
        request.pull_request_status(PullRequestStatusEnum::Closed).send().await.unwrap();
    }

    /// The comments on a pull request that are not deleted, oldest first.
    pub async fn comments(&self, pull_request_id: &str) -> Vec<Comment> {
        let pages = self.codecommit.get_comments_for_pull_request().pull_request_id(pull_request_id);
        let mut pages = pages.into_paginator().send();
        let mut comments = Vec::new();
        while let Some(page) = pages.next().await {
            for thread in page.unwrap().comments_for_pull_request_data.unwrap_or_default() {
                let (before, after) = (thread.before_commit_id.unwrap(), thread.after_commit_id.unwrap());
                let live = thread.comments.unwrap_or_default().into_iter().filter(|comment| !comment.deleted);
                comments.extend(live.map(|comment| Comment {
                    id: comment.comment_id.unwrap(),
                    text: comment.content.unwrap_or_default(),
                    in_reply_to: comment.in_reply_to,
                    author_arn: comment.author_arn.unwrap(),
                    before_commit: before.clone(),
                    after_commit: after.clone(),
                }));
            }
        }
        comments
    }

    /// The builds of the default hook's project, newest first.
    pub async fn builds(&self) -> Vec<Build> {
        self.builds_of(HOOK).await
    }

    /// The builds of a project, newest first.
    pub async fn builds_of(&self, project: &str) -> Vec<Build> {
        let pages = self.codebuild.list_builds_for_project().project_name(project).into_paginator();
        let ids: Result<Vec<String>, _> = pages.items().send().collect().await;
        let ids = ids.unwrap();
        let mut builds = Vec::new();
        for ids in ids.chunks(LARGEST_BATCH) {
            let answer = self.codebuild.batch_get_builds().set_ids(Some(ids.to_vec())).send().await.unwrap();
            builds.extend(answer.builds.unwrap_or_default());
        }
        builds
    }

    /// How many builds of the default hook's project run or wait in the queue.
    pub fn running_builds(&self) -> usize {
        let codebuild = &self.aws.codebuild;
        let ids = codebuild.builds_of_project(HOOK).into_iter();
        let builds = ids.filter_map(|id| codebuild.watch_build(&id));
        builds.filter(|build| !build.borrow().is_complete()).count()
    }

    /// The value of a variable of a build.
    pub fn variable<'b>(&self, build: &'b Build, name: &str) -> Option<&'b str> {
        let variables = build.environment()?.environment_variables();
        variables.iter().find(|variable| variable.name() == name).map(|variable| variable.value())
    }

    /// The events of a detail type so far, in order.
    pub fn events_of(&self, detail_type: &str) -> Vec<Event> {
        self.aws.events().into_iter().filter(|event| event.detail_type == detail_type).collect()
    }

    /// The event that told of the first pull request.
    pub fn created_event(&self) -> Event {
        let events = self.events_of("CodeCommit Pull Request State Change");
        events.into_iter().find(|event| event.detail["event"] == "pullRequestCreated").unwrap()
    }

    /// The function whose code is the binary `binary`.
    pub fn function(&self, binary: &str) -> Function {
        let key = format!("{binary}.zip");
        self.aws.deployment.functions.iter().find(|function| function.code_key == key).unwrap().clone()
    }

    /// Everything that a function has printed.
    pub fn function_log(&self, binary: &str) -> String {
        let group = self.function(binary).log_group;
        let streams = self.aws.logs.streams(&group).unwrap_or_default();
        let events = streams.iter().filter_map(|stream| self.aws.logs.read(&group, stream));
        events.flatten().map(|event| event.message + "\n").collect()
    }

    /// The lines of the logs of all builds.
    pub fn build_log(&self) -> Vec<String> {
        let group = &self.aws.deployment.projects[0].log_group;
        let streams = self.aws.logs.streams(group).unwrap_or_default();
        let events = streams.iter().filter_map(|stream| self.aws.logs.read(group, stream));
        events.flatten().map(|event| event.message).collect()
    }

    /// The messages in the failure queues, with their bodies read as JSON.
    pub fn failures(&self) -> Vec<Failure> {
        let queues = self.aws.deployment.queues.iter();
        let messages = queues.flat_map(|queue| self.aws.sqs.messages(&queue.arn));
        messages
            .map(|message| Failure {
                body: serde_json::from_str(&message.body).unwrap(),
                attributes: message
                    .attributes
                    .into_iter()
                    .map(|(name, value)| (name, value.string_value))
                    .collect(),
            })
            .collect()
    }

    /// Pushes the clock past both waits of a failed asynchronous invocation, and waits until nothing is under way.
    pub async fn exhaust_retries(&self) {
        for minutes in [1, 2] {
            self.settle().await;
            self.aws.clock.advance(Duration::from_secs(minutes * 60));
        }
        self.wait_for("the failed event in the queue", async || (!self.failures().is_empty()).then_some(()))
            .await;
        self.settle().await;
    }

    /// Waits until `check` finds something. When the limit passes, the test fails and shows the state of the world.
    pub async fn wait_for<T>(&self, what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
        let mut changes = self.aws.activity.changes();
        let waiting = async {
            loop {
                if let Some(found) = check().await {
                    return found;
                }
                changes.next().await;
            }
        };
        match tokio::time::timeout(LIMIT, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{what} did not come within {LIMIT:?}\n{}", self.describe().await),
        }
    }

    /// Waits until nothing is under way: no event, no invocation, no build. What waits for the clock stays waiting.
    pub async fn settle(&self) {
        if tokio::time::timeout(LIMIT, self.aws.activity.wait_until_idle()).await.is_err() {
            panic!("the world did not come to rest within {LIMIT:?}\n{}", self.describe().await);
        }
    }

    /// Waits until nothing is under way but builds: no event, no invocation. What waits for the clock stays waiting.
    pub async fn settle_but_for_builds(&self) {
        self.wait_for("rest but for builds", async || self.rests_but_for_builds().then_some(())).await;
    }

    /// Whether nothing is under way but builds.
    pub fn rests_but_for_builds(&self) -> bool {
        let before = self.aws.activity.snapshot();
        let running = self.running_builds();
        before.busy == running && before == self.aws.activity.snapshot()
    }

    /// Lets time pass in steps until every delivery, and at least so many, was handled well or is in the failure queue;
    /// the retries that AWS makes are over then. Builds may go on.
    pub async fn let_time_pass(&self, step: Duration, deliveries: usize) {
        let invocations = self.aws.lambda.invocations();
        loop {
            let ended = invocations.borrow().len();
            // The wait ends when there is something to see, so that its limit holds for any number of deliveries.
            let progress = async || {
                let went_on = invocations.borrow().len() >= ended + PROGRESS;
                (went_on || self.rests_but_for_builds()).then_some(())
            };
            self.wait_for("an invocation that ends", progress).await;
            if !self.rests_but_for_builds() {
                continue;
            }
            let delivered = self.aws.eventbridge.deliveries().borrow().len();
            if delivered >= deliveries && self.count_handled() + self.failures().len() == delivered {
                return;
            }
            self.aws.clock.advance(step);
        }
    }

    /// How many deliveries the functions have handled well, after whatever number of attempts.
    fn count_handled(&self) -> usize {
        let invocations = self.aws.lambda.invocations();
        let invocations = invocations.borrow();
        let handled = invocations.iter().filter(|invocation| invocation.outcome == Outcome::Succeeded);
        handled.map(|invocation| &invocation.request_id).collect::<BTreeSet<_>>().len()
    }

    /// Waits until nothing is under way, and returns the one comment on a pull request, beside which there may be replies.
    pub async fn settle_with_one_comment(&self, pull_request: &PullRequest) -> Comment {
        self.settle().await;
        let mut comments = self.comments(&pull_request.id).await;
        comments.retain(|comment| comment.in_reply_to.is_none());
        if comments.len() != 1 {
            panic!("one comment was expected, but there are {}\n{}", comments.len(), self.describe().await);
        }
        comments.remove(0)
    }

    /// Everything that a person debugging a test wants to know.
    pub async fn describe(&self) -> String {
        let mut text = String::from("\n== events\n");
        for event in self.aws.events() {
            let what = event.detail.get("event").or_else(|| event.detail.get("build-status"));
            text += &format!("{} {} {}\n", event.time, event.detail_type, what.cloned().unwrap_or_default());
        }
        text += "\n== builds\n";
        for build in self.builds().await {
            text += &format!("{:?} {:?} {:?}\n", build.id(), build.build_status(), build.current_phase());
        }
        text += "\n== failure queues\n";
        for failure in self.failures() {
            text += &format!("{:?} {}\n", failure.attributes, failure.body);
        }
        text += "\n== logs of the functions\n";
        for binary in ["start-build", "publish-build-result"] {
            text += &self.function_log(binary);
        }
        text
    }
}
