//! Endpoints, opened and kept for some minutes in a warm process: those that are there, and some of those that are not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use preheat_core::id::TenantId;
use preheat_intake::{Endpoint, Secret};
use preheat_store::{Hook, HookSecret, SecretKind, StoreError};

use crate::events::Desk;

/// How long an endpoint is taken from memory: a rotated secret reaches every process within this, and so does a removal.
const KEPT: SignedDuration = SignedDuration::from_mins(1);
/// How long it is known that there is no such endpoint: a new one answers everywhere within this. An endpoint that was read
/// this long ago is read again for a secret that it does not know.
pub const ABSENT_KEPT: SignedDuration = SignedDuration::from_secs(30);
/// Endpoints kept. The bound on what strangers can make a process remember.
const ENDPOINTS_MAX: usize = 1_000;
/// Characters of an id: 130 bits in base 32, so that guessing one is out of reach.
pub const ID_CHARS: usize = 26;

/// Whether a text has the form of an endpoint's id. What has not is not looked up.
#[must_use]
pub fn may_be_id(text: &str) -> bool {
    text.len() == ID_CHARS && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
}

/// An endpoint with its secrets in clear.
pub(super) struct Open {
    pub(super) tenant: TenantId,
    pub(super) endpoint: Endpoint,
}

type Kept = BTreeMap<String, (Timestamp, Option<Arc<Open>>)>;

/// What is kept.
#[derive(Default)]
pub(super) struct Endpoints {
    kept: Mutex<Kept>,
}

impl Endpoints {
    /// The endpoint of this id; `None`: there is none.
    pub(super) async fn open(&self, desk: &Desk, id: &str, now: Timestamp) -> Result<Option<Arc<Open>>, StoreError> {
        if !may_be_id(id) {
            return Ok(None);
        }
        if let Some(known) = self.fresh(id, now) {
            return Ok(known);
        }
        let open = opened(desk, desk.store.hook(id).await?, now).await?;
        self.keep(id, open.clone(), now);
        Ok(open)
    }

    /// The endpoint that this topic, queue, SES resource or AWS account speaks to.
    pub(super) async fn open_source(
        &self,
        desk: &Desk,
        source: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<Open>>, StoreError> {
        if let Some(known) = self.fresh(source, now) {
            return Ok(known);
        }
        let open = opened(desk, desk.store.hook_of_source(source).await?, now).await?;
        self.keep(source, open.clone(), now);
        Ok(open)
    }

    /// Reads an endpoint anew at the next request, if it was not read just now. Whether it will be.
    pub(super) fn forget_if_settled(&self, id: &str, now: Timestamp) -> bool {
        let mut kept = self.lock();
        let settled = kept.get(id).is_some_and(|(since, _)| now.duration_since(*since) >= ABSENT_KEPT);
        settled && kept.remove(id).is_some()
    }

    /// Reads an endpoint anew at the next request.
    pub(super) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn fresh(&self, id: &str, now: Timestamp) -> Option<Option<Arc<Open>>> {
        let kept = self.lock();
        let (since, open) = kept.get(id)?;
        let kept_for = if open.is_some() { KEPT } else { ABSENT_KEPT };
        (*since <= now && now.duration_since(*since) < kept_for).then(|| open.clone())
    }

    fn keep(&self, id: &str, open: Option<Arc<Open>>, now: Timestamp) {
        let mut kept = self.lock();
        if kept.len() >= ENDPOINTS_MAX {
            // A flood of unknown ids must not push out those that are there.
            kept.retain(|_, (_, open)| open.is_some());
        }
        if kept.len() >= ENDPOINTS_MAX {
            kept.clear();
        }
        kept.insert(id.to_owned(), (now, open));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the secrets that are taken at `now`.
async fn opened(desk: &Desk, hook: Option<Hook>, now: Timestamp) -> Result<Option<Arc<Open>>, StoreError> {
    let Some(hook) = hook.filter(|hook| hook.is_open(now)) else { return Ok(None) };
    let mut secrets = Vec::new();
    for HookSecret { kind, sealed, .. } in hook.live_secrets(now) {
        let secret = desk.vault.open_hook(&hook.tenant, &hook.id, sealed).await?;
        secrets.push(match kind {
            SecretKind::Key => Secret::key(secret.expose()),
            SecretKind::Basic => Secret::basic(secret.expose()),
            SecretKind::Bearer => Secret::bearer(secret.expose()),
            SecretKind::Header(name) => Secret::header(name.clone(), secret.expose()),
        });
    }
    let mut endpoint = Endpoint::new(hook.provider, hook.id, secrets);
    endpoint.sources = hook.sources;
    endpoint.refuse_sns_v1 = hook.refuse_sns_v1;
    endpoint.url = hook.url;
    endpoint.require_sha256 = hook.require_sha256;
    Ok(Some(Arc::new(Open { tenant: hook.tenant, endpoint })))
}
