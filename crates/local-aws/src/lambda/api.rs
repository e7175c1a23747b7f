//! Lambda's API: REST paths below `/2015-03-31/functions`, and one below `/2019-09-25/functions`.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::invoke_api::api_error;
use super::{FunctionState, Lambda};
use crate::aws_json::ApiError;
use crate::caller::Caller;
use crate::clock::epoch_seconds;
use crate::iam::Permission;
use crate::query_string::{decode_percent, parse_pairs};
use crate::template::Function;

/// The path of every operation here but one.
pub const PATH: &str = "/2015-03-31/functions";

/// The path of `GetFunctionEventInvokeConfig`, which came later.
pub const EVENT_INVOKE_CONFIG_PATH: &str = "/2019-09-25/functions";

/// Functions a page; a request may ask for more and gets no more (API reference, ListFunctions).
const PAGE: usize = 50;

/// The largest `MaxItems` (API reference, ListFunctions).
const LARGEST_MAX_ITEMS: usize = 10_000;

/// When a function was modified: `2026-11-21T09:57:50.447+0000`. Times are UTC.
const MODIFIED: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+0000");

/// What a path and a method ask for.
enum Operation {
    ListFunctions,
    GetFunction(String),
    GetFunctionConfiguration(String),
    GetFunctionEventInvokeConfig(String),
    Invoke(String),
}

impl Lambda {
    /// Answers a request of Lambda's API; its path begins with [`PATH`] or [`EVENT_INVOKE_CONFIG_PATH`].
    pub async fn handle_api(&self, caller: &Caller, request: Request) -> Response {
        match self.answer_api(caller, request).await {
            Ok(response) => response,
            Err(error) => {
                let body = json!({ "Type": "User", "message": error.message, "Message": error.message });
                let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
                let headers = [("content-type", "application/json"), ("x-amzn-errortype", &error.code)];
                (status, headers, body.to_string()).into_response()
            }
        }
    }

    async fn answer_api(&self, caller: &Caller, request: Request) -> Result<Response, ApiError> {
        let operation = find_operation(request.method(), request.uri().path())?;
        let query = parse_pairs(request.uri().query().unwrap_or_default());
        let answer = match operation {
            Operation::Invoke(name) => {
                read_qualifier("Invoke", &query)?;
                return self.invoke(caller, &name, request).await;
            }
            Operation::ListFunctions => {
                caller.authorize(&Permission::on("lambda:ListFunctions", "*"))?;
                self.list_functions(&query)?
            }
            Operation::GetFunction(name) => {
                let qualifier = read_qualifier("GetFunction", &query)?;
                let function = self.inner.find_function(&name).map_err(api_error)?;
                caller.authorize(&Permission::on("lambda:GetFunction", &function.function.arn))?;
                let code = json!({
                    "RepositoryType": "S3",
                    "Location": format!("file://{}", function.executable.display()),
                });
                json!({ "Configuration": self.describe(&function, qualifier), "Code": code })
            }
            Operation::GetFunctionConfiguration(name) => {
                let qualifier = read_qualifier("GetFunctionConfiguration", &query)?;
                let function = self.inner.find_function(&name).map_err(api_error)?;
                caller
                    .authorize(&Permission::on("lambda:GetFunctionConfiguration", &function.function.arn))?;
                self.describe(&function, qualifier)
            }
            Operation::GetFunctionEventInvokeConfig(name) => {
                read_qualifier("GetFunctionEventInvokeConfig", &query)?;
                let function = self.inner.find_function(&name).map_err(api_error)?;
                let arn = &function.function.arn;
                caller.authorize(&Permission::on("lambda:GetFunctionEventInvokeConfig", arn))?;
                self.describe_event_invoke_config(&function.function)?
            }
        };
        Ok(([("content-type", "application/json")], answer.to_string()).into_response())
    }

    /// Sorted by name. A marker is the name of the last function of its page.
    fn list_functions(&self, query: &[(String, String)]) -> Result<Value, ApiError> {
        let (mut marker, mut limit) = (None, PAGE);
        for (name, value) in query {
            match name.as_str() {
                "Marker" => marker = Some(value.as_str()),
                "MaxItems" => match value.parse() {
                    Ok(wanted @ 1..=LARGEST_MAX_ITEMS) => limit = PAGE.min(wanted),
                    _ => {
                        let message = format!(
                            "1 validation error detected: Value '{value}' at 'maxItems' failed to satisfy constraint: \
                             Member must have value between 1 and {LARGEST_MAX_ITEMS}"
                        );
                        return Err(ApiError::new("InvalidParameterValueException", message));
                    }
                },
                other => {
                    return Err(ApiError::not_modeled(format_args!("the member {other} of ListFunctions")));
                }
            }
        }
        let mut functions: Vec<_> = self
            .inner
            .functions
            .iter()
            .filter(|state| marker.is_none_or(|marker| state.function.name.as_str() > marker))
            .collect();
        functions.sort_unstable_by_key(|state| &state.function.name);
        let more = functions.len() > limit;
        functions.truncate(limit);
        let described: Vec<_> = functions.iter().map(|state| self.describe(state, "")).collect();
        let mut answer = json!({ "Functions": described });
        if let Some(last) = functions.last().filter(|_| more) {
            answer["NextMarker"] = last.function.name.as_str().into();
        }
        Ok(answer)
    }

