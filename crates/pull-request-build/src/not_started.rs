//! The event by which start-build tells publish-build-result that a build could not be started.
//!
//! There is no build yet that could carry the news, and only publish-build-result writes comments. start-build puts this
//! event on the account's default bus; a rule of the stack hands it on.

use std::fmt;

use serde_json::{Value, json};

use crate::build_variables::PullRequestBuild;
use crate::event_members::{InvalidEvent, id, optional, require_detail_type, required, required_name};
use crate::ids::{
    DestinationCommit, HookName, PullRequestId, Reference, RepositoryName, RevisionId, SourceCommit,
};
use crate::own_comments::CommentIdentity;

/// A build that could not be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// The hook whose build it is.
    pub hook_name: HookName,
    /// What would have been built.
    pub build: PullRequestBuild,
    /// Why it could not be started.
    pub reason: NotStartedReason,
}

/// Why CodeBuild started no build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStartedReason {
    /// What stands in the way.
    pub kind: NotStartedKind,
    /// The error's code and words, as AWS says them.
    pub message: String,
}

/// What stands in the way of a build. Anything else may pass by itself within minutes, and is no news for a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStartedKind {
    /// As many builds run and wait as the account or the project may have.
    AccountLimit,
    /// There is no such CodeBuild project.
    ProjectNotFound,
    /// The function may not start builds.
    AccessDenied,
    /// CodeBuild does not take the request; or the reason is of a later version, whose message says more.
    Refused,
}

impl NotStarted {
    /// The event's source, to which the function's permission to send events is limited.
    pub const SOURCE: &str = "pull-request-hook";
    /// The event's detail type.
    pub const DETAIL_TYPE: &str = "Pull Request Build Not Started";

    /// The event's detail.
    pub fn detail(&self) -> Value {
        let Self { hook_name, build, reason } = self;
        json!({
            "hook": hook_name.as_str(),
            "pullRequestId": build.pull_request_id.as_str(),
            "repositoryName": build.repository_name.as_str(),
            "sourceCommit": build.source_commit.as_str(),
            "destinationCommit": build.destination_commit.as_str(),
            "revisionId": build.revision_id.as_str(),
            "sourceReference": build.source_reference.as_ref().map(Reference::as_str),
            "destinationReference": build.destination_reference.as_ref().map(Reference::as_str),
            "reason": { "kind": reason.kind.name(), "message": reason.message },
        })
    }

    /// Whether an event that EventBridge delivers claims to be such a report.
    pub fn is_reported_by(event: &Value) -> bool {
        event["detail-type"] == Self::DETAIL_TYPE
    }

    /// Reads an event from the JSON that EventBridge delivers. Unknown members are left alone: a release that is rolled
    /// back still reads the events of the one after it.
    pub fn parse(event: &Value) -> Result<Self, InvalidEvent> {
        require_detail_type(event, Self::DETAIL_TYPE)?;
        let reference = |member| {
            let text = optional(event, member)?;
            Ok(text.and_then(|text| Reference::parse(text).ok()))
        };
        Ok(Self {
            hook_name: id(event, "detail.hook", HookName::parse)?,
            build: PullRequestBuild {
                pull_request_id: id(event, "detail.pullRequestId", PullRequestId::parse)?,
                repository_name: id(event, "detail.repositoryName", RepositoryName::parse)?,
                source_commit: id(event, "detail.sourceCommit", SourceCommit::parse)?,
                destination_commit: id(event, "detail.destinationCommit", DestinationCommit::parse)?,
                revision_id: id(event, "detail.revisionId", RevisionId::parse)?,
                source_reference: reference("detail.sourceReference")?,
                destination_reference: reference("detail.destinationReference")?,
            },
            reason: NotStartedReason {
                kind: NotStartedKind::from_name(required_name(event, "detail.reason.kind")?),
                message: required(event, "detail.reason.message")?.to_owned(),
            },
        })
    }

