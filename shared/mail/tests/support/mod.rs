//! What the tests of this crate speak to: scripted servers over in-memory streams, and streams that break on purpose.

#![allow(dead_code, reason = "each test file is its own crate and uses a part of this")]

pub(crate) mod imap;

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use preheat_mail::dial::{Dial, DialError, Stream};
use preheat_mail::{Account, Auth, Endpoint, Security};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};

/// A server: gets one end of a connection.
pub(crate) type Server = Arc<dyn Fn(DuplexStream) -> BoxFuture<'static, ()> + Send + Sync>;

/// An in-memory network with one server. Each dial is a new connection to it.
pub(crate) struct Memory {
    pub(crate) server: Server,
    pub(crate) cut: Option<Cut>,
}

/// Where and how a connection breaks, counted in bytes that the client wrote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) after: usize,
    /// The client notices nothing: what it writes is lost, and nothing comes back.
    pub(crate) silent: bool,
}

impl Memory {
    pub(crate) fn new<F, Fut>(server: F) -> Self
    where
        F: Fn(DuplexStream) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self { server: Arc::new(move |stream| Box::pin(server(stream))), cut: None }
    }
}

impl Dial for Memory {
    fn dial<'a>(&'a self, _: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>> {
        let (ours, theirs) = duplex(16 * 1024);
        tokio::spawn((self.server)(theirs));
        let stream: Box<dyn Stream> = match self.cut {
            None => Box::new(ours),
            Some(cut) => Box::new(CutStream { inner: ours, left: cut.after, silent: cut.silent }),
        };
        Box::pin(std::future::ready(Ok(stream)))
    }

    fn upgrade<'a>(&'a self, stream: Box<dyn Stream>, _: &'a str) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>> {
        Box::pin(std::future::ready(Ok(stream)))
    }
}

#[derive(Debug)]
struct CutStream {
    inner: DuplexStream,
    left: usize,
    silent: bool,
}

impl AsyncRead for CutStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match (self.left, self.silent) {
            (0, true) => Poll::Pending,
            (0, false) => Poll::Ready(Ok(())),
            _ => Pin::new(&mut self.inner).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for CutStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.left == 0 {
            return Poll::Ready(if self.silent { Ok(buf.len()) } else { Err(io::ErrorKind::BrokenPipe.into()) });
        }
        let part = &buf[..buf.len().min(self.left)];
        let count = std::task::ready!(Pin::new(&mut self.inner).poll_write(cx, part))?;
        self.left -= count;
        Poll::Ready(Ok(count))
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Reads byte by byte up to a line end; `None` at the end of the stream.
pub(crate) async fn line<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.ok()? == 0 {
            return None;
        }
        line.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Writes; a client that has left is no error.
pub(crate) async fn say<S: AsyncWrite + Unpin>(stream: &mut S, text: &str) {
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.flush().await;
}

/// What a scripted server saw.
#[derive(Default, Clone)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn push(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
    pub(crate) fn saw(&self, part: &str) -> bool {
        self.lines().iter().any(|line| line.contains(part))
    }
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

pub(crate) fn endpoint(security: Security) -> Endpoint {
    Endpoint { host: "mail.example.com".to_owned(), port: 465, security }
}

pub(crate) fn account(endpoint: &Endpoint) -> Account<'_> {
    Account { endpoint, user: "anna@example.com", credential: Auth::Password("correct horse") }
}
