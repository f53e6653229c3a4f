//! The claim: one conditional update that decides who may send a slot, and whether anybody may (architecture.md, *State of
//! a send*; invariants 1, 2, 8, 9, 12).

use jiff::{SignedDuration, Timestamp};
use preheat_core::day::{SlotState, slot_ref};
use preheat_core::id::{MailboxId, SlotId};
use preheat_core::mailbox::State;

use crate::error::StoreError;
use crate::item::{Fields, Item, Unreadable, instant, number, text};
use crate::keys::Key;
use crate::plan_row::{date_of, date_text, state_of, state_text};
use crate::retry::Patience;
use crate::store::{Store, Write};

/// What a sender asks for before it says anything to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Which slot. Its mailbox is the sender, its date the sender's local date.
    pub slot: SlotId,
    /// To whom it goes.
    pub partner: MailboxId,
    /// The received mail that it replies to; `None`: an opening.
    pub parent: Option<SlotId>,
    /// Tells this claim from every other of the slot: one invocation, one fence.
    pub fence: u32,
    /// What time it is.
    pub now: Timestamp,
    /// When the claim ends, later than any work under it can last. From then on the slot is ambiguous. Whole seconds count.
    pub expires_at: Timestamp,
    /// Least time since the mailbox's last claim, in seconds.
    pub spacing_s: u32,
}

/// A slot that its holder, and nobody else, may send now. Ends with exactly one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub(crate) slot: SlotId,
    pub(crate) parent: Option<SlotId>,
    pub(crate) partner: MailboxId,
    /// The claim's text in the row: the fence of its outcome.
    pub(crate) text: String,
}

impl Held {
    /// Which slot.
    #[must_use]
    pub fn slot(&self) -> SlotId {
        self.slot
    }
    /// To whom it goes.
    #[must_use]
    pub fn partner(&self) -> MailboxId {
        self.partner
    }
}

/// How a claim ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The slot is the caller's until the claim expires.
    Won(Held),
    /// It is not, and nothing was written.
    Lost(Lost),
}

/// Why a slot cannot be claimed. Where several reasons hold, the first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The mailbox does not send (any more), or its local day is another one.
    Stale,
    /// The slot was claimed before: it is being sent, was sent or refused, or is ambiguous.
    Taken,
    /// The mail was replied to before.
    Replied,
    /// The quota of the day is used up.
    Quota,
    /// The mailbox's last claim was too short a time ago.
    TooSoon {
        /// From when on the spacing holds.
        ready_at: Timestamp,
    },
}

impl ClaimRequest {
    fn held(&self) -> Held {
        // Rows hold whole seconds: what is held must be what is written.
        let expires_at = Timestamp::from_second(self.expires_at.as_second()).unwrap_or(self.expires_at);
        let claim = SlotState::Claimed { fence: self.fence, expires_at, partner: self.partner };
        Held { slot: self.slot, parent: self.parent, partner: self.partner, text: claim.to_string() }
    }

    fn spacing(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.spacing_s))
    }
}

impl Store {
    /// Claims a slot: 1 write unit. A repeat after a lost answer finds its own claim and has won.
    ///
    /// # Errors
    /// The ledger did not answer: the claim may stand or not, and the same request may be made again.
    pub async fn claim(&self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        let key = Key::Plan(request.slot.mailbox);
        let held = request.held();
        let sending = State::SENDING;
        let names: Vec<String> = (0..sending.len()).map(|i| format!(":s{i}")).collect();
        let mut set = "SET o.#k = :claim, la = :now".to_owned();
        let mut when = format!(
            "st IN ({}) AND d = :d AND u < q AND attribute_not_exists(o.#k) AND (attribute_not_exists(la) OR la <= :before)",
            names.join(", ")
        );
        let mut call = self
            .update_item(key)
            .expression_attribute_names("#k", request.slot.k.to_string())
            .expression_attribute_values(":claim", text(&held.text))
            .expression_attribute_values(":now", instant(request.now))
            .expression_attribute_values(":before", instant(request.now - request.spacing()))
            .expression_attribute_values(":d", date_text(request.slot.date))
            .expression_attribute_values(":one", number(1));
        for (name, state) in names.into_iter().zip(sending) {
            call = call.expression_attribute_values(name, text(state_text(state)));
        }
        if let Some(parent) = request.parent {
            set.push_str(", rp.#p = :k");
            when.push_str(" AND attribute_not_exists(rp.#p)");
            call = call
                .expression_attribute_names("#p", slot_ref(parent))
                .expression_attribute_values(":k", number(request.slot.k));
        }
        set.push_str(" ADD u :one");
        let call = call.update_expression(set).condition_expression(when);
        let row = match self.update(key, Patience::Usual, call).await? {
            Write::Done(_) => return Ok(Claim::Won(held)),
            Write::Refused(row) => row,
        };
        let refusal =
            Refusal::read(row, request).map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.0 })?;
        if refusal.entry.as_deref() != Some(held.text.as_str()) {
            return match refusal.reason(request) {
                Some(lost) => Ok(Claim::Lost(lost)),
                // Between the write and the look at the row nothing can change: DynamoDB shows the row it refused on.
                None => Err(StoreError::Contended(key.text())),
            };
        }
        if refusal.is_live(request) {
            return Ok(Claim::Won(held));
        }
        // The claim stands, but the mailbox was stopped since: nothing was said to a server yet, so it goes back.
        self.release(&held, "stopped").await?;
        Ok(Claim::Lost(Lost::Stale))
    }
}

/// What the row says about a claim that was refused.
struct Refusal {
    state: Option<State>,
    date: Option<jiff::civil::Date>,
    quota: u32,
    used: u32,
    entry: Option<String>,
    replied: bool,
    last_claim_at: Option<Timestamp>,
}

impl Refusal {
    /// Reads no more than a claim depends on: a row whose settings this version cannot read still explains itself.
    fn read(row: Item, request: &ClaimRequest) -> Result<Self, Unreadable> {
        let mut fields = Fields(row);
        let (k, parent) = (request.slot.k.to_string(), request.parent.map(slot_ref));
        let value = |name: String, value| Ok((name, value));
        let mut slots: Item = fields.map("o", value)?;
        let replied: Item = fields.map("rp", value)?;
        Ok(Self {
            state: fields.text_or_none("st")?.map(|word| state_of(&word)).transpose()?,
            date: date_of(&mut fields)?,
            quota: fields.number_or_none("q")?.unwrap_or_default(),
            used: fields.number_or_none("u")?.unwrap_or_default(),
            entry: slots.remove(&k).and_then(|entry| entry.as_s().ok().cloned()),
            replied: parent.is_some_and(|parent| replied.contains_key(&parent)),
            last_claim_at: fields.instant_or_none("la")?,
        })
    }

    fn is_live(&self, request: &ClaimRequest) -> bool {
        self.state.is_some_and(State::sends) && self.date == Some(request.slot.date)
    }

    fn reason(&self, request: &ClaimRequest) -> Option<Lost> {
        let ready_at = self.last_claim_at.map(|at| at + request.spacing());
        if !self.is_live(request) {
            Some(Lost::Stale)
        } else if self.entry.is_some() {
            Some(Lost::Taken)
        } else if self.replied {
            Some(Lost::Replied)
        } else if self.used >= self.quota {
            Some(Lost::Quota)
        } else {
            ready_at.filter(|&at| at > request.now).map(|ready_at| Lost::TooSoon { ready_at })
        }
    }
}
