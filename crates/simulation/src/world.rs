//! One world: everything in it happens one after the other, in an order that follows from the seed.
//!
//! An invocation makes one call at a time and may pause before each, so that any two invocations interleave at any call.

use std::collections::BTreeMap;

use pull_request_build::{
    BuildEvent, BuildId, NewRevision, PublishSettings, PullRequestEvent, PullRequestEventKind,
    PullRequestStatus, Replies,
};
use serde_json::json;

use crate::aws::{At, Aws, Effect, Laws};
use crate::chance::Chance;
use crate::codebuild::{Ending, Run};
use crate::delivery::{About, Fate, Sent};
use crate::faults::{CallFault, Faults, Then};
use crate::function::{End, Event, Function, Refused, Settings};
use crate::history::History;
use crate::moment::{Moment, Span};
use crate::people;
use crate::promises::{self, Promise};
use crate::tally::Tally;

/// How long an invocation may take (`timeout` in infra/lib/hook-function.ts).
const TIME_LIMIT: Span = Span::minutes(1);
/// No invocation needs more calls.
const MAX_CALLS: usize = 100;
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
    /// The comments that were last written by an invocation to which CodeBuild showed an ended build as running, and
    /// whether it wrote over what it had not seen.
    pub(crate) misled: Vec<(String, bool)>,
    /// The builds that were replied to.
    pub(crate) replied: Vec<BuildId>,
    pub(crate) tally: Tally,
    pub(crate) history: History,
    faults: Faults,
    agenda: BTreeMap<(Moment, usize), Happening>,
    scheduled: usize,
    invocations: Vec<Invocation>,
}

#[derive(Debug)]
enum Happening {
    SomebodyActs,
    FaultsEnd,
    /// A delivery of an event: the function is invoked.
    Arrival {
        event: usize,
        delivery: usize,
    },
    /// An invocation makes its next call.
    Call(usize),
    /// A build that began comes to its end.
    BuildEnds(usize),
}

#[derive(Debug)]
struct Invocation {
    event: usize,
    delivery: usize,
    deadline: Moment,
    calls: usize,
    /// Whether what it read last was from before a push or a build's end.
    is_misled: bool,
    /// When it last read the comments.
    looked: Moment,
    /// Nothing once it is over.
    function: Option<Function>,
}

