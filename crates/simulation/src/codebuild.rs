//! What the hook sees of CodeBuild: builds, and the tokens that they were started with.
//!
//! A token is known for five minutes; with other parameters it is refused (API reference of `StartBuild`). More builds
//! than may run at once wait; beyond five times as many, a start fails. A build may be read as it was a moment ago, and is
//! listed a moment after its start.

use pull_request_build::{
    Build, BuildId, BuildStatus, ListedBuild, Phase, PhaseContext, PullRequestBuild, Secrets,
};

use crate::chance::Chance;
use crate::moment::{Moment, Span};
use crate::names::build_arn;

/// As many builds stand on a page of `ListBuildsForProject`: far fewer than CodeBuild's hundred, so that worlds turn it.
const PAGE: usize = 3;

#[derive(Debug)]
pub(crate) struct CodeBuild {
    pub(crate) runs: Vec<Run>,
    token_life: Span,
    /// How many builds run at once.
    concurrency: usize,
    /// When the hook's project was created: until then, there was no hook.
    pub(crate) project_created: Moment,
}

/// A build, as it is.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) build: Build,
    pub(crate) submitted: Moment,
    pub(crate) ended: Option<Moment>,
    /// The token that it was started with; one that a person retried has none.
    pub(crate) token: Option<String>,
    begun: bool,
}

/// What came of `StartBuild`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    New(usize),
    Known(usize),
    InvalidInput,
    AccountLimitExceeded,
}

impl CodeBuild {
    pub(crate) fn new(token_life: Span, concurrency: usize, project_created: Moment) -> Self {
        Self { runs: Vec::new(), token_life, concurrency, project_created }
    }

    pub(crate) fn start(&mut self, build: &PullRequestBuild, token: &str, now: Moment) -> Start {
        let of_token =
            |run: &Run| run.token.as_deref() == Some(token) && now < run.submitted + self.token_life;
        if let Some(known) = self.runs.iter().rposition(of_token) {
            let is_same = self.runs[known].build.pull_request == *build;
            return if is_same { Start::Known(known) } else { Start::InvalidInput };
        }
        let waiting = self.runs.iter().filter(|run| run.ended.is_none() && !run.begun).count();
        if waiting >= 5 * self.concurrency {
            return Start::AccountLimitExceeded;
        }
        Start::New(self.submit(build.clone(), Some(token.to_owned()), now))
    }

    /// A person starts the build once more, with its variables.
    pub(crate) fn retry(&mut self, run: usize, now: Moment) -> usize {
        self.submit(self.runs[run].build.pull_request.clone(), None, now)
    }

    fn submit(&mut self, pull_request: PullRequestBuild, token: Option<String>, now: Moment) -> usize {
        let index = self.runs.len();
        let build = Build {
            arn: build_arn(index + 1),
            number: i64::try_from(index + 1).ok(),
            status: BuildStatus::InProgress,
            start_time: Some(now.to_system_time()),
            end_time: None,
            phases: Vec::new(),
            log_deep_link: None,
            log_stream: None,
            report_arns: Vec::new(),
            secrets: Secrets::default(),
            pull_request,
        };
        self.runs.push(Run { build, submitted: now, ended: None, token, begun: false });
        index
    }

    /// The builds that begin to run now, because there is room.
    pub(crate) fn begin(&mut self) -> Vec<usize> {
        let running = self.runs.iter().filter(|run| run.ended.is_none() && run.begun).count();
        let waiting = self.runs.iter_mut().enumerate().filter(|(_, run)| run.ended.is_none() && !run.begun);
        let room = self.concurrency.saturating_sub(running);
        waiting
            .take(room)
            .map(|(index, run)| {
                run.begun = true;
                index
            })
            .collect()
    }

