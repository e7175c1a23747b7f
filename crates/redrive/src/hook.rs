//! The hook that the queue belongs to: its functions, found by the variable that names their hook.
//!
//! Physical names tell nothing for sure: CloudFormation cuts long ones, and a stack may have any name.

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::FunctionConfiguration;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::event;
use crate::message::{Content, FunctionError};

/// The variable in which every function of a hook has the hook's name.
const HOOK_NAME: &str = "HOOK_NAME";

/// Which events a function handles, told by a variable that the other function does not have.
const SOURCES: [(&str, &[&str]); 2] =
    [("CLONE_URL_PREFIX", &["aws.codecommit"]), ("ROLE_NAME", &["aws.codebuild", "pull-request-hook"])];

/// A deployed hook.
#[derive(Debug)]
pub(crate) struct Hook {
    client: Client,
    name: String,
    region: String,
    functions: OnceCell<Vec<HookFunction>>,
}

/// A function of the hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HookFunction {
    pub(crate) arn: String,
    pub(crate) name: String,
    /// The sources of the events that it handles.
    sources: &'static [&'static str],
}

/// What a function made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It handled the event, and answered with this JSON.
    Handled(String),
    /// It failed.
    Failed(FunctionError),
}

impl Hook {
    /// The hook called `name`. Nothing is asked of AWS yet.
    pub(crate) fn new(config: &SdkConfig, name: &str) -> Self {
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        Self { client: Client::new(config), name: name.to_owned(), region, functions: OnceCell::new() }
    }

    /// The hook's functions, asked of AWS once. There is at least one.
    pub(crate) async fn functions(&self) -> Result<&[HookFunction], Error> {
        self.functions.get_or_try_init(|| self.list_functions()).await.map(Vec::as_slice)
    }

    async fn list_functions(&self) -> Result<Vec<HookFunction>, Error> {
        let mut pages = self.client.list_functions().into_paginator().send();
        let mut functions = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(Error::call("ListFunctions"))?;
            functions.extend(page.functions().iter().filter_map(|function| self.read_function(function)));
        }
        if functions.is_empty() {
            return Err(Error::NoHook { hook: self.name.clone(), region: self.region.clone() });
        }
        Ok(functions)
    }

    fn read_function(&self, function: &FunctionConfiguration) -> Option<HookFunction> {
        let variables = function.environment()?.variables()?;
        if variables.get(HOOK_NAME)? != &self.name {
            return None;
        }
        let sources = SOURCES.iter().find(|(variable, _)| variables.contains_key(*variable));
        Some(HookFunction {
            arn: function.function_arn()?.to_owned(),
            name: function.function_name()?.to_owned(),
            sources: sources.map(|(_, sources)| *sources).unwrap_or_default(),
        })
    }

    /// The URL of the queue in which the hook's functions leave what failed for good.
    pub(crate) async fn find_queue(&self, config: &SdkConfig) -> Result<String, Error> {
        for function in self.functions().await? {
            let request = self.client.get_function_event_invoke_config().function_name(&function.arn);
            let invocations = match request.qualifier("$LATEST").send().await {
                Ok(invocations) => invocations,
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|error| error.is_resource_not_found_exception()) =>
                {
                    continue;
                }
                Err(error) => return Err(Error::call("GetFunctionEventInvokeConfig")(error)),
            };
            let on_failure = invocations.destination_config().and_then(|config| config.on_failure());
            let Some(arn) = on_failure.and_then(|destination| destination.destination()) else { continue };
            let Some((_, queue)) = arn.split_once(":sqs:").and_then(|(_, queue)| queue.rsplit_once(':'))
            else {
                continue;
            };
            let request = aws_sdk_sqs::Client::new(config).get_queue_url().queue_name(queue);
            let answer = request.send().await.map_err(Error::call("GetQueueUrl"))?;
            if let Some(url) = answer.queue_url {
                return Ok(url);
            }
        }
        Err(Error::NoQueue { hook: self.name.clone() })
    }

    /// Invokes a function with an event and waits for what it makes of it.
    pub(crate) async fn invoke(&self, function: &HookFunction, event: &Value) -> Result<Answer, Error> {
        let payload = Blob::new(event.to_string());
        let request = self.client.invoke().function_name(&function.arn).payload(payload);
        let answer = request.send().await.map_err(Error::call("Invoke"))?;
        let payload = answer.payload().map(|payload| payload.as_ref()).unwrap_or_default();
        if answer.function_error().is_none() {
            return Ok(Answer::Handled(String::from_utf8_lossy(payload).into_owned()));
        }
        let payload = serde_json::from_slice(payload).unwrap_or(Value::Null);
        let unknown = FunctionError { error_type: None, message: String::new() };
        Ok(Answer::Failed(FunctionError::read(&payload).unwrap_or(unknown)))
    }
}

/// The function that is to handle a message: the one that it names, or where the hook has no such function (any more),
/// the one for its event's source. A message never leads to a function of somebody else, whatever it names.
pub(crate) fn choose_function<'f>(
    functions: &'f [HookFunction],
    content: &Content,
) -> Option<&'f HookFunction> {
    let named = content.function_arn();
    let by_name = functions.iter().find(|function| Some(function.arn.as_str()) == named);
    by_name.or_else(|| {
        let source = content.event().and_then(event::source)?;
        functions.iter().find(|function| function.sources.contains(&source))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::message::Message;

    fn choose(body: &Value, target_arn: Option<&str>) -> Option<String> {
        let function = |name: &str, sources| HookFunction {
            arn: format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}"),
            name: name.to_owned(),
            sources,
        };
        let functions =
            [function("start", SOURCES[0].1), function("publish", SOURCES[1].1), function("other", &[])];
        let attributes = target_arn.map(|arn| ("TARGET_ARN".to_owned(), arn.to_owned()));
        let message = Message::read("id", None, &body.to_string(), &BTreeMap::from_iter(attributes));
        choose_function(&functions, &message.content).map(|function| function.name.clone())
    }

    #[test]
    fn a_message_goes_to_the_function_that_it_names() {
        let arn = "arn:aws:lambda:eu-central-1:123456789012:function:publish";
        let event = json!({ "source": "aws.codecommit" });
        assert_eq!(choose(&event, Some(arn)).as_deref(), Some("publish"));
        let record =
            json!({ "requestContext": { "functionArn": format!("{arn}:$LATEST") }, "requestPayload": event });
        assert_eq!(choose(&record, None).as_deref(), Some("publish"));
    }

    #[test]
    fn without_a_function_of_the_hook_the_source_decides() {
        let foreign = "arn:aws:lambda:eu-central-1:123456789012:function:somebody-elses";
        for (source, expected) in [
            ("aws.codecommit", Some("start")),
            ("aws.codebuild", Some("publish")),
            ("pull-request-hook", Some("publish")),
            ("aws.ec2", None),
        ] {
            for target in [None, Some(foreign)] {
                assert_eq!(choose(&json!({ "source": source }), target).as_deref(), expected, "{source}");
            }
            let record = json!({
                "requestContext": { "functionArn": foreign },
                "requestPayload": { "source": source },
            });
            assert_eq!(choose(&record, None).as_deref(), expected, "{source} in a record");
        }
        assert_eq!(choose(&json!({ "requestPayload": {} }), None), None);
        assert_eq!(choose(&json!(5), None), None);
    }
}
