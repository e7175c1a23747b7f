//! From a pattern's JSON to fields and matchers, with AWS's own errors.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::matcher::{Comparison, Matcher, Network, TextMatcher, Wildcard};
use super::{Field, InvalidEventPattern};

type Compiled<T> = Result<T, InvalidEventPattern>;

/// Numbers are compared within these bounds (Event Ruler).
const LARGEST_NUMBER: f64 = 5_000_000_000.0;

/// `$or` multiplies; more alternatives than this are refused (EventBridge user guide, "Or matching").
const ALTERNATIVE_LIMIT: usize = 1000;

pub(super) fn compile(pattern: &Value) -> Compiled<Vec<Vec<Field>>> {
    match pattern {
        Value::Object(members) => compile_object("", members),
        _ => invalid("Filter is not an object"),
    }
}

/// The alternatives of an object: every combination of its members'.
fn compile_object(path: &str, members: &Map<String, Value>) -> Compiled<Vec<Vec<Field>>> {
    if members.is_empty() {
        return invalid("Empty objects are not allowed");
    }
    let mut alternatives: Vec<Vec<Field>> = vec![Vec::new()];
    for (name, member) in members {
        let member_path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let choices = match member {
            Value::Array(branches) if name == "$or" => compile_or(path, branches)?,
            Value::Object(members) => compile_object(&member_path, members)?,
            Value::Array(entries) if entries.is_empty() => return invalid("Empty arrays are not allowed"),
            Value::Array(entries) => {
                let matchers = entries.iter().map(compile_entry).collect::<Compiled<_>>()?;
                vec![vec![Field { path: member_path, matchers }]]
            }
            _ => return invalid(format!("\"{name}\" must be an object or an array")),
        };
        if alternatives.len() * choices.len() > ALTERNATIVE_LIMIT {
            return invalid(format!("$or makes more than {ALTERNATIVE_LIMIT} combinations"));
        }
        alternatives = alternatives
            .iter()
            .flat_map(|fields| choices.iter().map(|choice| [fields.as_slice(), choice].concat()))
            .collect();
    }
    Ok(alternatives)
}

fn compile_or(path: &str, branches: &[Value]) -> Compiled<Vec<Vec<Field>>> {
    if branches.len() < 2 {
        return invalid("$or must be an array of at least two objects");
    }
    let mut alternatives = Vec::new();
    for branch in branches {
        let Value::Object(members) = branch else {
            return invalid("$or must be an array of at least two objects");
        };
        alternatives.extend(compile_object(path, members)?);
    }
    Ok(alternatives)
}

fn compile_entry(entry: &Value) -> Compiled<Matcher> {
    match entry {
        Value::Object(members) => {
            let mut members = members.iter();
            match (members.next(), members.next()) {
                (Some((operator, argument)), None) => compile_operator(operator, argument),
                _ => invalid("Only one key allowed in match expression"),
            }
        }
        Value::Array(_) => invalid("Match value must be String, number, true, false, or null"),
        Value::Number(_) => Ok(Matcher::Number(number(entry)?)),
        literal => Ok(Matcher::Literal(literal.clone())),
    }
}

fn compile_operator(operator: &str, argument: &Value) -> Compiled<Matcher> {
    match operator {
        "prefix" | "suffix" | "equals-ignore-case" | "wildcard" => {
            compile_text(operator, argument).map(Matcher::Text)
        }
        "anything-but" => compile_anything_but(argument),
        "exists" => match argument {
            Value::Bool(exists) => Ok(Matcher::Exists(*exists)),
            _ => invalid("exists match pattern must be either true or false."),
        },
        "numeric" => match argument {
            Value::Array(terms) => compile_numeric(terms),
            _ => invalid("Value of numeric must be an array."),
        },
        "cidr" => match argument {
            Value::String(text) => compile_cidr(text),
            _ => invalid("prefix match pattern must be a string"),
        },
        other => invalid(format!("Unrecognized match type {other}")),
    }
}

fn compile_text(operator: &str, argument: &Value) -> Compiled<TextMatcher> {
    let (text, ignore_case) = match (operator, argument) {
        (_, Value::String(text)) => (text.clone(), false),
        // `{"prefix": {"equals-ignore-case": "x"}}`.
        ("prefix" | "suffix", Value::Object(members)) => match members.iter().next() {
            Some((name, Value::String(text))) if name == "equals-ignore-case" && members.len() == 1 => {
                (text.clone(), true)
            }
            _ => return invalid(format!("{operator} match pattern must be a string")),
        },
        _ => return invalid(format!("{operator} match pattern must be a string")),
    };
    Ok(match operator {
        "prefix" => TextMatcher::Prefix { prefix: text, ignore_case },
        "suffix" => TextMatcher::Suffix { suffix: text, ignore_case },
        "wildcard" => TextMatcher::Wildcard(compile_wildcard(&text)?),
        _ => TextMatcher::EqualsIgnoreCase(text),
    })
}

/// A star stands for any characters; `\*` and `\\` are the characters themselves. Positions in errors count from 0.
fn compile_wildcard(pattern: &str) -> Compiled<Wildcard> {
    let mut parts = vec![String::new()];
    let mut add = |character: Option<char>| match (character, parts.last_mut()) {
        (Some(character), Some(part)) => part.push(character),
        _ => parts.push(String::new()),
    };
    let mut after_star = false;
    let mut characters = pattern.chars().enumerate();
    while let Some((index, character)) = characters.next() {
        match character {
            '*' if after_star => return invalid(format!("Consecutive wildcard characters at pos {index}")),
            '*' => add(None),
            '\\' => match characters.next() {
                Some((_, escaped @ ('*' | '\\'))) => add(Some(escaped)),
                _ => return invalid(format!("Invalid escape character at pos {}", index + 1)),
            },
            plain => add(Some(plain)),
        }
        after_star = character == '*';
    }
    Ok(Wildcard { parts })
}

