//! Settling an ambiguous send after the recipient's mailbox was searched (architecture.md, *State of a send*; invariant 2).

use jiff::Timestamp;
use preheat_core::day::SlotState;
use preheat_core::id::SlotId;

use crate::archive::Settle;
use crate::error::StoreError;
use crate::item::{Fields, Item, Unreadable, number, number_set, text};
use crate::keys::Key;
use crate::plan_row::{date_of, date_text, reason_text};
use crate::retry::Patience;
use crate::store::Store;

/// What a search has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// The mail arrived: its slot is sent.
    Sent,
    /// The mail never arrived: its slot is planned again, its quota given back.
    Replanned,
    /// The mail never arrived, and its day is over: it is missed, and recorded so.
    Missed,
    /// The slot is not ambiguous any more, or not since then: nothing was written.
    Unchanged,
}

/// How often a row that changes under the search is read again.
const TRIES_MAX: u32 = 4;

impl Store {
    /// Settles the slot that has been ambiguous `since`, as its search order says: found in the recipient's mailbox, or absent
    /// from it after the grace period. The row is written while it speaks of the slot's date, the archived day after that.
    ///
    /// Only that very ambiguity is settled as absent: a search order that comes twice must not take away the claim under which
    /// the slot is being sent again.
    ///
    /// # Errors
    /// The ledger did not answer, or a row cannot be read.
    pub async fn resolve(
        &self,
        slot: SlotId,
        since: Timestamp,
        found: bool,
        reason: &str,
    ) -> Result<Resolved, StoreError> {
        let key = Key::Plan(slot.mailbox);
        for attempt in 0..TRIES_MAX {
            let Some(item) = self.get(key).await? else { return Ok(Resolved::Unchanged) };
            let entry = match Entry::read(item, slot)
                .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })?
            {
                Standing::Archived => return self.resolve_archived(slot, found).await,
                // Gone since the attempt before: taken away by it, its answer lost, or by a twin of this search.
                Standing::Planned if attempt > 0 => return Ok(Resolved::Replanned),
                Standing::Planned => return Ok(Resolved::Unchanged),
                Standing::Entry(entry) => entry,
            };
            match entry.state {
                SlotState::Sent { .. } if found => return Ok(Resolved::Sent),
                SlotState::Sent { .. } | SlotState::Rejected { .. } | SlotState::Bounced { .. } => {
                    return Ok(Resolved::Unchanged);
                }
                SlotState::Claimed { .. } | SlotState::Ambiguous { .. } => {}
            }
            if !found && entry.since_s() != Some(since.as_second()) {
                return Ok(Resolved::Unchanged);
            }
            if self.settle(slot, &entry, found, reason).await? {
                return Ok(if found { Resolved::Sent } else { Resolved::Replanned });
            }
        }
        Err(StoreError::Contended(key.text()))
    }

    async fn settle(&self, slot: SlotId, entry: &Entry, found: bool, reason: &str) -> Result<bool, StoreError> {
        let key = Key::Plan(slot.mailbox);
        let mut call = self
            .update_item(key)
            .condition_expression("d = :d AND o.#k = :entry")
            .expression_attribute_names("#k", slot.k.to_string())
            .expression_attribute_values(":entry", text(&entry.text))
            .expression_attribute_values(":d", date_text(slot.date));
        if found {
            let sent = SlotState::Sent { partner: entry.state.partner() };
            call =
                call.update_expression("SET o.#k = :sent").expression_attribute_values(":sent", text(sent.to_string()));
        } else {
            let mut set = "SET lt = :why REMOVE o.#k".to_owned();
            if let Some(parent) = &entry.parent {
                set.push_str(", rp.#p");
                call = call.expression_attribute_names("#p", parent);
            }
            set.push_str(" ADD u :less, td :k");
            call = call
                .update_expression(set)
                .expression_attribute_values(":less", number(-1))
                .expression_attribute_values(":k", number_set([slot.k]))
                .expression_attribute_values(":why", reason_text(reason));
        }
        Ok(self.update(key, Patience::Usual, call).await?.is_done())
    }

    async fn resolve_archived(&self, slot: SlotId, found: bool) -> Result<Resolved, StoreError> {
        let settle = if found { Settle::Sent } else { Settle::Absent };
        Ok(match (self.settle_archived(slot, settle).await?, found) {
            (true, true) => Resolved::Sent,
            (true, false) => Resolved::Missed,
            (false, _) => Resolved::Unchanged,
        })
    }
}

/// The slot in the row.
struct Entry {
    state: SlotState,
    text: String,
    parent: Option<String>,
}

enum Standing {
    Planned,
    Archived,
    Entry(Entry),
}

impl Entry {
    fn read(item: Item, slot: SlotId) -> Result<Standing, Unreadable> {
        let mut fields = Fields(item);
        if date_of(&mut fields)? != Some(slot.date) {
            return Ok(Standing::Archived);
        }
        let mut slots: Item = fields.map("o", |k, entry| Ok((k, entry)))?;
        let Some(entry) = slots.remove(&slot.k.to_string()) else { return Ok(Standing::Planned) };
        let text = entry.as_s().map_err(|_| Unreadable("a slot is not a text".to_owned()))?.clone();
        let replied: Item = fields.map("rp", |parent, k| Ok((parent, k)))?;
        let k = number(slot.k);
        let parent = replied.into_iter().find(|(_, by)| *by == k).map(|(parent, _)| parent);
        Ok(Standing::Entry(Self { state: text.parse()?, text, parent }))
    }

    /// Since when the entry is ambiguous, in seconds: now, or as soon as its claim expires.
    fn since_s(&self) -> Option<i64> {
        self.state.ambiguous_since(Timestamp::MAX).map(Timestamp::as_second)
    }
}
