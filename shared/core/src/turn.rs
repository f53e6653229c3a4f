//! The turn of the local day: what becomes of the day that ended, and how the new one begins (domain.md §2, §4).
//!
//! Two rows turn, each for itself:
//! - The **box row** turns on every local date: what was found goes to its archive, the visits of the day begin anew.
//! - The **planning row** turns on the next *sending day* of a mailbox that *sends*. On days off and while it is paused
//!   it keeps speaking of its last day: nothing is written, what is ambiguous can still be resolved there, Friday's
//!   carry-over waits for Monday, and the length of a pause can be read off it.
//!
//! Decisions where domain.md is silent:
//! - A sending day on which nothing at all was sent (an outage) does not count for the day index, as a paused one.
//! - The gap after which the index steps back is counted in sending days, as the index is.
//! - A first day, or the first after sending days without a turn, that begins in mid-window owes only the slots that
//!   are still to come; one whose window is over begins on the next sending day. Nothing is carried into such a day.
//! - While a claim is live its sender may still write its outcome, and while a lease is live its visit may still record:
//!   the turn waits for the next tick.
//!
//! May not write or know how rows are stored.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::catchup::{carry, own_slots};
use crate::control::{Arm, is_drawn};
use crate::day::{PlanRow, SlotState};
use crate::id::{MailboxId, SlotId};
use crate::limits::Limits;
use crate::mailbox::{MailboxPlan, Role, Schedule, State};
use crate::seed::Seed;
use crate::slot::DaySlots;
use crate::slots::Slots;
use crate::target::target;
use crate::tick::HeldBy;
use crate::visit::{BoxRow, Found, Placement, marked, marks};

/// Why a slot was missed, where no send had any trouble: a cap left no room, or nobody planned (an outage).
pub const MISSED_NO_TROUBLE: &str = "no room or no tick before the window closed";
/// Why a slot was missed that an archive had as ambiguous: the recipient's mailbox was searched, and it is not there.
pub const MISSED_NOT_FOUND: &str = "lost on the way: not found at the recipient";

/// What the turn writes: the archives first (they are idempotent), then the box row, then the planning row. In this
/// order a crash between two writes loses nothing and lets no reply be sent twice: the box row forgets the replies that
/// were sent before the planning row forgets that it sent them.
#[derive(Debug, Clone, PartialEq)]
pub struct Turned {
    /// The planning row as it should be; equal to the old one where only the box row turned.
    pub plan: PlanRow,
    /// The box row as it should be. Its fence is one higher, so that a visit that still holds the old one cannot write.
    pub box_row: BoxRow,
    /// The sending day that ended.
    pub archive: Option<DayArchive>,
    /// What was found on the date that ended, if anything was.
    pub box_archive: Option<BoxArchive>,
}

/// A sending day that has ended.
///
/// `target + carried_in = sent + ambiguous + carried_out + the sum of missed`, for a role that is warmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayArchive {
    /// Whose day.
    pub mailbox: MailboxId,
    /// Its local date.
    pub date: Date,
    /// Its day index.
    pub day_index: u32,
    /// Its own target, without what was carried in; 0 for a seed, which owes nothing.
    pub target: u32,
    /// What it took on from the sending day before.
    pub carried_in: u32,
    /// What the next sending day took on.
    pub carried_out: u32,
    /// What nobody will make up for, by reason.
    pub missed: BTreeMap<String, u32>,
    /// Ambiguous slots of earlier days that were given up on when this day ended; they count in their own day.
    pub given_up: u32,
    /// Which of its slots were replies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<u16>,
    /// What was done with its mail on that day: written down, so that a share that is changed later changes no past.
    #[serde(default, skip_serializing_if = "Arm::is_exchange")]
    pub arm: Arm,
    /// What became of each slot, by k. A claim without an outcome stands as ambiguous.
    #[serde(with = "slot_texts")]
    pub slots: Slots,
}

