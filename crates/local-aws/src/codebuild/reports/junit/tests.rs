//! Files in the forms of real test runners, and what they mean.

use super::*;

/// Each test in one line: `STATUS suite|prefix|name nanoseconds: message`.
fn describe(text: &str) -> Vec<String> {
    let cases = read(text, "junit.xml").unwrap();
    let line = |case: TestCase| {
        let suite = case.suite.as_deref().unwrap_or("-");
        let (status, message) = (case.status.as_str(), case.message.escape_default());
        format!("{status} {suite}|{}|{} {}: {message}", case.prefix, case.name, case.nanoseconds)
    };
    cases.into_iter().map(line).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(describe(text), expected);
}

#[test]
fn cargo_nextest() {
    check(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="3" failures="1" errors="0" uuid="5e9f" timestamp="2026-11-21T08:00:00.000+00:00" time="0.035">
    <testsuite name="payments" tests="3" disabled="0" errors="0" failures="1">
        <testcase name="tests::adds" classname="payments" timestamp="2026-11-21T08:00:00.000+00:00" time="0.004">
        </testcase>
        <testcase name="tests::rounds" classname="payments" timestamp="2026-11-21T08:00:00.000+00:00" time="0.012">
            <failure message="thread &apos;tests::rounds&apos; panicked at src/lib.rs:9:9" type="test failure with exit code 101">thread &apos;tests::rounds&apos; panicked at src/lib.rs:9:9:
assertion `left == right` failed
  left: 1
 right: 2</failure>
            <system-out>
running 1 test
</system-out>
            <system-err>thread panicked</system-err>
        </testcase>
        <testcase name="tests::flaky" classname="payments" time="0.003">
            <flakyFailure timestamp="2026-11-21T08:00:00.000+00:00" time="0.003" message="first try" type="test failure">
                <system-out>no</system-out>
            </flakyFailure>
        </testcase>
    </testsuite>
</testsuites>"#,
        &[
            "SUCCEEDED payments|payments|tests::adds 4000000: ",
            "FAILED payments|payments|tests::rounds 12000000: thread \\'tests::rounds\\' panicked at src/lib.rs:9:9:\\n\
             assertion `left == right` failed\\n  left: 1\\n right: 2",
            "SUCCEEDED payments|payments|tests::flaky 3000000: ",
        ],
    );
}

#[test]
fn pytest() {
    check(
        r#"<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.066" timestamp="2026-11-21T08:00:00" hostname="ci"><properties><property name="p" value="v" /></properties><testcase classname="tests.test_cart" name="test_adds[1-2]" time="0.001" /><testcase classname="tests.test_cart" name="test_fails" time="1.2e-05"><failure message="assert 1 == 2">def test_fails():
&gt;       assert 1 == 2
E       assert 1 == 2

tests/test_cart.py:5: AssertionError</failure></testcase><testcase classname="tests.test_cart" name="test_setup" time="0.000"><error message="failed on setup with &quot;ValueError: no&quot;">ValueError</error></testcase><testcase classname="tests.test_cart" name="test_skipped" time="0.000"><skipped type="pytest.skip" message="later">tests/test_cart.py:9: later</skipped></testcase></testsuite></testsuites>"#,
        &[
            "SUCCEEDED pytest|tests.test_cart|test_adds[1-2] 1000000: ",
            "FAILED pytest|tests.test_cart|test_fails 12000: def test_fails():\\n>       assert 1 == 2\\nE       assert 1 \
             == 2\\n\\ntests/test_cart.py:5: AssertionError",
            "ERROR pytest|tests.test_cart|test_setup 0: failed on setup with \\\"ValueError: no\\\"\\nValueError",
            "SKIPPED pytest|tests.test_cart|test_skipped 0: tests/test_cart.py:9: later",
        ],
    );
}

#[test]
fn maven_surefire() {
    check(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0.2" name="com.example.CartTest" time="1,234.567" tests="3" errors="1" skipped="0" failures="1">
  <properties><property name="java.version" value="21"/></properties>
  <testcase name="adds" classname="com.example.CartTest" time="1,234.5"/>
  <testcase name="fails" classname="com.example.CartTest" time="0.1">
    <failure message="expected: &lt;1&gt; but was: &lt;2&gt;" type="org.opentest4j.AssertionFailedError"><![CDATA[org.opentest4j.AssertionFailedError: expected: <1> but was: <2>
	at com.example.CartTest.fails(CartTest.java:12)
]]></failure>
    <rerunFailure message="again" type="x"><stackTrace>again</stackTrace></rerunFailure>
  </testcase>
  <testcase name="throws" classname="com.example.CartTest" time="0">
    <error type="java.lang.NullPointerException"><![CDATA[java.lang.NullPointerException]]></error>
    <system-out><![CDATA[<failure/>]]></system-out>
  </testcase>
</testsuite>"#,
        &[
            "SUCCEEDED com.example.CartTest|com.example.CartTest|adds 1234500000000: ",
            "FAILED com.example.CartTest|com.example.CartTest|fails 100000000: org.opentest4j.AssertionFailedError: \
             expected: <1> but was: <2>\\n\\tat com.example.CartTest.fails(CartTest.java:12)",
            "ERROR com.example.CartTest|com.example.CartTest|throws 0: java.lang.NullPointerException",
        ],
    );
}

