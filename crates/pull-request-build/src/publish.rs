//! What one invocation of publish-build-result does, call by call, without making a call.
//!
//! A [`Publisher`] names the next call as a [`Step`] and is told what came of it as an [`Answer`]. So every way in which
//! invocations can run beside each other, or be killed between two calls, is a test with values alone.
//!
//! # Look, write, look again
//!
//! A pass reads the hook's comments on the pull request and the builds that they show, works out what each comment should
//! say, and writes where one does not say it. After a write it looks again; it is over when there is nothing to write.
//! Whoever writes last has looked after everyone else's write, or looks again, so the comments end with the newest state.
//! A pass writes in this order:
//!
//! 1. the comment of the event's commit;
//! 2. the pointers in place of second comments of one commit;
//! 3. the comments of other commits that say of a build that it runs although it ended, or do not say yet that a newer
//!    commit superseded it;
//! 4. when all that is settled, the reply. It is never changed and its token is for ever, so nobody looks after it.
//!
//! # What an event costs
//!
//! | the event finds | calls |
//! |---|---|
//! | nothing to write | 2: comments, builds |
//! | one comment to write | 5: comments, builds, the write, comments, builds |
//! | a build that did not succeed | 1 more, or 2 if it never had its source: the pull request, its branch |
//! | a change that people are told of | 1 more: the reply |
//! | a build with reports | 1 more for its reports, and 2 for each that has failing tests; as many for the previous run |
//! | a failed command | 1 more for each page of its log |
//! | a superseded build or a second comment | 1 more each |
//!
//! A report that a build could not be started costs 2 calls if the comment says so already, 4 if it has to be written:
//! comments, the pull request, the write, comments. It writes its own comment alone.
//!
//! Comments are read in pages of what CodeCommit gives. The facts of the last five rows are read once an invocation: what
//! a build left does not change. What was not there yet is looked for again in the next pass.

use std::collections::{BTreeMap, VecDeque};
use std::mem::take;

use crate::author::AuthorArn;
use crate::build::{Build, BuildStatus, MAX_BUILDS_READ};
use crate::build_event::BuildEvent;
use crate::comment_decision::{CommentDecision, CommitBuilds, decide_comment};
use crate::comment_text::pointer_text;
use crate::ids::{BuildId, SourceCommit};
use crate::marker::{Marker, PointerMarker};
use crate::not_started::NotStarted;
use crate::outcome::Outcome;
use crate::own_comments::{CommentIdentity, CommitComments, LiveComment, OwnComments, PullRequestComment};
use crate::reply_decision::{Replies, Reply, decide_reply};
use crate::verdict::superseded_by;

use facts::{Facts, Found};
use publication::{Target, Wrote};
use step::Write;

pub use publication::{Over, Publication, Shown};
pub use step::{Answer, Step};

mod facts;
mod not_started;
mod publication;
mod step;

/// How often an invocation looks and writes before it leaves the rest to the next try. Two are the rule: one that
/// writes and one that finds nothing to write. Each invocation that runs at the same time may cost one more.
pub const MAX_PASSES: usize = 6;

/// What the settings say about comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishSettings {
    /// At most this many lines of the log are quoted; 0 means that the log is not read.
    pub log_lines: usize,
    /// When people are told by a reply.
    pub replies: Replies,
}

/// One invocation: what it knows, and the call that it wants to be made.
#[derive(Debug, Clone)]
pub struct Publisher {
    cause: Cause,
    identity: CommentIdentity,
    author: AuthorArn,
    settings: PublishSettings,
    step: Step,
    passes: usize,
    comments: Vec<PullRequestComment>,
    builds: Vec<Build>,
    facts: Facts,
    /// What remains to be written in this pass, beginning with the step.
    writes: VecDeque<Write>,
    /// The texts of the comments that this invocation wrote, by their ids.
    written: BTreeMap<String, WrittenText>,
    wrote: Wrote,
    /// What the comment shows, while the reply is being posted.
    shown: Shown,
}

/// What there is to publish.
#[derive(Debug, Clone)]
enum Cause {
    /// A build's state.
    Build(BuildEvent),
    /// That there is no build.
    NotStarted(Box<NotStarted>),
}

