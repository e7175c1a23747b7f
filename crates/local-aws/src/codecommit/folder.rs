//! The folder of a bare repository, which outlives its repository as long as somebody reads it.

use std::io::ErrorKind;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A folder that whoever holds it can read. Once its repository is deleted it goes with the last holder: a call that
/// has begun is never left without the objects that it asks git for.
#[derive(Debug)]
pub(super) struct RepositoryFolder {
    path: PathBuf,
    repository_is_deleted: AtomicBool,
}

impl RepositoryFolder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, repository_is_deleted: AtomicBool::new(false) }
    }

    /// Lets the last holder remove it.
    pub(super) fn give_up(&self) {
        self.repository_is_deleted.store(true, Ordering::Relaxed);
    }
}

impl Deref for RepositoryFolder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl Drop for RepositoryFolder {
    fn drop(&mut self) {
        if !*self.repository_is_deleted.get_mut() {
            return;
        }
        match std::fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(folder = %self.path.display(), %error, "a deleted repository's folder stays");
            }
            _ => {}
        }
    }
}
