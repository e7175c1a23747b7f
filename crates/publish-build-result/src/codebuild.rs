//! Reads builds from CodeBuild.

use std::time::SystemTime;

use aws_sdk_codebuild::{Client, primitives::DateTime, types};
use lambda_setup::CallFailure;
use pull_request_build::{
    Build, BuildArn, BuildId, BuildStatus, LogStream, Phase, PhaseContext, ProjectName, PullRequestBuild,
    Secrets,
};

/// A page of the project's builds.
#[derive(Debug)]
pub(crate) struct BuildPage {
    /// Those that are pull requests' builds.
    pub(crate) builds: Vec<Build>,
    /// When the oldest of all was submitted.
    pub(crate) listed_back_to: Option<SystemTime>,
    /// The token of the page that follows, if there is one.
    pub(crate) next_page: Option<String>,
}

/// Reads those of the builds `ids` that CodeBuild still knows and that are pull requests' builds. The log names the
/// others.
pub(crate) async fn read_builds(client: &Client, ids: &[BuildId]) -> Result<Vec<Build>, CallFailure> {
    let builds = get_builds(client, ids.iter().map(BuildId::to_string).collect()).await?;
    let read = |build: &types::Build| match read_build(build) {
        Ok(build) => Some(build),
        Err(reason) => {
            tracing::info!(build.id = build.id(), %reason, "a build is left out of its comment");
            None
        }
    };
    Ok(builds.iter().filter_map(read).collect())
}

/// Lists a page of the project's builds, newest first: that of the token `page`, or the first.
pub(crate) async fn list_builds(
    client: &Client,
    project_name: &ProjectName,
    page: Option<String>,
) -> Result<BuildPage, CallFailure> {
    // Without sortOrder, which CodeBuild answers newest first, at most 100 ids a page: as many as one BatchGetBuilds
    // takes.
    let request = client.list_builds_for_project().project_name(project_name.as_str()).set_next_token(page);
    let answer = request.send().await.map_err(|error| CallFailure::sort("ListBuildsForProject", &error))?;
    let builds = match answer.ids {
        Some(ids) if !ids.is_empty() => get_builds(client, ids).await?,
        _ => Vec::new(),
    };
    Ok(BuildPage {
        listed_back_to: builds.iter().filter_map(|build| read_time(build.start_time())).min(),
        // A build that no pull request started is nothing to tell of.
        builds: builds.iter().filter_map(|build| read_build(build).ok()).collect(),
        next_page: answer.next_token,
    })
}

async fn get_builds(client: &Client, ids: Vec<String>) -> Result<Vec<types::Build>, CallFailure> {
    let answer = client.batch_get_builds().set_ids(Some(ids)).send().await;
    let answer = answer.map_err(|error| CallFailure::sort("BatchGetBuilds", &error))?;
    for id in answer.builds_not_found() {
        tracing::info!(build.id = id, "CodeBuild does not know the build any more");
    }
    Ok(answer.builds.unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use replayed_aws::{Answer, ReplayedAws};
    use serde_json::{Value, json};

    use super::*;

    fn variable(name: &str, value: &str, kind: Option<&str>) -> Value {
        json!({"name": name, "value": value, "type": kind})
    }

    #[tokio::test]
    async fn the_values_of_plain_variables_that_say_secret_are_kept_to_be_masked() {
        let arn = "arn:aws:codebuild:eu-central-1:123456789012:build/pull-request-hook:0a1b2c3d-0000-4000-8000-000000000001";
        let variables = [
            variable("PULL_REQUEST_ID", "42", None),
            variable("REPOSITORY_NAME", "payments", None),
            variable("SOURCE_COMMIT", &"a".repeat(40), None),
            variable("DESTINATION_COMMIT", &"b".repeat(40), None),
            variable("REVISION_ID", "r1", None),
            variable("DATABASE_PASSWORD", "opensesame", Some("PLAINTEXT")),
            variable("API_TOKEN", "shibboleth", None),
            variable("DEPLOY_TOKEN", "deploy-token", Some("SECRETS_MANAGER")),
            variable("OTHER_TOKEN", "/other/token", Some("PARAMETER_STORE")),
            variable("STAGE", "production", Some("PLAINTEXT")),
        ];
        let environment = json!({
            "type": "ARM_CONTAINER",
            "image": "x",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": variables,
        });
        let answer = json!({"builds": [{"arn": arn, "environment": environment}], "buildsNotFound": []});
        let aws = ReplayedAws::new([("BatchGetBuilds", Answer::json(answer))]);
        let builds = read_builds(&Client::new(&aws.sdk_config()), &[]).await.unwrap();
        let text = "opensesame shibboleth deploy-token /other/token production";
        assert_eq!(builds[0].secrets.mask(text), "*** *** deploy-token /other/token production");
    }
}
