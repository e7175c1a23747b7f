//! The comments and builds of one pull request, and invocations that look at them and write.

use super::*;
use crate::author::FunctionArn;
use crate::build::Phase;
use crate::examples::{a_build_of, a_phase, an_ended_build};
use crate::ids::{HookName, PullRequestId};
use crate::marker::ReplyMarker;
use crate::not_started::NotStarted;
use crate::outcome::SourceLoss;
use crate::reports::{MissingReport, Report, ReportContent};

pub(super) use crate::build::BuildStatus;
pub(super) use crate::examples::at;

/// What happens to a build.
pub(super) enum Change {
    Start(&'static str, char),
    End(&'static str, BuildStatus),
    CannotStart(NotStarted),
}

/// What an invocation is for.
#[derive(Clone)]
pub(super) enum Event {
    Build(BuildEvent),
    NotStarted(NotStarted),
}

/// Whether an invocation may go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Made,
    Failed,
}

pub(super) struct Invocation {
    pub(super) event: Event,
    pub(super) publisher: Publisher,
}

/// A generator of numbers that are the same in every run of the test (xorshift).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

pub(super) struct World {
    pub(super) builds: Vec<Build>,
    pub(super) comments: Vec<PullRequestComment>,
    /// What each token was used for, and the comment that came of it.
    pub(super) tokens: BTreeMap<String, (Step, usize)>,
    /// Why the pull request does not wait for a build any more.
    pub(super) commit_loss: Option<SourceLoss>,
    replies: Replies,
}

pub(super) fn id(name: &str) -> BuildId {
    a_build_of(name, 0).arn.build_id
}

fn commit(digit: char) -> SourceCommit {
    SourceCommit::parse(&digit.to_string().repeat(40)).unwrap()
}

/// The build `name` of the commit that is made of `digit` alone, since second `start`.
pub(super) fn running(name: &str, digit: char, start: u64) -> Build {
    let mut build = a_build_of(name, start);
    build.pull_request.source_commit = commit(digit);
    build
}

fn author() -> AuthorArn {
    let function = FunctionArn::parse("arn:aws:lambda:eu-central-1:123456789012:function:publish");
    function.unwrap().author_arn("role")
}

fn hook_name() -> HookName {
    HookName::parse("pull-request-hook").unwrap()
}

impl World {
    pub(super) fn new(replies: Replies) -> Self {
        Self { builds: Vec::new(), comments: Vec::new(), tokens: BTreeMap::new(), commit_loss: None, replies }
    }

    fn build(&mut self, name: &str) -> &mut Build {
        let id = id(name);
        self.builds.iter_mut().find(|build| build.arn.build_id == id).unwrap()
    }

    pub(super) fn end(&mut self, name: &str, status: BuildStatus, when: u64) {
        let phases: Vec<Phase> = match status {
            BuildStatus::Succeeded => vec![a_phase("BUILD", BuildStatus::Succeeded)],
            _ => an_ended_build(status.clone(), 0, "BUILD", "CODE", "").phases,
        };
        let build = self.build(name);
        (build.status, build.end_time, build.phases) = (status, Some(at(when)), phases);
    }

    pub(super) fn change(&mut self, change: Change, when: u64) -> Event {
        match change {
            Change::Start(name, digit) => {
                self.builds.push(running(name, digit, when));
                self.event(name)
            }
            Change::End(name, status) => {
                self.end(name, status, when);
                self.event(name)
            }
            Change::CannotStart(not_started) => Event::NotStarted(not_started),
        }
    }

    /// The event of the present state of a build.
    pub(super) fn event(&self, name: &str) -> Event {
        let id = id(name);
        let build = self.builds.iter().find(|build| build.arn.build_id == id).unwrap();
        let event = BuildEvent::parse(&serde_json::json!({
            "detail-type": "CodeBuild Build State Change",
            "detail": {"build-id": build.arn.to_string(), "build-status": build.status.name()},
        }));
        Event::Build(event.unwrap())
    }

    pub(super) fn invoke(&self, event: &Event) -> Invocation {
        let settings = PublishSettings { log_lines: 0, replies: self.replies };
        let publisher = match event.clone() {
            Event::Build(event) => {
                let build = self.builds.iter().find(|build| build.arn == event.build_arn).unwrap();
                let identity = CommentIdentity {
                    hook_name: hook_name(),
                    pull_request_id: PullRequestId::parse("42").unwrap(),
                    source_commit: build.pull_request.source_commit.clone(),
                };
                Publisher::new(event, identity, author(), settings)
            }
            Event::NotStarted(not_started) => Publisher::of_not_started(not_started, author(), settings),
        };
        Invocation { event: event.clone(), publisher }
    }

