//! State changes: what the bus carries, and what alerts are made of (domain.md §8).
//!
//! One form for every change, versioned, and documented for others by `events/schema/change-v1.json`; a test holds each
//! [`Kind`] to that schema. A change says everything that somebody needs who only ever sees the bus: what, whose, since
//! when, by which rule, with which numbers, and the same in plain words.
//!
//! Its id follows from what changed and when, so the same change published twice is known as one. May not know who
//! listens: channels and quiet hours are [`crate::alert`]'s.

mod kind;
mod moved;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{MailboxId, TenantId};
use crate::message::MessageError;

pub use kind::{Family, Kind, Severity, UnknownKind};
pub use moved::{Moved, kind_of};

/// The version of the schema that this program writes.
pub const VERSION: u32 = 1;
/// The `source` of our events on the bus.
pub const SOURCE: &str = "preheat";
/// Most characters of the plain words.
const TEXT_CHARS_MAX: usize = 1_000;
/// Most characters of the rule's name, and of a subject's id and name.
const NAME_CHARS_MAX: usize = 254;
/// Most numbers that a change carries.
const NUMBERS_MAX: usize = 32;

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// What kind of thing.
    #[serde(rename = "type")]
    pub thing: Thing,
    /// Its id: a mailbox's number, a domain's name, an IP address, a tenant's or provider's name.
    pub id: String,
    /// What people call it, where that differs: a mailbox's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The kinds of things that change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Thing {
    /// A mailbox.
    Mailbox,
    /// A sending domain.
    Domain,
    /// A sending IP.
    Ip,
    /// A tenant as a whole.
    Tenant,
    /// A service outside: the LLM, a platform, a provider.
    Provider,
    /// The whole stack.
    System,
}

impl Subject {
    /// A mailbox, with the address that people know it by.
    #[must_use]
    pub fn mailbox(id: MailboxId, address: &str) -> Self {
        Self::new(Thing::Mailbox, &id.to_string(), Some(address))
    }

    /// A sending domain.
    #[must_use]
    pub fn domain(name: &str) -> Self {
        Self::new(Thing::Domain, name, None)
    }

    /// A sending IP.
    #[must_use]
    pub fn ip(address: std::net::IpAddr) -> Self {
        Self::new(Thing::Ip, &address.to_string(), None)
    }

    /// A tenant.
    #[must_use]
    pub fn tenant(id: &TenantId) -> Self {
        Self::new(Thing::Tenant, id.as_str(), None)
    }

    /// A service outside.
    #[must_use]
    pub fn provider(name: &str) -> Self {
        Self::new(Thing::Provider, name, None)
    }

    /// The stack.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Thing::System, "stack", None)
    }

    fn new(thing: Thing, id: &str, name: Option<&str>) -> Self {
        let plain = |text: &str| plain(text, NAME_CHARS_MAX);
        Self { thing, id: plain(id), name: name.map(plain) }
    }

    /// What people call it.
    #[must_use]
    pub fn called(&self) -> &str {
        match (&self.name, self.thing) {
            (Some(name), _) => name,
            (None, Thing::System) => "The stack",
            (None, Thing::Mailbox | Thing::Domain | Thing::Ip | Thing::Tenant | Thing::Provider) => &self.id,
        }
    }
}

/// A state change, as it stands on the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Version of the schema.
    pub v: u32,
    /// Known again: the same for every publication of this change, different for every other.
    pub id: String,
    /// What happened.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// Whose it is; absent: the stack's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// What it happened to.
    pub subject: Subject,
    /// When.
    pub at: Timestamp,
    /// By which rule.
    pub rule: String,
    /// What the rule looked at.
    pub numbers: BTreeMap<String, f64>,
    /// The same in plain words.
    pub text: String,
    /// The id of another change that says as much to people: what else one decision changed. Programs are told both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
}

impl Change {
    /// A change. Its severity is its kind's, its words follow from the rest, and its id from kind, owner, subject and
    /// instant. `at` is when the state changed, not when it was looked at: a condition that lasts and is published again
    /// keeps its `at`, and so its id.
    #[must_use]
    pub fn new(
        kind: Kind,
        tenant: Option<&TenantId>,
        subject: Subject,
        at: Timestamp,
        rule: &str,
        numbers: &[(&str, f64)],
    ) -> Self {
        let rule = plain(rule, NAME_CHARS_MAX);
        // What is no number cannot be written as JSON.
        let finite = numbers.iter().filter(|(_, value)| value.is_finite()).take(NUMBERS_MAX);
        let numbers: BTreeMap<String, f64> =
            finite.map(|&(name, value)| (plain(name, NAME_CHARS_MAX), value)).collect();
        let text = words(kind, &subject, &rule, &numbers);
        let id = id_of(kind.name(), tenant, &subject, &at.to_string());
        Self {
            v: VERSION,
            id,
            kind,
            severity: kind.severity(),
            tenant: tenant.cloned(),
            subject,
            at,
            rule,
            numbers,
            text,
            part_of: None,
        }
    }

    /// The same change in other words than those made from its parts.
    #[must_use]
    pub fn saying(mut self, text: &str) -> Self {
        self.text = plain(text, TEXT_CHARS_MAX);
        self
    }

    /// The same change, better or worse than its kind usually is.
    #[must_use]
    pub fn weighing(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same change as a part of another, of which people are told instead.
    #[must_use]
    pub fn part_of(mut self, whole: &Self) -> Self {
        self.part_of = Some(whole.id.clone());
        self
    }

    /// The same change under an id that follows from `occasion` (a date, the number of a decision) in place of its
    /// instant: for those who find the same change again at another time.
    #[must_use]
    pub fn on(mut self, occasion: &str) -> Self {
        self.id = id_of(self.kind.name(), self.tenant.as_ref(), &self.subject, occasion);
        self
    }

    /// Reads a change from the bus.
    ///
    /// # Errors
    /// Not JSON of this form, or of a version that this program does not read.
    pub fn parse(json: &str) -> Result<Self, MessageError> {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        let malformed = |error: serde_json::Error| MessageError::Malformed(error.to_string());
        match serde_json::from_str::<Head>(json).map_err(malformed)?.v {
            VERSION => serde_json::from_str(json).map_err(malformed),
            other => Err(MessageError::Version(other)),
        }
    }
}

/// `chg_` and 128 bits of a hash in hex. `what`: a kind's name, or that of a family of which the occasion says more.
fn id_of(what: &str, tenant: Option<&TenantId>, subject: &Subject, occasion: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"preheat change 1");
    let thing = format!("{:?}", subject.thing);
    for part in [what, tenant.map_or("", TenantId::as_str), &thing, &subject.id, occasion] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest[..16].iter().fold("chg_".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

fn words(kind: Kind, subject: &Subject, rule: &str, numbers: &BTreeMap<String, f64>) -> String {
    let mut text = format!("{} {}.", subject.called(), kind.words());
    if !rule.is_empty() {
        text.push_str(&format!(" Rule: {rule}."));
    }
    if !numbers.is_empty() {
        let list: Vec<String> =
            numbers.iter().map(|(name, value)| format!("{} {}", name.replace('_', " "), shown(*value))).collect();
        text.push_str(&format!(" Numbers: {}.", list.join(", ")));
    }
    plain(&text, TEXT_CHARS_MAX)
}

/// At most three digits behind the point, and none that say nothing.
fn shown(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// One line, without control characters, of at most `max` characters.
fn plain(text: &str, max: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(max).collect()
}
