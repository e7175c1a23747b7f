//! The repository's own sample buildspec, run as it is.
//!
//! It takes cargo-nextest and cargo-llvm-cov from PyPI where they are missing, and LLVM's tools from the toolchain or
//! from the distribution's llvm-19 or later.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{CLONE_URL_PREFIX, Finished, World};

/// Tools are installed, and a crate is compiled twice.
const PATIENCE: Duration = Duration::from_secs(600);

const BUILDSPEC: &str = include_str!("../../../../buildspec-tests.yaml");
const MANIFEST: &str = include_str!("../../../../tests/fixtures/rust-crate/Cargo.toml");
const LOCK: &str = include_str!("../../../../tests/fixtures/rust-crate/Cargo.lock");
const LIBRARY: &str = include_str!("../../../../tests/fixtures/rust-crate/src/lib.rs");

async fn run(world: &World, name: &str, buildspec: &str, library: &str) -> Finished {
    let files = [
        ("buildspec-tests.yaml", buildspec),
        ("Cargo.toml", MANIFEST),
        ("Cargo.lock", LOCK),
        ("src/lib.rs", library),
    ];
    let commit = world.create_repository(name, &files);
    let id = world
        .start(json!({
            "sourceTypeOverride": "CODECOMMIT",
            "sourceLocationOverride": format!("{CLONE_URL_PREFIX}{name}"),
            "sourceVersion": commit,
            "buildspecOverride": "buildspec-tests.yaml",
        }))
        .await;
    world.finish_within(PATIENCE, &id).await
}

// One test, because two builds at the same time could both add LLVM's tools to the toolchain.
#[tokio::test]
async fn the_sample_buildspec_tells_good_from_bad_and_writes_its_reports() {
    let world = World::new();
    let good = run(&world, "good", BUILDSPEC, LIBRARY).await;
    assert_eq!(good.status(), "SUCCEEDED", "{:#?}", good.log);
    let output = good.output().join("\n");
    for text in ["2 tests run: 2 passed", "target/cobertura.xml", "-> 'target/reports/junit.xml'"] {
        assert!(output.contains(text), "{text}: {output}");
    }

    let and_show = "  post_build:\n    commands: [cat target/reports/junit.xml]\n\nreports:\n";
    let buildspec = BUILDSPEC.replacen("reports:\n", and_show, 1);
    let bad = run(&world, "bad", &buildspec, &LIBRARY.replace("\"2 minutes\"", "\"2 hours\"")).await;
    assert_eq!(bad.status(), "FAILED");
    assert!(bad.context("BUILD").1.contains("cargo llvm-cov nextest"), "{:#?}", bad.log);
    let output = bad.output().join("\n");
    assert!(output.contains("<testcase name=\"tests::minutes_and_seconds\""), "{output}");
    assert!(output.contains("<failure"), "{output}");

    world.clock.advance(Duration::from_secs(60));
    let [coverage, tests] = reports(&world, &good).await;
    assert_eq!((&tests["status"], &tests["testSummary"]["total"]), (&json!("SUCCEEDED"), &json!(2)));
    assert_eq!(coverage["status"], "SUCCEEDED");
    assert!(coverage["codeCoverageSummary"]["linesCovered"].as_u64() > Some(0), "{coverage}");
    let files = world.call("DescribeCodeCoverages", json!({ "reportArn": coverage["arn"] })).await.unwrap();
    let [file] = &files["codeCoverages"].as_array().unwrap()[..] else { panic!("not one file: {files}") };
    assert_eq!(file["filePath"], "src/lib.rs");

    let arns = bad.build["reportArns"].as_array().unwrap();
    let input = json!({ "reportArn": arns.last(), "filter": { "status": "FAILED" } });
    let failed = world.call("DescribeTestCases", input).await.unwrap();
    let [case] = &failed["testCases"].as_array().unwrap()[..] else { panic!("not one failure: {failed}") };
    assert_eq!(case["name"], "tests::minutes_and_seconds");
    assert!(case["message"].as_str().unwrap().contains("2 hours"), "{case}");
}

/// The reports of coverage and of tests.
async fn reports(world: &World, build: &Finished) -> [Value; 2] {
    let input = json!({ "reportArns": build.build["reportArns"] });
    let answer = world.call("BatchGetReports", input).await.unwrap();
    let reports: Vec<Value> = answer["reports"].as_array().unwrap().clone();
    reports.try_into().unwrap_or_else(|reports| panic!("not two reports: {reports:#?}"))
}
