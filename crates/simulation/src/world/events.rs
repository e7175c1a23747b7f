//! The events of a world: what is sent when something happens.

use pull_request_build::{BuildEvent, NewRevision, PullRequestEvent, PullRequestStatus};
use serde_json::json;

use crate::delivery::{About, Fate, Sent};
use crate::function::Event;
use crate::promises::Promise;
use crate::world::{Happening, World};

impl World {
    /// A pull request has a new revision.
    pub(crate) fn send_revision(&mut self, pull_request: usize) {
        let revised = &self.aws.codecommit.pull_requests[pull_request];
        let event = PullRequestEvent::NewRevision(NewRevision {
            time: self.now.to_second(),
            status: PullRequestStatus::Open,
            is_first: revised.is_first_revision(),
            build: revised.head(),
        });
        self.send(Event::PullRequest(event), About::Revision { pull_request });
    }

    /// A pull request was closed or merged.
    pub(crate) fn send_end(&mut self, pull_request: usize) {
        let event = PullRequestEvent::Closed(self.aws.codecommit.pull_requests[pull_request].closed());
        self.send(Event::PullRequest(event), About::End { pull_request });
    }

    /// It is time for the sweep.
    pub(super) fn send_tick(&mut self) {
        self.tally.sweeps += 1;
        let time = self.now.to_second();
        self.send(Event::StartSweep(time), About::Tick);
        self.send(Event::PublishSweep(time), About::Tick);
    }

    /// A build was submitted or ended.
    pub(super) fn send_build_event(&mut self, run: usize) {
        let build = &self.aws.codebuild.runs[run].build;
        let variables = build.pull_request.to_variables().into_iter();
        let variables: Vec<_> = variables
            .map(|(name, value)| json!({"name": name, "type": "PLAINTEXT", "value": value}))
            .collect();
        let event = BuildEvent::parse(&json!({
            "detail-type": "CodeBuild Build State Change",
            "detail": {
                "build-id": build.arn.to_string(),
                "build-status": build.status.name(),
                "additional-information": {"environment": {"environment-variables": variables}},
            },
        }));
        let ended = self.aws.codebuild.runs[run].ended.is_some();
        match event {
            Ok(event) => self.send(Event::Build(event), About::Build { run, ended }),
            Err(error) => {
                self.broken.push(Promise::new("an event can be read", error.to_string()));
            }
        }
    }

    pub(super) fn send(&mut self, event: Event, about: About) {
        if self.now < self.aws.codebuild.project_created {
            return;
        }
        let arrivals = self.faults.arrivals(&mut self.chance, about);
        let index = self.events.len();
        self.tally.events += 1;
        self.tally.events_lost += usize::from(arrivals.is_empty());
        self.tally.events_repeated += usize::from(arrivals.len() > 1);
        self.note(|_| match arrivals.len() {
            0 => format!("event {index} ({about:?}) is lost"),
            count => format!("event {index} ({about:?}) is sent and arrives {count} times"),
        });
        self.events.push(Sent {
            event,
            about,
            deliveries: vec![Fate::Pending { failures: 0 }; arrivals.len()],
        });
        for (delivery, after) in arrivals.into_iter().enumerate() {
            self.schedule(after, Happening::Arrival { event: index, delivery });
        }
    }
}
