//! The calls of start-build for an event.

use pull_request_build::{NotStartedKind, NotStartedReason, StartAnswer, StartStep};

use crate::aws::{At, Aws, Effect};
use crate::codebuild::{Start, reduce};
use crate::function::{Refused, join};

/// The call, in words.
pub(super) fn describe(step: &StartStep) -> String {
    match step {
        StartStep::ReadPullRequest(_) => "reads the pull request".to_owned(),
        StartStep::ReadBuilds { page } => format!("lists builds, page {page:?}"),
        StartStep::ReadComments(_) => "reads the comments".to_owned(),
        StartStep::ReadNamedBuilds(ids) => format!("reads the builds {}", join(ids)),
        StartStep::StopBuild(id) => format!("stops {id}"),
        StartStep::ReportNotStarted(report) => format!("reports: {:?}", report.reason),
        StartStep::StartBuild { build, .. } => format!("starts a build of {}", build.revision_id),
        end => format!("{end:?}"),
    }
}

/// Makes the call.
pub(super) fn call(step: &StartStep, aws: &mut Aws, at: At) -> Result<StartAnswer, Refused> {
    match step {
        StartStep::ReadPullRequest(build) => {
            let found = aws.codecommit.find_pull_request(&build.pull_request_id);
            let pull_request = found.map(|found| found.read(at.now.before(at.lag)));
            Ok(StartAnswer::PullRequest { pull_request, time: Some(at.now.to_second()) })
        }
        StartStep::ReadBuilds { page } => {
            let (builds, next_page) = aws.codebuild.list(page.as_deref(), at.now.before(at.lag));
            Ok(StartAnswer::Builds { builds: reduce(builds), next_page })
        }
        StartStep::StartBuild { build, token } => {
            if let Some(kind) = at.refusal {
                return Ok(not_started(kind, kind.name()));
            }
            let run = match aws.codebuild.start(build, token, at.now) {
                Start::New(run) => {
                    aws.effects.push(Effect::BuildSubmitted(run));
                    run
                }
                Start::Known(run) => run,
                Start::InvalidInput => {
                    return Ok(not_started(NotStartedKind::Refused, "InvalidInputException"));
                }
                Start::AccountLimitExceeded => {
                    return Ok(not_started(NotStartedKind::AccountLimit, "AccountLimitExceededException"));
                }
            };
            let build = &aws.codebuild.runs[run].build;
            Ok(StartAnswer::Started { build_id: build.arn.build_id.clone(), start_time: build.start_time })
        }
        StartStep::ReadComments(pull_request_id) => {
            Ok(StartAnswer::Comments(aws.codecommit.read_contents(pull_request_id, &aws.names)))
        }
        StartStep::ReadNamedBuilds(ids) => {
            let builds = aws.codebuild.read(ids, at.now.before(at.lag));
            Ok(StartAnswer::Builds { builds: reduce(builds), next_page: None })
        }
        StartStep::StopBuild(id) => {
            aws.effects.push(Effect::Stopped(id.clone()));
            Ok(StartAnswer::Stopped)
        }
        StartStep::ReportNotStarted(report) => {
            aws.effects.push(Effect::Reported(report.clone()));
            Ok(StartAnswer::Reported)
        }
        StartStep::Finished(_) | StartStep::Failed(_) => Err(Refused("there is no call to make")),
    }
}

fn not_started(kind: NotStartedKind, message: &str) -> StartAnswer {
    StartAnswer::NotStarted(NotStartedReason { kind, message: message.to_owned() })
}
