//! What a signed delivery of each provider looks like: for `preheat hooks test`, benches, fuzz seeds and tests.
//!
//! A [`Sender`] plays a provider towards an endpoint. It signs what can be signed with what the endpoint holds; where the
//! provider signs with a private key of its own (SendGrid, Postal, SNS), a key is made up, and the endpoint has to be given its
//! public half first. Nothing here is reachable from a request.

mod body;
mod sign;

use jiff::Timestamp;
use preheat_core::event::Reporter;

use crate::endpoint::Endpoint;
use crate::request::{Headers, Request};

pub use sign::Signer;

/// What is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// It was delivered.
    Delivered,
    /// The address does not exist. (MailWizz's stock webhook and Instantly cannot say so: see
    /// [`Kind::Bounced`](preheat_core::event::Kind).)
    HardBounce,
    /// It was called spam, where the provider reports that at all; else it bounced.
    Complaint,
}

/// One event to report.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What happened.
    pub happening: Happening,
    /// To whom the mail went.
    pub recipient: &'a str,
    /// Its Message-ID, without angle brackets.
    pub message_id: &'a str,
    /// What makes this event another than the next.
    pub id: &'a str,
    /// When it happened.
    pub at: Timestamp,
}

/// A request as the provider would post it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its raw body.
    pub body: Vec<u8>,
}

impl Posted {
    /// As what comes in.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        let headers: Headers<'_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Request::post(headers, &self.body)
    }
}

/// Plays a provider towards an endpoint.
pub struct Sender<'a> {
    endpoint: &'a Endpoint,
    signer: Signer,
}

impl<'a> Sender<'a> {
    /// A sender that signs with the endpoint's own secrets: all providers but those with private keys.
    #[must_use]
    pub fn new(endpoint: &'a Endpoint) -> Self {
        Self { endpoint, signer: Signer::Shared }
    }

    /// A sender with a private key, whose public half the endpoint holds.
    #[must_use]
    pub fn with_key(endpoint: &'a Endpoint, signer: Signer) -> Self {
        Self { endpoint, signer }
    }

    /// How many events one post of this provider carries at most in these samples: those that post arrays take many.
    #[must_use]
    pub fn batch_max(provider: Reporter) -> usize {
        if body::is_batch(provider) { 100 } else { 1 }
    }

    /// The post that reports these events, signed at `now`. Of more than [`Self::batch_max`], the first ones.
    ///
    /// `None`: this sender lacks the key that its provider signs with, or the provider posts nothing ([`Reporter::Mailbox`]).
    #[must_use]
    pub fn post(&self, scenes: &[Scene<'_>], now: Timestamp) -> Option<Posted> {
        let scenes = &scenes[..scenes.len().min(Self::batch_max(self.endpoint.provider))];
        let body = body::of(self.endpoint, scenes)?;
        sign::sign(self.endpoint, &self.signer, body, scenes.first().map_or("0", |scene| scene.id), now)
    }
}
