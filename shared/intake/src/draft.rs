//! From what an adapter found to an event: addresses, ids and texts are brought into one form, and nothing is longer than it
//! may be.

use std::net::IpAddr;

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp};
use preheat_core::event::{Correlation, Event, Kind, Reporter, Signature};
use serde_json::Value;

use crate::ELEMENTS_MAX;
use crate::field::{Tags, cut};
use crate::key::Key;
use crate::outcome::{Quarantined, Reason};
use crate::reply::Reply;
use crate::{aside, json, salvage};

/// How old an event may be whose sender signs no time (webhooks.md §0): the only guard against replay but the key.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far ahead of us a reporter's clock may go.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How much of what a server said is kept, in bytes.
const DIAGNOSTIC_BYTES_MAX: usize = 1_024;
/// The longest id, in bytes: a header line's limit (RFC 5322 §2.1.1).
const ID_BYTES_MAX: usize = 998;
/// How much of a delivery's digest is kept, in bytes: an event's item stays below a write unit.
const DELIVERY_BYTES: usize = 16;
/// The longest address, in bytes (RFC 5321 §4.5.3.1: 64, `@`, 255).
const ADDRESS_BYTES_MAX: usize = 320;

/// Where events come from and how sure that is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) provider: Reporter,
    pub(crate) account: &'a str,
    pub(crate) received_at: Timestamp,
    pub(crate) signature: Signature,
    /// Whether the events' own times are held against the clock.
    pub(crate) event_age_checked: bool,
    /// The delivery that they stand in.
    pub(crate) delivery: Delivery,
}

/// Which delivery an event stood in, by its raw bytes: enough to find it again in whatever log of its own the operator keeps
/// of requests, and to see which events came together. The bytes themselves are not kept: they hold recipients and, with some
/// providers, subjects and links, of mail that is none of warmup's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery([u8; DELIVERY_BYTES]);

impl Delivery {
    pub(crate) fn of(body: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, body);
        let mut kept = [0; DELIVERY_BYTES];
        kept.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        Self(kept)
    }

    /// `sha256:` and the first 32 hexadecimal digits of the digest.
    fn reference(self) -> String {
        self.0.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// An event in the making: what an adapter found, in the provider's own words.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) key: Key,
    pub(crate) event_id: Option<String>,
    /// An address, alone or with a name.
    pub(crate) recipient: Option<String>,
    /// An address, alone or with a name.
    pub(crate) sender: Option<String>,
    /// An IP address, with a port or without.
    pub(crate) sending_ip: Option<String>,
    /// With angle brackets or without.
    pub(crate) message_id: Option<String>,
    pub(crate) provider_message_id: Option<String>,
    pub(crate) campaign: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) reply: Reply,
    pub(crate) diagnostic: Option<String>,
    pub(crate) occurred_at: Option<Timestamp>,
}

impl Draft {
    pub(crate) fn new(kind: Kind, key: Key) -> Self {
        Self {
            kind,
            key,
            event_id: None,
            recipient: None,
            sender: None,
            sending_ip: None,
            message_id: None,
            provider_message_id: None,
            campaign: None,
            tags: Tags::default(),
            reply: Reply::default(),
            diagnostic: None,
            occurred_at: None,
        }
    }

    fn finish(self, origin: &Origin<'_>) -> Result<Event, Reason> {
        let occurred_at = self.occurred_at.unwrap_or(origin.received_at);
        if origin.event_age_checked {
            let age = origin.received_at.duration_since(occurred_at);
            if age > AGE_MAX {
                return Err(Reason::TooOld);
            }
            if age < -AHEAD_MAX {
                return Err(Reason::InFuture);
            }
        }
        let tags = self.tags.into_vec();
        Ok(Event {
            provider: origin.provider,
            account: origin.account.to_owned(),
            provider_event_id: self.event_id.and_then(|id| bounded(id.trim(), ID_BYTES_MAX)),
            dedupe_key: self.key.into_string(),
            kind: self.kind,
            recipient: self.recipient.as_deref().and_then(address),
            sender: self.sender.as_deref().and_then(address),
            sending_ip: self.sending_ip.as_deref().and_then(ip),
            message_id: self.message_id.as_deref().and_then(message_id),
            provider_message_id: self.provider_message_id.and_then(|id| bounded(id.trim(), ID_BYTES_MAX)),
            correlation: Correlation {
                warmup_id: warmup_id(&tags),
                campaign: self.campaign.and_then(|id| bounded(id.trim(), ID_BYTES_MAX)),
                tags,
            },
            smtp_code: self.reply.code,
            enhanced_code: self.reply.enhanced,
            diagnostic: self.diagnostic.as_deref().and_then(diagnostic),
            occurred_at,
            received_at: origin.received_at,
            signature: origin.signature,
            raw_ref: Some(origin.delivery.reference()),
        })
    }
}

