//! CodeCommit's events in their documented shape (user guide, "Monitoring CodeCommit events in EventBridge").

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::merge_conflicts::ConflictDetailLevel;
use super::reactions::Reaction;
use super::state::{Comment, MergeOption, PullRequest, Repository};
use crate::account::Account;
use crate::caller::Caller;
use crate::event::Event;

const SOURCE: &str = "aws.codecommit";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PullRequestChange {
    Created,
    SourceBranchUpdated,
    StatusChanged,
    Merged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommentChange {
    Created,
    Updated,
}

/// What a push did to a branch or tag, with the commits it points and pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReferenceChange {
    Created { new: String },
    Updated { old: String, new: String },
    Deleted { old: String },
}

/// What a merge came from, as the event of the branch that it updated tells.
#[derive(Debug, Clone)]
pub(super) struct MergeOrigin {
    pub(super) base: Option<String>,
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) option: MergeOption,
    /// Nothing for a fast-forward, which has no conflicts.
    pub(super) level: Option<ConflictDetailLevel>,
}

/// "CodeCommit Pull Request State Change". Its dates and its notification body are of captured events.
pub(super) fn pull_request_event(
    account: &Account,
    now: OffsetDateTime,
    change: PullRequestChange,
    pull_request: &PullRequest,
    caller: &Caller,
) -> Event {
    let id = pull_request.id;
    let repository = &pull_request.repository_name;
    let status = if pull_request.open { "Open" } else { "Closed" };
    let (event, kind, information) = match change {
        PullRequestChange::Created => (
            "pullRequestCreated",
            "Created",
            format!(
                "A pull request was created with the following ID: {id}. The title of the pull request is: {}.",
                pull_request.title
            ),
        ),
        PullRequestChange::SourceBranchUpdated => (
            "pullRequestSourceBranchUpdated",
            "Updated",
            format!(
                "The user updated the following pull request: {id}. The pull request was updated with one or more \
                 commits to the source branch: {}.",
                pull_request.source_reference.trim_start_matches("refs/heads/")
            ),
        ),
        PullRequestChange::StatusChanged => (
            "pullRequestStatusChanged",
            "Updated",
            format!("The pull request status has been updated. The status is {}.", status.to_lowercase()),
        ),
        PullRequestChange::Merged => (
            "pullRequestMergeStatusUpdated",
            "Updated",
            "The pull request merge status has been updated. The status is merged.".to_owned(),
        ),
    };
    let notification = format!(
        "A pull request event occurred in the following AWS CodeCommit repository: {repository}. User: {}. \
         Event: {kind}. Pull request name: {id}. Additional information: {information} For more information, go to \
         the AWS CodeCommit console {}?region={}.",
        caller.arn,
        console_url(account, repository, id),
        account.region,
    );
    let mut detail = json!({
        "author": pull_request.author_arn,
        "callerUserArn": caller.arn,
        "creationDate": date(pull_request.created),
        "destinationCommit": pull_request.destination_commit,
        "destinationReference": pull_request.destination_reference,
        "event": event,
        "isMerged": if pull_request.merge.is_some() { "True" } else { "False" },
        "lastModifiedDate": date(pull_request.last_activity),
        "notificationBody": notification,
        "pullRequestId": id.to_string(),
        "pullRequestStatus": status,
        "repositoryNames": [repository],
        "revisionId": pull_request.revision_id,
        "sourceCommit": pull_request.source_commit,
        "sourceReference": pull_request.source_reference,
        "title": pull_request.title,
    });
    if let Some(description) = &pull_request.description {
        detail["description"] = description.as_str().into();
    }
    if let Some(merge) = &pull_request.merge {
        detail["mergeOption"] = merge.option.name().into();
    }
    of_repository(account, "CodeCommit Pull Request State Change", now, repository, detail)
}

/// "CodeCommit Comment on Pull Request". It carries no text.
pub(super) fn comment_event(
    account: &Account,
    now: OffsetDateTime,
    change: CommentChange,
    comment: &Comment,
    repository_id: &str,
    caller: &Caller,
) -> Event {
    let (event, action) = match change {
        CommentChange::Created => ("commentOnPullRequestCreated", "made a comment or replied to a comment"),
        CommentChange::Updated => {
            ("commentOnPullRequestUpdated", "updated a comment or replied to a comment")
        }
    };
    let (id, repository) = (comment.pull_request, &comment.repository_name);
    let notification = format!(
        "A pull request event occurred in the following AWS CodeCommit repository: {repository}. The user: {} \
         {action}. The comment was made on the following Pull Request: {id}. For more information, go to the AWS \
         CodeCommit console {}/activity#{}?region={}",
        caller.arn,
        console_url(account, repository, id),
        comment.id.replace(':', "%3A"),
        account.region,
    );
    let mut detail = json!({
        "afterCommitId": comment.after_commit,
        "beforeCommitId": comment.before_commit,
        "callerUserArn": caller.arn,
        "commentId": comment.id,
        "event": event,
        "notificationBody": notification,
        "pullRequestId": id.to_string(),
        "repositoryId": repository_id,
        "repositoryName": repository,
    });
    if let Some(parent) = &comment.in_reply_to {
        detail["inReplyTo"] = parent.as_str().into();
    }
    of_repository(account, "CodeCommit Comment on Pull Request", now, repository, detail)
}

