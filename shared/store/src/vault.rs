//! The vault: credentials sealed under a data key of their tenant, and the stack's own secrets.
//!
//! KMS encrypts data keys, data keys encrypt credentials (AES-256-GCM). A sealed credential is bound to tenant, mailbox
//! and version as associated data, so a ciphertext that is moved to another row does not open. Data keys are kept in memory
//! for `KEPT`: through a failure of KMS until then, and no longer (fault F22): after that everything fails closed. To
//! destroy a tenant's data key is to destroy its credentials.
//!
//! May not log, return in an error or keep in clear anything it opens.

use std::collections::BTreeMap;
use std::sync::Arc;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Key as AesKey, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use preheat_core::alert::{ChannelId, Owner};
use preheat_core::clock::Clock;
use preheat_core::id::{MailboxId, TenantId};
use preheat_core::seed::Seed;
use preheat_core::token::TokenKeys;
use sha2::Sha256;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::credential::{Credential, Sealed, Secret};
use crate::data_key::{DataKey, DataKeys};
use crate::error::StoreError;
use crate::store::Store;

/// How long a data key is kept in memory: a revoked right to KMS holds after that at the latest. 1 hour; ours.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Bytes of an AES-GCM nonce.
const NONCE: usize = 12;
/// Name of the data key that is the stack's seed.
const SEED: &str = "seed";
/// Names of the data keys that are token keys: this and a letter. The last letter is the current one.
const TOKEN_PREFIX: &str = "token-";

/// The stack's own secrets: what slot times, partners and tokens derive from.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// Of slot times, partners and engagement.
    pub seed: Seed,
    /// Of Message-IDs.
    pub tokens: TokenKeys,
}

