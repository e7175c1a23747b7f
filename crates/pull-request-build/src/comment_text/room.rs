//! Gives out the room that a comment has.
//!
//! The order of importance, with the most that a section gets:
//!
//! 1. the headline, the commit, the build and its links, and the marker: never cut;
//! 2. how many tests failed, what changed since the run before, missing reports, coverage, slow phases: short lines;
//! 3. the command that failed, or what CodeBuild says instead: 2,000 bytes;
//! 4. the earlier runs of the commit: 1,200 bytes;
//! 5. failing tests, newly failing ones first: 3,000 bytes for these, 1,500 for the ones that failed before, 400 for
//!    the names of the fixed ones;
//! 6. the lines of the log: all that is left.
//!
//! A section gets what it needs of what is left, and says itself what it left out and where that is.

/// The longest comment that CodeCommit takes, in its words 10,240 characters. It does not say how it counts them, so
/// they are counted in the way that gives the most: as bytes of UTF-8.
pub(super) const MAX_COMMENT_BYTES: usize = 10_240;

/// What parts the sections.
pub(super) const PARAGRAPH: &str = "\n\n";

/// No limit of its own for a section.
pub(super) const ALL: usize = usize::MAX;

/// What is left of a comment's room, in bytes.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Room {
    pub(super) fn of_a_comment() -> Self {
        Self(MAX_COMMENT_BYTES)
    }

    /// Takes the room of a section that is never cut.
    pub(super) fn take(&mut self, section: String) -> String {
        self.0 = self.0.saturating_sub(section.len() + PARAGRAPH.len());
        section
    }

    /// Has a section written in the room that is left, but at most `most` bytes.
    pub(super) fn give(
        &mut self,
        most: usize,
        write: impl FnOnce(usize) -> Option<String>,
    ) -> Option<String> {
        let bytes = self.0.saturating_sub(PARAGRAPH.len()).min(most);
        let section = write(bytes).filter(|section| section.len() <= bytes)?;
        Some(self.take(section))
    }
}

/// The first of some texts, the fullest first, that has no more than `bytes`.
pub(super) fn first_that_fits(bytes: usize, texts: impl IntoIterator<Item = String>) -> Option<String> {
    texts.into_iter().find(|text| text.len() <= bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_gets_what_is_left_and_no_more_than_it_may_have() {
        let mut room = Room(20);
        room.take("0123".to_owned());
        assert_eq!(room.give(5, |bytes| Some("x".repeat(bytes))), Some("xxxxx".to_owned()));
        assert_eq!(room.give(ALL, |bytes| Some("x".repeat(bytes + 1))), None);
        assert_eq!(room.give(ALL, |_| None), None);
        assert_eq!(room.give(ALL, |bytes| Some("x".repeat(bytes))), Some("xxxxx".to_owned()));
        assert_eq!(room.give(ALL, |bytes| Some("x".repeat(bytes))), Some(String::new()));
    }

    #[test]
    fn the_fullest_text_that_fits_is_taken() {
        let texts = || ["long text", "text", "t"].map(str::to_owned);
        assert_eq!(first_that_fits(4, texts()).as_deref(), Some("text"));
        assert_eq!(first_that_fits(0, texts()), None);
    }
}
