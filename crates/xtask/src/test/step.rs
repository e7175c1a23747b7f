//! What a step of `cargo xtask test` is.

use clap::ValueEnum;

use super::log::Log;
use crate::checkout::Checkout;
use crate::error::Error;

/// One check, or one installation that checks need.
pub(crate) struct Step {
    pub(crate) name: StepName,
    /// What it does, as a sentence without a full stop.
    pub(crate) about: &'static str,
    /// The steps that have to pass before this one can run.
    pub(crate) needs: &'static [StepName],
    pub(crate) lane: Lane,
    /// How many of the last lines of its output are shown even if it passes.
    pub(crate) closing_lines: usize,
    /// What to do when it failed.
    pub(crate) advice: &'static str,
    pub(crate) run: fn(&Checkout, &Log) -> Result<Outcome, Error>,
}

/// The name of a step, as `--step` takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum StepName {
    Format,
    CrateLints,
    Documents,
    Lints,
    Build,
    Tests,
    Demo,
    Readme,
    #[value(name = "readme-version-2")]
    ReadmeVersion2,
    Clients,
    PythonTools,
    NodePackages,
    CfnLint,
    InfraFormat,
    InfraLints,
    InfraTypes,
    InfraTests,
    Template,
    CargoDeny,
    Dependencies,
    Advisories,
    Arm64,
    Synth,
}

impl StepName {
    /// The name as a person types it.
    pub(crate) fn text(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Steps of one lane run one after the other; the lanes run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// What builds in the target folder, which cargo locks. Its output is shown as it comes.
    Rust,
    /// What waits for the network or for Node.js. Its output is kept back, and shown if the step fails.
    Side,
}

/// How a step that did not fail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// Nothing is known to be wrong, but it could not be looked at, for this reason.
    NotChecked(String),
}
