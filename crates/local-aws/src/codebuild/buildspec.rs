//! Buildspecs: the YAML that says what a build does (user guide, "Buildspec reference", version 0.2).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::phase::PhaseType;
use super::reports::{ReportSection, ReportSource};
use super::request::is_shell_name;

/// A buildspec, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Buildspec {
    pub shell: Shell,
    pub variables: BTreeMap<String, String>,
    /// Whether git in the commands gets the build's credentials.
    pub git_credential_helper: bool,
    pub phases: BTreeMap<PhaseType, Commands>,
    /// In the order of their names.
    pub reports: Vec<ReportSource>,
    /// What is valid but has no effect here, in words, for the log.
    pub not_processed: Vec<String>,
}

/// The shell that runs the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    Bash,
    Sh,
}

/// What one phase does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Commands {
    pub commands: Vec<String>,
    pub finally: Vec<String>,
    pub on_failure: Option<OnFailure>,
}

/// What follows a phase that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    Abort,
    Continue,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Document {
    version: Option<String>,
    run_as: Option<IgnoredAny>,
    env: Option<Env>,
    proxy: Option<IgnoredAny>,
    batch: Option<IgnoredAny>,
    phases: Option<BTreeMap<String, Phase>>,
    reports: Option<BTreeMap<String, ReportSection>>,
    artifacts: Option<Artifacts>,
    cache: Option<Cache>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Env {
    shell: Option<String>,
    variables: Option<BTreeMap<String, String>>,
    parameter_store: Option<IgnoredAny>,
    secrets_manager: Option<IgnoredAny>,
    exported_variables: Option<IgnoredAny>,
    git_credential_helper: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Phase {
    run_as: Option<IgnoredAny>,
    on_failure: Option<String>,
    runtime_versions: Option<BTreeMap<String, String>>,
    commands: Option<Vec<String>>,
    finally: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "members that are only checked for their form")]
struct Artifacts {
    files: Option<Vec<String>>,
    secondary_artifacts: Option<BTreeMap<String, IgnoredAny>>,
    name: Option<String>,
    base_directory: Option<String>,
    discard_paths: Option<String>,
    exclude_paths: Option<Vec<String>>,
    enable_symlinks: Option<String>,
    s3_prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "members that are only checked for their form")]
struct Cache {
    paths: Vec<String>,
    key: Option<String>,
    fallback_keys: Option<Vec<String>>,
    action: Option<String>,
}

impl Buildspec {
    /// Reads a buildspec. An `Err` is the message of the YAML_FILE_ERROR that fails DOWNLOAD_SOURCE.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err(
                "the buildspec is empty; write at least version: 0.2 and phases: build: commands:".to_owned()
            );
        }
        let document: Document = serde_saphyr::from_str(text).map_err(|error| yaml_message(&error))?;
        match document.version.as_deref() {
            Some("0.2") => {}
            Some("0.1") => return Err(not_modeled("buildspec version 0.1; write version: 0.2")),
            Some(other) => return Err(format!("unknown buildspec version {other}; write version: 0.2")),
            None => return Err("the buildspec has no version; begin it with version: 0.2".to_owned()),
        }
        refuse(&[("run-as", document.run_as), ("proxy", document.proxy), ("batch", document.batch)])?;
        let env = document.env.unwrap_or_default();
        refuse(&[
            ("env/parameter-store", env.parameter_store),
            ("env/secrets-manager", env.secrets_manager),
            ("env/exported-variables", env.exported_variables),
        ])?;
        let shell = match env.shell.as_deref() {
            None | Some("bash" | "/bin/bash") => Shell::Bash,
            Some("sh" | "/bin/sh") => Shell::Sh,
            Some(other) => return Err(not_modeled(&format!("env/shell {other}; it has bash and /bin/sh"))),
        };
        let git_credential_helper = match env.git_credential_helper.as_deref() {
            None | Some("no") => false,
            Some("yes") => true,
            Some(other) => return Err(format!("env/git-credential-helper is {other}; it can be yes or no")),
        };
        let mut not_processed = Vec::new();
        let phases = read_phases(document.phases.unwrap_or_default(), &mut not_processed)?;
        if phases.is_empty() {
            return Err("the buildspec has no phases; write at least phases: build: commands:".to_owned());
        }
        let reports = ReportSection::check_all(document.reports.unwrap_or_default(), not_modeled)?;
        if let Some(artifacts) = document.artifacts {
            let files = artifacts.files.unwrap_or_default();
            if files.is_empty() && artifacts.secondary_artifacts.is_none() {
                return Err("artifacts has no files; list at least one".to_owned());
            }
            not_processed.push("artifacts".to_owned());
        }
        if let Some(cache) = document.cache {
            if cache.paths.is_empty() {
                return Err("cache/paths is empty; list at least one path".to_owned());
            }
            not_processed.push("cache".to_owned());
        }
        let variables = env.variables.unwrap_or_default();
        if let Some(name) = variables.keys().find(|name| !is_shell_name(name)) {
            return Err(not_modeled(&format!("the variable name {name:?}, which no shell can set")));
        }
        Ok(Self { shell, variables, git_credential_helper, phases, reports, not_processed })
    }
}