fn compile_anything_but(argument: &Value) -> Compiled<Matcher> {
    let matchers = match argument {
        Value::String(_) | Value::Number(_) => vec![compile_entry(argument)?],
        Value::Array(values) if values.is_empty() => return invalid("Empty arrays are not allowed"),
        Value::Array(values) => {
            if !values.iter().all(|value| value.is_string() || value.is_number()) {
                return invalid("Inside anything but list, start|null|boolean is not supported.");
            }
            if values.iter().any(Value::is_string) && values.iter().any(Value::is_number) {
                return invalid(
                    "Inside anything but list, either all values are number or string, mixed type is not supported",
                );
            }
            values.iter().map(compile_entry).collect::<Compiled<_>>()?
        }
        Value::Object(members) => {
            let mut members = members.iter();
            match (members.next(), members.next()) {
                (Some((operator, argument)), None) => compile_anything_but_text(operator, argument)?,
                _ => return invalid("Only one key allowed in match expression"),
            }
        }
        _ => return invalid("Value of anything-but must be an array or single string/number value."),
    };
    Ok(Matcher::AnythingBut(matchers))
}

/// Prefix, suffix, wildcard or equals-ignore-case inside anything-but: of one text or of a list.
fn compile_anything_but_text(operator: &str, argument: &Value) -> Compiled<Vec<Matcher>> {
    let one = std::slice::from_ref(argument);
    let texts = match argument {
        Value::Array(texts) => texts.as_slice(),
        _ => one,
    };
    if !matches!(operator, "prefix" | "suffix" | "equals-ignore-case" | "wildcard") {
        return invalid(format!("Unsupported anything-but pattern: {operator}"));
    }
    if texts.is_empty() {
        return invalid("Empty arrays are not allowed");
    }
    texts
        .iter()
        .map(|text| match (operator, text) {
            ("prefix" | "suffix", Value::String(text)) if text.is_empty() => {
                invalid("Null prefix/suffix not allowed")
            }
            (_, Value::String(_)) => compile_text(operator, text).map(Matcher::Text),
            ("equals-ignore-case", _) => invalid(
                "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
            ),
            ("wildcard", _) => invalid("wildcard match pattern must be a string"),
            _ => invalid("prefix/suffix match pattern must be a string"),
        })
        .collect()
}

/// `["=", 5]`, or one or two bounds such as `[">", 0, "<=", 5]`.
fn compile_numeric(terms: &[Value]) -> Compiled<Matcher> {
    let mut comparisons = Vec::new();
    for pair in terms.chunks(2) {
        let comparison = match &pair[0] {
            Value::String(operator) => match operator.as_str() {
                "=" => Comparison::Equal,
                "<" => Comparison::Less,
                "<=" => Comparison::LessOrEqual,
                ">" => Comparison::Greater,
                ">=" => Comparison::GreaterOrEqual,
                other => return invalid(format!("Unrecognized numeric range operator: {other}")),
            },
            _ => return invalid("Invalid member in numeric match: must be a string"),
        };
        let Some(bound @ Value::Number(_)) = pair.get(1) else {
            return invalid(format!("Value of {} must be numeric", pair[0].as_str().unwrap_or_default()));
        };
        comparisons.push((comparison, number(bound)?));
    }
    let is_lower = |comparison| matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual);
    match comparisons.as_slice() {
        [_] => {}
        [(Comparison::Equal, _), ..] | [_, (Comparison::Equal, _), ..] | [_, _, _, ..] | [] => {
            return invalid("Bad numeric range: one comparison, or a lower and an upper bound");
        }
        [(first, a), (second, b)] => {
            if is_lower(*first) == is_lower(*second) {
                return invalid("Bad numeric range: one comparison, or a lower and an upper bound");
            }
            let (bottom, top) = if is_lower(*first) { (a, b) } else { (b, a) };
            if bottom >= top {
                return invalid("Bottom must be less than top");
            }
        }
    }
    Ok(Matcher::Numeric(comparisons))
}

fn number(value: &Value) -> Compiled<f64> {
    match value.as_f64().filter(|number| number.abs() <= LARGEST_NUMBER) {
        Some(number) => Ok(number),
        None => invalid(format!("Value must be between -5.0E9 and 5.0E9, inclusive: {value}")),
    }
}

fn compile_cidr(text: &str) -> Compiled<Matcher> {
    let Some((address, mask)) = text.split_once('/') else {
        return invalid("Malformed CIDR, one '/' required");
    };
    let Ok(mask_bits) = mask.parse::<u32>() else {
        return invalid("Malformed CIDR, mask bits must be an integer");
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return invalid(format!("Nonstandard IP address: {address}"));
    };
    if mask_bits > if address.is_ipv4() { 32 } else { 128 } {
        return invalid("Malformed CIDR, mask bits must be within the address");
    }
    Ok(Matcher::Cidr(Network { address, mask_bits }))
}

fn invalid<T>(reason: impl Into<String>) -> Compiled<T> {
    Err(InvalidEventPattern(reason.into()))
}
