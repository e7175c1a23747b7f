//! The function's settings, read once when it starts.

use std::time::Duration;

use lambda_setup::{InvalidSetting, parse_sweep_period, read_setting};
use pull_request_build::{
    HookName, InvalidId, ProjectName, RepositoryName, ServedRepositories, parse_role_name,
};

/// What the deployment tells the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// The hook that the function belongs to.
    pub(crate) hook_name: HookName,
    /// The project in which it starts builds.
    pub(crate) project_name: ProjectName,
    /// Where repositories are cloned from.
    pub(crate) clone_url_prefix: CloneUrlPrefix,
    /// The buildspec in every repository.
    pub(crate) buildspec: BuildspecPath,
    /// Whether builds that nobody waits for any more are stopped.
    pub(crate) stop_superseded: bool,
    /// The repositories that a sweep looks at.
    pub(crate) repositories: ServedRepositories,
    /// The time between two sweeps; zero without sweeps.
    pub(crate) sweep_period: Duration,
    /// At most this many builds are started in a sweep.
    pub(crate) sweep_builds: usize,
    /// Whether a sweep starts builds for commits, too, that were pushed before the hook was deployed.
    pub(crate) build_existing: bool,
    /// The name of publish-build-result, which writes the comments.
    pub(crate) publish_function_name: String,
    /// The name of its role.
    pub(crate) publish_role_name: String,
}

/// What comes before a repository's name in its clone URL; it ends with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CloneUrlPrefix(String);

/// A path inside the repository. CodeBuild takes a buildspec as a path, as an ARN in S3 or as the YAML itself: only the
/// first leaves it to the commit what its build does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildspecPath(String);

impl Config {
    /// Reads the settings from the process's environment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads settings")]
    pub(crate) fn from_environment() -> Result<Self, InvalidSetting> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        Ok(Self {
            hook_name: read_setting(&lookup, "HOOK_NAME", HookName::parse)?,
            project_name: read_setting(&lookup, "PROJECT_NAME", ProjectName::parse)?,
            clone_url_prefix: read_setting(&lookup, "CLONE_URL_PREFIX", CloneUrlPrefix::parse)?,
            buildspec: read_setting(&lookup, "BUILDSPEC", BuildspecPath::parse)?,
            stop_superseded: read_setting(&lookup, "STOP_SUPERSEDED", parse_flag)?,
            repositories: read_setting(&lookup, "REPOSITORIES", ServedRepositories::parse)?,
            sweep_period: read_setting(&lookup, "SWEEP_MINUTES", parse_sweep_period)?,
            sweep_builds: read_setting(&lookup, "SWEEP_BUILDS", parse_sweep_builds)?,
            build_existing: read_setting(&lookup, "BUILD_EXISTING", parse_flag)?,
            publish_function_name: read_setting(&lookup, "PUBLISH_FUNCTION_NAME", parse_function_name)?,
            publish_role_name: read_setting(&lookup, "PUBLISH_ROLE_NAME", parse_role_name)?,
        })
    }
}

impl CloneUrlPrefix {
    fn parse(text: &str) -> Result<Self, InvalidId> {
        let host_and_path = text.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
        let valid = host_and_path.is_some_and(|(host, _)| !host.is_empty())
            && text.ends_with('/')
            && text.len() <= 1024
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\".contains(&byte));
        valid.then(|| Self(text.to_owned())).ok_or_else(|| {
            invalid(
                "the clone URL prefix",
                "https://, a host and a path that ends with '/', such as \
                 https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/",
                text,
            )
        })
    }

    /// The clone URL of a repository.
    pub(crate) fn clone_url(&self, repository_name: &RepositoryName) -> String {
        format!("{}{repository_name}", self.0)
    }
}

impl BuildspecPath {
    fn parse(text: &str) -> Result<Self, InvalidId> {
        let is_name = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let valid = text.len() <= 1024 && text.split('/').all(is_name);
        valid.then(|| Self(text.to_owned())).ok_or_else(|| {
            invalid(
                "the buildspec",
                "a path inside the repository, of letters, digits, '.', '_', '-' and '/', such as \
                 buildspec-tests.yaml",
                text,
            )
        })
    }

    /// The path, relative to the repository's root.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn parse_flag(text: &str) -> Result<bool, InvalidId> {
    text.parse().map_err(|_| invalid("the flag", "true or false", text))
}

fn parse_sweep_builds(text: &str) -> Result<usize, InvalidId> {
    let builds = text.parse().ok().filter(|builds| (1..=100).contains(builds));
    builds.ok_or_else(|| invalid("the number of builds", "a whole number from 1 to 100", text))
}

