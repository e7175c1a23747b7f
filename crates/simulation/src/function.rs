//! The two functions: makes the calls that their machines name, in the world instead of with the SDK.
//!
//! What each error of AWS means to a machine is what the handlers of the two functions say.

use std::time::SystemTime;

use pull_request_build::{
    BuildEvent, BuildId, NotStarted, PublishSettings, PublishSweep, PublishSweepSettings, Publisher,
    PullRequestEvent, StartSettings, StartSweep, StartSweepSettings, Starter, schedule_tick,
};

use crate::aws::{At, Aws};
use crate::moment::{Moment, Span};
use crate::names::Names;

pub(crate) use lanes::Pace;
pub(crate) use single::Single;

use lanes::Lanes;

mod lanes;
mod publish_sweep;
mod publisher;
mod single;
mod start_sweep;
mod starter;

/// The settings of the hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) publish: PublishSettings,
    pub(crate) stop_superseded: bool,
    /// At most this many builds are started by a run of the sweep.
    pub(crate) sweep_builds: usize,
    /// Whether the sweep builds heads, too, that are older than the hook.
    pub(crate) build_existing: bool,
    /// How often there is a sweep.
    pub(crate) sweep_period: Span,
}

/// What an event is about.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    PullRequest(PullRequestEvent),
    Build(BuildEvent),
    NotStarted(Box<NotStarted>),
    /// It is time for start-build's sweep, since then.
    StartSweep(SystemTime),
    /// It is time for publish-build-result's sweep, since then.
    PublishSweep(SystemTime),
}

/// A function that was invoked.
#[derive(Debug)]
pub(crate) enum Function {
    /// For an event. It has one lane of calls.
    Single(Single),
    StartSweep(Box<Lanes<StartSweep>>),
    PublishSweep(Box<Lanes<PublishSweep>>),
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
    pub(crate) fn invoke(
        event: Event,
        aws: &Aws,
        settings: Settings,
        now: Moment,
        pace: Pace,
    ) -> Result<Self, End> {
        let names = &aws.names;
        let tick = |time| schedule_tick(time, settings.sweep_period.to_duration());
        match event {
            Event::PullRequest(event) => {
                let starter = Starter::new(start_settings(names, settings), event);
                Ok(Self::Single(Single::Start(Box::new(starter))))
            }
            Event::Build(event) => {
                let build = event.pull_request_build(&names.project);
                let build = build.map_err(|reason| End::Handled(reason.to_string()))?;
                let (identity, author) = (names.identity(&build), names.author.clone());
                let publisher = Box::new(Publisher::new(event, identity, author, settings.publish));
                let pull_request_id = build.pull_request_id;
                Ok(Self::Single(Single::Publish { publisher, pull_request_id }))
            }
            Event::NotStarted(report) => {
                let pull_request_id = report.build.pull_request_id.clone();
                let publisher = Publisher::of_not_started(*report, names.author.clone(), settings.publish);
                Ok(Self::Single(Single::Publish { publisher: Box::new(publisher), pull_request_id }))
            }
            Event::StartSweep(time) => {
                let sweep = StartSweepSettings {
                    hook_name: names.hook.clone(),
                    project_name: names.project.clone(),
                    repositories: names.served.clone(),
                    most_builds: settings.sweep_builds,
                    build_existing: settings.build_existing,
                };
                let sweep = StartSweep::new(sweep, time, tick(time));
                Ok(Self::StartSweep(Box::new(Lanes::new(sweep, settings, now, pace))))
            }
            Event::PublishSweep(time) => {
                let sweep = PublishSweepSettings {
                    hook_name: names.hook.clone(),
                    project_name: names.project.clone(),
                    author: names.author.clone(),
                    repositories: names.served.clone(),
                };
                let sweep = PublishSweep::new(sweep, time, tick(time));
                Ok(Self::PublishSweep(Box::new(Lanes::new(sweep, settings, now, pace))))
            }
        }
    }

    /// What it came to, if it makes no further call.
    pub(crate) fn end(&self) -> Option<End> {
        match self {
            Self::Single(machine) => machine.end(),
            Self::StartSweep(sweep) => sweep.end(),
            Self::PublishSweep(sweep) => sweep.end(),
        }
    }

    /// The lanes that have a new call to make, once the call of one was answered; in the beginning, that of none was.
    pub(crate) fn next_lanes(&mut self, answered: Option<usize>, aws: &Aws) -> Vec<usize> {
        let goes_on = answered.filter(|lane| self.is_busy(*lane));
        let filled = match self {
            Self::Single(_) if answered.is_none() => vec![0],
            Self::Single(_) => Vec::new(),
            Self::StartSweep(sweep) => sweep.fill(aws),
            Self::PublishSweep(sweep) => sweep.fill(aws),
        };
        goes_on.into_iter().chain(filled).collect()
    }

    /// Whether the lane has a call to make.
    pub(crate) fn is_busy(&self, lane: usize) -> bool {
        match self {
            Self::Single(_) => true,
            Self::StartSweep(sweep) => sweep.is_busy(lane),
            Self::PublishSweep(sweep) => sweep.is_busy(lane),
        }
    }

    /// Leaves out what there is no time for.
    pub(crate) fn keep_time(&mut self, now: Moment) {
        match self {
            Self::Single(_) => {}
            Self::StartSweep(sweep) => sweep.keep_time(now),
            Self::PublishSweep(sweep) => sweep.keep_time(now),
        }
    }

    /// The call that the lane makes next, in words.
    pub(crate) fn describe_call(&self, lane: usize) -> String {
        match self {
            Self::Single(machine) => machine.describe_call(),
            Self::StartSweep(sweep) => sweep.describe_call(lane),
            Self::PublishSweep(sweep) => sweep.describe_call(lane),
        }
    }

    /// Makes the lane's call, and takes the answer if it is heard.
    pub(crate) fn call(&mut self, lane: usize, aws: &mut Aws, at: At, is_heard: bool) -> Result<(), Refused> {
        match self {
            Self::Single(machine) => machine.call(aws, at, is_heard),
            Self::StartSweep(sweep) => sweep.call(lane, aws, at, is_heard),
            Self::PublishSweep(sweep) => sweep.call(lane, aws, at, is_heard),
        }
    }

    /// Takes that the lane's call failed; whether the invocation goes on all the same.
    pub(crate) fn take_failure(&mut self, lane: usize) -> bool {
        match self {
            Self::Single(_) => return false,
            Self::StartSweep(sweep) => sweep.fail(lane),
            Self::PublishSweep(sweep) => sweep.fail(lane),
        }
        true
    }

    /// Whether it writes a comment with its next call, for an event.
    pub(crate) fn is_about_to_write(&self) -> bool {
        matches!(self, Self::Single(machine) if machine.is_about_to_write())
    }

    /// Whether it posts a reply with its next call, for an event.
    pub(crate) fn is_about_to_reply(&self) -> bool {
        matches!(self, Self::Single(machine) if machine.is_about_to_reply())
    }
}

fn start_settings(names: &Names, settings: Settings) -> StartSettings {
    StartSettings {
        hook_name: names.hook.clone(),
        project_name: names.project.clone(),
        stop_superseded: settings.stop_superseded,
    }
}

fn join(ids: &[BuildId]) -> String {
    ids.iter().map(|id| id.unique_part()).collect::<Vec<_>>().join(", ")
}
