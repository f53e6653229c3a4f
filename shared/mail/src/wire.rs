//! The guard between a server and the protocol libraries: what a server says passes line by line, and within limits.
//!
//! lettre reads a line of any length into memory before it checks it; async-imap makes room for whatever literal a
//! server announces, up to 512 MiB, before a byte of it came, and parses again with every piece that arrives. So
//! neither reads a socket here: [`Wire`] does, hands over one complete line (or a piece of an allowed literal) at a
//! time, and ends the connection when a limit is passed. Memory stays bounded by a line, whatever the server does.
//!
//! A `Wire` is shared: the protocol library owns one clone, the session keeps another, through which it takes the
//! stream out for STARTTLS, sees what lies unread, and learns why reading ended.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::dial::Stream;
use crate::limits::{IMAP_ANSWER_MAX, IMAP_LINE_MAX, IMAP_LITERAL_MAX, SMTP_ANSWER_MAX, SMTP_LINE_MAX};
use crate::line::{self, NESTING_MAX};

/// How much is read from the network at once.
const READ_SIZE: usize = 4 * 1024;

/// The limits of a protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    line_max: usize,
    answer_max: usize,
    /// `None`: the protocol knows no literals.
    literal_max: Option<usize>,
}

impl Rules {
    /// SMTP: short lines, short answers.
    pub(crate) const SMTP: Self = Self { line_max: SMTP_LINE_MAX, answer_max: SMTP_ANSWER_MAX, literal_max: None };
    /// IMAP: longer lines, and literals of a header's size.
    pub(crate) const IMAP: Self =
        Self { line_max: IMAP_LINE_MAX, answer_max: IMAP_ANSWER_MAX, literal_max: Some(IMAP_LITERAL_MAX) };
}

/// Which limit a server passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// A line without end.
    #[error("the server sent an endless line")]
    Line,
    /// An answer without end.
    #[error("the server's answer is too long")]
    Answer,
    /// A literal larger than anything that was asked for.
    #[error("the server announced a literal that is too large")]
    Literal,
    /// Parentheses nested without end, or another form that crashes parsers.
    #[error("the server sent a malformed answer")]
    Form,
}

#[derive(Debug)]
struct Inner {
    stream: Option<Box<dyn Stream>>,
    rules: Rules,
    /// Read and not handed over yet. At most a line and one read.
    unread: Vec<u8>,
    /// How much of `unread` was searched for a line's end.
    searched: usize,
    /// How much of `unread` may be handed over.
    ready: usize,
    /// Bytes of a literal still to come.
    literal_left: usize,
    /// The last line announced a literal: what follows it belongs to the same answer.
    continued: bool,
    /// The answer that is coming is none of those we ask for, and is not handed over.
    dropping: bool,
    /// Opening parentheses in a row, within literals.
    run: usize,
    /// Bytes handed over since [`Wire::begin`].
    said: usize,
    excess: Option<Excess>,
    /// Answers as if the connection were closed. See [`Wire::hang_up_on_refusal`].
    deaf: bool,
    hang_up_on_refusal: bool,
    /// The last SMTP line was the end of a negative answer.
    refused: bool,
}

/// A guarded stream. Clones are the same stream.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Mutex<Inner>>);

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    pub(crate) fn new(stream: Box<dyn Stream>, rules: Rules) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            stream: Some(stream),
            rules,
            unread: Vec::new(),
            searched: 0,
            ready: 0,
            literal_left: 0,
            continued: false,
            dropping: false,
            run: 0,
            said: 0,
            excess: None,
            deaf: false,
            hang_up_on_refusal: false,
            refused: false,
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing is awaited and nothing panics under the lock; a poisoned one would still hold a usable value.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new command: its answer has the whole budget again.
    pub(crate) fn begin(&self) {
        self.inner().said = 0;
    }

    /// The limit that was passed, if one was.
    pub(crate) fn excess(&self) -> Option<Excess> {
        self.inner().excess
    }

    /// While `on`, the wire plays dead after a negative SMTP answer: lettre says QUIT and waits for an answer before it
    /// gives the error, and a server that has just refused may never send one.
    pub(crate) fn hang_up_on_refusal(&self, on: bool) {
        self.inner().hang_up_on_refusal = on;
    }

    /// Takes the stream out, to encrypt it. `None` if the server has said something that nobody has read: bytes that
    /// came before TLS must never be taken for bytes that came through it (CVE-2011-0411).
    pub(crate) fn take_stream(&self) -> Option<Box<dyn Stream>> {
        let mut inner = self.inner();
        if inner.unread.is_empty() { inner.stream.take() } else { None }
    }

    /// Puts the encrypted stream in.
    pub(crate) fn put_stream(&self, stream: Box<dyn Stream>) {
        self.inner().stream = Some(stream);
    }

    /// Ends the connection for good.
    pub(crate) fn close(&self) {
        let mut inner = self.inner();
        inner.stream = None;
        inner.unread = Vec::new();
        inner.ready = 0;
    }

    /// Looks, without waiting, whether the server has said something or hung up.
    pub(crate) async fn peek(&self) -> Peek {
        std::future::poll_fn(|cx| {
            let mut inner = self.inner();
            if !inner.unread.is_empty() {
                return Poll::Ready(Peek::Waiting);
            }
            Poll::Ready(match inner.fill(cx) {
                Poll::Pending => Peek::Quiet,
                Poll::Ready(Ok(0) | Err(_)) => Peek::Closed,
                Poll::Ready(Ok(_)) => Peek::Waiting,
            })
        })
        .await
    }
}