    pub(crate) fn end(&mut self, run: usize, ending: Ending, now: Moment) {
        let run = &mut self.runs[run];
        run.ended = Some(now);
        run.build.status = ending.status();
        run.build.end_time = Some(now.to_system_time());
        run.build.phases = ending.phases(run.begun);
    }

    /// The answer of `BatchGetBuilds` as things stood at `moment`. That a build exists is always known.
    pub(crate) fn read(&self, ids: &[BuildId], moment: Moment) -> Vec<Build> {
        let runs = ids.iter().filter_map(|id| self.runs.iter().find(|run| run.build.arn.build_id == *id));
        runs.map(|run| run.as_of(moment)).collect()
    }

    /// A page of the project's builds, newest first, and the token of the next one. A build that is newer than `moment` is
    /// not listed yet.
    pub(crate) fn list(&self, page: Option<&str>, moment: Moment) -> (Vec<Build>, Option<String>) {
        // A page is named by the number of builds that are older than its first, so that new builds do not shift it.
        let all = self.runs.partition_point(|run| run.submitted <= moment);
        let older = page.and_then(|page| page.parse().ok()).unwrap_or(all);
        let rest = older.saturating_sub(PAGE);
        let listed = self.runs[rest..older].iter().rev().map(|run| run.as_of(moment));
        (listed.collect(), (rest > 0).then(|| rest.to_string()))
    }
}

/// The builds as start-build sees them.
pub(crate) fn reduce(builds: Vec<Build>) -> Vec<ListedBuild> {
    let reduce = |build: Build| ListedBuild {
        id: build.arn.build_id,
        start_time: build.start_time,
        status: build.status,
        pull_request: Some(build.pull_request),
    };
    builds.into_iter().map(reduce).collect()
}

impl Run {
    fn as_of(&self, moment: Moment) -> Build {
        let mut build = self.build.clone();
        if self.ended.is_some_and(|ended| ended > moment) {
            build.status = BuildStatus::InProgress;
            build.end_time = None;
            build.phases = Vec::new();
        }
        build
    }
}

/// How a build ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Succeeded,
    CommandFailed,
    SourceNotFound,
    TimedOut,
    Fault,
    Stopped,
}

impl Ending {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        use Ending::{CommandFailed, Fault, SourceNotFound, Succeeded, TimedOut};
        chance.pick(
            Succeeded,
            &[
                Succeeded,
                Succeeded,
                CommandFailed,
                CommandFailed,
                CommandFailed,
                SourceNotFound,
                TimedOut,
                Fault,
            ],
        )
    }

    fn status(self) -> BuildStatus {
        match self {
            Self::Succeeded => BuildStatus::Succeeded,
            Self::CommandFailed | Self::SourceNotFound => BuildStatus::Failed,
            Self::TimedOut => BuildStatus::TimedOut,
            Self::Fault => BuildStatus::Fault,
            Self::Stopped => BuildStatus::Stopped,
        }
    }

    fn phases(self, begun: bool) -> Vec<Phase> {
        let (name, code, message) = match self {
            Self::Succeeded => ("BUILD", "", ""),
            Self::CommandFailed => (
                "BUILD",
                "COMMAND_EXECUTION_ERROR",
                "Error while executing command: cargo test. Reason: exit status 101",
            ),
            Self::SourceNotFound => ("DOWNLOAD_SOURCE", "CLIENT_ERROR", "reference not found"),
            Self::TimedOut => ("BUILD", "BUILD_TIMED_OUT", "Build has timed out."),
            Self::Fault => ("PROVISIONING", "INTERNAL_SERVICE_ERROR", "An internal error occurred"),
            Self::Stopped if begun => ("BUILD", "", ""),
            Self::Stopped => ("QUEUED", "", ""),
        };
        let contexts = vec![PhaseContext { status_code: code.to_owned(), message: message.to_owned() }];
        vec![Phase {
            name: name.to_owned(),
            status: Some(self.status()),
            start_time: None,
            end_time: None,
            contexts,
        }]
    }
}
