//! AWS::IAM::Role and ::Policy.

use serde_json::Value;

use super::document::Document;
use super::properties::Properties;
use super::{Deployment, TemplateError};
use crate::iam::{Condition, Context, Effect, KNOWN_KEYS, Role, Selection, Statement, Trust};

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

fn read_statements<T>(
    mut document: Properties,
    read: fn(Properties) -> Result<T, TemplateError>,
) -> Result<Vec<T>, TemplateError> {
    document.pass_over(&["Version", "Id"]);
    let statements = document.objects("Statement")?.into_iter().map(read).collect::<Result<_, _>>()?;
    document.finish()?;
    Ok(statements)
}

/// Only services assume roles here.
fn read_trust(mut properties: Properties) -> Result<Trust, TemplateError> {
    let mut principals = properties.required_object("Principal")?;
    let services = principals.texts("Service")?;
    principals.finish()?;
    let (effect, conditions) = read_effect_and_conditions(&mut properties)?;
    let actions = read_selection(&mut properties, "Action")?;
    properties.finish()?;
    let resources = Selection::AllBut(Vec::new());
    Ok(Trust { services, statement: Statement { effect, actions, resources, conditions } })
}

fn read_statement(mut properties: Properties) -> Result<Statement, TemplateError> {
    let (effect, conditions) = read_effect_and_conditions(&mut properties)?;
    let actions = read_selection(&mut properties, "Action")?;
    let resources = read_selection(&mut properties, "Resource")?;
    properties.finish()?;
    Ok(Statement { effect, actions, resources, conditions })
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
fn read_selection(properties: &mut Properties, name: &str) -> Result<Selection, TemplateError> {
    let (of, all_but) = (properties.texts(name)?, properties.texts(&format!("Not{name}"))?);
    refuse_variables(properties, name, of.iter().chain(&all_but))?;
    match (of.is_empty(), all_but.is_empty()) {
        (false, true) => Ok(Selection::Of(of)),
        (true, false) => Ok(Selection::AllBut(all_but)),
        (true, true) => Err(TemplateError::Missing { path: properties.path(name) }),
        (false, false) => Err(properties.wrong(name, &format!("either {name} or Not{name}"), "both")),
    }
}

fn read_effect_and_conditions(
    properties: &mut Properties,
) -> Result<(Effect, Vec<Condition>), TemplateError> {
    properties.pass_over(&["Sid"]);
    let effect = match properties.text("Effect")?.as_str() {
        "Allow" => Effect::Allow,
        "Deny" => Effect::Deny,
        other => return Err(properties.wrong("Effect", "Allow or Deny", other)),
    };
    let mut conditions = Vec::new();
    let path = properties.path("Condition");
    let operators = match properties.take("Condition") {
        None => return Ok((effect, conditions)),
        Some(Value::Object(operators)) => operators,
        Some(other) => return Err(TemplateError::value(path, "an object", &other)),
    };
    for (operator, keys) in operators {
        let keys = Properties::new(format!("{path}.{operator}"), keys)?;
        for (key, values) in keys.into_texts()? {
            refuse_variables(properties, "Condition", &values)?;
            let condition = Condition::parse(&operator, &key, values);
            conditions.push(condition.ok_or_else(|| TemplateError::Condition {
                path: format!("{path}.{operator}.{key}"),
                keys: KNOWN_KEYS.join(", "),
            })?);
        }
    }
    Ok((effect, conditions))
}

/// Policy variables such as `${aws:username}` are resolved with each request; no request here has what they name.
fn refuse_variables<'v>(
    properties: &Properties,
    name: &str,
    values: impl IntoIterator<Item = &'v String>,
) -> Result<(), TemplateError> {
    match values.into_iter().find(|value| value.contains("${")) {
        Some(value) => {
            Err(properties.wrong(name, "no policy variables (local-aws does not model them)", value))
        }
        None => Ok(()),
    }
}
