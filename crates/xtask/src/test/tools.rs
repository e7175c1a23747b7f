//! The tools that steps need: installed in `.tools/` at pinned versions, and only when they are not there yet.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::log::Log;
use crate::checkout::{Checkout, path_with};
use crate::error::Error;

const CARGO_DENY_VERSION: &str = "0.20.2";
const LAMBDA_TARGET: &str = "aarch64-unknown-linux-gnu";
/// The oldest supported major version of Node.js; `engines` in infra/package.json says it more exactly.
const NODE_MAJOR: u32 = 20;

/// Makes the Python environment with what `tools/requirements.txt` pins: cargo-lambda, zig, cfn-lint, the AWS CLI and
/// boto3.
pub(crate) fn install_python_tools(checkout: &Checkout, log: &Log) -> Result<(), Error> {
    let requirements = checkout.root.join("tools/requirements.txt");
    let environment = python_environment(checkout);
    let installed = environment.join("requirements.txt");
    if is_same_file(&requirements, &installed)? {
        return log.line("What tools/requirements.txt pins is installed.");
    }
    let mut version = checkout.command("python3");
    log.run(version.args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"]))?;
    log.run(checkout.command("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut pip = checkout.command(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "--requirement"]);
    log.run(pip.arg(&requirements))?;
    note_installed(&requirements, &installed)
}

/// Installs what `infra/package-lock.json` pins.
pub(crate) fn install_node_packages(checkout: &Checkout, log: &Log) -> Result<(), Error> {
    let lock = checkout.infra().join("package-lock.json");
    let installed = checkout.infra().join("node_modules/installed-package-lock.json");
    if is_same_file(&lock, &installed)? {
        return log.line("What infra/package-lock.json pins is installed.");
    }
    check_node(checkout)?;
    let mut npm = checkout.command("npm");
    log.run(npm.current_dir(checkout.infra()).args(["ci", "--no-audit", "--no-fund"]))?;
    note_installed(&lock, &installed)
}

/// Compiles cargo-deny, without optimizations: that takes less time, and it still answers in seconds.
pub(crate) fn install_cargo_deny(checkout: &Checkout, log: &Log) -> Result<(), Error> {
    if cargo_deny(checkout).exists() {
        return log.line(&format!("cargo-deny {CARGO_DENY_VERSION} is installed."));
    }
    // A target folder of its own: cargo locks the folder, and other steps compile at the same time.
    let build_folder = checkout.tools().join("cargo-deny-build");
    let mut install = checkout.command("cargo");
    install.args(["install", "cargo-deny", "--locked", "--debug", "--version", CARGO_DENY_VERSION]);
    install.arg("--root").arg(cargo_deny_root(checkout)).arg("--target-dir").arg(&build_folder);
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    log.run(&mut install)?;
    fs::remove_dir_all(&build_folder).map_err(Error::file(&build_folder))
}

/// A call of the pinned cargo-deny, to which the subcommand is still to be added.
pub(crate) fn cargo_deny_command(checkout: &Checkout) -> Command {
    checkout.command(cargo_deny(checkout))
}

/// A call of the Python that has what `tools/requirements.txt` pins.
pub(crate) fn python_command(checkout: &Checkout) -> Command {
    checkout.command(python_environment(checkout).join("bin/python"))
}

/// A call of cfn-lint.
pub(crate) fn cfn_lint_command(checkout: &Checkout) -> Command {
    checkout.command(python_environment(checkout).join("bin/cfn-lint"))
}

/// A call of a program that finds the pinned Python tools: `cargo lambda` with zig.
pub(crate) fn command_with_python_tools(checkout: &Checkout, program: &str) -> Result<Command, Error> {
    let mut command = checkout.command(program);
    command.env("PATH", path_with_python_tools(checkout)?);
    Ok(command)
}

/// The value of `PATH` with the pinned Python tools in front.
pub(crate) fn path_with_python_tools(checkout: &Checkout) -> Result<OsString, Error> {
    path_with(&python_environment(checkout).join("bin"), env::var_os("PATH"))
}

/// Adds Rust's standard library for the functions' architecture where it is missing.
pub(crate) fn install_lambda_target(checkout: &Checkout, log: &Log) -> Result<(), Error> {
    let mut libraries = checkout.command("rustc");
    libraries.args(["--print", "target-libdir", "--target", LAMBDA_TARGET]);
    let output = libraries.output().map_err(|source| Error::not_started(&libraries, source))?;
    Error::check(&libraries, output.status)?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    log.run(checkout.command("rustup").args(["target", "add", LAMBDA_TARGET]))
}

fn check_node(checkout: &Checkout) -> Result<(), Error> {
    let mut node = checkout.command("node");
    let output = node.arg("--version").output().map_err(|source| Error::not_started(&node, source))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match node_major(&version) {
        Some(major) if major >= NODE_MAJOR => Ok(()),
        _ => Err(Error::Missing(format!("Node.js is {version}, but {NODE_MAJOR} or newer is needed"))),
    }
}

/// The major version in the answer of `node --version`, such as `v20.20.2`.
fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn python_environment(checkout: &Checkout) -> PathBuf {
    checkout.tools().join("python")
}

fn cargo_deny_root(checkout: &Checkout) -> PathBuf {
    checkout.tools().join(format!("cargo-deny-{CARGO_DENY_VERSION}"))
}

fn cargo_deny(checkout: &Checkout) -> PathBuf {
    cargo_deny_root(checkout).join("bin/cargo-deny")
}

/// Whether what `pins` says was installed: the last thing that an installation does is to copy that file.
fn is_same_file(pins: &Path, installed: &Path) -> Result<bool, Error> {
    let pins = fs::read(pins).map_err(Error::file(pins))?;
    Ok(fs::read(installed).is_ok_and(|installed| installed == pins))
}

fn note_installed(pins: &Path, installed: &Path) -> Result<(), Error> {
    fs::copy(pins, installed).map_err(Error::file(installed))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(node_major("v20.20.2"), Some(20));
        assert_eq!(node_major("v8.0.0"), Some(8));
        for version in ["", "20.1.0", "vNext"] {
            assert_eq!(node_major(version), None, "{version}");
        }
    }

    #[test]
    fn a_changed_pin_asks_for_a_new_installation() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (pins, installed) = (folder.path().join("pins"), folder.path().join("installed"));
        assert!(is_same_file(&pins, &installed).is_err(), "the pins are part of the repository");
        fs::write(&pins, "a==1").expect("the folder is writable");
        assert!(!is_same_file(&pins, &installed).expect("the pins are there"));
        note_installed(&pins, &installed).expect("the folder is writable");
        assert!(is_same_file(&pins, &installed).expect("the pins are there"));
        fs::write(&pins, "a==2").expect("the folder is writable");
        assert!(!is_same_file(&pins, &installed).expect("the pins are there"));
    }
}
