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

/// Nested parentheses beyond this are an attack on a recursive parser, not mail.
const NESTING_MAX: usize = 40;
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
    /// Opening parentheses in a row, within literals.
    run: usize,
    /// Bytes handed over since [`Wire::begin`].
    said: usize,
    excess: Option<Excess>,
    /// Answers as if the connection were closed. See [`Wire::hang_up_on_refusal`].
    deaf: bool,
    hang_up_on_refusal: bool,
    last_line: Vec<u8>,
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
            run: 0,
            said: 0,
            excess: None,
            deaf: false,
            hang_up_on_refusal: false,
            last_line: Vec::new(),
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
        if self.ready > 0 || self.unread.is_empty() {
            return Ok(());
        }
        if self.literal_left > 0 {
            self.ready = self.unread.len().min(self.literal_left);
            self.literal_left -= self.ready;
            for byte in &mut self.unread[..self.ready] {
                self.run = if *byte == b'(' { self.run + 1 } else { 0 };
                if self.run > NESTING_MAX {
                    *byte = b' ';
                }
            }
            return self.count(self.ready);
        }
        let Some(offset) = self.unread[self.searched..].iter().position(|&b| b == b'\n') else {
            self.searched = self.unread.len();
            return if self.searched > self.rules.line_max { Err(Excess::Line) } else { Ok(()) };
        };
        let end = self.searched + offset + 1;
        if end > self.rules.line_max {
            return Err(Excess::Line);
        }
        self.searched = 0;
        self.ready = end;
        if let Some(literal_max) = self.rules.literal_max {
            let line = &mut self.unread[..end];
            let status = !self.continued && is_status(line);
            if status {
                part_code_from_text(line);
            }
            check_form(line)?;
            // Status lines have no literals: `{5}` at the end of a text is text.
            self.literal_left = if status { 0 } else { literal_size(line) };
            self.continued = self.literal_left > 0;
            if self.literal_left > literal_max {
                return Err(Excess::Literal);
            }
        }
        self.last_line.clear();
        self.last_line.extend_from_slice(&self.unread[..end.min(SMTP_LINE_MAX)]);
        self.count(end)
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
        // A negative answer's last line is `4yz text` or `5yz text`; `4yz-text` has more to come.
        let refusal = matches!(self.last_line.as_slice(), [b'4' | b'5', _, _, b' ' | b'\r' | b'\n', ..]);
        if self.hang_up_on_refusal && self.ready == 0 && refusal {
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

/// The size of the literal that a line announces at its end (RFC 3501 §4.3: `{n}`, RFC 7888: `{n+}`), else 0.
fn literal_size(line: &[u8]) -> usize {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some(line) = line.strip_suffix(b"}") else { return 0 };
    let line = line.strip_suffix(b"+").unwrap_or(line);
    let digits = line.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || !line[..line.len() - digits].ends_with(b"{") {
        return 0;
    }
    // A number beyond usize is larger than any limit, too.
    std::str::from_utf8(&line[line.len() - digits..]).ok().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX)
}

/// Whether a line is a status answer: `+ …`, or `OK`, `NO`, `BAD`, `BYE`, `PREAUTH` behind `*` or a tag.
fn is_status(line: &[u8]) -> bool {
    if line.starts_with(b"+") {
        return true;
    }
    let word = line.split(|b| matches!(b, b' ' | b'\r' | b'\n')).nth(1).unwrap_or_default();
    [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status))
}

/// imap-proto cuts the first byte behind a response code off, as the space it should be, and panics where that byte is
/// the first of several of one character.
fn part_code_from_text(line: &mut [u8]) {
    if let Some(end) = line.iter().position(|&b| b == b']')
        && let Some(byte) = line.get_mut(end + 1)
        && !byte.is_ascii()
    {
        *byte = b' ';
    }
}

/// Refuses lines that crash imap-proto: nesting without bound overflows its stack, and `INTERNALDATE NIL` panics.
fn check_form(line: &[u8]) -> Result<(), Excess> {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for &byte in line {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let nil_date = line.windows(16).any(|part| part.eq_ignore_ascii_case(b"INTERNALDATE NIL"));
    if deepest > NESTING_MAX || nil_date { Err(Excess::Form) } else { Ok(()) }
}
