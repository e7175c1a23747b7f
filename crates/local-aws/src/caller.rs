//! Who makes a request: the access key in its signature tells.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::account::Account;
use crate::iam::{
    AccessDenied, Context, Decision, Denial, Permission, Request, ResourceStatement, Role, Statement,
    evaluate, evaluate_policy,
};

/// The identity behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The ARN that AWS would show: of the user, or of the assumed role's session. Of a service its name.
    pub arn: String,
    /// The key that was handed out here and that the request shows; nothing for the person and for services.
    pub access_key_id: Option<String>,
    identity: Identity,
    context: Context,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Identity {
    /// May do what nothing denies.
    Administrator,
    /// May do what these statements of its role allow.
    Session(Arc<[Statement]>),
    /// May do what the policies of resources allow it.
    Service(String),
}

impl Caller {
    /// Somebody who may do everything, and of whom nothing but the ARN is known.
    pub fn administrator(arn: impl Into<String>) -> Self {
        Self {
            arn: arn.into(),
            access_key_id: None,
            identity: Identity::Administrator,
            context: Context::new(),
        }
    }

    /// A service, such as `events.amazonaws.com`, that asks on behalf of the resource `source_arn` of this account.
    pub fn service(account: &Account, name: &str, source_arn: &str) -> Self {
        let caller = Self {
            arn: name.to_owned(),
            access_key_id: None,
            identity: Identity::Service(name.to_owned()),
            context: context_of_all(account),
        };
        caller.with("aws:sourcearn", source_arn).with("aws:sourceaccount", &account.id)
    }

    /// The same caller, whose requests say this of the key: it is what conditions are compared with. The key is in
    /// lower case.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.context.insert(key, value.into());
        self
    }

    /// Whether a role's policies bind this caller.
    pub fn is_session(&self) -> bool {
        matches!(self.identity, Identity::Session(_))
    }

    /// Refuses what the caller may not do on resources that have no policy of their own, and logs the refusal.
    pub fn authorize(&self, permission: &Permission) -> Result<(), AccessDenied> {
        self.authorize_with(permission, |_| Vec::new())
    }

    /// Refuses what neither the caller's policies nor the resource's allow, or what one of them denies, and logs the
    /// refusal. `policy_of` answers the policy of a resource. This is the one place where permissions count.
    pub fn authorize_with(
        &self,
        permission: &Permission,
        policy_of: impl Fn(&str) -> Vec<ResourceStatement>,
    ) -> Result<(), AccessDenied> {
        for resource in &permission.resources {
            let request = Request { action: &permission.action, resource, context: &self.context };
            let Some(denial) = self.find_denial(&policy_of(resource), &request) else { continue };
            tracing::warn!(
                caller.arn = %self.arn, action = %permission.action, %resource, ?denial,
                "access denied: {}", denial.advice()
            );
            return Err(AccessDenied {
                caller: self.arn.clone(),
                action: permission.action.clone(),
                resource: resource.clone(),
                denial,
            });
        }
        Ok(())
    }

    /// Within one account either policy is enough, and a denial in either wins (IAM user guide, "Policy evaluation
    /// logic").
    fn find_denial(&self, policy: &[ResourceStatement], request: &Request<'_>) -> Option<Denial> {
        let (own, service) = match &self.identity {
            Identity::Administrator => (Decision::Allowed, None),
            Identity::Session(statements) => (evaluate(statements.iter(), request), None),
            Identity::Service(name) => (Decision::ImplicitlyDenied, Some(name.as_str())),
        };
        match (own, evaluate_policy(policy, service, request)) {
            (Decision::ExplicitlyDenied, _) => Some(Denial::IdentityPolicy),
            (_, Decision::ExplicitlyDenied) => Some(Denial::ResourcePolicy),
            (Decision::Allowed, _) | (_, Decision::Allowed) => None,
            _ if service.is_some() => Some(Denial::NoResourcePolicy),
            _ => Some(Denial::NoIdentityPolicy),
        }
    }
}

