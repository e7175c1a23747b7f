//! Git's own HTTP server side, run as a CGI program: one process answers one request.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

use super::folder::RepositoryFolder;
use super::git::git_command;
use crate::process_group::ProcessGroup;

/// The most that is read of a CGI answer's head.
const HEAD_LIMIT: u64 = 64 * 1024;

/// The chunks of an answer that wait for a slow client before git has to wait, too.
const CHUNKS: usize = 4;

/// `git http-backend` at work: the head of its answer is there, the rest is still to come.
pub(super) struct HttpBackend {
    process: ProcessGroup,
    stdout: BufReader<ChildStdout>,
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl HttpBackend {
    /// Starts git on a request and reads the head of its answer. The request's body is streamed to it meanwhile.
    ///
    /// `path_info` is the path below `repositories`, such as `/ID.git/info/refs`.
    pub(super) async fn start(
        repositories: &Path,
        path_info: &str,
        request: Request<Body>,
    ) -> io::Result<Self> {
        let (parts, body) = request.into_parts();
        let mut command = git_command();
        command
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", repositories)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", path_info)
            .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
            .env("REQUEST_METHOD", parts.method.as_str());
        let variables = [
            (header::CONTENT_TYPE, "CONTENT_TYPE"),
            (header::CONTENT_LENGTH, "CONTENT_LENGTH"),
            (header::CONTENT_ENCODING, "HTTP_CONTENT_ENCODING"),
            (HeaderName::from_static("git-protocol"), "GIT_PROTOCOL"),
        ];
        for (name, variable) in variables {
            if let Some(value) = parts.headers.get(name).and_then(|value| value.to_str().ok()) {
                command.env(variable, value);
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = ProcessGroup::spawn(&mut command)?;
        let child = &mut process.child;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("git http-backend has no pipes"));
        };
        tokio::spawn(feed(body, stdin));
        tokio::spawn(log_errors(stderr));
        let mut stdout = BufReader::new(stdout);
        let (status, headers) = read_head(&mut stdout).await?;
        Ok(Self { process, stdout, status, headers })
    }

    /// The answer, handed on while git writes it from the folder. A client that goes away ends git.
    pub(super) fn stream(mut self, folder: Arc<RepositoryFolder>) -> Response<Body> {
        let (sender, body) = Channel::<Bytes, io::Error>::new(CHUNKS);
        let response = self.respond(Body::new(body));
        tokio::spawn(async move {
            if let Err(error) = self.send(sender).await {
                tracing::debug!(%error, "the answer of git http-backend was not delivered whole");
            }
            drop(folder);
        });
        response
    }

    /// The whole answer, once git has ended.
    pub(super) async fn collect(mut self) -> io::Result<Response<Body>> {
        let mut content = Vec::new();
        self.stdout.read_to_end(&mut content).await?;
        self.process.wait().await?;
        Ok(self.respond(Body::from(content)))
    }

    fn respond(&mut self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers.drain(..));
        response
    }

    async fn send(mut self, mut sender: Sender<Bytes, io::Error>) -> io::Result<()> {
        loop {
            let chunk = self.stdout.fill_buf().await?;
            if chunk.is_empty() {
                break;
            }
            let chunk = Bytes::copy_from_slice(chunk);
            self.stdout.consume(chunk.len());
            sender.send_data(chunk).await.map_err(|_| io::Error::other("the client is gone"))?;
        }
        // An answer that a failed process cut short must not look complete.
        let status = self.process.wait().await?;
        if !status.success() {
            sender.abort(io::Error::other(format!("git http-backend ended with {status}")));
        }
        Ok(())
    }
}

/// A body that breaks off ends git's input early, which git notices by itself: a pack ends in its checksum.
async fn feed(mut body: Body, mut stdin: ChildStdin) {
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        if stdin.write_all(&data).await.is_err() {
            return;
        }
    }
}

async fn log_errors(stderr: ChildStderr) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::warn!("git http-backend: {line}");
    }
}

type Head = (StatusCode, Vec<(HeaderName, HeaderValue)>);

/// Reads a CGI head: header lines up to an empty one, the status among them (RFC 3875, section 6.3).
async fn read_head(stdout: &mut BufReader<ChildStdout>) -> io::Result<Head> {
    let mut status = StatusCode::OK;
    let mut headers = Vec::new();
    let mut limited = stdout.take(HEAD_LIMIT);
    loop {
        let mut line = String::new();
        if limited.read_line(&mut line).await? == 0 {
            return Err(io::Error::other("git http-backend ended without an answer"));
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok((status, headers));
        }
        let malformed = || io::Error::other(format!("git http-backend answered with the line {line:?}"));
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().unwrap_or_default();
            status = code.parse().map_err(|_| malformed())?;
        } else {
            headers.push((
                name.parse().map_err(|_| malformed())?,
                HeaderValue::from_str(value).map_err(|_| malformed())?,
            ));
        }
    }
}
