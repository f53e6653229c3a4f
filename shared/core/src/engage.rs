//! What a recipient does with one mail, and when a mailbox is visited (domain.md §6).
//!
//! Pure functions of seed and slot, so that every visit, also one that repeats another, decides alike. May not know
//! of IMAP.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::id::{MailboxId, SlotId, day_number};
use crate::mailbox::Schedule;
use crate::seed::Seed;

/// Share of read mails that are flagged (domain.md §6).
pub const FLAG_RATE: f64 = 0.3;
/// Highest reply rate (domain.md §6).
pub const REPLY_RATE_MAX: f64 = 0.5;
/// Replies in a thread, at most: loops end here (domain.md §6; reliability.md, 8).
pub const DEPTH_MAX: u8 = 5;
/// Visits to a mailbox in a day, at most (domain.md §6).
pub const VISITS_MAX: u8 = 8;
/// How far back a visit looks, in days. Longer than the 48 h after which a mail counts as missing.
pub const LOOK_BACK_DAYS: i64 = 3;
/// How far back one evening of the week looks into INBOX and Sent, in days: what an outage of a week left there is not left
/// for ever. Longer than filed copies are kept, so that the same look finds them.
const LOOK_BACK_DEEP_DAYS: i64 = 16;
/// Filed copies are kept so long, in days (domain.md §6).
pub const KEPT_DAYS: i64 = 14;

/// How far back a visit looks into INBOX and Sent, in days. Mailboxes take turns over the evenings of the week.
#[must_use]
pub fn look_back_days(mailbox: MailboxId, date: Date, last_of_day: bool) -> i64 {
    let is_deep = last_of_day && (mailbox.0 % 7) == u32::from(day_number(date)) % 7;
    if is_deep { LOOK_BACK_DEEP_DAYS } else { LOOK_BACK_DAYS }
}

/// Reading delay in seconds by quantile, straight between: log-normal-like, median 40 min, never above 8 h. A table,
/// because `ln` and `exp` may differ in their last bit from machine to machine, and a replay must not.
const READ_DELAY_S: [(f64, f64); 9] = [
    (0.0, 60.0),
    (0.05, 480.0),
    (0.20, 1_140.0),
    (0.50, 2_400.0),
    (0.75, 4_700.0),
    (0.90, 8_700.0),
    (0.96, 13_800.0),
    (0.99, 21_600.0),
    (1.0, 28_800.0),
];

/// Delay from reading to replying, in seconds by quantile: 45 min to 2 days, half within 4 h.
const REPLY_DELAY_S: [(f64, f64); 6] =
    [(0.0, 2_700.0), (0.25, 6_300.0), (0.50, 14_400.0), (0.75, 43_200.0), (0.92, 100_800.0), (1.0, 172_800.0)];

/// What a recipient does with one mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engagement {
    /// From its arrival until it is read, in seconds: 60 to 28,800.
    pub read_delay_s: u32,
    /// Whether it is flagged or starred, and marked important where the provider has that.
    pub flag: bool,
    /// From reading until a reply is due, in seconds: 2,700 to 172,800. `None`: it is not replied to.
    pub reply_after_s: Option<u32>,
}

/// What the recipient of `slot` does with it. `turn` counts the replies that the thread has already: 0 for an opening.
/// `reply_rate` above 0.5 counts as 0.5, below 0 or no number as 0.
#[must_use]
pub fn engagement(seed: &Seed, slot: SlotId, reply_rate: f64, turn: u8) -> Engagement {
    let parts = [u64::from(slot.mailbox.0), u64::from(day_number(slot.date)), u64::from(slot.k)];
    let draw = |purpose| seed.unit(purpose, &parts);
    let rate = if reply_rate > 0.0 { reply_rate.min(REPLY_RATE_MAX) } else { 0.0 };
    let replies = turn < DEPTH_MAX && draw("engage reply") < rate;
    Engagement {
        read_delay_s: at_quantile(&READ_DELAY_S, draw("engage read")),
        flag: draw("engage flag") < FLAG_RATE,
        reply_after_s: replies.then(|| at_quantile(&REPLY_DELAY_S, draw("engage reply delay"))),
    }
}

