//! What a fault is, and what makes one invalid.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Call;
use crate::eventbridge::{EventPattern, InvalidEventPattern};
use crate::template::Function;

/// Faults in the order in which they are looked at: the first that describes a call or a delivery strikes it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultList {
    /// Of calls that functions make.
    pub calls: Vec<CallFault>,
    /// Of deliveries to functions.
    pub deliveries: Vec<DeliveryFault>,
}

/// A call of a function that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    /// The logical id or the name of the function that calls.
    pub function: String,
    /// Only in invocations whose event matches this pattern of EventBridge; in all without one.
    #[serde(default)]
    pub event: Option<Value>,
    /// Only calls of this operation, such as `StartBuild`; of all without one.
    #[serde(default)]
    pub operation: Option<String>,
    /// Only the call of this number in its invocation; the first is 1. Each without one.
    #[serde(default)]
    pub number: Option<u32>,
    /// What goes wrong.
    pub effect: Effect,
    /// Before or after the call took effect.
    #[serde(default)]
    pub when: Moment,
    /// How many calls are struck.
    #[serde(default = "once")]
    pub times: u32,
}

/// A delivery of an event from a rule to a function that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFault {
    /// The logical id or the name of the function that is the rule's target.
    pub function: String,
    /// Only events that match this pattern of EventBridge; all without one.
    #[serde(default)]
    pub event: Option<Value>,
    /// After how long the event arrives, each time that it does, by the clock of the local AWS; in a file in seconds.
    /// None is an event that is lost, two an event that is delivered twice.
    #[serde(deserialize_with = "read_seconds")]
    pub arrivals: Vec<Duration>,
    /// How many deliveries are struck.
    #[serde(default = "once")]
    pub times: u32,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It is answered with the service's error for too many requests.
    Throttled,
    /// It is answered with status 500, `InternalFailure`.
    Failed,
    /// Its connection is closed without an answer.
    Cut,
    /// The process that makes it is killed, and with it the invocation.
    Killed,
}

/// Where a fault strikes a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// The service never sees the call.
    #[default]
    Before,
    /// The call does what it should, and only its answer is lost.
    After,
}

/// Why faults are not accepted. The list is named as in a file, and the fault by its place in it; the first is 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFault {
    /// The file is no JSON of this form.
    #[error("{0}")]
    NoFaultList(String),
    /// No function is called so.
    #[error("{place}: there is no function {function:?}; the functions are {known}")]
    UnknownFunction {
        /// Such as `fault 2 of calls`.
        place: String,
        /// What was asked for.
        function: String,
        /// The logical ids that there are.
        known: String,
    },
    /// The pattern is not one.
    #[error("{place}: {reason}")]
    Pattern {
        /// Such as `fault 2 of calls`.
        place: String,
        /// What is wrong with it.
        reason: InvalidEventPattern,
    },
    /// A number is 0.
    #[error("{place}: {member} is 0; leave the fault out, or count from 1")]
    Zero {
        /// Such as `fault 2 of calls`.
        place: String,
        /// `times` or `number`.
        member: &'static str,
    },
    /// A throttled call that took effect.
    #[error("{place}: a throttled call never takes effect; leave out \"when\", or choose another effect")]
    ThrottledAfter {
        /// Such as `fault 2 of calls`.
        place: String,
    },
}

/// A fault that is ready to strike.
#[derive(Debug)]
pub(super) struct Armed<F> {
    pub(super) fault: F,
    pattern: Option<EventPattern>,
}

/// A fault that strikes a number of times.
pub(super) trait Counted {
    fn times(&mut self) -> &mut u32;
}

type ArmedFaults = (Vec<Armed<CallFault>>, Vec<Armed<DeliveryFault>>);

fn once() -> u32 {
    1
}

fn read_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    Ok(Vec::<u64>::deserialize(deserializer)?.into_iter().map(Duration::from_secs).collect())
}

impl FaultList {
    /// Reads a fault file.
    pub fn parse(json: &str) -> Result<Self, InvalidFault> {
        serde_json::from_str(json).map_err(|error| InvalidFault::NoFaultList(error.to_string()))
    }

    pub(super) fn arm(self, functions: &[Function]) -> Result<ArmedFaults, InvalidFault> {
        let calls = self.calls.into_iter().zip(1..).map(|(fault, index)| {
            let place = format!("fault {index} of calls");
            if fault.number == Some(0) {
                return Err(InvalidFault::Zero { place, member: "number" });
            }
            if fault.effect == Effect::Throttled && fault.when == Moment::After {
                return Err(InvalidFault::ThrottledAfter { place });
            }
            let pattern = check(place, &fault.function, fault.event.as_ref(), fault.times, functions)?;
            Ok(Armed { fault, pattern })
        });
        let deliveries = self.deliveries.into_iter().zip(1..).map(|(fault, index)| {
            let place = format!("fault {index} of deliveries");
            let pattern = check(place, &fault.function, fault.event.as_ref(), fault.times, functions)?;
            Ok(Armed { fault, pattern })
        });
        Ok((calls.collect::<Result<_, _>>()?, deliveries.collect::<Result<_, _>>()?))
    }
}

/// Checks what both kinds of fault have, and compiles the pattern.
fn check(
    place: String,
    function: &str,
    event: Option<&Value>,
    times: u32,
    functions: &[Function],
) -> Result<Option<EventPattern>, InvalidFault> {
    if !functions.iter().any(|known| is_called(&known.logical_id, &known.name, function)) {
        let known = functions.iter().map(|function| function.logical_id.as_str()).collect::<Vec<_>>();
        let (function, known) = (function.to_owned(), known.join(", "));
        return Err(InvalidFault::UnknownFunction { place, function, known });
    }
    if times == 0 {
        return Err(InvalidFault::Zero { place, member: "times" });
    }
    let pattern = event.map(EventPattern::compile).transpose();
    pattern.map_err(|reason| InvalidFault::Pattern { place, reason })
}

fn is_called(logical_id: &str, name: &str, function: &str) -> bool {
    function == logical_id || function == name
}

impl<F> Armed<F> {
    fn matches(&self, event: &Value) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.matches(event))
    }
}

impl Armed<CallFault> {
    pub(super) fn strikes(&self, call: &Call) -> bool {
        let (fault, invocation) = (&self.fault, &call.invocation);
        is_called(&invocation.logical_id, &invocation.function, &fault.function)
            && fault.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && fault.number.is_none_or(|number| number == call.number)
            && self.matches(&invocation.event)
    }
}

impl Armed<DeliveryFault> {
    pub(super) fn strikes(&self, function: &Function, event: &Value) -> bool {
        is_called(&function.logical_id, &function.name, &self.fault.function) && self.matches(event)
    }
}

impl Counted for CallFault {
    fn times(&mut self) -> &mut u32 {
        &mut self.times
    }
}

impl Counted for DeliveryFault {
    fn times(&mut self) -> &mut u32 {
        &mut self.times
    }
}

impl CallFault {
    /// One call of a function, the next one, that goes wrong in this way before it took effect.
    pub fn new(function: &str, effect: Effect) -> Self {
        Self {
            function: function.to_owned(),
            event: None,
            operation: None,
            number: None,
            effect,
            when: Moment::Before,
            times: 1,
        }
    }
}

impl DeliveryFault {
    /// One delivery to a function, the next one, that arrives after these waits.
    pub fn new(function: &str, arrivals: &[Duration]) -> Self {
        Self { function: function.to_owned(), event: None, arrivals: arrivals.to_vec(), times: 1 }
    }
}
