//! Reading the fleet: both hot rows of every mailbox, shard by shard.

use preheat_core::day::PlanRow;
use preheat_core::id::MailboxId;
use preheat_core::tick::FleetRow;
use preheat_core::visit::BoxRow;

use crate::box_row;
use crate::error::StoreError;
use crate::item::{Item, Unreadable};
use crate::keys::{HotRow, Key, hot_row, shard_pk};
use crate::plan_row;
use crate::store::Store;

/// The mailboxes of one shard.
#[derive(Debug, Default)]
pub struct Shard {
    /// In the order of their numbers.
    pub rows: Vec<FleetRow>,
    /// Rows that this version cannot read. Their mailboxes are left out; their neighbours are not.
    pub unreadable: Vec<BadRow>,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} cannot be read: {reason}")]
pub struct BadRow {
    /// Its sort key.
    pub key: String,
    /// Why.
    pub reason: String,
}

impl Store {
    /// All mailboxes of a shard, 0 to [`crate::SHARDS`]−1; eventually consistent, half the price: whatever is written on the
    /// strength of it says again what it was read to be.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn shard(&self, shard: u8) -> Result<Shard, StoreError> {
        let mut reader = Reader::default();
        self.query(&shard_pk(shard), "", false, |item| reader.take(item)).await?;
        reader.found.rows.shrink_to_fit();
        Ok(reader.found)
    }

    /// The planning row of a mailbox; `None`: there is no such mailbox.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn plan_row(&self, id: MailboxId) -> Result<Option<PlanRow>, StoreError> {
        let key = Key::Plan(id);
        let row = self.get(key).await?.map(|item| plan_row::from_item(id, item)).transpose();
        row.map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }

    /// The box row of a mailbox; `None`: there is no such mailbox.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn box_row(&self, id: MailboxId) -> Result<Option<BoxRow>, StoreError> {
        let key = Key::Box(id);
        let row = self.get(key).await?.map(box_row::from_item).transpose();
        row.map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }
}

/// Pairs the rows of a partition: a box row comes right before its planning row. One without the other is a mailbox that is
/// just being imported or deleted, and is not there yet or any more.
#[derive(Default)]
struct Reader {
    found: Shard,
    waiting: Option<(MailboxId, Result<BoxRow, Unreadable>)>,
}

impl Reader {
    fn take(&mut self, item: Item) {
        let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
        match hot_row(&sk) {
            Some(HotRow::Box(id)) => self.waiting = Some((id, box_row::from_item(item))),
            Some(HotRow::Plan(id)) => match (self.waiting.take(), plan_row::from_item(id, item)) {
                (Some((of, Ok(box_row))), Ok(plan)) if of == id => self.found.rows.push(FleetRow { plan, box_row }),
                (Some((of, Err(error))), _) if of == id => self.bad(Key::Box(id).sk(), error),
                (_, Err(error)) => self.bad(sk, error),
                (_, Ok(_)) => {}
            },
            None => self.bad(sk, Unreadable("no planning or box row".to_owned())),
        }
    }

    fn bad(&mut self, key: String, error: Unreadable) {
        self.found.unreadable.push(BadRow { key, reason: error.0 });
    }
}
