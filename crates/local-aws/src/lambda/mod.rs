//! Lambda: starts the real executables, serves them the Runtime API, and handles asynchronous events as AWS does.

mod api;
mod asynchronous;
mod environment;
mod invocation;
mod invoke_api;
mod output;
mod runtime_api;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use time::OffsetDateTime;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::account::Account;
use crate::activity::Activity;
use crate::caller::{AccessKeys, Caller};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::iam::{AccessDenied, Permission};
use crate::logs::LogStore;
use crate::sqs::Sqs;
use crate::tasks::{ShuttingDown, Tasks};
use crate::template::Function;

pub use api::{EVENT_INVOKE_CONFIG_PATH, PATH};
pub use invocation::{Invocation, Outcome};

use environment::Environment;
use invocation::{Completed, InvocationRequest};
use runtime_api::RuntimeCall;

/// The largest payload of a synchronous invocation and of a response, in bytes: 6 MB (Lambda quotas).
const SYNCHRONOUS_PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// The largest payload of an asynchronous invocation, in bytes: 1 MB (Lambda quotas).
const EVENT_PAYLOAD_LIMIT: usize = 1024 * 1024;

/// How many invocations a new account may have at one time; more are throttled.
pub const DEFAULT_CONCURRENCY: usize = 10;

/// What Lambda needs of the world around it.
#[derive(Debug)]
pub struct LambdaSettings {
    /// Where the functions live.
    pub account: Account,
    /// Retries and event ages follow it. Deadlines of invocations do not: they are real time.
    pub clock: Clock,
    /// Is told of each invocation.
    pub activity: Activity,
    /// The functions of the template.
    pub functions: Vec<Function>,
    /// The executable of each function, by logical id: two stacks of one template run the same ones.
    pub executables: BTreeMap<String, PathBuf>,
    /// The URL of the one port, without a slash at its end: `http://127.0.0.1:PORT`.
    pub endpoint_url: String,
    /// Where output goes.
    pub logs: LogStore,
    /// Gives each environment credentials of its function's role.
    pub access_keys: AccessKeys,
    /// Takes the records for on-failure destinations.
    pub sqs: Sqs,
    /// What goes wrong with the calls of the functions.
    pub faults: Faults,
    /// Invocations at one time in this account; see [`DEFAULT_CONCURRENCY`].
    pub concurrency: usize,
}

/// Why the functions of a template cannot be created.
#[derive(Debug, thiserror::Error)]
#[error(
    "function {logical_id} ({code_key}) has no executable; build it, or name one with --function {logical_id}=PATH"
)]
pub struct NoExecutable {
    /// The function's key in the template.
    pub logical_id: String,
    /// The object key of its code.
    pub code_key: String,
}

