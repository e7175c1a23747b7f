//! From an event to a comment that says the truth.

use aws_config::SdkConfig;
use pull_request_build::{
    AuthorArn, BuildEvent, BuildId, CommentContent, CommentDecision, CommentIdentity, CommitBuilds,
    FunctionArn, Outcome, OwnComments, PullRequestBuild, comment_text, decide_comment, ended_without_source,
    ended_without_success,
};
use serde_json::Value;

use crate::codebuild::read_builds;
use crate::codecommit::{Write, find_source_loss, post_comment, read_comments, update_comment};
use crate::config::Config;
use crate::publication::{Interruption, Over, Publication, PublishError, Shown};

/// How often an invocation looks and writes before it leaves the rest to the next try. Two are the rule: one that
/// writes and one that finds nothing to write. Each invocation that runs at the same time may cost one more.
const MAX_PASSES: usize = 6;

/// The function: its settings and its clients.
#[derive(Debug)]
pub(crate) struct Handler {
    config: Config,
    codebuild: aws_sdk_codebuild::Client,
    codecommit: aws_sdk_codecommit::Client,
}

/// What one pass did.
enum Pass {
    Wrote(fn(Shown) -> Publication, WrittenText),
    LookAgain(&'static str),
    NothingToWrite(Shown),
}

/// A text that was written, and what CodeCommit made of it. It documents no change of a text, but an invocation that
/// waited for its own words to come back would never end if there were one.
struct WrittenText {
    content: String,
    stored: String,
}

impl Handler {
    pub(crate) fn new(config: Config, sdk_config: &SdkConfig) -> Self {
        let codebuild = aws_sdk_codebuild::Client::new(sdk_config);
        let codecommit = aws_sdk_codecommit::Client::new(sdk_config);
        Self { config, codebuild, codecommit }
    }

    /// Brings the comment on the event's build up to date. An error makes Lambda invoke the function again.
    pub(crate) async fn handle(
        &self,
        event: Value,
        invoked_function_arn: &str,
    ) -> Result<Publication, PublishError> {
        let hook_name = self.config.hook_name.as_str();
        let event = BuildEvent::parse(event).map_err(PublishError::from).inspect_err(|error| {
            tracing::error!(
                hook.name = hook_name,
                error.type = error.error_type(),
                "no build's result could be published: {error}"
            );
        })?;
        let build_id = &event.build_arn.build_id;
        let build = match event.pull_request_build(&self.config.project_name) {
            Ok(build) => build,
            Err(reason) => {
                tracing::info!(hook.name = hook_name, build.id = %build_id, %reason, "build ignored");
                return Ok(Publication::Ignored { reason: reason.to_string() });
            }
        };
        let result = match self.publish(&event, &build, invoked_function_arn).await {
            Ok(publication) => Ok(publication),
            Err(Interruption::Over(over)) => Ok(Publication::Ignored { reason: over.to_string() }),
            Err(Interruption::Error(error)) => Err(error),
        };
        let (pull_request_id, repository_name) = (&build.pull_request_id, &build.repository_name);
        match &result {
            Ok(publication) => tracing::info!(
                hook.name = hook_name,
                build.id = %build_id,
                build.status = publication.shown().map(|shown| &*shown.build_status),
                comment.id = publication.shown().map(|shown| &*shown.comment_id),
                event.status = event.status.name(),
                pull_request.id = %pull_request_id,
                repository.name = %repository_name,
                pull_request.source_commit = %build.source_commit,
                reason = publication.reason(),
                "{}",
                publication.message()
            ),
            Err(error) => tracing::error!(
                hook.name = hook_name,
                build.id = %build_id,
                event.status = event.status.name(),
                pull_request.id = %pull_request_id,
                repository.name = %repository_name,
                pull_request.source_commit = %build.source_commit,
                error.type = error.error_type(),
                "a build's result could not be published: {error}"
            ),
        }
        result
    }

