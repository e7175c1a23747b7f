//! A whole local AWS: a template's resources behind loopback ports, one for the person and one for what the template
//! runs.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::account::Account;
use crate::activity::Activity;
use crate::caller::AccessKeys;
use crate::clock::Clock;
use crate::codebuild::{CodeBuild, CodeBuildSettings, ResolveSource, Surroundings};
use crate::codecommit::{CLONE_PATH, CodeCommit};
use crate::door::{Door, Strangers};
use crate::event::{Event, EventSink};
use crate::eventbridge::{EventBridge, EventBridgeSettings, InvalidRule};
use crate::faults::{FaultList, Faults, InvalidFault};
use crate::http::{FrontDoor, PathHandler, PathService};
use crate::lambda::{self, DEFAULT_CONCURRENCY, Lambda, LambdaSettings, NoExecutable};
use crate::logs::{LogStore, Logs};
use crate::programs::{MissingProgram, find_programs, is_executable};
use crate::sqs::Sqs;
use crate::template::{self, Deployment, Function, TemplateError};

/// How many events are remembered for whoever looks into a local AWS.
pub const REMEMBERED_EVENTS: usize = 1_000;

/// How often the removal of its folder is tried, and how long to wait in between.
const REMOVALS: u32 = 50;
const BETWEEN_REMOVALS: Duration = Duration::from_millis(20);

/// How a local AWS is set up.
#[derive(Debug)]
pub struct Options {
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// The CloudFormation templates, as JSON; each is a stack.
    pub templates: Vec<String>,
    /// The folder of the functions' executables: `BINARY.zip` in the template is `BINARY` in it.
    pub binaries: PathBuf,
    /// Executables that run in place of the template's, by logical id.
    pub executables: BTreeMap<String, PathBuf>,
    /// What builds get from this machine, and how many run at a time.
    pub builds: CodeBuildSettings,
    /// The account and region.
    pub account: Account,
    /// What goes wrong from the start on.
    pub faults: FaultList,
}

/// Why a local AWS cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template asks for what is not modeled, or is not one.
    #[error("the template does not load: {0}")]
    Template(#[from] TemplateError),
    /// A rule's pattern is not one, or uses what is not modeled.
    #[error(transparent)]
    Rule(#[from] InvalidRule),
    /// A fault cannot be one.
    #[error(transparent)]
    Fault(#[from] InvalidFault),
    /// A function has nothing to run.
    #[error(transparent)]
    NoExecutable(#[from] NoExecutable),
    /// This machine lacks a program.
    #[error(transparent)]
    Program(#[from] MissingProgram),
    /// The port is not to be had.
    #[error(
        "port {port} cannot be listened on: {error}; choose another one with --port, or 0 for a free one"
    )]
    Port {
        /// The port that was asked for.
        port: u16,
        /// What the system says.
        error: io::Error,
    },
    /// No temporary folder.
    #[error("a temporary folder cannot be made: {0}")]
    Folder(io::Error),
    /// A function's executable is not there, or nobody may execute it.
    #[error(
        "the function {logical_id} has no executable at {}; build it with `cargo build --workspace --bins`, or name \
         another one with --function {logical_id}=PATH",
        path.display()
    )]
    Executable {
        /// The function's key in the template.
        logical_id: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// `--function` names a function that the template does not have.
    #[error("the template has no function {0:?}; its functions are {1}")]
    UnknownFunction(String, String),
}

/// A running local AWS.
pub struct LocalAws {
    url: String,
    /// Its clock, to be pushed forward by tests.
    pub clock: Clock,
    /// What is under way in it.
    pub activity: Activity,
    /// Its account and region.
    pub account: Account,
    /// What the templates create.
    pub deployment: Deployment,
    /// The repositories and pull requests.
    pub codecommit: Arc<CodeCommit>,
    /// The builds.
    pub codebuild: Arc<CodeBuild>,
    /// The rules.
    pub eventbridge: EventBridge,
    /// The functions.
    pub lambda: Lambda,
    /// The queues.
    pub sqs: Sqs,
    /// What functions and builds printed.
    pub logs: LogStore,
    /// What goes wrong, and which calls the functions made.
    pub faults: Faults,
    events: Arc<Mutex<VecDeque<Event>>>,
    new_events: broadcast::Sender<Event>,
    servers: [JoinHandle<()>; 2],
    // Removed when this is dropped.
    folder: tempfile::TempDir,
}

impl std::fmt::Debug for LocalAws {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LocalAws").field("url", &self.url).finish_non_exhaustive()
    }
}