/// Why an invocation was refused before a function saw it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No function has this name or ARN.
    #[error("Function not found: {0}")]
    FunctionNotFound(String),
    /// Neither the function's resource policy nor the caller's policies allow it.
    #[error(transparent)]
    AccessDenied(#[from] AccessDenied),
    /// The payload is over the limit.
    #[error("Request must be smaller than {limit} bytes for the InvokeFunction operation")]
    RequestTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// As many invocations as the account may have are running.
    #[error("Rate Exceeded.")]
    TooManyRequests,
    /// Lambda was shut down.
    #[error(transparent)]
    ShuttingDown(#[from] ShuttingDown),
}

/// The ways to the environments that run, by the environment's id.
type Runtimes = Arc<Mutex<HashMap<String, mpsc::Sender<RuntimeCall>>>>;

/// Lambda. Clones share everything.
#[derive(Debug, Clone)]
pub struct Lambda {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    account: Account,
    clock: Clock,
    /// When the functions were created.
    created: OffsetDateTime,
    activity: Activity,
    functions: Vec<Arc<FunctionState>>,
    endpoint_url: String,
    logs: LogStore,
    access_keys: AccessKeys,
    sqs: Sqs,
    faults: Faults,
    concurrency: Arc<Semaphore>,
    /// Where the Runtime API's calls of each environment go.
    runtimes: Runtimes,
    invocations: watch::Sender<Vec<Invocation>>,
    /// Invocations and waiting events.
    tasks: Tasks,
}

#[derive(Debug)]
struct FunctionState {
    function: Function,
    executable: PathBuf,
    /// Environments between two invocations; the last one used is used again first.
    warm: Mutex<Vec<Environment>>,
}

impl Lambda {
    /// Creates the functions. No process is started before the first invocation.
    pub fn new(settings: LambdaSettings) -> Result<Self, NoExecutable> {
        let executables = settings.executables;
        let functions = settings
            .functions
            .into_iter()
            .map(|function| match executables.get(&function.logical_id) {
                Some(executable) => {
                    settings.logs.create_group(&function.log_group);
                    let executable = executable.clone();
                    Ok(Arc::new(FunctionState { function, executable, warm: Mutex::default() }))
                }
                None => Err(NoExecutable { logical_id: function.logical_id, code_key: function.code_key }),
            })
            .collect::<Result<_, _>>()?;
        let inner = Inner {
            account: settings.account,
            created: settings.clock.now(),
            clock: settings.clock,
            activity: settings.activity,
            functions,
            endpoint_url: settings.endpoint_url,
            logs: settings.logs,
            access_keys: settings.access_keys,
            sqs: settings.sqs,
            faults: settings.faults,
            concurrency: Arc::new(Semaphore::new(settings.concurrency)),
            runtimes: Arc::default(),
            invocations: watch::Sender::default(),
            tasks: Tasks::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Every invocation so far in the order in which they ended, attempts at the same event one by one.
    pub fn invocations(&self) -> watch::Receiver<Vec<Invocation>> {
        self.inner.invocations.subscribe()
    }

    /// Queues an event for a function, by name or ARN, and returns the request's id.
    pub fn invoke_event(&self, function: &str, payload: Bytes) -> Result<String, InvokeError> {
        let function = self.inner.find_function(function)?;
        if payload.len() > EVENT_PAYLOAD_LIMIT {
            return Err(InvokeError::RequestTooLarge { limit: EVENT_PAYLOAD_LIMIT });
        }
        self.inner.queue_event(function, payload)
    }

    /// Queues an event as a service does: only if the function's resource policy allows it.
    pub fn invoke_event_as(
        &self,
        service: &Caller,
        function: &str,
        payload: Bytes,
    ) -> Result<String, InvokeError> {
        self.inner.find_function(function)?.authorize_invocation(service)?;
        self.invoke_event(function, payload)
    }

    /// Ends every invocation, forgets every waiting event, and kills every environment.
    pub async fn shutdown(&self) {
        self.inner.tasks.shutdown().await;
        for function in &self.inner.functions {
            lock(&function.warm).clear();
        }
    }
}

impl Inner {
    /// By name, or by ARN with or without `:$LATEST`.
    fn find_function(&self, name: &str) -> Result<Arc<FunctionState>, InvokeError> {
        let plain = name.strip_suffix(":$LATEST").unwrap_or(name);
        self.functions
            .iter()
            .find(|state| state.function.name == plain || state.function.arn == plain)
            .cloned()
            .ok_or_else(|| {
                let arn = if name.starts_with("arn:") {
                    name.to_owned()
                } else {
                    self.account.arn("lambda", &format!("function:{name}"))
                };
                InvokeError::FunctionNotFound(arn)
            })
    }

    /// Runs an invocation in an environment of its own task, so that it goes on when the caller goes away.
    fn start_invocation(
        self: &Arc<Self>,
        function: &Arc<FunctionState>,
        request: InvocationRequest,
    ) -> Result<oneshot::Receiver<Completed>, InvokeError> {
        let permit =
            self.concurrency.clone().try_acquire_owned().map_err(|_| InvokeError::TooManyRequests)?;
        let busy = self.activity.begin();
        let (answer, answered) = oneshot::channel();
        let (inner, function) = (self.clone(), function.clone());
        self.tasks.spawn(async move {
            inner.run_invocation(&function, &request, answer).await;
            drop(permit);
            drop(busy);
        })?;
        Ok(answered)
    }

    async fn run_invocation(
        &self,
        function: &FunctionState,
        request: &InvocationRequest,
        answer: oneshot::Sender<Completed>,
    ) {
        let warm = take_warm(function);
        let (completed, environment) = match warm {
            Some(mut environment) => (environment.invoke(request).await, Some(environment)),
            None => match Environment::start(self, function) {
                Ok(mut environment) => (environment.invoke(request).await, Some(environment)),
                Err(error) => {
                    let executable = function.executable.display();
                    tracing::error!(%executable, %error, "a function's executable cannot be started");
                    (Completed::not_started(request, &error), None)
                }
            },
        };
        let invocation = Invocation::new(&function.function, request, &completed);
        self.invocations.send_modify(|all| all.push(invocation));
        // The caller may be gone; the invocation counts all the same.
        answer.send(completed).ok();
        if let Some(mut environment) = environment
            && environment.settle().await
        {
            lock(&function.warm).push(environment);
        }
    }
}

impl FunctionState {
    /// Refuses a caller who may not invoke this function.
    fn authorize_invocation(&self, caller: &Caller) -> Result<(), AccessDenied> {
        let permission = Permission::on("lambda:InvokeFunction", &self.function.arn);
        caller.authorize_with(&permission, |_| self.function.policy.clone())
    }
}

/// A warm environment whose process still runs.
fn take_warm(function: &FunctionState) -> Option<Environment> {
    let mut warm = lock(&function.warm);
    while let Some(mut environment) = warm.pop() {
        if environment.is_alive() {
            return Some(environment);
        }
    }
    None
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
