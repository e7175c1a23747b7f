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

const MAIN: &[File] =
    files!("main": "README.md", "buildspec-tests.yaml", "greet.sh", "greet-test.sh", "test-report.sh");

/// A branch that becomes a pull request.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The first opens the pull request, each further one is pushed when the build of the one before is over.
    pub(crate) commits: &'static [Commit],
}

/// A commit of a branch.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) message: &'static str,
    files: &'static [File],
    /// Whether its build breaks what was good, or nothing yet, or fixes what was broken: then the comment gets a reply.
    pub(crate) turns: bool,
}

/// One branch whose tests pass, one whose tests fail, and one that is broken by a push and fixed by the next.
pub(crate) const BRANCHES: [Branch; 3] = [
    Branch {
        name: "feature/spanish",
        title: "Greet in Spanish",
        commits: &[Commit {
            message: "Greet in Spanish",
            files: files!("feature-spanish": "greet.sh", "greet-test.sh"),
            turns: false,
        }],
    },
    Branch {
        name: "feature/louder",
        title: "Greet louder",
        commits: &[Commit {
            message: "Greet louder",
            files: files!("feature-louder": "greet.sh"),
            turns: true,
        }],
    },
    Branch {
        name: "feature/polite",
        title: "Greet politely",
        commits: &[
            Commit {
                message: "Greet politely",
                files: files!("feature-polite": "greet.sh", "greet-test.sh"),
                turns: false,
            },
            Commit {
                message: "Greet by the hour",
                files: files!("feature-polite-broken": "greet.sh", "greet-test.sh"),
                turns: true,
            },
            Commit {
                message: "Tell morning, day and evening apart",
                files: files!("feature-polite-fixed": "greet.sh"),
                turns: true,
            },
        ],
    },
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

/// A clone of the sample repository, in a folder of its own, and where it is pushed to.
#[derive(Debug)]
pub(crate) struct Sample<'s> {
    pub(crate) folder: &'s Path,
    pub(crate) remote: &'s str,
}

impl Sample<'_> {
    /// Makes the repository and pushes main and each branch with its first commit.
    pub(crate) async fn push_first_commits(&self) -> Result<(), GitError> {
        git(self.folder, &["init", "--quiet", "--initial-branch=main"]).await?;
        commit(self.folder, MAIN, "Greet").await?;
        git(self.folder, &["push", "--quiet", self.remote, "main"]).await?;
        for branch in &BRANCHES {
            git(self.folder, &["switch", "--quiet", "--create", branch.name, "main"]).await?;
            self.push(branch, &branch.commits[0]).await?;
        }
        Ok(())
    }

    /// Pushes a further commit of a branch.
    pub(crate) async fn push(&self, branch: &Branch, next: &Commit) -> Result<String, GitError> {
        git(self.folder, &["switch", "--quiet", branch.name]).await?;
        commit(self.folder, next.files, next.message).await?;
        git(self.folder, &["push", "--quiet", self.remote, branch.name]).await?;
        git(self.folder, &["rev-parse", "HEAD"]).await
    }
}

async fn commit(folder: &Path, files: &[File], message: &str) -> Result<(), GitError> {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).map_err(GitError::Write)?;
    }
    git(folder, &["add", "--all"]).await?;
    git(folder, &["commit", "--quiet", "--message", message]).await.map(drop)
}

/// What git prints. It runs apart from the person's own settings: a signing key, a template or a hook would change what is shown.
async fn git(folder: &Path, arguments: &[&str]) -> Result<String, GitError> {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]).args(arguments);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(GitError::Run)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(GitError::Failed { arguments: arguments.join(" "), output: text })
}
