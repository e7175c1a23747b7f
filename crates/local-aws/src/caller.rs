//! Who makes a request: the access key in its signature tells.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::account::Account;

/// The identity behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The ARN that AWS would show: of the user, or of the assumed role's session.
    pub arn: String,
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
    sessions: Arc<Mutex<HashMap<String, Caller>>>,
}

impl AccessKeys {
    /// No keys yet.
    pub fn new(account: Account) -> Self {
        Self { account, sessions: Arc::default() }
    }

    /// Hands out credentials of a session of a role.
    pub fn assume_role(&self, role_name: &str, session_name: &str) -> Credentials {
        let arn = self.account.global_arn("sts", &format!("assumed-role/{role_name}/{session_name}"));
        let random = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        let access_key_id = format!("ASIA{}", &random[..16]);
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(access_key_id.clone(), Caller { arn });
        Credentials {
            access_key_id,
            secret_access_key: random.clone(),
            session_token: format!("local-session-{random}"),
        }
    }

    /// The caller behind the value of an `Authorization` header of signature version 4; without one, or with a key
    /// that was not handed out here, the person at the terminal.
    pub fn identify(&self, authorization: Option<&str>) -> Caller {
        let key = authorization.and_then(access_key_id);
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        key.and_then(|key| sessions.get(key).cloned())
            .unwrap_or_else(|| Caller { arn: self.account.global_arn("iam", "user/developer") })
    }
}

fn access_key_id(authorization: &str) -> Option<&str> {
    let (_, rest) = authorization.split_once("Credential=")?;
    rest.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_key_names_its_session_and_any_other_key_the_person() {
        let keys = AccessKeys::new(Account::default());
        let credentials = keys.assume_role("publish-role", "publish");
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={}/20261121/us-east-1/codecommit/aws4_request, SignedHeaders=host",
            credentials.access_key_id
        );
        assert_eq!(
            keys.identify(Some(&header)).arn,
            "arn:aws:sts::123456789012:assumed-role/publish-role/publish"
        );
        for other in [None, Some("AWS4-HMAC-SHA256 Credential=AKIALOCAL/x"), Some("Basic abc")] {
            assert_eq!(keys.identify(other).arn, "arn:aws:iam::123456789012:user/developer");
        }
    }
}