/// What a body becomes: events, and what is kept aside.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    origin: Origin<'a>,
    pub(crate) events: Vec<Event>,
    pub(crate) quarantined: Vec<Quarantined>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(origin: Origin<'a>) -> Self {
        Self { origin, events: Vec::new(), quarantined: Vec::new() }
    }

    /// A body that is an element or an array of elements.
    ///
    /// # Errors
    /// Nothing of it parses, or it is beyond the bounds.
    pub(crate) fn of_json(
        body: &[u8],
        origin: Origin<'a>,
        read: impl Fn(&Value) -> Result<Vec<Draft>, Reason>,
    ) -> Result<Self, Reason> {
        Self::of_json_at(body, origin, |_, element| read(element))
    }

    /// As [`Self::of_json`], with each element's position in the batch, from 0.
    ///
    /// # Errors
    /// Nothing of it parses, or it is beyond the bounds.
    pub(crate) fn of_json_at(
        body: &[u8],
        origin: Origin<'a>,
        read: impl Fn(usize, &Value) -> Result<Vec<Draft>, Reason>,
    ) -> Result<Self, Reason> {
        let mut batch = Self::new(origin);
        let whole = json::each(body, &mut |position, element| {
            let drafts = read(position, &element);
            batch.take(position, drafts, || aside::of_element(element))
        });
        match whole {
            Ok(()) => Ok(batch),
            Err(Reason::Syntax(why)) => match Self::of_parts(salvage::parts(body), origin, read) {
                Ok(batch) if !(batch.events.is_empty() && batch.quarantined.is_empty()) => Ok(batch),
                // Where the whole breaks says more than where its last part does.
                Ok(_) | Err(Reason::Syntax(_)) => Err(Reason::Syntax(why)),
                Err(reason) => Err(reason),
            },
            Err(reason) => Err(reason),
        }
    }

    /// Elements that are read each by itself, as they do not parse together, or lie in different places.
    ///
    /// # Errors
    /// There are some, and none of them parses; or there are too many.
    pub(crate) fn of_parts<'b>(
        parts: impl Iterator<Item = &'b [u8]>,
        origin: Origin<'a>,
        read: impl Fn(usize, &Value) -> Result<Vec<Draft>, Reason>,
    ) -> Result<Self, Reason> {
        let mut batch = Self::new(origin);
        let (mut any, mut failure) = (false, None);
        for (position, part) in parts.enumerate() {
            match salvage::value(part) {
                Ok(element) => {
                    any |= element.is_object();
                    let drafts = read(position, &element);
                    batch.take(position, drafts, || aside::of_element(element))?;
                }
                Err(reason) => {
                    failure = Some(reason.clone());
                    batch.take(position, Err(reason), || aside::of_part(part))?;
                }
            }
        }
        failure.filter(|_| !any).map_or(Ok(batch), Err)
    }

    /// Takes what an element was read as; `raw` is asked only for what goes to quarantine.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn take(
        &mut self,
        position: usize,
        read: Result<Vec<Draft>, Reason>,
        raw: impl FnOnce() -> String,
    ) -> Result<(), Reason> {
        let before = self.events.len();
        let outcome = read.and_then(|drafts| {
            for draft in drafts {
                self.events.push(draft.finish(&self.origin)?);
            }
            Ok(())
        });
        if let Err(reason) = outcome {
            self.events.truncate(before);
            self.quarantined.push(Quarantined { position, reason, raw: raw() });
        }
        if position >= ELEMENTS_MAX || self.events.len() + self.quarantined.len() > ELEMENTS_MAX {
            return Err(Reason::TooMany);
        }
        Ok(())
    }
}

/// The text, if there is any; cut.
fn bounded(text: &str, bytes_max: usize) -> Option<String> {
    let mut text = text.to_owned();
    cut(&mut text, bytes_max);
    (!text.is_empty()).then_some(text)
}

/// The address in `Name <a@b>` or `a@b`, in lower case. What is none (redacted, a placeholder) is nothing.
pub(crate) fn address(text: &str) -> Option<String> {
    let inner = text.rsplit_once('<').map_or(text, |(_, rest)| rest.split('>').next().unwrap_or(rest));
    let address = inner.trim().trim_start_matches("rfc822;").trim();
    let (local, domain) = address.rsplit_once('@')?;
    let sound = !local.is_empty()
        && !domain.is_empty()
        && address.len() <= ADDRESS_BYTES_MAX
        && !address.chars().any(|c| c.is_whitespace() || c.is_control());
    sound.then(|| address.to_lowercase())
}

/// An IP address, without the port that may stand behind it.
fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse().ok().map(|socket: std::net::SocketAddr| socket.ip()))
}

/// A Message-ID without angle brackets. One that is too long is none: cut, it would be another.
fn message_id(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('<').trim_end_matches('>').trim();
    (!bare.is_empty() && bare.len() <= ID_BYTES_MAX).then(|| bare.to_owned())
}

/// One line, cut.
fn diagnostic(text: &str) -> Option<String> {
    let mut line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&mut line, DIAGNOSTIC_BYTES_MAX);
    (!line.is_empty()).then_some(line)
}

