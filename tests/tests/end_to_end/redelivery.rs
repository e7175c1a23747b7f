//! Events that come twice, late and in another order.

use std::time::Duration;

use end_to_end_tests::{PASSING, World, run_test};

/// Delivers the event that opened the only pull request once more, `later`, and expects no second build.
async fn redeliver(world: &World, later: Duration) {
    let repository = world.create_repository("payments").await;
    let pull_request = world.propose(&repository, "feature", PASSING).await;
    let before = world.settle_with_one_comment(&pull_request).await;
    world.aws.clock.advance(later);
    world.aws.eventbridge.put(&world.created_event());
    let after = world.settle_with_one_comment(&pull_request).await;
    assert_eq!(before, after);
    assert_eq!(world.builds().await.len(), 1, "{}", world.describe().await);
    assert!(world.failures().is_empty());
}

#[tokio::test]
async fn an_event_that_comes_twice_starts_one_build() {
    run_test(async |world| redeliver(world, Duration::ZERO).await).await;
}

#[tokio::test]
async fn an_event_that_comes_again_after_ten_minutes_starts_one_build() {
    run_test(async |world| redeliver(world, Duration::from_secs(10 * 60)).await).await;
}

#[tokio::test]
async fn an_event_that_comes_again_after_six_hours_starts_one_build() {
    run_test(async |world| redeliver(world, Duration::from_secs(6 * 3600)).await).await;
}

#[tokio::test]
async fn build_events_in_any_order_and_number_end_in_the_final_state() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        let before = world.settle_with_one_comment(&pull_request).await;
        let events = world.events_of("CodeBuild Build State Change");
        assert_eq!(events.len(), 2);
        for event in events.iter().chain(events.iter().rev()) {
            world.aws.eventbridge.put(event);
        }
        assert_eq!(world.settle_with_one_comment(&pull_request).await, before);
    })
    .await;
}

#[tokio::test]
async fn an_event_of_a_revision_that_is_history_builds_nothing() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        repository.push_buildspec("feature", PASSING).await;
        world.settle().await;
        world.aws.clock.advance(Duration::from_secs(3600));
        world.aws.eventbridge.put(&world.created_event());
        world.settle().await;
        assert_eq!(world.builds().await.len(), 2, "{}", world.describe().await);
        assert_eq!(world.comments(&pull_request.id).await.len(), 2);
    })
    .await;
}