fn read_phases(
    phases: BTreeMap<String, Phase>,
    not_processed: &mut Vec<String>,
) -> Result<BTreeMap<PhaseType, Commands>, String> {
    let mut read = BTreeMap::new();
    for (name, phase) in phases {
        let phase_type = match name.as_str() {
            "install" => PhaseType::Install,
            "pre_build" => PhaseType::PreBuild,
            "build" => PhaseType::Build,
            "post_build" => PhaseType::PostBuild,
            // CodeBuild's own words.
            _ => {
                let name = name.to_uppercase();
                return Err(format!(
                    "Invalid buildspec phase name: {name}. Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD"
                ));
            }
        };
        refuse(&[(&format!("phases/{name}/run-as"), phase.run_as)])?;
        let on_failure = match phase.on_failure.as_deref() {
            None => None,
            Some("ABORT") => Some(OnFailure::Abort),
            Some("CONTINUE") => Some(OnFailure::Continue),
            Some(retry) if retry.starts_with("RETRY") => {
                return Err(not_modeled(&format!("phases/{name}/on-failure {retry}")));
            }
            Some(other) => {
                return Err(format!(
                    "phases/{name}/on-failure is {other}; it can be ABORT, CONTINUE or RETRY"
                ));
            }
        };
        if let Some(versions) = phase.runtime_versions {
            if phase_type != PhaseType::Install {
                return Err(format!(
                    "phases/{name}/runtime-versions: only install can have runtime-versions"
                ));
            }
            let versions: Vec<_> =
                versions.iter().map(|(runtime, version)| format!("{runtime} {version}")).collect();
            not_processed.push(format!("runtime-versions ({})", versions.join(", ")));
        }
        read.insert(
            phase_type,
            Commands {
                commands: phase.commands.unwrap_or_default(),
                finally: phase.finally.unwrap_or_default(),
                on_failure,
            },
        );
    }
    Ok(read)
}

fn refuse(keys: &[(&str, Option<IgnoredAny>)]) -> Result<(), String> {
    match keys.iter().find(|(_, value)| value.is_some()) {
        Some((key, _)) => Err(not_modeled(key)),
        None => Ok(()),
    }
}

fn not_modeled(what: &str) -> String {
    format!("local-aws does not model {what} (CodeBuild may know it)")
}

/// The message without the excerpt of the file, in one line: it goes into a phase's context.
fn yaml_message(error: &serde_saphyr::Error) -> String {
    let error = error.without_snippet();
    let message = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
    let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match error {
        // The commonest mistake in a buildspec: `- echo done: $X` is a mapping.
        serde_saphyr::Error::Unexpected { expected: "string scalar", .. } => {
            format!("{message}; write text that contains a colon and a space in quotes")
        }
        // The next commonest: `commands: ls` is text.
        serde_saphyr::Error::Unexpected { expected: "sequence start", .. } => {
            format!(
                "{message}; write a list, with each item on a line of its own after a hyphen, such as: - ls"
            )
        }
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_is_wrong_and_where() {
        let cases = [
            (
                "phases:\n  build:\n    command: [a]\n",
                "unknown field `command`, expected one of run-as, on-failure, runtime-versions, commands, finally at line 4, column 5",
            ),
            (
                "phases:\n  build:\n    commands:\n      - echo: x\n",
                "expected string scalar at line 5, column 9; write text that contains a colon and a space in quotes",
            ),
            (
                "phases:\n  build:\n    commands: ls\n",
                "expected sequence start at line 4, column 15; write a list, with each item on a line of its own after a hyphen, such as: - ls",
            ),
            (
                "phases: { build: { commands: [ a }\n",
                "mismatched bracket '[' closed by '}' at line 2, column 30",
            ),
            ("version: 0.2\n", "duplicate mapping key: version not allowed here at line 2, column 1"),
        ];
        for (rest, expected) in cases {
            assert_eq!(Buildspec::parse(&format!("version: 0.2\n{rest}")).unwrap_err(), expected);
        }
    }

    #[test]
    fn git_gets_credentials_only_where_the_buildspec_says_yes() {
        let parse = |env: &str| {
            let text = format!("version: 0.2\n{env}phases: {{ build: {{ commands: [ a ] }} }}\n");
            Buildspec::parse(&text).map(|buildspec| buildspec.git_credential_helper)
        };
        assert_eq!(parse(""), Ok(false));
        assert_eq!(parse("env: { git-credential-helper: no }\n"), Ok(false));
        assert_eq!(parse("env:\n  git-credential-helper: yes\n"), Ok(true));
        let wrong = parse("env: { git-credential-helper: maybe }\n").unwrap_err();
        assert_eq!(wrong, "env/git-credential-helper is maybe; it can be yes or no");
    }

    #[test]
    fn an_empty_buildspec_is_said_to_be_empty() {
        for text in ["", "\n", "  \r\n\t"] {
            let expected = "the buildspec is empty; write at least version: 0.2 and phases: build: commands:";
            assert_eq!(Buildspec::parse(text).unwrap_err(), expected, "{text:?}");
        }
    }
}