impl World {
    pub(crate) fn new(seed: u64, laws: Laws, is_told: bool) -> Self {
        let mut chance = Chance::of_seed(seed);
        let faults = Faults::draw(&mut chance);
        let replies = chance.pick(Replies::OnChange, &[Replies::Always, Replies::Never]);
        // Drawn apart: a world without it is the world that its seed meant before there was the setting.
        let stop_superseded = Chance::of_seed(!seed).per_mille(500);
        let concurrency = chance.pick(1, &[2, 20]);
        Self {
            chance,
            now: Moment::default(),
            aws: Aws::new(laws, concurrency),
            events: Vec::new(),
            settings: Settings { publish: PublishSettings { log_lines: 0, replies }, stop_superseded },
            broken: Vec::new(),
            misled: Vec::new(),
            replied: Vec::new(),
            tally: Tally::default(),
            history: History::new(is_told),
            faults,
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
        for _ in 0..MAX_HAPPENINGS {
            let Some(((now, _), happening)) = self.agenda.pop_first() else {
                promises::check_at_rest(self);
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

    fn schedule(&mut self, after: Span, happening: Happening) {
        self.scheduled += 1;
        self.agenda.insert((self.now + after, self.scheduled), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::SomebodyActs => people::act(self),
            Happening::FaultsEnd => {
                self.faults.end();
                self.note(|_| "the faults end".to_owned());
            }
            Happening::Arrival { event, delivery } => self.invoke(event, delivery),
            Happening::Call(invocation) => self.call(invocation),
            Happening::BuildEnds(run) => {
                if self.aws.codebuild.runs[run].ended.is_none() {
                    let ending = Ending::draw(&mut self.chance);
                    self.end_build(run, ending);
                }
            }
        }
    }

    // Events.

    /// Sends the event of what has just happened to a pull request.
    pub(crate) fn send_pull_request_event(&mut self, about: About) {
        let event = match about {
            About::Revision { pull_request } => PullRequestEvent::NewRevision(NewRevision {
                time: self.now.to_second(),
                status: PullRequestStatus::Open,
                is_first: self.aws.codecommit.pull_requests[pull_request].is_first_revision(),
                build: self.aws.codecommit.pull_requests[pull_request].head(&self.aws.names),
            }),
            About::End { pull_request } => PullRequestEvent::Closed(
                self.aws.codecommit.pull_requests[pull_request].closed(&self.aws.names),
            ),
            About::Build { .. } => PullRequestEvent::Other(PullRequestEventKind::ApprovalStateChanged),
        };
        self.send(Event::PullRequest(event), about);
    }

    fn send_build_event(&mut self, run: usize) {
        let build = &self.aws.codebuild.runs[run].build;
        let variables = build.pull_request.to_variables().into_iter();
        let variables: Vec<_> = variables
            .map(|(name, value)| json!({"name": name, "type": "PLAINTEXT", "value": value}))
            .collect();
        let event = BuildEvent::parse(&json!({
            "detail-type": "CodeBuild Build State Change",
            "detail": {
                "build-id": build.arn.to_string(),
                "build-status": build.status.name(),
                "additional-information": {"environment": {"environment-variables": variables}},
            },
        }));
        let ended = self.aws.codebuild.runs[run].ended.is_some();
        match event {
            Ok(event) => self.send(Event::Build(event), About::Build { run, ended }),
            Err(error) => {
                self.broken.push(Promise::new("an event can be read", error.to_string()));
            }
        }
    }

    fn send(&mut self, event: Event, about: About) {
        let arrivals = self.faults.arrivals(&mut self.chance);
        let index = self.events.len();
        self.tally.events += 1;
        self.tally.events_lost += usize::from(arrivals.is_empty());
        self.tally.events_repeated += usize::from(arrivals.len() > 1);
        self.note(|_| match arrivals.len() {
            0 => format!("event {index} ({about:?}) is lost"),
            count => format!("event {index} ({about:?}) is sent and arrives {count} times"),
        });
        self.events.push(Sent {
            event,
            about,
            deliveries: vec![Fate::Pending { failures: 0 }; arrivals.len()],
        });
        for (delivery, after) in arrivals.into_iter().enumerate() {
            self.schedule(after, Happening::Arrival { event: index, delivery });
        }
    }

    // Builds.

    /// A build was submitted.
    pub(crate) fn submitted(&mut self, run: usize) {
        self.tally.builds += 1;
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
        self.note(|_| format!("build {} ends: {ending:?}", run + 1));
        self.send_build_event(run);
        self.begin_builds();
    }

    // Invocations.

    fn invoke(&mut self, event: usize, delivery: usize) {
        let index = self.invocations.len();
        self.tally.invocations += 1;
        let function = Function::invoke(self.events[event].event.clone(), &self.aws, self.settings);
        self.note(|world| {
            let fate = world.events[event].deliveries[delivery];
            format!("invocation {index} begins: event {event}, delivery {delivery}, {fate:?}")
        });
        let (function, end) = match function {
            Ok(function) => {
                let end = function.end();
                (Some(function), end)
            }
            Err(end) => (None, Some(end)),
        };
        let deadline = self.now + TIME_LIMIT;
        self.invocations.push(Invocation {
            event,
            delivery,
            deadline,
            calls: 0,
            is_misled: false,
            looked: self.now,
            function,
        });
        self.go_on(index, end);
    }

    /// The invocation makes its next call after a pause, or it has come to its end.
    fn go_on(&mut self, invocation: usize, end: Option<End>) {
        match end {
            None => {
                let pause = self.faults.pause(&mut self.chance);
                self.schedule(pause, Happening::Call(invocation));
            }
            Some(End::Handled(what)) => {
                let Invocation { event, delivery, is_misled, .. } = self.invocations[invocation];
                self.invocations[invocation].function = None;
                self.events[event].deliveries[delivery] = Fate::Handled { is_misled };
                self.note(|_| format!("invocation {invocation} ends: {what}"));
            }
            Some(End::Failed(why)) => self.fail(invocation, &why),
        }
    }

    fn fail(&mut self, invocation: usize, why: &str) {
        let Invocation { event, delivery, .. } = self.invocations[invocation];
        self.invocations[invocation].function = None;
        self.tally.failures += 1;
        let pause = self.events[event].deliveries[delivery].fail();
        self.note(|_| {
            let then = if pause.is_some() { "will be invoked again" } else { "the event is in the queue" };
            format!("invocation {invocation} fails: {why}; {then}")
        });
        match pause {
            Some(pause) => self.schedule(pause, Happening::Arrival { event, delivery }),
            None => self.tally.queued += 1,
        }
    }

    fn call(&mut self, index: usize) {
        let Some(mut function) = self.invocations[index].function.take() else { return };
        let invocation = &mut self.invocations[index];
        invocation.calls += 1;
        if self.now >= invocation.deadline {
            return self.fail(index, "its time is up");
        }
        if invocation.calls > MAX_CALLS {
            let words = format!("invocation {index} made {MAX_CALLS} calls");
            return self.broken.push(Promise::new("an invocation ends", words));
        }
        self.tally.calls += 1;
        let fault = self.faults.of_call(&mut self.chance);
        self.note(|_| {
            let how = fault.map(describe).unwrap_or_default();
            format!("invocation {index} {}{how}", function.describe_call())
        });
        let at = At { now: self.now, lag: self.faults.lag(&mut self.chance) };
        if fault.is_none_or(|fault| fault.took_effect) {
            let result = function.call(&mut self.aws, at);
            self.look_at_effects(index);
            match (result, fault) {
                (Err(Refused(error)), _) => return self.fail(index, error),
                (Ok(answered), None) => function.answer(answered),
                (Ok(_), Some(_)) => {}
            }
        }
        match fault.map(|fault| fault.then) {
            None | Some(Then::MadeAgain) => {
                let end = function.end();
                self.invocations[index].function = Some(function);
                self.go_on(index, end);
            }
            Some(Then::Failure) => self.fail(index, "the call failed"),
            Some(Then::Kill) => self.fail(index, "killed"),
        }
    }

    fn look_at_effects(&mut self, invocation: usize) {
        for effect in std::mem::take(&mut self.aws.effects) {
            match effect {
                Effect::BuildSubmitted(run) => {
                    self.note(|_| format!("build {} is submitted", run + 1));
                    self.submitted(run);
                }
                Effect::Read { is_behind } => self.invocations[invocation].is_misled = is_behind,
                Effect::Stopped(id) => {
                    let runs = &self.aws.codebuild.runs;
                    let is_running = |run: &Run| run.build.arn.build_id == id && run.ended.is_none();
                    if let Some(run) = runs.iter().position(is_running) {
                        promises::check_stop(self, run);
                        self.end_build(run, Ending::Stopped);
                    }
                }
                Effect::CommentsRead => self.invocations[invocation].looked = self.now,
                Effect::Updated { comment_id, last_modified } => {
                    self.misled.retain(|(id, _)| *id != comment_id);
                    let Invocation { is_misled, looked, .. } = self.invocations[invocation];
                    if is_misled {
                        let is_unseen = last_modified > Some(looked.to_system_time());
                        self.misled.push((comment_id, is_unseen));
                    }
                }
                Effect::Posted(posted) => promises::check_post(self, &posted),
            }
        }
    }
}

fn describe(CallFault { took_effect, then }: CallFault) -> String {
    let effect =
        if took_effect { "took effect, but its answer is lost" } else { "fails before it takes effect" };
    let then = match then {
        Then::MadeAgain => "the SDK makes it again",
        Then::Failure => "the invocation fails",
        Then::Kill => "the invocation is killed",
    };
    format!(" [the call {effect}; {then}]")
}
