//! The ground of the reports: both hot rows of every mailbox, and its days that are over. What is made of them is core's
//! business ([`preheat_core::placement`], [`preheat_core::summary`], [`preheat_core::lift`]).
//!
//! Reads every mailbox, whatever tenant is asked about: in a shared pool a tenant's mail is found by others. For an operator's
//! question now and then, not for a page that is looked at all day.

use futures::{StreamExt, TryStreamExt};
use jiff::civil::Date;
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
    /// Rows and days that cannot be read: they are left out, and that is said.
    pub unreadable: Vec<BadRow>,
}

/// Reads every mailbox with its days from `since` on, and no others: a report of a week does not read a season.
///
/// # Errors
/// The ledger did not answer.
pub async fn gather(store: &Store, since: Date) -> Result<Gathered, StoreError> {
    let mut gathered = Gathered::default();
    let mut rows = Vec::new();
    let mut shards = futures::stream::iter((0..SHARDS).map(|shard| store.shard(shard))).buffered(AT_ONCE);
    while let Some(shard) = shards.try_next().await? {
        rows.extend(shard.rows);
        gathered.unreadable.extend(shard.unreadable);
    }
    rows.sort_unstable_by_key(|row: &FleetRow| row.plan.plan.id);
    let all = futures::stream::iter(rows.into_iter().map(|row| facts(store, row, since)));
    let mut all = all.buffered(AT_ONCE);
    while let Some((facts, unreadable)) = all.try_next().await? {
        gathered.facts.push(facts);
        gathered.unreadable.extend(unreadable);
    }
    Ok(gathered)
}

async fn facts(store: &Store, row: FleetRow, since: Date) -> Result<(Facts, Vec<BadRow>), StoreError> {
    let id = row.plan.plan.id;
    let (days, finds) = (store.archives_since(id, since).await?, store.box_archives_since(id, since).await?);
    let unreadable = days.unreadable.into_iter().chain(finds.unreadable).collect();
    Ok((Facts { row, days: days.days, finds: finds.days }, unreadable))
}
