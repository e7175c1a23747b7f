//! The operations of CodeBuild that a local AWS has.

use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{BuildRequest, StartBuildInput, check_token, invalid};
use super::{CodeBuild, Idempotency};
use crate::aws_json::{Answer, ApiError, AwsJsonService, parse_input};
use crate::caller::Caller;

/// Build ids a page, and ids a BatchGetBuilds.
const PAGE: usize = 100;

impl AwsJsonService for CodeBuild {
    fn target_prefix(&self) -> &'static str {
        "CodeBuild_20161006"
    }

    fn call<'a>(&'a self, operation: &'a str, caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            match operation {
                "StartBuild" => self.start_build(caller, input),
                "RetryBuild" => self.retry_build(caller, parse_input(operation, input)?),
                "StopBuild" => self.stop_build(parse_input(operation, input)?).await,
                "BatchGetBuilds" => self.batch_get_builds(parse_input(operation, input)?),
                "ListBuildsForProject" => self.list_builds_for_project(parse_input(operation, input)?),
                other => Err(ApiError::not_modeled(format_args!("CodeBuild {other}"))),
            }
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RetryBuildInput {
    id: String,
    idempotency_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StopBuildInput {
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchGetBuildsInput {
    ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListBuildsForProjectInput {
    project_name: String,
    sort_order: Option<String>,
    next_token: Option<String>,
}

impl CodeBuild {
    fn start_build(&self, caller: &Caller, input: Value) -> Result<Value, ApiError> {
        let parameters = input.clone();
        let input: StartBuildInput = parse_input("StartBuild", input)?;
        let request = BuildRequest::new(self.project(&input.project_name)?, &input)?;
        let token = input.idempotency_token.map(|token| format!("StartBuild {token}"));
        let build = self.submit(|_| Ok(request.into()), Idempotency { token, parameters }, caller)?;
        Ok(json!({ "build": build.to_json(&self.shared.around.account) }))
    }

    /// The new build asks for what the old one asked for, its variables among it.
    fn retry_build(&self, caller: &Caller, input: RetryBuildInput) -> Result<Value, ApiError> {
        check_token(input.idempotency_token.as_deref())?;
        let id = self.build_id(&input.id);
        let token = input.idempotency_token.map(|token| format!("RetryBuild {token}"));
        let idempotency = Idempotency { token, parameters: json!({ "id": id }) };
        let request = |state: &super::State| {
            let build = state.builds.get(id).ok_or_else(|| not_found(id))?.build.borrow();
            if !build.is_complete() {
                return Err(invalid(format!(
                    "Build {id} is in progress; only a completed build can be retried"
                )));
            }
            Ok(std::sync::Arc::clone(&build.request))
        };
        let build = self.submit(request, idempotency, caller)?;
        Ok(json!({ "build": build.to_json(&self.shared.around.account) }))
    }

    /// Answers when the build has stopped. A build that is complete stays as it is.
    async fn stop_build(&self, input: StopBuildInput) -> Result<Value, ApiError> {
        let id = self.build_id(&input.id);
        let mut build = {
            let state = self.lock();
            let handle = state.builds.get(id).ok_or_else(|| not_found(id))?;
            handle.stop.send_replace(true);
            handle.build.clone()
        };
        let stopped = build.wait_for(super::Build::is_complete).await;
        let stopped = stopped.map_err(|_| ApiError::internal("local-aws is shutting down"))?;
        Ok(json!({ "build": stopped.to_json(&self.shared.around.account) }))
    }

    fn batch_get_builds(&self, input: BatchGetBuildsInput) -> Result<Value, ApiError> {
        if !(1..=PAGE).contains(&input.ids.len()) {
            return Err(invalid(format!("ids must have 1 to {PAGE} members")));
        }
        let state = self.lock();
        let (mut builds, mut not_found) = (Vec::new(), Vec::new());
        for id in &input.ids {
            match state.builds.get(self.build_id(id)) {
                Some(handle) => builds.push(handle.build.borrow().to_json(&self.shared.around.account)),
                None => not_found.push(id),
            }
        }
        Ok(json!({ "builds": builds, "buildsNotFound": not_found }))
    }

    /// Pages hold the newest builds first. A token is the number of the last build of its page, so that builds that
    /// start meanwhile do not shift the next one.
    fn list_builds_for_project(&self, input: ListBuildsForProjectInput) -> Result<Value, ApiError> {
        self.project(&input.project_name)?;
        let ids = self.builds_of_project(&input.project_name);
        if input.sort_order.is_some() && ids.len() > PAGE {
            return Err(invalid(format!(
                "sortOrder cannot be set for a project with more than {PAGE} builds; leave it out"
            )));
        }
        let before = match input.next_token.as_deref().map(str::parse) {
            None => ids.len(),
            Some(Ok(number)) if (1..=ids.len()).contains(&number) => number - 1,
            Some(_) => return Err(invalid("Invalid nextToken")),
        };
        match input.sort_order.as_deref() {
            None | Some("DESCENDING") => {}
            Some("ASCENDING") => return Ok(json!({ "ids": ids })),
            Some(other) => {
                return Err(invalid(format!("sortOrder is {other}; it can be ASCENDING or DESCENDING")));
            }
        }
        let after = before.saturating_sub(PAGE);
        let mut answer = json!({ "ids": ids[after..before].iter().rev().collect::<Vec<_>>() });
        if after > 0 {
            answer["nextToken"] = (after + 1).to_string().into();
        }
        Ok(answer)
    }

    /// Operations take a build's ARN in the place of its id.
    fn build_id<'a>(&self, id: &'a str) -> &'a str {
        id.strip_prefix(&self.shared.around.account.arn("codebuild", "build/")).unwrap_or(id)
    }
}

fn not_found(id: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Build {id} does not exist"))
}
