//! IAM: what roles allow, and who may assume them. Pure: policies and a request in, a decision out.

mod condition;
mod policy;

use crate::aws_json::ApiError;

pub use condition::{Condition, Context, KNOWN_KEYS};
pub use policy::{Decision, Effect, Request, Selection, Statement, evaluate};

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
    pub trust: Vec<Trust>,
    /// What its sessions may do: the statements of all its policies.
    pub statements: Vec<Statement>,
}

/// One statement of a trust policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The services that it is about, such as `lambda.amazonaws.com`.
    pub services: Vec<String>,
    /// What it says of them.
    pub statement: Statement,
}

impl Role {
    /// Whether the trust policy lets `service` assume this role in a request with this context.
    pub fn trusts(&self, service: &str, context: &Context) -> bool {
        let about_it = self.trust.iter().filter(|trust| trust.services.iter().any(|name| name == service));
        let request = Request { action: ASSUME_ROLE, resource: &self.arn, context };
        evaluate(about_it.map(|trust| &trust.statement), &request) == Decision::Allowed
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

/// A request that the caller's policies do not allow. The words are AWS's (IAM user guide, "Troubleshoot access denied
/// error messages").
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("User: {caller} is not authorized to perform: {action} on resource: {resource} {}", self.reason())]
pub struct AccessDenied {
    /// The ARN of the user or session.
    pub caller: String,
    /// What it asked for.
    pub action: String,
    /// On what.
    pub resource: String,
    /// Whether a statement denies it, or none allows it.
    pub explicit: bool,
}

impl AccessDenied {
    fn reason(&self) -> String {
        if self.explicit {
            return "with an explicit deny in an identity-based policy".to_owned();
        }
        format!("because no identity-based policy allows the {} action", self.action)
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
        let denied = AccessDenied {
            caller: "arn:aws:sts::123456789012:assumed-role/r/f".to_owned(),
            action: "sqs:SendMessage".to_owned(),
            resource: "arn:aws:sqs:us-east-1:123456789012:q".to_owned(),
            explicit: false,
        };
        let asked = "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: sqs:SendMessage on \
                     resource: arn:aws:sqs:us-east-1:123456789012:q";
        let implicit = format!("{asked} because no identity-based policy allows the sqs:SendMessage action");
        assert_eq!(denied.to_string(), implicit);
        let explicit = AccessDenied { explicit: true, ..denied };
        assert_eq!(
            explicit.to_string(),
            format!("{asked} with an explicit deny in an identity-based policy")
        );
    }

    #[test]
    fn a_service_assumes_a_role_only_as_the_trust_policy_says() {
        let arn = "arn:aws:codebuild:us-east-1:123456789012:project/hook";
        let condition = Condition::parse("StringEquals", "aws:SourceArn", vec![arn.to_owned()]).unwrap();
        let statement = Statement {
            effect: Effect::Allow,
            actions: Selection::Of(vec![ASSUME_ROLE.to_owned()]),
            resources: Selection::Of(vec!["*".to_owned()]),
            conditions: vec![condition],
        };
        let role = Role {
            name: "build".to_owned(),
            arn: "arn:aws:iam::123456789012:role/build".to_owned(),
            trust: vec![Trust { services: vec!["codebuild.amazonaws.com".to_owned()], statement }],
            statements: Vec::new(),
        };
        let from = |arn: &str| Context::from([("aws:sourcearn", arn.to_owned())]);
        assert!(role.trusts("codebuild.amazonaws.com", &from(arn)));
        assert!(!role.trusts("codebuild.amazonaws.com", &from(&format!("{arn}-2"))));
        assert!(!role.trusts("lambda.amazonaws.com", &from(arn)));
        assert!(!role.trusts("codebuild.amazonaws.com", &Context::new()));
    }
}
