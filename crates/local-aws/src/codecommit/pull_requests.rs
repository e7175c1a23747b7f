//! The operations on pull requests.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::CodeCommit;
use super::events::{PullRequestChange, pull_request_event};
use super::git;
use super::page::{continuation_token, page_size, position};
use super::parameters::{
    idempotency_mismatch, pull_request_description, pull_request_id, pull_request_title, repository_name,
    request_token, required,
};
use super::state::{Happening, Merge, PullRequest, RequestToken, State, new_revision_id};
use crate::aws_json::ApiError;
use crate::caller::Caller;
use crate::clock::epoch_seconds;

/// Pull requests a page, at most and by default.
const PULL_REQUESTS_PER_PAGE: usize = 100;

/// Open pull requests of one repository (API reference, MaximumOpenPullRequestsExceededException).
const OPEN_LIMIT: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreatePullRequest {
    title: Option<String>,
    description: Option<String>,
    targets: Option<Vec<Target>>,
    client_request_token: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Target {
    repository_name: Option<String>,
    source_reference: Option<String>,
    destination_reference: Option<String>,
}

/// What a token stands for: a repetition must ask for the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CreateRequest {
    title: String,
    description: Option<String>,
    repository_name: String,
    source_reference: String,
    destination_reference: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetPullRequest {
    pull_request_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListPullRequests {
    repository_name: Option<String>,
    author_arn: Option<String>,
    pull_request_status: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UpdatePullRequestStatus {
    pull_request_id: Option<String>,
    pull_request_status: Option<String>,
}

impl CodeCommit {
    pub(super) async fn create_pull_request(
        &self,
        caller: &Caller,
        input: CreatePullRequest,
    ) -> Result<Value, ApiError> {
        let token = request_token(caller, input.client_request_token.clone())?;
        let request = validate(input)?;
        let pull_request = {
            let mut state = self.lock();
            match state.created.get(&token) {
                Some((earlier, id)) if *earlier == request => {
                    let id = *id;
                    state.pull_request(id)?.clone()
                }
                Some(_) => return Err(idempotency_mismatch()),
                None => {
                    let pull_request = self.open_pull_request(&mut state, &token, &request)?;
                    let now = pull_request.created;
                    let change = PullRequestChange::Created;
                    self.send(
                        &state,
                        [pull_request_event(&self.account, now, change, &pull_request, caller)],
                    );
                    pull_request
                }
            }
        };
        self.describe(pull_request).await
    }

    fn open_pull_request(
        &self,
        state: &mut State,
        token: &RequestToken,
        request: &CreateRequest,
    ) -> Result<PullRequest, ApiError> {
        let repository = state.repository(&request.repository_name)?;
        let destination = request.destination_reference.as_ref().or(repository.default_branch.as_ref());
        let destination = destination.ok_or_else(|| {
            let message = "The repository has no default branch yet: push one, or name a destination";
            ApiError::new("ReferenceDoesNotExistException", message)
        })?;
        let tip = |reference: &str| {
            repository.tip(reference).map(str::to_owned).ok_or_else(|| {
                let message = format!("The reference {reference} does not exist");
                ApiError::new("ReferenceDoesNotExistException", message)
            })
        };
        let source_commit = tip(&request.source_reference)?;
        let destination_commit = tip(destination)?;
        if request.source_reference == *destination {
            let message =
                "The source and the destination branch are the same; a pull request needs two branches";
            return Err(ApiError::new("SourceAndDestinationAreSameException", message));
        }
        let destination_reference = destination.clone();
        let is_open = |other: &&PullRequest| other.open && other.repository_name == request.repository_name;
        if state.pull_requests.values().filter(is_open).count() >= OPEN_LIMIT {
            let message = format!("The repository has {OPEN_LIMIT} open pull requests; close one first");
            return Err(ApiError::new("MaximumOpenPullRequestsExceededException", message));
        }
        let now = self.clock.now();
        let mut pull_request = PullRequest {
            id: state.last_pull_request_id + 1,
            title: request.title.clone(),
            description: request.description.clone(),
            author_arn: token.caller_arn.clone(),
            token: token.token.clone(),
            open: true,
            revision_id: new_revision_id(),
            created: now,
            last_activity: now,
            repository_name: request.repository_name.clone(),
            source_reference: request.source_reference.clone(),
            destination_reference,
            source_commit,
            destination_commit,
            comment_group: Uuid::new_v4(),
            merge: None,
            history: Vec::new(),
        };
        let source = pull_request.source_commit.clone();
        let destination = pull_request.destination_commit.clone();
        pull_request.record(now, &token.caller_arn, Happening::Created { source, destination });
        state.last_pull_request_id = pull_request.id;
        state.created.insert(token.clone(), (request.clone(), pull_request.id));
        state.pull_requests.insert(pull_request.id, pull_request.clone());
        Ok(pull_request)
    }

    pub(super) async fn get_pull_request(&self, input: GetPullRequest) -> Result<Value, ApiError> {
        let id = pull_request_id(input.pull_request_id)?;
        let pull_request = self.lock().pull_request(id)?.clone();
        self.describe(pull_request).await
    }

    /// Newest first. A token continues below the last id shown, so that a new pull request shifts no page.
    pub(super) fn list_pull_requests(&self, input: ListPullRequests) -> Result<Value, ApiError> {
        let name = repository_name(input.repository_name)?;
        let open = input.pull_request_status.as_deref().map(parse_status).transpose()?;
        if let Some(arn) = input.author_arn.as_deref().filter(|arn| !arn.starts_with("arn:")) {
            let message = format!("The author {arn:?} is not an ARN");
            return Err(ApiError::new("InvalidAuthorArnException", message));
        }
        let size = page_size(input.max_results, PULL_REQUESTS_PER_PAGE, PULL_REQUESTS_PER_PAGE)?;
        let below = position("ListPullRequests", input.next_token.as_deref())?.unwrap_or(u64::MAX);
        let state = self.lock();
        state.repository(&name)?;
        let mut ids = state.pull_requests.values().rev().filter(|pull_request| {
            pull_request.repository_name == name
                && pull_request.id < below
                && open.is_none_or(|open| pull_request.open == open)
                && input.author_arn.as_ref().is_none_or(|arn| pull_request.author_arn == *arn)
        });
        let page: Vec<u64> = ids.by_ref().take(size).map(|pull_request| pull_request.id).collect();
        let mut answer = json!({ "pullRequestIds": page.iter().map(u64::to_string).collect::<Vec<_>>() });
        if let (Some(last), Some(_)) = (page.last(), ids.next()) {
            answer["nextToken"] = continuation_token("ListPullRequests", *last).into();
        }
        Ok(answer)
    }

    pub(super) async fn update_pull_request_status(
        &self,
        caller: &Caller,
        input: UpdatePullRequestStatus,
    ) -> Result<Value, ApiError> {
        let id = pull_request_id(input.pull_request_id)?;
        let status = required(input.pull_request_status, "PullRequestStatusRequiredException")?;
        let open = parse_status(&status)?;
        let pull_request = {
            let mut state = self.lock();
            let now = self.clock.now();
            let pull_request = state.pull_request(id)?;
            let was_open = pull_request.open;
            if open && !was_open {
                let message = "A closed pull request cannot be opened again; create a new one";
                return Err(ApiError::new("InvalidPullRequestStatusUpdateException", message));
            }
            let changed = open != was_open;
            if changed {
                pull_request.open = open;
                pull_request.record(now, &caller.arn, Happening::Closed);
            }
            let pull_request = pull_request.clone();
            let change = PullRequestChange::StatusChanged;
            let event =
                changed.then(|| pull_request_event(&self.account, now, change, &pull_request, caller));
            self.send(&state, event);
            pull_request
        };
        self.describe(pull_request).await
    }

    /// A pull request as every operation answers it. The merge base is read from Git, for its two commits say it.
    pub(super) async fn describe(&self, pull_request: PullRequest) -> Result<Value, ApiError> {
        let folder = self.lock().repository(&pull_request.repository_name)?.folder.clone();
        let (source, destination) = (&pull_request.source_commit, &pull_request.destination_commit);
        let mut target = json!({
            "repositoryName": pull_request.repository_name,
            "sourceReference": pull_request.source_reference,
            "destinationReference": pull_request.destination_reference,
            "sourceCommit": source,
            "destinationCommit": destination,
            "mergeMetadata": merge_metadata(pull_request.merge.as_ref()),
        });
        if let Some(merge_base) = git::merge_base(&folder, source, destination).await? {
            target["mergeBase"] = merge_base.into();
        }
        let mut answer = json!({
            "pullRequestId": pull_request.id.to_string(),
            "title": pull_request.title,
            "lastActivityDate": epoch_seconds(pull_request.last_activity),
            "creationDate": epoch_seconds(pull_request.created),
            "pullRequestStatus": if pull_request.open { "OPEN" } else { "CLOSED" },
            "authorArn": pull_request.author_arn,
            "pullRequestTargets": [target],
            "clientRequestToken": pull_request.token,
            "revisionId": pull_request.revision_id,
            "approvalRules": [],
        });
        if let Some(description) = pull_request.description {
            answer["description"] = description.into();
        }
        Ok(json!({ "pullRequest": answer }))
    }
}

/// Whether and how a pull request was merged, as the operations answer it.
pub(super) fn merge_metadata(merge: Option<&Merge>) -> Value {
    match merge {
        None => json!({ "isMerged": false }),
        Some(merge) => json!({
            "isMerged": true,
            "mergedBy": merge.merged_by,
            "mergeCommitId": merge.commit,
            "mergeOption": merge.option.name(),
        }),
    }
}

fn validate(input: CreatePullRequest) -> Result<CreateRequest, ApiError> {
    let title = pull_request_title(input.title)?;
    let description = pull_request_description(input.description)?;
    let mut targets = input.targets.unwrap_or_default().into_iter();
    let target = targets
        .next()
        .ok_or_else(|| ApiError::new("TargetsRequiredException", "A pull request target is required"))?;
    if let Some(other) = targets.next() {
        let (code, message) = if other.repository_name == target.repository_name {
            ("InvalidTargetsException", "A pull request has one target")
        } else {
            let message = "You cannot include more than one repository in a pull request";
            ("MultipleRepositoriesInPullRequestException", message)
        };
        return Err(ApiError::new(code, message));
    }
    let source_reference = required(target.source_reference, "ReferenceNameRequiredException")?;
    Ok(CreateRequest {
        title,
        description,
        repository_name: repository_name(target.repository_name)?,
        source_reference: branch_reference(source_reference)?,
        destination_reference: target.destination_reference.map(branch_reference).transpose()?,
    })
}

/// The full name of a branch, from either of its names.
fn branch_reference(name: String) -> Result<String, ApiError> {
    if name.is_empty() {
        return Err(ApiError::new("ReferenceNameRequiredException", "A reference name is empty"));
    }
    if name.starts_with("refs/heads/") {
        Ok(name)
    } else if name.starts_with("refs/") {
        let message = format!("The reference {name} is not a branch");
        Err(ApiError::new("ReferenceTypeNotSupportedException", message))
    } else {
        Ok(format!("refs/heads/{name}"))
    }
}

/// Whether the status is `OPEN`.
fn parse_status(status: &str) -> Result<bool, ApiError> {
    match status {
        "OPEN" => Ok(true),
        "CLOSED" => Ok(false),
        other => {
            let message = format!("Pull request status {other:?} is not one of OPEN, CLOSED");
            Err(ApiError::new("InvalidPullRequestStatusException", message))
        }
    }
}
