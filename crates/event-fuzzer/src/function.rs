//! What a function does with an event: the parser and the machine that run in Lambda, with answers from a [`Scene`].

use std::time::SystemTime;

use pull_request_build::{
    AuthorArn, BuildArn, BuildEvent, CommentIdentity, FunctionArn, HookName, InvalidId, NotStarted,
    ProjectName, PublishSettings, Publisher, PullRequestBuild, PullRequestEvent, Replies, ScheduledEvent,
    StartSettings, StartStep, Starter, Step, read_event,
};
use serde_json::Value;

use crate::scene::Scene;

const HOOK: &str = "pull-request-hook";
const FUNCTION_ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:publish-build-result";

/// More calls than any event is worth.
const MOST_CALLS: usize = 100;

/// A function of the hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Takes what CodeCommit says of pull requests.
    StartBuild,
    /// Takes what CodeBuild says of builds, and start-build of those that it could not start.
    PublishBuildResult,
}

/// What came of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handled {
    /// It is no JSON that can be read. The function refuses it with this reason, unless Lambda did before.
    Unreadable(String),
    /// The function refuses it, with this reason.
    Refused(String),
    /// It is understood, and there is nothing to do, for this reason.
    Ignored(String),
    /// It is understood, and calls are made.
    Acted {
        /// The calls, in order.
        calls: Vec<Call>,
        /// What it came to, in words.
        outcome: String,
        /// Whether the invocation ended by itself.
        is_over: bool,
    },
}

/// A call to AWS, as far as it is made of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// It reads, or stops a build.
    Other,
    /// It starts a build.
    StartBuild {
        /// The idempotency token.
        token: String,
        /// The build's variables.
        variables: Vec<(&'static str, String)>,
    },
    /// It posts or replaces a comment or a reply.
    Write {
        /// The text.
        content: String,
    },
}

impl Function {
    /// Both.
    pub const ALL: [Self; 2] = [Self::StartBuild, Self::PublishBuildResult];

    /// The function's name in the repository.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartBuild => "start-build",
            Self::PublishBuildResult => "publish-build-result",
        }
    }

    /// Handles `input` as the function would, while AWS answers as `scene` says.
    pub fn handle(self, input: &[u8], scene: &Scene) -> Handled {
        let event = match str::from_utf8(input).map(read_event) {
            Ok(Ok(event)) => event,
            Ok(Err(invalid)) => return Handled::Unreadable(invalid.to_string()),
            // Lambda's Invoke takes no such payload.
            Err(error) => return Handled::Unreadable(error.to_string()),
        };
        let handled = match self {
            Self::StartBuild => start_build(&event, scene),
            Self::PublishBuildResult => publish_build_result(&event, scene),
        };
        // The settings are constants of this file.
        handled.unwrap_or_else(|invalid| unreachable!("{invalid}"))
    }
}

/// What a function does with the event of a schedule, which is the same for all of them: it sweeps. What is read then has
/// nothing to do with the event.
fn sweep(event: &Value) -> Option<Handled> {
    match ScheduledEvent::parse(event) {
        Ok(scheduled) => scheduled.map(|_| Handled::Ignored("it begins a sweep".to_owned())),
        Err(invalid) => Some(Handled::Refused(invalid.to_string())),
    }
}

fn start_build(event: &Value, scene: &Scene) -> Result<Handled, InvalidId> {
    if let Some(handled) = sweep(event) {
        return Ok(handled);
    }
    let event = match PullRequestEvent::parse(event) {
        Ok(event) => event,
        Err(invalid) => return Ok(Handled::Refused(invalid.to_string())),
    };
    let time = match &event {
        PullRequestEvent::NewRevision(revision) => revision.time,
        PullRequestEvent::Closed(_) | PullRequestEvent::Other(_) => SystemTime::UNIX_EPOCH,
    };
    let settings = StartSettings {
        hook_name: HookName::parse(HOOK)?,
        project_name: ProjectName::parse(HOOK)?,
        stop_superseded: true,
    };
    let mut starter = Starter::new(settings, event);
    let mut calls = Vec::new();
    while calls.len() < MOST_CALLS
        && let Some(answer) = scene.answer_start(starter.step(), time)
    {
        calls.push(match starter.step() {
            StartStep::StartBuild { build, token } => {
                Call::StartBuild { token: token.clone(), variables: build.to_variables() }
            }
            _ => Call::Other,
        });
        starter.answer(answer);
    }
    let outcome = match starter.step() {
        StartStep::Finished(outcome) => outcome.reason().unwrap_or(outcome.message()).to_owned(),
        StartStep::Failed(failure) => format!("{failure:?}"),
        step => format!("{step:?}"),
    };
    let is_over = calls.len() < MOST_CALLS;
    Ok(if calls.is_empty() { Handled::Ignored(outcome) } else { Handled::Acted { calls, outcome, is_over } })
}

fn publish_build_result(event: &Value, scene: &Scene) -> Result<Handled, InvalidId> {
    if let Some(handled) = sweep(event) {
        return Ok(handled);
    }
    let author: AuthorArn = FunctionArn::parse(FUNCTION_ARN)?.author_arn("role");
    let settings = PublishSettings { log_lines: 40, replies: Replies::Always };
    if NotStarted::is_reported_by(event) {
        let not_started = match NotStarted::parse(event) {
            Ok(not_started) => not_started,
            Err(invalid) => return Ok(Handled::Refused(invalid.to_string())),
        };
        if not_started.hook_name.as_str() != HOOK {
            return Ok(Handled::Ignored("the build is of another hook".to_owned()));
        }
        let build = not_started.build.clone();
        let publisher = Publisher::of_not_started(not_started, author.clone(), settings);
        return Ok(publish(publisher, None, &build, &author, scene));
    }
    let event = match BuildEvent::parse(event) {
        Ok(event) => event,
        Err(invalid) => return Ok(Handled::Refused(invalid.to_string())),
    };
    let build = match event.pull_request_build(&ProjectName::parse(HOOK)?) {
        Ok(build) => build,
        Err(reason) => return Ok(Handled::Ignored(reason.to_string())),
    };
    let identity = CommentIdentity {
        hook_name: HookName::parse(HOOK)?,
        pull_request_id: build.pull_request_id.clone(),
        source_commit: build.source_commit.clone(),
    };
    let publisher = Publisher::new(event.clone(), identity, author.clone(), settings);
    Ok(publish(publisher, Some(&event.build_arn), &build, &author, scene))
}

fn publish(
    mut publisher: Publisher,
    build_arn: Option<&BuildArn>,
    build: &PullRequestBuild,
    author: &AuthorArn,
    scene: &Scene,
) -> Handled {
    let (mut calls, mut comments) = (Vec::new(), Vec::new());
    while calls.len() < MOST_CALLS
        && let Some(answer) =
            scene.answer_publish(publisher.step(), build_arn, build, author.as_str(), &mut comments)
    {
        calls.push(match publisher.step() {
            Step::PostComment { content, .. }
            | Step::UpdateComment { content, .. }
            | Step::PostReply { content, .. } => Call::Write { content: content.clone() },
            _ => Call::Other,
        });
        publisher.answer(answer);
    }
    let outcome = match publisher.step() {
        Step::Finished(publication) => publication.reason().unwrap_or(publication.message()).to_owned(),
        step => format!("{step:?}"),
    };
    Handled::Acted { is_over: calls.len() < MOST_CALLS, calls, outcome }
}
