//! The invocations of a world, each of which makes one call after the other.

use pull_request_build::NotStartedKind;

use crate::aws::{At, Effect};
use crate::codebuild::{Ending, Run};
use crate::delivery::{About, Fate};
use crate::faults::{CallFault, Then};
use crate::function::{End, Event, Function, Refused};
use crate::moment::{Moment, Span};
use crate::promises::{self, Promise};
use crate::world::{Happening, World};

/// How long an invocation may take (`timeout` in infra/lib/pull-request-hook.ts).
const TIME_LIMIT: Span = Span::minutes(5);
/// No invocation needs more calls.
const MAX_CALLS: usize = 1_000;

#[derive(Debug)]
pub(super) struct Invocation {
    event: usize,
    delivery: usize,
    deadline: Moment,
    calls: usize,
    /// Nothing once it is over.
    function: Option<Function>,
}

impl World {
    pub(super) fn invoke(&mut self, event: usize, delivery: usize) {
        let index = self.invocations.len();
        self.tally.invocations += 1;
        let cause = self.events[event].event.clone();
        let deadline = self.now + TIME_LIMIT;
        let pace = self.faults.pace();
        let function = Function::invoke(cause, &self.aws, self.settings, self.now, pace);
        self.note(|world| {
            let fate = world.events[event].deliveries[delivery];
            format!("invocation {index} begins: event {event}, delivery {delivery}, {fate:?}")
        });
        let (function, end) = match function {
            Ok(function) => (Some(function), None),
            Err(end) => (None, Some(end)),
        };
        self.invocations.push(Invocation { event, delivery, deadline, calls: 0, function });
        match end {
            Some(end) => self.end(index, end),
            None => self.go_on(index, None),
        }
    }

    /// The invocation makes its next calls, each after a pause, or it has come to its end.
    fn go_on(&mut self, invocation: usize, answered: Option<usize>) {
        let Some(function) = &mut self.invocations[invocation].function else { return };
        let lanes = function.next_lanes(answered, &self.aws);
        if let Some(end) = function.end() {
            return self.end(invocation, end);
        }
        for lane in lanes {
            self.schedule_call(invocation, lane);
        }
    }

    fn schedule_call(&mut self, invocation: usize, lane: usize) {
        let pause = self.faults.pause(&mut self.chance);
        self.schedule(pause, Happening::Call { invocation, lane });
    }

    fn end(&mut self, invocation: usize, end: End) {
        let what = match end {
            End::Handled(what) => what,
            End::Failed(why) => return self.fail(invocation, &why),
        };
        let Invocation { event, delivery, .. } = self.invocations[invocation];
        self.invocations[invocation].function = None;
        self.events[event].deliveries[delivery] = Fate::Handled;
        self.note(|_| format!("invocation {invocation} ends: {what}"));
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

    pub(super) fn call(&mut self, index: usize, lane: usize) {
        let invocation = &mut self.invocations[index];
        let Some(mut function) = invocation.function.take() else { return };
        invocation.calls += 1;
        if self.now >= invocation.deadline {
            return self.fail(index, "its time is up");
        }
        if invocation.calls > MAX_CALLS {
            let words = format!("invocation {index} made {MAX_CALLS} calls");
            return self.broken.push(Promise::new("an invocation ends", words));
        }
        function.keep_time(self.now);
        if !function.is_busy(lane) {
            self.invocations[index].function = Some(function);
            return self.go_on(index, None);
        }
        self.tally.calls += 1;
        let fault = self.faults.of_call(&mut self.chance);
        self.note(|_| {
            let how = fault.map(describe).unwrap_or_default();
            format!("invocation {index} {}{how}", function.describe_call(lane))
        });
        let at = self.at();
        let mut failure = None;
        if fault.is_none_or(|fault| fault.took_effect) {
            let result = function.call(lane, &mut self.aws, at, fault.is_none());
            self.look_at_effects(index);
            failure = result.err().map(|Refused(error)| error);
        }
        match fault.map(|fault| fault.then) {
            Some(Then::Kill) => return self.fail(index, "killed"),
            Some(Then::MadeAgain) if failure.is_none() => {
                self.invocations[index].function = Some(function);
                return self.schedule_call(index, lane);
            }
            Some(Then::Failure) => failure = failure.or(Some("the call failed")),
            Some(Then::MadeAgain) | None => {}
        }
        if let Some(why) = failure {
            self.note(|_| format!("a call of invocation {index} fails: {why}"));
            if !function.take_failure(lane) {
                return self.fail(index, why);
            }
        }
        self.invocations[index].function = Some(function);
        self.go_on(index, Some(lane));
    }

    /// The circumstances of the next call.
    fn at(&mut self) -> At {
        let refusal = self.faults.refusal(&mut self.chance);
        let refusal = if self.aws.laws.starts_builds { refusal } else { Some(NotStartedKind::AccountLimit) };
        At { now: self.now, lag: self.faults.lag(&mut self.chance), refusal }
    }

    fn look_at_effects(&mut self, invocation: usize) {
        let is_sweep = self.events[self.invocations[invocation].event].about == About::Tick;
        for effect in std::mem::take(&mut self.aws.effects) {
            match effect {
                Effect::BuildSubmitted(run) => {
                    self.note(|_| format!("build {} is submitted", run + 1));
                    self.tally.builds_of_sweeps += usize::from(is_sweep);
                    self.submitted(run);
                }
                Effect::Reported(report) => {
                    self.tally.reports += 1;
                    self.send(Event::NotStarted(report), About::NotStarted);
                }
                Effect::Stopped(id) => {
                    let runs = &self.aws.codebuild.runs;
                    let is_running = |run: &Run| run.build.arn.build_id == id && run.ended.is_none();
                    if let Some(run) = runs.iter().position(is_running) {
                        promises::check_stop(self, run);
                        self.end_build(run, Ending::Stopped);
                    }
                }
                Effect::Updated => self.tally.comments_of_sweeps += usize::from(is_sweep),
                Effect::Posted(posted) => {
                    self.tally.comments_of_sweeps += usize::from(is_sweep && posted.comment_on.is_some());
                    promises::check_post(self, &posted);
                }
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
