//! Git, run as a child process: everything that is known about a repository's objects comes from its plumbing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::aws_json::ApiError;
use crate::process_group::ProcessGroup;

/// The configuration of every repository: no hooks, names of files that only Windows would mistake for Git's own, nothing in the background, force pushes and deletions as
/// CodeCommit accepts them, no references but branches and tags, and fetches of any commit by its id.
const CONFIGURATION: &str = "\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\thooksPath = /dev/null
\tprotectNTFS = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[http]
\treceivepack = true
\tuploadpack = true
\tgetanyfile = false
[receive]
\tautogc = false
\tdenyDeletes = false
\tdenyNonFastForwards = false
\tdenyDeleteCurrent = refuse
\thideRefs = refs
\thideRefs = !refs/heads
\thideRefs = !refs/tags
[uploadpack]
\tallowAnySHA1InWant = true
";

/// Why git gave no answer. It is a failure of local-aws, never of its caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum GitError {
    #[error("failed to run git: {0}; local-aws needs git on the PATH")]
    Run(#[from] io::Error),
    #[error("git {command} failed: {message}")]
    Failed { command: String, message: String },
    #[error("git {command} answered in a form that is not understood: {answer}")]
    Answer { command: &'static str, answer: String },
}

impl From<GitError> for ApiError {
    fn from(error: GitError) -> Self {
        Self::internal(error.to_string())
    }
}

/// What a branch or tag points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The object itself: a commit, or an annotated tag.
    pub(super) object: String,
    /// The commit, where the object is an annotated tag; otherwise the object.
    pub(super) commit: String,
}

/// The branches and tags of a repository, by full name.
pub(super) type References = BTreeMap<String, Reference>;

/// An object: its type (`commit`, `tree`, `blob`, `tag`) and its content.
pub(super) type Object = (String, Vec<u8>);

/// A git command that sees no configuration and no environment but the repository's and the PATH.
pub(crate) fn git_command() -> Command {
    let mut command = Command::new("git");
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
        .env("HOME", "/dev/null")
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    command
}

/// Creates an empty bare repository in `folder`, which must not exist.
pub(super) async fn init(folder: &Path) -> Result<(), GitError> {
    let options =
        ["init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--initial-branch=main"];
    let mut command = git_command();
    command.args(options).arg("--end-of-options").arg(folder);
    read(command, "init", b"").await?;
    Ok(tokio::fs::write(folder.join("config"), CONFIGURATION).await?)
}

/// The branches and tags of a repository.
pub(super) async fn references(folder: &Path) -> Result<References, GitError> {
    let format = "--format=%(objectname)%00%(*objectname)%00%(refname)";
    let command = in_repository(folder, ["for-each-ref", format, "refs/heads/", "refs/tags/"]);
    let answer = read(command, "for-each-ref", b"").await?;
    answer.lines().map(parse_reference).collect()
}

fn parse_reference(line: &str) -> Result<(String, Reference), GitError> {
    let mut fields = line.split('\0');
    let (Some(object), Some(peeled), Some(name)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(GitError::Answer { command: "for-each-ref", answer: line.to_owned() });
    };
    let commit = if peeled.is_empty() { object } else { peeled };
    Ok((name.to_owned(), Reference { object: object.to_owned(), commit: commit.to_owned() }))
}

/// Makes a branch the one that a clone checks out.
pub(super) async fn set_head(folder: &Path, branch: &str) -> Result<(), GitError> {
    read(in_repository(folder, ["symbolic-ref", "HEAD", branch]), "symbolic-ref", b"").await.map(drop)
}

/// An object by its full id, or nothing where the repository does not have it.
pub(super) async fn object(folder: &Path, id: &str) -> Result<Option<Object>, GitError> {
    let input = format!("{id}\n");
    let answer = run(in_repository(folder, ["cat-file", "--batch"]), "cat-file", input.as_bytes()).await?;
    let malformed = || GitError::Answer {
        command: "cat-file",
        answer: String::from_utf8_lossy(&answer).chars().take(200).collect(),
    };
    let end = answer.iter().position(|&byte| byte == b'\n').ok_or_else(malformed)?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    if head.ends_with(" missing") {
        return Ok(None);
    }
    let mut words = head.split(' ').skip(1);
    let (Some(kind), Some(size)) = (words.next(), words.next()) else { return Err(malformed()) };
    let size: usize = size.parse().map_err(|_| malformed())?;
    let content = answer.get(end + 1..end + 1 + size).ok_or_else(malformed)?;
    Ok(Some((kind.to_owned(), content.to_owned())))
}

