//! The lines by which the hook knows its own comments again.
//!
//! Each is a link-reference definition, which Markdown does not show, and always the comment's last line: a command
//! quoted further up cannot pass for it.

use std::fmt;

use crate::ids::{BuildId, HookName, SourceCommit};

const PREFIX: &str = "[//]: # (pull-request-hook v";
const REPLY_PREFIX: &str = "[//]: # (pull-request-hook-reply v";
const POINTER_PREFIX: &str = "[//]: # (pull-request-hook-pointer v";
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
    /// The builds that the comment has shown, newest first; none while none could be started.
    pub builds: Vec<BuildId>,
    /// Whether the newest of them had not ended when the comment was written. Such a comment has to be written again, by
    /// whoever sees it after the end.
    pub unfinished: bool,
    /// Whether an earlier one of them had not ended either. What the comment tells of it in its history has to be written
    /// again, too; the comment knows the newest build's end nevertheless.
    pub earlier_unfinished: bool,
}

impl Marker {
    /// Finds the marker of a comment; a comment without one is not the hook's.
    ///
    /// Fields are found by name and unknown ones are left alone. A later version may add fields and keeps these three,
    /// so that a release which is rolled back finds the comments of the one after it.
    pub fn find(content: &str) -> Option<Self> {
        let fields = Fields::find(content, PREFIX)?;
        let builds = fields.value("builds")?.split(',').filter(|id| !id.is_empty());
        Some(Self {
            hook_name: HookName::parse(fields.value("hook")?).ok()?,
            source_commit: SourceCommit::parse(fields.value("commit")?).ok()?,
            builds: builds.map(BuildId::parse).collect::<Result<_, _>>().ok()?,
            unfinished: fields.value("unfinished") == Some("yes"),
            earlier_unfinished: fields.value("earlier-unfinished") == Some("yes"),
        })
    }
}

/// What the marker of a reply says: a reply tells people of one build, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyMarker {
    /// The hook that wrote the reply.
    pub hook_name: HookName,
    /// The build that it is about.
    pub build_id: BuildId,
}

impl ReplyMarker {
    /// Finds the marker of a reply, as [`Marker::find`] does that of a comment.
    pub fn find(content: &str) -> Option<Self> {
        let fields = Fields::find(content, REPLY_PREFIX)?;
        Some(Self {
            hook_name: HookName::parse(fields.value("hook")?).ok()?,
            build_id: BuildId::parse(fields.value("build")?).ok()?,
        })
    }
}

/// The marker of what used to be a second comment of one identity and only points to the first by now. It is nobody's
/// comment any more, so nothing looks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointerMarker {
    /// The hook that wrote it.
    pub hook_name: HookName,
    /// The comment that it points to.
    pub comment_id: String,
}

/// The fields of a marker, each a name and a value.
struct Fields<'c>(&'c str);

impl<'c> Fields<'c> {
    fn find(content: &'c str, prefix: &str) -> Option<Self> {
        let line = content.trim_end().lines().next_back()?.trim_end();
        let (version, fields) = line.strip_prefix(prefix)?.strip_suffix(')')?.split_once(' ')?;
        (version.parse::<u32>().ok()? > 0).then_some(Self(fields))
    }

    fn value(&self, name: &str) -> Option<&'c str> {
        let fields = self.0.split(' ').filter_map(|field| field.split_once('='));
        fields.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hook_name, source_commit, builds, unfinished, earlier_unfinished } = self;
        let builds: Vec<&str> = builds.iter().map(BuildId::as_str).collect();
        let unfinished = if *unfinished { " unfinished=yes" } else { "" };
        let earlier_unfinished = if *earlier_unfinished { " earlier-unfinished=yes" } else { "" };
        write!(
            formatter,
            "{PREFIX}{VERSION} hook={hook_name} commit={source_commit} builds={}{unfinished}{earlier_unfinished})",
            builds.join(",")
        )
    }
}

impl fmt::Display for ReplyMarker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hook_name, build_id } = self;
        write!(formatter, "{REPLY_PREFIX}{VERSION} hook={hook_name} build={build_id})")
    }
}

impl fmt::Display for PointerMarker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hook_name, comment_id } = self;
        write!(formatter, "{POINTER_PREFIX}{VERSION} hook={hook_name} comment={comment_id})")
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
            unfinished: false,
            earlier_unfinished: false,
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
    fn the_marker_of_a_running_build_says_so() {
        let running = Marker { unfinished: true, ..marker() };
        assert!(running.to_string().ends_with(" builds=hook:2,hook:1 unfinished=yes)"), "{running}");
        assert_eq!(Marker::find(&running.to_string()), Some(running));
        let earlier_running = Marker { earlier_unfinished: true, ..marker() };
        assert!(earlier_running.to_string().ends_with(" builds=hook:2,hook:1 earlier-unfinished=yes)"));
        assert_eq!(Marker::find(&earlier_running.to_string()), Some(earlier_running));
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

    #[test]
    fn the_markers_of_a_comment_a_reply_and_a_pointer_are_not_taken_for_each_other() {
        let hook_name = marker().hook_name;
        let build_id = BuildId::parse("hook:1").unwrap();
        let reply = ReplyMarker { hook_name: hook_name.clone(), build_id };
        let pointer = PointerMarker { hook_name, comment_id: "0a1b:2c3d".to_owned() };
        assert_eq!(
            reply.to_string(),
            "[//]: # (pull-request-hook-reply v1 hook=pull-request-hook build=hook:1)"
        );
        assert_eq!(
            pointer.to_string(),
            "[//]: # (pull-request-hook-pointer v1 hook=pull-request-hook comment=0a1b:2c3d)"
        );
        assert_eq!(ReplyMarker::find(&format!("Fixed.\n\n{reply}\n")), Some(reply.clone()));
        assert_eq!(Marker::find(&reply.to_string()), None);
        for other in [marker().to_string(), pointer.to_string(), format!("{reply}\n\nand more")] {
            assert_eq!(ReplyMarker::find(&other), None, "in {other:?}");
        }
        assert_eq!(Marker::find(&pointer.to_string()), None);
    }
}
