//! Comments and replies when events come in any order, twice and at the same time.

use end_to_end_tests::{FAILING, PASSING, World, WorldOptions, hook_template_with, run_test, run_test_with};
use local_aws::aws_json::AwsJsonService;
use local_aws::caller::Caller;
use local_aws::event::Event;
use serde_json::json;

/// As many deliveries at one time; more would be throttled, and wait for the clock.
const AT_ONE_TIME: usize = 8;

/// Delivers events, some at one time, and waits until each has been handled.
async fn deliver(world: &World, events: &[&Event]) {
    let function = world.function("publish-build-result").name;
    let handled = || {
        let invocations = world.aws.lambda.invocations();
        let invocations = invocations.borrow();
        invocations.iter().filter(|invocation| invocation.function == function).count()
    };
    for wave in events.chunks(AT_ONE_TIME) {
        let expected = handled() + wave.len();
        wave.iter().for_each(|event| world.aws.eventbridge.put(event));
        world.wait_for("every delivery", async || (handled() >= expected).then_some(())).await;
    }
}

#[tokio::test]
async fn a_thousand_shuffled_and_duplicated_deliveries_end_in_one_comment_and_one_reply() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let gate = world.gate().await;
        let buildspec = gate.buildspec().replace("read -r _ <&3", "read -r _ <&3 && ./run-tests.sh");
        let pull_request = world.propose(&repository, "feature", &buildspec).await;
        gate.wait_until_reached().await;
        let started = world.events_of("CodeBuild Build State Change").remove(0);
        deliver(world, &vec![&started; 300]).await;
        gate.open().await;
        let ended = world
            .wait_for("the end of the build", async || {
                world.events_of("CodeBuild Build State Change").into_iter().nth(1)
            })
            .await;
        // A generator of numbers that are the same in every run (xorshift).
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut shuffled = Vec::new();
        for _ in 0..700 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            shuffled.push(if random >> 63 == 0 { &started } else { &ended });
        }
        deliver(world, &shuffled).await;
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
    let templates = vec![hook_template_with("STOP_SUPERSEDED", "false")];
    run_test_with(WorldOptions { templates, ..WorldOptions::default() }, async |world| {
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

#[tokio::test]
async fn of_two_comments_on_one_commit_the_newer_points_to_the_older() {
    run_test(async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        let first = world.settle_with_one_comment(&pull_request).await;
        // As if two invocations had posted at the same moment, in spite of their common token.
        let function = Caller::administrator(&first.author_arn);
        let post = json!({
            "pullRequestId": pull_request.id,
            "repositoryName": "payments",
            "beforeCommitId": first.before_commit,
            "afterCommitId": first.after_commit,
            "content": first.text,
            "clientRequestToken": "another",
        });
        world.aws.codecommit.call("PostCommentForPullRequest", &function, post).await.unwrap();
        world.aws.eventbridge.put(world.events_of("CodeBuild Build State Change").last().unwrap());
        world.settle().await;
        let comments = world.comments(&pull_request.id).await;
        let (older, newer): (Vec<_>, Vec<_>) = comments.iter().partition(|comment| comment.id == first.id);
        assert_eq!(older, [&first]);
        assert_eq!(newer.len(), 1);
        let link = format!("#{}", first.id);
        assert!(newer[0].text.contains(&link) && !newer[0].text.contains("Build succeeded"), "{newer:?}");
        let log = world.function_log("publish-build-result");
        assert!(world.failures().is_empty(), "{log}");
    })
    .await;
}

/// The texts of the replies to the builds of a good commit, two bad ones and a good one, under a setting.
async fn replies_under(setting: &str) -> Vec<String> {
    let templates = vec![hook_template_with("REPLIES", setting)];
    let options = WorldOptions { templates, ..WorldOptions::default() };
    let mut replies = Vec::new();
    run_test_with(options, async |world| {
        let repository = world.create_repository("payments").await;
        let pull_request = world.propose(&repository, "feature", PASSING).await;
        world.settle().await;
        for buildspec in [FAILING, FAILING, PASSING] {
            repository.push_buildspec("feature", buildspec).await;
            world.settle().await;
        }
        let comments = world.comments(&pull_request.id).await;
        assert_eq!(comments.iter().filter(|comment| comment.in_reply_to.is_none()).count(), 4);
        replies = comments
            .into_iter()
            .filter(|comment| comment.in_reply_to.is_some())
            .map(|reply| reply.text)
            .collect();
    })
    .await;
    replies
}

#[tokio::test]
async fn replies_are_posted_never_on_change_or_always() {
    let marks = |replies: Vec<String>| -> Vec<Option<char>> {
        replies.iter().map(|reply| reply.chars().next()).collect()
    };
    assert_eq!(marks(replies_under("never").await), []);
    assert_eq!(marks(replies_under("onChange").await), [Some('❌'), Some('✅')]);
    assert_eq!(marks(replies_under("always").await), [Some('✅'), Some('❌'), Some('❌'), Some('✅')]);
}
