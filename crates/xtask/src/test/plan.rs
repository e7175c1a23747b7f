//! Which step runs next: selection, needs, and what a failure takes with it.

use std::time::Duration;

use super::step::{Lane, Outcome, Step, StepName};

/// The selected steps, in the order of the table they come from, and how far each of them is.
pub(crate) struct Plan {
    entries: Vec<Entry>,
}

struct Entry {
    step: &'static Step,
    state: State,
}

enum State {
    Waiting,
    Running,
    Ended(Ending, Duration),
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Passed,
    /// Not an error, but not looked at either; the reason.
    NotChecked(String),
    /// The reason; the output of the step has the details.
    Failed(String),
    /// It needs this step, which did not pass.
    Skipped(StepName),
}

impl From<Outcome> for Ending {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::NotChecked(reason) => Self::NotChecked(reason),
        }
    }
}

/// What a lane does next.
pub(crate) enum Next {
    Run(&'static Step),
    /// Everything that is left in this lane needs a step that has not ended.
    Wait,
    /// Nothing is left in this lane.
    Finished,
}

impl Plan {
    /// The steps of `table` with these names and everything they need; all steps if no name is given.
    pub(crate) fn select(table: &'static [Step], names: &[StepName]) -> Self {
        let mut selected = names.to_vec();
        let mut index = 0;
        while let Some(name) = selected.get(index).copied() {
            for need in table.iter().filter(|step| step.name == name).flat_map(|step| step.needs) {
                if !selected.contains(need) {
                    selected.push(*need);
                }
            }
            index += 1;
        }
        let entries = table
            .iter()
            .filter(|step| names.is_empty() || selected.contains(&step.name))
            .map(|step| Entry { step, state: State::Waiting })
            .collect();
        Self { entries }
    }

    /// Takes the first step of `lane` whose needs have passed; it counts as running from now on.
    pub(crate) fn take_next(&mut self, lane: Lane) -> Next {
        let ready = |plan: &Self, entry: &Entry| {
            matches!(entry.state, State::Waiting)
                && entry.step.needs.iter().all(|need| plan.has_passed(*need))
        };
        if let Some(index) =
            self.entries.iter().position(|entry| entry.step.lane == lane && ready(self, entry))
        {
            self.entries[index].state = State::Running;
            return Next::Run(self.entries[index].step);
        }
        let is_left = |entry: &Entry| entry.step.lane == lane && matches!(entry.state, State::Waiting);
        if self.entries.iter().any(is_left) { Next::Wait } else { Next::Finished }
    }

    /// Notes how `name` ended. If it failed, every step that needs it, directly or not, is skipped.
    pub(crate) fn end(&mut self, name: StepName, ending: Ending, duration: Duration) {
        let failed = matches!(ending, Ending::Failed(_) | Ending::Skipped(_));
        for entry in self.entries.iter_mut().filter(|entry| entry.step.name == name) {
            entry.state = State::Ended(ending.clone(), duration);
        }
        if failed {
            let dependents: Vec<StepName> = self
                .entries
                .iter()
                .filter(|entry| matches!(entry.state, State::Waiting) && entry.step.needs.contains(&name))
                .map(|entry| entry.step.name)
                .collect();
            for dependent in dependents {
                self.end(dependent, Ending::Skipped(name), Duration::ZERO);
            }
        }
    }

    /// The steps that have ended, in the order of the table.
    pub(crate) fn ended(&self) -> impl Iterator<Item = (&'static Step, &Ending, Duration)> {
        self.entries.iter().filter_map(|entry| match &entry.state {
            State::Ended(ending, duration) => Some((entry.step, ending, *duration)),
            State::Waiting | State::Running => None,
        })
    }

    /// Whether nothing failed.
    pub(crate) fn succeeded(&self) -> bool {
        self.ended().all(|(_, ending, _)| matches!(ending, Ending::Passed | Ending::NotChecked(_)))
    }

    fn has_passed(&self, name: StepName) -> bool {
        self.ended().any(|(step, ending, _)| {
            step.name == name && matches!(ending, Ending::Passed | Ending::NotChecked(_))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::steps::STEPS;
    use super::*;

    fn names(plan: &Plan) -> Vec<StepName> {
        plan.entries.iter().map(|entry| entry.step.name).collect()
    }

    /// Runs the whole plan, one lane after the other, with `failing` as the only step that fails.
    fn run(plan: &mut Plan, failing: Option<StepName>) -> Vec<StepName> {
        let mut order = Vec::new();
        loop {
            let before = order.len();
            for lane in [Lane::Rust, Lane::Side] {
                while let Next::Run(step) = plan.take_next(lane) {
                    order.push(step.name);
                    let ending = match failing {
                        Some(name) if name == step.name => Ending::Failed("broken".to_owned()),
                        _ => Ending::Passed,
                    };
                    plan.end(step.name, ending, Duration::from_secs(1));
                }
            }
            if order.len() == before {
                return order;
            }
        }
    }

    #[test]
    fn without_names_every_step_runs_once() {
        let mut plan = Plan::select(STEPS, &[]);
        let mut order = run(&mut plan, None);
        order.sort();
        let mut all: Vec<StepName> = STEPS.iter().map(|step| step.name).collect();
        all.sort();
        assert_eq!(order, all);
        assert!(plan.succeeded());
        for lane in [Lane::Rust, Lane::Side] {
            assert!(matches!(plan.take_next(lane), Next::Finished), "{lane:?}");
        }
    }

    #[test]
    fn a_step_brings_what_it_needs_and_nothing_else() {
        let plan = Plan::select(STEPS, &[StepName::Synth]);
        assert_eq!(
            names(&plan),
            [StepName::PythonTools, StepName::NodePackages, StepName::Arm64, StepName::Synth]
        );
        assert_eq!(names(&Plan::select(STEPS, &[StepName::Format])), [StepName::Format]);
    }

    #[test]
    fn a_step_waits_for_another_lane() {
        let mut plan = Plan::select(STEPS, &[StepName::Arm64]);
        assert!(matches!(plan.take_next(Lane::Rust), Next::Wait));
        assert!(matches!(plan.take_next(Lane::Side), Next::Run(step) if step.name == StepName::PythonTools));
        assert!(matches!(plan.take_next(Lane::Rust), Next::Wait), "it is running, not done");
        plan.end(StepName::PythonTools, Ending::Passed, Duration::ZERO);
        assert!(matches!(plan.take_next(Lane::Rust), Next::Run(step) if step.name == StepName::Arm64));
    }

    #[test]
    fn a_failure_skips_what_needs_it_and_stops_nothing_else() {
        let mut plan = Plan::select(STEPS, &[StepName::Synth, StepName::InfraTests, StepName::Lints]);
        let order = run(&mut plan, Some(StepName::PythonTools));
        assert!(order.contains(&StepName::InfraTests) && order.contains(&StepName::Lints), "{order:?}");
        assert!(!plan.succeeded());
        let skipped: Vec<_> = plan
            .ended()
            .filter_map(|(step, ending, _)| match ending {
                Ending::Skipped(need) => Some((step.name, *need)),
                _ => None,
            })
            .collect();
        assert_eq!(
            skipped,
            [(StepName::Arm64, StepName::PythonTools), (StepName::Synth, StepName::Arm64)],
            "the second is skipped because of the first",
        );
    }

    #[test]
    fn what_could_not_be_checked_is_no_failure() {
        let mut plan = Plan::select(STEPS, &[StepName::Format]);
        plan.end(StepName::Format, Ending::NotChecked("no network".to_owned()), Duration::ZERO);
        assert!(plan.succeeded());
    }
}