/// The first of `ids` that is not a commit of this repository.
pub(super) async fn missing_commit<'a>(folder: &Path, ids: &[&'a str]) -> Result<Option<&'a str>, GitError> {
    let input: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let command = in_repository(folder, ["cat-file", "--batch-check=%(objecttype)"]);
    let answer = read(command, "cat-file", input.as_bytes()).await?;
    Ok(ids.iter().zip(answer.lines()).find(|(_, kind)| *kind != "commit").map(|(id, _)| *id))
}

/// The best common ancestor of two commits, or nothing where their histories are unrelated.
pub(super) async fn merge_base(folder: &Path, one: &str, other: &str) -> Result<Option<String>, GitError> {
    let mut command = in_repository(folder, ["merge-base", "--end-of-options", one, other]);
    let output = output(&mut command, b"").await?;
    match output.code {
        Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())),
        Some(1) => Ok(None),
        _ => Err(output.into_error("merge-base")),
    }
}

/// The id of the file at `path` in a commit, or nothing where there is no such file.
pub(super) async fn blob_at(folder: &Path, commit: &str, path: &str) -> Result<Option<String>, GitError> {
    let command =
        in_repository(folder, ["ls-tree", "-z", "--full-tree", "--end-of-options", commit, "--", path]);
    let answer = read(command, "ls-tree", b"").await?;
    // One entry is `MODE TYPE ID<tab>PATH<nul>`; a folder is no file.
    let mut words = answer.split(['\t', '\0']).next().unwrap_or_default().split(' ').skip(1);
    Ok(match (words.next(), words.next()) {
        (Some("blob"), Some(id)) => Some(id.to_owned()),
        _ => None,
    })
}

/// The id of the folder at `path` in a commit, or nothing where there is no such folder. The empty path is the root.
pub(super) async fn tree_at(folder: &Path, commit: &str, path: &str) -> Result<Option<String>, GitError> {
    let command = if path.is_empty() {
        in_repository(folder, ["log", "-1", "--no-walk", "--format=x tree %T", "--end-of-options", commit])
    } else {
        in_repository(folder, ["ls-tree", "-z", "--full-tree", "--end-of-options", commit, "--", path])
    };
    let answer = read(command, "ls-tree", b"").await?;
    let mut words = answer.split(['\t', '\0', '\n']).next().unwrap_or_default().split(' ').skip(1);
    Ok(match (words.next(), words.next()) {
        (Some("tree"), Some(id)) => Some(id.to_owned()),
        _ => None,
    })
}

pub(super) fn in_repository<const N: usize>(folder: &Path, arguments: [&str; N]) -> Command {
    let mut command = git_command();
    command.arg("--git-dir").arg(folder).args(arguments.map(OsStr::new));
    command
}

pub(super) struct Output {
    pub(super) code: Option<i32>,
    pub(super) stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Output {
    pub(super) fn into_error(self, command: &str) -> GitError {
        let message = String::from_utf8_lossy(&self.stderr).trim().to_owned();
        GitError::Failed { command: command.to_owned(), message }
    }
}

pub(super) async fn read(command: Command, name: &str, input: &[u8]) -> Result<String, GitError> {
    let stdout = run(command, name, input).await?;
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

pub(super) async fn run(mut command: Command, name: &str, input: &[u8]) -> Result<Vec<u8>, GitError> {
    let output = output(&mut command, input).await?;
    if output.code == Some(0) { Ok(output.stdout) } else { Err(output.into_error(name)) }
}

pub(super) async fn output(command: &mut Command, input: &[u8]) -> Result<Output, io::Error> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = ProcessGroup::spawn(command)?;
    let (stdin, stdout, stderr) =
        (process.child.stdin.take(), process.child.stdout.take(), process.child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A command that needs no input may end before it was written.
            stdin.write_all(input).await.ok();
        }
        Ok(())
    };
    let ((), stdout, stderr) = tokio::try_join!(write, read_all(stdout), read_all(stderr))?;
    let status = process.wait().await?;
    Ok(Output { code: status.code(), stdout, stderr })
}

async fn read_all(pipe: Option<impl tokio::io::AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut content).await?;
    }
    Ok(content)
}
