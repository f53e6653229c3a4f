//! The queue messages. A message says exactly what to do; its consumer chooses nothing (architecture.md, rule 2).
//!
//! Every message carries its version `v`. A consumer accepts its own version and the one before; any other is poison
//! and goes to the dead-letter queue with that reason, so that two versions can run side by side in a deployment.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{Address, MailboxId, SlotId, TenantId};

/// The version this program writes.
pub const VERSION: u32 = 1;

/// Why a message cannot be worked on, ever: it goes to the dead letters with this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not JSON, or not of this form.
    #[error("the message does not parse: {0}")]
    Malformed(String),
    /// Another version than this program reads.
    #[error("the message has version {0}; this program reads {VERSION}")]
    Version(u32),
}

/// Sends of one mailbox, due together (queue `sends`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendBatch {
    /// Version of the message.
    pub v: u32,
    /// Whose mailbox.
    pub tenant: TenantId,
    /// Which mailbox sends.
    pub mailbox: MailboxId,
    /// What to send, in order.
    pub orders: Vec<SendOrder>,
}

/// One send, decided in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SendOrder {
    /// Which slot it fills.
    pub slot: SlotId,
    /// To which mailbox.
    pub partner: MailboxId,
    /// To which address.
    pub to: Address,
    /// When it is due.
    pub due_at: Timestamp,
    /// From this moment on it must not be sent any more: the tick or the window is over, and the fan-out plans anew.
    pub not_after: Timestamp,
    /// Opening or reply.
    pub content: Content,
}

/// What a send says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// The first mail of a thread. Its conversation follows from the slot.
    Opening,
    /// A later one.
    Reply {
        /// The thread so far, oldest first; the last is the mail replied to.
        chain: Vec<SlotId>,
        /// The parent's Message-ID where a provider rewrote ours. Without angle brackets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rewritten_id: Option<String>,
    },
}

/// One IMAP session with a mailbox (queue `visits`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitOrder {
    /// Version of the message.
    pub v: u32,
    /// Whose mailbox.
    pub tenant: TenantId,
    /// Which mailbox is visited.
    pub mailbox: MailboxId,
    /// The mailbox's local date.
    pub date: Date,
    /// Which visit of that date, from 0.
    pub visit: u8,
    /// The last of the day: everything found is read and filed, whatever its delay.
    pub last_of_day: bool,
    /// From this moment on the visit is dropped: a later one does its work.
    pub not_after: Timestamp,
    /// Sends of others to this mailbox whose fate is unknown: search for each in every folder.
    pub search: Vec<Search>,
}

/// An ambiguous send to look for in the recipient's mailbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Which send.
    pub slot: SlotId,
    /// The sender's address: its domain stands in the Message-ID.
    pub from: Address,
    /// Since when it has been ambiguous. Not found a grace period after that: it may be planned again.
    pub since: Timestamp,
}

fn parse<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, MessageError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u32,
    }
    let versioned: Versioned =
        serde_json::from_str(body).map_err(|error| MessageError::Malformed(error.to_string()))?;
    if !(VERSION.saturating_sub(1)..=VERSION).contains(&versioned.v) {
        return Err(MessageError::Version(versioned.v));
    }
    serde_json::from_str(body).map_err(|error| MessageError::Malformed(error.to_string()))
}

impl SendBatch {
    /// Reads a message of the queue `sends`.
    ///
    /// # Errors
    /// It does not parse, or has a version this program does not read.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        parse(body)
    }
}

impl VisitOrder {
    /// Reads a message of the queue `visits`.
    ///
    /// # Errors
    /// It does not parse, or has a version this program does not read.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        parse(body)
    }
}

/// What the governor's schedules hand it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GovernOrder {
    /// Version of the message.
    pub v: u32,
    /// At whom it is to look.
    pub look: Look,
}

