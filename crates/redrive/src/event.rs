//! What an event is about, in a few words.
//!
//! The functions parse an event strictly; here it may be the very event that they could not parse, so everything in it
//! may be missing or of another form.

use serde_json::Value;

use crate::terminal::shown;

/// A name is cut after this many characters; none of CodeCommit's and CodeBuild's is longer.
const NAME_LIMIT: usize = 256;

/// As much of a commit as git shows.
const COMMIT_LENGTH: usize = 8;

/// Such as `pull request 42 of payments (pullRequestCreated, commit 2df5de2b)`. Nothing in it can command a terminal.
pub(crate) fn describe_event(event: &Value) -> String {
    let detail = &event["detail"];
    let words = if let Some(id) = name(&detail["pullRequestId"]) {
        let not_started = name(&detail["reason"]["kind"]).map(|kind| format!("build not started: {kind}"));
        let what = name(&detail["event"]).or(not_started).unwrap_or_else(|| "no event is named".to_owned());
        let commit = commit(&detail["sourceCommit"]).map(|commit| format!(", commit {commit}"));
        let repository = name(&detail["repositoryNames"][0]).or_else(|| name(&detail["repositoryName"]));
        format!("pull request {id}{} ({what}{})", of(repository), commit.unwrap_or_default())
    } else if let Some(id) = name(&detail["build-id"]) {
        let id = id.split_once(":build/").map_or(id.as_str(), |(_, id)| id);
        let what = name(&detail["build-status"]).unwrap_or_else(|| "no state is named".to_owned());
        let source = &detail["additional-information"];
        let commit = commit(&source["source-version"]).map(|commit| format!(", commit {commit}"));
        let location = name(&source["source"]["location"]);
        let repository = location.and_then(|url| Some(url.rsplit_once('/')?.1.to_owned()));
        format!("build {id}{} ({what}{})", of(repository), commit.unwrap_or_default())
    } else {
        match (name(&event["detail-type"]), name(&event["source"])) {
            (Some(kind), Some(source)) => format!("an event \"{kind}\" of {source}"),
            (Some(kind), None) => format!("an event \"{kind}\" without a source"),
            (None, Some(source)) => format!("an event of {source} without a type"),
            (None, None) => "what is no event of EventBridge".to_owned(),
        }
    };
    match name(&event["time"]) {
        Some(time) => format!("{words}, sent {time}"),
        None => words,
    }
}

/// The event's source, such as `aws.codecommit`.
pub(crate) fn source(event: &Value) -> Option<&str> {
    event["source"].as_str()
}

fn of(repository: Option<String>) -> String {
    repository.map(|name| format!(" of {name}")).unwrap_or_default()
}

fn commit(value: &Value) -> Option<String> {
    name(value).map(|commit| commit.chars().take(COMMIT_LENGTH).collect())
}

/// A text or a number that is not empty.
fn name(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => shown(text, NAME_LIMIT),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_named_by_what_is_left_of_it() {
        for (event, expected) in [
            (json!({ "detail": { "pullRequestId": "42" } }), "pull request 42 (no event is named)"),
            (json!({ "detail": { "pullRequestId": 42, "event": "x" } }), "pull request 42 (x)"),
            (
                json!({ "detail": { "pullRequestId": "1", "event": "x", "repositoryNames": "payments" } }),
                "pull request 1 (x)",
            ),
            (
                json!({ "detail": {
                    "pullRequestId": "42",
                    "repositoryName": "payments",
                    "sourceCommit": "2df5de2b8c1a7f3e9d0b4c6a5e8f7d1c3b2a9e80",
                    "reason": { "kind": "accountLimit" },
                } }),
                "pull request 42 of payments (build not started: accountLimit, commit 2df5de2b)",
            ),
            (json!({ "detail": { "build-id": "p:1" } }), "build p:1 (no state is named)"),
            (
                json!({ "source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-07-14T09:57:50Z" }),
                "an event \"Scheduled Event\" of aws.events, sent 2026-07-14T09:57:50Z",
            ),
            (
                json!({ "source": "aws.codecommit", "detail": [] }),
                "an event of aws.codecommit without a type",
            ),
            (json!({ "detail-type": "x", "source": 5 }), "an event \"x\" of 5"),
            (json!({ "detail-type": "x", "source": "" }), "an event \"x\" without a source"),
            (json!("text"), "what is no event of EventBridge"),
            (Value::Null, "what is no event of EventBridge"),
        ] {
            assert_eq!(describe_event(&event), expected, "{event}");
        }
    }
}
