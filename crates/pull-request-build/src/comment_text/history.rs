//! The earlier runs of the commit.

use super::failure::failure_of;
use super::room::first_that_fits;
use super::words::{count, duration_text, left_out, linked_build, name};
use crate::build::Build;
use crate::outcome::Outcome;

/// Earlier runs than these are only counted.
const MAX_RUNS: usize = 5;

/// A list of the runs, newest first, as many as there is room for.
pub(super) fn history(earlier: &[&Build], bytes: usize) -> Option<String> {
    if earlier.is_empty() {
        return None;
    }
    let runs: Vec<String> = earlier.iter().take(MAX_RUNS).map(run).collect();
    first_that_fits(
        bytes,
        (0..=runs.len()).rev().map(|shown| {
            let runs = runs[..shown].concat();
            match left_out(earlier.len(), shown) {
                0 => format!("Earlier runs of this commit:\n{runs}"),
                more if shown == 0 => {
                    format!("CodeBuild shows {} of this commit.", count(more, "earlier run"))
                }
                more => format!("Earlier runs of this commit:\n{runs}\n- {more} more in CodeBuild"),
            }
        }),
    )
}

fn run(build: &&Build) -> String {
    let outcome = Outcome::of(build, None);
    let during = failure_of(&outcome).map(|failure| format!(" in phase {}", name(failure.phase)));
    let during = during.unwrap_or_default();
    let (sign, result) = match &outcome {
        Outcome::Submitted => ("⏳", "has not ended".to_owned()),
        Outcome::Succeeded => ("✅", "succeeded".to_owned()),
        Outcome::Failed(_) => ("❌", format!("failed{during}")),
        Outcome::Faulted(_) => ("💥", format!("had a fault of CodeBuild{during}")),
        Outcome::TimedOut(_) => ("⏰", format!("timed out{during}")),
        Outcome::Stopped(..) => ("🛑", format!("was stopped{during}")),
        Outcome::Unknown(state, _) => ("❌", format!("ended as {}{during}", name(state))),
        Outcome::SourceLost(..) | Outcome::ClosedMeanwhile(_) => ("⚪", format!("did not succeed{during}")),
    };
    let after = build.duration().map(|duration| format!(" after {}", duration_text(duration)));
    format!("\n- {sign} {} {result}{}", linked_build(build), after.unwrap_or_default())
}
