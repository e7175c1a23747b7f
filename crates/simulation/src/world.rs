//! One world: everything in it happens one after the other, in an order that follows from the seed.
//!
//! An invocation makes one call at a time and may pause before each, so that any two invocations interleave at any call.

use std::collections::BTreeMap;

use pull_request_build::{BuildId, PublishSettings, Replies};

use crate::aws::{Aws, Laws};
use crate::chance::Chance;
use crate::codebuild::Ending;
use crate::delivery::Sent;
use crate::faults::Faults;
use crate::function::{Pace, Settings};
use crate::history::History;
use crate::moment::{Moment, Span};
use crate::people;
use crate::promises::{self, Promise};
use crate::tally::Tally;

mod events;
mod invocations;

use invocations::Invocation;

/// How long the sweep leaves things to the events, and the second in which it may seem to be a little less.
const LEFT_TO_EVENTS: Span = Span::seconds(10 * 60 + 1);
/// Once nothing goes wrong any more, so many sweeps put everything right.
const SWEEPS: usize = 2;
/// No world needs more.
const MAX_HAPPENINGS: usize = 20_000;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) now: Moment,
    pub(crate) aws: Aws,
    pub(crate) events: Vec<Sent>,
    pub(crate) settings: Settings,
    pub(crate) broken: Vec<Promise>,
    /// The builds that were replied to.
    pub(crate) replied: Vec<BuildId>,
    pub(crate) tally: Tally,
    pub(crate) history: History,
    faults: Faults,
    are_faults_over: bool,
    /// Since when people and builds have done nothing.
    quiet_since: Moment,
    /// How many sweeps have begun since then that leave nothing to the events.
    sweeps_at_rest: usize,
    /// How much had been repaired before the last of them.
    repairs_before: usize,
    agenda: BTreeMap<(Moment, usize), Happening>,
    scheduled: usize,
    invocations: Vec<Invocation>,
}

#[derive(Debug)]
enum Happening {
    SomebodyActs,
    FaultsEnd,
    /// It is time for the sweep.
    Tick,
    /// A delivery of an event: the function is invoked.
    Arrival {
        event: usize,
        delivery: usize,
    },
    /// An invocation makes the next call of one of its lanes.
    Call {
        invocation: usize,
        lane: usize,
    },
    /// A build that began comes to its end.
    BuildEnds(usize),
}

impl World {
    pub(crate) fn new(seed: u64, laws: Laws, is_told: bool) -> Self {
        let mut chance = Chance::of_seed(seed);
        let faults = Faults::draw(&mut chance);
        let replies = chance.pick(Replies::OnChange, &[Replies::Always, Replies::Never]);
        let settings = Settings {
            publish: PublishSettings { log_lines: 0, replies },
            stop_superseded: chance.per_mille(500),
            sweep_builds: chance.pick(20, &[20, 1]),
            build_existing: chance.per_mille(300),
            sweep_period: chance.pick(Span::minutes(15), &[Span::minutes(5)]),
        };
        let concurrency = chance.pick(1, &[2, 20]);
        let age = chance.pick((Span(0), Span(0)), &[(Span(0), Span(0)), (Span(0), Span::minutes(10))]);
        let created = Moment::default() + chance.span(age);
        Self {
            chance,
            now: Moment::default(),
            aws: Aws::new(laws, concurrency, created),
            events: Vec::new(),
            settings,
            broken: Vec::new(),
            replied: Vec::new(),
            tally: Tally::default(),
            history: History::new(is_told),
            faults,
            are_faults_over: false,
            quiet_since: created,
            sweeps_at_rest: 0,
            repairs_before: 0,
            agenda: BTreeMap::new(),
            scheduled: 0,
            invocations: Vec::new(),
        }
    }

