//! Finds the first line that says what went wrong, by the ways in which well-known tools say it.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet};

use crate::patterns::{any_of, pattern};

/// As much of a line is looked at, in bytes: tools say "error" early in a line.
const LOOKED_AT: usize = 2_000;

/// How sure it is that a line tells the cause, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A tool explains an error.
    Explains,
    /// A line that is labeled as an error.
    Labels,
    /// A tool sums up that something failed; the cause was said before.
    SumsUp,
    /// A word for an error somewhere in a line.
    Mentions,
}

/// The first of the surest lines, with the lines that belong to it.
pub(super) fn find(lines: &[&str]) -> Option<Range<usize>> {
    let ranked = lines.iter().enumerate().filter_map(|(index, line)| Some((rank(line)?, index)));
    let (_, first) = ranked.min()?;
    Some(first..end_of_traceback(lines, first).unwrap_or(first + 1))
}

/// Python prints the calls first and the exception last.
fn end_of_traceback(lines: &[&str], first: usize) -> Option<usize> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    if !lines[first].contains("Traceback (most recent call last)") {
        return None;
    }
    let outer = indentation(lines[first]);
    let is_call = |line: &&str| line.is_empty() || indentation(line) > outer;
    let calls = lines[first + 1..].iter().take_while(|line| is_call(line)).count();
    Some(lines.len().min(first + 1 + calls + 1))
}

fn rank(line: &str) -> Option<Rank> {
    let line = &line[..line.floor_char_boundary(LOOKED_AT)];
    if SUMS_UP.is_match(line.as_bytes()) {
        return Some(Rank::SumsUp);
    }
    if EXPLAINS.is_match(line.as_bytes()) {
        return Some(Rank::Explains);
    }
    if IS_NO_ERROR.is_match(line.as_bytes()) {
        return None;
    }
    // "Failures: 2, Errors: 0" still has failures.
    let without_none: Cow<'_, [u8]> = NONE_OF_THEM.replace_all(line.as_bytes(), b"".as_slice());
    if LABELS.is_match(&without_none) {
        return Some(Rank::Labels);
    }
    MENTIONS.is_match(&without_none).then_some(Rank::Mentions)
}

static EXPLAINS: LazyLock<RegexSet> = LazyLock::new(|| {
    any_of(&[
        // Rust: the compiler, a panic, a failed test of cargo and of nextest.
        r"^error(\[E[0-9]+\])?: ",
        r"^\s*thread '.*' .*panicked at ",
        r"^---- .+ stdout ----$",
        r"^\s+(FAIL|ABORT|SIG[A-Z]+|TIMEOUT|LEAK-FAIL) (\[|\+ )",
        // C, C++, Swift, javac and others that name the place first; the linker.
        r"^\S.*:[0-9]+(:[0-9]+)?: ([a-z]+ )?error\b",
        r"undefined reference to ",
        r"^CMake Error",
        r"^FAILED: \S",
        // Go: the compiler and vet, a failed test, a panic.
        r"^(vet: )?\S+\.go:[0-9]+:[0-9]+: ",
        r"^\s*--- FAIL: ",
        r"^panic: ",
        // Python: a traceback, pytest's headings and marks, unittest, mypy, ruff and flake8.
        r"^\s*Traceback \(most recent call last\)",
        r"^E {3}",
        r"^_{3,} .+ _{3,}$",
        r"^(FAIL|ERROR): \w+ \(",
        r"^\S+\.pyi?:[0-9]+:([0-9]+:)? ([A-Z]+[0-9]+|error:?) ",
        // JavaScript and TypeScript: jest, vitest, mocha, TAP, tsc, eslint, webpack, vite.
        "^\\s*\u{25cf} \\S",
        r"^\s*FAIL\s+\S+",
        r"^\s+[0-9]+ failing$",
        r"^\s*not ok [0-9]+",
        r"\([0-9]+,[0-9]+\): error ",
        r" - error TS[0-9]+: ",
        r"^\s+[0-9]+:[0-9]+\s+error\s",
        r"^ERROR in \S",
        // Java and its kin: a compiler's error in Maven, a failed test, Gradle, Kotlin.
        r"^\[ERROR\] .*\.(java|kt|scala):",
        r"^\[ERROR\] .*<<< (FAILURE|ERROR)!",
        r"^\* What went wrong:",
        r"^\S+ > .+ FAILED$",
        r"^e: \S",
        // .NET, Ruby, PHP.
        r"\): error [A-Z]+[0-9]+: ",
        r"^\s+Failed \S+ \[[^\]]+\]$",
        r"^Failures:$",
        r"^\s+[0-9]+\) (Failure|Error):$",
        r"^(PHP )?(Fatal|Parse) error: ",
        r"^There (was|were) [0-9]+ (failure|error)s?:",
        // An exception, in any language that calls it so.
        r"^\s*(Uncaught |Unhandled exception\. )?([A-Za-z_$][\w$]*(\.|::|\\))*[A-Z]\w*(Error|Exception)\b(:| \[|$)",
        r"^\s*Exception in thread ",
        r"^\W*(Uncaught )?Error: ",
        // Shells, Git, the AWS CLI, Terraform.
        r"^\S+: (line )?[0-9]+: .+: (.*not found|.*No such file|.*ermission denied|unbound variable|Is a directory)",
        r"syntax error near unexpected token",
        r"^fatal: ",
        r"^(aws: )?(\[ERROR\]: )?An error occurred \(",
        // The system.
        r"^(.*: )?(.*[0-9] )?(Segmentation fault|Aborted|Killed|Bus error)( .*)?$",
        r"(?i)\bno space left on device\b",
        r"(?i)\bout of memory\b",
    ])
});