/// A text that was written, and what CodeCommit made of it. It documents no change of a text, but an invocation that
/// waited for its own words to come back would never end if there were one.
#[derive(Debug, Clone)]
struct WrittenText {
    content: String,
    stored: String,
}

/// What a pass comes to.
enum Plan {
    Write(VecDeque<Write>),
    /// Every comment says what it should.
    Settled {
        shown: Shown,
        reply: Option<Reply>,
    },
    Over(Over),
    LookAgain(&'static str),
}

impl Publisher {
    /// An invocation for `event`, which is about `identity`'s commit, by a function whose comments `author` writes.
    pub fn new(
        event: BuildEvent,
        identity: CommentIdentity,
        author: AuthorArn,
        settings: PublishSettings,
    ) -> Self {
        Self::of(Cause::Build(event), identity, author, settings)
    }

    /// An invocation for a build that could not be started, by a function whose comments `author` writes.
    pub fn of_not_started(not_started: NotStarted, author: AuthorArn, settings: PublishSettings) -> Self {
        let identity = not_started.comment_identity();
        Self::of(Cause::NotStarted(Box::new(not_started)), identity, author, settings)
    }

    fn of(cause: Cause, identity: CommentIdentity, author: AuthorArn, settings: PublishSettings) -> Self {
        Self {
            cause,
            identity,
            author,
            settings,
            step: Step::ReadComments,
            passes: 0,
            comments: Vec::new(),
            builds: Vec::new(),
            facts: Facts::default(),
            writes: VecDeque::new(),
            written: BTreeMap::new(),
            wrote: Wrote::default(),
            shown: Shown::default(),
        }
    }

    /// The call to make now.
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// Takes what came of the step. An answer to another one changes nothing.
    pub fn answer(&mut self, answer: Answer) {
        match (&self.step, answer) {
            (_, Answer::Over(over)) => self.finish(Publication::Ignored { reason: over.to_string() }),
            (_, Answer::LookAgain(why)) => self.look_again(why),
            (Step::ReadComments, Answer::Comments(comments)) => {
                self.comments = comments;
                match &self.cause {
                    Cause::Build(event) => self.step = Step::ReadBuilds(self.builds_to_read(event)),
                    Cause::NotStarted(_) => self.decide(),
                }
            }
            (Step::FindCommitLoss(_), Answer::SourceLoss(loss)) => {
                self.facts.keep_commit_loss(loss);
                self.decide();
            }
            (Step::ReadBuilds(_), Answer::Builds(builds)) => {
                self.builds = builds;
                self.facts.begin_pass(self.was_overwritten());
                self.decide();
            }
            (Step::FindSourceLoss { build, .. }, Answer::SourceLoss(loss)) => {
                self.facts.keep_source_loss(build.arn.build_id.clone(), loss);
                self.decide();
            }
            (Step::ReadReports { build, .. }, Answer::Reports(reports)) => {
                self.facts.keep_reports(build.arn.build_id.clone(), reports);
                self.decide();
            }
            (Step::ReadLog { build }, Answer::Log(messages)) => {
                self.facts.keep_log(build, &messages, self.settings.log_lines);
                self.decide();
            }
            (
                Step::PostComment { content, .. } | Step::UpdateComment { content, .. },
                Answer::Written { comment_id, stored },
            ) => {
                let stored = stored.unwrap_or_else(|| content.clone());
                let text = WrittenText { content: content.clone(), stored };
                self.written.extend(comment_id.map(|id| (id, text)));
                self.next_write();
            }
            (Step::PostReply { .. }, Answer::Written { comment_id, .. }) => {
                let shown = Shown { reply_id: comment_id, ..take(&mut self.shown) };
                self.finish(self.wrote.publication(shown));
            }
            _ => {}
        }
    }

    fn next_write(&mut self) {
        if let Some(written) = self.writes.pop_front() {
            self.wrote.note(written.target);
        }
        match self.writes.front() {
            Some(write) => self.step = write.step.clone(),
            None => self.look_again("wrote a comment"),
        }
    }

    fn look_again(&mut self, why: &'static str) {
        self.writes.clear();
        self.passes += 1;
        self.step = match self.passes {
            MAX_PASSES.. => Step::GiveUp { passes: self.passes, last: why },
            _ => Step::ReadComments,
        };
    }

