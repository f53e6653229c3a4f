//! Deliverability events in: who sent this request, and what does it say (webhooks.md)?
//!
//! Pure and synchronous: raw bytes, headers, the endpoint's secrets and `now` come in; normalised events, what is put into
//! quarantine, and the status to answer come out. May not open a connection, read a clock, or know how anything is stored.
//! What has to be fetched (a signing certificate) is asked for by an [`Outcome`], and the caller calls again.
//!
//! | module | the question it answers |
//! |---|---|
//! | [`endpoint`] | what does an endpoint know: provider, account, secrets, allow-lists? |
//! | [`request`] | what came in? |
//! | [`outcome`] | what is to be done with it, and which status does this provider want to see? |
//! | [`lambda`] | which bodies lie in a Lambda event: SNS, EventBridge, SQS around either? |
//! | [`provider`] | one file a provider: verification, reading, classes, event key |
//! | [`sample`] | what does a signed delivery of each provider look like? |
//!
//! # Order of work
//!
//! Size limit, method, authentication, reading; each element of a batch by itself, so that a bad one costs its neighbours
//! nothing: a batch that does not parse as a whole is cut apart, and what still fails is kept aside alone. Signatures cover raw bytes and are compared in constant time. Reading is bounded in nesting, in the number of
//! values and in the number of elements, so hostile bytes cost a bounded amount of memory.

mod aside;
mod certificate;
mod class;
mod draft;
pub mod endpoint;
mod field;
mod form;
mod json;
mod key;
pub mod lambda;
pub mod outcome;
pub mod provider;
mod reply;
pub mod request;
mod salvage;
pub mod sample;
mod seal;
mod time;

pub use aside::of_body as aside;
pub use endpoint::{Ages, Endpoint, Secret};
pub use outcome::{Accepted, Outcome, Quarantined, Reason, Refusal, Refused};
pub use provider::{normalise, receive};
pub use request::{Headers, Request};

/// The largest body that is looked at, in bytes. SendGrid posts up to 768 KB, a PowerMTA forwarder 1 MB, and form encoding
/// blows a Mandrill batch up threefold.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The most elements of one batch. What bounds a batch is [`BODY_BYTES_MAX`]: the shortest record of an MTA, with a time and a
/// recipient, is longer than this allows for, so none is refused for its number. Beyond it lie empty objects and the like.
pub const ELEMENTS_MAX: usize = BODY_BYTES_MAX / 16;
/// The most values (strings, numbers, lists, …) of one element.
pub const VALUES_MAX: u32 = 200_000;
