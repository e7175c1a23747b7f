use proptest::prelude::*;

use super::*;
use crate::build::BuildStatus;
use crate::build_arn::BuildArn;
use crate::examples::{a_build, an_ended_build, arn, at};
use crate::ids::{BuildId, HookName, Reference};
use crate::marker::MAX_BUILDS;
use crate::own_comments::CommentIdentity;

const COMMAND_ERROR: &str = "COMMAND_EXECUTION_ERROR";
const LOG: &str = "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Fhook/log-events/0a1b2c3d";

fn marker(build: &Build) -> Marker {
    Marker {
        hook_name: HookName::parse("pull-request-hook").unwrap(),
        source_commit: build.pull_request.source_commit.clone(),
        builds: vec![build.arn.build_id.clone()],
    }
}

fn text_of(build: &Build, source_loss: Option<SourceLoss>) -> String {
    text_with(build, source_loss, &marker(build))
}

fn text_with(build: &Build, source_loss: Option<SourceLoss>, marker: &Marker) -> String {
    let identity = CommentIdentity {
        hook_name: marker.hook_name.clone(),
        pull_request_id: build.pull_request.pull_request_id.clone(),
        source_commit: build.pull_request.source_commit.clone(),
    };
    let builds = [build.clone()];
    let content = CommentContent {
        builds: &CommitBuilds::of(&builds, &identity).unwrap(),
        outcome: &Outcome::of(build, source_loss),
        superseded_by: None,
        reports: &[],
        previous: None,
    };
    comment_text(&content, marker)
}

/// One snapshot a message, named after it.
macro_rules! message {
    ($name:ident, $build:expr) => {
        message!($name, $build, None);
    };
    ($name:ident, $build:expr, $source_loss:expr) => {
        #[test]
        fn $name() {
            let text = text_of(&$build, $source_loss);
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stringify!($name), text);
            });
        }
    };
}

fn failed(seconds: u64, phase: &str, code: &str, message: &str) -> Build {
    an_ended_build(BuildStatus::Failed, seconds, phase, code, message)
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
message!(timed_out, {
    an_ended_build(BuildStatus::TimedOut, 3_600, "BUILD", "BUILD_TIMED_OUT", "Build has timed out.")
});
message!(timed_out_in_the_queue, an_ended_build(BuildStatus::TimedOut, 28_800, "QUEUED", "", ""));
message!(faulted, {
    an_ended_build(BuildStatus::Fault, 20, "PROVISIONING", "INTERNAL_SERVICE_ERROR", "Internal Service Error")
});
message!(unknown_state, { an_ended_build(BuildStatus::Other("ABANDONED".to_owned()), 20, "BUILD", "", "") });
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
    assert_eq!(Marker::find(&text_of(&build, None)), Some(marker(&build)));
}

#[test]
fn durations_are_said_in_their_two_largest_units() {
    for (seconds, text) in [
        (0, "less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (121, "2 minutes 1 second"),
        (3_600, "1 hour"),
        (3_661, "1 hour 1 minute"),
        (129_600, "36 hours"),
    ] {
        assert_eq!(duration_text(Duration::from_secs(seconds)), text);
    }
}

/// The longest of everything that is not quoted: project, branches, link, number, marker.
fn overlong(build: Build) -> (Build, Marker) {
    let id = format!("{}:{}", "p".repeat(255), "u".repeat(64));
    let branch = Reference::parse(&format!("refs/heads/{}", "`".repeat(1_000))).unwrap();
    let mut build = Build {
        arn: BuildArn { build_id: BuildId::parse(&id).unwrap(), ..build.arn },
        number: Some(i64::MIN),
        log_deep_link: Some(format!("https://a.example/{}", "l".repeat(982))),
        ..build
    };
    build.pull_request.source_reference = Some(branch.clone());
    build.pull_request.destination_reference = Some(branch);
    let marker = Marker {
        hook_name: HookName::parse(&"h".repeat(40)).unwrap(),
        source_commit: build.pull_request.source_commit.clone(),
        builds: vec![build.arn.build_id.clone(); MAX_BUILDS],
    };
    (build, marker)
}

proptest! {
    #[test]
    fn no_comment_is_longer_than_codecommit_takes(
        words in prop_oneof!["`{0,4000}", "[ä`\n]{0,4000}", any::<String>()],
        phase in "[`A-Z]{0,300}",
        code in prop_oneof![Just(String::new()), "[`A-Z]{1,300}"],
        in_command: bool,
    ) {
        let message = if in_command {
            format!("Error while executing command: {words}. Reason: {words}")
        } else {
            words
        };
        let (build, marker) = overlong(failed(20, &phase, &code, &message));
        let text = text_with(&build, None, &marker);
        prop_assert!(text.len() <= MAX_COMMENT_BYTES, "{} bytes", text.len());
        prop_assert_eq!(Marker::find(&text), Some(marker));
    }
}
