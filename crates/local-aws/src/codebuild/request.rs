//! What a build is asked to do: the project's settings and the overrides of StartBuild.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws_json::ApiError;
use crate::template::{Project, ProjectEnvironment};

/// The longest idempotency token, in characters.
const LONGEST_TOKEN: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StartBuildInput {
    pub project_name: String,
    pub idempotency_token: Option<String>,
    source_version: Option<String>,
    source_type_override: Option<String>,
    source_location_override: Option<String>,
    buildspec_override: Option<String>,
    artifacts_override: Option<ArtifactsInput>,
    environment_variables_override: Option<Vec<VariableInput>>,
    timeout_in_minutes_override: Option<u32>,
    queued_timeout_in_minutes_override: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ArtifactsInput {
    #[serde(rename = "type")]
    artifacts_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VariableInput {
    name: String,
    value: String,
    #[serde(rename = "type")]
    variable_type: Option<String>,
}

/// Where a build's source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    NoSource,
    /// A clone URL.
    CodeCommit(String),
}

/// Where a build's buildspec is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BuildspecSource {
    /// `buildspec.yml` in the root of the source.
    Default,
    Path(String),
    Inline(String),
}

/// Everything that a build is asked to do. A retry asks for the same once more.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BuildRequest {
    pub project_name: String,
    pub source: Source,
    pub source_version: Option<String>,
    pub buildspec: BuildspecSource,
    /// The project's variables and the overrides, each name once.
    pub variables: Vec<(String, String)>,
    pub environment: ProjectEnvironment,
    pub role_name: String,
    pub role_arn: String,
    pub encryption_key: String,
    pub log_group: String,
    pub timeout: Duration,
    pub queued_timeout: Duration,
}

impl BuildRequest {
    /// Puts the overrides of `input` over the settings of `project`.
    pub(super) fn new(project: &Project, input: &StartBuildInput) -> Result<Self, ApiError> {
        check_token(input.idempotency_token.as_deref())?;
        if let Some(artifacts) = &input.artifacts_override
            && artifacts.artifacts_type != "NO_ARTIFACTS"
        {
            let what = format!("artifactsOverride of type {}; it has NO_ARTIFACTS", artifacts.artifacts_type);
            return Err(ApiError::not_modeled(what));
        }
        let location = input.source_location_override.as_ref().or(project.source_location.as_ref());
        let source_type = input.source_type_override.as_deref().unwrap_or(&project.source_type);
        let source = match (source_type, location) {
            ("NO_SOURCE", _) => Source::NoSource,
            ("CODECOMMIT", Some(location)) if !location.is_empty() => Source::CodeCommit(location.clone()),
            ("CODECOMMIT", _) => return Err(invalid("Project source location is required for CODECOMMIT")),
            (other, _) => {
                let what = format!("the source type {other}; it has CODECOMMIT and NO_SOURCE");
                return Err(ApiError::not_modeled(what));
            }
        };
        let buildspec = read_buildspec(input.buildspec_override.as_deref().or(project.buildspec.as_deref()))?;
        if source == Source::NoSource && !matches!(buildspec, BuildspecSource::Inline(_)) {
            return Err(invalid(
                "The buildspec must be inline for a build without a source (source type NO_SOURCE)",
            ));
        }
        Ok(Self {
            project_name: project.name.clone(),
            source,
            source_version: input.source_version.clone().filter(|version| !version.is_empty()),
            buildspec,
            variables: merge_variables(
                project,
                input.environment_variables_override.as_deref().unwrap_or_default(),
            )?,
            environment: project.environment.clone(),
            role_name: project.role_name.clone(),
            role_arn: project.role_arn.clone(),
            encryption_key: project.encryption_key.clone(),
            log_group: project.log_group.clone(),
            timeout: minutes(
                "timeoutInMinutesOverride",
                input.timeout_in_minutes_override,
                2160,
                project.timeout,
            )?,
            queued_timeout: minutes(
                "queuedTimeoutInMinutesOverride",
                input.queued_timeout_in_minutes_override,
                480,
                project.queued_timeout,
            )?,
        })
    }

