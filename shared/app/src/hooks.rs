//! Takes what providers post: finds the endpoint, lets [`preheat_intake`] say who sent it and what it says, has it stored, and
//! only then says yes (invariant 13).
//!
//! The order keeps strangers cheap: size, the shape of the path, the endpoint (from memory, or one read; unknown ids are
//! remembered too, and not many of them), the signature over the raw bytes. A forged request writes nothing; an unknown
//! endpoint opens no secret, so it asks KMS for nothing.
//!
//! A redelivery is safe at every point: whatever was stored is met again by its key, and what was not stored was not
//! acknowledged.

mod endpoints;
mod told;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use preheat_core::clock::Clock;
use preheat_core::event::Reporter;
use preheat_intake::lambda::Record;
use preheat_intake::outcome::{Accepted, status_not_stored};
use preheat_intake::{BODY_BYTES_MAX, Outcome, Refusal, Request};
use preheat_store::{Quarantined, StoreError};

use crate::Bus;
use crate::events::{Desk, Tally, take_events};
use crate::redact::without_addresses;
use endpoints::{Endpoints, Open};
use told::Told;

pub use endpoints::{ABSENT_KEPT, ID_CHARS, may_be_id};

/// Gets an `https` URL's body. What it may reach is its own business (reliability.md, *Addresses*); what is asked of it is
/// only what [`preheat_intake`] has checked to lie at AWS.
pub type Fetch = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Vec<u8>, String>> + Send + Sync>;

/// Signing certificates kept. AWS has one a region, and changes it once a year.
const CERTIFICATES_MAX: usize = 64;
/// How many elements are put aside at once.
const ASIDE_AT_ONCE: usize = 16;
/// How often a request may ask for something to be fetched.
const FETCHES_MAX: usize = 2;

/// Where posts come in. Cheap to clone: clones share what they know.
#[derive(Clone)]
pub struct Gate {
    /// What takes the events.
    pub desk: Desk,
    clock: Clock,
    fetch: Fetch,
    endpoints: Arc<Endpoints>,
    bus: Option<Bus>,
    told: Arc<Told>,
    certificates: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

/// What to answer, and what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `WWW-Authenticate`.
    pub www_authenticate: Option<&'static str>,
    /// What came of it.
    pub done: Done,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Its events are stored; so many elements are kept aside.
    Taken {
        /// What became of them.
        tally: Tally,
        /// Elements kept aside.
        quarantined: usize,
    },
    /// An SNS subscription was confirmed.
    Confirmed {
        /// The topic.
        topic: String,
    },
    /// It is authentic and cannot be read: the body is kept aside. Why, without addresses.
    Unreadable(String),
    /// It was refused; nothing was stored.
    Refused(String),
    /// There is no such endpoint.
    Unknown,
    /// It could not be stored: the provider is asked to come again. Why, without addresses.
    NotStored(String),
}

impl Gate {
    /// A gate before a desk.
    #[must_use]
    pub fn new(desk: Desk, clock: Clock, fetch: Fetch) -> Self {
        let (endpoints, told, certificates) = (Arc::default(), Arc::default(), Arc::default());
        Self { desk, clock, fetch, endpoints, bus: None, told, certificates }
    }

    /// The same gate, which tells this bus what it keeps aside.
    #[must_use]
    pub fn with_bus(self, bus: Option<Bus>) -> Self {
        Self { bus, ..self }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// How many endpoints and absences it holds in memory: bounded, whatever strangers ask for.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.endpoints.len()
    }

    /// Takes a request to `/hooks/{provider}/{id}`.
    pub async fn receive(&self, provider: &str, id: &str, request: &Request<'_>) -> Answer {
        let now = (self.clock)();
        if request.body.len() > BODY_BYTES_MAX {
            return Answer::new(413, Done::Refused("the body is too large".to_owned()));
        }
        let Ok(provider) = provider.parse::<Reporter>() else { return Answer::new(404, Done::Unknown) };
        let answer = Box::pin(self.judge(provider, id, request, now)).await;
        // A secret that was rotated a moment ago is no forgery. Read again, but not at every stranger's wish.
        if answer.status == 401 && self.endpoints.forget_if_settled(id, now) {
            return Box::pin(self.judge(provider, id, request, now)).await;
        }
        answer
    }

    async fn judge(&self, provider: Reporter, id: &str, request: &Request<'_>, now: Timestamp) -> Answer {
        let open = match self.endpoints.open(&self.desk, id, now).await {
            Ok(Some(open)) if open.endpoint.provider == provider => open,
            Ok(_) => return Answer::new(404, Done::Unknown),
            Err(error) => return Answer::not_stored(provider, &error.to_string()),
        };
        let not_stored = |why: &str| Answer::not_stored(provider, why);
        let mut fetched: Option<(String, Vec<u8>)> = None;
        for _ in 0..=FETCHES_MAX {
            let outcome = {
                let kept = self.certificates();
                let just_now = |url: &str| fetched.as_ref().filter(|(of, _)| of == url).map(|(_, pem)| pem);
                let known = |url: &str| just_now(url).or_else(|| kept.get(url)).cloned();
                preheat_intake::receive(&open.endpoint, request, now, &known)
            };
            match (outcome, fetched.take()) {
                (Outcome::Certificate { url }, _) => match (self.fetch)(url.clone()).await {
                    Ok(pem) => fetched = Some((url, pem)),
                    Err(why) => return not_stored(&why),
                },
                // Whatever was served in its place says nothing of the sender.
                (Outcome::Refused(refused), Some(_)) if refused.reason == Refusal::Certificate => {
                    return not_stored("what lies where its certificate should is none");
                }
                (outcome, fetched) => {
                    self.keep_certificate(fetched);
                    return Box::pin(self.conclude(&open, outcome, request.body, now)).await;
                }
            }
        }
        not_stored("its certificate is not to be had")
    }