    fn finish(&mut self, publication: Publication) {
        self.step = Step::Finished(publication);
    }

    /// The event's build and those that the hook's comments show. A build of another project, which the hook may have had
    /// under another name, is left out: the function may not read it.
    fn builds_to_read(&self, event: &BuildEvent) -> Vec<BuildId> {
        let build_id = &event.build_arn.build_id;
        let own = self.own();
        let of_commit = own.of(&self.identity.source_commit);
        let of_commit = of_commit.live.iter().flat_map(|comment| &comment.marker.builds);
        let mut ids = vec![build_id.clone()];
        for id in of_commit.chain(own.shown_builds()) {
            if id.project_name() == build_id.project_name() && !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        ids.truncate(MAX_BUILDS_READ);
        ids
    }

    fn own(&self) -> OwnComments<'_> {
        OwnComments::find(&self.comments, &self.identity.hook_name, &self.author)
    }

    /// Whether somebody replaced a text that this invocation wrote: then another invocation knows something else.
    fn was_overwritten(&self) -> bool {
        let own = self.own();
        let live = own.commits().into_iter().filter_map(|commit| own.of(commit).live);
        live.into_iter()
            .any(|comment| self.written.get(comment.id).is_some_and(|text| !comment.says(&text.stored)))
    }

    fn decide(&mut self) {
        let plan = match &self.cause {
            Cause::Build(event) => self.plan(event),
            Cause::NotStarted(not_started) => self.plan_not_started(not_started),
        };
        match plan {
            // A fact is missing.
            Err(step) => self.step = *step,
            Ok(Plan::LookAgain(why)) => self.look_again(why),
            Ok(Plan::Over(over)) => self.finish(Publication::Ignored { reason: over.to_string() }),
            Ok(Plan::Settled { shown, reply: None }) => self.finish(self.wrote.publication(shown)),
            Ok(Plan::Settled { shown, reply: Some(Reply { request_token, content }) }) => {
                self.step = Step::PostReply { comment_id: shown.comment_id.clone(), request_token, content };
                self.shown = shown;
            }
            Ok(Plan::Write(writes)) => {
                self.writes = writes;
                if let Some(write) = self.writes.front() {
                    self.step = write.step.clone();
                }
            }
        }
    }

    fn plan(&self, event: &BuildEvent) -> Found<Plan> {
        let build_id = &event.build_arn.build_id;
        let build_of_event = self.builds.iter().find(|build| build.arn.build_id == *build_id);
        if build_of_event.is_some_and(|build| event.is_newer_than(build)) {
            return Ok(Plan::LookAgain("CodeBuild answered with a state from before the event"));
        }
        let Some(builds) = CommitBuilds::of(&self.builds, &self.identity) else {
            return Ok(Plan::Over(build_of_event.map_or(Over::BuildGone, |_| Over::BuildOfAnotherCommit)));
        };
        let own = self.own();
        let of_commit = own.of(&self.identity.source_commit);
        if of_commit.live.is_some_and(|live| live.knows_end_of(builds.newest())) {
            return Ok(Plan::LookAgain("CodeBuild answered with a state from before the comment"));
        }
        let (decision, write) = self.decide_own(&builds, &of_commit)?;
        let mut writes = VecDeque::from_iter(write);
        writes.extend(self.pointers(&own));
        for commit in own.commits() {
            if *commit != self.identity.source_commit {
                writes.extend(self.decide_other(commit, &own)?);
            }
        }
        match decision {
            _ if !writes.is_empty() => Ok(Plan::Write(writes)),
            CommentDecision::Keep { comment_id } => {
                let newest = builds.newest();
                let shown = Shown {
                    comment_id,
                    build_id: Some(newest.arn.build_id.to_string()),
                    build_status: newest.status.name().to_owned(),
                    ..Shown::default()
                };
                let reply = match build_of_event {
                    Some(build) => self.reply(build, &own)?,
                    None => None,
                };
                Ok(Plan::Settled { shown, reply })
            }
            CommentDecision::StayDeleted | CommentDecision::Post { .. } | CommentDecision::Update { .. } => {
                Ok(Plan::Over(Over::CommentDeleted))
            }
        }
    }

