//! CodeCommit's "Pull Request State Change" event, as EventBridge delivers it.
//!
//! Its fields are those of the user guide ("Monitoring CodeCommit events in Amazon EventBridge"). Fields that are not
//! needed may be absent or of any type; what a build is started from must be there and well-formed.

use std::fmt;
use std::time::SystemTime;

use serde_json::Value;

use crate::build_variables::PullRequestBuild;
use crate::event_members::{
    InvalidEvent, find, id, malformed, optional, optional_name, quote, require_detail_type, required_name,
    time,
};
use crate::ids::{DestinationCommit, PullRequestId, Reference, RepositoryName, RevisionId, SourceCommit};

const DETAIL_TYPE: &str = "CodeCommit Pull Request State Change";

/// A change of a pull request's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullRequestEvent {
    /// The pull request has a revision that it did not have before.
    NewRevision(NewRevision),
    /// The pull request will have no further revision.
    Closed(ClosedPullRequest),
    /// Something else happened, which makes no new revision.
    Other(PullRequestEventKind),
}

/// A revision of a pull request, as the event that announces it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision {
    /// When the event was made, in whole seconds.
    pub time: SystemTime,
    /// Whether the pull request was open then. An event that does not say it is taken for one of an open pull request:
    /// CodeCommit is asked in any case.
    pub status: PullRequestStatus,
    /// Whether it is the pull request's first, so that there is no build of an earlier one.
    pub is_first: bool,
    /// The build that it calls for.
    pub build: PullRequestBuild,
}

/// A pull request that was closed or merged, which cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPullRequest {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// Its repository.
    pub repository_name: RepositoryName,
    /// Whether it was closed or merged.
    pub status: PullRequestStatus,
}

/// The kinds of event, by their name in `detail.event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullRequestEventKind {
    /// A pull request was opened.
    Created,
    /// Its source branch was pushed to.
    SourceBranchUpdated,
    /// It was closed.
    StatusChanged,
    /// It was merged.
    MergeStatusUpdated,
    /// Somebody approved it or revoked that.
    ApprovalStateChanged,
    /// An approval rule was added.
    ApprovalRuleCreated,
    /// An approval rule was changed.
    ApprovalRuleUpdated,
    /// An approval rule was removed.
    ApprovalRuleDeleted,
    /// The approval rules were set aside, or that was revoked.
    ApprovalRuleOverridden,
    /// A kind that this version does not know.
    Other(String),
}

/// Whether a pull request can still get new revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullRequestStatus {
    /// It is open.
    Open,
    /// It was closed without merging. It cannot be opened again.
    Closed,
    /// It was merged.
    Merged,
    /// A status that this version does not know.
    Other(String),
}

impl PullRequestEvent {
    /// Reads an event from the JSON that EventBridge delivers.
    pub fn parse(event: &Value) -> Result<Self, InvalidEvent> {
        require_detail_type(event, DETAIL_TYPE)?;
        let kind = PullRequestEventKind::from_name(required_name(event, "detail.event")?);
        match kind {
            PullRequestEventKind::Created => Ok(Self::NewRevision(new_revision(event, true)?)),
            PullRequestEventKind::SourceBranchUpdated => Ok(Self::NewRevision(new_revision(event, false)?)),
            PullRequestEventKind::StatusChanged | PullRequestEventKind::MergeStatusUpdated => {
                match status(event)? {
                    status @ (PullRequestStatus::Closed | PullRequestStatus::Merged) => {
                        Ok(Self::Closed(closed_pull_request(event, status)?))
                    }
                    PullRequestStatus::Open | PullRequestStatus::Other(_) => Ok(Self::Other(kind)),
                }
            }
            kind => Ok(Self::Other(kind)),
        }
    }
}

fn closed_pull_request(event: &Value, status: PullRequestStatus) -> Result<ClosedPullRequest, InvalidEvent> {
    Ok(ClosedPullRequest {
        pull_request_id: id(event, "detail.pullRequestId", PullRequestId::parse)?,
        repository_name: repository_name(event)?,
        status,
    })
}

