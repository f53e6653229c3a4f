//! The health row of a mailbox: where it stands, its scores, and its last days.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::health::{DayTally, Scores};
use crate::lifecycle::Standing;
use crate::mailbox::State;

/// Days that a row keeps: 7 sending days of a five-day week and some more. Older ones live on in the archives.
pub const ROW_DAYS_MAX: usize = 10;

/// What is kept of a mailbox's health between two looks.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthRow {
    /// Number of the last decision that was carried out and told.
    pub seq: u32,
    /// Where the mailbox stands.
    pub standing: Standing,
    /// Its scores, when they were last known.
    pub scores: Option<Scores>,
    /// Its last days, oldest first. A day that has any event is kept.
    pub days: Vec<DayTally>,
    /// Sent since warmup began, on days that are not in `days` any more.
    pub sent_before: u32,
    /// The emergency of this mailbox that has not reached the whole domain yet: the number of its decision.
    pub spreading: Option<u32>,
    /// Until which local date its days were rolled up.
    pub rolled_to: Option<Date>,
    /// From which local date on days count, if warmup was begun anew.
    pub counts_from: Option<Date>,
}

impl HealthRow {
    /// The row of a mailbox that is looked at for the first time.
    #[must_use]
    pub fn first(state: State, now: Timestamp) -> Self {
        Self {
            seq: 0,
            standing: Standing::first(state, now),
            scores: None,
            days: Vec::new(),
            sent_before: 0,
            spreading: None,
            rolled_to: None,
            counts_from: None,
        }
    }

    /// Sent since warmup began.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.days.iter().fold(self.sent_before, |sent, day| sent.saturating_add(day.all().sent))
    }

    /// Takes over days that were folded anew, each in place of what was known of it. Folding the same again changes nothing.
    /// The oldest leave the row, and only their sends stay counted.
    pub fn take(&mut self, mut fresh: Vec<DayTally>) {
        fresh.retain(|day| self.counts_from.is_none_or(|from| day.date >= from));
        let oldest = self.days.first().map(|day| day.date);
        for day in fresh {
            match self.days.binary_search_by_key(&day.date, |known| known.date) {
                Ok(at) => self.days[at] = day,
                // What has left the row is not counted a second time.
                Err(0) if oldest.is_some_and(|oldest| day.date < oldest) && self.sent_before > 0 => {}
                Err(at) if day.has_any() => self.days.insert(at, day),
                Err(_) => {}
            }
        }
        self.days.retain(DayTally::has_any);
        let surplus = self.days.len().saturating_sub(ROW_DAYS_MAX);
        for day in self.days.drain(..surplus) {
            self.sent_before = self.sent_before.saturating_add(day.all().sent);
        }
    }

    /// Warmup begins anew with this date: what was before is forgotten, also where archives still tell of it. Whether that was
    /// not known yet.
    pub fn begin_anew(&mut self, from: Option<Date>) -> bool {
        if from.is_none() || from == self.counts_from {
            return false;
        }
        self.counts_from = from;
        self.days.clear();
        self.sent_before = 0;
        self.scores = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::health::Tally;
    use crate::id::date_of;
    use crate::mailbox::Provider;

    fn day(number: u16, sent: u32) -> DayTally {
        let tally = Tally { sent, ..Tally::default() };
        DayTally { by_provider: [(Provider::Gmail, tally)].into(), ..DayTally::new(date_of(number)) }
    }

    proptest! {
        #[test]
        fn every_send_is_counted_once_however_often_days_are_folded(sends in prop::collection::vec(1_u32..50, 1..40)) {
            let mut row = HealthRow::first(State::Warming, Timestamp::UNIX_EPOCH);
            let days: Vec<DayTally> = (2_000..).zip(&sends).map(|(number, &sent)| day(number, sent)).collect();
            // Each look folds the last four days again.
            for end in 1..=days.len() {
                for _ in 0..3 {
                    row.take(days[end.saturating_sub(4)..end].to_vec());
                }
            }
            prop_assert_eq!(row.sent(), sends.iter().sum::<u32>());
            prop_assert!(row.days.len() <= ROW_DAYS_MAX);
            prop_assert!(row.days.windows(2).all(|pair| pair[0].date < pair[1].date));
        }
    }

    #[test]
    fn a_day_without_a_send_is_kept_if_it_has_any_event() {
        let mut row = HealthRow::first(State::Warming, Timestamp::UNIX_EPOCH);
        let complained = DayTally { reported_complaints: 1, ..DayTally::new(date_of(2_001)) };
        row.take(vec![DayTally::new(date_of(2_000)), complained.clone()]);
        assert_eq!(row.days, [complained]);
    }

    #[test]
    fn what_was_before_a_stop_does_not_come_back_with_the_next_fold() {
        let mut row = HealthRow::first(State::Warming, Timestamp::UNIX_EPOCH);
        let before: Vec<DayTally> = (2_000..2_020).map(|number| day(number, 20)).collect();
        row.take(before.clone());
        assert!(row.begin_anew(Some(date_of(2_020))));
        assert_eq!(row.sent(), 0);
        row.take(before);
        row.take(vec![day(2_020, 7)]);
        assert_eq!((row.sent(), row.days.len()), (7, 1));
        assert!(!row.begin_anew(Some(date_of(2_020))), "the same stop, read again");
        assert_eq!(row.sent(), 7);
    }
}
