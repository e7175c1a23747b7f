//! What the program started and no part of it holds any more, such as a build's process in a session of its own.
//!
//! This belongs to the program and not to the library: a process that uses the library may have other children.

use std::fs;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, wait, waitid};

/// All processes that this one starts, and those that they start.
#[derive(Debug)]
pub(crate) struct Descendants {
    /// Children that were there before: a shell that starts a program with `exec` leaves its own to it.
    inherited: Vec<Pid>,
}

impl Descendants {
    /// From now on, whatever loses its parent becomes a child of this process, not of the machine's first; only Linux
    /// can do that. One that ends is listed as a zombie until [`Self::end`]: it cannot be told from a child whose end a
    /// task awaits.
    pub(crate) fn adopt() -> rustix::io::Result<Self> {
        #[cfg(target_os = "linux")]
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Self { inherited: list_children() })
    }

    /// Kills all that still run and takes note of every end: in a container whose first process adopts them and never
    /// looks, they would stay in the list of processes. To be called when no task awaits a child any more.
    pub(crate) fn end(self) {
        // A child that took the signal ends, so the wait does too. Its own children are found by the next look.
        while self.kill_children() && wait(WaitOptions::empty()).is_ok() {}
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
    }

    /// Whether any child took the signal: one of another user, as `sudo` makes it, does not.
    fn kill_children(&self) -> bool {
        let children = list_children().into_iter().filter(|child| !self.inherited.contains(child));
        children.filter(|child| kill_process(*child, Signal::KILL).is_ok()).count() > 0
    }
}

/// The children of this process. Each is one by the kernel's word, so that no other process is ever meant: its id stays
/// its own until its end has been waited for.
fn list_children() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    let only_look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    ids.filter(|id| waitid(WaitId::Pid(*id), only_look).is_ok()).collect()
}
