//! What is done to a document.
//!
//! Most mutations change its tree, so that what comes of it is still an event, nearly; some change its text, so that it is
//! JSON no longer. Places are drawn as [`Index`], which means a place in any document: so a mutation keeps its meaning when
//! the others are left out, and a finding can be made small.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::corpus::Document;
use crate::odd::{any_raw_text, any_value};

/// The most elements that a list grows to.
const MOST_REPETITIONS: usize = 2000;

/// The most bytes that a text grows to by being repeated: EventBridge takes no event of more than 256 KB.
const LONGEST_TEXT: usize = 250_000;

/// One change. `at` is a place among all values of the document, in the order of the text.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    /// A member or element goes.
    Remove { at: Index },
    /// A value becomes another one.
    Replace { at: Index, value: Value },
    /// A value becomes that of another place in the document.
    Copy { from: Index, at: Index },
    /// A value becomes one of another document.
    Splice { document: Index, from: Index, at: Index },
    /// A member is called otherwise.
    Rename { at: Index, name: String },
    /// A value becomes the only element of a list, or the only member of an object.
    Wrap { at: Index, in_list: bool },
    /// An object gets a member, a list an element.
    Insert { at: Index, name: String, value: Value },
    /// A text or a list is repeated.
    Repeat { at: Index, times: usize },
    /// A text gets characters in its midst.
    Spoil { at: Index, position: Index, characters: String },
    /// A value becomes a text that may be no JSON.
    Raw { at: Index, text: String },
    /// The document's text ends early.
    Cut { position: Index },
    /// A byte of the document's text becomes another one.
    Flip { position: Index, byte: u8 },
}

pub(crate) fn any_mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        4 => at().prop_map(|at| Mutation::Remove { at }),
        8 => (at(), any_value()).prop_map(|(at, value)| Mutation::Replace { at, value }),
        3 => (at(), at()).prop_map(|(from, at)| Mutation::Copy { from, at }),
        3 => (at(), at(), at()).prop_map(|(document, from, at)| Mutation::Splice { document, from, at }),
        2 => (at(), any_name()).prop_map(|(at, name)| Mutation::Rename { at, name }),
        2 => (at(), any::<bool>()).prop_map(|(at, in_list)| Mutation::Wrap { at, in_list }),
        3 => (at(), any_name(), any_value()).prop_map(|(at, name, value)| Mutation::Insert { at, name, value }),
        2 => (at(), any_count()).prop_map(|(at, times)| Mutation::Repeat { at, times }),
        4 => (at(), at(), ".{1,3}").prop_map(|(at, position, characters)| {
            Mutation::Spoil { at, position, characters }
        }),
        2 => (at(), any_raw_text()).prop_map(|(at, text)| Mutation::Raw { at, text }),
        1 => at().prop_map(|position| Mutation::Cut { position }),
        1 => (at(), any::<u8>()).prop_map(|(position, byte)| Mutation::Flip { position, byte }),
    ]
}

/// Seldom a large number, because large inputs take longest.
fn any_count() -> impl Strategy<Value = usize> {
    prop_oneof![15 => 2..20_usize, 1 => 20..=MOST_REPETITIONS]
}

/// Names that the functions look for, and others.
fn any_name() -> impl Strategy<Value = String> {
    let known = [
        "detail",
        "detail-type",
        "time",
        "event",
        "pullRequestId",
        "repositoryNames",
        "sourceCommit",
        "isMerged",
        "build-id",
        "build-status",
        "additional-information",
        "environment",
        "environment-variables",
        "name",
        "value",
        "",
        "__proto__",
    ];
    prop_oneof![3 => select(known.map(str::to_owned).to_vec()), 1 => any::<String>()]
}

/// What comes of `text` by the mutations: first those of the tree, if it is one, then those of the text.
pub(crate) fn apply(mutations: &[Mutation], text: &[u8], corpus: &[Document]) -> Vec<u8> {
    let mut bytes = match serde_json::from_slice(text) {
        Ok(mut tree) => {
            let mut raw = Vec::new();
            for mutation in mutations {
                change_tree(&mut tree, mutation, corpus, &mut raw);
            }
            write_tree(&tree, &raw).into_bytes()
        }
        Err(_) => text.to_vec(),
    };
    for mutation in mutations {
        change_text(&mut bytes, mutation);
    }
    bytes
}

/// What stands in the tree for a raw text, until it is written.
fn placeholder(index: usize) -> String {
    format!("@raw text {index}@")
}

fn write_tree(tree: &Value, raw: &[String]) -> String {
    raw.iter().enumerate().fold(tree.to_string(), |text, (index, raw)| {
        text.replace(&format!("\"{}\"", placeholder(index)), raw)
    })
}