/// "CodeCommit Comment Reaction Change", of a reaction that is its user's first one to the comment, or another one.
pub(super) fn reaction_event(
    account: &Account,
    now: OffsetDateTime,
    change: CommentChange,
    comment: &Comment,
    repository_id: &str,
    reaction: &Reaction,
) -> Event {
    let Reaction { user_arn, emoji } = reaction;
    let (event, action) = match change {
        CommentChange::Created => ("commentReactionCreated", "made a comment reaction"),
        CommentChange::Updated => ("commentReactionUpdated", "updated a reaction"),
    };
    let (id, repository) = (&comment.id, &comment.repository_name);
    let notification = format!(
        "A comment reaction event occurred in the following AWS CodeCommit Repository: {repository}. The user: \
         {user_arn} {action} {} to the comment with comment ID: {id}",
        emoji.graphic,
    );
    let detail = json!({
        "callerUserArn": user_arn,
        "commentId": id,
        "event": event,
        "notificationBody": notification,
        "reactionEmojis": [emoji.graphic],
        "reactionShortcodes": [format!(":{}:", emoji.short_code)],
        "reactionUnicodes": [emoji.code_point],
        "repositoryId": repository_id,
        "repositoryName": repository,
    });
    of_repository(account, "CodeCommit Comment Reaction Change", now, repository, detail)
}

/// "CodeCommit Repository State Change" of a branch or tag, by its full name. `origin` is that of the merge that updated
/// it.
pub(super) fn reference_event(
    account: &Account,
    now: OffsetDateTime,
    repository: &Repository,
    full_name: &str,
    change: &ReferenceChange,
    origin: Option<&MergeOrigin>,
    caller: &Caller,
) -> Event {
    let (kind, name) = match full_name.strip_prefix("refs/tags/") {
        Some(tag) => ("tag", tag),
        None => ("branch", full_name.trim_start_matches("refs/heads/")),
    };
    let (event, new, old) = match change {
        ReferenceChange::Created { new } => ("referenceCreated", Some(new), None),
        ReferenceChange::Updated { old, new } => ("referenceUpdated", Some(new), Some(old)),
        ReferenceChange::Deleted { old } => ("referenceDeleted", None, Some(old)),
    };
    let mut detail = json!({
        "callerUserArn": caller.arn,
        "event": event,
        "referenceFullName": full_name,
        "referenceName": name,
        "referenceType": kind,
        "repositoryId": repository.id,
        "repositoryName": repository.name,
    });
    if let Some(commit) = new {
        detail["commitId"] = commit.as_str().into();
    }
    if let Some(commit) = old {
        detail["oldCommitId"] = commit.as_str().into();
    }
    if let Some(origin) = origin {
        detail["sourceCommitId"] = origin.source.as_str().into();
        detail["destinationCommitId"] = origin.destination.as_str().into();
        detail["mergeOption"] = origin.option.name().into();
        if let Some(base) = &origin.base {
            detail["baseCommitId"] = base.as_str().into();
        }
        if let Some(level) = origin.level {
            detail["conflictDetailsLevel"] = level.name().into();
            detail["conflictResolutionStrategy"] = "NONE".into();
        }
    }
    of_repository(account, "CodeCommit Repository State Change", now, &repository.name, detail)
}

fn of_repository(
    account: &Account,
    detail_type: &str,
    now: OffsetDateTime,
    repository: &str,
    detail: Value,
) -> Event {
    Event::new(SOURCE, detail_type, now, account.arn("codecommit", repository), detail)
}

fn console_url(account: &Account, repository: &str, pull_request: u64) -> String {
    let domain = match account.partition.as_str() {
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!(
        "https://{}.{domain}/codesuite/codecommit/repositories/{repository}/pull-requests/{pull_request}",
        account.region
    )
}

/// Such as `Sat Dec 05 15:07:04 UTC 2020`, as captured events have it; the user guide shows several other forms.
fn date(time: OffsetDateTime) -> String {
    let format = format_description!(
        "[weekday repr:short] [month repr:short] [day] [hour]:[minute]:[second] UTC [year]"
    );
    time.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_captured_form() {
        assert_eq!(date(time::macros::datetime!(2020-12-05 16:07:04 +1)), "Sat Dec 05 15:07:04 UTC 2020");
    }
}
