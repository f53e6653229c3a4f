//! Days that are over: what was planned, what became of it, what was missed and why. Each is one JSON text, written once at
//! the turn of the day, and changed only where a search settles one of its ambiguous slots.

use jiff::Timestamp;
use jiff::civil::Date;
use preheat_core::day::{SlotState, slot_ref};
use preheat_core::id::{MailboxId, SlotId};
use preheat_core::turn::{BoxArchive, DayArchive};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::fleet::BadRow;
use crate::item::{Fields, Item, number, text};
use crate::keys::{BOX_DAY_PREFIX, DAY_PREFIX, Key, mailbox_pk};
use crate::plan_row::cut;
use crate::retry::Patience;
use crate::store::Store;
use crate::table::TTL;

/// How long a day is kept, in days. Ours: a season can be looked back upon, and the cost stays nothing.
const KEPT_DAYS: i64 = 120;
/// How often an archive that changes under a writer is read again.
const TRIES_MAX: u32 = 4;

/// How an ambiguous slot of a day that is over ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Settle<'a> {
    /// It was sent after all.
    Sent,
    /// The recipient's mailbox was searched, and it is not there: missed.
    Absent,
    /// The server had refused it: nobody makes up for it any more.
    Rejected(&'a str),
    /// The server had refused its address.
    Bounced(&'a str),
    /// It was never sent, and its day is over: missed.
    Unsent(&'a str),
}

/// Archived days, as far as they can be read.
#[derive(Debug)]
pub struct Readable<T> {
    /// Those that can, oldest first.
    pub days: Vec<T>,
    /// Those that cannot.
    pub unreadable: Vec<BadRow>,
}

impl Store {
    /// The days of a mailbox that are over, oldest first; those of the last 120 days.
    ///
    /// # Errors
    /// The ledger did not answer, or an archive cannot be read.
    pub async fn archives(&self, id: MailboxId) -> Result<Vec<DayArchive>, StoreError> {
        self.read_archives(id, DAY_PREFIX).await
    }

    /// What a mailbox received on the days that are over, oldest first.
    ///
    /// # Errors
    /// As for [`Store::archives`].
    pub async fn box_archives(&self, id: MailboxId) -> Result<Vec<BoxArchive>, StoreError> {
        self.read_archives(id, BOX_DAY_PREFIX).await
    }

    /// One day of a mailbox that is over; `None`: there is none.
    ///
    /// # Errors
    /// As for [`Store::archives`].
    pub async fn archive_of(&self, id: MailboxId, date: Date) -> Result<Option<DayArchive>, StoreError> {
        let key = Key::Day(id, date);
        let day = self.get(key).await?.map(read).transpose();
        day.map_err(|reason| StoreError::Corrupt { key: key.text(), reason })
    }

    /// The days of a mailbox that are over, from `date` on, oldest first. One that cannot be read is left out, and named.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn archives_since(&self, id: MailboxId, date: Date) -> Result<Readable<DayArchive>, StoreError> {
        self.read_since(id, DAY_PREFIX, date).await
    }

    /// What a mailbox received on the days that are over, from `date` on, oldest first. As [`Store::archives_since`].
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn box_archives_since(&self, id: MailboxId, date: Date) -> Result<Readable<BoxArchive>, StoreError> {
        self.read_since(id, BOX_DAY_PREFIX, date).await
    }

    async fn read_since<T: DeserializeOwned>(
        &self,
        id: MailboxId,
        prefix: &str,
        date: Date,
    ) -> Result<Readable<T>, StoreError> {
        let pk = mailbox_pk(id);
        let mut found = Readable { days: Vec::new(), unreadable: Vec::new() };
        // `~` sorts behind every digit, so behind every date.
        let range = (format!("{prefix}{date}"), format!("{prefix}~"));
        self.query_between(&pk, (&range.0, &range.1), |item| {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
            match read(item) {
                Ok(day) => found.days.push(day),
                Err(reason) => found.unreadable.push(BadRow { key: format!("{pk}/{sk}"), reason }),
            }
        })
        .await?;
        Ok(found)
    }

    async fn read_archives<T: DeserializeOwned>(&self, id: MailboxId, prefix: &str) -> Result<Vec<T>, StoreError> {
        let pk = mailbox_pk(id);
        let days = self.query_all(&pk, prefix).await?;
        days.into_iter()
            .map(|(date, item)| {
                read(item).map_err(|reason| StoreError::Corrupt { key: format!("{pk}/{prefix}{date}"), reason })
            })
            .collect()
    }

    /// Ends an ambiguous slot of an archived day. False: it is not among the ambiguous ones; somebody was faster.
    pub(crate) async fn settle_archived(&self, slot: SlotId, settle: Settle<'_>) -> Result<bool, StoreError> {
        let settled = self.settle_day(slot, settle).await?;
        // After the archive, so that a crash in between leaves a search that finds everything settled.
        self.close(slot).await?;
        Ok(settled)
    }

    async fn settle_day(&self, slot: SlotId, settle: Settle<'_>) -> Result<bool, StoreError> {
        let key = Key::Day(slot.mailbox, slot.date);
        for _ in 0..TRIES_MAX {
            let Some(item) = self.get(key).await? else { return Ok(false) };
            let corrupt = |reason: String| StoreError::Corrupt { key: key.text(), reason };
            let old = Fields(item).text("j").map_err(|error| corrupt(error.0))?;
            let mut day: DayArchive = serde_json::from_str(&old).map_err(|error| corrupt(error.to_string()))?;
            if !settled(&mut day, slot.k, settle) {
                return Ok(false);
            }
            let new = serde_json::to_string(&day).map_err(|error| corrupt(error.to_string()))?;
            let call = self
                .update_item(key)
                .update_expression("SET j = :new")
                .condition_expression("j = :old")
                .expression_attribute_values(":new", text(new))
                .expression_attribute_values(":old", text(old));
            if self.update(key, Patience::Usual, call).await?.is_done() {
                return Ok(true);
            }
        }
        Err(StoreError::Contended(key.text()))
    }

    /// Takes a slot out of the planning row's list of those still looked for.
    async fn close(&self, slot: SlotId) -> Result<(), StoreError> {
        let key = Key::Plan(slot.mailbox);
        let call = self
            .update_item(key)
            .update_expression("REMOVE op.#slot")
            .condition_expression("attribute_exists(op.#slot)")
            .expression_attribute_names("#slot", slot_ref(slot));
        self.update(key, Patience::Usual, call).await.map(drop)
    }
}

/// An archive as an item, without its key.
pub(crate) fn to_item(archive: &impl Serialize, date: Date) -> Result<Item, StoreError> {
    let json = serde_json::to_string(archive)
        .map_err(|error| StoreError::Corrupt { key: format!("an archive of {date}"), reason: error.to_string() })?;
    Ok(Item::from([("j".to_owned(), text(json)), (TTL.to_owned(), number(expires_s(date)))]))
}

fn read<T: DeserializeOwned>(item: Item) -> Result<T, String> {
    let json = Fields(item).text("j").map_err(|error| error.0)?;
    serde_json::from_str(&json).map_err(|error| error.to_string())
}

/// When an archive may be deleted, in seconds since 1970.
fn expires_s(date: Date) -> i64 {
    let end = date.saturating_add(jiff::Span::new().days(KEPT_DAYS));
    end.to_zoned(jiff::tz::TimeZone::UTC).map_or(Timestamp::MAX.as_second(), |end| end.timestamp().as_second())
}

/// Moves an ambiguous slot to where it belongs, so that the archive's sum still holds; false: it is not ambiguous (any more).
fn settled(day: &mut DayArchive, k: u16, settle: Settle<'_>) -> bool {
    let Some(&SlotState::Ambiguous { partner, .. }) = day.slots.get(&k) else { return false };
    let reason = match settle {
        Settle::Sent => return day.resolve(k, true),
        Settle::Absent => return day.resolve(k, false),
        Settle::Rejected(reason) => {
            day.slots.insert(k, SlotState::Rejected { partner });
            reason
        }
        Settle::Bounced(reason) => {
            day.slots.insert(k, SlotState::Bounced { partner });
            reason
        }
        Settle::Unsent(reason) => {
            day.slots.remove(&k);
            reason
        }
    };
    *day.missed.entry(cut(reason).to_owned()).or_default() += 1;
    true
}