/// The characters that Lambda allows in a function's name (API reference of Lambda, `CreateFunction`).
fn parse_function_name(text: &str) -> Result<String, InvalidId> {
    let valid = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    valid.then(|| text.to_owned()).ok_or_else(|| {
        invalid("the function's name", "1 to 64 letters, digits, '_' or '-' (not the ARN)", text)
    })
}

fn invalid(what: &'static str, expected: &'static str, found: &str) -> InvalidId {
    InvalidId { what, expected, found: found.chars().take(64).collect() }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const SETTINGS: [(&str, &str); 11] = [
        ("HOOK_NAME", "payments-hook"),
        ("PROJECT_NAME", "payments-project"),
        ("CLONE_URL_PREFIX", "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/"),
        ("BUILDSPEC", "ci/buildspec-tests.yaml"),
        ("STOP_SUPERSEDED", "true"),
        ("REPOSITORIES", r#"["payments","web-*"]"#),
        ("SWEEP_MINUTES", "15"),
        ("SWEEP_BUILDS", "2"),
        ("BUILD_EXISTING", "false"),
        ("PUBLISH_FUNCTION_NAME", "publish-function"),
        ("PUBLISH_ROLE_NAME", "publish-role"),
    ];

    /// The configuration that the settings above make.
    pub(crate) fn a_config() -> Config {
        read_with("UNRELATED", None).unwrap()
    }

    /// The settings above, with the variable `name` changed.
    fn read_with(name: &str, value: Option<&str>) -> Result<Config, InvalidSetting> {
        Config::read(|wanted| {
            let usual = SETTINGS.into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
            let value = if wanted == name { value } else { usual };
            value.map(str::to_owned)
        })
    }

    #[test]
    fn the_settings_are_read() {
        let config = a_config();
        assert_eq!(config.hook_name.as_str(), "payments-hook");
        assert_eq!(config.project_name.as_str(), "payments-project");
        assert_eq!(config.buildspec.as_str(), "ci/buildspec-tests.yaml");
        assert!(config.stop_superseded && !config.build_existing);
        assert!(config.repositories.serves(&RepositoryName::parse("web-shop").unwrap()));
        assert_eq!(config.sweep_period, Duration::from_secs(15 * 60));
        assert_eq!(config.sweep_builds, 2);
        assert_eq!(config.publish_function_name, "publish-function");
        assert_eq!(config.publish_role_name, "publish-role");
        assert_eq!(
            config.clone_url_prefix.clone_url(&RepositoryName::parse("payments").unwrap()),
            "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/payments"
        );
    }

    #[test]
    fn a_missing_setting_is_named() {
        for (name, _) in SETTINGS {
            assert_eq!(read_with(name, None), Err(InvalidSetting::Missing(name)));
        }
    }

    #[test]
    fn a_malformed_setting_is_named_with_what_is_expected() {
        let cases = [
            ("HOOK_NAME", "My Hook", "lower-case letters"),
            ("PROJECT_NAME", "a/b", "letters, digits"),
            ("CLONE_URL_PREFIX", "http://git-codecommit.eu-central-1.amazonaws.com/v1/repos/", "https://"),
            (
                "CLONE_URL_PREFIX",
                "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos",
                "ends with '/'",
            ),
            ("CLONE_URL_PREFIX", "https:///", "a host"),
            ("CLONE_URL_PREFIX", "https://user@host/", "a host"),
            ("CLONE_URL_PREFIX", "https://host/v1/ repos/", "a host"),
            ("REPOSITORIES", "payments", "a JSON list"),
            ("SWEEP_MINUTES", "-1", "0 to 1440"),
            ("SWEEP_MINUTES", "1441", "0 to 1440"),
            ("SWEEP_BUILDS", "0", "1 to 100"),
            ("SWEEP_BUILDS", "101", "1 to 100"),
            ("BUILD_EXISTING", "yes", "true or false"),
            ("BUILDSPEC", "", "a path inside the repository"),
            ("BUILDSPEC", "/etc/buildspec.yml", "a path inside the repository"),
            ("BUILDSPEC", "../buildspec.yml", "a path inside the repository"),
            ("BUILDSPEC", "ci//buildspec.yml", "a path inside the repository"),
            ("BUILDSPEC", "arn:aws:s3:::bucket/buildspec.yml", "a path inside the repository"),
            ("BUILDSPEC", "version: 0.2\nphases: {}", "a path inside the repository"),
            ("STOP_SUPERSEDED", "yes", "true or false"),
            ("PUBLISH_FUNCTION_NAME", "arn:aws:lambda:eu-central-1:1:function:x", "not the ARN"),
            ("PUBLISH_ROLE_NAME", "arn:aws:iam::1:role/x", "not the ARN"),
        ];
        for (name, wrong, expected) in cases {
            let error = read_with(name, Some(wrong)).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(expected), "{wrong:?}: {error}");
        }
    }
}
