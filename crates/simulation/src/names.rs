//! Who is who in every world.

use std::fmt::Debug;

use pull_request_build::{
    AuthorArn, BuildArn, BuildId, CommentIdentity, DestinationCommit, FunctionArn, HookName, InvalidId,
    ProjectName, PullRequestBuild, RepositoryName, RevisionId, ServedRepositories, SourceCommit,
};

const PROJECT: &str = "pull-request-hook";

/// The names that do not change.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) hook: HookName,
    pub(crate) project: ProjectName,
    pub(crate) repositories: [RepositoryName; 2],
    /// As the setting says them: all.
    pub(crate) served: ServedRepositories,
    /// publish-build-result, as the author of comments.
    pub(crate) author: AuthorArn,
}

impl Names {
    pub(crate) fn new() -> Self {
        let function = "arn:aws:lambda:eu-central-1:123456789012:function:publish-build-result";
        Self {
            hook: valid(HookName::parse(PROJECT)),
            project: valid(ProjectName::parse(PROJECT)),
            repositories: ["payments", "shop"].map(|name| valid(RepositoryName::parse(name))),
            served: valid(ServedRepositories::parse(r#"["*"]"#)),
            author: valid(FunctionArn::parse(function)).author_arn("publish-role"),
        }
    }

    /// What the comment on a build belongs to.
    pub(crate) fn identity(&self, build: &PullRequestBuild) -> CommentIdentity {
        CommentIdentity {
            hook_name: self.hook.clone(),
            pull_request_id: build.pull_request_id.clone(),
            source_commit: build.source_commit.clone(),
        }
    }
}

/// The commits of a world are numbered, in Git's form.
pub(crate) fn source_commit(number: usize) -> SourceCommit {
    valid(SourceCommit::parse(&format!("{number:08x}{number:032x}")))
}

pub(crate) fn destination_commit(number: usize) -> DestinationCommit {
    valid(DestinationCommit::parse(source_commit(number).as_str()))
}

pub(crate) fn revision_id(pull_request: usize, number: usize) -> RevisionId {
    valid(RevisionId::parse(&format!("revision-{pull_request}-{number}")))
}

pub(crate) fn build_arn(number: usize) -> BuildArn {
    BuildArn {
        partition: "aws".to_owned(),
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
        build_id: valid(BuildId::parse(&format!("{PROJECT}:{number}"))),
    }
}

#[expect(clippy::expect_used, reason = "a world whose names are malformed can say nothing")]
pub(crate) fn valid<T: Debug>(name: Result<T, InvalidId>) -> T {
    name.expect("the world's names are well-formed")
}
