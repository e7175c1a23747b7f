//! What a test's AWS holds, and runs against it.

use super::*;

/// The second at which the run begins.
pub(super) const NOW: u64 = 100_000;

pub(super) fn settings() -> StartSweepSettings {
    StartSweepSettings {
        hook_name: HookName::parse("hook").unwrap(),
        project_name: ProjectName::parse("hook").unwrap(),
        repositories: ServedRepositories::parse(r#"["payments"]"#).unwrap(),
        most_builds: 20,
        build_existing: false,
    }
}

pub(super) fn id(number: u64) -> PullRequestId {
    PullRequestId::parse(&number.to_string()).unwrap()
}

/// The build that the head of pull request `number` calls for.
pub(super) fn build_of(number: u64) -> PullRequestBuild {
    PullRequestBuild {
        pull_request_id: id(number),
        revision_id: RevisionId::parse(&format!("r{number}")).unwrap(),
        ..a_pull_request_build()
    }
}

pub(super) fn head(number: u64, last_activity: u64) -> Head {
    Head { status: PullRequestStatus::Open, last_activity: at(last_activity), build: build_of(number) }
}

/// A comment with a marker that names builds of the project `hook`.
pub(super) fn marker(hook: &str, commit: char, builds: &[&str]) -> String {
    let marker = Marker {
        hook_name: HookName::parse(hook).unwrap(),
        source_commit: SourceCommit::parse(&commit.to_string().repeat(40)).unwrap(),
        builds: builds.iter().map(|unique| BuildId::parse(&format!("hook:{unique}")).unwrap()).collect(),
        unfinished: false,
        earlier_unfinished: false,
    };
    format!("words\n\n{marker}")
}

pub(super) fn build(unique: &str, start: u64, pull_request: Option<PullRequestBuild>) -> ListedBuild {
    ListedBuild {
        id: BuildId::parse(&format!("hook:{unique}")).unwrap(),
        start_time: Some(at(start)),
        status: BuildStatus::Stopped,
        pull_request,
    }
}

/// An open pull request.
#[derive(Debug, Clone)]
pub(super) struct PullRequest {
    pub(super) number: u64,
    pub(super) comments: Vec<String>,
    /// When its head was pushed.
    pub(super) time: Option<SystemTime>,
    pub(super) last_activity: SystemTime,
    /// What a start comes to, if not to a build.
    pub(super) start: Option<StartOutcome>,
}

impl PullRequest {
    pub(super) fn new(number: u64, time: u64) -> Self {
        let time = at(time);
        Self { number, comments: Vec::new(), time: Some(time), last_activity: time, start: None }
    }
}

/// Open pull requests of one repository, and the project's builds, newest first.
#[derive(Debug, Clone)]
pub(super) struct Aws {
    pub(super) pull_requests: Vec<PullRequest>,
    pub(super) builds: Vec<ListedBuild>,
    pub(super) page_size: usize,
}

impl Aws {
    pub(super) fn with(numbers_and_times: &[(u64, u64)]) -> Self {
        let pull_requests = numbers_and_times.iter().map(|&(number, time)| PullRequest::new(number, time));
        Self { pull_requests: pull_requests.collect(), builds: Vec::new(), page_size: 100 }
    }

    pub(super) fn pull_request(&mut self, number: u64) -> &mut PullRequest {
        self.pull_requests.iter_mut().find(|pull_request| pull_request.number == number).unwrap()
    }

    fn find(&self, build: &PullRequestBuild) -> &PullRequest {
        let is_wanted = |pull_request: &&PullRequest| id(pull_request.number) == build.pull_request_id;
        self.pull_requests.iter().find(is_wanted).unwrap()
    }

    pub(super) fn answer(&self, step: StartSweepStep) -> StartSweepAnswer {
        match step {
            StartSweepStep::Walk(WalkStep::ListRepositories { .. }) => {
                let names = ["other", "payments", "refunds"].map(|name| RepositoryName::parse(name).unwrap());
                StartSweepAnswer::Walk(WalkAnswer::Repositories { names: names.to_vec(), next_page: None })
            }
            StartSweepStep::Walk(WalkStep::ListPullRequests { repository_name, .. }) => {
                let ids = self.pull_requests.iter().map(|pull_request| id(pull_request.number)).collect();
                let page = WalkAnswer::PullRequests { repository_name, ids, next_page: None };
                StartSweepAnswer::Walk(page)
            }
            StartSweepStep::ReadPullRequest { pull_request_id, .. } => {
                let number = pull_request_id.as_str().parse().unwrap();
                let last_activity = self.find(&build_of(number)).last_activity;
                let head = Head { last_activity, ..head(number, 0) };
                StartSweepAnswer::PullRequest(Some(Box::new(head)))
            }
            StartSweepStep::ReadComments(head) => {
                let contents = self.find(&head.build).comments.clone();
                StartSweepAnswer::Comments { head, contents }
            }
            StartSweepStep::ReadNamedBuilds(ids) => {
                assert!(ids.len() <= MAX_BUILDS_READ);
                let is_named = |build: &&ListedBuild| ids.contains(&build.id);
                StartSweepAnswer::NamedBuilds(self.builds.iter().filter(is_named).cloned().collect())
            }
            StartSweepStep::ReadDeploymentTime => StartSweepAnswer::DeploymentTime(at(1_000)),
            StartSweepStep::ReadRevisionTime(head) => {
                let time = self.find(&head.build).time;
                StartSweepAnswer::RevisionTime { head, time }
            }
            StartSweepStep::ListBuilds { page } => {
                let page: usize = page.map_or(0, |page| page.parse().unwrap());
                let from = (page * self.page_size).min(self.builds.len());
                let to = (from + self.page_size).min(self.builds.len());
                StartSweepAnswer::Builds {
                    builds: self.builds[from..to].to_vec(),
                    next_page: (to < self.builds.len()).then(|| (page + 1).to_string()),
                }
            }
            StartSweepStep::Start(missing) => {
                let started =
                    StartOutcome::BuildStarted { build_id: "hook:new".to_owned(), stopped: Vec::new() };
                let outcome = self.find(&missing.revision.build).start.clone().unwrap_or(started);
                StartSweepAnswer::Started { missing, outcome }
            }
        }
    }
}

/// A step in words.
pub(super) fn words(step: &StartSweepStep) -> String {
    match step {
        StartSweepStep::Walk(WalkStep::ListRepositories { .. }) => "repositories".to_owned(),
        StartSweepStep::Walk(WalkStep::ListPullRequests { repository_name, .. }) => {
            format!("list {repository_name}")
        }
        StartSweepStep::ReadPullRequest { pull_request_id, .. } => format!("read {pull_request_id}"),
        StartSweepStep::ReadComments(head) => format!("comments {}", head.build.pull_request_id),
        StartSweepStep::ReadNamedBuilds(ids) => {
            let ids: Vec<_> = ids.iter().map(BuildId::unique_part).collect();
            format!("named {}", ids.join(","))
        }
        StartSweepStep::ReadDeploymentTime => "deployment".to_owned(),
        StartSweepStep::ReadRevisionTime(head) => format!("time {}", head.build.pull_request_id),
        StartSweepStep::ListBuilds { page } => format!("builds {}", page.as_deref().unwrap_or("0")),
        StartSweepStep::Start(missing) => format!("start {}", missing.revision.build.pull_request_id),
    }
}

/// Runs with this AWS, `concurrency` calls at a time, of which the newest is answered first.
pub(super) fn run_with(
    settings: StartSweepSettings,
    aws: &Aws,
    concurrency: usize,
) -> (Vec<String>, StartSweepSummary) {
    let mut sweep = StartSweep::new(settings, at(NOW), 0);
    let (mut steps, mut under_way) = (Vec::new(), Vec::new());
    loop {
        while under_way.len() < concurrency {
            let Some(step) = sweep.next() else { break };
            steps.push(words(&step));
            under_way.push(step);
        }
        let Some(step) = under_way.pop() else { break };
        sweep.answer(aws.answer(step));
    }
    (steps, *sweep.summary())
}

pub(super) fn run(aws: &Aws) -> (Vec<String>, StartSweepSummary) {
    run_with(settings(), aws, 1)
}

/// The pull requests whose builds a run starts.
pub(super) fn starts(steps: &[String]) -> Vec<&str> {
    steps.iter().filter_map(|step| step.strip_prefix("start ")).collect()
}
