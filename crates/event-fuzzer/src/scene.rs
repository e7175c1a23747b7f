//! How AWS answers while an event is handled.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::sample::select;
use pull_request_build::{
    Answer, Build, BuildArn, BuildId, BuildStatus, CurrentPullRequest, ListedBuild, MissingReport,
    NotStartedKind, NotStartedReason, Over, PullRequestBuild, PullRequestComment, PullRequestStatus, Report,
    ReportContent, RevisionId, Secrets, SourceCommit, SourceLoss, StartAnswer, StartStep, Step,
};

/// The ARN of the build that start-build starts.
const STARTED: &str = "pull-request-hook:00000000-0000-4000-8000-000000000001";

/// What is true at AWS when an event comes.
#[derive(Debug, Clone)]
pub struct Scene {
    pull_request: PullRequestState,
    /// Between the event and GetPullRequest; an answer may have no date.
    later: Option<Duration>,
    is_start_refused: bool,
    is_build_known: bool,
    status: BuildStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PullRequestState {
    AsInEvent,
    MovedOn,
    Closed,
    Behind,
    Gone,
}

pub(crate) fn any_scene() -> impl Strategy<Value = Scene> {
    use PullRequestState::{AsInEvent, Behind, Closed, Gone, MovedOn};
    let states = prop_oneof![3 => Just(AsInEvent), 1 => select(vec![MovedOn, Closed, Behind, Gone])];
    let later = prop::option::of((0_u64..100_000).prop_map(Duration::from_secs));
    let statuses =
        [BuildStatus::InProgress, BuildStatus::Succeeded, BuildStatus::Failed, BuildStatus::Stopped];
    (states, later, any::<bool>(), any::<bool>(), select(statuses.to_vec())).prop_map(
        |(pull_request, later, is_start_refused, is_build_known, status)| Scene {
            pull_request,
            later,
            is_start_refused,
            is_build_known,
            status,
        },
    )
}

impl Default for Scene {
    /// Everything is as the event says, and the build has succeeded.
    fn default() -> Self {
        Self {
            pull_request: PullRequestState::AsInEvent,
            later: Some(Duration::ZERO),
            is_start_refused: false,
            is_build_known: true,
            status: BuildStatus::Succeeded,
        }
    }
}

impl Scene {
    /// What comes of a call of start-build, or nothing where an invocation ends. `event` is the time of the event.
    pub(crate) fn answer_start(&self, step: &StartStep, event: SystemTime) -> Option<StartAnswer> {
        let id = BuildId::parse(STARTED).ok()?;
        Some(match step {
            StartStep::ReadPullRequest(build) => StartAnswer::PullRequest {
                pull_request: self.pull_request(build, event),
                time: self.later.and_then(|later| event.checked_add(later)),
            },
            StartStep::ReadBuilds { .. } => {
                let listed = ListedBuild {
                    id,
                    start_time: Some(event),
                    status: self.status.clone(),
                    pull_request: None,
                };
                StartAnswer::Builds { builds: vec![listed], next_page: None }
            }
            StartStep::ReadNamedBuilds(_) => StartAnswer::Builds { builds: Vec::new(), next_page: None },
            StartStep::StartBuild { .. } if self.is_start_refused => {
                let message = "CodeBuild says why".to_owned();
                StartAnswer::NotStarted(NotStartedReason { kind: NotStartedKind::Refused, message })
            }
            StartStep::ReportNotStarted(_) => StartAnswer::Reported,
            StartStep::StartBuild { .. } => StartAnswer::Started { build_id: id, start_time: Some(event) },
            StartStep::ReadComments(_) => StartAnswer::Comments(Vec::new()),
            StartStep::StopBuild(_) => StartAnswer::Stopped,
            _ => return None,
        })
    }

