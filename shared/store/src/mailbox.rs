//! What an operator does with a mailbox: stop, resume, change, delete, look up.

use jiff::Timestamp;
use jiff::civil::Date;
use preheat_core::id::{Address, MailboxId, TenantId};
use preheat_core::mailbox::{MailboxPlan, State};
use preheat_core::maintenance::Maintenance;
use preheat_core::tick::HeldBy;

use crate::error::StoreError;
use crate::item::{Fields, Item, Unreadable, instant, number, text};
use crate::keys::{Key, mailbox_pk};
use crate::plan_row::{date_text, reason_text, settings_text, state_text};
use crate::retry::Patience;
use crate::store::{Store, Write};

/// What is known of a state that somebody put a mailbox into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateNote {
    /// Why.
    pub reason: Option<String>,
    /// Since when; `None`: nobody but the governor ever did.
    pub since: Option<Timestamp>,
    /// Whether those who listen have been told.
    pub told: bool,
}

impl Store {
    /// The number of an address; `None`: it is not in this stack.
    ///
    /// # Errors
    /// The ledger did not answer, or the item cannot be read.
    pub async fn find(&self, address: &Address) -> Result<Option<MailboxId>, StoreError> {
        Ok(self.owner(address).await?.map(|(_, id)| id))
    }

    /// The tenant and number of an address.
    pub(crate) async fn owner(&self, address: &Address) -> Result<Option<(TenantId, MailboxId)>, StoreError> {
        let key = Key::Address(address);
        self.get(key).await?.map(|item| owner_of(key, item)).transpose()
    }

    /// Puts a mailbox that is in one of the states `from` into another. Whatever was queued before a pause loses its claim: the
    /// claim asks this very row (invariant 12). False: somebody has changed its state since, and what was seen in the old one
    /// says nothing of the new one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the ledger did not answer.
    pub async fn set_state(
        &self,
        id: MailboxId,
        from: &[State],
        state: State,
        reason: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let names: Vec<String> = (0..from.len()).map(|n| format!(":f{n}")).collect();
        let mut call = self
            .update_item(Key::Plan(id))
            .condition_expression(format!("st <> :st AND st IN ({})", names.join(", ")))
            .expression_attribute_values(":sa", instant(at))
            .expression_attribute_values(":st", text(state_text(state)));
        for (name, state) in names.into_iter().zip(from) {
            call = call.expression_attribute_values(name, text(state_text(*state)));
        }
        let call = match reason {
            None => call.update_expression("SET st = :st, sa = :sa REMOVE sr, bh, sw"),
            Some(reason) => call
                .update_expression("SET st = :st, sa = :sa, sr = :sr REMOVE bh, sw")
                .expression_attribute_values(":sr", reason_text(reason)),
        };
        self.change_state(id, state, call).await
    }

    /// Pauses a mailbox by hand; one that a rule has paused is paused by hand from then on. False: it is retired.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the ledger did not answer.
    pub async fn pause(&self, id: MailboxId, reason: &str, at: Timestamp) -> Result<bool, StoreError> {
        let call = self
            .update_item(Key::Plan(id))
            .update_expression("SET st = :st, sa = :sa, sr = :sr, bh = :one REMOVE sw")
            .expression_attribute_values(":sa", instant(at))
            .condition_expression("attribute_exists(pk) AND st <> :retired")
            .expression_attribute_values(":st", text(state_text(State::Paused)))
            .expression_attribute_values(":retired", text(state_text(State::Retired)))
            .expression_attribute_values(":sr", reason_text(reason))
            .expression_attribute_values(":one", number(1));
        self.change_state(id, State::Paused, call).await
    }

    /// A change that was refused because it had been made before, by this call or another, is made.
    async fn change_state(
        &self,
        id: MailboxId,
        state: State,
        call: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
    ) -> Result<bool, StoreError> {
        match self.update(Key::Plan(id), Patience::Usual, call).await? {
            Write::Done(_) => Ok(true),
            Write::Refused(item) if item.is_empty() => Err(StoreError::NotFound(id.to_string())),
            Write::Refused(item) => Ok(Fields(item).text("st").is_ok_and(|now| now == state_text(state))),
        }
    }

    /// Notes what kept slots of a date back that were not tried, if that date is still the row's. The first note stays.
    ///
    /// # Errors
    /// The ledger did not answer: the day's record will say less.
    pub async fn note_held_back(&self, id: MailboxId, date: Date, by: HeldBy) -> Result<(), StoreError> {
        let call = self
            .update_item(Key::Plan(id))
            .update_expression("SET hb = :why")
            .condition_expression("d = :d AND attribute_not_exists(hb)")
            .expression_attribute_values(":why", text(by.letter()))
            .expression_attribute_values(":d", date_text(date));
        self.update(Key::Plan(id), Patience::Usual, call).await.map(drop)
    }

    /// Notes that the state which a mailbox was put into at `at` has been told of. Not if it was put into another since.
    ///
    /// # Errors
    /// The ledger did not answer: it is told again.
    pub async fn state_told(&self, id: MailboxId, at: Timestamp) -> Result<(), StoreError> {
        let call = self
            .update_item(Key::Plan(id))
            .update_expression("SET sw = :sw")
            .condition_expression("sa = :sa")
            .expression_attribute_values(":sw", number(1))
            .expression_attribute_values(":sa", instant(at));
        self.update(Key::Plan(id), Patience::Usual, call).await.map(drop)
    }