impl DayArchive {
    /// How many were sent.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.count(|state| matches!(state, SlotState::Sent { .. }))
    }

    /// How many of those sent were replies.
    #[must_use]
    pub fn replies_sent(&self) -> u32 {
        let sent = |k: &&u16| matches!(self.slots.get(k), Some(SlotState::Sent { .. }));
        u32::try_from(self.replies.iter().filter(sent).count()).unwrap_or(u32::MAX)
    }

    /// How many were refused for good.
    #[must_use]
    pub fn rejected(&self) -> u32 {
        self.count(|state| state.is_refused())
    }

    /// The slots whose fate is unknown, with partner and time.
    pub fn ambiguous(&self) -> impl Iterator<Item = (u16, SlotState)> + '_ {
        self.slots
            .iter()
            .filter(|(_, state)| matches!(state, SlotState::Ambiguous { .. }))
            .map(|(&k, &state)| (k, state))
    }

    /// Settles an ambiguous slot after the recipient's mailbox was searched: sent, or missed for good (its day is over, so
    /// it is not planned again). Whether anything changed: a slot that is settled stays as it is.
    pub fn resolve(&mut self, k: u16, found: bool) -> bool {
        let Some(&SlotState::Ambiguous { partner, .. }) = self.slots.get(&k) else { return false };
        if found {
            self.slots.insert(k, SlotState::Sent { partner });
        } else {
            self.slots.remove(&k);
            *self.missed.entry(MISSED_NOT_FOUND.to_owned()).or_default() += 1;
        }
        true
    }

    fn count(&self, which: impl Fn(&SlotState) -> bool) -> u32 {
        u32::try_from(self.slots.values().filter(|state| which(state)).count()).unwrap_or(u32::MAX)
    }
}

/// What was found in a mailbox on a local date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxArchive {
    /// Whose mailbox.
    pub mailbox: MailboxId,
    /// Its local date.
    pub date: Date,
    /// What was found first on that date, in the order of finding.
    #[serde(with = "found_texts")]
    pub found: Vec<Found>,
    /// The night's audit, as [`BoxRow::left_over`] has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_over: Option<u32>,
    /// Which of `found` were seen read on that date, as [`marks`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub read: String,
    /// Finds of the day before that were seen read on this one only: the evening's, which is looked for in the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "slot_refs")]
    pub read_late: Vec<SlotId>,
}

impl BoxArchive {
    /// What was seen read on that date.
    pub fn reads(&self) -> impl Iterator<Item = SlotId> + '_ {
        marked(&self.found, &self.read).chain(self.read_late.iter().copied())
    }
}

/// Turns the rows of a mailbox to the local date at `now`; `None` if they need not or must not turn now.
///
/// `eligible_partners` is how many partners the mailbox could write to today.
#[must_use]
pub fn turn_day(
    seed: &Seed,
    plan: &PlanRow,
    box_row: &BoxRow,
    now: Timestamp,
    eligible_partners: u32,
    limits: &Limits,
) -> Option<Turned> {
    if plan.date.is_none() && !(plan.state.sends() && plan.plan.exchanges()) {
        return None; // Not begun: nobody writes to it either.
    }
    if box_row.lease_until.is_some_and(|until| until > now) {
        return None;
    }
    let today = plan.plan.schedule.local_date(now);
    let begun = begin_day(seed, plan, today, now, eligible_partners, limits);
    // A clock or zone set back never turns a day back.
    let box_turns = box_row.date.is_none_or(|date| date < today);
    if begun.is_none() && !box_turns {
        return None;
    }
    let mut turned_box = BoxRow { fence: box_row.fence.saturating_add(1), lease_until: None, ..box_row.clone() };
    prune_pending(&mut turned_box, plan, now, limits);
    let box_archive = if box_turns { turn_box(&mut turned_box, (seed, &plan.plan), today, limits) } else { None };
    let Some((mut turned_plan, carried_out)) = begun else {
        return Some(Turned { plan: plan.clone(), box_row: turned_box, archive: None, box_archive });
    };
    if plan.date.is_some_and(|date| same_week(date, today)) {
        turned_box.sent_week = turned_box.sent_week.saturating_add(plan.sent());
    }
    let given_up = move_ambiguous(plan, &mut turned_plan, now, limits);
    let arm = Arm::of(seed, &plan.plan, limits.control_share);
    let archive = plan.date.map(|date| DayArchive { arm, ..archive(plan, date, now, carried_out, given_up) });
    Some(Turned { plan: turned_plan, box_row: turned_box, archive, box_archive })
}

