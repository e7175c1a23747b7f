//! CodeBuild: builds that really run, from a clone of the source, by the buildspec, with a log.

mod build;
mod buildspec;
mod download_source;
mod event;
mod folders;
mod git_access;
mod lists;
mod log;
mod operations;
mod phase;
mod project_api;
mod reports;
mod request;
mod run;
mod settings;
mod shell;
mod source;
mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::account::Account;
use crate::activity::Activity;
use crate::aws_json::ApiError;
use crate::caller::{AccessKeys, Caller};
use crate::clock::Clock;
use crate::event::EventSink;
use crate::logs::LogStore;
use crate::template::Project;

pub use build::Build;
pub use phase::{Phase, PhaseContext, PhaseType, Status};
pub use settings::CodeBuildSettings;

use reports::ReportStore;
use request::{BuildRequest, invalid};

/// How long CodeBuild knows an idempotency token (API reference, `StartBuild`).
const TOKEN_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Finds the repository behind a clone URL on this machine; nothing where there is none.
pub type ResolveSource = Arc<dyn Fn(&str) -> Option<PathBuf> + Send + Sync>;

/// CodeBuild with its projects and builds.
#[derive(Debug)]
pub struct CodeBuild {
    shared: Arc<Shared>,
    projects: Vec<Project>,
    /// When the projects were created.
    created: OffsetDateTime,
    state: Mutex<State>,
    tasks: Mutex<JoinSet<()>>,
}

/// The parts of a local AWS that CodeBuild stands on.
#[derive(Clone)]
pub struct Surroundings {
    /// Where everything lives.
    pub account: Account,
    /// The time that builds are stamped with, and that limits how long they wait in the queue.
    pub clock: Clock,
    /// Builds work in this folder, each in a folder of its own that it removes at its end.
    pub folder: PathBuf,
    /// Takes the events.
    pub emit: EventSink,
    /// Takes the logs.
    pub logs: LogStore,
    /// Finds the repositories.
    pub resolve_source: ResolveSource,
    /// Hands credentials out to builds.
    pub access_keys: AccessKeys,
    /// A build is under way from its submission to the event of its end.
    pub activity: Activity,
}

/// What CodeBuild and its running builds share.
#[derive(Debug)]
struct Shared {
    around: Surroundings,
    settings: CodeBuildSettings,
    /// One permit for each build that may run at one time; builds get them in the order of their submission.
    slots: Arc<Semaphore>,
    reports: ReportStore,
}

impl Shared {
    /// A build's session of its project's role.
    fn session(&self, build: &Build) -> Caller {
        let name = format!("AWSCodeBuild-{}", build.uuid);
        self.around.access_keys.open_session(&build.request.role_name, &name)
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Surroundings").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct State {
    /// By id.
    builds: BTreeMap<String, BuildHandle>,
    /// The ids of each project's builds; the build number is the place in the list.
    of_project: BTreeMap<String, Vec<String>>,
    /// The ids of all builds in the order of their submission.
    submitted: Vec<String>,
    tokens: BTreeMap<String, UsedToken>,
    shut_down: bool,
}

#[derive(Debug)]
struct BuildHandle {
    build: watch::Receiver<Build>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
struct UsedToken {
    parameters: Value,
    build_id: String,
    used: OffsetDateTime,
}

/// A request that may be repeated: its token, and what must be equal then.
#[derive(Debug)]
struct Idempotency {
    token: Option<String>,
    parameters: Value,
}

impl CodeBuild {
    /// CodeBuild with these projects and no builds.
    pub fn new(surroundings: Surroundings, settings: CodeBuildSettings, projects: Vec<Project>) -> Arc<Self> {
        for project in &projects {
            surroundings.logs.create_group(&project.log_group);
        }
        let created = surroundings.clock.now();
        let slots = Arc::new(Semaphore::new(settings.concurrent_builds));
        let shared =
            Arc::new(Shared { around: surroundings, settings, slots, reports: ReportStore::default() });
        Arc::new(Self { shared, projects, created, state: Mutex::default(), tasks: Mutex::default() })
    }

    /// A build as it is now and as it changes, for whoever waits for something. Nothing where there is no such build.
    pub fn watch_build(&self, id: &str) -> Option<watch::Receiver<Build>> {
        self.lock().builds.get(id).map(|handle| handle.build.clone())
    }