/// What every request says. There is no TLS on this machine; AWS's own endpoints are asked with it, so each request
/// says that it has it.
fn context_of_all(account: &Account) -> Context {
    Context::from([
        ("aws:requestedregion", account.region.clone()),
        ("aws:securetransport", "true".to_owned()),
    ])
}

/// The credentials that were handed to a function or to a build.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Begins with `ASIA`, as temporary ones do.
    pub access_key_id: String,
    /// Never checked: a local AWS trusts what runs on its machine.
    pub secret_access_key: String,
    /// Never checked either, but SDKs expect one beside temporary keys.
    pub session_token: String,
}

/// Every access key that was handed out.
#[derive(Debug, Clone)]
pub struct AccessKeys {
    account: Account,
    roles: Arc<[Role]>,
    sessions: Arc<Mutex<HashMap<String, Caller>>>,
}

impl AccessKeys {
    /// No keys yet, for sessions of these roles.
    pub fn new(account: Account, roles: Vec<Role>) -> Self {
        Self { account, roles: roles.into(), sessions: Arc::default() }
    }

    /// A session of a role. One of a role that is not there may do nothing.
    pub fn open_session(&self, role_name: &str, session_name: &str) -> Caller {
        let arn = self.account.global_arn("sts", &format!("assumed-role/{role_name}/{session_name}"));
        let role = self.roles.iter().find(|role| role.name == role_name);
        // The principal's ARN is the role's, not the session's (IAM user guide, "aws:PrincipalArn").
        let principal = self.account.global_arn("iam", &format!("role/{role_name}"));
        let statements = role.map(|role| role.statements.clone()).unwrap_or_default();
        self.principal(arn, Identity::Session(statements.into()), &principal)
    }

    /// The person at the terminal, an administrator.
    pub fn person(&self) -> Caller {
        let arn = self.account.global_arn("iam", "user/developer");
        self.principal(arn.clone(), Identity::Administrator, &arn)
    }

    fn principal(&self, arn: String, identity: Identity, principal_arn: &str) -> Caller {
        let caller = Caller { arn, access_key_id: None, identity, context: context_of_all(&self.account) };
        caller.with("aws:principalarn", principal_arn).with("aws:principalaccount", &self.account.id)
    }

    /// Hands out credentials of a session.
    pub fn issue(&self, session: &Caller) -> Credentials {
        let random = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        let access_key_id = format!("ASIA{}", &random[..16]);
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = Caller { access_key_id: Some(access_key_id.clone()), ..session.clone() };
        sessions.insert(access_key_id.clone(), caller);
        Credentials {
            access_key_id,
            secret_access_key: random.clone(),
            session_token: format!("local-session-{random}"),
        }
    }

    /// The caller behind the value of an `Authorization` header; without one, or with a key that was not handed out
    /// here, the person at the terminal.
    pub fn identify(&self, authorization: Option<&str>) -> Caller {
        self.find_session(authorization).unwrap_or_else(|| self.person())
    }

    /// The session behind the value of an `Authorization` header: of signature version 4, or of the Basic
    /// authentication by which git uses AWS's credentials. Nothing for a key that was not handed out here.
    pub fn find_session(&self, authorization: Option<&str>) -> Option<Caller> {
        let key = authorization.and_then(|value| access_key_id(value).or_else(|| user_of_git(value)))?;
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }
}

fn access_key_id(authorization: &str) -> Option<String> {
    let (_, rest) = authorization.split_once("Credential=")?;
    rest.split('/').next().map(str::to_owned)
}

