//! Running one build, from the queue to its end.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Shared;
use super::build::Build;
use super::buildspec::{Buildspec, Commands};
use super::log::BuildLog;
use super::phase::{PhaseContext, PhaseType, Status};
use super::request::{BuildRequest, BuildspecSource, Source};
use super::shell::{CommandEnd, Shell};
use super::source::{Download, DownloadError};
use super::variables;
use crate::activity::Busy;
use crate::event::Event;

/// A phase that did not succeed: `Failed` is the build's own fault, `Fault` this machine's.
type PhaseError = (Status, PhaseContext);

/// One build and what it needs.
#[derive(Debug)]
pub(super) struct Run {
    pub shared: Arc<Shared>,
    pub build: watch::Sender<Build>,
    pub stop: watch::Receiver<bool>,
    /// Held until the event of the build's end has left.
    pub busy: Busy,
}

impl Run {
    /// Waits for the build's turn, runs it, and emits the event of its end.
    pub(super) async fn run(mut self) {
        let slot = self.wait_in_queue().await;
        if slot.is_some() {
            self.end_phase(Status::Succeeded, None);
            let timeout = self.timeout();
            let mut stop = self.stop.clone();
            let interrupted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => Some((Status::Stopped, None)),
                () = tokio::time::sleep(timeout) => Some((Status::TimedOut, Some(timed_out("Build has timed out. ")))),
                () = self.run_phases() => None,
            };
            if let Some((status, context)) = interrupted {
                self.end_phase(status, context);
            }
            // What could not be removed goes with the scratch folder of all builds.
            tokio::fs::remove_dir_all(self.folder()).await.ok();
        }
        drop(slot);
        let now = self.shared.clock.now();
        // The event leaves while nobody can read the build: a reader never sees a completed build without its event,
        // and whoever receives the event finds a completed build.
        self.build.send_modify(|build| {
            build.complete(now);
            let event: Event = super::event::state_change(&self.shared.account, build, now);
            (self.shared.emit)(event);
        });
        drop(self.busy);
    }

    /// Nothing if the build ended while it waited.
    async fn wait_in_queue(&mut self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        let clock = &self.shared.clock;
        let give_up = clock.now() + self.request().queued_timeout;
        let turn = Arc::clone(&self.shared.slots).acquire_owned();
        let ended = tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => (Status::Stopped, None),
            slot = turn => match slot {
                Ok(slot) => return Some(slot),
                Err(_) => (Status::Stopped, None),
            },
            () = clock.sleep_until(give_up) => {
                (Status::TimedOut, Some(timed_out("Build has timed out while it was queued. ")))
            }
        };
        self.end_phase(ended.0, ended.1);
        None
    }

    async fn run_phases(&self) {
        let settings = &self.shared.settings;
        let (request, uuid) = (self.request(), self.build.borrow().uuid.clone());
        let (store, clock) = (self.shared.logs.clone(), self.shared.clock.clone());
        let mut log = BuildLog::new(store, clock, &request.log_group, &uuid, settings.output_limit);
        self.begin_phase(PhaseType::Provisioning);
        for line in ["Running on local-aws", "Waiting for agent ping", "Waiting for DOWNLOAD_SOURCE"] {
            log.say(line);
        }
        self.build.send_modify(|build| build.has_log = true);
        if self.end_with(&mut log, self.provision().await) {
            self.begin_phase(PhaseType::DownloadSource);
            let prepared = self.download_source(&request, &mut log).await;
            let (ended, prepared) = match prepared {
                Ok(prepared) => (Ok(()), Some(prepared)),
                Err(error) => (Err(error), None),
            };
            self.end_with(&mut log, ended);
            if let Some((buildspec, mut shell)) = prepared {
                self.run_commands(&buildspec, &mut shell, &mut log).await;
            }
            self.begin_phase(PhaseType::Finalizing);
            self.end_phase(Status::Succeeded, Some(PhaseContext::default()));
        }
    }

    async fn provision(&self) -> Result<(), PhaseError> {
        for folder in [self.home(), self.output().join("tmp")] {
            tokio::fs::create_dir_all(folder).await.map_err(|error| fault(&error))?;
        }
        Ok(())
    }

    /// Clones the source, reads the buildspec and opens the shell that the commands run in.
    async fn download_source(
        &self,
        request: &BuildRequest,
        log: &mut BuildLog,
    ) -> Result<(Buildspec, Shell), PhaseError> {
        let directory = self.source_directory(request);
        let settings = &self.shared.settings;
        if let Source::CodeCommit(location) = &request.source {
            let download = Download {
                repository: (self.shared.resolve_source)(location).as_deref(),
                location,
                version: request.source_version.as_deref(),
                into: &directory,
                path: settings.path(),
            }
            .run()
            .await;
            match download {
                Ok(commit) => self.build.send_modify(|build| build.resolved_source_version = Some(commit)),
                Err(DownloadError::Client(context)) => {
                    log.say_plainly(&context.message);
                    return Err((Status::Failed, context));
                }
                Err(DownloadError::Machine(message)) => return Err(fault(&message)),
            }
        } else {
            tokio::fs::create_dir_all(&directory).await.map_err(|error| fault(&error))?;
        }
        log.say("Phase is DOWNLOAD_SOURCE");
        log.say(&format!("CODEBUILD_SRC_DIR={}", directory.display()));
        let buildspec = self.read_buildspec(request, &directory, log).await?;
        log.say("Processing environment variables");
        let variables =
            variables::of_build(&self.shared, &self.build.borrow(), &buildspec, &self.home(), &directory);
        log.say(&format!("Moving to directory {}", directory.display()));
        for what in &buildspec.not_processed {
            log.say(&format!("local-aws does not process {what}"));
        }
        log.say(&format!("Phases found in YAML: {}", buildspec.phases.len()));
        for (phase_type, phase) in &buildspec.phases {
            log.say(&format!(" {}: {} commands", phase_type.as_str(), phase.commands.len()));
        }
        let tmp = self.output().join("tmp");
        let shell = Shell::open(buildspec.shell, settings.path(), tmp, &directory, &variables);
        Ok((buildspec, shell.map_err(|error| fault(&error))?))
    }

    async fn read_buildspec(
        &self,
        request: &BuildRequest,
        directory: &std::path::Path,
        log: &mut BuildLog,
    ) -> Result<Buildspec, PhaseError> {
        let broken = |message: String| (Status::Failed, PhaseContext::new("YAML_FILE_ERROR", message));
        let text = match &request.buildspec {
            BuildspecSource::Inline(text) => text.clone(),
            BuildspecSource::Default | BuildspecSource::Path(_) => {
                let (name, is_default) = match &request.buildspec {
                    BuildspecSource::Path(path) => (path.as_str(), false),
                    _ => ("buildspec.yml", true),
                };
                let path = directory.join(name);
                match tokio::fs::read(&path).await {
                    Ok(text) => {
                        log.say(&format!("YAML location is {}", path.display()));
                        String::from_utf8(text)
                            .map_err(|_| broken(format!("{name} is not UTF-8 text; save it as UTF-8")))?
                    }
                    // Both messages are CodeBuild's own.
                    Err(error) if error.kind() == io::ErrorKind::NotFound && is_default => {
                        return Err(broken("YAML file does not exist".to_owned()));
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Err(broken(format!("stat {}: no such file or directory", path.display())));
                    }
                    Err(error) => return Err(broken(format!("cannot read {name}: {error}"))),
                }
            }
        };
        Buildspec::parse(&text).map_err(broken)
    }

    /// Runs the buildspec's phases in the order that their outcomes give.
    async fn run_commands(&self, buildspec: &Buildspec, shell: &mut Shell, log: &mut BuildLog) {
        let none = Commands::default();
        let mut phase_type = PhaseType::Install;
        while phase_type < PhaseType::UploadArtifacts {
            let phase = buildspec.phases.get(&phase_type).unwrap_or(&none);
            self.begin_phase(phase_type);
            log.say(&format!("Entering phase {}", phase_type.as_str()));
            let ended = self.run_phase(phase, shell, log).await;
            let succeeded = self.end_with(log, ended);
            phase_type = phase_type.next(succeeded, phase.on_failure);
        }
        if phase_type == PhaseType::UploadArtifacts {
            self.begin_phase(phase_type);
            self.end_with(log, Ok(()));
        }
    }

    /// Runs `commands` up to the first that fails, then all of `finally` up to the first that fails. The first failure
    /// is the phase's.
    async fn run_phase(
        &self,
        phase: &Commands,
        shell: &mut Shell,
        log: &mut BuildLog,
    ) -> Result<(), PhaseError> {
        let mut ended = Ok(());
        for block in [&phase.commands, &phase.finally] {
            for command in block {
                log.say(&format!("Running command {command}"));
                let end = shell.run(command, log).await.map_err(|error| fault(&error))?;
                if let CommandEnd::Failed(reason) = end {
                    log.say(&format!("Command did not exit successfully {command} {reason}"));
                    shell.mark_failing().map_err(|error| fault(&error))?;
                    let message = format!("Error while executing command: {command}. Reason: {reason}");
                    let context = PhaseContext::new("COMMAND_EXECUTION_ERROR", message);
                    ended = ended.and(Err((Status::Failed, context)));
                    break;
                }
            }
        }
        ended
    }

    /// Ends the current phase, in the build and in its log. Says whether it succeeded.
    fn end_with(&self, log: &mut BuildLog, ended: Result<(), PhaseError>) -> bool {
        let succeeded = ended.is_ok();
        let (status, context) = ended.err().unwrap_or((Status::Succeeded, PhaseContext::default()));
        let phase_type = self.build.borrow().current_phase();
        if phase_type > PhaseType::Provisioning {
            log.say(&format!("Phase complete: {} State: {}", phase_type.as_str(), status.as_str()));
            let PhaseContext { status_code, message } = &context;
            log.say(&format!("Phase context status code: {status_code} Message: {message}"));
        }
        self.end_phase(status, Some(context));
        succeeded
    }

    fn begin_phase(&self, phase_type: PhaseType) {
        let now = self.shared.clock.now();
        self.build.send_modify(|build| build.begin_phase(phase_type, now));
    }

    fn end_phase(&self, status: Status, context: Option<PhaseContext>) {
        let now = self.shared.clock.now();
        self.build.send_modify(|build| build.end_phase(status, context, now));
    }

    fn request(&self) -> Arc<BuildRequest> {
        Arc::clone(&self.build.borrow().request)
    }

    fn timeout(&self) -> Duration {
        let timeout = self.request().timeout;
        self.shared.settings.longest_build.map_or(timeout, |longest| longest.min(timeout))
    }

    /// The build's own scratch folder.
    fn folder(&self) -> PathBuf {
        self.shared.folder.join(&self.build.borrow().uuid)
    }

    fn home(&self) -> PathBuf {
        self.folder().join("home")
    }

    /// What is `/codebuild/output` on CodeBuild.
    fn output(&self) -> PathBuf {
        self.folder().join("output")
    }

    /// On CodeBuild the folder ends in the clone URL without its scheme.
    fn source_directory(&self, request: &BuildRequest) -> PathBuf {
        let directory = self.output().join("src");
        match &request.source {
            Source::NoSource => directory,
            Source::CodeCommit(location) => {
                let below = location.split_once("://").map_or(location.as_str(), |(_, rest)| rest);
                let names = below.split('/').filter(|name| !matches!(*name, "" | "." | ".."));
                directory.join(names.collect::<PathBuf>())
            }
        }
    }
}

fn fault(error: &impl std::fmt::Display) -> PhaseError {
    (Status::Fault, PhaseContext::new("INTERNAL_SERVICE_ERROR", error.to_string()))
}

fn timed_out(message: &str) -> PhaseContext {
    PhaseContext::new("BUILD_TIMED_OUT", message)
}
