//! Where things are in this checkout, and commands that run in it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::error::Error;

/// This checkout of the repository, as cargo sees it.
#[derive(Debug, Deserialize)]
pub(crate) struct Checkout {
    /// The folder of the workspace's Cargo.toml.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo builds; `CARGO_TARGET_DIR` and cargo's configuration are followed.
    pub(crate) target_directory: PathBuf,
    /// The crates of the workspace.
    pub(crate) packages: Vec<Package>,
}

/// A crate of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
}

impl Checkout {
    /// Asks cargo about the workspace around the current folder.
    pub(crate) fn find() -> Result<Self, Error> {
        let mut command = new_command("cargo");
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = command.output().map_err(|source| Error::not_started(&command, source))?;
        if !output.status.success() {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Error::check(&command, output.status)?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// A command that runs in the root of the checkout.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = new_command(program);
        command.current_dir(&self.root);
        command
    }

    /// `cargo build` of every binary of the workspace: the functions, local-aws and the demo.
    ///
    /// Everything that needs a host binary uses this one command, so that its features, and with them the compiled
    /// dependencies, are those of the tests too. There are no examples: asking for them makes cargo count the features
    /// that development dependencies turn on, as it does for tests. Without them, the tests would compile the AWS SDK
    /// a second time.
    pub(crate) fn build_command(&self) -> Command {
        let mut command = self.command("cargo");
        command.args(["build", "--workspace", "--bins", "--examples"]);
        command
    }

    /// The folder of the binaries that [`Self::build_command`] builds.
    pub(crate) fn binaries(&self) -> PathBuf {
        self.target_directory.join("debug")
    }

    /// The template that the CDK app synthesizes from the default settings.
    pub(crate) fn template(&self) -> PathBuf {
        self.root.join("infra/template/pull-request-hook.template.json")
    }

    /// The CDK app.
    pub(crate) fn infra(&self) -> PathBuf {
        self.root.join("infra")
    }

    /// What `cargo xtask test` installs; ignored by git.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }
}

/// A command that runs in the current folder, with the environment that this process was called in.
pub(crate) fn new_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_set_by_cargo_run) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether `cargo run` sets this variable for the program it runs.
///
/// Build scripts may ask to be run again when one of these changes (ring's does), so a cargo that inherited them would
/// compile what a cargo called by a person has compiled already.
fn is_set_by_cargo_run(name: &str) -> bool {
    matches!(
        name,
        "CARGO"
            | "CARGO_BIN_NAME"
            | "CARGO_CRATE_NAME"
            | "CARGO_MANIFEST_DIR"
            | "CARGO_MANIFEST_LINKS"
            | "CARGO_MANIFEST_PATH"
            | "CARGO_PRIMARY_PACKAGE"
    ) || name.starts_with("CARGO_PKG_")
}

/// The value of `PATH` with `folder` in front of it.
pub(crate) fn path_with(folder: &Path, path: Option<OsString>) -> Result<OsString, Error> {
    let folders = std::iter::once(folder.to_owned()).chain(path.iter().flat_map(env::split_paths));
    env::join_paths(folders).map_err(|source| {
        Error::Missing(format!("{} cannot be put into PATH: {source}; move the checkout", folder.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_tells_the_folders_and_the_crates() {
        let checkout: Checkout = serde_json::from_str(
            r#"{
                "packages": [{"name": "xtask", "manifest_path": "/c/crates/xtask/Cargo.toml", "version": "0.1.0"}],
                "workspace_root": "/c",
                "target_directory": "/elsewhere",
                "version": 1
            }"#,
        )
        .expect("the answer is cargo's");
        assert_eq!(checkout.binaries(), Path::new("/elsewhere/debug"));
        assert_eq!(checkout.template(), Path::new("/c/infra/template/pull-request-hook.template.json"));
        assert_eq!(checkout.packages[0].name, "xtask");
    }

    #[test]
    fn only_what_cargo_run_sets_is_taken_away() {
        for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
            assert!(is_set_by_cargo_run(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "RUSTUP_TOOLCHAIN", "PATH"] {
            assert!(!is_set_by_cargo_run(name), "{name}");
        }
    }

    #[test]
    fn a_folder_goes_in_front_of_the_path() {
        let path = path_with(Path::new("/tools"), Some("/usr/bin:/bin".into())).expect("a plain path");
        assert_eq!(path, "/tools:/usr/bin:/bin");
        assert_eq!(path_with(Path::new("/tools"), None).expect("a plain path"), "/tools");
        assert!(path_with(Path::new("/with:colon"), None).is_err());
    }
}
