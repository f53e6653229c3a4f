//! The outcome of a claim: one update, fenced by the claim's own text (invariants 1, 2, 5).
//!
//! An outcome may come twice, or after the local day was turned. The row, or the archived day, then says already what the
//! outcome wants to say, and that is a success. Only an outcome that contradicts the row is refused.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use jiff::Timestamp;
use preheat_core::day::{SlotState, slot_ref};

use crate::archive::Settle;
use crate::claim::Held;
use crate::error::StoreError;
use crate::item::{Fields, Item, Unreadable, number, number_set, text};
use crate::keys::Key;
use crate::plan_row::{date_of, date_text, reason_text};
use crate::retry::Patience;
use crate::store::{Store, Write};

/// What became of a claim.
#[derive(Debug, Clone, Copy)]
enum Outcome<'a> {
    Sent,
    Rejected(&'a str),
    Bounced(&'a str),
    Ambiguous(Timestamp),
    Released(&'a str),
}

impl Store {
    /// The server took the mail.
    ///
    /// # Errors
    /// [`StoreError::Settled`]: the slot was settled otherwise since. Others: not written; the claim will expire, and
    /// the slot is ambiguous until the recipient's mailbox was searched.
    pub async fn sent(&self, held: &Held) -> Result<(), StoreError> {
        self.conclude(held, Outcome::Sent).await
    }

    /// The server refused the mail for good. Its slot stays used, its quota is given back.
    ///
    /// # Errors
    /// As for [`Store::sent`].
    pub async fn rejected(&self, held: &Held, reason: &str) -> Result<(), StoreError> {
        self.conclude(held, Outcome::Rejected(reason)).await
    }

    /// The server refused the address for good: a hard bounce. Otherwise as [`Store::rejected`].
    ///
    /// # Errors
    /// As for [`Store::sent`].
    pub async fn bounced(&self, held: &Held, reason: &str) -> Result<(), StoreError> {
        self.conclude(held, Outcome::Bounced(reason)).await
    }

    /// The connection was lost after the final dot at `now`: the mail may have arrived.
    ///
    /// # Errors
    /// As for [`Store::sent`].
    pub async fn ambiguous(&self, held: &Held, now: Timestamp) -> Result<(), StoreError> {
        self.conclude(held, Outcome::Ambiguous(now)).await
    }

    /// Nothing can have been delivered: the slot is planned again, its quota given back, `reason` noted.
    ///
    /// # Errors
    /// As for [`Store::sent`].
    pub async fn release(&self, held: &Held, reason: &str) -> Result<(), StoreError> {
        self.conclude(held, Outcome::Released(reason)).await
    }

    async fn conclude(&self, held: &Held, outcome: Outcome<'_>) -> Result<(), StoreError> {
        let key = Key::Plan(held.slot.mailbox);
        let call = outcome
            .update(held, self.update_item(key))
            .condition_expression("d = :d AND o.#k = :claim")
            .expression_attribute_names("#k", held.slot.k.to_string())
            .expression_attribute_values(":claim", text(&held.text))
            .expression_attribute_values(":d", date_text(held.slot.date));
        let row = match self.update(key, Patience::Outcome, call).await? {
            Write::Done(_) => return Ok(()),
            Write::Refused(row) => row,
        };
        let standing =
            Standing::read(row, held).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })?;
        match standing {
            Standing::Gone => Err(StoreError::NotFound(held.slot.mailbox.to_string())),
            Standing::Entry(entry) if outcome.agrees_with(entry) => Ok(()),
            Standing::Entry(entry) => Err(StoreError::Settled {
                slot: held.slot,
                state: entry.map_or_else(|| "planned".to_owned(), |state| state.to_string()),
            }),
            // The day was turned meanwhile: it lies in the archive, the claim among its ambiguous slots. If it does not
            // stand there any more, it was settled before, by this very call or by a search.
            Standing::Archived => match outcome {
                Outcome::Sent => self.settle_archived(held.slot, Settle::Sent).await.map(drop),
                Outcome::Rejected(reason) => self.settle_archived(held.slot, Settle::Rejected(reason)).await.map(drop),
                Outcome::Bounced(reason) => self.settle_archived(held.slot, Settle::Bounced(reason)).await.map(drop),
                Outcome::Released(reason) => self.settle_archived(held.slot, Settle::Unsent(reason)).await.map(drop),
                Outcome::Ambiguous(_) => Ok(()),
            },
        }
    }
}

