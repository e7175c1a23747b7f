//! Reading XML that a build wrote: one pass, no entities but XML's own five, and no endless nesting.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// How deep elements may be nested. Reports of real tools stay below ten.
const DEEPEST: usize = 100;

/// A document, from its beginning to its end.
pub(super) struct Nodes<'x> {
    text: &'x str,
    reader: Reader<&'x [u8]>,
    depth: usize,
    has_root: bool,
}

/// What comes next in a document.
pub(super) enum Node<'x> {
    Open(Element<'x>),
    /// A piece of text, its references resolved and its lines ending in `\n`. One text may come in several pieces.
    Text(String),
    Close,
}

/// The beginning of an element.
pub(super) struct Element<'x> {
    start: BytesStart<'x>,
}

/// Why a document cannot be read. The text fits behind a file's name and a colon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line})")]
pub(super) struct XmlError {
    message: String,
    line: usize,
}

impl<'x> Nodes<'x> {
    pub(super) fn new(text: &'x str) -> Self {
        let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        reader.config_mut().expand_empty_elements = true;
        Self { text, reader, depth: 0, has_root: false }
    }

    /// Nothing at the end of a document that is whole.
    pub(super) fn next(&mut self) -> Result<Option<Node<'x>>, XmlError> {
        loop {
            let event = self.reader.read_event().map_err(|error| self.broken(&error))?;
            match event {
                Event::Start(start) => {
                    self.depth += 1;
                    self.has_root = true;
                    if self.depth > DEEPEST {
                        return Err(self.error(format!("its elements are nested deeper than {DEEPEST}")));
                    }
                    return Ok(Some(Node::Open(Element { start })));
                }
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(Some(Node::Close));
                }
                Event::Text(text) if self.depth > 0 => {
                    return Ok(Some(Node::Text(text.xml10_content().into_owned())));
                }
                Event::CData(text) if self.depth > 0 => {
                    return Ok(Some(Node::Text(text.xml10_content().into_owned())));
                }
                Event::GeneralRef(reference) => {
                    if let Some(character) =
                        reference.resolve_char_ref().map_err(|error| self.broken(&error))?
                    {
                        return Ok(Some(Node::Text(character.to_string())));
                    }
                    let text = resolve_xml_entity(&reference).ok_or_else(|| {
                        self.error(format!(
                            "it refers to the entity {}, which is none of XML's own",
                            &*reference
                        ))
                    })?;
                    return Ok(Some(Node::Text(text.to_owned())));
                }
                Event::Text(text) if !text.trim().is_empty() => {
                    return Err(self.error("it has text outside of its elements".to_owned()));
                }
                Event::Eof if self.depth > 0 => {
                    return Err(self.error("it ends within an element".to_owned()));
                }
                Event::Eof if !self.has_root => return Err(self.error("it has no element".to_owned())),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// An error at the place that has been read to.
    pub(super) fn error(&self, message: String) -> XmlError {
        self.error_at(message, self.reader.buffer_position())
    }

    fn broken(&self, error: &quick_xml::Error) -> XmlError {
        self.error_at(error.to_string(), self.reader.error_position().max(1))
    }

    fn error_at(&self, message: String, position: u64) -> XmlError {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        let lines = self.text.as_bytes()[..position].iter().filter(|byte| **byte == b'\n').count();
        XmlError { message, line: lines + 1 }
    }

    /// The value of an attribute of an element that was just opened.
    pub(super) fn attribute(&self, element: &Element<'_>, name: &str) -> Result<Option<String>, XmlError> {
        let attribute = element.start.try_get_attribute(name).map_err(|error| self.broken(&error.into()))?;
        let value =
            attribute.map(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0)).transpose();
        value.map(|value| value.map(Cow::into_owned)).map_err(|error| self.broken(&error))
    }
}

impl Element<'_> {
    /// Its name without a namespace's prefix.
    pub(super) fn name(&self) -> String {
        self.start.local_name().as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let mut nodes = Nodes::new(text);
        let mut read = String::new();
        while let Some(node) = nodes.next().map_err(|error| error.to_string())? {
            match node {
                Node::Open(element) => {
                    let value = nodes.attribute(&element, "a").map_err(|error| error.to_string())?;
                    read.push_str(&format!("<{}{}>", element.name(), value.unwrap_or_default()));
                }
                Node::Text(text) => read.push_str(&text),
                Node::Close => read.push_str("</>"),
            }
        }
        Ok(read)
    }

    #[test]
    fn elements_attributes_and_all_kinds_of_text_are_read() {
        let cases = [
            ("<x/>", "<x></>"),
            ("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x a='1 &lt; 2'>y</x>\n", "<x1 < 2>y</>"),
            ("<x>a&amp;b\r\n&#10;&#x263A;<![CDATA[<c> &amp; ]]>d<!-- e --></x>", "<x>a&b\n\n☺<c> &amp; d</>"),
            ("<!DOCTYPE coverage SYSTEM 'http://example.com/c.dtd'><n:x><y/></n:x>", "<x><y></></>"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_document_is_an_error_with_its_line() {
        let deep = "<x>".repeat(DEEPEST + 1);
        let bomb = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>\n<x>&b;</x>";
        let cases = [
            ("", "it has no element (line 1)"),
            ("<?xml version=\"1.0\"?>\n<!-- nothing -->\n", "it has no element (line 3)"),
            ("running 2 tests\ntest a ... ok\n", "it has text outside of its elements (line 3)"),
            ("{\"tests\": 1}", "it has text outside of its elements (line 1)"),
            ("<x>\n<y>\n</x>", "ill-formed document: expected `</y>`, but `</x>` was found (line 3)"),
            ("<x>\n<y/>\n", "it ends within an element (line 3)"),
            ("<x", "syntax error: tag not closed: `>` not found before end of input (line 1)"),
            (bomb, "it refers to the entity b, which is none of XML's own (line 2)"),
            ("<x a='&b;'/>", "unrecognized entity `b`"),
            (&deep, "its elements are nested deeper than 100 (line 1)"),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}\nanswered {error}");
        }
    }
}
