//! Masks what looks like a secret in a text that others will read.

mod assignments;
mod formats;
mod private_keys;
mod ranges;
#[cfg(test)]
mod tests;
mod variables;

use std::fmt;

use crate::terminal::displayed;

/// What stands where a secret was.
pub(crate) const MASK: &str = "***";

/// Masks secrets: those of well-known formats, those that a text itself calls one, and values of a build's variables
/// whose names say secret.
///
/// A secret of a format that nobody described, printed without a word of what it is, stays.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secrets {
    values: Vec<String>,
}

impl Secrets {
    /// Takes the values of those variables, of all given, whose names say that they are secret.
    ///
    /// Values shorter than four characters are not masked: they are in every other word, and whoever reads `a***b***c`
    /// learns the value from it. Values shorter than eight are masked where they stand alone.
    pub fn from_variables<'v>(variables: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        Self { values: variables::secret_values(variables) }
    }

    /// The text as it may be shown: what a terminal would show of it, with `***` for each secret. A secret of several
    /// lines is masked line by line. Masking twice changes nothing.
    ///
    /// Mask before you cut, since a half of a secret is not recognized.
    pub fn mask(&self, text: &str) -> String {
        self.mask_displayed(&displayed(text))
    }

    /// Masks a text that is already what a terminal would show. The number of lines stays.
    pub(crate) fn mask_displayed(&self, text: &str) -> String {
        let mut secrets = variables::find(&self.values, text);
        formats::find(text, &mut secrets);
        assignments::find(text, &mut secrets);
        private_keys::find(text, &mut secrets);
        ranges::mask(text, secrets)
    }
}

/// Says how many values there are, and none of them.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("values", &self.values.len()).finish()
    }
}
