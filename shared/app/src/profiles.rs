//! Profiles of mailboxes, kept for some minutes in a warm process: names, servers and *sealed* credentials. Whether a
//! mailbox may send is never read here: the claim asks the planning row, so a pause holds at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use preheat_core::id::MailboxId;
use preheat_store::{Profile, Store, StoreError};

/// How long a profile is taken from memory: a changed password reaches every process within this.
const KEPT: SignedDuration = SignedDuration::from_mins(5);
/// A warm process keeps at most so many.
const PROFILES_MAX: usize = 10_000;

/// The kept profiles.
#[derive(Clone, Default)]
pub struct Profiles {
    kept: Arc<Mutex<Kept>>,
}

/// Since when, and what.
type Kept = BTreeMap<MailboxId, (Timestamp, Arc<Profile>)>;

impl Profiles {
    /// The profile of a mailbox, from memory or the store; `None`: there is no such mailbox (any more).
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn get(&self, store: &Store, id: MailboxId, now: Timestamp) -> Result<Option<Arc<Profile>>, StoreError> {
        if let Some(profile) = self.fresh(id, now) {
            return Ok(Some(profile));
        }
        let Some(profile) = store.profile(id).await? else { return Ok(None) };
        let profile = Arc::new(profile);
        let mut kept = self.lock();
        if kept.len() >= PROFILES_MAX {
            kept.clear();
        }
        kept.insert(id, (now, Arc::clone(&profile)));
        Ok(Some(profile))
    }

    fn fresh(&self, id: MailboxId, now: Timestamp) -> Option<Arc<Profile>> {
        let kept = self.lock();
        let (since, profile) = kept.get(&id)?;
        (now.duration_since(*since) < KEPT).then(|| Arc::clone(profile))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A panic inside leaves at worst an older profile behind: the poison says nothing.
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
