//! What the scripted AWS answers, and one run of the handler against it.

use std::time::{Duration, SystemTime};

use pull_request_build::{HookName, ProjectName, Replies, ServedRepositories, Shown};
use replayed_aws::{Answer, RecordedRequest, ReplayedAws};
use serde_json::{Value, json};

use super::{Handled, Handler, Publication, PublishError};
use crate::config::Config;

pub(super) const SOURCE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(super) const DESTINATION: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
pub(super) const AUTHOR: &str = "arn:aws:sts::123456789012:assumed-role/publish-role/publish";
pub(super) const FUNCTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:publish";
const START: u64 = 1_795_000_000;

pub(super) type Step = (&'static str, Answer);

/// The id of the build called `name`.
pub(super) fn id(name: &str) -> String {
    format!("pull-request-hook:0a1b2c3d-0000-4000-8000-{name:0>12}")
}

/// A fixture's event, of build 1.
pub(super) fn event(file: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../pull-request-build/fixtures/build-state-change/");
    let mut event: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{folder}{file}")).unwrap()).unwrap();
    event["detail"]["build-id"] = json!(arn("1"));
    event
}

/// An event of the build called `name`.
pub(super) fn event_of(name: &str) -> Value {
    let mut event = event("succeeded.json");
    event["detail"]["build-id"] = json!(arn(name));
    event
}

fn arn(name: &str) -> String {
    format!("arn:aws:codebuild:eu-central-1:123456789012:build/{}", id(name))
}

/// A build as CodeBuild answers it; ended ones took 125 seconds.
pub(super) fn a_build(name: &str, status: &str) -> Value {
    let variable = |name: &str, value: &str| json!({"name": name, "value": value, "type": "PLAINTEXT"});
    let mut build = json!({
        "id": id(name),
        "arn": arn(name),
        "buildNumber": 12,
        "startTime": START,
        "buildStatus": status,
        "projectName": "pull-request-hook",
        "phases": [{"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED"}],
        "environment": {
            "type": "ARM_CONTAINER",
            "image": "x",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [
                variable("PULL_REQUEST_ID", "42"),
                variable("REPOSITORY_NAME", "payments"),
                variable("SOURCE_COMMIT", SOURCE),
                variable("DESTINATION_COMMIT", DESTINATION),
                variable("REVISION_ID", "r1"),
            ],
        },
        "logs": {"deepLink": "https://eu-central-1.console.aws.amazon.com/cloudwatch/home#log-1"},
    });
    if status != "IN_PROGRESS" {
        build["endTime"] = json!(START + 125);
        build = ended_in(build, "BUILD", "");
    }
    build
}

/// The build, with its last phase named, and ended as the build did.
pub(super) fn ended_in(mut build: Value, phase: &str, code: &str) -> Value {
    build["phases"] = json!([
        {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED"},
        {
            "phaseType": phase,
            "phaseStatus": build["buildStatus"],
            "contexts": [{"statusCode": code, "message": ""}],
        },
    ]);
    build
}

/// The build, as if it had started that many seconds later.
pub(super) fn started_at(mut build: Value, seconds: u64) -> Value {
    build["startTime"] = json!(START + seconds);
    build["endTime"] = json!(START + seconds + 125);
    build
}

pub(super) fn with_variable(mut build: Value, name: &str, value: &str) -> Value {
    let variables = build["environment"]["environmentVariables"].as_array_mut().unwrap();
    variables.push(json!({"name": name, "value": value, "type": "PLAINTEXT"}));
    build
}

pub(super) fn builds(builds: impl IntoIterator<Item = Value>) -> Step {
    let builds: Vec<Value> = builds.into_iter().collect();
    ("BatchGetBuilds", Answer::json(json!({"builds": builds, "buildsNotFound": []})))
}

/// A comment of the hook's own, posted that many seconds after the first build's start.
pub(super) fn own(id: &str, seconds: u64, content: &str) -> Value {
    json!({
        "commentId": id,
        "content": content,
        "authorArn": AUTHOR,
        "deleted": false,
        "creationDate": START + seconds,
        "lastModifiedDate": START + seconds,
    })
}

pub(super) fn deleted(id: &str, seconds: u64) -> Value {
    let mut comment = own(id, seconds, "");
    comment["deleted"] = json!(true);
    comment.as_object_mut().unwrap().remove("content");
    comment
}

/// One page with a thread for each comment.
pub(super) fn page(all: impl IntoIterator<Item = Value>, next: Option<&str>) -> Step {
    let thread = |comment: Value| {
        json!({
            "pullRequestId": "42",
            "repositoryName": "payments",
            // The destination has moved since the build.
            "beforeCommitId": "dddddddddddddddddddddddddddddddddddddddd",
            "afterCommitId": SOURCE,
            "comments": [comment],
        })
    };
    let threads: Vec<Value> = all.into_iter().map(thread).collect();
    let mut body = json!({"commentsForPullRequestData": threads});
    if let Some(next) = next {
        body["nextToken"] = json!(next);
    }
    ("GetCommentsForPullRequest", Answer::json(body))
}

pub(super) fn comments(all: impl IntoIterator<Item = Value>) -> Step {
    page(all, None)
}

pub(super) fn posted() -> Step {
    let comment = json!({"commentId": "c1", "authorArn": AUTHOR, "deleted": false});
    ("PostCommentForPullRequest", Answer::json(json!({"comment": comment})))
}

pub(super) fn updated() -> Step {
    ("UpdateComment", Answer::json(json!({"comment": {"commentId": "c1"}})))
}

/// The question that the handler asks about a build that did not succeed. Its pull request is open.
pub(super) fn asked_about(build: &Value) -> Option<Step> {
    let succeeds = ["IN_PROGRESS", "SUCCEEDED"].iter().any(|status| build["buildStatus"] == *status);
    (!succeeds).then(|| pull_request("OPEN", false, SOURCE))
}

pub(super) fn pull_request(status: &str, merged: bool, tip: &str) -> Step {
    let target = json!({
        "repositoryName": "payments",
        "sourceReference": "refs/heads/feature/login",
        "destinationReference": "refs/heads/main",
        "sourceCommit": tip,
        "mergeMetadata": {"isMerged": merged},
    });
    let pull_request = json!({"pullRequestStatus": status, "pullRequestTargets": [target]});
    ("GetPullRequest", Answer::json(json!({"pullRequest": pull_request})))
}

/// What is shown when comment c1 shows build 1 in the state `status`.
pub(super) fn shown(status: &str) -> Shown {
    Shown {
        comment_id: "c1".to_owned(),
        build_id: Some(id("1")),
        build_status: status.to_owned(),
        ..Shown::default()
    }
}

/// What one run of the handler came to.
pub(super) struct Run {
    pub(super) result: Result<Publication, PublishError>,
    requests: Vec<RecordedRequest>,
}

/// Runs the handler on `event` against an AWS that answers `script`, all of it and nothing else.
pub(super) async fn run(event: Value, script: impl IntoIterator<Item = Step>) -> Run {
    run_with(Replies::Never, event, script).await
}

/// The same, with another setting of replies.
pub(super) async fn run_with(replies: Replies, event: Value, script: impl IntoIterator<Item = Step>) -> Run {
    run_as(Config { replies, ..config() }, event, script).await
}

/// The settings of a hook that never replies.
pub(super) fn config() -> Config {
    Config {
        hook_name: HookName::parse("pull-request-hook").unwrap(),
        project_name: ProjectName::parse("pull-request-hook").unwrap(),
        role_name: "publish-role".to_owned(),
        log_lines: 40,
        replies: Replies::Never,
        repositories: ServedRepositories::parse(r#"["payments"]"#).unwrap(),
        sweep_period: Duration::from_secs(15 * 60),
    }
}

/// The same, with these settings.
pub(super) async fn run_as(config: Config, event: Value, script: impl IntoIterator<Item = Step>) -> Run {
    let aws = ReplayedAws::new(script);
    let handler = Handler::new(config, &aws.sdk_config());
    let result = match handler.handle(&event.to_string(), FUNCTION, SystemTime::now()).await {
        Ok(Handled::Event(publication)) => Ok(publication),
        Ok(swept @ Handled::Swept(_)) => panic!("{swept:?}"),
        Err(error) => Err(error),
    };
    Run { result, requests: aws.requests() }
}

impl Run {
    #[track_caller]
    pub(super) fn publication(&self) -> Publication {
        self.result.as_ref().unwrap().clone()
    }

    /// The reason why the event was ignored.
    #[track_caller]
    pub(super) fn ignored(&self) -> String {
        let publication = self.publication();
        publication.reason().unwrap_or_else(|| panic!("not ignored: {publication:?}")).to_owned()
    }

    /// The body of the call of `operation` with that index.
    #[track_caller]
    pub(super) fn request(&self, operation: &str, index: usize) -> Value {
        let mut calls = self.requests.iter().filter(|request| request.operation == operation);
        calls
            .nth(index)
            .unwrap_or_else(|| panic!("{operation} was not called {} times", index + 1))
            .body
            .clone()
    }
}

/// The text that the handler writes about a build that is the only one.
pub(super) async fn text_on(build: &Value) -> String {
    let script = [comments([]), builds([build.clone()])].into_iter().chain(asked_about(build));
    let script = script.chain([("PostCommentForPullRequest", Answer::status(500))]);
    let run = run(event("in-progress.json"), script).await;
    run.request("PostCommentForPullRequest", 0)["content"].as_str().unwrap().to_owned()
}

/// The text that the handler writes about several builds, where the comment said `before`.
pub(super) async fn text_on_all(all: impl IntoIterator<Item = Value>, before: &str) -> String {
    let script = [comments([own("c1", 2, before)]), builds(all), ("UpdateComment", Answer::status(500))];
    let run = run(event_of("2"), script).await;
    run.request("UpdateComment", 0)["content"].as_str().unwrap().to_owned()
}
