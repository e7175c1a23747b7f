//! Comments and replies when events come in any order, twice and at the same time.

use end_to_end_tests::{FAILING, PASSING, run_test};

#[tokio::test]
async fn a_thousand_shuffled_and_duplicated_deliveries_end_in_one_comment_and_one_reply() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.gate().await;
        let buildspec = gate.buildspec().replace("read -r _ <&3", "read -r _ <&3 && ./run-tests.sh");
        let pull_request = world.propose(&repository, "feature", &buildspec).await;
        gate.wait_until_reached().await;
        let started = world.events_of("CodeBuild Build State Change").remove(0);
        for _ in 0..300 {
            world.aws.eventbridge.put(&started);
        }
        gate.open().await;
        let ended = world
            .wait_for("the end of the build", async || {
                world.events_of("CodeBuild Build State Change").into_iter().nth(1)
            })
            .await;
        // A generator of numbers that are the same in every run (xorshift).
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..700 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            world.aws.eventbridge.put(if random >> 63 == 0 { &started } else { &ended });
        }
        world.settle().await;
        let comments = world.comments(&pull_request.id).await;
        let (replies, own): (Vec<_>, Vec<_>) =
            comments.into_iter().partition(|comment| comment.in_reply_to.is_some());
        assert_eq!((own.len(), replies.len()), (1, 1), "{}", world.describe().await);
        assert!(own[0].text.contains("Build failed"), "{}", own[0].text);
        assert!(world.failures().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_push_marks_the_earlier_comment_and_its_build_ends_it_with_its_real_state() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.gate().await;
        let pull_request = world.propose(&repository, "feature", &gate.buildspec()).await;
        gate.wait_until_reached().await;
        let second = repository.push_buildspec("feature", PASSING).await;
        let marked = world
            .wait_for("the note", async || {
                let comments = world.comments(&pull_request.id).await;
                comments.into_iter().find(|comment| {
                    comment.after_commit == pull_request.source_commit && comment.text.contains(&second[..8])
                })
            })
            .await;
        assert!(marked.text.starts_with('⏳'), "{}", marked.text);
        gate.open().await;
        world.settle().await;
        let comments = world.comments(&pull_request.id).await;
        let ended = comments.iter().find(|comment| comment.id == marked.id).unwrap();
        assert!(
            ended.text.contains("Build succeeded") && ended.text.contains(&second[..8]),
            "{}",
            ended.text
        );
    })
    .await;
}

#[tokio::test]
async fn what_breaks_and_what_fixes_the_build_is_replied_to_once() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", FAILING).await;
        world.settle().await;
        repository.push_buildspec("feature", FAILING.replace("so good", "still good").as_str()).await;
        world.settle().await;
        repository.push_buildspec("feature", PASSING).await;
        world.settle().await;
        let comments = world.comments(&pull_request.id).await;
        let replies: Vec<_> = comments.iter().filter(|comment| comment.in_reply_to.is_some()).collect();
        assert_eq!(replies.len(), 2, "{}", world.describe().await);
        assert!(replies[0].text.starts_with('❌') && replies[1].text.contains("Fixed"), "{replies:?}");
    })
    .await;
}
