//! How git in a build's commands reaches CodeCommit: by clone URLs, and with the build's credentials if the buildspec
//! asks for them.

use std::io;
use std::path::Path;

use crate::account::Account;
use crate::caller::Credentials;
use crate::codecommit::CLONE_PATH;

/// Writes git's configuration into a build's home. `endpoint_url` is where CodeCommit answers builds.
///
/// With `credentials` git finds them when it is asked, as it does with CodeBuild's credential helper (user guide,
/// "Buildspec reference", `env/git-credential-helper`). They are in git's own store, which every git has, and their
/// user name is the one that the AWS CLI's helper gives: the access key id, with `%` and the session token behind it.
pub(super) fn write_configuration(
    home: &Path,
    account: &Account,
    endpoint_url: &str,
    credentials: Option<&Credentials>,
) -> io::Result<()> {
    let clone_urls = account.clone_url_prefix();
    let mut configuration = format!("[url \"{endpoint_url}{CLONE_PATH}\"]\n\tinsteadOf = {clone_urls}\n");
    if let Some(Credentials { access_key_id, secret_access_key, session_token }) = credentials {
        configuration += "[credential]\n\thelper = store\n";
        let authority = endpoint_url.trim_start_matches("http://");
        let line = format!("http://{access_key_id}%25{session_token}:{secret_access_key}@{authority}\n");
        std::fs::write(home.join(".git-credentials"), line)?;
    }
    std::fs::write(home.join(".gitconfig"), configuration)
}
