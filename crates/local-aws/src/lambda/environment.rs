//! An execution environment: one process of a function, one invocation at a time.

use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tempfile::TempDir;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::process::Command;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::invocation::{Completed, FunctionError, InvocationRequest, TIMESTAMP, report_line};
use super::output::Output;
use super::runtime_api::{NextInvocation, RuntimeCall};
use super::{FunctionState, Inner, Runtimes, lock};
use crate::clock::Clock;
use crate::faults::{CallingInvocation, CountedInvocation, Faults};
use crate::iam::Permission;
use crate::process_group::ProcessGroup;
use crate::template::Function;

/// How long a runtime may take to start before its time counts as the invocation's (Lambda developer guide, "Init
/// phase").
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// The date in a log stream's name.
const STREAM_DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]/[month]/[day]");

/// A running process of a function. Dropping it kills the process and what it started.
#[derive(Debug)]
pub(super) struct Environment {
    function: Function,
    clock: Clock,
    process: ProcessGroup,
    output: Output,
    calls: mpsc::Receiver<RuntimeCall>,
    /// The runtime's open `next`.
    waiting: Option<oneshot::Sender<NextInvocation>>,
    started: Instant,
    /// Until when the current invocation may run.
    deadline: Instant,
    state: State,
    /// Whose calls its process makes.
    access_key_id: String,
    faults: Faults,
    /// Told by a fault that kills the process.
    kill: Arc<Notify>,
    _registration: Registration,
    _task_root: TempDir,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Starting,
    Ready,
    /// The process has ended or has to.
    Over,
}

/// The Runtime API's way to this environment, closed with it.
#[derive(Debug)]
struct Registration {
    id: String,
    runtimes: Runtimes,
}

impl Drop for Registration {
    fn drop(&mut self) {
        lock(&self.runtimes).remove(&self.id);
    }
}

/// What the environment's process does next.
enum Event {
    Call(RuntimeCall),
    Exit(ExitStatus),
}

