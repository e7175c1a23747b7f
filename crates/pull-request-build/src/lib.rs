#![doc = include_str!("../README.md")]

mod author;
mod build;
mod build_arn;
mod build_event;
mod build_request;
mod build_variables;
mod comment_decision;
mod comment_text;
mod console_links;
mod event_members;
#[cfg(test)]
mod examples;
mod failure;
mod ids;
mod log_excerpt;
mod markdown;
mod marker;
mod not_started;
mod outcome;
mod own_comments;
mod patterns;
mod publish;
mod pull_request_event;
mod reply_decision;
mod reports;
mod request_token;
mod scheduled_event;
mod secrets;
mod served_repositories;
mod start;
mod start_decision;
mod sweep;
mod terminal;
mod test_comparison;
mod verdict;

pub use author::{AuthorArn, FunctionArn, parse_role_name};
pub use build::{Build, BuildStatus, LogStream, Phase, PhaseContext};
pub use build_arn::BuildArn;
pub use build_event::{BuildEvent, NotOurBuild};
pub use build_variables::{BuildVariables, NotAPullRequestBuild, PullRequestBuild};
pub use comment_decision::{CommentDecision, CommitBuilds, decide_comment};
pub use comment_text::{CommentContent, PreviousRun, comment_text, pointer_text, reply_text};
pub use event_members::{InvalidEvent, read_event};
pub use failure::{Cause, Failure};
pub use ids::{
    BuildId, DestinationCommit, HookName, InvalidId, ProjectName, PullRequestId, Reference, RepositoryName,
    RevisionId, SourceCommit,
};
pub use log_excerpt::LogExcerpt;
pub use marker::{Marker, PointerMarker, ReplyMarker};
pub use not_started::{NotStarted, NotStartedKind, NotStartedReason};
pub use outcome::{Outcome, SourceLoss, ended_without_source, ended_without_success};
pub use own_comments::{CommentIdentity, CommitComments, LiveComment, OwnComments, PullRequestComment};
pub use publish::{Answer, MAX_PASSES, Over, Publication, PublishSettings, Publisher, Shown, Step};
pub use pull_request_event::{
    ClosedPullRequest, NewRevision, PullRequestEvent, PullRequestEventKind, PullRequestStatus,
};
pub use reply_decision::{Replies, Reply, decide_reply};
pub use reports::{Coverage, Covered, FailingTest, MissingReport, Report, ReportContent, TestResults};
pub use scheduled_event::ScheduledEvent;
pub use secrets::Secrets;
pub use served_repositories::ServedRepositories;
pub use start::{ListedBuild, StartAnswer, StartFailure, StartOutcome, StartSettings, StartStep, Starter};
pub use start_decision::CurrentPullRequest;
pub use sweep::{
    Head, MissingBuild, PublishSweep, PublishSweepAnswer, PublishSweepSettings, PublishSweepStep,
    PublishSweepSummary, Repair, StartSweep, StartSweepAnswer, StartSweepSettings, StartSweepStep,
    StartSweepSummary, Sweep, WalkAnswer, WalkStep, schedule_tick,
};
pub use verdict::{Change, Verdict, change, previous_run, superseded_by, verdict};