/// What [`Wire::peek`] saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peek {
    /// Nothing.
    Quiet,
    /// Unread bytes.
    Waiting,
    /// The connection is gone.
    Closed,
}

fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl Inner {
    /// Reads once from the network into `unread`. 0: the end.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(stream) = self.stream.as_mut() else { return Poll::Ready(Err(lost())) };
        let mut space = [0_u8; READ_SIZE];
        let mut buf = ReadBuf::new(&mut space);
        std::task::ready!(Pin::new(stream).poll_read(cx, &mut buf))?;
        self.unread.extend_from_slice(buf.filled());
        Poll::Ready(Ok(buf.filled().len()))
    }

    /// Marks what may be handed over: a piece of a literal, or the next complete line.
    fn release(&mut self) -> Result<(), Excess> {
        while self.ready == 0 && !self.unread.is_empty() {
            let bytes = if self.literal_left > 0 { self.release_literal() } else { self.release_line()? };
            if bytes == 0 {
                return Ok(());
            }
            self.count(bytes)?;
            if self.dropping {
                self.unread.drain(..bytes);
            } else {
                self.ready = bytes;
            }
        }
        Ok(())
    }

    fn release_literal(&mut self) -> usize {
        let bytes = self.unread.len().min(self.literal_left);
        self.literal_left -= bytes;
        for byte in &mut self.unread[..bytes] {
            self.run = if *byte == b'(' { self.run + 1 } else { 0 };
            if self.run > NESTING_MAX {
                *byte = b' ';
            }
        }
        bytes
    }

    /// The length of the next line, made fit for the protocol library; 0 if it is not complete yet.
    fn release_line(&mut self) -> Result<usize, Excess> {
        let Some(offset) = self.unread[self.searched..].iter().position(|&b| b == b'\n') else {
            self.searched = self.unread.len();
            return if self.searched > self.rules.line_max { Err(Excess::Line) } else { Ok(0) };
        };
        let mut end = self.searched + offset + 1;
        if end > self.rules.line_max {
            return Err(Excess::Line);
        }
        self.searched = 0;
        let Some(literal_max) = self.rules.literal_max else {
            end += line::mend_smtp(&mut self.unread, end);
            self.refused = line::is_refusal(&self.unread[..end]);
            return Ok(end);
        };
        let text = &mut self.unread[..end];
        let status = !self.continued && line::is_status(text);
        if status {
            line::part_code_from_text(text);
        }
        if !self.continued {
            self.dropping = !status && !line::is_wanted(text);
        }
        if !line::is_sane(text) {
            return Err(Excess::Form);
        }
        // Status lines have no literals: `{5}` at the end of a text is text.
        self.literal_left = if status { 0 } else { line::literal_size(text) };
        self.continued = self.literal_left > 0;
        if self.literal_left > literal_max { Err(Excess::Literal) } else { Ok(end) }
    }

    fn count(&mut self, bytes: usize) -> Result<(), Excess> {
        self.said = self.said.saturating_add(bytes).saturating_add(self.literal_left);
        let said = self.said;
        // The announced rest of a literal is counted when it is announced, and not again when it comes.
        self.said -= self.literal_left;
        if said > self.rules.answer_max { Err(Excess::Answer) } else { Ok(()) }
    }

    fn hand_over(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.ready.min(buf.remaining());
        buf.put_slice(&self.unread[..count]);
        self.unread.drain(..count);
        self.ready -= count;
        if self.hang_up_on_refusal && self.ready == 0 && self.refused {
            self.deaf = true;
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.inner();
        loop {
            if let Some(excess) = inner.excess {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, excess)));
            }
            if inner.deaf {
                return Poll::Ready(Ok(()));
            }
            if let Err(excess) = inner.release() {
                // The connection ends here: nothing after this point can be trusted to be in step.
                inner.excess = Some(excess);
                inner.stream = None;
                inner.unread = Vec::new();
                continue;
            }
            if inner.ready > 0 {
                inner.hand_over(buf);
                return Poll::Ready(Ok(()));
            }
            // An incomplete line at the end is dropped: the reader sees the end, and half an answer is none.
            if std::task::ready!(inner.fill(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut inner = self.inner();
        if inner.deaf {
            return Poll::Ready(Err(lost()));
        }
        match inner.stream.as_mut() {
            Some(stream) => Pin::new(stream).poll_write(cx, buf),
            None => Poll::Ready(Err(lost())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.inner().stream.as_mut() {
            Some(stream) => Pin::new(stream).poll_flush(cx),
            None => Poll::Ready(Err(lost())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.inner();
        let deaf = inner.deaf;
        match inner.stream.as_mut() {
            Some(stream) if !deaf => Pin::new(stream).poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl lettre::transport::smtp::client::AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<std::net::SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
