//! Settings, which a function finds in its environment.

use std::{fmt, time::Duration};

use pull_request_build::InvalidId;

/// A setting with which a function cannot work. It stops at its start, so that the deployment shows it at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// The variable is not set.
    #[error("the environment variable {0} is not set; deploy the function with the hook's own template")]
    Missing(&'static str),
    /// The variable does not hold what is expected.
    #[error("the environment variable {name}: {problem}")]
    Malformed {
        /// The variable's name.
        name: &'static str,
        /// What is expected, and what was found.
        problem: String,
    },
}

/// Reads the variable `name` through `lookup`, and takes it for what `parse` makes of it. The error of `parse` says what
/// is expected.
pub fn read_setting<T, E: fmt::Display>(
    lookup: impl Fn(&str) -> Option<String>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, InvalidSetting> {
    let value = lookup(name).ok_or(InvalidSetting::Missing(name))?;
    parse(&value).map_err(|problem| InvalidSetting::Malformed { name, problem: problem.to_string() })
}

/// Reads the time between two sweeps, which is given in minutes: at most a day, and zero where there are no sweeps.
pub fn parse_sweep_period(text: &str) -> Result<Duration, InvalidId> {
    let minutes = text.parse().ok().filter(|minutes| (0..=24 * 60).contains(minutes));
    let minutes: u64 = minutes.ok_or_else(|| InvalidId {
        what: "the time between two sweeps",
        expected: "a whole number of minutes from 0 to 1440",
        found: text.chars().take(64).collect(),
    })?;
    Ok(Duration::from_secs(60 * minutes))
}
