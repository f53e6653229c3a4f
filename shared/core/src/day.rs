//! A mailbox's day: its quota and the state of every slot, as one row holds it.
//!
//! The state of a send (architecture.md): `PLANNED → CLAIMED → SENT | REJECTED | AMBIGUOUS`. PLANNED is the absence of
//! an entry. A claim that expired without an outcome *is* ambiguous: nobody knows whether the final dot was passed.
//! Every entry but a rejected one counts against the quota.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::id::{MailboxId, SlotId, base36, date_of, day_number};
use crate::mailbox::{MailboxPlan, State};
use crate::maintenance::Maintenance;
use crate::slots::Slots;
use crate::tick::HeldBy;

/// What became of a slot. Kept as short text in the row: a day of 40 sends stays under 1 kB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// A sender holds it until `expires_at`; without an outcome by then it is ambiguous.
    Claimed {
        /// Distinguishes this claim from every other of the same slot.
        fence: u32,
        /// When the claim ends.
        expires_at: Timestamp,
        /// To whom.
        partner: MailboxId,
    },
    /// The server took it.
    Sent {
        /// To whom.
        partner: MailboxId,
    },
    /// The server refused it for good; the quota was given back.
    Rejected {
        /// To whom.
        partner: MailboxId,
    },
    /// The recipient's server refused the address for good: a hard bounce. The quota was given back.
    Bounced {
        /// To whom.
        partner: MailboxId,
    },
    /// The connection broke after the final dot: it may have arrived. Never sent again until the recipient's mailbox
    /// was searched for it.
    Ambiguous {
        /// When the sender lost sight of it.
        since: Timestamp,
        /// To whom.
        partner: MailboxId,
    },
}

impl SlotState {
    /// To whom the slot goes.
    #[must_use]
    pub fn partner(self) -> MailboxId {
        match self {
            Self::Claimed { partner, .. }
            | Self::Sent { partner }
            | Self::Rejected { partner }
            | Self::Bounced { partner }
            | Self::Ambiguous { partner, .. } => partner,
        }
    }

    /// Whether it counts against the quota of the day.
    #[must_use]
    pub fn counts(self) -> bool {
        match self {
            Self::Claimed { .. } | Self::Sent { .. } | Self::Ambiguous { .. } => true,
            Self::Rejected { .. } | Self::Bounced { .. } => false,
        }
    }

    /// Whether the server refused it for good: another slot may take its place.
    #[must_use]
    pub fn is_refused(self) -> bool {
        match self {
            Self::Rejected { .. } | Self::Bounced { .. } => true,
            Self::Claimed { .. } | Self::Sent { .. } | Self::Ambiguous { .. } => false,
        }
    }

    /// Since when this slot has been ambiguous at `now`: explicitly, or as a claim that has expired.
    #[must_use]
    pub fn ambiguous_since(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Ambiguous { since, .. } => Some(since),
            Self::Claimed { expires_at, .. } if expires_at <= now => Some(expires_at),
            Self::Claimed { .. } | Self::Sent { .. } | Self::Rejected { .. } | Self::Bounced { .. } => None,
        }
    }
}

impl fmt::Display for SlotState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |at: Timestamp| base36(u64::try_from(at.as_second()).unwrap_or(0));
        let id = |mailbox: MailboxId| base36(u64::from(mailbox.0));
        match *self {
            Self::Claimed { fence, expires_at, partner } => {
                write!(f, "C{}.{}.{}", id(partner), seconds(expires_at), base36(u64::from(fence)))
            }
            Self::Sent { partner } => write!(f, "S{}", id(partner)),
            Self::Rejected { partner } => write!(f, "R{}", id(partner)),
            Self::Bounced { partner } => write!(f, "B{}", id(partner)),
            Self::Ambiguous { since, partner } => write!(f, "A{}.{}", id(partner), seconds(since)),
        }
    }
}

/// A row's text that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a row holds `{0}`, which this version does not know")]
pub struct RowError(pub String);

