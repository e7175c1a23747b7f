//! JUnit's XML, in the forms that test runners write it.

use super::test_case::{TestCase, TestStatus, cut_message};
use super::xml::{Element, Node, Nodes, XmlError};

/// The longest time that a test is believed to take, in seconds: more does not fit into nanoseconds.
const LONGEST_SECONDS: f64 = 9e9;

/// The open elements, as far as they matter.
enum Open {
    Suites,
    Suite(Option<String>),
    Case(Case),
    Outcome(Outcome),
    Other,
}

/// A test that is being read.
struct Case {
    suite: Option<String>,
    prefix: String,
    name: String,
    nanoseconds: i64,
    outcomes: Vec<Outcome>,
}

/// A `failure`, an `error` or a `skipped` of a test.
struct Outcome {
    status: TestStatus,
    /// Its attribute `message`.
    message: String,
    text: String,
}

/// Reads the tests of one file.
pub(super) fn read(text: &str, file: &str) -> Result<Vec<TestCase>, XmlError> {
    let mut nodes = Nodes::new(text);
    let mut open: Vec<Open> = Vec::new();
    let mut cases = Vec::new();
    while let Some(node) = nodes.next()? {
        match node {
            Node::Open(element) => {
                let opened = open_element(&nodes, &open, &element)?;
                open.push(opened);
            }
            Node::Text(text) => {
                if let Some(Open::Outcome(outcome)) = open.last_mut() {
                    outcome.text.push_str(&text);
                }
            }
            Node::Close => match open.pop() {
                Some(Open::Outcome(outcome)) => {
                    if let Some(Open::Case(case)) = open.last_mut() {
                        case.outcomes.push(outcome);
                    }
                }
                Some(Open::Case(case)) => cases.push(case.finish(file)),
                _ => {}
            },
        }
    }
    Ok(cases)
}

fn open_element(nodes: &Nodes<'_>, open: &[Open], element: &Element<'_>) -> Result<Open, XmlError> {
    let attribute = |name: &str| nodes.attribute(element, name);
    Ok(match (open.last(), element.name().as_str()) {
        (None, "testsuites") => Open::Suites,
        (None | Some(Open::Suites | Open::Suite(_)), "testsuite") => Open::Suite(attribute("name")?),
        (None, other) => {
            return Err(
                nodes.error(format!("its root element is <{other}>; JUnit's is <testsuites> or <testsuite>"))
            );
        }
        (Some(Open::Suites | Open::Suite(_)), "testcase") => {
            let suite = open.iter().rev().find_map(|outer| match outer {
                Open::Suite(name) => name.clone(),
                _ => None,
            });
            let mut case = Case {
                suite,
                prefix: attribute("classname")?.unwrap_or_default(),
                name: attribute("name")?.unwrap_or_default(),
                nanoseconds: attribute("time")?.map_or(0, |time| nanoseconds(&time)),
                outcomes: Vec::new(),
            };
            // Some runners have no <skipped>.
            if matches!(attribute("status")?.as_deref(), Some("notrun" | "skipped" | "disabled")) {
                case.outcomes.push(Outcome::new(TestStatus::Skipped, String::new()));
            }
            Open::Case(case)
        }
        (Some(Open::Case(_)), name @ ("failure" | "error" | "skipped")) => {
            let status = match name {
                "failure" => TestStatus::Failed,
                "error" => TestStatus::Error,
                _ => TestStatus::Skipped,
            };
            Open::Outcome(Outcome::new(status, attribute("message")?.unwrap_or_default()))
        }
        // <properties>, <system-out>, <flakyFailure> of a test that succeeded later, and whatever else there is.
        _ => Open::Other,
    })
}

impl Case {
    /// An error counts more than a failure, and a failure more than a skip.
    fn finish(self, file: &str) -> TestCase {
        let status = [TestStatus::Error, TestStatus::Failed, TestStatus::Skipped]
            .into_iter()
            .find(|status| self.outcomes.iter().any(|outcome| outcome.status == *status))
            .unwrap_or(TestStatus::Succeeded);
        let of_status = self.outcomes.into_iter().filter(|outcome| outcome.status == status);
        let messages: Vec<_> =
            of_status.map(Outcome::into_message).filter(|message| !message.is_empty()).collect();
        TestCase {
            file: file.to_owned(),
            suite: self.suite,
            prefix: self.prefix,
            name: self.name,
            status,
            nanoseconds: self.nanoseconds,
            message: cut_message(messages.join("\n")),
        }
    }
}

impl Outcome {
    fn new(status: TestStatus, message: String) -> Self {
        Self { status, message, text: String::new() }
    }

    /// The attribute `message` and the text. Many runners repeat the one in the other.
    fn into_message(self) -> String {
        let (message, text) = (self.message.trim_end(), self.text.trim_matches(['\r', '\n']).trim_end());
        // An attribute has spaces where its text had line ends.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words(text).contains(&words(message)) {
            return text.to_owned();
        }
        if text.is_empty() { message.to_owned() } else { format!("{message}\n{text}") }
    }
}

/// Seconds as runners write them: `0.001`, `1.2e-05`, `1,234.567`, `0,5`. What is no time is none.
fn nanoseconds(time: &str) -> i64 {
    let time = time.trim();
    let is_thousands = time.contains('.') || time.matches(',').count() > 1;
    let seconds = time.replace(',', if is_thousands { "" } else { "." }).parse::<f64>();
    let seconds = seconds.ok().filter(|seconds| seconds.is_finite()).unwrap_or_default();
    (seconds.clamp(0.0, LONGEST_SECONDS) * 1e9).round() as i64
}

#[cfg(test)]
mod tests;
