//! What requests about reports answer and refuse.

use std::time::Duration;

use local_aws::aws_json::AwsJsonService;
use serde_json::{Value, json};

use super::reports::{report, run, run_tests};
use super::world::World;

const JUNIT: &str = r#"<testsuite name="s">
  <testcase classname="cart::tests" name="adds"/>
  <testcase classname="cart::tests" name="removes"><failure message="gone"/></testcase>
  <testcase classname="order" name="adds tax"><error message="no rate"/></testcase>
  <testcase classname="order" name="ships"><skipped message="later"/></testcase>
</testsuite>"#;

#[tokio::test]
async fn test_cases_are_filtered_by_status_and_keyword() {
    let world = World::with(|settings| settings.report_generation = Duration::ZERO, |_| {});
    let build = run_tests(&world, JUNIT).await;
    let arn = report(&world, &build).await["arn"].clone();
    let names = async |filter: Value| {
        let input = json!({ "reportArn": arn, "filter": filter });
        let answer = world.call("DescribeTestCases", input).await.unwrap();
        let cases = answer["testCases"].as_array().unwrap().iter();
        cases.map(|case| case["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let cases: [(Value, &[&str]); 8] = [
        (json!({}), &["removes", "adds tax", "adds", "ships"]),
        (json!({ "status": "FAILED" }), &["removes"]),
        (json!({ "status": "ERROR" }), &["adds tax"]),
        (json!({ "status": "SKIPPED" }), &["ships"]),
        (json!({ "status": "UNKNOWN" }), &[]),
        (json!({ "keyword": "adds" }), &["adds tax", "adds"]),
        (json!({ "keyword": "cart" }), &["removes", "adds"]),
        (json!({ "status": "SUCCEEDED", "keyword": "order" }), &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(names(filter.clone()).await, expected, "{filter}");
    }
    let input = json!({ "reportArn": arn, "maxResults": 1, "filter": { "keyword": "adds" } });
    let first = world.call("DescribeTestCases", input.clone()).await.unwrap();
    let mut next = input;
    next["nextToken"] = first["nextToken"].clone();
    let second = world.call("DescribeTestCases", next).await.unwrap();
    assert_eq!(
        (&first["testCases"][0]["name"], &second["testCases"][0]["name"]),
        (&json!("adds tax"), &json!("adds"))
    );
    assert!(second.get("nextToken").is_none());
}

#[tokio::test]
async fn reports_are_listed_newest_first_and_groups_by_name() {
    let world = World::with(|settings| settings.report_generation = Duration::from_secs(3600), |_| {});
    let mut reports = Vec::new();
    for name in ["unit", "all", "unit"] {
        let section = json!({ name: { "files": ["junit.xml"] } });
        let build = run(&world, &[("junit.xml", JUNIT)], "true", section).await;
        reports.push(report(&world, &build).await);
    }
    let [first, second, third] = [0, 1, 2].map(|each| reports[each]["arn"].clone());
    let list = async |operation: &str, input: Value| world.call(operation, input).await.unwrap();
    assert_eq!(list("ListReports", json!({})).await, json!({ "reports": [third, second, first] }));
    let page = list("ListReports", json!({ "maxResults": 2 })).await;
    assert_eq!(page["reports"], json!([third, second]));
    let rest = list("ListReports", json!({ "maxResults": 2, "nextToken": page["nextToken"] })).await;
    assert_eq!(rest, json!({ "reports": [first] }));
    let of_group = json!({ "reportGroupArn": reports[0]["reportGroupArn"], "sortOrder": "ASCENDING" });
    assert_eq!(list("ListReportsForReportGroup", of_group).await, json!({ "reports": [first, third] }));

    let generating = json!({ "filter": { "status": "GENERATING" } });
    assert_eq!(list("ListReports", generating.clone()).await["reports"].as_array().unwrap().len(), 3);
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(list("ListReports", generating).await, json!({ "reports": [] }));

    let (all, unit) = (&reports[1]["reportGroupArn"], &reports[0]["reportGroupArn"]);
    assert_eq!(list("ListReportGroups", json!({})).await, json!({ "reportGroups": [all, unit] }));
    let by_age = json!({ "sortBy": "CREATED_TIME" });
    assert_eq!(list("ListReportGroups", by_age).await, json!({ "reportGroups": [unit, all] }));
    let descending = json!({ "sortOrder": "DESCENDING" });
    assert_eq!(list("ListReportGroups", descending).await, json!({ "reportGroups": [unit, all] }));
}

#[tokio::test]
async fn wrong_requests_are_refused_with_the_models_errors() {
    let world = World::new();
    let build = run_tests(&world, JUNIT).await;
    let arn = &build.build["reportArns"][0];
    let many = vec!["arn:x"; 101];
    let none = "arn:aws:codebuild:us-east-1:123456789012:report/g:u";
    let with = |member: &str, value: Value| {
        let mut input = json!({ "reportArn": arn });
        input[member] = value;
        input
    };
    let invalid = "InvalidInputException";
    let cases = [
        ("BatchGetReports", json!({ "reportArns": [] }), invalid, "1 to 100"),
        ("BatchGetReports", json!({ "reportArns": many }), invalid, "1 to 100"),
        ("BatchGetReportGroups", json!({ "reportGroupArns": [] }), invalid, "1 to 100"),
        ("DescribeTestCases", json!({ "reportArn": none }), "ResourceNotFoundException", none),
        ("DescribeTestCases", with("maxResults", json!(101)), invalid, "between 1 and 100"),
        ("DescribeTestCases", with("maxResults", json!(0)), invalid, "between 1 and 100"),
        ("DescribeTestCases", with("nextToken", json!("x")), invalid, "nextToken"),
        ("DescribeTestCases", with("filter", json!({ "status": "BAD" })), invalid, "SKIPPED"),
        ("DescribeTestCases", with("sortBy", json!("NAME")), "NotModeledByLocalAws", "member sortBy"),
        ("DescribeCodeCoverages", json!({ "reportArn": none }), invalid, none),
        ("DescribeCodeCoverages", with("sortBy", json!("NAME")), invalid, "FILE_PATH"),
        ("DescribeCodeCoverages", with("minLineCoveragePercentage", json!(101)), invalid, "0 and 100"),
        ("ListReports", json!({ "filter": { "status": "BAD" } }), invalid, "GENERATING"),
        ("ListReportGroups", json!({ "sortBy": "SIZE" }), invalid, "CREATED_TIME"),
        ("ListReportsForReportGroup", json!({ "reportGroupArn": none }), "ResourceNotFoundException", none),
        ("DeleteReport", json!({ "arn": arn }), "NotModeledByLocalAws", "CodeBuild DeleteReport"),
    ];
    for (operation, input, code, text) in cases {
        let error = world.call(operation, input.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{operation} {input}: {error}");
        assert!(error.message.contains(text), "{operation} {input}: {error}");
    }
    let coverage = world.call("DescribeCodeCoverages", json!({ "reportArn": arn })).await.unwrap();
    assert_eq!(coverage, json!({ "codeCoverages": [] }), "a report of tests has no coverage");
}

#[tokio::test]
async fn reading_a_report_needs_a_permission_on_its_group() {
    let world = World::new();
    let arn = |resource: &str| format!("arn:aws:codebuild:us-east-1:123456789012:{resource}");
    let cases = [
        ("BatchGetReports", json!({ "reportArns": [arn("report/a:u"), arn("report/b:u")] }), vec!["a", "b"]),
        ("DescribeTestCases", json!({ "reportArn": arn("report/a:u") }), vec!["a"]),
        ("DescribeCodeCoverages", json!({ "reportArn": arn("report/a:u") }), vec!["a"]),
        ("BatchGetReportGroups", json!({ "reportGroupArns": [arn("report-group/a")] }), vec!["a"]),
        ("ListReportsForReportGroup", json!({ "reportGroupArn": arn("report-group/a") }), vec!["a"]),
    ];
    for (operation, input, groups) in cases {
        let permission = world.codebuild.permission(operation, &input);
        let resources: Vec<_> = groups.iter().map(|group| arn(&format!("report-group/{group}"))).collect();
        assert_eq!(permission.action, format!("codebuild:{operation}"));
        assert_eq!(permission.resources, resources, "{operation}");
    }
    for operation in ["ListReports", "ListReportGroups"] {
        assert_eq!(world.codebuild.permission(operation, &json!({})).resources, ["*"]);
    }
}