    /// Looks and writes until there is nothing to write. Whoever writes last looks again afterwards, so of invocations
    /// that run at the same time the last one leaves the comment with the newest state.
    async fn publish(
        &self,
        event: &BuildEvent,
        build: &PullRequestBuild,
        invoked_function_arn: &str,
    ) -> Result<Publication, Interruption> {
        let function = FunctionArn::parse(invoked_function_arn).map_err(PublishError::from)?;
        let author = function.author_arn(&self.config.role_name);
        let identity = CommentIdentity {
            hook_name: self.config.hook_name.clone(),
            pull_request_id: build.pull_request_id.clone(),
            source_commit: build.source_commit.clone(),
        };
        let mut written: Option<fn(Shown) -> Publication> = None;
        let mut text: Option<WrittenText> = None;
        let mut last = "nothing";
        for _ in 0..MAX_PASSES {
            match self.pass(event, &identity, &author, text.as_ref()).await? {
                Pass::NothingToWrite(shown) => return Ok(written.unwrap_or(Publication::Unchanged)(shown)),
                Pass::Wrote(publication, new_text) => {
                    text = Some(new_text);
                    // A comment that was posted and then changed was posted.
                    written.get_or_insert(publication);
                    last = "wrote the comment";
                }
                Pass::LookAgain(why) => last = why,
            }
        }
        Err(PublishError::NotSettled { passes: MAX_PASSES, last }.into())
    }

    async fn pass(
        &self,
        event: &BuildEvent,
        identity: &CommentIdentity,
        author: &AuthorArn,
        written: Option<&WrittenText>,
    ) -> Result<Pass, Interruption> {
        let comments = read_comments(&self.codecommit, &identity.pull_request_id, author).await?;
        let own = OwnComments::find(&comments, identity, author);
        let build_id = &event.build_arn.build_id;
        let builds = read_builds(&self.codebuild, &self.builds_to_read(build_id, &own)).await?;
        let build_of_event = builds.iter().find(|build| build.arn.build_id == *build_id);
        if build_of_event.is_some_and(|build| event.is_newer_than(build)) {
            return Ok(Pass::LookAgain("CodeBuild answered with a state from before the event"));
        }
        let Some(commit_builds) = CommitBuilds::of(&builds, identity) else {
            let over = build_of_event.map_or(Over::BuildGone, |_| Over::BuildOfAnotherCommit);
            return Err(over.into());
        };
        let newest = commit_builds.newest();
        let content = self.text(&commit_builds, identity).await?;
        let expected = written.filter(|text| text.content == content).map_or(&content, |text| &text.stored);
        let (write, publication): (Write, fn(Shown) -> Publication) =
            match decide_comment(identity, &own, newest, expected) {
                CommentDecision::Keep { comment_id } => {
                    return Ok(Pass::NothingToWrite(Shown {
                        comment_id,
                        build_id: newest.arn.build_id.to_string(),
                        build_status: newest.status.name().to_owned(),
                    }));
                }
                CommentDecision::StayDeleted => return Err(Over::CommentDeleted.into()),
                CommentDecision::Post { request_token } => {
                    let build = &newest.pull_request;
                    let write = post_comment(&self.codecommit, build, author, &request_token, &content);
                    (write.await?, Publication::Posted)
                }
                CommentDecision::Update { comment_id } => {
                    (update_comment(&self.codecommit, &comment_id, &content).await?, Publication::Updated)
                }
            };
        Ok(match write {
            Write::Done { stored } => {
                let stored = stored.unwrap_or_else(|| content.clone());
                Pass::Wrote(publication, WrittenText { content, stored })
            }
            Write::LookAgain(why) => Pass::LookAgain(why),
        })
    }

    /// The event's build and those that the comment has shown. A build of another project, which the hook may have had
    /// under another name, is left out: the function may not read it.
    fn builds_to_read(&self, build_id: &BuildId, own: &OwnComments<'_>) -> Vec<BuildId> {
        let mut ids = vec![build_id.clone()];
        let of_project =
            |id: &&BuildId| *id != build_id && id.project_name() == self.config.project_name.as_str();
        ids.extend(own.shown_builds().iter().filter(of_project).cloned());
        ids
    }

    async fn text(
        &self,
        builds: &CommitBuilds<'_>,
        identity: &CommentIdentity,
    ) -> Result<String, Interruption> {
        let build = builds.newest();
        let source_loss = if ended_without_success(build) {
            let had_source = !ended_without_source(build);
            find_source_loss(&self.codecommit, &build.pull_request, had_source).await?
        } else {
            None
        };
        let content = CommentContent {
            builds,
            outcome: &Outcome::of(build, source_loss),
            superseded_by: None,
            reports: &[],
            previous: None,
            log: None,
        };
        Ok(comment_text(&content, &builds.marker(identity)))
    }
}

#[cfg(test)]
mod tests;
