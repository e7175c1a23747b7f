#![doc = include_str!("../README.md")]

mod build_variables;
mod ids;

pub use build_variables::{BuildVariables, NotAPullRequestBuild, PullRequestBuild};
pub use ids::{
    DestinationCommit, HookName, InvalidId, PullRequestId, Reference, RepositoryName, RevisionId,
    SourceCommit,
};
