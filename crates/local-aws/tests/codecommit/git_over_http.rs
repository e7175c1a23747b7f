use std::sync::Arc;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use http_body_util::channel::Channel;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::world::{World, person};

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    (0_u64..).flat_map(|counter| Sha256::digest(counter.to_le_bytes())).take(length).collect()
}

/// A pack without objects, as git sends it where the other side has everything already.
const EMPTY_PACK: &[u8] =
    b"PACK\0\0\0\x02\0\0\0\0\x02\x9d\x08\x82;\xd8\xa8\xea\xb5\x10\xadj\xc7\\\x82<\xfd>\xd3\x1e";

/// The body of a push that creates a branch at a commit that is there.
fn push_body(branch: &str, commit: &str) -> Vec<u8> {
    let command = format!("{} {commit} refs/heads/{branch}\0report-status", "0".repeat(40));
    let mut body = format!("{:04x}{command}0000", command.len() + 4).into_bytes();
    body.extend_from_slice(EMPTY_PACK);
    body
}

fn push_request(repository: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(format!("/v1/repos/{repository}/git-receive-pack"))
        .header(header::CONTENT_TYPE, "application/x-git-receive-pack-request")
        .body(body.into())
        .unwrap()
}

#[tokio::test]
async fn the_first_push_makes_the_default_branch_that_a_clone_checks_out() {
    let world = World::new().await;
    world.call("CreateRepository", json!({ "repositoryName": "payments" })).await.unwrap();
    let clone = world.clone_repository("payments").await.unwrap();
    let commit = clone.push_commit("trunk", "first").await;
    let metadata = world.call("GetRepository", json!({ "repositoryName": "payments" })).await.unwrap();
    assert_eq!(metadata["repositoryMetadata"]["defaultBranch"], "trunk");
    let other = world.clone_repository("payments").await.unwrap();
    assert_eq!(other.git(&["rev-parse", "HEAD"]).await.unwrap(), commit);
    assert_eq!(other.git(&["symbolic-ref", "--short", "HEAD"]).await.unwrap(), "trunk");

    let events = world.take_events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].detail_type, "CodeCommit Repository State Change");
    assert_eq!(events[0].source, "aws.codecommit");
    assert_eq!(events[0].resources, ["arn:aws:codecommit:us-east-1:123456789012:payments"]);
    let expected = json!({
        "callerUserArn": "arn:aws:iam::123456789012:user/developer",
        "commitId": commit,
        "event": "referenceCreated",
        "referenceFullName": "refs/heads/trunk",
        "referenceName": "trunk",
        "referenceType": "branch",
        "repositoryId": metadata["repositoryMetadata"]["repositoryId"],
        "repositoryName": "payments",
    });
    assert_eq!(events[0].detail, expected);
}

#[tokio::test]
async fn force_pushes_tags_and_deletions_are_told_with_their_commits() {
    let (world, clone) = World::with_repository("payments").await;
    let one = clone.push_commit("topic", "one").await;
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]).await.unwrap();
    let two = clone.commit("two").await;
    world.take_events();
    let rejected = clone.git(&["push", "origin", "HEAD:refs/heads/topic"]).await.unwrap_err();
    assert!(rejected.contains("rejected"), "{rejected}");
    assert!(world.take_events().is_empty(), "a rejected push changes nothing");

    clone.git(&["push", "--force", "origin", "HEAD:refs/heads/topic"]).await.unwrap();
    clone.git(&["tag", "-a", "v1", "-m", "release"]).await.unwrap();
    clone.git(&["push", "origin", "v1"]).await.unwrap();
    clone.git(&["push", "origin", ":refs/heads/topic"]).await.unwrap();
    let told: Vec<_> = world
        .take_events()
        .into_iter()
        .map(|event| {
            let text = |key: &str| event.detail[key].as_str().unwrap_or("-").to_owned();
            [text("event"), text("referenceType"), text("oldCommitId"), text("commitId")]
        })
        .collect();
    assert_eq!(told[0], ["referenceUpdated", "branch", one.as_str(), two.as_str()]);
    assert_eq!(told[1], ["referenceCreated", "tag", "-", two.as_str()]);
    assert_eq!(told[2], ["referenceDeleted", "branch", two.as_str(), "-"]);
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn the_default_branch_stays_and_other_references_are_refused() {
    let (world, clone) = World::with_repository("payments").await;
    world.take_events();
    for refspec in [":refs/heads/main", "HEAD:refs/notes/commits", "HEAD:refs/pull/1/head"] {
        let error = clone.git(&["push", "origin", refspec]).await.unwrap_err();
        assert!(error.contains("remote rejected"), "{refspec}: {error}");
    }
    assert!(world.take_events().is_empty());
}

