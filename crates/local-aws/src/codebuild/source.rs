//! Cloning a build's source with git.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::phase::PhaseContext;
use crate::process_group::ProcessGroup;

/// Why there is no source.
#[derive(Debug)]
pub(super) enum DownloadError {
    /// The build's own fault.
    Client(PhaseContext),
    /// This machine's.
    Machine(String),
}

impl From<io::Error> for DownloadError {
    fn from(error: io::Error) -> Self {
        Self::Machine(format!("cannot run git: {error}"))
    }
}

/// What to clone, and into what.
#[derive(Debug)]
pub(super) struct Download<'a> {
    /// The repository on this machine; nothing where the location names none.
    pub repository: Option<&'a Path>,
    /// The clone URL that the build names.
    pub location: &'a str,
    /// A commit id, a branch, a tag, a full reference, or `REFERENCE^{COMMIT}`; the default branch where it is absent.
    pub version: Option<&'a str>,
    pub into: &'a Path,
    pub path: &'a str,
}

impl Download<'_> {
    /// Clones the repository and checks the version out. Answers the commit's id.
    ///
    /// Git's transport is used even though the repository is on this machine: a clone by hard links would bring along
    /// commits that no branch reaches any more, which CodeBuild does not find.
    pub(super) async fn run(&self) -> Result<String, DownloadError> {
        let Some(repository) = self.repository else {
            return Err(self.not_found("repository"));
        };
        let (repository, into) = (repository.to_string_lossy(), self.into.to_string_lossy());
        let arguments = ["clone", "--quiet", "--no-local", "--no-checkout", "--", &repository, &into];
        let cloned = self.git(&arguments).await?;
        if !cloned.status.success() {
            return Err(DownloadError::Machine(format!("git clone failed: {}", cloned.stderr.trim())));
        }
        let commit = self.resolve().await?.ok_or_else(|| self.not_found("reference"))?;
        for arguments in [
            &["checkout", "--quiet", "--detach", &commit][..],
            &["remote", "set-url", "origin", self.location],
        ] {
            let done = self.git_in_clone(arguments).await?;
            if !done.status.success() {
                let message = format!("git {} failed: {}", arguments[0], done.stderr.trim());
                return Err(DownloadError::Machine(message));
            }
        }
        Ok(commit)
    }

    async fn resolve(&self) -> Result<Option<String>, DownloadError> {
        for name in names_of(self.version) {
            let name = format!("{name}^{{commit}}");
            let found =
                self.git_in_clone(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).await?;
            if found.status.success() {
                return Ok(Some(found.stdout.trim().to_owned()));
            }
        }
        Ok(None)
    }

    /// CodeBuild's own words.
    fn not_found(&self, what: &str) -> DownloadError {
        let version = self.version.unwrap_or_default();
        let message = format!("{what} not found for primary source and source version {version}");
        DownloadError::Client(PhaseContext::new("CLIENT_ERROR", message.trim_end()))
    }

    async fn git_in_clone(&self, arguments: &[&str]) -> io::Result<Done> {
        let into = self.into.to_string_lossy();
        self.git(&[&["-C", &into], arguments].concat()).await
    }

    async fn git(&self, arguments: &[&str]) -> io::Result<Done> {
        let mut command = Command::new("git");
        command.args(arguments).env_clear().env("PATH", self.path).env("LC_ALL", "C");
        // What this machine's user or administrator configured must not change a build.
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_TERMINAL_PROMPT", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = ProcessGroup::spawn(&mut command)?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (mut out, mut err) = (group.child.stdout.take(), group.child.stderr.take());
        tokio::try_join!(
            async {
                match &mut out {
                    Some(out) => out.read_to_end(&mut stdout).await,
                    None => Ok(0),
                }
            },
            async {
                match &mut err {
                    Some(err) => err.read_to_end(&mut stderr).await,
                    None => Ok(0),
                }
            },
        )?;
        Ok(Done {
            status: group.wait().await?,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        })
    }
}

struct Done {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

/// The names that a source version can have in a fresh clone, the likeliest first (user guide, "Source version
/// sample").
fn names_of(version: Option<&str>) -> Vec<String> {
    let Some(version) = version.filter(|version| !version.is_empty()) else {
        return vec!["refs/remotes/origin/HEAD".to_owned()];
    };
    // A reference and a commit: `refs/heads/main^{0123…}`.
    if let Some((_, commit)) = version.strip_suffix('}').and_then(|rest| rest.split_once("^{")) {
        return vec![commit.to_owned()];
    }
    if let Some(branch) = version.strip_prefix("refs/heads/") {
        return vec![format!("refs/remotes/origin/{branch}")];
    }
    if version.starts_with("refs/") || is_commit_id(version) {
        return vec![version.to_owned()];
    }
    vec![format!("refs/remotes/origin/{version}"), format!("refs/tags/{version}")]
}

fn is_commit_id(version: &str) -> bool {
    version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_source_version_has_its_name_in_the_clone() {
        let commit = "0123456789012345678901234567890123456789";
        let cases = [
            (None, vec!["refs/remotes/origin/HEAD"]),
            (Some(commit), vec![commit]),
            (Some("topic"), vec!["refs/remotes/origin/topic", "refs/tags/topic"]),
            (Some("refs/heads/a/b"), vec!["refs/remotes/origin/a/b"]),
            (Some("refs/tags/v1"), vec!["refs/tags/v1"]),
            (Some("refs/heads/main^{0123456789012345678901234567890123456789}"), vec![commit]),
        ];
        for (version, expected) in cases {
            assert_eq!(names_of(version), expected, "{version:?}");
        }
    }
}
