//! BatchGetProjects.

use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeBuild;
use super::request::invalid;
use crate::aws_json::ApiError;
use crate::clock::epoch_seconds;
use crate::template::Project;

/// Names of one request (API reference, BatchGetProjects).
const NAME_LIMIT: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchGetProjectsInput {
    names: Vec<String>,
}

impl CodeBuild {
    /// The projects with these names or ARNs, and the names without one.
    pub(super) fn batch_get_projects(&self, input: &BatchGetProjectsInput) -> Result<Value, ApiError> {
        if !(1..=NAME_LIMIT).contains(&input.names.len()) {
            return Err(invalid(format!("names must have 1 to {NAME_LIMIT} members")));
        }
        let (mut projects, mut not_found) = (Vec::new(), Vec::new());
        for name in &input.names {
            match self.projects.iter().find(|project| project.name == *name || project.arn == *name) {
                Some(project) => projects.push(self.describe_project(project)),
                None => not_found.push(name),
            }
        }
        Ok(json!({ "projects": projects, "projectsNotFound": not_found }))
    }

    fn describe_project(&self, project: &Project) -> Value {
        let environment = &project.environment;
        let variables: Vec<_> = environment
            .variables
            .iter()
            .map(|(name, value)| json!({ "name": name, "type": "PLAINTEXT", "value": value }))
            .collect();
        let mut source = json!({ "type": project.source_type });
        let of_source = [("location", &project.source_location), ("buildspec", &project.buildspec)];
        for (name, value) in of_source {
            if let Some(value) = value {
                source[name] = value.as_str().into();
            }
        }
        let mut json = json!({
            "name": project.name,
            "arn": project.arn,
            "source": source,
            "secondarySources": [],
            "secondarySourceVersions": [],
            "artifacts": { "type": "NO_ARTIFACTS" },
            "secondaryArtifacts": [],
            "cache": { "type": "NO_CACHE" },
            "environment": {
                "type": environment.environment_type,
                "image": environment.image,
                "computeType": environment.compute_type,
                "environmentVariables": variables,
                "privilegedMode": environment.privileged_mode,
                "imagePullCredentialsType": "CODEBUILD",
            },
            "serviceRole": project.role_arn,
            "timeoutInMinutes": project.timeout.as_secs() / 60,
            "queuedTimeoutInMinutes": project.queued_timeout.as_secs() / 60,
            "encryptionKey": project.encryption_key,
            "created": epoch_seconds(self.created),
            "lastModified": epoch_seconds(self.created),
            "badge": { "badgeEnabled": false },
            "logsConfig": { "cloudWatchLogs": { "status": "ENABLED", "groupName": project.log_group } },
        });
        if let Some(limit) = project.concurrent_build_limit {
            json["concurrentBuildLimit"] = limit.into();
        }
        json
    }
}
