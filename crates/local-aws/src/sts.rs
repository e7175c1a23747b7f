//! STS over the query protocol: a form in, XML out.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::aws_json::ApiError;
use crate::caller::Caller;
use crate::query_string::parse_pairs;

/// The version of STS's API, and so a part of its XML's namespace.
const VERSION: &str = "2011-06-15";

/// Answers a form that was posted to `/`: GetCallerIdentity, which anyone may call. Any other action, of STS or of
/// another service with this protocol, is refused by name in the protocol's own form.
pub fn answer_form(caller: &Caller, form: &str) -> Response {
    match call(caller, form) {
        Ok(result) => respond(StatusCode::OK, |request_id| {
            format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\
                 <GetCallerIdentityResult>{result}</GetCallerIdentityResult>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
                 </GetCallerIdentityResponse>"
            )
        }),
        Err(error) => error_response(&error),
    }
}

/// The answer that the query protocol gives for an error.
pub fn error_response(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let (code, message) = (escape_xml(&error.code), escape_xml(&error.message));
    respond(status, |request_id| {
        format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\
             <Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    })
}

fn respond(status: StatusCode, body: impl FnOnce(&str) -> String) -> Response {
    let request_id = Uuid::new_v4().to_string();
    let body = body(&request_id);
    (status, [(header::CONTENT_TYPE, "text/xml")], [("x-amzn-requestid", request_id)], body).into_response()
}

fn call(caller: &Caller, form: &str) -> Result<String, ApiError> {
    let pairs = parse_pairs(form);
    let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let Some(action) = value("Action") else {
        return Err(ApiError::new("MissingAction", "The form has no Action."));
    };
    if action != "GetCallerIdentity" || value("Version") != Some(VERSION) {
        let what = format!("the action {action} of version {}", value("Version").unwrap_or("(none)"));
        return Err(ApiError::not_modeled(format_args!(
            "{what}; of the query protocols it has STS {VERSION}"
        )));
    }
    if let Some((name, _)) = pairs.iter().find(|(name, _)| name != "Action" && name != "Version") {
        return Err(ApiError::not_modeled(format_args!("the member {name} of {action}")));
    }
    let account = caller.arn.split(':').nth(4).unwrap_or_default();
    let (arn, user_id) = (escape_xml(&caller.arn), escape_xml(&unique_id(caller)));
    Ok(format!("<Arn>{arn}</Arn><UserId>{user_id}</UserId><Account>{account}</Account>"))
}

/// The caller's unique id: of a user `AIDA…`, of a role's session `AROA…:SESSION` (IAM user guide, "IAM identifiers").
/// The rest is made from the name, so that it stays the same.
fn unique_id(caller: &Caller) -> String {
    let resource = caller.arn.splitn(6, ':').nth(5).unwrap_or_default();
    let (prefix, name, session) = match resource.split('/').collect::<Vec<_>>()[..] {
        ["assumed-role", role, session] => ("AROA", role, Some(session)),
        _ => ("AIDA", resource, None),
    };
    let id: String = Sha256::digest(name).iter().take(8).map(|byte| format!("{byte:02X}")).collect();
    match session {
        Some(session) => format!("{prefix}{id}:{session}"),
        None => format!("{prefix}{id}"),
    }
}

fn escape_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn ask(arn: &str, form: &str) -> (u16, String) {
        let response = answer_form(&Caller::administrator(arn), form);
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_caller_is_told_who_it_is() {
        let form = "Action=GetCallerIdentity&Version=2011-06-15";
        let (status, person) = ask("arn:aws:iam::123456789012:user/developer", form).await;
        assert_eq!(status, 200);
        for part in [
            "<Arn>arn:aws:iam::123456789012:user/developer</Arn>",
            "<UserId>AIDA",
            "<Account>123456789012</Account>",
        ] {
            assert!(person.contains(part), "{part} is not in {person}");
        }
        let (_, session) = ask("arn:aws:sts::123456789012:assumed-role/publish-role/publish", form).await;
        assert!(session.contains("<UserId>AROA") && session.contains(":publish</UserId>"), "{session}");
    }

    #[tokio::test]
    async fn any_other_action_is_refused_by_name_and_as_xml() {
        for (form, name) in [
            ("Action=AssumeRole&Version=2011-06-15", "AssumeRole"),
            ("Action=ListUsers&Version=2010-05-08", "ListUsers"),
            ("Action=%3Cb%3E&Version=2011-06-15", "&lt;b&gt;"),
            ("Action=GetCallerIdentity&Version=2011-06-15&Extra=1", "Extra"),
        ] {
            let (status, answer) = ask("arn:aws:iam::123456789012:user/developer", form).await;
            assert_eq!(status, 400);
            assert!(answer.contains("<Code>NotModeledByLocalAws</Code>"), "{answer}");
            assert!(answer.contains(name), "{name} is not in {answer}");
        }
        let (_, answer) = ask("arn:aws:iam::123456789012:user/developer", "").await;
        assert!(answer.contains("<Code>MissingAction</Code>"), "{answer}");
    }
}