/// When a mail is read: now, if its time has come; else at the first of the day's `visits` at or after `read_at`; else at
/// the day's last one, which reads everything. A reply is counted from here: nobody answers what he has not read.
#[must_use]
pub fn read_on(visits: &[Timestamp], read_at: Timestamp, now: Timestamp) -> Timestamp {
    if read_at <= now {
        return now;
    }
    let mut to_come = visits.iter().copied().filter(|&visit| visit > now);
    to_come.clone().find(|&visit| visit >= read_at).or_else(|| to_come.next_back()).unwrap_or(now)
}

/// Until when everything was seen and filed: the last visit of the local date before `date`. What arrived earlier and still
/// lies in INBOX is a leak; and if no row speaks of it any more, some visit decided on it then.
#[must_use]
pub fn settled_until(seed: &Seed, schedule: &Schedule, mailbox: MailboxId, date: Date, visits: u8) -> Timestamp {
    let yesterday = date.yesterday().unwrap_or(date);
    let last = visit_times(seed, schedule, mailbox, yesterday, visits).pop();
    last.unwrap_or_else(|| schedule.day_bounds(date).0)
}

/// The value at a quantile of a table, straight between its points.
fn at_quantile(table: &[(f64, f64)], quantile: f64) -> u32 {
    let value = table.windows(2).find(|pair| quantile <= pair[1].0).map_or(table[table.len() - 1].1, |pair| {
        let ((from, low), (to, high)) = (pair[0], pair[1]);
        low + (high - low) * (quantile - from) / (to - from)
    });
    // The tables hold seconds far below `u32::MAX`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the tables end at 172,800")]
    let seconds = value as u32;
    seconds
}

/// Waking hours, local, in seconds of the day: 07:30 to 21:30.
const WAKING_S: (u32, u32) = (27_000, 77_400);
/// The last visit comes at least so long after the window's end, in seconds, so that the day's mail has arrived.
const AFTER_WINDOW_S: u32 = 1_200;
/// Earliest start of the last visit, local: 20:30, as partners elsewhere send until their own evening.
const LAST_FROM_S: u32 = 73_800;
/// No visit starts after this second of the day (23:45), so that its order is over before midnight.
const LATEST_S: u32 = 85_500;

/// When a mailbox is visited on a local date, in order: `visits` times (0 to 8), spread over its waking hours every
/// day of the week, the last one after the end of its window. Fewer than 2: the last one only.
#[must_use]
pub fn visit_times(seed: &Seed, schedule: &Schedule, mailbox: MailboxId, date: Date, visits: u8) -> Vec<Timestamp> {
    let (midnight, next) = schedule.day_bounds(date);
    let day_s = next.duration_since(midnight).as_secs();
    let of_day = VisitDay::new(seed, schedule, mailbox, date, visits);
    (0..of_day.count()).map(|number| at_local_second(schedule, date, midnight, day_s, of_day.second(number))).collect()
}

/// The instant at which a wall clock shows this second of the date. On a date of 24 hours that is simple addition,
/// which is what most of a fleet's planning needs.
pub(crate) fn at_local_second(
    schedule: &Schedule,
    date: Date,
    midnight: Timestamp,
    day_s: i64,
    second: u32,
) -> Timestamp {
    let offset = SignedDuration::from_secs(i64::from(second));
    let plain = midnight.saturating_add(offset).unwrap_or(midnight);
    if day_s == 86_400 {
        return plain;
    }
    let Ok(zone) = schedule.time_zone() else { return plain };
    let wall = date.to_datetime(jiff::civil::Time::midnight()).saturating_add(offset);
    zone.to_timestamp(wall).unwrap_or(plain)
}

/// The visits of a mailbox on a date, as seconds of a wall clock's day. Each falls into a span of its own behind the one before
/// it, so that whoever looks for one knows which to draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VisitDay<'a> {
    seed: &'a Seed,
    mailbox: u64,
    day: u64,
    visits: u8,
    /// What each visit but the last has for itself, in seconds.
    lane: u32,
    last: (u32, u32),
}

