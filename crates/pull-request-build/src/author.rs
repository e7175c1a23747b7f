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

    /// The author ARN of a comment that this function posts: its role, assumed in a session that Lambda names after the
    /// function.
    pub fn author_arn(&self, role_name: &str) -> AuthorArn {
        let Self { partition, account, function_name } = self;
        AuthorArn(format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{function_name}"))
    }
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
    fn what_is_not_a_functions_arn_is_refused() {
        for wrong in
            ["", "publish", "arn:aws:lambda:eu-central-1::function:publish", "arn:aws:sqs:r:1:function:f"]
        {
            assert!(FunctionArn::parse(wrong).is_err(), "{wrong:?} was taken for a function's ARN");
        }
    }
}