/// The new day's planning row without its ambiguous slots, and what it takes on of the old day; `None` if no day begins.
fn begin_day(
    seed: &Seed,
    old: &PlanRow,
    today: Date,
    now: Timestamp,
    eligible_partners: u32,
    limits: &Limits,
) -> Option<(PlanRow, u32)> {
    let live = |state: &SlotState| matches!(state, SlotState::Claimed { expires_at, .. } if *expires_at > now);
    if !old.state.sends()
        || !old.plan.exchanges()
        || old.date.is_some_and(|date| date >= today)
        || old.slots.values().any(live)
    {
        return None;
    }
    let slots = DaySlots::new(seed, &old.plan.schedule, old.plan.id, today)?;
    let skipped = old.date.map(|date| sending_days_between(&old.plan.schedule, date, today));
    let day_index = skipped.map_or(1, |skipped| next_day_index(old, skipped, limits));
    // A mailbox may be degraded by hand before its health was looked at.
    let percent = match old.state {
        State::Degraded => old.percent.min(limits.health.critical_percent),
        State::Warming | State::Ready | State::New | State::Paused | State::Error | State::Retired => old.percent,
    };
    let health = f64::from(percent) / 100.0;
    let target = target(seed, &settings_today(old, limits), day_index, today, health, eligible_partners, limits);
    let (mut quota, mut carried_in, mut begun_at) = (target.quota, 0, None);
    if skipped != Some(0) {
        if now > slots.window().0 {
            begun_at = Some(now);
            let ahead = (0..quota).zip(slots_of(slots)).filter(|&(_, (_, at))| at >= now).count();
            quota = u32::try_from(ahead).unwrap_or(0);
            if quota == 0 {
                return None; // Today holds nothing any more; the next sending day begins it.
            }
        }
    } else if old.plan.role == Role::Sender {
        carried_in = carry(old.quota.saturating_sub(old.used), quota, target.ceiling, limits);
    }
    let row = PlanRow {
        date: Some(today),
        day_index,
        quota: quota + carried_in,
        carried_in,
        begun_at,
        used: 0,
        slots: Slots::new(),
        replied: BTreeMap::new(),
        last_trouble: None,
        troubled: BTreeSet::new(),
        held_back: None,
        quota_percent: percent,
        ..old.clone()
    };
    Some((row, carried_in))
}

/// The settings as they hold today: a `ready` mailbox sends what its maintenance says.
fn settings_today<'a>(row: &'a PlanRow, limits: &Limits) -> Cow<'a, MailboxPlan> {
    let cap = match row.state {
        State::Ready => row.maintenance.cap_per_day(limits),
        State::New | State::Warming | State::Degraded | State::Paused | State::Error | State::Retired => None,
    };
    let Some(cap) = cap else { return Cow::Borrowed(&row.plan) };
    let cap_per_day = Some(row.plan.cap_per_day.map_or(cap, |own| own.min(cap)));
    Cow::Owned(MailboxPlan { cap_per_day, ..row.plan.clone() })
}

fn slots_of(slots: DaySlots) -> impl Iterator<Item = (u16, Timestamp)> {
    own_slots(slots, None)
}

/// The day index after the row's day and `skipped` sending days that never began.
fn next_day_index(old: &PlanRow, skipped: u32, limits: &Limits) -> u32 {
    // A day on which nothing was sent is one more day missed.
    let idle = u32::from(old.used == 0);
    let missed = skipped.saturating_add(idle);
    let next = old.day_index.saturating_add(1).saturating_sub(idle);
    let back = if missed >= limits.gap_days_min {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let half = (limits.gap_step_back * f64::from(missed)) as u32;
        half.max(1)
    } else {
        0
    };
    next.saturating_sub(back).max(1)
}

/// Sending days after `from` and before `to`. Beyond a year it no longer matters how many.
fn sending_days_between(schedule: &Schedule, from: Date, to: Date) -> u32 {
    let mut days = 0;
    let mut date = from;
    for _ in 0..366 {
        let Ok(next) = date.tomorrow() else { break };
        if next >= to {
            break;
        }
        days += u32::from(schedule.is_sending_day(next));
        date = next;
    }
    days
}

