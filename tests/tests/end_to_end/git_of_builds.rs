//! Git in a build's commands: it asks CodeCommit as the build's role, or as nobody.

use end_to_end_tests::{World, WorldOptions, run_test_with};
use serde_json::{Value, json};

use crate::permissions::committed_template;

const CLONE_URLS: &str = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/";

/// The committed template, whose build role has its permission on repositories changed.
fn template_with(change: impl FnOnce(&mut Value)) -> WorldOptions {
    let mut template = committed_template();
    let resources = template["Resources"].as_object_mut().unwrap();
    let (_, role) = resources.iter_mut().find(|(id, _)| id.starts_with("HookBuildRole")).unwrap();
    let statement = &mut role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Action"], "codecommit:GitPull");
    change(statement);
    WorldOptions { templates: vec![template.to_string()], ..WorldOptions::default() }
}

/// Runs a build of these commands in the repository `payments`, beside which there is `other`. Answers its log.
async fn build(world: &World, env: &str, commands: &[&str]) -> String {
    let payments = world.create_repository("payments").await;
    world.create_repository("other").await;
    let commands: String = commands.iter().map(|command| format!("      - {command}\n")).collect();
    let buildspec = format!("version: 0.2\n{env}phases:\n  build:\n    commands:\n{commands}");
    world.propose(&payments, "feature", &buildspec).await;
    world.settle().await;
    let log = world.build_log().join("\n");
    let status = world.builds().await[0].build_status().unwrap().as_str().to_owned();
    assert_eq!(status, "SUCCEEDED", "{log}");
    log
}

/// The callers who made a branch of this name.
fn makers_of(world: &World, branch: &str) -> Vec<String> {
    let events = world.events_of("CodeCommit Repository State Change");
    let made = events.into_iter().filter(|event| event.detail["referenceName"] == branch);
    made.map(|event| event.detail["callerUserArn"].as_str().unwrap().to_owned()).collect()
}

const WITH_CREDENTIALS: &str = "env:\n  git-credential-helper: yes\n";

#[tokio::test]
async fn a_build_pulls_as_its_role_and_may_not_push() {
    run_test_with(WorldOptions::default(), async |world| {
        let clone = format!("git clone --quiet {CLONE_URLS}other ../other && ls ../other");
        let push = "git push origin HEAD:refs/heads/built || echo \"ended with $?\"";
        let log = build(world, WITH_CREDENTIALS, &["git fetch origin main", &clone, push]).await;
        assert!(log.contains("\nbuildspec-tests.yaml\n"), "{log}");
        assert!(log.contains("is not authorized to perform: codecommit:GitPush on resource: arn:"), "{log}");
        assert!(log.contains("error: 403") && log.contains("ended with 128"), "{log}");
        assert!(makers_of(world, "built").is_empty());
    })
    .await;
}

#[tokio::test]
async fn with_the_permission_a_build_pushes_as_its_role() {
    let options = template_with(|statement| {
        statement["Action"] = json!(["codecommit:GitPull", "codecommit:GitPush"]);
    });
    run_test_with(options, async |world| {
        let by_endpoint = "git push --quiet \"$AWS_ENDPOINT_URL/v1/repos/other\" HEAD:refs/heads/elsewhere";
        build(world, WITH_CREDENTIALS, &["git push --quiet origin HEAD:refs/heads/built", by_endpoint]).await;
        for branch in ["built", "elsewhere"] {
            let [maker] = makers_of(world, branch).try_into().unwrap();
            assert!(maker.contains(":assumed-role/") && maker.contains("/AWSCodeBuild-"), "{maker}");
        }
        assert_eq!(makers_of(world, "feature"), ["arn:aws:iam::123456789012:user/developer"]);
    })
    .await;
}

#[tokio::test]
async fn a_build_pulls_only_what_its_role_may_pull() {
    let options = template_with(|statement| {
        statement["Resource"] = json!("arn:aws:codecommit:us-east-1:123456789012:payments");
    });
    run_test_with(options, async |world| {
        let other = format!("git ls-remote {CLONE_URLS}other || echo \"ended with $?\"");
        let log = build(world, WITH_CREDENTIALS, &["git ls-remote origin main", &other]).await;
        assert!(log.contains("\trefs/heads/main"), "{log}");
        assert!(
            log.contains("codecommit:GitPull on resource: arn:aws:codecommit:us-east-1:123456789012:other")
        );
        assert!(log.contains("ended with 128"), "{log}");
    })
    .await;
}

#[tokio::test]
async fn without_the_credential_helper_git_in_a_build_is_nobody() {
    let options = template_with(|statement| statement["Action"] = json!("codecommit:*"));
    run_test_with(options, async |world| {
        let commands = [
            "git ls-remote origin || echo \"pull ended with $?\"",
            "git push \"$AWS_ENDPOINT_URL/v1/repos/payments\" HEAD:refs/heads/built || echo \"push ended with $?\"",
        ];
        let log = build(world, "", &commands).await;
        assert_eq!(log.matches("fatal: could not read Username for").count(), 2, "{log}");
        assert!(log.contains("pull ended with 128") && log.contains("push ended with 128"), "{log}");
        assert!(makers_of(world, "built").is_empty());
    })
    .await;
}
