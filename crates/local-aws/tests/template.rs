//! Templates in, deployments out.

#![cfg(test)]

use std::time::Duration;

use local_aws::account::Account;
use local_aws::caller::{AccessKeys, Caller};
use local_aws::eventbridge::EventPattern;
use local_aws::iam::{Permission, ResourceStatement};
use local_aws::template::{self, Deployment, TemplateError};
use serde_json::{Value, json};

const TEMPLATE: &str = include_str!("fixtures/template.json");

fn load() -> Deployment {
    template::load(TEMPLATE, &Account::default()).unwrap()
}

/// The fixture with `value` at `pointer`, where null removes.
fn load_with(pointer: &str, value: Value) -> Result<Deployment, TemplateError> {
    let mut template: Value = serde_json::from_str(TEMPLATE).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = template.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => parent.remove(key).map(drop).unwrap(),
        value => drop(parent.insert(key.to_owned(), value)),
    }
    template::load(&template.to_string(), &Account::default())
}

/// Whether EventBridge may do this for a rule, as of a resource's policy.
fn may_events(policy: &[ResourceStatement], action: &str, resource: &str, rule: &str) -> bool {
    let service = Caller::service(&Account::default(), "events.amazonaws.com", rule);
    service.authorize_with(&Permission::on(action, resource), |_| policy.to_vec()).is_ok()
}

fn may_invoke(deployment: &Deployment, rule: &str) -> bool {
    let function = &deployment.functions[0];
    may_events(&function.policy, "lambda:InvokeFunction", &function.arn, rule)
}

fn may_send(deployment: &Deployment, rule: &str) -> bool {
    let queue = &deployment.queues[0];
    may_events(&queue.policy, "sqs:SendMessage", &queue.arn, rule)
}

#[track_caller]
fn check_error(pointer: &str, value: Value, expected: &str) {
    let error = load_with(pointer, value).unwrap_err().to_string();
    assert!(error.contains(expected), "expected {expected:?} in {error:?}");
}

#[test]
fn a_function_gets_its_settings_from_all_resources_that_speak_of_it() {
    let deployment = load();
    let [function] = deployment.functions.as_slice() else { panic!("{:?}", deployment.functions) };
    let queue = &deployment.queues[0];
    assert_eq!(function.logical_id, "Start");
    assert!(function.name.starts_with("local-Start-"), "{}", function.name);
    assert_eq!(function.arn, format!("arn:aws:lambda:us-east-1:123456789012:function:{}", function.name));
    assert!(function.role_name.starts_with("local-StartRole-"), "{}", function.role_name);
    assert_eq!(function.code_key, "start-build.zip");
    assert_eq!(function.timeout, Duration::from_secs(60));
    assert_eq!(function.log_group, format!("/aws/lambda/{}", function.name));
    assert_eq!(function.maximum_retry_attempts, 1);
    assert_eq!(function.on_failure.as_ref(), Some(&queue.arn));
    let rule = &deployment.rules[0].arn;
    assert!(may_invoke(&deployment, rule) && !may_invoke(&deployment, &format!("{rule}-2")));
}

#[test]
fn intrinsic_functions_are_resolved() {
    let deployment = load();
    let environment = serde_json::to_value(&deployment.functions[0].environment).unwrap();
    let expected = json!({
        "PREFIX": "https://git-codecommit.us-east-1.amazonaws.com",
        "ROLE_NAME": deployment.functions[0].role_name,
        "SUB": format!("aws/${{Literal}}/{}", deployment.queues[0].name),
        "SELECTED": "b",
    });
    assert_eq!(environment, expected);
}

#[test]
fn what_the_template_does_not_say_is_as_aws_documents_it() {
    let deployment = load();
    assert_eq!(deployment.functions[0].memory_size, 128);
    assert_eq!(deployment.functions[0].maximum_event_age, Duration::from_secs(6 * 3600));
    assert_eq!(deployment.rules[0].targets[0].maximum_event_age, Duration::from_secs(24 * 3600));
    assert_eq!(deployment.queues[0].visibility_timeout, Duration::from_secs(30));
    assert_eq!(deployment.projects[0].queued_timeout, Duration::from_secs(8 * 3600));
    assert_eq!(deployment.projects[0].encryption_key, "arn:aws:kms:us-east-1:123456789012:alias/aws/s3");
}

