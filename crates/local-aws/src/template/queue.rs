//! AWS::SQS::Queue and ::QueuePolicy.

use super::document::Document;
use super::properties::Properties;
use super::{Deployment, Queue, QueuePermission, TemplateError};
use crate::arn::arn_like;

pub(super) fn read_queue(
    document: &Document<'_>,
    logical_id: &str,
    mut properties: Properties,
) -> Result<Queue, TemplateError> {
    let name = document.physical_name(logical_id, logical_id)?;
    // Messages are in memory only; SQS's own encryption shows nowhere. A key of KMS would ask for permissions.
    properties.pass_over(&["QueueName", "SqsManagedSseEnabled", "Tags"]);
    let queue = Queue {
        arn: document.account.arn("sqs", &name),
        name,
        message_retention: properties.seconds("MessageRetentionPeriod", 60..=1_209_600, 345_600)?,
        visibility_timeout: properties.seconds("VisibilityTimeout", 0..=43_200, 30)?,
        permissions: Vec::new(),
    };
    properties.finish()?;
    Ok(queue)
}

pub(super) fn add_policy(
    deployment: &mut Deployment,
    mut properties: Properties,
) -> Result<(), TemplateError> {
    let urls = properties.texts("Queues")?;
    let mut document = properties.required_object("PolicyDocument")?;
    document.pass_over(&["Version", "Id"]);
    let statements =
        document.objects("Statement")?.into_iter().map(read_statement).collect::<Result<Vec<_>, _>>()?;
    document.finish()?;
    for url in urls {
        let name = url.rsplit('/').next().unwrap_or_default();
        let queue = deployment.queues.iter_mut().find(|queue| queue.name == name).ok_or_else(|| {
            TemplateError::Reference { path: properties.path("Queues"), target: format!("queue {url}") }
        })?;
        let applies = |resource: &String| resource == "*" || arn_like(resource, &queue.arn);
        for (permissions, resources) in statements.iter().flatten() {
            if resources.iter().any(applies) {
                queue.permissions.extend(permissions.iter().cloned());
            }
        }
    }
    properties.finish()
}

type Statement = (Vec<QueuePermission>, Vec<String>);

/// What a statement allows, a permission for each service, and the resources it is about. Nothing for the one denial
/// that has no local meaning: requests without TLS, since nothing here has TLS.
fn read_statement(mut statement: Properties) -> Result<Option<Statement>, TemplateError> {
    statement.pass_over(&["Sid"]);
    let effect = statement.text("Effect")?;
    let actions = statement.texts("Action")?;
    let resources = statement.texts("Resource")?;
    let mut conditions = Vec::new();
    if let Some(mut operators) = statement.object("Condition")? {
        for operator in ["ArnEquals", "ArnLike", "StringEquals", "Bool"] {
            for (key, values) in operators.object(operator)?.map_or(Ok(Vec::new()), Properties::into_texts)? {
                conditions.push((operator, key, values));
            }
        }
        operators.finish()?;
    }
    if effect == "Deny" {
        let without_tls = matches!(conditions.as_slice(), [("Bool", key, values)]
            if key.eq_ignore_ascii_case("aws:SecureTransport") && *values == ["false"]);
        return if without_tls {
            Ok(None)
        } else {
            Err(TemplateError::Property { path: statement.path("Effect") })
        };
    }
    let mut principals = statement.required_object("Principal")?;
    let services = principals.texts("Service")?;
    principals.finish()?;
    let (mut source_arns, mut source_accounts) = (Vec::new(), Vec::new());
    for (operator, key, values) in conditions {
        match (operator, key.to_ascii_lowercase().as_str()) {
            ("ArnEquals" | "ArnLike", "aws:sourcearn") => source_arns.extend(values),
            ("StringEquals", "aws:sourceaccount") => source_accounts.extend(values),
            _ => {
                return Err(TemplateError::Property {
                    path: statement.path(&format!("Condition.{operator}.{key}")),
                });
            }
        }
    }
    statement.finish()?;
    let permissions = services
        .into_iter()
        .map(|principal| QueuePermission {
            actions: actions.clone(),
            principal,
            source_arns: source_arns.clone(),
            source_accounts: source_accounts.clone(),
        })
        .collect();
    Ok(Some((permissions, resources)))
}