impl LocalAws {
    /// Loads the template and listens. It answers when this returns.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let account = options.account;
        let deployment = load_templates(&options.templates, &account)?;
        let faults = Faults::new(&deployment.functions);
        faults.inject(options.faults)?;
        find_programs(options.builds.path()).await?;
        let executables = find_executables(&deployment.functions, &options.binaries, &options.executables)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let port_error = |error| StartError::Port { port: options.port, error };
        let free_port_error = |error| StartError::Port { port: 0, error };
        let listener = TcpListener::bind(address).await.map_err(port_error)?;
        let url = format!("http://{}", listener.local_addr().map_err(port_error)?);
        // Functions and builds have a door of their own.
        let listener_of_sessions =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(free_port_error)?;
        let url_of_sessions =
            format!("http://{}", listener_of_sessions.local_addr().map_err(free_port_error)?);
        let folder = tempfile::Builder::new().prefix("local-aws-").tempdir().map_err(StartError::Folder)?;
        let subfolder = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).map(|()| path).map_err(StartError::Folder)
        };

        let clock = Clock::default();
        let activity = Activity::default();
        let keys = AccessKeys::new(account.clone(), deployment.roles.clone());
        let logs = LogStore::new(clock.clone());
        deployment.log_groups.iter().for_each(|group| logs.create_group(group));
        let sqs = Sqs::new(account.clone(), clock.clone(), &url, deployment.queues.clone());
        let lambda = Lambda::new(LambdaSettings {
            account: account.clone(),
            clock: clock.clone(),
            activity: activity.clone(),
            functions: deployment.functions.clone(),
            executables,
            endpoint_url: url_of_sessions.clone(),
            logs: logs.clone(),
            access_keys: keys.clone(),
            sqs: sqs.clone(),
            faults: faults.clone(),
            concurrency: DEFAULT_CONCURRENCY,
        })?;
        let eventbridge = EventBridge::new(EventBridgeSettings {
            account: account.clone(),
            clock: clock.clone(),
            activity: activity.clone(),
            rules: deployment.rules.clone(),
            lambda: lambda.clone(),
            sqs: sqs.clone(),
            faults: faults.clone(),
        })?;
        let events: Arc<Mutex<VecDeque<Event>>> = Arc::default();
        let new_events = broadcast::Sender::new(REMEMBERED_EVENTS);
        let remember = remember_events(events.clone(), new_events.clone());
        eventbridge.start_schedules(&remember);
        let emit = emit_and_remember(eventbridge.clone(), remember);
        let codecommit =
            CodeCommit::new(account.clone(), clock.clone(), subfolder("repositories")?, emit.clone());
        let surroundings = Surroundings {
            account: account.clone(),
            clock: clock.clone(),
            folder: subfolder("builds")?,
            emit,
            logs: logs.clone(),
            resolve_source: resolve_clone_urls(&account, &codecommit),
            access_keys: keys.clone(),
            activity: activity.clone(),
        };
        let builds = CodeBuildSettings { endpoint_url: Some(url_of_sessions), ..options.builds };
        let codebuild = CodeBuild::new(surroundings, builds, deployment.projects.clone());
        let front_door = FrontDoor {
            door: Door::Person,
            clock: clock.clone(),
            activity: activity.clone(),
            keys,
            faults: faults.clone(),
            services: vec![
                codecommit.clone(),
                codebuild.clone(),
                Arc::new(eventbridge.clone()),
                Arc::new(sqs.clone()),
                Arc::new(Logs::new(account.clone(), logs.clone())),
            ],
            paths: route_paths(&codecommit, &lambda),
        };
        let door_of_sessions = FrontDoor { door: Door::Sessions, ..front_door.clone() };
        let servers = [
            tokio::spawn(serve(listener, front_door)),
            tokio::spawn(serve(listener_of_sessions, door_of_sessions)),
        ];
        Ok(Self {
            url,
            clock,
            activity,
            account,
            deployment,
            codecommit,
            codebuild,
            eventbridge,
            lambda,
            sqs,
            logs,
            faults,
            events,
            new_events,
            servers,
            folder,
        })
    }

    /// Where it answers the person, such as `http://127.0.0.1:4580`. Functions and builds have an address of their own.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder that holds everything on the disk: `repositories` and `builds`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The newest events that its services have emitted, at most [`REMEMBERED_EVENTS`], oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The events from now on. A reader that falls more than [`REMEMBERED_EVENTS`] behind misses the oldest.
    pub fn watch_events(&self) -> broadcast::Receiver<Event> {
        self.new_events.subscribe()
    }

    /// Stops builds, functions and the server, and removes the folders.
    pub async fn shutdown(self) {
        self.eventbridge.shutdown().await;
        self.codebuild.shutdown().await;
        self.lambda.shutdown().await;
        self.servers.iter().for_each(JoinHandle::abort);
        remove_folder(self.folder).await;
    }
}

/// Removes the folder of a local AWS. A process that was killed a moment ago may still end a call that makes a file,
/// so one removal may find a folder that is no longer empty.
async fn remove_folder(folder: tempfile::TempDir) {
    for _ in 0..REMOVALS {
        match tokio::fs::remove_dir_all(folder.path()).await {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                tokio::time::sleep(BETWEEN_REMOVALS).await;
            }
            _ => break,
        }
    }
}