#[test]
fn jest_junit() {
    check(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jest tests" tests="2" failures="1" errors="0" time="1.5">
  <testsuite name="cart" errors="0" failures="1" skipped="0" timestamp="2026-11-21T08:00:00" time="1.2" tests="2">
    <testcase classname="cart adds" name="cart adds" time="0.003">
    </testcase>
    <testcase classname="cart removes" name="cart removes" time="0.002">
      <failure>Error: expect(received).toBe(expected)
    at Object.toBe (cart.test.js:7:15)</failure>
    </testcase>
  </testsuite>
</testsuites>"#,
        &[
            "SUCCEEDED cart|cart adds|cart adds 3000000: ",
            "FAILED cart|cart removes|cart removes 2000000: Error: expect(received).toBe(expected)\\n    at Object.toBe \
             (cart.test.js:7:15)",
        ],
    );
}

#[test]
fn gotestsum() {
    check(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0" time="0.4">
	<testsuite tests="2" failures="1" time="0.001000" name="example.com/cart" timestamp="2026-11-21T08:00:00Z">
		<properties><property name="go.version" value="go1.25"></property></properties>
		<testcase classname="example.com/cart" name="TestAdds" time="0.000000"></testcase>
		<testcase classname="example.com/cart" name="TestRemoves" time="0.010000">
			<failure message="Failed" type="">=== RUN   TestRemoves&#xA;    cart_test.go:9: no&#xA;--- FAIL: TestRemoves (0.01s)&#xA;</failure>
		</testcase>
	</testsuite>
</testsuites>"#,
        &[
            "SUCCEEDED example.com/cart|example.com/cart|TestAdds 0: ",
            "FAILED example.com/cart|example.com/cart|TestRemoves 10000000: Failed\\n=== RUN   TestRemoves\\n    \
             cart_test.go:9: no\\n--- FAIL: TestRemoves (0.01s)",
        ],
    );
}

#[test]
fn suites_within_suites_and_tests_without_anything() {
    check(
        r#"<testsuite name="outer"><testsuite name="inner"><testcase name="a"/></testsuite>
<testsuite><testcase name="b"/></testsuite><testcase/><error message="of the suite"/></testsuite>"#,
        &["SUCCEEDED inner||a 0: ", "SUCCEEDED outer||b 0: ", "SUCCEEDED outer|| 0: "],
    );
    check("<testsuites><testcase name='alone'/></testsuites>", &["SUCCEEDED -||alone 0: "]);
    check("<testsuites/>", &[]);
}

#[test]
fn a_file_that_was_cut_anywhere_is_an_error() {
    let whole = "<?xml version='1.0'?><testsuite name='é'><!-- c --><testcase name='a &amp; b' time='1'><failure \
                 message='m'><![CDATA[<x>]]>&#10;text</failure></testcase></testsuite>";
    read(whole, "junit.xml").unwrap();
    for (end, _) in whole.char_indices() {
        assert!(read(&whole[..end], "junit.xml").is_err(), "{}", &whole[..end]);
    }
}

#[test]
fn the_worst_outcome_of_a_test_counts() {
    check(
        "<testsuite><testcase name='a'><skipped/><failure message='1'/><failure message='2'/></testcase>\
         <testcase name='b'><failure message='f'/><error message='e'/></testcase>\
         <testcase name='c' status='notrun'/><testcase name='d' status='run'/></testsuite>",
        &["FAILED -||a 0: 1\\n2", "ERROR -||b 0: e", "SKIPPED -||c 0: ", "SUCCEEDED -||d 0: "],
    );
}

#[test]
fn times_are_read_as_runners_write_them() {
    let cases = [
        ("0.001", 1_000_000),
        ("1.2e-05", 12_000),
        ("1,234.567", 1_234_567_000_000),
        ("1,234,567", 1_234_567_000_000_000),
        ("0,5", 500_000_000),
        (" 3 ", 3_000_000_000),
        ("-1", 0),
        ("", 0),
        ("NaN", 0),
        ("inf", 0),
        ("a while", 0),
        ("1e300", 9_000_000_000_000_000_000),
    ];
    for (time, expected) in cases {
        assert_eq!(nanoseconds(time), expected, "{time:?}");
    }
}
