//! Each permission of the template is needed: without any one of them the flow breaks, in AWS's way.
//!
//! A permission is one action of one statement of one role; the policies of resources are in `resource_policies.rs`.
//! [`NEEDED`] says how each is needed, and [`NOT_USED`] why a few cannot be;
//! `every_permission_of_the_template_is_accounted_for` keeps both as the template is.

use std::time::Duration;

use end_to_end_tests::{
    FAILING, HOOK, PASSING, PullRequest, World, WorldOptions, hook_template, run_test_with,
};
use local_aws::account::Account;
use local_aws::codebuild::{PhaseType, Status};
use local_aws::template;
use serde_json::{Value, json};

use crate::not_started::{limit_builds, propose_over_limit};
use crate::sweep::{lose_next_event, sweep};

/// How the flow breaks without a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// Opening a pull request fails an invocation, whose record names the action.
    Refused,
    /// So does a repetition of the event after ten minutes.
    RefusedWhenRepeated,
    /// So does closing the pull request while its build runs.
    RefusedWhenClosed,
    /// So does the end of a build whose first comment is there.
    RefusedAtTheEnd,
    /// So does a build whose branch was deleted while it waited.
    RefusedWithoutSource,
    /// So does the end of a build that breaks its pull request, when a reply should tell.
    RefusedReply,
    /// A pull request whose build is over the limit has no comment that says so.
    NotTold,
    /// A sweep cannot make up for a lost event, and the log of its function names the action.
    RefusedToSweep,
    /// The comment on a build whose test fails lacks these words.
    NotShown(&'static str),
    /// The function works, and its log is empty.
    NoFunctionLog,
    /// An event that fails is lost: no record of it comes into the queue.
    NoRecord,
    /// The build fails, and the comment has these words.
    BuildFails(&'static str),
    /// The build works, and its log is empty.
    NoBuildLog,
    /// The build cannot make its reports, and its phase UPLOAD_ARTIFACTS names the action.
    NoReports,
}

/// The role (the part of its logical id behind the construct's), the action, and how it is needed.
const NEEDED: [(&str, &str, Break); 38] = [
    (START, "codecommit:GetPullRequest", Break::Refused),
    (START, "codebuild:StartBuild", Break::Refused),
    (START, "codebuild:ListBuildsForProject", Break::RefusedWhenRepeated),
    (START, "codebuild:BatchGetBuilds", Break::RefusedWhenRepeated),
    (START, "codecommit:GetCommentsForPullRequest", Break::RefusedWhenClosed),
    (START, "codebuild:StopBuild", Break::RefusedWhenClosed),
    (START, "events:PutEvents", Break::NotTold),
    (START, "codecommit:ListRepositories", Break::RefusedToSweep),
    (START, "codecommit:ListPullRequests", Break::RefusedToSweep),
    (START, "codecommit:DescribePullRequestEvents", Break::RefusedToSweep),
    (START, "codebuild:BatchGetProjects", Break::RefusedToSweep),
    (START, "logs:CreateLogStream", Break::NoFunctionLog),
    (START, "logs:PutLogEvents", Break::NoFunctionLog),
    (START, "sqs:SendMessage", Break::NoRecord),
    (PUBLISH, "codebuild:BatchGetBuilds", Break::Refused),
    (PUBLISH, "codecommit:GetCommentsForPullRequest", Break::Refused),
    (PUBLISH, "codecommit:PostCommentForPullRequest", Break::Refused),
    (PUBLISH, "codecommit:UpdateComment", Break::RefusedAtTheEnd),
    (PUBLISH, "codecommit:GetPullRequest", Break::RefusedWithoutSource),
    (PUBLISH, "codecommit:GetBranch", Break::RefusedWithoutSource),
    (PUBLISH, "codecommit:PostCommentReply", Break::RefusedReply),
    (PUBLISH, "codebuild:BatchGetReports", Break::NotShown("1 failed")),
    (PUBLISH, "codebuild:DescribeTestCases", Break::NotShown("the moon rises")),
    (PUBLISH, "logs:GetLogEvents", Break::NotShown("the moon is down")),
    (PUBLISH, "codecommit:ListRepositories", Break::RefusedToSweep),
    (PUBLISH, "codecommit:ListPullRequests", Break::RefusedToSweep),
    (PUBLISH, "codebuild:ListBuildsForProject", Break::RefusedToSweep),
    (PUBLISH, "logs:CreateLogStream", Break::NoFunctionLog),
    (PUBLISH, "logs:PutLogEvents", Break::NoFunctionLog),
    (PUBLISH, "sqs:SendMessage", Break::NoRecord),
    (BUILD, "codecommit:GitPull", Break::BuildFails("authorization failed for primary source")),
    (BUILD, "logs:CreateLogStream", Break::BuildFails("does not allow AWS CodeBuild to create")),
    (BUILD, "logs:PutLogEvents", Break::NoBuildLog),
    (BUILD, "codebuild:CreateReportGroup", Break::NoReports),
    (BUILD, "codebuild:CreateReport", Break::NoReports),
    (BUILD, "codebuild:UpdateReport", Break::NoReports),
    (BUILD, "codebuild:BatchPutTestCases", Break::NoReports),
    (BUILD, "codebuild:BatchPutCodeCoverages", Break::NoReports),
];

/// What nothing here needs, and why.
const NOT_USED: [(&str, &str, &str); 1] =
    [(BUILD, "logs:CreateLogGroup", "the template creates the group, so that CodeBuild never does")];

/// A buildspec whose build reports its tests and their coverage.
const REPORTING: &str = "version: 0.2
phases:
  build:
    commands:
      - echo '<testsuite><testcase name=\"adds\"/></testsuite>' > junit.xml
      - echo '<coverage><class filename=\"a.rs\"/></coverage>' > cobertura.xml
reports:
  tests: { files: [ junit.xml ] }
  coverage: { files: [ cobertura.xml ], file-format: COBERTURAXML }
";

/// What fails in the build below, in the log and in its report, and nowhere in a command.
const FAILING_TEST: [(&str, &str); 3] = [
    ("run-tests.sh", "echo 'error: the moon is down'; exit 1\n"),
    ("junit.xml", "<testsuite><testcase name=\"the moon rises\"><failure/></testcase></testsuite>\n"),
    (
        "buildspec-tests.yaml",
        "version: 0.2
phases: { build: { commands: [ bash run-tests.sh ] } }
reports: { tests: { files: [ junit.xml ] } }
",
    ),
];

pub(crate) const START: &str = "StartBuildRole";
const PUBLISH: &str = "PublishBuildResultRole";
const BUILD: &str = "BuildRole";

/// The template of the default hook.
pub(crate) fn committed_template() -> Value {
    serde_json::from_str(&hook_template(HOOK)).unwrap()
}

/// A resource of the template by the middle part of its logical id: `HookBuildRole85796945` is `BuildRole`.
pub(crate) fn resource<'t>(template: &'t mut Value, name: &str) -> &'t mut Value {
    let resources = template["Resources"].as_object_mut().unwrap();
    let found = resources.iter_mut().find(|(id, _)| id.starts_with(&format!("Hook{name}")));
    found.unwrap_or_else(|| panic!("the template has no {name}")).1
}

