//! What holds for every input.

use crate::function::{Call, Handled};

/// The most characters of a reason. It stands in the log and in the failure queue, beside the event.
const LONGEST_REASON: usize = 1000;
/// The most characters of a comment (API reference of CodeCommit, `CommentContentSizeLimitExceededException`).
const LONGEST_COMMENT: usize = 10_240;

/// How a reason of refusal names the member that is wrong.
const NAMES_A_MEMBER: [&str; 2] = ["the event has no ", "the event's "];

/// Why an input was handled wrongly, if it was.
pub(crate) fn check(handled: &Handled) -> Result<(), String> {
    match handled {
        Handled::Unreadable(reason) => check_text("the reason", reason, LONGEST_REASON),
        Handled::Refused(reason) => {
            check_text("the reason", reason, LONGEST_REASON)?;
            let names_a_member = NAMES_A_MEMBER.iter().any(|words| reason.starts_with(words));
            ensure(names_a_member, || format!("the reason names no member: {reason}"))
        }
        Handled::Ignored(reason) => check_text("the reason", reason, LONGEST_REASON),
        Handled::Acted { calls, outcome, is_over } => {
            ensure(*is_over, || format!("the invocation does not end: {outcome}"))?;
            check_text("the outcome", outcome, LONGEST_REASON)?;
            calls.iter().try_for_each(check_call)
        }
    }
}

fn check_call(call: &Call) -> Result<(), String> {
    match call {
        Call::Other => Ok(()),
        Call::StartBuild { token, variables } => {
            ensure(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), || {
                format!("the token is {token:?}")
            })?;
            variables.iter().try_for_each(|(name, value)| check_text(name, value, LONGEST_REASON * 2))
        }
        Call::Write { content } => {
            let length = content.chars().count();
            ensure((1..=LONGEST_COMMENT).contains(&length), || format!("a comment of {length} characters"))
        }
    }
}

fn check_text(what: &str, text: &str, longest: usize) -> Result<(), String> {
    let length = text.chars().count();
    ensure((1..=longest).contains(&length), || format!("{what} has {length} characters"))?;
    ensure(!text.contains(char::is_control), || format!("{what} has a control character: {text:?}"))
}

fn ensure(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_found() {
        let refused = |reason: &str| Handled::Refused(reason.to_owned());
        let acted = |call| Handled::Acted { calls: vec![call], outcome: "done".to_owned(), is_over: true };
        let start = |token: &str, value: &str| Call::StartBuild {
            token: token.to_owned(),
            variables: vec![("SOURCE_REFERENCE", value.to_owned())],
        };
        let endless = Handled::Acted { calls: Vec::new(), outcome: "reading".to_owned(), is_over: false };
        for (handled, words) in [
            (refused(""), "has 0 characters"),
            (refused("invalid type: integer"), "names no member"),
            (refused(&format!("the event's x {}", "x".repeat(1000))), "characters"),
            (refused("the event's x\u{1b}[31m"), "control character"),
            (Handled::Ignored("\0".to_owned()), "control character"),
            (endless, "does not end"),
            (acted(start("short", "refs/heads/a")), "the token"),
            (acted(start(&"a".repeat(64), "refs/heads/\0")), "SOURCE_REFERENCE has a control character"),
            (acted(Call::Write { content: "x".repeat(10_241) }), "a comment of 10241 characters"),
        ] {
            let wrong = check(&handled).unwrap_err();
            assert!(wrong.contains(words), "{words:?} is not in {wrong:?}");
        }
        assert_eq!(check(&refused("the event has no detail.event")), Ok(()));
        assert_eq!(check(&acted(start(&"a".repeat(64), "refs/heads/a"))), Ok(()));
    }
}
