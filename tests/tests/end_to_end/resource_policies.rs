//! The wiring is what the template says: without a permission, AWS does not deliver; and each condition keeps somebody
//! out.
//!
//! [`NEEDED`] says of each statement and of each condition which test sees it missing;
//! `every_statement_of_a_resources_policy_is_accounted_for` keeps the list as the template is.

use std::time::Duration;

use end_to_end_tests::{PASSING, World, WorldOptions, run_test_with};
use local_aws::account::Account;
use local_aws::caller::{AccessKeys, Caller};
use local_aws::event::Event;
use local_aws::eventbridge::DeliveryOutcome;
use local_aws::iam::Permission;
use local_aws::template::{self, Queue};
use serde_json::{Map, Value, json};

use crate::not_started::report;
use crate::permissions::committed_template;
use crate::sweep::sweep;

/// What stands in the template (the resource that a statement is on or about, the principal, and the condition's key,
/// or nothing for the statement itself), and the tests that see it missing. Nothing is left over that nothing uses.
const NEEDED: [(&str, &str, Option<&str>, &str); 25] = [
    (
        "StartBuildFunction for PullRequestRule",
        EVENTS,
        None,
        "without_the_permission_of_its_rule_start_build_is_never_invoked",
    ),
    ("StartBuildFunction for PullRequestRule", EVENTS, Some("SourceArn"), A_STRANGER),
    (
        "PublishBuildResultFunction for NotStartedRule",
        EVENTS,
        None,
        "without_the_permission_of_its_rule_no_report_reaches_publish_build_result",
    ),
    ("PublishBuildResultFunction for NotStartedRule", EVENTS, Some("SourceArn"), A_STRANGER),
    ("StartBuildFunction for SweepRule", EVENTS, None, NO_SWEEP),
    ("StartBuildFunction for SweepRule", EVENTS, Some("SourceArn"), A_STRANGER),
    (
        "PublishBuildResultFunction for BuildRule",
        EVENTS,
        None,
        "without_the_permission_of_its_rule_publish_build_result_is_never_invoked",
    ),
    ("PublishBuildResultFunction for BuildRule", EVENTS, Some("SourceArn"), A_STRANGER),
    ("PublishBuildResultFunction for SweepRule", EVENTS, None, NO_SWEEP),
    ("PublishBuildResultFunction for SweepRule", EVENTS, Some("SourceArn"), A_STRANGER),
    ("FailureQueue for PullRequestRule", EVENTS, None, A_LOST_EVENT),
    ("FailureQueue for PullRequestRule", EVENTS, Some("aws:SourceArn"), A_STRANGER),
    ("FailureQueue for BuildRule", EVENTS, None, A_LOST_EVENT),
    ("FailureQueue for BuildRule", EVENTS, Some("aws:SourceArn"), A_STRANGER),
    ("FailureQueue for NotStartedRule", EVENTS, None, A_LOST_EVENT),
    ("FailureQueue for NotStartedRule", EVENTS, Some("aws:SourceArn"), A_STRANGER),
    ("FailureQueue for SweepRule", EVENTS, None, A_LOST_EVENT),
    ("FailureQueue for SweepRule", EVENTS, Some("aws:SourceArn"), A_STRANGER),
    ("FailureQueue", "*", None, TLS),
    ("FailureQueue", "*", Some("aws:SecureTransport"), TLS),
    ("StartBuildRole", "lambda.amazonaws.com", None, TRUST),
    ("PublishBuildResultRole", "lambda.amazonaws.com", None, TRUST),
    ("BuildRole", "codebuild.amazonaws.com", None, TRUST),
    ("BuildRole", "codebuild.amazonaws.com", Some("aws:SourceAccount"), TRUST_CONDITIONS),
    ("BuildRole", "codebuild.amazonaws.com", Some("aws:SourceArn"), TRUST_CONDITIONS),
];

