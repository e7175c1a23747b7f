//! Whether every crate takes over the workspace's lints; cargo does not ask for it.

use std::fs;

use serde::Deserialize;

use crate::checkout::Checkout;
use crate::error::Error;

#[derive(Deserialize)]
struct Manifest {
    lints: Option<Lints>,
}

#[derive(Deserialize)]
struct Lints {
    #[serde(default)]
    workspace: bool,
}

/// An error that names the crates whose manifest lacks `[lints] workspace = true`.
pub(crate) fn check(checkout: &Checkout) -> Result<(), Error> {
    let mut own = Vec::new();
    for package in &checkout.packages {
        let path = &package.manifest_path;
        let text = fs::read_to_string(path).map_err(Error::file(path))?;
        let inherits =
            inherits_lints(&text).map_err(|source| Error::Manifest { path: path.clone(), source })?;
        if !inherits {
            own.push(package.name.as_str());
        }
    }
    if own.is_empty() { Ok(()) } else { Err(Error::OwnLints(own.join(", "))) }
}

fn inherits_lints(manifest: &str) -> Result<bool, toml::de::Error> {
    let manifest: Manifest = toml::from_str(manifest)?;
    Ok(manifest.lints.is_some_and(|lints| lints.workspace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspaces_lints_are_recognized_however_they_are_written() {
        for (manifest, expected) in [
            ("[package]\nname = \"a\"\n[lints]\nworkspace = true\n", true),
            ("lints.workspace = true", true),
            ("lints = { workspace = true }", true),
            ("[lints]\nworkspace = false", false),
            ("[lints.rust]\nunsafe_code = \"forbid\"", false),
            ("# [lints]\n# workspace = true\n[package]\nname = \"a\"", false),
        ] {
            assert_eq!(inherits_lints(manifest).expect("valid TOML"), expected, "{manifest}");
        }
    }

    #[test]
    fn crates_with_lints_of_their_own_are_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let package = |name: &str, manifest: &str| {
            let manifest_path = folder.path().join(name);
            fs::write(&manifest_path, manifest).expect("the folder is writable");
            crate::checkout::Package { name: name.to_owned(), manifest_path }
        };
        let checkout = Checkout {
            root: folder.path().to_owned(),
            target_directory: folder.path().join("target"),
            packages: vec![
                package("good", "lints.workspace = true"),
                package("bad", ""),
                package("worse", "[lints]"),
            ],
        };
        let error = check(&checkout).expect_err("two crates are wrong");
        assert_eq!(error.to_string(), "without the workspace's lints: bad, worse");
    }
}
