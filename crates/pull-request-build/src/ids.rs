//! The identities that a pull-request build is made of, each checked where it enters.

use std::fmt;

/// Why a text is not the identity it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {expected}, but is {found:?}")]
pub struct InvalidId {
    /// The kind of identity, in words.
    pub what: &'static str,
    /// What would have been accepted.
    pub expected: &'static str,
    /// The start of the text that was given, at most 64 characters.
    pub found: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and takes it as this identity.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { what: $what, expected: $expected, found: text.chars().take(64).collect() })
                }
            }

            /// The identity as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The number of a pull request, unique in an account and region. AWS hands it out as a string.
    PullRequestId, "the pull request id", "1 to 20 digits",
    |text| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
id! {
    /// The name of a repository: 1 to 100 characters (API reference of CodeCommit, `RepositoryName`).
    RepositoryName, "the repository name", "1 to 100 letters, digits, '.', '_' or '-'",
    |text| (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
id! {
    /// The tip of a pull request's source branch: the commit that is built. In a comment it is `afterCommitId`.
    SourceCommit, "the source commit", "40 lower-case hex digits", is_commit_id
}
id! {
    /// The tip of a pull request's destination branch. In a comment it is `beforeCommitId`.
    DestinationCommit, "the destination commit", "40 lower-case hex digits", is_commit_id
}
id! {
    /// The revision of a pull request: every push makes a new one, and an approval is bound to one.
    RevisionId, "the revision id", "1 to 200 characters without spaces",
    |text| (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
id! {
    /// A full reference, such as `refs/heads/main`. Hostile text: Git allows almost anything in it but control characters
    /// (`git check-ref-format`), which no variable of a process could hold either.
    Reference, "the reference", "6 to 1,024 bytes without control characters that begin with refs/",
    |text| (6..=1024).contains(&text.len()) && text.starts_with("refs/") && !text.contains(char::is_control)
}
id! {
    /// The name of a hook, which tells the hooks of one account apart.
    HookName, "the hook's name", "1 to 40 lower-case letters, digits and inner hyphens, beginning with a letter",
    |text| (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
}
id! {
    /// The name of a CodeBuild project: 2 to 255 characters (API reference of CodeBuild, `ProjectName`).
    ProjectName, "the project name", "2 to 255 letters, digits, '_' or '-', beginning with a letter or digit",
    is_project_name
}
id! {
    /// The id of a CodeBuild build, `PROJECT:UUID`. Nothing in it can end a marker or a link.
    BuildId, "the build id", "a project name, a colon, and 1 to 64 letters, digits or hyphens",
    |text| text.split_once(':').is_some_and(|(project, build)| {
        is_project_name(project)
            && (1..=64).contains(&build.len())
            && build.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn is_project_name(text: &str) -> bool {
    (2..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
}

fn is_commit_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl Reference {
    /// The branch's short name: the reference without `refs/heads/`.
    pub fn branch_name(&self) -> &str {
        self.0.strip_prefix("refs/heads/").unwrap_or(&self.0)
    }
}

impl BuildId {
    /// The name of the project that the build belongs to.
    pub fn project_name(&self) -> &str {
        self.0.split_once(':').map_or("", |(project, _)| project)
    }

    /// The build's own part of the id, unique in its project.
    pub fn unique_part(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, unique)| unique)
    }
}

impl SourceCommit {
    /// The first eight digits, as people quote a commit.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_forty_lower_case_hex_digits() {
        assert!(SourceCommit::parse(&"a1".repeat(20)).is_ok());
        for wrong in ["", "a1", &"A1".repeat(20), &"g1".repeat(20), &"a1".repeat(21)] {
            assert!(SourceCommit::parse(wrong).is_err(), "{wrong:?} was taken for a commit");
        }
    }

    #[test]
    fn an_error_names_the_field_and_shortens_what_it_quotes() {
        let error = DestinationCommit::parse(&"x".repeat(500)).unwrap_err();
        assert_eq!(error.what, "the destination commit");
        assert_eq!(error.found.len(), 64);
    }

    #[test]
    fn a_hook_name_keeps_to_what_a_codebuild_project_name_and_a_marker_can_carry() {
        assert!(HookName::parse("pull-request-hook").is_ok());
        for wrong in ["", "Hook", "1hook", "hook-", "a b", "a_b", &"a".repeat(41)] {
            assert!(HookName::parse(wrong).is_err(), "{wrong:?} was taken for a hook's name");
        }
    }

    #[test]
    fn a_branch_name_is_the_reference_without_its_prefix() {
        assert_eq!(Reference::parse("refs/heads/feature/a").unwrap().branch_name(), "feature/a");
    }

    #[test]
    fn a_build_id_names_its_project_and_cannot_end_a_marker() {
        let id = BuildId::parse("pull-request-hook:0a1b-2c").unwrap();
        assert_eq!((id.project_name(), id.unique_part()), ("pull-request-hook", "0a1b-2c"));
        for wrong in
            ["", "hook", "hook:", ":1", "hook:1:2", "hook:1)", "hook:a b", "ho ok:1", "hook:1,hook:2"]
        {
            assert!(BuildId::parse(wrong).is_err(), "{wrong:?} was taken for a build id");
        }
    }
}
