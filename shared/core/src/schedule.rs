//! When a mailbox sends: its window on a local date, as instants (domain.md §3).
//!
//! A window is local wall time. On a date whose clock jumps, it holds exactly what a wall clock in that zone shows
//! between `start` and `end`, and never anything else:
//! - an end of the window that the clock jumps over (spring) is the moment of the jump;
//! - one that the clock shows twice (autumn) is taken so that the window keeps inside: the start at its second
//!   showing, the end at its first; a window that lies in the repeated hour altogether is its first showing;
//! - a date or window that does not exist at all (Pacific/Apia, 2011-12-30) is no sending day.
//!
//! May not know of slots or quotas.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::mailbox::{Days, Schedule};

/// Shortest window, in minutes: one tick, for a shorter one could fall between two of them.
pub const WINDOW_MIN: i64 = 15;

/// Why a schedule was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The zone is not in the bundled IANA database.
    #[error("`{0}` is not an IANA time zone (such as `Europe/Berlin`)")]
    Zone(String),
    /// The window is empty, ends before it starts, or is shorter than a tick.
    #[error(
        "the window {start}-{end} is refused: it must end at least {WINDOW_MIN} minutes after it starts, on the same day"
    )]
    Window {
        /// Its start, local.
        start: Time,
        /// Its end, local.
        end: Time,
    },
    /// No day of the week is chosen, or a bit beyond Sunday is set.
    #[error("at least one of the seven days of the week must be chosen")]
    Days,
}

impl Schedule {
    /// A schedule that can be met: a known zone, a window of at least [`WINDOW_MIN`], a day to send on.
    ///
    /// # Errors
    /// Says which of the three is wrong.
    pub fn new(zone: &str, start: Time, end: Time, days: Days) -> Result<Self, ScheduleError> {
        let schedule = Self { zone: zone.to_owned(), start, end, days };
        schedule.time_zone()?;
        if start.duration_until(end) < SignedDuration::from_mins(WINDOW_MIN) {
            return Err(ScheduleError::Window { start, end });
        }
        if days.0 & Days::ALL.0 == 0 || days.0 & !Days::ALL.0 != 0 {
            return Err(ScheduleError::Days);
        }
        Ok(schedule)
    }

    /// The zone's rules, from the bundled IANA database. jiff caches them: a look-up costs some 100 ns.
    ///
    /// # Errors
    /// The database does not know the zone: the row was written with another one.
    pub fn time_zone(&self) -> Result<TimeZone, ScheduleError> {
        TimeZone::get(&self.zone).map_err(|_| ScheduleError::Zone(self.zone.clone()))
    }

    /// The mailbox's date at `now`. In a zone that the database does not know, the date of UTC; such a mailbox has no
    /// window on any date, so it sends nothing.
    #[must_use]
    pub fn local_date(&self, now: Timestamp) -> Date {
        self.time_zone().unwrap_or(TimeZone::UTC).to_datetime(now).date()
    }

    /// Whether the mailbox sends on this date: the weekday is chosen, and the window exists.
    #[must_use]
    pub fn is_sending_day(&self, date: Date) -> bool {
        self.window_on(date).is_some()
    }

    /// The window on this date: its first instant, and the first one after it. `None` on a day off.
    #[must_use]
    pub fn window_on(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days.contains(date.weekday()) {
            return None;
        }
        let zone = self.time_zone().ok()?;
        let start = Edges::of(&zone, date, self.start)?;
        let end = Edges::of(&zone, date, self.end)?;
        // Where both ends lie in one repeated hour, "second start, first end" is empty: then the first showing it is.
        let window = if start.second < end.first { (start.second, end.first) } else { (start.first, end.first) };
        (window.0 < window.1).then_some(window)
    }

    /// The whole local date: from its first instant to the next date's. Equal for a date that does not exist.
    /// In a zone that the database does not know, the date in UTC.
    #[must_use]
    pub fn day_bounds(&self, date: Date) -> (Timestamp, Timestamp) {
        let zone = self.time_zone().unwrap_or(TimeZone::UTC);
        let midnight = |date: Date| Edges::of(&zone, date, Time::midnight()).map(|edges| edges.first);
        // The last date there is (9999-12-31) has no next one.
        let next = date.tomorrow().ok().and_then(midnight);
        let first = midnight(date).unwrap_or(Timestamp::MIN);
        (first, next.unwrap_or(Timestamp::MAX))
    }
}

/// A wall-clock moment as instants: once, twice (clock set back), or the moment of the jump (clock set forward).
struct Edges {
    first: Timestamp,
    second: Timestamp,
}

impl Edges {
    fn of(zone: &TimeZone, date: Date, time: Time) -> Option<Self> {
        let moment = zone.to_ambiguous_timestamp(date.to_datetime(time));
        match moment.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                let only = moment.compatible().ok()?;
                Some(Self { first: only, second: only })
            }
            AmbiguousOffset::Fold { .. } => {
                let (first, second) = (moment.earlier().ok()?, moment.later().ok()?);
                Some(Self { first, second })
            }
            AmbiguousOffset::Gap { .. } => {
                // The instant before the jump that a clock not set forward would call so lies before it.
                let before = moment.earlier().ok()?;
                let jump = zone.following(before).next()?.timestamp();
                Some(Self { first: jump, second: jump })
            }
        }
    }
}
