//! Sweeps: which calls the steps of a sweep become, and what comes of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pull_request_build::PublishSweepSummary;
use replayed_aws::{RecordedRequest, ReplayedAws};

use super::world::*;
use super::*;

/// An hour after the builds of [`a_build`] began.
const NOW: &str = "2026-11-18T12:06:40Z";

fn scheduled() -> String {
    json!({"detail-type": "Scheduled Event", "source": "aws.events", "time": NOW, "detail": {}}).to_string()
}

fn listed(ids: &[String], next_token: Option<&str>) -> Step {
    let mut answer = json!({"ids": ids});
    if let Some(token) = next_token {
        answer["nextToken"] = token.into();
    }
    ("ListBuildsForProject", Answer::json(answer))
}

fn pull_requests(ids: &[&str]) -> Step {
    ("ListPullRequests", Answer::json(json!({"pullRequestIds": ids})))
}

async fn sweep_until(
    deadline: SystemTime,
    script: impl IntoIterator<Item = Step>,
) -> (Result<PublishSweepSummary, PublishError>, Vec<RecordedRequest>) {
    let aws = ReplayedAws::new(script);
    let result =
        match Handler::new(config(), &aws.sdk_config()).handle(&scheduled(), FUNCTION, deadline).await {
            Ok(Handled::Swept(summary)) => Ok(summary),
            Ok(event @ Handled::Event(_)) => panic!("{event:?}"),
            Err(error) => Err(error),
        };
    (result, aws.requests())
}

/// Sweeps with ten minutes of time, while AWS answers as `script` says.
async fn sweep(
    script: impl IntoIterator<Item = Step>,
) -> (Result<PublishSweepSummary, PublishError>, Vec<RecordedRequest>) {
    sweep_until(SystemTime::now() + Duration::from_secs(600), script).await
}

#[tokio::test]
async fn a_build_whose_events_were_lost_gets_its_comment_as_from_an_event() {
    let build = a_build("1", "SUCCEEDED");
    let text = text_on(&build).await;
    let script = [
        listed(&[id("1")], None),
        builds([build.clone()]),
        comments([]),
        pull_requests(&["42", "43"]),
        // The other open pull request; this one was looked at.
        comments([]),
        // From here on, the calls are those of an event.
        comments([]),
        builds([build.clone()]),
        posted(),
        comments([own("c1", 2, &text)]),
        builds([build]),
    ];
    let (result, requests) = sweep(script).await;
    let summary = PublishSweepSummary {
        recent_builds: 1,
        repositories: 1,
        pull_requests: 2,
        out_of_date: 1,
        comments_written: 1,
        ..PublishSweepSummary::default()
    };
    assert_eq!(result.unwrap(), summary);
    let bodies: Vec<_> =
        requests.iter().take(5).map(|request| (&*request.operation, &request.body)).collect();
    assert_eq!(bodies[0], ("ListBuildsForProject", &json!({"projectName": "pull-request-hook"})));
    assert_eq!(bodies[1], ("BatchGetBuilds", &json!({"ids": [id("1")]})));
    assert_eq!(bodies[2], ("GetCommentsForPullRequest", &json!({"pullRequestId": "42"})));
    assert_eq!(bodies[3].1, &json!({"repositoryName": "payments", "pullRequestStatus": "OPEN"}));
    assert_eq!(bodies[4], ("GetCommentsForPullRequest", &json!({"pullRequestId": "43"})));
}

#[tokio::test]
async fn the_list_of_builds_goes_on_where_a_page_is_not_two_days_old() {
    // What no pull request started is not told of, and says all the same how old the page is.
    let mut young = a_build("2", "SUCCEEDED");
    young["environment"]["environmentVariables"] = json!([]);
    let mut old = young.clone();
    old["startTime"] = json!(1_700_000_000);
    let script = [
        listed(&[id("2")], Some("p2")),
        builds([young]),
        listed(&[], Some("p3")),
        listed(&[id("3")], Some("p4")),
        builds([old]),
        pull_requests(&[]),
    ];
    let (result, requests) = sweep(script).await;
    assert_eq!(result.unwrap(), PublishSweepSummary { repositories: 1, ..PublishSweepSummary::default() });
    assert_eq!(requests[3].body["nextToken"], "p3");
}

#[tokio::test]
async fn what_is_gone_is_no_failure_and_what_fails_is_left_to_the_next_sweep() {
    let gone = Answer::error("PullRequestDoesNotExistException", "gone");
    let script = [
        listed(&[], None),
        pull_requests(&["42", "43"]),
        ("GetCommentsForPullRequest", gone),
        ("GetCommentsForPullRequest", Answer::error("ThrottlingException", "Rate exceeded")),
    ];
    let summary = sweep(script).await.0.unwrap();
    assert_eq!(summary, PublishSweepSummary { repositories: 1, failed: 1, ..PublishSweepSummary::default() });
}

#[tokio::test]
async fn a_sweep_that_can_look_at_nothing_fails() {
    let refused = |operation| (operation, Answer::error("AccessDeniedException", "no"));
    let (result, _) = sweep([refused("ListBuildsForProject"), refused("ListPullRequests")]).await;
    let error = result.unwrap_err();
    assert_eq!(error.error_type(), "RefusedByAws");
    assert!(error.to_string().starts_with("ListBuildsForProject was refused"), "{error}");
}

#[tokio::test]
async fn an_invocation_without_time_makes_no_call() {
    let (result, requests) = sweep_until(UNIX_EPOCH, []).await;
    assert!(result.unwrap().cut_short);
    assert_eq!(requests, []);
}

#[tokio::test]
async fn a_schedule_without_a_time_is_refused() {
    let run = run(json!({"detail-type": "Scheduled Event", "time": 5}), []).await;
    assert_eq!(run.result.unwrap_err().error_type(), "InvalidEvent");
}

#[test]
fn the_answer_of_a_sweep_says_so() {
    let summary = PublishSweepSummary { repositories: 3, ..PublishSweepSummary::default() };
    let answer = serde_json::to_value(Handled::Swept(summary)).unwrap();
    assert_eq!((&answer["decision"], &answer["repositories"]), (&json!("swept"), &json!(3)));
}
