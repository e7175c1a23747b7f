//! The event "CodeBuild Build State Change", in the shapes of captured ones.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::build::Build;
use super::phase::{Phase, PhaseContext, PhaseType};
use crate::account::Account;
use crate::event::Event;

/// The event of a build that has been submitted or has ended.
///
/// The first one has no phases, no build number and no usable log link, and all numbers are floats: captured events
/// are so, though the user guide's sample is not.
pub(super) fn state_change(account: &Account, build: &Build, now: OffsetDateTime) -> Event {
    let submitted = !build.is_complete();
    let request = &build.request;
    let mut logs = json!({ "deep-link": build.log_link(account) });
    if build.has_log {
        logs["group-name"] = request.log_group.as_str().into();
        logs["stream-name"] = build.uuid.as_str().into();
    }
    let mut information = json!({
        "cache": { "type": "NO_CACHE" },
        "timeout-in-minutes": minutes(request.timeout),
        "queued-timeout-in-minutes": minutes(request.queued_timeout),
        "build-complete": build.is_complete(),
        "initiator": build.initiator,
        "build-start-time": date(build.start),
        "source": request.source_json(),
        "artifact": { "location": "" },
        "environment": {
            "image": request.environment.image,
            "privileged-mode": request.environment.privileged_mode,
            "image-pull-credentials-type": "CODEBUILD",
            "compute-type": request.environment.compute_type,
            "type": request.environment.environment_type,
            "environment-variables": request.variables_json(),
        },
        "logs": logs,
    });
    if let Some(version) = &request.source_version {
        information["source-version"] = version.as_str().into();
    }
    let (current_phase, context) = if submitted {
        (PhaseType::Submitted, "[]".to_owned())
    } else {
        information["build-number"] = (build.number as f64).into();
        information["phases"] = build.phases.iter().map(phase).collect();
        (build.current_phase(), last_context(build))
    };
    let detail = json!({
        "build-status": build.status.as_str(),
        "project-name": request.project_name,
        "build-id": build.arn,
        "additional-information": information,
        "current-phase": current_phase.as_str(),
        "current-phase-context": context,
        "version": "1",
    });
    Event::new("aws.codebuild", "CodeBuild Build State Change", now, build.arn.clone(), detail)
}

fn phase(phase: &Phase) -> Value {
    let mut json = json!({ "phase-type": phase.phase_type.as_str(), "start-time": date(phase.start) });
    if let Some(status) = phase.status {
        json["phase-status"] = status.as_str().into();
        json["phase-context"] = phase.contexts.iter().map(context).collect();
    }
    if let (Some(end), Some(seconds)) = (phase.end, phase.seconds()) {
        json["end-time"] = date(end).into();
        json["duration-in-seconds"] = (seconds as f64).into();
    }
    json
}

/// `CODE: message`; `: ` for a phase that succeeded.
fn context(context: &PhaseContext) -> String {
    format!("{}: {}", context.status_code, context.message)
}

/// The contexts of the phase before COMPLETED in one string, such as `[: ]`.
fn last_context(build: &Build) -> String {
    let last = build.phases.iter().rev().find(|phase| phase.phase_type != PhaseType::Completed);
    let contexts: Vec<_> = last.iter().flat_map(|phase| phase.contexts.iter().map(context)).collect();
    format!("[{}]", contexts.join(", "))
}

fn minutes(duration: std::time::Duration) -> f64 {
    (duration.as_secs() / 60) as f64
}

/// `Sep 1, 2017 4:12:29 PM`.
fn date(time: OffsetDateTime) -> String {
    let format = format_description!(
        "[month repr:short] [day padding:none], [year] [hour repr:12 padding:none]:[minute]:[second] [period]"
    );
    time.format(&format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_in_the_user_guides_sample() {
        let time = time::macros::datetime!(2017-09-01 16:12:29 UTC);
        assert_eq!(date(time), "Sep 1, 2017 4:12:29 PM");
    }
}