    /// The comment of the event's commit.
    fn decide_own(
        &self,
        builds: &CommitBuilds<'_>,
        of_commit: &CommitComments<'_>,
    ) -> Found<(CommentDecision, Option<Write>)> {
        let newest = builds.newest();
        let marker = builds.marker(&self.identity);
        let content = self.text(builds, &marker, true)?;
        let expected = self.as_stored(of_commit.live, &content);
        let decision = decide_comment(&self.identity, of_commit, newest, expected);
        let write = match &decision {
            CommentDecision::Post { request_token } => Some(Write {
                step: Step::PostComment {
                    build: Box::new(newest.pull_request.clone()),
                    request_token: request_token.clone(),
                    content,
                },
                target: Target::New,
            }),
            CommentDecision::Update { comment_id } => Some(Write::update(comment_id, content, Target::Own)),
            CommentDecision::Keep { .. } | CommentDecision::StayDeleted => None,
        };
        Ok((decision, write))
    }

    fn text(&self, builds: &CommitBuilds<'_>, marker: &Marker, wait: bool) -> Found<String> {
        self.facts.comment_text(builds, &self.builds, marker, self.settings.log_lines, wait)
    }

    /// How CodeCommit keeps `content` in that comment, if this invocation wrote it there.
    fn as_stored<'t>(&'t self, live: Option<&LiveComment<'_>>, content: &'t str) -> &'t str {
        let written = live.and_then(|live| self.written.get(live.id));
        written.filter(|text| text.content == content).map_or(content, |text| &text.stored)
    }

    /// The second comments of one commit, each to be replaced by one line.
    fn pointers<'c>(&'c self, own: &'c OwnComments<'c>) -> impl Iterator<Item = Write> {
        own.commits().into_iter().flat_map(move |commit| {
            let CommitComments { live, duplicates, .. } = own.of(commit);
            let build = self.builds.iter().find(|build| build.pull_request.source_commit == *commit);
            duplicates.into_iter().filter_map(move |duplicate| {
                let (live, build) = (live?, build?);
                let hook_name = self.identity.hook_name.clone();
                let marker = PointerMarker { hook_name, comment_id: live.id.to_owned() };
                Some(Write::update(duplicate.id, pointer_text(build, &marker), Target::Other))
            })
        })
    }

    /// The comment of another commit. Events of its own keep it current; this event changes it if
    /// - its build runs and is superseded, so that a push marks the earlier comment at once, or
    /// - it says that its build runs, and the build ended: whoever wrote that had looked before the end, and may have been
    ///   killed before it looked again.
    fn decide_other(&self, commit: &SourceCommit, own: &OwnComments<'_>) -> Found<Option<Write>> {
        let identity = CommentIdentity { source_commit: commit.clone(), ..self.identity.clone() };
        let (Some(live), Some(builds)) = (own.of(commit).live, CommitBuilds::of(&self.builds, &identity))
        else {
            return Ok(None);
        };
        let newest = builds.newest();
        let shows_newest = live.marker.builds.first() == Some(&newest.arn.build_id);
        let is_to_be_written = match newest.status {
            // An answer that shows as running what the comment knows the end of is behind.
            BuildStatus::InProgress => {
                superseded_by(newest, &self.builds).is_some() && (live.marker.unfinished || !shows_newest)
            }
            _ => live.marker.unfinished,
        };
        if !is_to_be_written {
            return Ok(None);
        }
        let marker = builds.marker(&identity);
        let content = self.text(&builds, &marker, false)?;
        let is_current = live.says(self.as_stored(Some(live), &content));
        Ok((!is_current).then(|| Write::update(live.id, content, Target::Other)))
    }

    fn reply(&self, build: &Build, own: &OwnComments<'_>) -> Found<Option<Reply>> {
        let reply = |outcome: &Outcome<'_>| {
            let hook_name = &self.identity.hook_name;
            decide_reply(self.settings.replies, hook_name, build, outcome, &self.builds, own)
        };
        // What the pull request says can only take a verdict away, so it is asked for last.
        match reply(&Outcome::of(build, None)) {
            Some(_) => Ok(reply(&self.facts.outcome(build)?)),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
