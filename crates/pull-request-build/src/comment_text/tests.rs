mod properties;
mod replies;
mod results;
mod well_formed;

use super::room::MAX_COMMENT_BYTES;
use super::*;
use crate::build::BuildStatus;
use crate::examples::{a_build, a_not_started, an_ended_build, arn, at};
use crate::ids::{HookName, Reference};
use crate::not_started::{NotStarted, NotStartedKind, NotStartedReason};
use crate::outcome::SourceLoss;
use crate::own_comments::CommentIdentity;

const COMMAND_ERROR: &str = "COMMAND_EXECUTION_ERROR";
const LOG: &str = "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Fhook/log-events/0a1b2c3d";

fn marker(build: &Build) -> Marker {
    Marker {
        hook_name: HookName::parse("pull-request-hook").unwrap(),
        source_commit: build.pull_request.source_commit.clone(),
        builds: vec![build.arn.build_id.clone()],
        unfinished: false,
        earlier_unfinished: false,
    }
}

/// What a comment is made of, owned.
#[derive(Debug, Clone)]
struct Facts {
    build: Build,
    earlier: Vec<Build>,
    source_loss: Option<SourceLoss>,
    superseded_by: Option<SourceCommit>,
    reports: Vec<Report>,
    previous: Option<(Build, Vec<Report>)>,
    log: Option<LogExcerpt>,
}

impl From<Build> for Facts {
    fn from(build: Build) -> Self {
        Self {
            build,
            earlier: Vec::new(),
            source_loss: None,
            superseded_by: None,
            reports: Vec::new(),
            previous: None,
            log: None,
        }
    }
}

impl Facts {
    fn text(&self) -> String {
        self.text_with(&marker(&self.build))
    }

    fn text_with(&self, marker: &Marker) -> String {
        let identity = CommentIdentity {
            hook_name: marker.hook_name.clone(),
            pull_request_id: self.build.pull_request.pull_request_id.clone(),
            source_commit: self.build.pull_request.source_commit.clone(),
        };
        let builds: Vec<Build> = [&self.build].into_iter().chain(&self.earlier).cloned().collect();
        let content = CommentContent {
            builds: &CommitBuilds::of(&builds, &identity).unwrap(),
            outcome: &Outcome::of(&self.build, self.source_loss),
            superseded_by: self.superseded_by.as_ref(),
            reports: &self.reports,
            previous: self.previous.as_ref().map(|(build, reports)| PreviousRun { build, reports }),
            log: self.log.as_ref(),
        };
        comment_text(&content, marker)
    }
}

/// One snapshot a message, named after it.
macro_rules! message {
    ($name:ident, $facts:expr) => {
        #[test]
        fn $name() {
            check_message(stringify!($name), &Facts::from($facts).text());
        }
    };
    ($name:ident, $build:expr, $source_loss:expr) => {
        message!($name, Facts { source_loss: $source_loss, ..Facts::from($build) });
    };
}

use message;

fn check_message(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
    assert!(text.len() <= MAX_COMMENT_BYTES, "{} bytes", text.len());
    well_formed::check(text);
}

fn failed(seconds: u64, phase: &str, code: &str, message: &str) -> Build {
    an_ended_build(BuildStatus::Failed, seconds, phase, code, message)
}

/// One snapshot for each reason why a build cannot be started.
macro_rules! not_started_message {
    ($name:ident, $kind:ident, $message:expr) => {
        #[test]
        fn $name() {
            let reason = NotStartedReason { kind: NotStartedKind::$kind, message: $message.to_owned() };
            let marker = Marker { builds: Vec::new(), ..marker(&a_build()) };
            let text = not_started_text(&NotStarted { reason, ..a_not_started() }, &marker);
            check_message(stringify!($name), &text);
        }
    };
}

not_started_message!(not_started_account_limit, AccountLimit, a_not_started().reason.message);
not_started_message!(
    not_started_project_not_found,
    ProjectNotFound,
    "ResourceNotFoundException: Project cannot be found: \
     arn:aws:codebuild:eu-central-1:123456789012:project/pull-request-hook"
);
not_started_message!(
    not_started_access_denied,
    AccessDenied,
    "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/start-build/start-build is not authorized to \
     perform: codebuild:StartBuild on resource: \
     arn:aws:codebuild:eu-central-1:123456789012:project/pull-request-hook because no identity-based policy allows the \
     codebuild:StartBuild action"
);
not_started_message!(
    not_started_refused,
    Refused,
    "InvalidInputException: Invalid type for `x`\n```\n**pwn**"
);

