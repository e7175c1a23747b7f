//! Builds in CodeBuild: starting and stopping them, and reading those that were started before.

use std::time::SystemTime;

use aws_sdk_codebuild::{
    Client,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    operation::{start_build::builders::StartBuildInputBuilder, stop_build::StopBuildError},
    types::{
        ArtifactsType, Build, EnvironmentVariable, EnvironmentVariableType, ProjectArtifacts, SourceType,
        StatusType,
    },
};
use lambda_setup::CallFailure;
use pull_request_build::{
    BuildId, BuildStatus, ListedBuild, NotStartedKind, NotStartedReason, PullRequestBuild, StartAnswer,
};

use crate::{config::Config, failure::Failure};

/// What came of `StartBuild`.
#[derive(Debug)]
pub(crate) enum Start {
    /// CodeBuild started the build, or had done so before with the same token.
    Started {
        /// The build's id.
        build_id: BuildId,
        /// When it was submitted.
        start_time: Option<SystemTime>,
    },
    /// CodeBuild started none, for a reason that people should know.
    NotStarted {
        /// The reason, for the pull request.
        reason: NotStartedReason,
        /// The same as the failure of the call, for whoever runs the hook.
        failure: CallFailure,
    },
}

/// The request, of which every parameter is a function of the pull request and the settings: a repeated token with
/// another parameter would be an error.
fn start_build_input(
    config: &Config,
    build: &PullRequestBuild,
    token: &str,
) -> Result<StartBuildInputBuilder, BuildError> {
    let variables = build
        .to_variables()
        .into_iter()
        .map(|(name, value)| {
            // In every other type the value would be a name that CodeBuild resolves with its role.
            EnvironmentVariable::builder()
                .name(name)
                .value(value)
                .r#type(EnvironmentVariableType::Plaintext)
                .build()
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(StartBuildInputBuilder::default()
        .project_name(config.project_name.as_str())
        .source_type_override(SourceType::Codecommit)
        .source_location_override(config.clone_url_prefix.clone_url(&build.repository_name))
        .source_version(build.source_commit.as_str())
        .buildspec_override(config.buildspec.as_str())
        .artifacts_override(ProjectArtifacts::builder().r#type(ArtifactsType::NoArtifacts).build()?)
        .set_environment_variables_override(Some(variables))
        .idempotency_token(token))
}

/// Starts the build, with `token` as the request's.
pub(crate) async fn start_build(
    client: &Client,
    config: &Config,
    build: &PullRequestBuild,
    token: &str,
) -> Result<Start, Failure> {
    const OPERATION: &str = "StartBuild";
    let input = start_build_input(config, build, token)
        .map_err(|error| CallFailure::Unknown { operation: OPERATION, cause: error.to_string() })?;
    match input.send_with(client).await {
        Ok(output) => {
            let build = output.build_value();
            let build_id = read_id(OPERATION, build.and_then(Build::id))?;
            Ok(Start::Started { build_id, start_time: build.and_then(read_start_time) })
        }
        Err(error) => {
            let kind = match error.code() {
                Some("AccountLimitExceededException") => NotStartedKind::AccountLimit,
                Some("ResourceNotFoundException") => NotStartedKind::ProjectNotFound,
                Some("AccessDeniedException") => NotStartedKind::AccessDenied,
                Some("InvalidInputException") => NotStartedKind::Refused,
                // It may be over before anybody has read of it.
                _ => return Err(sort(OPERATION, &error, config).into()),
            };
            let failure = match kind {
                NotStartedKind::Refused => {
                    let remedy = "correct the parameter that CodeBuild names; it comes from the function's \
                                  settings or from the CodeBuild project";
                    CallFailure::refused(OPERATION, &error, remedy)
                }
                _ => sort(OPERATION, &error, config),
            };
            let reason = NotStartedReason { kind, message: failure.cause().to_owned() };
            Ok(Start::NotStarted { reason, failure })
        }
    }
}

/// Builds of the project, and the token of the page that follows, if there is one.
pub(crate) type BuildPage = (Vec<ListedBuild>, Option<String>);

/// Reads a page of the project's builds, newest first: that of the token `page`, or the first.
pub(crate) async fn read_builds(
    client: &Client,
    config: &Config,
    page: Option<String>,
) -> Result<BuildPage, Failure> {
    const OPERATION: &str = "ListBuildsForProject";
    // Without sortOrder, which CodeBuild answers newest first, at most 100 ids a page: as many as one BatchGetBuilds
    // takes.
    let page = client
        .list_builds_for_project()
        .project_name(config.project_name.as_str())
        .set_next_token(page)
        .send()
        .await
        .map_err(|error| sort(OPERATION, &error, config))?;
    let builds = match page.ids {
        Some(ids) if !ids.is_empty() => get_builds(client, config, ids).await?,
        _ => Vec::new(),
    };
    Ok((builds, page.next_token))
}

/// Reads those of the builds that CodeBuild still knows; at most 100.
pub(crate) async fn read_named_builds(
    client: &Client,
    config: &Config,
    ids: &[BuildId],
) -> Result<Vec<ListedBuild>, Failure> {
    get_builds(client, config, ids.iter().map(BuildId::to_string).collect()).await
}

/// Reads when the project was created. The hook's stack creates it, and with it the hook is deployed.
pub(crate) async fn read_deployment_time(client: &Client, config: &Config) -> Result<SystemTime, Failure> {
    const OPERATION: &str = "BatchGetProjects";
    let answer = client.batch_get_projects().names(config.project_name.as_str()).send().await;
    let answer = answer.map_err(|error| sort(OPERATION, &error, config))?;
    let created = answer.projects().first().and_then(|project| project.created());
    created.and_then(|created| SystemTime::try_from(*created).ok()).ok_or_else(|| Failure::InvalidAnswer {
        operation: OPERATION,
        what: format!("the time when {} was created", config.project_name),
    })
}

async fn get_builds(client: &Client, config: &Config, ids: Vec<String>) -> Result<Vec<ListedBuild>, Failure> {
    const OPERATION: &str = "BatchGetBuilds";
    let answer = client.batch_get_builds().set_ids(Some(ids)).send().await;
    let answer = answer.map_err(|error| sort(OPERATION, &error, config))?;
    answer.builds().iter().map(|build| read_build(OPERATION, build)).collect()
}

/// Stops a build. One that has ended stays as it is.
pub(crate) async fn stop_build(
    client: &Client,
    config: &Config,
    id: &BuildId,
) -> Result<StartAnswer, Failure> {
    match client.stop_build().id(id.as_str()).send().await {
        Ok(_) => Ok(StartAnswer::Stopped),
        // Somebody deleted the build meanwhile.
        Err(error)
            if error.as_service_error().is_some_and(StopBuildError::is_resource_not_found_exception) =>
        {
            Ok(StartAnswer::Stopped)
        }
        Err(error) => Err(sort("StopBuild", &error, config).into()),
    }
}

fn read_build(operation: &'static str, build: &Build) -> Result<ListedBuild, Failure> {
    let variables = build.environment().map(|environment| environment.environment_variables());
    let variables = variables.unwrap_or_default().iter().map(|variable| (variable.name(), variable.value()));
    Ok(ListedBuild {
        id: read_id(operation, build.id())?,
        start_time: read_start_time(build),
        status: BuildStatus::from_name(build.build_status().map_or("UNKNOWN", StatusType::as_str)),
        pull_request: PullRequestBuild::from_variables(variables).ok(),
    })
}

fn read_start_time(build: &Build) -> Option<SystemTime> {
    build.start_time().and_then(|start| SystemTime::try_from(*start).ok())
}

fn read_id(operation: &'static str, id: Option<&str>) -> Result<BuildId, Failure> {
    let invalid = |what| Failure::InvalidAnswer { operation, what };
    let id = id.ok_or_else(|| invalid("the build's id".to_owned()))?;
    BuildId::parse(id).map_err(|error| invalid(format!("a readable value: {error}")))
}

fn sort<E>(
    operation: &'static str,
    error: &SdkError<E, aws_sdk_codebuild::config::http::HttpResponse>,
    config: &Config,
) -> CallFailure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if error.code() == Some("ResourceNotFoundException") {
        let remedy = format!(
            "there is no CodeBuild project {} in this region; deploy the hook again",
            config.project_name
        );
        return CallFailure::refused(operation, error, remedy);
    }
    CallFailure::sort(operation, error)
}