/// Moves what is still ambiguous into the new row, so that it goes on being searched for; gives up on what is too old.
/// How many it gave up on.
fn move_ambiguous(old: &PlanRow, new: &mut PlanRow, now: Timestamp, limits: &Limits) -> u32 {
    if let Some(date) = old.date {
        for (k, state, since) in old.ambiguous(now) {
            let slot = SlotId { mailbox: old.plan.id, date, k };
            new.open.insert(slot, SlotState::Ambiguous { since, partner: state.partner() });
        }
    }
    let before = new.open.len();
    let oldest = now - (24 * i64::from(limits.open_days_max)).hours();
    new.open.retain(|_, state| state.ambiguous_since(now).is_some_and(|since| since >= oldest));
    u32::try_from(before - new.open.len()).unwrap_or(u32::MAX)
}

fn archive(old: &PlanRow, date: Date, now: Timestamp, carried_out: u32, given_up: u32) -> DayArchive {
    let settle = |state: SlotState| match state.ambiguous_since(now) {
        Some(since) => SlotState::Ambiguous { since, partner: state.partner() },
        None => state,
    };
    let owes = old.plan.role == Role::Sender;
    let unfilled = old.quota.saturating_sub(old.used).saturating_sub(carried_out);
    let missed = if owes { missed(old, unfilled) } else { BTreeMap::new() };
    DayArchive {
        mailbox: old.plan.id,
        date,
        day_index: old.day_index,
        target: if owes { old.quota.saturating_sub(old.carried_in) } else { 0 },
        carried_in: old.carried_in,
        carried_out,
        missed,
        given_up,
        replies: old.replied.values().copied().collect(),
        arm: Arm::Exchange,
        slots: old.slots.iter().map(|(&k, &state)| (k, settle(state))).collect(),
    }
}

/// Why `count` of a day's slots were not sent and are not carried over: those that were tried for the last trouble that the
/// mailbox met, the others for what the last tick held them back for, or for having had no room or no tick. Who was tried is counted first: carried over is what nobody tried.
#[must_use]
pub fn missed(row: &PlanRow, count: u32) -> BTreeMap<String, u32> {
    let tried = match &row.last_trouble {
        None => 0,
        // Of a version that did not note which ones.
        Some(_) if row.troubled.is_empty() => count,
        Some(_) => {
            let is_open = |k: &&u16| row.slots.get(k).is_none_or(|state| !state.counts());
            let replaced = row.slots.iter().filter(|(k, state)| u32::from(**k) >= row.quota && state.counts()).count();
            let open = row.troubled.iter().filter(is_open).count().saturating_sub(replaced);
            u32::try_from(open).unwrap_or(u32::MAX).min(count)
        }
    };
    let held_back = row.held_back.map_or(MISSED_NO_TROUBLE, HeldBy::text);
    let trouble = row.last_trouble.as_deref().unwrap_or(held_back);
    let reasons = [(trouble, tried), (held_back, count - tried)];
    reasons.into_iter().filter(|(_, count)| *count > 0).map(|(reason, count)| (reason.to_owned(), count)).collect()
}

/// The row's day as it stands, in the form of an archive. While its window is open nothing is missed, only still to come.
/// Its arm is not asked for: a day counts in a comparison when it is over.
#[must_use]
pub fn day_so_far(row: &PlanRow, now: Timestamp) -> Option<DayArchive> {
    let date = row.date?;
    let mut day = archive(row, date, now, 0, 0);
    if row.plan.schedule.window_on(date).is_some_and(|(_, end)| now < end) {
        day.missed.clear();
    }
    Some(day)
}

/// Forgets replies that were sent (or are held by a slot), and those that nobody would expect any more.
fn prune_pending(row: &mut BoxRow, plan: &PlanRow, now: Timestamp, limits: &Limits) {
    let oldest = now - (24 * i64::from(limits.reply_stale_days)).hours();
    row.pending.retain(|reply| {
        let sent = reply.parent().is_none_or(|parent| plan.replied.contains_key(&parent));
        !sent && reply.due_at >= oldest
    });
    let surplus = row.pending.len().saturating_sub(limits.pending_replies_max);
    if surplus > 0 {
        row.pending.sort_by_key(|reply| reply.due_at);
        row.pending.drain(..surplus);
    }
}

