//! Whose health is to be looked at out of turn: one item a subject, marked in the very transaction that stores a bad event,
//! so the wish cannot get lost; and however many bad events there are, it is one item, and one look.
//!
//! Nobody deletes it: it counts signals given and signals seen, and what has been seen expires.

use aws_sdk_dynamodb::types::Update;
use jiff::{SignedDuration, Timestamp};
use preheat_core::counters::Subject;

use crate::error::{StoreError, unbuilt};
use crate::fleet::BadRow;
use crate::item::{Fields, Item, Unreadable, instant, number, text};
use crate::keys::{Key, LOOKS_PK};
use crate::retry::Patience;
use crate::store::Store;
use crate::table::TTL;

/// How long an unseen signal is kept, in days. The regular look comes every hour, so this is for a governor that is down.
const KEPT_DAYS: i64 = 7;

/// A look that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// At whom.
    pub subject: Subject,
    /// When the last bad event came in.
    pub last_at: Timestamp,
    signals: u64,
}

/// Looks that are due.
#[derive(Debug, Default)]
pub struct Looks {
    /// Those that can be read.
    pub due: Vec<Look>,
    /// Items that cannot: whose they are, the next regular look sees.
    pub unreadable: Vec<BadRow>,
}

impl Store {
    /// The looks that are due, strongly consistent.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn looks(&self) -> Result<Looks, StoreError> {
        let mut looks = Looks::default();
        self.query(LOOKS_PK, "", true, |item| {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
            match read(item) {
                Ok(Some(look)) => looks.due.push(look),
                Ok(None) => {}
                Err(error) => looks.unreadable.push(BadRow { key: format!("{LOOKS_PK}/{sk}"), reason: error.0 }),
            }
        })
        .await?;
        Ok(looks)
    }

    /// The subject was looked at, with every event that had come in when `look` was read. What came since is due again.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn looked(&self, look: &Look, now: Timestamp) -> Result<(), StoreError> {
        let key = Key::Look(&look.subject);
        let call = self
            .update_item(key)
            // Of two who looked at once the one that saw more holds.
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(seen) OR seen < :seen)")
            .update_expression("SET seen = :seen, #ttl = :ttl")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":seen", number(look.signals))
            .expression_attribute_values(":ttl", number((now + SignedDuration::from_hours(24)).as_second()));
        self.update(key, Patience::Usual, call).await.map(drop)
    }

    /// Wishes a look, as a part of a transaction.
    pub(crate) fn wishing(&self, subject: &Subject, signals: u64, now: Timestamp) -> Result<Update, StoreError> {
        let key = Key::Look(subject);
        let until = now + SignedDuration::from_hours(24 * KEPT_DAYS);
        Update::builder()
            .table_name(&*self.table)
            .key("pk", text(key.pk()))
            .key("sk", text(key.sk()))
            .update_expression("SET la = :at, #ttl = :ttl ADD n :n")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":at", instant(now))
            .expression_attribute_values(":ttl", number(until.as_second()))
            .expression_attribute_values(":n", number(signals))
            .build()
            .map_err(|error| unbuilt("TransactWriteItems", &error))
    }
}

fn read(item: Item) -> Result<Option<Look>, Unreadable> {
    let mut fields = Fields(item);
    let signals: u64 = fields.number("n")?;
    let seen: Option<u64> = fields.number_or_none("seen")?;
    if seen.is_some_and(|seen| seen >= signals) {
        return Ok(None);
    }
    let last_at = fields.instant_or_none("la")?.unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Some(Look { subject: fields.text("sk")?.parse()?, last_at, signals }))
}