static SUMS_UP: LazyLock<RegexSet> = LazyLock::new(|| {
    any_of(&[
        r"^error: (could not compile|aborting due to|test failed|test run failed|build failed|process didn't exit|[0-9]+ targets? failed|doctest failed)",
        r"^error: .* (exited with code|script failed)",
        r"^test .+ \.\.\. FAILED$",
        r"^test result: FAILED",
        r"^(FAILED|ERROR) \S+\.py(::|\b)",
        r"^FAIL\s+\S+\s+([0-9.]+s|\[.*failed\])$",
        r"^FAIL$",
        r"^npm (ERR!|error)",
        r"^error Command failed",
        r"ELIFECYCLE",
        r"^\S*make(\[[0-9]+\])?: \*\*\*",
        r"^ninja: build stopped",
        r"^collect2: error",
        r"^clang: error: linker command failed",
        r"^\[ERROR\] (Tests run:|Failed to execute goal|Failures:|Errors:|There are test failures|To see the full|Re-run Maven|For more information|->|\[Help)",
        r"^\[ERROR\]\s*$",
        r"^(BUILD FAILED|FAILURE: Build failed)",
    ])
});

static LABELS: LazyLock<RegexSet> = LazyLock::new(|| {
    any_of(&[
        r"(^|[\s\[(|])(ERROR|FATAL|CRITICAL|SEVERE|PANIC|FAILED|FAILURE|FAIL)([\s\])|:!]|$)",
        r"(?i)(^|[\s\])])(error|fatal|fatal error|panic|failure|failed)(:\s|!|$)",
        r"(?i)^\W*(error|fatal|failed|failure)\b[^.\w/-]",
        "\u{274c}|\u{2717}|\u{2718}|\u{2716}",
    ])
});

static MENTIONS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(^|[^\w/.:-])(errors?|failed|failures?|fails|failing|fatal|panic(ked)?|exceptions?|crashed|aborted|cannot|could not|unable to|not found|no such file|denied|refused|timed out)([.:!,;]?(\s|$)|[)\]!'])",
    )
});

/// Lines that only name something, or say that all is well.
static IS_NO_ERROR: LazyLock<RegexSet> = LazyLock::new(|| {
    any_of(&[
        r"(?i)^\s*(compiling|checking|downloading|downloaded|installing|installed|collecting|fetching|fetched|unpacking|preparing|building|adding|added|fresh|copying|creating|created|inflating|extracting|using cached|requirement already|setting up|get:[0-9]|running) ",
        r"^\++ ",
        r"^(ok [0-9]+|=== RUN|\s*--- PASS|\s*PASS\b)",
        r"(?i)\.\.\. (ok|ignored|skipped)$",
        r"(?i)\b(passed|passes|succeeded)\b( \[ *[0-9]+%\])?$",
        "^\\s*(\u{2713}|\u{2714}|\u{221a}|\u{2705})",
        r"(?i)^\W*([0-9:.,TZ/+-]+ )*\W*(info|debug|trace|notice|warn|warning)\b",
        r"(?i)^npm (warn|notice|info)",
        r"(?i)(:|\s)warning:",
    ])
});

static NONE_OF_THEM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(0|no|zero|without|without any) (\w+ )?(errors?|failed|failures?|failing|fatal|exceptions?)\b|\b(errors?|failed|failures?|fail)\s*[:=]\s*0\b",
    )
});
