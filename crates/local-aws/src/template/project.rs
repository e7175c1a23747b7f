//! AWS::CodeBuild::Project.

use super::document::Document;
use super::function::role_name;
use super::properties::Properties;
use super::{Project, ProjectEnvironment, TemplateError};

pub(super) fn read_project(
    document: &Document<'_>,
    logical_id: &str,
    mut properties: Properties,
) -> Result<Project, TemplateError> {
    let name = document.physical_name(logical_id, logical_id)?;
    // A local build runs on this machine's own network, and nobody else can see it.
    properties.pass_over(&["Name", "Description", "Tags", "VpcConfig", "Visibility"]);

    let mut artifacts = properties.required_object("Artifacts")?;
    artifacts.one_of("Type", &["NO_ARTIFACTS"])?;
    artifacts.finish()?;
    if let Some(mut cache) = properties.object("Cache")? {
        cache.one_of("Type", &["NO_CACHE"])?;
        cache.finish()?;
    }
    let mut source = properties.required_object("Source")?;
    let source_type = source.text("Type")?;
    let source_location = source.optional_text("Location")?;
    let buildspec = source.optional_text("BuildSpec")?;
    source.finish()?;

    let role_arn = properties.text("ServiceRole")?;
    let role_name = role_name(&role_arn)
        .ok_or_else(|| properties.wrong("ServiceRole", "the ARN of a role", &role_arn))?
        .to_owned();
    let project = Project {
        arn: document.account.arn("codebuild", &format!("project/{name}")),
        source_type,
        source_location,
        buildspec,
        environment: read_environment(&mut properties)?,
        role_name,
        role_arn,
        // Without a key of its own, a project uses the account's key for S3 (CodeBuild API, CreateProject).
        encryption_key: properties
            .optional_text("EncryptionKey")?
            .unwrap_or_else(|| document.account.arn("kms", "alias/aws/s3")),
        timeout: properties.minutes("TimeoutInMinutes", 5..=2160, 60)?,
        queued_timeout: properties.minutes("QueuedTimeoutInMinutes", 5..=480, 480)?,
        log_group: read_log_group(&mut properties, &name)?,
        concurrent_build_limit: properties.number("ConcurrentBuildLimit", 1..=u32::MAX)?,
        name,
    };
    properties.finish()?;
    Ok(project)
}

fn read_environment(properties: &mut Properties) -> Result<ProjectEnvironment, TemplateError> {
    let mut environment = properties.required_object("Environment")?;
    // No image is pulled.
    environment.pass_over(&["ImagePullCredentialsType"]);
    let variables = environment
        .objects("EnvironmentVariables")?
        .into_iter()
        .map(|mut variable| {
            variable.one_of("Type", &["PLAINTEXT"])?;
            let pair = (variable.text("Name")?, variable.text("Value")?);
            variable.finish()?;
            Ok(pair)
        })
        .collect::<Result<_, TemplateError>>()?;
    let read = ProjectEnvironment {
        environment_type: environment.text("Type")?,
        image: environment.text("Image")?,
        compute_type: environment.text("ComputeType")?,
        privileged_mode: environment.flag("PrivilegedMode")?.unwrap_or(false),
        variables,
    };
    environment.finish()?;
    Ok(read)
}

fn read_log_group(properties: &mut Properties, name: &str) -> Result<String, TemplateError> {
    let mut group = None;
    if let Some(mut logs) = properties.object("LogsConfig")? {
        if let Some(mut cloud_watch) = logs.object("CloudWatchLogs")? {
            cloud_watch.one_of("Status", &["ENABLED"])?;
            group = cloud_watch.optional_text("GroupName")?;
            cloud_watch.finish()?;
        }
        logs.finish()?;
    }
    Ok(group.unwrap_or_else(|| format!("/aws/codebuild/{name}")))
}
