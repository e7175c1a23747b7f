//! The CloudFormation template that describes what a local AWS has.

mod deployment;

pub use deployment::{
    Deployment, Function, InvokePermission, Project, ProjectEnvironment, Queue, QueuePermission, Rule, Target,
};