#[tokio::test]
async fn hostile_branch_names_are_only_names() {
    let (world, clone) = World::with_repository("payments").await;
    for name in ["--upload-pack=id", "-x", "$(touch${IFS}pwned)", "`id`", "a;b|c&d", "q'u\"o", "ä/🦀", "<b>"]
    {
        let commit = clone.commit(name).await;
        clone.git(&["push", "origin", &format!("HEAD:refs/heads/{name}")]).await.unwrap();
        let input = json!({ "repositoryName": "payments", "branchName": name });
        let answer = world.call("GetBranch", input).await.unwrap();
        assert_eq!(answer["branch"]["commitId"], commit, "{name}");
        let pull_request = world.open_pull_request("payments", name).await;
        let target = &pull_request["pullRequestTargets"][0];
        assert_eq!(target["sourceReference"], format!("refs/heads/{name}"));
        assert_eq!(target["sourceCommit"], commit);
    }
}

#[tokio::test]
async fn a_large_push_arrives_in_chunks() {
    let (world, clone) = World::with_repository("payments").await;
    let content = noise((1 << 20) + (1 << 18));
    let commit = clone.commit_file("noise.bin", &content).await;
    clone.git(&["push", "origin", "HEAD:refs/heads/large"]).await.unwrap();
    let chunked = world.git_requests.lock().unwrap().iter().any(|(line, headers)| {
        line.contains("git-receive-pack") && headers.contains_key(header::TRANSFER_ENCODING)
    });
    assert!(chunked, "git was expected to send more than its buffer in chunks");
    let other = world.clone_repository("payments").await.unwrap();
    other.git(&["checkout", "--quiet", &commit]).await.unwrap();
    assert!(std::fs::read(other.folder.join("noise.bin")).unwrap() == content, "the content is another");
}

#[tokio::test]
async fn a_fetch_with_many_wants_is_read_though_git_compresses_it() {
    let (world, clone) = World::with_repository("payments").await;
    let mut refspecs = Vec::new();
    for number in 0..30 {
        let commit = clone.commit(&format!("commit {number}")).await;
        refspecs.push(format!("{commit}:refs/heads/branch-{number}"));
    }
    let arguments: Vec<&str> =
        ["push", "--quiet", "origin"].into_iter().chain(refspecs.iter().map(String::as_str)).collect();
    clone.git(&arguments).await.unwrap();
    for version in ["0", "2"] {
        world.git_requests.lock().unwrap().clear();
        let fresh = world.folder_for_fetch().await;
        let protocol = format!("protocol.version={version}");
        let url = world.url("payments");
        fresh
            .git(&["-c", &protocol, "fetch", "--quiet", &url, "refs/heads/*:refs/remotes/origin/*"])
            .await
            .unwrap();
        let tip = fresh.git(&["rev-parse", "refs/remotes/origin/branch-29"]).await.unwrap();
        assert_eq!(tip, clone.git(&["rev-parse", "HEAD"]).await.unwrap());
        let requests = world.git_requests.lock().unwrap();
        let compressed = requests.iter().any(|(_, headers)| headers.contains_key(header::CONTENT_ENCODING));
        assert!(compressed, "version {version}: {requests:?}");
        let asked_v2 = requests.iter().any(|(_, headers)| headers.contains_key("git-protocol"));
        assert_eq!(asked_v2, version == "2");
    }
}

#[tokio::test]
async fn any_commit_can_be_fetched_by_its_id() {
    let (world, clone) = World::with_repository("payments").await;
    let lost = clone.push_commit("topic", "lost").await;
    clone.git(&["push", "origin", ":refs/heads/topic"]).await.unwrap();
    let fresh = world.folder_for_fetch().await;
    fresh.git(&["fetch", "--quiet", &world.url("payments"), &lost]).await.unwrap();
    assert_eq!(fresh.git(&["rev-parse", "FETCH_HEAD"]).await.unwrap(), lost);
}

#[tokio::test]
async fn pushes_at_the_same_time_are_each_told_once() {
    let (world, clone) = World::with_repository("payments").await;
    let mut expected = Vec::new();
    for number in 0..8 {
        let commit = clone.commit(&format!("commit {number}")).await;
        expected.push((format!("refs/heads/b{number}"), commit));
    }
    world.take_events();
    let mut pushes = tokio::task::JoinSet::new();
    for (name, commit) in expected.clone() {
        let clone = clone.clone();
        pushes.spawn(async move {
            clone.git(&["push", "--quiet", "origin", &format!("{commit}:{name}")]).await.unwrap();
        });
    }
    pushes.join_all().await;
    let mut told: Vec<(String, String)> = world
        .take_events()
        .iter()
        .map(|event| {
            let text = |key: &str| event.detail[key].as_str().unwrap().to_owned();
            assert_eq!(text("event"), "referenceCreated");
            (text("referenceFullName"), text("commitId"))
        })
        .collect();
    told.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn of_two_pushes_to_one_branch_the_second_is_refused() {
    let (world, clone) = World::with_repository("payments").await;
    let base = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    let one = clone.commit("one").await;
    clone.git(&["reset", "--quiet", "--hard", &base]).await.unwrap();
    let two = clone.commit("two").await;
    world.take_events();
    let push = async |commit: &str| {
        clone.git(&["push", "--quiet", "origin", &format!("{commit}:refs/heads/main")]).await
    };
    let (first, second) = tokio::join!(push(&one), push(&two));
    let winner = match (first, second) {
        (Ok(_), Err(_)) => one,
        (Err(_), Ok(_)) => two,
        other => panic!("exactly one push must win: {other:?}"),
    };
    let events = world.take_events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].detail["commitId"], winner);
    assert_eq!(events[0].detail["oldCommitId"], base);
}

