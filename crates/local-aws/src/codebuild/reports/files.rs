//! Which files a report is read from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::WalkDir;

/// The files that one pattern means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub pattern: String,
    pub files: Vec<PathBuf>,
}

/// The files below `base` that each pattern means, relative to `base` and in the order of their names. `**/*` means
/// files in all folders, `*` those in one (user guide, `reports/<name>/files`); a pattern without wildcards means the
/// file of that name. Folders that are symbolic links are passed over.
pub(super) fn find_files(base: &Path, patterns: &[String]) -> Result<Vec<Found>, globset::Error> {
    let matchers = patterns.iter().map(|pattern| matcher(pattern)).collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<BTreeSet<PathBuf>> = vec![BTreeSet::new(); patterns.len()];
    for (files, pattern) in files.iter_mut().zip(patterns) {
        if base.join(pattern).is_file() {
            files.insert(PathBuf::from(pattern));
        }
    }
    if patterns.iter().any(|pattern| pattern.contains(['*', '?', '[', '{'])) {
        // What cannot be read is no report.
        for entry in WalkDir::new(base).into_iter().filter_map(Result::ok) {
            let Ok(path) = entry.path().strip_prefix(base) else { continue };
            for (files, matcher) in files.iter_mut().zip(&matchers) {
                if matcher.is_match(path) && entry.path().is_file() {
                    files.insert(path.to_owned());
                }
            }
        }
    }
    let found = patterns.iter().zip(files);
    Ok(found
        .map(|(pattern, files)| Found { pattern: pattern.clone(), files: files.into_iter().collect() })
        .collect())
}

fn matcher(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    Ok(GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_the_user_guide_says() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.xml", "b.txt", "sub/c.xml", "sub/deep/d.xml", "sub/.e.xml", "[x].xml"] {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let cases: [(&str, &[&str]); 10] = [
            ("a.xml", &["a.xml"]),
            ("*", &["[x].xml", "a.xml", "b.txt"]),
            ("*.xml", &["[x].xml", "a.xml"]),
            ("sub/*", &["sub/.e.xml", "sub/c.xml"]),
            ("./sub/*.xml", &["sub/.e.xml", "sub/c.xml"]),
            ("**/*.xml", &["[x].xml", "a.xml", "sub/.e.xml", "sub/c.xml", "sub/deep/d.xml"]),
            ("sub/**/*", &["sub/.e.xml", "sub/c.xml", "sub/deep/d.xml"]),
            ("?.{xml,txt}", &["a.xml", "b.txt"]),
            ("[x].xml", &["[x].xml"]),
            ("missing.xml", &[]),
        ];
        for (pattern, expected) in cases {
            let found = find_files(folder.path(), &[pattern.to_owned()]).unwrap();
            let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(found, [Found { pattern: pattern.to_owned(), files: expected }]);
        }
        assert!(find_files(folder.path(), &["[".to_owned()]).is_err());
    }
}