    /// The ids of a project's builds, the oldest first.
    pub fn builds_of_project(&self, project: &str) -> Vec<String> {
        self.lock().of_project.get(project).cloned().unwrap_or_default()
    }

    /// Kills all builds with everything that they started. They emit nothing more, and none can be started.
    pub async fn shutdown(&self) {
        self.lock().shut_down = true;
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }

    /// Submits a build, or answers the one that was submitted with the same token.
    fn submit(
        &self,
        request: impl FnOnce(&State) -> Result<Arc<BuildRequest>, ApiError>,
        idempotency: Idempotency,
        caller: &Caller,
    ) -> Result<Build, ApiError> {
        let now = self.shared.around.clock.now();
        let mut state = self.lock();
        if let Some(known) = state.repeated(&idempotency, now)? {
            return Ok(known);
        }
        let request = request(&state)?;
        self.check_limits(&state, &request.project_name)?;
        if state.shut_down {
            return Err(ApiError::internal("local-aws is shutting down"));
        }
        let of_project = state.of_project.entry(request.project_name.clone()).or_default();
        let number = of_project.len() as u64 + 1;
        let build = Build::submitted(&self.shared.around.account, request, number, &caller.arn, now);
        of_project.push(build.id.clone());
        state.submitted.push(build.id.clone());
        if let Some(token) = idempotency.token {
            let used =
                UsedToken { parameters: idempotency.parameters, build_id: build.id.clone(), used: now };
            state.tokens.insert(token, used);
        }
        let busy = self.shared.around.activity.begin();
        (self.shared.around.emit)(event::state_change(&self.shared.around.account, &build, now));
        let (sender, receiver) = watch::channel(build.clone());
        let (stop, stopped) = watch::channel(false);
        state.builds.insert(build.id.clone(), BuildHandle { build: receiver, stop });
        let run = run::Run { shared: Arc::clone(&self.shared), build: sender, stop: stopped, busy };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(run.run());
        Ok(build)
    }

    /// Refuses a build over the project's own limit, and one over the queue's: five times what runs at one time
    /// (user guide, "Quotas").
    fn check_limits(&self, state: &State, project_name: &str) -> Result<(), ApiError> {
        let active = |project: Option<&str>| {
            let builds = state.builds.values().map(|handle| handle.build.borrow());
            builds
                .filter(|build| !build.is_complete())
                .filter(|build| project.is_none_or(|project| build.request.project_name == project))
                .count()
        };
        let limit =
            self.project(project_name)?.concurrent_build_limit.and_then(|limit| usize::try_from(limit).ok());
        let exceeded = |message: String| Err(ApiError::new("AccountLimitExceededException", message));
        if let Some(limit) = limit
            && active(Some(project_name)) >= limit
        {
            return exceeded(format!("Cannot have more than {limit} active builds for the project"));
        }
        let concurrent = self.shared.settings.concurrent_builds;
        let queued = concurrent * 5;
        if active(None) >= concurrent + queued {
            return exceeded(format!("Cannot have more than {queued} builds in queue for the account"));
        }
        Ok(())
    }

    fn project(&self, name: &str) -> Result<&Project, ApiError> {
        self.projects.iter().find(|project| project.name == name).ok_or_else(|| {
            let arn = self.shared.around.account.arn("codebuild", &format!("project/{name}"));
            ApiError::new("ResourceNotFoundException", format!("Project cannot be found: {arn}"))
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The build that was submitted with this token in the last five minutes.
    fn repeated(&self, idempotency: &Idempotency, now: OffsetDateTime) -> Result<Option<Build>, ApiError> {
        let Some(used) = idempotency.token.as_ref().and_then(|token| self.tokens.get(token)) else {
            return Ok(None);
        };
        if now - used.used >= TOKEN_LIFETIME {
            return Ok(None);
        }
        if used.parameters != idempotency.parameters {
            return Err(invalid(
                "The idempotency token was used with other parameters in the last 5 minutes: parameter mismatch",
            ));
        }
        Ok(self.builds.get(&used.build_id).map(|handle| handle.build.borrow().clone()))
    }
}
