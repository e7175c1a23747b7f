//! Lambda with one function on a port of its own, and what its tests look at.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use base64::Engine;
use local_aws::account::Account;
use local_aws::activity::Activity;
use local_aws::caller::AccessKeys;
use local_aws::clock::Clock;
use local_aws::door::{Door, Strangers};
use local_aws::eventbridge::{EventBridge, EventBridgeSettings};
use local_aws::faults::Faults;
use local_aws::http::{FrontDoor, PathHandler, PathService};
use local_aws::iam::{Condition, Effect, ResourceStatement, Role, Selection, Statement};
use local_aws::lambda::{Invocation, Lambda, LambdaSettings};
use local_aws::logs::LogStore;
use local_aws::sqs::Sqs;
use local_aws::template::{Function, Queue, Rule, Target};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// How long a condition may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What a test may change before its world starts.
pub(crate) struct Setup {
    pub(crate) executable: &'static str,
    pub(crate) function: Function,
    pub(crate) queue: Queue,
    pub(crate) rules: Vec<Rule>,
    pub(crate) role: Role,
}

/// The rule `requests` with the function `start` as its target, and the queue `failures` as on-failure destination of
/// the function and dead-letter queue of the target. Two invocations may run at one time.
pub(crate) struct FunctionWorld {
    pub(crate) lambda: Lambda,
    pub(crate) bus: EventBridge,
    pub(crate) function: Function,
    pub(crate) clock: Clock,
    pub(crate) activity: Activity,
    pub(crate) access_keys: AccessKeys,
    pub(crate) logs: LogStore,
    pub(crate) sqs: Sqs,
    pub(crate) faults: Faults,
    pub(crate) failures: String,
}

/// What lets EventBridge do something with a resource for one rule.
fn allow_rule(action: &str, resource: &str, rule: &str) -> ResourceStatement {
    let condition = Condition::parse("ArnEquals", "aws:SourceArn", vec![rule.to_owned()]).unwrap();
    ResourceStatement::allow("events.amazonaws.com", action, resource, vec![condition])
}

fn setup() -> Setup {
    let account = Account::default();
    let rule = account.arn("events", "rule/requests");
    let failures = account.arn("sqs", "failures");
    let queue = Queue {
        name: "failures".to_owned(),
        arn: failures.clone(),
        message_retention: Duration::from_secs(14 * 86_400),
        visibility_timeout: Duration::from_secs(30),
        policy: vec![allow_rule("sqs:SendMessage", &failures, &rule)],
    };
    let function = Function {
        logical_id: "Start".to_owned(),
        name: "start".to_owned(),
        arn: account.arn("lambda", "function:start"),
        role_name: "start-role".to_owned(),
        role_arn: account.global_arn("iam", "role/start-role"),
        runtime: "provided.al2023".to_owned(),
        code_key: "start-build.zip".to_owned(),
        handler: "bootstrap".to_owned(),
        environment: BTreeMap::new(),
        timeout: Duration::from_secs(60),
        memory_size: 128,
        log_group: "/aws/lambda/start".to_owned(),
        maximum_retry_attempts: 2,
        maximum_event_age: Duration::from_secs(6 * 3600),
        on_failure: Some(failures.clone()),
        policy: vec![allow_rule("lambda:InvokeFunction", &account.arn("lambda", "function:start"), &rule)],
    };
    let target = Target {
        id: "Target0".to_owned(),
        arn: function.arn.clone(),
        maximum_retry_attempts: 185,
        maximum_event_age: Duration::from_secs(86_400),
        dead_letter_queue: Some(failures),
    };
    let allow = |action: &str| Statement {
        effect: Effect::Allow,
        actions: Selection::Of(vec![action.to_owned()]),
        resources: Selection::Of(vec!["*".to_owned()]),
        conditions: Vec::new(),
    };
    let role = Role {
        name: function.role_name.clone(),
        arn: account.global_arn("iam", "role/start-role"),
        trust: Vec::new(),
        statements: ["logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"].map(allow).into(),
    };
    let rule = Rule {
        name: "requests".to_owned(),
        arn: rule,
        event_pattern: Some(serde_json::json!({ "source": ["ci.requests"] })),
        schedule: None,
        enabled: true,
        targets: vec![target],
    };
    Setup { executable: "tests/fixtures/function.sh", function, queue, rules: vec![rule], role }
}

