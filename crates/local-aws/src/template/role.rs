//! AWS::IAM::Role and ::Policy.

use super::document::Document;
use super::policy::{read_effect_and_conditions, read_selection, read_statement, read_statements};
use super::properties::Properties;
use super::{Deployment, TemplateError};
use crate::iam::{Context, Principals, ResourceStatement, Role, Selection, Statement};

pub(super) fn read_role(
    document: &Document<'_>,
    logical_id: &str,
    mut properties: Properties,
) -> Result<Role, TemplateError> {
    let name = document.physical_name(logical_id, logical_id)?;
    // A role's path is no part of a session's ARN, and sessions here end with the process that has them.
    properties.pass_over(&["RoleName", "Description", "Path", "MaxSessionDuration", "Tags"]);
    if let Some(arn) = properties.texts("ManagedPolicyArns")?.first() {
        let expected =
            "no managed policies (local-aws does not have them; write the statements under Policies)";
        return Err(properties.wrong("ManagedPolicyArns", expected, arn));
    }
    let trust = read_statements(properties.required_object("AssumeRolePolicyDocument")?, read_trust)?;
    let mut statements = Vec::new();
    for mut policy in properties.objects("Policies")? {
        policy.pass_over(&["PolicyName"]);
        statements.extend(read_statements(policy.required_object("PolicyDocument")?, read_statement)?);
        policy.finish()?;
    }
    properties.finish()?;
    Ok(Role { arn: document.account.global_arn("iam", &format!("role/{name}")), name, trust, statements })
}

/// Adds the statements of an AWS::IAM::Policy to its roles.
pub(super) fn add_policy(
    deployment: &mut Deployment,
    mut properties: Properties,
) -> Result<(), TemplateError> {
    properties.pass_over(&["PolicyName"]);
    let statements = read_statements(properties.required_object("PolicyDocument")?, read_statement)?;
    for name in properties.texts("Roles")? {
        let role = deployment.roles.iter_mut().find(|role| role.name == name).ok_or_else(|| {
            TemplateError::Reference { path: properties.path("Roles"), target: format!("role {name}") }
        })?;
        role.statements.extend(statements.iter().cloned());
    }
    properties.finish()
}

/// Refuses a function or a project whose role its service may not assume, as AWS refuses to create it.
pub(super) fn check_trust(deployment: &Deployment, document: &Document<'_>) -> Result<(), TemplateError> {
    let find = |user: String, name: &str| {
        let role = deployment.roles.iter().find(|role| role.name == name);
        let target = format!("role {name}");
        role.ok_or(TemplateError::Reference { path: user, target })
    };
    for function in &deployment.functions {
        let path = format!("Resources.{}.Properties.Role", function.logical_id);
        // Lambda is not known to say for which function it assumes a role.
        if !find(path.clone(), &function.role_name)?.trusts("lambda.amazonaws.com", &Context::new()) {
            let message = "The role defined for the function cannot be assumed by Lambda".to_owned();
            return Err(TemplateError::Trust { path, message });
        }
    }
    for project in &deployment.projects {
        let path = format!("the ServiceRole of project {}", project.name);
        let role = find(path.clone(), &project.role_name)?;
        let context = Context::from([
            ("aws:sourcearn", project.arn.clone()),
            ("aws:sourceaccount", document.account.id.clone()),
        ]);
        if !role.trusts("codebuild.amazonaws.com", &context) {
            let message =
                format!("CodeBuild is not authorized to perform: sts:AssumeRole on {}", project.role_arn);
            return Err(TemplateError::Trust { path, message });
        }
    }
    Ok(())
}

/// Only services assume roles here.
fn read_trust(mut properties: Properties) -> Result<ResourceStatement, TemplateError> {
    let mut principals = properties.required_object("Principal")?;
    let services = principals.texts("Service")?;
    principals.finish()?;
    let (effect, conditions) = read_effect_and_conditions(&mut properties)?;
    let actions = read_selection(&mut properties, "Action")?;
    properties.finish()?;
    let resources = Selection::AllBut(Vec::new());
    let principals = Principals::Services(services);
    Ok(ResourceStatement { principals, statement: Statement { effect, actions, resources, conditions } })
}
