//! What the functions count, for CloudWatch.
//!
//! A count is a log line in the [embedded metric format]: CloudWatch takes the metrics out of the log group by itself,
//! so that a function needs neither a permission nor a call for them.
//!
//! [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::{
    io::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

/// The namespace of every metric of a hook.
const NAMESPACE: &str = "PullRequestHook";

/// The one dimension: each hook of an account is counted by itself.
const DIMENSION: &str = "HookName";

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Builds that were started.
    BuildsStarted,
    /// Comments that were posted or changed.
    CommentsWritten,
    /// Replies that were posted.
    RepliesWritten,
    /// Events that asked for nothing.
    EventsIgnored,
    /// Builds that a sweep started and comments that it wrote, because an event was lost or could not be handled.
    SweepRepairs,
    /// Calls of sweeps that failed, and left something to the next sweep.
    SweepFailures,
    /// Invocations that failed; an event that fails time and again counts each time.
    Failures,
}

impl Metric {
    /// The metric's name in CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::BuildsStarted => "BuildsStarted",
            Self::CommentsWritten => "CommentsWritten",
            Self::RepliesWritten => "RepliesWritten",
            Self::EventsIgnored => "EventsIgnored",
            Self::SweepRepairs => "SweepRepairs",
            Self::SweepFailures => "SweepFailures",
            Self::Failures => "Failures",
        }
    }
}

/// Writes what one invocation counted as a line on standard output, beside the other log lines. A count of zero is
/// written too, so that a graph shows that the function ran.
///
/// Call it once an invocation, and name the metrics that the function can count.
pub fn write_metrics(hook_name: &str, counts: &[(Metric, usize)]) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // A line that cannot be written must not fail what was done.
    let _ = writeln!(std::io::stdout().lock(), "{}", embed_metrics(hook_name, now, counts));
}

/// The line's JSON. `now` is the time since the epoch.
fn embed_metrics(hook_name: &str, now: Duration, counts: &[(Metric, usize)]) -> Value {
    let definitions: Vec<_> =
        counts.iter().map(|(metric, _)| json!({ "Name": metric.name(), "Unit": "Count" })).collect();
    let metadata = json!({
        "Timestamp": u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": definitions }],
    });
    let mut line = Map::from_iter([("_aws".to_owned(), metadata), (DIMENSION.to_owned(), hook_name.into())]);
    line.extend(counts.iter().map(|&(metric, count)| (metric.name().to_owned(), count.into())));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Metric; 7] = [
        Metric::BuildsStarted,
        Metric::CommentsWritten,
        Metric::RepliesWritten,
        Metric::EventsIgnored,
        Metric::SweepRepairs,
        Metric::SweepFailures,
        Metric::Failures,
    ];

    #[test]
    fn a_line_says_what_cloudwatch_shall_take_out_of_it() {
        let counts = [(Metric::BuildsStarted, 1), (Metric::Failures, 0)];
        let line = embed_metrics("payments-hook", Duration::from_millis(1_795_248_000_123), &counts);
        let expected = json!({
            "_aws": {
                "Timestamp": 1_795_248_000_123_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "PullRequestHook",
                    "Dimensions": [["HookName"]],
                    "Metrics": [
                        { "Name": "BuildsStarted", "Unit": "Count" },
                        { "Name": "Failures", "Unit": "Count" },
                    ],
                }],
            },
            "HookName": "payments-hook",
            "BuildsStarted": 1,
            "Failures": 0,
        });
        assert_eq!(line, expected);
    }

    /// The rules of the specification's sections "Metadata object" to "MetricDefinition object", and its schema.
    #[test]
    fn a_line_with_every_metric_keeps_to_the_specification() {
        let line = embed_metrics("a", Duration::from_secs(1), &ALL.map(|metric| (metric, 3)));
        let metadata = line["_aws"].as_object().unwrap();
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["CloudWatchMetrics", "Timestamp"]);
        assert_eq!(metadata["Timestamp"].as_u64(), Some(1000), "milliseconds since the epoch");
        let [directive] = metadata["CloudWatchMetrics"].as_array().unwrap().as_slice() else {
            panic!("{line}")
        };
        assert!((1..=1024).contains(&directive["Namespace"].as_str().unwrap().len()));
        for set in directive["Dimensions"].as_array().unwrap() {
            let keys = set.as_array().unwrap();
            assert!(keys.len() <= 30);
            for key in keys {
                let target = line[key.as_str().unwrap()].as_str().unwrap();
                assert!((1..=1024).contains(&target.len()), "the root has each dimension as a text");
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert_eq!(metrics.len(), ALL.len());
        assert!(metrics.len() <= 100);
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap();
            assert!((1..=1024).contains(&name.len()));
            assert_eq!(metric["Unit"], "Count", "one of MetricDatum's units");
            assert!(line[name].is_number(), "the root has each metric as a number");
        }
        assert!(!line.to_string().contains('\n'), "one log event is one line");
    }
}
