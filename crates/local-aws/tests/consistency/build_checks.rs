//! What has to hold between builds, their lists, their events and their logs.

use std::collections::BTreeSet;
use std::time::Duration;

use local_aws::codebuild::Build;
use serde_json::json;

use crate::world::{LOG_GROUP, PROJECT, World};

/// Far more than any of these builds takes.
const BUILD_LIMIT: Duration = Duration::from_secs(120);

impl World {
    /// Every build ends; the lists, the numbers, the events and the logs agree on it.
    pub(crate) async fn check_builds(&self) {
        let listed = self.list("codebuild.ListBuilds", "ids", json!({ "sortOrder": "ASCENDING" })).await;
        let mut newest_first =
            self.list("codebuild.ListBuildsForProject", "ids", json!({ "projectName": PROJECT })).await;
        newest_first.reverse();
        assert_eq!(listed, newest_first, "both lists have the same builds");
        let ids: BTreeSet<_> = listed.iter().map(|id| id.as_str().unwrap()).collect();
        let answered: BTreeSet<_> = self.known.builds.iter().map(String::as_str).collect();
        assert_eq!(ids, answered, "the builds that were answered are those that are listed");
        for (index, id) in listed.iter().enumerate() {
            let id = id.as_str().unwrap();
            let mut build = self.aws.codebuild.watch_build(id).unwrap();
            let ended = tokio::time::timeout(BUILD_LIMIT, build.wait_for(Build::is_complete)).await.is_ok();
            assert!(ended, "build {id} has not ended: {:#?}", *build.borrow());
            let answer = self.ask("codebuild.BatchGetBuilds", json!({ "ids": [id] })).await;
            let described = &answer["builds"][0];
            assert_eq!(described["buildNumber"], index + 1);
            assert_eq!(
                (&described["buildComplete"], &described["currentPhase"]),
                (&json!(true), &json!("COMPLETED"))
            );
            if let Some(stream) = described["logs"]["streamName"].as_str() {
                assert!(self.aws.logs.read(LOG_GROUP, stream).is_some(), "build {id} has no log");
            }
            let events = self.aws.events().into_iter().rev();
            let mut events = events.filter(|event| event.detail["build-id"] == described["arn"]);
            if let Some(newest) = events.next() {
                assert_eq!(newest.detail["build-status"], described["buildStatus"], "the last event of {id}");
            }
        }
    }
}
