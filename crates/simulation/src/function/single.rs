//! The machines that make one call after the other: for an event, or for what a sweep found.

use pull_request_build::{Publisher, PullRequestId, StartStep, Starter, Step};

use crate::aws::{At, Aws};
use crate::function::{End, Refused, publisher, starter};

#[derive(Debug)]
pub(crate) enum Single {
    Start(Box<Starter>),
    Publish { publisher: Box<Publisher>, pull_request_id: PullRequestId },
}

impl Single {
    /// What it came to, if it makes no further call.
    pub(super) fn end(&self) -> Option<End> {
        match self {
            Self::Start(starter) => match starter.step() {
                StartStep::Finished(outcome) => {
                    let what = outcome.build_id().or(outcome.reason()).unwrap_or_default();
                    Some(End::Handled(format!("{}: {what}", outcome.message())))
                }
                StartStep::Failed(failure) => Some(End::Failed(format!("{failure:?}"))),
                _ => None,
            },
            Self::Publish { publisher, .. } => match publisher.step() {
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
    pub(super) fn describe_call(&self) -> String {
        match self {
            Self::Start(starter) => starter::describe(starter.step()),
            Self::Publish { publisher, .. } => publisher::describe(publisher.step()),
        }
    }

    /// Makes the call, and takes the answer if it is heard.
    pub(super) fn call(&mut self, aws: &mut Aws, at: At, is_heard: bool) -> Result<(), Refused> {
        match self {
            Self::Start(starter) => {
                let answer = starter::call(starter.step(), aws, at)?;
                if is_heard {
                    starter.answer(answer);
                }
            }
            Self::Publish { publisher, pull_request_id } => {
                let answer = publisher::call(publisher.step(), pull_request_id, aws, at);
                if is_heard {
                    publisher.answer(answer);
                }
            }
        }
        Ok(())
    }

    /// Whether the next call writes a comment.
    pub(super) fn is_about_to_write(&self) -> bool {
        let Self::Publish { publisher, .. } = self else { return false };
        matches!(publisher.step(), Step::PostComment { .. } | Step::UpdateComment { .. })
    }

    /// Whether the next call posts a reply.
    pub(super) fn is_about_to_reply(&self) -> bool {
        let Self::Publish { publisher, .. } = self else { return false };
        matches!(publisher.step(), Step::PostReply { .. })
    }
}
