//! Conversation plans that threads name, kept in a warm process: a plan's text never changes.
//!
//! No send waits for a language model, and none fails for want of a plan: one that is gone, or cannot be read, leaves its
//! thread to the library.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use preheat_core::content::plan::{PlanId, Script};
use preheat_store::{Store, StoreError};

/// A warm process keeps at most so many: a few kilobytes each.
const SCRIPTS_MAX: usize = 2_000;

/// The kept plans' texts.
#[derive(Clone, Default)]
pub struct Scripts {
    kept: Arc<Mutex<BTreeMap<PlanId, Arc<Script>>>>,
}

impl Scripts {
    /// What a plan says, from memory or the store; `None`: the library has to do.
    ///
    /// # Errors
    /// The store did not answer. Nothing was sent yet: the message goes back to its queue.
    pub async fn get(&self, store: &Store, id: PlanId) -> Result<Option<Arc<Script>>, StoreError> {
        if let Some(script) = self.lock().get(&id) {
            return Ok(Some(Arc::clone(script)));
        }
        let script = match store.content_plan(id).await {
            Ok(plan) => plan.map(|plan| Arc::new(plan.script)),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::warn!(plan = %id, %error, "the library stands in");
                None
            }
            Err(error) => return Err(error),
        };
        if let Some(script) = &script {
            let mut kept = self.lock();
            if kept.len() >= SCRIPTS_MAX {
                kept.clear();
            }
            kept.insert(id, Arc::clone(script));
        }
        Ok(script)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PlanId, Arc<Script>>> {
        // A panic inside leaves at worst one plan out: the poison says nothing.
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
