//! Physical names, and what `Ref` and `Fn::GetAtt` return for each resource type.

use sha2::{Digest, Sha256};

use crate::account::Account;

/// The property that names a resource of this type, where one does.
pub(super) fn name_property(resource_type: &str) -> Option<&'static str> {
    match resource_type {
        "AWS::Lambda::Function" => Some("FunctionName"),
        "AWS::Events::Rule" | "AWS::CodeBuild::Project" => Some("Name"),
        "AWS::SQS::Queue" => Some("QueueName"),
        "AWS::IAM::Role" => Some("RoleName"),
        "AWS::Logs::LogGroup" => Some("LogGroupName"),
        "AWS::CloudWatch::Alarm" => Some("AlarmName"),
        "AWS::CloudWatch::Dashboard" => Some("DashboardName"),
        _ => None,
    }
}

/// `STACK-LOGICALID-RANDOM`, as CloudFormation generates names. The random part is a hash, so that the same template
/// always gives the same names; long names lose the end of the logical id, and keep within the service's limit.
pub(super) fn generate(resource_type: &str, stack_name: &str, logical_id: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let limit = match resource_type {
        "AWS::Lambda::Function" | "AWS::Events::Rule" | "AWS::IAM::Role" => 64,
        "AWS::SQS::Queue" => 80,
        _ => 255,
    };
    let hash = Sha256::digest(format!("{stack_name}/{logical_id}"));
    let random: String =
        hash.iter().take(12).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let mut prefix = format!("{stack_name}-{logical_id}");
    prefix.truncate(limit - random.len() - 1);
    format!("{prefix}-{random}")
}

/// What `Ref` returns for a resource with this name. For a queue it is the URL that AWS gives it.
pub(super) fn reference(resource_type: &str, name: &str, account: &Account) -> String {
    match resource_type {
        "AWS::SQS::Queue" => {
            format!("https://sqs.{}.{}/{}/{name}", account.region, account.url_suffix(), account.id)
        }
        _ => name.to_owned(),
    }
}

/// What `Fn::GetAtt` returns, or nothing for an attribute that the type does not have here.
pub(super) fn attribute(
    resource_type: &str,
    name: &str,
    attribute: &str,
    account: &Account,
) -> Option<String> {
    let value = match (resource_type, attribute) {
        ("AWS::SQS::Queue", "QueueName") => name.to_owned(),
        ("AWS::SQS::Queue", "QueueUrl") => reference(resource_type, name, account),
        ("AWS::SQS::Queue", "Arn") => account.arn("sqs", name),
        ("AWS::Lambda::Function", "Arn") => account.arn("lambda", &format!("function:{name}")),
        ("AWS::CloudWatch::Alarm", "Arn") => account.arn("cloudwatch", &format!("alarm:{name}")),
        ("AWS::Events::Rule", "Arn") => account.arn("events", &format!("rule/{name}")),
        ("AWS::CodeBuild::Project", "Arn") => account.arn("codebuild", &format!("project/{name}")),
        ("AWS::IAM::Role", "Arn") => account.global_arn("iam", &format!("role/{name}")),
        // The log group's ARN ends in `:*`, as AWS::Logs::LogGroup documents it.
        ("AWS::Logs::LogGroup", "Arn") => account.arn("logs", &format!("log-group:{name}:*")),
        _ => return None,
    };
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_are_stable_distinct_and_within_the_limit() {
        let long = "A".repeat(100);
        let name = generate("AWS::Lambda::Function", "stack", &long);
        assert_eq!(name.len(), 64);
        assert_eq!(name, generate("AWS::Lambda::Function", "stack", &long));
        assert_ne!(name, generate("AWS::Lambda::Function", "stack", &format!("{long}B")));
        assert!(generate("AWS::SQS::Queue", "stack", "Failures").starts_with("stack-Failures-"));
    }
}
