//! The one port of a local AWS: who may ask, what is asked, and which service answers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::activity::Activity;
use crate::aws_json::{ApiError, AwsJsonService};
use crate::caller::{AccessKeys, Caller};
use crate::clock::Clock;
use crate::door::{Door, Strangers, refuse_stranger};
use crate::faults::Faults;
use crate::sts;

/// The date form of HTTP (RFC 9110, section 5.6.7). Times are UTC.
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// The largest body of an API call, in bytes: above every limit that the modeled services have.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// What answers the requests below a path.
pub type PathHandler =
    Arc<dyn Fn(Caller, Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// What is behind a path prefix.
#[derive(Clone)]
pub struct PathService {
    /// Such as `/v1/repos/`.
    pub prefix: &'static str,
    /// What a stranger gets at [`Door::Sessions`].
    pub strangers: Strangers,
    /// What answers everyone else.
    pub handler: PathHandler,
}

/// Routes requests to services. AWS tells them apart by host name; a loopback port does it by the target header and by
/// the path.
#[derive(Clone)]
pub struct FrontDoor {
    /// Whom it lets in.
    pub door: Door,
    /// Answers with this clock's time: a client that asks for AWS's time sees the stepped one.
    pub clock: Clock,
    /// Is told when a function or a build has been answered.
    pub activity: Activity,
    /// Tells whose request it is.
    pub keys: AccessKeys,
    /// What goes wrong with the calls of functions.
    pub faults: Faults,
    /// Services behind `POST /` with `X-Amz-Target`.
    pub services: Vec<Arc<dyn AwsJsonService>>,
    /// Services behind paths, by prefix.
    pub paths: Vec<PathService>,
}

impl std::fmt::Debug for FrontDoor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let services: Vec<_> = self.services.iter().map(|service| service.target_prefix()).collect();
        let paths: Vec<_> = self.paths.iter().map(|path| path.prefix).collect();
        let mut shown = formatter.debug_struct("FrontDoor");
        shown.field("door", &self.door).field("services", &services).field("paths", &paths).finish()
    }
}

impl FrontDoor {
    /// Answers one request.
    pub async fn respond(&self, request: Request) -> Response {
        let mut response = match refuse_foreign(request.headers()) {
            Some(refusal) => refusal,
            None => self.route(request).await,
        };
        let headers = response.headers_mut();
        let date = self.clock.now().format(HTTP_DATE).ok();
        if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
            headers.insert(header::DATE, date);
        }
        if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
            headers.entry(HeaderName::from_static("x-amzn-requestid")).or_insert(id);
        }
        response
    }

    async fn route(&self, request: Request) -> Response {
        let authorization =
            request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let caller = match (self.keys.find_session(authorization), self.door) {
            (Some(session), _) => session,
            (None, Door::Person) => self.keys.person(),
            (None, Door::Sessions) => {
                let strangers = self.find_path(request.uri().path()).map(|path| path.strangers);
                match refuse_stranger(strangers.unwrap_or(Strangers::Refused), request.headers()) {
                    Some(refusal) => return refusal,
                    None => self.keys.person(),
                }
            }
        };
        // What the person asks changes nothing by itself that a wait could miss, and a wait asks as the person.
        let by_the_product = caller.is_session();
        let response = self.answer(caller, request).await;
        if by_the_product {
            self.activity.note_change();
        }
        response
    }

    fn find_path(&self, path: &str) -> Option<&PathService> {
        self.paths.iter().find(|service| path.starts_with(service.prefix))
    }

    async fn answer(&self, caller: Caller, request: Request) -> Response {
        let path = request.uri().path();
        if let Some(service) = self.find_path(path) {
            return (service.handler)(caller, request).await;
        }
        if request.method() == Method::POST && path == "/" {
            if is_form(request.headers()) {
                return answer_form(&caller, request).await;
            }
            return self.call_service(caller, request).await;
        }
        let what = format!("{} {path}", request.method());
        error_response(&ApiError { status: 404, ..ApiError::not_modeled(what) }, "application/x-amz-json-1.1")
    }

    async fn call_service(&self, caller: Caller, request: Request) -> Response {
        let content_type = match request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) {
            Some(b"application/x-amz-json-1.0") => "application/x-amz-json-1.0",
            _ => "application/x-amz-json-1.1",
        };
        let (service, operation) = match self.find_operation(request.headers()) {
            Ok(found) => found,
            Err(error) => return error_response(&error, content_type),
        };
        let strike = self.faults.strike_call(caller.access_key_id.as_deref(), &operation);
        if let Some(strike) = strike.as_ref().filter(|strike| !strike.lets_take_effect()) {
            return strike.answer(service.as_ref(), content_type).await;
        }
        let outcome = call_operation(service.as_ref(), &operation, &caller, request).await;
        if let Some(strike) = strike {
            return strike.answer(service.as_ref(), content_type).await;
        }
        match outcome {
            Ok(answer) => ([(header::CONTENT_TYPE, content_type)], answer.to_string()).into_response(),
            Err(error) => {
                let mut response = error_response(&error, content_type);
                if let Some(code) = service.query_error_code(&error.code)
                    && let Ok(value) = HeaderValue::from_str(&format!("{code};Sender"))
                {
                    response.headers_mut().insert("x-amzn-query-error", value);
                }
                response
            }
        }
    }

    fn find_operation(&self, headers: &HeaderMap) -> Result<(&Arc<dyn AwsJsonService>, String), ApiError> {
        let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        let Some((prefix, operation)) = target.and_then(|target| target.rsplit_once('.')) else {
            return Err(ApiError::not_modeled(
                "a request that is neither a form nor has the header X-Amz-Target",
            ));
        };
        let service = self.services.iter().find(|service| service.target_prefix() == prefix);
        let service = service
            .ok_or_else(|| ApiError::not_modeled(format_args!("the service behind {prefix}.{operation}")))?;
        Ok((service, operation.to_owned()))
    }
}

