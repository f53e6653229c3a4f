//! Endpoints that events come in at: one a tenant and provider, each with sealed secrets, two at once while one is rotated.

use jiff::{SignedDuration, Timestamp};
use preheat_core::event::Reporter;
use preheat_core::id::TenantId;
use serde::{Deserialize, Serialize};

use crate::credential::{Sealed, Secret};
use crate::error::StoreError;
use crate::item::{Fields, Item, number, text};
use crate::keys::{HOOK_PREFIX, Key, tenant_pk};
use crate::retry::Patience;
use crate::store::{Store, Write};
use crate::vault::Vault;

/// How a sender shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretKind {
    /// A signing key or token, or a public key.
    Key,
    /// `user:password` of basic auth.
    Basic,
    /// A bearer token.
    Bearer,
    /// A header of this name.
    Header(String),
}

impl SecretKind {
    /// The header that it is shown in, in lower case; a key is shown in none.
    fn header(&self) -> Option<String> {
        match self {
            Self::Key => None,
            Self::Basic | Self::Bearer => Some("authorization".to_owned()),
            Self::Header(name) => Some(name.to_ascii_lowercase()),
        }
    }

    /// Whether two secrets are shown the same way, whatever the case of a header's name.
    fn is_same(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.header() == other.header()
    }
}

/// A secret of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookSecret {
    /// How it is shown.
    pub kind: SecretKind,
    /// Itself, sealed: [`Vault::open_hook`].
    pub sealed: Sealed,
    /// Until when it is taken, once another has come; `None`: until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Its unguessable id: a part of its URL, and the account of its events.
    pub id: String,
    /// Whose events come in here.
    pub tenant: TenantId,
    /// Who posts them.
    pub provider: Reporter,
    /// What the sender proves itself with.
    pub secrets: Vec<HookSecret>,
    /// SES: topics, AWS accounts, configuration sets and identities that may speak here. Any provider: queues.
    #[serde(default)]
    pub sources: Vec<String>,
    /// SES: whether SNS signatures of version 1 are refused.
    #[serde(default)]
    pub refuse_sns_v1: bool,
    /// Mandrill: the URL as registered there.
    #[serde(default)]
    pub url: Option<String>,
    /// Postal: it has signed with SHA-256 before.
    #[serde(default)]
    pub require_sha256: bool,
    /// When it was made.
    pub made_at: Timestamp,
}

impl Hook {
    /// Seals a further secret. Others of its kind are taken for `overlap` longer, and only the newest of them.
    ///
    /// # Errors
    /// [`StoreError::Taken`]: a secret of another kind is shown in the same header, and no sender can show both. Or KMS or the
    /// ledger did not answer.
    pub async fn add_secret(
        &mut self,
        vault: &Vault,
        kind: SecretKind,
        secret: &Secret,
        now: Timestamp,
        overlap: SignedDuration,
    ) -> Result<(), StoreError> {
        let shown_in = kind.header();
        let lives = |old: &HookSecret| old.until.is_none_or(|until| now < until);
        if shown_in.is_some()
            && self.secrets.iter().any(|old| lives(old) && !old.kind.is_same(&kind) && old.kind.header() == shown_in)
        {
            return Err(StoreError::Taken(format!("the header `{}` of the endpoint", shown_in.unwrap_or_default())));
        }
        let version = self.secrets.iter().map(|old| old.sealed.version).max().unwrap_or(0).saturating_add(1);
        let sealed = vault.seal_hook(&self.tenant, &self.id, version, secret).await?;
        let newest = self.secrets.iter().filter(|old| old.kind.is_same(&kind)).map(|old| old.sealed.version).max();
        self.secrets.retain(|old| !old.kind.is_same(&kind) || Some(old.sealed.version) == newest);
        for old in self.secrets.iter_mut().filter(|old| old.kind.is_same(&kind)) {
            old.until = Some(now + overlap);
        }
        self.secrets.push(HookSecret { kind, sealed, until: None });
        Ok(())
    }

    /// Those of its secrets that are taken at `now`.
    pub fn live_secrets(&self, now: Timestamp) -> impl Iterator<Item = &HookSecret> {
        self.secrets.iter().filter(move |secret| secret.until.is_none_or(|until| now < until))
    }
}

