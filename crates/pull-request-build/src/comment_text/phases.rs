//! How long phases took, where that tells something.

use std::time::Duration;

use super::words::{duration_text, name};
use crate::build::Build;
use crate::failure::Failure;

/// Shorter phases are not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(60);
/// The phases before the repository's own work. A slow one is the setup's fault, which can be cured with an image or a
/// cache, if it takes at least a fifth of the build.
const SETUP_PHASES: [&str; 3] = ["PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL"];

/// A line on a long wait in the queue and on slow setup phases. The phase that a build failed in is told elsewhere.
pub(super) fn phases(build: &Build, bytes: usize) -> Option<String> {
    let whole = build.duration()?;
    let failed_phase = Failure::of(build).map(|failure| failure.phase);
    let waits = build.phases.iter().filter(|phase| failed_phase != Some(&*phase.name)).filter_map(|phase| {
        let duration = phase.duration().filter(|duration| *duration >= WORTH_A_WORD)?;
        if phase.name == "QUEUED" {
            Some(format!("{} in the queue", duration_text(duration)))
        } else if SETUP_PHASES.contains(&&*phase.name) && duration.saturating_mul(5) >= whole {
            Some(format!("{} in phase {}", duration_text(duration), name(&phase.name)))
        } else {
            None
        }
    });
    let waits: Vec<String> = waits.take(SETUP_PHASES.len() + 1).collect();
    let text = format!("**Time:** {}, of {} in all.", waits.join(" and "), duration_text(whole));
    Some(text).filter(|text| !waits.is_empty() && text.len() <= bytes)
}
