//! Profiles and settings of mailboxes, kept for some minutes in a warm process: names, servers, *sealed* credentials; mode
//! and role. Whether a mailbox may send is never read here: the claim asks the planning row, so a pause holds at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use preheat_core::id::MailboxId;
use preheat_core::mailbox::MailboxPlan;
use preheat_store::{Profile, Store, StoreError};

/// How long a profile is taken from memory: a changed password reaches every process within this.
const KEPT: SignedDuration = SignedDuration::from_mins(5);
/// A warm process keeps at most so many.
const PROFILES_MAX: usize = 10_000;

/// The kept profiles.
#[derive(Clone, Default)]
pub struct Profiles {
    kept: Kept<Profile>,
    plans: Kept<MailboxPlan>,
}

/// Since when, and what.
type Kept<T> = Arc<Mutex<BTreeMap<MailboxId, (Timestamp, Arc<T>)>>>;

impl Profiles {
    /// The profile of a mailbox, from memory or the store; `None`: there is no such mailbox (any more).
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn get(&self, store: &Store, id: MailboxId, now: Timestamp) -> Result<Option<Arc<Profile>>, StoreError> {
        if let Some(profile) = fresh(&self.kept, id, now) {
            return Ok(Some(profile));
        }
        let Some(profile) = store.profile(id).await? else { return Ok(None) };
        Ok(Some(keep(&self.kept, id, now, profile)))
    }

    /// The settings of a mailbox, from memory or the store; `None`: there is no such mailbox (any more).
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn plan(
        &self,
        store: &Store,
        id: MailboxId,
        now: Timestamp,
    ) -> Result<Option<Arc<MailboxPlan>>, StoreError> {
        if let Some(plan) = fresh(&self.plans, id, now) {
            return Ok(Some(plan));
        }
        let Some(row) = store.plan_row(id).await? else { return Ok(None) };
        Ok(Some(keep(&self.plans, id, now, row.plan)))
    }
}

fn fresh<T>(kept: &Kept<T>, id: MailboxId, now: Timestamp) -> Option<Arc<T>> {
    let kept = lock(kept);
    let (since, value) = kept.get(&id)?;
    (now.duration_since(*since) < KEPT).then(|| Arc::clone(value))
}

fn keep<T>(kept: &Kept<T>, id: MailboxId, now: Timestamp, value: T) -> Arc<T> {
    let value = Arc::new(value);
    let mut kept = lock(kept);
    if kept.len() >= PROFILES_MAX {
        kept.clear();
    }
    kept.insert(id, (now, Arc::clone(&value)));
    value
}

fn lock<T>(kept: &Kept<T>) -> std::sync::MutexGuard<'_, BTreeMap<MailboxId, (Timestamp, Arc<T>)>> {
    // A panic inside leaves at worst an older value behind: the poison says nothing.
    kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
