//! The CloudFormation template that describes what a local AWS has.
//!
//! [`load`] resolves it as CloudFormation would and returns a [`Deployment`] in which every name is final. What it
//! does not know (a resource type, a property that would change what happens, an intrinsic function) is an error that
//! names it.

mod deployment;
mod document;
mod function;
mod intrinsics;
mod names;
mod policy;
mod project;
mod properties;
mod queue;
mod role;
mod rule;
mod schedule;

use serde_json::Value;

use crate::account::Account;

pub use deployment::{Deployment, Function, Project, ProjectEnvironment, Queue, Rule, Schedule, Target};

use document::Document;

/// The name of the stack, and so the first part of every generated name, where the caller does not give one.
pub const STACK_NAME: &str = "local";

/// Why a template cannot be loaded. Every message says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The text is not JSON.
    #[error("the template is not JSON ({0}); pass what `cdk synth` wrote, such as infra/template/*.json")]
    NotJson(#[from] serde_json::Error),
    /// A section of the template, or an attribute of a resource, that would change what is deployed.
    #[error("{path}: local-aws does not model this part of a template; remove it")]
    Section {
        /// Where it is.
        path: String,
    },
    /// A resource type without a local counterpart.
    #[error(
        "resource {logical_id}: local-aws does not model the type {resource_type}; remove the resource from the \
         template that is loaded locally, or see doc/semantics/template.md for the types it knows"
    )]
    ResourceType {
        /// The resource's key.
        logical_id: String,
        /// Such as `AWS::S3::Bucket`.
        resource_type: String,
    },
    /// A property that would change what happens.
    #[error("{path}: local-aws does not model this property; remove it, or see doc/semantics/template.md")]
    Property {
        /// Where it is.
        path: String,
    },
    /// An intrinsic function that is not resolved here.
    #[error(
        "{path}: local-aws does not resolve {name}; use Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select or Fn::Split"
    )]
    Intrinsic {
        /// Where it is.
        path: String,
        /// Such as `Fn::ImportValue`.
        name: String,
    },
    /// A reference to nothing.
    #[error("{path}: there is no {target} in this template; correct the name")]
    Reference {
        /// Where it is.
        path: String,
        /// What was referred to.
        target: String,
    },
    /// Resources whose names need each other.
    #[error("{path}: the name of {logical_id} depends on itself; give the resource a literal name")]
    Cycle {
        /// Where the circle closed.
        path: String,
        /// The resource.
        logical_id: String,
    },
    /// A property that has to be there.
    #[error("{path}: this property is required; add it")]
    Missing {
        /// Where it should be.
        path: String,
    },
    /// A condition that cannot be evaluated here.
    #[error(
        "{path}: local-aws does not evaluate this condition; \
         the keys that it knows are {keys}; see doc/semantics/permissions.md for the operators"
    )]
    Condition {
        /// Where it is, with the operator and the key.
        path: String,
        /// What is known of a request.
        keys: String,
    },
    /// A role that its service may not assume.
    #[error("{path}: {message}; correct the role's AssumeRolePolicyDocument")]
    Trust {
        /// Who has the role.
        path: String,
        /// The service's own words.
        message: String,
    },
    /// A value that CloudFormation or the service would refuse.
    #[error("{path}: expected {expected}, found {found}")]
    Value {
        /// Where it is.
        path: String,
        /// What is allowed.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl TemplateError {
    /// An error about the value at `path`.
    fn value(path: impl Into<String>, expected: impl Into<String>, found: &Value) -> Self {
        Self::Value { path: path.into(), expected: expected.into(), found: found.to_string() }
    }
}

/// Loads a template as the stack [`STACK_NAME`].
pub fn load(json: &str, account: &Account) -> Result<Deployment, TemplateError> {
    load_stack(json, STACK_NAME, account)
}

/// Loads a template as the stack `stack_name`: names that CloudFormation generates begin with it, so that two stacks
/// of one template live in one account.
pub fn load_stack(json: &str, stack_name: &str, account: &Account) -> Result<Deployment, TemplateError> {
    let document = Document::parse(serde_json::from_str(json)?, stack_name, account)?;
    let mut deployment = Deployment::default();
    for logical_id in document.logical_ids() {
        let mut properties = document.properties(logical_id)?;
        match document.resource_type(logical_id) {
            "AWS::Lambda::Function" => {
                deployment.functions.push(function::read_function(&document, logical_id, properties)?);
            }
            "AWS::Events::Rule" => {
                deployment.rules.push(rule::read_rule(&document, logical_id, properties)?);
            }
            "AWS::SQS::Queue" => {
                deployment.queues.push(queue::read_queue(&document, logical_id, properties)?);
            }
            "AWS::CodeBuild::Project" => {
                deployment.projects.push(project::read_project(&document, logical_id, properties)?);
            }
            "AWS::Logs::LogGroup" => {
                properties.pass_over(&["LogGroupName", "RetentionInDays", "KmsKeyId", "Tags"]);
                properties.finish()?;
                deployment.log_groups.push(document.physical_name(logical_id, logical_id)?);
            }
            // Second pass: they change what the first made.
            "AWS::Lambda::Permission"
            | "AWS::Lambda::EventInvokeConfig"
            | "AWS::SQS::QueuePolicy"
            | "AWS::IAM::Policy" => {}
            "AWS::IAM::Role" => deployment.roles.push(role::read_role(&document, logical_id, properties)?),
            resource_type if document::without_local_meaning(resource_type) => {}
            resource_type => {
                return Err(TemplateError::ResourceType {
                    logical_id: logical_id.to_owned(),
                    resource_type: resource_type.to_owned(),
                });
            }
        }
    }
    for logical_id in document.logical_ids() {
        let properties = document.properties(logical_id)?;
        match document.resource_type(logical_id) {
            "AWS::Lambda::Permission" => function::add_permission(&mut deployment, properties)?,
            "AWS::Lambda::EventInvokeConfig" => function::set_invoke_config(&mut deployment, properties)?,
            "AWS::SQS::QueuePolicy" => queue::add_policy(&mut deployment, properties)?,
            "AWS::IAM::Policy" => role::add_policy(&mut deployment, properties)?,
            _ => {}
        }
    }
    role::check_trust(&deployment, &document)?;
    Ok(deployment)
}
