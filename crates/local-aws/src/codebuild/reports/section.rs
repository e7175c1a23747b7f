//! `reports` in a buildspec (user guide, "Buildspec reference").

use std::collections::BTreeMap;

use serde::Deserialize;

use super::report::ReportType;

/// Report groups in one buildspec (user guide, "Buildspec reference").
const MOST_GROUPS: usize = 5;

/// All formats that CodeBuild knows (user guide, `reports/<name>/file-format`).
const FORMATS: [&str; 11] = [
    "CUCUMBERJSON",
    "JUNITXML",
    "NUNITXML",
    "NUNIT3XML",
    "TESTNGXML",
    "VISUALSTUDIOTRX",
    "CLOVERXML",
    "COBERTURAXML",
    "JACOCOXML",
    "SIMPLECOV",
    "LCOVINFO",
];

/// One report group as it stands in a buildspec.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in super::super) struct ReportSection {
    files: Vec<String>,
    file_format: Option<String>,
    base_directory: Option<String>,
    discard_paths: Option<String>,
}

/// What a report is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ReportSource {
    /// The report group's name behind the project's.
    pub name: String,
    /// Patterns, relative to the base directory. At least one.
    pub files: Vec<String>,
    /// Relative to the source's folder.
    pub base_directory: String,
    /// Whether a test case names its file without the folders.
    pub discard_paths: bool,
    pub format: Format,
}

/// A format that is modeled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Format {
    Junit,
    Cobertura,
}

impl Format {
    pub(super) fn report_type(self) -> ReportType {
        match self {
            Self::Junit => ReportType::Test,
            Self::Cobertura => ReportType::CodeCoverage,
        }
    }
}

impl ReportSection {
    /// Checks all report groups of a buildspec. An `Err` is the message for the person who wrote it; `not_modeled` words
    /// it where CodeBuild would know more.
    pub(in super::super) fn check_all(
        sections: BTreeMap<String, Self>,
        not_modeled: fn(&str) -> String,
    ) -> Result<Vec<ReportSource>, String> {
        if sections.len() > MOST_GROUPS {
            return Err(format!(
                "reports has {} report groups; a buildspec can have {MOST_GROUPS}",
                sections.len()
            ));
        }
        sections.into_iter().map(|(name, section)| section.check(name, not_modeled)).collect()
    }

    fn check(self, name: String, not_modeled: fn(&str) -> String) -> Result<ReportSource, String> {
        if name.starts_with("arn:") {
            return Err(not_modeled(&format!("reports/{name}: a report group by its ARN; write a name")));
        }
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Err(format!("reports/{name}: a report group's name has letters, digits, - and _"));
        }
        if self.files.is_empty() {
            return Err(format!("reports/{name}/files is empty; list at least one file"));
        }
        // The format is not case-sensitive (user guide).
        let format = self.file_format.as_deref().unwrap_or("JUNITXML").to_uppercase();
        let format = match format.as_str() {
            "JUNITXML" => Format::Junit,
            "COBERTURAXML" => Format::Cobertura,
            known if FORMATS.contains(&known) => {
                let what = format!("reports/{name}/file-format {known}; it has JUNITXML and COBERTURAXML");
                return Err(not_modeled(&what));
            }
            other => {
                return Err(format!(
                    "reports/{name}/file-format is {other}; it can be {}",
                    FORMATS.join(", ")
                ));
            }
        };
        let base_directory = self.base_directory.unwrap_or_else(|| ".".to_owned());
        if base_directory.contains(['*', '?', '[', '{']) {
            return Err(not_modeled(&format!("wildcards in reports/{name}/base-directory")));
        }
        let discard_paths = matches!(self.discard_paths.as_deref(), Some("yes" | "true"));
        Ok(ReportSource { name, files: self.files, base_directory, discard_paths, format })
    }
}
