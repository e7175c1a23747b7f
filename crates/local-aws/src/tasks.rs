//! Work that goes on behind an answer, and ends with its service.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

/// The tasks of a service. They are aborted when it is shut down, or when this is dropped; but a task that shares its
/// service keeps it, so such a service has to be shut down.
#[derive(Debug)]
pub struct Tasks {
    running: Mutex<Option<JoinSet<()>>>,
}

/// The service was shut down; nothing new begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("local-aws is shutting down")]
pub struct ShuttingDown;

impl Default for Tasks {
    fn default() -> Self {
        Self { running: Mutex::new(Some(JoinSet::new())) }
    }
}

impl Tasks {
    /// Starts a task. One that panics is logged when a later one starts.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), ShuttingDown> {
        let mut running = self.lock();
        let running = running.as_mut().ok_or(ShuttingDown)?;
        while let Some(ended) = running.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of local-aws ended unexpectedly");
            }
        }
        running.spawn(task);
        Ok(())
    }

    /// Aborts every task and waits until each has let go of what it held.
    pub async fn shutdown(&self) {
        let running = self.lock().take();
        if let Some(mut running) = running {
            running.shutdown().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_shutdown_ends_what_runs_and_refuses_what_comes() {
        let tasks = Tasks::default();
        let held = Arc::new(());
        let holds = held.clone();
        let endless = async move {
            let _holds = holds;
            std::future::pending::<()>().await;
        };
        tasks.spawn(endless).unwrap();
        assert_eq!(Arc::strong_count(&held), 2);
        tasks.shutdown().await;
        assert_eq!(Arc::strong_count(&held), 1);
        assert_eq!(tasks.spawn(async {}), Err(ShuttingDown));
    }
}
