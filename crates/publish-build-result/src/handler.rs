//! From an event to a comment that says the truth: makes the calls that the decisions ask for.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use lambda_setup::{Metric, write_metrics};
use pull_request_build::{
    Answer, AuthorArn, BuildEvent, CommentIdentity, Failure, FunctionArn, InvalidId, MissingReport,
    NotStarted, Publication, PublishSettings, PublishSweepSummary, Publisher, PullRequestBuild,
    PullRequestId, Report, ReportContent, ScheduledEvent, Step, read_event,
};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::codebuild::read_builds;
use crate::codecommit::{find_source_loss, post_comment, post_reply, read_comments, update_comment};
use crate::config::Config;
use crate::log::read_failed_phase;
use crate::publish_error::PublishError;
use crate::reports::{read_reports, wait_for_reports};

/// The longest wait for reports that are still being generated.
const LONGEST_WAIT_FOR_REPORTS: Duration = Duration::from_secs(20);
/// What has to be left of the invocation after it: a few calls, one of them tried again.
const TIME_TO_WRITE: Duration = Duration::from_secs(25);

/// What came of an event. Lambda drops the answer of an asynchronous invocation; people and tests read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase")]
pub(crate) enum Handled {
    /// A sweep ran to its end or to that of its time.
    Swept(PublishSweepSummary),
    /// The event was of one build.
    #[serde(untagged)]
    Event(Publication),
}

/// The function: its settings and its clients.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) config: Config,
    pub(crate) codebuild: aws_sdk_codebuild::Client,
    pub(crate) codecommit: aws_sdk_codecommit::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
}

impl Handler {
    pub(crate) fn new(config: Config, sdk_config: &SdkConfig) -> Self {
        let codebuild = aws_sdk_codebuild::Client::new(sdk_config);
        let codecommit = aws_sdk_codecommit::Client::new(sdk_config);
        let logs = aws_sdk_cloudwatchlogs::Client::new(sdk_config);
        Self { config, codebuild, codecommit, logs }
    }

