//! The environment variables that a build's commands see.

use std::path::Path;

use super::Shared;
use super::build::Build;
use super::buildspec::Buildspec;
use super::request::Source;
use crate::caller::Credentials;

/// All variables of a build. A variable of StartBuild wins over the project's, the project's over the buildspec's, and
/// CodeBuild's own (`CODEBUILD_…`) over all of them (user guide, "Environment variables in build environments").
pub(super) fn of_build(
    shared: &Shared,
    build: &Build,
    buildspec: &Buildspec,
    credentials: &Credentials,
    home: &Path,
    source_directory: &Path,
) -> Vec<(String, String)> {
    let request = &build.request;
    let mut variables = shared.settings.machine_variables.clone();
    let mut set = |name: &str, value: &str| variables.push((name.to_owned(), value.to_owned()));
    set("HOME", &home.to_string_lossy());
    set("AWS_REGION", &shared.around.account.region);
    set("AWS_DEFAULT_REGION", &shared.around.account.region);
    set("AWS_ACCESS_KEY_ID", &credentials.access_key_id);
    set("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key);
    set("AWS_SESSION_TOKEN", &credentials.session_token);
    if let Some(endpoint) = &shared.settings.endpoint_url {
        set("AWS_ENDPOINT_URL", endpoint);
    }
    // Nobody sits at a build's terminal, and git finds nothing of this machine's: its configuration is in the home.
    set("GIT_TERMINAL_PROMPT", "0");
    set("GIT_CONFIG_NOSYSTEM", "1");
    for (name, value) in &buildspec.variables {
        set(name, value);
    }
    for (name, value) in &request.variables {
        set(name, value);
    }
    let (account, region) = (&shared.around.account, &shared.around.account.region);
    set("CODEBUILD_BUILD_ARN", &build.arn);
    set("CODEBUILD_BUILD_ID", &build.id);
    set("CODEBUILD_BUILD_IMAGE", &request.environment.image);
    set("CODEBUILD_BUILD_NUMBER", &build.number.to_string());
    set("CODEBUILD_BUILD_SUCCEEDING", "1");
    set(
        "CODEBUILD_BUILD_URL",
        &format!(
            "https://{region}.{}/codebuild/home?region={region}#/builds/{}/view/new",
            super::build::console_host(account),
            build.id
        ),
    );
    set("CODEBUILD_CI", "true");
    set("CODEBUILD_INITIATOR", &build.initiator);
    set("CODEBUILD_KMS_KEY_ID", &request.encryption_key);
    set("CODEBUILD_LOG_PATH", &build.uuid);
    set("CODEBUILD_SRC_DIR", &source_directory.to_string_lossy());
    set("CODEBUILD_START_TIME", &(build.start.unix_timestamp_nanos() / 1_000_000).to_string());
    if let Source::CodeCommit(location) = &request.source {
        set("CODEBUILD_SOURCE_REPO_URL", location);
    }
    if let Some(version) = &request.source_version {
        set("CODEBUILD_SOURCE_VERSION", version);
    }
    if let Some(commit) = &build.resolved_source_version {
        set("CODEBUILD_RESOLVED_SOURCE_VERSION", commit);
    }
    variables
}
