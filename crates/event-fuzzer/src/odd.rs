//! What stands where nobody expects it.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Values of the wrong type, of the right type with the wrong content, and right ones of another place.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        40 => select(odd_values()),
        10 => any::<String>().prop_map(Value::from),
        10 => "[a-zA-Z0-9:/._-]{0,80}".prop_map(Value::from),
        10 => any::<i64>().prop_map(Value::from),
        10 => any::<f64>().prop_map(Value::from),
        2 => (1_usize..250_000).prop_map(|length| Value::from("x".repeat(length))),
    ]
}

fn odd_values() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "null",
        "\u{0}",
        "a\u{0}b",
        "\r\n\t\u{7}\u{1b}[31m",
        "🦀",
        // Turns the direction of what follows, and a character that takes no room.
        "\u{202e}\u{200b}",
        "\u{feff}",
        "](http://evil.example) [//]: # (pull-request-hook)",
        "```\n# heading\n",
        "../../etc/passwd",
        "$(reboot)",
        "42",
        "-1",
        "99999999999999999999",
        "999999999999999999999",
        "٤٢",
        "True",
        "False",
        "true",
        "Open",
        "Closed",
        "OPEN",
        "Draft",
        "IN_PROGRESS",
        "SUCCEEDED",
        "FAILED",
        "STOPPED",
        "ABANDONED",
        "pullRequestCreated",
        "pullRequestSourceBranchUpdated",
        "pullRequestStatusChanged",
        "pullRequestMergeStatusUpdated",
        "pullRequestTeleported",
        "CodeCommit Pull Request State Change",
        "CodeCommit Pull Request State Change ",
        "CodeBuild Build State Change",
        "CodeBuild Build Phase Change",
        "Scheduled Event",
        "Pull Request Build Not Started",
        "accountLimit",
        "payments",
        "pull-request-hook",
        "refs/heads/",
        "refs/heads/a b~^:?*[\\",
        "refs/heads/\u{0}",
        "refs/tags/v1",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59.999999999Z",
        "2026-11-21T08:12:60Z",
        "2026-11-21T08:12:29+23:59",
        "2026-11-21 08:12:29",
        "arn:aws:codebuild:eu-central-1:123456789012:build/pull-request-hook:0a1b",
        "arn:aws:codebuild:eu-central-1:123456789012:build/other:0a1b",
        "arn:aws:codebuild:eu-central-1:123456789012:build-batch/pull-request-hook:0a1b",
        "arn:aws:codebuild:eu-central-1:123456789012:build/:",
        "arn:::::",
        "PULL_REQUEST_ID",
        "REVISION_ID",
        "SOURCE_REFERENCE",
    ];
    let others = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.5e300),
        json!(-0.0),
        json!([]),
        json!({}),
        json!([null]),
        json!([[]]),
        json!([{}]),
        json!({"": ""}),
        json!({"name": 1, "value": 2}),
        json!([{"name": "PULL_REQUEST_ID"}]),
        json!(["payments", "refunds"]),
        json!("é".repeat(64)),
        json!("a".repeat(40)),
        json!("b".repeat(40)),
        json!("A".repeat(40)),
        json!("a".repeat(39)),
        // Digits, but not those that a commit is written in.
        json!("０".repeat(40)),
    ];
    texts.into_iter().map(Value::from).chain(others).collect()
}

/// Texts that are no value of `serde_json`, or none that it would write: what a sender may have written all the same.
pub(crate) fn any_raw_text() -> impl Strategy<Value = String> {
    let texts = [
        "1e999",
        "-1e999",
        "1e-999",
        "-0",
        "007",
        "+1",
        ".5",
        "NaN",
        "Infinity",
        "undefined",
        "'text'",
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#""\u0000""#,
        r#""\ud83e\udd80""#,
        r#""\x""#,
        "\"a\nb\"",
        r#"{"a":1,"a":2}"#,
        r#"{"event":"pullRequestCreated","event":"pullRequestStatusChanged"}"#,
        "{a:1}",
        "[1,]",
        "/* */ 1",
        "",
    ];
    prop_oneof![
        4 => select(texts.map(str::to_owned).to_vec()),
        1 => (1_usize..400).prop_map(|length| "9".repeat(length)),
        1 => (1_usize..400, any::<bool>()).prop_map(|(depth, closed)| nested("[", "]", depth, closed)),
        1 => (1_usize..400, any::<bool>()).prop_map(|(depth, closed)| nested("{\"a\":", "}", depth, closed)),
    ]
}

fn nested(open: &str, close: &str, depth: usize, closed: bool) -> String {
    let mut text = open.repeat(depth) + "1";
    if closed {
        text += &close.repeat(depth);
    }
    text
}
