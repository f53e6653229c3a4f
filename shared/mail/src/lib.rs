//! Mail: SMTP and IMAP sessions over one network door, and composing and reading messages.
//!
//! | module | what it does |
//! |---|---|
//! | [`dial`], [`net`] | the door: opens connections, under the address rules ([`preheat_core::address`]), verifies certificates |
//! | [`smtp`] | one send, step by step, so that "before" and "after" the final dot are told apart |
//! | [`imap`] | one visit to a mailbox: folders, scan, actions |
//! | [`compose`], [`read`] | messages out, headers in |
//! | [`check`] | the staged diagnosis of a mailbox |
//!
//! May not decide anything about warmup (that is `preheat-core`), store anything, or read a clock other than tokio's.
//! Nothing here waits or reads without a limit ([`limits`]); no connection is used again after an error or after a
//! future was dropped half way. Server text in errors is cleaned ([`reply`]): no secret, no address.

pub mod check;
pub mod compose;
pub mod dial;
pub mod imap;
pub mod limits;
mod line;
pub mod net;
pub mod next;
pub mod read;
pub mod reply;
pub mod smtp;
mod utf7;
mod wire;

pub use dial::{Dial, DialError, Stream};
pub use limits::Deadlines;
pub use net::NetDial;
pub use next::Next;
pub use preheat_core::endpoint::{Endpoint, Security};
pub use wire::Excess;

use base64::Engine as _;
use zeroize::Zeroizing;

/// A secret as SASL sends it.
pub(crate) fn base64(text: &str) -> Zeroizing<String> {
    Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(text))
}

/// How to prove who we are. The text is the caller's, and is wiped by the caller.
#[derive(Clone, Copy)]
pub enum Auth<'a> {
    /// A password or app password.
    Password(&'a str),
    /// An OAuth 2 access token (SASL XOAUTH2).
    XOauth2(&'a str),
}

impl<'a> Auth<'a> {
    /// The secret itself, to keep it out of texts.
    pub(crate) fn secret(&self) -> &'a str {
        match self {
            Self::Password(secret) | Self::XOauth2(secret) => secret,
        }
    }

    /// What SASL PLAIN (RFC 4616) or XOAUTH2 says, before base64.
    pub(crate) fn sasl(&self, user: &str) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Password(password) => format!("\0{user}\0{password}"),
            Self::XOauth2(token) => format!("user={user}\x01auth=Bearer {token}\x01\x01"),
        })
    }

    /// Every form in which the secret goes over the wire. Servers repeat commands they do not understand.
    pub(crate) fn forms(&self, user: &str) -> Vec<Zeroizing<String>> {
        let secret = self.secret();
        let escaped = secret.replace('\\', "\\\\").replace('"', "\\\"");
        vec![base64(&self.sasl(user)), base64(secret), Zeroizing::new(escaped), Zeroizing::new(secret.to_owned())]
    }
}

impl std::fmt::Debug for Auth<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(***)",
            Self::XOauth2(_) => "XOauth2(***)",
        })
    }
}

/// One side of a mailbox: where its server is, and who we are there.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// The user name, usually the address.
    pub user: &'a str,
    /// The credential.
    pub credential: Auth<'a>,
}
