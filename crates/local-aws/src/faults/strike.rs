//! A fault that strikes a call.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::Response;
use http_body_util::channel::Channel;
use tokio::sync::Notify;

use super::{Effect, Moment};
use crate::aws_json::{ApiError, AwsJsonService};
use crate::http::error_response;

/// What AWS says to a call that it failed to carry out (API references, "Common errors").
const INTERNAL_FAILURE: &str =
    "The request processing has failed because of an unknown error, exception or failure.";

/// A fault that strikes one call.
#[derive(Debug)]
pub(crate) struct Strike {
    pub(super) effect: Effect,
    pub(super) when: Moment,
    pub(super) kill: Arc<Notify>,
}

impl Strike {
    /// Whether the call takes effect all the same.
    pub(crate) fn lets_take_effect(&self) -> bool {
        self.when == Moment::After
    }

    /// What the caller gets in the place of the answer. One that is killed gets nothing.
    pub(crate) async fn answer(&self, service: &dyn AwsJsonService, content_type: &'static str) -> Response {
        match self.effect {
            Effect::Throttled => error_response(&service.throttling_error(), content_type),
            Effect::Failed => error_response(&ApiError::internal(INTERNAL_FAILURE), content_type),
            Effect::Cut => cut_connection(),
            Effect::Killed => {
                self.kill.notify_one();
                // The end of the process ends its connection, and with it this.
                std::future::pending().await
            }
        }
    }
}

/// An answer whose body fails before any of it was sent: the server then closes the connection without a word.
fn cut_connection() -> Response {
    let (sender, body) = Channel::<Bytes, io::Error>::new(1);
    sender.abort(io::ErrorKind::ConnectionAborted.into());
    Response::new(Body::new(body))
}
