//! Cobertura's XML: which lines and branches of which files ran.

use std::collections::BTreeMap;

use super::coverage::{Line, SourceLines};
use super::xml::{Element, Node, Nodes, XmlError};

/// What one file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// The folders that names of files are relative to.
    pub sources: Vec<String>,
    /// By name, as the file has it. Several classes of one file are one.
    pub files: BTreeMap<String, SourceLines>,
}

/// The open elements, as far as they matter.
enum Open {
    Coverage,
    Source(String),
    Class(String),
    Other,
}

/// Reads one file.
pub(super) fn read(text: &str) -> Result<Document, XmlError> {
    let mut nodes = Nodes::new(text);
    let mut open: Vec<Open> = Vec::new();
    let mut document = Document::default();
    while let Some(node) = nodes.next()? {
        match node {
            Node::Open(element) => {
                let opened = open_element(&nodes, &open, &element, &mut document)?;
                open.push(opened);
            }
            Node::Text(text) => {
                if let Some(Open::Source(source)) = open.last_mut() {
                    source.push_str(&text);
                }
            }
            Node::Close => {
                if let Some(Open::Source(source)) = open.pop() {
                    document.sources.push(source.trim().to_owned());
                }
            }
        }
    }
    Ok(document)
}

fn open_element(
    nodes: &Nodes<'_>,
    open: &[Open],
    element: &Element<'_>,
    document: &mut Document,
) -> Result<Open, XmlError> {
    let attribute = |name: &str| nodes.attribute(element, name);
    Ok(match (open.is_empty(), element.name().as_str()) {
        (true, "coverage") => Open::Coverage,
        (true, other) => {
            return Err(nodes.error(format!("its root element is <{other}>; Cobertura's is <coverage>")));
        }
        (false, "source") => Open::Source(String::new()),
        (false, "class") => {
            let name = attribute("filename")?
                .filter(|name| !name.is_empty())
                .ok_or_else(|| nodes.error("a <class> has no filename".to_owned()))?;
            document.files.entry(name.clone()).or_default();
            Open::Class(name)
        }
        (false, "line") => {
            // Of the class itself or of one of its methods: a line that stands in both is one line.
            let class = open.iter().rev().find_map(|outer| match outer {
                Open::Class(name) => Some(name),
                _ => None,
            });
            let number = attribute("number")?.and_then(|number| number.trim().parse().ok());
            if let (Some(class), Some(number)) = (class, number) {
                let hits = attribute("hits")?.and_then(|hits| hits.trim().parse::<f64>().ok());
                let branches = attribute("condition-coverage")?.and_then(|text| branches(&text));
                let (branches_covered, branches) = branches.unwrap_or_default();
                let line = Line { covered: hits.is_some_and(|hits| hits > 0.0), branches_covered, branches };
                document.files.entry(class.clone()).or_default().add(number, line);
            }
            Open::Other
        }
        _ => Open::Other,
    })
}

/// The numbers of `50% (1/2)`: how many branches ran, and how many there are.
fn branches(condition_coverage: &str) -> Option<(u32, u32)> {
    let (_, fraction) = condition_coverage.split_once('(')?;
    let (covered, total) = fraction.split_once(')')?.0.split_once('/')?;
    let (covered, total) = (covered.trim().parse().ok()?, total.trim().parse().ok()?);
    (covered <= total).then_some((covered, total))
}

#[cfg(test)]
mod tests;
