//! The function's settings, read once when it starts.

use std::time::Duration;

use lambda_setup::{InvalidSetting, parse_sweep_period, read_setting};
use pull_request_build::{HookName, InvalidId, ProjectName, Replies, ServedRepositories, parse_role_name};

/// The most lines of a log that a comment shows.
const MOST_LOG_LINES: usize = 40;

/// What the deployment tells the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// The hook that the function belongs to.
    pub(crate) hook_name: HookName,
    /// The project whose builds it publishes.
    pub(crate) project_name: ProjectName,
    /// The name of the function's role.
    pub(crate) role_name: String,
    /// The most lines of a failed build's log that a comment shows. Zero: the log is not read.
    pub(crate) log_lines: usize,
    /// The builds that a reply is posted on.
    pub(crate) replies: Replies,
    /// The repositories that a sweep looks at.
    pub(crate) repositories: ServedRepositories,
    /// The time between two sweeps; zero without sweeps.
    pub(crate) sweep_period: Duration,
}

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
            role_name: read_setting(&lookup, "ROLE_NAME", parse_role_name)?,
            log_lines: read_setting(&lookup, "LOG_LINES", parse_log_lines)?,
            replies: read_setting(&lookup, "REPLIES", Replies::parse)?,
            repositories: read_setting(&lookup, "REPOSITORIES", ServedRepositories::parse)?,
            sweep_period: read_setting(&lookup, "SWEEP_MINUTES", parse_sweep_period)?,
        })
    }
}

fn parse_log_lines(text: &str) -> Result<usize, InvalidId> {
    let lines = text.parse().ok().filter(|lines| *lines <= MOST_LOG_LINES);
    lines.ok_or_else(|| InvalidId {
        what: "the number of log lines",
        expected: "a whole number from 0 to 40",
        found: text.chars().take(64).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: [(&str, &str); 7] = [
        ("HOOK_NAME", "pull-request-hook"),
        ("PROJECT_NAME", "pull-request-hook"),
        ("ROLE_NAME", "publish-role"),
        ("LOG_LINES", "40"),
        ("REPLIES", "onChange"),
        ("REPOSITORIES", r#"["payments"]"#),
        ("SWEEP_MINUTES", "15"),
    ];

    /// The settings above, with the variable `name` changed.
    fn read_with(name: &str, value: Option<&str>) -> Result<Config, InvalidSetting> {
        Config::read(|wanted| {
            let usual = SETTINGS.into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
            let value = if wanted == name { value } else { usual };
            value.map(str::to_owned)
        })
    }

    #[test]
    fn every_setting_is_read() {
        let config = read_with("UNRELATED", Some("x")).unwrap();
        assert_eq!(config.hook_name.as_str(), "pull-request-hook");
        assert_eq!(config.project_name.as_str(), "pull-request-hook");
        assert_eq!(config.role_name, "publish-role");
        assert_eq!(config.log_lines, 40);
        assert_eq!(config.replies, Replies::OnChange);
        assert!(!config.repositories.has_patterns());
        assert_eq!(config.sweep_period, Duration::from_secs(15 * 60));
        assert_eq!(read_with("LOG_LINES", Some("0")).unwrap().log_lines, 0);
        assert_eq!(read_with("REPLIES", Some("never")).unwrap().replies, Replies::Never);
    }

    #[test]
    fn a_missing_or_malformed_setting_is_named() {
        for (name, wrong) in [
            ("HOOK_NAME", "My Hook"),
            ("PROJECT_NAME", "a/b"),
            ("ROLE_NAME", "arn:aws:iam::1:role/x"),
            ("LOG_LINES", "41"),
            ("LOG_LINES", "-1"),
            ("LOG_LINES", "many"),
            ("REPLIES", "on-change"),
            ("REPOSITORIES", "payments"),
            ("SWEEP_MINUTES", "never"),
        ] {
            assert_eq!(read_with(name, None), Err(InvalidSetting::Missing(name)));
            let error = read_with(name, Some(wrong)).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(wrong), "{error}");
        }
    }
}
