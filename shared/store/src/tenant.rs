//! What belongs to a tenant as a whole: its limits, and the addresses that nobody of it may write to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use preheat_core::caps::PlanLimits;
use preheat_core::id::{Address, TenantId};

use crate::error::StoreError;
use crate::item::{Fields, Item, instant, text};
use crate::keys::{Key, SUPPRESSED_PREFIX, tenant_pk};
use crate::plan_row::reason_text;
use crate::store::Store;

impl Store {
    /// The limits of a tenant's plan; `None`: none were set.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn tenant_limits(&self, tenant: &TenantId) -> Result<Option<PlanLimits>, StoreError> {
        let key = Key::Tenant(tenant);
        let Some(item) = self.get(key).await? else { return Ok(None) };
        let corrupt = |reason: String| StoreError::Corrupt { key: key.text(), reason };
        let json = Fields(item).text("j").map_err(|error| corrupt(error.0))?;
        serde_json::from_str(&json).map(Some).map_err(|error| corrupt(error.to_string()))
    }

    /// Sets the limits of a tenant's plan.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn set_tenant_limits(&self, tenant: &TenantId, limits: &PlanLimits) -> Result<(), StoreError> {
        let key = Key::Tenant(tenant);
        let json = serde_json::to_string(limits)
            .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
        self.put(key, self.put_item(key, Item::from([("j".to_owned(), text(json))]))).await.map(drop)
    }

    /// Every address that nobody of the tenant may write to.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn suppressed(&self, tenant: &TenantId) -> Result<BTreeSet<Address>, StoreError> {
        let pk = tenant_pk(tenant);
        let mut addresses = BTreeSet::new();
        let mut damaged = None;
        self.query(&pk, SUPPRESSED_PREFIX, true, |item| {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
            match sk.and_then(|sk| sk.strip_prefix(SUPPRESSED_PREFIX)).unwrap_or_default().parse() {
                Ok(address) => drop(addresses.insert(address)),
                Err(_) => damaged = Some(format!("{pk}/{SUPPRESSED_PREFIX}…")),
            }
        })
        .await?;
        match damaged {
            None => Ok(addresses),
            // A suppression that is not understood must not become a mail.
            Some(key) => Err(StoreError::Corrupt { key, reason: "not an address".to_owned() }),
        }
    }

    /// Suppresses an address for a tenant, from the next tick on. The first reason stays.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn suppress(
        &self,
        tenant: &TenantId,
        address: &Address,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let item = Item::from([("why".to_owned(), reason_text(reason)), ("since".to_owned(), instant(now))]);
        self.put_if_absent(Key::Suppressed(tenant, address), item).await.map(drop)
    }
}
