//! The operations of CodeBuild that a local AWS has.

use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{BuildRequest, StartBuildInput, check_token, invalid};
use super::{CodeBuild, Idempotency};
use crate::aws_json::{Answer, ApiError, AwsJsonService, parse_input};
use crate::caller::Caller;
use crate::iam::Permission;

/// Ids a BatchGetBuilds.
const ID_LIMIT: usize = 100;

impl AwsJsonService for CodeBuild {
    fn target_prefix(&self) -> &'static str {
        "CodeBuild_20161006"
    }

    /// Everything is about projects, a build too, whose id begins with its project's name; or about report groups, a report
    /// too, whose ARN has its group's name; or about nothing that exists, such as a list of all.
    fn permission(&self, operation: &str, input: &Value) -> Permission {
        let list = |member: &str| input[member].as_array().into_iter().flatten();
        let ids = list("ids").chain(input.get("id")).filter_map(Value::as_str);
        let of_builds = ids.map(|id| self.build_id(id).rsplit_once(':').map_or(id, |(project, _)| project));
        let named = list("names").chain(input.get("projectName")).filter_map(Value::as_str);
        let account = &self.shared.around.account;
        let arn = |name: &str| account.arn("codebuild", &format!("project/{name}"));
        let reports = list("reportArns").chain(input.get("reportArn")).filter_map(Value::as_str);
        let groups = list("reportGroupArns").chain(input.get("reportGroupArn")).filter_map(Value::as_str);
        let of_reports = reports.filter_map(|arn| self.group_of_report(arn)).chain(groups.map(str::to_owned));
        let mut resources: Vec<_> = named.chain(of_builds).map(arn).chain(of_reports).collect();
        if resources.is_empty() {
            resources.push("*".to_owned());
        }
        Permission { action: format!("codebuild:{operation}"), resources }
    }

    fn call<'a>(&'a self, operation: &'a str, caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            match operation {
                "StartBuild" => self.start_build(caller, input),
                "RetryBuild" => self.retry_build(caller, parse_input(operation, input)?),
                "StopBuild" => self.stop_build(parse_input(operation, input)?).await,
                "BatchGetBuilds" => self.batch_get_builds(parse_input(operation, input)?),
                "BatchGetProjects" => self.batch_get_projects(&parse_input(operation, input)?),
                "ListBuilds" => self.list_builds(&parse_input(operation, input)?),
                "ListProjects" => self.list_projects(&parse_input(operation, input)?),
                "ListBuildsForProject" => self.list_builds_for_project(&parse_input(operation, input)?),
                "BatchGetReports" => self.batch_get_reports(&parse_input(operation, input)?),
                "BatchGetReportGroups" => self.batch_get_report_groups(&parse_input(operation, input)?),
                "DescribeTestCases" => self.describe_test_cases(&parse_input(operation, input)?),
                "DescribeCodeCoverages" => self.describe_code_coverages(&parse_input(operation, input)?),
                "ListReportGroups" => self.list_report_groups(&parse_input(operation, input)?),
                "ListReports" => self.list_reports(&parse_input(operation, input)?),
                "ListReportsForReportGroup" => {
                    self.list_reports_for_report_group(&parse_input(operation, input)?)
                }
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
        if !(1..=ID_LIMIT).contains(&input.ids.len()) {
            return Err(invalid(format!("ids must have 1 to {ID_LIMIT} members")));
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

    /// The ARN of the group of the report with this ARN: `…:report/GROUP:UUID`. Nothing if it is no report's ARN.
    fn group_of_report(&self, arn: &str) -> Option<String> {
        let account = &self.shared.around.account;
        let report = arn.strip_prefix(&account.arn("codebuild", "report/"))?;
        let (group, _) = report.rsplit_once(':')?;
        Some(account.arn("codebuild", &format!("report-group/{group}")))
    }

    /// Operations take a build's ARN in the place of its id.
    fn build_id<'a>(&self, id: &'a str) -> &'a str {
        id.strip_prefix(&self.shared.around.account.arn("codebuild", "build/")).unwrap_or(id)
    }
}

fn not_found(id: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Build {id} does not exist"))
}
