//! What one invocation of start-build does for an event, call by call, without making a call.
//!
//! A [`Starter`] names the next call as a [`StartStep`] and is told what came of it as a [`StartAnswer`]. So every way in
//! which invocations can run beside each other, or be killed between two calls, is a test with values alone.
//!
//! # Ask, look, start
//!
//! CodeCommit is asked whether the event's revision is still the one to build. CodeBuild knows the token of a start for
//! five minutes only: where an earlier try may lie longer back, the project's builds are searched first. An invocation
//! ends within these minutes, so whatever begins after the search has its token known. Where CodeBuild refuses the start,
//! the builds are searched once more: it says the same of a token that it knows with other parameters.
//!
//! # Report
//!
//! A build that cannot be started, for a reason that does not pass within minutes, is reported to publish-build-result,
//! which tells it on the pull request. Then the invocation fails, so that it is tried again.
//!
//! # Stop
//!
//! Once a later revision has its build, the pull request's earlier builds of other commits are stopped if they still run;
//! once the pull request is closed or merged, all of them are. Before the first is stopped, CodeCommit is asked once more
//! for the head: a slow invocation must not stop what a faster one started for a later revision. Whoever tries the event
//! again stops what was left.
//!
//! # What an event costs
//!
//! | the event | calls |
//! |---|---|
//! | calls for no build | 0 |
//! | is of a pull request that was closed or has moved on | 1: the pull request |
//! | starts a build | 2: the pull request, the start |
//! | cannot start it | 3: the same and the report; 2 more for each page of the project's builds if the request is refused |
//! | is older than four minutes | 2 more for each page of the project's builds since then |
//! | is not the pull request's first, and something is built | 3 more: comments, the project's newest builds |
//! | is of a pull request that was closed or merged | the same 3 |
//! | finds builds to stop | 1 more for each, 1 for the pull request if it goes on, and 1 for each hundred builds in comments that are not among the newest |

use std::mem;
use std::time::{Duration, SystemTime};

use crate::build_variables::PullRequestBuild;
use crate::ids::{HookName, ProjectName};
use crate::not_started::{NotStarted, NotStartedKind, NotStartedReason};
use crate::pull_request_event::{NewRevision, PullRequestEvent, PullRequestStatus};
use crate::start_decision::{
    CurrentPullRequest, SkipReason, StartDecision, decide_start, find_revision_to_build, must_look_first,
};
use crate::sweep::MissingBuild;

pub use outcome::{StartFailure, StartOutcome};
pub use step::{ListedBuild, StartAnswer, StartStep};

use stop::{Kept, Next, Stop};

mod outcome;
mod step;
mod stop;

/// How far the clocks of CodeCommit and CodeBuild may lie apart for a build to count as started after an event.
pub(crate) const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// What the settings say about builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartSettings {
    /// The hook that starts them.
    pub hook_name: HookName,
    /// The project in which they run.
    pub project_name: ProjectName,
    /// Whether those that nobody waits for any more are stopped.
    pub stop_superseded: bool,
}

/// One invocation: what it knows, and the call that it wants to be made.
#[derive(Debug, Clone)]
pub struct Starter {
    settings: StartSettings,
    /// Older builds of the project were looked through before.
    looked_back_from: Option<SystemTime>,
    state: State,
    step: StartStep,
}

/// What an answer is waited for with.
#[derive(Debug, Clone)]
enum State {
    /// Whether the event's revision is still the one to build.
    Asking(NewRevision),
    /// Whether the build was started before: before the start, or after CodeBuild refused it.
    Looking { revision: NewRevision, refusal: Option<NotStartedReason> },
    /// What comes of the start.
    Starting(NewRevision),
    /// That there is no build is told.
    Reporting,
    /// Which builds to stop, and that they are; the rest is settled.
    Stopping(Stop, StartOutcome),
    /// Nothing any more.
    Over,
}

impl Starter {
    /// An invocation for `event`.
    pub fn new(settings: StartSettings, event: PullRequestEvent) -> Self {
        let closed = match &event {
            PullRequestEvent::Closed(closed) if settings.stop_superseded => Some(closed.clone()),
            _ => None,
        };
        let (state, step) = match (find_revision_to_build(event), closed) {
            (Ok(revision), _) => {
                let step = StartStep::ReadPullRequest(Box::new(revision.build.clone()));
                (State::Asking(revision), step)
            }
            (Err(reason), None) => skip(&reason),
            (Err(reason), Some(closed)) => {
                let (stop, step) = Stop::new(closed.pull_request_id, closed.repository_name, None);
                (State::Stopping(stop, skipped(&reason)), step)
            }
        };
        Self { settings, looked_back_from: None, state, step }
    }