/// Mail that is only measured lies in spam until its owner empties it: visits see it again for as long as they look back,
/// and must know it. At most so many finds are kept for that, so that the row stays small.
const LEFT_IN_SPAM_MAX: usize = 32;
/// For so many days after its send: as far as visits look back ([`crate::engage::LOOK_BACK_DAYS`]).
const LEFT_IN_SPAM_DAYS: i64 = crate::engage::LOOK_BACK_DAYS;

/// Turns the box row to `today`. The newest finds stay for a day: a mail that the last visits recorded but could not file
/// will be seen again, and must be known.
fn turn_box(row: &mut BoxRow, (seed, plan): (&Seed, &MailboxPlan), today: Date, limits: &Limits) -> Option<BoxArchive> {
    let fresh = row.found.split_off((row.found_before as usize).min(row.found.len()));
    if !row.date.is_some_and(|date| same_week(date, today)) {
        row.received_week = 0;
        row.sent_week = 0;
    }
    let is_read = |found: &Found| row.read.contains(&found.slot);
    let (read, read_late) =
        (marks(&fresh, &row.read), row.found.iter().filter(|found| is_read(found)).map(|found| found.slot).collect());
    // What was seen read lies filed: nobody will take it for new.
    let unread: Vec<Found> = fresh.iter().filter(|found| !is_read(found)).copied().collect();
    let newest = unread.len().saturating_sub(limits.found_kept_max);
    let measured = !Arm::of(seed, plan, limits.control_share).is_engaged();
    let oldest = today.saturating_sub(LEFT_IN_SPAM_DAYS.days());
    let is_left = |found: &&Found| {
        found.placement == Placement::Spam
            && found.slot.date >= oldest
            && (measured || is_drawn(seed, found.slot.mailbox, limits.control_share))
    };
    let left: Vec<Found> = row.found.iter().chain(&unread[..newest]).filter(is_left).copied().collect();
    row.found = left[left.len().saturating_sub(LEFT_IN_SPAM_MAX)..].to_vec();
    row.found.extend_from_slice(&unread[newest..]);
    row.read.clear();
    row.found_before = u32::try_from(row.found.len()).unwrap_or(0);
    row.visits_done = 0;
    let left_over = row.left_over.take();
    let ended = row.date.replace(today)?;
    let archive = BoxArchive { mailbox: plan.id, date: ended, found: fresh, left_over, read, read_late };
    let is_worth_it = !archive.found.is_empty() || !archive.read_late.is_empty();
    (is_worth_it || left_over.is_some_and(|count| count > 0)).then_some(archive)
}

fn same_week(a: Date, b: Date) -> bool {
    let (a, b) = (a.iso_week_date(), b.iso_week_date());
    (a.year(), a.week()) == (b.year(), b.week())
}

/// Slot states as their row text.
mod slot_texts {
    use std::collections::BTreeMap;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use crate::slots::Slots;

    pub(super) fn serialize<S: Serializer>(slots: &Slots, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(slots.iter().map(|(k, state)| (k, state.to_string())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Slots, D::Error> {
        let texts = BTreeMap::<u16, String>::deserialize(from)?;
        texts.into_iter().map(|(k, text)| Ok((k, text.parse().map_err(D::Error::custom)?))).collect()
    }
}

/// Slots as their row text.
mod slot_refs {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use crate::day::{parse_slot_ref, slot_ref};
    use crate::id::SlotId;

    pub(super) fn serialize<S: Serializer>(slots: &[SlotId], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(slots.iter().map(|slot| slot_ref(*slot)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SlotId>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| parse_slot_ref(text).map_err(D::Error::custom)).collect()
    }
}

/// Finds as their row text.
mod found_texts {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use crate::visit::Found;

    pub(super) fn serialize<S: Serializer>(found: &[Found], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(found.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Found>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.into_iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}
