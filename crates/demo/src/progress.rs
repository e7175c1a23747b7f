//! Lines that say what happens, with the time since the start.

use std::time::Instant;

/// A stopwatch that prints.
#[derive(Debug)]
pub(crate) struct Progress {
    start: Instant,
}

impl Progress {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Prints a line with the seconds since the start before it.
    pub(crate) fn say(&self, what: impl std::fmt::Display) {
        println!("{:>6.1} s  {what}", self.start.elapsed().as_secs_f64());
    }
}
