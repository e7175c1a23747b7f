use local_aws::aws_json::AwsJsonService;
use serde_json::json;

use crate::world::{World, person};

#[tokio::test]
async fn branches_made_and_deleted_through_the_api_tell_like_pushes() {
    let (world, clone) = World::with_repository("payments").await;
    let tip = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    world.take_events();
    let branch = json!({ "repositoryName": "payments", "branchName": "topic/a", "commitId": tip });
    world.call("CreateBranch", branch.clone()).await.unwrap();
    assert_eq!(world.take_event_names(), ["referenceCreated"]);
    let error = world.call("CreateBranch", branch).await.unwrap_err();
    assert_eq!(error.code, "BranchNameExistsException");
    let folder = json!({ "repositoryName": "payments", "branchName": "topic", "commitId": tip });
    assert_eq!(world.call("CreateBranch", folder).await.unwrap_err().code, "BranchNameExistsException");
    let list = world.call("ListBranches", json!({ "repositoryName": "payments" })).await.unwrap();
    assert_eq!(list["branches"], json!(["main", "topic/a"]));
    clone.git(&["fetch", "--quiet"]).await.unwrap();
    assert_eq!(clone.git(&["rev-parse", "origin/topic/a"]).await.unwrap(), tip);

    let named = json!({ "repositoryName": "payments", "branchName": "topic/a" });
    let deleted = world.call("DeleteBranch", named.clone()).await.unwrap();
    assert_eq!(deleted["deletedBranch"], json!({ "branchName": "topic/a", "commitId": tip }));
    assert_eq!(world.take_event_names(), ["referenceDeleted"]);
    assert_eq!(world.call("DeleteBranch", named.clone()).await.unwrap(), json!({}));
    assert!(world.take_event_names().is_empty());
    assert_eq!(world.call("GetBranch", named).await.unwrap_err().code, "BranchDoesNotExistException");
}

#[tokio::test]
async fn the_default_branch_can_move_and_cannot_be_deleted() {
    let (world, clone) = World::with_repository("payments").await;
    clone.push_commit("next", "second").await;
    let change = json!({ "repositoryName": "payments", "defaultBranchName": "next" });
    world.call("UpdateDefaultBranch", change).await.unwrap();
    let repository = world.call("GetRepository", json!({ "repositoryName": "payments" })).await.unwrap();
    assert_eq!(repository["repositoryMetadata"]["defaultBranch"], "next");
    let other = world.clone_repository("payments").await.unwrap();
    assert_eq!(other.git(&["branch", "--show-current"]).await.unwrap(), "next");
    let next = json!({ "repositoryName": "payments", "branchName": "next" });
    let error = world.call("DeleteBranch", next).await.unwrap_err();
    assert_eq!(error.code, "DefaultBranchCannotBeDeletedException");
    let main = json!({ "repositoryName": "payments", "branchName": "main" });
    world.call("DeleteBranch", main).await.unwrap();
    let missing = json!({ "repositoryName": "payments", "defaultBranchName": "main" });
    let error = world.call("UpdateDefaultBranch", missing).await.unwrap_err();
    assert_eq!(error.code, "BranchDoesNotExistException");
}

#[tokio::test]
async fn names_that_git_would_refuse_are_refused_by_name() {
    let (world, clone) = World::with_repository("payments").await;
    let tip = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    for name in ["a..b", "a b", "a/", "/a", ".a", "a.lock", "a@{b", "a:b", &"n".repeat(257)] {
        let input = json!({ "repositoryName": "payments", "branchName": name, "commitId": tip });
        let error = world.call("CreateBranch", input).await.unwrap_err();
        assert_eq!(error.code, "InvalidBranchNameException", "{name}");
    }
    for name in ["n".repeat(256), format!("a/{}", "ä".repeat(200))] {
        let input = json!({ "repositoryName": "payments", "branchName": name, "commitId": tip });
        let error = world.call("CreateBranch", input).await.unwrap_err();
        assert_eq!(error.code, "NotModeledByLocalAws", "{name}");
    }
    for name in ["n".repeat(250), ["n".repeat(127), "n".repeat(128)].join("/"), "-rf".to_owned()] {
        let input = json!({ "repositoryName": "payments", "branchName": name, "commitId": tip });
        world.call("CreateBranch", input).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_reads_a_repository_while_it_is_deleted_has_it_to_the_end() {
    let (world, clone) = World::with_repository("payments").await;
    clone.commit_file("a.txt", "a\n").await;
    clone.git(&["push", "--quiet", "origin", "HEAD:main"]).await.unwrap();
    let name = json!({ "repositoryName": "payments" });
    let file = json!({ "repositoryName": "payments", "filePath": "a.txt" });
    let folder = world.code_commit.repository_folder("payments").unwrap();
    let reads = (0..40).map(|_| {
        let (code_commit, file) = (world.code_commit.clone(), file.clone());
        tokio::spawn(async move { code_commit.call("GetFile", &person(), file).await })
    });
    let reads: Vec<_> = reads.collect();
    tokio::task::yield_now().await;
    world.call("DeleteRepository", name).await.unwrap();
    for read in reads {
        match read.await.unwrap() {
            Ok(file) => assert_eq!(file["filePath"], "a.txt"),
            Err(error) => assert_eq!(error.code, "RepositoryDoesNotExistException", "{error}"),
        }
    }
    assert!(!folder.exists(), "the folder stays when nobody reads it any more");
}

#[tokio::test]
async fn a_deleted_repository_takes_its_pull_requests_along() {
    let (world, clone) = World::with_repository("payments").await;
    clone.push_commit("topic", "second").await;
    world.open_pull_request("payments", "topic").await;
    let name = json!({ "repositoryName": "payments" });
    let deleted = world.call("DeleteRepository", name.clone()).await.unwrap();
    assert_eq!(deleted["repositoryId"].as_str().unwrap().len(), 36);
    assert_eq!(world.call("DeleteRepository", name.clone()).await.unwrap(), json!({}));
    let error = world.call("GetPullRequest", json!({ "pullRequestId": "1" })).await.unwrap_err();
    assert_eq!(error.code, "PullRequestDoesNotExistException");
    assert!(clone.git(&["fetch", "--quiet"]).await.is_err());

    world.call("CreateRepository", name.clone()).await.unwrap();
    clone.git(&["push", "--quiet", "origin", "HEAD:main", "HEAD~1:refs/heads/topic"]).await.unwrap();
    assert_eq!(world.open_pull_request("payments", "topic").await["pullRequestId"], "2");
    let batch = json!({ "repositoryNames": ["payments", "none"] });
    let batch = world.call("BatchGetRepositories", batch).await.unwrap();
    assert_eq!(batch["repositories"][0]["repositoryName"], "payments");
    assert_eq!(batch["repositoriesNotFound"], json!(["none"]));
    let change = json!({ "repositoryName": "payments", "repositoryDescription": "Money" });
    world.call("UpdateRepositoryDescription", change).await.unwrap();
    let repository = world.call("GetRepository", name).await.unwrap();
    assert_eq!(repository["repositoryMetadata"]["repositoryDescription"], "Money");
}
