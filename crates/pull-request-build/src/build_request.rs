//! What makes two requests for a build the same request.

use crate::build_variables::PullRequestBuild;
use crate::ids::HookName;
use crate::request_token::request_token;

impl PullRequestBuild {
    /// The idempotency token with which `hook` starts this build: 64 hex digits, the most that CodeBuild takes. It tells
    /// hooks, pull requests, revisions and commits apart, and is the same in every release: a function that is updated
    /// between two tries must not start a second build.
    pub fn start_token(&self, hook: &HookName) -> String {
        request_token(&[
            "start-build",
            hook.as_str(),
            self.pull_request_id.as_str(),
            self.revision_id.as_str(),
            self.source_commit.as_str(),
        ])
    }

    /// Whether a build that was started for `other` is also the one that was asked for here. The destination may differ:
    /// it moves without making a revision.
    pub fn is_same_request(&self, other: &Self) -> bool {
        self.pull_request_id == other.pull_request_id
            && self.repository_name == other.repository_name
            && self.revision_id == other.revision_id
            && self.source_commit == other.source_commit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::a_pull_request_build;
    use crate::ids::{DestinationCommit, PullRequestId, RepositoryName, RevisionId, SourceCommit};

    fn build(pull_request: &str, revision: &str, source: &str) -> PullRequestBuild {
        PullRequestBuild {
            pull_request_id: PullRequestId::parse(pull_request).unwrap(),
            source_commit: SourceCommit::parse(&source.repeat(40)).unwrap(),
            revision_id: RevisionId::parse(revision).unwrap(),
            ..a_pull_request_build()
        }
    }

    fn hook(name: &str) -> HookName {
        HookName::parse(name).unwrap()
    }

    #[test]
    fn the_token_never_changes_from_release_to_release() {
        // Computed apart from this code, with a SHA-256 over each part after its length in eight bytes, big end first.
        assert_eq!(
            build("42", "r1", "a").start_token(&hook("pull-request-hook")),
            "53a58a57141d7be7cad5e2e272f59f0fafd21b07b99c4a4ecc94d420b796aec2"
        );
    }

    #[test]
    fn hook_pull_request_revision_and_commit_each_make_another_token() {
        let tokens = [
            build("42", "r1", "a").start_token(&hook("hook")),
            build("42", "r1", "a").start_token(&hook("other")),
            build("43", "r1", "a").start_token(&hook("hook")),
            build("42", "r2", "a").start_token(&hook("hook")),
            build("42", "r1", "c").start_token(&hook("hook")),
        ];
        let different: std::collections::HashSet<_> = tokens.iter().collect();
        assert_eq!(different.len(), tokens.len(), "{tokens:?}");
    }

    #[test]
    fn a_destination_that_moved_makes_neither_another_token_nor_another_request() {
        let asked = build("42", "r1", "a");
        let moved = PullRequestBuild {
            destination_commit: DestinationCommit::parse(&"d".repeat(40)).unwrap(),
            ..asked.clone()
        };
        assert!(asked.is_same_request(&moved));
        assert_eq!(asked.start_token(&hook("hook")), moved.start_token(&hook("hook")));
    }

    #[test]
    fn another_pull_request_repository_revision_or_commit_is_another_request() {
        let asked = build("42", "r1", "a");
        let repository_name = RepositoryName::parse("refunds").unwrap();
        for other in [
            build("43", "r1", "a"),
            build("42", "r2", "a"),
            build("42", "r1", "c"),
            PullRequestBuild { repository_name, ..asked.clone() },
        ] {
            assert!(!asked.is_same_request(&other), "{other:?}");
        }
    }
}