/// The actions of a statement: one text or a list.
fn actions(statement: &Value) -> Vec<String> {
    match &statement["Action"] {
        Value::String(action) => vec![action.clone()],
        actions => serde_json::from_value(actions.clone()).unwrap(),
    }
}

fn statements<'t>(template: &'t mut Value, role: &str) -> &'t mut Vec<Value> {
    let policies = &mut resource(template, role)["Properties"]["Policies"];
    policies[0]["PolicyDocument"]["Statement"].as_array_mut().unwrap()
}

pub(crate) fn template_without(role: &str, action: &str) -> Value {
    let mut template = committed_template();
    let statements = statements(&mut template, role);
    let mut removed = 0;
    for statement in statements.iter_mut() {
        let mut actions = actions(statement);
        let before = actions.len();
        actions.retain(|each| each != action);
        removed += before - actions.len();
        statement["Action"] = json!(actions);
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    assert_eq!(removed, 1, "{role} has the permission {action} in one statement");
    template
}

fn options(template: &Value, break_: Break) -> WorldOptions {
    let concurrent_builds = if break_ == Break::RefusedWithoutSource { 1 } else { 2 };
    let template = if break_ == Break::NotTold { limit_builds(template.clone()) } else { template.clone() };
    WorldOptions { templates: vec![template.to_string()], concurrent_builds, ..WorldOptions::default() }
}

fn binary(role: &str) -> &'static str {
    if role == START { "start-build" } else { "publish-build-result" }
}

