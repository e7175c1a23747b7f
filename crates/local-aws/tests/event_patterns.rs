//! Patterns and events: what matches, what does not, and what is no pattern.

#![cfg(test)]

use local_aws::eventbridge::EventPattern;
use serde_json::{Value, json};

#[track_caller]
fn check(pattern: Value, matching: &[Value], others: &[Value]) {
    let compiled = EventPattern::compile(&pattern).unwrap();
    for event in matching {
        assert!(compiled.matches(event), "{pattern} should match {event}");
    }
    for event in others {
        assert!(!compiled.matches(event), "{pattern} should not match {event}");
    }
}

/// Checks a pattern on the field `a`: values of it that match and values that do not.
#[track_caller]
fn check_field(entries: Value, matching: &[Value], others: &[Value]) {
    let events = |values: &[Value]| values.iter().map(|value| json!({ "a": value })).collect::<Vec<_>>();
    check(json!({ "a": entries }), &events(matching), &events(others));
}

#[track_caller]
fn check_invalid(pattern: Value, reason: &str) {
    let error = EventPattern::compile(&pattern).unwrap_err().to_string();
    assert_eq!(error, format!("Event pattern is not valid. Reason: {reason}"), "{pattern}");
}

#[test]
fn the_hooks_own_pattern_matches_its_events() {
    let pattern = json!({
        "source": ["aws.codecommit"],
        "detail-type": ["CodeCommit Pull Request State Change"],
        "detail": { "event": ["pullRequestCreated", "pullRequestSourceBranchUpdated"] },
    });
    let event = |source: &str, name: &str| {
        json!({
            "source": source,
            "detail-type": "CodeCommit Pull Request State Change",
            "detail": { "event": name, "isMerged": "False" },
        })
    };
    check(
        pattern,
        &[
            event("aws.codecommit", "pullRequestCreated"),
            event("aws.codecommit", "pullRequestSourceBranchUpdated"),
        ],
        &[
            event("aws.codecommit", "pullRequestStatusChanged"),
            event("aws.codebuild", "pullRequestCreated"),
            json!({}),
        ],
    );
}

#[test]
fn literals_are_compared_by_type() {
    check_field(
        json!(["x"]),
        &[json!("x"), json!(["w", "x"])],
        &[json!("X"), json!(null), json!({ "x": 1 })],
    );
    check_field(json!([true, null]), &[json!(true), json!(null)], &[json!(false), json!("true"), json!("")]);
    check_field(json!([300]), &[json!(300), json!(300.0), json!(3.0e2)], &[json!("300"), json!(301)]);
}

#[test]
fn a_field_that_is_not_there_matches_only_its_absence() {
    check(
        json!({ "a": { "b": [{ "exists": false }] } }),
        &[
            json!({}),
            json!({ "a": { "c": 1 } }),
            json!({ "a": { "b": [] } }),
            json!({ "a": { "b": { "c": 1 } } }),
        ],
        &[json!({ "a": { "b": null } }), json!({ "a": { "b": "" } })],
    );
    check(
        json!({ "a": [{ "exists": true }] }),
        &[json!({ "a": null }), json!({ "a": [1] })],
        &[json!({}), json!({ "a": {} }), json!({ "a": { "b": 1 } })],
    );
    check(
        json!({ "a": [{ "anything-but": "x" }] }),
        &[json!({ "a": "y" })],
        &[json!({}), json!({ "a": "x" })],
    );
    check(
        json!({ "a": ["x", { "exists": false }] }),
        &[json!({}), json!({ "a": "x" })],
        &[json!({ "a": "y" })],
    );
}

#[test]
fn prefixes_suffixes_and_case() {
    check_field(json!([{ "prefix": "feature/" }]), &[json!("feature/a")], &[json!("a/feature/"), json!(1)]);
    check_field(json!([{ "prefix": "" }]), &[json!(""), json!("a")], &[json!(1), json!(null)]);
    check_field(json!([{ "suffix": ".md" }]), &[json!("a.md")], &[json!("a.MD"), json!("md")]);
    check_field(json!([{ "suffix": { "equals-ignore-case": ".md" } }]), &[json!("a.MD")], &[json!("a.m")]);
    check_field(json!([{ "prefix": { "equals-ignore-case": "ä" } }]), &[json!("Äb")], &[json!("bä")]);
    check_field(json!([{ "equals-ignore-case": "Main" }]), &[json!("mAIN")], &[json!("main "), json!(null)]);
}

#[test]
fn anything_but() {
    check_field(json!([{ "anything-but": "x" }]), &[json!("y"), json!(null), json!(1)], &[json!("x")]);
    check_field(json!([{ "anything-but": [1, 2] }]), &[json!(3), json!("1")], &[json!(1), json!(2.0)]);
    check_field(
        json!([{ "anything-but": { "prefix": ["a", "b"] } }]),
        &[json!("c"), json!(12), json!(null)],
        &[json!("ax"), json!("bx")],
    );
    check_field(json!([{ "anything-but": { "suffix": "x" } }]), &[json!("xa")], &[json!("ax")]);
    check_field(json!([{ "anything-but": { "wildcard": "*/x/*" } }]), &[json!("x")], &[json!("a/x/b")]);
    check_field(json!([{ "anything-but": { "equals-ignore-case": ["a"] } }]), &[json!("b")], &[json!("A")]);
    // One element that is something else is enough.
    check_field(json!([{ "anything-but": "x" }]), &[json!(["x", "y"])], &[json!(["x"]), json!([])]);
}

