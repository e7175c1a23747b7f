//! The two doors of a local AWS: the person's, and that of the functions and builds.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::aws_json::ApiError;
use crate::http::{error_response, is_form};
use crate::sts;

/// How a service treats a request without a key that was handed out here, where only those are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strangers {
    /// It is answered: the path itself is the secret.
    Answered,
    /// It is refused, as AWS's APIs do.
    Refused,
    /// It is asked for a user name and a password, as Git's clients expect.
    Asked,
}

/// Whose door it is. On one machine nothing else tells a build's request without credentials from the person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The person's at the terminal: who shows no key that was handed out here is that person.
    Person,
    /// Of functions and builds, who get its address as their endpoint: who shows no key that was handed out here is
    /// nobody.
    Sessions,
}

/// The refusal of a request without a key that was handed out here; nothing where such a request is answered.
pub(crate) fn refuse_stranger(strangers: Strangers, headers: &HeaderMap) -> Option<Response> {
    match strangers {
        Strangers::Answered => None,
        Strangers::Asked => Some(ask_for_credentials()),
        Strangers::Refused if is_form(headers) => Some(sts::error_response(&stranger_error(headers))),
        Strangers::Refused => Some(error_response(&stranger_error(headers), "application/x-amz-json-1.1")),
    }
}

/// What AWS's APIs say to a request without credentials, or with credentials that nobody was given.
fn stranger_error(headers: &HeaderMap) -> ApiError {
    let (code, message) = if headers.contains_key(header::AUTHORIZATION) {
        ("UnrecognizedClientException", "The security token included in the request is invalid.")
    } else {
        ("MissingAuthenticationTokenException", "Missing Authentication Token")
    };
    ApiError { status: 403, ..ApiError::new(code, message) }
}

/// A challenge, upon which Git asks its credential helpers.
fn ask_for_credentials() -> Response {
    let headers =
        [(header::WWW_AUTHENTICATE, "Basic realm=\"CodeCommit\""), (header::CONTENT_TYPE, "text/plain")];
    let text = "functions and builds show the credentials of their role here; in a buildspec, \
                git-credential-helper: yes under env: lets git send them\n";
    (StatusCode::UNAUTHORIZED, headers, text).into_response()
}
