//! AWS::Events::Rule.

use std::time::Duration;

use super::document::Document;
use super::properties::Properties;
use super::{Rule, Target, TemplateError, schedule};

/// Targets a rule may have (EventBridge quotas).
const TARGET_LIMIT: usize = 5;

pub(super) fn read_rule(
    document: &Document<'_>,
    logical_id: &str,
    mut properties: Properties,
) -> Result<Rule, TemplateError> {
    let name = document.physical_name(logical_id, logical_id)?;
    properties.pass_over(&["Name", "Description", "Tags"]);
    properties.one_of("EventBusName", &["default"])?;
    let event_pattern = properties.take("EventPattern");
    let schedule = schedule::take_schedule(&mut properties)?;
    if event_pattern.is_none() && schedule.is_none() {
        return Err(TemplateError::Missing { path: properties.path("EventPattern or ScheduleExpression") });
    }
    let enabled = properties.one_of("State", &["ENABLED", "DISABLED"])? == "ENABLED";
    let targets =
        properties.objects("Targets")?.into_iter().map(read_target).collect::<Result<Vec<_>, _>>()?;
    if targets.len() > TARGET_LIMIT {
        let expected = format!("at most {TARGET_LIMIT} targets");
        return Err(properties.wrong("Targets", &expected, &targets.len().to_string()));
    }
    properties.finish()?;
    Ok(Rule {
        arn: document.account.arn("events", &format!("rule/{name}")),
        name,
        event_pattern,
        schedule,
        enabled,
        targets,
    })
}

fn read_target(mut properties: Properties) -> Result<Target, TemplateError> {
    let mut target = Target {
        id: properties.text("Id")?,
        arn: properties.text("Arn")?,
        maximum_retry_attempts: 185,
        maximum_event_age: Duration::from_secs(86_400),
        dead_letter_queue: None,
    };
    if !target.arn.contains(":lambda:") && !target.arn.contains(":sqs:") {
        return Err(properties.wrong("Arn", "the ARN of a function or a queue", &target.arn));
    }
    if let Some(mut policy) = properties.object("RetryPolicy")? {
        if let Some(attempts) = policy.number("MaximumRetryAttempts", 0..=185)? {
            target.maximum_retry_attempts = attempts;
        }
        target.maximum_event_age = policy.seconds("MaximumEventAgeInSeconds", 60..=86_400, 86_400)?;
        policy.finish()?;
    }
    if let Some(mut queue) = properties.object("DeadLetterConfig")? {
        target.dead_letter_queue = queue.optional_text("Arn")?;
        queue.finish()?;
    }
    properties.finish()?;
    Ok(target)
}