    /// The comment that tells it: that of the commit, which will show the build.
    pub fn comment_identity(&self) -> CommentIdentity {
        CommentIdentity {
            hook_name: self.hook_name.clone(),
            pull_request_id: self.build.pull_request_id.clone(),
            source_commit: self.build.source_commit.clone(),
        }
    }
}

impl NotStartedKind {
    /// The kind's name in an event.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountLimit => "accountLimit",
            Self::ProjectNotFound => "projectNotFound",
            Self::AccessDenied => "accessDenied",
            Self::Refused => "refused",
        }
    }

    fn from_name(name: &str) -> Self {
        let all = [Self::AccountLimit, Self::ProjectNotFound, Self::AccessDenied];
        all.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Refused)
    }
}

impl fmt::Display for NotStartedKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AccountLimit => "the limit of builds is reached",
            Self::ProjectNotFound => "the project does not exist",
            Self::AccessDenied => "access is denied",
            Self::Refused => "CodeBuild refuses the request",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::a_not_started;

    fn event() -> Value {
        json!({ "detail-type": NotStarted::DETAIL_TYPE, "detail": a_not_started().detail() })
    }

    #[test]
    fn what_is_sent_is_read_back() {
        assert_eq!(NotStarted::parse(&event()), Ok(a_not_started()));
        let without = PullRequestBuild { source_reference: None, ..a_not_started().build };
        let without = NotStarted { build: without, ..a_not_started() };
        let mut event = event();
        event["detail"] = without.detail();
        assert_eq!(NotStarted::parse(&event), Ok(without));
    }

    /// One test a fixture: an event as EventBridge delivers it, with the detail that is sent.
    macro_rules! fixtures {
        ($($name:ident: $file:literal, $kind:ident;)*) => {$(
            #[test]
            fn $name() {
                let text = include_str!(concat!("../fixtures/build-not-started/", $file));
                let event: Value = serde_json::from_str(text).unwrap();
                assert!(NotStarted::is_reported_by(&event));
                let not_started = NotStarted::parse(&event).unwrap();
                assert_eq!(not_started.reason.kind, NotStartedKind::$kind);
                assert_eq!(event["source"], NotStarted::SOURCE);
                assert_eq!(event["detail"], not_started.detail());
            }
        )*};
    }

    fixtures! {
        account_limit: "account-limit.json", AccountLimit;
        project_not_found: "project-not-found.json", ProjectNotFound;
        access_denied: "access-denied.json", AccessDenied;
        refused: "refused.json", Refused;
    }

    #[test]
    fn what_a_later_version_adds_is_left_alone_and_its_kinds_are_refusals() {
        let mut event = event();
        event["detail"]["reason"]["kind"] = json!("somethingNew");
        event["detail"]["reason"]["since"] = json!(1);
        assert_eq!(NotStarted::parse(&event).unwrap().reason.kind, NotStartedKind::Refused);
    }

    #[test]
    fn an_event_that_start_build_would_not_send_is_refused_with_the_member_that_is_wrong() {
        for (member, wrong) in [
            ("detail", json!("text")),
            ("detail.reason.kind", json!(1)),
            ("detail.reason.kind", json!("x".repeat(101))),
            ("detail.reason.message", json!(null)),
            ("detail.hook", json!("My Hook")),
            ("detail.pullRequestId", json!(42)),
            ("detail.pullRequestId", json!("x")),
            ("detail.repositoryName", json!("a/b")),
            ("detail.sourceCommit", json!("HEAD")),
            ("detail.destinationCommit", json!("HEAD")),
            ("detail.revisionId", json!("")),
            ("detail.sourceReference", json!([])),
        ] {
            let mut event = event();
            *event.pointer_mut(&format!("/{}", member.replace('.', "/"))).unwrap() = wrong;
            let error = NotStarted::parse(&event).unwrap_err().to_string();
            assert!(error.contains(member), "{member}: {error}");
        }
        assert!(NotStarted::parse(&json!(null)).is_err());
        assert!(NotStarted::parse(&json!({ "detail": a_not_started().detail() })).is_err());
    }
}
