//! A sweep: carries out what a [`StartSweep`] names, and says what came of it.

use std::cell::RefCell;
use std::time::SystemTime;

use lambda_setup::{Metric, SweepTime, carry_out_sweep, walk, write_metrics};
use pull_request_build::{
    AuthorArn, ScheduledEvent, StartSweep, StartSweepAnswer, StartSweepSettings, StartSweepStep,
    StartSweepSummary, Starter, Sweep, schedule_tick,
};

use crate::{
    build::{read_builds, read_deployment_time, read_named_builds},
    failure::Failure,
    handler::Handler,
    pull_request::{get_head, read_comments, read_revision_time},
};

impl Handler {
    /// Runs the sweep of a schedule's event, for as long as the invocation has until `deadline`. What fails is left to
    /// the next sweep; an error means that this one could look at nothing at all.
    pub(crate) async fn sweep(
        &self,
        event: ScheduledEvent,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<StartSweepSummary, Failure> {
        let (summary, failure) = match self.author_of_comments(invoked_function_arn) {
            Ok(author) => self.run_sweep(event, &author, invoked_function_arn, deadline).await,
            Err(failure) => (StartSweepSummary::default(), Some(failure)),
        };
        self.count_sweep(&summary, failure.is_some());
        self.log_sweep(&summary, failure.as_ref());
        failure.map_or(Ok(summary), Err)
    }

    /// What the sweep came to, and why it could look at nothing, if that is so.
    async fn run_sweep(
        &self,
        event: ScheduledEvent,
        author: &AuthorArn,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> (StartSweepSummary, Option<Failure>) {
        let config = &self.config;
        let settings = StartSweepSettings {
            hook_name: config.hook_name.clone(),
            project_name: config.project_name.clone(),
            repositories: config.repositories.clone(),
            most_builds: config.sweep_builds,
            build_existing: config.build_existing,
        };
        let tick = schedule_tick(event.time, config.sweep_period);
        let mut sweep = StartSweep::new(settings, event.time, tick);
        let first_failure = RefCell::new(None);
        carry_out_sweep(&mut sweep, SweepTime::until(deadline), async |step| {
            self.make_call(step, author, invoked_function_arn).await.unwrap_or_else(|failure| {
                tracing::warn!(
                    hook.name = config.hook_name.as_str(),
                    error.type = failure.error_type(),
                    "a sweep leaves something to the next one: {failure}"
                );
                first_failure.borrow_mut().get_or_insert(failure);
                StartSweepAnswer::Failed
            })
        })
        .await;
        let summary = *sweep.summary();
        (summary, first_failure.into_inner().filter(|_| summary.saw_nothing()))
    }

    async fn make_call(
        &self,
        step: StartSweepStep,
        author: &AuthorArn,
        invoked_function_arn: &str,
    ) -> Result<StartSweepAnswer, Failure> {
        let Self { config, codecommit, codebuild, .. } = self;
        Ok(match step {
            StartSweepStep::Walk(step) => StartSweepAnswer::Walk(walk(codecommit, step).await?),
            StartSweepStep::ReadPullRequest { pull_request_id, repository_name } => {
                let head = get_head(codecommit, &pull_request_id, &repository_name).await?;
                StartSweepAnswer::PullRequest(head.map(Box::new))
            }
            StartSweepStep::ReadComments(head) => {
                let contents = read_comments(codecommit, &head.build.pull_request_id, author).await?;
                StartSweepAnswer::Comments { head, contents }
            }
            StartSweepStep::ReadNamedBuilds(ids) => {
                StartSweepAnswer::NamedBuilds(read_named_builds(codebuild, config, &ids).await?)
            }
            StartSweepStep::ReadDeploymentTime => {
                StartSweepAnswer::DeploymentTime(read_deployment_time(codebuild, config).await?)
            }
            StartSweepStep::ReadRevisionTime(head) => {
                let build = &head.build;
                let time =
                    read_revision_time(codecommit, &build.pull_request_id, &build.source_commit).await?;
                StartSweepAnswer::RevisionTime { head, time }
            }
            StartSweepStep::ListBuilds { page } => {
                let (builds, next_page) = read_builds(codebuild, config, page).await?;
                StartSweepAnswer::Builds { builds, next_page }
            }
            StartSweepStep::Start(missing) => {
                let starter = Starter::for_missing(self.start_settings(), (*missing).clone());
                let outcome = self.carry_out(starter, invoked_function_arn).await?;
                let build = &missing.revision.build;
                tracing::info!(
                    hook.name = config.hook_name.as_str(),
                    pull_request.id = %build.pull_request_id,
                    pull_request.source_commit = %build.source_commit,
                    repository.name = %build.repository_name,
                    build.id = outcome.build_id(),
                    builds.stopped = (!outcome.stopped().is_empty()).then(|| outcome.stopped().join(",")),
                    reason = outcome.reason(),
                    "{} by a sweep",
                    outcome.message()
                );
                StartSweepAnswer::Started { missing, outcome }
            }
        })
    }

    fn count_sweep(&self, summary: &StartSweepSummary, has_failed: bool) {
        write_metrics(
            self.config.hook_name.as_str(),
            &[
                (Metric::BuildsStarted, summary.repaired + summary.started_older),
                (Metric::SweepRepairs, summary.repaired),
                (Metric::SweepFailures, summary.failed),
                (Metric::Failures, has_failed.into()),
            ],
        );
    }

    fn log_sweep(&self, summary: &StartSweepSummary, failure: Option<&Failure>) {
        let hook = self.config.hook_name.as_str();
        if let Some(failure) = failure {
            tracing::error!(
                hook.name = hook,
                error.type = failure.error_type(),
                "a sweep could look at nothing: {failure}"
            );
            return;
        }
        tracing::info!(
            hook.name = hook,
            sweep.repositories = summary.repositories,
            sweep.pull_requests = summary.pull_requests,
            sweep.unproven = summary.unproven,
            sweep.left_to_events = summary.left_to_events,
            sweep.older_than_the_hook = summary.older_than_the_hook,
            sweep.without_time = summary.without_time,
            sweep.missing = summary.missing,
            sweep.repaired = summary.repaired,
            sweep.started_older = summary.started_older,
            sweep.failed = summary.failed,
            sweep.cut_short = summary.cut_short,
            "swept"
        );
    }
}