impl<'a> VisitDay<'a> {
    pub(crate) fn new(seed: &'a Seed, schedule: &Schedule, mailbox: MailboxId, date: Date, visits: u8) -> Self {
        let second_of = |time: jiff::civil::Time| {
            let second = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
            second.unsigned_abs()
        };
        let last_from = (second_of(schedule.end) + AFTER_WINDOW_S).clamp(LAST_FROM_S, LATEST_S - 300);
        let last_to = last_from.saturating_add(3_600).min(WAKING_S.1.max(last_from + 900)).min(LATEST_S);
        let visits = visits.min(VISITS_MAX);
        // Visits keep 30 minutes from the last one, so that none falls into the same tick.
        let lane = (last_from - 1_800 - WAKING_S.0) / u32::from(visits.saturating_sub(1).max(1));
        let (mailbox, day) = (u64::from(mailbox.0), u64::from(day_number(date)));
        Self { seed, mailbox, day, visits, lane, last: (last_from, last_to) }
    }

    /// How many visits the day has.
    pub(crate) fn count(&self) -> u8 {
        self.visits
    }

    /// From which second on, and before which, a visit takes place. Numbers rise, and so do their spans.
    pub(crate) fn span(&self, number: u8) -> (u32, u32) {
        if number + 1 == self.visits {
            return self.last;
        }
        // The inner six tenths of each lane: regular people, but not to the minute.
        let from = WAKING_S.0 + u32::from(number) * self.lane;
        (from + self.lane / 5, from + self.lane * 4 / 5)
    }