    /// Brings the comments on the event's pull request up to date, or those on all where a schedule's time has come, and
    /// counts what was written. An error makes Lambda invoke the function again.
    pub(crate) async fn handle(
        &self,
        payload: &str,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<Handled, PublishError> {
        let event = read_event(payload).and_then(|event| Ok((ScheduledEvent::parse(&event)?, event)));
        let result = match event.map_err(PublishError::from) {
            Ok((Some(scheduled), _)) => {
                return self.sweep(scheduled, invoked_function_arn, deadline).await.map(Handled::Swept);
            }
            Ok((None, event)) => self.publish_event(&event, invoked_function_arn, deadline).await,
            Err(error) => {
                self.log_invalid_event(&error);
                Err(error)
            }
        };
        let publication = result.as_ref().ok();
        let replied = publication.and_then(Publication::shown).is_some_and(|shown| shown.reply_id.is_some());
        let ignored = matches!(publication, Some(Publication::Ignored { .. }));
        write_metrics(
            self.config.hook_name.as_str(),
            &[
                (Metric::CommentsWritten, publication.map_or(0, Publication::comments_written)),
                (Metric::RepliesWritten, replied.into()),
                (Metric::EventsIgnored, ignored.into()),
                (Metric::Failures, result.is_err().into()),
            ],
        );
        result.map(Handled::Event)
    }

    /// Publishes one event, and logs what came of it.
    async fn publish_event(
        &self,
        event: &Value,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<Publication, PublishError> {
        if NotStarted::is_reported_by(event) {
            return self.publish_not_started(event, invoked_function_arn, deadline).await;
        }
        let hook_name = self.config.hook_name.as_str();
        let event = BuildEvent::parse(event).map_err(PublishError::from);
        let event = event.inspect_err(|error| self.log_invalid_event(error))?;
        let build_id = &event.build_arn.build_id;
        let build = match event.pull_request_build(&self.config.project_name) {
            Ok(build) => build,
            Err(reason) => {
                tracing::info!(hook.name = hook_name, build.id = %build_id, %reason, "build ignored");
                return Ok(Publication::Ignored { reason: reason.to_string() });
            }
        };
        self.publish_and_log(&event, &build, invoked_function_arn, deadline).await
    }

    /// Publishes a build, and logs what came of it.
    pub(crate) async fn publish_and_log(
        &self,
        event: &BuildEvent,
        build: &PullRequestBuild,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<Publication, PublishError> {
        let hook_name = self.config.hook_name.as_str();
        let build_id = &event.build_arn.build_id;
        let result = self.publish_build(event, build, invoked_function_arn, deadline).await;
        let (pull_request_id, repository_name) = (&build.pull_request_id, &build.repository_name);
        match &result {
            Ok(publication) => tracing::info!(
                hook.name = hook_name,
                build.id = %build_id,
                build.status = publication.shown().map(|shown| &*shown.build_status),
                comment.id = publication.shown().map(|shown| &*shown.comment_id),
                comment.reply_id = publication.shown().and_then(|shown| shown.reply_id.as_deref()),
                comment.others_updated = publication.shown().map(|shown| shown.other_comments_updated),
                event.status = event.status.name(),
                pull_request.id = %pull_request_id,
                repository.name = %repository_name,
                pull_request.source_commit = %build.source_commit,
                reason = publication.reason(),
                "{}",
                publication.message()
            ),
            Err(error) => tracing::error!(
                hook.name = hook_name,
                build.id = %build_id,
                event.status = event.status.name(),
                pull_request.id = %pull_request_id,
                repository.name = %repository_name,
                pull_request.source_commit = %build.source_commit,
                error.type = error.error_type(),
                "a build's result could not be published: {error}"
            ),
        }
        result
    }

    /// Publishes that a build could not be started, and logs what came of it.
    async fn publish_not_started(
        &self,
        event: &Value,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<Publication, PublishError> {
        let event = NotStarted::parse(event).map_err(PublishError::from);
        let not_started = event.inspect_err(|error| self.log_invalid_event(error))?;
        let hook_name = self.config.hook_name.as_str();
        let NotStarted { build, reason, .. } = &not_started;
        let result = if not_started.hook_name == self.config.hook_name {
            self.publish_report(not_started.clone(), invoked_function_arn, deadline).await
        } else {
            Ok(Publication::Ignored { reason: format!("the build is of hook {}", not_started.hook_name) })
        };
        let (pull_request_id, repository_name) = (&build.pull_request_id, &build.repository_name);
        match &result {
            Ok(publication) => tracing::info!(
                hook.name = hook_name,
                build.status = publication.shown().map(|shown| &*shown.build_status),
                comment.id = publication.shown().map(|shown| &*shown.comment_id),
                event.reason = %reason.kind,
                pull_request.id = %pull_request_id,
                repository.name = %repository_name,
                pull_request.source_commit = %build.source_commit,
                reason = publication.reason(),
                "{}",
                publication.message()
            ),
            Err(error) => tracing::error!(
                hook.name = hook_name,
                event.reason = %reason.kind,
                pull_request.id = %pull_request_id,
                repository.name = %repository_name,
                pull_request.source_commit = %build.source_commit,
                error.type = error.error_type(),
                "a report that a build could not be started could not be published: {error}"
            ),
        }
        result
    }

    fn log_invalid_event(&self, error: &PublishError) {
        tracing::error!(
            hook.name = self.config.hook_name.as_str(),
            error.type = error.error_type(),
            "no build's result could be published: {error}"
        );
    }

    async fn publish_build(
        &self,
        event: &BuildEvent,
        build: &PullRequestBuild,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<Publication, PublishError> {
        let author = self.author(invoked_function_arn)?;
        let identity = CommentIdentity {
            hook_name: self.config.hook_name.clone(),
            pull_request_id: build.pull_request_id.clone(),
            source_commit: build.source_commit.clone(),
        };
        let publisher = Publisher::new(event.clone(), identity, author.clone(), self.settings());
        self.publish(publisher, &build.pull_request_id, &author, deadline).await
    }

    async fn publish_report(
        &self,
        not_started: NotStarted,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<Publication, PublishError> {
        let author = self.author(invoked_function_arn)?;
        let pull_request_id = not_started.build.pull_request_id.clone();
        let publisher = Publisher::of_not_started(not_started, author.clone(), self.settings());
        self.publish(publisher, &pull_request_id, &author, deadline).await
    }

    /// Who writes the comments: this function.
    pub(crate) fn author(&self, invoked_function_arn: &str) -> Result<AuthorArn, InvalidId> {
        Ok(FunctionArn::parse(invoked_function_arn)?.author_arn(&self.config.role_name))
    }

    fn settings(&self) -> PublishSettings {
        PublishSettings { log_lines: self.config.log_lines, replies: self.config.replies }
    }

    /// Makes the calls that a [`Publisher`] names, until it names none.
    ///
    /// Reports or a log that cannot be read now keep no result from the pull request: the comment says what is missing,
    /// and then the invocation fails, so that the next try adds it.
    async fn publish(
        &self,
        mut publisher: Publisher,
        pull_request_id: &PullRequestId,
        author: &AuthorArn,
        deadline: SystemTime,
    ) -> Result<Publication, PublishError> {
        let codecommit = &self.codecommit;
        let mut postponed = None;
        loop {
            let answer = match publisher.step() {
                Step::ReadComments => match read_comments(codecommit, pull_request_id, author).await? {
                    Ok(comments) => Answer::Comments(comments),
                    Err(over) => Answer::Over(over),
                },
                Step::ReadBuilds(ids) => Answer::Builds(read_builds(&self.codebuild, ids).await?),
                Step::FindSourceLoss { build, had_source } => {
                    find_source_loss(codecommit, &build.pull_request, *had_source).await?
                }
                Step::FindCommitLoss(build) => find_source_loss(codecommit, build, true).await?,
                Step::ReadReports { build, wait } => {
                    let read = if *wait {
                        let until = Instant::now() + time_for_reports(deadline);
                        wait_for_reports(&self.codebuild, &build.report_arns, until).await
                    } else {
                        read_reports(&self.codebuild, &build.report_arns).await
                    };
                    Answer::Reports(read.unwrap_or_else(|failure| {
                        postponed.get_or_insert(failure);
                        unreadable(&build.report_arns)
                    }))
                }
                Step::ReadLog { build } => Answer::Log(match Failure::of(build) {
                    Some(failure) => {
                        read_failed_phase(&self.logs, build, &failure).await.unwrap_or_else(|failure| {
                            postponed.get_or_insert(failure);
                            Vec::new()
                        })
                    }
                    None => Vec::new(),
                }),
                Step::PostComment { build, request_token, content } => {
                    post_comment(codecommit, build, author, request_token, content).await?
                }
                Step::UpdateComment { comment_id, content } => {
                    update_comment(codecommit, comment_id, content).await?
                }
                Step::PostReply { comment_id, request_token, content } => {
                    post_reply(codecommit, comment_id, request_token, content).await?
                }
                Step::Finished(publication) => {
                    return postponed.map_or_else(|| Ok(publication.clone()), |failure| Err(failure.into()));
                }
                &Step::GiveUp { passes, last } => return Err(PublishError::NotSettled { passes, last }),
            };
            publisher.answer(answer);
        }
    }
}

fn unreadable(report_arns: &[String]) -> Vec<Report> {
    let content = ReportContent::Missing(MissingReport::Unreadable);
    report_arns.iter().map(|arn| Report { arn: arn.clone(), content: content.clone() }).collect()
}

/// How long reports may be waited for, in an invocation that has to be over by `deadline`.
fn time_for_reports(deadline: SystemTime) -> Duration {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    left.saturating_sub(TIME_TO_WRITE).min(LONGEST_WAIT_FOR_REPORTS)
}

#[cfg(test)]
mod tests;
