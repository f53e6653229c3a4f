//! What came in, was authentic, and could not be an event: kept aside with the reason, for those who mend the reader.

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

/// Something that was kept aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Who sent it.
    pub provider: Reporter,
    /// Why it is no event.
    pub reason: String,
    /// What it was, cut to some kilobytes by whoever read it.
    pub raw: String,
    /// When it came in.
    pub received_at: Timestamp,
}

impl Store {
    /// Keeps something aside. The same again is the same item.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn quarantine(&self, account: &str, bad: &Quarantined) -> Result<(), StoreError> {
        let until = bad.received_at + SignedDuration::from_hours(24 * KEPT_DAYS);
        let item = Item::from([
            ("p".to_owned(), text(bad.provider.name())),
            ("why".to_owned(), reason_text(&bad.reason)),
            ("raw".to_owned(), text(&*bad.raw)),
            ("at".to_owned(), instant(bad.received_at)),
            (TTL.to_owned(), number(until.as_second())),
        ]);
        let digest = digest(&[bad.provider.name(), &bad.raw]);
        self.put_if_absent(Key::Quarantine(account, &digest), item).await.map(drop)
    }

    /// What an account's requests left behind.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn quarantined(&self, account: &str) -> Result<Vec<Quarantined>, StoreError> {
        let pk = quarantine_pk(account);
        let items = self.query_all(&pk, "").await?;
        let read: Result<Vec<_>, Unreadable> = items.into_values().map(read).collect();
        read.map_err(|error| StoreError::Corrupt { key: pk, reason: error.0 })
    }
}

fn read(item: Item) -> Result<Quarantined, Unreadable> {
    let mut fields = Fields(item);
    Ok(Quarantined {
        provider: fields.text("p")?.parse()?,
        reason: fields.text("why")?,
        raw: fields.text("raw")?,
        received_at: fields.instant_or_none("at")?.unwrap_or(Timestamp::UNIX_EPOCH),
    })
}