fn change_tree(tree: &mut Value, mutation: &Mutation, corpus: &[Document], raw: &mut Vec<String>) {
    match mutation {
        Mutation::Remove { at } => drop(take_out(tree, at)),
        Mutation::Replace { at, value } => change(tree, at, |found| *found = value.clone()),
        Mutation::Copy { from, at } => {
            let copied = tree.pointer(&choose(tree, from)).cloned().unwrap_or_default();
            change(tree, at, |found| *found = copied);
        }
        Mutation::Splice { document, from, at } => {
            let other: Value = serde_json::from_slice(&document.get(corpus).text).unwrap_or_default();
            let copied = other.pointer(&choose(&other, from)).cloned().unwrap_or_default();
            change(tree, at, |found| *found = copied);
        }
        Mutation::Rename { at, name } => {
            if let Some((Value::Object(members), value)) = take_out(tree, at) {
                members.insert(name.clone(), value);
            }
        }
        Mutation::Wrap { at, in_list } => change(tree, at, |found| {
            let wrapped = found.take();
            *found = if *in_list { json!([wrapped]) } else { json!({ "value": wrapped }) };
        }),
        Mutation::Insert { at, name, value } => change(tree, at, |found| match found {
            Value::Object(members) => drop(members.insert(name.clone(), value.clone())),
            Value::Array(elements) => elements.push(value.clone()),
            other => *other = json!({ name: value }),
        }),
        Mutation::Repeat { at, times } => change(tree, at, |found| match found {
            Value::String(text) => *text = text.repeat((*times).min(LONGEST_TEXT / text.len().max(1))),
            Value::Array(elements) => {
                let wanted = (elements.len() * times).min(MOST_REPETITIONS);
                *elements = elements.iter().cycle().take(wanted).cloned().collect();
            }
            _ => {}
        }),
        Mutation::Spoil { at, position, characters } => change(tree, at, |found| {
            if let Value::String(text) = found {
                let ends: Vec<usize> = text.char_indices().map(|(end, _)| end).chain([text.len()]).collect();
                text.insert_str(*position.get(&ends), characters);
            }
        }),
        Mutation::Raw { at, text } => {
            change(tree, at, |found| *found = Value::from(placeholder(raw.len())));
            raw.push(text.clone());
        }
        Mutation::Cut { .. } | Mutation::Flip { .. } => {}
    }
}

fn change_text(bytes: &mut Vec<u8>, mutation: &Mutation) {
    match mutation {
        _ if bytes.is_empty() => {}
        Mutation::Cut { position } => bytes.truncate(position.index(bytes.len())),
        Mutation::Flip { position, byte } => *position.get_mut(bytes) = *byte,
        _ => {}
    }
}

/// The JSON pointer of a place among all, the root included.
fn choose(tree: &Value, at: &Index) -> String {
    let mut places = Vec::new();
    collect_places(tree, String::new(), &mut places);
    at.get(&places).clone()
}

fn collect_places(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            places.push(place.clone());
            for (name, child) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect_places(child, format!("{place}/{name}"), places);
            }
        }
        Value::Array(elements) => {
            places.push(place.clone());
            for (index, child) in elements.iter().enumerate() {
                collect_places(child, format!("{place}/{index}"), places);
            }
        }
        _ => places.push(place),
    }
}

/// Changes the value at a place.
fn change(tree: &mut Value, at: &Index, change: impl FnOnce(&mut Value)) {
    let place = choose(tree, at);
    // Each place that can be chosen is there.
    if let Some(value) = tree.pointer_mut(&place) {
        change(value);
    }
}

/// Takes a member or an element out of what holds it, and returns that, too. Nothing holds the root.
fn take_out<'t>(tree: &'t mut Value, at: &Index) -> Option<(&'t mut Value, Value)> {
    let place = choose(tree, at);
    let (holder, last) = place.rsplit_once('/')?;
    let holder = tree.pointer_mut(holder)?;
    let value = match holder {
        Value::Object(members) => members.remove(&last.replace("~1", "/").replace("~0", "~"))?,
        Value::Array(elements) => elements.remove(last.parse().ok()?),
        _ => return None,
    };
    Some((holder, value))
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree;

    use super::*;

    /// What comes of `text` by a mutation at each of its places.
    #[track_caller]
    fn check(text: &str, mutate: impl Fn(Index) -> Mutation, expected: &[&str]) {
        let runner = &mut proptest::test_runner::TestRunner::deterministic();
        let seen: std::collections::BTreeSet<String> = (0..500)
            .map(|_| {
                let at = any::<Index>().new_tree(runner).unwrap().current();
                String::from_utf8(apply(&[mutate(at)], text.as_bytes(), &[])).unwrap()
            })
            .collect();
        assert_eq!(seen, expected.iter().map(|&text| text.to_owned()).collect());
    }

    #[test]
    fn every_place_is_mutated() {
        const TEXT: &str = r#"{"a":["b",1],"c":2}"#;
        check(
            TEXT,
            |at| Mutation::Remove { at },
            &[TEXT, r#"{"c":2}"#, r#"{"a":[1],"c":2}"#, r#"{"a":["b"],"c":2}"#, r#"{"a":["b",1]}"#],
        );
        check(
            TEXT,
            |at| Mutation::Raw { at, text: "1e999".to_owned() },
            &[
                "1e999",
                r#"{"a":1e999,"c":2}"#,
                r#"{"a":[1e999,1],"c":2}"#,
                r#"{"a":["b",1e999],"c":2}"#,
                r#"{"a":["b",1],"c":1e999}"#,
            ],
        );
        check(
            TEXT,
            |at| Mutation::Repeat { at, times: 2 },
            &[TEXT, r#"{"a":["b",1,"b",1],"c":2}"#, r#"{"a":["bb",1],"c":2}"#],
        );
        check(
            TEXT,
            |at| Mutation::Rename { at, name: "z".to_owned() },
            &[
                TEXT,
                r#"{"c":2,"z":["b",1]}"#,
                r#"{"a":["b",1],"z":2}"#,
                r#"{"a":[1],"c":2}"#,
                r#"{"a":["b"],"c":2}"#,
            ],
        );
    }

    #[test]
    fn a_text_is_cut_at_every_byte() {
        let expected = ["", "[", "[1"];
        check("[1]", |position| Mutation::Cut { position }, &expected);
    }
}
