//! What a commit made through the API does to the files. Pure: a set of files and changes in, another set out.

use super::parameters::file_mode_bits;
use super::tree::{Entry, SUBMODULE, SYMLINK, Tree, is_at_or_below};
use crate::aws_json::ApiError;

/// One change of a commit. Every path was validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileChange {
    /// A file with a content that is stored already; without a mode it keeps its own, and a new file is normal.
    Put {
        path: String,
        id: String,
        mode: Option<String>,
    },
    /// A copy of another file.
    Copy {
        path: String,
        from: String,
        moved: bool,
        mode: Option<String>,
    },
    Delete {
        path: String,
    },
    SetMode {
        path: String,
        mode: String,
    },
}

impl FileChange {
    fn path(&self) -> &str {
        match self {
            Self::Put { path, .. }
            | Self::Copy { path, .. }
            | Self::Delete { path }
            | Self::SetMode { path, .. } => path,
        }
    }

    /// The path that the change takes away besides.
    fn moved_from(&self) -> Option<&str> {
        match self {
            Self::Copy { from, moved: true, .. } => Some(from),
            _ => None,
        }
    }
}

/// The files after all changes. A copy's source is read as it was before any of them.
pub(super) fn apply(before: &Tree, changes: &[FileChange]) -> Result<Tree, ApiError> {
    let mut paths: Vec<&str> =
        changes.iter().flat_map(|change| [Some(change.path()), change.moved_from()]).flatten().collect();
    paths.sort_unstable();
    if let Some(pair) = paths.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("The path {} is changed twice in one commit", pair[0]);
        return Err(ApiError::new("SamePathRequestException", message));
    }
    let mut after = before.clone();
    for path in changes.iter().filter_map(FileChange::moved_from) {
        after.remove(path.as_bytes());
    }
    for change in changes {
        if let FileChange::Delete { path } = change {
            existing(before, path)?;
            after.remove(path.as_bytes());
        }
    }
    for change in changes {
        let path = change.path();
        let entry = match change {
            FileChange::Delete { .. } => continue,
            FileChange::Put { id, mode, .. } => {
                let kept = before.get(path.as_bytes()).map(|entry| entry.mode.clone());
                Entry { mode: mode.clone().or(kept).unwrap_or_else(normal), id: id.clone() }
            }
            FileChange::Copy { from, mode, .. } => {
                let source = existing(before, from)?;
                Entry { mode: mode.clone().unwrap_or_else(|| source.mode.clone()), id: source.id.clone() }
            }
            FileChange::SetMode { mode, .. } => {
                Entry { mode: mode.clone(), id: existing(before, path)?.id.clone() }
            }
        };
        fits(&after, path)?;
        if entry.mode == SYMLINK && path.rsplit('/').next().is_some_and(is_module_list) {
            let message = format!("The path {path} is not valid: Git takes no symbolic link of that name");
            return Err(ApiError::new("InvalidPathException", message));
        }
        after.insert(path.as_bytes().to_vec(), entry);
    }
    Ok(after)
}

fn normal() -> String {
    file_mode_bits("NORMAL").unwrap_or_default().to_owned()
}

/// Whether Git reads its submodules from a file of that name.
fn is_module_list(name: &str) -> bool {
    name.eq_ignore_ascii_case(".gitmodules")
}

fn existing<'a>(files: &'a Tree, path: &str) -> Result<&'a Entry, ApiError> {
    files.get(path.as_bytes()).filter(|entry| entry.mode != SUBMODULE).ok_or_else(|| {
        ApiError::new("FileDoesNotExistException", format!("The file {path} does not exist in the branch"))
    })
}

/// A file can lie neither below another file or a submodule nor where a folder is.
fn fits(files: &Tree, path: &str) -> Result<(), ApiError> {
    let error = |code, what: &str| Err(ApiError::new(code, format!("The path {path} {what}")));
    for (other, entry) in files {
        if entry.mode == SUBMODULE && is_at_or_below(path.as_bytes(), other) {
            return error("FilePathConflictsWithSubmodulePathException", "is that of a submodule, or in one");
        }
        if other == path.as_bytes() {
            continue;
        }
        if is_at_or_below(path.as_bytes(), other) {
            return error("DirectoryNameConflictsWithFileNameException", "has a folder that is a file");
        }
        if is_at_or_below(other, path.as_bytes()) {
            return error("FileNameConflictsWithDirectoryNameException", "is a folder");
        }
    }
    Ok(())
}

/// An empty file for each folder that the changes left without files, where the caller wants folders kept.
pub(super) fn keep_files(before: &Tree, after: &Tree) -> Vec<Vec<u8>> {
    let folders = before.keys().filter(|path| !after.contains_key(*path));
    let folders = folders.filter_map(|path| {
        let end = path.iter().rposition(|&byte| byte == b'/')?;
        Some(&path[..end])
    });
    let mut kept: Vec<Vec<u8>> = folders
        .filter(|folder| !after.keys().any(|path| is_at_or_below(path, folder)))
        .map(|folder| [folder, b"/.gitkeep"].concat())
        .collect();
    kept.sort();
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before() -> Tree {
        let entry = |mode: &str, id: &str| Entry { mode: mode.to_owned(), id: id.to_owned() };
        Tree::from([
            (b"README".to_vec(), entry("100644", "1")),
            (b"bin/run".to_vec(), entry("100755", "2")),
            (b"lib".to_vec(), entry(SUBMODULE, "3")),
        ])
    }

    fn put(path: &str) -> FileChange {
        FileChange::Put { path: path.to_owned(), id: "9".to_owned(), mode: None }
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_move_takes_it_along() {
        let moved =
            FileChange::Copy { path: "run".to_owned(), from: "bin/run".to_owned(), moved: true, mode: None };
        let after = apply(&before(), &[moved]).unwrap();
        assert_eq!(after[&b"run"[..]], before()[&b"bin/run"[..]]);
        assert!(!after.contains_key(&b"bin/run"[..]));
        assert_eq!(keep_files(&before(), &after), [b"bin/.gitkeep".to_vec()]);
        assert_eq!(apply(&before(), &[put("bin/run")]).unwrap()[&b"bin/run"[..]].mode, "100755");
    }

    #[test]
    fn paths_that_cannot_stand_beside_others_are_refused() {
        for (path, code) in [
            ("README/a", "DirectoryNameConflictsWithFileNameException"),
            ("bin", "FileNameConflictsWithDirectoryNameException"),
            ("lib", "FilePathConflictsWithSubmodulePathException"),
            ("lib/a", "FilePathConflictsWithSubmodulePathException"),
        ] {
            assert_eq!(apply(&before(), &[put(path)]).unwrap_err().code, code, "{path}");
        }
        let twice = apply(&before(), &[put("a"), FileChange::Delete { path: "a".to_owned() }]);
        assert_eq!(twice.unwrap_err().code, "SamePathRequestException");
        let missing = apply(&before(), &[FileChange::Delete { path: "none".to_owned() }]);
        assert_eq!(missing.unwrap_err().code, "FileDoesNotExistException");
    }
}
