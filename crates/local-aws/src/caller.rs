//! Who makes a request: the access key in its signature tells.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::account::Account;
use crate::iam::{AccessDenied, Context, Decision, Permission, Request, Role, Statement, evaluate};

/// The identity behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The ARN that AWS would show: of the user, or of the assumed role's session.
    pub arn: String,
    /// What it may do; nothing for an administrator.
    grants: Option<Arc<Grants>>,
}

/// What a role's session may do.
#[derive(Debug, PartialEq, Eq)]
struct Grants {
    statements: Vec<Statement>,
    context: Context,
}

impl Caller {
    /// Somebody who may do everything, such as the person at the terminal.
    pub fn administrator(arn: impl Into<String>) -> Self {
        Self { arn: arn.into(), grants: None }
    }

    /// Whether a role's policies bind this caller.
    pub fn is_session(&self) -> bool {
        self.grants.is_some()
    }

    /// Refuses what the caller's policies do not allow, and logs the refusal. This is the one place where the
    /// permissions of a caller count.
    pub fn authorize(&self, permission: &Permission) -> Result<(), AccessDenied> {
        let Some(grants) = &self.grants else { return Ok(()) };
        for resource in &permission.resources {
            let request = Request { action: &permission.action, resource, context: &grants.context };
            let decision = evaluate(&grants.statements, &request);
            if decision == Decision::Allowed {
                continue;
            }
            let explicit = decision == Decision::ExplicitlyDenied;
            tracing::warn!(
                caller.arn = %self.arn, action = %permission.action, %resource, explicit,
                "access denied: add the permission to the role in the template"
            );
            return Err(AccessDenied {
                caller: self.arn.clone(),
                action: permission.action.clone(),
                resource: resource.clone(),
                explicit,
            });
        }
        Ok(())
    }
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

/// Every access key that was handed out. A key that is not among them belongs to the person at the terminal.
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
        let context = Context::from([
            // The principal's ARN is the role's, not the session's (IAM user guide, "aws:PrincipalArn").
            ("aws:principalarn", self.account.global_arn("iam", &format!("role/{role_name}"))),
            ("aws:principalaccount", self.account.id.clone()),
            ("aws:requestedregion", self.account.region.clone()),
            // There is no TLS on this machine; AWS's own endpoints are asked with it.
            ("aws:securetransport", "true".to_owned()),
        ]);
        let statements = role.map(|role| role.statements.clone()).unwrap_or_default();
        Caller { arn, grants: Some(Arc::new(Grants { statements, context })) }
    }

    /// Hands out credentials of a session.
    pub fn issue(&self, session: &Caller) -> Credentials {
        let random = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        let access_key_id = format!("ASIA{}", &random[..16]);
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(access_key_id.clone(), session.clone());
        Credentials {
            access_key_id,
            secret_access_key: random.clone(),
            session_token: format!("local-session-{random}"),
        }
    }

    /// The caller behind the value of an `Authorization` header: of signature version 4, or of the Basic
    /// authentication by which git uses AWS's credentials. Without one, or with a key that was not handed out here, the
    /// person at the terminal.
    pub fn identify(&self, authorization: Option<&str>) -> Caller {
        let key = authorization.and_then(|value| access_key_id(value).or_else(|| user_of_git(value)));
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        key.and_then(|key| sessions.get(&key).cloned())
            .unwrap_or_else(|| Caller::administrator(self.account.global_arn("iam", "user/developer")))
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
    use crate::iam::{Effect, Selection};

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
}
