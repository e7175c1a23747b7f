//! The programs of this machine that a local AWS needs.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::codecommit::git_command;

/// A program that is not there.
#[derive(Debug, thiserror::Error)]
pub enum MissingProgram {
    /// The shell of builds.
    #[error("{0} is not on the PATH, and builds run with it; install {0}")]
    Shell(&'static str),
    /// Git itself.
    #[error("git cannot be run ({0}), and the repositories are real ones; install git")]
    Git(io::Error),
    /// The part of git that serves repositories over HTTP; some systems package it apart.
    #[error("git is here, but not its http-backend, which serves the repositories; install the whole of git")]
    GitHttpBackend,
}

/// Looks for git with its http-backend, and for the shells of builds on `path`.
pub(crate) async fn find_programs(path: &str) -> Result<(), MissingProgram> {
    for shell in ["bash", "sh"] {
        if !env::split_paths(path).any(|folder| is_executable(&folder.join(shell))) {
            return Err(MissingProgram::Shell(shell));
        }
    }
    let answer = git_command().arg("--exec-path").output().await.map_err(MissingProgram::Git)?;
    let folder = String::from_utf8_lossy(&answer.stdout);
    if is_executable(&Path::new(folder.trim()).join("git-http-backend")) {
        Ok(())
    } else {
        Err(MissingProgram::GitHttpBackend)
    }
}

/// Whether `path` leads to a file that somebody may execute.
pub(crate) fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
