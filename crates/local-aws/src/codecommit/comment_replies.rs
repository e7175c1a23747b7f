//! The operation that replies to a comment.

use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeCommit;
use super::comment_answers::comment_json;
use super::parameters::{comment_content, comment_id, request_token};
use super::state::{Comment, PostRequest};
use crate::aws_json::ApiError;
use crate::caller::Caller;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PostCommentReply {
    in_reply_to: Option<String>,
    content: Option<String>,
    client_request_token: Option<String>,
}

impl CodeCommit {
    /// A deleted comment can be replied to: the API model lists no error for it.
    pub(super) fn post_comment_reply(
        &self,
        caller: &Caller,
        input: PostCommentReply,
    ) -> Result<Value, ApiError> {
        let token = request_token(caller, input.client_request_token)?;
        let in_reply_to = comment_id(input.in_reply_to)?;
        let content = comment_content(input.content)?;
        let request = PostRequest::Reply { in_reply_to: in_reply_to.clone(), content: content.clone() };
        let mut state = self.lock();
        let parent = state.posted_comment(&in_reply_to)?.clone();
        if let Some(comment) = state.find_posted(&token, &request)? {
            return Ok(json!({ "comment": comment_json(comment, caller) }));
        }
        let now = self.clock.now();
        let comment = Comment {
            id: state.pull_request(parent.pull_request)?.new_comment_id(),
            in_reply_to: Some(in_reply_to),
            content: Some(content),
            author_arn: caller.arn.clone(),
            token: token.token.clone(),
            created: now,
            modified: now,
            reactions: Vec::new(),
            ..parent
        };
        let answer = json!({ "comment": comment_json(&comment, caller) });
        self.add_comment(&mut state, caller, (token, request), comment)?;
        Ok(answer)
    }
}