#[test]
fn rules_queues_projects_and_log_groups_are_resolved() {
    let deployment = load();
    let target = &deployment.rules[0].targets[0];
    assert_eq!(target.arn, deployment.functions[0].arn);
    assert_eq!(target.maximum_retry_attempts, 4);
    assert_eq!(target.dead_letter_queue.as_ref(), Some(&deployment.queues[0].arn));
    let rule = &deployment.rules[0].arn;
    assert!(may_send(&deployment, rule) && !may_send(&deployment, &format!("{rule}-2")));
    assert_eq!(deployment.queues[0].message_retention, Duration::from_secs(14 * 86_400));
    let project = &deployment.projects[0];
    assert_eq!((project.name.as_str(), project.role_name.as_str()), ("hook", "builder"));
    assert_eq!(project.environment.variables, [("LEVEL".to_owned(), "1".to_owned())]);
    assert_eq!(deployment.log_groups.as_slice(), std::slice::from_ref(&project.log_group));
}

#[test]
fn two_stacks_of_one_template_share_no_name() {
    let account = Account::default();
    let one = template::load_stack(TEMPLATE, "one", &account).unwrap();
    let two = template::load_stack(TEMPLATE, "two", &account).unwrap();
    assert_ne!(one.functions[0].arn, two.functions[0].arn);
    assert_ne!(one.queues[0].arn, two.queues[0].arn);
    assert_ne!(one.rules[0].arn, two.rules[0].arn);
}

#[test]
fn without_its_permission_a_function_can_be_reached_by_nobody() {
    let deployment = load_with("/Resources/StartPermission", Value::Null).unwrap();
    assert!(!may_invoke(&deployment, &deployment.rules[0].arn));
    let deployment = load_with("/Resources/FailuresPolicy", Value::Null).unwrap();
    assert!(!may_send(&deployment, &deployment.rules[0].arn));
}

const QUEUE_STATEMENTS: &str = "/Resources/FailuresPolicy/Properties/PolicyDocument/Statement";

#[test]
fn a_statement_about_another_queue_allows_nothing_here() {
    let other = json!("arn:aws:sqs:us-east-1:123456789012:other");
    let deployment = load_with_in_list(&format!("{QUEUE_STATEMENTS}/1/Resource"), other);
    assert!(!may_send(&deployment, &deployment.rules[0].arn));
}

#[test]
fn a_denial_in_a_queues_policy_wins_under_its_condition() {
    let tls = format!("{QUEUE_STATEMENTS}/0/Condition/Bool/aws:SecureTransport");
    let deployment = load_with_in_list(&tls, json!(true));
    assert!(!may_send(&deployment, &deployment.rules[0].arn), "every request here says that it has TLS");
    let everyone = load_with_in_list(&format!("{QUEUE_STATEMENTS}/0/Principal"), json!("*"));
    assert_eq!(everyone.queues[0].policy, load().queues[0].policy);
    let of_account = json!({ "StringEquals": { "aws:SourceAccount": "210987654321" } });
    let deployment = load_with_in_list(&format!("{QUEUE_STATEMENTS}/1/Condition"), of_account);
    assert!(!may_send(&deployment, &deployment.rules[0].arn));
}

fn load_with_in_list(pointer: &str, value: Value) -> Deployment {
    let mut template: Value = serde_json::from_str(TEMPLATE).unwrap();
    *template.pointer_mut(pointer).unwrap() = value;
    template::load(&template.to_string(), &Account::default()).unwrap()
}

#[test]
fn what_is_not_modeled_is_named() {
    check_error(
        "/Resources/Bucket",
        json!({ "Type": "AWS::S3::Bucket" }),
        "resource Bucket: local-aws does not",
    );
    check_error("/Conditions", json!({}), "Conditions: ");
    check_error("/Resources/Start/Condition", json!("IsProduction"), "Resources.Start.Condition: ");
    check_error(
        "/Resources/Start/Properties/EphemeralStorage",
        json!({ "Size": 1024 }),
        "Resources.Start.Properties.EphemeralStorage: ",
    );
    check_error(
        "/Resources/Start/Properties/Role",
        json!({ "Fn::ImportValue": "role" }),
        "Resources.Start.Properties.Role.Fn::ImportValue: local-aws does not resolve Fn::ImportValue",
    );
    check_error(
        "/Resources/Failures/Properties/RedrivePolicy",
        json!({}),
        "Resources.Failures.Properties.RedrivePolicy: ",
    );
    check_error(
        "/Resources/StartRole/Properties/RoleName",
        json!({ "Fn::If": ["a", "b", "c"] }),
        "does not resolve Fn::If",
    );
}

