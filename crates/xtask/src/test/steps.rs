//! The steps of `cargo xtask test`, in the order in which their lanes run them.

use std::process::Stdio;

use super::log::Log;
use super::step::{Lane, Outcome, Step, StepName};
use super::{crate_lints, documents, readme, tools};
use crate::checkout::Checkout;
use crate::error::Error;

/// Everything that a change has to pass.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: StepName::Format,
        about: "the Rust code is formatted",
        needs: &[],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Run `cargo fmt --all` and look at what it changed.",
        run: |checkout, log| pass(log.run(checkout.command("cargo").args(["fmt", "--all", "--check"]))),
    },
    Step {
        name: StepName::CrateLints,
        about: "every crate takes over the workspace's lints",
        needs: &[],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Add `[lints] workspace = true` to the manifests of these crates.",
        run: |checkout, _| pass(crate_lints::check(checkout)),
    },
    Step {
        name: StepName::Documents,
        about: "the files, commands and settings that the documents name exist",
        needs: &[],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Mend these lines, or bring back what they name.",
        run: |checkout, _| pass(documents::check(checkout)),
    },
    Step {
        name: StepName::Lints,
        about: "clippy finds nothing in any Rust target",
        needs: &[],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Mend what clippy says above; where a lint is wrong, `#[expect(…, reason = …)]` says why.",
        run: run_clippy,
    },
    Step {
        name: StepName::PythonTools,
        about: "install cargo-lambda, zig, cfn-lint, the AWS CLI and boto3",
        needs: &[],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Install Python 3.10 or newer with its venv module (Debian: apt-get install python3-venv).",
        run: |checkout, log| pass(tools::install_python_tools(checkout, log)),
    },
    Step {
        name: StepName::NodePackages,
        about: "install the CDK app's packages",
        needs: &[],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Install Node.js 20 or newer with npm, or mend infra/package-lock.json as npm says.",
        run: |checkout, log| pass(tools::install_node_packages(checkout, log)),
    },
    Step {
        name: StepName::InfraFormat,
        about: "the CDK app is formatted",
        needs: &[StepName::NodePackages],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Run `npm run format` in infra/ and look at what it changed.",
        run: |checkout, log| run_script(checkout, log, "format:check"),
    },
    Step {
        name: StepName::InfraLints,
        about: "ESLint finds nothing in the CDK app",
        needs: &[StepName::NodePackages],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Mend what ESLint says above.",
        run: |checkout, log| run_script(checkout, log, "lint"),
    },
    Step {
        name: StepName::InfraTypes,
        about: "the CDK app's types are right",
        needs: &[StepName::NodePackages],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Mend what the TypeScript compiler says above.",
        run: |checkout, log| run_script(checkout, log, "typecheck"),
    },
    Step {
        name: StepName::InfraTests,
        about: "the CDK app's tests pass, cdk-nag's rules among them",
        needs: &[StepName::NodePackages],
        lane: Lane::Side,
        // The counts with which Node's test runner ends.
        closing_lines: 8,
        advice: "Read the failed assertion above.",
        run: |checkout, log| run_script(checkout, log, "test"),
    },
    Step {
        name: StepName::Template,
        about: "the committed template is what the CDK app synthesizes",
        needs: &[StepName::NodePackages],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Run `npm run template` in infra/, look at the difference, and commit it.",
        run: |checkout, log| run_script(checkout, log, "template:check"),
    },
    Step {
        name: StepName::CfnLint,
        about: "cfn-lint finds nothing in the committed template",
        needs: &[StepName::PythonTools],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Mend the construct that the finding names, then run `npm run template` in infra/.",
        run: |checkout, log| {
            // infra/.cfnlintrc.yaml names the template.
            pass(log.run(tools::cfn_lint_command(checkout).current_dir(checkout.infra())))
        },
    },
    Step {
        name: StepName::CargoDeny,
        about: "install cargo-deny",
        needs: &[],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Read what cargo says above; it needs crates.io.",
        run: |checkout, log| pass(tools::install_cargo_deny(checkout, log)),
    },
    Step {
        name: StepName::Dependencies,
        about: "licenses, sources and directions of dependencies are allowed",
        needs: &[StepName::CargoDeny],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Choose another dependency, or change deny.toml with a reason.",
        run: |checkout, log| {
            let mut deny = tools::cargo_deny_command(checkout);
            pass(log.run(deny.args(["--locked", "check", "bans", "licenses", "sources"])))
        },
    },
    Step {
        name: StepName::Advisories,
        about: "no dependency has a security advisory",
        needs: &[StepName::CargoDeny],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "An advisory was found: update the dependency that it names.",
        run: check_advisories,
    },
    Step {
        name: StepName::Build,
        about: "build the binaries that the tests run",
        needs: &[],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Read what the compiler says above.",
        run: |checkout, log| pass(log.run(checkout.build_command().arg("--locked"))),
    },
    Step {
        name: StepName::Tests,
        about: "the unit and end-to-end tests pass",
        needs: &[StepName::Build],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Read the failed assertion above.",
        run: run_tests,
    },
    Step {
        name: StepName::Demo,
        about: "the demo runs as README.md gives it",
        needs: &[StepName::Build],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Read what the demo says above.",
        run: |checkout, log| pass(readme::run_demo(checkout, log)),
    },
    Step {
        name: StepName::Readme,
        about: "the walk-through of README.md works with git and version 1 of the AWS CLI",
        needs: &[StepName::Build, StepName::PythonTools],
        lane: Lane::Side,
        closing_lines: 0,
        advice: "Mend the command that the last lines above name, in README.md or in what it runs.",
        run: |checkout, log| pass(readme::run_walk_through(checkout, log)),
    },
    Step {
        name: StepName::ReadmeVersion2,
        about: "the same with version 2 of the AWS CLI, where the system has it",
        needs: &[StepName::Build],
        lane: Lane::Side,
        // Which version it was.
        closing_lines: 1,
        advice: "Mend the command that the last lines above name, in README.md or in what it runs.",
        run: readme::run_walk_through_with_version_2,
    },
    Step {
        name: StepName::Clients,
        about: "the AWS CLI, boto3 and Git work with local-aws, and its answers follow botocore's API models",
        needs: &[StepName::Build, StepName::PythonTools],
        lane: Lane::Side,
        // The count.
        closing_lines: 1,
        advice: "Read the failed assertion above; tests/clients/README.md says how to run one sitting.",
        run: |checkout, log| {
            let mut python = tools::python_command(checkout);
            python.args(["tests/clients/run.py", "--binaries"]).arg(checkout.binaries());
            pass(log.run(python.arg("--template").arg(checkout.template())))
        },
    },
    Step {
        name: StepName::Arm64,
        about: "the functions compile for Lambda's arm64",
        needs: &[StepName::PythonTools],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Read what the compiler says above; without rustup, install Rust's library for aarch64-unknown-linux-gnu.",
        run: build_functions,
    },
    Step {
        name: StepName::Synth,
        about: "cdk synth bundles the functions",
        needs: &[StepName::NodePackages, StepName::Arm64],
        lane: Lane::Rust,
        closing_lines: 0,
        advice: "Read what the CDK says above.",
        run: |checkout, log| {
            let mut npx = tools::command_with_python_tools(checkout, "npx")?;
            pass(log.run(npx.current_dir(checkout.infra()).args(["--no", "cdk", "synth", "--quiet"])))
        },
    },
];

