use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::world::{World, person};

async fn content(world: &World, path: &str) -> Result<String, String> {
    let input = json!({ "repositoryName": "payments", "commitSpecifier": "main", "filePath": path });
    let answer = world.call("GetFile", input).await.map_err(|error| error.code)?;
    let content = STANDARD.decode(answer["fileContent"].as_str().unwrap()).unwrap();
    Ok(String::from_utf8(content).unwrap())
}

fn put(path: &str, text: &str, parent: Option<&Value>) -> Value {
    json!({
        "repositoryName": "payments",
        "branchName": "main",
        "filePath": path,
        "fileContent": STANDARD.encode(text),
        "parentCommitId": parent,
    })
}

#[tokio::test]
async fn the_first_file_makes_the_default_branch() {
    let world = World::new().await;
    world.call("CreateRepository", json!({ "repositoryName": "payments" })).await.unwrap();
    let first = world.call("PutFile", put("docs/a.txt", "one\n", None)).await.unwrap();
    assert_eq!(world.take_event_names(), ["referenceCreated"]);
    let repository = world.call("GetRepository", json!({ "repositoryName": "payments" })).await.unwrap();
    assert_eq!(repository["repositoryMetadata"]["defaultBranch"], "main");
    assert_eq!(content(&world, "docs/a.txt").await.unwrap(), "one\n");
    let commit = json!({ "repositoryName": "payments", "commitId": first["commitId"] });
    let commit = world.call("GetCommit", commit).await.unwrap();
    assert_eq!(commit["commit"]["treeId"], first["treeId"]);
    assert_eq!(commit["commit"]["author"]["name"], person().arn.rsplit('/').next().unwrap());

    let parent = &first["commitId"];
    let code = async |input: Value| world.call("PutFile", input).await.unwrap_err().code;
    assert_eq!(code(put("docs/a.txt", "one\n", Some(parent))).await, "SameFileContentException");
    assert_eq!(code(put("b", "b", None)).await, "ParentCommitIdRequiredException");
    assert_eq!(code(put("../b", "b", Some(parent))).await, "InvalidPathException");
    world.call("PutFile", put("b", "b", Some(parent))).await.unwrap();
    assert_eq!(code(put("c", "c", Some(parent))).await, "ParentCommitIdOutdatedException");
}

