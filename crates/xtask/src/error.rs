//! Everything that can go wrong, in words that say what to do next.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// Why a command of this crate, or a step of `cargo xtask test`, failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program ran and said no. Its own output has the details.
    #[error("`{command}` ended with {status}")]
    Ended { command: String, status: ExitStatus },
    /// A program could not be started.
    #[error("`{command}` could not be started: {source}")]
    NotStarted { command: String, source: io::Error },
    /// Something that this repository does not install is missing or too old.
    #[error("{0}")]
    Missing(String),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The answer of `cargo metadata`, or infra/package.json, is not what it should be.
    #[error("the answer of `cargo metadata`, or infra/package.json, cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A crate's manifest is no TOML.
    #[error("{}: {source}", path.display())]
    Manifest { path: PathBuf, source: toml::de::Error },
    /// Documents that name what does not exist; a line for each mistake.
    #[error("the documents name what does not exist:\n{0}")]
    Documents(String),
    /// README.md has no block of commands of this name.
    #[error(
        "README.md has no line `<!-- tested: {0} -->` with a block that begins with ```sh right below it"
    )]
    NoBlock(String),
    /// local-aws has no output to read.
    #[error("local-aws could not be listened to")]
    NotReady,
    /// Crates that do not take over the workspace's lints.
    #[error("without the workspace's lints: {0}")]
    OwnLints(String),
}

impl Error {
    /// The error of `command`, which could not be started.
    pub(crate) fn not_started(command: &Command, source: io::Error) -> Self {
        Self::NotStarted { command: describe(command), source }
    }

    /// The error of an operation on the file or folder `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), source }
    }

    /// Nothing if `command` ended well.
    pub(crate) fn check(command: &Command, status: ExitStatus) -> Result<(), Self> {
        if status.success() { Ok(()) } else { Err(Self::Ended { command: describe(command), status }) }
    }
}

/// A command as a person would type it; it is only shown, never run.
pub(crate) fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