impl Environment {
    /// Starts the function's executable with the variables that Lambda gives it, and nothing else.
    pub(super) fn start(lambda: &Inner, state: &FunctionState) -> io::Result<Self> {
        let function = &state.function;
        let id = uuid::Uuid::new_v4().simple().to_string();
        let date = lambda.clock.now().format(STREAM_DATE).unwrap_or_default();
        let log_stream = format!("{date}/[$LATEST]{id}");
        let task_root = tempfile::Builder::new().prefix("local-aws-function-").tempdir()?;
        let session = lambda.access_keys.open_session(&function.role_name, &function.name);
        let stream_arn = lambda.account.log_stream_arn(&function.log_group, &log_stream);
        let may = |action| session.authorize(&Permission::on(action, &stream_arn)).is_ok();
        // Without the permission a function runs, and nobody reads what it prints.
        let logs = (may("logs:CreateLogStream") && may("logs:PutLogEvents")).then(|| lambda.logs.clone());
        let (output, stdout, stderr) = Output::open(logs, &function.log_group, &log_stream)?;

        let credentials = lambda.access_keys.issue(&session);
        let memory_size = function.memory_size.to_string();
        let task_root_text = task_root.path().to_string_lossy().into_owned();
        let mut command = Command::new(&state.executable);
        command
            .env_clear()
            .envs(&function.environment)
            .envs([
                ("AWS_ACCESS_KEY_ID", credentials.access_key_id.as_str()),
                ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
                ("AWS_SESSION_TOKEN", &credentials.session_token),
                ("AWS_REGION", &lambda.account.region),
                ("AWS_DEFAULT_REGION", &lambda.account.region),
                ("AWS_ENDPOINT_URL", &lambda.endpoint_url),
                ("AWS_LAMBDA_FUNCTION_NAME", &function.name),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory_size),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", &function.log_group),
                ("AWS_LAMBDA_LOG_STREAM_NAME", &log_stream),
                ("AWS_LAMBDA_RUNTIME_API", &format!("{}/runtime/{id}", lambda.endpoint_url)),
                ("LAMBDA_TASK_ROOT", &task_root_text),
                ("TMPDIR", &task_root_text),
                ("_HANDLER", &function.handler),
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("LANG", "en_US.UTF-8"),
                ("TZ", ":UTC"),
            ])
            .current_dir(task_root.path())
            .stdin(std::process::Stdio::null())
            .stdout(stdout)
            .stderr(stderr);
        let (sender, calls) = mpsc::channel(8);
        lock(&lambda.runtimes).insert(id.clone(), sender);
        let registration = Registration { id, runtimes: lambda.runtimes.clone() };
        let process = ProcessGroup::spawn(&mut command)?;
        let started = Instant::now();
        Ok(Self {
            function: function.clone(),
            clock: lambda.clock.clone(),
            process,
            output,
            calls,
            waiting: None,
            started,
            deadline: started,
            state: State::Starting,
            access_key_id: credentials.access_key_id,
            faults: lambda.faults.clone(),
            kill: Arc::default(),
            _registration: registration,
            _task_root: task_root,
        })
    }

    /// Whether the process still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        self.state == State::Ready && matches!(self.process.child.try_wait(), Ok(None))
    }

    /// Hands an invocation to the runtime and waits for how it ends. Never longer than the function's timeout, plus,
    /// in a new environment, the time that AWS grants the start.
    pub(super) async fn invoke(&mut self, request: &InvocationRequest) -> Completed {
        self.output.start_tail();
        let init = if self.state == State::Starting {
            self.deadline = self.started + INIT_LIMIT + self.function.timeout;
            let ended = timeout_at(self.deadline, self.initialize()).await;
            self.judge(request, ended).map(|()| Some(self.started.elapsed()))
        } else {
            Ok(None)
        };
        self.output.write_line(&format!("START RequestId: {} Version: $LATEST", request.request_id));
        let begun = Instant::now();
        let (result, init_duration) = match init {
            Ok(init_duration) => {
                self.state = State::Ready;
                self.deadline = begun + self.function.timeout;
                let counted = self.count_calls(request);
                let ended = timeout_at(self.deadline, self.exchange(request)).await;
                drop(counted);
                (self.judge(request, ended), init_duration)
            }
            Err(error) => {
                self.state = State::Over;
                (Err(error), None)
            }
        };
        let duration = begun.elapsed();
        self.log_end(request, &result, duration, init_duration);
        Completed { result, duration, log_tail: self.output.tail() }
    }

    fn count_calls(&self, request: &InvocationRequest) -> CountedInvocation {
        let invocation = CallingInvocation {
            logical_id: self.function.logical_id.clone(),
            function: self.function.name.clone(),
            request_id: request.request_id.clone(),
            attempt: request.attempt,
            event: serde_json::from_slice(&request.payload).unwrap_or_default(),
        };
        self.faults.count_invocation(&self.access_key_id, invocation, &self.kill)
    }

    /// After an answer: waits for the runtime to ask for the next invocation, within the same deadline. False if the
    /// environment cannot be used again.
    pub(super) async fn settle(&mut self) -> bool {
        if self.state != State::Ready {
            return false;
        }
        let deadline = self.deadline;
        let asked = async {
            loop {
                match self.next_event().await {
                    Event::Call(RuntimeCall::Next(answer)) => {
                        self.waiting = Some(answer);
                        return true;
                    }
                    Event::Call(call) => refuse(call),
                    Event::Exit(_) => return false,
                }
            }
        };
        timeout_at(deadline, asked).await.unwrap_or(false)
    }

    /// What a step's end means for its caller. Whatever ended the process makes the environment useless.
    fn judge<T>(
        &mut self,
        request: &InvocationRequest,
        ended: Result<Result<T, Failure>, Elapsed>,
    ) -> Result<T, FunctionError> {
        match ended {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Failure::Function(error))) => Err(error),
            Ok(Err(Failure::Exit(status))) => {
                self.state = State::Over;
                Err(FunctionError::exited(&request.request_id, status))
            }
            Err(_) => {
                self.state = State::Over;
                self.process.kill();
                Err(FunctionError::timed_out(&request.request_id, self.function.timeout))
            }
        }
    }

    /// Waits for the runtime's first `next`.
    async fn initialize(&mut self) -> Result<(), Failure> {
        loop {
            match self.next_event().await {
                Event::Call(RuntimeCall::Next(answer)) => {
                    self.waiting = Some(answer);
                    return Ok(());
                }
                Event::Call(RuntimeCall::InitError { error, accepted }) => {
                    accepted.send(true).ok();
                    return Err(Failure::Function(error));
                }
                Event::Call(call) => refuse(call),
                Event::Exit(status) => return Err(Failure::Exit(status)),
            }
        }
    }

    /// Hands the invocation over and waits for its result.
    async fn exchange(&mut self, request: &InvocationRequest) -> Result<Bytes, Failure> {
        loop {
            let next = NextInvocation {
                request_id: request.request_id.clone(),
                function_arn: self.function.arn.clone(),
                timeout: self.function.timeout,
                payload: request.payload.clone(),
            };
            // A runtime that gave up waiting asks again.
            if self.waiting.take().is_some_and(|waiting| waiting.send(next).is_ok()) {
                break;
            }
            self.initialize().await?;
        }
        loop {
            match self.next_event().await {
                Event::Call(RuntimeCall::Result { request_id, result, accepted })
                    if request_id == request.request_id =>
                {
                    accepted.send(true).ok();
                    return result.map_err(Failure::Function);
                }
                Event::Call(call) => refuse(call),
                Event::Exit(status) => return Err(Failure::Exit(status)),
            }
        }
    }

    /// What the process does next; meanwhile its output is logged.
    async fn next_event(&mut self) -> Event {
        loop {
            tokio::select! {
                biased;
                () = self.kill.notified() => self.process.kill(),
                Some(call) = self.calls.recv() => return Event::Call(call),
                () = self.output.copy() => {}
                Ok(status) = self.process.wait() => return Event::Exit(status),
            }
        }
    }

    fn log_end(
        &mut self,
        request: &InvocationRequest,
        result: &Result<Bytes, FunctionError>,
        duration: Duration,
        init_duration: Option<Duration>,
    ) {
        self.output.copy_available();
        let request_id = &request.request_id;
        let error_type = result.as_ref().err().map(|error| error.error_type.as_str());
        match result {
            Err(error) if error.error_type == "Sandbox.Timedout" => {
                let time = self.clock.now().format(TIMESTAMP).unwrap_or_default();
                let seconds = self.function.timeout.as_secs_f64();
                self.output
                    .write_line(&format!("{time} {request_id} Task timed out after {seconds:.2} seconds"));
            }
            Err(error) if self.state == State::Over => self.output.write_line(&error.message()),
            _ => {}
        }
        self.output.write_line(&format!("END RequestId: {request_id}"));
        let memory_size = self.function.memory_size;
        self.output.write_line(&report_line(request_id, duration, memory_size, init_duration, error_type));
    }
}

/// Why a step did not end well.
enum Failure {
    /// The runtime said so; its process goes on.
    Function(FunctionError),
    /// The process ended.
    Exit(ExitStatus),
}

/// Answers a call that does not belong to the current state: another request's result, or a second `next`.
fn refuse(call: RuntimeCall) {
    match call {
        // Dropping the sender refuses it.
        RuntimeCall::Next(answer) => drop(answer),
        RuntimeCall::Result { accepted, .. } | RuntimeCall::InitError { accepted, .. } => {
            accepted.send(false).ok();
        }
    }
}