/// Opens a pull request with this buildspec and waits until nothing is under way.
async fn open(world: &World, buildspec: &str) -> PullRequest {
    let repository = world.create_repository("payments").await;
    let pull_request = world.propose(&repository, "feature", buildspec).await;
    world.settle().await;
    pull_request
}

/// Does what needs a permission in this way.
async fn act(world: &World, role: &str, break_: Break) -> Option<PullRequest> {
    match break_ {
        Break::Refused | Break::NoFunctionLog | Break::NoBuildLog | Break::BuildFails(_) => {
            Some(open(world, PASSING).await)
        }
        Break::NoReports => Some(open(world, REPORTING).await),
        Break::RefusedReply | Break::NotShown(_) => {
            let repository = world.create_repository("payments").await;
            repository.commit("feature", &FAILING_TEST).await;
            repository.push(&["feature"]).await;
            let pull_request = world.open_pull_request(&repository, "feature").await;
            world.settle().await;
            Some(pull_request)
        }
        Break::RefusedWhenRepeated => {
            let pull_request = open(world, FAILING).await;
            world.aws.clock.advance(Duration::from_secs(10 * 60));
            world.aws.eventbridge.put(&world.created_event());
            world.settle().await;
            Some(pull_request)
        }
        Break::RefusedWhenClosed => {
            let repository = world.create_repository("payments").await;
            let _gate = world.occupy_builds(&repository).await;
            world.close(&world.pull_request("1").await).await;
            let function = world.function("start-build").name;
            let both_handled = async || {
                let invocations = world.aws.lambda.invocations().borrow().clone();
                let handled = invocations.iter().filter(|invocation| invocation.function == function);
                (handled.count() == 2).then_some(())
            };
            world.wait_for("the event of the end", both_handled).await;
            // As the person, so that the build ends even if the function may not stop it.
            let id = world.builds().await[0].id().unwrap().to_owned();
            world.codebuild.stop_build().id(id).send().await.unwrap();
            world.settle().await;
            None
        }
        Break::NotTold => {
            let (gate, pull_request) = propose_over_limit(world).await;
            gate.open().await;
            world.settle().await;
            Some(pull_request)
        }
        Break::RefusedToSweep => {
            lose_next_event(world, binary(role));
            let pull_request = open(world, PASSING).await;
            sweep(world).await;
            Some(pull_request)
        }
        Break::RefusedAtTheEnd => {
            let repository = world.create_repository("payments").await;
            let gate = world.occupy_builds(&repository).await;
            world
                .wait_for("the first comment", async || (!world.comments("1").await.is_empty()).then_some(()))
                .await;
            gate.open().await;
            world.settle().await;
            None
        }
        Break::RefusedWithoutSource => {
            let repository = world.create_repository("payments").await;
            let gate = world.occupy_builds(&repository).await;
            world.propose(&repository, "deleted", PASSING).await;
            world.wait_for_builds(2).await;
            repository.push(&[":refs/heads/deleted"]).await;
            gate.open().await;
            world.settle().await;
            None
        }
        Break::NoRecord => {
            let function = world.function(binary(role)).name;
            world.aws.lambda.invoke_event(&function, "{}".into()).unwrap();
            exhaust_attempts(world).await;
            None
        }
    }
}

