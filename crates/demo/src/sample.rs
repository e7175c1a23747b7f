//! The sample repository: a main branch and two branches that change it.

use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

/// A file's path and text.
type File = (&'static str, &'static str);

macro_rules! files {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../sample/", $folder, "/", $name)))),+]
    };
}

const MAIN: &[File] = files!("main": "README.md", "buildspec-tests.yaml", "greet.sh", "greet-test.sh");

/// A branch that becomes a pull request.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    files: &'static [File],
}

/// One branch whose tests pass and one whose tests fail.
pub(crate) const BRANCHES: [Branch; 2] = [
    Branch {
        name: "feature/spanish",
        title: "Greet in Spanish",
        files: files!("feature-spanish": "greet.sh", "greet-test.sh"),
    },
    Branch { name: "feature/louder", title: "Greet louder", files: files!("feature-louder": "greet.sh") },
];

/// Why the sample could not be pushed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    #[error("git cannot be run: {0}; install git and try again")]
    Run(io::Error),
    #[error("the sample cannot be written: {0}")]
    Write(io::Error),
    #[error("`git {arguments}` failed: {output}")]
    Failed { arguments: String, output: String },
}

/// Makes the sample repository in `folder` and pushes its branches to `remote`.
pub(crate) async fn push(folder: &Path, remote: &str) -> Result<(), GitError> {
    git(folder, &["init", "--quiet", "--initial-branch=main"]).await?;
    commit(folder, MAIN, "Greet").await?;
    git(folder, &["push", "--quiet", remote, "main"]).await?;
    for branch in &BRANCHES {
        git(folder, &["switch", "--quiet", "--create", branch.name, "main"]).await?;
        commit(folder, branch.files, branch.title).await?;
        git(folder, &["push", "--quiet", remote, branch.name]).await?;
    }
    Ok(())
}

async fn commit(folder: &Path, files: &[File], message: &str) -> Result<(), GitError> {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).map_err(GitError::Write)?;
    }
    git(folder, &["add", "--all"]).await?;
    git(folder, &["commit", "--quiet", "--message", message]).await
}

/// Runs git apart from the person's own settings: a signing key, a template or a hook would change what is shown.
async fn git(folder: &Path, arguments: &[&str]) -> Result<(), GitError> {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]).args(arguments);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(GitError::Run)?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(GitError::Failed { arguments: arguments.join(" "), output: text })
}
