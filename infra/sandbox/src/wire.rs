//! Reading and writing of one server connection: lines and literals, bounded.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use preheat_mail::Stream;

/// Longest line a server reads, in bytes.
pub(crate) const LINE_MAX: usize = 64 * 1024;

/// A connection with a read buffer.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    at: usize,
}

impl Wire {
    pub(crate) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, buffer: Vec::new(), at: 0 }
    }

    /// Reads more; `false` at the end.
    async fn fill(&mut self) -> io::Result<bool> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.reserve(4096);
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }

    /// The next line with its line end; `None` if the client has gone in between.
    ///
    /// A line without its end is not a line: a client that was cut in the middle has said nothing.
    pub(crate) async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            let rest = &self.buffer[self.at..];
            if let Some(end) = rest[searched..].iter().position(|&byte| byte == b'\n') {
                let line = rest[..=searched + end].to_vec();
                self.at += line.len();
                return Ok(Some(line));
            }
            searched = rest.len();
            if searched > LINE_MAX {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// The next `length` bytes; `None` if the client has gone in between.
    pub(crate) async fn exact(&mut self, length: usize) -> io::Result<Option<Vec<u8>>> {
        while self.buffer.len() - self.at < length {
            if !self.fill().await? {
                return Ok(None);
            }
        }
        let bytes = self.buffer[self.at..self.at + length].to_vec();
        self.at += length;
        Ok(Some(bytes))
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

/// A line without its line end.
pub(crate) fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
