//! One page of a list.

use serde_json::{Value, json};

use crate::aws_json::ApiError;
use crate::codebuild::request::invalid;

/// Items a page, at most and by default (API reference, `PageSize`).
const PAGE: usize = 100;

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageRequest<'r> {
    pub max_results: Option<i64>,
    pub next_token: Option<&'r str>,
}

impl PageRequest<'_> {
    /// The page of `items` as the answer's member `name`. A token is the key of the last item of its page, so that items
    /// that come before it meanwhile do not shift the next one.
    pub(super) fn answer<T>(
        self,
        name: &str,
        items: &[T],
        key: impl Fn(&T) -> String,
        to_json: impl Fn(&T) -> Value,
    ) -> Result<Value, ApiError> {
        let size = match self.max_results.map(usize::try_from) {
            None => PAGE,
            Some(Ok(size)) if (1..=PAGE).contains(&size) => size,
            Some(_) => return Err(invalid(format!("maxResults must be between 1 and {PAGE}"))),
        };
        let start = match self.next_token {
            None => 0,
            Some(token) => {
                let last = items.iter().position(|item| key(item) == token);
                last.ok_or_else(|| invalid("Invalid nextToken"))? + 1
            }
        };
        let rest = &items[start..];
        let page = &rest[..rest.len().min(size)];
        let mut answer = json!({ name: page.iter().map(to_json).collect::<Vec<_>>() });
        if let Some(last) = page.last().filter(|_| rest.len() > size) {
            answer["nextToken"] = key(last).into();
        }
        Ok(answer)
    }
}
