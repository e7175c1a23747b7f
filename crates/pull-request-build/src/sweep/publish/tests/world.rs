//! What a test's AWS holds, and runs against it.

use super::*;
use crate::author::FunctionArn;
use crate::examples::a_build_of;
use crate::marker::Marker;
use crate::publish::Shown;
use crate::sweep::walk::WalkStep;

/// The second at which the run begins; more than two days.
pub(super) const NOW: u64 = 200_000;

fn author() -> AuthorArn {
    let function = "arn:aws:lambda:eu-central-1:123456789012:function:publish";
    FunctionArn::parse(function).unwrap().author_arn("publish-role")
}

pub(super) fn settings() -> PublishSweepSettings {
    PublishSweepSettings {
        hook_name: HookName::parse("pull-request-hook").unwrap(),
        project_name: ProjectName::parse("pull-request-hook").unwrap(),
        author: author(),
        repositories: ServedRepositories::parse(r#"["payments"]"#).unwrap(),
    }
}

fn id(number: u64) -> PullRequestId {
    PullRequestId::parse(&number.to_string()).unwrap()
}

/// A build of pull request `number` that runs since second `start`.
pub(super) fn build(unique: &str, number: u64, start: u64) -> Build {
    let mut build = a_build_of(unique, start);
    build.pull_request.pull_request_id = id(number);
    build
}

/// The same, ended at second `end`.
pub(super) fn ended(unique: &str, number: u64, start: u64, end: u64) -> Build {
    Build { status: BuildStatus::Failed, end_time: Some(at(end)), ..build(unique, number, start) }
}

/// A comment as publish-build-result writes it.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) id: &'static str,
    pub(super) hook: &'static str,
    pub(super) project: &'static str,
    /// The whole ARN, or nothing for the hook's own.
    pub(super) author: &'static str,
    pub(super) commit: char,
    pub(super) builds: Vec<String>,
    pub(super) unfinished: bool,
    pub(super) earlier_unfinished: bool,
    pub(super) is_reply: bool,
    pub(super) created: u64,
    /// At which second, if a person deleted it.
    pub(super) deleted: Option<u64>,
}

impl Comment {
    pub(super) fn naming(builds: &[&str]) -> Self {
        Self {
            id: "first",
            hook: "pull-request-hook",
            project: "pull-request-hook",
            author: "",
            commit: 'a',
            builds: builds.iter().map(ToString::to_string).collect(),
            unfinished: false,
            earlier_unfinished: false,
            is_reply: false,
            created: 0,
            deleted: None,
        }
    }

    fn as_read(&self) -> PullRequestComment {
        let commit = SourceCommit::parse(&self.commit.to_string().repeat(40)).unwrap();
        let build_id = |unique: &String| BuildId::parse(&format!("{}:{unique}", self.project)).unwrap();
        let marker = Marker {
            hook_name: HookName::parse(self.hook).unwrap(),
            source_commit: commit.clone(),
            builds: self.builds.iter().map(build_id).collect(),
            unfinished: self.unfinished,
            earlier_unfinished: self.earlier_unfinished,
        };
        let own = author();
        let author = if self.author.is_empty() { own.as_str() } else { self.author };
        PullRequestComment {
            id: self.id.to_owned(),
            author_arn: Some(author.to_owned()),
            content: self.deleted.is_none().then(|| format!("words\n\n{marker}")),
            deleted: self.deleted.is_some(),
            creation_date: Some(at(self.created)),
            last_modified_date: Some(at(self.deleted.unwrap_or(self.created))),
            after_commit_id: Some(commit.to_string()),
            in_reply_to: self.is_reply.then(|| "another".to_owned()),
            client_request_token: None,
        }
    }
}

/// One repository's open pull requests with their comments, and the project's builds, newest first. A build of pull
/// request 0 is nobody's.
#[derive(Debug, Clone, Default)]
pub(super) struct Aws {
    pub(super) pull_requests: Vec<(u64, Vec<Comment>)>,
    pub(super) builds: Vec<Build>,
    /// As many builds are on a page, if not all.
    pub(super) page_size: Option<usize>,
    /// The pull requests that went with their repository.
    pub(super) gone: Vec<u64>,
}