impl Store {
    /// An endpoint; `None`: there is none of this id.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn hook(&self, id: &str) -> Result<Option<Hook>, StoreError> {
        let key = Key::Hook(id);
        let Some(item) = self.get(key).await? else { return Ok(None) };
        let corrupt = |reason: String| StoreError::Corrupt { key: key.text(), reason };
        let mut fields = Fields(item);
        let json = fields.text("j").map_err(|error| corrupt(error.0))?;
        let sha256: Option<u8> = fields.number_or_none("sha256").map_err(|error| corrupt(error.0))?;
        let mut hook: Hook = serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))?;
        hook.require_sha256 |= sha256.is_some();
        Ok(Some(hook))
    }

    /// The endpoint of a tenant and provider.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn hook_of(&self, tenant: &TenantId, provider: Reporter) -> Result<Option<Hook>, StoreError> {
        match self.hook_id(Key::TenantHook(tenant, provider)).await? {
            Some(id) => self.hook(&id).await,
            None => Ok(None),
        }
    }

    /// The endpoint that a topic, queue, SES resource or AWS account speaks to.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn hook_of_source(&self, source: &str) -> Result<Option<Hook>, StoreError> {
        match self.hook_id(Key::HookSource(source)).await? {
            Some(id) => self.hook(&id).await,
            None => Ok(None),
        }
    }

    /// All endpoints of a tenant, by provider.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn hooks(&self, tenant: &TenantId) -> Result<Vec<Hook>, StoreError> {
        let mut hooks = Vec::new();
        for item in self.query_all(&tenant_pk(tenant), HOOK_PREFIX).await?.into_values() {
            let id = Fields(item).text("id").map_err(|error| StoreError::Corrupt {
                key: format!("{}/{HOOK_PREFIX}…", tenant_pk(tenant)),
                reason: error.0,
            })?;
            hooks.extend(self.hook(&id).await?);
        }
        Ok(hooks)
    }

    /// Writes an endpoint down: a new one, or over the one of the same id. Its place under tenant and provider, and its
    /// sources, are taken first, so that no request finds an endpoint that is not complete.
    ///
    /// # Errors
    /// [`StoreError::Taken`]: the tenant has another endpoint of this provider, or a source speaks to another one. Or the
    /// ledger did not answer: write again.
    pub async fn put_hook(&self, hook: &Hook) -> Result<(), StoreError> {
        let place = Key::TenantHook(&hook.tenant, hook.provider);
        self.take_place(place, hook, || format!("{} of {}", hook.provider, hook.tenant)).await?;
        for source in &hook.sources {
            self.take_place(Key::HookSource(source), hook, || source.clone()).await?;
        }
        let key = Key::Hook(&hook.id);
        let json = serde_json::to_string(hook)
            .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
        self.put(key, self.put_item(key, Item::from([("j".to_owned(), text(json))]))).await.map(drop)
    }

    /// From now on this endpoint's sender must sign with SHA-256: it has done so.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn require_sha256(&self, id: &str) -> Result<(), StoreError> {
        let key = Key::Hook(id);
        let call = self
            .update_item(key)
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET sha256 = :yes")
            .expression_attribute_values(":yes", number(1));
        self.update(key, Patience::Usual, call).await.map(drop)
    }

    async fn hook_id(&self, key: Key<'_>) -> Result<Option<String>, StoreError> {
        let Some(item) = self.get(key).await? else { return Ok(None) };
        let id = Fields(item).text("id");
        id.map(Some).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }

    async fn take_place(&self, key: Key<'_>, hook: &Hook, name: impl FnOnce() -> String) -> Result<(), StoreError> {
        let item = Item::from([("id".to_owned(), text(&*hook.id))]);
        let Write::Refused(taken) = self.put_if_absent(key, item).await? else { return Ok(()) };
        // Its own: written before, or by this very call, its answer lost.
        let is_own = Fields(taken).text("id").is_ok_and(|id| id == hook.id);
        if is_own { Ok(()) } else { Err(StoreError::Taken(name())) }
    }
}
