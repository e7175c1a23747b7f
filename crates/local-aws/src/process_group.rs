//! Child processes that end together with everything they started.

use std::io;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// A child process in a process group of its own. Dropping it kills the whole group.
#[derive(Debug)]
pub struct ProcessGroup {
    /// The child, for its pipes.
    pub child: Child,
    group: Option<Pid>,
}

impl ProcessGroup {
    /// Starts `command` as the leader of a new process group.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { child, group })
    }

    /// Starts `command` as another member of the group. Dropping its handle does not kill it; the group's end does.
    pub fn spawn_member(&self, command: &mut Command) -> io::Result<Child> {
        // A group id of 0 would make a group of its own, which this value's end would not reach.
        let group = self.group.ok_or_else(|| io::Error::other("the process group has no leader"))?;
        command.process_group(group.as_raw_nonzero().get()).spawn()
    }

    /// Waits for the leader. What it left behind in its group is killed when this value is dropped.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Kills the whole group at once. A group that is gone already is no error.
    pub fn kill(&self) {
        if let Some(group) = self.group {
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}