    /// Keeps a certificate that was used: what was fetched and is none must not stand in the way of the next request.
    fn keep_certificate(&self, fetched: Option<(String, Vec<u8>)>) {
        let Some((url, pem)) = fetched else { return };
        let mut certificates = self.certificates();
        if certificates.len() >= CERTIFICATES_MAX {
            certificates.clear();
        }
        certificates.insert(url, pem);
    }

    /// Takes a record that came a way which is trusted by itself: direct SNS, EventBridge, a queue of our own. It leads to the
    /// endpoint that lists what it comes from.
    pub async fn receive_direct(&self, record: &Record) -> Answer {
        let (now, body) = ((self.clock)(), record.body.as_bytes());
        for source in record.sources() {
            let open = match self.endpoints.open_source(&self.desk, &source, now).await {
                Ok(Some(open)) => open,
                Ok(None) => continue,
                Err(error) => return Answer::not_stored(Reporter::Ses, &error.to_string()),
            };
            let outcome = preheat_intake::normalise(&open.endpoint, body, now);
            return Box::pin(self.conclude(&open, outcome, body, now)).await;
        }
        Answer::new(404, Done::Unknown)
    }

    /// Does what an outcome asks for.
    async fn conclude(&self, open: &Open, outcome: Outcome, body: &[u8], now: Timestamp) -> Answer {
        let not_stored = |why: &str| Answer::not_stored(open.endpoint.provider, why);
        match outcome {
            Outcome::Accepted(accepted) => {
                let status = accepted.status;
                match self.store(open, accepted, now).await {
                    Ok(done) => Answer::new(status, done),
                    Err(error) => not_stored(&error.to_string()),
                }
            }
            Outcome::Refused(refused) => Answer {
                status: refused.status,
                www_authenticate: refused.www_authenticate,
                done: Done::Refused(refused.reason.to_string()),
            },
            Outcome::Unreadable { status, reason } => {
                let raw = preheat_intake::aside(body);
                match self.set_aside(open, reason.to_string(), raw, now).await {
                    Ok(()) => Answer::new(status, Done::Unreadable(without_addresses(&reason.to_string()))),
                    Err(error) => not_stored(&error.to_string()),
                }
            }
            Outcome::Confirm { subscribe_url, topic, .. } => match (self.fetch)(subscribe_url).await {
                Ok(_) => Answer::new(200, Done::Confirmed { topic }),
                Err(why) => not_stored(&why),
            },
            Outcome::Certificate { .. } => not_stored("its certificate is not to be had"),
        }
    }

    /// Stores everything, before anything is answered: what is good first, so that a flood of bad elements which takes longer
    /// than the function may live costs their neighbours nothing.
    async fn store(&self, open: &Open, accepted: Accepted, now: Timestamp) -> Result<Done, StoreError> {
        let quarantined = accepted.quarantined.len();
        let mut aside = accepted.quarantined;
        // The same again is the same item.
        aside.sort_unstable_by(|a, b| a.raw.cmp(&b.raw));
        aside.dedup_by(|a, b| a.raw == b.raw);
        let tally = Box::pin(take_events(&self.desk, &open.tenant, accepted.events, now)).await?;
        futures::stream::iter(aside)
            .map(|bad| self.set_aside(open, bad.reason.to_string(), bad.raw, now))
            .buffer_unordered(ASIDE_AT_ONCE)
            .try_collect::<()>()
            .await?;
        if accepted.signed_sha256 && !open.endpoint.require_sha256 {
            self.desk.store.require_sha256(&open.endpoint.account).await?;
            self.endpoints.forget(&open.endpoint.account);
        }
        Ok(Done::Taken { tally, quarantined })
    }

    async fn set_aside(&self, open: &Open, reason: String, raw: String, now: Timestamp) -> Result<(), StoreError> {
        let bad = Quarantined { provider: open.endpoint.provider, reason, raw, received_at: now };
        self.desk.store.quarantine(&open.endpoint.account, &bad).await?;
        if let Some(bus) = &self.bus {
            self.told.quarantined(bus, open, &bad).await;
        }
        Ok(())
    }

    fn certificates(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn new(status: u16, done: Done) -> Self {
        Self { status, www_authenticate: None, done }
    }

    /// Why goes into logs and dead letters: a row's key may hold an address.
    fn not_stored(provider: Reporter, why: &str) -> Self {
        Self::new(status_not_stored(provider), Done::NotStored(without_addresses(why)))
    }

    /// Whether the sender is done with it: for queues, which know no other answer.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.done, Done::Taken { .. } | Done::Confirmed { .. } | Done::Unreadable(_))
    }
}
