//! Running one build, from the queue to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Shared;
use super::build::Build;
use super::buildspec::{Buildspec, Commands};
use super::event::state_change;
use super::folders::Folders;
use super::log::BuildLog;
use super::phase::{PhaseContext, PhaseType, Status};
use super::request::BuildRequest;
use super::shell::{CommandEnd, Shell};
use crate::activity::Busy;
use crate::iam::Permission;

/// A phase that did not succeed: `Failed` is the build's own fault, `Fault` this machine's.
pub(super) type PhaseError = (Status, PhaseContext);

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
            tokio::fs::remove_dir_all(self.folders().root()).await.ok();
        }
        drop(slot);
        let now = self.shared.around.clock.now();
        // The event leaves while nobody can read the build: a reader never sees a completed build without its event,
        // and whoever receives the event finds a completed build.
        self.build.send_modify(|build| {
            build.complete(now);
            (self.shared.around.emit)(state_change(&self.shared.around.account, build, now));
        });
        drop(self.busy);
    }

    /// Nothing if the build ended while it waited.
    async fn wait_in_queue(&mut self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        let clock = &self.shared.around.clock;
        let submitted = self.build.borrow().start;
        let give_up = submitted + self.request().queued_timeout;
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
        let (stream, may_write) = self.authorize_log(&request, &uuid);
        let store = (stream.is_ok() && may_write).then(|| self.shared.around.logs.clone());
        let clock = self.shared.around.clock.clone();
        let mut log = BuildLog::new(store, clock, &request.log_group, &uuid, settings.output_limit);
        self.begin_phase(PhaseType::Provisioning);
        for line in ["Running on local-aws", "Waiting for agent ping", "Waiting for DOWNLOAD_SOURCE"] {
            log.say(line);
        }
        self.build.send_modify(|build| build.has_log = stream.is_ok());
        let provisioned = match stream {
            Ok(()) => self.provision().await,
            Err(denied) => Err((Status::Failed, denied)),
        };
        if self.end_with(&mut log, provisioned) {
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

    /// Whether the project's role lets CodeBuild create the log stream, without which there is no build, and whether
    /// it lets it write there, without which there is no log. The message is CodeBuild's own.
    fn authorize_log(&self, request: &BuildRequest, stream: &str) -> (Result<(), PhaseContext>, bool) {
        let build = self.build.borrow();
        let session = self.shared.session(&build);
        let stream = self.shared.around.account.log_stream_arn(&request.log_group, stream);
        let created = session.authorize(&Permission::on("logs:CreateLogStream", &stream)).map_err(|denied| {
            let message = format!(
                "Service role {} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build \
                 {}. Error message: {denied}",
                request.role_arn, build.arn
            );
            PhaseContext::new("ACCESS_DENIED", message)
        });
        (created, session.authorize(&Permission::on("logs:PutLogEvents", &stream)).is_ok())
    }

    async fn provision(&self) -> Result<(), PhaseError> {
        for folder in [self.folders().home(), self.folders().tmp()] {
            tokio::fs::create_dir_all(folder).await.map_err(|error| fault(&error))?;
        }
        Ok(())
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
            let source_folder = self.folders().source(&self.request().source);
            let uploaded = self.upload_reports(&buildspec.reports, &source_folder, log).await;
            self.end_with(log, uploaded);
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
        let now = self.shared.around.clock.now();
        self.build.send_modify(|build| build.begin_phase(phase_type, now));
    }

    fn end_phase(&self, status: Status, context: Option<PhaseContext>) {
        let now = self.shared.around.clock.now();
        self.build.send_modify(|build| build.end_phase(status, context, now));
    }

    fn request(&self) -> Arc<BuildRequest> {
        Arc::clone(&self.build.borrow().request)
    }

    fn timeout(&self) -> Duration {
        let timeout = self.request().timeout;
        self.shared.settings.longest_build.map_or(timeout, |longest| longest.min(timeout))
    }

    pub(super) fn folders(&self) -> Folders {
        Folders::new(&self.shared.around.folder, &self.build.borrow().uuid)
    }
}

pub(super) fn fault(error: &impl std::fmt::Display) -> PhaseError {
    (Status::Fault, PhaseContext::new("INTERNAL_SERVICE_ERROR", error.to_string()))
}

fn timed_out(message: &str) -> PhaseContext {
    PhaseContext::new("BUILD_TIMED_OUT", message)
}