#[tokio::test]
async fn a_commit_through_the_api_updates_pull_requests_like_a_push() {
    let (world, clone) = World::with_repository("payments").await;
    clone.commit_file("keep.txt", "keep\n").await;
    clone.commit_file("gone.txt", "gone\n").await;
    let tip = clone.commit_file("old.txt", "moved\n").await;
    clone.git(&["push", "--quiet", "origin", "HEAD:refs/heads/topic"]).await.unwrap();
    let opened = world.open_pull_request("payments", "topic").await;
    world.take_events();
    let input = json!({
        "repositoryName": "payments",
        "branchName": "topic",
        "parentCommitId": tip,
        "authorName": "Grace",
        "email": "grace@example.com",
        "commitMessage": "Change",
        "putFiles": [
            { "filePath": "new/file.txt", "fileContent": STANDARD.encode("new\n") },
            { "filePath": "moved.txt", "sourceFile": { "filePath": "old.txt", "isMove": true } },
        ],
        "deleteFiles": [{ "filePath": "gone.txt" }],
        "setFileModes": [{ "filePath": "keep.txt", "fileMode": "EXECUTABLE" }],
    });
    let made = world.call("CreateCommit", input).await.unwrap();
    let paths = |list: &str| {
        let files = made[list].as_array().unwrap().iter();
        files.map(|file| file["absolutePath"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(paths("filesAdded"), ["moved.txt", "new/file.txt"]);
    assert_eq!(paths("filesUpdated"), ["keep.txt"]);
    assert_eq!(paths("filesDeleted"), ["gone.txt", "old.txt"]);
    assert_eq!(world.take_event_names(), ["referenceUpdated", "pullRequestSourceBranchUpdated"]);
    let updated = world.pull_request("1").await;
    assert_eq!(updated["pullRequestTargets"][0]["sourceCommit"], made["commitId"]);
    assert_ne!(updated["revisionId"], opened["revisionId"]);
    clone.git(&["fetch", "--quiet"]).await.unwrap();
    let shown =
        clone.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", "origin/topic"]).await.unwrap();
    assert_eq!(shown, "100755 keep.txt\n100644 moved.txt\n100644 new/file.txt");
    let author = clone.git(&["log", "-1", "--format=%an <%ae> %P", "origin/topic"]).await.unwrap();
    assert_eq!(author, format!("Grace <grace@example.com> {tip}"));
}

#[tokio::test]
async fn differences_and_folders_are_those_of_the_commits() {
    let (world, clone) = World::with_repository("payments").await;
    std::fs::create_dir(clone.folder.join("src")).unwrap();
    clone.commit_file("src/a.txt", "a\n").await;
    clone.commit_file("b.txt", "b\n").await;
    clone.git(&["push", "--quiet", "origin", "HEAD:main"]).await.unwrap();
    let difference = |more: Value| {
        let mut input = json!({ "repositoryName": "payments", "afterCommitSpecifier": "main" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.call("GetDifferences", input)
    };
    let first = clone.git(&["rev-parse", "HEAD~1"]).await.unwrap();
    let answer = difference(json!({ "beforeCommitSpecifier": first })).await.unwrap();
    let blob = clone.git(&["rev-parse", "HEAD:b.txt"]).await.unwrap();
    let after = json!({ "blobId": blob, "path": "b.txt", "mode": "100644" });
    assert_eq!(answer["differences"], json!([{ "afterBlob": after, "changeType": "A" }]));
    let page = difference(json!({ "MaxResults": 1 })).await.unwrap();
    assert_eq!(page["differences"][0]["afterBlob"]["path"], "b.txt");
    let rest = difference(json!({ "MaxResults": 1, "NextToken": page["NextToken"] })).await.unwrap();
    assert_eq!(rest["differences"][0]["afterBlob"]["path"], "src/a.txt");
    assert!(rest.get("NextToken").is_none());
    let below = difference(json!({ "afterPath": "src" })).await.unwrap();
    assert_eq!(below["differences"].as_array().unwrap().len(), 1);
    let error = difference(json!({ "afterPath": "none" })).await.unwrap_err();
    assert_eq!(error.code, "PathDoesNotExistException");

    let root = json!({ "repositoryName": "payments", "folderPath": "/" });
    let root = world.call("GetFolder", root).await.unwrap();
    assert_eq!(root["treeId"], clone.git(&["rev-parse", "HEAD^{tree}"]).await.unwrap());
    assert_eq!(root["files"][0]["relativePath"], "b.txt");
    assert_eq!(root["subFolders"][0]["absolutePath"], "src");
    let folder = json!({ "repositoryName": "payments", "folderPath": "src" });
    let folder = world.call("GetFolder", folder).await.unwrap();
    assert_eq!(folder["files"][0]["absolutePath"], "src/a.txt");
    let blob = json!({ "repositoryName": "payments", "blobId": blob });
    assert_eq!(world.call("GetBlob", blob).await.unwrap()["content"], STANDARD.encode("b\n"));
    assert_eq!(content(&world, "src").await.unwrap_err(), "FileDoesNotExistException");
}

#[tokio::test]
async fn paths_that_git_cannot_read_or_store_are_invalid() {
    let (world, clone) = World::with_repository("payments").await;
    let tip = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    for path in ["a\0b", "..", "../a", "a/../../b", ".git/config"] {
        let put = json!({
            "repositoryName": "payments",
            "branchName": "main",
            "parentCommitId": tip,
            "filePath": path,
            "fileContent": STANDARD.encode("x"),
        });
        let get = json!({ "repositoryName": "payments", "filePath": path });
        let folder = json!({ "repositoryName": "payments", "folderPath": path });
        for (operation, input) in [("PutFile", put), ("GetFile", get), ("GetFolder", folder)] {
            let error = world.call(operation, input).await.unwrap_err();
            assert_eq!(error.code, "InvalidPathException", "{operation} {path:?}: {error}");
        }
    }
}

#[tokio::test]
async fn what_git_takes_care_of_on_other_systems_is_stored_here() {
    let (world, clone) = World::with_repository("payments").await;
    let mut tip = clone.git(&["rev-parse", "HEAD"]).await.unwrap();
    for path in ["git~1", ".git.", "a\\b", ".git::$INDEX_ALLOCATION", &"x".repeat(4096)] {
        let put = json!({
            "repositoryName": "payments",
            "branchName": "main",
            "parentCommitId": tip,
            "filePath": path,
            "fileContent": STANDARD.encode(path),
            "commitMessage": "a\0b",
        });
        let made = world.call("PutFile", put).await.unwrap();
        tip = made["commitId"].as_str().unwrap().to_owned();
        assert_eq!(content(&world, path).await.unwrap(), path);
        let commit = json!({ "repositoryName": "payments", "commitId": tip });
        let commit = world.call("GetCommit", commit).await.unwrap();
        assert_eq!(commit["commit"]["message"].as_str().unwrap().trim_end(), "a b");
    }
    let link = json!({
        "repositoryName": "payments",
        "branchName": "main",
        "parentCommitId": tip,
        "filePath": ".gitmodules",
        "fileContent": STANDARD.encode("x"),
        "fileMode": "SYMLINK",
    });
    assert_eq!(world.call("PutFile", link).await.unwrap_err().code, "InvalidPathException");
}