impl FromStr for SlotState {
    type Err = RowError;
    fn from_str(text: &str) -> Result<Self, RowError> {
        let wrong = || RowError(text.to_owned());
        let number = |digits: &str| u64::from_str_radix(digits, 36).map_err(|_| wrong());
        let id = |digits: &str| u32::from_str_radix(digits, 36).map(MailboxId).map_err(|_| wrong());
        let at = |digits: &str| {
            let second = i64::try_from(number(digits)?).map_err(|_| wrong())?;
            Timestamp::from_second(second).map_err(|_| wrong())
        };
        if !text.is_ascii() || text.is_empty() {
            return Err(wrong());
        }
        let (kind, rest) = text.split_at(1);
        let parts: Vec<&str> = rest.split('.').collect();
        match (kind, parts.as_slice()) {
            ("C", [partner, expires, fence]) => Ok(Self::Claimed {
                fence: u32::try_from(number(fence)?).map_err(|_| wrong())?,
                expires_at: at(expires)?,
                partner: id(partner)?,
            }),
            ("S", [partner]) => Ok(Self::Sent { partner: id(partner)? }),
            ("R", [partner]) => Ok(Self::Rejected { partner: id(partner)? }),
            ("B", [partner]) => Ok(Self::Bounced { partner: id(partner)? }),
            ("A", [partner, since]) => Ok(Self::Ambiguous { since: at(since)?, partner: id(partner)? }),
            _ => Err(wrong()),
        }
    }
}

/// A short name of a slot inside rows: `{mailbox}.{day}.{k}`, all base 36.
#[must_use]
pub fn slot_ref(slot: SlotId) -> String {
    format!(
        "{}.{}.{}",
        base36(u64::from(slot.mailbox.0)),
        base36(u64::from(day_number(slot.date))),
        base36(u64::from(slot.k))
    )
}

/// The slot of a [`slot_ref`].
///
/// # Errors
/// The text is not one.
pub fn parse_slot_ref(text: &str) -> Result<SlotId, RowError> {
    let wrong = || RowError(text.to_owned());
    let mut parts = text.split('.');
    let (Some(mailbox), Some(day), Some(k), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(wrong());
    };
    Ok(SlotId {
        mailbox: MailboxId(u32::from_str_radix(mailbox, 36).map_err(|_| wrong())?),
        date: date_of(u16::from_str_radix(day, 36).map_err(|_| wrong())?),
        k: u16::from_str_radix(k, 36).map_err(|_| wrong())?,
    })
}

/// The planning row of a mailbox: what is configured, and how its local day stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRow {
    /// What is configured.
    pub plan: MailboxPlan,
    /// Where it is in its life.
    pub state: State,
    /// The local date that the rest of the row speaks of; `None` before the first day.
    pub date: Option<Date>,
    /// Count of sending days up to and including `date` (domain.md §1); 0 before the first.
    pub day_index: u32,
    /// The target of the day, carry-over included; 0 on a day off.
    pub quota: u32,
    /// How much of `quota` was carried over from the sending day before: `quota - carried_in` is the day's own target.
    pub carried_in: u32,
    /// When the day was begun, if its window had opened before (a first day, or the first after a pause): slots due
    /// before that moment are none of this day's, and `quota` does not count them. `None`: the whole window.
    pub begun_at: Option<Timestamp>,
    /// How many entries of `slots` count against the quota. Equals the fold of `slots`, always.
    pub used: u32,
    /// What became of each slot of `date`, by k.
    pub slots: Slots,
    /// Which received mails a slot of this day replies to: parent slot → k. Guards against a second reply to one mail.
    pub replied: BTreeMap<SlotId, u16>,
    /// Slots of earlier days whose fate is still unknown: kept over the turn of the day so that the
    /// recipient's visits go on looking for them. `turn_day` moves them here and drops them after 3 days as missed; the
    /// fan-out makes searches of them; `resolve` removes them.
    pub open: BTreeMap<SlotId, SlotState>,
    /// When the last claim was made: the second lock on spacing.
    pub last_claim_at: Option<Timestamp>,
    /// Why the last slot was not sent, if one was not: the reason that a missed slot of [`PlanRow::troubled`] is recorded with.
    pub last_trouble: Option<String>,
    /// The slots of this day that were tried and not sent, once at least, whatever became of them since.
    pub troubled: BTreeSet<u16>,
    /// What kept slots that were not tried back until the window closed, as far as the day's last tick knew.
    pub held_back: Option<HeldBy>,
    /// The health multiplier, in percent (domain.md §7): what the next day's target is multiplied with. 100 for the many.
    pub percent: u8,
    /// The multiplier that `quota` was made with, or lowered to since. Equal to `percent`, or lower: what falls lowers the
    /// rest of the day, what rises waits for the next.
    pub quota_percent: u8,
    /// What it sends once it is `ready`.
    pub maintenance: Maintenance,
    /// Number of the last decision of its health that was carried out: each is carried out once.
    pub decided: u32,
    /// Whether it is paused, and by a person: no rule ends that.
    pub by_hand: bool,
    /// From which local date on its days count, if a person stopped it and so began its warmup anew.
    pub counts_from: Option<Date>,
}

