//! A sweep: carries out what a [`PublishSweep`] names, and says what came of it.

use std::cell::{Cell, RefCell};
use std::time::SystemTime;

use lambda_setup::{Metric, SweepTime, carry_out_sweep, walk, write_metrics};
use pull_request_build::{
    AuthorArn, PublishSweep, PublishSweepAnswer, PublishSweepSettings, PublishSweepStep, PublishSweepSummary,
    ScheduledEvent, Sweep, schedule_tick,
};

use crate::codebuild::{BuildPage, list_builds, read_builds};
use crate::codecommit::read_comments;
use crate::handler::Handler;
use crate::publish_error::PublishError;

/// What a sweep came to.
#[derive(Debug, Default)]
struct Swept {
    summary: PublishSweepSummary,
    replies_written: usize,
    /// Why it could look at nothing, if that is so.
    failure: Option<PublishError>,
}

impl Handler {
    /// Runs the sweep of a schedule's event, for as long as the invocation has until `deadline`. What fails is left to
    /// the next sweep; an error means that this one could look at nothing at all.
    pub(crate) async fn sweep(
        &self,
        event: ScheduledEvent,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<PublishSweepSummary, PublishError> {
        let swept = match self.author(invoked_function_arn) {
            Ok(author) => self.run_sweep(event, author, invoked_function_arn, deadline).await,
            Err(invalid) => Swept { failure: Some(invalid.into()), ..Swept::default() },
        };
        self.count_sweep(&swept);
        self.log_sweep(&swept);
        swept.failure.map_or(Ok(swept.summary), Err)
    }

    async fn run_sweep(
        &self,
        event: ScheduledEvent,
        author: AuthorArn,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Swept {
        let config = &self.config;
        let settings = PublishSweepSettings {
            hook_name: config.hook_name.clone(),
            project_name: config.project_name.clone(),
            author: author.clone(),
            repositories: config.repositories.clone(),
        };
        let tick = schedule_tick(event.time, config.sweep_period);
        let mut sweep = PublishSweep::new(settings, event.time, tick);
        let (replies_written, first_failure) = (Cell::new(0), RefCell::new(None));
        carry_out_sweep(&mut sweep, SweepTime::until(deadline), async |step| {
            // The publishing of a build logs its own failures.
            let is_repair = matches!(step, PublishSweepStep::Repair(_));
            match self.make_call(step, &author, invoked_function_arn, deadline).await {
                Ok(answer) => {
                    replies_written.update(|replies| replies + usize::from(has_replied(&answer)));
                    answer
                }
                Err(failure) => {
                    if !is_repair {
                        tracing::warn!(
                            hook.name = config.hook_name.as_str(),
                            error.type = failure.error_type(),
                            "a sweep leaves something to the next one: {failure}"
                        );
                    }
                    first_failure.borrow_mut().get_or_insert(failure);
                    PublishSweepAnswer::Failed
                }
            }
        })
        .await;
        let summary = *sweep.summary();
        let failure = first_failure.into_inner().filter(|_| summary.saw_nothing());
        Swept { summary, replies_written: replies_written.get(), failure }
    }

    async fn make_call(
        &self,
        step: PublishSweepStep,
        author: &AuthorArn,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<PublishSweepAnswer, PublishError> {
        let Self { config, codecommit, codebuild, .. } = self;
        Ok(match step {
            PublishSweepStep::ListBuilds { page } => {
                let BuildPage { builds, listed_back_to, next_page } =
                    list_builds(codebuild, &config.project_name, page).await?;
                PublishSweepAnswer::Builds { builds, listed_back_to, next_page }
            }
            PublishSweepStep::Walk(step) => PublishSweepAnswer::Walk(walk(codecommit, step).await?),
            PublishSweepStep::ReadComments(pull_request_id) => {
                let comments = read_comments(codecommit, &pull_request_id, author).await?.ok();
                PublishSweepAnswer::Comments { pull_request_id, comments }
            }
            PublishSweepStep::ReadNamedBuilds(ids) => {
                PublishSweepAnswer::NamedBuilds(read_builds(codebuild, &ids).await?)
            }
            PublishSweepStep::Repair(repair) => {
                let publishing =
                    self.publish_and_log(&repair.event, &repair.build, invoked_function_arn, deadline);
                PublishSweepAnswer::Published { publication: publishing.await?, repair }
            }
        })
    }

    fn count_sweep(&self, Swept { summary, replies_written, failure }: &Swept) {
        write_metrics(
            self.config.hook_name.as_str(),
            &[
                (Metric::CommentsWritten, summary.comments_written),
                (Metric::RepliesWritten, *replies_written),
                (Metric::SweepRepairs, summary.comments_written),
                (Metric::SweepFailures, summary.failed),
                (Metric::Failures, failure.is_some().into()),
            ],
        );
    }

    fn log_sweep(&self, Swept { summary, failure, .. }: &Swept) {
        let hook_name = self.config.hook_name.as_str();
        match failure {
            Some(failure) => tracing::error!(
                hook.name = hook_name,
                error.type = failure.error_type(),
                "a sweep could look at nothing: {failure}"
            ),
            None => tracing::info!(
                hook.name = hook_name,
                sweep.repositories = summary.repositories,
                sweep.pull_requests = summary.pull_requests,
                sweep.recent_builds = summary.recent_builds,
                sweep.out_of_date = summary.out_of_date,
                sweep.left_to_events = summary.left_to_events,
                sweep.comments_written = summary.comments_written,
                sweep.failed = summary.failed,
                sweep.cut_short = summary.cut_short,
                "swept"
            ),
        }
    }
}

fn has_replied(answer: &PublishSweepAnswer) -> bool {
    let PublishSweepAnswer::Published { publication, .. } = answer else { return false };
    publication.shown().is_some_and(|shown| shown.reply_id.is_some())
}
