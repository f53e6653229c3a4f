//! The seam through which every mail connection is opened: the same trait as in `preheat-mail`.

use std::fmt;

use futures::future::BoxFuture;
use preheat_core::endpoint::Endpoint;
use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream to a server.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug> Stream for T {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// No such host.
    #[error("`{host}` does not resolve: {reason}")]
    Unresolved {
        /// The name asked for.
        host: String,
        /// Why.
        reason: String,
    },
    /// Refused.
    #[error("`{host}` does not accept a connection: {reason}")]
    Refused {
        /// The name asked for.
        host: String,
        /// Why.
        reason: String,
    },
}

/// Opens connections.
pub trait Dial: Send + Sync {
    /// Opens one connection to `endpoint`.
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>>;

    /// After STARTTLS.
    fn upgrade<'a>(
        &'a self,
        stream: Box<dyn Stream>,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>>;
}
