//! The ARN of a build, which tells where its pages in the console are.

use std::fmt;

use crate::ids::{BuildId, InvalidId};

/// The ARN of a CodeBuild build: `arn:PARTITION:codebuild:REGION:ACCOUNT:build/PROJECT:UUID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildArn {
    /// The partition: `aws`, `aws-cn`, `aws-us-gov` or one that came later.
    pub partition: String,
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// The account's twelve digits.
    pub account: String,
    /// The build's id.
    pub build_id: BuildId,
}

impl BuildArn {
    /// Checks `text` and takes it apart.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        Self::take_apart(text).ok_or_else(|| InvalidId {
            what: "the build's ARN",
            expected: "arn:PARTITION:codebuild:REGION:ACCOUNT:build/PROJECT:ID",
            found: text.chars().take(64).collect(),
        })
    }

    fn take_apart(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        if next()? != "arn" {
            return None;
        }
        let (partition, service, region, account) = (next()?, next()?, next()?, next()?);
        let build_id = BuildId::parse(next()?.strip_prefix("build/")?).ok()?;
        let is_name = |text: &str| {
            !text.is_empty()
                && text.len() <= 32
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (service == "codebuild" && is_name(partition) && is_name(region) && is_account).then(|| Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            build_id,
        })
    }
}

impl fmt::Display for BuildArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, build_id } = self;
        write!(formatter, "arn:{partition}:codebuild:{region}:{account}:build/{build_id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_taken_apart_and_put_together_again() {
        let text = "arn:aws-us-gov:codebuild:us-gov-west-1:123456789012:build/pull-request-hook:0a1b-2c";
        let arn = BuildArn::parse(text).unwrap();
        assert_eq!(arn.partition, "aws-us-gov");
        assert_eq!(arn.region, "us-gov-west-1");
        assert_eq!(arn.account, "123456789012");
        assert_eq!(arn.build_id.as_str(), "pull-request-hook:0a1b-2c");
        assert_eq!(arn.to_string(), text);
    }

    #[test]
    fn what_is_not_a_builds_arn_is_refused() {
        for wrong in [
            "",
            "hook:1",
            "arn:aws:codebuild:eu-central-1:123456789012:project/hook",
            "arn:aws:codebuild:eu-central-1:123456789012:build-batch/hook:1",
            "arn:aws:codecommit:eu-central-1:123456789012:build/hook:1",
            "arn:aws:codebuild:eu-central-1:1234:build/hook:1",
            "arn:aws:codebuild:eu)central:123456789012:build/hook:1",
        ] {
            assert!(BuildArn::parse(wrong).is_err(), "{wrong:?} was taken for a build's ARN");
        }
    }
}
