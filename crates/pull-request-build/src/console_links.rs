//! Links into the AWS console.

use crate::build::Build;
use crate::ids::SourceCommit;
use crate::reports::Report;

/// Longer links than this are not taken over from CodeBuild: a comment has room for much, but not for anything.
const MAX_LINK_BYTES: usize = 1_000;

/// Where a build, its log and its commit are to be seen. Every link can stand in Markdown as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsoleLinks {
    pub(crate) build: String,
    pub(crate) log: String,
    pub(crate) commit: String,
}

impl ConsoleLinks {
    /// The links for `build`, or none in a partition whose console is not known and that CodeBuild does not name.
    pub(crate) fn of(build: &Build) -> Option<Self> {
        Some(Self::at(&console_origin(build)?, build))
    }

    /// The links for `build` by its ARN alone, which never change, unlike the log's link that CodeBuild gives.
    pub(crate) fn of_arn(build: &Build) -> Option<Self> {
        Some(Self::at(&partition_origin(build)?, &Build { log_deep_link: None, ..build.clone() }))
    }

    fn at(origin: &str, build: &Build) -> Self {
        let arn = &build.arn;
        let region = &arn.region;
        let build_page = format!(
            "{origin}/codesuite/codebuild/{}/projects/{}/build/{}%3A{}",
            arn.account,
            arn.build_id.project_name(),
            arn.build_id.project_name(),
            arn.build_id.unique_part(),
        );
        let log = match usable_deep_link(build) {
            Some(link) if leads_to_a_log(link) => link.to_owned(),
            _ => format!("{build_page}/log?region={region}"),
        };
        Self {
            build: format!("{build_page}/?region={region}"),
            log,
            commit: commit_page(origin, build, &build.pull_request.source_commit),
        }
    }
}

/// The link to a commit of the repository of `build`, or none where the console is not known.
pub(crate) fn commit_link(build: &Build, commit: &SourceCommit) -> Option<String> {
    Some(commit_page(&console_origin(build)?, build, commit))
}

fn commit_page(origin: &str, build: &Build, commit: &SourceCommit) -> String {
    format!(
        "{origin}/codesuite/codecommit/repositories/{}/commit/{commit}?region={}",
        build.pull_request.repository_name, build.arn.region,
    )
}

/// The link to a report of `build`, or none where the console is not known or the report's ARN is none.
pub(crate) fn report_link(build: &Build, report: &Report) -> Option<String> {
    let (_, resource) = report.arn.split_once(":report/")?;
    let (group, unique) = resource.rsplit_once(':')?;
    // Names of report groups have these characters alone (API reference of CodeBuild, `CreateReportGroup`).
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !is_name(group) || !is_name(unique) {
        return None;
    }
    let link = format!(
        "{}/codesuite/codebuild/{}/testReports/reports/{group}/{group}%3A{unique}?region={}",
        console_origin(build)?,
        build.arn.account,
        build.arn.region,
    );
    Some(link).filter(|link| stays_in_its_parentheses(link))
}

/// The link to a comment on the pull request of `build`, or none where the console is not known.
pub(crate) fn comment_link(build: &Build, comment_id: &str) -> Option<String> {
    let of_pull_request = &build.pull_request;
    let link = format!(
        "{}/codesuite/codecommit/repositories/{}/pull-requests/{}/activity?region={}#{comment_id}",
        console_origin(build)?,
        of_pull_request.repository_name,
        of_pull_request.pull_request_id,
        build.arn.region,
    );
    Some(link).filter(|link| stays_in_its_parentheses(link))
}

/// Scheme and host of the console. CodeBuild knows that of its partition, even in the placeholder that it gives before
/// there is a log.
fn console_origin(build: &Build) -> Option<String> {
    match usable_deep_link(build).and_then(origin) {
        Some(origin) => Some(origin.to_owned()),
        None => partition_origin(build),
    }
}

fn partition_origin(build: &Build) -> Option<String> {
    Some(format!("https://{}.{}", build.arn.region, console_domain(&build.arn.partition)?))
}

fn usable_deep_link(build: &Build) -> Option<&str> {
    build.log_deep_link.as_deref().filter(|link| stays_in_its_parentheses(link))
}

/// The domain of a partition's console, under which every region has its own host.
fn console_domain(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" => Some("console.aws.amazon.com"),
        "aws-us-gov" => Some("console.amazonaws-us-gov.com"),
        "aws-cn" => Some("console.amazonaws.cn"),
        _ => None,
    }
}

