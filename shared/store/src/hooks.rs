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
use crate::table::TTL;
use crate::vault::Vault;

/// The most endpoints that came in each other's places and are removed together.
const FORMERS_MAX: usize = 64;

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
    /// Until when its URL is taken, once another has come in its place; `None`: until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The id of the endpoint that this one has come in the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<String>,
}

/// An endpoint as it lies in the ledger: what a change is made over ([`Store::replace_hook`]).
#[derive(Debug, Clone)]
pub struct SeenHook {
    /// The endpoint.
    pub hook: Hook,
    json: String,
}

impl Hook {
    /// Seals a further secret. The one of its kind that was in use is taken for `overlap` longer; others of its kind are not.
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
        // One that ends anyway (an older one; the key of a test) is not the one that a sender goes on using.
        let current = self.secrets.iter().filter(|old| old.kind.is_same(&kind) && old.until.is_none());
        let newest = current.map(|old| old.sealed.version).max();
        self.secrets.retain(|old| !old.kind.is_same(&kind) || Some(old.sealed.version) == newest);
        for old in self.secrets.iter_mut().filter(|old| old.kind.is_same(&kind)) {
            old.until = Some(now + overlap);
        }
        self.secrets.push(HookSecret { kind, sealed, until: None });
        Ok(())
    }

    /// Whether its URL is taken at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Those of its secrets that are taken at `now`.
    pub fn live_secrets(&self, now: Timestamp) -> impl Iterator<Item = &HookSecret> {
        self.secrets.iter().filter(move |secret| secret.until.is_none_or(|until| now < until))
    }
}

fn json_of(key: Key<'_>, hook: &Hook) -> Result<String, StoreError> {
    serde_json::to_string(hook).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })
}

impl Store {
    /// An endpoint; `None`: there is none of this id.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn hook(&self, id: &str) -> Result<Option<Hook>, StoreError> {
        Ok(self.hook_seen(id).await?.map(|seen| seen.hook))
    }

    /// An endpoint that is to be changed; `None`: there is none of this id.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn hook_seen(&self, id: &str) -> Result<Option<SeenHook>, StoreError> {
        let key = Key::Hook(id);
        let Some(item) = self.get(key).await? else { return Ok(None) };
        let corrupt = |reason: String| StoreError::Corrupt { key: key.text(), reason };
        let mut fields = Fields(item);
        let json = fields.text("j").map_err(|error| corrupt(error.0))?;
        let sha256: Option<u8> = fields.number_or_none("sha256").map_err(|error| corrupt(error.0))?;
        let mut hook: Hook = serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))?;
        hook.require_sha256 |= sha256.is_some();
        Ok(Some(SeenHook { hook, json }))
    }

    /// Writes an endpoint over itself as it was seen; its place and sources stay as they are.
    ///
    /// # Errors
    /// [`StoreError::Contended`]: somebody has changed or removed it since; nothing was written. Or the ledger did not answer.
    pub async fn replace_hook(&self, seen: &SeenHook, hook: &Hook) -> Result<(), StoreError> {
        let key = Key::Hook(&hook.id);
        let json = json_of(key, hook)?;
        let call = self
            .update_item(key)
            .condition_expression("j = :seen OR j = :j")
            .update_expression("SET j = :j")
            .expression_attribute_values(":seen", text(&*seen.json))
            .expression_attribute_values(":j", text(json));
        let call = match hook.until {
            None => call,
            // Nobody needs it afterwards.
            Some(until) => call
                .update_expression("SET j = :j, #ttl = :ttl")
                .expression_attribute_names("#ttl", TTL)
                .expression_attribute_values(":ttl", number(until.as_second())),
        };
        match self.update(key, Patience::Usual, call).await? {
            Write::Done(_) => Ok(()),
            Write::Refused(_) => Err(StoreError::Contended(format!("the endpoint {}", hook.id))),
        }
    }

    /// Puts a new endpoint into the place of another, whose URL is taken until `until` and not longer. A change that breaks off
    /// has ended the old one at most; the same again completes it.
    ///
    /// # Errors
    /// [`StoreError::Contended`]: somebody has changed the old one since. Or the ledger did not answer.
    pub async fn succeed_hook(&self, old: &SeenHook, mut new: Hook, until: Timestamp) -> Result<Hook, StoreError> {
        let ends = Hook { until: Some(until), ..old.hook.clone() };
        self.replace_hook(old, &ends).await?;
        new.former = Some(old.hook.id.clone());
        let key = Key::Hook(&new.id);
        let item = Item::from([("j".to_owned(), text(json_of(key, &new)?))]);
        self.put(key, self.put_item(key, item)).await?;
        let sources = new.sources.iter().map(|source| Key::HookSource(source));
        for place in sources.chain([Key::TenantHook(&new.tenant, new.provider)]) {
            let call = self
                .update_item(place)
                .condition_expression("id = :old OR id = :new")
                .update_expression("SET id = :new")
                .expression_attribute_values(":old", text(&*old.hook.id))
                .expression_attribute_values(":new", text(&*new.id));
            if !self.update(place, Patience::Usual, call).await?.is_done() {
                return Err(StoreError::Contended(format!("the endpoint of {}", new.provider)));
            }
        }
        Ok(new)
    }

    /// Removes a tenant's endpoint of a provider, with those that it came in the place of: whatever is posted to it from now on
    /// finds none. `false`: there was none. A removal that breaks off is completed by the same again.
    ///
    /// # Errors
    /// The ledger did not answer, or an item cannot be read.
    pub async fn remove_hook(&self, tenant: &TenantId, provider: Reporter) -> Result<bool, StoreError> {
        let place = Key::TenantHook(tenant, provider);
        let Some(newest) = self.hook_id(place).await? else { return Ok(false) };
        let mut ids = vec![(newest.clone(), Vec::new())];
        let mut next = self.hook(&newest).await?;
        while let Some(hook) = next.take().filter(|_| ids.len() < FORMERS_MAX) {
            if let Some(last) = ids.last_mut() {
                last.1 = hook.sources;
            }
            let Some(former) = hook.former else { break };
            next = self.hook(&former).await?;
            ids.push((former, Vec::new()));
        }
        // The newest last: it leads to the others.
        for (id, sources) in ids.iter().rev() {
            for source in sources {
                let key = Key::HookSource(source);
                if self.hook_id(key).await?.as_ref() == Some(id) {
                    self.delete_item(&key.pk(), &key.sk()).await?;
                }
            }
            let key = Key::Hook(id);
            self.delete_item(&key.pk(), &key.sk()).await?;
        }
        self.delete_item(&place.pk(), &place.sk()).await?;
        Ok(true)
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
        self.put(key, self.put_item(key, Item::from([("j".to_owned(), text(json_of(key, hook)?))]))).await.map(drop)
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