const EVENTS: &str = "events.amazonaws.com";
const A_STRANGER: &str = "a_rule_that_no_policy_names_reaches_nothing_and_without_the_condition_it_would";
const A_LOST_EVENT: &str = "without_its_statement_in_the_queues_policy_what_a_rule_cannot_deliver_is_gone";
const NO_SWEEP: &str = "without_the_permission_of_its_rule_no_function_sweeps";
const TLS: &str = "without_tls_nobody_reaches_the_queue";
const TRUST: &str = "without_its_trust_statement_no_role_is_assumed";
const TRUST_CONDITIONS: &str = "each_trust_condition_keeps_somebody_out";

/// The resources of a type, each with its logical id.
fn resources_of<'t>(template: &'t Value, kind: &str) -> Vec<(&'t String, &'t Value)> {
    let resources = template["Resources"].as_object().unwrap().iter();
    resources.filter(|(_, resource)| resource["Type"] == kind).collect()
}

/// `StartBuildFunction` of the logical id `HookStartBuildFunctionD787F3F9`: CDK puts the construct before it and eight
/// digits of a hash behind it.
fn plain_name(logical_id: &str) -> String {
    let name = logical_id.strip_prefix("Hook").unwrap();
    name[..name.len() - 8].to_owned()
}

/// The keys of a statement's condition, of all operators.
fn condition_keys(statement: &Value) -> Vec<String> {
    let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flat_map(Map::values);
    operators.flat_map(|keys| keys.as_object().unwrap().keys().cloned()).collect()
}

fn principal(statement: &Value) -> String {
    let [principal] = statement["Principal"].as_object().unwrap().values().collect::<Vec<_>>()[..] else {
        panic!("one principal a statement: {statement}");
    };
    principal.as_str().unwrap().to_owned()
}

/// How many objects of a value have this member.
fn count_members(value: &Value, name: &str) -> usize {
    match value {
        Value::Object(members) => {
            let below: usize = members.values().map(|member| count_members(member, name)).sum();
            below + usize::from(members.contains_key(name))
        }
        Value::Array(items) => items.iter().map(|item| count_members(item, name)).sum(),
        _ => 0,
    }
}

#[test]
fn every_statement_of_a_resources_policy_is_accounted_for() {
    let template = committed_template();
    let mut found = Vec::new();
    let mut add = |name: String, principal: String, keys: Vec<String>| {
        found.push((name.clone(), principal.clone(), None));
        found.extend(keys.into_iter().map(|key| (name.clone(), principal.clone(), Some(key))));
    };
    for (_, permission) in resources_of(&template, "AWS::Lambda::Permission") {
        let properties = permission["Properties"].as_object().unwrap();
        let function = plain_name(properties["FunctionName"]["Fn::GetAtt"][0].as_str().unwrap());
        let rule = plain_name(properties["SourceArn"]["Fn::GetAtt"][0].as_str().unwrap());
        let others = ["Action", "FunctionName", "Principal"];
        let keys = properties.keys().filter(|key| !others.contains(&key.as_str())).cloned();
        add(
            format!("{function} for {rule}"),
            properties["Principal"].as_str().unwrap().to_owned(),
            keys.collect(),
        );
    }
    let mut statements = 0;
    for (_, policy) in resources_of(&template, "AWS::SQS::QueuePolicy") {
        for statement in policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap() {
            let queue = plain_name(statement["Resource"]["Fn::GetAtt"][0].as_str().unwrap());
            let rule = statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0].as_str();
            let rule = rule.map(|rule| format!(" for {}", plain_name(rule))).unwrap_or_default();
            add(queue + &rule, principal(statement), condition_keys(statement));
            statements += 1;
        }
    }
    for (id, role) in resources_of(&template, "AWS::IAM::Role") {
        let properties = &role["Properties"];
        for statement in properties["AssumeRolePolicyDocument"]["Statement"].as_array().unwrap() {
            add(plain_name(id), principal(statement), condition_keys(statement));
            statements += 1;
        }
        // What the role itself allows is accounted for in `permissions.rs`, action by action.
        let own = properties["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap();
        let conditional: Vec<_> =
            own.iter().filter(|statement| statement.get("Condition").is_some()).collect();
        // The test of this one is `start_build_may_send_reports_and_nothing_else`.
        let is_tested = |statement: &&Value| statement["Action"] == "events:PutEvents";
        assert!(conditional.iter().all(is_tested), "it needs a test");
        statements += own.len();
    }
    assert_eq!(count_members(&template, "Effect"), statements, "a policy of another kind needs a test");
    let needed = NEEDED.map(|(name, principal, keys, test)| {
        let defined = [include_str!("resource_policies.rs"), include_str!("permissions.rs")];
        assert!(
            defined.iter().any(|tests| tests.contains(&format!("fn {test}("))),
            "there is no test {test}"
        );
        (name.to_owned(), principal.to_owned(), keys.map(str::to_owned))
    });
    let mut needed = needed.to_vec();
    found.sort();
    needed.sort();
    assert_eq!(needed, found);
}

