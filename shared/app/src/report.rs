//! The ground of the reports: both hot rows of every mailbox, and its days that are over. What is made of them is core's
//! business ([`preheat_core::placement`], [`preheat_core::summary`], [`preheat_core::lift`]).
//!
//! Reads every mailbox, whatever tenant is asked about: in a shared pool a tenant's mail is found by others. For an operator's
//! question now and then, not for a page that is looked at all day.

use futures::{StreamExt, TryStreamExt};
use preheat_core::facts::Facts;
use preheat_core::tick::FleetRow;
use preheat_store::{BadRow, SHARDS, Store, StoreError};

/// Shards, or mailboxes, that are read at once.
const AT_ONCE: usize = 16;

/// What was read.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Every mailbox, in the order of their numbers.
    pub facts: Vec<Facts>,
    /// Rows that cannot be read: their mailboxes are left out, and that is said.
    pub unreadable: Vec<BadRow>,
}

/// Reads every mailbox with its days of the last 120 days.
///
/// # Errors
/// The ledger did not answer, or an archive cannot be read.
pub async fn gather(store: &Store) -> Result<Gathered, StoreError> {
    let mut gathered = Gathered::default();
    let mut rows = Vec::new();
    let mut shards = futures::stream::iter((0..SHARDS).map(|shard| store.shard(shard))).buffered(AT_ONCE);
    while let Some(shard) = shards.try_next().await? {
        rows.extend(shard.rows);
        gathered.unreadable.extend(shard.unreadable);
    }
    rows.sort_unstable_by_key(|row: &FleetRow| row.plan.plan.id);
    let all = futures::stream::iter(rows.into_iter().map(|row| facts(store, row))).buffered(AT_ONCE);
    gathered.facts = all.try_collect().await?;
    Ok(gathered)
}

async fn facts(store: &Store, row: FleetRow) -> Result<Facts, StoreError> {
    let id = row.plan.plan.id;
    let (days, finds) = (store.archives(id).await?, store.box_archives(id).await?);
    Ok(Facts { row, days, finds })
}