impl FunctionWorld {
    pub(crate) async fn start(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = setup();
        change(&mut setup);
        let Setup { executable, function, queue, rules, role } = setup;
        // A second stack of the same template, to see that each has functions of its own.
        let mut other = function.clone();
        other.name.push_str("-of-another-stack");
        other.arn.push_str("-of-another-stack");
        let account = Account::default();
        let clock = Clock::default();
        clock.advance(Duration::from_secs(24 * 3600));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint_url = format!("http://{}", listener.local_addr().unwrap());
        let (activity, logs) = (Activity::default(), LogStore::new(clock.clone()));
        let access_keys = AccessKeys::new(account.clone(), vec![role]);
        let failures = queue.arn.clone();
        let sqs = Sqs::new(account.clone(), clock.clone(), &endpoint_url, vec![queue]);
        let executable = Path::new(env!("CARGO_MANIFEST_DIR")).join(executable);
        let functions = vec![function.clone(), other];
        let faults = Faults::new(&functions);
        let lambda = Lambda::new(LambdaSettings {
            account: account.clone(),
            clock: clock.clone(),
            activity: activity.clone(),
            functions,
            executables: BTreeMap::from([("Start".to_owned(), executable)]),
            endpoint_url,
            logs: logs.clone(),
            access_keys: access_keys.clone(),
            sqs: sqs.clone(),
            faults: faults.clone(),
            concurrency: 2,
        })
        .unwrap();
        let bus = EventBridge::new(EventBridgeSettings {
            account,
            clock: clock.clone(),
            activity: activity.clone(),
            rules,
            lambda: lambda.clone(),
            sqs: sqs.clone(),
            faults: faults.clone(),
        })
        .unwrap();
        let runtime = lambda.clone();
        let runtime: PathHandler = Arc::new(move |_, request| {
            let runtime = runtime.clone();
            Box::pin(async move { runtime.handle_runtime(request).await })
        });
        let front_door = FrontDoor {
            door: Door::Sessions,
            clock: clock.clone(),
            activity: activity.clone(),
            keys: access_keys.clone(),
            faults: faults.clone(),
            services: vec![Arc::new(sqs.clone())],
            paths: vec![PathService {
                prefix: "/runtime/",
                strangers: Strangers::Answered,
                handler: runtime,
            }],
        };
        let router = Router::new().fallback(async move |request: Request| front_door.respond(request).await);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { lambda, bus, function, clock, activity, access_keys, logs, sqs, faults, failures }
    }

    /// Pushes the clock and waits until everything that waited for this has ended.
    pub(crate) async fn step(&self, by: Duration) {
        self.clock.advance(by);
        tokio::time::timeout(LIMIT, self.activity.wait_until_idle()).await.expect("the end of what began");
    }

    pub(crate) async fn invoke(&self, payload: &str) -> Answer {
        self.invoke_as("start", &[], payload).await
    }

    pub(crate) async fn invoke_as(&self, name: &str, headers: &[(&str, &str)], payload: &str) -> Answer {
        let uri = format!("/2015-03-31/functions/{name}/invocations");
        let mut request = Request::builder().method("POST").uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::from(payload.to_owned())).unwrap()).await
    }

    /// Asks Lambda's API for what is at a path.
    pub(crate) async fn get(&self, uri: &str) -> Answer {
        self.ask(Request::builder().uri(uri).body(Body::empty()).unwrap()).await
    }

    async fn ask(&self, request: Request) -> Answer {
        let person = self.access_keys.identify(None);
        let response = tokio::time::timeout(LIMIT, self.lambda.handle_api(&person, request)).await;
        let (parts, body) = response.expect("an answer within the limit").into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// All lines of the function's log; streams one after the other.
    pub(crate) fn log(&self) -> Vec<String> {
        let group = &self.function.log_group;
        let streams = self.logs.streams(group).unwrap();
        let lines = streams.iter().flat_map(|stream| self.logs.read(group, stream).unwrap());
        lines.map(|event| event.message).collect()
    }

    pub(crate) fn log_streams(&self) -> usize {
        self.logs.streams(&self.function.log_group).unwrap().len()
    }

    /// The bodies in the failure queue.
    pub(crate) fn failures(&self) -> Vec<Value> {
        let messages = self.sqs.messages(&self.failures);
        messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }

    /// The invocations that ended so far.
    pub(crate) fn invocations(&self) -> Vec<Invocation> {
        self.lambda.invocations().borrow().clone()
    }
}

/// What Invoke answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: axum::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn log_result(&self) -> String {
        let encoded = self.header("x-amz-log-result").unwrap();
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
        String::from_utf8(decoded).unwrap()
    }
}

/// Invocations that run until the test lets go.
pub(crate) struct Hold {
    listener: TcpListener,
}

/// One such invocation; dropping it lets it go.
pub(crate) struct Held {
    stream: TcpStream,
}

impl Hold {
    pub(crate) async fn listen() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn event(&self) -> String {
        let port = self.listener.local_addr().unwrap().port();
        serde_json::json!({ "do": "hold", "port": port }).to_string()
    }

    pub(crate) async fn accept(&self) -> Held {
        let accepted = tokio::time::timeout(LIMIT, self.listener.accept()).await;
        Held { stream: accepted.expect("an invocation within the limit").unwrap().0 }
    }
}

impl Held {
    /// Waits until nothing of the invocation's processes is left.
    pub(crate) async fn wait_until_closed(&mut self) {
        let closed = tokio::time::timeout(LIMIT, self.stream.read(&mut [0])).await;
        // A killed process's connection may be reset.
        assert!(matches!(closed.expect("the end of the process"), Ok(0) | Err(_)));
    }
}