async fn call_operation(
    service: &dyn AwsJsonService,
    operation: &str,
    caller: &Caller,
    request: Request,
) -> Result<Value, ApiError> {
    let body = to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|error| ApiError {
        status: 413,
        ..ApiError::new("RequestEntityTooLargeException", error.to_string())
    })?;
    let input = match body.as_ref() {
        b"" => json!({}),
        body => serde_json::from_slice(body)
            .map_err(|error| ApiError::new("SerializationException", error.to_string()))?,
    };
    let permission = service.permission(operation, &input);
    caller.authorize_with(&permission, |resource| service.resource_policy(resource))?;
    service.call(operation, caller, input).await
}

/// Whether a request is one of the query protocol. A target says that it is not: curl sends `-d` as a form unless it is
/// told otherwise.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    if headers.contains_key("x-amz-target") {
        return false;
    }
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    content_type.starts_with(b"application/x-www-form-urlencoded")
}

async fn answer_form(caller: &Caller, request: Request) -> Response {
    match to_bytes(request.into_body(), LARGEST_BODY).await {
        Ok(form) => sts::answer_form(caller, &String::from_utf8_lossy(&form)),
        Err(error) => (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).into_response(),
    }
}

/// The answer that AWS's JSON protocols give for an error.
pub fn error_response(error: &ApiError, content_type: &'static str) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "__type": error.code, "message": error.message }).to_string();
    let mut response = (status, [(header::CONTENT_TYPE, content_type)], Body::from(body)).into_response();
    if let Ok(code) = HeaderValue::from_str(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

/// Refuses what a web page could send to this machine: a host name that only resolves to it, or a foreign origin.
/// Builds run commands here, so a page that could push would run commands too.
fn refuse_foreign(headers: &HeaderMap) -> Option<Response> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("unreadable"));
    let host = text(header::HOST).unwrap_or("missing");
    let origin_is_foreign =
        |origin: &str| origin.split_once("://").is_none_or(|(_, authority)| !is_loopback(authority));
    let reason = if !is_loopback(host) {
        format!("the host {host} is not a loopback address: use 127.0.0.1 or localhost")
    } else if let Some(origin) = text(header::ORIGIN).filter(|origin| origin_is_foreign(origin)) {
        format!("requests from the origin {origin} are not answered")
    } else {
        return None;
    };
    let error = ApiError { status: 403, code: "AccessDeniedException".to_owned(), message: reason };
    Some(error_response(&error, "application/x-amz-json-1.1"))
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::account::Account;
    use crate::aws_json::Answer;
    use crate::iam::{Effect, Permission, Role, Selection, Statement};

    struct Echo;

    impl AwsJsonService for Echo {
        fn target_prefix(&self) -> &'static str {
            "Echo_20260101"
        }

        fn permission(&self, operation: &str, _input: &Value) -> Permission {
            Permission::on(format!("echo:{operation}"), "*")
        }

        fn call<'a>(&'a self, operation: &'a str, caller: &'a Caller, input: Value) -> Answer<'a> {
            Box::pin(async move {
                match operation {
                    "Say" => Ok(json!({ "said": input, "by": caller.arn })),
                    _ => Err(ApiError::not_modeled(operation)),
                }
            })
        }

        fn query_error_code(&self, code: &str) -> Option<&'static str> {
            (code == "NotModeledByLocalAws").then_some("Echo.OlderCode")
        }
    }

    fn front_door(clock: Clock) -> FrontDoor {
        let keys = AccessKeys::new(Account::default(), Vec::new());
        FrontDoor {
            door: Door::Person,
            clock,
            activity: Activity::default(),
            keys,
            faults: Faults::default(),
            services: vec![Arc::new(Echo)],
            paths: Vec::new(),
        }
    }

    async fn ask(headers: &[(&str, &str)], body: &'static str) -> (u16, Value, HeaderMap) {
        let clock = Clock::default();
        clock.advance(Duration::from_secs(40 * 365 * 24 * 3600));
        let mut request = Request::builder().method("POST").uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = front_door(clock).respond(request.body(Body::from(body)).unwrap()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body(), LARGEST_BODY).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap(), headers)
    }

    #[tokio::test]
    async fn an_operation_is_found_by_its_target_and_answered_with_the_clocks_date() {
        let headers = [("host", "127.0.0.1:4580"), ("x-amz-target", "Echo_20260101.Say")];
        let (status, answer, headers) = ask(&headers, r#"{"a":1}"#).await;
        assert_eq!((status, &answer["said"]), (200, &json!({ "a": 1 })));
        let year: u32 = headers["date"].to_str().unwrap()[12..16].parse().unwrap();
        assert!(year >= 2060, "the answer is dated {year}, not by the stepped clock");
    }

    #[tokio::test]
    async fn a_session_is_refused_before_the_service_acts() {
        let statement = Statement {
            effect: Effect::Allow,
            actions: Selection::Of(vec!["echo:Say".to_owned()]),
            resources: Selection::Of(vec!["*".to_owned()]),
            conditions: Vec::new(),
        };
        let (name, arn) = ("r".to_owned(), "arn:aws:iam::123456789012:role/r".to_owned());
        let role = Role { name, arn, trust: Vec::new(), statements: vec![statement] };
        let keys = AccessKeys::new(Account::default(), vec![role]);
        let key = keys.issue(&keys.open_session("r", "f")).access_key_id;
        let front_door = FrontDoor { keys, ..front_door(Clock::default()) };
        for (operation, status) in [("Say", 200), ("Shout", 400)] {
            let request = Request::builder()
                .method("POST")
                .header("host", "localhost")
                .header("x-amz-target", format!("Echo_20260101.{operation}"))
                .header("authorization", format!("AWS4-HMAC-SHA256 Credential={key}/20261121/x"));
            let response = front_door.respond(request.body(Body::from("{}")).unwrap()).await;
            assert_eq!(response.status(), status, "{operation}");
            let error = response.headers().get("x-amzn-errortype").map(|value| value.to_str().unwrap());
            assert_eq!(error, (status == 400).then_some("AccessDeniedException"));
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_refused_by_name() {
        for (target, name) in [("Echo_20260101.Shout", "Shout"), ("Glue.GetJob", "Glue.GetJob")] {
            let (status, answer, _) = ask(&[("host", "localhost:1"), ("x-amz-target", target)], "").await;
            assert_eq!((status, answer["__type"].as_str()), (400, Some("NotModeledByLocalAws")));
            assert!(answer["message"].as_str().unwrap().contains(name), "{answer}");
        }
    }

    #[tokio::test]
    async fn an_older_code_of_an_error_is_sent_along() {
        let headers = [("host", "localhost:1"), ("x-amz-target", "Echo_20260101.Shout")];
        let (_, _, headers) = ask(&headers, "").await;
        assert_eq!(headers["x-amzn-query-error"], "Echo.OlderCode;Sender");
    }

    #[tokio::test]
    async fn a_name_that_only_resolves_here_and_a_foreign_page_are_refused() {
        let target = ("x-amz-target", "Echo_20260101.Say");
        let foreign = [
            vec![("host", "evil.example:4580"), target],
            vec![("host", "127.0.0.1.evil.example"), target],
            vec![("host", "127.0.0.1:4580"), ("origin", "https://evil.example"), target],
            vec![("host", "127.0.0.1:4580"), ("origin", "null"), target],
            vec![target],
        ];
        for headers in foreign {
            let (status, answer, _) = ask(&headers, "{}").await;
            assert_eq!(status, 403, "{headers:?} was answered with {answer}");
        }
        let own = [("host", "[::1]:4580"), ("origin", "http://localhost:4580"), target];
        assert_eq!(ask(&own, "{}").await.0, 200);
    }

    #[tokio::test]
    async fn a_form_is_a_call_of_the_query_protocol() {
        let request = Request::builder().method("POST").uri("/").header("host", "localhost:1");
        let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let request = request.body(Body::from("Action=GetCallerIdentity&Version=2011-06-15")).unwrap();
        let response = front_door(Clock::default()).respond(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/xml");
        let body = to_bytes(response.into_body(), LARGEST_BODY).await.unwrap();
        let arn = "<Arn>arn:aws:iam::123456789012:user/developer</Arn>";
        assert!(String::from_utf8_lossy(&body).contains(arn), "{body:?}");
    }

    #[tokio::test]
    async fn a_target_decides_also_where_the_content_type_is_the_default_of_curl() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [("host", "localhost:1"), ("x-amz-target", "Echo_20260101.Say"), form];
        let (status, answer, headers) = ask(&headers, r#"{"a":1}"#).await;
        assert_eq!((status, &answer["said"]), (200, &json!({ "a": 1 })));
        assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
    }

    #[tokio::test]
    async fn a_body_that_is_not_json_is_a_serialization_error() {
        let (status, answer, _) =
            ask(&[("host", "localhost"), ("x-amz-target", "Echo_20260101.Say")], "{").await;
        assert_eq!((status, answer["__type"].as_str()), (400, Some("SerializationException")));
    }
}