    /// An invocation that starts a build of which the sweep found out that it is missing. It asks and looks as for an
    /// event, because the sweep looked a while ago; what the sweep looked through already is not looked through again.
    pub fn for_missing(settings: StartSettings, missing: MissingBuild) -> Self {
        let MissingBuild { revision, looked_back_from, .. } = missing;
        let starter = Self::new(settings, PullRequestEvent::NewRevision(revision));
        Self { looked_back_from: Some(looked_back_from), ..starter }
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
            (State::Looking { revision, refusal }, StartAnswer::Builds { builds, next_page }) => {
                self.look_through(revision, refusal, &builds, next_page)
            }
            (State::Starting(revision), StartAnswer::Started { build_id, start_time }) => {
                let outcome =
                    StartOutcome::BuildStarted { build_id: build_id.to_string(), stopped: Vec::new() };
                self.stop_earlier(&revision, start_time, outcome)
            }
            (State::Starting(revision), StartAnswer::NotStarted(reason)) => match reason.kind {
                NotStartedKind::Refused => look(revision, Some(reason), None),
                _ => self.report(revision, reason),
            },
            (State::Reporting, StartAnswer::Reported) => fail(StartFailure::NotStarted),
            (State::Stopping(mut stop, outcome), answer) => {
                let StartSettings { hook_name, project_name, .. } = &self.settings;
                let next = match (&self.step, answer) {
                    (StartStep::ReadComments(_), StartAnswer::Comments(contents)) => {
                        stop.take_comments(&contents, hook_name, project_name.as_str())
                    }
                    (
                        StartStep::ReadBuilds { .. } | StartStep::ReadNamedBuilds(_),
                        StartAnswer::Builds { builds, .. },
                    ) => stop.take_builds(&builds),
                    (StartStep::ReadPullRequest(_), StartAnswer::PullRequest { pull_request, .. }) => {
                        stop.take_pull_request(pull_request)
                    }
                    (StartStep::StopBuild(_), StartAnswer::Stopped) => stop.note_stopped(),
                    _ => Next::Step(self.step.clone()),
                };
                match next {
                    Next::Step(step) => (State::Stopping(stop, outcome), step),
                    Next::Done(stopped) => finish(outcome.after_stopping(stopped)),
                }
            }
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
            StartDecision::Skip(
                reason @ SkipReason::NotOpen(PullRequestStatus::Closed | PullRequestStatus::Merged),
            ) => self.stop(&revision, None, skipped(&reason)),
            StartDecision::Skip(reason) => skip(&reason),
            StartDecision::ReadAgain => fail(StartFailure::ReadIsBehind(revision.build.revision_id)),
            StartDecision::Build if must_look_first(revision.time, now) => look(revision, None, None),
            StartDecision::Build => self.start(revision),
        }
    }

    /// Looks for a build of the same revision, whatever its state: a build that was stopped is not started again by an
    /// event that comes twice.
    fn look_through(
        &self,
        revision: NewRevision,
        refusal: Option<NotStartedReason>,
        builds: &[ListedBuild],
        next_page: Option<String>,
    ) -> (State, StartStep) {
        let is_wanted = |build: &PullRequestBuild| build.is_same_request(&revision.build);
        if let Some(found) = builds.iter().find(|build| build.pull_request.as_ref().is_some_and(is_wanted)) {
            let outcome = StartOutcome::BuildFound { build_id: found.id.to_string(), stopped: Vec::new() };
            return self.stop_earlier(&revision, found.start_time, outcome);
        }
        let earliest = self.looked_back_from.map_or(revision.time, |from| from.max(revision.time));
        let earliest = earliest.checked_sub(CLOCK_DIFFERENCE);
        let is_too_old = |start: SystemTime| earliest.is_some_and(|earliest| start < earliest);
        let ends_here = builds.iter().any(|build| build.start_time.is_some_and(is_too_old));
        match (next_page, refusal) {
            (Some(page), refusal) if !ends_here => look(revision, refusal, Some(page)),
            (_, Some(reason)) => self.report(revision, reason),
            (_, None) => self.start(revision),
        }
    }

    fn start(&self, revision: NewRevision) -> (State, StartStep) {
        let step = StartStep::StartBuild {
            token: revision.build.start_token(&self.settings.hook_name),
            build: Box::new(revision.build.clone()),
        };
        (State::Starting(revision), step)
    }

    fn report(&self, revision: NewRevision, reason: NotStartedReason) -> (State, StartStep) {
        let hook_name = self.settings.hook_name.clone();
        let not_started = NotStarted { hook_name, build: revision.build, reason };
        (State::Reporting, StartStep::ReportNotStarted(Box::new(not_started)))
    }

    /// Makes the builds of earlier commits give way to that of the revision, which began at `start_time`.
    fn stop_earlier(
        &self,
        revision: &NewRevision,
        start_time: Option<SystemTime>,
        outcome: StartOutcome,
    ) -> (State, StartStep) {
        if revision.is_first {
            return finish(outcome);
        }
        let build = Box::new(revision.build.clone());
        self.stop(revision, Some(Kept { build, start_time }), outcome)
    }

    fn stop(&self, revision: &NewRevision, kept: Option<Kept>, outcome: StartOutcome) -> (State, StartStep) {
        if !self.settings.stop_superseded {
            return finish(outcome);
        }
        let PullRequestBuild { pull_request_id, repository_name, .. } = revision.build.clone();
        let (stop, step) = Stop::new(pull_request_id, repository_name, kept);
        (State::Stopping(stop, outcome), step)
    }
}

fn look(
    revision: NewRevision,
    refusal: Option<NotStartedReason>,
    page: Option<String>,
) -> (State, StartStep) {
    (State::Looking { revision, refusal }, StartStep::ReadBuilds { page })
}

fn skip(reason: &SkipReason) -> (State, StartStep) {
    finish(skipped(reason))
}

fn skipped(reason: &SkipReason) -> StartOutcome {
    StartOutcome::Skipped { reason: reason.to_string(), stopped: Vec::new() }
}

fn finish(outcome: StartOutcome) -> (State, StartStep) {
    (State::Over, StartStep::Finished(outcome))
}

fn fail(failure: StartFailure) -> (State, StartStep) {
    (State::Over, StartStep::Failed(failure))
}

#[cfg(test)]
mod tests;