impl Aws {
    pub(super) fn answer(&self, step: PublishSweepStep) -> PublishSweepAnswer {
        match step {
            PublishSweepStep::ListBuilds { page } => {
                let page: usize = page.map_or(0, |page| page.parse().unwrap());
                let size = self.page_size.unwrap_or(usize::MAX).min(self.builds.len());
                let builds = &self.builds[page * size..];
                let (builds, rest) = builds.split_at(size.min(builds.len()));
                let is_for_pull_request = |build: &&Build| build.pull_request.pull_request_id != id(0);
                PublishSweepAnswer::Builds {
                    builds: builds.iter().filter(is_for_pull_request).cloned().collect(),
                    listed_back_to: builds.iter().filter_map(|build| build.start_time).min(),
                    next_page: (!rest.is_empty()).then(|| (page + 1).to_string()),
                }
            }
            PublishSweepStep::Walk(WalkStep::ListPullRequests { repository_name, .. }) => {
                let ids = self.pull_requests.iter().map(|(number, _)| id(*number)).collect();
                PublishSweepAnswer::Walk(WalkAnswer::PullRequests { repository_name, ids, next_page: None })
            }
            PublishSweepStep::Walk(step) => panic!("{step:?}"),
            PublishSweepStep::ReadComments(pull_request_id) => {
                let is_gone = self.gone.iter().any(|number| id(*number) == pull_request_id);
                let found = self.pull_requests.iter().find(|(number, _)| id(*number) == pull_request_id);
                let comments = found.map(|(_, comments)| comments.iter().map(Comment::as_read).collect());
                let comments = (!is_gone).then(|| comments.unwrap_or_default());
                PublishSweepAnswer::Comments { pull_request_id, comments }
            }
            PublishSweepStep::ReadNamedBuilds(ids) => {
                assert!(ids.len() <= MAX_BUILDS_READ);
                let is_named = |build: &&Build| ids.contains(&build.arn.build_id);
                PublishSweepAnswer::NamedBuilds(self.builds.iter().filter(is_named).cloned().collect())
            }
            PublishSweepStep::Repair(repair) => {
                PublishSweepAnswer::Published { repair, publication: Publication::Updated(Shown::default()) }
            }
        }
    }
}

/// A step in words.
pub(super) fn words(step: &PublishSweepStep) -> String {
    match step {
        PublishSweepStep::ListBuilds { page } => format!("builds {}", page.as_deref().unwrap_or("0")),
        PublishSweepStep::Walk(WalkStep::ListRepositories { .. }) => "repositories".to_owned(),
        PublishSweepStep::Walk(WalkStep::ListPullRequests { repository_name, .. }) => {
            format!("list {repository_name}")
        }
        PublishSweepStep::ReadComments(pull_request_id) => format!("comments {pull_request_id}"),
        PublishSweepStep::ReadNamedBuilds(ids) => {
            let ids: Vec<_> = ids.iter().map(BuildId::unique_part).collect();
            format!("named {}", ids.join(","))
        }
        PublishSweepStep::Repair(repair) => {
            format!("repair {}", repair.event.build_arn.build_id.unique_part())
        }
    }
}

/// Runs with this AWS, `concurrency` calls at a time, of which the newest is answered first.
pub(super) fn run_with(aws: &Aws, concurrency: usize) -> (Vec<String>, PublishSweepSummary) {
    let mut sweep = PublishSweep::new(settings(), at(NOW), 0);
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

pub(super) fn run(aws: &Aws) -> (Vec<String>, PublishSweepSummary) {
    run_with(aws, 1)
}

/// The builds that a run publishes.
pub(super) fn repairs(steps: &[String]) -> Vec<&str> {
    steps.iter().filter_map(|step| step.strip_prefix("repair ")).collect()
}
