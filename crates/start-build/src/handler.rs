//! One event: parse it, make the calls that it needs, and say what came of it.

use std::time::SystemTime;

use aws_config::SdkConfig;
use lambda_setup::{CallFailure, Metric, write_metrics};
use pull_request_build::{
    AuthorArn, FunctionArn, PullRequestEvent, ScheduledEvent, StartAnswer, StartFailure, StartOutcome,
    StartSettings, StartStep, StartSweepSummary, Starter, read_event,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    build::{Start, read_builds, read_named_builds, start_build, stop_build},
    config::Config,
    failure::Failure,
    pull_request::{get_pull_request, read_comments},
    report::report_not_started,
};

/// The most characters of an event's member that a log line shows before it is known to be well-formed.
const LONGEST_FIELD: usize = 100;

/// What came of an event. Lambda drops the answer of an asynchronous invocation; people and tests read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase")]
pub(crate) enum Handled {
    /// A sweep ran to its end or to that of its time.
    Swept(StartSweepSummary),
    /// The event of a pull request was handled.
    #[serde(untagged)]
    Event(StartOutcome),
}

/// Handles the events of one hook.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) config: Config,
    pub(crate) codecommit: aws_sdk_codecommit::Client,
    pub(crate) codebuild: aws_sdk_codebuild::Client,
    eventbridge: aws_sdk_eventbridge::Client,
}

impl Handler {
    /// A handler that reaches AWS as `sdk_config` says.
    pub(crate) fn new(config: Config, sdk_config: &SdkConfig) -> Self {
        Self {
            config,
            codecommit: aws_sdk_codecommit::Client::new(sdk_config),
            codebuild: aws_sdk_codebuild::Client::new(sdk_config),
            eventbridge: aws_sdk_eventbridge::Client::new(sdk_config),
        }
    }

    /// Handles one event, and logs what came of it. An error means: try again, at last in the failure queue. The event of
    /// a pull request needs no deadline: it is a handful of calls.
    pub(crate) async fn handle(
        &self,
        payload: &str,
        invoked_function_arn: &str,
        deadline: SystemTime,
    ) -> Result<Handled, Failure> {
        let (event, scheduled) = match read_event(payload) {
            Ok(event) => {
                let scheduled = ScheduledEvent::parse(&event);
                (event, scheduled)
            }
            Err(invalid) => (Value::Null, Err(invalid)),
        };
        let result = match scheduled {
            Ok(Some(scheduled)) => {
                return self.sweep(scheduled, invoked_function_arn, deadline).await.map(Handled::Swept);
            }
            Ok(None) => self.start_build_of(&event, invoked_function_arn).await,
            Err(invalid) => Err(invalid.into()),
        };
        self.log(&event, &result);
        self.count(&result);
        result.map(Handled::Event)
    }

    async fn start_build_of(
        &self,
        event: &Value,
        invoked_function_arn: &str,
    ) -> Result<StartOutcome, Failure> {
        let event = PullRequestEvent::parse(event)?;
        self.carry_out(Starter::new(self.start_settings(), event), invoked_function_arn).await
    }

    pub(crate) fn start_settings(&self) -> StartSettings {
        StartSettings {
            hook_name: self.config.hook_name.clone(),
            project_name: self.config.project_name.clone(),
            stop_superseded: self.config.stop_superseded,
        }
    }

