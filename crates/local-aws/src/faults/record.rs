//! Which calls functions made.

use std::sync::Arc;

use serde_json::Value;

/// How many calls are remembered for whoever looks into a local AWS.
pub const REMEMBERED_CALLS: usize = 20_000;

/// A call that a function made of one of AWS's APIs while it carried out an invocation.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// In which invocation.
    pub invocation: Arc<CallingInvocation>,
    /// Which call of the invocation it was; the first is 1. One that the SDK makes again is another call.
    pub number: u32,
    /// Such as `StartBuild`.
    pub operation: String,
}

/// An invocation, as its calls are told apart by.
#[derive(Debug, Clone, PartialEq)]
pub struct CallingInvocation {
    /// The function's key in the template.
    pub logical_id: String,
    /// The function's name.
    pub function: String,
    /// The same for every attempt at one event.
    pub request_id: String,
    /// Begins with 1.
    pub attempt: u32,
    /// What the function was invoked with; null if that is no JSON.
    pub event: Value,
}
