//! Importing mailboxes: idempotent by address. A crash in between is repaired by importing again; importing again with other
//! settings changes the settings and never the progress.

use preheat_core::content::Language;
use preheat_core::day::PlanRow;
use preheat_core::endpoint::Endpoint;
use preheat_core::id::{Address, MailboxId, PoolId, TenantId};
use preheat_core::mailbox::{MailboxPlan, Mode, Provider, Role, Schedule, State};
use preheat_core::ramp::Ramp;
use preheat_core::visit::BoxRow;

use crate::credential::{Credential, Sealed};
use crate::error::StoreError;
use crate::keys::Key;
use crate::mailbox::{address_item, owner_of};
use crate::profile::Profile;
use crate::store::{Store, Write};
use crate::vault::Vault;
use crate::{box_row, plan_row};

/// A mailbox as its operator describes it, without its credential.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMailbox {
    /// Who owns it.
    pub tenant: TenantId,
    /// Its address.
    pub address: Address,
    /// The name in its From header.
    pub display_name: String,
    /// Who hosts it.
    pub provider: Provider,
    /// Its organisation; by default the registrable domain of its address.
    pub organisation: String,
    /// Whom it exchanges mail with.
    pub pool: PoolId,
    /// Sender or seed.
    pub role: Role,
    /// Exchange or measure.
    pub mode: Mode,
    /// When it sends.
    pub schedule: Schedule,
    /// How its volume grows.
    pub ramp: Ramp,
    /// Its own ceiling, in sends a day.
    pub cap_per_day: Option<u32>,
    /// Share of received mail that it replies to, 0–0.5.
    pub reply_rate: f64,
    /// The language in which it begins threads.
    pub language: Language,
    /// Where it submits mail.
    pub smtp: Endpoint,
    /// Where its mail lies.
    pub imap: Endpoint,
    /// The name it logs in with.
    pub user: String,
}

/// What an import gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The mailbox's number.
    pub id: MailboxId,
    /// The address was there before: settings and credential were changed, progress was not.
    pub existed: bool,
}

impl NewMailbox {
    fn plan(&self, id: MailboxId) -> MailboxPlan {
        MailboxPlan {
            id,
            tenant: self.tenant.clone(),
            address: self.address.clone(),
            provider: self.provider,
            organisation: self.organisation.clone(),
            pool: self.pool.clone(),
            role: self.role,
            mode: self.mode,
            schedule: self.schedule.clone(),
            ramp: self.ramp.clone(),
            cap_per_day: self.cap_per_day,
            reply_rate: self.reply_rate,
            language: self.language,
        }
    }

    fn profile(&self, id: MailboxId, sealed: Sealed) -> Profile {
        Profile {
            tenant: self.tenant.clone(),
            id,
            address: self.address.clone(),
            display_name: self.display_name.clone(),
            provider: self.provider,
            pool: self.pool.clone(),
            zone: self.schedule.zone.clone(),
            smtp: self.smtp.clone(),
            imap: self.imap.clone(),
            user: self.user.clone(),
            sealed,
        }
    }
}

impl Store {
    /// Imports a mailbox, in state `new`, and seals its credential.
    ///
    /// The address is taken first, so that two imports at once agree on its number; the planning row comes last, so that the
    /// fan-out sees no mailbox that is not complete.
    ///
    /// # Errors
    /// [`StoreError::AddressTaken`]: another tenant has the address. Others: the ledger or KMS did not answer; import
    /// again.
    pub async fn import(
        &self,
        vault: &Vault,
        new: &NewMailbox,
        credential: &Credential,
    ) -> Result<Imported, StoreError> {
        let id = self.number_of(&new.tenant, &new.address).await?;
        let sealed = self.sealed(vault, id, new, credential).await?;
        self.put_profile(&new.profile(id, sealed)).await?;
        self.put_if_absent(Key::Box(id), box_row::to_item(&BoxRow::default())).await?;
        let plan = new.plan(id);
        let existed = !self.put_if_absent(Key::Plan(id), plan_row::to_item(&first_row(plan.clone()))).await?.is_done();
        if existed {
            self.set_plan(&plan).await?;
        }
        Ok(Imported { id, existed })
    }

    /// The number of an address, given now if it has none.
    async fn number_of(&self, tenant: &TenantId, address: &Address) -> Result<MailboxId, StoreError> {
        let (owner, id) = match self.owner(address).await? {
            Some(taken) => taken,
            None => {
                let id = self.next_id().await?;
                let key = Key::Address(address);
                match self.put_if_absent(key, address_item(tenant, id)).await? {
                    Write::Done(_) => return Ok(id),
                    // Another import was faster, or this one, its answer lost: the number just given may stay unused.
                    Write::Refused(item) => owner_of(key, item)?,
                }
            }
        };
        if owner == *tenant { Ok(id) } else { Err(StoreError::AddressTaken) }
    }

    /// The credential, sealed: as it was, if it is the same; under the next version, if it is another.
    async fn sealed(
        &self,
        vault: &Vault,
        id: MailboxId,
        new: &NewMailbox,
        credential: &Credential,
    ) -> Result<Sealed, StoreError> {
        let before = self.profile(id).await?.map(|profile| profile.sealed);
        let Some(before) = before else { return vault.seal(&new.tenant, id, 1, credential).await };
        match vault.open(&new.tenant, id, &before).await {
            Ok(same) if same == *credential => Ok(before),
            // What does not open (its key was destroyed, say) is replaced by what is given now.
            Ok(_) | Err(StoreError::Sealed(_) | StoreError::Key { .. }) => {
                vault.seal(&new.tenant, id, before.version.saturating_add(1), credential).await
            }
            Err(error) => Err(error),
        }
    }
}

/// The planning row of a mailbox before its first day.
fn first_row(plan: MailboxPlan) -> PlanRow {
    PlanRow::new(plan, State::New)
}
