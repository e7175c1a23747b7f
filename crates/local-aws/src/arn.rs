//! Comparing ARNs as policies do.

/// Whether `arn` is one that `pattern` means: the six parts between colons are compared one by one, and in each of
/// them `*` stands for any characters and `?` for one (IAM user guide, "Amazon Resource Name condition operators";
/// `ArnEquals` and `ArnLike` behave the same).
pub fn arn_like(pattern: &str, arn: &str) -> bool {
    let mut patterns = pattern.splitn(6, ':');
    let mut parts = arn.splitn(6, ':');
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if wildcards_match(pattern, part) => {}
            _ => return false,
        }
    }
}

/// Goes back to the last `*` where the text does not go on as the pattern does.
pub(crate) fn wildcards_match(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut position) = (0, 0);
    let mut last_star = None;
    while position < text.len() {
        match pattern.get(at) {
            Some('*') => {
                last_star = Some((at, position));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[position] => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((star, covered)) = last_star else { return false };
                at = star + 1;
                position = covered + 1;
                last_star = Some((star, covered + 1));
            }
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stay_within_their_part() {
        let rule = "arn:aws:events:us-east-1:123456789012:rule/hook-requests";
        for pattern in [
            rule,
            "arn:aws:events:us-east-1:123456789012:rule/*",
            "arn:aws:events:*:*:rule/hook-?equests",
            "arn:*:events:*:123456789012:*-req*s",
        ] {
            assert!(arn_like(pattern, rule), "{pattern} should mean {rule}");
        }
        for pattern in ["arn:aws:events:*", "arn:aws:events:us-east-1:123456789012:rule/hook", "*", ""] {
            assert!(!arn_like(pattern, rule), "{pattern} should not mean {rule}");
        }
    }
}