/// Seals and opens credentials. Cheap to clone: a handle.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    keys: DataKeys,
    clock: Clock,
    kept: Mutex<BTreeMap<String, (Timestamp, DataKey)>>,
    secrets: Mutex<Option<(Timestamp, Arc<Secrets>)>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault whose data keys lie in `store`, encrypted under the KMS key `kms_key_id` (id, ARN or alias).
    #[must_use]
    pub fn new(kms: &aws_sdk_kms::Client, store: Store, kms_key_id: impl Into<String>, clock: Clock) -> Self {
        let keys = DataKeys::new(kms, store, kms_key_id.into());
        Self { inner: Arc::new(Inner { keys, clock, kept: Mutex::default(), secrets: Mutex::default() }) }
    }

    /// The stack's own secrets, made at first use.
    ///
    /// # Errors
    /// KMS or the ledger did not answer and what was kept is too old.
    pub async fn secrets(&self) -> Result<Arc<Secrets>, StoreError> {
        let now = (self.inner.clock)();
        // Held over the calls, so that of many who ask at once only one asks KMS.
        let mut kept = self.inner.secrets.lock().await;
        if let Some((since, secrets)) = &*kept
            && is_fresh(*since, now)
        {
            return Ok(Arc::clone(secrets));
        }
        let keys = &self.inner.keys;
        let seed = Seed::new(*keys.find_or_make(SEED).await?);
        let mut names = keys.names(TOKEN_PREFIX).await?;
        let current = names.pop().unwrap_or_else(|| format!("{TOKEN_PREFIX}a"));
        let newest = (letter(&current)?, *keys.find_or_make(&current).await?);
        let mut older = Vec::new();
        for name in names.iter().rev() {
            if let Some(key) = keys.find(name).await? {
                older.push((letter(name)?, *key));
            }
        }
        let secrets = Arc::new(Secrets { seed, tokens: TokenKeys::new(newest, older) });
        *kept = Some((now, Arc::clone(&secrets)));
        Ok(secrets)
    }

    /// Makes a new token key: the current one in every process within `KEPT`; mails of the older ones stay known.
    ///
    /// # Errors
    /// KMS or the ledger did not answer; or all 26 letters are used up.
    pub async fn rotate_tokens(&self) -> Result<(), StoreError> {
        let keys = &self.inner.keys;
        let next = match keys.names(TOKEN_PREFIX).await?.last() {
            None => 'a',
            Some(last) => char::from(letter(last)? as u8 + 1),
        };
        if next > 'z' {
            let detail = "all 26 token keys are in use".to_owned();
            return Err(StoreError::Key { name: TOKEN_PREFIX.to_owned(), detail });
        }
        keys.find_or_make(&format!("{TOKEN_PREFIX}{next}")).await?;
        *self.inner.secrets.lock().await = None;
        Ok(())
    }

    /// Seals the credential of a mailbox. `version` grows with every change of the credential.
    ///
    /// # Errors
    /// KMS or the ledger did not answer and the tenant's key is not kept (any more).
    pub async fn seal(
        &self,
        tenant: &TenantId,
        mailbox: MailboxId,
        version: u32,
        credential: &Credential,
    ) -> Result<Sealed, StoreError> {
        let key = self.key(tenant_key_name(tenant), true).await?;
        let aad = associated(tenant, mailbox, version);
        let text = sealed_text(&key, &aad, &credential.to_plaintext()).ok_or(StoreError::Sealed(mailbox))?;
        Ok(Sealed { version, text })
    }

    /// Opens the credential of a mailbox.
    ///
    /// # Errors
    /// [`StoreError::Sealed`]: it was sealed for another tenant, mailbox or version, or is damaged. [`StoreError::Key`] and
    /// others: the tenant's key is not to be had; nothing is opened without it.
    pub async fn open(&self, tenant: &TenantId, mailbox: MailboxId, sealed: &Sealed) -> Result<Credential, StoreError> {
        let key = self.key(tenant_key_name(tenant), false).await?;
        let plaintext = opened_text(&key, &associated(tenant, mailbox, sealed.version), &sealed.text);
        plaintext.and_then(|plaintext| Credential::from_plaintext(&plaintext)).ok_or(StoreError::Sealed(mailbox))
    }

    /// Seals the secret of an alert channel, under a key that seals nothing else: whoever may tell people cannot open
    /// mailboxes.
    ///
    /// # Errors
    /// KMS or the ledger did not answer and the key is not kept (any more).
    pub async fn seal_channel(&self, owner: &Owner, id: &ChannelId, secret: &Secret) -> Result<Sealed, StoreError> {
        let key = self.key(alert_key_name(owner), true).await?;
        let text = sealed_text(&key, &associated_channel(owner, id), secret.expose().as_bytes());
        Ok(Sealed { version: 1, text: text.ok_or_else(|| StoreError::SealedChannel(id.to_string()))? })
    }

    /// Opens the secret of an alert channel.
    ///
    /// # Errors
    /// [`StoreError::SealedChannel`]: it was sealed for another owner or channel, or is damaged. [`StoreError::Key`] and
    /// others: the key is not to be had; nothing is opened without it.
    pub async fn open_channel(&self, owner: &Owner, id: &ChannelId, sealed: &Sealed) -> Result<Secret, StoreError> {
        let key = self.key(alert_key_name(owner), false).await?;
        let damaged = || StoreError::SealedChannel(id.to_string());
        let plaintext = opened_text(&key, &associated_channel(owner, id), &sealed.text).ok_or_else(damaged)?;
        Ok(Secret::new(std::str::from_utf8(&plaintext).map_err(|_| damaged())?.to_owned()))
    }

    /// Seals a secret of an endpoint, under a key that seals nothing else: whoever may check events cannot open mailboxes.
    ///
    /// # Errors
    /// KMS or the ledger did not answer and the key is not kept (any more).
    pub async fn seal_hook(
        &self,
        tenant: &TenantId,
        id: &str,
        version: u32,
        secret: &Secret,
    ) -> Result<Sealed, StoreError> {
        let key = self.key(hook_key_name(tenant), true).await?;
        let aad = associated_hook(tenant, id, version);
        let text = sealed_text(&key, &aad, secret.expose().as_bytes());
        Ok(Sealed { version, text: text.ok_or_else(|| StoreError::SealedHook(id.to_owned()))? })
    }

    /// Opens a secret of an endpoint.
    ///
    /// # Errors
    /// [`StoreError::SealedHook`]: it was sealed for another tenant, endpoint or version, or is damaged. [`StoreError::Key`]
    /// and others: the key is not to be had; nothing is opened without it.
    pub async fn open_hook(&self, tenant: &TenantId, id: &str, sealed: &Sealed) -> Result<Secret, StoreError> {
        let key = self.key(hook_key_name(tenant), false).await?;
        let damaged = || StoreError::SealedHook(id.to_owned());
        let plaintext = opened_text(&key, &associated_hook(tenant, id, sealed.version), &sealed.text);
        let plaintext = plaintext.ok_or_else(damaged)?;
        Ok(Secret::new(std::str::from_utf8(&plaintext).map_err(|_| damaged())?.to_owned()))
    }

    /// Destroys a tenant's data keys, and so everything that they sealed, in this process at once and in others within
    /// `KEPT` (crypto-shredding).
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn shred(&self, tenant: &TenantId) -> Result<(), StoreError> {
        let channels = alert_key_name(&Owner::Tenant(tenant.clone()));
        for name in [tenant_key_name(tenant), hook_key_name(tenant), channels] {
            self.inner.keys.destroy(&name).await?;
            self.inner.kept.lock().await.remove(&name);
        }
        Ok(())
    }

    async fn key(&self, name: String, make: bool) -> Result<DataKey, StoreError> {
        let now = (self.inner.clock)();
        let mut kept = self.inner.kept.lock().await;
        if let Some((since, key)) = kept.get(&name)
            && is_fresh(*since, now)
        {
            return Ok(key.clone());
        }
        kept.remove(&name);
        let key = if make {
            self.inner.keys.find_or_make(&name).await?
        } else {
            let missing = || StoreError::Key { name: name.clone(), detail: "there is none (any more)".to_owned() };
            self.inner.keys.find(&name).await?.ok_or_else(missing)?
        };
        kept.insert(name, (now, key.clone()));
        Ok(key)
    }
}

