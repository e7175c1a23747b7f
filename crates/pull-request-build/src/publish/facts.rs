//! What an invocation has found out about builds, beside what CodeBuild says of them in each pass.

use std::collections::{BTreeMap, BTreeSet};

use crate::build::{Build, BuildStatus};
use crate::comment_decision::CommitBuilds;
use crate::comment_text::{CommentContent, PreviousRun, comment_text};
use crate::failure::{Cause, Failure};
use crate::ids::BuildId;
use crate::log_excerpt::LogExcerpt;
use crate::marker::Marker;
use crate::outcome::{Outcome, SourceLoss, ended_without_source, ended_without_success};
use crate::publish::step::Step;
use crate::reports::{MissingReport, Report, ReportContent};
use crate::verdict::{previous_run, superseded_by};

/// A fact, or the step that finds it.
pub(super) type Found<T> = Result<T, Box<Step>>;

/// Facts that are read once an invocation, by the builds they are about.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    source_losses: BTreeMap<BuildId, Option<SourceLoss>>,
    /// Of the commit whose build could not be started.
    commit_loss: Option<Option<SourceLoss>>,
    reports: BTreeMap<BuildId, Vec<Report>>,
    /// The builds whose reports were waited for.
    waited_for: BTreeSet<BuildId>,
    logs: BTreeMap<BuildId, Log>,
}

/// What the log of a failed command says.
#[derive(Debug, Clone)]
struct Log {
    /// Whether there was anything in it. CodeBuild delivers the last lines a little later than the build's end.
    is_there: bool,
    excerpt: Option<LogExcerpt>,
}

impl Facts {
    /// Forgets what may have changed: always what was not there yet, and the states of pull requests if another
    /// invocation wrote something else.
    pub(super) fn begin_pass(&mut self, was_overwritten: bool) {
        let is_generated =
            |report: &Report| report.content != ReportContent::Missing(MissingReport::Generating);
        self.reports.retain(|_, reports| reports.iter().all(is_generated));
        self.logs.retain(|_, log| log.is_there);
        if was_overwritten {
            self.source_losses.clear();
        }
    }

    pub(super) fn keep_source_loss(&mut self, build_id: BuildId, loss: Option<SourceLoss>) {
        self.source_losses.insert(build_id, loss);
    }

    pub(super) fn keep_commit_loss(&mut self, loss: Option<SourceLoss>) {
        self.commit_loss = Some(loss);
    }

    /// Why the pull request does not wait for a build of the commit any more, if that was asked.
    pub(super) fn commit_loss(&self) -> Option<Option<SourceLoss>> {
        self.commit_loss
    }

    pub(super) fn keep_reports(&mut self, build_id: BuildId, reports: Vec<Report>) {
        self.waited_for.insert(build_id.clone());
        self.reports.insert(build_id, reports);
    }

    /// Keeps at most `max_lines` of the messages that were read from the log of `build`.
    pub(super) fn keep_log(&mut self, build: &Build, messages: &[String], max_lines: usize) {
        let find = |failure: Failure<'_>| {
            LogExcerpt::find(messages.iter().map(String::as_str), &failure, &build.secrets, max_lines)
        };
        let log = Log { is_there: !messages.is_empty(), excerpt: Failure::of(build).and_then(find) };
        self.logs.insert(build.arn.build_id.clone(), log);
    }

    /// What the comment on `builds` says, given all builds of the pull request. Reports that are still being generated
    /// are waited for, once, if `wait` says so.
    pub(super) fn comment_text(
        &self,
        builds: &CommitBuilds<'_>,
        all: &[Build],
        marker: &Marker,
        log_lines: usize,
        wait: bool,
    ) -> Found<String> {
        let newest = builds.newest();
        let outcome = self.outcome(newest)?;
        let reports = self.reports(newest, wait)?;
        let says_something = |report: &Report| !matches!(report.content, ReportContent::Missing(_));
        let previous = previous_run(newest, all).filter(|_| reports.iter().any(says_something));
        let previous = match previous {
            Some(build) => Some(PreviousRun { build, reports: self.reports(build, false)? }),
            None => None,
        };
        let superseded_by = superseded_by(newest, all);
        let log = if log_lines > 0 { self.log(newest, &outcome)? } else { None };
        let content = CommentContent { builds, outcome: &outcome, superseded_by, reports, previous, log };
        Ok(comment_text(&content, marker))
    }

    /// What the build means for its pull request.
    pub(super) fn outcome<'b>(&self, build: &'b Build) -> Found<Outcome<'b>> {
        if !ended_without_success(build) {
            return Ok(Outcome::of(build, None));
        }
        match self.source_losses.get(&build.arn.build_id) {
            Some(loss) => Ok(Outcome::of(build, *loss)),
            None => Err(Box::new(Step::FindSourceLoss {
                had_source: !ended_without_source(build),
                build: Box::new(build.clone()),
            })),
        }
    }

    fn reports(&self, build: &Build, wait: bool) -> Found<&[Report]> {
        if build.status == BuildStatus::InProgress || build.report_arns.is_empty() {
            return Ok(&[]);
        }
        let build_id = &build.arn.build_id;
        match self.reports.get(build_id) {
            Some(reports) => Ok(reports),
            None => Err(Box::new(Step::ReadReports {
                wait: wait && !self.waited_for.contains(build_id),
                build: Box::new(build.clone()),
            })),
        }
    }

    /// The log is quoted where a command broke the build, or was running when its time was over.
    fn log(&self, build: &Build, outcome: &Outcome<'_>) -> Found<Option<&LogExcerpt>> {
        let is_of_command = match outcome {
            Outcome::Failed(Some(failure)) | Outcome::Unknown(_, Some(failure)) => {
                matches!(failure.cause, Cause::Command { .. })
            }
            Outcome::TimedOut(Some(failure)) => {
                ["INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"].contains(&failure.phase)
            }
            _ => false,
        };
        if !is_of_command || build.log_stream.is_none() {
            return Ok(None);
        }
        match self.logs.get(&build.arn.build_id) {
            Some(log) => Ok(log.excerpt.as_ref()),
            None => Err(Box::new(Step::ReadLog { build: Box::new(build.clone()) })),
        }
    }
}
