//! The rules that parameters of several operations follow, and the errors of those that break them.

use time::OffsetDateTime;

use super::git_write::Person;
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

/// A pull request's title, up to 150 characters (API model).
pub(super) fn pull_request_title(value: Option<String>) -> Result<String, ApiError> {
    let title = required(value, "TitleRequiredException")?;
    if title.chars().count() > 150 {
        let message = "Pull request titles are limited to 150 characters";
        return Err(ApiError::new("InvalidTitleException", message));
    }
    Ok(title)
}

/// A pull request's description, up to 10,240 characters (API model); an empty one is none.
pub(super) fn pull_request_description(value: Option<String>) -> Result<Option<String>, ApiError> {
    let description = value.filter(|text| !text.is_empty());
    if description.as_ref().is_some_and(|text| text.chars().count() > 10_240) {
        let message = "Pull request descriptions are limited to 10,240 characters";
        return Err(ApiError::new("InvalidDescriptionException", message));
    }
    Ok(description)
}

/// A repository's description, up to 1,000 characters (API model); an empty one is none.
pub(super) fn repository_description(value: Option<String>) -> Result<Option<String>, ApiError> {
    let description = value.filter(|text| !text.is_empty());
    if description.as_ref().is_some_and(|text| text.chars().count() > 1000) {
        let message = "Repository descriptions are limited to 1,000 characters";
        return Err(ApiError::new("InvalidRepositoryDescriptionException", message));
    }
    Ok(description)
}

/// The longest part of a branch's name between slashes, in bytes: it is a file's name, beside which Git puts a lock.
const BRANCH_PART_LIMIT: usize = 250;

/// The full name of a branch, from its short one of up to 256 characters (API model) that Git accepts.
pub(super) fn branch_name(value: Option<String>) -> Result<String, ApiError> {
    let name = required(value, "BranchNameRequiredException")?;
    if name.chars().count() <= 256 && name.split('/').any(|part| part.len() > BRANCH_PART_LIMIT) {
        let what = format!("a branch name with more than {BRANCH_PART_LIMIT} bytes without a slash");
        return Err(ApiError::not_modeled(what));
    }
    if name.chars().count() <= 256 && is_reference_name(&name) {
        Ok(format!("refs/heads/{name}"))
    } else {
        let message = format!(
            "Branch name {name:?} is not valid: up to 256 characters that Git accepts in a branch's name"
        );
        Err(ApiError::new("InvalidBranchNameException", message))
    }
}

/// Git's rules for the name of a reference (git-check-ref-format).
fn is_reference_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains(forbidden)
        && name.split('/').all(part)
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

/// The longest message of a commit, in characters. AWS names the error and no number.
const COMMIT_MESSAGE_LIMIT: usize = 10_240;

/// What a caller says about a commit that CodeCommit makes for them.
#[derive(Debug, Default)]
pub(super) struct CommitWords {
    name: Option<String>,
    email: Option<String>,
    pub(super) message: Option<String>,
}

impl CommitWords {
    pub(super) fn new(
        name: Option<String>,
        email: Option<String>,
        message: Option<String>,
    ) -> Result<Self, ApiError> {
        let too_long =
            |text: &Option<String>, limit| text.as_ref().is_some_and(|text| text.chars().count() > limit);
        if too_long(&name, 256) {
            let message = "Author names are limited to 256 characters";
            return Err(ApiError::new("NameLengthExceededException", message));
        }
        let forbidden = |c: char| c.is_control() || matches!(c, '<' | '>');
        if too_long(&email, 256) || email.as_ref().is_some_and(|email| email.contains(forbidden)) {
            return Err(ApiError::new("InvalidEmailException", "The email address is not valid"));
        }
        if too_long(&message, COMMIT_MESSAGE_LIMIT) {
            let message = "Commit messages are limited to 10,240 characters";
            return Err(ApiError::new("CommitMessageLengthExceededException", message));
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self { name: given(name), email: given(email), message: given(message) })
    }
}

/// Who makes a commit: the caller, where they say no other name. Git refuses names without a letter or digit.
pub(super) fn commit_person(words: &CommitWords, caller: &Caller, date: OffsetDateTime) -> Person {
    let usable = |name: &&String| name.chars().any(char::is_alphanumeric);
    let name = words.name.as_ref().filter(usable).cloned();
    let name = name.unwrap_or_else(|| caller.arn.rsplit('/').next().unwrap_or(&caller.arn).to_owned());
    Person { name: name.replace(char::is_control, " "), email: words.email.clone().unwrap_or_default(), date }
}

/// A path of a file in a repository: no empty part, none that leads elsewhere or into Git's own folder.
pub(super) fn path_in_repository(value: Option<String>) -> Result<String, ApiError> {
    let path = required(value, "PathRequiredException")?;
    let part = |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
    let relative = path.trim_start_matches('/');
    if relative.len() <= 4096 && relative.split('/').all(part) && !relative.contains('\0') {
        Ok(relative.to_owned())
    } else {
        Err(ApiError::new("InvalidPathException", format!("The path {path:?} is not valid")))
    }
}

/// A blob's full id: 40 lower-case hex digits.
pub(super) fn blob_id(value: Option<String>) -> Result<String, ApiError> {
    let id = required(value, "BlobIdRequiredException")?;
    if id.len() == 40 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        Ok(id)
    } else {
        let message = format!("Blob id {id:?} is not valid: it must be the full SHA, 40 hex digits");
        Err(ApiError::new("InvalidBlobIdException", message))
    }
}

/// A file mode, as Git writes it.
pub(super) fn file_mode(value: Option<String>) -> Result<String, ApiError> {
    let mode = required(value, "FileModeRequiredException")?;
    file_mode_bits(&mode).map(str::to_owned).ok_or_else(|| {
        let message = format!("File mode {mode:?} is not one of EXECUTABLE, NORMAL, SYMLINK");
        ApiError::new("InvalidFileModeException", message)
    })
}

/// Git's octal for one of the API's file modes.
pub(super) fn file_mode_bits(mode: &str) -> Option<&'static str> {
    match mode {
        "NORMAL" => Some("100644"),
        "EXECUTABLE" => Some("100755"),
        "SYMLINK" => Some("120000"),
        _ => None,
    }
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
