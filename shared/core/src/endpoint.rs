//! Where a mailbox's servers are. The connection itself is opened by `shared/mail`.

use serde::{Deserialize, Serialize};

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (ports 465, 993).
    Implicit,
    /// STARTTLS, required: without it nothing is said (ports 587, 143).
    StartTls,
}

/// A mail server: name, port, protection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection.
    pub security: Security,
}
