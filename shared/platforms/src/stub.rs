//! A small HTTP server on loopback that answers as it is told and remembers what it was asked. For tests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// GET or POST.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// What the server does about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Answers with status, headers and body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Sends these bytes, whatever they are.
    Raw(Vec<u8>),
    /// Says nothing and keeps the connection.
    Silence,
    /// Closes the connection.
    HangUp,
}

impl Reply {
    /// A 200 with this body.
    #[must_use]
    pub fn ok(body: &str) -> Self {
        Self::Answer(200, Vec::new(), body.to_owned())
    }

    /// This status with this body.
    #[must_use]
    pub fn status(status: u16, body: &str) -> Self {
        Self::Answer(status, Vec::new(), body.to_owned())
    }
}

/// The server. It ends when it is dropped.
pub struct Stub {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Stub {
    /// Starts a server; `answer` is told the request and how many came before it.
    ///
    /// # Errors
    /// Loopback has no port to give.
    pub async fn start(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (book, answer) = (Arc::clone(&seen), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (book, answer) = (Arc::clone(&book), Arc::clone(&answer));
                tokio::spawn(async move {
                    // A client that goes away is its own business.
                    drop(serve(stream, &book, answer.as_ref()).await);
                });
            }
        });
        Ok(Self { address, seen, task })
    }

    /// A URL of the server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it was asked so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    book: &Mutex<Vec<Seen>>,
    answer: &(impl Fn(&Seen, usize) -> Reply + Sync),
) -> std::io::Result<()> {
    let Some(seen) = read(&mut stream).await? else { return Ok(()) };
    let reply = {
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        book.push(seen.clone());
        answer(&seen, book.len() - 1)
    };
    match reply {
        Reply::Answer(status, headers, body) => {
            let mut text = format!("HTTP/1.1 {status} Stub\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            stream.write_all(format!("{text}connection: close\r\n\r\n{body}").as_bytes()).await
        }
        Reply::Raw(bytes) => stream.write_all(&bytes).await,
        Reply::Silence => std::future::pending().await,
        Reply::HangUp => Ok(()),
    }
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    let mut space = [0; 4096];
    loop {
        let count = stream.read(&mut space).await?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&space[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            let body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
            return Ok(Some(Seen { method, path, headers, body }));
        }
    }
}
