//! A run of a sweep: its machine names several calls, which are under way beside each other.

use pull_request_build::Sweep;

use crate::aws::{At, Aws};
use crate::function::{End, Refused, Settings, Single};
use crate::moment::{Moment, Span};

/// How a run is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How many calls are under way at once.
    pub(crate) lanes: usize,
    /// How long it looks, and how long it makes calls at all.
    pub(crate) budget: [Span; 2],
}

/// A sweep whose calls can be made in a world.
pub(crate) trait Calls: Sweep {
    /// What a call that failed is answered with.
    const FAILED: Self::Answer;

    /// The machine that makes the step's calls, where it takes several.
    fn machine(step: &Self::Step, aws: &Aws, settings: Settings) -> Option<Single>;

    /// Makes the step's call.
    fn call(step: &Self::Step, aws: &mut Aws, at: At) -> Result<Self::Answer, Refused>;

    /// What the step's machine has come to, once it makes no further call.
    fn outcome(step: &Self::Step, machine: &Single) -> Option<Self::Answer>;

    fn describe(step: &Self::Step) -> String;

    /// What the run came to.
    fn end(&self) -> End;
}

/// A run, and what each of its lanes is busy with.
#[derive(Debug)]
pub(crate) struct Lanes<S: Sweep> {
    sweep: S,
    settings: Settings,
    lanes: Vec<Option<Task<S::Step>>>,
    stops_looking: Moment,
    ends: Moment,
}

#[derive(Debug)]
struct Task<T> {
    step: T,
    machine: Option<Single>,
}

impl<S: Calls> Lanes<S> {
    pub(super) fn new(sweep: S, settings: Settings, now: Moment, pace: Pace) -> Self {
        let Pace { lanes, budget: [looking, all] } = pace;
        let lanes = (0..lanes).map(|_| None).collect();
        Self { sweep, settings, lanes, stops_looking: now + looking, ends: now + all }
    }

    /// Gives calls to the lanes that have none; these lanes.
    pub(super) fn fill(&mut self, aws: &Aws) -> Vec<usize> {
        let mut filled = Vec::new();
        for (index, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| lane.is_none()) {
            let Some(step) = self.sweep.next() else { break };
            let machine = S::machine(&step, aws, self.settings);
            *lane = Some(Task { step, machine });
            filled.push(index);
        }
        filled
    }

    pub(super) fn end(&self) -> Option<End> {
        self.lanes.iter().all(Option::is_none).then(|| self.sweep.end())
    }

    /// Ends what there is no time for any more.
    pub(super) fn keep_time(&mut self, now: Moment) {
        if now >= self.ends {
            self.sweep.end();
            self.lanes.fill_with(|| None);
        } else if now >= self.stops_looking {
            self.sweep.end_looking();
        }
    }

    /// Whether the lane has a call to make.
    pub(super) fn is_busy(&self, lane: usize) -> bool {
        self.lanes[lane].is_some()
    }

    pub(super) fn describe_call(&self, lane: usize) -> String {
        match &self.lanes[lane] {
            Some(Task { machine: Some(machine), .. }) => machine.describe_call(),
            Some(Task { step, .. }) => S::describe(step),
            None => "makes no call".to_owned(),
        }
    }

    /// Makes the lane's call, and takes the answer if it is heard.
    pub(super) fn call(&mut self, lane: usize, aws: &mut Aws, at: At, is_heard: bool) -> Result<(), Refused> {
        let Some(Task { step, machine }) = &mut self.lanes[lane] else { return Ok(()) };
        let answer = match machine {
            Some(machine) => {
                machine.call(aws, at, is_heard)?;
                S::outcome(step, machine)
            }
            None => Some(S::call(step, aws, at)?).filter(|_| is_heard),
        };
        if let Some(answer) = answer {
            self.lanes[lane] = None;
            self.sweep.answer(answer);
        }
        Ok(())
    }

    /// The lane's call failed: the run goes on.
    pub(super) fn fail(&mut self, lane: usize) {
        if self.lanes[lane].take().is_some() {
            self.sweep.answer(S::FAILED);
        }
    }
}
