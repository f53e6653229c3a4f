//! That elements of an endpoint are kept aside, as one change an endpoint and hour. A process remembers what it has told; of
//! several processes the change's id says that it is one.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use preheat_core::change::{Change, Kind, Subject};
use preheat_store::Quarantined;

use super::endpoints::Open;
use crate::Bus;

/// Changes that a process remembers to have told.
const TOLD_MAX: usize = 1_000;
const HOUR_S: i64 = 3_600;

/// What was told.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<BTreeSet<String>>);

impl Told {
    /// Tells that something of an endpoint is kept aside. The provider waits for an answer and is not to blame: a bus that does
    /// not answer costs the telling alone.
    pub(super) async fn quarantined(&self, bus: &Bus, open: &Open, bad: &Quarantined) {
        let hour = bad.received_at.as_second().div_euclid(HOUR_S);
        let (kind, subject) = (Kind::HookQuarantined, Subject::provider(bad.provider.name()));
        let rule = "it cannot be read, and is kept aside";
        // The endpoint's id lets whoever has it post: it goes into the change's id only, which is a hash.
        let occasion = format!("{} in hour {hour}", open.endpoint.account);
        let change = Change::new(kind, Some(&open.tenant), subject, bad.received_at, rule, &[]).on(&occasion);
        let text = format!("{} Reason: {}.", change.text, bad.reason);
        let change = change.saying(&text);
        if !self.is_new(&change.id) {
            return;
        }
        if let Err(error) = bus.publish(&[change]).await {
            tracing::error!(%error, "nobody is told that elements are kept aside");
        }
    }

    fn is_new(&self, id: &str) -> bool {
        // A panic inside leaves at worst a change too few behind.
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD_MAX {
            told.clear();
        }
        told.insert(id.to_owned())
    }
}