    /// The repository that is built: the last part of its clone URL.
    pub(super) fn repository_name(&self) -> Option<&str> {
        match &self.source {
            Source::NoSource => None,
            Source::CodeCommit(location) => location.rsplit('/').next(),
        }
    }

    /// The source in an API answer.
    pub(super) fn source_json(&self) -> Value {
        let mut json = match &self.source {
            Source::NoSource => json!({ "type": "NO_SOURCE" }),
            Source::CodeCommit(location) => json!({ "type": "CODECOMMIT", "location": location }),
        };
        match &self.buildspec {
            BuildspecSource::Default => {}
            BuildspecSource::Path(text) | BuildspecSource::Inline(text) => {
                json["buildspec"] = text.as_str().into();
            }
        }
        json
    }

    /// The variables in an API answer and in an event.
    pub(super) fn variables_json(&self) -> Value {
        let variables = self.variables.iter();
        variables.map(|(name, value)| json!({ "name": name, "type": "PLAINTEXT", "value": value })).collect()
    }
}

/// Checks an idempotency token's length.
pub(super) fn check_token(token: Option<&str>) -> Result<(), ApiError> {
    match token {
        Some(token) if token.is_empty() || token.chars().count() > LONGEST_TOKEN => {
            Err(invalid(format!("idempotencyToken must have 1 to {LONGEST_TOKEN} characters")))
        }
        _ => Ok(()),
    }
}

/// CodeBuild's error for what is wrong with a request.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInputException", message)
}

/// A buildspec is inline YAML, a path in the source, or the ARN of an object in S3 (API reference,
/// `buildspecOverride`). One line that is no YAML or JSON mapping is a path.
fn read_buildspec(text: Option<&str>) -> Result<BuildspecSource, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(BuildspecSource::Default) };
    if text.starts_with("arn:") {
        return Err(ApiError::not_modeled("a buildspec in S3"));
    }
    let inline = text.contains('\n') || text.trim_start().starts_with('{');
    Ok(if inline { BuildspecSource::Inline(text.to_owned()) } else { BuildspecSource::Path(text.to_owned()) })
}

fn merge_variables(
    project: &Project,
    overrides: &[VariableInput],
) -> Result<Vec<(String, String)>, ApiError> {
    let mut variables = project.environment.variables.clone();
    for variable in overrides {
        let VariableInput { name, value, variable_type } = variable;
        match variable_type.as_deref() {
            None | Some("PLAINTEXT") => {}
            Some(other @ ("PARAMETER_STORE" | "SECRETS_MANAGER")) => {
                return Err(ApiError::not_modeled(format_args!("variables of type {other}")));
            }
            Some(other) => return Err(invalid(format!("{other} is no type of an environment variable"))),
        }
        if name.starts_with("CODEBUILD_") {
            return Err(invalid(format!("Environment variable name {name} is reserved: CODEBUILD_")));
        }
        if !is_shell_name(name) {
            return Err(ApiError::not_modeled(format_args!(
                "the variable name {name:?}, which no shell can set"
            )));
        }
        if value.contains('\0') {
            return Err(invalid(format!("The value of environment variable {name} contains a NUL")));
        }
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => known.clone_from(value),
            None => variables.push((name.clone(), value.clone())),
        }
    }
    Ok(variables)
}

/// Whether a shell can export a variable of this name.
pub(super) fn is_shell_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn minutes(
    member: &str,
    minutes: Option<u32>,
    longest: u32,
    of_project: Duration,
) -> Result<Duration, ApiError> {
    match minutes {
        None => Ok(of_project),
        Some(minutes) if (5..=longest).contains(&minutes) => Ok(Duration::from_secs(u64::from(minutes) * 60)),
        Some(minutes) => {
            Err(invalid(format!("{member} is {minutes}; it must be between 5 and {longest} minutes")))
        }
    }
}
