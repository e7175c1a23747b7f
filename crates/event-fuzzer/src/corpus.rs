//! The documents that mutants are made of.

use std::io;
use std::path::Path;

/// An event, or something else that a function may be handed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file's folder and name.
    pub name: String,
    /// What is in it; not always JSON.
    pub text: Vec<u8>,
}

/// Where documents lie, below the folder of this crate: the events that the parsers are tested with, and the oddities.
const FOLDERS: [&str; 4] = [
    "../pull-request-build/fixtures/pull-request-events",
    "../pull-request-build/fixtures/build-state-change",
    "../pull-request-build/fixtures/build-not-started",
    "corpus",
];

/// Reads all documents, in an order that does not change.
pub fn read_corpus() -> io::Result<Vec<Document>> {
    let mut documents = Vec::new();
    for folder in FOLDERS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let label = folder.rsplit('/').next().unwrap_or(folder);
        let mut files = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            documents.push(Document { name: format!("{label}/{name}"), text: std::fs::read(&file)? });
        }
    }
    Ok(documents)
}
