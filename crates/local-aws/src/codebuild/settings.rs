//! What a local CodeBuild is told about the machine it runs on.

use std::time::Duration;

/// The machine's side of a local CodeBuild. Everything else is in the template.
#[derive(Debug, Clone)]
pub struct CodeBuildSettings {
    /// How many builds run at one time in the whole account. More are queued, up to five times as many.
    pub concurrent_builds: usize,
    /// The value of `AWS_ENDPOINT_URL` in builds, so that a build's own AWS calls stay on this machine.
    pub endpoint_url: Option<String>,
    /// The variables of this machine that builds see: `PATH`, `CARGO_HOME` and `RUSTUP_HOME`. Nothing else is passed.
    pub machine_variables: Vec<(String, String)>,
    /// How many bytes of output one build's log keeps, counted as CloudWatch Logs counts them: 26 more for each line.
    /// The rest is dropped, and the log says so.
    pub output_limit: usize,
    /// The longest that any build may run, in real time, whatever its own timeout is. AWS's shortest timeout is five
    /// minutes; this one can be shorter.
    pub longest_build: Option<Duration>,
    /// How long a report is GENERATING after its files were uploaded, by the clock of the local AWS.
    pub report_generation: Duration,
}

impl CodeBuildSettings {
    /// The settings of this machine, from its environment (`lookup` answers a variable's value). A build has a home
    /// folder of its own, so the folders that cargo and rustup look for in the home folder are named.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let home = lookup("HOME");
        let in_home = |folder: &str| home.as_deref().map(|home| format!("{home}/{folder}"));
        let path = lookup("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
        let mut machine_variables = vec![("PATH".to_owned(), path)];
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if let Some(value) = lookup(name).or_else(|| in_home(folder)) {
                machine_variables.push((name.to_owned(), value));
            }
        }
        Self {
            concurrent_builds: 2,
            endpoint_url: None,
            machine_variables,
            output_limit: 16 * 1024 * 1024,
            longest_build: None,
            report_generation: Duration::from_secs(1),
        }
    }

    /// The `PATH` that builds and git run with.
    pub(crate) fn path(&self) -> &str {
        let path = self.machine_variables.iter().find(|(name, _)| name == "PATH");
        path.map_or("/usr/local/bin:/usr/bin:/bin", |(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_is_found_although_a_build_has_a_home_of_its_own() {
        let settings = CodeBuildSettings::from_environment(|name| match name {
            "HOME" => Some("/home/ada".to_owned()),
            "PATH" => Some("/bin".to_owned()),
            "RUSTUP_HOME" => Some("/opt/rustup".to_owned()),
            "SECRET" => Some("s3cret".to_owned()),
            _ => None,
        });
        let expected = [("PATH", "/bin"), ("CARGO_HOME", "/home/ada/.cargo"), ("RUSTUP_HOME", "/opt/rustup")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(settings.machine_variables, expected);
    }
}
