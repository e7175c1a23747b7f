//! The files of a commit, and how two sets of them differ. Pure but for the functions that ask git.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::process::Command;

use super::git::{GitError, in_repository, run};

/// The mode of a symbolic link's entry.
pub(super) const SYMLINK: &str = "120000";

/// The mode of a submodule's entry.
pub(super) const SUBMODULE: &str = "160000";

/// The files of a commit by path. A path is bytes, for Git does not demand UTF-8.
pub(super) type Tree = BTreeMap<Vec<u8>, Entry>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// In octal: `100644`, `100755`, `120000` or `160000`.
    pub(super) mode: String,
    pub(super) id: String,
}

impl Entry {
    /// The file mode as the API calls it; a submodule has none.
    pub(super) fn file_mode(&self) -> Option<&'static str> {
        match self.mode.as_str() {
            "100755" => Some("EXECUTABLE"),
            SYMLINK => Some("SYMLINK"),
            SUBMODULE => None,
            _ => Some("NORMAL"),
        }
    }
}

/// All files of a commit or tree.
pub(super) async fn files(folder: &Path, tree: &str) -> Result<Tree, GitError> {
    list(in_repository(folder, ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", tree])).await
}

/// What stands in one folder, by name; a subfolder's mode is `040000`.
pub(super) async fn entries(folder: &Path, tree: &str) -> Result<Tree, GitError> {
    list(in_repository(folder, ["ls-tree", "-z", "--full-tree", "--end-of-options", tree])).await
}

async fn list(command: Command) -> Result<Tree, GitError> {
    let answer = run(command, "ls-tree", b"").await?;
    answer.split(|&byte| byte == 0).filter(|line| !line.is_empty()).map(parse_entry).collect()
}

/// `MODE TYPE ID<tab>PATH`.
fn parse_entry(line: &[u8]) -> Result<(Vec<u8>, Entry), GitError> {
    let malformed =
        || GitError::Answer { command: "ls-tree", answer: String::from_utf8_lossy(line).into_owned() };
    let tab = line.iter().position(|&byte| byte == b'\t').ok_or_else(malformed)?;
    let head = String::from_utf8_lossy(&line[..tab]).into_owned();
    let mut words = head.split(' ');
    let (Some(mode), Some(_), Some(id)) = (words.next(), words.next(), words.next()) else {
        return Err(malformed());
    };
    Ok((line[tab + 1..].to_vec(), Entry { mode: mode.to_owned(), id: id.to_owned() }))
}

/// A file that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) path: Vec<u8>,
    pub(super) before: Option<Entry>,
    pub(super) after: Option<Entry>,
}

impl Difference {
    /// `A`, `M` or `D`.
    pub(super) fn change_type(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "A",
            (_, None) => "D",
            _ => "M",
        }
    }
}

/// The differences of two trees, by path. A file that was renamed is one deleted and one added.
pub(super) fn differences(before: &Tree, after: &Tree) -> Vec<Difference> {
    let gone = before.iter().filter(|(path, _)| !after.contains_key(*path));
    let gone =
        gone.map(|(path, entry)| Difference { path: path.clone(), before: Some(entry.clone()), after: None });
    let written = after.iter().filter(|(path, entry)| before.get(*path) != Some(entry));
    let written = written.map(|(path, entry)| Difference {
        path: path.clone(),
        before: before.get(path).cloned(),
        after: Some(entry.clone()),
    });
    let mut all: Vec<Difference> = gone.chain(written).collect();
    all.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

/// Whether `path` is `folder` or lies in it. The empty folder is the root.
pub(super) fn is_at_or_below(path: &[u8], folder: &[u8]) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let entry = |id: &str| Entry { mode: "100644".to_owned(), id: id.to_owned() };
        files.iter().map(|(path, id)| (path.as_bytes().to_vec(), entry(id))).collect()
    }

    #[test]
    fn differences_are_added_modified_and_deleted_files_by_path() {
        let before = tree(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = tree(&[("b", "1"), ("c", "2"), ("B", "1")]);
        let found = differences(&before, &after);
        let found: Vec<_> = found.iter().map(|one| (one.path.as_slice(), one.change_type())).collect();
        assert_eq!(found, [(&b"B"[..], "A"), (b"a", "D"), (b"c", "M")]);
    }

    #[test]
    fn a_path_lies_below_a_folder_and_not_below_a_namesake() {
        assert!(is_at_or_below(b"src/main.rs", b"src"));
        assert!(is_at_or_below(b"src", b"src"));
        assert!(is_at_or_below(b"src", b""));
        assert!(!is_at_or_below(b"src2/main.rs", b"src"));
    }
}
