//! The operations that change what a pull request says, and the one that tells its history.

use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeCommit;
use super::git;
use super::page::{page, page_size};
use super::parameters::{pull_request_description, pull_request_id, pull_request_title};
use super::pull_requests::merge_metadata;
use super::state::{Happening, HistoryEntry, PullRequest, State};
use crate::aws_json::ApiError;
use crate::clock::epoch_seconds;

/// Entries a page, by default and at most (API reference, DescribePullRequestEvents, maxResults).
const EVENTS_PER_PAGE: usize = 100;

/// What a pull request's history can tell, by the API's names.
const EVENT_TYPES: [&str; 9] = [
    "PULL_REQUEST_CREATED",
    "PULL_REQUEST_STATUS_CHANGED",
    "PULL_REQUEST_SOURCE_REFERENCE_UPDATED",
    "PULL_REQUEST_MERGE_STATE_CHANGED",
    "PULL_REQUEST_APPROVAL_RULE_CREATED",
    "PULL_REQUEST_APPROVAL_RULE_UPDATED",
    "PULL_REQUEST_APPROVAL_RULE_DELETED",
    "PULL_REQUEST_APPROVAL_RULE_OVERRIDDEN",
    "PULL_REQUEST_APPROVAL_STATE_CHANGED",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UpdatePullRequestTitle {
    pull_request_id: Option<String>,
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UpdatePullRequestDescription {
    pull_request_id: Option<String>,
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DescribePullRequestEvents {
    pull_request_id: Option<String>,
    pull_request_event_type: Option<String>,
    actor_arn: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

impl CodeCommit {
    pub(super) async fn update_pull_request_title(
        &self,
        input: UpdatePullRequestTitle,
    ) -> Result<Value, ApiError> {
        let id = pull_request_id(input.pull_request_id)?;
        let title = pull_request_title(input.title)?;
        let now = self.clock.now();
        let pull_request = {
            let mut state = self.lock();
            let pull_request = state.open_pull_request(id)?;
            pull_request.title = title;
            pull_request.last_activity = now;
            pull_request.clone()
        };
        self.describe(pull_request).await
    }

    pub(super) async fn update_pull_request_description(
        &self,
        input: UpdatePullRequestDescription,
    ) -> Result<Value, ApiError> {
        let id = pull_request_id(input.pull_request_id)?;
        let description = pull_request_description(input.description)?;
        let now = self.clock.now();
        let pull_request = {
            let mut state = self.lock();
            let pull_request = state.open_pull_request(id)?;
            pull_request.description = description;
            pull_request.last_activity = now;
            pull_request.clone()
        };
        self.describe(pull_request).await
    }

    /// Oldest first.
    pub(super) async fn describe_pull_request_events(
        &self,
        input: DescribePullRequestEvents,
    ) -> Result<Value, ApiError> {
        let id = pull_request_id(input.pull_request_id)?;
        let kind = input.pull_request_event_type;
        if let Some(other) = kind.as_deref().filter(|kind| !EVENT_TYPES.contains(kind)) {
            let message =
                format!("Pull request event type {other:?} is not one of {}", EVENT_TYPES.join(", "));
            return Err(ApiError::new("InvalidPullRequestEventTypeException", message));
        }
        if let Some(arn) = input.actor_arn.as_deref().filter(|arn| !arn.starts_with("arn:")) {
            let message = format!("The actor {arn:?} is not an ARN");
            return Err(ApiError::new("InvalidActorArnException", message));
        }
        let size = page_size(input.max_results, EVENTS_PER_PAGE, EVENTS_PER_PAGE)?;
        let (pull_request, folder) = {
            let mut state = self.lock();
            let pull_request = state.pull_request(id)?.clone();
            let folder = state.repository(&pull_request.repository_name)?.folder.clone();
            (pull_request, folder)
        };
        let matches = |entry: &&HistoryEntry| {
            kind.as_deref().is_none_or(|kind| event_type(&entry.happening) == kind)
                && input.actor_arn.as_ref().is_none_or(|actor| entry.actor_arn == *actor)
        };
        let entries = pull_request.history.iter().filter(matches).collect();
        let token = input.next_token.as_deref();
        let (entries, next) = page(entries, "DescribePullRequestEvents", token, size)?;
        let mut events = Vec::new();
        for entry in entries {
            let merge_base = match &entry.happening {
                Happening::Created { source: one, destination: other }
                | Happening::SourceUpdated { after: one, destination: other, .. } => {
                    git::merge_base(&folder, one, other).await?
                }
                _ => None,
            };
            events.push(event_json(&pull_request, entry, merge_base));
        }
        let mut answer = json!({ "pullRequestEvents": events });
        if let Some(next) = next {
            answer["nextToken"] = next.into();
        }
        Ok(answer)
    }
}

impl State {
    pub(super) fn open_pull_request(&mut self, id: u64) -> Result<&mut PullRequest, ApiError> {
        let pull_request = self.pull_request(id)?;
        if pull_request.open {
            Ok(pull_request)
        } else {
            let message = format!("Pull request {id} is already closed");
            Err(ApiError::new("PullRequestAlreadyClosedException", message))
        }
    }
}

fn event_type(happening: &Happening) -> &'static str {
    match happening {
        Happening::Created { .. } => "PULL_REQUEST_CREATED",
        Happening::SourceUpdated { .. } => "PULL_REQUEST_SOURCE_REFERENCE_UPDATED",
        Happening::Closed => "PULL_REQUEST_STATUS_CHANGED",
        Happening::Merged => "PULL_REQUEST_MERGE_STATE_CHANGED",
    }
}

fn event_json(pull_request: &PullRequest, entry: &HistoryEntry, merge_base: Option<String>) -> Value {
    let repository = &pull_request.repository_name;
    let (member, mut metadata) = match &entry.happening {
        Happening::Created { source, destination } => (
            "pullRequestCreatedEventMetadata",
            json!({ "repositoryName": repository, "sourceCommitId": source, "destinationCommitId": destination }),
        ),
        Happening::SourceUpdated { before, after, .. } => (
            "pullRequestSourceReferenceUpdatedEventMetadata",
            json!({ "repositoryName": repository, "beforeCommitId": before, "afterCommitId": after }),
        ),
        Happening::Closed => {
            ("pullRequestStatusChangedEventMetadata", json!({ "pullRequestStatus": "CLOSED" }))
        }
        Happening::Merged => (
            "pullRequestMergedStateChangedEventMetadata",
            json!({
                "repositoryName": repository,
                "destinationReference": pull_request.destination_reference,
                "mergeMetadata": merge_metadata(pull_request.merge.as_ref()),
            }),
        ),
    };
    if let Some(merge_base) = merge_base {
        metadata["mergeBase"] = merge_base.into();
    }
    json!({
        "pullRequestId": pull_request.id.to_string(),
        "eventDate": epoch_seconds(entry.date),
        "pullRequestEventType": event_type(&entry.happening),
        "actorArn": entry.actor_arn,
        member: metadata,
    })
}
