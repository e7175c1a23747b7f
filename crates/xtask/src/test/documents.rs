//! Whether what the documents name exists: files and headings behind links, commands, scripts and settings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, ValueEnum};
use serde::Deserialize;

use super::step::StepName;
use crate::arguments::Arguments;
use crate::checkout::Checkout;
use crate::error::Error;

/// What commands in documents may name.
struct Known {
    /// The scripts of infra/package.json.
    scripts: BTreeSet<String>,
    /// The source that declares the settings, each as `readonly NAME?:`.
    settings: String,
}

#[derive(Deserialize)]
struct Manifest {
    scripts: std::collections::BTreeMap<String, String>,
}

/// An error that lists what the documents name and nobody finds, each with its place.
pub(crate) fn check(checkout: &Checkout) -> Result<(), Error> {
    let manifest: Manifest = serde_json::from_str(&read(&checkout.infra().join("package.json"))?)?;
    let known = Known {
        scripts: manifest.scripts.into_keys().collect(),
        settings: read(&checkout.infra().join("lib/settings.ts"))?,
    };
    let mut mistakes = Vec::new();
    for document in list_documents(checkout)? {
        let text = read(&checkout.root.join(&document))?;
        let found = find_wrong_commands(&text, &known);
        let found = found.into_iter().chain(find_wrong_links(&checkout.root.join(&document), &text)?);
        mistakes.extend(found.map(|(line, what)| format!("{}:{line}: {what}", document.display())));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Documents(mistakes.join("\n"))) }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::file(path))
}

/// The Markdown files that git knows or would know.
fn list_documents(checkout: &Checkout) -> Result<Vec<PathBuf>, Error> {
    let mut git = checkout.command("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "*.md"]);
    let output = git.output().map_err(|source| Error::not_started(&git, source))?;
    Error::check(&git, output.status)?;
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = names.split_terminator('\0').map(PathBuf::from);
    // A file that was deleted and is not yet committed is still listed.
    Ok(names.filter(|name| checkout.root.join(name).exists()).collect())
}

/// The lines of a document with their numbers, and whether each is in a fence.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let mut fenced = false;
    text.lines().enumerate().map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        (index + 1, line, fenced || is_fence)
    })
}

/// The words of each command in `line` that begins with `start`.
fn commands<'a>(line: &'a str, start: &'a str) -> impl Iterator<Item = Vec<&'a str>> {
    line.split(start).skip(1).map(|rest| {
        let end = rest.find(['`', '#', '|', ';', '&', ')']).unwrap_or(rest.len());
        rest[..end]
            .split_whitespace()
            .map(|word| word.trim_matches(['[', ']', ',', '.', '"', '\'']))
            .collect()
    })
}

fn find_wrong_commands(text: &str, known: &Known) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for (number, line, _) in lines(text) {
        let tasks = commands(line, "cargo xtask ").filter_map(|words| find_wrong_task(&words));
        let scripts = commands(line, "npm run ").filter_map(|words| {
            let name = words.into_iter().find(|word| !word.starts_with('-'))?;
            (!known.scripts.contains(name)).then(|| format!("infra/package.json has no script {name}"))
        });
        let settings = line.split("-c ").skip(1).filter_map(|rest| {
            let (name, _) = rest.split_once('=')?;
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
            let is_known = known.settings.contains(&format!("readonly {name}?:"));
            (is_name && !is_known).then(|| format!("there is no setting {name}"))
        });
        wrong.extend(tasks.chain(scripts).chain(settings).map(|what| (number, what)));
    }
    wrong
}

/// What is wrong with the words after `cargo xtask`. A word that ends in `…` stands for others.
fn find_wrong_task(words: &[&str]) -> Option<String> {
    let (task, rest) = words.split_first()?;
    if *task == "…" {
        return None;
    }
    let commands = Arguments::command();
    let Some(command) = commands.find_subcommand(task) else {
        return Some(format!("there is no `cargo xtask {task}`"));
    };
    for (index, word) in rest.iter().enumerate() {
        let Some(option) = word.strip_prefix("--") else { continue };
        if option != "help" && !command.get_arguments().any(|argument| argument.get_long() == Some(option)) {
            return Some(format!("`cargo xtask {task}` has no option --{option}"));
        }
        let step = rest.get(index + 1).filter(|_| option == "step");
        if let Some(step) = step.filter(|step| step.starts_with(|first: char| first.is_ascii_lowercase()))
            && StepName::from_str(step, false).is_err()
        {
            return Some(format!("there is no step {step}"));
        }
    }
    None
}

