//! What goes wrong in a world, and how often.

use pull_request_build::NotStartedKind;

use crate::chance::Chance;
use crate::delivery::About;
use crate::function::Pace;
use crate::moment::Span;

/// The faults of one world. Each kind is absent from many worlds: where everything goes wrong at once, little gets far
/// enough to go wrong in an interesting way.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    /// Of a thousand events of CodeCommit, how many never arrive.
    lost_pull_request_events: usize,
    /// Of a thousand events of CodeBuild, how many never arrive.
    lost_build_events: usize,
    /// Whether events are lost for ever, after all other faults have ended.
    is_loss_for_good: bool,
    /// Of a thousand events, how many arrive twice or three times.
    duplicated: usize,
    /// Of a thousand calls, how many fail.
    failing: usize,
    /// Of a thousand calls, before or after how many the invocation is killed.
    killed: usize,
    /// Of a thousand starts, how many builds CodeBuild does not start.
    refused: usize,
    /// Of a thousand calls, how many are slow.
    slow: usize,
    /// How far answers may be behind.
    lag: Span,
    /// How long events take: the first range is the usual one.
    delays: &'static [(Span, Span)],
    /// Whether events that are not lost come, and are tried again, before a sweep looks after them; and answers are not
    /// behind.
    pub(crate) is_prompt: bool,
    /// How a sweep is made.
    pace: Pace,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallFault {
    /// Whether the call did what it should before it failed.
    pub(crate) took_effect: bool,
    pub(crate) then: Then,
}

/// What follows a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The SDK makes it again.
    MadeAgain,
    /// The invocation fails.
    Failure,
    /// The invocation is killed.
    Kill,
}

/// Of a thousand events, how many are lost in worlds that lose any.
const LOST: &[usize] = &[0, 0, 150, 1000];
/// For how long a sweep looks, and makes calls at all: as the function does, and far too short.
const BUDGETS: [[Span; 2]; 3] = [
    [Span::minutes(3), Span::seconds(285)],
    [Span::seconds(1), Span::minutes(2)],
    [Span::seconds(2), Span::seconds(4)],
];

const QUICK: (Span, Span) = (Span(50), Span(3_000));
const LATE: (Span, Span) = (Span::seconds(3), Span::seconds(90));
/// A call takes 20 seconds at most, its attempts and waits together (crates/lambda-setup).
const SLOW: (Span, Span) = (Span::seconds(3), Span::seconds(20));
/// About as long as CodeBuild knows a token.
const TOKEN: (Span, Span) = (Span::seconds(210), Span::seconds(420));
/// As long as EventBridge and Lambda try at most.
const HOURS: (Span, Span) = (Span::minutes(7), Span::minutes(24 * 60));

const DELAYS: [&[(Span, Span)]; 4] =
    [&[QUICK], &[QUICK, QUICK, LATE], &[QUICK, LATE, TOKEN], &[QUICK, LATE, TOKEN, HOURS]];

impl Faults {
    /// Draws a world's faults.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let faults = Self {
            lost_pull_request_events: chance.pick(0, LOST),
            lost_build_events: chance.pick(0, LOST),
            is_loss_for_good: chance.per_mille(300),
            duplicated: chance.pick(0, &[200, 700]),
            failing: chance.pick(0, &[0, 30, 150]),
            killed: chance.pick(0, &[0, 30, 150]),
            refused: chance.pick(0, &[0, 0, 300]),
            slow: chance.pick(0, &[50, 200]),
            lag: chance.pick(Span(0), &[Span(0), Span(500), Span(5_000)]),
            delays: chance.pick(DELAYS[0], &DELAYS[1..]),
            pace: Pace { lanes: 1 + chance.below(3), budget: chance.pick(BUDGETS[0], &BUDGETS[1..]) },
            is_prompt: false,
        };
        let is_prompt = faults.lag == Span(0) && DELAYS[..2].contains(&faults.delays);
        Self { is_prompt, ..faults }
    }

    /// From now on nothing goes wrong, but that events are lost.
    pub(crate) fn end(&mut self) {
        if !self.is_loss_for_good {
            (self.lost_pull_request_events, self.lost_build_events) = (0, 0);
        }
        let pace = Pace { budget: BUDGETS[0], ..self.pace };
        *self = Self {
            duplicated: 0,
            failing: 0,
            killed: 0,
            refused: 0,
            slow: 0,
            lag: Span(0),
            delays: &[QUICK],
            pace,
            ..self.clone()
        };
    }

    /// After how long an event arrives, each time it does.
    pub(crate) fn arrivals(&self, chance: &mut Chance, about: About) -> Vec<Span> {
        let lost = match about {
            About::Revision { .. } | About::End { .. } => self.lost_pull_request_events,
            About::Build { .. } => self.lost_build_events,
            // EventBridge keeps what the hook itself sends, and what a schedule does.
            About::NotStarted | About::Tick => 0,
        };
        let count = match (chance.per_mille(lost), chance.per_mille(self.duplicated)) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2 + chance.below(2),
        };
        (0..count).map(|_| self.delay(chance)).collect()
    }

    fn delay(&self, chance: &mut Chance) -> Span {
        let range = chance.pick(QUICK, self.delays);
        chance.span(range)
    }

    pub(crate) fn of_call(&self, chance: &mut Chance) -> Option<CallFault> {
        let took_effect = chance.per_mille(500);
        let then = match (chance.per_mille(self.killed), chance.per_mille(self.failing)) {
            (true, _) => Then::Kill,
            (false, true) => chance.pick(Then::Failure, &[Then::MadeAgain]),
            (false, false) => return None,
        };
        Some(CallFault { took_effect, then })
    }

    /// Why CodeBuild starts no build.
    pub(crate) fn refusal(&self, chance: &mut Chance) -> Option<NotStartedKind> {
        use NotStartedKind::{AccessDenied, AccountLimit, ProjectNotFound, Refused};
        let kind = chance.pick(AccountLimit, &[ProjectNotFound, AccessDenied, Refused]);
        chance.per_mille(self.refused).then_some(kind)
    }

    /// How long it takes until an invocation makes its next call.
    pub(crate) fn pause(&self, chance: &mut Chance) -> Span {
        if chance.per_mille(self.slow) {
            let range = chance.pick(SLOW, &[(Span(500), Span(5_000))]);
            chance.span(range)
        } else {
            chance.span((Span(5), Span(400)))
        }
    }

    /// How the next sweep is made.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// How far an answer is behind.
    pub(crate) fn lag(&self, chance: &mut Chance) -> Span {
        chance.span((Span(0), self.lag))
    }
}
