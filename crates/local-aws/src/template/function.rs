//! AWS::Lambda::Function, ::Permission and ::EventInvokeConfig.

use std::collections::BTreeMap;
use std::time::Duration;

use super::document::Document;
use super::properties::Properties;
use super::{Deployment, Function, TemplateError};
use crate::iam::{Condition, ResourceStatement};

/// Variables that Lambda sets itself and does not let anyone else set (Lambda developer guide, "Defined runtime
/// environment variables").
const RESERVED_VARIABLES: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// All variables of a function together may take 4 KB (Lambda quotas).
const ENVIRONMENT_LIMIT: usize = 4096;

/// What holds without an EventInvokeConfig (Lambda developer guide, "Error handling for asynchronous invocations").
const DEFAULT_RETRY_ATTEMPTS: u32 = 2;
const DEFAULT_EVENT_AGE: Duration = Duration::from_secs(6 * 3600);

impl Function {
    /// Whether its events are treated as without an `AWS::Lambda::EventInvokeConfig`.
    pub fn has_default_event_invoke_config(&self) -> bool {
        self.on_failure.is_none()
            && self.maximum_retry_attempts == DEFAULT_RETRY_ATTEMPTS
            && self.maximum_event_age == DEFAULT_EVENT_AGE
    }
}

pub(super) fn read_function(
    document: &Document<'_>,
    logical_id: &str,
    mut properties: Properties,
) -> Result<Function, TemplateError> {
    let name = document.physical_name(logical_id, logical_id)?;
    // The package type, the processor and tracing do not change what a local process does.
    properties.pass_over(&["FunctionName", "Description", "Tags", "Architectures", "TracingConfig"]);
    let runtime = properties.text("Runtime")?;
    if !runtime.starts_with("provided.") {
        return Err(properties.wrong("Runtime", "provided.al2 or provided.al2023", &runtime));
    }
    let mut code = properties.required_object("Code")?;
    let code_key = code.text("S3Key")?;
    code.pass_over(&["S3Bucket"]);
    code.finish()?;

    let mut logging = properties.object("LoggingConfig")?;
    let log_group = match &mut logging {
        Some(logging) => {
            logging.one_of("LogFormat", &["Text"])?;
            logging.optional_text("LogGroup")?
        }
        None => None,
    };
    logging.map_or(Ok(()), Properties::finish)?;

    let role = properties.text("Role")?;
    let role_name = role_name(&role).ok_or_else(|| properties.wrong("Role", "the ARN of a role", &role))?;
    let function = Function {
        logical_id: logical_id.to_owned(),
        arn: document.account.arn("lambda", &format!("function:{name}")),
        role_name: role_name.to_owned(),
        role_arn: role.clone(),
        runtime,
        code_key,
        handler: properties.optional_text("Handler")?.unwrap_or_default(),
        environment: read_environment(&mut properties)?,
        timeout: properties.seconds("Timeout", 1..=900, 3)?,
        memory_size: properties.number("MemorySize", 128..=32_768)?.unwrap_or(128),
        log_group: log_group.unwrap_or_else(|| format!("/aws/lambda/{name}")),
        name,
        maximum_retry_attempts: DEFAULT_RETRY_ATTEMPTS,
        maximum_event_age: DEFAULT_EVENT_AGE,
        on_failure: None,
        policy: Vec::new(),
    };
    properties.finish()?;
    Ok(function)
}

/// The name in a role's ARN, behind its path.
pub(super) fn role_name(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":role/")?;
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

fn read_environment(properties: &mut Properties) -> Result<BTreeMap<String, String>, TemplateError> {
    let Some(mut environment) = properties.object("Environment")? else { return Ok(BTreeMap::new()) };
    let Some(mut variables) = environment.object("Variables")? else { return Ok(BTreeMap::new()) };
    environment.finish()?;
    for reserved in RESERVED_VARIABLES {
        if variables.take(reserved).is_some() {
            return Err(variables.wrong(reserved, "a name that Lambda does not reserve", reserved));
        }
    }
    let path = variables.path("*");
    let variables: BTreeMap<_, _> = variables
        .into_texts()?
        .into_iter()
        .map(|(name, mut values)| (name, values.pop().unwrap_or_default()))
        .collect();
    let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > ENVIRONMENT_LIMIT {
        return Err(TemplateError::Value {
            path,
            expected: format!("variables of together at most {ENVIRONMENT_LIMIT} bytes"),
            found: format!("{size} bytes"),
        });
    }
    Ok(variables)
}

/// Adds an AWS::Lambda::Permission to its function's policy, as the statement that Lambda makes of it.
pub(super) fn add_permission(
    deployment: &mut Deployment,
    mut properties: Properties,
) -> Result<(), TemplateError> {
    let function = find_function(deployment, &mut properties)?;
    let (action, principal) = (properties.text("Action")?, properties.text("Principal")?);
    if !principal.contains(".amazonaws.com") {
        let expected = "a service such as events.amazonaws.com (local-aws has no other users or accounts)";
        return Err(properties.wrong("Principal", expected, &principal));
    }
    let mut conditions = Vec::new();
    for (property, operator, key) in
        [("SourceArn", "ArnLike", "aws:SourceArn"), ("SourceAccount", "StringEquals", "aws:SourceAccount")]
    {
        if let Some(value) = properties.optional_text(property)? {
            conditions.extend(Condition::parse(operator, key, vec![value]));
        }
    }
    let arn = &function.arn;
    function.policy.push(ResourceStatement::allow(&principal, &action, arn, conditions));
    properties.finish()
}

pub(super) fn set_invoke_config(
    deployment: &mut Deployment,
    mut properties: Properties,
) -> Result<(), TemplateError> {
    properties.one_of("Qualifier", &["$LATEST"])?;
    let function = find_function(deployment, &mut properties)?;
    if let Some(attempts) = properties.number("MaximumRetryAttempts", 0..=2)? {
        function.maximum_retry_attempts = attempts;
    }
    function.maximum_event_age = properties.seconds("MaximumEventAgeInSeconds", 60..=21_600, 21_600)?;
    if let Some(mut destinations) = properties.object("DestinationConfig")? {
        if let Some(mut on_failure) = destinations.object("OnFailure")? {
            let arn = on_failure.text("Destination")?;
            if !arn.contains(":sqs:") {
                return Err(on_failure.wrong("Destination", "the ARN of an SQS queue", &arn));
            }
            function.on_failure = Some(arn);
            on_failure.finish()?;
        }
        destinations.finish()?;
    }
    properties.finish()
}

/// The function that `FunctionName` means: a name or an ARN.
fn find_function<'d>(
    deployment: &'d mut Deployment,
    properties: &mut Properties,
) -> Result<&'d mut Function, TemplateError> {
    let wanted = properties.text("FunctionName")?;
    deployment
        .functions
        .iter_mut()
        .find(|function| function.name == wanted || function.arn == wanted)
        .ok_or_else(|| TemplateError::Reference {
            path: properties.path("FunctionName"),
            target: format!("function {wanted}"),
        })
}
