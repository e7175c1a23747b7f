//! What happened in a world, in words.

use std::fmt;

use crate::moment::Moment;

/// Kept only when somebody will read it: putting a world into words takes longer than running it.
#[derive(Debug, Default)]
pub(crate) struct History {
    is_kept: bool,
    lines: Vec<(Moment, String)>,
}

impl History {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { is_kept, lines: Vec::new() }
    }

    pub(crate) fn note(&mut self, at: Moment, words: impl FnOnce() -> String) {
        if self.is_kept {
            self.lines.push((at, words()));
        }
    }
}

impl fmt::Display for History {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, words) in &self.lines {
            writeln!(formatter, "{at}  {words}")?;
        }
        Ok(())
    }
}
