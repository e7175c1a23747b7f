//! What comes of each document of the corpus, in words.

use std::collections::BTreeSet;

use event_fuzzer::{Function, Handled, Scene, read_corpus};

#[test]
fn each_document_comes_to_what_it_came_to_before() {
    let mut told = String::new();
    for document in read_corpus().unwrap() {
        told += &format!("{}\n", document.name);
        for function in Function::ALL {
            let outcome = match function.handle(&document.text, &Scene::default()) {
                Handled::Unreadable(reason) => format!("unreadable: {reason}"),
                Handled::Refused(reason) => format!("refused: {reason}"),
                Handled::Ignored(reason) => format!("nothing to do: {reason}"),
                Handled::Acted { outcome, calls, .. } => format!("{outcome}, in {} calls", calls.len()),
            };
            told += &format!("  {}: {outcome}\n", function.name());
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn each_oddity_has_a_line_that_says_what_it_is() {
    let lines = include_str!("../corpus/README.md").lines();
    let named: BTreeSet<String> = lines
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, _)| format!("corpus/{name}"))
        .collect();
    let corpus = read_corpus().unwrap().into_iter().map(|document| document.name);
    assert_eq!(named, corpus.filter(|name| name.starts_with("corpus/")).collect());
}
