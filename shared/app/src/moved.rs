//! Puts a mailbox into another state at once, and tells it at once: what a visit, a send or a person decides (domain.md §8).
//!
//! Written first, told afterwards, noted as told at last. Whoever dies in between leaves a state that nobody was told of: the
//! governor's next look adopts it and tells it, under the id that it would have had here, so it is known as the same. A bus
//! that does not answer costs no more than that: nothing here fails for it.
//!
//! May not decide anything.

use jiff::civil::Date;
use preheat_core::change::Moved;
use preheat_core::decision::Rule;
use preheat_core::lifecycle::says_disabled;
use preheat_core::mailbox::State;
use preheat_store::{Profile, Store, StoreError};

use crate::redact::without_addresses;
use crate::{App, Bus};

/// Where states are kept, and who is told.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The ledger.
    pub store: &'a Store,
    /// The bus of state changes; absent: the governor tells it.
    pub bus: Option<&'a Bus>,
}

impl<'a> From<&'a App> for Parts<'a> {
    fn from(app: &'a App) -> Self {
        Self { store: &app.store, bus: app.bus.as_ref() }
    }
}

impl Parts<'_> {
    /// Puts a mailbox that is in one of the states `from` into another, and tells it, unless somebody else has done so before.
    /// False: it is in neither.
    ///
    /// # Errors
    /// The ledger did not answer, or the mailbox is gone: nothing was told.
    pub async fn enter(&self, from: &[State], moved: &Moved<'_>) -> Result<bool, StoreError> {
        let is_there = self.store.set_state(moved.mailbox, from, moved.to, moved.reason, moved.at).await?;
        self.tell_if(is_there, moved).await
    }

    /// Pauses a mailbox by hand ([`Store::pause`]), and tells it. False: it is retired.
    ///
    /// # Errors
    /// As for [`Parts::enter`].
    pub async fn pause(&self, moved: &Moved<'_>) -> Result<bool, StoreError> {
        let is_paused = self.store.pause(moved.mailbox, moved.reason.unwrap_or_default(), moved.at).await?;
        self.tell_if(is_paused, moved).await
    }

    /// Stops a mailbox ([`Store::stop`]), and tells it. False: it is retired.
    ///
    /// # Errors
    /// As for [`Parts::enter`].
    pub async fn stop(&self, moved: &Moved<'_>, counts_from: Date) -> Result<bool, StoreError> {
        let reason = moved.reason.unwrap_or_default();
        let is_stopped = self.store.stop(moved.mailbox, reason, counts_from, moved.at).await?;
        self.tell_if(is_stopped, moved).await
    }

    /// Whoever comes second finds it done, by another moment than its own, and is not the one to tell it.
    async fn tell_if(&self, is_there: bool, moved: &Moved<'_>) -> Result<bool, StoreError> {
        if is_there {
            let since = self.store.state_note(moved.mailbox).await?.since;
            if since.is_some_and(|since| since.as_millisecond() == moved.at.as_millisecond()) {
                self.tell(moved).await;
            }
        }
        Ok(is_there)
    }

    async fn tell(&self, moved: &Moved<'_>) {
        let (Some(change), Some(bus)) = (moved.change(), self.bus) else { return };
        if let Err(error) = bus.publish(&[change]).await {
            tracing::error!(mailbox = %moved.mailbox, %error, "its new state is told by the governor's next look");
            return;
        }
        if let Err(error) = self.store.state_told(moved.mailbox, moved.at).await {
            tracing::warn!(mailbox = %moved.mailbox, %error, "its new state is told twice, under the same id");
        }
    }
}

/// Both logins of a new mailbox work: it warms from now on. False: somebody has changed its state since.
pub(crate) async fn accepted(app: &App, profile: &Profile) -> Result<bool, StoreError> {
    let moved = moved(app, profile, (State::New, State::Warming), Rule::CredentialsWork);
    Parts::from(app).enter(&[State::New], &moved).await
}

/// A login was refused, of a visit or of a send: a mailbox in one of the states `from` is in error from now on. False: it is in
/// none of them any more.
pub(crate) async fn refused(app: &App, profile: &Profile, from: &[State], said: &str) -> Result<bool, StoreError> {
    let reason = without_addresses(said);
    let rule = if says_disabled(&reason) { Rule::Disabled } else { Rule::CredentialsRefused };
    let before = from.first().copied().unwrap_or(State::Warming);
    let moved = Moved { reason: Some(&reason), ..moved(app, profile, (before, State::Error), rule) };
    Parts::from(app).enter(from, &moved).await
}

fn moved<'a>(app: &App, profile: &'a Profile, (from, to): (State, State), rule: Rule) -> Moved<'a> {
    let Profile { tenant, id, address, .. } = profile;
    Moved { tenant, mailbox: *id, address: address.as_str(), from, to, at: app.now(), rule, reason: None }
}
