//! The comment on a commit whose build could not be started.

use std::collections::VecDeque;

use crate::comment_text::not_started_text;
use crate::marker::Marker;
use crate::not_started::NotStarted;
use crate::own_comments::CommitComments;
use crate::publish::facts::Found;
use crate::publish::publication::{Over, Shown, Target};
use crate::publish::step::{Step, Write};
use crate::publish::{Plan, Publisher};

impl Publisher {
    /// Whatever knows more than the report is left as it is: a comment that names a build, a person who deleted the
    /// comment, a pull request that does not wait for the commit any more.
    ///
    /// A first comment cannot hide one of a build: both are posted with the same token. An update can, if the build's
    /// comment comes between the reading and the writing here. Its own invocation mends that if it looks again
    /// afterwards; otherwise the end of the build or the next sweep does.
    pub(super) fn plan_not_started(&self, not_started: &NotStarted) -> Found<Plan> {
        let own = self.own();
        let CommitComments { live, deleted, .. } = own.of(&self.identity.source_commit);
        match live {
            Some(live) if !live.marker.builds.is_empty() => return Ok(Plan::Over(Over::BuildShown)),
            // Who deleted it has seen a build, or that there is none. A build posts again.
            None if deleted > 0 => return Ok(Plan::Over(Over::CommentDeleted)),
            _ => {}
        }
        match self.facts.commit_loss() {
            None => return Err(Box::new(Step::FindCommitLoss(Box::new(not_started.build.clone())))),
            Some(Some(loss)) => return Ok(Plan::Over(Over::CommitNotWaitedFor(loss))),
            Some(None) => {}
        }
        let marker = Marker {
            hook_name: self.identity.hook_name.clone(),
            source_commit: self.identity.source_commit.clone(),
            builds: Vec::new(),
            unfinished: false,
            earlier_unfinished: false,
        };
        let content = not_started_text(not_started, &marker);
        let write = match live {
            // What replaced this invocation's own text is another report, and no older.
            Some(live)
                if self.written.contains_key(live.id) || live.says(self.as_stored(Some(live), &content)) =>
            {
                let shown = Shown {
                    comment_id: live.id.to_owned(),
                    build_id: None,
                    build_status: Shown::NOT_STARTED.to_owned(),
                    ..Shown::default()
                };
                return Ok(Plan::Settled { shown, reply: None });
            }
            Some(live) => Write::update(live.id, content, Target::Own),
            None => Write {
                step: Step::PostComment {
                    build: Box::new(not_started.build.clone()),
                    request_token: self.identity.request_token(deleted),
                    content,
                },
                target: Target::New,
            },
        };
        Ok(Plan::Write(VecDeque::from([write])))
    }
}