#[tokio::test]
async fn a_push_waits_for_its_turn_but_not_for_other_repositories() {
    let (world, clone) = World::with_repository("payments").await;
    let commit = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    world.take_events();
    let push = |body: Body| {
        let code_commit = Arc::clone(&world.code_commit);
        tokio::spawn(async move { code_commit.handle_git(&person(), push_request("payments", body)).await })
    };
    let (mut slow_client, body) = Channel::<Bytes>::new(1);
    let slow = push(Body::new(body));
    let mut rest = Bytes::from(push_body("slow", &commit));
    slow_client.send_data(rest.split_to(100)).await.unwrap();
    let waiting = push(push_body("waiting", &commit).into());

    world.call("CreateRepository", json!({ "repositoryName": "other" })).await.unwrap();
    clone.git(&["push", "--quiet", &world.url("other"), "HEAD:refs/heads/main"]).await.unwrap();
    assert!(!waiting.is_finished() && !slow.is_finished());

    slow_client.send_data(rest).await.unwrap();
    drop(slow_client);
    assert_eq!(slow.await.unwrap().status(), StatusCode::OK);
    assert_eq!(waiting.await.unwrap().status(), StatusCode::OK);
    let told: Vec<_> =
        world.take_events().iter().map(|event| event.detail["referenceFullName"].clone()).collect();
    assert_eq!(told, ["refs/heads/main", "refs/heads/slow", "refs/heads/waiting"]);
}

#[tokio::test]
async fn a_push_whose_client_goes_away_is_carried_through() {
    let (world, clone) = World::with_repository("payments").await;
    let commit = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    world.take_events();
    let person = person();
    let request = push_request("payments", push_body("left", &commit));
    let mut answer = Box::pin(world.code_commit.handle_git(&person, request));
    let begun = std::future::poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
    assert!(begun.is_pending());
    drop(answer);
    // The next push has to wait for its turn, and is told after the first.
    clone.git(&["push", "--quiet", "origin", "HEAD:refs/heads/next"]).await.unwrap();
    let branches: Vec<_> =
        world.take_events().iter().map(|event| event.detail["referenceName"].clone()).collect();
    assert_eq!(branches, ["left", "next"]);
}

#[tokio::test]
async fn a_push_that_breaks_off_changes_nothing() {
    let (world, clone) = World::with_repository("payments").await;
    let commit = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    world.take_events();
    let mut body = push_body("cut", &commit);
    body.truncate(body.len() - 10);
    let answer = world.code_commit.handle_git(&person(), push_request("payments", body)).await;
    assert_eq!(answer.status(), StatusCode::OK, "git reports the failure in its own protocol");
    let report = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
    assert!(String::from_utf8_lossy(&report).contains("unpack "), "{report:?}");
    assert!(!String::from_utf8_lossy(&report).contains("unpack ok"), "{report:?}");
    let input = json!({ "repositoryName": "payments", "branchName": "cut" });
    assert_eq!(world.call("GetBranch", input).await.unwrap_err().code, "BranchDoesNotExistException");
    assert!(world.take_events().is_empty());
}

#[tokio::test]
async fn a_repository_that_is_not_there_and_the_dumb_protocol_are_refused() {
    let (world, clone) = World::with_repository("payments").await;
    let Err(error) = world.clone_repository("nowhere").await else { panic!("cloned from nowhere") };
    assert!(error.contains("repository nowhere does not exist"), "{error}");
    let error = clone
        .git(&[
            "-c",
            "http.followRedirects=false",
            "ls-remote",
            &format!("{}/objects", world.url("payments")),
        ])
        .await
        .unwrap_err();
    assert!(error.contains("403"), "{error}");
}

#[tokio::test]
async fn the_folder_on_disk_says_nothing_of_the_name_and_has_no_hooks() {
    let world = World::new().await;
    // AWS's pattern for names allows it.
    world.call("CreateRepository", json!({ "repositoryName": ".." })).await.unwrap();
    let bare = world.git_folder("..");
    assert!(bare.folder.file_name().unwrap().to_str().unwrap().ends_with(".git"));
    assert!(!bare.folder.join("hooks").exists());
    assert_eq!(bare.git(&["config", "core.hooksPath"]).await.unwrap(), "/dev/null");
}
