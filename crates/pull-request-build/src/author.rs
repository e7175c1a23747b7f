//! Who the author of the hook's comments is.

use crate::ids::InvalidId;

/// The ARN of an invoked Lambda function, with or without a version or alias:
/// `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionArn {
    partition: String,
    account: String,
    function_name: String,
}

impl FunctionArn {
    /// Checks `text` and takes it apart.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["arn", partition, "lambda", _, account, "function", name]
            | ["arn", partition, "lambda", _, account, "function", name, _]
                if ![partition, account, name].contains(&"") =>
            {
                Ok(Self {
                    partition: partition.to_owned(),
                    account: account.to_owned(),
                    function_name: name.to_owned(),
                })
            }
            _ => Err(InvalidId {
                what: "the invoked function's ARN",
                expected: "arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME",
                found: text.chars().take(64).collect(),
            }),
        }
    }

    /// The function of that name in the same account.
    pub fn with_name(self, name: &str) -> Self {
        Self { function_name: name.to_owned(), ..self }
    }

    /// The author ARN of a comment that this function posts: its role, assumed in a session that Lambda names after the
    /// function.
    pub fn author_arn(&self, role_name: &str) -> AuthorArn {
        let Self { partition, account, function_name } = self;
        AuthorArn(format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{function_name}"))
    }
}

/// Takes the name of a role, of the characters that IAM allows in one (API reference of IAM, `CreateRole`).
pub fn parse_role_name(text: &str) -> Result<String, InvalidId> {
    let valid = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte));
    valid.then(|| text.to_owned()).ok_or_else(|| InvalidId {
        what: "the role's name",
        expected: "1 to 64 letters, digits or any of _+=,.@- (the name alone, not the ARN or the path)",
        found: text.chars().take(64).collect(),
    })
}

/// The author of a comment, as CodeCommit names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorArn(String);

impl AuthorArn {
    /// The ARN as CodeCommit writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_is_the_functions_role_in_the_functions_session() {
        for arn in [
            "arn:aws-cn:lambda:cn-north-1:123456789012:function:publish",
            "arn:aws-cn:lambda:cn-north-1:123456789012:function:publish:live",
        ] {
            assert_eq!(
                FunctionArn::parse(arn).unwrap().author_arn("publish-role").as_str(),
                "arn:aws-cn:sts::123456789012:assumed-role/publish-role/publish"
            );
        }
    }

    #[test]
    fn another_functions_author_is_of_the_same_account() {
        let arn = FunctionArn::parse("arn:aws:lambda:eu-central-1:123456789012:function:start:live").unwrap();
        assert_eq!(
            arn.with_name("publish").author_arn("publish-role").as_str(),
            "arn:aws:sts::123456789012:assumed-role/publish-role/publish"
        );
    }

    #[test]
    fn what_is_not_a_functions_arn_is_refused() {
        for wrong in
            ["", "publish", "arn:aws:lambda:eu-central-1::function:publish", "arn:aws:sqs:r:1:function:f"]
        {
            assert!(FunctionArn::parse(wrong).is_err(), "{wrong:?} was taken for a function's ARN");
        }
    }
}
