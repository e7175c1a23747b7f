use super::*;

/// Each log has its first error in the line that begins with `»`, which is no part of the log.
const LOGS: &[(&str, &str)] = &[
    (
        "rustc",
        "   Compiling thiserror v2.0.0\nwarning: unused variable: `error`\n»error[E0425]: cannot find value `x` in this scope\n --> src/lib.rs:2:5\n\nerror: could not compile `a` (lib) due to 1 previous error",
    ),
    ("rustc without a code", "   Compiling a v0.1.0\n»error: expected `;`, found `}`\n --> src/lib.rs:2:5"),
    (
        "cargo",
        "    Updating crates.io index\n»error: no matching package named `serdee` found\nlocation searched: crates.io index",
    ),
    (
        "cargo test",
        "running 2 tests\ntest error_is_reported ... ok\ntest adds ... FAILED\n\nfailures:\n\n»---- adds stdout ----\nthread 'adds' panicked at src/lib.rs:9:9:\nassertion failed\n\ntest result: FAILED. 1 passed; 1 failed\n\nerror: test failed, to rerun pass `--lib`",
    ),
    (
        "nextest",
        "        PASS [   0.004s] a tests::errors\n»        FAIL [   0.003s] a tests::adds\n  stdout ───\n    thread 'tests::adds' panicked at src/lib.rs:9:9:\nerror: test run failed",
    ),
    ("panic", "Listening\n»thread 'main' (1234) panicked at src/main.rs:2:5:\nboom"),
    (
        "gcc",
        "cc -Werror -c error.c\n»error.c:3:5: error: 'x' undeclared (first use in this function)\nmake: *** [Makefile:2: error.o] Error 1",
    ),
    (
        "gcc without the file",
        "cc -c a.c\n»a.c:1:10: fatal error: missing.h: No such file or directory\ncompilation terminated.",
    ),
    (
        "linker",
        "cc a.o -o a\n»a.c:(.text+0x5): undefined reference to `f'\ncollect2: error: ld returned 1 exit status",
    ),
    ("make alone", "checking\n»make: *** No rule to make target 'all'.  Stop."),
    ("go build", "# example.com/a\n»./a.go:3:2: undefined: x"),
    (
        "go test",
        "=== RUN   TestErrors\n--- PASS: TestErrors (0.00s)\n=== RUN   TestAdd\n»--- FAIL: TestAdd (0.00s)\n    a_test.go:7: got 3\nFAIL\nFAIL\texample.com/a\t0.002s",
    ),
    (
        "go panic",
        "start\n»panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:",
    ),
    (
        "pytest",
        "tests/test_errors.py ..F    [100%]\n\n=========== FAILURES ===========\n»__________ test_adds __________\n\n    def test_adds():\n>       assert add(1, 2) == 4\nE       assert 3 == 4\n\ntests/test_errors.py:4: AssertionError\nFAILED tests/test_errors.py::test_adds - assert 3 == 4",
    ),
    (
        "unittest",
        "F.\n====\n»FAIL: test_adds (tests.TestAdd)\n----\nTraceback (most recent call last):\n  File \"a.py\", line 1\nAssertionError: 3 != 4",
    ),
    (
        "mypy",
        "Checking errors\n»src/a.py:3: error: Name \"x\" is not defined  [name-defined]\nFound 1 error in 1 file",
    ),
    ("ruff", "»src/a.py:1:8: F401 `os` imported but unused\nFound 1 error."),
    (
        "jest",
        "PASS src/errors.test.js\n»FAIL src/add.test.js\n  ● add › adds\n\n    expect(received).toBe(expected)",
    ),
    (
        "mocha",
        "  add\n    1) adds\n\n  0 passing (4ms)\n»  1 failing\n\n  1) add\n       adds:\n     AssertionError: expected 3 to equal 4",
    ),
    (
        "tsc",
        "> tsc\n\n»src/a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.\nnpm ERR! code ELIFECYCLE",
    ),
    (
        "tsc, pretty",
        "»src/a.ts:1:7 - error TS2322: Type 'string' is not assignable to type 'number'.\n\nFound 1 error in src/a.ts:1",
    ),
    (
        "eslint",
        "/src/error-handling.js\n»  3:7  error  'x' is assigned a value but never used  no-unused-vars\n\n✖ 1 problem (1 error, 0 warnings)",
    ),
    (
        "node",
        "node:internal/modules/cjs/loader:1080\n  throw err;\n  ^\n\n»Error: Cannot find module './x'\nRequire stack:",
    ),
    (
        "npm ci",
        "npm warn deprecated error@1.0.0\n»npm error code EUSAGE\nnpm error `npm ci` can only install packages when in sync",
    ),
    (
        "javac in Maven",
        "[INFO] Compiling 3 source files\n[INFO] ----\n[ERROR] COMPILATION ERROR :\n»[ERROR] /src/A.java:[3,5] cannot find symbol\n[ERROR] Failed to execute goal x\n[ERROR] -> [Help 1]",
    ),
    (
        "surefire",
        "[INFO] Running ErrorsTest\n[INFO] Tests run: 3, Failures: 0, Errors: 0\n»[ERROR] AddTest.adds  Time elapsed: 0.01 s  <<< FAILURE!\norg.opentest4j.AssertionFailedError: expected: <4> but was: <3>\n[ERROR] Tests run: 4, Failures: 1, Errors: 0",
    ),
    (
        "gradle",
        "> Task :compileJava FAILED\n»/src/A.java:3: error: cannot find symbol\n\nFAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed",
    ),
    ("java", "»Exception in thread \"main\" java.lang.IllegalStateException: boom\n\tat A.main(A.java:3)"),
    (
        "dotnet",
        "  Determining projects to restore...\n»/src/A.cs(3,5): error CS0103: The name 'x' does not exist\n\nBuild FAILED.",
    ),
    ("rspec", ".F\n\n»Failures:\n\n  1) Add adds\n     Failure/Error: expect(3).to eq 4"),
    ("shell", "+ deploy error.sh\n»/codebuild/output/tmp/script.sh: line 4: foo: command not found"),
    ("git", "Cloning into 'x'...\n»fatal: repository 'https://x/' not found"),
    ("aws", "\n»An error occurred (AccessDenied) when calling the PutObject operation: Access Denied"),
    ("terraform", "Plan: 1 to add\n╷\n»│ Error: Invalid reference\n│"),
    (
        "cmake",
        "-- Check for working error handler - done\n»CMake Error at CMakeLists.txt:3 (find_package):\n  Could not find X",
    ),
    ("killed", "Building\n»Killed\ndone"),
    (
        "a label",
        "2026-07-14 INFO no error so far\n2026-07-14 WARN failed to find cache\n»2026-07-14 ERROR cannot reach db\nbye",
    ),
    (
        "a label at the start",
        "reading errors.txt\n»ERROR: Could not find a version that satisfies the requirement x\nbye",
    ),
    ("docker", "#5 DONE 0.1s\n»#6 ERROR: process \"/bin/sh -c make\" did not complete\nbye"),
    ("counts of Maven alone", "[INFO] fine\n»Tests run: 4, Failures: 1, Errors: 0 FAILED\nbye"),
    ("a word", "deploying\n»the server refused the connection\nbye"),
    ("a word at the end", "deploying\n»upload failed\nbye"),
    ("a label before a summary", "»failed: could not read x\nmake: *** [all] Error 1"),
];

