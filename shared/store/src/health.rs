//! Health rows: where each mailbox stands, its scores, its last days. Read by the governor for the whole fleet, written on
//! change and once a day.
//!
//! | attribute | holds |
//! |---|---|
//! | `g` | grows with every write: a write on the strength of an older one is refused |
//! | `v` | number of the last decision that was carried out and told |
//! | `s`, `c` | standing and scores, as JSON |
//! | `y` | the days ([`preheat_core::health::days_text`]) |
//! | `n` | sent before them |
//! | `e` | an emergency that has not reached the whole domain yet |
//! | `r` | until which local date the days were rolled up |
//! | `f` | from which local date on days count, where warmup was begun anew |

use std::collections::BTreeMap;

use preheat_core::health::{DaysText, HealthRow, days_text};
use preheat_core::id::MailboxId;

use crate::error::StoreError;
use crate::fleet::BadRow;
use crate::item::{Fields, Item, Unreadable, number, text};
use crate::keys::{Key, health_pk};
use crate::plan_row::date_text;
use crate::store::{Store, Write};

/// A health row as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthSeen {
    /// What it says.
    pub row: HealthRow,
    /// Which write it is of; 0: there is none yet.
    generation: u64,
}

impl HealthSeen {
    /// A row that is not in the ledger yet.
    #[must_use]
    pub fn absent(row: HealthRow) -> Self {
        Self { row, generation: 0 }
    }

    /// Whether it is not in the ledger yet.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.generation == 0
    }
}

/// The health rows of a part of the fleet.
#[derive(Debug, Default)]
pub struct HealthPart {
    /// By mailbox.
    pub rows: BTreeMap<MailboxId, HealthSeen>,
    /// Rows that cannot be read: their mailboxes are left alone.
    pub unreadable: BTreeMap<MailboxId, BadRow>,
}

impl Store {
    /// The health rows of a part of the fleet, 0 to [`crate::HEALTH_PARTS`]−1. Eventually consistent: every write says again what
    /// was read.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn health_part(&self, part: u8) -> Result<HealthPart, StoreError> {
        let mut found = HealthPart::default();
        self.query(&health_pk(part), "", false, |item| {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
            let Ok(id) = u32::from_str_radix(&sk, 16).map(MailboxId) else { return };
            match from_item(item) {
                Ok(seen) => drop(found.rows.insert(id, seen)),
                Err(error) => drop(found.unreadable.insert(id, BadRow { key: sk, reason: error.0 })),
            }
        })
        .await?;
        Ok(found)
    }

    /// The health row of a mailbox, strongly consistent; `None`: it was never looked at.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn health(&self, id: MailboxId) -> Result<Option<HealthSeen>, StoreError> {
        let key = Key::Health(id);
        let seen = self.get(key).await?.map(from_item).transpose();
        seen.map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }

    /// Writes a health row in place of the one that was read: 1 write unit. `None`: somebody else was faster; what they
    /// wrote is read at the next look.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn put_health(
        &self,
        id: MailboxId,
        seen: &HealthSeen,
        row: HealthRow,
    ) -> Result<Option<HealthSeen>, StoreError> {
        let key = Key::Health(id);
        let new = HealthSeen { row, generation: seen.generation + 1 };
        let item = to_item(&new).map_err(|reason| StoreError::Corrupt { key: key.text(), reason })?;
        let call = self.put_item(key, item).condition_expression(if seen.is_absent() {
            "attribute_not_exists(pk)"
        } else {
            "g = :g"
        });
        let call =
            if seen.is_absent() { call } else { call.expression_attribute_values(":g", number(seen.generation)) };
        match self.put(key, call).await? {
            Write::Done(_) => Ok(Some(new)),
            // A repeat after a lost answer meets its own row.
            Write::Refused(item) => Ok(from_item(item).ok().filter(|standing| *standing == new)),
        }
    }
}