fn find_wrong_links(document: &Path, text: &str) -> Result<Vec<(usize, String)>, Error> {
    let mut wrong = Vec::new();
    for (number, target) in find_links(text) {
        let (path, heading) = target.split_once('#').unwrap_or((&target, ""));
        let file = document.with_file_name(path);
        if !path.is_empty() && !file.exists() {
            wrong.push((number, format!("{target} leads nowhere")));
        } else if !heading.is_empty() {
            let anchors = if path.is_empty() { headings(text) } else { headings(&read(&file)?) };
            if !anchors.contains(heading) {
                wrong.push((number, format!("{target} names no heading")));
            }
        }
    }
    Ok(wrong)
}

/// The targets of links into this repository, with their lines.
fn find_links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line, fenced) in lines(text) {
        if fenced {
            continue;
        }
        // Every other piece between backticks is code.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        let inline = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let definition = prose.starts_with('[').then(|| prose.split_once("]: ")).flatten();
        let targets = inline.chain(definition.map(|(_, target)| target.trim()));
        let own = targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
        links.extend(own.map(|target| (number, target.to_owned())));
    }
    links
}

/// The anchors of a document's headings, as GitHub makes them.
fn headings(text: &str) -> BTreeSet<String> {
    let headings = lines(text).filter(|(_, line, fenced)| !fenced && line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    };
    headings.map(|(_, line, _)| anchor(line.trim_start_matches('#').trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong_commands(text: &str) -> Vec<String> {
        let known = Known {
            scripts: BTreeSet::from(["template".to_owned()]),
            settings: "readonly name?: string;".to_owned(),
        };
        find_wrong_commands(text, &known).into_iter().map(|(line, what)| format!("{line}: {what}")).collect()
    }

    #[test]
    fn what_exists_may_be_named_in_every_way() {
        for text in [
            "Run `cargo xtask demo`, then `cargo xtask local [--port N]`.",
            "```\ncargo xtask test    # everything\n```",
            "| `cargo xtask test --step NAME…` | `cargo xtask …` |",
            "`cargo xtask test --step lints` compiles; `cargo xtask` does too",
            "`npm run template`, `npm run --silent template`",
            "npx cdk deploy -c name='a,b' -c NAME; git -c user.name=Ada",
        ] {
            assert_eq!(wrong_commands(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_does_not_exist_is_told_with_its_line() {
        for (text, expected) in [
            ("\n`cargo xtask deploy`", "2: there is no `cargo xtask deploy`"),
            ("`cargo xtask demo --fast`", "1: `cargo xtask demo` has no option --fast"),
            ("`cargo xtask test --step lint`", "1: there is no step lint"),
            ("`npm run synth`", "1: infra/package.json has no script synth"),
            ("npx cdk deploy -c names=a", "1: there is no setting names"),
        ] {
            assert_eq!(wrong_commands(text), [expected]);
        }
    }

    #[test]
    fn links_into_the_repository_are_found_and_code_is_left_alone() {
        let text = "See [a](doc/a.md#b) and [c](https://example.com), not `[d](d.md)`.\n```\n[e](e.md)\n```\n\n\
                    [f]: ../f.md\n[g]: https://example.com/g";
        assert_eq!(find_links(text), [(1, "doc/a.md#b".to_owned()), (6, "../f.md".to_owned())]);
    }

    #[test]
    fn a_link_needs_its_file_and_its_heading() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write =
            |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it is writable");
        write("a.md", "# Send an event, again: `now`\n```\n# not a heading\n```\n");
        let text = "[1](a.md) [2](a.md#send-an-event-again-now) [3](b.md) [4](a.md#not-a-heading) [5](#here)\n# Here\n";
        let wrong = find_wrong_links(&folder.path().join("readme.md"), text).expect("a.md can be read");
        let expected = [(1, "b.md leads nowhere"), (1, "a.md#not-a-heading names no heading")];
        assert_eq!(wrong, expected.map(|(line, what)| (line, what.to_owned())));
    }
}