    /// Makes the calls that a [`Starter`] names, until it names none.
    pub(crate) async fn carry_out(
        &self,
        mut starter: Starter,
        invoked_function_arn: &str,
    ) -> Result<StartOutcome, Failure> {
        let Self { config, codecommit, codebuild, eventbridge } = self;
        let mut failed = Failed::default();
        loop {
            let answer = match starter.step() {
                StartStep::ReadPullRequest(build) => get_pull_request(codecommit, build).await?,
                StartStep::ReadBuilds { page } => {
                    let (builds, next_page) = read_builds(codebuild, config, page.clone()).await?;
                    StartAnswer::Builds { builds, next_page }
                }
                StartStep::StartBuild { build, token } => {
                    match start_build(codebuild, config, build, token).await? {
                        Start::Started { build_id, start_time } => {
                            StartAnswer::Started { build_id, start_time }
                        }
                        Start::NotStarted { reason, failure } => {
                            failed.start = Some(failure);
                            StartAnswer::NotStarted(reason)
                        }
                    }
                }
                StartStep::ReadComments(pull_request_id) => {
                    let author = self.author_of_comments(invoked_function_arn)?;
                    StartAnswer::Comments(read_comments(codecommit, pull_request_id, &author).await?)
                }
                StartStep::ReadNamedBuilds(ids) => {
                    let builds = read_named_builds(codebuild, config, ids).await?;
                    StartAnswer::Builds { builds, next_page: None }
                }
                StartStep::StopBuild(id) => stop_build(codebuild, config, id).await?,
                StartStep::ReportNotStarted(not_started) => {
                    failed.report = report_not_started(eventbridge, not_started).await.err();
                    StartAnswer::Reported
                }
                StartStep::Finished(outcome) => return Ok(outcome.clone()),
                StartStep::Failed(failure) => return Err(failed.explain(failure)),
            };
            starter.answer(answer);
        }
    }

    /// Who writes the hook's comments: publish-build-result, which stands beside this function in its account.
    pub(crate) fn author_of_comments(&self, invoked_function_arn: &str) -> Result<AuthorArn, Failure> {
        let Config { publish_function_name, publish_role_name, .. } = &self.config;
        let publish_function = FunctionArn::parse(invoked_function_arn)?.with_name(publish_function_name);
        Ok(publish_function.author_arn(publish_role_name))
    }

    fn count(&self, result: &Result<StartOutcome, Failure>) {
        let started = matches!(result, Ok(StartOutcome::BuildStarted { .. }));
        let ignored = matches!(result, Ok(StartOutcome::Skipped { .. }));
        write_metrics(
            self.config.hook_name.as_str(),
            &[
                (Metric::BuildsStarted, started.into()),
                (Metric::EventsIgnored, ignored.into()),
                (Metric::Failures, result.is_err().into()),
            ],
        );
    }

    /// One line an event. The fields are taken from the event as it came, so that a line about an event that cannot be
    /// understood has them too; the event itself is never logged.
    fn log(&self, event: &Value, result: &Result<StartOutcome, Failure>) {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(beginning);
        let hook = self.config.hook_name.as_str();
        let pull_request = text("/detail/pullRequestId");
        let repository = text("/detail/repositoryNames/0");
        let commit = text("/detail/sourceCommit");
        match result {
            Ok(outcome) => tracing::info!(
                hook.name = hook,
                pull_request.id = pull_request,
                pull_request.source_commit = commit,
                repository.name = repository,
                build.id = outcome.build_id(),
                builds.stopped = (!outcome.stopped().is_empty()).then(|| outcome.stopped().join(",")),
                reason = outcome.reason(),
                "{}",
                outcome.message()
            ),
            Err(failure) => tracing::error!(
                hook.name = hook,
                pull_request.id = pull_request,
                pull_request.source_commit = commit,
                repository.name = repository,
                error.type = failure.error_type(),
                "no build could be started: {failure}"
            ),
        }
    }
}

/// The calls that failed without ending the invocation at once. The [`Starter`] knows that they failed, not their words.
#[derive(Debug, Default)]
struct Failed {
    start: Option<CallFailure>,
    report: Option<CallFailure>,
}

impl Failed {
    /// The failure in words for people.
    fn explain(self, failure: &StartFailure) -> Failure {
        match (failure, self) {
            (StartFailure::ReadIsBehind(revision_id), _) => Failure::ReadIsBehind(revision_id.clone()),
            (StartFailure::NotStarted, Self { start: Some(start), report: Some(report) }) => {
                Failure::NotReported { start, report: Box::new(report) }
            }
            (StartFailure::NotStarted, Self { start: Some(start), report: None }) => start.into(),
            (StartFailure::NotStarted, Self { start: None, .. }) => Failure::InvalidAnswer {
                operation: "StartBuild",
                what: "a reason for its refusal".to_owned(),
            },
        }
    }
}

fn beginning(text: &str) -> &str {
    text.char_indices().nth(LONGEST_FIELD).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests;
