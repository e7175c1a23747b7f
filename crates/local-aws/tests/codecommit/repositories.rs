use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_new_repository_has_aws_metadata_and_no_default_branch() {
    let world = World::new().await;
    let input = json!({ "repositoryName": "Pay.ments_2", "repositoryDescription": "Money" });
    let created = world.call("CreateRepository", input).await.unwrap();
    let metadata = &created["repositoryMetadata"];
    assert_eq!(metadata["Arn"], "arn:aws:codecommit:us-east-1:123456789012:Pay.ments_2");
    let https = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/Pay.ments_2";
    assert_eq!(metadata["cloneUrlHttp"], https);
    assert_eq!(metadata["repositoryDescription"], "Money");
    assert!(metadata.get("defaultBranch").is_none(), "{metadata}");
    let got = world.call("GetRepository", json!({ "repositoryName": "Pay.ments_2" })).await.unwrap();
    assert_eq!(got, created);
    assert!(world.take_events().is_empty(), "AWS tells nothing when a repository is created");
}

#[tokio::test]
async fn of_two_creations_at_once_one_is_refused() {
    let world = World::new().await;
    let input = json!({ "repositoryName": "same" });
    let (one, other) =
        tokio::join!(world.call("CreateRepository", input.clone()), world.call("CreateRepository", input));
    let errors: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code, "RepositoryNameExistsException");
}

#[tokio::test]
async fn repositories_are_listed_in_either_order() {
    let world = World::new().await;
    for name in ["b", "c", "a"] {
        world.call("CreateRepository", json!({ "repositoryName": name })).await.unwrap();
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    for (sort_by, order, expected) in [
        ("repositoryName", "ascending", ["a", "b", "c"]),
        ("repositoryName", "descending", ["c", "b", "a"]),
        ("lastModifiedDate", "ascending", ["b", "c", "a"]),
        ("lastModifiedDate", "descending", ["a", "c", "b"]),
    ] {
        let input = json!({ "sortBy": sort_by, "order": order });
        let answer = world.call("ListRepositories", input).await.unwrap();
        let names: Vec<_> = answer["repositories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|repository| repository["repositoryName"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{sort_by} {order}");
    }
    let error = world.call("ListRepositories", json!({ "order": "up" })).await.unwrap_err();
    assert_eq!(error.code, "InvalidOrderException");
}

#[tokio::test]
async fn branches_and_commits_are_those_of_git() {
    let (world, clone) = World::with_repository("payments").await;
    let commit = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    let branch = json!({ "repositoryName": "payments", "branchName": "main" });
    let answer = world.call("GetBranch", branch).await.unwrap();
    assert_eq!(answer["branch"], json!({ "branchName": "main", "commitId": commit }));

    let input = json!({ "repositoryName": "payments", "commitId": commit });
    let shown = world.call("GetCommit", input).await.unwrap()["commit"].clone();
    assert_eq!(shown["message"], "first\n");
    assert_eq!(shown["author"]["email"], "ada@example.com");
    assert_eq!(shown["parents"], json!([]));
    let tree = clone.git(&["rev-parse", "HEAD^{tree}"]).await.unwrap();
    assert_eq!(shown["treeId"], tree);

    for (operation, input, code) in [
        ("GetBranch", json!({ "branchName": "gone" }), "BranchDoesNotExistException"),
        ("GetBranch", json!({}), "BranchNameRequiredException"),
        ("GetBranch", json!({ "branchName": "x".repeat(257) }), "InvalidBranchNameException"),
        ("GetCommit", json!({ "commitId": "0".repeat(40) }), "CommitIdDoesNotExistException"),
        // A tree is an object, but no commit.
        ("GetCommit", json!({ "commitId": tree }), "CommitIdDoesNotExistException"),
        ("GetCommit", json!({ "commitId": "main" }), "InvalidCommitIdException"),
        ("GetCommit", json!({}), "CommitIdRequiredException"),
    ] {
        let mut input = input;
        input["repositoryName"] = "payments".into();
        let error = world.call(operation, input.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{operation} {input}");
        input["repositoryName"] = "nowhere".into();
        let error = world.call(operation, input).await.unwrap_err();
        assert!(
            [code, "RepositoryDoesNotExistException"].contains(&error.code.as_str()),
            "{operation}: {error}"
        );
    }
    let error = world.call("GetRepository", json!({ "repositoryName": "nowhere" })).await.unwrap_err();
    assert_eq!(error.code, "RepositoryDoesNotExistException");
}

#[tokio::test]
async fn what_is_not_modeled_is_refused_by_name() {
    let world = World::new().await;
    let error = world.call("UpdatePullRequestApprovalState", json!({})).await.unwrap_err();
    assert_eq!(error.code, "NotModeledByLocalAws");
    assert!(error.message.contains("CodeCommit UpdatePullRequestApprovalState"), "{error}");
    let input = json!({ "repositoryName": "x", "kmsKeyId": "k" });
    let error = world.call("CreateRepository", input).await.unwrap_err();
    assert!(error.message.contains("the member kmsKeyId of CreateRepository"), "{error}");
}
