//! A message, and the digests that SDKs check.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// An attribute of a message; binary ones are not modeled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Attribute {
    /// `String` or `Number`, perhaps with a custom label behind a dot.
    pub data_type: String,
    /// Its value.
    pub string_value: String,
}

impl Attribute {
    /// A text.
    pub fn text(value: impl Into<String>) -> Self {
        Self { data_type: "String".to_owned(), string_value: value.into() }
    }
}

/// A message in a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// A UUID.
    pub id: String,
    /// What was sent.
    pub body: String,
    /// The attributes that the sender gave it.
    pub attributes: BTreeMap<String, Attribute>,
    /// When it was sent.
    pub sent: OffsetDateTime,
    pub(super) visible_from: OffsetDateTime,
    pub(super) first_received: Option<OffsetDateTime>,
    pub(super) receive_count: u32,
}

/// What the sender of a message learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// The message's id.
    pub id: String,
    /// MD5 of its body, in hex.
    pub body_digest: String,
    /// MD5 of its attributes, in hex; nothing where it has none.
    pub attributes_digest: Option<String>,
}

impl Message {
    /// The handle of the most recent receipt: only that one deletes the message.
    pub(super) fn receipt_handle(&self) -> String {
        format!("{}:{}", self.id, self.receive_count)
    }

    /// Body and attributes as they count for the size limit.
    pub(super) fn size(body: &str, attributes: &BTreeMap<String, Attribute>) -> usize {
        let attribute = |(name, value): (&String, &Attribute)| {
            name.len() + value.data_type.len() + value.string_value.len()
        };
        body.len() + attributes.iter().map(attribute).sum::<usize>()
    }
}

/// MD5 of a body in hex.
pub(super) fn body_digest(body: &str) -> String {
    hex(&Md5::digest(body))
}

/// MD5 of the attributes in hex: sorted by name, each as name, type, the byte 1 for a text, and value, the texts with
/// their length in four bytes (SQS developer guide, "Calculating the MD5 message digest for message attributes").
pub(super) fn attributes_digest(attributes: &BTreeMap<String, Attribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        add_text(&mut digest, name);
        add_text(&mut digest, &attribute.data_type);
        digest.update([1]);
        add_text(&mut digest, &attribute.string_value);
    }
    Some(hex(&digest.finalize()))
}

fn add_text(digest: &mut Md5, text: &str) {
    digest.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(text);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_ones_that_sdks_compute() {
        assert_eq!(body_digest("This is a test message"), "fafb00f5732ab283681e124bf8747ed1");
        assert_eq!(attributes_digest(&BTreeMap::new()), None);
        // Computed by hand from the developer guide's layout: `printf` of the bytes through `md5sum`.
        let attributes = BTreeMap::from([("A".to_owned(), Attribute::text("b"))]);
        assert_eq!(attributes_digest(&attributes).unwrap(), "fddf6c810936d80b9bf648b61b6670be");
    }
}
