//! Decides whether people are told of a build by a reply.
//!
//! A comment that is changed in place notifies nobody; a reply to it does. So there is one when somebody has to act or
//! need not any more, and never two on one build.

use crate::build::Build;
use crate::comment_text::reply_text;
use crate::ids::{HookName, InvalidId};
use crate::marker::ReplyMarker;
use crate::outcome::Outcome;
use crate::own_comments::OwnComments;
use crate::request_token::request_token;
use crate::verdict::{change, verdict};

/// Which builds a reply is posted on: a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replies {
    /// None.
    Never,
    /// Those that broke the pull request's build, or fixed it.
    #[default]
    OnChange,
    /// Every build that says whether its commit is good.
    Always,
}

impl Replies {
    /// Reads the setting.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        match text {
            "never" => Ok(Self::Never),
            "onChange" => Ok(Self::OnChange),
            "always" => Ok(Self::Always),
            _ => Err(InvalidId {
                what: "the setting of replies",
                expected: "never, onChange or always",
                found: text.chars().take(64).collect(),
            }),
        }
    }
}

/// A reply that is to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The request's token: one for each build.
    pub request_token: String,
    /// Its text. It depends on facts alone that do not change any more, so that two invocations at the same time send
    /// the same words.
    pub content: String,
}

/// Decides whether `build`, one of `all` builds of its pull request, is replied to.
///
/// It is not if a reply stands, or stood until a person deleted it; nor if a later run of the pull request already says
/// how things are: what people would be told is over.
pub fn decide_reply(
    replies: Replies,
    hook_name: &HookName,
    build: &Build,
    outcome: &Outcome<'_>,
    all: &[Build],
    own: &OwnComments<'_>,
) -> Option<Reply> {
    let change = change(build, outcome, all);
    let is_wanted = match replies {
        Replies::Never => false,
        Replies::OnChange => change.is_some(),
        Replies::Always => verdict(build, outcome, all).is_some(),
    };
    let pull_request_id = &build.pull_request.pull_request_id;
    let build_id = &build.arn.build_id;
    let is_later = |other: &Build| {
        other.pull_request.pull_request_id == *pull_request_id
            && other.start_time > build.start_time
            && verdict(other, &Outcome::of(other, None), all).is_some()
    };
    if !is_wanted || own.replied_to(build_id) || all.iter().any(is_later) {
        return None;
    }
    let parts = ["reply", hook_name.as_str(), pull_request_id.as_str(), build_id.as_str()];
    let request_token = request_token(&parts);
    // The token tells which build a deleted reply was on. Without one, any reply since the build's start may be it.
    let was_on_build = own.deleted_replies().iter().any(|reply| match &reply.client_request_token {
        Some(token) => *token == request_token,
        None => reply.creation_date.is_none_or(|date| build.start_time.is_none_or(|start| date >= start)),
    });
    if was_on_build {
        return None;
    }
    let marker = ReplyMarker { hook_name: hook_name.clone(), build_id: build_id.clone() };
    Some(Reply { request_token, content: reply_text(build, change, &marker) })
}

#[cfg(test)]
mod tests;