fn pass(result: Result<(), Error>) -> Result<Outcome, Error> {
    result.map(|()| Outcome::Passed)
}

fn run_clippy(checkout: &Checkout, log: &Log) -> Result<Outcome, Error> {
    let mut clippy = checkout.command("cargo");
    clippy.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]);
    pass(log.run(&mut clippy))
}

fn run_tests(checkout: &Checkout, log: &Log) -> Result<Outcome, Error> {
    let mut tests = checkout.command("cargo");
    tests.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    // A snapshot that differs is a failure, and writes no file beside the old one.
    tests.env("INSTA_UPDATE", "no");
    pass(log.run(&mut tests))
}

fn run_script(checkout: &Checkout, log: &Log, script: &str) -> Result<Outcome, Error> {
    let mut npm = checkout.command("npm");
    pass(log.run(npm.current_dir(checkout.infra()).args(["run", "--silent", script])))
}

/// Selects the packages as the CDK app's bundling does: cargo then turns on the same features, those of the functions
/// and of nothing else in the workspace, and `cdk synth` finds everything compiled.
fn build_functions(checkout: &Checkout, log: &Log) -> Result<Outcome, Error> {
    tools::install_lambda_target(checkout, log)?;
    let mut build = tools::command_with_python_tools(checkout, "cargo")?;
    build.args(["lambda", "build", "--release", "--arm64", "--locked"]);
    build.args(["--package", "start-build", "--package", "publish-build-result"]);
    pass(log.run(&mut build))
}

/// Without the database there is nothing to compare with, which is not the same as an advisory that was found.
fn check_advisories(checkout: &Checkout, log: &Log) -> Result<Outcome, Error> {
    let mut fetch = tools::cargo_deny_command(checkout);
    fetch.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null());
    let output = fetch.output().map_err(|source| Error::not_started(&fetch, source))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        log.line(&errors)?;
        let reason = errors.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason was given");
        return Ok(Outcome::NotChecked(format!("the advisory database could not be fetched ({reason})")));
    }
    let mut deny = tools::cargo_deny_command(checkout);
    pass(log.run(deny.args(["--locked", "check", "--disable-fetch", "advisories"])))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_name_is_one_step() {
        for name in StepName::value_variants() {
            assert_eq!(STEPS.iter().filter(|step| step.name == *name).count(), 1, "{name:?}");
        }
    }

    #[test]
    fn a_step_comes_after_what_it_needs() {
        for (index, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(
                    STEPS[..index].iter().any(|earlier| earlier.name == *need),
                    "{:?} {need:?}",
                    step.name
                );
            }
        }
    }

    #[test]
    fn what_builds_in_the_target_folder_is_in_one_lane() {
        for name in [
            StepName::Lints,
            StepName::Build,
            StepName::Tests,
            StepName::Demo,
            StepName::Arm64,
            StepName::Synth,
        ] {
            assert!(STEPS.iter().any(|step| step.name == name && step.lane == Lane::Rust), "{name:?}");
        }
    }
}