/// The link's scheme and host.
fn origin(link: &str) -> Option<&str> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| link.starts_with(scheme))?;
    let rest = &link[scheme.len()..];
    let host = rest.split(['/', '?', '#']).next()?;
    let is_host =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    is_host.then(|| &link[..scheme.len() + host.len()])
}

/// Whether the link leads to a log. The placeholder of a build without a log has `null` in the log's place.
fn leads_to_a_log(link: &str) -> bool {
    origin(link).is_some() && !link.split(['/', '=', ';', '&', '#']).any(|part| part == "null")
}

fn stays_in_its_parentheses(link: &str) -> bool {
    link.len() <= MAX_LINK_BYTES
        && link.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>\\`\"'[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{a_build, arn};
    use crate::reports::{ReportContent, TestResults};

    fn links(arn_text: &str, deep_link: Option<&str>) -> Option<ConsoleLinks> {
        let log_deep_link = deep_link.map(str::to_owned);
        ConsoleLinks::of(&Build { arn: arn(arn_text), log_deep_link, ..a_build() })
    }

    const ARN: &str = "arn:aws:codebuild:eu-central-1:123456789012:build/hook:0a1b";

    #[test]
    fn the_log_is_the_one_that_codebuild_links_to() {
        let log = "https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Fhook/log-events/0a1b";
        let links = links(ARN, Some(log)).unwrap();
        assert_eq!(links.log, log);
        assert_eq!(
            links.build,
            "https://console.aws.amazon.com/codesuite/codebuild/123456789012/projects/hook/build/hook%3A0a1b/?region=eu-central-1"
        );
        assert_eq!(
            links.commit,
            format!(
                "https://console.aws.amazon.com/codesuite/codecommit/repositories/payments/commit/{}?region=eu-central-1",
                "a".repeat(40)
            )
        );
    }

    #[test]
    fn a_placeholder_gives_the_host_and_the_builds_own_log_page_the_log() {
        for placeholder in [
            "https://console.amazonaws-eu.example/cloudwatch/home?region=eu-central-1#logEvent:group=null;stream=null",
            "https://console.amazonaws-eu.example/cloudwatch/home#logsV2:log-groups/log-group/null/log-events/null",
        ] {
            assert_eq!(
                links(ARN, Some(placeholder)).unwrap().log,
                "https://console.amazonaws-eu.example/codesuite/codebuild/123456789012/projects/hook/build/hook%3A0a1b/log?region=eu-central-1"
            );
        }
    }

    #[test]
    fn without_a_usable_link_the_partition_names_the_console() {
        let build = |arn: &str, link: Option<&str>| links(arn, link).map(|links| links.build);
        let path = "codesuite/codebuild/123456789012/projects/hook/build/hook%3A0a1b";
        for unusable in [None, Some("null"), Some("javascript:alert(1)"), Some("https://a.example/)[x](y")] {
            assert_eq!(
                build(ARN, unusable).unwrap(),
                format!("https://eu-central-1.console.aws.amazon.com/{path}/?region=eu-central-1"),
                "for {unusable:?}"
            );
        }
        let other = |partition: &str, region: &str| {
            build(&format!("arn:{partition}:codebuild:{region}:123456789012:build/hook:0a1b"), None)
        };
        assert_eq!(
            other("aws-us-gov", "us-gov-west-1").unwrap(),
            format!("https://us-gov-west-1.console.amazonaws-us-gov.com/{path}/?region=us-gov-west-1")
        );
        assert_eq!(
            other("aws-cn", "cn-north-1").unwrap(),
            format!("https://cn-north-1.console.amazonaws.cn/{path}/?region=cn-north-1")
        );
        assert_eq!(other("aws-new", "new-1"), None);
    }

    #[test]
    fn a_report_is_linked_if_its_group_has_a_name_of_codebuild() {
        let link = |group: &str| {
            let arn = format!("arn:aws:codebuild:eu-central-1:123456789012:report/{group}:0a1b");
            report_link(&a_build(), &Report { arn, content: ReportContent::Tests(TestResults::default()) })
        };
        assert_eq!(
            link("hook-unit").unwrap(),
            "https://eu-central-1.console.aws.amazon.com/codesuite/codebuild/123456789012/testReports/reports/hook-unit/hook-unit%3A0a1b?region=eu-central-1"
        );
        for hostile in ["**pwn**", "a)[x](y", "a b", "ä"] {
            assert_eq!(link(hostile), None, "{hostile}");
        }
    }
}
