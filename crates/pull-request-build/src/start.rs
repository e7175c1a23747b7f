//! What one invocation of start-build does for an event, call by call, without making a call.
//!
//! A [`Starter`] names the next call as a [`StartStep`] and is told what came of it as a [`StartAnswer`]. So every way in
//! which invocations can run beside each other, or be killed between two calls, is a test with values alone.
//!
//! # Ask, look, start
//!
//! CodeCommit is asked whether the event's revision is still the one to build. CodeBuild knows the token of a start for
//! five minutes only: where an earlier try may lie longer back, the project's builds are searched first. Where CodeBuild
//! refuses the start, they are searched once more: it says the same of a token that it knows with other parameters.
//!
//! # What an event costs
//!
//! | the event | calls |
//! |---|---|
//! | calls for no build | 0 |
//! | is of a pull request that was closed or has moved on | 1: the pull request |
//! | starts a build | 2: the pull request, the start |
//! | is older than four minutes | 2 more for each page of the project's builds since then |

use std::mem;
use std::time::{Duration, SystemTime};

use crate::build_variables::PullRequestBuild;
use crate::ids::HookName;
use crate::pull_request_event::{NewRevision, PullRequestEvent};
use crate::start_decision::{
    CurrentPullRequest, SkipReason, StartDecision, decide_start, find_revision_to_build, must_look_first,
};

pub use outcome::{StartFailure, StartOutcome};
pub use step::{ListedBuild, StartAnswer, StartStep};

mod outcome;
mod step;

/// How far the clocks of CodeCommit and CodeBuild may lie apart for a build to count as started after an event.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// One invocation: what it knows, and the call that it wants to be made.
#[derive(Debug, Clone)]
pub struct Starter {
    hook_name: HookName,
    state: State,
    step: StartStep,
}

/// What an answer is waited for with.
#[derive(Debug, Clone)]
enum State {
    /// Whether the event's revision is still the one to build.
    Asking(NewRevision),
    /// Whether the build was started before.
    Looking { revision: NewRevision, was_refused: bool },
    /// What comes of the start.
    Starting(NewRevision),
    /// Nothing any more.
    Over,
}

impl Starter {
    /// An invocation of `hook_name`'s function for `event`.
    pub fn new(hook_name: HookName, event: PullRequestEvent) -> Self {
        let (state, step) = match find_revision_to_build(event) {
            Ok(revision) => {
                let step = StartStep::ReadPullRequest(Box::new(revision.build.clone()));
                (State::Asking(revision), step)
            }
            Err(reason) => skip(&reason),
        };
        Self { hook_name, state, step }
    }

    /// The call to make now.
    pub fn step(&self) -> &StartStep {
        &self.step
    }

    /// Takes what came of the step. An answer to another one changes nothing.
    pub fn answer(&mut self, answer: StartAnswer) {
        let state = mem::replace(&mut self.state, State::Over);
        (self.state, self.step) = match (state, answer) {
            (State::Asking(_), StartAnswer::PullRequest { pull_request: None, .. }) => {
                skip(&SkipReason::Gone)
            }
            (State::Asking(revision), StartAnswer::PullRequest { pull_request: Some(current), time }) => {
                self.decide(revision, current, time)
            }
            (State::Looking { revision, was_refused }, StartAnswer::Builds { builds, next_page }) => {
                self.look_through(revision, was_refused, &builds, next_page)
            }
            (State::Starting(_), StartAnswer::Started(build_id)) => {
                finish(StartOutcome::BuildStarted { build_id: build_id.to_string() })
            }
            (State::Starting(revision), StartAnswer::Refused) => look(revision, true, None),
            (state, _) => (state, self.step.clone()),
        };
    }

    fn decide(
        &self,
        revision: NewRevision,
        current: CurrentPullRequest,
        now: Option<SystemTime>,
    ) -> (State, StartStep) {
        match decide_start(&revision, current) {
            StartDecision::Skip(reason) => skip(&reason),
            StartDecision::ReadAgain => fail(StartFailure::ReadIsBehind(revision.build.revision_id)),
            StartDecision::Build if must_look_first(revision.time, now) => look(revision, false, None),
            StartDecision::Build => self.start(revision),
        }
    }

    /// Looks for a build of the same revision, whatever its state: a build that was stopped is not started again by an
    /// event that comes twice.
    fn look_through(
        &self,
        revision: NewRevision,
        was_refused: bool,
        builds: &[ListedBuild],
        next_page: Option<String>,
    ) -> (State, StartStep) {
        let is_wanted = |build: &PullRequestBuild| build.is_same_request(&revision.build);
        if let Some(found) = builds.iter().find(|build| build.pull_request.as_ref().is_some_and(is_wanted)) {
            return finish(StartOutcome::BuildFound { build_id: found.id.to_string() });
        }
        let earliest = revision.time.checked_sub(CLOCK_DIFFERENCE);
        let is_too_old = |start: SystemTime| earliest.is_some_and(|earliest| start < earliest);
        let ends_here = builds.iter().any(|build| build.start_time.is_some_and(is_too_old));
        match next_page {
            Some(page) if !ends_here => look(revision, was_refused, Some(page)),
            _ if was_refused => fail(StartFailure::Refused),
            _ => self.start(revision),
        }
    }

    fn start(&self, revision: NewRevision) -> (State, StartStep) {
        let step = StartStep::StartBuild {
            token: revision.build.start_token(&self.hook_name),
            build: Box::new(revision.build.clone()),
        };
        (State::Starting(revision), step)
    }
}

fn look(revision: NewRevision, was_refused: bool, page: Option<String>) -> (State, StartStep) {
    (State::Looking { revision, was_refused }, StartStep::ReadBuilds { page })
}

fn skip(reason: &SkipReason) -> (State, StartStep) {
    finish(StartOutcome::Skipped { reason: reason.to_string() })
}

fn finish(outcome: StartOutcome) -> (State, StartStep) {
    (State::Over, StartStep::Finished(outcome))
}

fn fail(failure: StartFailure) -> (State, StartStep) {
    (State::Over, StartStep::Failed(failure))
}

#[cfg(test)]
mod tests;
