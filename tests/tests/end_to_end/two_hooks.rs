//! Two hooks in one account that serve the same repositories.

use end_to_end_tests::{HOOK, PASSING, WorldOptions, hook_template, run_test_with};

#[tokio::test]
async fn two_hooks_build_and_comment_without_touching_each_others() {
    let options = WorldOptions {
        templates: vec![hook_template(HOOK), hook_template("second-hook")],
        ..WorldOptions::default()
    };
    run_test_with(options, async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        assert_eq!(world.builds_of(HOOK).await.len(), 1);
        assert_eq!(world.builds_of("second-hook").await.len(), 1);
        let comments = world.comments(&pull_request.id).await;
        assert_eq!(comments.len(), 2, "{}", world.describe().await);
        assert_ne!(comments[0].author_arn, comments[1].author_arn);
        for comment in &comments {
            assert!(comment.text.contains("Build succeeded"), "{}", comment.text);
        }
        assert!(world.failures().is_empty());
    })
    .await;
}