/// At whom the governor looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// Those of whom something bad was reported, and those that are watched.
    Due,
    /// Everybody.
    Hourly,
    /// Everybody, and the work of the day.
    Daily,
}

impl GovernOrder {
    /// Reads what a schedule handed over.
    ///
    /// # Errors
    /// It does not parse, or has a version this program does not read.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        parse(body)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::date_of;

    fn slot() -> impl Strategy<Value = SlotId> {
        (any::<u32>(), 0..20_000_u16, any::<u16>()).prop_map(|(mailbox, day, k)| SlotId {
            mailbox: MailboxId(mailbox),
            date: date_of(day),
            k,
        })
    }
    fn moment() -> impl Strategy<Value = Timestamp> {
        (0..4_000_000_000_i64, 0..1_000_000_000).prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
    }
    fn address() -> impl Strategy<Value = Address> {
        "[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}@[a-z]{1,8}\\.(com|co\\.uk|example)".prop_map(|text| text.parse().unwrap())
    }
    fn name() -> impl Strategy<Value = TenantId> {
        "[a-z0-9-]{1,40}".prop_map(|text| text.parse().unwrap())
    }
    fn content() -> impl Strategy<Value = Content> {
        let reply = (prop::collection::vec(slot(), 1..6), prop::option::of("\\PC{1,40}"));
        prop_oneof![
            Just(Content::Opening),
            reply.prop_map(|(chain, rewritten_id)| Content::Reply { chain, rewritten_id })
        ]
    }
    fn order() -> impl Strategy<Value = SendOrder> {
        (slot(), any::<u32>(), address(), moment(), moment(), content()).prop_map(
            |(slot, partner, to, due_at, not_after, content)| SendOrder {
                slot,
                partner: MailboxId(partner),
                to,
                due_at,
                not_after,
                content,
            },
        )
    }
    fn search() -> impl Strategy<Value = Search> {
        (slot(), address(), moment()).prop_map(|(slot, from, since)| Search { slot, from, since })
    }

    proptest! {
        #[test]
        fn a_send_batch_is_read_as_it_was_written(
            tenant in name(), mailbox: u32, orders in prop::collection::vec(order(), 0..5),
        ) {
            let batch = SendBatch { v: VERSION, tenant, mailbox: MailboxId(mailbox), orders };
            let body = serde_json::to_string(&batch).unwrap();
            prop_assert_eq!(SendBatch::parse(&body), Ok(batch));
        }

        #[test]
        fn a_visit_order_is_read_as_it_was_written(
            tenant in name(), mailbox: u32, day in 0..20_000_u16, visit: u8, last_of_day: bool, not_after in moment(),
            search in prop::collection::vec(search(), 0..5),
        ) {
            let (mailbox, date) = (MailboxId(mailbox), date_of(day));
            let order = VisitOrder { v: VERSION, tenant, mailbox, date, visit, last_of_day, not_after, search };
            let body = serde_json::to_string(&order).unwrap();
            prop_assert_eq!(VisitOrder::parse(&body), Ok(order));
        }

        #[test]
        fn any_text_is_read_or_refused_with_its_reason(body in "\\PC{0,80}") {
            prop_assert!(matches!(SendBatch::parse(&body), Err(MessageError::Malformed(_))));
            prop_assert!(matches!(VisitOrder::parse(&body), Err(MessageError::Malformed(_))));
        }
    }

