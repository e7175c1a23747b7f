//! The answers that a script can give.

use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::ConnectorError},
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// One answer of the replayed AWS, in the form of awsJson1_1.
#[derive(Debug, Clone)]
pub struct Answer {
    kind: Kind,
    date: Option<String>,
}

#[derive(Debug, Clone)]
enum Kind {
    Response { status: u16, body: Value },
    LostConnection,
}

impl Answer {
    /// Success: status 200 with `body`. Timestamps are numbers, in seconds since 1970.
    pub fn json(body: Value) -> Self {
        Self::response(200, body)
    }

    /// An error that the service answers with status 400, by its exception's name.
    pub fn error(exception: &str, message: &str) -> Self {
        Self::response(400, json!({"__type": exception, "message": message}))
    }

    /// A status alone, such as 500 or 503, with an empty object as its body.
    pub fn status(status: u16) -> Self {
        Self::response(status, json!({}))
    }

    /// No answer: the connection breaks.
    pub fn lost_connection() -> Self {
        Self { kind: Kind::LostConnection, date: None }
    }

    /// The same answer with the header `Date`, in HTTP's form: `Tue, 14 Jul 2026 09:57:50 GMT`.
    pub fn at(mut self, date: impl Into<String>) -> Self {
        self.date = Some(date.into());
        self
    }

    fn response(status: u16, body: Value) -> Self {
        Self { kind: Kind::Response { status, body }, date: None }
    }

    pub(crate) fn into_response(self) -> Result<HttpResponse, ConnectorError> {
        let (status, body) = match self.kind {
            Kind::Response { status, body } => (status, body),
            Kind::LostConnection => return Err(ConnectorError::io("the connection broke".into())),
        };
        let status = StatusCode::try_from(status).map_err(|error| ConnectorError::user(error.into()))?;
        let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
        if let Some(date) = self.date {
            response.headers_mut().insert("date", date);
        }
        Ok(response)
    }
}
