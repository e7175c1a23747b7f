//! Values that tests begin with and change where it matters.

use std::time::{Duration, SystemTime};

use crate::build::{Build, BuildStatus, Phase, PhaseContext};
use crate::build_arn::BuildArn;
use crate::build_variables::PullRequestBuild;
use crate::ids::{
    DestinationCommit, HookName, PullRequestId, Reference, RepositoryName, RevisionId, SourceCommit,
};
use crate::not_started::{NotStarted, NotStartedKind, NotStartedReason};
use crate::reports::{Report, ReportContent};
use crate::secrets::Secrets;

/// The moment that many seconds after a fixed one.
pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

pub(crate) fn arn(text: &str) -> BuildArn {
    BuildArn::parse(text).unwrap()
}

pub(crate) fn a_pull_request_build() -> PullRequestBuild {
    PullRequestBuild {
        pull_request_id: PullRequestId::parse("42").unwrap(),
        repository_name: RepositoryName::parse("payments").unwrap(),
        source_commit: SourceCommit::parse(&"a".repeat(40)).unwrap(),
        destination_commit: DestinationCommit::parse(&"b".repeat(40)).unwrap(),
        revision_id: RevisionId::parse("r1").unwrap(),
        source_reference: Some(Reference::parse("refs/heads/feature/login").unwrap()),
        destination_reference: Some(Reference::parse("refs/heads/main").unwrap()),
    }
}

/// The build of the pull request above, while the account's limit is reached.
pub(crate) fn a_not_started() -> NotStarted {
    NotStarted {
        hook_name: HookName::parse("pull-request-hook").unwrap(),
        build: a_pull_request_build(),
        reason: NotStartedReason {
            kind: NotStartedKind::AccountLimit,
            message: "AccountLimitExceededException: Cannot have more than 6 builds in queue for the account"
                .to_owned(),
        },
    }
}

/// Build `pull-request-hook:UNIQUE`, which began at second `start` and is not over.
pub(crate) fn a_build_of(unique: &str, start: u64) -> Build {
    Build {
        arn: arn(&format!("arn:aws:codebuild:eu-central-1:123456789012:build/pull-request-hook:{unique}")),
        number: Some(12),
        status: BuildStatus::InProgress,
        start_time: Some(at(start)),
        end_time: None,
        phases: Vec::new(),
        log_deep_link: None,
        log_stream: None,
        report_arns: Vec::new(),
        secrets: Secrets::default(),
        pull_request: a_pull_request_build(),
    }
}

pub(crate) fn a_build() -> Build {
    a_build_of("0a1b2c3d-0000-4000-8000-0123456789ab", 0)
}

pub(crate) fn a_phase(name: &str, status: BuildStatus) -> Phase {
    Phase {
        name: name.to_owned(),
        status: Some(status),
        start_time: None,
        end_time: None,
        contexts: Vec::new(),
    }
}

/// A build that ended with `status` after `seconds`, in phase `phase`, of which CodeBuild says `code` and `message`.
pub(crate) fn an_ended_build(
    status: BuildStatus,
    seconds: u64,
    phase: &str,
    code: &str,
    message: &str,
) -> Build {
    let contexts = vec![PhaseContext { status_code: code.to_owned(), message: message.to_owned() }];
    let ended = Phase { contexts, ..a_phase(phase, status.clone()) };
    let phases = vec![
        a_phase("SUBMITTED", BuildStatus::Succeeded),
        ended,
        a_phase("FINALIZING", BuildStatus::Succeeded),
        Phase { status: None, ..a_phase("COMPLETED", BuildStatus::InProgress) },
    ];
    Build { status, end_time: Some(at(seconds)), phases, ..a_build() }
}

/// A report of group `group` of the example project's account.
pub(crate) fn a_report(group: &str, content: ReportContent) -> Report {
    Report { arn: format!("arn:aws:codebuild:eu-central-1:123456789012:report/{group}:0a1b2c3d"), content }
}
