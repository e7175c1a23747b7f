//! Git commands that write trees, commits and references.

use std::path::Path;

use time::OffsetDateTime;

use super::git::{GitError, in_repository, output, read, run};
use super::tree::{Entry, Tree};

/// No object: what a reference that does not exist points at.
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// Who makes a commit, and when.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) date: OffsetDateTime,
}

/// Points a reference at `new`, or deletes it. It must still be at `old`, or not exist where `old` is nothing.
pub(super) async fn update_reference(
    folder: &Path,
    name: &str,
    new: Option<&str>,
    old: Option<&str>,
) -> Result<(), GitError> {
    let old = old.unwrap_or(NOTHING);
    let command = match new {
        Some(new) => in_repository(folder, ["update-ref", "--end-of-options", name, new, old]),
        None => in_repository(folder, ["update-ref", "-d", "--end-of-options", name, old]),
    };
    read(command, "update-ref", b"").await.map(drop)
}

/// Writes a commit of a tree; its id. Git takes no NUL in a message: a space stands for each.
pub(super) async fn commit_tree(
    folder: &Path,
    tree: &str,
    parents: &[&str],
    person: &Person,
    message: &str,
) -> Result<String, GitError> {
    let mut command = in_repository(folder, ["commit-tree", tree]);
    for parent in parents {
        command.args(["-p", parent]);
    }
    let date = format!("@{} +0000", person.date.unix_timestamp());
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), &person.name)
            .env(format!("GIT_{role}_EMAIL"), &person.email)
            .env(format!("GIT_{role}_DATE"), &date);
    }
    Ok(read(command, "commit-tree", message.replace('\0', " ").as_bytes()).await?.trim().to_owned())
}

/// Writes a file's content; its id.
pub(super) async fn write_blob(folder: &Path, content: &[u8]) -> Result<String, GitError> {
    let command = in_repository(folder, ["hash-object", "-w", "--stdin"]);
    Ok(read(command, "hash-object", content).await?.trim().to_owned())
}

/// Writes a tree of files with the folders that they are in; its id.
pub(super) async fn write_tree(folder: &Path, tree: &Tree) -> Result<String, GitError> {
    let scratch = tempfile::tempdir()?;
    let index = scratch.path().join("index");
    let mut input = Vec::new();
    for (path, Entry { mode, id }) in tree {
        input.extend_from_slice(format!("{mode} {id}\t").as_bytes());
        input.extend_from_slice(path);
        input.push(0);
    }
    let mut command = in_repository(folder, ["update-index", "-z", "--index-info"]);
    command.env("GIT_INDEX_FILE", &index);
    run(command, "update-index", &input).await?;
    let mut command = in_repository(folder, ["write-tree"]);
    command.env("GIT_INDEX_FILE", &index);
    Ok(read(command, "write-tree", b"").await?.trim().to_owned())
}

/// What a merge of two commits comes to.
#[derive(Debug)]
pub(super) struct MergedTree {
    /// The tree; where there are conflicts, with their markers.
    pub(super) tree: String,
    /// The paths in conflict.
    pub(super) conflicts: Vec<Vec<u8>>,
}

/// Merges `source` into `destination` without touching anything but the object store.
pub(super) async fn merge_tree(
    folder: &Path,
    destination: &str,
    source: &str,
) -> Result<MergedTree, GitError> {
    let options = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];
    let mut command = in_repository(folder, options);
    command.args(["--allow-unrelated-histories", "--end-of-options", destination, source]);
    let output = output(&mut command, b"").await?;
    if !matches!(output.code, Some(0 | 1)) {
        return Err(output.into_error("merge-tree"));
    }
    let mut fields = output.stdout.split(|&byte| byte == 0);
    let tree = String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned();
    let conflicts = fields.filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect();
    Ok(MergedTree { tree, conflicts })
}
