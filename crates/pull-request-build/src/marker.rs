//! The line by which the hook knows its own comments again.
//!
//! It is a link-reference definition, which Markdown does not show, and always the comment's last line: a command
//! quoted further up cannot pass for it.

use std::fmt;

use crate::ids::{BuildId, HookName, SourceCommit};

const PREFIX: &str = "[//]: # (pull-request-hook v";
const VERSION: u32 = 1;

/// At most this many builds are listed; older ones are forgotten.
pub(crate) const MAX_BUILDS: usize = 10;

/// What a comment's marker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The hook that wrote the comment.
    pub hook_name: HookName,
    /// The commit that the comment is about.
    pub source_commit: SourceCommit,
    /// The builds that the comment has shown, newest first.
    pub builds: Vec<BuildId>,
}

impl Marker {
    /// Finds the marker of a comment; a comment without one is not the hook's.
    ///
    /// Fields are found by name and unknown ones are left alone. A later version may add fields and keeps these three,
    /// so that a release which is rolled back finds the comments of the one after it.
    pub fn find(content: &str) -> Option<Self> {
        let line = content.trim_end().lines().next_back()?.trim_end();
        let (version, fields) = line.strip_prefix(PREFIX)?.strip_suffix(')')?.split_once(' ')?;
        if version.parse::<u32>().ok()? == 0 {
            return None;
        }
        let field = |name: &str| {
            fields.split(' ').filter_map(|field| field.split_once('=')).find(|(key, _)| *key == name)
        };
        let builds = field("builds")?.1.split(',').filter(|id| !id.is_empty());
        Some(Self {
            hook_name: HookName::parse(field("hook")?.1).ok()?,
            source_commit: SourceCommit::parse(field("commit")?.1).ok()?,
            builds: builds.map(BuildId::parse).collect::<Result<_, _>>().ok()?,
        })
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hook_name, source_commit, builds } = self;
        let builds: Vec<&str> = builds.iter().map(BuildId::as_str).collect();
        write!(
            formatter,
            "{PREFIX}{VERSION} hook={hook_name} commit={source_commit} builds={})",
            builds.join(",")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker() -> Marker {
        Marker {
            hook_name: HookName::parse("pull-request-hook").unwrap(),
            source_commit: SourceCommit::parse(&"a".repeat(40)).unwrap(),
            builds: ["hook:2", "hook:1"].map(|id| BuildId::parse(id).unwrap()).to_vec(),
        }
    }

    #[test]
    fn what_is_written_is_found_again() {
        let text = marker().to_string();
        assert_eq!(
            text,
            format!(
                "[//]: # (pull-request-hook v1 hook=pull-request-hook commit={} builds=hook:2,hook:1)",
                "a".repeat(40)
            )
        );
        for content in [text.clone(), format!("Hello\n\n{text}"), format!("Hello\r\n\r\n{text}\r\n\r\n")] {
            assert_eq!(Marker::find(&content), Some(marker()), "in {content:?}");
        }
    }

    #[test]
    fn a_later_version_with_more_fields_is_still_found() {
        let later = marker().to_string().replace("v1 ", "v2 state=FAILED ");
        assert_eq!(Marker::find(&later), Some(marker()));
    }

    #[test]
    fn only_the_last_line_counts() {
        let quoted = format!("```\n{}\n```", marker());
        assert_eq!(Marker::find(&quoted), None);
        let other = Marker { builds: Vec::new(), ..marker() };
        assert_eq!(Marker::find(&format!("{quoted}\n\n{other}")), Some(other));
    }

    #[test]
    fn what_is_not_a_marker_is_not_found() {
        let text = marker().to_string();
        for wrong in [
            String::new(),
            "Looks good to me".to_owned(),
            format!("> {text}"),
            format!("`{text}`"),
            text.replace("v1", "v0"),
            text.replace("v1", "vx"),
            text.replace("commit=a", "commit=z"),
            text.replace("hook:1", "hook"),
            text.replace(" builds=", " build="),
            text.trim_end_matches(')').to_owned(),
        ] {
            assert_eq!(Marker::find(&wrong), None, "in {wrong:?}");
        }
    }
}
