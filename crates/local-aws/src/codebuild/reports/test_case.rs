//! The results of tests, as a report keeps them.

use serde_json::{Value, json};

/// How many test cases a report keeps (user guide, "Test report statuses").
pub(super) const MOST_TEST_CASES: usize = 500;

/// The longest message of a test case, in characters. What is longer is cut.
pub(super) const LONGEST_MESSAGE: usize = 5_000;

/// How a test ended (API reference, `TestCase`). JUnit's XML has no test of status UNKNOWN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TestStatus {
    Failed,
    Error,
    Skipped,
    Succeeded,
}

impl TestStatus {
    const ALL: [Self; 4] = [Self::Error, Self::Failed, Self::Skipped, Self::Succeeded];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Error => "ERROR",
            Self::Skipped => "SKIPPED",
            Self::Succeeded => "SUCCEEDED",
        }
    }

    /// Which ones a report keeps first when it cannot keep all.
    fn rank(self) -> u8 {
        match self {
            Self::Failed => 0,
            Self::Error => 1,
            Self::Skipped | Self::Succeeded => 2,
        }
    }
}

/// One test of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestCase {
    /// The file that it was read from, relative to the report's base directory.
    pub file: String,
    pub suite: Option<String>,
    /// JUnit's class name.
    pub prefix: String,
    pub name: String,
    pub status: TestStatus,
    /// Not negative.
    pub nanoseconds: i64,
    pub message: String,
}

/// All tests of one run: numbers of all, and those that a report keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestResults {
    total: usize,
    counts: [usize; TestStatus::ALL.len()],
    nanoseconds: i64,
    /// Failed ones first, then errors, each in the files' order.
    pub kept: Vec<TestCase>,
}

impl TestResults {
    pub(super) fn new(mut cases: Vec<TestCase>) -> Self {
        let count = |status| cases.iter().filter(|case| case.status == status).count();
        let counts = TestStatus::ALL.map(count);
        let total = cases.len();
        let nanoseconds = cases.iter().fold(0_i64, |sum, case| sum.saturating_add(case.nanoseconds));
        cases.sort_by_key(|case| case.status.rank());
        cases.truncate(MOST_TEST_CASES);
        Self { total, counts, nanoseconds, kept: cases }
    }

    pub(super) fn is_truncated(&self) -> bool {
        self.total > self.kept.len()
    }

    /// Whether no test failed. A skipped one has not failed.
    pub(super) fn succeeded(&self) -> bool {
        let failed = |status| matches!(status, TestStatus::Failed | TestStatus::Error);
        TestStatus::ALL.iter().zip(self.counts).all(|(status, count)| count == 0 || !failed(*status))
    }

    /// The summary in an API answer. Every status has a number (captured).
    pub(super) fn summary_json(&self) -> Value {
        let mut counts = json!({ "UNKNOWN": 0 });
        for (status, count) in TestStatus::ALL.iter().zip(self.counts) {
            counts[status.as_str()] = count.into();
        }
        json!({ "total": self.total, "statusCounts": counts, "durationInNanoSeconds": self.nanoseconds })
    }
}

/// At most [`LONGEST_MESSAGE`] characters.
pub(super) fn cut_message(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
    }
    message
}
