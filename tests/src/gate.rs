//! A build that waits for its test.

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

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
        let port = self.listener.local_addr().unwrap().port();
        let command = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && read -r _ <&3");
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
