//! Fault controls: what goes wrong in a local AWS because somebody asked for it. `doc/semantics/faults.md` is their
//! reference.
//!
//! Nothing here is left to chance: a fault says whose call or which delivery it strikes, and strikes the first ones that
//! it describes. Whoever wants random faults draws a list of them.

mod fault;
mod record;
mod strike;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;

pub use fault::{CallFault, DeliveryFault, Effect, FaultList, InvalidFault, Moment};
pub use record::{Call, CallingInvocation, REMEMBERED_CALLS};
pub(crate) use strike::Strike;

use fault::Armed;

use crate::template::Function;

/// The faults that are still to come, and the calls that functions made. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    functions: Arc<[Function]>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Armed<CallFault>>,
    deliveries: Vec<Armed<DeliveryFault>>,
    /// The invocation that each environment carries out, by the access key that the environment was given.
    running: HashMap<String, Running>,
    record: VecDeque<Call>,
}

#[derive(Debug)]
struct Running {
    invocation: Arc<CallingInvocation>,
    calls: u32,
    kill: Arc<Notify>,
}

/// An invocation whose calls count as its own until this is dropped.
#[derive(Debug)]
pub(crate) struct CountedInvocation {
    faults: Faults,
    access_key_id: String,
}

impl Faults {
    /// No faults yet, for calls of these functions and deliveries to them.
    pub fn new(functions: &[Function]) -> Self {
        Self { state: Arc::default(), functions: functions.into() }
    }

    /// Adds faults behind those that are still to come. Either all of them are added or, with the reason, none.
    pub fn inject(&self, list: FaultList) -> Result<(), InvalidFault> {
        let (calls, deliveries) = list.arm(&self.functions)?;
        let mut state = self.lock();
        state.calls.extend(calls);
        state.deliveries.extend(deliveries);
        Ok(())
    }

    /// Forgets the faults that are still to come. A delivery that was delayed stays delayed.
    pub fn end(&self) {
        let mut state = self.lock();
        state.calls.clear();
        state.deliveries.clear();
    }

    /// The faults that are still to come, each with how many times.
    pub fn left(&self) -> FaultList {
        let state = self.lock();
        FaultList {
            calls: state.calls.iter().map(|armed| armed.fault.clone()).collect(),
            deliveries: state.deliveries.iter().map(|armed| armed.fault.clone()).collect(),
        }
    }

    /// The newest calls that functions made of AWS's APIs, at most [`REMEMBERED_CALLS`], the oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().record.iter().cloned().collect()
    }

    /// From now on the calls with this access key are the invocation's. `kill` is told when a fault kills its process.
    pub(crate) fn count_invocation(
        &self,
        access_key_id: &str,
        invocation: CallingInvocation,
        kill: &Arc<Notify>,
    ) -> CountedInvocation {
        let running = Running { invocation: Arc::new(invocation), calls: 0, kill: kill.clone() };
        self.lock().running.insert(access_key_id.to_owned(), running);
        CountedInvocation { faults: self.clone(), access_key_id: access_key_id.to_owned() }
    }

    /// Records a call, and tells which fault strikes it. Calls outside an invocation are nobody's.
    pub(crate) fn strike_call(&self, access_key_id: Option<&str>, operation: &str) -> Option<Strike> {
        let mut state = self.lock();
        let running = state.running.get_mut(access_key_id?)?;
        running.calls += 1;
        let kill = running.kill.clone();
        let call = Call {
            invocation: running.invocation.clone(),
            number: running.calls,
            operation: operation.to_owned(),
        };
        let strike = take(&mut state.calls, |armed| armed.strikes(&call));
        if state.record.len() == REMEMBERED_CALLS {
            state.record.pop_front();
        }
        state.record.push_back(call);
        let CallFault { effect, when, .. } = strike?;
        Some(Strike { effect, when, kill })
    }

    /// After which waits an event is delivered to a target: once and at once, unless a fault says otherwise.
    pub(crate) fn arrivals(&self, target_arn: &str, event: &Value) -> Vec<Duration> {
        let function = self.functions.iter().find(|function| function.arn == target_arn);
        let fault = function
            .and_then(|function| take(&mut self.lock().deliveries, |armed| armed.strikes(function, event)));
        fault.map_or_else(|| vec![Duration::ZERO], |fault| fault.arrivals)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CountedInvocation {
    fn drop(&mut self) {
        self.faults.lock().running.remove(&self.access_key_id);
    }
}

/// The first fault that strikes, which has one time less to go then.
fn take<F: fault::Counted + Clone>(
    faults: &mut Vec<Armed<F>>,
    strikes: impl Fn(&Armed<F>) -> bool,
) -> Option<F> {
    let index = faults.iter().position(strikes)?;
    let fault = faults[index].fault.clone();
    let times = faults[index].fault.times();
    *times -= 1;
    if *times == 0 {
        faults.remove(index);
    }
    Some(fault)
}