/// Waits for all three attempts at the only event.
async fn exhaust_attempts(world: &World) {
    for attempts in 1..=3 {
        let all_made = async || (world.aws.lambda.invocations().borrow().len() == attempts).then_some(());
        world.wait_for("the next attempt", all_made).await;
        world.settle().await;
        world.aws.clock.advance(Duration::from_secs(2 * 60));
    }
}

/// Whether the flow is broken in this way, for want of `action`, or, where it is empty, of any.
async fn is_broken(world: &World, role: &str, action: &str, break_: Break) -> bool {
    let pull_request = act(world, role, break_).await;
    match break_ {
        Break::Refused
        | Break::RefusedWhenRepeated
        | Break::RefusedWhenClosed
        | Break::RefusedAtTheEnd
        | Break::RefusedReply
        | Break::RefusedWithoutSource => {
            let invocations = world.aws.lambda.invocations().borrow().clone();
            let function = world.function(binary(role)).name;
            let refusal = format!("is not authorized to perform: {action}");
            invocations.iter().any(|invocation| {
                invocation.function == function && format!("{:?}", invocation.outcome).contains(&refusal)
            })
        }
        Break::NotTold => world.comments(&pull_request.unwrap().id).await.is_empty(),
        Break::RefusedToSweep => {
            let refusal = format!("is not authorized to perform: {action}");
            world.function_log(binary(role)).contains(&refusal)
        }
        Break::NotShown(words) => {
            let comment = world.settle_with_one_comment(&pull_request.unwrap()).await;
            comment.text.contains("Build failed") && !comment.text.contains(words)
        }
        Break::NoFunctionLog => world.function_log(binary(role)).is_empty(),
        Break::NoRecord => world.failures().is_empty(),
        Break::BuildFails(words) => {
            let comment = world.settle_with_one_comment(&pull_request.unwrap()).await;
            comment.text.contains("Build failed") && comment.text.contains(words)
        }
        Break::NoReports => {
            let project = &world.aws.deployment.projects[0].name;
            let ids = world.aws.codebuild.builds_of_project(project);
            let [id] = &ids[..] else { panic!("not one build: {ids:?}") };
            let build = world.aws.codebuild.watch_build(id).unwrap().borrow().clone();
            let refusal = format!("is not authorized to perform: {action}");
            build.status == Status::Failed
                && build
                    .phases
                    .iter()
                    .filter(|phase| phase.phase_type == PhaseType::UploadArtifacts)
                    .any(|phase| phase.contexts.iter().any(|context| context.message.contains(&refusal)))
        }
        Break::NoBuildLog => {
            assert!(world.failures().is_empty());
            world.build_log().is_empty()
        }
    }
}

/// Without the permission the flow breaks in the named way; with it, it does not.
async fn check(role: &str) {
    for (_, action, break_) in NEEDED.into_iter().filter(|needed| needed.0 == role) {
        run_test_with(options(&template_without(role, action), break_), async |world| {
            if !is_broken(world, role, action, break_).await {
                panic!("without {action} of {role}: no {break_:?}\n{}", world.describe().await);
            }
        })
        .await;
    }
}

#[tokio::test]
async fn without_any_permission_of_start_build_the_flow_breaks() {
    check(START).await;
}

#[tokio::test]
async fn without_any_permission_of_publish_build_result_the_flow_breaks() {
    check(PUBLISH).await;
}

#[tokio::test]
async fn without_any_permission_of_the_build_the_flow_breaks() {
    check(BUILD).await;
}

#[tokio::test]
async fn with_all_permissions_nothing_breaks() {
    for (role, break_) in [
        (PUBLISH, Break::Refused),
        (START, Break::RefusedWhenRepeated),
        (START, Break::RefusedWhenClosed),
        (START, Break::NotTold),
        (START, Break::RefusedToSweep),
        (PUBLISH, Break::RefusedToSweep),
        (PUBLISH, Break::RefusedAtTheEnd),
        (PUBLISH, Break::RefusedReply),
        (PUBLISH, Break::NotShown("1 failed")),
        (PUBLISH, Break::NotShown("the moon rises")),
        (PUBLISH, Break::NotShown("the moon is down")),
        (PUBLISH, Break::RefusedWithoutSource),
        (START, Break::NoFunctionLog),
        (PUBLISH, Break::NoFunctionLog),
        (START, Break::NoRecord),
        (PUBLISH, Break::NoRecord),
        (BUILD, Break::BuildFails("")),
        (BUILD, Break::NoBuildLog),
        (BUILD, Break::NoReports),
    ] {
        run_test_with(options(&committed_template(), break_), async |world| {
            if is_broken(world, role, "", break_).await {
                panic!("with all permissions of {role}: {break_:?}\n{}", world.describe().await);
            }
        })
        .await;
    }
}

