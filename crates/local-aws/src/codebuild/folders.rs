//! The folders of one build.

use std::path::{Path, PathBuf};

use super::request::Source;

/// A build's own scratch folder and what is where in it.
#[derive(Debug)]
pub(super) struct Folders {
    root: PathBuf,
}

impl Folders {
    pub(super) fn new(of_all_builds: &Path, uuid: &str) -> Self {
        Self { root: of_all_builds.join(uuid) }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// What is `/codebuild/output/tmp` on CodeBuild.
    pub(super) fn tmp(&self) -> PathBuf {
        self.root.join("output/tmp")
    }

    /// `CODEBUILD_SRC_DIR`. It ends in the clone URL without its scheme, as on CodeBuild.
    pub(super) fn source(&self, source: &Source) -> PathBuf {
        let directory = self.root.join("output/src");
        match source {
            Source::NoSource => directory,
            Source::CodeCommit(location) => {
                let below = location.split_once("://").map_or(location.as_str(), |(_, rest)| rest);
                let names = below.split('/').filter(|name| !matches!(*name, "" | "." | ".."));
                directory.join(names.collect::<PathBuf>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_clone_url_leads_out_of_the_builds_folder() {
        let folders = Folders::new(Path::new("/builds"), "uuid");
        let cases = [
            ("https://git.example/v1/repos/payments", "git.example/v1/repos/payments"),
            ("https://git.example/../../../etc", "git.example/etc"),
            ("/etc", "etc"),
        ];
        for (location, below) in cases {
            let source = Source::CodeCommit(location.to_owned());
            assert_eq!(folders.source(&source), Path::new("/builds/uuid/output/src").join(below));
        }
    }
}
