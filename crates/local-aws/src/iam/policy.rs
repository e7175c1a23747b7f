//! Statements, and the decision that they come to.

use super::condition::{Condition, Context};
use crate::arn::{arn_like, wildcards_match};

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The actions that it is about.
    pub actions: Selection,
    /// The resources that it is about.
    pub resources: Selection,
    /// All of them have to hold.
    pub conditions: Vec<Condition>,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// Patterns with `*` and `?`: what fits one of them, or what fits none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// `Action` and `Resource`.
    Of(Vec<String>),
    /// `NotAction` and `NotResource`.
    AllBut(Vec<String>),
}

/// What somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Such as `codecommit:GetPullRequest`.
    pub action: &'a str,
    /// An ARN, or `*`.
    pub resource: &'a str,
    /// What conditions are compared with.
    pub context: &'a Context,
}

/// What the statements say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed,
    /// No statement allows it.
    ImplicitlyDenied,
    /// A statement denies it.
    ExplicitlyDenied,
}

/// Decides a request: a denial wins, and what nothing allows is denied (IAM user guide, "Policy evaluation logic").
pub fn evaluate<'a>(statements: impl IntoIterator<Item = &'a Statement>, request: &Request<'_>) -> Decision {
    let mut decision = Decision::ImplicitlyDenied;
    for statement in statements.into_iter().filter(|statement| statement.is_about(request)) {
        match statement.effect {
            Effect::Deny => return Decision::ExplicitlyDenied,
            Effect::Allow => decision = Decision::Allowed,
        }
    }
    decision
}

impl Statement {
    fn is_about(&self, request: &Request<'_>) -> bool {
        self.actions.selects(request.action, action_fits)
            && self.resources.selects(request.resource, resource_fits)
            && self.conditions.iter().all(|condition| condition.holds(request.context))
    }
}

impl Selection {
    fn selects(&self, value: &str, fits: fn(&str, &str) -> bool) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, value));
        match self {
            Self::Of(patterns) => any(patterns),
            Self::AllBut(patterns) => !any(patterns),
        }
    }
}

/// The names of actions are compared without regard to case.
fn action_fits(pattern: &str, action: &str) -> bool {
    wildcards_match(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

fn resource_fits(pattern: &str, resource: &str) -> bool {
    pattern == "*" || arn_like(pattern, resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPOSITORY: &str = "arn:aws:codecommit:us-east-1:123456789012:payments";

    fn of(patterns: &[&str]) -> Selection {
        Selection::Of(patterns.iter().map(|&pattern| pattern.to_owned()).collect())
    }

    fn all_but(pattern: &str) -> Selection {
        Selection::AllBut(vec![pattern.to_owned()])
    }

    fn statement(effect: Effect, actions: Selection, resources: Selection) -> Statement {
        Statement { effect, actions, resources, conditions: Vec::new() }
    }

    #[track_caller]
    fn check(statements: &[Statement], action: &str, resource: &str, expected: Decision) {
        let context = Context::from([("aws:requestedregion", "us-east-1".to_owned())]);
        let request = Request { action, resource, context: &context };
        assert_eq!(evaluate(statements, &request), expected, "{action} on {resource} by {statements:?}");
    }

    #[test]
    fn nothing_is_allowed_that_no_statement_allows() {
        check(&[], "codecommit:GetBranch", REPOSITORY, Decision::ImplicitlyDenied);
        let other = statement(Effect::Allow, of(&["codecommit:GetCommit"]), of(&["*"]));
        check(&[other], "codecommit:GetBranch", REPOSITORY, Decision::ImplicitlyDenied);
    }

    #[test]
    fn actions_have_wildcards_and_no_case() {
        for pattern in
            ["codecommit:GetBranch", "CodeCommit:getbranch", "codecommit:Get*", "codecommit:GetBranc?", "*"]
        {
            let allow = statement(Effect::Allow, of(&["sqs:SendMessage", pattern]), of(&[REPOSITORY]));
            check(&[allow], "codecommit:GetBranch", REPOSITORY, Decision::Allowed);
        }
        let exact = statement(Effect::Allow, of(&["codecommit:Get"]), of(&["*"]));
        check(&[exact], "codecommit:GetBranch", REPOSITORY, Decision::ImplicitlyDenied);
    }

    #[test]
    fn resources_have_wildcards_and_case() {
        let account = "arn:aws:codecommit:us-east-1:123456789012:";
        for (pattern, expected) in [
            ("*".to_owned(), Decision::Allowed),
            (format!("{account}*"), Decision::Allowed),
            (format!("{account}pay*"), Decision::Allowed),
            (format!("{account}payment?"), Decision::Allowed),
            (format!("{account}Payments"), Decision::ImplicitlyDenied),
            (format!("{account}payment"), Decision::ImplicitlyDenied),
            ("arn:aws:codecommit:*".to_owned(), Decision::ImplicitlyDenied),
        ] {
            let allow = statement(Effect::Allow, of(&["codecommit:*"]), of(&[&pattern]));
            check(&[allow], "codecommit:GetBranch", REPOSITORY, expected);
        }
    }

    #[test]
    fn an_action_without_a_resource_needs_all_resources() {
        let listed =
            statement(Effect::Allow, of(&["*"]), of(&["arn:aws:codecommit:us-east-1:123456789012:*"]));
        check(&[listed], "codecommit:ListRepositories", "*", Decision::ImplicitlyDenied);
        let all = statement(Effect::Allow, of(&["*"]), of(&["*"]));
        check(&[all], "codecommit:ListRepositories", "*", Decision::Allowed);
    }

    #[test]
    fn a_denial_wins_wherever_it_stands() {
        let allow = statement(Effect::Allow, of(&["*"]), of(&["*"]));
        let deny = statement(Effect::Deny, of(&["codecommit:GetBranch"]), of(&["*"]));
        for statements in [[allow.clone(), deny.clone()], [deny, allow]] {
            check(&statements, "codecommit:GetBranch", REPOSITORY, Decision::ExplicitlyDenied);
            check(&statements, "codecommit:GetCommit", REPOSITORY, Decision::Allowed);
        }
    }

    #[test]
    fn what_is_not_meant_is_everything_else() {
        let allow = statement(Effect::Allow, all_but("codecommit:Delete*"), all_but(REPOSITORY));
        let other = "arn:aws:codecommit:us-east-1:123456789012:orders";
        check(std::slice::from_ref(&allow), "codecommit:GetBranch", other, Decision::Allowed);
        check(std::slice::from_ref(&allow), "codecommit:DeleteBranch", other, Decision::ImplicitlyDenied);
        check(&[allow], "codecommit:GetBranch", REPOSITORY, Decision::ImplicitlyDenied);
    }

    #[test]
    fn a_statement_counts_only_if_all_its_conditions_hold() {
        let in_region = |region: &str| {
            Condition::parse("StringEquals", "aws:RequestedRegion", vec![region.to_owned()]).unwrap()
        };
        let allow = |conditions| Statement { conditions, ..statement(Effect::Allow, of(&["*"]), of(&["*"])) };
        let here = allow(vec![in_region("us-east-1")]);
        check(&[here], "codecommit:GetBranch", REPOSITORY, Decision::Allowed);
        let both = allow(vec![in_region("us-east-1"), in_region("eu-west-1")]);
        check(&[both], "codecommit:GetBranch", REPOSITORY, Decision::ImplicitlyDenied);
    }
}