/// The user name that the AWS CLI's credential helper gives git is the access key id, with `%` and the session token
/// behind it for temporary credentials.
fn user_of_git(authorization: &str) -> Option<String> {
    let decoded = STANDARD.decode(authorization.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, _) = text.split_once(':')?;
    user.split('%').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{Effect, Principals, Selection};

    #[test]
    fn a_functions_key_names_its_session_and_any_other_key_the_person() {
        let keys = AccessKeys::new(Account::default(), Vec::new());
        let credentials = keys.issue(&keys.open_session("publish-role", "publish"));
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={}/20261121/us-east-1/codecommit/aws4_request, SignedHeaders=host",
            credentials.access_key_id
        );
        assert_eq!(
            keys.identify(Some(&header)).arn,
            "arn:aws:sts::123456789012:assumed-role/publish-role/publish"
        );
        let user = format!("{}%{}:signature", credentials.access_key_id, credentials.session_token);
        let basic = format!("Basic {}", STANDARD.encode(user));
        assert_eq!(keys.identify(Some(&basic)), keys.identify(Some(&header)));
        for other in [None, Some("AWS4-HMAC-SHA256 Credential=AKIALOCAL/x"), Some("Basic abc")] {
            assert_eq!(keys.identify(other).arn, "arn:aws:iam::123456789012:user/developer");
        }
    }

    #[test]
    fn a_session_may_do_what_its_role_allows_and_the_person_everything() {
        let statement = Statement {
            effect: Effect::Allow,
            actions: Selection::Of(vec!["sqs:SendMessage".to_owned()]),
            resources: Selection::Of(vec!["arn:aws:sqs:us-east-1:123456789012:q*".to_owned()]),
            conditions: Vec::new(),
        };
        let (name, arn) = ("r".to_owned(), "arn:aws:iam::123456789012:role/r".to_owned());
        let role = Role { name, arn, trust: Vec::new(), statements: vec![statement] };
        let keys = AccessKeys::new(Account::default(), vec![role]);
        let session = keys.open_session("r", "f");
        let queue = |name: &str| format!("arn:aws:sqs:us-east-1:123456789012:{name}");
        let mut permission = Permission::on("sqs:SendMessage", queue("q1"));
        assert_eq!(session.authorize(&permission), Ok(()));
        // Every resource of a call has to be allowed.
        permission.resources.push(queue("other"));
        assert_eq!(session.authorize(&permission).unwrap_err().resource, queue("other"));
        assert_eq!(keys.identify(None).authorize(&permission), Ok(()));
        assert!(keys.open_session("nobody", "f").authorize(&permission).is_err());
    }

    #[test]
    fn the_policy_of_a_resource_can_allow_a_service_and_deny_anybody() {
        let queue = "arn:aws:sqs:us-east-1:123456789012:q";
        let keys = AccessKeys::new(Account::default(), Vec::new());
        let service = Caller::service(&Account::default(), "events.amazonaws.com", "arn:aws:events:::rule/r");
        let permission = Permission::on("sqs:SendMessage", queue);
        let allow = ResourceStatement::allow("events.amazonaws.com", "sqs:SendMessage", queue, Vec::new());
        let deny = ResourceStatement {
            principals: Principals::Everyone,
            statement: Statement { effect: Effect::Deny, ..allow.statement.clone() },
        };
        let denial = |caller: &Caller, policy: &[&ResourceStatement]| {
            let policy_of = |_: &str| policy.iter().copied().cloned().collect();
            caller.authorize_with(&permission, policy_of).err().map(|denied| denied.denial)
        };
        assert_eq!(denial(&service, &[&allow]), None);
        assert_eq!(denial(&service, &[]), Some(Denial::NoResourcePolicy));
        assert_eq!(denial(&keys.open_session("nobody", "f"), &[&allow]), Some(Denial::NoIdentityPolicy));
        assert_eq!(denial(&keys.person(), &[]), None);
        for caller in [service, keys.open_session("nobody", "f"), keys.person()] {
            assert_eq!(denial(&caller, &[&allow, &deny]), Some(Denial::ResourcePolicy), "{}", caller.arn);
        }
    }
}
