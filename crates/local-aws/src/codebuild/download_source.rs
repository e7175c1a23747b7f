//! The phase DOWNLOAD_SOURCE: the clone, the buildspec, and the shell that its commands will run in.

use std::io;
use std::path::Path;

use super::buildspec::Buildspec;
use super::log::BuildLog;
use super::phase::{PhaseContext, Status};
use super::request::{BuildRequest, BuildspecSource, Source};
use super::run::{PhaseError, Run, fault};
use super::shell::Shell;
use super::source::{Download, DownloadError};
use super::{git_access, variables};
use crate::iam::Permission;

impl Run {
    /// Clones the source, reads the buildspec and opens the shell that the commands run in.
    pub(super) async fn download_source(
        &self,
        request: &BuildRequest,
        log: &mut BuildLog,
    ) -> Result<(Buildspec, Shell), PhaseError> {
        let folders = self.folders();
        let directory = folders.source(&request.source);
        let settings = &self.shared.settings;
        if let Source::CodeCommit(location) = &request.source {
            if let Err(context) = self.authorize_pull(location, request.source_version.as_deref()) {
                log.say_plainly(&context.message);
                return Err((Status::Failed, context));
            }
            let download = Download {
                repository: (self.shared.around.resolve_source)(location).as_deref(),
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
            self.give_access(&buildspec, &folders.home(), &directory).map_err(|error| fault(&error))?;
        log.say(&format!("Moving to directory {}", directory.display()));
        for what in &buildspec.not_processed {
            log.say(&format!("local-aws does not process {what}"));
        }
        log.say(&format!("Phases found in YAML: {}", buildspec.phases.len()));
        for (phase_type, phase) in &buildspec.phases {
            log.say(&format!(" {}: {} commands", phase_type.as_str(), phase.commands.len()));
        }
        let shell = Shell::open(buildspec.shell, settings.path(), folders.tmp(), &directory, &variables);
        Ok((buildspec, shell.map_err(|error| fault(&error))?))
    }

    /// Hands out the credentials that the commands use, and answers the variables that the commands see.
    fn give_access(
        &self,
        buildspec: &Buildspec,
        home: &Path,
        directory: &Path,
    ) -> io::Result<Vec<(String, String)>> {
        let (around, build) = (&self.shared.around, self.build.borrow());
        let credentials = around.access_keys.issue(&self.shared.session(&build));
        if let Some(endpoint_url) = &self.shared.settings.endpoint_url {
            let for_git = buildspec.git_credential_helper.then_some(&credentials);
            git_access::write_configuration(home, &around.account, endpoint_url, for_git)?;
        }
        Ok(variables::of_build(&self.shared, &build, buildspec, &credentials, home, directory))
    }

    /// The project's role has to allow the pull. The words are CodeBuild's own.
    fn authorize_pull(&self, location: &str, version: Option<&str>) -> Result<(), PhaseContext> {
        let name = location.rsplit('/').next().unwrap_or_default();
        let repository = self.shared.around.account.arn("codecommit", name);
        let session = self.shared.session(&self.build.borrow());
        session.authorize(&Permission::on("codecommit:GitPull", repository)).map_err(|_| {
            let version = version.unwrap_or_default();
            let message = format!("authorization failed for primary source and source version {version}");
            PhaseContext::new("CLIENT_ERROR", message.trim_end())
        })
    }

    async fn read_buildspec(
        &self,
        request: &BuildRequest,
        directory: &Path,
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
}
