//! The rules that parameters of several operations follow, and the errors of those that break them.

use super::state::RequestToken;
use crate::aws_json::ApiError;
use crate::caller::Caller;

/// The longest comment, in characters (API reference, CommentContentSizeLimitExceededException).
const COMMENT_LIMIT: usize = 10_240;

/// A parameter that must be there and not empty; `code` is the error of its absence.
pub(super) fn required(value: Option<String>, code: &str) -> Result<String, ApiError> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        let name = code.trim_end_matches("RequiredException");
        ApiError::new(code, format!("{name} is required, but was not specified"))
    })
}

/// Letters, digits, `.`, `_` and `-`, 1 to 100 of them, not ending in `.git` (user guide, Quotas).
pub(super) fn repository_name(value: Option<String>) -> Result<String, ApiError> {
    let name = required(value, "RepositoryNameRequiredException")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.len() <= 100 && name.chars().all(allowed) && !name.ends_with(".git") {
        Ok(name)
    } else {
        let message = format!(
            "Repository name {name:?} is not valid: 1 to 100 letters, digits, periods, underscores and dashes, \
             not ending in .git"
        );
        Err(ApiError::new("InvalidRepositoryNameException", message))
    }
}

/// A pull request's id: a number.
pub(super) fn pull_request_id(value: Option<String>) -> Result<u64, ApiError> {
    let id = required(value, "PullRequestIdRequiredException")?;
    id.parse().map_err(|_| {
        let message = format!("Pull request id {id:?} is not valid: it must be a number");
        ApiError::new("InvalidPullRequestIdException", message)
    })
}

/// A full commit id: 40 lower-case hex digits.
pub(super) fn commit_id(value: Option<String>) -> Result<String, ApiError> {
    let id = required(value, "CommitIdRequiredException")?;
    if id.len() == 40 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        Ok(id)
    } else {
        let message = format!("Commit id {id:?} is not valid: it must be the full SHA, 40 hex digits");
        Err(ApiError::new("InvalidCommitIdException", message))
    }
}

/// The text of a comment.
pub(super) fn comment_content(value: Option<String>) -> Result<String, ApiError> {
    let content = required(value, "CommentContentRequiredException")?;
    if content.chars().count() <= COMMENT_LIMIT {
        Ok(content)
    } else {
        let message = "The comment is too large. Comments are limited to 10,240 characters.";
        Err(ApiError::new("CommentContentSizeLimitExceededException", message))
    }
}

/// A comment's id: two UUIDs with a colon between them.
pub(super) fn comment_id(value: Option<String>) -> Result<String, ApiError> {
    let id = required(value, "CommentIdRequiredException")?;
    let is_uuid = |text: &str| uuid::Uuid::try_parse(text).is_ok();
    match id.split_once(':') {
        Some((group, own)) if is_uuid(group) && is_uuid(own) => Ok(id),
        _ => {
            let message = format!("Comment id {id:?} is not valid");
            Err(ApiError::new("InvalidCommentIdException", message))
        }
    }
}

/// The token that makes a call safe to repeat. SDKs and the AWS CLI fill it in where their user does not.
pub(super) fn request_token(caller: &Caller, value: Option<String>) -> Result<RequestToken, ApiError> {
    let token = required(value, "ClientRequestTokenRequiredException")?;
    Ok(RequestToken { caller_arn: caller.arn.clone(), token })
}

/// The error of a token that came before with other parameters.
pub(super) fn idempotency_mismatch() -> ApiError {
    let message = "The client request token is not valid. Either the token is not in a valid format, or the token has \
                   been used in a previous request with a different parameter";
    ApiError::new("IdempotencyParameterMismatchException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T: std::fmt::Debug>(result: Result<T, ApiError>) -> String {
        result.unwrap_err().code
    }

    #[test]
    fn repository_names_follow_the_documented_pattern() {
        for good in ["a", "Pay.ments_2-x", "git", &"n".repeat(100)] {
            assert_eq!(repository_name(Some(good.to_owned())).unwrap(), good);
        }
        for bad in ["a b", "a/b", "x.git", "ä", "a\n", "..%2f", &"n".repeat(101)] {
            assert_eq!(
                code(repository_name(Some(bad.to_owned()))),
                "InvalidRepositoryNameException",
                "{bad}"
            );
        }
        for missing in [None, Some(String::new())] {
            assert_eq!(code(repository_name(missing)), "RepositoryNameRequiredException");
        }
    }

    #[test]
    fn a_comment_counts_characters_not_bytes() {
        assert!(comment_content(Some("🟢".repeat(10_240))).is_ok());
        let long = comment_content(Some("x".repeat(10_241)));
        assert_eq!(code(long), "CommentContentSizeLimitExceededException");
    }

    #[test]
    fn ids_must_have_their_form() {
        assert_eq!(code(commit_id(Some("abc".to_owned()))), "InvalidCommitIdException");
        assert_eq!(code(commit_id(Some("z".repeat(40)))), "InvalidCommitIdException");
        assert_eq!(code(commit_id(None)), "CommitIdRequiredException");
        assert_eq!(code(pull_request_id(Some("PR-1".to_owned()))), "InvalidPullRequestIdException");
        assert_eq!(code(comment_id(Some("1".to_owned()))), "InvalidCommentIdException");
    }
}
