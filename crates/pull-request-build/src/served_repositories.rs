//! Which repositories a hook serves.

use std::collections::BTreeSet;

use crate::ids::{InvalidId, RepositoryName};

/// The repositories that a hook serves, as the setting says it: names, patterns that end with `*`, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedRepositories {
    names: BTreeSet<RepositoryName>,
    prefixes: Vec<String>,
}

impl ServedRepositories {
    /// Reads the setting, a JSON list of texts.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId {
            what: "the list of repositories",
            expected: "a JSON list of at least one repository name or pattern, such as [\"payments\",\"web-*\"]",
            found: text.chars().take(64).collect(),
        };
        let entries: Vec<String> = serde_json::from_str(text).map_err(|_| invalid())?;
        let mut served = Self { names: BTreeSet::new(), prefixes: Vec::new() };
        for entry in &entries {
            match entry.strip_suffix('*') {
                // What comes before the star begins a name, so it may have what a name has.
                Some(prefix) if prefix.is_empty() || RepositoryName::parse(prefix).is_ok() => {
                    served.prefixes.push(prefix.to_owned());
                }
                Some(_) => return Err(invalid()),
                None => {
                    served.names.insert(RepositoryName::parse(entry)?);
                }
            }
        }
        if entries.is_empty() { Err(invalid()) } else { Ok(served) }
    }

    /// The repositories that the setting names.
    pub fn names(&self) -> &BTreeSet<RepositoryName> {
        &self.names
    }

    /// Whether there may be more than the setting names, so that CodeCommit has to be asked for its repositories.
    pub fn has_patterns(&self) -> bool {
        !self.prefixes.is_empty()
    }

    /// Whether a repository is served.
    pub fn serves(&self, name: &RepositoryName) -> bool {
        self.names.contains(name) || self.prefixes.iter().any(|prefix| name.as_str().starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(text: &str, name: &str) -> bool {
        ServedRepositories::parse(text).unwrap().serves(&RepositoryName::parse(name).unwrap())
    }

    #[test]
    fn names_patterns_and_the_star_say_what_is_served() {
        for (setting, name, expected) in [
            (r#"["*"]"#, "payments", true),
            (r#"["payments"]"#, "payments", true),
            (r#"["payments"]"#, "payments-2", false),
            (r#"["payments","web-*"]"#, "web-shop", true),
            (r#"["payments","web-*"]"#, "web-", true),
            (r#"["payments","web-*"]"#, "web", false),
        ] {
            assert_eq!(served(setting, name), expected, "{name} of {setting}");
        }
    }

    #[test]
    fn only_a_pattern_makes_it_necessary_to_ask() {
        let has_patterns = |text| ServedRepositories::parse(text).unwrap().has_patterns();
        assert!(has_patterns(r#"["payments","web-*"]"#));
        assert!(has_patterns(r#"["*"]"#));
        assert!(!has_patterns(r#"["payments"]"#));
    }

    #[test]
    fn what_is_no_list_of_repositories_is_refused() {
        for wrong in
            ["", "payments", "[]", "[1]", r#"["a b"]"#, r#"["a*b"]"#, r#"["a b*"]"#, r#"["**"]"#, r#"[""]"#]
        {
            assert!(
                ServedRepositories::parse(wrong).is_err(),
                "{wrong:?} was taken for a list of repositories"
            );
        }
    }
}
