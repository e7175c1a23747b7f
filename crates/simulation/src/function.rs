//! The two functions: makes the calls that their machines name, in the world instead of with the SDK.
//!
//! What each error of AWS means to a machine is what the handlers of the two functions say.

use pull_request_build::{
    Answer, BuildEvent, BuildId, Over, PublishSettings, Publisher, PullRequestEvent, PullRequestId,
    StartAnswer, StartSettings, StartStep, Starter, Step,
};

use crate::aws::{At, Aws, Effect};
use crate::codebuild::Start;

/// The settings of the hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) publish: PublishSettings,
    pub(crate) stop_superseded: bool,
}

/// What an event is about.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    PullRequest(PullRequestEvent),
    Build(BuildEvent),
}

/// A function that was invoked.
#[derive(Debug)]
pub(crate) enum Function {
    StartBuild(Box<Starter>),
    PublishBuildResult { publisher: Box<Publisher>, pull_request_id: PullRequestId },
}

/// What a call was answered with.
#[derive(Debug)]
pub(crate) enum Answered {
    Start(StartAnswer),
    Publish(Answer),
}

/// An error of AWS that ends the invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

/// What an invocation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Handled(String),
    Failed(String),
}

impl Function {
    /// Invokes the event's function; an event that is none of its business is handled at once.
    pub(crate) fn invoke(event: Event, aws: &Aws, settings: Settings) -> Result<Self, End> {
        let names = &aws.names;
        match event {
            Event::PullRequest(event) => {
                let settings = StartSettings {
                    hook_name: names.hook.clone(),
                    project_name: names.project.clone(),
                    stop_superseded: settings.stop_superseded,
                };
                Ok(Self::StartBuild(Box::new(Starter::new(settings, event))))
            }
            Event::Build(event) => {
                let build = event.pull_request_build(&names.project);
                let build = build.map_err(|reason| End::Handled(reason.to_string()))?;
                let (identity, author) = (names.identity(&build), names.author.clone());
                let publisher = Box::new(Publisher::new(event, identity, author, settings.publish));
                Ok(Self::PublishBuildResult { publisher, pull_request_id: build.pull_request_id })
            }
        }
    }

    /// What it came to, if it makes no further call.
    pub(crate) fn end(&self) -> Option<End> {
        match self {
            Self::StartBuild(starter) => match starter.step() {
                StartStep::Finished(outcome) => {
                    let what = outcome.build_id().or(outcome.reason()).unwrap_or_default();
                    Some(End::Handled(format!("{}: {what}", outcome.message())))
                }
                StartStep::Failed(failure) => Some(End::Failed(format!("{failure:?}"))),
                _ => None,
            },
            Self::PublishBuildResult { publisher, .. } => match publisher.step() {
                Step::Finished(publication) => {
                    let shown = publication.shown().map(|shown| &*shown.build_status);
                    let what = shown.or(publication.reason()).unwrap_or_default();
                    Some(End::Handled(format!("{}: {what}", publication.message())))
                }
                Step::GiveUp { passes, last } => {
                    Some(End::Failed(format!("gives up after {passes} passes: {last}")))
                }
                _ => None,
            },
        }
    }

    /// The call that it makes next, in words.
    pub(crate) fn describe_call(&self) -> String {
        match self {
            Self::StartBuild(starter) => match starter.step() {
                StartStep::ReadPullRequest(_) => "reads the pull request".to_owned(),
                StartStep::ReadBuilds { page } => format!("lists builds, page {page:?}"),
                StartStep::ReadComments(_) => "reads the comments".to_owned(),
                StartStep::ReadNamedBuilds(ids) => format!("reads the builds {}", join(ids)),
                StartStep::StopBuild(id) => format!("stops {id}"),
                StartStep::StartBuild { build, .. } => format!("starts a build of {}", build.revision_id),
                end => format!("{end:?}"),
            },
            Self::PublishBuildResult { publisher, .. } => match publisher.step() {
                Step::ReadComments => "reads the comments".to_owned(),
                Step::ReadBuilds(ids) => format!("reads the builds {}", join(ids)),
                Step::FindSourceLoss { build, .. } => {
                    format!("looks for the source of {}", build.arn.build_id)
                }
                Step::PostComment { content, .. } => format!("posts a comment: {}", quote(content)),
                Step::UpdateComment { comment_id, content } => {
                    format!("updates {comment_id}: {}", quote(content))
                }
                Step::PostReply { comment_id, content, .. } => {
                    format!("replies to {comment_id}: {}", quote(content))
                }
                other => format!("{other:?}"),
            },
        }
    }

    /// Whether the next call changes something.
    pub(crate) fn is_about_to_write(&self) -> bool {
        match self {
            Self::StartBuild(starter) => {
                matches!(starter.step(), StartStep::StartBuild { .. } | StartStep::StopBuild(_))
            }
            Self::PublishBuildResult { publisher, .. } => {
                matches!(publisher.step(), Step::PostComment { .. } | Step::UpdateComment { .. })
                    || self.is_about_to_reply()
            }
        }
    }

    pub(crate) fn is_about_to_reply(&self) -> bool {
        let Self::PublishBuildResult { publisher, .. } = self else { return false };
        matches!(publisher.step(), Step::PostReply { .. })
    }

