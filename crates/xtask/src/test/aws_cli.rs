//! Version 2 of the AWS CLI: PyPI does not have it, so it is the system's.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::checkout::path_with;
use crate::error::Error;

/// The minor version of 2 that began to know `AWS_ENDPOINT_URL`.
const FIRST_WITH_ENDPOINT_URL: u32 = 13;

/// An AWS CLI of version 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsCli {
    program: PathBuf,
    /// Such as `aws-cli/2.9.19`.
    version: String,
    minor: u32,
}

impl AwsCli {
    /// The first one on `path`, where an older one may stand before it.
    pub(crate) fn find(path: &OsStr) -> Option<Self> {
        env::split_paths(path).map(|folder| folder.join("aws")).find_map(|program| {
            let output = Command::new(&program).arg("--version").output().ok()?;
            Self::read(program, &String::from_utf8_lossy(&output.stdout))
        })
    }

    /// From the answer of `aws --version`, such as `aws-cli/2.9.19 Python/3.11.2 Linux/6.1 …`.
    fn read(program: PathBuf, answer: &str) -> Option<Self> {
        let version = answer.split_whitespace().next()?;
        let (minor, _) = version.strip_prefix("aws-cli/2.")?.split_once('.')?;
        Some(Self { program, version: version.to_owned(), minor: minor.parse().ok()? })
    }

    /// Whether it has to be told where AWS is with every call.
    fn needs_endpoint_url(&self) -> bool {
        self.minor < FIRST_WITH_ENDPOINT_URL
    }

    /// Which one it is, and how it was helped, for a person.
    pub(crate) fn describe(&self) -> String {
        let program = self.program.display();
        if self.needs_endpoint_url() {
            format!(
                "{} ({program}) is older than 2.{FIRST_WITH_ENDPOINT_URL} and does not know AWS_ENDPOINT_URL: it was \
                 called with --endpoint-url",
                self.version
            )
        } else {
            format!("{} ({program})", self.version)
        }
    }

    /// A value of `PATH` on which `aws` is this one: a script in `folder`, which is made.
    pub(crate) fn put_on_path(&self, folder: &Path) -> Result<std::ffi::OsString, Error> {
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
        let script = folder.join("aws");
        fs::write(&script, self.script()).map_err(Error::file(&script))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).map_err(Error::file(&script))?;
        path_with(folder, env::var_os("PATH"))
    }

    fn script(&self) -> String {
        let endpoint = if self.needs_endpoint_url() { " --endpoint-url \"$AWS_ENDPOINT_URL\"" } else { "" };
        let program = self.program.to_string_lossy().replace('\'', r"'\''");
        format!("#!/bin/sh\nexec '{program}' \"$@\"{endpoint}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> Option<AwsCli> {
        AwsCli::read("/usr/bin/aws".into(), answer)
    }

    #[test]
    fn only_version_2_is_read() {
        let cli = read("aws-cli/2.9.19 Python/3.11.2 Linux/6.1 source/x86_64.debian.12 prompt/off\n")
            .expect("version 2");
        assert_eq!((cli.version.as_str(), cli.minor), ("aws-cli/2.9.19", 9));
        for other in ["aws-cli/1.46.2 Python/3.11.7", "aws-cli/22.1.0", "", "usage: aws"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_version_that_does_not_know_the_variable_is_told_the_endpoint() {
        let older = read("aws-cli/2.12.7 x").expect("version 2");
        assert_eq!(
            older.script(),
            "#!/bin/sh\nexec '/usr/bin/aws' \"$@\" --endpoint-url \"$AWS_ENDPOINT_URL\"\n"
        );
        assert!(older.describe().contains("aws-cli/2.12.7 (/usr/bin/aws) is older than 2.13"));
        let newer = read("aws-cli/2.13.0 x").expect("version 2");
        assert_eq!(newer.script(), "#!/bin/sh\nexec '/usr/bin/aws' \"$@\"\n");
        assert_eq!(newer.describe(), "aws-cli/2.13.0 (/usr/bin/aws)");
    }

    #[test]
    fn version_2_is_found_behind_version_1() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, version) in [("one", "1.46.2"), ("two", "2.9.19")] {
            let program = folder.path().join(name).join("aws");
            fs::create_dir(program.with_file_name("")).expect("the folder is writable");
            fs::write(&program, format!("#!/bin/sh\necho aws-cli/{version} x\n"))
                .expect("the folder is writable");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is there");
        }
        let path = |names: &[&str]| {
            env::join_paths(names.iter().map(|name| folder.path().join(name))).expect("plain")
        };
        let found = AwsCli::find(&path(&["none", "one", "two"])).expect("the second is of version 2");
        assert_eq!(found.program, folder.path().join("two/aws"));
        assert_eq!(AwsCli::find(&path(&["one"])), None);
    }
}
