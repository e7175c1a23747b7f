//! Comments as the operations answer them.

use serde_json::{Value, json};

use super::state::{Comment, FileVersion};
use crate::caller::Caller;
use crate::clock::epoch_seconds;

/// Comments of one comparison and place stand together, in the order in which each was first commented on.
pub(super) fn group(comments: Vec<&Comment>, caller: &Caller) -> Vec<Value> {
    let mut groups: Vec<(&Comment, Vec<Value>)> = Vec::new();
    for comment in comments {
        let same = |first: &Comment| {
            first.before_commit == comment.before_commit
                && first.after_commit == comment.after_commit
                && first.place == comment.place
        };
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, group)) => group.push(comment_json(comment, caller)),
            None => groups.push((comment, vec![comment_json(comment, caller)])),
        }
    }
    let with_comments = |(first, comments): (&Comment, Vec<Value>)| {
        let mut value = comparison_json(first);
        value["comments"] = comments.into();
        value
    };
    groups.into_iter().map(with_comments).collect()
}

/// The answer to the operation that posts a comment.
pub(super) fn posted_json(comment: &Comment, caller: &Caller) -> Value {
    let mut value = comparison_json(comment);
    value["comment"] = comment_json(comment, caller);
    value
}

/// What is compared, and the place in it, where the comment has one.
fn comparison_json(comment: &Comment) -> Value {
    let mut value = json!({
        "repositoryName": comment.repository_name,
        "pullRequestId": comment.pull_request.to_string(),
        "beforeCommitId": comment.before_commit,
        "afterCommitId": comment.after_commit,
    });
    if let Some(place) = &comment.place {
        let mut location = json!({
            "filePath": place.location.file_path,
            "relativeFileVersion": match place.location.version {
                FileVersion::Before => "BEFORE",
                FileVersion::After => "AFTER",
            },
        });
        if let Some(line) = place.location.file_position {
            location["filePosition"] = line.into();
        }
        value["location"] = location;
        if let Some(blob) = &place.before_blob {
            value["beforeBlobId"] = blob.as_str().into();
        }
        if let Some(blob) = &place.after_blob {
            value["afterBlobId"] = blob.as_str().into();
        }
    }
    value
}

/// A comment as `caller` sees it; a deleted one has no content.
pub(super) fn comment_json(comment: &Comment, caller: &Caller) -> Value {
    let mut value = json!({
        "commentId": comment.id,
        "creationDate": epoch_seconds(comment.created),
        "lastModifiedDate": epoch_seconds(comment.modified),
        "authorArn": comment.author_arn,
        "deleted": comment.content.is_none(),
        "clientRequestToken": comment.token,
        "callerReactions": comment.reactions_of(&caller.arn),
        "reactionCounts": comment.reaction_counts(),
    });
    if let Some(content) = &comment.content {
        value["content"] = content.as_str().into();
    }
    if let Some(parent) = &comment.in_reply_to {
        value["inReplyTo"] = parent.as_str().into();
    }
    value
}
