//! Providers: what the senders report of them during a tick, and the budget that follows for the next.
//!
//! | attribute | holds |
//! |---|---|
//! | `b` | the budget, as JSON |
//! | `t` | start of the tick it was made for, in seconds since 1970 |
//! | `x` | deferred sends since then |

use std::collections::BTreeMap;

use jiff::Timestamp;
use preheat_core::backoff::{ProviderBudget, ProviderReport};
use preheat_core::mailbox::Provider;

use crate::error::StoreError;
use crate::item::{Fields, Item, Unreadable, number, text};
use crate::keys::{Key, PROVIDER_PREFIX, SYSTEM_PK, provider_of};
use crate::retry::Patience;
use crate::store::{Store, Write};

/// A provider's item.
struct Entry {
    budget: ProviderBudget,
    tick_s: Option<i64>,
    deferred: i64,
}

impl Store {
    /// Adds deferred sends to what a provider did in this tick: 421, another 4xx, "too many", no connection. Written for
    /// deferred mails only, never for those that went well. Where an answer is lost one may count twice: a budget is a damper,
    /// not a ledger.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn report_provider(&self, provider: Provider, deferred: u32) -> Result<(), StoreError> {
        let key = Key::Provider(provider);
        let call = self
            .update_item(key)
            .update_expression("ADD x :deferred")
            .expression_attribute_values(":deferred", number(deferred));
        self.update(key, Patience::Usual, call).await.map(drop)
    }

    /// The budgets as they stand. A provider without an item has the whole.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn provider_budgets(&self) -> Result<BTreeMap<Provider, ProviderBudget>, StoreError> {
        Ok(self.provider_entries().await?.into_iter().map(|(provider, entry)| (provider, entry.budget)).collect())
    }

    /// The budgets of the tick that starts at `tick`: made from the last ones and what was reported since, once a tick,
    /// however often the tick is planned. `attempted`: sends of the last tick by provider, which the deferrals are measured
    /// against. Providers that are well and quiet cost no write.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn turn_provider_budgets(
        &self,
        tick: Timestamp,
        attempted: &BTreeMap<Provider, u32>,
    ) -> Result<BTreeMap<Provider, ProviderBudget>, StoreError> {
        let mut budgets = BTreeMap::new();
        for (provider, entry) in self.provider_entries().await? {
            budgets
                .insert(provider, self.turn_provider(provider, entry, tick, attempted.get(&provider).copied()).await?);
        }
        Ok(budgets)
    }

    async fn turn_provider(
        &self,
        provider: Provider,
        entry: Entry,
        tick: Timestamp,
        attempted: Option<u32>,
    ) -> Result<ProviderBudget, StoreError> {
        let is_quiet = entry.deferred == 0 && entry.budget == ProviderBudget::default();
        if is_quiet || entry.tick_s.is_some_and(|turned| turned >= tick.as_second()) {
            return Ok(entry.budget);
        }
        let deferred = u32::try_from(entry.deferred).unwrap_or_default();
        let budget = entry.budget.on_tick(ProviderReport { at: tick, planned: attempted, deferred });
        let key = Key::Provider(provider);
        let corrupt = |reason: String| StoreError::Corrupt { key: key.text(), reason };
        let json = serde_json::to_string(&budget).map_err(|error| corrupt(error.to_string()))?;
        let call = self
            .update_item(key)
            // What was reported since the item was read stays for the next tick.
            .update_expression("SET b = :b, t = :t ADD x :seen")
            .condition_expression("attribute_not_exists(t) OR t < :t")
            .expression_attribute_values(":b", text(json))
            .expression_attribute_values(":t", number(tick.as_second()))
            .expression_attribute_values(":seen", number(-entry.deferred));
        match self.update(key, Patience::Usual, call).await? {
            Write::Done(_) => Ok(budget),
            Write::Refused(item) => Ok(read(item).map_err(|error| corrupt(error.0))?.budget),
        }
    }

    async fn provider_entries(&self) -> Result<BTreeMap<Provider, Entry>, StoreError> {
        let items = self.query_all(SYSTEM_PK, PROVIDER_PREFIX).await?;
        let mut entries = BTreeMap::new();
        for (name, item) in items {
            let corrupt = |reason: String| StoreError::Corrupt { key: format!("{PROVIDER_PREFIX}{name}"), reason };
            let provider = provider_of(&name).ok_or_else(|| corrupt("not a known provider".to_owned()))?;
            entries.insert(provider, read(item).map_err(|error| corrupt(error.0))?);
        }
        Ok(entries)
    }
}

fn read(item: Item) -> Result<Entry, Unreadable> {
    let mut fields = Fields(item);
    let budget = match fields.text_or_none("b")? {
        None => ProviderBudget::default(),
        Some(json) => serde_json::from_str(&json)?,
    };
    Ok(Entry { budget, tick_s: fields.number_or_none("t")?, deferred: fields.number_or_none("x")?.unwrap_or_default() })
}
