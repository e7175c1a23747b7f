//! How a comment is found, and what people do to it.

use std::time::Duration;

use end_to_end_tests::{PASSING, run_test};

#[tokio::test]
async fn the_author_is_the_functions_own_session() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        let function = world.function("publish-build-result");
        let expected =
            format!("arn:aws:sts::123456789012:assumed-role/{}/{}", function.role_name, function.name);
        assert_eq!(comment.author_arn, expected);
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_a_person_deleted_stays_deleted_until_a_later_build_starts() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        let comment = world.settle_with_one_comment(&pull_request).await;
        world.aws.clock.advance(Duration::from_secs(60));
        world.codecommit.delete_comment_content().comment_id(&comment.id).send().await.unwrap();
        for event in world.events_of("CodeBuild Build State Change") {
            world.aws.eventbridge.put(&event);
        }
        world.settle().await;
        assert!(world.comments(&pull_request.id).await.is_empty(), "{}", world.describe().await);

        world.aws.clock.advance(Duration::from_secs(60));
        let id = world.builds().await[0].id().unwrap().to_owned();
        world.codebuild.retry_build().id(id).send().await.unwrap();
        let again = world.settle_with_one_comment(&pull_request).await;
        assert_ne!(again.id, comment.id);
        assert!(again.text.contains("Build succeeded"), "{}", again.text);
    })
    .await;
}

#[tokio::test]
async fn the_comment_is_found_among_hundreds_and_nobody_elses_marker_counts() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.gate().await;
        let pull_request = world.propose(&repository, "feature", &gate.buildspec()).await;
        gate.wait_until_reached().await;
        let own = world
            .wait_for("the first comment", async || world.comments(&pull_request.id).await.into_iter().next())
            .await;
        // A person quotes the hook's whole comment, marker and all, 600 times: more than a page of 500 threads.
        for number in 0..600 {
            let request = world.codecommit.post_comment_for_pull_request().pull_request_id(&pull_request.id);
            let request =
                request.repository_name(&repository.name).content(format!("{number}\n\n{}", own.text));
            let request = request.before_commit_id(&pull_request.destination_commit);
            request.after_commit_id(&pull_request.source_commit).send().await.unwrap();
        }
        gate.open().await;
        world.settle().await;
        let comments = world.comments(&pull_request.id).await;
        assert_eq!(comments.len(), 601);
        let finished: Vec<_> =
            comments.iter().filter(|comment| comment.text.contains("Build succeeded")).collect();
        assert_eq!(finished.len(), 1);
        assert_eq!(finished[0].id, own.id);
    })
    .await;
}
