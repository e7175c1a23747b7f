//! ListRules, DescribeRule and ListTargetsByRule: what the template made of rules and targets.

use serde::Deserialize;
use serde_json::{Value, json};

use super::EventBridge;
use crate::aws_json::ApiError;
use crate::template::{Rule, Target};

/// Rules and targets a page (API reference).
const PAGE: usize = 100;

/// The name of the only bus.
const BUS: &str = "default";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ListRules {
    #[serde(default)]
    name_prefix: String,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DescribeRule {
    name: String,
    event_bus_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ListTargetsByRule {
    rule: String,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

impl EventBridge {
    pub(super) fn list_rules(&self, input: &ListRules) -> Result<Value, ApiError> {
        self.check_bus(input.event_bus_name.as_deref())?;
        let mut rules: Vec<_> = self
            .inner
            .rules
            .iter()
            .map(|(rule, _)| rule)
            .filter(|rule| rule.name.starts_with(&input.name_prefix))
            .collect();
        rules.sort_unstable_by_key(|rule| &rule.name);
        let (rules, token) = take_page(&rules, |rule| &rule.name, input.next_token.as_deref(), input.limit)?;
        Ok(with_token(
            json!({ "Rules": rules.iter().map(|rule| describe_rule(rule)).collect::<Vec<_>>() }),
            token,
        ))
    }

    pub(super) fn describe_rule(&self, input: &DescribeRule) -> Result<Value, ApiError> {
        self.check_bus(input.event_bus_name.as_deref())?;
        let mut answer = describe_rule(self.find_rule(&input.name)?);
        answer["CreatedBy"] = self.inner.account.id.as_str().into();
        Ok(answer)
    }

    pub(super) fn list_targets_by_rule(&self, input: &ListTargetsByRule) -> Result<Value, ApiError> {
        self.check_bus(input.event_bus_name.as_deref())?;
        let mut targets: Vec<_> = self.find_rule(&input.rule)?.targets.iter().collect();
        targets.sort_unstable_by_key(|target| &target.id);
        let (targets, token) =
            take_page(&targets, |target| &target.id, input.next_token.as_deref(), input.limit)?;
        let targets: Vec<_> = targets.iter().map(|target| describe_target(target)).collect();
        Ok(with_token(json!({ "Targets": targets }), token))
    }

    fn check_bus(&self, bus: Option<&str>) -> Result<(), ApiError> {
        match bus {
            Some(bus) if !self.is_default_bus(bus) => {
                Err(ApiError::new("ResourceNotFoundException", format!("Event bus {bus} does not exist.")))
            }
            _ => Ok(()),
        }
    }

    /// Whether a bus's name or ARN means the only one.
    pub(super) fn is_default_bus(&self, bus: &str) -> bool {
        bus == BUS || bus == self.inner.account.arn("events", "event-bus/default")
    }

    fn find_rule(&self, name: &str) -> Result<&Rule, ApiError> {
        let mut rules = self.inner.rules.iter().map(|(rule, _)| rule);
        rules.find(|rule| rule.name == name).ok_or_else(|| {
            let message = format!("Rule {name} does not exist on EventBus {BUS}.");
            ApiError::new("ResourceNotFoundException", message)
        })
    }
}

/// A page of what is sorted by `key`, and the token of the next one: the key of the last item.
fn take_page<'i, T>(
    items: &[&'i T],
    key: impl Fn(&T) -> &str,
    token: Option<&str>,
    limit: Option<usize>,
) -> Result<(Vec<&'i T>, Option<String>), ApiError> {
    let limit = limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        let message = format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
             value between 1 and {PAGE}"
        );
        return Err(ApiError::new("ValidationException", message));
    }
    let left: Vec<_> =
        items.iter().copied().filter(|item| token.is_none_or(|token| key(item) > token)).collect();
    let page: Vec<_> = left.iter().copied().take(limit).collect();
    let next = page.last().filter(|_| left.len() > limit).map(|last| key(last).to_owned());
    Ok((page, next))
}

fn with_token(mut answer: Value, token: Option<String>) -> Value {
    if let Some(token) = token {
        answer["NextToken"] = token.into();
    }
    answer
}

fn describe_rule(rule: &Rule) -> Value {
    let mut json = json!({
        "Name": rule.name,
        "Arn": rule.arn,
        "State": if rule.enabled { "ENABLED" } else { "DISABLED" },
        "EventBusName": BUS,
    });
    if let Some(pattern) = &rule.event_pattern {
        json["EventPattern"] = pattern.to_string().into();
    }
    if let Some(schedule) = &rule.schedule {
        json["ScheduleExpression"] = schedule.expression.as_str().into();
    }
    json
}

fn describe_target(target: &Target) -> Value {
    let mut json = json!({
        "Id": target.id,
        "Arn": target.arn,
        "RetryPolicy": {
            "MaximumRetryAttempts": target.maximum_retry_attempts,
            "MaximumEventAgeInSeconds": target.maximum_event_age.as_secs(),
        },
    });
    if let Some(queue) = &target.dead_letter_queue {
        json["DeadLetterConfig"] = json!({ "Arn": queue });
    }
    json
}
