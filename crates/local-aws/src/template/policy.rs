//! Policy documents: of roles, and of resources.

use serde_json::Value;

use super::TemplateError;
use super::properties::Properties;
use crate::iam::{Condition, Effect, KNOWN_KEYS, Principals, ResourceStatement, Selection, Statement};

/// The statements of a policy document, each read by `read`.
pub(super) fn read_statements<T>(
    mut document: Properties,
    read: fn(Properties) -> Result<T, TemplateError>,
) -> Result<Vec<T>, TemplateError> {
    document.pass_over(&["Version", "Id"]);
    let statements = document.objects("Statement")?.into_iter().map(read).collect::<Result<_, _>>()?;
    document.finish()?;
    Ok(statements)
}

/// A statement of a policy that belongs to an identity.
pub(super) fn read_statement(mut properties: Properties) -> Result<Statement, TemplateError> {
    let (effect, conditions) = read_effect_and_conditions(&mut properties)?;
    let actions = read_selection(&mut properties, "Action")?;
    let resources = read_selection(&mut properties, "Resource")?;
    properties.finish()?;
    Ok(Statement { effect, actions, resources, conditions })
}

/// A statement of a policy that belongs to a resource.
pub(super) fn read_resource_statement(
    mut properties: Properties,
) -> Result<ResourceStatement, TemplateError> {
    let principals = read_principals(&mut properties)?;
    Ok(ResourceStatement { principals, statement: read_statement(properties)? })
}

/// Services by name, or everyone: `"*"` and `{"AWS": "*"}` mean the same (IAM user guide, "Principal"). There is nobody
/// else here, so that every other principal is refused.
fn read_principals(properties: &mut Properties) -> Result<Principals, TemplateError> {
    if properties.is_text("Principal") {
        properties.one_of("Principal", &["*"])?;
        return Ok(Principals::Everyone);
    }
    let mut principals = properties.required_object("Principal")?;
    let (everyone, services) = (principals.texts("AWS")?, principals.texts("Service")?);
    if let Some(other) = everyone.iter().find(|name| *name != "*") {
        return Err(principals.wrong("AWS", "* (local-aws has no other users or accounts)", other));
    }
    principals.finish()?;
    Ok(if everyone.is_empty() { Principals::Services(services) } else { Principals::Everyone })
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
pub(super) fn read_selection(properties: &mut Properties, name: &str) -> Result<Selection, TemplateError> {
    let (of, all_but) = (properties.texts(name)?, properties.texts(&format!("Not{name}"))?);
    refuse_variables(properties, name, of.iter().chain(&all_but))?;
    match (of.is_empty(), all_but.is_empty()) {
        (false, true) => Ok(Selection::Of(of)),
        (true, false) => Ok(Selection::AllBut(all_but)),
        (true, true) => Err(TemplateError::Missing { path: properties.path(name) }),
        (false, false) => Err(properties.wrong(name, &format!("either {name} or Not{name}"), "both")),
    }
}

pub(super) fn read_effect_and_conditions(
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
