//! ScheduleExpression of AWS::Events::Rule.

use std::time::Duration;

use super::properties::Properties;
use super::{Schedule, TemplateError};

/// What is read; the rest of EventBridge's syntax is refused.
const EXPECTED: &str = "rate(VALUE UNIT), such as rate(1 minute), rate(15 minutes), rate(12 hours) or rate(7 days) \
                        (cron is not modeled)";

/// Takes the property, where it is there.
pub(super) fn take_schedule(properties: &mut Properties) -> Result<Option<Schedule>, TemplateError> {
    const NAME: &str = "ScheduleExpression";
    let Some(expression) = properties.optional_text(NAME)? else { return Ok(None) };
    match parse_rate(&expression) {
        Some(period) => Ok(Some(Schedule { expression, period })),
        None => Err(properties.wrong(NAME, EXPECTED, &expression)),
    }
}

/// The period of a rate expression. The unit is singular for one and plural for more (EventBridge user guide).
fn parse_rate(expression: &str) -> Option<Duration> {
    let (value, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let value: u32 = value.parse().ok().filter(|value| digits && *value > 0)?;
    let minutes = match (value, unit) {
        (1, "minute") | (2.., "minutes") => 1,
        (1, "hour") | (2.., "hours") => 60,
        (1, "day") | (2.., "days") => 24 * 60,
        _ => return None,
    };
    Some(Duration::from_secs(60 * minutes * u64::from(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_with_the_number_of_their_unit() {
        for (expression, minutes) in [
            ("rate(1 minute)", 1),
            ("rate(15 minutes)", 15),
            ("rate(1 hour)", 60),
            ("rate(12 hours)", 12 * 60),
            ("rate(1 day)", 24 * 60),
            ("rate(7 days)", 7 * 24 * 60),
        ] {
            assert_eq!(parse_rate(expression), Some(Duration::from_secs(60 * minutes)), "{expression}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for expression in [
            "",
            "rate()",
            "rate(5)",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(2 minute)",
            "rate(+2 minutes)",
            "rate(1.5 hours)",
            "rate(30 seconds)",
            "rate(5  minutes)",
            "rate(5 minutes",
            "cron(0 12 * * ? *)",
        ] {
            assert_eq!(parse_rate(expression), None, "{expression}");
        }
    }
}
