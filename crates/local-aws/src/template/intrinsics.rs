//! Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split and the pseudo parameters.

use serde_json::{Map, Value};

use super::document::Document;
use super::{TemplateError, names};

impl Document<'_> {
    /// Resolves every intrinsic function in `value`. Nothing is returned for `AWS::NoValue`, which removes what holds
    /// it.
    pub(super) fn resolve(&self, path: &str, value: &Value) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Object(members) => match single_member(members) {
                Some(("Ref", argument)) => self.resolve_ref(path, argument),
                Some((name, argument)) if name.starts_with("Fn::") => {
                    self.call(path, name, argument).map(Some)
                }
                _ => self.resolve_members(path, members).map(Some),
            },
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    resolved.extend(self.resolve(&format!("{path}[{index}]"), item)?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    fn resolve_members(&self, path: &str, members: &Map<String, Value>) -> Result<Value, TemplateError> {
        let mut resolved = Map::new();
        for (name, member) in members {
            if let Some(member) = self.resolve(&format!("{path}.{name}"), member)? {
                resolved.insert(name.clone(), member);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn resolve_ref(&self, path: &str, argument: &Value) -> Result<Option<Value>, TemplateError> {
        match argument.as_str() {
            Some("AWS::NoValue") => Ok(None),
            Some(name) => self.lookup(path, name).map(Some),
            None => Err(TemplateError::value(path, "the name of a resource or parameter in Ref", argument)),
        }
    }

    /// What `Ref` returns for a pseudo parameter, a parameter or a resource.
    fn lookup(&self, path: &str, name: &str) -> Result<Value, TemplateError> {
        let account = self.account;
        let text = match name {
            "AWS::Region" => account.region.clone(),
            "AWS::AccountId" => account.id.clone(),
            "AWS::Partition" => account.partition.clone(),
            "AWS::URLSuffix" => account.url_suffix().to_owned(),
            "AWS::StackName" => self.stack_name.to_owned(),
            "AWS::StackId" => account.arn("cloudformation", &format!("stack/{}/local", self.stack_name)),
            _ => {
                if let Some(value) = self.parameters.get(name) {
                    return Ok(value.clone());
                }
                let physical_name = self.physical_name(path, name)?;
                names::reference(self.resource_type(name), &physical_name, account)
            }
        };
        Ok(Value::String(text))
    }

    fn call(&self, path: &str, name: &str, argument: &Value) -> Result<Value, TemplateError> {
        let path = format!("{path}.{name}");
        match name {
            "Fn::GetAtt" => self.get_attribute(&path, argument),
            "Fn::Sub" => self.substitute(&path, argument),
            "Fn::Join" => {
                let (delimiter, list) = self.text_and_list(&path, argument)?;
                Ok(Value::String(list.join(&delimiter)))
            }
            "Fn::Split" => match argument.as_array().map(Vec::as_slice) {
                Some([delimiter, source]) => {
                    let (delimiter, source) = (self.text(&path, delimiter)?, self.text(&path, source)?);
                    if delimiter.is_empty() {
                        return Err(TemplateError::value(
                            path.as_str(),
                            "a delimiter that is not empty",
                            argument,
                        ));
                    }
                    Ok(source.split(delimiter.as_str()).collect())
                }
                _ => Err(TemplateError::value(path.as_str(), "[delimiter, text]", argument)),
            },
            "Fn::Select" => {
                let (index, list) = self.text_and_list(&path, argument)?;
                let selected = index.parse::<usize>().ok().and_then(|index| list.get(index));
                selected.cloned().map(Value::String).ok_or_else(|| {
                    TemplateError::value(
                        path.as_str(),
                        format!("an index below {}", list.len()),
                        &Value::String(index),
                    )
                })
            }
            _ => Err(TemplateError::Intrinsic { path, name: name.to_owned() }),
        }
    }

    fn get_attribute(&self, path: &str, argument: &Value) -> Result<Value, TemplateError> {
        let (logical_id, attribute) = match argument {
            Value::String(text) => text.split_once('.'),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(logical_id), Value::String(attribute)] => Some((&**logical_id, &**attribute)),
                _ => None,
            },
            _ => None,
        }
        .ok_or_else(|| TemplateError::value(path, "[logical id, attribute]", argument))?;
        self.attribute(path, logical_id, attribute).map(Value::String)
    }

    fn attribute(&self, path: &str, logical_id: &str, attribute: &str) -> Result<String, TemplateError> {
        let name = self.physical_name(path, logical_id)?;
        names::attribute(self.resource_type(logical_id), &name, attribute, self.account).ok_or_else(|| {
            TemplateError::Reference {
                path: path.to_owned(),
                target: format!(
                    "attribute {attribute} of {logical_id} ({}) that local-aws knows",
                    self.resource_type(logical_id)
                ),
            }
        })
    }

    /// Both forms of Fn::Sub: a text, or a text with variables of its own.
    fn substitute(&self, path: &str, argument: &Value) -> Result<Value, TemplateError> {
        let (text, variables) = match argument {
            Value::String(text) => (text, None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(variables)] => (text, Some(variables)),
                _ => return Err(TemplateError::value(path, "[text, {variable: value}]", argument)),
            },
            _ => return Err(TemplateError::value(path, "a text, or [text, {variable: value}]", argument)),
        };
        let mut result = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after
                .split_once('}')
                .ok_or_else(|| TemplateError::value(path, "a closing } after ${", argument))?;
            result.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                // `${!Literal}` is how Fn::Sub writes `${Literal}`.
                result.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = variables.and_then(|variables| variables.get(name)) {
                result.push_str(&self.text(path, value)?);
            } else if let Some((logical_id, attribute)) = name.split_once('.') {
                result.push_str(&self.attribute(path, logical_id, attribute)?);
            } else {
                let value = self.lookup(path, name)?;
                result.push_str(value.as_str().ok_or_else(|| TemplateError::value(path, "a text", &value))?);
            }
            rest = tail;
        }
        result.push_str(rest);
        Ok(Value::String(result))
    }

    fn text(&self, path: &str, value: &Value) -> Result<String, TemplateError> {
        match self.resolve(path, value)? {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            other => Err(TemplateError::value(path, "a text", &other.unwrap_or_default())),
        }
    }

    /// The arguments of Fn::Join and Fn::Select: a text, and a list of texts or something that resolves to one.
    fn text_and_list(&self, path: &str, argument: &Value) -> Result<(String, Vec<String>), TemplateError> {
        let Some([first, list]) = argument.as_array().map(Vec::as_slice) else {
            return Err(TemplateError::value(path, "two arguments", argument));
        };
        let Some(Value::Array(items)) = self.resolve(path, list)? else {
            return Err(TemplateError::value(path, "a list as the second argument", list));
        };
        let items = items.iter().map(|item| self.text(path, item)).collect::<Result<_, _>>()?;
        Ok((self.text(path, first)?, items))
    }
}

fn single_member(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut members = members.iter();
    match (members.next(), members.next()) {
        (Some((name, value)), None) => Some((name, value)),
        _ => None,
    }
}