/// Loads each template as a stack of its own. The first is the stack of the committed template; others are numbered,
/// as their physical names must differ.
fn load_templates(templates: &[String], account: &Account) -> Result<Deployment, TemplateError> {
    let mut deployment = Deployment::default();
    for (index, json) in templates.iter().enumerate() {
        let stack = match index {
            0 => template::STACK_NAME.to_owned(),
            _ => format!("{}-{}", template::STACK_NAME, index + 1),
        };
        let stack = template::load_stack(json, &stack, account)?;
        deployment.functions.extend(stack.functions);
        deployment.rules.extend(stack.rules);
        deployment.projects.extend(stack.projects);
        deployment.queues.extend(stack.queues);
        deployment.roles.extend(stack.roles);
        deployment.log_groups.extend(stack.log_groups);
    }
    Ok(deployment)
}

/// The executable of each function, by logical id: the one that was named for its logical id, or the one that its code's
/// object key names.
fn find_executables(
    functions: &[Function],
    binaries: &Path,
    named: &BTreeMap<String, PathBuf>,
) -> Result<BTreeMap<String, PathBuf>, StartError> {
    let known = || functions.iter().map(|function| function.logical_id.as_str());
    if let Some(unknown) = named.keys().find(|name| known().all(|known| known != name.as_str())) {
        return Err(StartError::UnknownFunction(unknown.clone(), known().collect::<Vec<_>>().join(", ")));
    }
    let find = |function: &Function| {
        let logical_id = function.logical_id.clone();
        let path = named.get(&logical_id).cloned().unwrap_or_else(|| {
            binaries.join(function.code_key.strip_suffix(".zip").unwrap_or(&function.code_key))
        });
        // A function runs in a folder of its own, where a relative path would lead elsewhere.
        match path.canonicalize() {
            Ok(absolute) if is_executable(&absolute) => Ok((logical_id, absolute)),
            _ => Err(StartError::Executable { logical_id, path }),
        }
    };
    functions.iter().map(find).collect()
}

/// Keeps the newest events, and tells those who watch of each.
fn remember_events(events: Arc<Mutex<VecDeque<Event>>>, new_events: broadcast::Sender<Event>) -> EventSink {
    Arc::new(move |event: Event| {
        {
            let mut events = events.lock().unwrap_or_else(PoisonError::into_inner);
            if events.len() == REMEMBERED_EVENTS {
                events.pop_front();
            }
            events.push_back(event.clone());
        }
        // Without a reader there is nobody to tell.
        new_events.send(event).ok();
    })
}

/// Where services put their events: on the bus, and in front of those who watch.
fn emit_and_remember(eventbridge: EventBridge, remember: EventSink) -> EventSink {
    Arc::new(move |event: Event| {
        remember(event.clone());
        eventbridge.put(&event);
    })
}

/// CodeCommit's clone host means the local repositories, in the form that AWS documents and in the local one.
fn resolve_clone_urls(account: &Account, codecommit: &Arc<CodeCommit>) -> ResolveSource {
    let prefix = account.clone_url_prefix();
    let codecommit = codecommit.clone();
    Arc::new(move |url: &str| codecommit.repository_folder(url.strip_prefix(&prefix)?))
}

fn route_paths(codecommit: &Arc<CodeCommit>, lambda: &Lambda) -> Vec<PathService> {
    let git = codecommit.clone();
    let git: PathHandler = Arc::new(move |caller, request| {
        let git = git.clone();
        Box::pin(async move { git.handle_git(&caller, request).await })
    });
    let runtime = lambda.clone();
    let runtime: PathHandler = Arc::new(move |_, request| {
        let runtime = runtime.clone();
        Box::pin(async move { runtime.handle_runtime(request).await })
    });
    let functions = lambda.clone();
    let functions: PathHandler = Arc::new(move |caller, request| {
        let functions = functions.clone();
        Box::pin(async move { functions.handle_api(&caller, request).await })
    });
    vec![
        PathService { prefix: CLONE_PATH, strangers: Strangers::Asked, handler: git },
        PathService { prefix: "/runtime/", strangers: Strangers::Answered, handler: runtime },
        PathService { prefix: lambda::PATH, strangers: Strangers::Refused, handler: functions.clone() },
        PathService {
            prefix: lambda::EVENT_INVOKE_CONFIG_PATH,
            strangers: Strangers::Refused,
            handler: functions,
        },
    ]
}

async fn serve(listener: TcpListener, front_door: FrontDoor) {
    let front_door = Arc::new(front_door);
    let router = Router::new().fallback(move |request: Request| {
        let front_door = front_door.clone();
        async move { front_door.respond(request).await }
    });
    // It ends only when the listener breaks, and then every client notices.
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the port is no longer served");
    }
}
