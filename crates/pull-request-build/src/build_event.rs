//! CodeBuild's "Build State Change" event, as EventBridge delivers it.
//!
//! Only what decides whether the build is this hook's is taken from it. How the build stands is asked of CodeBuild:
//! events come late, out of order and more than once.

use serde_json::Value;

use crate::build::{Build, BuildStatus};
use crate::build_arn::BuildArn;
use crate::build_variables::{NotAPullRequestBuild, PullRequestBuild};
use crate::event_members::{InvalidEvent, find, id, malformed, require_detail_type, required_name};
use crate::ids::ProjectName;

const DETAIL_TYPE: &str = "CodeBuild Build State Change";

/// A change of a build's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildEvent {
    /// The build's ARN.
    pub build_arn: BuildArn,
    /// The state that the build had when the event was made.
    pub status: BuildStatus,
    variables: Vec<(String, String)>,
}

/// Why a build is none of this hook's business.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurBuild {
    /// Another project's build.
    #[error("the build belongs to project {0}")]
    OtherProject(String),
    /// A build that no pull request started.
    #[error("no pull request started the build: {0}")]
    NotAPullRequestBuild(#[from] NotAPullRequestBuild),
}

impl BuildEvent {
    /// Reads an event from the JSON that EventBridge delivers. Members that are not needed may be absent or of any type.
    pub fn parse(event: &Value) -> Result<Self, InvalidEvent> {
        require_detail_type(event, DETAIL_TYPE)?;
        Ok(Self {
            build_arn: id(event, "detail.build-id", BuildArn::parse)?,
            status: BuildStatus::from_name(required_name(event, "detail.build-status")?),
            variables: environment_variables(event)?,
        })
    }