    /// Makes the call.
    pub(crate) fn call(&self, aws: &mut Aws, at: At) -> Result<Answered, Refused> {
        match self {
            Self::StartBuild(starter) => call_for_starter(starter.step(), aws, at).map(Answered::Start),
            Self::PublishBuildResult { publisher, pull_request_id } => {
                Ok(Answered::Publish(call_for_publisher(publisher.step(), pull_request_id, aws, at)))
            }
        }
    }

    /// Takes the answer.
    pub(crate) fn answer(&mut self, answered: Answered) {
        match (self, answered) {
            (Self::StartBuild(starter), Answered::Start(answer)) => starter.answer(answer),
            (Self::PublishBuildResult { publisher, .. }, Answered::Publish(answer)) => {
                publisher.answer(answer)
            }
            _ => {}
        }
    }
}

fn call_for_starter(step: &StartStep, aws: &mut Aws, at: At) -> Result<StartAnswer, Refused> {
    match step {
        StartStep::ReadPullRequest(build) => {
            let index = aws.codecommit.index(&build.pull_request_id);
            let pull_request = index.map(|index| {
                let pull_request = &aws.codecommit.pull_requests[index];
                let current = pull_request.read(at.now.before(at.lag));
                let is_behind = current.revision_id != pull_request.state().revision_id;
                aws.effects.push(Effect::Read { is_behind });
                current
            });
            Ok(StartAnswer::PullRequest { pull_request, time: Some(at.now.to_second()) })
        }
        StartStep::ReadBuilds { page } => {
            let (builds, next_page) = aws.codebuild.list(page.as_deref(), at.now.before(at.lag));
            Ok(StartAnswer::Builds { builds, next_page })
        }
        StartStep::StartBuild { build, token } => {
            let run = match aws.codebuild.start(build, token, at.now) {
                Start::New(run) => {
                    aws.effects.push(Effect::BuildSubmitted(run));
                    run
                }
                Start::Known(run) => run,
                Start::InvalidInput => return Ok(StartAnswer::Refused),
                Start::AccountLimitExceeded => return Err(Refused("AccountLimitExceededException")),
            };
            let build = &aws.codebuild.runs[run].build;
            Ok(StartAnswer::Started { build_id: build.arn.build_id.clone(), start_time: build.start_time })
        }
        StartStep::ReadComments(pull_request_id) => {
            let index = aws.codecommit.index(pull_request_id);
            let comments = index.map(|index| aws.codecommit.read_comments(index, &aws.names));
            let contents = comments.unwrap_or_default().into_iter().filter_map(|comment| comment.content);
            Ok(StartAnswer::Comments(contents.collect()))
        }
        StartStep::ReadNamedBuilds(ids) => {
            let builds = aws.codebuild.read_listed(ids, at.now.before(at.lag));
            Ok(StartAnswer::Builds { builds, next_page: None })
        }
        StartStep::StopBuild(id) => {
            aws.effects.push(Effect::Stopped(id.clone()));
            Ok(StartAnswer::Stopped)
        }
        StartStep::Finished(_) | StartStep::Failed(_) => Err(Refused("there is no call to make")),
    }
}

fn call_for_publisher(step: &Step, pull_request_id: &PullRequestId, aws: &mut Aws, at: At) -> Answer {
    let Aws { names, codecommit, codebuild, effects } = aws;
    let (answer, posted) = match step {
        Step::ReadComments => {
            let index = codecommit.index(pull_request_id);
            let comments = index.map(|index| codecommit.read_comments(index, names));
            effects.push(Effect::CommentsRead);
            (comments.map_or(Answer::Over(Over::PullRequestGone), Answer::Comments), None)
        }
        Step::ReadBuilds(ids) => {
            let (builds, is_behind) = codebuild.read(ids, at.now.before(at.lag));
            effects.push(Effect::Read { is_behind });
            (Answer::Builds(builds), None)
        }
        Step::FindSourceLoss { build, .. } => {
            let index = codecommit.index(&build.pull_request.pull_request_id);
            let loss = index
                .map(|index| codecommit.pull_requests[index].source_loss(&build.pull_request.source_commit));
            (loss.map_or(Answer::Over(Over::PullRequestGone), Answer::SourceLoss), None)
        }
        Step::ReadReports { .. } => (Answer::Reports(Vec::new()), None),
        Step::ReadLog { .. } => (Answer::Log(Vec::new()), None),
        Step::PostComment { build, request_token, content } => {
            codecommit.post_comment(build, request_token, content, names, at.now)
        }
        Step::UpdateComment { comment_id, content } => {
            let last_modified = codecommit.last_modified(comment_id);
            effects.push(Effect::Updated { comment_id: comment_id.clone(), last_modified });
            (codecommit.update_comment(comment_id, content, at.now), None)
        }
        Step::PostReply { comment_id, request_token, content } => {
            codecommit.post_reply(comment_id, request_token, content, names, at.now)
        }
        Step::Finished(_) | Step::GiveUp { .. } => (Answer::LookAgain("there is no call to make"), None),
    };
    effects.extend(posted.map(Effect::Posted));
    answer
}

fn join(ids: &[BuildId]) -> String {
    ids.iter().map(|id| id.unique_part()).collect::<Vec<_>>().join(", ")
}

/// A comment's first and last line: its headline and its marker.
fn quote(content: &str) -> String {
    let mut lines = content.lines();
    let first = lines.next().unwrap_or_default();
    format!("{first} … {}", lines.next_back().unwrap_or_default())
}