/// The hook's template without the resources for which `remove` is true.
fn template_without(remove: impl Fn(&str, &Value) -> bool) -> WorldOptions {
    let mut template = committed_template();
    let resources = template["Resources"].as_object_mut().unwrap();
    let before = resources.len();
    resources.retain(|logical_id, resource| !remove(logical_id, resource));
    assert_eq!(resources.len(), before - 1, "the test is about exactly one resource");
    WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() }
}

/// Whether it lets the rule invoke the function, each by a part of its logical id.
fn is_permission_of(rule: &str, function: &str, resource: &Value) -> bool {
    let text = resource.to_string();
    resource["Type"] == "AWS::Lambda::Permission" && text.contains(rule) && text.contains(function)
}

async fn open_pull_request(world: &World) -> String {
    let repository = world.create_repository("payments").await;
    let pull_request = world.propose(&repository, "feature", PASSING).await;
    world.settle().await;
    pull_request.id
}

#[tokio::test]
async fn without_the_permission_of_its_rule_start_build_is_never_invoked() {
    let options =
        template_without(|_, resource| is_permission_of("PullRequestRule", "StartBuildFunction", resource));
    run_test_with(options, async |world| {
        open_pull_request(world).await;
        assert!(world.builds().await.is_empty());
        world.aws.clock.advance(Duration::from_secs(25 * 3600));
        world.settle().await;
        let dead = world.failures();
        assert_eq!(dead.len(), 1, "{}", world.describe().await);
        assert_eq!(dead[0].attributes["ERROR_CODE"], "NO_PERMISSIONS");
        assert_eq!(dead[0].body["detail"]["event"], "pullRequestCreated");
    })
    .await;
}

#[tokio::test]
async fn without_the_permission_of_its_rule_publish_build_result_is_never_invoked() {
    let options = template_without(|_, resource| {
        is_permission_of("HookBuildRule", "PublishBuildResultFunction", resource)
    });
    run_test_with(options, async |world| {
        let pull_request = open_pull_request(world).await;
        assert_eq!(world.builds().await.len(), 1);
        assert!(world.comments(&pull_request).await.is_empty());
        assert_eq!(world.failures().len(), 2, "{}", world.describe().await);
    })
    .await;
}

#[tokio::test]
async fn without_the_permission_of_its_rule_no_report_reaches_publish_build_result() {
    let options = template_without(|_, resource| {
        is_permission_of("NotStartedRule", "PublishBuildResultFunction", resource)
    });
    run_test_with(options, async |world| {
        world.aws.eventbridge.put(&report(world));
        world.settle().await;
        let dead = world.failures();
        assert_eq!(dead.len(), 1, "{}", world.describe().await);
        assert_eq!(dead[0].attributes["ERROR_CODE"], "NO_PERMISSIONS");
        assert_eq!(dead[0].body["detail-type"], "Pull Request Build Not Started");
    })
    .await;
}