    /// The event that CodeBuild would send of `build` as it stands.
    pub(crate) fn of(build: &Build) -> Self {
        let variables = build.pull_request.to_variables().into_iter();
        Self {
            build_arn: build.arn.clone(),
            status: build.status.clone(),
            variables: variables.map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    /// Whether the event tells of the end of a build that `build`, an answer of CodeBuild, shows as not ended: then the
    /// answer is behind. Events themselves come late too, so the other way round says nothing.
    pub fn is_newer_than(&self, build: &Build) -> bool {
        self.status != BuildStatus::InProgress && build.status == BuildStatus::InProgress
    }

    /// What the build was started for, if it is a pull request's build in `project_name`.
    pub fn pull_request_build(&self, project_name: &ProjectName) -> Result<PullRequestBuild, NotOurBuild> {
        let project = self.build_arn.build_id.project_name();
        if project != project_name.as_str() {
            return Err(NotOurBuild::OtherProject(project.to_owned()));
        }
        let variables = self.variables.iter().map(|(name, value)| (&**name, &**value));
        Ok(PullRequestBuild::from_variables(variables)?)
    }
}

/// The names and values of the build's variables, in their order. A build without any is nobody's pull request's.
fn environment_variables(event: &Value) -> Result<Vec<(String, String)>, InvalidEvent> {
    const MEMBER: &str = "detail.additional-information.environment.environment-variables";
    let Some(variables) = find(event, MEMBER)? else { return Ok(Vec::new()) };
    let variables = variables.as_array().ok_or_else(|| malformed(MEMBER, "it must be a list"))?;
    let pairs = variables.iter().map(|variable| {
        let name = variable.get("name")?.as_str()?;
        let value = match variable.get("value") {
            None | Some(Value::Null) => "",
            Some(value) => value.as_str()?,
        };
        Some((name.to_owned(), value.to_owned()))
    });
    let pairs: Option<Vec<_>> = pairs.collect();
    pairs.ok_or_else(|| malformed(MEMBER, "each must have a name and a value, both strings"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::examples::a_pull_request_build;

    fn fixture(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn project() -> ProjectName {
        ProjectName::parse("pull-request-hook").unwrap()
    }

    /// One test a fixture: it names the build, its state, and what the build was started for.
    macro_rules! fixtures {
        ($($name:ident: $file:literal, $status:expr;)*) => {$(
            #[test]
            fn $name() {
                let text = include_str!(concat!("../fixtures/build-state-change/", $file));
                let event = BuildEvent::parse(&fixture(text)).unwrap();
                assert_eq!(event.status, $status);
                assert_eq!(
                    event.build_arn.build_id.as_str(),
                    "pull-request-hook:0a1b2c3d-0000-4000-8000-0123456789ab"
                );
                let build = event.pull_request_build(&project()).unwrap();
                assert_eq!(build.source_commit, a_pull_request_build().source_commit);
                assert_eq!(build.source_reference, a_pull_request_build().source_reference);
            }
        )*};
    }

    fixtures! {
        in_progress: "in-progress.json", BuildStatus::InProgress;
        succeeded: "succeeded.json", BuildStatus::Succeeded;
        failed: "failed.json", BuildStatus::Failed;
        stopped: "stopped.json", BuildStatus::Stopped;
        timed_out: "timed-out.json", BuildStatus::TimedOut;
        fault: "fault.json", BuildStatus::Fault;
        unknown_state: "unknown-state.json", BuildStatus::Other("ABANDONED".to_owned());
    }

    #[test]
    fn a_build_that_no_pull_request_started_is_not_ours() {
        let event = fixture(include_str!("../fixtures/build-state-change/no-pull-request.json"));
        let reason = BuildEvent::parse(&event).unwrap().pull_request_build(&project()).unwrap_err();
        assert_eq!(
            reason.to_string(),
            "no pull request started the build: the build has no variable PULL_REQUEST_ID"
        );
    }

    #[test]
    fn another_projects_build_is_not_ours() {
        let event = fixture(include_str!("../fixtures/build-state-change/succeeded.json"));
        let other = ProjectName::parse("other-hook").unwrap();
        assert_eq!(
            BuildEvent::parse(&event).unwrap().pull_request_build(&other),
            Err(NotOurBuild::OtherProject("pull-request-hook".to_owned()))
        );
    }

    #[test]
    fn an_event_with_nothing_but_the_build_is_enough() {
        let arn = "arn:aws:codebuild:eu-central-1:123456789012:build/pull-request-hook:1";
        let event =
            json!({"detail-type": DETAIL_TYPE, "detail": {"build-id": arn, "build-status": "FAILED"}});
        assert_eq!(BuildEvent::parse(&event).unwrap().status, BuildStatus::Failed);
    }

    #[test]
    fn an_event_that_cannot_be_understood_says_why() {
        let event = |change: fn(&mut Value)| {
            let mut event = fixture(include_str!("../fixtures/build-state-change/succeeded.json"));
            change(&mut event);
            BuildEvent::parse(&event).unwrap_err().to_string()
        };
        const VARIABLES: &str = "detail.additional-information.environment.environment-variables";
        fn variables(event: &mut Value) -> &mut Value {
            &mut event["detail"]["additional-information"]["environment"]["environment-variables"]
        }
        for (error, words) in [
            (event(|event| *event = json!([])), "detail-type"),
            (event(|event| *event = json!({})), "detail-type"),
            (event(|event| event["detail-type"] = json!("CodeBuild Build Phase Change")), "Phase Change"),
            (event(|event| event["detail"] = json!({"build-status": "FAILED"})), "no detail.build-id"),
            (event(|event| event["detail"]["build-id"] = json!("hook:1")), "hook:1"),
            (event(|event| event["detail"]["build-status"] = Value::Null), "no detail.build-status"),
            (event(|event| event["detail"]["build-status"] = json!(7)), "detail.build-status"),
            (event(|event| event["detail"]["build-status"] = json!("x".repeat(101))), "detail.build-status"),
            (event(|event| event["detail"]["additional-information"] = json!("none")), VARIABLES),
            (event(|event| *variables(event) = json!({})), VARIABLES),
            (event(|event| variables(event)[0] = json!("PULL_REQUEST_ID=42")), VARIABLES),
            (event(|event| variables(event)[0] = json!({"value": "42"})), VARIABLES),
            (event(|event| variables(event)[0]["value"] = json!(42)), VARIABLES),
        ] {
            assert!(error.contains(words), "{words:?} is not in {error:?}");
        }
    }
}
