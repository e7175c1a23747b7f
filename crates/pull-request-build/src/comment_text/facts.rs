//! What was built, and where to look.

use super::words::{linked_commit, name};
use crate::build::Build;
use crate::build_variables::PullRequestBuild;
use crate::console_links::ConsoleLinks;

pub(super) fn facts(build: &Build, links: Option<&ConsoleLinks>) -> String {
    let commit = commit_facts(&build.pull_request, links.map(|links| &*links.commit));
    let build_name = match build.number {
        Some(number) => number.to_string(),
        None => name(build.arn.build_id.unique_part()),
    };
    let pages = links.map(|links| format!(": [details]({}), [log]({})", links.build, links.log));
    format!(
        "- {commit}\n- Build {build_name} of project {}{}",
        name(build.arn.build_id.project_name()),
        pages.unwrap_or_default()
    )
}

/// The commit, and the branches that it comes from and goes to.
pub(super) fn commit_facts(of_pull_request: &PullRequestBuild, link: Option<&str>) -> String {
    let commit = linked_commit(&of_pull_request.source_commit, link);
    let from = of_pull_request.source_reference.as_ref().map(|source| name(source.branch_name()));
    let into =
        of_pull_request.destination_reference.as_ref().map(|destination| name(destination.branch_name()));
    let from = from.map(|branch| format!(" from {branch}")).unwrap_or_default();
    let into = into.map(|branch| format!(" into {branch}")).unwrap_or_default();
    format!("Commit {commit}{from}{into}")
}