#[tokio::test]
async fn without_the_permission_of_its_rule_no_function_sweeps() {
    for function in ["StartBuildFunction", "PublishBuildResultFunction"] {
        let options = template_without(|_, resource| is_permission_of("SweepRule", function, resource));
        run_test_with(options, async |world| {
            sweep(world).await;
            let dead = world.failures();
            assert_eq!(dead.len(), 1, "{}", world.describe().await);
            assert_eq!(dead[0].attributes["ERROR_CODE"], "NO_PERMISSIONS");
            assert_eq!(dead[0].body["detail-type"], "Scheduled Event");
        })
        .await;
    }
}

#[tokio::test]
async fn without_the_queues_policy_what_cannot_be_delivered_is_gone() {
    let options =
        template_without(|_, resource| is_permission_of("PullRequestRule", "StartBuildFunction", resource));
    let mut template: Value = serde_json::from_str(&options.templates[0]).unwrap();
    template["Resources"]
        .as_object_mut()
        .unwrap()
        .retain(|_, resource| resource["Type"] != "AWS::SQS::QueuePolicy");
    let options = WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() };
    run_test_with(options, async |world| {
        open_pull_request(world).await;
        assert!(world.builds().await.is_empty());
        assert!(world.failures().is_empty());
    })
    .await;
}

#[tokio::test]
async fn without_its_statement_in_the_queues_policy_what_a_rule_cannot_deliver_is_gone() {
    for (rule, function, builds) in [
        ("PullRequestRule", "StartBuildFunction", 0),
        ("HookBuildRule", "PublishBuildResultFunction", 1),
        ("NotStartedRule", "PublishBuildResultFunction", 1),
        ("SweepRule", "StartBuildFunction", 1),
    ] {
        let options = template_without(|_, resource| is_permission_of(rule, function, resource));
        let mut template: Value = serde_json::from_str(&options.templates[0]).unwrap();
        let resources = template["Resources"].as_object_mut().unwrap();
        let policy =
            resources.values_mut().find(|resource| resource["Type"] == "AWS::SQS::QueuePolicy").unwrap();
        let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array_mut().unwrap();
        let before = statements.len();
        statements.retain(|statement| !statement["Condition"].to_string().contains(rule));
        assert_eq!(statements.len(), before - 1, "the policy has one statement for {rule}");
        run_test_with(WorldOptions { templates: vec![template.to_string()], ..options }, async |world| {
            open_pull_request(world).await;
            assert_eq!(world.builds().await.len(), builds);
            world.aws.eventbridge.put(&report(world));
            world.settle().await;
            sweep(world).await;
            assert!(world.failures().is_empty(), "{}", world.describe().await);
        })
        .await;
    }
}

/// Takes the condition on the source out of the policies of functions or of the queue.
fn without_source_condition(template: &mut Value, kind: &str) {
    let resources = template["Resources"].as_object_mut().unwrap();
    for resource in resources.values_mut().filter(|resource| resource["Type"] == kind) {
        let properties = resource["Properties"].as_object_mut().unwrap();
        if properties.remove("SourceArn").is_some() {
            continue;
        }
        for statement in properties["PolicyDocument"]["Statement"].as_array_mut().unwrap() {
            if statement["Effect"] == "Allow" {
                statement.as_object_mut().unwrap().remove("Condition").unwrap();
            }
        }
    }
}