fn new_revision(event: &Value, is_first: bool) -> Result<NewRevision, InvalidEvent> {
    Ok(NewRevision {
        time: time(event)?,
        status: status(event)?,
        is_first,
        build: PullRequestBuild {
            pull_request_id: id(event, "detail.pullRequestId", PullRequestId::parse)?,
            repository_name: repository_name(event)?,
            source_commit: id(event, "detail.sourceCommit", SourceCommit::parse)?,
            destination_commit: id(event, "detail.destinationCommit", DestinationCommit::parse)?,
            revision_id: id(event, "detail.revisionId", RevisionId::parse)?,
            source_reference: reference(event, "detail.sourceReference")?,
            destination_reference: reference(event, "detail.destinationReference")?,
        },
    })
}

fn status(event: &Value) -> Result<PullRequestStatus, InvalidEvent> {
    // A string, not a JSON boolean.
    const IS_MERGED: &str = "detail.isMerged";
    let is_merged = match optional(event, IS_MERGED)? {
        None | Some("False") => false,
        Some("True") => true,
        Some(other) => {
            return Err(malformed(
                IS_MERGED,
                format_args!("it must be True or False, but is {}", quote(other)),
            ));
        }
    };
    let name = optional_name(event, "detail.pullRequestStatus")?.unwrap_or("Open");
    Ok(PullRequestStatus::from_name(name, is_merged))
}

/// The one repository. `CreatePullRequest` refuses more (`MultipleRepositoriesInPullRequestException`), so several are
/// nothing that this version could build.
fn repository_name(event: &Value) -> Result<RepositoryName, InvalidEvent> {
    const MEMBER: &str = "detail.repositoryNames";
    let names = find(event, MEMBER)?.ok_or(InvalidEvent::Missing(MEMBER))?;
    let names = names.as_array().ok_or_else(|| malformed(MEMBER, "it must be a list"))?;
    match names.as_slice() {
        [Value::String(name)] => RepositoryName::parse(name).map_err(|reason| malformed(MEMBER, reason)),
        [_] => Err(malformed(MEMBER, "it must be a list of strings")),
        names => {
            Err(malformed(MEMBER, format_args!("it must name one repository, but names {}", names.len())))
        }
    }
}

/// A reference only tells people and buildspecs where the commit comes from: one that cannot be passed on is left out.
fn reference(event: &Value, member: &'static str) -> Result<Option<Reference>, InvalidEvent> {
    Ok(optional(event, member)?.and_then(|text| Reference::parse(text).ok()))
}

impl PullRequestEventKind {
    /// The kind of that name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "pullRequestCreated" => Self::Created,
            "pullRequestSourceBranchUpdated" => Self::SourceBranchUpdated,
            "pullRequestStatusChanged" => Self::StatusChanged,
            "pullRequestMergeStatusUpdated" => Self::MergeStatusUpdated,
            "pullRequestApprovalStateChanged" => Self::ApprovalStateChanged,
            "pullRequestApprovalRuleCreated" => Self::ApprovalRuleCreated,
            "pullRequestApprovalRuleUpdated" => Self::ApprovalRuleUpdated,
            "pullRequestApprovalRuleDeleted" => Self::ApprovalRuleDeleted,
            "pullRequestApprovalRuleOverridden" => Self::ApprovalRuleOverridden,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name in `detail.event`.
    pub fn name(&self) -> &str {
        match self {
            Self::Created => "pullRequestCreated",
            Self::SourceBranchUpdated => "pullRequestSourceBranchUpdated",
            Self::StatusChanged => "pullRequestStatusChanged",
            Self::MergeStatusUpdated => "pullRequestMergeStatusUpdated",
            Self::ApprovalStateChanged => "pullRequestApprovalStateChanged",
            Self::ApprovalRuleCreated => "pullRequestApprovalRuleCreated",
            Self::ApprovalRuleUpdated => "pullRequestApprovalRuleUpdated",
            Self::ApprovalRuleDeleted => "pullRequestApprovalRuleDeleted",
            Self::ApprovalRuleOverridden => "pullRequestApprovalRuleOverridden",
            Self::Other(name) => name,
        }
    }
}

impl PullRequestStatus {
    /// The status of that name: events write `Open` and `Closed`, `GetPullRequest` writes them in capitals.
    pub fn from_name(name: &str, is_merged: bool) -> Self {
        if is_merged {
            Self::Merged
        } else if name.eq_ignore_ascii_case("open") {
            Self::Open
        } else if name.eq_ignore_ascii_case("closed") {
            Self::Closed
        } else {
            Self::Other(name.to_owned())
        }
    }
}

impl fmt::Display for PullRequestStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Merged => "merged",
            Self::Other(name) => name,
        })
    }
}

#[cfg(test)]
mod tests;