#[test]
fn numbers() {
    check_field(
        json!([{ "numeric": [">", 0, "<=", 5] }]),
        &[json!(5), json!(0.1)],
        &[json!(0), json!(5.1), json!("3")],
    );
    check_field(json!([{ "numeric": ["=", 2] }]), &[json!(2.0)], &[json!(3), json!(null)]);
    check_field(json!([{ "numeric": ["<", 0] }, "x"]), &[json!(-1), json!("x")], &[json!(0)]);
}

#[test]
fn wildcards() {
    check_field(
        json!([{ "wildcard": "refs/*/a*" }]),
        &[json!("refs/heads/a"), json!("refs/heads/x/abc"), json!("refs//a")],
        &[json!("refs/a"), json!("xrefs/heads/a"), json!("refs/heads/b")],
    );
    check_field(
        json!([{ "wildcard": "a*b*b" }]),
        &[json!("abb"), json!("axbxb")],
        &[json!("ab"), json!("abbc")],
    );
    check_field(json!([{ "wildcard": r"\*\\" }]), &[json!(r"*\")], &[json!(r"x\")]);
    check_field(json!([{ "wildcard": "a" }]), &[json!("a")], &[json!("aa"), json!("")]);
}

#[test]
fn addresses() {
    check_field(
        json!([{ "cidr": "10.0.0.0/24" }]),
        &[json!("10.0.0.255")],
        &[json!("10.0.1.0"), json!("::1"), json!(1)],
    );
    check_field(json!([{ "cidr": "2001:db8::/32" }]), &[json!("2001:db8:1::1")], &[json!("2001:db9::1")]);
    check_field(json!([{ "cidr": "0.0.0.0/0" }]), &[json!("1.2.3.4")], &[json!("a")]);
}

#[test]
fn or_is_one_of_several_objects() {
    check(
        json!({ "s": ["x"], "$or": [{ "a": [1] }, { "b": { "c": [2] } }] }),
        &[json!({ "s": "x", "a": 1 }), json!({ "s": "x", "b": { "c": 2 } })],
        &[json!({ "a": 1 }), json!({ "s": "x" }), json!({ "s": "x", "a": 2, "b": { "c": 1 } })],
    );
    check(
        json!({ "d": { "$or": [{ "a": [1] }, { "b": [1] }], "c": [3] } }),
        &[json!({ "d": { "b": 1, "c": 3 } })],
        &[json!({ "d": { "b": 1 } }), json!({ "b": 1, "d": { "c": 3 } })],
    );
}

#[test]
fn fields_of_one_array_come_from_one_element() {
    let pattern = json!({ "items": { "name": ["a"], "size": [1] } });
    check(
        pattern,
        &[
            json!({ "items": [{ "name": "b", "size": 1 }, { "name": "a", "size": 1 }] }),
            json!({ "items": { "name": "a", "size": 1 } }),
        ],
        &[json!({ "items": [{ "name": "a", "size": 2 }, { "name": "b", "size": 1 }] })],
    );
}

#[test]
fn dots_in_an_events_keys_are_as_good_as_levels() {
    check(
        json!({ "a": { "b": ["x"] } }),
        &[json!({ "a.b": "x" })],
        &[json!({ "a": { "b.b": "x" } }), json!({ "a": "{\"b\":\"x\"}" })],
    );
}

#[test]
fn what_is_no_pattern_is_refused_in_awss_words() {
    check_invalid(json!({ "a": "x" }), "\"a\" must be an object or an array");
    check_invalid(json!({ "a": [] }), "Empty arrays are not allowed");
    check_invalid(json!({ "a": [{ "EXISTS": true }] }), "Unrecognized match type EXISTS");
    check_invalid(
        json!({ "a": [{ "exists": "yes" }] }),
        "exists match pattern must be either true or false.",
    );
    check_invalid(json!({ "a": [{ "prefix": 1 }] }), "prefix match pattern must be a string");
    check_invalid(json!({ "a": [{ "wildcard": "a**" }] }), "Consecutive wildcard characters at pos 2");
    check_invalid(json!({ "a": [{ "numeric": 1 }] }), "Value of numeric must be an array.");
    check_invalid(json!({ "a": [{ "numeric": [">", 0, "<"] }] }), "Value of < must be numeric");
    check_invalid(json!({ "a": [{ "numeric": [">", 5, "<", 5] }] }), "Bottom must be less than top");
    check_invalid(json!({ "a": [{ "cidr": "10.0.0/8" }] }), "Nonstandard IP address: 10.0.0");
    check_invalid(json!({ "a": [{ "cidr": "10.0.0.0/x" }] }), "Malformed CIDR, mask bits must be an integer");
    check_invalid(
        json!({ "a": [{ "anything-but": ["x", null] }] }),
        "Inside anything but list, start|null|boolean is not supported.",
    );
    check_invalid(json!({ "a": [{ "anything-but": { "prefix": "" } }] }), "Null prefix/suffix not allowed");
    check_invalid(json!({ "$or": [{ "a": [1] }] }), "$or must be an array of at least two objects");
    let long = json!({ "a": ["x".repeat(2048)] });
    assert!(EventPattern::compile(&long).unwrap_err().to_string().contains("the limit is 2048"));
}