    /// Lets everything happen until nothing is left to happen, and checks the promises.
    pub(crate) fn run(&mut self) {
        self.note(|world| format!("{:?}, {:?}", world.faults, world.settings));
        people::open_first(self);
        let mut last = Span(0);
        for pause in people::plan(&mut self.chance) {
            last = Span(last.0 + pause.0);
            self.schedule(last, Happening::SomebodyActs);
        }
        let rest = self.chance.span((Span::seconds(1), Span::minutes(15)));
        self.schedule(Span(last.0 + rest.0), Happening::FaultsEnd);
        if self.aws.laws.sweeps {
            let first = self.chance.span((Span(0), self.settings.sweep_period));
            self.schedule(Span(self.aws.codebuild.project_created.0 + first.0), Happening::Tick);
        }
        for _ in 0..MAX_HAPPENINGS {
            let Some(((now, _), happening)) = self.agenda.pop_first() else {
                promises::check_at_rest(self);
                promises::check_deliveries(self);
                return;
            };
            self.now = now;
            self.happen(happening);
            if !self.broken.is_empty() {
                return;
            }
        }
        self.broken.push(Promise::new("a world comes to rest", "things happen without an end".to_owned()));
    }

    pub(crate) fn note(&mut self, words: impl FnOnce(&Self) -> String) {
        let mut history = std::mem::take(&mut self.history);
        history.note(self.now, || words(self));
        self.history = history;
    }

    /// How a sweep is made now.
    pub(crate) fn pace(&self) -> Pace {
        self.faults.pace()
    }

    fn schedule(&mut self, after: Span, happening: Happening) {
        self.scheduled += 1;
        self.agenda.insert((self.now + after, self.scheduled), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::SomebodyActs => people::act(self),
            Happening::FaultsEnd => {
                self.faults.end();
                self.are_faults_over = true;
                self.note_change();
                self.note(|_| "the faults end".to_owned());
            }
            Happening::Tick => self.tick(),
            Happening::Arrival { event, delivery } => self.invoke(event, delivery),
            Happening::Call { invocation, lane } => self.call(invocation, lane),
            Happening::BuildEnds(run) => {
                if self.aws.codebuild.runs[run].ended.is_none() {
                    let ending = Ending::draw(&mut self.chance);
                    self.end_build(run, ending);
                }
            }
        }
    }

    /// Begins a sweep, unless enough have been made since nothing happened any more: then everything must be right, also
    /// before the last late event has come.
    fn tick(&mut self) {
        let is_any_running = self.aws.codebuild.runs.iter().any(|run| run.ended.is_none());
        let is_at_rest =
            self.are_faults_over && !is_any_running && self.now >= self.quiet_since + LEFT_TO_EVENTS;
        if is_at_rest && self.sweeps_at_rest == SWEEPS {
            self.note(|_| "everything must be right now".to_owned());
            promises::check_last_sweep(self, self.repairs() - self.repairs_before);
            let is_nothing_lost = self.tally.events_lost == 0 && self.tally.queued == 0;
            if is_nothing_lost && self.faults.is_prompt && self.aws.codebuild.project_created == Moment(0) {
                promises::check_events(self, self.repairs());
            }
            return promises::check_at_rest(self);
        }
        self.sweeps_at_rest += usize::from(is_at_rest);
        self.repairs_before = self.repairs();
        self.send_tick();
        self.schedule(self.settings.sweep_period, Happening::Tick);
    }

    /// How much the sweeps have repaired.
    fn repairs(&self) -> usize {
        self.tally.builds_of_sweeps + self.tally.comments_of_sweeps
    }

    /// Something happened that is left to the events for a while.
    fn note_change(&mut self) {
        self.quiet_since = self.now;
        self.sweeps_at_rest = 0;
    }

    // Builds.

    /// A build was submitted.
    pub(crate) fn submitted(&mut self, run: usize) {
        self.tally.builds += 1;
        self.note_change();
        promises::check_build(self, run);
        self.send_build_event(run);
        self.begin_builds();
    }

    fn begin_builds(&mut self) {
        for run in self.aws.codebuild.begin() {
            let range = self.chance.pick(
                (Span(300), Span(2_000)),
                &[(Span::seconds(2), Span::seconds(40)), (Span::minutes(1), Span::minutes(10))],
            );
            let duration = self.chance.span(range);
            self.schedule(duration, Happening::BuildEnds(run));
        }
    }

    pub(crate) fn end_build(&mut self, run: usize, ending: Ending) {
        self.aws.codebuild.end(run, ending, self.now);
        self.note_change();
        self.note(|_| format!("build {} ends: {ending:?}", run + 1));
        self.send_build_event(run);
        self.begin_builds();
    }
}