    fn pull_request(&self, build: &PullRequestBuild, event: SystemTime) -> Option<CurrentPullRequest> {
        let status = match self.pull_request {
            PullRequestState::Gone => return None,
            PullRequestState::Closed => PullRequestStatus::Closed,
            _ => PullRequestStatus::Open,
        };
        let is_other = matches!(self.pull_request, PullRequestState::MovedOn | PullRequestState::Behind);
        let earlier = event.checked_sub(Duration::from_secs(60)).unwrap_or(event);
        Some(CurrentPullRequest {
            status,
            revision_id: if is_other { RevisionId::parse("other").ok()? } else { build.revision_id.clone() },
            source_commit: if is_other {
                SourceCommit::parse(&"c".repeat(40)).ok()?
            } else {
                build.source_commit.clone()
            },
            last_activity: if self.pull_request == PullRequestState::Behind { earlier } else { event },
        })
    }

    /// What comes of a call of publish-build-result, or nothing where an invocation ends. `build_arn` is that of the event,
    /// if it is one of a build; `comments` are those on the pull request.
    pub(crate) fn answer_publish(
        &self,
        step: &Step,
        build_arn: Option<&BuildArn>,
        build: &PullRequestBuild,
        author: &str,
        comments: &mut Vec<PullRequestComment>,
    ) -> Option<Answer> {
        Some(match step {
            Step::ReadComments => Answer::Comments(comments.clone()),
            Step::ReadBuilds(ids) => {
                let known = build_arn.filter(|arn| self.is_build_known && ids.contains(&arn.build_id));
                Answer::Builds(known.map(|arn| self.build(arn, build)).into_iter().collect())
            }
            Step::FindSourceLoss { .. } => Answer::SourceLoss(None),
            Step::FindCommitLoss(_) => Answer::SourceLoss(match self.pull_request {
                PullRequestState::Gone => return Some(Answer::Over(Over::PullRequestGone)),
                PullRequestState::Closed => Some(SourceLoss::Closed),
                PullRequestState::MovedOn => Some(SourceLoss::Superseded),
                PullRequestState::AsInEvent | PullRequestState::Behind => None,
            }),
            Step::ReadReports { build, .. } => {
                let missing = |arn: &String| Report {
                    arn: arn.clone(),
                    content: ReportContent::Missing(MissingReport::Gone),
                };
                Answer::Reports(build.report_arns.iter().map(missing).collect())
            }
            Step::ReadLog { .. } => Answer::Log(Vec::new()),
            Step::PostComment { build, request_token, content } => {
                let commit = Some(build.source_commit.to_string());
                written(comments, author, content, request_token, commit, None)
            }
            Step::PostReply { comment_id, request_token, content } => {
                written(comments, author, content, request_token, None, Some(comment_id.clone()))
            }
            Step::UpdateComment { comment_id, content } => {
                let comment = comments.iter_mut().find(|comment| comment.id == *comment_id)?;
                comment.content = Some(content.clone());
                Answer::Written { comment_id: Some(comment_id.clone()), stored: Some(content.clone()) }
            }
            _ => return None,
        })
    }

    fn build(&self, arn: &BuildArn, pull_request: &PullRequestBuild) -> Build {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let is_over = self.status != BuildStatus::InProgress;
        Build {
            arn: arn.clone(),
            number: Some(1),
            status: self.status.clone(),
            start_time: Some(start),
            end_time: is_over.then(|| start + Duration::from_secs(60)),
            phases: Vec::new(),
            log_deep_link: None,
            log_stream: None,
            report_arns: Vec::new(),
            secrets: Secrets::default(),
            pull_request: pull_request.clone(),
        }
    }
}

fn written(
    comments: &mut Vec<PullRequestComment>,
    author: &str,
    content: &str,
    token: &str,
    after_commit_id: Option<String>,
    in_reply_to: Option<String>,
) -> Answer {
    let id = format!("comment-{}", comments.len());
    let date = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_100));
    comments.push(PullRequestComment {
        id: id.clone(),
        author_arn: Some(author.to_owned()),
        content: Some(content.to_owned()),
        deleted: false,
        creation_date: date,
        last_modified_date: date,
        after_commit_id,
        in_reply_to,
        client_request_token: Some(token.to_owned()),
    });
    Answer::Written { comment_id: Some(id), stored: Some(content.to_owned()) }
}
