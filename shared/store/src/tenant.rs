//! What belongs to a tenant as a whole: its limits, and the zone of its days.

use preheat_core::caps::PlanLimits;
use preheat_core::id::TenantId;

use crate::error::StoreError;
use crate::item::{Fields, Item, text};
use crate::keys::Key;
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

    /// The IANA zone of the tenant's days: of counters that are no mailbox's own, and of what is done once a day. UTC where
    /// none was set.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn tenant_zone(&self, tenant: &TenantId) -> Result<String, StoreError> {
        let key = Key::Zone(tenant);
        let Some(item) = self.get(key).await? else { return Ok("UTC".to_owned()) };
        Fields(item).text("z").map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }

    /// Sets the zone of the tenant's days.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn set_tenant_zone(&self, tenant: &TenantId, zone: &str) -> Result<(), StoreError> {
        let key = Key::Zone(tenant);
        self.put(key, self.put_item(key, Item::from([("z".to_owned(), text(zone))]))).await.map(drop)
    }
}
