//! The time of a slot: a pure function of the seed, the mailbox, its local date and k (domain.md §3).
//!
//! Nested: the time of slot k does not depend on how many slots the day has, so a raised target moves none.
//! Deterministic: whoever plans the same day computes the same times.
//! Inside: never before the window opens, and early enough before it closes that the slot can still be sent.
//!
//! May not know of quotas or of what was sent: [`crate::catchup`] decides what is due.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::id::{MailboxId, SlotId};
use crate::mailbox::Schedule;
use crate::seed::Seed;

/// The activity curve of a working day: per cent of the day's slots that fall into each sixteenth of the window (half
/// an hour each, in 8 hours). A slow start, a dip at midday, a slow end. Sums to 100.
///
/// The curve spans the window, not the clock: a night shift has its own midday. Its busiest sixteenth holds 8, which is
/// 1.28 times the average: under the factor of 2 that catch-up allows.
pub const ACTIVITY: [u8; 16] = [3, 5, 7, 8, 8, 8, 7, 5, 4, 6, 8, 8, 8, 7, 5, 3];

/// How long before the end of the window the last slot falls, at most, in seconds.
///
/// A tick (15 min) and 2 min: the last tick of the window holds no slot of its own, so that what a 4xx or a lost
/// connection put off in the tick before, and slots that wait for their 60 s of spacing, still have room. A short window
/// gives an eighth of itself.
pub const CLOSING_S: i64 = 17 * 60;

/// The slots of one mailbox on one local date. Holds what all of them share (zone look-ups, hash of the mailbox's
/// day), so that a time costs some nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySlots {
    mailbox: MailboxId,
    date: Date,
    start: Timestamp,
    end: Timestamp,
    /// Length of the part of the window that slots fall into, in seconds. Below 2^17.
    span_s: u64,
    key: u64,
}

impl DaySlots {
    /// The slots of this date; `None` on a day off.
    #[must_use]
    pub fn new(seed: &Seed, schedule: &Schedule, mailbox: MailboxId, date: Date) -> Option<Self> {
        Some(Self::within(seed, schedule.window_on(date)?, mailbox, date))
    }

    /// The slots of this date, whose window is known already.
    #[must_use]
    pub(crate) fn within(seed: &Seed, (start, end): (Timestamp, Timestamp), mailbox: MailboxId, date: Date) -> Self {
        let length_s = end.as_second() - start.as_second();
        let span_s = u64::try_from(length_s - CLOSING_S.min(length_s / 8)).unwrap_or(0);
        let key = seed.hash64("slot-time", &[u64::from(mailbox.0), date_part(date)]);
        Self { mailbox, date, start, end, span_s, key }
    }

    /// Whose slots.
    #[must_use]
    pub fn mailbox(&self) -> MailboxId {
        self.mailbox
    }

    /// Of which local date.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// The id of slot k.
    #[must_use]
    pub fn slot(&self, k: u16) -> SlotId {
        SlotId { mailbox: self.mailbox, date: self.date, k }
    }

    /// When slot k is due. Two slots may fall on the same second: spacing is the queue's.
    #[must_use]
    pub fn time(&self, k: u16) -> Timestamp {
        // Inside the window, so always a valid instant.
        Timestamp::from_second(self.second(k)).unwrap_or(self.start)
    }

    /// [`DaySlots::time`] in seconds since the epoch: slots fall on whole ones.
    pub(crate) fn second(&self, k: u16) -> i64 {
        let offset_s = (u64::from(curve(mix(self.key, u64::from(k)))) * self.span_s) >> 32;
        self.start.as_second() + i64::try_from(offset_s).unwrap_or(0)
    }

    /// The window: its first instant, and the first one after it.
    #[must_use]
    pub fn window(&self) -> (Timestamp, Timestamp) {
        (self.start, self.end)
    }

    /// How much of the window has passed at `now`, 0–1.
    #[must_use]
    pub fn elapsed(&self, now: Timestamp) -> f64 {
        let length_s = (self.end.as_second() - self.start.as_second()).max(1);
        let passed_s = (now.as_second() - self.start.as_second()).clamp(0, length_s);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
        let share = passed_s as f64 / length_s as f64;
        share
    }

    /// A number in [0, 1) of the mailbox's day, apart from all slot times: where the catch-up's pacing starts.
    #[must_use]
    pub fn phase(&self) -> f64 {
        f64::from(u32::try_from(mix(self.key, u64::MAX) >> 32).unwrap_or(0)) / 4_294_967_296.0
    }
}

/// When a slot is due; `None` if its date is a day off. For more than one slot of a day use [`DaySlots`].
#[must_use]
pub fn slot_time(seed: &Seed, schedule: &Schedule, slot: SlotId) -> Option<Timestamp> {
    Some(DaySlots::new(seed, schedule, slot.mailbox, slot.date)?.time(slot.k))
}

/// A date as a number for hashes: `20260302`.
pub(crate) fn date_part(date: Date) -> u64 {
    let number = i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day());
    number.unsigned_abs()
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014) over a secret key: cheap, and even in every bit. The key is
/// the seed's own hash of the mailbox's day, so the times show nothing of the seed.
fn mix(key: u64, k: u64) -> u64 {
    let mut z = key.wrapping_add(k.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Maps an even hash onto the activity curve: a share of the span, in 2^-32. Whole numbers only, so that every machine
/// gives the same second.
fn curve(hash: u64) -> u32 {
    // Percent and fraction of a per cent, 32 bits each.
    let percent = (hash >> 32) * 100;
    let (whole, fraction) = ((percent >> 32) as usize, percent & 0xffff_ffff);
    let sixteenth = SIXTEENTH[whole];
    let into = whole as u64 - u64::from(BEFORE[sixteenth as usize]);
    let inside = ((into << 32) | fraction) / u64::from(ACTIVITY[sixteenth as usize]);
    // (sixteenth + inside) / 16 of the span; below 2^36 before the shift.
    u32::try_from(((u64::from(sixteenth) << 32) + inside) >> 4).unwrap_or(u32::MAX)
}

/// Per cent before each sixteenth.
const BEFORE: [u8; 16] = {
    let mut before = [0; 16];
    let mut at = 1;
    while at < 16 {
        before[at] = before[at - 1] + ACTIVITY[at - 1];
        at += 1;
    }
    before
};

/// The sixteenth of each per cent.
const SIXTEENTH: [u8; 100] = {
    let mut of = [0; 100];
    let mut percent = 0;
    let mut sixteenth: u8 = 0;
    while percent < 100 {
        while percent >= (BEFORE[sixteenth as usize] + ACTIVITY[sixteenth as usize]) as usize {
            sixteenth += 1;
        }
        of[percent] = sixteenth;
        percent += 1;
    }
    of
};
