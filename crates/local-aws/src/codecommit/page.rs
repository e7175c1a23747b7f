//! Answers in pages. A token names where the next page begins, and only its own operation understands it.

use crate::aws_json::ApiError;

/// The size of a page: `default` where the caller gives none, and `limit` at most.
pub(super) fn page_size(max_results: Option<i64>, default: usize, limit: usize) -> Result<usize, ApiError> {
    let Some(asked) = max_results else { return Ok(default) };
    usize::try_from(asked).ok().filter(|size| (1..=limit).contains(size)).ok_or_else(|| {
        let message = format!("The maximum number of results {asked} is not valid: it must be 1 to {limit}");
        ApiError::new("InvalidMaxResultsException", message)
    })
}

/// A token for `operation` that continues at `position`.
pub(super) fn continuation_token(operation: &str, position: u64) -> String {
    format!("{operation}/{position}")
}

/// The position in a token of `operation`; nothing where there is no token.
pub(super) fn position(operation: &str, next_token: Option<&str>) -> Result<Option<u64>, ApiError> {
    let Some(token) = next_token else { return Ok(None) };
    let position = token.strip_prefix(operation).and_then(|rest| rest.strip_prefix('/'));
    match position.and_then(|position| position.parse().ok()) {
        Some(position) => Ok(Some(position)),
        None => Err(ApiError::new(
            "InvalidContinuationTokenException",
            format!("The continuation token is not one of {operation}"),
        )),
    }
}

/// One page of `items`, which only ever grow at their end, and the token of the next page.
pub(super) fn page<T>(
    items: Vec<T>,
    operation: &str,
    next_token: Option<&str>,
    size: usize,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let start = position(operation, next_token)?.unwrap_or(0);
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let end = start.saturating_add(size);
    let next = (end < items.len()).then(|| continuation_token(operation, end as u64));
    Ok((items.into_iter().skip(start).take(size).collect(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_together_are_the_whole() {
        for (count, size) in [(0, 3), (1, 1), (6, 3), (7, 3), (1001, 1000)] {
            let items: Vec<usize> = (0..count).collect();
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let (part, next) = page(items.clone(), "List", token.as_deref(), size).unwrap();
                assert!(part.len() <= size);
                seen.extend(part);
                token = next;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, items, "{count} by {size}");
        }
    }

    #[test]
    fn a_token_of_another_operation_is_refused() {
        for token in ["", "other/1", "List", "List/", "List/x", "List/-1"] {
            let error = page(vec![1], "List", Some(token), 1).unwrap_err();
            assert_eq!(error.code, "InvalidContinuationTokenException", "{token}");
        }
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        assert_eq!(page_size(None, 100, 500).unwrap(), 100);
        assert_eq!(page_size(Some(500), 100, 500).unwrap(), 500);
        for size in [0, -1, 501, i64::MIN] {
            assert_eq!(page_size(Some(size), 100, 500).unwrap_err().code, "InvalidMaxResultsException");
        }
    }
}