#[test]
fn every_permission_of_the_template_is_accounted_for() {
    let mut template = committed_template();
    let mut in_template = Vec::new();
    for role in [START, PUBLISH, BUILD] {
        let actions = statements(&mut template, role).iter().flat_map(actions).collect::<Vec<_>>();
        in_template.extend(actions.into_iter().map(|action| (role.to_owned(), action)));
    }
    let roles = template["Resources"].as_object().unwrap().values();
    assert_eq!(roles.filter(|resource| resource["Type"] == "AWS::IAM::Role").count(), 3);
    let needed = NEEDED.iter().map(|(role, action, _)| (*role, *action));
    let not_used = NOT_USED.iter().map(|(role, action, reason)| {
        assert!(!reason.is_empty());
        (*role, *action)
    });
    let mut listed: Vec<_> =
        needed.chain(not_used).map(|(role, action)| (role.to_owned(), action.to_owned())).collect();
    in_template.sort();
    listed.sort();
    assert_eq!(listed, in_template);
}

fn load(template: &Value) -> Result<template::Deployment, String> {
    template::load(&template.to_string(), &Account::default()).map_err(|error| error.to_string())
}

#[track_caller]
fn check_refused(template: &Value, words: &str) {
    let error = load(template).unwrap_err();
    assert!(error.contains(words), "expected {words:?} in {error:?}");
}

/// The trust policy's one statement.
fn trust<'t>(template: &'t mut Value, role: &str) -> &'t mut Value {
    &mut resource(template, role)["Properties"]["AssumeRolePolicyDocument"]["Statement"]
}

#[test]
fn without_its_trust_statement_no_role_is_assumed() {
    for (role, words) in [
        (START, "The role defined for the function cannot be assumed by Lambda"),
        (PUBLISH, "The role defined for the function cannot be assumed by Lambda"),
        (BUILD, "CodeBuild is not authorized to perform: sts:AssumeRole"),
    ] {
        let mut template = committed_template();
        assert_eq!(trust(&mut template, role).as_array().unwrap().len(), 1);
        *trust(&mut template, role) = json!([]);
        check_refused(&template, words);
    }
}

#[test]
fn each_trust_condition_keeps_somebody_out() {
    const REFUSAL: &str = "CodeBuild is not authorized to perform: sts:AssumeRole";
    let conditions = |template: &mut Value| trust(template, BUILD)[0]["Condition"]["StringEquals"].take();
    let present = conditions(&mut committed_template());
    let keys: Vec<_> = present.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["aws:SourceAccount", "aws:SourceArn"], "each condition needs a case here");

    // Another project of this account does not get the role, and without the condition it would.
    let mut stranger = committed_template();
    let mut project = resource(&mut stranger, "BuildProject").clone();
    project["Properties"]["Name"] = json!("another-project");
    stranger["Resources"]["HookStranger"] = project;
    check_refused(&stranger, REFUSAL);
    trust(&mut stranger, BUILD)[0]["Condition"]["StringEquals"]
        .as_object_mut()
        .unwrap()
        .remove("aws:SourceArn")
        .unwrap();
    load(&stranger).unwrap();

    // Nothing here has another account: the role that trusts another one is not assumed in this one.
    let mut elsewhere = committed_template();
    trust(&mut elsewhere, BUILD)[0]["Condition"]["StringEquals"]["aws:SourceAccount"] = json!("210987654321");
    check_refused(&elsewhere, REFUSAL);
}
