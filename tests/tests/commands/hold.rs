//! A connection that a process holds for as long as it lives, so that its end can be waited for.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::program::LIMIT;

/// Where processes are to connect.
pub(crate) struct Hold {
    listener: TcpListener,
}

/// The connection of a process and its children.
pub(crate) struct Held {
    stream: BufReader<TcpStream>,
}

impl Hold {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    /// A bash command that connects, says the value of `variable`, and never ends. A child of its own holds the
    /// connection too.
    pub(crate) fn command(&self, variable: &str) -> String {
        let port = self.listener.local_addr().unwrap().port();
        format!("exec 3<>/dev/tcp/127.0.0.1/{port}; echo \"${variable}\" >&3; cat <&3 & wait")
    }

    /// Writes that command as a program.
    pub(crate) fn write_program(&self, path: &Path, variable: &str) {
        std::fs::write(path, format!("#!/usr/bin/env bash\n{}\n", self.command(variable))).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Waits for the connection, and answers it with what was said.
    pub(crate) async fn wait_until_held(&self) -> (Held, String) {
        let held = async {
            let (stream, _) = self.listener.accept().await.unwrap();
            let (mut stream, mut said) = (BufReader::new(stream), String::new());
            stream.read_line(&mut said).await.unwrap();
            (Held { stream }, said.trim().to_owned())
        };
        tokio::time::timeout(LIMIT, held).await.expect("no process connected")
    }
}

impl Held {
    /// Waits until the process and its children are gone.
    pub(crate) async fn wait_until_released(mut self) {
        let mut rest = Vec::new();
        let released = tokio::time::timeout(LIMIT, self.stream.read_to_end(&mut rest)).await;
        released.expect("the process still runs").unwrap();
    }
}