    /// Makes an invocation's next call.
    pub(super) fn advance(&mut self, invocation: &mut Invocation) -> Progress {
        let step = invocation.publisher.step().clone();
        let answer = match &step {
            Step::ReadComments => Answer::Comments(self.comments.clone()),
            Step::ReadBuilds(ids) => {
                let is_asked_for = |build: &&Build| ids.contains(&build.arn.build_id);
                Answer::Builds(self.builds.iter().filter(is_asked_for).cloned().collect())
            }
            Step::FindSourceLoss { .. } => Answer::SourceLoss(None),
            Step::FindCommitLoss(_) => Answer::SourceLoss(self.commit_loss),
            Step::ReadReports { build, .. } => {
                let report = |arn: &String| Report {
                    arn: arn.clone(),
                    content: ReportContent::Missing(MissingReport::Gone),
                };
                Answer::Reports(build.report_arns.iter().map(report).collect())
            }
            Step::ReadLog { .. } => Answer::Log(Vec::new()),
            Step::PostComment { build, request_token, content } => {
                self.post(&step, request_token, content, Some(&build.source_commit), None)
            }
            Step::PostReply { comment_id, request_token, content } => {
                self.post(&step, request_token, content, None, Some(comment_id))
            }
            Step::UpdateComment { comment_id, content } => {
                let comment = self.comments.iter_mut().find(|comment| comment.id == *comment_id).unwrap();
                if comment.deleted {
                    Answer::LookAgain("deleted")
                } else {
                    comment.content = Some(content.clone());
                    Answer::Written { comment_id: Some(comment_id.clone()), stored: Some(content.clone()) }
                }
            }
            Step::GiveUp { .. } => return Progress::Failed,
            Step::Finished(_) => return Progress::Made,
        };
        invocation.publisher.answer(answer);
        Progress::Made
    }

    fn post(
        &mut self,
        step: &Step,
        token: &str,
        content: &str,
        commit: Option<&SourceCommit>,
        in_reply_to: Option<&str>,
    ) -> Answer {
        let index = match self.tokens.get(token) {
            Some((earlier, index)) if earlier == step => *index,
            Some(_) => return Answer::LookAgain("another invocation was first"),
            None => {
                self.tokens.insert(token.to_owned(), (step.clone(), self.comments.len()));
                self.add(token, content, commit, in_reply_to);
                self.comments.len() - 1
            }
        };
        let comment = &self.comments[index];
        if comment.deleted && in_reply_to.is_none() {
            return Answer::LookAgain("deleted");
        }
        Answer::Written { comment_id: Some(comment.id.clone()), stored: comment.content.clone() }
    }

    fn add(&mut self, token: &str, content: &str, commit: Option<&SourceCommit>, in_reply_to: Option<&str>) {
        let now = at(10 + self.comments.len() as u64);
        self.comments.push(PullRequestComment {
            id: format!("comment-{}", self.comments.len()),
            author_arn: Some(author().as_str().to_owned()),
            content: Some(content.to_owned()),
            deleted: false,
            creation_date: Some(now),
            last_modified_date: Some(now),
            after_commit_id: commit.map(ToString::to_string),
            in_reply_to: in_reply_to.map(str::to_owned),
            client_request_token: Some(token.to_owned()),
        });
    }

    /// A comment that the function posted under another token.
    pub(super) fn add_own(&mut self, token: &str, content: &str) {
        self.add(token, content, None, None);
    }

    pub(super) fn delete_reply(&mut self, keeps_token: bool) {
        let reply = self.comments.iter_mut().find(|comment| comment.in_reply_to.is_some()).unwrap();
        (reply.content, reply.deleted) = (None, true);
        if !keeps_token {
            reply.client_request_token = None;
        }
    }

    /// Runs an invocation to its end, alone.
    pub(super) fn run(&mut self, event: &Event) -> Publication {
        let mut invocation = self.invoke(event);
        loop {
            assert_eq!(self.advance(&mut invocation), Progress::Made, "it gave up");
            if let Step::Finished(publication) = invocation.publisher.step() {
                return publication.clone();
            }
        }
    }

    /// The names of the calls that an invocation makes.
    pub(super) fn calls(&mut self, event: &Event) -> Vec<&'static str> {
        let mut invocation = self.invoke(event);
        let mut calls = Vec::new();
        loop {
            calls.push(match invocation.publisher.step() {
                Step::ReadComments => "ReadComments",
                Step::ReadBuilds(_) => "ReadBuilds",
                Step::FindSourceLoss { .. } => "FindSourceLoss",
                Step::FindCommitLoss(_) => "FindCommitLoss",
                Step::ReadReports { .. } => "ReadReports",
                Step::ReadLog { .. } => "ReadLog",
                Step::PostComment { .. } => "PostComment",
                Step::UpdateComment { .. } => "UpdateComment",
                Step::PostReply { .. } => "PostReply",
                Step::Finished(_) => return calls,
                Step::GiveUp { .. } => panic!("it gave up after {calls:?}"),
            });
            self.advance(&mut invocation);
        }
    }

    /// The texts of the live comments with a marker for that commit.
    fn live(&self, digit: char) -> Vec<&str> {
        let texts = self.comments.iter().filter_map(|comment| comment.content.as_deref());
        let is_of_commit =
            |text: &&str| Marker::find(text).is_some_and(|marker| marker.source_commit == commit(digit));
        texts.filter(is_of_commit).collect()
    }

    #[track_caller]
    pub(super) fn comment_of(&self, digit: char) -> String {
        let live = self.live(digit);
        assert_eq!(live.len(), 1, "{live:#?}");
        live[0].to_owned()
    }

    pub(super) fn replies(&self) -> Vec<String> {
        let texts = self.comments.iter().filter_map(|comment| comment.content.clone());
        texts.filter(|text| ReplyMarker::find(text).is_some()).collect()
    }

    /// Each commit has one comment, which shows all its builds and none of them as running.
    #[track_caller]
    pub(super) fn check_final(&self) {
        for build in &self.builds {
            let digit = build.pull_request.source_commit.as_str().chars().next().unwrap();
            let comment = self.comment_of(digit);
            let marker = Marker::find(&comment).unwrap();
            assert!(!marker.unfinished && marker.builds.contains(&build.arn.build_id), "{comment}");
        }
    }
}
