//! AWS::SQS::Queue and ::QueuePolicy.

use super::document::Document;
use super::policy::{read_resource_statement, read_statements};
use super::properties::Properties;
use super::{Deployment, Queue, TemplateError};

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
        policy: Vec::new(),
    };
    properties.finish()?;
    Ok(queue)
}

/// Adds the statements of an AWS::SQS::QueuePolicy to its queues.
pub(super) fn add_policy(
    deployment: &mut Deployment,
    mut properties: Properties,
) -> Result<(), TemplateError> {
    let document = properties.required_object("PolicyDocument")?;
    let statements = read_statements(document, read_resource_statement)?;
    for url in properties.texts("Queues")? {
        let name = url.rsplit('/').next().unwrap_or_default();
        let queue = deployment.queues.iter_mut().find(|queue| queue.name == name).ok_or_else(|| {
            TemplateError::Reference { path: properties.path("Queues"), target: format!("queue {url}") }
        })?;
        queue.policy.extend(statements.iter().cloned());
    }
    properties.finish()
}