    /// Written down once, as the version 1 in the queues of a running stack looks: it must be read as long as this
    /// program reads version 1, whatever is renamed here.
    const BATCH: &str = r#"{"v":1,"tenant":"acme","mailbox":"mb-1a","orders":[{"slot":"mb-1a/2026-03-02/7",
        "partner":"mb-2","to":"ann@acme.example","due_at":"2026-03-02T09:00:00Z","not_after":"2026-03-02T09:15:00Z",
        "content":"opening"},{"slot":"mb-1a/2026-03-02/8","partner":"mb-3","to":"bob@acme.example",
        "due_at":"2026-03-02T09:02:00Z","not_after":"2026-03-02T09:15:00Z",
        "content":{"reply":{"chain":["mb-3/2026-03-01/0"],"rewritten_id":"x@y"}}}]}"#;
    const VISIT: &str = r#"{"v":1,"tenant":"acme","mailbox":"mb-1a","date":"2026-03-02","visit":4,"last_of_day":true,
        "not_after":"2026-03-02T20:30:00Z","search":[{"slot":"mb-3/2026-03-01/0","from":"bob@acme.example",
        "since":"2026-03-02T09:02:00Z"}]}"#;

    #[test]
    fn the_form_in_the_queues_is_read() {
        let batch = SendBatch::parse(BATCH).unwrap();
        assert_eq!((batch.mailbox, batch.orders.len()), (MailboxId(46), 2));
        assert_eq!(batch.orders[0].content, Content::Opening);
        let chain = vec!["mb-3/2026-03-01/0".parse().unwrap()];
        assert_eq!(batch.orders[1].content, Content::Reply { chain, rewritten_id: Some("x@y".to_owned()) });
        let visit = VisitOrder::parse(VISIT).unwrap();
        assert_eq!((visit.visit, visit.last_of_day, visit.search.len()), (4, true, 1));
        // What a later minor change adds is not looked at.
        assert_eq!(SendBatch::parse(&BATCH.replacen('{', r#"{"new":[1],"#, 1)), Ok(batch));
    }

    #[test]
    fn this_version_and_the_one_before_are_read_and_no_other() {
        let with = |body: &str, v: u64| body.replace(r#""v":1"#, &format!(r#""v":{v}"#));
        for v in [VERSION - 1, VERSION] {
            assert_eq!(SendBatch::parse(&with(BATCH, v.into())).map(|batch| batch.v), Ok(v));
            assert_eq!(VisitOrder::parse(&with(VISIT, v.into())).map(|order| order.v), Ok(v));
        }
        for v in [VERSION + 1, VERSION + 2, u32::MAX] {
            assert_eq!(SendBatch::parse(&with(BATCH, v.into())), Err(MessageError::Version(v)));
            let refused = VisitOrder::parse(&with(VISIT, v.into())).unwrap_err();
            assert_eq!(refused.to_string(), format!("the message has version {v}; this program reads {VERSION}"));
        }
        assert!(matches!(SendBatch::parse(&with(BATCH, 1 << 40)), Err(MessageError::Malformed(_))));
        // A version is asked before anything else, so that a newer form is not called malformed.
        assert_eq!(SendBatch::parse(r#"{"v":9,"orders":7}"#), Err(MessageError::Version(9)));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let cases = [
            (BATCH.replace(r#""v":1,"#, ""), "missing field `v`"),
            (BATCH.replace(r#""tenant":"acme","#, ""), "missing field `tenant`"),
            (BATCH.replace("mb-1a/2026-03-02/7", "mb-1a/2026-02-30/7"), "not a slot id"),
            (BATCH.replace("ann@acme.example", "ann@acme.example\\r\\nRCPT TO:<x@y.example>"), "not a valid address"),
            (BATCH.replace(r#""opening""#, r#""closing""#), "unknown variant `closing`"),
            (BATCH.replace("2026-03-02T09:15:00Z", "soon"), "four digit integer as year"),
            (BATCH[..60].to_owned(), "EOF"),
        ];
        for (body, reason) in cases {
            match SendBatch::parse(&body) {
                Err(MessageError::Malformed(text)) => assert!(text.contains(reason), "{text} does not say {reason}"),
                other => panic!("{reason}: {other:?}"),
            }
        }
        let number = VISIT.replace(r#""visit":4"#, r#""visit":256"#);
        assert!(matches!(VisitOrder::parse(&number), Err(MessageError::Malformed(_))));
    }
}