impl Outcome<'_> {
    fn update(self, held: &Held, call: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        let partner = held.partner;
        let put = |call: UpdateItemFluentBuilder, state: SlotState| {
            call.expression_attribute_values(":new", text(state.to_string()))
        };
        let give_back = |call: UpdateItemFluentBuilder, reason: &str| {
            call.expression_attribute_values(":less", number(-1))
                .expression_attribute_values(":why", reason_text(reason))
                .expression_attribute_values(":k", number_set([held.slot.k]))
        };
        match self {
            Self::Sent => put(call, SlotState::Sent { partner }).update_expression("SET o.#k = :new"),
            Self::Ambiguous(since) => {
                put(call, SlotState::Ambiguous { since, partner }).update_expression("SET o.#k = :new")
            }
            Self::Rejected(reason) => give_back(put(call, SlotState::Rejected { partner }), reason)
                .update_expression("SET o.#k = :new, lt = :why ADD u :less, td :k"),
            Self::Bounced(reason) => give_back(put(call, SlotState::Bounced { partner }), reason)
                .update_expression("SET o.#k = :new, lt = :why ADD u :less, td :k"),
            Self::Released(reason) => {
                let call = give_back(call, reason);
                match held.parent {
                    None => call.update_expression("SET lt = :why REMOVE o.#k ADD u :less, td :k"),
                    Some(parent) => call
                        .expression_attribute_names("#p", slot_ref(parent))
                        .update_expression("SET lt = :why REMOVE o.#k, rp.#p ADD u :less, td :k"),
                }
            }
        }
    }

    /// Whether an entry that is not the claim any more says what this outcome wants to say.
    fn agrees_with(self, entry: Option<SlotState>) -> bool {
        match (self, entry) {
            (Self::Sent, Some(SlotState::Sent { .. }))
            | (Self::Rejected(_), Some(SlotState::Rejected { .. }))
            | (Self::Bounced(_), Some(SlotState::Bounced { .. }))
            // The search may have been faster.
            | (Self::Ambiguous(_), Some(SlotState::Ambiguous { .. } | SlotState::Sent { .. }))
            // Released before; and perhaps claimed anew since.
            | (Self::Released(_), None | Some(SlotState::Claimed { .. })) => true,
            (Self::Sent | Self::Rejected(_) | Self::Bounced(_) | Self::Ambiguous(_) | Self::Released(_), _) => false,
        }
    }
}

/// Where a claim's slot stands, after its outcome was refused.
enum Standing {
    /// The mailbox was deleted.
    Gone,
    /// In the row; `None`: planned.
    Entry(Option<SlotState>),
    /// In an archived day.
    Archived,
}

impl Standing {
    fn read(row: Item, held: &Held) -> Result<Self, Unreadable> {
        if row.is_empty() {
            return Ok(Self::Gone);
        }
        let mut fields = Fields(row);
        if date_of(&mut fields)? != Some(held.slot.date) {
            return Ok(Self::Archived);
        }
        let mut slots: Item = fields.map("o", |k, entry| Ok((k, entry)))?;
        match slots.remove(&held.slot.k.to_string()) {
            None => Ok(Self::Entry(None)),
            Some(entry) => {
                let entry = entry.as_s().map_err(|_| Unreadable("a slot is not a text".to_owned()))?;
                Ok(Self::Entry(Some(entry.parse()?)))
            }
        }
    }
}
