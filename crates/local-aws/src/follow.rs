//! What happens in a local AWS, a line each, for a person who follows it.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::codebuild::Build;
use crate::event::Event;
use crate::eventbridge::{Delivery, DeliveryOutcome};
use crate::lambda::{Invocation, Outcome};
use crate::local_aws::LocalAws;

/// Tells the events of `events` and everything that they cause, until the future is dropped. Lines of one kind keep
/// their order.
pub async fn follow(aws: &LocalAws, mut events: Receiver<Event>, say: impl Fn(&str)) {
    let mut deliveries = aws.eventbridge.deliveries();
    let mut invocations = aws.lambda.invocations();
    let mut told_deliveries = deliveries.borrow_and_update().len();
    let mut told_invocations = invocations.borrow_and_update().len();
    let (phases, mut phase_lines) = unbounded_channel();
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => {
                    say(&event_line(&event));
                    if let Some(build) = find_submitted_build(aws, &event) {
                        tokio::spawn(tell_phases(build, phases.clone()));
                    }
                }
                Err(RecvError::Lagged(missed)) => say(&format!("event       {missed} events were too fast to be told")),
                Err(RecvError::Closed) => return,
            },
            Ok(()) = deliveries.changed() => {
                let all = deliveries.borrow_and_update();
                all.iter().skip(told_deliveries).for_each(|delivery| say(&delivery_line(delivery)));
                told_deliveries = all.len();
            }
            Ok(()) = invocations.changed() => {
                let all = invocations.borrow_and_update();
                all.iter().skip(told_invocations).for_each(|invocation| say(&invocation_line(invocation)));
                told_invocations = all.len();
            }
            Some(line) = phase_lines.recv() => say(&line),
        }
    }
}

fn find_submitted_build(aws: &LocalAws, event: &Event) -> Option<watch::Receiver<Build>> {
    if event.detail.get("current-phase")? != "SUBMITTED" {
        return None;
    }
    let (_, id) = event.detail.get("build-id")?.as_str()?.split_once(":build/")?;
    aws.codebuild.watch_build(id)
}

/// Tells each phase of a build that has ended, as soon as this notices it, and nothing after the build's end.
async fn tell_phases(mut build: watch::Receiver<Build>, lines: UnboundedSender<String>) {
    let mut told = 0;
    loop {
        let complete = {
            let build = build.borrow_and_update();
            let ended = build.phases.iter().filter_map(|phase| Some((phase.phase_type, phase.status?)));
            for (phase, status) in ended.skip(told) {
                told += 1;
                let line =
                    format!("phase       build {} {}: {}", build.number, phase.as_str(), status.as_str());
                if lines.send(line).is_err() {
                    return;
                }
            }
            build.is_complete()
        };
        if complete || build.changed().await.is_err() {
            return;
        }
    }
}

/// Names what an event is about by the members that the services' events have.
fn event_line(event: &Event) -> String {
    let text = |name: &str| event.detail.get(name).and_then(|value| value.as_str());
    let what = ["event", "build-status"].iter().find_map(|name| text(name)).unwrap_or_default();
    let about = [
        ("repository", text("repositoryName")),
        ("reference", text("referenceFullName")),
        ("pull request", text("pullRequestId")),
        ("comment", text("commentId")),
        ("build", text("build-id").and_then(|arn| arn.rsplit('/').next())),
    ];
    let about =
        about.iter().filter_map(|(name, value)| Some(format!(", {name} {}", (*value)?.escape_debug())));
    format!("event       {}: {what}{}", event.detail_type, about.collect::<String>())
}

fn delivery_line(delivery: &Delivery) -> String {
    let outcome = match &delivery.outcome {
        DeliveryOutcome::Delivered => "delivered".to_owned(),
        DeliveryOutcome::SentToDeadLetterQueue { error_code } => {
            format!("not delivered ({error_code}), sent to the dead-letter queue")
        }
        DeliveryOutcome::Dropped { error_code } => format!("not delivered ({error_code}), dropped"),
    };
    let name = |arn: &str| arn.rsplit(['/', ':']).next().unwrap_or(arn).to_owned();
    format!("rule        {} to {}: {outcome}", name(&delivery.rule_arn), name(&delivery.target_arn))
}

fn invocation_line(invocation: &Invocation) -> String {
    let outcome = match &invocation.outcome {
        Outcome::Succeeded => "succeeded".to_owned(),
        Outcome::Failed { error_type, message } => {
            format!("failed ({error_type}: {})", message.escape_debug())
        }
    };
    let milliseconds = invocation.duration.as_millis();
    let attempt = match invocation.attempt {
        1 => String::new(),
        attempt => format!(", attempt {attempt}"),
    };
    format!("invocation  {}: {outcome} after {milliseconds} ms{attempt}", invocation.function)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn an_event_names_what_it_is_about_and_keeps_to_its_line() {
        let detail = json!({
            "event": "referenceUpdated", "repositoryName": "payments", "referenceFullName": "refs/heads/a\u{1b}[2J\nb"
        });
        let event = Event::new(
            "aws.codecommit",
            "CodeCommit Repository State Change",
            OffsetDateTime::UNIX_EPOCH,
            String::new(),
            detail,
        );
        assert_eq!(
            event_line(&event),
            "event       CodeCommit Repository State Change: referenceUpdated, repository payments, \
             reference refs/heads/a\\u{1b}[2J\\nb"
        );
    }

    #[test]
    fn a_delivery_names_rule_target_and_outcome() {
        let delivery = Delivery {
            rule_arn: "arn:aws:events:us-east-1:1:rule/pull-requests".to_owned(),
            target_arn: "arn:aws:lambda:us-east-1:1:function:start".to_owned(),
            event_id: String::new(),
            outcome: DeliveryOutcome::SentToDeadLetterQueue { error_code: "NO_PERMISSIONS".to_owned() },
        };
        assert_eq!(
            delivery_line(&delivery),
            "rule        pull-requests to start: not delivered (NO_PERMISSIONS), sent to the dead-letter queue"
        );
    }

    #[test]
    fn an_invocation_tells_its_result_duration_and_attempt() {
        let invocation = Invocation {
            logical_id: String::new(),
            function: "start".to_owned(),
            request_id: String::new(),
            attempt: 2,
            outcome: Outcome::Failed {
                error_type: "InvalidEvent".to_owned(),
                message: "no\ncommit".to_owned(),
            },
            duration: Duration::from_micros(12_400),
        };
        assert_eq!(
            invocation_line(&invocation),
            "invocation  start: failed (InvalidEvent: no\\ncommit) after 12 ms, attempt 2"
        );
    }
}