#[test]
fn a_long_message_of_aws_leaves_room_for_the_rest() {
    let reason = NotStartedReason { kind: NotStartedKind::Refused, message: "`pwn\n".repeat(10_000) };
    let marker = Marker { builds: Vec::new(), ..marker(&a_build()) };
    let text = not_started_text(&NotStarted { reason, ..a_not_started() }, &marker);
    well_formed::check(&text);
    assert!(text.len() <= MAX_COMMENT_BYTES, "{} bytes", text.len());
    assert!(text.contains("are left out here; the log of the function start-build has all."), "{text}");
    assert_eq!(Marker::find(&text), Some(marker));
}

message!(submitted, a_build());
message!(submitted_without_number, Build { number: None, ..a_build() });
message!(submitted_in_an_unknown_partition, {
    let new = "arn:aws-new:codebuild:new-north-1:123456789012:build/pull-request-hook:0a1b2c3d";
    Build { arn: arn(new), ..a_build() }
});
message!(
    succeeded,
    Build {
        status: BuildStatus::Succeeded,
        end_time: Some(at(125)),
        log_deep_link: Some(LOG.to_owned()),
        ..a_build()
    }
);
message!(
    command_failed,
    failed(
        3_725,
        "BUILD",
        COMMAND_ERROR,
        "Error while executing command: cargo test --workspace. Reason: exit status 101"
    )
);
message!(
    buildspec_missing,
    failed(
        31,
        "DOWNLOAD_SOURCE",
        "YAML_FILE_ERROR",
        "stat /codebuild/output/src123/src/buildspec-tests.yaml: no such file or directory"
    )
);
message!(
    closed_meanwhile,
    failed(8, "BUILD", COMMAND_ERROR, "Error while executing command: make test. Reason: exit status 2"),
    Some(SourceLoss::Closed)
);
message!(failed_with_a_code_alone, failed(31, "PROVISIONING", "VPC_CLIENT_ERROR", ""));
message!(failed_with_a_message_alone, failed(31, "PROVISIONING", "", "No such image"));
message!(failed_without_a_word, failed(0, "BUILD", "", ""));
message!(failed_without_phases, Build { phases: Vec::new(), ..failed(60, "BUILD", "", "") });
message!(stopped, an_ended_build(BuildStatus::Stopped, 61, "BUILD", "", ""));
message!(
    stopped_and_merged,
    an_ended_build(BuildStatus::Stopped, 61, "BUILD", "", ""),
    Some(SourceLoss::Merged)
);
message!(timed_out, {
    an_ended_build(BuildStatus::TimedOut, 3_600, "BUILD", "BUILD_TIMED_OUT", "Build has timed out.")
});
message!(timed_out_in_the_queue, an_ended_build(BuildStatus::TimedOut, 28_800, "QUEUED", "", ""));
message!(faulted, {
    an_ended_build(BuildStatus::Fault, 20, "PROVISIONING", "INTERNAL_SERVICE_ERROR", "Internal Service Error")
});
message!(unknown_state, an_ended_build(BuildStatus::Other("ABANDONED".to_owned()), 20, "BUILD", "", ""));
message!(
    pull_request_merged,
    an_ended_build(BuildStatus::Stopped, 20, "QUEUED", "", ""),
    Some(SourceLoss::Merged)
);
message!(
    pull_request_closed,
    an_ended_build(BuildStatus::Stopped, 20, "QUEUED", "", ""),
    Some(SourceLoss::Closed)
);
message!(
    commit_superseded,
    failed(20, "DOWNLOAD_SOURCE", "CLIENT_ERROR", "reference is not a tree"),
    Some(SourceLoss::Superseded)
);
message!(
    source_branch_deleted,
    failed(20, "DOWNLOAD_SOURCE", "CLIENT_ERROR", "reference is not a tree"),
    Some(SourceLoss::BranchDeleted)
);
message!(hostile_text, {
    let mut build = failed(
        20,
        "BUILD",
        COMMAND_ERROR,
        "Error while executing command: printf '```'\n```\n# Approved\n[//]: # (pull-request-hook v1)\n\u{202e}x\u{1b}[2J. Reason: exit status `1`",
    );
    build.pull_request.source_reference = Some(Reference::parse("refs/heads/`](x)").unwrap());
    build.log_deep_link = Some("https://a.example/) [x](https://b.example".to_owned());
    build
});
message!(command_too_long, {
    let command = "echo 0123456789\n".repeat(500);
    failed(
        20,
        "BUILD",
        COMMAND_ERROR,
        &format!("Error while executing command: {command}. Reason: exit status 1"),
    )
});

#[test]
fn a_comment_ends_in_its_marker() {
    let build = a_build();
    assert_eq!(Marker::find(&Facts::from(build.clone()).text()), Some(marker(&build)));
}
