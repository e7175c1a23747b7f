//! Reads builds from CodeBuild.

use std::time::SystemTime;

use aws_sdk_codebuild::{Client, primitives::DateTime, types};
use lambda_setup::CallFailure;
use pull_request_build::{
    Build, BuildArn, BuildId, BuildStatus, LogStream, Phase, PhaseContext, PullRequestBuild, Secrets,
};

/// Reads those of the builds `ids` that CodeBuild still knows and that are pull requests' builds. The log names the
/// others.
pub(crate) async fn read_builds(client: &Client, ids: &[BuildId]) -> Result<Vec<Build>, CallFailure> {
    let ids = ids.iter().map(BuildId::to_string).collect();
    let answer = client.batch_get_builds().set_ids(Some(ids)).send().await;
    let answer = answer.map_err(|error| CallFailure::sort("BatchGetBuilds", &error))?;
    for id in answer.builds_not_found() {
        tracing::info!(build.id = id, "CodeBuild does not know the build any more");
    }
    let read = |build: &types::Build| match read_build(build) {
        Ok(build) => Some(build),
        Err(reason) => {
            tracing::info!(build.id = build.id(), %reason, "a build is left out of its comment");
            None
        }
    };
    Ok(answer.builds().iter().filter_map(read).collect())
}

fn read_build(build: &types::Build) -> Result<Build, Box<dyn std::error::Error>> {
    let variables = build.environment().map(types::ProjectEnvironment::environment_variables);
    let variables = variables.unwrap_or_default().iter();
    // The value of a variable of another type is the name of a secret, which is no secret.
    let plaintext = variables.clone().filter(|variable| {
        matches!(variable.r#type(), None | Some(types::EnvironmentVariableType::Plaintext))
    });
    let plaintext = plaintext.map(|variable| (variable.name(), variable.value()));
    let variables = variables.map(|variable| (variable.name(), variable.value()));
    Ok(Build {
        arn: BuildArn::parse(build.arn().unwrap_or_default())?,
        number: build.build_number(),
        status: BuildStatus::from_name(build.build_status().map_or("UNKNOWN", types::StatusType::as_str)),
        start_time: read_time(build.start_time()),
        end_time: read_time(build.end_time()),
        phases: build.phases().iter().map(read_phase).collect(),
        log_deep_link: build.logs().and_then(types::LogsLocation::deep_link).map(str::to_owned),
        log_stream: build.logs().and_then(read_log_stream),
        report_arns: build.report_arns().to_vec(),
        secrets: Secrets::from_variables(plaintext),
        pull_request: PullRequestBuild::from_variables(variables)?,
    })
}

fn read_time(time: Option<&DateTime>) -> Option<SystemTime> {
    time.and_then(|time| SystemTime::try_from(*time).ok())
}

fn read_log_stream(logs: &types::LogsLocation) -> Option<LogStream> {
    Some(LogStream { group_name: logs.group_name()?.to_owned(), stream_name: logs.stream_name()?.to_owned() })
}

fn read_phase(phase: &types::BuildPhase) -> Phase {
    let read_context = |context: &types::PhaseContext| PhaseContext {
        status_code: context.status_code().unwrap_or_default().to_owned(),
        message: context.message().unwrap_or_default().to_owned(),
    };
    Phase {
        name: phase.phase_type().map_or("UNKNOWN", types::BuildPhaseType::as_str).to_owned(),
        status: phase.phase_status().map(|status| BuildStatus::from_name(status.as_str())),
        start_time: read_time(phase.start_time()),
        end_time: read_time(phase.end_time()),
        contexts: phase.contexts().iter().map(read_context).collect(),
    }
}
