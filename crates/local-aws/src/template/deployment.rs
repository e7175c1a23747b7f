//! What a template creates, resolved: every name and ARN is final.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::iam::{ResourceStatement, Role};

/// Everything that a template creates and a local AWS runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployment {
    /// Lambda functions.
    pub functions: Vec<Function>,
    /// EventBridge rules on the default bus.
    pub rules: Vec<Rule>,
    /// CodeBuild projects.
    pub projects: Vec<Project>,
    /// SQS queues.
    pub queues: Vec<Queue>,
    /// Roles with what they allow.
    pub roles: Vec<Role>,
    /// Names of log groups.
    pub log_groups: Vec<String>,
}

/// A Lambda function with its asynchronous settings and its resource policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its key in the template.
    pub logical_id: String,
    /// Its physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The name of its role: the middle part of its session's ARN.
    pub role_name: String,
    /// The role's ARN.
    pub role_arn: String,
    /// Such as `provided.al2023`.
    pub runtime: String,
    /// The object key of its code, such as `start-build.zip`.
    pub code_key: String,
    /// What it calls its entry point; empty where the template does not say.
    pub handler: String,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Memory in megabytes.
    pub memory_size: u32,
    /// Where its output goes.
    pub log_group: String,
    /// How often a failed asynchronous invocation is tried again: 0 to 2.
    pub maximum_retry_attempts: u32,
    /// How long an asynchronous event may wait before it is given up.
    pub maximum_event_age: Duration,
    /// The ARN of its on-failure destination.
    pub on_failure: Option<String>,
    /// Its resource policy: which services may invoke it.
    pub policy: Vec<ResourceStatement>,
}

/// An EventBridge rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The events that it matches; a rule with a schedule need not have one.
    pub event_pattern: Option<Value>,
    /// When it fires by itself.
    pub schedule: Option<Schedule>,
    /// False for a rule that is disabled.
    pub enabled: bool,
    /// Its targets.
    pub targets: Vec<Target>,
}

/// A schedule of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// As the template writes it, such as `rate(15 minutes)`.
    pub expression: String,
    /// The time from one event to the next; at least a minute.
    pub period: Duration,
}

/// A target of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id within the rule.
    pub id: String,
    /// The ARN of a function or a queue.
    pub arn: String,
    /// How often delivery is tried again: AWS's default is 185.
    pub maximum_retry_attempts: u32,
    /// How long delivery is tried: AWS's default is 24 hours.
    pub maximum_event_age: Duration,
    /// The ARN of the queue for what could not be delivered.
    pub dead_letter_queue: Option<String>,
}

/// A CodeBuild project.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Such as `NO_SOURCE` or `CODECOMMIT`.
    pub source_type: String,
    /// Where its source is, for types that have one.
    pub source_location: Option<String>,
    /// An inline buildspec or a path.
    pub buildspec: Option<String>,
    /// Image, compute type and variables.
    pub environment: ProjectEnvironment,
    /// The name of its role.
    pub role_name: String,
    /// The role's ARN.
    pub role_arn: String,
    /// The encryption key's id or ARN.
    pub encryption_key: String,
    /// How long a build may run: 5 minutes to 36 hours.
    pub timeout: Duration,
    /// How long a build may wait: 5 minutes to 8 hours.
    pub queued_timeout: Duration,
    /// Where the log goes: CodeBuild's own default is `/aws/codebuild/NAME`.
    pub log_group: String,
    /// Builds at one time; StartBuild fails beyond it.
    pub concurrent_build_limit: Option<u32>,
}

/// A project's build environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectEnvironment {
    /// Such as `LINUX_CONTAINER`.
    pub environment_type: String,
    /// The container image; a local build runs without one.
    pub image: String,
    /// Such as `BUILD_GENERAL1_SMALL`.
    pub compute_type: String,
    /// Whether the container could run Docker.
    pub privileged_mode: bool,
    /// PLAINTEXT variables, in order.
    pub variables: Vec<(String, String)>,
}

/// An SQS queue with its policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// How long a message is kept.
    pub message_retention: Duration,
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// Its policy: who may do what with it, besides those whom their own policies allow it.
    pub policy: Vec<ResourceStatement>,
}
