#![doc = include_str!("../README.md")]

mod build;
mod build_arn;
mod build_event;
mod build_variables;
#[cfg(test)]
mod examples;
mod failure;
mod ids;
mod outcome;

pub use build::{Build, BuildStatus, Phase, PhaseContext};
pub use build_arn::BuildArn;
pub use build_event::{BuildEvent, InvalidBuildEvent, NotOurBuild};
pub use build_variables::{BuildVariables, NotAPullRequestBuild, PullRequestBuild};
pub use failure::{Cause, Failure};
pub use ids::{
    BuildId, DestinationCommit, HookName, InvalidId, ProjectName, PullRequestId, Reference, RepositoryName,
    RevisionId, SourceCommit,
};
pub use outcome::{Outcome, PullRequestState, SourceLoss, ended_without_source};
