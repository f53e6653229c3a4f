//! The one network door (architecture.md, rule 4): everything this crate says to a server goes through [`Dial`].
//!
//! Two implementations: [`NetDial`](crate::net::NetDial) (TCP and TLS behind the address rules) and the in-memory
//! network of the sandbox.

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use preheat_core::endpoint::Endpoint;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::next::Next;

/// A connection: bytes both ways. Every type that fits is one.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug> Stream for T {}

/// Opens connections to mail servers.
pub trait Dial: Send + Sync {
    /// Opens a connection. With [`Security::Implicit`](preheat_core::endpoint::Security::Implicit) it is encrypted and
    /// the server's certificate is verified; with `StartTls` it is plain until [`upgrade`](Dial::upgrade).
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>>;

    /// Encrypts a plain connection after STARTTLS and verifies the certificate for `host`. An in-memory network that
    /// has no TLS returns the stream as it is.
    fn upgrade<'a>(
        &'a self,
        stream: Box<dyn Stream>,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>>;

    /// Like [`dial`](Dial::dial), and notes each step with the time it took. For the diagnosis of a mailbox.
    fn probe<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        steps: &'a mut Vec<DialStep>,
    ) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>> {
        Box::pin(async move {
            let start = Instant::now();
            let stream = self.dial(endpoint).await?;
            let detail = format!("connected to {}:{}", endpoint.host, endpoint.port);
            steps.push(DialStep { stage: DialStage::Tcp, elapsed: start.elapsed(), detail });
            Ok(stream)
        })
    }
}

/// A step of opening a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DialStage {
    /// The port and the address rules, and the look-up of the name.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The TLS handshake.
    Tls,
}

impl fmt::Display for DialStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        })
    }
}

/// One step that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialStep {
    /// Which.
    pub stage: DialStage,
    /// How long it took.
    pub elapsed: Duration,
    /// What came of it, in words.
    pub detail: String,
}

/// Why there is no connection. Nothing secret has been said to anybody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Not a mail port.
    #[error("port {port} is not a mail port: use 465 or 587 for SMTP, 993 or 143 for IMAP")]
    Port {
        /// The port asked for.
        port: u16,
    },
    /// The name is not a host name or address.
    #[error("`{}` is not a host name", .host.escape_debug())]
    Name {
        /// The name asked for.
        host: String,
    },
    /// The name leads to an address that no mailbox may name (reliability.md, Addresses).
    #[error("`{host}` leads to {address}, which is {class}: not allowed as a mail server")]
    Forbidden {
        /// The name asked for.
        host: String,
        /// The address it leads to.
        address: String,
        /// What kind of address that is.
        class: &'static str,
    },
    /// The name has no address.
    #[error("`{host}` does not resolve: {reason}")]
    Unresolved {
        /// The name asked for.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// No TCP connection.
    #[error("`{host}` does not accept a connection: {reason}")]
    Refused {
        /// The name asked for.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// No TLS: a protocol error.
    #[error("no TLS with `{host}`: {reason}")]
    Tls {
        /// The name asked for.
        host: String,
        /// What went wrong.
        reason: String,
    },
    /// The certificate was refused.
    #[error("the certificate of `{host}` is refused: {reason}")]
    Certificate {
        /// The name asked for.
        host: String,
        /// What is wrong with it: expired, another name, an unknown issuer.
        reason: String,
    },
    /// It took too long.
    #[error("`{host}` did not answer in time ({stage})")]
    TimedOut {
        /// The name asked for.
        host: String,
        /// The step that was under way.
        stage: DialStage,
    },
}

impl DialError {
    /// At which step it failed.
    #[must_use]
    pub fn stage(&self) -> DialStage {
        match self {
            Self::Port { .. } | Self::Name { .. } | Self::Forbidden { .. } | Self::Unresolved { .. } => DialStage::Dns,
            Self::Refused { .. } => DialStage::Tcp,
            Self::Tls { .. } | Self::Certificate { .. } => DialStage::Tls,
            Self::TimedOut { stage, .. } => *stage,
        }
    }

    /// What to do now. A wrong setting pauses the mailbox, a bad certificate waits for its owner, the rest is the
    /// network's weather.
    #[must_use]
    pub fn next(&self) -> Next {
        match self {
            Self::Port { .. } | Self::Name { .. } | Self::Forbidden { .. } => Next::Pause,
            Self::Certificate { .. } => Next::Replan,
            Self::Unresolved { .. } | Self::Refused { .. } | Self::Tls { .. } | Self::TimedOut { .. } => Next::Retry,
        }
    }
}
