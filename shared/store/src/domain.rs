//! Domains of a tenant: how their records stand, since when they fail.

use std::collections::BTreeMap;

use preheat_core::domain::state::DomainState;
use preheat_core::id::{DomainName, TenantId};

use crate::error::StoreError;
use crate::fleet::BadRow;
use crate::item::{Fields, Item, instant, text};
use crate::keys::{DOMAIN_PREFIX, Key, tenant_pk};
use crate::retry::Patience;
use crate::store::Store;

/// The domains of a tenant.
#[derive(Debug, Default)]
pub struct Domains {
    /// How each stands; `None`: it was added, and not checked yet.
    pub states: BTreeMap<DomainName, Option<DomainState>>,
    /// Rows that cannot be read: nobody knows of these.
    pub unreadable: Vec<BadRow>,
}

impl Store {
    /// How a domain of a tenant stands; `None`: it was never checked.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn domain_state(
        &self,
        tenant: &TenantId,
        domain: &DomainName,
    ) -> Result<Option<DomainState>, StoreError> {
        let key = Key::Domain(tenant, domain);
        match self.get(key).await? {
            Some(item) => state(&key.text(), item),
            None => Ok(None),
        }
    }

    /// Every domain of a tenant that was added or checked, with how it stands; rows that cannot be read apart.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn domains(&self, tenant: &TenantId) -> Result<Domains, StoreError> {
        let pk = tenant_pk(tenant);
        let mut found = Domains::default();
        for (name, item) in self.query_all(&pk, DOMAIN_PREFIX).await? {
            let key = format!("{pk}/{DOMAIN_PREFIX}{name}");
            let domain =
                name.parse().map_err(|_| StoreError::Corrupt { key: key.clone(), reason: "not a domain".to_owned() });
            match domain.and_then(|domain| Ok((domain, state(&key, item)?))) {
                Ok((domain, state)) => drop(found.states.insert(domain, state)),
                Err(error) => found.unreadable.push(BadRow { key, reason: error.to_string() }),
            }
        }
        Ok(found)
    }

    /// Remembers how a domain stands. An older check never replaces a newer one: false.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn set_domain_state(&self, tenant: &TenantId, state: &DomainState) -> Result<bool, StoreError> {
        let key = Key::Domain(tenant, &state.domain);
        let json = serde_json::to_string(state)
            .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
        let call = self
            .update_item(key)
            .update_expression("SET j = :j, checked = :at, since = if_not_exists(since, :at)")
            // Equal: the same check again, after a lost answer.
            .condition_expression("attribute_not_exists(checked) OR checked <= :at")
            .expression_attribute_values(":j", text(json))
            .expression_attribute_values(":at", instant(state.checked_at));
        Ok(self.update(key, Patience::Usual, call).await?.is_done())
    }
}

/// A domain that was added and not checked yet has no state.
fn state(key: &str, item: Item) -> Result<Option<DomainState>, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { key: key.to_owned(), reason };
    let json = Fields(item).text_or_none("j").map_err(|error| corrupt(error.0))?;
    json.map(|json| serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))).transpose()
}
