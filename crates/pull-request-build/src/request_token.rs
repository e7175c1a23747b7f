//! Tokens by which AWS knows a repeated request again.

use sha2::{Digest, Sha256};

/// SHA-256 in hex (64 characters, the most that CodeBuild takes) over `parts`, each preceded by its length: no two lists
/// of parts read the same. The first part names what is requested.
///
/// The result is the same in every release and on every machine, which the standard library's hasher does not promise.
pub(crate) fn request_token(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(request_token(&["ab", "c"]), request_token(&["a", "bc"]));
        assert_ne!(request_token(&["a"]), request_token(&["a", ""]));
    }

    #[test]
    fn a_token_has_the_length_that_aws_takes() {
        assert_eq!(request_token(&["comment", "42"]).len(), 64);
    }
}
