//! The profile of a mailbox: where its servers are and how to log in. Read by every process that opens a session.

use preheat_core::endpoint::Endpoint;
use preheat_core::id::{Address, MailboxId, PoolId, TenantId};
use preheat_core::mailbox::Provider;
use serde::{Deserialize, Serialize};

use crate::credential::Sealed;
use crate::error::StoreError;
use crate::item::{Fields, Item, text};
use crate::keys::Key;
use crate::store::Store;

/// What a session with a mailbox needs. Its credential is sealed: [`crate::Vault::open`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Who owns the mailbox.
    pub tenant: TenantId,
    /// Its number.
    pub id: MailboxId,
    /// Its address.
    pub address: Address,
    /// The name in its From header.
    pub display_name: String,
    /// Who hosts it.
    pub provider: Provider,
    /// Whom it exchanges mail with: the tokens of its mail are of this pool.
    pub pool: PoolId,
    /// Its IANA time zone: what its Date headers say.
    pub zone: String,
    /// Where it submits mail.
    pub smtp: Endpoint,
    /// Where its mail lies.
    pub imap: Endpoint,
    /// The name it logs in with.
    pub user: String,
    /// Its credential.
    pub sealed: Sealed,
}

impl Store {
    /// The profile of a mailbox; `None`: there is no such mailbox.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn profile(&self, id: MailboxId) -> Result<Option<Profile>, StoreError> {
        let key = Key::Profile(id);
        let Some(item) = self.get(key).await? else { return Ok(None) };
        let corrupt = |reason: String| StoreError::Corrupt { key: key.text(), reason };
        let json = Fields(item).text("j").map_err(|error| corrupt(error.0))?;
        serde_json::from_str(&json).map(Some).map_err(|error| corrupt(error.to_string()))
    }

    /// Writes a profile over the one that was there.
    pub(crate) async fn put_profile(&self, profile: &Profile) -> Result<(), StoreError> {
        let key = Key::Profile(profile.id);
        let json = serde_json::to_string(profile)
            .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
        self.put(key, self.put_item(key, Item::from([("j".to_owned(), text(json))]))).await.map(drop)
    }
}
