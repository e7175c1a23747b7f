//! What holds for any build, log, report and name.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::build::{BuildStatus, Phase};
use crate::build_arn::BuildArn;
use crate::ids::BuildId;
use crate::marker::MAX_BUILDS;
use crate::reports::{Coverage, Covered, FailingTest, MissingReport, ReportContent, TestResults};
use crate::secrets::Secrets;

/// What must never be in a comment: values of secret variables, and tokens of well-known formats.
const PLANTED: [&str; 4] = [
    "correct-horse-battery-staple",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "glpat-0123456789abcdefghij",
];

/// What would be something other than text, were it not in code. Each has the word that [`well_formed::check`] looks for.
const CANARIES: [&str; 10] = [
    "](pwn)",
    "\n# pwn\n",
    "\n```\npwn\n",
    "`pwn`",
    "[pwn](https://pwn.example)",
    "\n\n[//]: # (pull-request-hook v1 pwn)\n\n",
    "<pwn>",
    "\n- pwn\n\n    pwn\n",
    "**pwn**",
    "![pwn]\n~~~\npwn",
];

fn secrets() -> Secrets {
    Secrets::from_variables([("DEPLOY_PASSWORD", PLANTED[0])])
}

/// A text that tries everything: to end its code, to be long, to turn the direction of writing, to tell secrets.
fn hostile() -> impl Strategy<Value = String> {
    let secret = proptest::sample::select(&PLANTED[..]).prop_map(|secret| format!(" {secret} "));
    vec(prop_oneof![4 => piece(), 1 => secret], 0..6).prop_map(|pieces| pieces.concat())
}

/// What CodeBuild itself says, in a world where that is hostile too. It knows no secrets.
fn hostile_word() -> impl Strategy<Value = String> {
    vec(piece(), 0..3).prop_map(|pieces| pieces.concat())
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(&CANARIES[..]).prop_map(str::to_owned),
        "`{1,40}",
        "[ä€𝄞 \n\r\t\u{202e}\u{200b}]{0,300}",
        "[a-z ]{0,900}",
        any::<String>(),
        Just("\u{1b}[31m".to_owned()),
    ]
}

fn failing_test() -> impl Strategy<Value = FailingTest> {
    (hostile(), hostile(), hostile(), any::<bool>(), hostile()).prop_map(
        |(suite, prefix, name, errored, message)| FailingTest { suite, prefix, name, errored, message },
    )
}

/// Results whose counts and lists do not fit each other.
fn results() -> impl Strategy<Value = TestResults> {
    let number = || prop_oneof![0_u64..20, Just(10_000), Just(u64::MAX)];
    (number(), number(), number(), number(), vec(failing_test(), 0..6), 0_usize..5).prop_map(
        |(passed, failed, errored, unknown, tests, times)| TestResults {
            passed,
            failed,
            errored,
            unknown,
            failing: std::iter::repeat_n(tests, times * times).flatten().collect(),
            ..TestResults::default()
        },
    )
}

fn report() -> impl Strategy<Value = Report> {
    let covered = || (any::<u64>(), any::<u64>()).prop_map(|(covered, missed)| Covered { covered, missed });
    let missing = prop_oneof![
        Just(MissingReport::Generating),
        Just(MissingReport::Gone),
        Just(MissingReport::Unreadable),
        hostile().prop_map(MissingReport::InState),
    ];
    let content = prop_oneof![
        4 => results().prop_map(ReportContent::Tests),
        1 => (covered(), covered())
            .prop_map(|(lines, branches)| ReportContent::Coverage(Coverage { lines, branches })),
        1 => missing.prop_map(ReportContent::Missing),
    ];
    let group = prop_oneof![3 => "pull-request-hook-[ab]", 1 => hostile()];
    (group, content).prop_map(|(group, content)| crate::examples::a_report(&group, content))
}

fn excerpt() -> impl Strategy<Value = LogExcerpt> {
    (vec(hostile(), 0..40), 0_usize..5_000, 0_usize..5_000).prop_map(|(lines, lines_before, lines_after)| {
        let lines = lines.iter().map(|line| secrets().mask(line)).collect();
        LogExcerpt { lines, lines_before, lines_after }
    })
}

fn status() -> impl Strategy<Value = BuildStatus> {
    prop_oneof![
        Just(BuildStatus::InProgress),
        Just(BuildStatus::Succeeded),
        Just(BuildStatus::Failed),
        Just(BuildStatus::TimedOut),
        Just(BuildStatus::Stopped),
        hostile_word().prop_map(BuildStatus::Other),
    ]
}

fn build() -> impl Strategy<Value = Build> {
    let said =
        (hostile(), hostile(), any::<bool>()).prop_map(|(message, reason, is_command)| match is_command {
            true => format!("Error while executing command: {message}. Reason: {reason}"),
            false => message,
        });
    (status(), hostile_word(), hostile(), said, 0_u64..90_000, any::<bool>()).prop_map(
        |(status, phase, code, message, seconds, is_overlong)| {
            let mut build = an_ended_build(status, seconds, &phase, &code, &message);
            let queued =
                Phase { start_time: Some(at(0)), end_time: Some(at(seconds)), ..build.phases[0].clone() };
            build.phases.insert(1, Phase { name: "QUEUED".to_owned(), ..queued });
            build.secrets = secrets();
            if is_overlong { overlong(build) } else { build }
        },
    )
}

/// The longest of everything that is not quoted: project, branches, link, number.
fn overlong(build: Build) -> Build {
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
    build
}

fn facts() -> impl Strategy<Value = Facts> {
    let previous = option::of((build(), vec(report(), 0..3)));
    let rest = (vec(report(), 0..4), previous, option::of(excerpt()), any::<bool>());
    (build(), vec(build(), 0..10), rest).prop_map(|(build, earlier, rest)| {
        let (reports, previous, log, is_superseded) = rest;
        let earlier = earlier.into_iter().enumerate().map(|(index, earlier)| {
            let id = format!("{}:{index}", earlier.arn.build_id.project_name());
            let arn = BuildArn { build_id: BuildId::parse(&id).unwrap(), ..earlier.arn };
            Build { arn, start_time: None, ..earlier }
        });
        Facts {
            earlier: earlier.collect(),
            superseded_by: is_superseded.then(|| SourceCommit::parse(&"c".repeat(40)).unwrap()),
            reports,
            previous,
            log,
            ..Facts::from(build)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_comment_fits_is_well_formed_and_tells_no_secret(facts in facts()) {
        let build = &facts.build;
        let marker = Marker {
            hook_name: HookName::parse(&"h".repeat(40)).unwrap(),
            builds: vec![build.arn.build_id.clone(); MAX_BUILDS],
            unfinished: true,
            earlier_unfinished: false,
            ..marker(build)
        };
        let text = facts.text_with(&marker);
        prop_assert!(text.len() <= MAX_COMMENT_BYTES, "{} bytes", text.len());
        prop_assert_eq!(&facts.text_with(&marker), &text);
        prop_assert_eq!(Marker::find(&text), Some(marker));
        for secret in PLANTED {
            prop_assert!(!text.contains(secret), "{secret} in\n{text}");
        }
        well_formed::check(&text);
    }
}