/// Adds a rule for the events of `ci.stranger` with each of the template's targets, and their dead-letter queue.
fn add_stranger(template: &mut Value) {
    let rules = resources_of(template, "AWS::Events::Rule");
    let mut targets = Vec::new();
    for target in rules.iter().flat_map(|(_, rule)| rule["Properties"]["Targets"].as_array().unwrap()) {
        if targets.iter().all(|known: &Value| known["Arn"] != target["Arn"]) {
            targets.push(target.clone());
        }
    }
    for (index, target) in targets.iter_mut().enumerate() {
        target["Id"] = json!(format!("Target{index}"));
    }
    assert_eq!(targets.len(), 2);
    template["Resources"]["StrangerRule"] = json!({
        "Type": "AWS::Events::Rule",
        "Properties": { "EventPattern": { "source": ["ci.stranger"] }, "Targets": targets },
    });
}

#[tokio::test]
async fn a_rule_that_no_policy_names_reaches_nothing_and_without_the_condition_it_would() {
    let error_code = || "NO_PERMISSIONS".to_owned();
    let cases = [
        (None, DeliveryOutcome::Dropped { error_code: error_code() }),
        (Some("AWS::SQS::QueuePolicy"), DeliveryOutcome::SentToDeadLetterQueue { error_code: error_code() }),
        (Some("AWS::Lambda::Permission"), DeliveryOutcome::Delivered),
    ];
    for (without_condition, expected) in cases {
        let mut template = committed_template();
        add_stranger(&mut template);
        if let Some(kind) = without_condition {
            without_source_condition(&mut template, kind);
        }
        let options = WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() };
        run_test_with(options, async |world| {
            let now = world.aws.clock.now();
            let event = Event::new("ci.stranger", "Example", now, "arn:aws:ci:::one".to_owned(), json!({}));
            world.aws.eventbridge.put(&event);
            world.settle().await;
            let deliveries = world.aws.eventbridge.deliveries().borrow().clone();
            let outcomes: Vec<_> = deliveries.into_iter().map(|delivery| delivery.outcome).collect();
            assert_eq!(
                outcomes,
                [expected.clone(), expected],
                "without the condition of {without_condition:?}"
            );
        })
        .await;
    }
}

/// The committed template's one queue, after `change`.
fn failure_queue(change: impl FnOnce(&mut Vec<Value>)) -> Queue {
    let mut template = committed_template();
    let resources = template["Resources"].as_object_mut().unwrap().values_mut();
    let mut policies = resources.filter(|resource| resource["Type"] == "AWS::SQS::QueuePolicy");
    let policy = policies.next().unwrap();
    change(policy["Properties"]["PolicyDocument"]["Statement"].as_array_mut().unwrap());
    let deployment = template::load(&template.to_string(), &Account::default()).unwrap();
    let [queue] = deployment.queues.try_into().unwrap();
    queue
}

/// Every request here says that it has TLS, as AWS's endpoints are asked with it. So this asks the policy itself: the
/// person, who may do everything else, and the rule that may send.
#[test]
fn without_tls_nobody_reaches_the_queue() {
    let account = Account::default();
    let reaches = |queue: &Queue, caller: &Caller, tls: &str| {
        let permission = Permission::on("sqs:SendMessage", &queue.arn);
        let caller = caller.clone().with("aws:securetransport", tls);
        caller.authorize_with(&permission, |_| queue.policy.clone()).is_ok()
    };
    let deployment = template::load(&committed_template().to_string(), &account).unwrap();
    let person = AccessKeys::new(account.clone(), Vec::new()).person();
    let callers = [person, Caller::service(&account, EVENTS, &deployment.rules[0].arn)];
    let without_denial = failure_queue(|statements| statements.retain(|each| each["Effect"] != "Deny"));
    let denied_to_all = failure_queue(|statements| {
        let denial = statements.iter_mut().find(|each| each["Effect"] == "Deny").unwrap();
        denial.as_object_mut().unwrap().remove("Condition").unwrap();
    });
    for caller in callers {
        let committed = failure_queue(|_| {});
        assert!(reaches(&committed, &caller, "true") && !reaches(&committed, &caller, "false"));
        assert!(reaches(&without_denial, &caller, "false"));
        assert!(!reaches(&denied_to_all, &caller, "true"));
    }
}