impl PlanRow {
    /// The row of a mailbox that has not had a day yet.
    #[must_use]
    pub fn new(plan: MailboxPlan, state: State) -> Self {
        Self {
            plan,
            state,
            date: None,
            day_index: 0,
            quota: 0,
            carried_in: 0,
            begun_at: None,
            used: 0,
            slots: Slots::new(),
            replied: BTreeMap::new(),
            open: BTreeMap::new(),
            last_claim_at: None,
            last_trouble: None,
            troubled: BTreeSet::new(),
            held_back: None,
            percent: 100,
            quota_percent: 100,
            maintenance: Maintenance::Plateau,
            decided: 0,
            by_hand: false,
            counts_from: None,
        }
    }
    /// Slots that have been ambiguous since before `now`, with their partner.
    pub fn ambiguous(&self, now: Timestamp) -> impl Iterator<Item = (u16, SlotState, Timestamp)> + '_ {
        self.slots.iter().filter_map(move |(&k, &state)| state.ambiguous_since(now).map(|since| (k, state, since)))
    }
    /// The rest of the day under a multiplier of `percent`: quota and what of it was carried in. What is sent, claimed or
    /// ambiguous stays counted, so the quota never falls below what is used; a multiplier that is not lower than the day's
    /// changes nothing. `None`: nothing changes.
    #[must_use]
    pub fn lowered(&self, percent: u8) -> Option<(u32, u32)> {
        if percent >= self.quota_percent {
            return None;
        }
        let (new, old) = (u64::from(percent), u64::from(self.quota_percent));
        // Rounded to the nearest, as a target is.
        let share = (u64::from(self.quota) * new * 2 + old) / (old * 2);
        let quota = u32::try_from(share).unwrap_or(self.quota).max(self.used).min(self.quota);
        Some((quota, self.carried_in.min(quota)))
    }
    /// How many slots of the day were sent.
    #[must_use]
    pub fn sent(&self) -> u32 {
        let sent = self.slots.values().filter(|state| matches!(state, SlotState::Sent { .. })).count();
        u32::try_from(sent).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment() -> impl Strategy<Value = Timestamp> {
        (0..253_402_200_000_i64).prop_map(|second| Timestamp::from_second(second).unwrap())
    }

    pub(crate) fn state() -> impl Strategy<Value = SlotState> {
        let partner = || any::<u32>().prop_map(MailboxId);
        prop_oneof![
            (any::<u32>(), moment(), partner()).prop_map(|(fence, expires_at, partner)| SlotState::Claimed {
                fence,
                expires_at,
                partner
            }),
            partner().prop_map(|partner| SlotState::Sent { partner }),
            partner().prop_map(|partner| SlotState::Rejected { partner }),
            partner().prop_map(|partner| SlotState::Bounced { partner }),
            (moment(), partner()).prop_map(|(since, partner)| SlotState::Ambiguous { since, partner }),
        ]
    }

    proptest! {
        #[test]
        fn a_state_is_read_as_it_was_written(state in state()) {
            let text = state.to_string();
            prop_assert_eq!(text.parse::<SlotState>(), Ok(state));
            // "A day of 40 sends stays under 1 kB": a claim is the longest, and there is one at a time.
            prop_assert!(text.len() <= 26, "{}", text);
        }

        #[test]
        fn two_states_never_share_a_text(a in state(), b in state()) {
            prop_assert_eq!(a == b, a.to_string() == b.to_string());
        }

        #[test]
        fn a_slot_ref_is_read_as_it_was_written(mailbox: u32, day: u16, k: u16) {
            let slot = SlotId { mailbox: MailboxId(mailbox), date: date_of(day), k };
            prop_assert_eq!(parse_slot_ref(&slot_ref(slot)), Ok(slot));
            prop_assert!(slot_ref(slot).len() <= 17);
        }

        #[test]
        fn any_text_is_read_or_refused_as_it_is(text in "[CSRABX]?[0-9a-z.é -]{0,20}") {
            if let Err(error) = text.parse::<SlotState>() {
                prop_assert_eq!(error, RowError(text.clone()));
            }
            if let Err(error) = parse_slot_ref(&text) {
                prop_assert_eq!(error, RowError(text.clone()));
            }
        }

        #[test]
        fn a_claim_is_ambiguous_from_its_end_on(state in state(), now in moment()) {
            let since = match state {
                SlotState::Claimed { expires_at, .. } => (expires_at <= now).then_some(expires_at),
                SlotState::Ambiguous { since, .. } => Some(since),
                SlotState::Sent { .. } | SlotState::Rejected { .. } | SlotState::Bounced { .. } => None,
            };
            prop_assert_eq!(state.ambiguous_since(now), since);
            prop_assert_eq!(state.counts(), !state.is_refused());
        }
    }

    #[test]
    fn the_form_in_the_rows_never_changes() {
        let at = Timestamp::from_second(1_772_442_000).unwrap();
        let partner = MailboxId(46);
        let forms = [
            (SlotState::Claimed { fence: 255, expires_at: at, partner }, "C1a.tb9l00.73"),
            (SlotState::Sent { partner }, "S1a"),
            (SlotState::Rejected { partner }, "R1a"),
            (SlotState::Bounced { partner }, "B1a"),
            (SlotState::Ambiguous { since: at, partner }, "A1a.tb9l00"),
        ];
        for (state, text) in forms {
            assert_eq!(state.to_string(), text);
            assert_eq!(text.parse(), Ok(state));
        }
        let slot: SlotId = "mb-1a/2026-03-02/7".parse().unwrap();
        assert_eq!(slot_ref(slot), "1a.1qk.7");
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for text in [
            "",
            "S",
            "X1",
            "S1.2",
            "C1.2",
            "C1.2.3.4",
            "A1",
            "S-1",
            "Sé",
            "é",
            "s1",
            "S1 ",
            "Szzzzzzzz",
            "C1.2.zzzzzzzz",
        ] {
            assert_eq!(text.parse::<SlotState>(), Err(RowError(text.to_owned())), "{text:?}");
        }
        for text in ["", "1", "1.2", "1.2.3.4", "a.b.zzzz", "1.zzzz.1", "1..1", "1.2.3 "] {
            assert_eq!(parse_slot_ref(text), Err(RowError(text.to_owned())), "{text:?}");
        }
    }

    fn used_row(quota: u32, carried_in: u32, used: u32) -> PlanRow {
        let plan = crate::tick::simulation::fleet(&[1], &crate::ramp::Ramp::Table { days: vec![quota] }).remove(0).plan;
        let slots = (0..used).map(|k| (u16::try_from(k).unwrap(), SlotState::Sent { partner: MailboxId(9) })).collect();
        PlanRow { quota, carried_in, used, slots, ..plan }
    }

    proptest! {
        #[test]
        fn a_multiplier_that_falls_lowers_what_is_left_of_the_day(
            quota in 0_u32..500, carry in 0.0..=0.2_f64, done in 0.0..=1.0_f64,
            falls in prop::collection::vec(prop::sample::select(vec![100_u8, 75, 50, 0]), 1..6),
        ) {
            let share = |part: f64| (f64::from(quota) * part) as u32;
            let before = used_row(quota, share(carry), share(done));
            let mut row = before.clone();
            for percent in falls {
                row.percent = percent;
                let Some((quota, carried_in)) = row.lowered(percent) else {
                    prop_assert!(percent >= row.quota_percent);
                    continue;
                };
                prop_assert!(percent < row.quota_percent);
                prop_assert!(quota <= row.quota && carried_in <= row.carried_in);
                // Nothing that was claimed is un-counted, and its quota still covers it.
                prop_assert!(quota >= row.used && carried_in <= quota);
                (row.quota, row.carried_in, row.quota_percent) = (quota, carried_in, percent);
                prop_assert_eq!((row.used, &row.slots), (before.used, &before.slots));
                // The same again changes nothing.
                prop_assert_eq!(row.lowered(percent), None);
            }
            // A rise and a fall do not lower twice: the day follows the lowest that it has seen, within rounding.
            let lowest = f64::from(row.quota_percent) / 100.0;
            let fair = (f64::from(before.quota) * lowest).max(f64::from(before.used));
            prop_assert!((f64::from(row.quota) - fair).abs() <= 1.0, "{} {}", row.quota, fair);
        }
    }
}
