//! The contract between the two functions: the variables that a pull request's build carries.
//!
//! This is the only Rust file that spells their names.

use crate::ids::{
    DestinationCommit, InvalidId, PullRequestId, Reference, RepositoryName, RevisionId, SourceCommit,
};

const PULL_REQUEST_ID: &str = "PULL_REQUEST_ID";
const REPOSITORY_NAME: &str = "REPOSITORY_NAME";
const SOURCE_COMMIT: &str = "SOURCE_COMMIT";
const DESTINATION_COMMIT: &str = "DESTINATION_COMMIT";
const REVISION_ID: &str = "REVISION_ID";
const SOURCE_REFERENCE: &str = "SOURCE_REFERENCE";
const DESTINATION_REFERENCE: &str = "DESTINATION_REFERENCE";

/// A pull request's build, as its variables tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestBuild {
    /// The pull request that was built.
    pub pull_request_id: PullRequestId,
    /// The repository it belongs to.
    pub repository_name: RepositoryName,
    /// The commit that is built.
    pub source_commit: SourceCommit,
    /// The tip of the destination branch when the event was made.
    pub destination_commit: DestinationCommit,
    /// The revision that was built.
    pub revision_id: RevisionId,
    /// The source branch; absent in a build of a hook that did not pass it.
    pub source_reference: Option<Reference>,
    /// The destination branch; absent in a build of a hook that did not pass it.
    pub destination_reference: Option<Reference>,
}

/// The variables as names and values, in a fixed order. Pass all of them as PLAINTEXT: the other types resolve the
/// value as a name, and a pull request's text must never be one.
pub type BuildVariables = Vec<(&'static str, String)>;

/// Why a build is not one of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPullRequestBuild {
    /// A variable that every pull request's build has is not there: somebody else started this build.
    #[error("the build has no variable {0}")]
    Missing(&'static str),
    /// A variable is there, but does not hold what the hook would have written.
    #[error("the build's variable {name} is malformed: {reason}")]
    Malformed {
        /// The variable's name.
        name: &'static str,
        /// What is wrong with its value.
        reason: InvalidId,
    },
}

impl PullRequestBuild {
    /// The variables that start-build passes to CodeBuild.
    pub fn to_variables(&self) -> BuildVariables {
        let mut variables = vec![
            (PULL_REQUEST_ID, self.pull_request_id.to_string()),
            (REPOSITORY_NAME, self.repository_name.to_string()),
            (SOURCE_COMMIT, self.source_commit.to_string()),
            (DESTINATION_COMMIT, self.destination_commit.to_string()),
            (REVISION_ID, self.revision_id.to_string()),
        ];
        let references = [
            (SOURCE_REFERENCE, &self.source_reference),
            (DESTINATION_REFERENCE, &self.destination_reference),
        ];
        variables.extend(
            references
                .into_iter()
                .filter_map(|(name, value)| value.as_ref().map(|value| (name, value.to_string()))),
        );
        variables
    }

    /// Reads them back from a build. Only the first five are required; a reference that cannot be read is absent.
    pub fn from_variables<'v>(
        variables: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) -> Result<Self, NotAPullRequestBuild> {
        let variables: Vec<(&str, &str)> = variables.into_iter().collect();
        // CodeBuild lets an override follow the value it overrides: the last one counts.
        let find = |wanted: &'static str| {
            variables.iter().rev().find(|(name, _)| *name == wanted).map(|(_, value)| *value)
        };
        fn required<T>(
            name: &'static str,
            value: Option<&str>,
            parse: fn(&str) -> Result<T, InvalidId>,
        ) -> Result<T, NotAPullRequestBuild> {
            let value = value.ok_or(NotAPullRequestBuild::Missing(name))?;
            parse(value).map_err(|reason| NotAPullRequestBuild::Malformed { name, reason })
        }
        let reference = |name| find(name).and_then(|value| Reference::parse(value).ok());
        Ok(Self {
            pull_request_id: required(PULL_REQUEST_ID, find(PULL_REQUEST_ID), PullRequestId::parse)?,
            repository_name: required(REPOSITORY_NAME, find(REPOSITORY_NAME), RepositoryName::parse)?,
            source_commit: required(SOURCE_COMMIT, find(SOURCE_COMMIT), SourceCommit::parse)?,
            destination_commit: required(
                DESTINATION_COMMIT,
                find(DESTINATION_COMMIT),
                DestinationCommit::parse,
            )?,
            revision_id: required(REVISION_ID, find(REVISION_ID), RevisionId::parse)?,
            source_reference: reference(SOURCE_REFERENCE),
            destination_reference: reference(DESTINATION_REFERENCE),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build() -> PullRequestBuild {
        PullRequestBuild {
            pull_request_id: PullRequestId::parse("42").unwrap(),
            repository_name: RepositoryName::parse("payments").unwrap(),
            source_commit: SourceCommit::parse(&"a".repeat(40)).unwrap(),
            destination_commit: DestinationCommit::parse(&"b".repeat(40)).unwrap(),
            revision_id: RevisionId::parse("r1").unwrap(),
            source_reference: Some(Reference::parse("refs/heads/feature").unwrap()),
            destination_reference: None,
        }
    }

    fn pairs(variables: &BuildVariables) -> Vec<(&str, &str)> {
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let variables = build().to_variables();
        assert_eq!(PullRequestBuild::from_variables(pairs(&variables)), Ok(build()));
    }

    #[test]
    fn each_of_the_first_five_is_required() {
        let variables = build().to_variables();
        for missing in
            ["PULL_REQUEST_ID", "REPOSITORY_NAME", "SOURCE_COMMIT", "DESTINATION_COMMIT", "REVISION_ID"]
        {
            let others = pairs(&variables).into_iter().filter(|(name, _)| *name != missing);
            assert_eq!(
                PullRequestBuild::from_variables(others),
                Err(NotAPullRequestBuild::Missing(missing)),
                "a build without {missing} was taken for a pull request's build"
            );
        }
    }

    #[test]
    fn a_malformed_variable_is_named() {
        let mut variables = build().to_variables();
        variables[2].1 = "HEAD".to_owned();
        let error = PullRequestBuild::from_variables(pairs(&variables)).unwrap_err();
        assert!(error.to_string().contains("SOURCE_COMMIT"), "{error}");
    }

    #[test]
    fn an_override_wins_over_the_value_before_it() {
        let mut variables = build().to_variables();
        variables.push(("PULL_REQUEST_ID", "43".to_owned()));
        let build = PullRequestBuild::from_variables(pairs(&variables)).unwrap();
        assert_eq!(build.pull_request_id.as_str(), "43");
    }
}
