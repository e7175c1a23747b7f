//! Reading a resource's properties, so that none is passed over without a word.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};

use super::TemplateError;

/// Resolved properties that are read one by one; what is left at the end is refused by name.
#[derive(Debug)]
pub(super) struct Properties {
    path: String,
    members: Map<String, Value>,
}

impl Properties {
    pub(super) fn new(path: String, value: Value) -> Result<Self, TemplateError> {
        match value {
            Value::Object(members) => Ok(Self { path, members }),
            other => Err(TemplateError::value(path, "an object", &other)),
        }
    }

    /// Where a property of these is, for an error.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    /// An error about a property's value.
    pub(super) fn wrong(&self, name: &str, expected: &str, found: &str) -> TemplateError {
        TemplateError::Value { path: self.path(name), expected: expected.to_owned(), found: found.to_owned() }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, TemplateError> {
        self.optional_text(name)?.ok_or_else(|| TemplateError::Missing { path: self.path(name) })
    }

    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, TemplateError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(TemplateError::value(self.path(name), "a text", &other)),
        }
    }

    /// Whether a property is a text, where it can be an object, too.
    pub(super) fn is_text(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(Value::is_string)
    }

    /// A text that has to be one of `allowed`; the first is the default.
    pub(super) fn one_of(&mut self, name: &str, allowed: &[&str]) -> Result<String, TemplateError> {
        let text = self.optional_text(name)?.unwrap_or_else(|| allowed[0].to_owned());
        if allowed.contains(&text.as_str()) {
            return Ok(text);
        }
        Err(self.wrong(name, &format!("{} (nothing else is modeled)", allowed.join(" or ")), &text))
    }

    /// A list of texts, or a single one, as policies write them.
    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, TemplateError> {
        texts(self.path(name), self.take(name))
    }

    /// A number within the service's limits. CloudFormation takes a number in quotation marks too.
    pub(super) fn number(
        &mut self,
        name: &str,
        limits: RangeInclusive<u32>,
    ) -> Result<Option<u32>, TemplateError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = match &value {
            Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match number.filter(|number| limits.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let expected = format!("a number from {} to {}", limits.start(), limits.end());
                Err(TemplateError::value(self.path(name), expected, &value))
            }
        }
    }

    pub(super) fn seconds(
        &mut self,
        name: &str,
        limits: RangeInclusive<u32>,
        default: u32,
    ) -> Result<Duration, TemplateError> {
        Ok(Duration::from_secs(self.number(name, limits)?.unwrap_or(default).into()))
    }

    pub(super) fn minutes(
        &mut self,
        name: &str,
        limits: RangeInclusive<u32>,
        default: u32,
    ) -> Result<Duration, TemplateError> {
        Ok(Duration::from_secs(60 * u64::from(self.number(name, limits)?.unwrap_or(default))))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, TemplateError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(other) => Err(TemplateError::value(self.path(name), "true or false", &other)),
        }
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Option<Properties>, TemplateError> {
        self.take(name).map(|value| Properties::new(self.path(name), value)).transpose()
    }

    pub(super) fn required_object(&mut self, name: &str) -> Result<Properties, TemplateError> {
        self.object(name)?.ok_or_else(|| TemplateError::Missing { path: self.path(name) })
    }

    /// A list of objects; an object alone is a list of one, as policies write their statements.
    pub(super) fn objects(&mut self, name: &str) -> Result<Vec<Properties>, TemplateError> {
        let items = match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => vec![other],
        };
        let path = self.path(name);
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| Properties::new(format!("{path}[{index}]"), item))
            .collect()
    }

    /// Removes properties without a local meaning.
    pub(super) fn pass_over(&mut self, names: &[&str]) {
        for name in names {
            self.members.remove(*name);
        }
    }

    /// All members that are left, with their names, each as text.
    pub(super) fn into_texts(self) -> Result<Vec<(String, Vec<String>)>, TemplateError> {
        let path = self.path;
        self.members
            .into_iter()
            .map(|(name, value)| {
                let texts = texts(format!("{path}.{name}"), Some(value))?;
                Ok((name, texts))
            })
            .collect()
    }

    /// Refuses what nobody has read.
    pub(super) fn finish(self) -> Result<(), TemplateError> {
        match self.members.keys().next() {
            Some(name) => Err(TemplateError::Property { path: self.path(name) }),
            None => Ok(()),
        }
    }
}

fn texts(path: String, value: Option<Value>) -> Result<Vec<String>, TemplateError> {
    let items = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(single) => vec![single],
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::String(text) => Ok(text),
            // Policies may write a flag or a number where a text is compared.
            Value::Bool(_) | Value::Number(_) => Ok(item.to_string()),
            other => Err(TemplateError::value(path.clone(), "a text", &other)),
        })
        .collect()
}
