//! One event: parse it, ask CodeCommit, decide, act, and say what came of it.

use std::time::SystemTime;

use aws_config::SdkConfig;
use pull_request_build::{
    NewRevision, PullRequestBuild, PullRequestEvent, SkipReason, StartDecision, decide_start,
    find_revision_to_build, must_look_first,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    build::{Start, find_build, start_build},
    config::Config,
    failure::Failure,
    pull_request::get_pull_request,
};

/// What came of an event. Each is success: Lambda does not try the event again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Outcome {
    /// A build was started, or CodeBuild knew the token of one that was.
    BuildStarted {
        /// The build's id.
        build_id: String,
    },
    /// The build had been started before.
    BuildFound {
        /// The build's id.
        build_id: String,
    },
    /// Nothing is to be built.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// Handles the events of one hook.
#[derive(Debug)]
pub(crate) struct Handler {
    config: Config,
    codecommit: aws_sdk_codecommit::Client,
    codebuild: aws_sdk_codebuild::Client,
}

impl Handler {
    /// A handler that reaches AWS as `sdk_config` says.
    pub(crate) fn new(config: Config, sdk_config: &SdkConfig) -> Self {
        Self {
            config,
            codecommit: aws_sdk_codecommit::Client::new(sdk_config),
            codebuild: aws_sdk_codebuild::Client::new(sdk_config),
        }
    }

    /// Handles one event, and logs what came of it. An error means: try again, at last in the failure queue.
    pub(crate) async fn handle(&self, event: &Value) -> Result<Outcome, Failure> {
        let result = self.build_revision_of(event).await;
        self.log(event, &result);
        result
    }

    async fn build_revision_of(&self, event: &Value) -> Result<Outcome, Failure> {
        let revision = match find_revision_to_build(PullRequestEvent::parse(event)?) {
            Ok(revision) => revision,
            Err(reason) => return Ok(skip(&reason)),
        };
        let NewRevision { time: event_time, ref build, .. } = revision;
        let revision_id = build.revision_id.clone();
        let answer = get_pull_request(&self.codecommit, build).await?;
        let Some(pull_request) = answer.pull_request else {
            return Ok(skip(&SkipReason::Gone));
        };
        match decide_start(revision, pull_request) {
            StartDecision::Skip(reason) => Ok(skip(&reason)),
            StartDecision::ReadAgain => Err(Failure::ReadIsBehind(revision_id)),
            StartDecision::Build(build) => self.ensure_build(&build, event_time, answer.time).await,
        }
    }

    /// Starts the build unless it was started before.
    async fn ensure_build(
        &self,
        build: &PullRequestBuild,
        event_time: SystemTime,
        now: Option<SystemTime>,
    ) -> Result<Outcome, Failure> {
        let find = || find_build(&self.codebuild, &self.config, build, event_time);
        if must_look_first(event_time, now)
            && let Some(build_id) = find().await?
        {
            return Ok(Outcome::BuildFound { build_id });
        }
        match start_build(&self.codebuild, &self.config, build).await? {
            Start::Started(build_id) => Ok(Outcome::BuildStarted { build_id }),
            Start::InvalidInput(failure) => match find().await? {
                Some(build_id) => Ok(Outcome::BuildFound { build_id }),
                None => Err(failure.into()),
            },
        }
    }

    /// One line an event. The fields are taken from the event as it came, so that a line about an event that cannot be
    /// understood has them too; the event itself is never logged.
    fn log(&self, event: &Value, result: &Result<Outcome, Failure>) {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let hook = self.config.hook_name.as_str();
        let pull_request = text("/detail/pullRequestId");
        let repository = text("/detail/repositoryNames/0");
        let commit = text("/detail/sourceCommit");
        let (message, build_id, reason) = match result {
            Ok(Outcome::BuildStarted { build_id }) => ("build started", Some(build_id.as_str()), None),
            Ok(Outcome::BuildFound { build_id }) => {
                ("build found, none started", Some(build_id.as_str()), None)
            }
            Ok(Outcome::Skipped { reason }) => ("nothing built", None, Some(reason.as_str())),
            Err(failure) => {
                tracing::error!(
                    hook.name = hook,
                    pull_request.id = pull_request,
                    pull_request.source_commit = commit,
                    repository.name = repository,
                    error.type = failure.error_type(),
                    "no build could be started: {failure}"
                );
                return;
            }
        };
        tracing::info!(
            hook.name = hook,
            pull_request.id = pull_request,
            pull_request.source_commit = commit,
            repository.name = repository,
            build.id = build_id,
            reason,
            "{message}"
        );
    }
}

fn skip(reason: &SkipReason) -> Outcome {
    Outcome::Skipped { reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
