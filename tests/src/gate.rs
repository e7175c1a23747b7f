//! Builds that wait for their test.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::world::LIMIT;

/// A place in a build where it waits for the test. It is a connection, so that nobody has to look again and again.
pub struct Gate {
    listener: TcpListener,
    waiting: Mutex<Option<TcpStream>>,
}

impl Gate {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), waiting: Mutex::new(None) }
    }

    /// A buildspec that waits at the gate and then succeeds.
    pub fn buildspec(&self) -> String {
        let command = waiting_command(self.listener.local_addr().unwrap().port());
        format!("version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\n")
    }

    /// Waits until a build has come to the gate.
    pub async fn wait_until_reached(&self) {
        let reached = tokio::time::timeout(LIMIT, self.listener.accept()).await;
        let (stream, _) = reached.expect("no build came to the gate").unwrap();
        *self.waiting.lock().await = Some(stream);
    }

    /// Lets the build go on.
    pub async fn open(&self) {
        let mut waiting = self.waiting.lock().await;
        waiting.as_mut().expect("nobody waits at the gate").write_all(b"\n").await.unwrap();
    }
}

/// A place where many builds wait, of which the test lets through as many as it wants. They pass in any order.
pub struct Turnstile {
    port: u16,
    passages: Arc<Semaphore>,
    _doorkeeper: JoinSet<()>,
}

impl Turnstile {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let passages = Arc::new(Semaphore::new(0));
        let mut doorkeeper = JoinSet::new();
        doorkeeper.spawn(keep_door(listener, passages.clone()));
        Self { port, passages, _doorkeeper: doorkeeper }
    }

    /// The command of a buildspec that waits here.
    pub fn command(&self) -> String {
        waiting_command(self.port)
    }

    /// Lets `count` builds go on: those that wait first, then those that come.
    pub fn let_through(&self, count: usize) {
        self.passages.add_permits(count);
    }
}

async fn keep_door(listener: TcpListener, passages: Arc<Semaphore>) {
    let mut waiting = JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let passages = passages.clone();
        waiting.spawn(async move {
            passages.acquire().await.unwrap().forget();
            // A build that was stopped meanwhile is gone.
            stream.write_all(b"\n").await.ok();
        });
    }
}

/// Waits until the test answers at `port`.
fn waiting_command(port: u16) -> String {
    format!("exec 3<>/dev/tcp/127.0.0.1/{port} && read -r _ <&3")
}
