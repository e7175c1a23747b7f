//! Policies of resources: of queues, of functions, and the trust policies of roles.

use super::condition::Condition;
use super::policy::{Decision, Effect, Request, Selection, Statement, evaluate};

/// One statement of a resource's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceStatement {
    /// Whom it is about.
    pub principals: Principals,
    /// What it says of them.
    pub statement: Statement,
}

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    /// `*`: users, sessions of roles, and services.
    Everyone,
    /// Such as `events.amazonaws.com`.
    Services(Vec<String>),
}

impl ResourceStatement {
    /// A statement that allows one service one action on a resource, or on what a pattern means.
    pub fn allow(service: &str, action: &str, resource: &str, conditions: Vec<Condition>) -> Self {
        let of = |pattern: &str| Selection::Of(vec![pattern.to_owned()]);
        Self {
            principals: Principals::Services(vec![service.to_owned()]),
            statement: Statement {
                effect: Effect::Allow,
                actions: of(action),
                resources: of(resource),
                conditions,
            },
        }
    }
}

impl Principals {
    fn include(&self, service: Option<&str>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Services(names) => service.is_some_and(|service| names.iter().any(|name| name == service)),
        }
    }
}

/// What a resource's policy says of a request by `service`, or, where that is nothing, by a user or a session.
pub fn evaluate_policy(
    policy: &[ResourceStatement],
    service: Option<&str>,
    request: &Request<'_>,
) -> Decision {
    let about_it = policy.iter().filter(|statement| statement.principals.include(service));
    evaluate(about_it.map(|statement| &statement.statement), request)
}

#[cfg(test)]
mod tests {
    use super::super::condition::Context;
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:failures";
    const EVENTS: &str = "events.amazonaws.com";

    /// Nobody without TLS, and EventBridge for one rule.
    fn policy() -> Vec<ResourceStatement> {
        let condition = |operator, key, value: &str| {
            Condition::parse(operator, key, vec![value.to_owned()]).expect("it is modeled")
        };
        let from_rule =
            condition("ArnEquals", "aws:SourceArn", "arn:aws:events:us-east-1:123456789012:rule/r");
        let without_tls = condition("Bool", "aws:SecureTransport", "false");
        let mut deny = ResourceStatement::allow(EVENTS, "sqs:*", QUEUE, vec![without_tls]);
        deny.principals = Principals::Everyone;
        deny.statement.effect = Effect::Deny;
        vec![deny, ResourceStatement::allow(EVENTS, "sqs:SendMessage", QUEUE, vec![from_rule])]
    }

    #[track_caller]
    fn check(service: Option<&str>, rule: &str, tls: &str, expected: Decision) {
        let context = Context::from([
            ("aws:sourcearn", format!("arn:aws:events:us-east-1:123456789012:rule/{rule}")),
            ("aws:securetransport", tls.to_owned()),
        ]);
        let request = Request { action: "sqs:SendMessage", resource: QUEUE, context: &context };
        assert_eq!(
            evaluate_policy(&policy(), service, &request),
            expected,
            "{service:?} for {rule}, TLS {tls}"
        );
    }

    #[test]
    fn a_statement_counts_for_those_whom_it_names() {
        check(Some(EVENTS), "r", "true", Decision::Allowed);
        check(Some(EVENTS), "other", "true", Decision::ImplicitlyDenied);
        check(Some("sns.amazonaws.com"), "r", "true", Decision::ImplicitlyDenied);
        check(None, "r", "true", Decision::ImplicitlyDenied);
    }

    #[test]
    fn a_denial_of_everyone_is_one_of_services_and_users_alike() {
        check(Some(EVENTS), "r", "false", Decision::ExplicitlyDenied);
        check(Some("sns.amazonaws.com"), "r", "false", Decision::ExplicitlyDenied);
        check(None, "r", "false", Decision::ExplicitlyDenied);
    }
}