#[test]
fn the_first_error_of_each_tool_is_found() {
    for (tool, log) in LOGS {
        let expected = log.lines().position(|line| line.starts_with('»'));
        let lines: Vec<&str> = log.lines().map(|line| line.trim_start_matches('»')).collect();
        let found = find(&lines).map(|range| range.start);
        assert_eq!(found, expected, "{tool}: found {:?}", found.map(|found| lines[found]));
    }
}

#[test]
fn a_line_that_only_names_errors_is_none() {
    for line in [
        "test result: ok. 12 passed; 0 failed; 0 ignored",
        "Tests: 12 passed, 0 failed",
        "Tests run: 4, Failures: 0, Errors: 0, Skipped: 0",
        "0 errors, 0 warnings",
        "Found no errors",
        "finished without errors",
        "   Compiling thiserror v2.0.0",
        "   Compiling failure v0.1.8",
        "  Downloaded error-chain v0.12.4",
        "cc -Wall -Werror -c src/error.c",
        "src/error-handling.rs",
        "wrote dist/errors.js",
        "test errors::fatal::panics ... ok",
        "test fails_with_an_error ... ok",
        "ok 3 - reports an error",
        "  ✓ shows an error (3 ms)",
        "tests/test_error.py::test_failed PASSED [ 50%]",
        "--- PASS: TestError (0.00s)",
        "PASS src/error.test.js",
        "warning: field `error` is never read",
        "npm WARN deprecated: error",
        "[INFO] no failure",
        "DEBUG retry after error",
        "+ grep error log.txt",
        "",
    ] {
        assert_eq!(rank(line), None, "for {line:?}");
    }
}

#[test]
fn a_traceback_goes_to_its_exception() {
    let lines = [
        "start",
        "Traceback (most recent call last):",
        "  File \"a.py\", line 3, in <module>",
        "    main()",
        "",
        "  File \"a.py\", line 2, in main",
        "ValueError: boom",
        "make: *** [test] Error 1",
    ];
    assert_eq!(find(&lines), Some(1..7));
    assert_eq!(find(&lines[..3]), Some(1..3));
}

#[test]
fn the_surest_line_wins_over_an_earlier_one() {
    assert!(Rank::Explains < Rank::Labels && Rank::Labels < Rank::SumsUp && Rank::SumsUp < Rank::Mentions);
    assert_eq!(find(&["could not load cache", "error: expected `;`"]), Some(1..2));
    assert_eq!(find(&["nothing", "at all"]), None);
}
