//! The calls of publish-build-result for an event.

use pull_request_build::{Answer, Over, PullRequestId, Step};

use crate::aws::{At, Aws, Effect};
use crate::function::join;

/// The call, in words.
pub(super) fn describe(step: &Step) -> String {
    match step {
        Step::ReadComments => "reads the comments".to_owned(),
        Step::ReadBuilds(ids) => format!("reads the builds {}", join(ids)),
        Step::FindSourceLoss { build, .. } => format!("looks for the source of {}", build.arn.build_id),
        Step::PostComment { content, .. } => format!("posts a comment: {}", quote(content)),
        Step::UpdateComment { comment_id, content } => format!("updates {comment_id}: {}", quote(content)),
        Step::PostReply { comment_id, content, .. } => format!("replies to {comment_id}: {}", quote(content)),
        other => format!("{other:?}"),
    }
}

/// Makes the call.
pub(super) fn call(step: &Step, pull_request_id: &PullRequestId, aws: &mut Aws, at: At) -> Answer {
    let Aws { names, codecommit, codebuild, effects, .. } = aws;
    let (answer, posted) = match step {
        Step::ReadComments => {
            let index = codecommit.index(pull_request_id);
            let comments = index.map(|index| codecommit.read_comments(index, names));
            (comments.map_or(Answer::Over(Over::PullRequestGone), Answer::Comments), None)
        }
        Step::ReadBuilds(ids) => (Answer::Builds(codebuild.read(ids, at.now.before(at.lag))), None),
        Step::FindSourceLoss { build, .. } => {
            let index = codecommit.index(&build.pull_request.pull_request_id);
            let loss = index
                .map(|index| codecommit.pull_requests[index].source_loss(&build.pull_request.source_commit));
            (loss.map_or(Answer::Over(Over::PullRequestGone), Answer::SourceLoss), None)
        }
        Step::FindCommitLoss(build) => {
            let index = codecommit.index(&build.pull_request_id);
            let loss = index.map(|index| codecommit.pull_requests[index].source_loss(&build.source_commit));
            (loss.map_or(Answer::Over(Over::PullRequestGone), Answer::SourceLoss), None)
        }
        Step::ReadReports { .. } => (Answer::Reports(Vec::new()), None),
        Step::ReadLog { .. } => (Answer::Log(Vec::new()), None),
        Step::PostComment { build, request_token, content } => {
            codecommit.post_comment(build, request_token, content, names, at.now)
        }
        Step::UpdateComment { comment_id, content } => {
            effects.push(Effect::Updated);
            (codecommit.update_comment(comment_id, content, at.now), None)
        }
        Step::PostReply { comment_id, request_token, content } => {
            codecommit.post_reply(comment_id, request_token, content, names, at.now)
        }
        Step::Finished(_) | Step::GiveUp { .. } => (Answer::LookAgain("there is no call to make"), None),
    };
    effects.extend(posted.map(Effect::Posted));
    answer
}

/// A comment's first and last line: its headline and its marker.
fn quote(content: &str) -> String {
    let mut lines = content.lines();
    let first = lines.next().unwrap_or_default();
    format!("{first} … {}", lines.next_back().unwrap_or_default())
}
