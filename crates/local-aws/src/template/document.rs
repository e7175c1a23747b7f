//! A template's resources and parameters, before anything is made of them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::properties::Properties;
use super::{TemplateError, names};
use crate::account::Account;

/// A parsed template in the account and stack it is loaded for.
pub(super) struct Document<'a> {
    pub(super) account: &'a Account,
    pub(super) stack_name: &'a str,
    pub(super) parameters: BTreeMap<String, Value>,
    resources: BTreeMap<String, Resource>,
    /// The resources whose names are being resolved, to find circles.
    naming: RefCell<Vec<String>>,
}

struct Resource {
    resource_type: String,
    properties: Value,
}

/// Types that mean nothing on one machine: they describe the deployment or watch it, and change nothing of what it does.
/// Their references are resolved all the same, and so have to lead somewhere.
pub(super) fn without_local_meaning(resource_type: &str) -> bool {
    matches!(resource_type, "AWS::CDK::Metadata" | "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::Dashboard")
}

impl<'a> Document<'a> {
    pub(super) fn parse(
        template: Value,
        stack_name: &'a str,
        account: &'a Account,
    ) -> Result<Self, TemplateError> {
        let mut sections = object("the template", template)?;
        // Descriptions, and outputs that nobody reads here.
        for section in ["AWSTemplateFormatVersion", "Description", "Metadata", "Outputs"] {
            sections.remove(section);
        }
        let parameters = read_parameters(sections.remove("Parameters"))?;
        let resources = sections
            .remove("Resources")
            .ok_or_else(|| TemplateError::Missing { path: "Resources".to_owned() })?;
        if let Some(section) = sections.keys().next() {
            return Err(TemplateError::Section { path: section.clone() });
        }
        let resources = object("Resources", resources)?
            .into_iter()
            .map(|(logical_id, resource)| {
                let resource = read_resource(&logical_id, resource)?;
                Ok((logical_id, resource))
            })
            .collect::<Result<_, TemplateError>>()?;
        Ok(Self { account, stack_name, parameters, resources, naming: RefCell::default() })
    }

    pub(super) fn logical_ids(&self) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str)
    }

    /// The type of a resource; empty for one that is not there.
    pub(super) fn resource_type(&self, logical_id: &str) -> &str {
        self.resources.get(logical_id).map_or("", |resource| &resource.resource_type)
    }

    /// A resource's properties, with every intrinsic function resolved.
    pub(super) fn properties(&self, logical_id: &str) -> Result<Properties, TemplateError> {
        let path = format!("Resources.{logical_id}.Properties");
        let empty = Value::Object(Map::new());
        let value = self.resources.get(logical_id).map_or(&empty, |resource| &resource.properties);
        let resolved = self.resolve(&path, value)?.unwrap_or(empty);
        Properties::new(path, resolved)
    }

    /// The name of a resource: its own, or one as CloudFormation generates. `path` is where it is asked for.
    pub(super) fn physical_name(&self, path: &str, logical_id: &str) -> Result<String, TemplateError> {
        let resource = self.resources.get(logical_id).ok_or_else(|| TemplateError::Reference {
            path: path.to_owned(),
            target: logical_id.to_owned(),
        })?;
        let generated = || names::generate(&resource.resource_type, self.stack_name, logical_id);
        let Some(property) = names::name_property(&resource.resource_type) else { return Ok(generated()) };
        let Some(name) = resource.properties.get(property) else { return Ok(generated()) };
        if self.naming.borrow().iter().any(|open| open == logical_id) {
            return Err(TemplateError::Cycle { path: path.to_owned(), logical_id: logical_id.to_owned() });
        }
        self.naming.borrow_mut().push(logical_id.to_owned());
        let path = format!("Resources.{logical_id}.Properties.{property}");
        let resolved = self.resolve(&path, name);
        self.naming.borrow_mut().pop();
        match resolved? {
            None => Ok(generated()),
            Some(Value::String(name)) => Ok(name),
            Some(other) => {
                Err(TemplateError::Value { path, expected: "a name".to_owned(), found: other.to_string() })
            }
        }
    }
}

fn object(path: &str, value: Value) -> Result<Map<String, Value>, TemplateError> {
    match value {
        Value::Object(members) => Ok(members),
        other => Err(TemplateError::value(path, "an object", &other)),
    }
}

fn read_resource(logical_id: &str, resource: Value) -> Result<Resource, TemplateError> {
    let path = format!("Resources.{logical_id}");
    let mut attributes = object(&path, resource)?;
    // The order of creation, and what happens at removal: a local AWS creates all at once and removes nothing.
    for attribute in ["DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"] {
        attributes.remove(attribute);
    }
    let resource_type = match attributes.remove("Type") {
        Some(Value::String(resource_type)) => resource_type,
        _ => return Err(TemplateError::Missing { path: format!("{path}.Type") }),
    };
    let properties = attributes.remove("Properties").unwrap_or_else(|| Value::Object(Map::new()));
    match attributes.keys().next() {
        Some(attribute) => Err(TemplateError::Section { path: format!("{path}.{attribute}") }),
        None => Ok(Resource { resource_type, properties }),
    }
}

/// Every parameter's default. One without a default cannot be deployed from a file alone.
fn read_parameters(section: Option<Value>) -> Result<BTreeMap<String, Value>, TemplateError> {
    let Some(section) = section else { return Ok(BTreeMap::new()) };
    object("Parameters", section)?
        .into_iter()
        .map(|(name, parameter)| {
            let path = format!("Parameters.{name}");
            let text = |member: &str| match parameter.get(member) {
                Some(Value::String(text)) => Ok(text.clone()),
                Some(Value::Number(number)) => Ok(number.to_string()),
                _ => Err(TemplateError::Missing { path: format!("{path}.{member}") }),
            };
            let default = text("Default")?;
            let value = match text("Type")?.as_str() {
                "String" | "Number" => Value::String(default),
                "CommaDelimitedList" => default.split(',').map(|part| part.trim().to_owned()).collect(),
                other => {
                    return Err(TemplateError::Value {
                        path: format!("{path}.Type"),
                        expected: "String, Number or CommaDelimitedList".to_owned(),
                        found: other.to_owned(),
                    });
                }
            };
            Ok((name, value))
        })
        .collect()
}
