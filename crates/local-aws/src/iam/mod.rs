//! IAM: what roles allow, who may assume them, and what resources allow. Pure: policies and a request in, a decision out.

mod condition;
mod policy;
mod resource_policy;

use crate::aws_json::ApiError;

pub use condition::{Condition, Context, KNOWN_KEYS};
pub use policy::{Decision, Effect, Request, Selection, Statement, evaluate};
pub use resource_policy::{Principals, ResourceStatement, evaluate_policy};

/// The action by which a service takes a role's permissions.
const ASSUME_ROLE: &str = "sts:AssumeRole";

/// A role of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Who may assume it.
    pub trust: Vec<ResourceStatement>,
    /// What its sessions may do: the statements of all its policies.
    pub statements: Vec<Statement>,
}

impl Role {
    /// Whether the trust policy lets `service` assume this role in a request with this context.
    pub fn trusts(&self, service: &str, context: &Context) -> bool {
        let request = Request { action: ASSUME_ROLE, resource: &self.arn, context };
        evaluate_policy(&self.trust, Some(service), &request) == Decision::Allowed
    }
}

/// What a call needs: an action on each of some resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Such as `codecommit:GetPullRequest`.
    pub action: String,
    /// ARNs, or `*` for an action that is about no resource. Empty where the call names what does not exist: then the
    /// service itself answers that.
    pub resources: Vec<String>,
}

impl Permission {
    /// An action on one resource.
    pub fn on(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resources: vec![resource.into()] }
    }
}

/// A request that the policies do not allow. The words are AWS's (IAM user guide, "Troubleshoot access denied error
/// messages").
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("User: {caller} is not authorized to perform: {action} on resource: {resource} {}", self.reason())]
pub struct AccessDenied {
    /// The ARN of the user or session, or the name of the service.
    pub caller: String,
    /// What it asked for.
    pub action: String,
    /// On what.
    pub resource: String,
    /// Why not.
    pub denial: Denial,
}

/// Which policy keeps a caller out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// No policy of the caller allows it, and no policy of the resource does.
    NoIdentityPolicy,
    /// A statement of the caller's denies it.
    IdentityPolicy,
    /// No statement of the resource's policy allows it to the caller, who has no policy of its own: a service.
    NoResourcePolicy,
    /// A statement of the resource's policy denies it.
    ResourcePolicy,
}

impl Denial {
    /// What somebody who wonders can do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::NoIdentityPolicy => "add the permission to the role in the template",
            Self::NoResourcePolicy => "add a statement to the resource's policy in the template",
            Self::IdentityPolicy | Self::ResourcePolicy => "a statement in the template denies it",
        }
    }
}

impl AccessDenied {
    fn reason(&self) -> String {
        match self.denial {
            Denial::NoIdentityPolicy => {
                format!("because no identity-based policy allows the {} action", self.action)
            }
            Denial::NoResourcePolicy => {
                format!("because no resource-based policy allows the {} action", self.action)
            }
            Denial::IdentityPolicy => "with an explicit deny in an identity-based policy".to_owned(),
            Denial::ResourcePolicy => "with an explicit deny in a resource-based policy".to_owned(),
        }
    }
}

impl From<AccessDenied> for ApiError {
    fn from(denied: AccessDenied) -> Self {
        Self::new("AccessDeniedException", denied.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_speaks_as_aws_does() {
        for (denial, reason) in [
            (Denial::NoIdentityPolicy, "because no identity-based policy allows the sqs:SendMessage action"),
            (Denial::IdentityPolicy, "with an explicit deny in an identity-based policy"),
            (Denial::NoResourcePolicy, "because no resource-based policy allows the sqs:SendMessage action"),
            (Denial::ResourcePolicy, "with an explicit deny in a resource-based policy"),
        ] {
            let denied = AccessDenied {
                caller: "arn:aws:sts::123456789012:assumed-role/r/f".to_owned(),
                action: "sqs:SendMessage".to_owned(),
                resource: "arn:aws:sqs:us-east-1:123456789012:q".to_owned(),
                denial,
            };
            let asked = "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: \
                         sqs:SendMessage on resource: arn:aws:sqs:us-east-1:123456789012:q";
            assert_eq!(denied.to_string(), format!("{asked} {reason}"));
        }
    }

    #[test]
    fn a_service_assumes_a_role_only_as_the_trust_policy_says() {
        let arn = "arn:aws:codebuild:us-east-1:123456789012:project/hook";
        let condition = Condition::parse("StringEquals", "aws:SourceArn", vec![arn.to_owned()]).unwrap();
        let statement =
            ResourceStatement::allow("codebuild.amazonaws.com", ASSUME_ROLE, "*", vec![condition]);
        let role = Role {
            name: "build".to_owned(),
            arn: "arn:aws:iam::123456789012:role/build".to_owned(),
            trust: vec![statement],
            statements: Vec::new(),
        };
        let from = |arn: &str| Context::from([("aws:sourcearn", arn.to_owned())]);
        assert!(role.trusts("codebuild.amazonaws.com", &from(arn)));
        assert!(!role.trusts("codebuild.amazonaws.com", &from(&format!("{arn}-2"))));
        assert!(!role.trusts("lambda.amazonaws.com", &from(arn)));
        assert!(!role.trusts("codebuild.amazonaws.com", &Context::new()));
    }
}
