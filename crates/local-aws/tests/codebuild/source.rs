//! Cloning the source, with real git.

use serde_json::{Value, json};

use super::world::{CLONE_URL_PREFIX, Finished, World};

const BUILDSPEC: &str = "version: 0.2
phases:
  build:
    commands: [ 'git rev-parse HEAD', 'cat file', 'git remote get-url origin', 'echo $CODEBUILD_RESOLVED_SOURCE_VERSION' ]
";

fn input(repository: &str, version: Option<&str>, buildspec: Option<&str>) -> Value {
    let mut input = json!({
        "sourceTypeOverride": "CODECOMMIT",
        "sourceLocationOverride": format!("{CLONE_URL_PREFIX}{repository}"),
        "artifactsOverride": { "type": "NO_ARTIFACTS" },
        "buildspecOverride": buildspec.unwrap_or_default(),
    });
    if let Some(version) = version {
        input["sourceVersion"] = version.into();
    }
    input
}

async fn run(world: &World, repository: &str, version: Option<&str>) -> Finished {
    let id = world.start(input(repository, version, None)).await;
    world.finish(&id).await
}

#[tokio::test]
async fn exactly_the_commit_is_built_whatever_the_branch_has_become() {
    let world = World::new();
    let commit = world.create_repository("payments", &[("file", "one\n"), ("buildspec.yml", BUILDSPEC)]);
    world.push("payments", "topic", &[("file", "two\n"), ("buildspec.yml", BUILDSPEC)]);
    let build = run(&world, "payments", Some(&commit)).await;
    let url = format!("{CLONE_URL_PREFIX}payments");
    assert_eq!(build.output(), [&commit, "one", &url, &commit], "{:#?}", build.log);
    assert_eq!(build.build["resolvedSourceVersion"], *commit);
    assert_eq!(build.build["sourceVersion"], *commit);
    assert_eq!(build.build["source"]["location"], *url);
}

#[tokio::test]
async fn a_branch_a_reference_and_the_default_branch_can_be_built() {
    let world = World::new();
    let main = world.create_repository("payments", &[("file", "one\n"), ("buildspec.yml", BUILDSPEC)]);
    let topic = world.push("payments", "a/topic", &[("file", "two\n"), ("buildspec.yml", BUILDSPEC)]);
    let cases = [
        (None, &main),
        (Some("a/topic".to_owned()), &topic),
        (Some("refs/heads/a/topic".to_owned()), &topic),
        (Some(format!("refs/heads/a/topic^{{{topic}}}")), &topic),
    ];
    for (version, expected) in cases {
        let build = run(&world, "payments", version.as_deref()).await;
        assert_eq!(build.output().first(), Some(&expected.as_str()), "{version:?}: {:#?}", build.log);
    }
}

#[tokio::test]
async fn a_commit_that_no_branch_reaches_any_more_is_not_found() {
    let world = World::new();
    world.create_repository("payments", &[("file", "one\n")]);
    let topic = world.push("payments", "topic", &[("file", "two\n")]);
    world.delete_branch("payments", "topic");
    let build = run(&world, "payments", Some(&topic)).await;
    let message = format!("reference not found for primary source and source version {topic}");
    assert_eq!(build.context("DOWNLOAD_SOURCE"), ("CLIENT_ERROR".to_owned(), message.clone()));
    assert_eq!(build.status(), "FAILED");
    assert_eq!(build.output(), [message]);
}

#[tokio::test]
async fn a_repository_that_does_not_exist_is_not_found() {
    let world = World::new();
    let build = run(&world, "nowhere", Some("refs/heads/main")).await;
    let message = "repository not found for primary source and source version refs/heads/main";
    assert_eq!(build.context("DOWNLOAD_SOURCE"), ("CLIENT_ERROR".to_owned(), message.to_owned()));
}

#[tokio::test]
async fn a_buildspec_that_is_missing_is_named() {
    let world = World::new();
    let commit = world.create_repository("payments", &[("file", "one\n")]);
    let build = run(&world, "payments", Some(&commit)).await;
    let expected = ("YAML_FILE_ERROR".to_owned(), "YAML file does not exist".to_owned());
    assert_eq!(build.context("DOWNLOAD_SOURCE"), expected);
    let id = world.start(input("payments", Some(&commit), Some("ci/tests.yaml"))).await;
    let (code, message) = world.finish(&id).await.context("DOWNLOAD_SOURCE");
    assert_eq!(code, "YAML_FILE_ERROR");
    assert!(message.starts_with("stat /"), "{message}");
    let end = "/src/git-codecommit.us-east-1.amazonaws.com/v1/repos/payments/ci/tests.yaml: no such file or directory";
    assert!(message.ends_with(end), "{message}");
}