/// A clock that was set back makes a key old, not young.
fn is_fresh(since: Timestamp, now: Timestamp) -> bool {
    since <= now && now.duration_since(since) < KEPT
}

fn tenant_key_name(tenant: &TenantId) -> String {
    format!("tenant-{tenant}")
}

/// Infra's template lets the notifier open keys that begin so, and no others. No tenant's name holds a dot.
fn alert_key_name(owner: &Owner) -> String {
    format!("alerts-{}", owner.tenant().map_or(".stack", TenantId::as_str))
}

/// Infra's template lets the webhook function open keys of this name, and no tenant's other one.
fn hook_key_name(tenant: &TenantId) -> String {
    format!("hooks-{tenant}")
}

/// Nonce, ciphertext and tag in base64.
fn sealed_text(key: &DataKey, aad: &[u8], plaintext: &[u8]) -> Option<String> {
    let nonce = nonce(key, aad, plaintext);
    let payload = Payload { msg: plaintext, aad };
    let sealed = cipher(key).encrypt(Nonce::from_slice(&nonce), payload).ok()?;
    Some(STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
}

/// What a [`sealed_text`] holds, if it was sealed under this key for this purpose.
fn opened_text(key: &DataKey, aad: &[u8], text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let (nonce, ciphertext) = bytes.split_at_checked(NONCE)?;
    let payload = Payload { msg: ciphertext, aad };
    cipher(key).decrypt(Nonce::from_slice(nonce), payload).ok().map(Zeroizing::new)
}

/// The letter of a token key's name.
fn letter(name: &str) -> Result<char, StoreError> {
    let mut letters = name.strip_prefix(TOKEN_PREFIX).unwrap_or_default().chars();
    match (letters.next(), letters.next()) {
        (Some(letter @ 'a'..='z'), None) => Ok(letter),
        _ => {
            Err(StoreError::Key { name: name.to_owned(), detail: "a token key is named by one letter a-z".to_owned() })
        }
    }
}

fn cipher(key: &DataKey) -> Aes256Gcm {
    Aes256Gcm::new(AesKey::<Aes256Gcm>::from_slice(key.as_slice()))
}

/// What a ciphertext is bound to. Names hold no NUL, and numbers are fixed in length: no two differ and read alike.
fn associated(tenant: &TenantId, mailbox: MailboxId, version: u32) -> Vec<u8> {
    let mut aad = format!("preheat credential 1\0{tenant}\0").into_bytes();
    aad.extend_from_slice(&mailbox.0.to_be_bytes());
    aad.extend_from_slice(&version.to_be_bytes());
    aad
}

/// The same for the secret of an alert channel.
fn associated_channel(owner: &Owner, id: &ChannelId) -> Vec<u8> {
    format!("preheat channel 1\0{}\0{id}\0", owner.tenant().map_or(".stack", TenantId::as_str)).into_bytes()
}

/// The same for a secret of an endpoint.
fn associated_hook(tenant: &TenantId, id: &str, version: u32) -> Vec<u8> {
    let mut aad = format!("preheat hook 1\0{tenant}\0{id}\0").into_bytes();
    aad.extend_from_slice(&version.to_be_bytes());
    aad
}

/// A synthetic nonce: a keyed hash of everything that is sealed. Two different texts get different nonces without any source of
/// chance that could fail or repeat itself; the same text under the same mailbox and version gives the same ciphertext, which
/// tells nobody anything: it is the same credential.
fn nonce(key: &DataKey, aad: &[u8], plaintext: &[u8]) -> [u8; NONCE] {
    let mut derived = keyed(key.as_slice());
    derived.update(b"preheat credential nonce");
    let derived = Zeroizing::new(<[u8; 32]>::from(derived.finalize().into_bytes()));
    let mut mac = keyed(derived.as_slice());
    mac.update(&(aad.len() as u64).to_be_bytes());
    mac.update(aad);
    mac.update(plaintext);
    let full = mac.finalize().into_bytes();
    std::array::from_fn(|i| full[i])
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes a key of any length (RFC 2104 §2): the fallback is never reached.
    <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap_or_else(|_| <Hmac<Sha256> as Mac>::new(&Default::default()))
}
