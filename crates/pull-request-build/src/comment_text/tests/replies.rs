//! The reply and the pointer.

use super::*;
use crate::marker::{PointerMarker, ReplyMarker};
use crate::verdict::Change;

fn reply(build: &Build, change: Option<Change>) -> String {
    let hook_name = HookName::parse("pull-request-hook").unwrap();
    let marker = ReplyMarker { hook_name, build_id: build.arn.build_id.clone() };
    let text = reply_text(build, change, &marker);
    assert_eq!(ReplyMarker::find(&text), Some(marker));
    text
}

fn succeeded() -> Build {
    Build { phases: Vec::new(), ..an_ended_build(BuildStatus::Succeeded, 125, "BUILD", "", "") }
}

#[test]
fn replies() {
    let broken =
        failed(61, "BUILD", COMMAND_ERROR, "Error while executing command: make. Reason: exit status 2");
    check_message("reply_broken", &reply(&broken, Some(Change::Broken)));
    check_message("reply_still_broken", &reply(&broken, None));
    check_message("reply_fixed", &reply(&succeeded(), Some(Change::Fixed)));
    check_message("reply_succeeded", &reply(&succeeded(), None));
    let timed_out = an_ended_build(BuildStatus::TimedOut, 3_600, "BUILD", "BUILD_TIMED_OUT", "");
    check_message("reply_timed_out", &reply(&timed_out, Some(Change::Broken)));
}

#[test]
fn a_reply_does_not_depend_on_the_link_that_codebuild_gives() {
    let linked = Build { log_deep_link: Some(LOG.to_owned()), ..succeeded() };
    assert_eq!(reply(&linked, None), reply(&succeeded(), None));
}

#[test]
fn pointer() {
    let hook_name = HookName::parse("pull-request-hook").unwrap();
    let marker =
        PointerMarker { hook_name, comment_id: "0a1b2c3d:00000000-0000-4000-8000-000000000000".to_owned() };
    let text = pointer_text(&a_build(), &marker);
    assert!(text.ends_with(&marker.to_string()));
    check_message("pointer", &text);
    let hostile = PointerMarker { comment_id: "1](pwn)".to_owned(), ..marker };
    assert!(!pointer_text(&a_build(), &hostile).contains("](pwn)\n\n"));
}