    /// Who put a mailbox into its state, as far as it was not the governor: what the last [`Store::set_state`] or
    /// [`Store::stop`] gave.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn state_note(&self, id: MailboxId) -> Result<StateNote, StoreError> {
        let key = Key::Plan(id);
        let Some(item) = self.get(key).await? else { return Ok(StateNote::default()) };
        note_of(item).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
    }

    /// Why a mailbox is in its state: what the last [`Store::set_state`] gave as its reason.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn state_reason(&self, id: MailboxId) -> Result<Option<String>, StoreError> {
        Ok(self.state_note(id).await?.reason)
    }

    /// Stops a mailbox: paused by hand, and its progress reset. Resumed, it begins its ramp anew; today it sends no more, and
    /// its health counts days from `counts_from` on only. False: it is retired.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the ledger did not answer.
    pub async fn stop(
        &self,
        id: MailboxId,
        reason: &str,
        counts_from: Date,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let call = self
            .update_item(Key::Plan(id))
            .update_expression(
                "SET st = :st, sa = :sa, sr = :sr, i = :zero, q = u, ci = :zero, bh = :one, cf = :cf REMOVE sw",
            )
            .expression_attribute_values(":sa", instant(at))
            .condition_expression("attribute_exists(pk) AND st <> :retired")
            .expression_attribute_values(":st", text(state_text(State::Paused)))
            .expression_attribute_values(":retired", text(state_text(State::Retired)))
            .expression_attribute_values(":sr", reason_text(reason))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":cf", date_text(counts_from));
        self.change_state(id, State::Paused, call).await
    }

    /// Sets what a mailbox sends once it is `ready`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the ledger did not answer.
    pub async fn set_maintenance(&self, id: MailboxId, maintenance: Maintenance) -> Result<(), StoreError> {
        let call = self
            .update_item(Key::Plan(id))
            .update_expression("SET mt = :mt")
            .expression_attribute_values(":mt", text(maintenance.to_string()));
        self.update_present(id, call).await
    }

    /// Changes the settings of a mailbox; its state and its day stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the ledger did not answer.
    pub async fn set_plan(&self, plan: &MailboxPlan) -> Result<(), StoreError> {
        let call = self
            .update_item(Key::Plan(plan.id))
            .update_expression("SET c = :c")
            .expression_attribute_values(":c", text(settings_text(plan)));
        self.update_present(plan.id, call).await
    }

    async fn update_present(
        &self,
        id: MailboxId,
        call: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
    ) -> Result<(), StoreError> {
        let call = call.condition_expression("attribute_exists(pk)");
        let written = self.update(Key::Plan(id), Patience::Usual, call).await?;
        if written.is_done() { Ok(()) } else { Err(StoreError::NotFound(id.to_string())) }
    }

    /// Deletes a mailbox with all its data and its credential. Queued orders lose their claim at once: the planning row goes
    /// first. What a crash leaves is deleted by deleting again: the address goes last.
    ///
    /// # Errors
    /// The ledger did not answer.
    pub async fn delete(&self, id: MailboxId) -> Result<(), StoreError> {
        let address = self.profile(id).await?.map(|profile| profile.address);
        for key in [Key::Plan(id), Key::Box(id), Key::Health(id)] {
            self.delete_item(&key.pk(), &key.sk()).await?;
        }
        let pk = mailbox_pk(id);
        let rest = self.query_all(&pk, "").await?;
        // The profile knows the address, so it goes after the archives, and after the address itself.
        for sk in rest.keys().filter(|sk| *sk != &Key::Profile(id).sk()) {
            self.delete_item(&pk, sk).await?;
        }
        if let Some(address) = address
            && self.find(&address).await? == Some(id)
        {
            let key = Key::Address(&address);
            self.delete_item(&key.pk(), &key.sk()).await?;
        }
        self.delete_item(&pk, &Key::Profile(id).sk()).await
    }
}

/// What is noted of a state beside it: `sr` why, `sa` since when, `sw` that it was told of.
fn note_of(item: Item) -> Result<StateNote, Unreadable> {
    let mut fields = Fields(item);
    Ok(StateNote {
        reason: fields.text_or_none("sr")?,
        since: fields.instant_or_none("sa")?,
        told: fields.number_or_none::<u8>("sw")?.is_some(),
    })
}

/// The item of an address.
pub(crate) fn address_item(tenant: &TenantId, id: MailboxId) -> Item {
    Item::from([("t".to_owned(), text(tenant.as_str())), ("n".to_owned(), number(id.0))])
}

/// Tenant and number of an [`address_item`].
pub(crate) fn owner_of(key: Key<'_>, item: Item) -> Result<(TenantId, MailboxId), StoreError> {
    let mut fields = Fields(item);
    let read =
        || -> Result<_, crate::item::Unreadable> { Ok((fields.text("t")?.parse()?, MailboxId(fields.number("n")?))) };
    let mut read = read;
    read().map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })
}
