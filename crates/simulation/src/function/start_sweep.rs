//! The calls of start-build's sweep.

use pull_request_build::{
    StartStep, StartSweep, StartSweepAnswer, StartSweepStep, Starter, Sweep, WalkAnswer, WalkStep,
};

use crate::aws::{At, Aws};
use crate::codebuild::reduce;
use crate::function::lanes::Calls;
use crate::function::{End, Refused, Settings, Single, start_settings};

impl Calls for StartSweep {
    const FAILED: StartSweepAnswer = StartSweepAnswer::Failed;

    fn machine(step: &StartSweepStep, aws: &Aws, settings: Settings) -> Option<Single> {
        let StartSweepStep::Start(missing) = step else { return None };
        let starter = Starter::for_missing(start_settings(&aws.names, settings), (**missing).clone());
        Some(Single::Start(Box::new(starter)))
    }

    fn call(step: &StartSweepStep, aws: &mut Aws, at: At) -> Result<StartSweepAnswer, Refused> {
        let moment = at.now.before(at.lag);
        Ok(match step {
            StartSweepStep::Walk(step) => StartSweepAnswer::Walk(walk(step, aws, at)),
            StartSweepStep::ReadPullRequest { pull_request_id, .. } => {
                let found = aws.codecommit.find_pull_request(pull_request_id);
                StartSweepAnswer::PullRequest(found.map(|found| Box::new(found.head_at(moment))))
            }
            StartSweepStep::ReadComments(head) => {
                let contents = aws.codecommit.read_contents(&head.build.pull_request_id, &aws.names);
                StartSweepAnswer::Comments { head: head.clone(), contents }
            }
            StartSweepStep::ReadNamedBuilds(ids) => {
                StartSweepAnswer::NamedBuilds(reduce(aws.codebuild.read(ids, moment)))
            }
            StartSweepStep::ReadDeploymentTime => {
                StartSweepAnswer::DeploymentTime(aws.codebuild.project_created.to_second())
            }
            StartSweepStep::ReadRevisionTime(head) => {
                let found = aws.codecommit.find_pull_request(&head.build.pull_request_id);
                let time = found.and_then(|found| found.revision_time(&head.build.source_commit, moment));
                StartSweepAnswer::RevisionTime { head: head.clone(), time }
            }
            StartSweepStep::ListBuilds { page } => {
                let (builds, next_page) = aws.codebuild.list(page.as_deref(), moment);
                StartSweepAnswer::Builds { builds: reduce(builds), next_page }
            }
            StartSweepStep::Start(_) => return Err(Refused("a start takes several calls")),
        })
    }

    fn outcome(step: &StartSweepStep, machine: &Single) -> Option<StartSweepAnswer> {
        let (StartSweepStep::Start(missing), Single::Start(starter)) = (step, machine) else { return None };
        match starter.step() {
            StartStep::Finished(outcome) => {
                Some(StartSweepAnswer::Started { missing: missing.clone(), outcome: outcome.clone() })
            }
            StartStep::Failed(_) => Some(StartSweepAnswer::Failed),
            _ => None,
        }
    }

    fn describe(step: &StartSweepStep) -> String {
        match step {
            StartSweepStep::Walk(step) => describe_walk(step),
            StartSweepStep::ReadPullRequest { pull_request_id, .. } => {
                format!("reads pull request {pull_request_id}")
            }
            StartSweepStep::ReadComments(head) => {
                format!("reads the comments of pull request {}", head.build.pull_request_id)
            }
            StartSweepStep::ReadNamedBuilds(ids) => format!("reads the builds {}", super::join(ids)),
            StartSweepStep::ReadDeploymentTime => "asks when the hook was deployed".to_owned(),
            StartSweepStep::ReadRevisionTime(head) => format!("reads the time of {}", head.build.revision_id),
            StartSweepStep::ListBuilds { page } => format!("lists builds, page {page:?}"),
            StartSweepStep::Start(missing) => format!("starts {}", missing.revision.build.revision_id),
        }
    }

    fn end(&self) -> End {
        let summary = self.summary();
        if summary.saw_nothing() {
            return End::Failed(format!("could look at nothing: {summary:?}"));
        }
        End::Handled(format!("{summary:?}"))
    }
}

pub(super) fn walk(step: &WalkStep, aws: &Aws, at: At) -> WalkAnswer {
    let moment = at.now.before(at.lag);
    match step {
        WalkStep::ListRepositories { page } => {
            // One repository a page, so that worlds turn it.
            let index = page.as_deref().and_then(|page| page.parse().ok()).unwrap_or(0);
            let names = aws.names.repositories.get(index).cloned().into_iter().collect();
            let next_page = (index + 1 < aws.names.repositories.len()).then(|| (index + 1).to_string());
            WalkAnswer::Repositories { names, next_page }
        }
        WalkStep::ListPullRequests { repository_name, page } => {
            let (ids, next_page) = aws.codecommit.list_open(repository_name, page.as_deref(), moment);
            WalkAnswer::PullRequests { repository_name: repository_name.clone(), ids, next_page }
        }
    }
}

pub(super) fn describe_walk(step: &WalkStep) -> String {
    match step {
        WalkStep::ListRepositories { page } => format!("lists the repositories, page {page:?}"),
        WalkStep::ListPullRequests { repository_name, page } => {
            format!("lists the open pull requests of {repository_name}, page {page:?}")
        }
    }
}
