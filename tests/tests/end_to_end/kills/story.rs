//! What happens to a pull request, and where in it a function can be killed.

use local_aws::faults::{Call, CallFault, Effect, Moment};
use serde_json::{Value, json};

use super::stage::Play;

/// The buildspec of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buildspec {
    /// Waits at the turnstile, then succeeds.
    Succeeds,
    /// Waits at the turnstile, then reports a failed test, prints something and fails.
    Fails,
    /// Runs until it is stopped.
    Endless,
}

/// What happens while the first build runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    Nothing,
    Push(Buildspec),
    Close,
}

/// What happens to a pull request.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) first: Buildspec,
    pub(crate) meanwhile: Meanwhile,
}

/// The stories of a hook that works, and behind them that of one that cannot start a build.
pub(crate) const STORIES: [Story; 4] = [
    Story { name: "fails", first: Buildspec::Fails, meanwhile: Meanwhile::Nothing },
    Story { name: "superseded", first: Buildspec::Endless, meanwhile: Meanwhile::Push(Buildspec::Succeeds) },
    Story { name: "closed", first: Buildspec::Endless, meanwhile: Meanwhile::Close },
    Story { name: "not started", first: Buildspec::Succeeds, meanwhile: Meanwhile::Nothing },
];

/// One call of a function in a story, before or after which the function is killed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scene {
    pub(crate) story: usize,
    /// The logical id.
    function: String,
    /// The event of the invocation, with [`BRANCH`] in the place of the branch.
    event: Value,
    number: u32,
    operation: String,
    when: Moment,
}

/// Stands for a pull request's source branch.
const BRANCH: &str = "refs/heads/BRANCH";

impl Scene {
    /// The scene in which a call of the rehearsal was made.
    pub(crate) fn of(call: &Call, when: Moment, rehearsal: &[Play]) -> Self {
        let event = &call.invocation.event;
        let text = event.to_string();
        let play = rehearsal.iter().find(|play| text.contains(&format!("\"{}\"", play.reference())));
        let play = play.unwrap_or_else(|| panic!("an event of no story: {event}"));
        Self {
            story: play.story,
            function: call.invocation.logical_id.clone(),
            event: describe(event),
            number: call.number,
            operation: call.operation.clone(),
            when,
        }
    }

    /// Kills the function in this scene where the story is played on a branch.
    pub(crate) fn kill(&self, reference: &str) -> CallFault {
        let pattern = self.event.to_string().replace(BRANCH, reference);
        CallFault {
            event: Some(serde_json::from_str(&pattern).unwrap()),
            number: Some(self.number),
            when: self.when,
            ..CallFault::new(&self.function, Effect::Killed)
        }
    }

    pub(crate) fn title(&self) -> String {
        let Self { story, function, event, number, operation, when } = self;
        let story = STORIES[*story].name;
        format!("{story}: {function} killed {when:?} call {number}, {operation}, of {event}")
    }
}

/// A pattern that matches the same event of the same story on another branch.
fn describe(event: &Value) -> Value {
    let detail = &event["detail"];
    let described = if detail.get("build-status").is_some() {
        let branch = json!({ "name": ["SOURCE_REFERENCE"], "value": [BRANCH] });
        json!({
            "build-status": [detail["build-status"]],
            "additional-information": {
                "source-version": [detail["additional-information"]["source-version"]],
                "environment": { "environment-variables": branch },
            },
        })
    } else {
        let event = detail.get("event").map(|event| json!([event]));
        json!({ "event": event.unwrap_or_else(|| json!([{ "exists": false }])), "sourceReference": [BRANCH] })
    };
    json!({ "detail-type": [event["detail-type"]], "detail": described })
}
