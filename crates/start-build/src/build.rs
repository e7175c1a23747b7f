//! Builds in CodeBuild: starting one, and listing those that were started before.

use std::time::SystemTime;

use aws_sdk_codebuild::{
    Client,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    operation::start_build::{StartBuildError, builders::StartBuildInputBuilder},
    types::{
        ArtifactsType, Build, EnvironmentVariable, EnvironmentVariableType, ProjectArtifacts, SourceType,
    },
};
use lambda_setup::CallFailure;
use pull_request_build::{BuildId, ListedBuild, PullRequestBuild, StartAnswer};

use crate::{config::Config, failure::Failure};

/// What came of `StartBuild`.
#[derive(Debug)]
pub(crate) enum Start {
    /// CodeBuild started the build of this id, or had done so before with the same token.
    Started(BuildId),
    /// CodeBuild calls a parameter invalid.
    InvalidInput(CallFailure),
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
            let id = output.build_value().and_then(Build::id);
            Ok(Start::Started(read_id(OPERATION, id)?))
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

/// Reads a page of the project's builds, newest first: that of the token `page`, or the first.
pub(crate) async fn read_builds(
    client: &Client,
    config: &Config,
    page: Option<String>,
) -> Result<StartAnswer, Failure> {
    const LIST: &str = "ListBuildsForProject";
    const GET: &str = "BatchGetBuilds";
    // Without sortOrder, which CodeBuild answers newest first, at most 100 ids a page: as many as one BatchGetBuilds
    // takes.
    let page = client
        .list_builds_for_project()
        .project_name(config.project_name.as_str())
        .set_next_token(page)
        .send()
        .await
        .map_err(|error| sort(LIST, &error, config))?;
    let builds = if page.ids().is_empty() {
        Vec::new()
    } else {
        let answer = client.batch_get_builds().set_ids(page.ids).send().await;
        answer.map_err(|error| sort(GET, &error, config))?.builds.unwrap_or_default()
    };
    let builds = builds.iter().map(|build| read_build(GET, build)).collect::<Result<_, _>>()?;
    Ok(StartAnswer::Builds { builds, next_page: page.next_token })
}

fn read_build(operation: &'static str, build: &Build) -> Result<ListedBuild, Failure> {
    let variables = build.environment().map(|environment| environment.environment_variables());
    let variables = variables.unwrap_or_default().iter().map(|variable| (variable.name(), variable.value()));
    Ok(ListedBuild {
        id: read_id(operation, build.id())?,
        start_time: build.start_time().and_then(|start| SystemTime::try_from(*start).ok()),
        pull_request: PullRequestBuild::from_variables(variables).ok(),
    })
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