    /// The second at which a visit takes place.
    pub(crate) fn second(&self, number: u8) -> u32 {
        let (from, to) = self.span(number);
        let draw = self.seed.hash64("visit", &[self.mailbox, self.day, u64::from(number)]);
        from + u32::try_from(draw % u64::from((to - from).max(1))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::{Time, date};
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::id::date_of;
    use crate::mailbox::Days;

    fn slot(mailbox: u32, k: u16) -> SlotId {
        SlotId { mailbox: MailboxId(mailbox), date: date(2026, 3, 2), k }
    }
    fn all(rate: f64, turn: u8) -> Vec<Engagement> {
        let seed = Seed::new([3; 32]);
        let slots = (1..=200).flat_map(|mailbox| (0..50).map(move |k| slot(mailbox, k)));
        slots.map(|slot| engagement(&seed, slot, rate, turn)).collect()
    }
    fn share(all: &[Engagement], of: impl Fn(&Engagement) -> bool) -> f64 {
        all.iter().filter(|one| of(one)).count() as f64 / all.len() as f64
    }

    #[test]
    fn reading_has_a_median_of_40_minutes_and_a_long_tail() {
        let mut delays: Vec<u32> = all(0.3, 0).iter().map(|one| one.read_delay_s).collect();
        delays.sort_unstable();
        assert!((2_300..2_500).contains(&delays[5_000]), "{}", delays[5_000]);
        assert!(delays[9_500] > 3 * 3_600, "{}", delays[9_500]);
        assert!(delays[0] >= 60 && delays[9_999] <= 28_800);
    }

    #[test]
    fn shares_are_as_configured() {
        let all_of = all(0.3, 0);
        assert!((share(&all_of, |one| one.flag) - 0.3).abs() < 0.02);
        assert!((share(&all_of, |one| one.reply_after_s.is_some()) - 0.3).abs() < 0.02);
        let replies = all_of.iter().filter_map(|one| one.reply_after_s);
        assert!(replies.clone().all(|after| (2_700..=172_800).contains(&after)) && replies.max() > Some(100_000));
        for (rate, expected) in [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (0.5, 0.5), (7.0, 0.5)] {
            let replied = share(&all(rate, 0), |one| one.reply_after_s.is_some());
            assert!((replied - expected).abs() < 0.02, "rate {rate}: {replied}");
        }
    }

    #[test]
    fn a_thread_ends_after_five_replies() {
        assert!(share(&all(0.5, 4), |one| one.reply_after_s.is_some()) > 0.4);
        assert_eq!(share(&all(0.5, 5), |one| one.reply_after_s.is_some()), 0.0);
        assert_eq!(share(&all(0.5, 255), |one| one.reply_after_s.is_some()), 0.0);
    }

    #[test]
    fn a_repeated_visit_decides_alike() {
        assert_eq!(all(0.3, 1), all(0.3, 1));
    }

    #[test]
    fn a_mail_is_read_at_a_visit_and_never_before_its_time_but_in_the_evening() {
        let at = |hour: i64| Timestamp::from_second(1_772_409_600 + hour * 3_600).unwrap();
        let visits = [8, 11, 14, 17, 21].map(at);
        for (read_at, now, expected) in [
            (9, 11, 11),  // its time has come
            (12, 11, 14), // the next visit
            (14, 11, 14),
            (23, 11, 21), // the evening reads everything
            (23, 21, 21), // this is the evening
            (23, 22, 22), // a late evening
        ] {
            assert_eq!(read_on(&visits, at(read_at), at(now)), at(expected), "read at {read_at}, found at {now}");
        }
    }

    #[test]
    fn one_evening_of_seven_looks_far_back() {
        let monday = date(2026, 3, 2);
        for mailbox in 1..=14 {
            let days = (0..7).map(|day| look_back_days(MailboxId(mailbox), monday.saturating_add(day.days()), true));
            let mut days: Vec<i64> = days.collect();
            days.sort_unstable();
            assert_eq!(days, [3, 3, 3, 3, 3, 3, 16]);
            assert_eq!(look_back_days(MailboxId(mailbox), monday, false), 3);
        }
    }

    #[test]
    fn the_evening_before_settles_what_came_until_then() {
        let schedule =
            Schedule::new("UTC", Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0), Days::WORKING).unwrap();
        let seed = Seed::new([3; 32]);
        let tuesday = date(2026, 3, 3);
        let until = settled_until(&seed, &schedule, MailboxId(5), tuesday, 5);
        let monday = visit_times(&seed, &schedule, MailboxId(5), date(2026, 3, 2), 5);
        assert_eq!(Some(&until), monday.last());
        let never = settled_until(&seed, &schedule, MailboxId(5), tuesday, 0);
        assert_eq!(never, schedule.day_bounds(tuesday).0, "without visits: midnight");
    }

    proptest! {
        #[test]
        fn visits_lie_in_waking_hours_and_the_last_after_the_window(
            zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]),
            day in 2_000..5_000_u16, mailbox: u32, start in 0..20_i8, length in 1..4_i8, visits in 0..12_u8,
        ) {
            let schedule = Schedule::new(
                zone, Time::constant(start, 0, 0, 0), Time::constant(start + length, 0, 0, 0), Days::WORKING,
            ).unwrap();
            let zone = TimeZone::get(zone).unwrap();
            let date = date_of(day);
            let times = visit_times(&Seed::new([3; 32]), &schedule, MailboxId(mailbox), date, visits);
            prop_assert_eq!(times.len(), usize::from(visits.min(VISITS_MAX)));
            prop_assert!(times.windows(2).all(|pair| pair[0] + 15.minutes() < pair[1]), "{:?}", times);
            for &time in &times {
                let local = zone.to_datetime(time);
                prop_assert_eq!(local.date(), date);
                prop_assert!(local.time() >= Time::constant(7, 30, 0, 0) && local.time() <= Time::constant(23, 45, 0, 0));
            }
            if let (Some(&last), Some((_, closes))) = (times.last(), schedule.window_on(date)) {
                prop_assert!(last >= closes + 5.minutes(), "{} {}", last, closes);
            }
            let again = visit_times(&Seed::new([3; 32]), &schedule, MailboxId(mailbox), date, visits);
            prop_assert_eq!(times, again);
        }
    }
}