fn to_item(seen: &HealthSeen) -> Result<Item, String> {
    let row = &seen.row;
    let mut item = Item::from([
        ("g".to_owned(), number(seen.generation)),
        ("v".to_owned(), number(row.seq)),
        ("s".to_owned(), text(serde_json::to_string(&row.standing).map_err(|error| error.to_string())?)),
        ("y".to_owned(), text(days_text(&row.days))),
        ("n".to_owned(), number(row.sent_before)),
    ]);
    if let Some(scores) = row.scores {
        item.insert("c".to_owned(), text(serde_json::to_string(&scores).map_err(|error| error.to_string())?));
    }
    if let Some(seq) = row.spreading {
        item.insert("e".to_owned(), number(seq));
    }
    if let Some(date) = row.rolled_to {
        item.insert("r".to_owned(), date_text(date));
    }
    if let Some(date) = row.counts_from {
        item.insert("f".to_owned(), date_text(date));
    }
    Ok(item)
}

fn from_item(item: Item) -> Result<HealthSeen, Unreadable> {
    let mut fields = Fields(item);
    let DaysText(days) = fields.text("y")?.parse()?;
    let row = HealthRow {
        seq: fields.number("v")?,
        standing: serde_json::from_str(&fields.text("s")?)?,
        scores: fields.text_or_none("c")?.map(|json| serde_json::from_str(&json)).transpose()?,
        days,
        sent_before: fields.number("n")?,
        spreading: fields.number_or_none("e")?,
        rolled_to: fields.text_or_none("r")?.map(|date| date.parse()).transpose()?,
        counts_from: fields.text_or_none("f")?.map(|date| date.parse()).transpose()?,
    };
    Ok(HealthSeen { row, generation: fields.number("g")? })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use preheat_core::health::{DayTally, ROW_DAYS_MAX, Scores, Tally};
    use preheat_core::id::date_of;
    use preheat_core::lifecycle::{Pause, Standing};
    use preheat_core::mailbox::{Provider, State};

    use super::*;
    use crate::item::item_size;

    /// A mailbox with much to tell: ten days, mail to three providers, trouble with each, paused.
    fn full() -> HealthRow {
        let tally = |sent| Tally {
            sent,
            inbox: sent - 4,
            spam: 1,
            promotions: 1,
            missing: 1,
            bounced: 1,
            read: sent - 3,
            ..Tally::default()
        };
        let day = |number| DayTally {
            target: 40,
            by_provider: [(Provider::Gmail, tally(16)), (Provider::Microsoft, tally(14)), (Provider::Other, tally(10))]
                .into(),
            reported_bounces: 1,
            reported_attempts: 75,
            ..DayTally::new(date_of(number))
        };
        let at: Timestamp = "2026-03-02T18:45:10Z".parse().unwrap();
        let date = Some(date_of(2_257));
        HealthRow {
            seq: 120,
            standing: Standing {
                pause: Some(Pause::Hand),
                low_since: Some(at),
                counted_from: date,
                pauses: 2,
                paused_on: date,
                unproven: true,
                ..Standing::first(State::Paused, at)
            },
            scores: Some(Scores {
                deliverability: 100,
                heat: 100,
                score: 100,
                ready: false,
                estimated_ready: date,
                uncapped: None,
            }),
            days: (2_248..).take(ROW_DAYS_MAX).map(day).collect(),
            sent_before: 12_345,
            spreading: None,
            rolled_to: date,
            counts_from: date,
        }
    }

    #[test]
    fn ten_days_stay_under_1_kb() {
        let mut item = to_item(&HealthSeen { row: full(), generation: 10_000 }).unwrap();
        let key = Key::Health(MailboxId(987_654));
        item.insert("pk".to_owned(), text(key.pk()));
        item.insert("sk".to_owned(), text(key.sk()));
        let size = item_size(&item);
        assert!(size <= 1024, "{size} bytes");
    }

    #[test]
    fn a_row_reads_back() {
        let seen = HealthSeen { row: full(), generation: 7 };
        assert_eq!(from_item(to_item(&seen).unwrap()), Ok(seen));
        let first = HealthSeen { row: HealthRow::first(State::New, Timestamp::UNIX_EPOCH), generation: 1 };
        assert_eq!(from_item(to_item(&first).unwrap()), Ok(first));
    }
}
