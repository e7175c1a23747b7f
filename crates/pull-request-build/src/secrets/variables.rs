//! The values of variables whose names say secret.

use std::ops::Range;

use crate::terminal::displayed;

/// A shorter value is not masked, in characters.
const SHORTEST: usize = 4;
/// A shorter value is masked only where it stands alone, in characters.
const SHORTEST_ANYWHERE: usize = 8;

/// In a name without its separators.
const SAY_SECRET: [&str; 15] = [
    "ACCESSKEY",
    "ACCOUNTKEY",
    "APIKEY",
    "CREDENTIAL",
    "DEPLOYKEY",
    "ENCRYPTIONKEY",
    "MASTERKEY",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATEKEY",
    "SECRET",
    "SIGNINGKEY",
    "SSHKEY",
    "TOKEN",
];

/// As a word of a name, since `AUTHOR` and `COMPASS` are none.
const WORDS_THAT_SAY_SECRET: [&str; 6] = ["AUTH", "CREDS", "JWT", "PASS", "PAT", "PWD"];

/// The shell's own names for the working folder.
const WORKING_FOLDERS: [&str; 2] = ["PWD", "OLDPWD"];

/// Values that say nothing, and would blot out words of every log.
const NOT_SECRET: [&str; 12] = [
    "true",
    "false",
    "none",
    "null",
    "nil",
    "undefined",
    "enabled",
    "disabled",
    "required",
    "optional",
    "default",
    "auto",
];

/// The lines of these values, each a secret of its own: a log may print them apart from each other. The longest first.
pub(super) fn secret_values<'v>(variables: impl IntoIterator<Item = (&'v str, &'v str)>) -> Vec<String> {
    let mut values: Vec<String> = variables
        .into_iter()
        .filter(|(name, _)| says_secret(name))
        .flat_map(|(_, value)| {
            displayed(value).lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        })
        .filter(|value| value.chars().count() >= SHORTEST)
        .filter(|value| !NOT_SECRET.contains(&value.to_ascii_lowercase().as_str()))
        .collect();
    values.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    values.dedup();
    values
}

pub(super) fn find(values: &[String], text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for value in values {
        let anywhere = value.chars().count() >= SHORTEST_ANYWHERE;
        let ranges = text.match_indices(value.as_str()).map(|(start, value)| start..start + value.len());
        found.extend(ranges.filter(|range| anywhere || stands_alone(text, range)));
    }
    found
}

/// The mask counts as a part of the word, so that masking twice changes nothing.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let continues = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '*'));
    !continues(text[..range.start].chars().next_back()) && !continues(text[range.end..].chars().next())
}

fn says_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let squashed: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    !WORKING_FOLDERS.contains(&name.as_str())
        && (SAY_SECRET.iter().any(|word| squashed.contains(word))
            || words.any(|word| WORDS_THAT_SAY_SECRET.contains(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_secret() {
        for name in [
            "GITHUB_TOKEN",
            "dbPassword",
            "DB_PASS",
            "DB_PWD",
            "MY_SECRET",
            "AWS_SECRET_ACCESS_KEY",
            "STRIPE_API_KEY",
            "APIKEY",
            "SSH_PRIVATE_KEY",
            "NPM_AUTH",
            "GH_PAT",
            "GOOGLE_CREDENTIALS",
            "signing-key",
            "MYSQL_PASSWD",
        ] {
            assert!(says_secret(name), "{name} was not taken for a secret");
        }
        for name in
            ["PWD", "OLDPWD", "AUTHOR", "COMPASS", "PATH", "KEYBOARD", "CACHE_KEY", "PULL_REQUEST_ID", "HOME"]
        {
            assert!(!says_secret(name), "{name} was taken for a secret");
        }
    }

    #[test]
    fn values_are_taken_line_by_line_and_longest_first() {
        let values = secret_values([
            ("A_TOKEN", "abcd"),
            ("B_TOKEN", "abc"),
            ("C_TOKEN", "True"),
            ("D_SECRET", "first line\r\n  second one longer\n\nx"),
            ("HOME", "/root-folder"),
            ("E_TOKEN", "abcd"),
        ]);
        assert_eq!(values, ["second one longer", "first line", "abcd"]);
    }
}
