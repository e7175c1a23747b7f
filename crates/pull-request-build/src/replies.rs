//! When a reply tells people of a build.
//!
//! A comment that is changed in place notifies nobody; a reply to it does.

use crate::ids::InvalidId;

/// Which builds a reply is posted on: a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replies {
    /// None.
    Never,
    /// Those that broke the pull request's build, or fixed it.
    #[default]
    OnChange,
    /// Every build that says whether its commit is good.
    Always,
}

impl Replies {
    /// Reads the setting.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        match text {
            "never" => Ok(Self::Never),
            "onChange" => Ok(Self::OnChange),
            "always" => Ok(Self::Always),
            _ => Err(InvalidId {
                what: "the setting of replies",
                expected: "never, onChange or always",
                found: text.chars().take(64).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_one_of_three_words() {
        assert_eq!(Replies::parse("never"), Ok(Replies::Never));
        assert_eq!(Replies::parse("onChange"), Ok(Replies::OnChange));
        assert_eq!(Replies::parse("always"), Ok(Replies::Always));
        let error = Replies::parse("on-change").unwrap_err().to_string();
        assert!(error.contains("never, onChange or always") && error.contains("on-change"), "{error}");
    }
}
