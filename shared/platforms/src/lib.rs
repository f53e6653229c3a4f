//! HTTP clients of what lies outside: the language model and the channels of alerts.
//!
//! | module | what it does |
//! |---|---|
//! | [`http`] | the one door: every request goes through it, under the address rules, within time and size limits |
//! | [`llm`] | any OpenAI-compatible chat API |
//! | [`alert`] | Slack, Telegram, signed webhooks (Standard Webhooks) |
//! | `stub` | a server on loopback for tests (feature `stub`) |
//!
//! May depend on core only; stores nothing, decides nothing, reads no clock but tokio's. No secret (key, token, the path of a
//! URL) stands in any error or `Debug`. Nothing here waits or reads without a limit.
//!
//! The door speaks HTTP/1.1 through hyper, which the AWS SDK links anyway: a second client would bring a second connection
//! pool, and its own ideas of redirects, proxies and name resolution, all of which the address rules forbid.

pub mod alert;
pub mod http;
pub mod llm;
mod redact;
#[cfg(feature = "stub")]
pub mod stub;
mod url;

pub use http::{Http, HttpError, Request, Response};
pub use llm::{Answer, Llm, LlmError, Usage};

/// What to do after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again: after so long, if the other side said how long, else as the caller sees fit.
    Later(Option<std::time::Duration>),
    /// Never again: this request is at fault.
    Drop,
    /// Nothing helps but an operator: a key, a URL, a permission.
    Operator,
}
