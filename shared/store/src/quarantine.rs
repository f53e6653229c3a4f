//! What came in, was authentic, and could not be an event: kept aside with the reason, whole, for those who mend the reader.
//!
//! An item of DynamoDB holds 400 KB, a request more: what is longer lies in several, and the first of them, which says how
//! many there are, is written last.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use preheat_core::event::Reporter;

use crate::error::StoreError;
use crate::events::digest;
use crate::item::{Fields, Item, Unreadable, instant, number, text};
use crate::keys::{Key, quarantine_pk};
use crate::plan_row::reason_text;
use crate::store::Store;
use crate::table::TTL;

/// How long it is kept, in days: it names people. Ours.
const KEPT_DAYS: i64 = 30;
/// How much of it lies in one item, in bytes: below DynamoDB's 400 KB with everything beside it.
const PART_BYTES_MAX: usize = 350_000;

/// Something that was kept aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Who sent it.
    pub provider: Reporter,
    /// Why it is no event.
    pub reason: String,
    /// What it was, without what proves its sender.
    pub raw: String,
    /// When it came in.
    pub received_at: Timestamp,
}

impl Store {
    /// Keeps something aside. The same again is the same items.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn quarantine(&self, account: &str, bad: &Quarantined) -> Result<(), StoreError> {
        let until = bad.received_at + SignedDuration::from_hours(24 * KEPT_DAYS);
        let digest = digest(&[bad.provider.name(), &bad.raw]);
        let (first, further) = parts(&bad.raw);
        for (part, raw) in (1..).zip(&further) {
            let item = Item::from([("raw".to_owned(), text(*raw)), (TTL.to_owned(), number(until.as_second()))]);
            self.put_if_absent(Key::QuarantinePart(account, &digest, part), item).await?;
        }
        let item = Item::from([
            ("p".to_owned(), text(bad.provider.name())),
            ("why".to_owned(), reason_text(&bad.reason)),
            ("raw".to_owned(), text(first)),
            ("parts".to_owned(), number(further.len())),
            ("at".to_owned(), instant(bad.received_at)),
            (TTL.to_owned(), number(until.as_second())),
        ]);
        self.put_if_absent(Key::Quarantine(account, &digest), item).await.map(drop)
    }

    /// What an account's requests left behind.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn quarantined(&self, account: &str) -> Result<Vec<Quarantined>, StoreError> {
        let pk = quarantine_pk(account);
        let mut items = self.query_all(&pk, "").await?;
        read_all(&mut items).map_err(|error| StoreError::Corrupt { key: pk, reason: error.0 })
    }
}

/// The text in parts that an item can hold each, the first by itself.
fn parts(raw: &str) -> (&str, Vec<&str>) {
    let (first, mut rest) = cut(raw);
    let mut further = Vec::new();
    while !rest.is_empty() {
        let (part, behind) = cut(rest);
        further.push(part);
        rest = behind;
    }
    (first, further)
}

fn cut(text: &str) -> (&str, &str) {
    let end = (0..=PART_BYTES_MAX.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.split_at(end)
}

/// Puts together what lies in several items. A further part without its first was left by a write that broke off.
fn read_all(items: &mut BTreeMap<String, Item>) -> Result<Vec<Quarantined>, Unreadable> {
    let heads: Vec<String> = items.keys().filter(|sk| !sk.contains('#')).cloned().collect();
    let mut read = Vec::with_capacity(heads.len());
    for head in heads {
        let Some(item) = items.remove(&head) else { continue };
        let mut fields = Fields(item);
        let mut raw = fields.text("raw")?;
        let parts: u16 = fields.number_or_none("parts")?.unwrap_or(0);
        for part in 1..=parts {
            let Some(item) = items.remove(&Key::QuarantinePart("", &head, part).sk()) else { break };
            raw.push_str(&Fields(item).text("raw")?);
        }
        read.push(Quarantined {
            provider: fields.text("p")?.parse()?,
            reason: fields.text("why")?,
            raw,
            received_at: fields.instant_or_none("at")?.unwrap_or(Timestamp::UNIX_EPOCH),
        });
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_nothing_of_it_is_lost() {
        assert_eq!(parts(""), ("", vec![]));
        for raw in ["x".repeat(PART_BYTES_MAX), "xä".repeat(PART_BYTES_MAX)] {
            let (first, further) = parts(&raw);
            assert_eq!(format!("{first}{}", further.concat()), raw);
            assert!(first.len() <= PART_BYTES_MAX && further.iter().all(|part| part.len() <= PART_BYTES_MAX));
            assert_eq!(further.is_empty(), raw.len() <= PART_BYTES_MAX);
        }
    }
}