    /// A function's configuration (API reference, `FunctionConfiguration`). The qualifier is a part of the ARN.
    fn describe(&self, state: &FunctionState, qualifier: &str) -> Value {
        let function = &state.function;
        let mut json = json!({
            "FunctionName": function.name,
            "FunctionArn": format!("{}{qualifier}", function.arn),
            "Runtime": function.runtime,
            "Role": function.role_arn,
            "Handler": function.handler,
            "Timeout": function.timeout.as_secs(),
            "MemorySize": function.memory_size,
            "LastModified": self.inner.created.format(MODIFIED).unwrap_or_default(),
            "Version": "$LATEST",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": function.log_group },
        });
        if let Ok(executable) = state.executable.metadata() {
            json["CodeSize"] = executable.len().into();
        }
        if !function.environment.is_empty() {
            json["Environment"] = json!({ "Variables": function.environment });
        }
        json
    }

    /// How events of a function are tried again, and where those end that failed for good (API reference,
    /// `FunctionEventInvokeConfig`). The ARN has the qualifier of the configuration, which is always `$LATEST` here.
    fn describe_event_invoke_config(&self, function: &Function) -> Result<Value, ApiError> {
        if function.has_default_event_invoke_config() {
            let message = format!("The function {}:$LATEST doesn't have an EventInvokeConfig", function.arn);
            return Err(ApiError { status: 404, code: "ResourceNotFoundException".to_owned(), message });
        }
        let mut destinations = json!({ "OnSuccess": {}, "OnFailure": {} });
        if let Some(arn) = &function.on_failure {
            destinations["OnFailure"]["Destination"] = arn.as_str().into();
        }
        Ok(json!({
            "FunctionArn": format!("{}:$LATEST", function.arn),
            "LastModified": epoch_seconds(self.inner.created),
            "MaximumRetryAttempts": function.maximum_retry_attempts,
            "MaximumEventAgeInSeconds": function.maximum_event_age.as_secs(),
            "DestinationConfig": destinations,
        }))
    }
}

fn find_operation(method: &Method, path: &str) -> Result<Operation, ApiError> {
    let later = path.strip_prefix(EVENT_INVOKE_CONFIG_PATH);
    let below = later.or_else(|| path.strip_prefix(PATH)).unwrap_or_default().trim_start_matches('/');
    let found = match (method, below.split('/').collect::<Vec<_>>().as_slice()) {
        (&Method::GET, [name, "event-invoke-config"]) if later.is_some() => {
            Some(Operation::GetFunctionEventInvokeConfig(decode_percent(name)))
        }
        _ if later.is_some() => None,
        (&Method::GET, [""]) => Some(Operation::ListFunctions),
        (&Method::GET, [name]) => Some(Operation::GetFunction(decode_percent(name))),
        (&Method::GET, [name, "configuration"]) => {
            Some(Operation::GetFunctionConfiguration(decode_percent(name)))
        }
        (&Method::POST, [name, "invocations"]) => Some(Operation::Invoke(decode_percent(name))),
        _ => None,
    };
    let refusal =
        || ApiError { status: 404, ..ApiError::not_modeled(format_args!("Lambda {method} {path}")) };
    found.ok_or_else(refusal)
}

/// There are no versions and no aliases: the only qualifier is `$LATEST`. Answers what it adds to an ARN.
fn read_qualifier(operation: &str, query: &[(String, String)]) -> Result<&'static str, ApiError> {
    match query {
        [] => Ok(""),
        [(name, value)] if name == "Qualifier" && value == "$LATEST" => Ok(":$LATEST"),
        [(name, value), ..] => Err(ApiError::not_modeled(format_args!("{operation} with {name}={value}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_operations_and_functions() {
        let named = |path: &str| match find_operation(&Method::GET, path).unwrap() {
            Operation::GetFunction(name)
            | Operation::GetFunctionConfiguration(name)
            | Operation::GetFunctionEventInvokeConfig(name) => name,
            Operation::ListFunctions => "(list)".to_owned(),
            Operation::Invoke(_) => unreachable!("that is a POST"),
        };
        for list in ["/2015-03-31/functions", "/2015-03-31/functions/"] {
            assert_eq!(named(list), "(list)");
        }
        assert_eq!(named("/2015-03-31/functions/start/configuration"), "start");
        assert_eq!(named("/2019-09-25/functions/start/event-invoke-config"), "start");
        let arn =
            named("/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Astart");
        assert_eq!(arn, "arn:aws:lambda:us-east-1:123456789012:function:start");
        for (method, path) in [
            (Method::DELETE, "/2015-03-31/functions/start"),
            (Method::GET, "/2015-03-31/functions/start/policy"),
            (Method::POST, "/2015-03-31/functions"),
            (Method::GET, "/2015-03-31/functions/start/event-invoke-config"),
            (Method::PUT, "/2019-09-25/functions/start/event-invoke-config"),
            (Method::GET, "/2019-09-25/functions/start/configuration"),
        ] {
            let error = find_operation(&method, path).map(|_| ()).unwrap_err();
            assert!(error.message.contains(&format!("Lambda {method} {path}")), "{error}");
        }
    }
}
