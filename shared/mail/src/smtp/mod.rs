//! One send over SMTP, step by step (RFC 5321, RFC 3207, RFC 4954), so that the caller knows which side of the final dot
//! a failure was on: before it nothing can have been delivered; after it only the recipient's mailbox knows.
//!
//! lettre's connection does the talking, on a stream of our own (`Wire`) that bounds what a server may say. The body
//! is written here and not by lettre: everything but the terminator first, flushed; then, if the server is still quietly
//! waiting, the terminator `CRLF . CRLF`. From its first byte on every failure is [`SendError::Unknown`], unless a
//! complete answer was read.

mod error;
mod session;

use preheat_core::id::Address;

pub use error::{Accepted, Refusal, SendError, Stage};
use session::Session;

use crate::Account;
use crate::compose::wire_form;
use crate::dial::Dial;
use crate::limits::Deadlines;

/// Sends one message to one recipient. `message` is a whole RFC 5322 message with CRLF line ends.
///
/// Dropping the future drops the connection. Dropped before the terminator was written, nothing was sent; the caller
/// that drops it later must treat the send as [`SendError::Unknown`].
///
/// # Errors
/// See [`SendError`]; its [`next`](SendError::next) says what to do.
pub async fn send(
    dial: &dyn Dial,
    account: &Account<'_>,
    from: &Address,
    to: &Address,
    message: &[u8],
    limits: &Deadlines,
) -> Result<Accepted, SendError> {
    let body = wire_form(message).map_err(|error| SendError::Refused {
        what: Refusal::Message,
        code: 0,
        reply: error.to_string(),
    })?;
    let mut session = Session::open(dial, account, from.domain(), limits).await?;
    session.authenticate(account).await?;
    let result = session.deliver(from, to, &body).await;
    session.quit().await;
    result
}

/// Opens a session and proves who we are, then leaves: for the diagnosis of a mailbox. Returns the extensions that
/// matter here and that the server offers.
///
/// # Errors
/// As [`send`].
pub async fn check_login(
    dial: &dyn Dial,
    account: &Account<'_>,
    hello: &str,
    limits: &Deadlines,
) -> Result<Vec<String>, SendError> {
    let mut session = Session::open(dial, account, hello, limits).await?;
    session.authenticate(account).await?;
    let offers = session.offers();
    session.quit().await;
    Ok(offers)
}
