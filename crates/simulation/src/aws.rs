//! The services together, as an invocation reaches them.

use pull_request_build::{BuildId, NotStarted, NotStartedKind};

use crate::codebuild::CodeBuild;
use crate::codecommit::{CodeCommit, Posted};
use crate::moment::{Moment, Span};
use crate::names::Names;

/// What AWS promises and the hook relies on. Worlds under other laws show that the checks can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Laws {
    /// For how many seconds CodeBuild knows an idempotency token.
    pub build_token_seconds: u64,
    /// Whether CodeCommit knows the tokens of comments.
    pub keeps_comment_tokens: bool,
    /// Whether there is the sweep at all.
    pub sweeps: bool,
    /// Whether CodeBuild ever starts a build.
    pub starts_builds: bool,
}

impl Default for Laws {
    /// Those of AWS.
    fn default() -> Self {
        Self { build_token_seconds: 300, keeps_comment_tokens: true, sweeps: true, starts_builds: true }
    }
}

#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) laws: Laws,
    pub(crate) names: Names,
    pub(crate) codecommit: CodeCommit,
    pub(crate) codebuild: CodeBuild,
    /// What calls brought about and the world has not looked at yet.
    pub(crate) effects: Vec<Effect>,
}

/// Something that the world takes note of.
#[derive(Debug)]
pub(crate) enum Effect {
    BuildSubmitted(usize),
    /// start-build reported that it could not start a build.
    Reported(Box<NotStarted>),
    /// start-build stopped the build, if it had not ended.
    Stopped(BuildId),
    /// A comment was written over.
    Updated,
    Posted(Posted),
}

/// When a call takes effect, and how far its answer is behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) now: Moment,
    pub(crate) lag: Span,
    /// Why CodeBuild starts no build now, if so.
    pub(crate) refusal: Option<NotStartedKind>,
}

impl Aws {
    pub(crate) fn new(laws: Laws, concurrency: usize, project_created: Moment) -> Self {
        Self {
            laws,
            names: Names::new(),
            codecommit: CodeCommit::new(laws.keeps_comment_tokens),
            codebuild: CodeBuild::new(Span::seconds(laws.build_token_seconds), concurrency, project_created),
            effects: Vec::new(),
        }
    }
}