/// The warmup token that came back as a header, custom argument or tag: `X-Entity-Ref-ID` is what our mails carry.
fn warmup_id(tags: &[String]) -> Option<String> {
    tags.iter().find_map(|tag| {
        let (name, value) = tag.split_once('=')?;
        let name = name.to_ascii_lowercase().replace('_', "-");
        let ours = matches!(name.as_str(), "x-entity-ref-id" | "x-warmup-id" | "warmup-id" | "preheat-id");
        (ours && !value.is_empty()).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin(checked: bool) -> Origin<'static> {
        Origin {
            provider: Reporter::Postal,
            account: "e1",
            received_at: "2026-01-15T14:23:11Z".parse().unwrap(),
            signature: Signature::None,
            event_age_checked: checked,
            delivery: Delivery::of(b"abc"),
        }
    }

    #[test]
    fn a_delivery_is_named_by_the_digest_of_its_bytes() {
        // FIPS 180-4, appendix B.1, cut.
        let event = at("2026-01-15T14:23:11Z").finish(&origin(true)).unwrap();
        assert_eq!(event.raw_ref.as_deref(), Some("sha256:ba7816bf8f01cfea414140de5dae2223"));
    }

    fn at(text: &str) -> Draft {
        Draft { occurred_at: Some(text.parse().unwrap()), ..Draft::new(Kind::Delivered, Key::given("k")) }
    }

    #[test]
    fn what_is_too_old_or_of_tomorrow_goes_to_quarantine() {
        assert_eq!(at("2026-01-08T14:23:10Z").finish(&origin(true)), Err(Reason::TooOld));
        assert_eq!(at("2026-01-16T14:23:12Z").finish(&origin(true)), Err(Reason::InFuture));
        assert!(at("2026-01-08T14:23:11Z").finish(&origin(true)).is_ok());
        assert!(at("2020-01-08T14:23:11Z").finish(&origin(false)).is_ok());
    }

    #[test]
    fn addresses_are_read_in_every_dress() {
        assert_eq!(address("Jane Roe <Jane@Example.COM>").as_deref(), Some("jane@example.com"));
        assert_eq!(address(" invalid@invalid ").as_deref(), Some("invalid@invalid"));
        assert_eq!(address("\"a@b\" <c@d.example>").as_deref(), Some("c@d.example"));
        for none in ["", "string", "@", "a@", "@b", "a b@c", "redacted"] {
            assert_eq!(address(none), None, "{none}");
        }
    }

    #[test]
    fn other_forms_are_brought_into_one() {
        assert_eq!(ip("10.0.0.1:53210"), "10.0.0.1".parse().ok());
        assert_eq!(ip("[2001:db8::1]:25"), "2001:db8::1".parse().ok());
        assert_eq!(ip("333.33.33.33"), None);
        assert_eq!(message_id(" <a@b> ").as_deref(), Some("a@b"));
        assert_eq!(diagnostic("250 2.0.0 OK\r\n").as_deref(), Some("250 2.0.0 OK"));
        assert_eq!(warmup_id(&["X-Entity-Ref-ID=tok".to_owned()]).as_deref(), Some("tok"));
    }

    #[test]
    fn a_bad_draft_takes_its_element_with_it_and_nothing_else() {
        let mut batch = Batch::new(origin(true));
        batch.take(0, Ok(vec![at("2026-01-15T00:00:00Z")]), String::new).unwrap();
        batch.take(1, Ok(vec![at("2026-01-15T00:00:00Z"), at("2020-01-01T00:00:00Z")]), || "x".repeat(9_999)).unwrap();
        batch.take(2, Err(Reason::Shape("no event")), String::new).unwrap();
        assert_eq!(batch.events.len(), 1);
        assert_eq!(batch.quarantined.iter().map(|bad| bad.position).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(batch.quarantined[0].raw.len(), 9_999, "nothing of it is cut");
        assert_eq!(batch.take(ELEMENTS_MAX, Ok(vec![]), String::new), Err(Reason::TooMany));
    }

    proptest! {
        #[test]
        fn whatever_text_comes_in_is_bounded(text in "\\PC{0,2000}") {
            let draft = Draft {
                recipient: Some(text.clone()),
                message_id: Some(text.clone()),
                provider_message_id: Some(text.clone()),
                diagnostic: Some(text.clone()),
                sending_ip: Some(text),
                ..Draft::new(Kind::Other, Key::given("k"))
            };
            let event = draft.finish(&origin(false)).unwrap();
            prop_assert!(event.diagnostic.is_none_or(|text| text.len() <= DIAGNOSTIC_BYTES_MAX));
            prop_assert!(event.provider_message_id.is_none_or(|id| id.len() <= ID_BYTES_MAX));
            prop_assert!(event.recipient.is_none_or(|address| address.len() <= 2 * ADDRESS_BYTES_MAX));
        }
    }
}
