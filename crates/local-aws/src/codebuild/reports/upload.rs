//! The phase UPLOAD_ARTIFACTS: a build's files become reports.

use std::path::Path;

use super::read::{NoFiles, ReadFiles, read_files};
use super::report::{Content, Report, ReportGroup, ReportStatus, ReportType};
use super::section::ReportSource;
use crate::codebuild::log::BuildLog;
use crate::codebuild::phase::{PhaseContext, Status};
use crate::codebuild::run::{PhaseError, Run, fault};
use crate::iam::{AccessDenied, Permission};

impl Run {
    /// Makes a report of each report group in the buildspec. The first problem fails the phase, but not the reports that
    /// follow.
    pub(in super::super) async fn upload_reports(
        &self,
        sources: &[ReportSource],
        source_folder: &Path,
        log: &mut BuildLog,
    ) -> Result<(), PhaseError> {
        let mut ended = Ok(());
        for source in sources {
            let uploaded = self.upload_report(source, source_folder, log).await;
            if let Err((_, context)) = &uploaded {
                log.say(&context.message);
            }
            ended = ended.and(uploaded);
        }
        ended
    }

    async fn upload_report(
        &self,
        source: &ReportSource,
        source_folder: &Path,
        log: &mut BuildLog,
    ) -> Result<(), PhaseError> {
        log.say(&format!("Expanding base directory path: {}", source.base_directory));
        log.say("Assembling file list");
        log.say(&format!("Expanding {}", source.base_directory));
        let read = tokio::task::spawn_blocking({
            let (source, folder) = (source.clone(), source_folder.to_owned());
            move || read_files(&source, &folder)
        });
        let read = read.await.map_err(|error| fault(&error))?;
        say_files(source, &read, log);
        let (created, filled) = self.create_report(source, read.as_ref().ok())?;
        log.say(&format!("local-aws made the {} report {created}", source.format.report_type().as_str()));
        let ReadFiles { problems, .. } = read.map_err(|none| client_error(&none))?;
        for problem in problems {
            log.say(&format!("Failed to process report file {problem}"));
        }
        filled.map_err(|denied| access_denied(&denied))
    }

    /// Creates the report and, with the first one, its group, as far as the build's role may. Answers the report's ARN,
    /// and whether the role may put something in. Without that, or without files, the report stays INCOMPLETE.
    fn create_report(
        &self,
        source: &ReportSource,
        read: Option<&ReadFiles>,
    ) -> Result<(String, Result<(), AccessDenied>), PhaseError> {
        let around = &self.shared.around;
        let group = self.group(source);
        if self.shared.reports.group(&group.arn).is_none() {
            self.authorize("CreateReportGroup", &group.arn).map_err(|denied| access_denied(&denied))?;
        }
        self.authorize("CreateReport", &group.arn).map_err(|denied| access_denied(&denied))?;
        let report_type = group.report_type;
        let group = self.shared.reports.create_group(group);
        if group.report_type != report_type {
            let (name, known) = (&group.name, group.report_type.as_str());
            return Err(client_error(&format!(
                "Report group {name} is of type {known}, not {}",
                report_type.as_str()
            )));
        }
        let filled = self.authorize_content(report_type, &group.arn);
        let created = around.clock.now();
        let (outcome, content, generated) = match read.filter(|_| filled.is_ok()) {
            Some(read) => {
                (read.outcome, read.content.clone(), created + self.shared.settings.report_generation)
            }
            None => (ReportStatus::Incomplete, Content::Nothing, created),
        };
        let arn = around.account.arn("codebuild", &format!("report/{}:{}", group.name, uuid::Uuid::new_v4()));
        self.shared.reports.add(Report {
            arn: arn.clone(),
            group,
            build_arn: self.build.borrow().arn.clone(),
            created,
            generated,
            outcome,
            content,
        });
        self.build.send_modify(|build| build.report_arns.push(arn.clone()));
        Ok((arn, filled))
    }

    fn group(&self, source: &ReportSource) -> ReportGroup {
        let around = &self.shared.around;
        let name = format!("{}-{}", self.build.borrow().request.project_name, source.name);
        ReportGroup {
            arn: around.account.arn("codebuild", &format!("report-group/{name}")),
            name,
            report_type: source.format.report_type(),
            created: around.clock.now(),
        }
    }

    /// Whether the build's role may put the results into its report.
    fn authorize_content(&self, report_type: ReportType, group: &str) -> Result<(), AccessDenied> {
        let put = match report_type {
            ReportType::Test => "BatchPutTestCases",
            ReportType::CodeCoverage => "BatchPutCodeCoverages",
        };
        self.authorize(put, group)?;
        self.authorize("UpdateReport", group)
    }

    fn authorize(&self, action: &str, group: &str) -> Result<(), AccessDenied> {
        let session = self.shared.session(&self.build.borrow());
        session.authorize(&Permission::on(format!("codebuild:{action}"), group))
    }
}

/// CodeBuild's own words, which it uses for artifacts too.
fn say_files(source: &ReportSource, read: &Result<ReadFiles, NoFiles>, log: &mut BuildLog) {
    let found = match read {
        Ok(ReadFiles { found, .. }) | Err(NoFiles::Files(found)) => found,
        Err(NoFiles::BaseDirectory(_) | NoFiles::Pattern { .. }) => return,
    };
    log.say(&format!("Expanding file paths for base directory {}", source.base_directory));
    log.say("Assembling file list");
    for found in found {
        log.say(&format!("Expanding {}", found.pattern));
        match found.files.len() {
            0 => log.say(&format!("Skipping invalid file path {}", found.pattern)),
            files => log.say(&format!("Found {files} file(s)")),
        }
    }
}

fn access_denied(denied: &AccessDenied) -> PhaseError {
    client_error(&format!("AccessDeniedException: {denied}"))
}

fn client_error(message: &impl std::fmt::Display) -> PhaseError {
    (Status::Failed, PhaseContext::new("CLIENT_ERROR", message.to_string()))
}
