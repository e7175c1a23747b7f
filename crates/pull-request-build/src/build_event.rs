//! CodeBuild's "Build State Change" event, as EventBridge delivers it.
//!
//! Only what decides whether the build is this hook's is taken from it. How the build stands is asked of CodeBuild:
//! events come late, out of order and more than once.

use serde::{Deserialize, Deserializer};

use crate::build::{Build, BuildStatus};
use crate::build_arn::BuildArn;
use crate::build_variables::{NotAPullRequestBuild, PullRequestBuild};
use crate::ids::{InvalidId, ProjectName};

const DETAIL_TYPE: &str = "CodeBuild Build State Change";

/// A change of a build's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildEvent {
    /// The build's ARN.
    pub build_arn: BuildArn,
    /// The state that the build had when the event was made.
    pub status: BuildStatus,
    variables: Vec<EnvironmentVariable>,
}

/// Why an event cannot be understood. It will not become better by being delivered again.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBuildEvent {
    /// The event does not have the shape that AWS documents.
    #[error(
        "this is no build event of CodeBuild: {0}; the rule that calls this function must pass events whole"
    )]
    Shape(String),
    /// The event is of another kind.
    #[error(
        "the event's detail-type is {0:?}, not {DETAIL_TYPE:?}; correct the rule that calls this function"
    )]
    DetailType(String),
    /// The build cannot be told from the event.
    #[error("the event's build-id: {0}")]
    BuildArn(#[from] InvalidId),
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
    /// Reads an event from the JSON that EventBridge delivers. Fields that are not needed may be absent or of any type.
    pub fn parse<'de, D: Deserializer<'de>>(event: D) -> Result<Self, InvalidBuildEvent> {
        let envelope =
            Envelope::deserialize(event).map_err(|error| InvalidBuildEvent::Shape(error.to_string()))?;
        if envelope.detail_type != DETAIL_TYPE {
            return Err(InvalidBuildEvent::DetailType(envelope.detail_type));
        }
        let detail = envelope.detail;
        Ok(Self {
            build_arn: BuildArn::parse(&detail.build_id)?,
            status: BuildStatus::from_name(&detail.build_status),
            variables: detail.additional_information.environment.environment_variables,
        })
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
        let variables = self.variables.iter().map(|variable| (&*variable.name, &*variable.value));
        Ok(PullRequestBuild::from_variables(variables)?)
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    build_id: String,
    build_status: String,
    #[serde(default)]
    additional_information: AdditionalInformation,
}

#[derive(Default, Deserialize)]
struct AdditionalInformation {
    #[serde(default)]
    environment: Environment,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Environment {
    #[serde(default)]
    environment_variables: Vec<EnvironmentVariable>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct EnvironmentVariable {
    name: String,
    #[serde(default)]
    value: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
                let event = BuildEvent::parse(fixture(text)).unwrap();
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
        let reason = BuildEvent::parse(event).unwrap().pull_request_build(&project()).unwrap_err();
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
            BuildEvent::parse(event).unwrap().pull_request_build(&other),
            Err(NotOurBuild::OtherProject("pull-request-hook".to_owned()))
        );
    }

    #[test]
    fn an_event_with_nothing_but_the_build_is_enough() {
        let arn = "arn:aws:codebuild:eu-central-1:123456789012:build/pull-request-hook:1";
        let event =
            json!({"detail-type": DETAIL_TYPE, "detail": {"build-id": arn, "build-status": "FAILED"}});
        assert_eq!(BuildEvent::parse(event).unwrap().status, BuildStatus::Failed);
    }

    #[test]
    fn an_event_that_cannot_be_understood_says_why() {
        let event = |change: fn(&mut Value)| {
            let mut event = fixture(include_str!("../fixtures/build-state-change/succeeded.json"));
            change(&mut event);
            BuildEvent::parse(event).unwrap_err().to_string()
        };
        for (error, words) in [
            (event(|event| *event = json!([])), "build event"),
            (event(|event| *event = json!({})), "detail-type"),
            (event(|event| event["detail-type"] = json!("CodeBuild Build Phase Change")), "Phase Change"),
            (event(|event| event["detail"] = json!({"build-status": "FAILED"})), "build-id"),
            (event(|event| event["detail"]["build-id"] = json!("hook:1")), "hook:1"),
            (event(|event| event["detail"]["build-status"] = Value::Null), "expected a string"),
        ] {
            assert!(error.contains(words), "{words:?} is not in {error:?}");
        }
    }
}
