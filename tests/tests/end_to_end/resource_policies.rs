//! The wiring is what the template says: without a permission, AWS does not deliver.

use std::time::Duration;

use end_to_end_tests::{HOOK, PASSING, World, WorldOptions, hook_template, run_test_with};
use serde_json::Value;

/// The hook's template without the resources for which `remove` is true.
fn template_without(remove: impl Fn(&str, &Value) -> bool) -> WorldOptions {
    let mut template: Value = serde_json::from_str(&hook_template(HOOK)).unwrap();
    let resources = template["Resources"].as_object_mut().unwrap();
    let before = resources.len();
    resources.retain(|logical_id, resource| !remove(logical_id, resource));
    assert_eq!(resources.len(), before - 1, "the test is about exactly one resource");
    WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() }
}

fn is_permission_of(function: &str, resource: &Value) -> bool {
    resource["Type"] == "AWS::Lambda::Permission" && resource.to_string().contains(function)
}

async fn open_pull_request(world: &World) -> String {
    let repository = world.create_repository("payments").await;
    let pull_request = world.propose(&repository, "feature", PASSING).await;
    world.settle().await;
    pull_request.id
}

#[tokio::test]
async fn without_the_permission_of_its_rule_start_build_is_never_invoked() {
    let options = template_without(|_, resource| is_permission_of("StartBuildFunction", resource));
    run_test_with(options, async |world| {
        open_pull_request(world).await;
        world.aws.clock.advance(Duration::from_secs(25 * 3600));
        world.settle().await;
        assert!(world.builds().await.is_empty());
        let dead = world.failures();
        assert_eq!(dead.len(), 1, "{}", world.describe().await);
        assert_eq!(dead[0].attributes["ERROR_CODE"], "NO_PERMISSIONS");
        assert_eq!(dead[0].body["detail"]["event"], "pullRequestCreated");
    })
    .await;
}

#[tokio::test]
async fn without_the_permission_of_its_rule_publish_build_result_is_never_invoked() {
    let options = template_without(|_, resource| is_permission_of("PublishBuildResultFunction", resource));
    run_test_with(options, async |world| {
        let pull_request = open_pull_request(world).await;
        assert_eq!(world.builds().await.len(), 1);
        assert!(world.comments(&pull_request).await.is_empty());
        assert_eq!(world.failures().len(), 2, "{}", world.describe().await);
    })
    .await;
}

#[tokio::test]
async fn without_the_queues_policy_what_cannot_be_delivered_is_gone() {
    let options = template_without(|_, resource| is_permission_of("StartBuildFunction", resource));
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
    for (rule, function, builds) in
        [("PullRequestRule", "StartBuildFunction", 0), ("HookBuildRule", "PublishBuildResultFunction", 1)]
    {
        let options = template_without(|_, resource| is_permission_of(function, resource));
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
            assert!(world.failures().is_empty(), "{}", world.describe().await);
        })
        .await;
    }
}