#[test]
fn a_role_has_the_statements_of_all_its_policies() {
    let deployment = load();
    let role = deployment.roles.iter().find(|role| role.name.starts_with("local-StartRole-")).unwrap();
    assert_eq!(role.arn, format!("arn:aws:iam::123456789012:role/{}", role.name));
    let account = Account::default();
    let session = AccessKeys::new(account.clone(), deployment.roles.clone()).open_session(&role.name, "f");
    let may = |action: &str| session.authorize(&Permission::on(action, &deployment.queues[0].arn)).is_ok();
    assert!(may("sqs:SendMessage") && may("codebuild:StartBuild") && may("logs:PutLogEvents"));
    assert!(!may("sqs:ReceiveMessage"));
}

#[test]
fn a_role_that_its_service_may_not_assume_is_refused() {
    let trust = |role: &str| format!("/Resources/{role}/Properties/AssumeRolePolicyDocument");
    let lambda =
        "Resources.Start.Properties.Role: The role defined for the function cannot be assumed by Lambda";
    check_error(&trust("StartRole"), json!({ "Version": "2012-10-17" }), lambda);
    let statement = trust("StartRole") + "/Statement";
    check_error(&format!("{statement}/Effect"), json!("Deny"), lambda);
    check_error(&format!("{statement}/Action"), json!("sts:TagSession"), lambda);
    check_error(&format!("{statement}/Principal/Service"), json!("ec2.amazonaws.com"), lambda);
    let equals = trust("BuildRole") + "/Statement/Condition/StringEquals";
    let codebuild =
        "CodeBuild is not authorized to perform: sts:AssumeRole on arn:aws:iam::123456789012:role/ci/builder";
    let other = json!("arn:aws:codebuild:us-east-1:123456789012:project/other");
    check_error(&format!("{equals}/aws:SourceArn"), other, codebuild);
    check_error(&format!("{equals}/aws:SourceAccount"), json!("210987654321"), codebuild);
    check_error("/Resources/BuildRole", Value::Null, "there is no role builder");
}

