//! Builds in CodeBuild: starting one, and finding one that was started before.

use std::time::{Duration, SystemTime};

use aws_sdk_codebuild::{
    Client,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    operation::start_build::{StartBuildError, builders::StartBuildInputBuilder},
    types::{
        ArtifactsType, Build, EnvironmentVariable, EnvironmentVariableType, ProjectArtifacts, SourceType,
    },
};
use lambda_setup::CallFailure;
use pull_request_build::PullRequestBuild;

use crate::{config::Config, failure::Failure};

/// How far the clocks of CodeCommit and CodeBuild may lie apart for a build to count as started after an event.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// What came of `StartBuild`.
#[derive(Debug)]
pub(crate) enum Start {
    /// CodeBuild started the build of this id, or had done so before with the same token.
    Started(String),
    /// CodeBuild calls a parameter invalid. It says the same of a token that it knows with other parameters: then the
    /// build is there.
    InvalidInput(CallFailure),
}

/// The request, of which every parameter is a function of the pull request and the settings: a repeated token with
/// another parameter would be an error.
fn start_build_input(
    config: &Config,
    build: &PullRequestBuild,
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
        .idempotency_token(build.start_token(&config.hook_name)))
}

/// Starts the build.
pub(crate) async fn start_build(
    client: &Client,
    config: &Config,
    build: &PullRequestBuild,
) -> Result<Start, Failure> {
    const OPERATION: &str = "StartBuild";
    let input = start_build_input(config, build)
        .map_err(|error| CallFailure::Unknown { operation: OPERATION, cause: error.to_string() })?;
    match input.send_with(client).await {
        Ok(output) => {
            let id = output.build_value().and_then(Build::id);
            let id = id.ok_or_else(|| missing(OPERATION, "the build's id"))?;
            Ok(Start::Started(id.to_owned()))
        }
        Err(error) => match error.as_service_error() {
            Some(StartBuildError::InvalidInputException(_)) => {
                let remedy = "correct the parameter that CodeBuild names; it comes from the function's \
                              settings or from the CodeBuild project";
                Ok(Start::InvalidInput(CallFailure::refused(OPERATION, &error, remedy)))
            }
            _ => Err(sort(OPERATION, &error, config).into()),
        },
    }
}

/// Looks for a build of the same revision among the project's builds since `event_time`, newest first, whatever its
/// state: a build that was stopped is not started again by an event that comes twice.
pub(crate) async fn find_build(
    client: &Client,
    config: &Config,
    wanted: &PullRequestBuild,
    event_time: SystemTime,
) -> Result<Option<String>, Failure> {
    const LIST: &str = "ListBuildsForProject";
    const GET: &str = "BatchGetBuilds";
    let earliest = event_time.checked_sub(CLOCK_DIFFERENCE).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut next_token = None;
    loop {
        // Without sortOrder, which CodeBuild answers newest first, at most 100 ids a page: as many as one
        // BatchGetBuilds takes.
        let page = client
            .list_builds_for_project()
            .project_name(config.project_name.as_str())
            .set_next_token(next_token)
            .send()
            .await
            .map_err(|error| sort(LIST, &error, config))?;
        let builds = if page.ids().is_empty() {
            Vec::new()
        } else {
            let answer = client.batch_get_builds().set_ids(page.ids.clone()).send().await;
            answer.map_err(|error| sort(GET, &error, config))?.builds.unwrap_or_default()
        };
        if let Some(found) = builds.iter().find(|build| is_build_of(build, wanted)) {
            let id = found.id().ok_or_else(|| missing(GET, "the build's id"))?;
            return Ok(Some(id.to_owned()));
        }
        next_token = page.next_token;
        if next_token.is_none() || builds.iter().any(|build| started_before(build, earliest)) {
            return Ok(None);
        }
    }
}

fn is_build_of(build: &Build, wanted: &PullRequestBuild) -> bool {
    let variables = build.environment().map(|environment| environment.environment_variables());
    let variables = variables.unwrap_or_default().iter().map(|variable| (variable.name(), variable.value()));
    PullRequestBuild::from_variables(variables).is_ok_and(|found| found.is_same_request(wanted))
}

fn started_before(build: &Build, earliest: SystemTime) -> bool {
    let start = build.start_time().and_then(|start| SystemTime::try_from(*start).ok());
    start.is_some_and(|start| start < earliest)
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

fn missing(operation: &'static str, what: &str) -> Failure {
    Failure::InvalidAnswer { operation, what: what.to_owned() }
}
