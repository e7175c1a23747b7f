//! From files to what a report has in it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::coverage::{FileCoverage, SourceLines};
use super::files::{Found, find_files};
use super::report::{Content, ReportStatus};
use super::section::{Format, ReportSource};
use super::test_case::TestResults;
use super::{cobertura, junit};

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 100 * 1024 * 1024;

/// What became of a report's files.
#[derive(Debug)]
pub(super) struct ReadFiles {
    /// The files by pattern.
    pub found: Vec<Found>,
    pub content: Content,
    pub outcome: ReportStatus,
    /// What is wrong with which file, for the log.
    pub problems: Vec<String>,
}

/// Why there are no files to read. The texts of the first two are CodeBuild's own, for artifacts.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoFiles {
    #[error("no matching base directory path found for {0}")]
    BaseDirectory(String),
    #[error("no matching report paths found")]
    Files(Vec<Found>),
    #[error("reports/{name}/files: {error}")]
    Pattern { name: String, error: globset::Error },
}

/// Finds and reads the files of a report of a build whose source is in `source_folder`. It may take a while.
pub(super) fn read_files(source: &ReportSource, source_folder: &Path) -> Result<ReadFiles, NoFiles> {
    let base = source_folder.join(&source.base_directory);
    if !base.is_dir() {
        return Err(NoFiles::BaseDirectory(source.base_directory.clone()));
    }
    let found = find_files(&base, &source.files)
        .map_err(|error| NoFiles::Pattern { name: source.name.clone(), error })?;
    let mut files: Vec<PathBuf> = found.iter().flat_map(|found| found.files.iter().cloned()).collect();
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(NoFiles::Files(found));
    }
    let mut problems = Vec::new();
    let mut texts = Vec::new();
    for file in files {
        match read_text(&base.join(&file)) {
            Ok(text) => texts.push((file, text)),
            Err(error) => problems.push(format!("{}: {error}", file.display())),
        }
    }
    let content = match source.format {
        Format::Junit => read_tests(source, &texts, &mut problems),
        Format::Cobertura => read_coverage(source_folder, &texts, &mut problems),
    };
    let succeeded = match &content {
        Content::Tests(results) => results.succeeded(),
        _ => true,
    };
    let outcome =
        if succeeded && problems.is_empty() { ReportStatus::Succeeded } else { ReportStatus::Failed };
    Ok(ReadFiles { found, content, outcome, problems })
}

fn read_text(path: &Path) -> io::Result<String> {
    let length = path.metadata()?.len();
    if length > LARGEST_FILE {
        let message = format!("it has {length} bytes; local-aws reads at most {LARGEST_FILE}");
        return Err(io::Error::other(message));
    }
    String::from_utf8(std::fs::read(path)?).map_err(|_| io::Error::other("it is no UTF-8 text"))
}

fn read_tests(source: &ReportSource, texts: &[(PathBuf, String)], problems: &mut Vec<String>) -> Content {
    let mut cases = Vec::new();
    for (file, text) in texts {
        let name = if source.discard_paths { file.file_name().map(Path::new) } else { None };
        match junit::read(text, &name.unwrap_or(file).to_string_lossy()) {
            Ok(read) => cases.extend(read),
            Err(error) => problems.push(format!("{}: {error}", file.display())),
        }
    }
    if cases.is_empty() && problems.is_empty() {
        problems.push("the files have no test cases".to_owned());
    }
    Content::Tests(TestResults::new(cases))
}

fn read_coverage(folder: &Path, texts: &[(PathBuf, String)], problems: &mut Vec<String>) -> Content {
    let mut files: BTreeMap<String, SourceLines> = BTreeMap::new();
    for (file, text) in texts {
        match cobertura::read(text) {
            Ok(document) => {
                for (name, lines) in &document.files {
                    files.entry(path_in_source(folder, &document.sources, name)).or_default().add_all(lines);
                }
            }
            Err(error) => problems.push(format!("{}: {error}", file.display())),
        }
    }
    if files.is_empty() && problems.is_empty() {
        problems.push("the files have no classes".to_owned());
    }
    let coverage = files.into_iter().map(|(path, lines)| FileCoverage {
        id: uuid::Uuid::new_v4().to_string(),
        path,
        counts: lines.counts(),
    });
    Content::Coverage(coverage.collect())
}

/// The path of a file relative to the source's folder: of the first file that is there when its name is taken as
/// relative to that folder or to one of Cobertura's `<source>`s. A file that is nowhere keeps its name.
fn path_in_source(folder: &Path, sources: &[String], name: &str) -> String {
    let bases = std::iter::once(folder.to_owned()).chain(sources.iter().map(|source| folder.join(source)));
    let there = bases.map(|base| without_dots(&base.join(name))).find(|path| path.is_file());
    let inside = there.as_ref().and_then(|path| path.strip_prefix(folder).ok());
    inside.map_or_else(|| name.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// The same path without `.` and `..`.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