#[test]
fn what_cannot_be_evaluated_in_a_policy_is_named() {
    let role = "/Resources/StartRole/Properties";
    let managed = json!(["arn:aws:iam::aws:policy/AdministratorAccess"]);
    check_error(&format!("{role}/ManagedPolicyArns"), managed, "AdministratorAccess");
    check_error(
        &format!("{role}/PermissionsBoundary"),
        json!("arn"),
        "StartRole.Properties.PermissionsBoundary",
    );
    check_error(
        &format!("{role}/AssumeRolePolicyDocument/Statement/Principal/AWS"),
        json!("*"),
        "Statement[0].Principal.AWS",
    );
    let policy = "/Resources/StartPolicy/Properties";
    let statement = format!("{policy}/PolicyDocument/Statement");
    check_error(
        &format!("{statement}/Condition"),
        json!({ "NumericLessThan": { "aws:SourceArn": "1" } }),
        "Statement[0].Condition.NumericLessThan.aws:SourceArn: local-aws does not evaluate this condition",
    );
    check_error(
        &format!("{statement}/Condition"),
        json!({ "StringEquals": { "aws:PrincipalTag/team": "x" } }),
        "StringEquals.aws:PrincipalTag/team: local-aws does not evaluate this condition",
    );
    check_error(&format!("{statement}/Resource"), json!("arn:${aws:username}"), "no policy variables");
    check_error(&format!("{statement}/NotAction"), json!("sqs:*"), "either Action or NotAction");
    check_error(
        &format!("{statement}/Action"),
        Value::Null,
        "Statement[0].Action: this property is required",
    );
    check_error(&format!("{statement}/Effect"), json!("Maybe"), "Allow or Deny");
    let somebody = json!([{ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:root" } }]);
    check_error(QUEUE_STATEMENTS, somebody, "Statement[0].Principal.AWS: expected * (local-aws has no");
    let not_somebody =
        json!([{ "Effect": "Allow", "Principal": "*", "NotPrincipal": "*", "Action": "*", "Resource": "*" }]);
    check_error(QUEUE_STATEMENTS, not_somebody, "Statement[0].NotPrincipal");
    check_error(
        "/Resources/StartPermission/Properties/Principal",
        json!("123456789012"),
        "expected a service",
    );
    check_error(&format!("{policy}/Roles"), json!(["nobody"]), "there is no role nobody");
    check_error(&format!("{policy}/Users"), json!(["ada"]), "StartPolicy.Properties.Users");
}

#[test]
fn mistakes_say_where_they_are() {
    check_error("/Resources/Start/Properties/Role", json!({ "Ref": "Nobody" }), "there is no Nobody");
    check_error("/Resources/Start/Properties/Role", json!("starter"), "expected the ARN of a role");
    check_error("/Resources/Start/Properties/Timeout", json!(901), "a number from 1 to 900");
    check_error(
        "/Resources/Start/Properties/Runtime",
        Value::Null,
        "Resources.Start.Properties.Runtime: this",
    );
    check_error(
        "/Resources/Start/Properties/Environment/Variables/AWS_REGION",
        json!("eu-west-1"),
        "a name that Lambda does not reserve",
    );
    check_error(
        "/Resources/Start/Properties/FunctionName",
        json!({ "Fn::Sub": "${Start}-x" }),
        "the name of Start depends on itself",
    );
    check_error(
        "/Parameters/Retention/Default",
        Value::Null,
        "Parameters.Retention.Default: this property is",
    );
    check_error(
        "/Resources/StartInvoke/Properties/FunctionName",
        json!("other"),
        "there is no function other",
    );
    assert!(template::load("Resources:", &Account::default()).unwrap_err().to_string().contains("not JSON"));
}

#[test]
fn a_schedule_is_read_and_cron_is_refused_by_name() {
    let rule = |properties: Value| json!({ "Type": "AWS::Events::Rule", "Properties": properties });
    let deployment =
        load_with("/Resources/Sweep", rule(json!({ "ScheduleExpression": "rate(15 minutes)" }))).unwrap();
    let schedules: Vec<_> = deployment.rules.iter().filter_map(|rule| rule.schedule.as_ref()).collect();
    let [schedule] = schedules.as_slice() else { panic!("{schedules:?}") };
    assert_eq!(schedule.period, Duration::from_secs(15 * 60));
    check_error(
        "/Resources/Sweep",
        rule(json!({ "ScheduleExpression": "cron(0 12 * * ? *)" })),
        "Resources.Sweep.Properties.ScheduleExpression: expected rate(VALUE UNIT)",
    );
    check_error("/Resources/Sweep", rule(json!({})), "EventPattern or ScheduleExpression: this property is");
}

#[test]
fn alarms_and_dashboards_change_nothing_but_their_references_must_lead_somewhere() {
    let alarm = |queue: &str| {
        json!({
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Dimensions": [{ "Name": "QueueName", "Value": { "Fn::GetAtt": [queue, "QueueName"] } }],
            },
        })
    };
    assert_eq!(load_with("/Resources/Watch", alarm("Failures")).unwrap(), load());
    check_error("/Resources/Watch", alarm("Gone"), "there is no Gone in this template");
    let dashboard = |reference: Value| json!({ "Type": "AWS::CloudWatch::Dashboard", "Properties": { "DashboardBody": reference } });
    assert_eq!(load_with("/Resources/View", dashboard(json!({ "Ref": "Start" }))).unwrap(), load());
    check_error("/Resources/View", dashboard(json!({ "Ref": "Gone" })), "there is no Gone in this template");
}

/// The wiring exists once, in the template: every event finds its way to a function, and every failure to the queue.
#[test]
fn the_committed_template_loads_and_everything_in_it_is_connected() {
    let template = include_str!("../../../infra/template/pull-request-hook.template.json");
    let deployment = template::load(template, &Account::default()).unwrap();
    let [queue] = deployment.queues.as_slice() else { panic!("{:#?}", deployment.queues) };
    let mut keys: Vec<_> = deployment.functions.iter().map(|function| function.code_key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["publish-build-result.zip", "start-build.zip"]);
    let (of_events, scheduled): (Vec<_>, Vec<_>) =
        deployment.rules.iter().partition(|rule| rule.event_pattern.is_some());
    let [sweep] = scheduled.as_slice() else { panic!("{scheduled:#?}") };
    assert_eq!(sweep.schedule.as_ref().unwrap().period, Duration::from_secs(15 * 60));
    assert_eq!(of_events.len(), 3);
    for rule in of_events {
        EventPattern::compile(rule.event_pattern.as_ref().unwrap()).unwrap();
        assert_eq!(rule.targets.len(), 1, "{rule:#?}");
    }
    for rule in &deployment.rules {
        assert!(may_send(&deployment, &rule.arn));
        for target in &rule.targets {
            let function = deployment.functions.iter().find(|function| function.arn == target.arn).unwrap();
            assert!(may_events(&function.policy, "lambda:InvokeFunction", &function.arn, &rule.arn));
            assert_eq!(target.dead_letter_queue.as_ref(), Some(&queue.arn));
        }
    }
    for function in &deployment.functions {
        assert_eq!(function.on_failure.as_ref(), Some(&queue.arn));
        assert!(deployment.log_groups.contains(&function.log_group));
    }
    assert_eq!(deployment.projects[0].name, "pull-request-hook");
}
