//! What the ledger knows of one mailbox over some days: the ground that every report is folded from.
//!
//! A day that is going on counts as far as it has come, in the same form as one that is over. May not sum anything up.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::id::MailboxId;
use crate::limits::EngageLimits;
use crate::placement::{Finds, SentMail, sent_on};
use crate::tick::FleetRow;
use crate::turn::{BoxArchive, DayArchive, day_so_far};

/// One mailbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its settings, and how its day stands.
    pub row: FleetRow,
    /// Its sending days that are over, oldest first.
    pub days: Vec<DayArchive>,
    /// What it found on days that are over, oldest first.
    pub finds: Vec<BoxArchive>,
}

impl Facts {
    /// Which mailbox.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        self.row.plan.plan.id
    }

    /// Its sending days, the one that is going on last.
    #[must_use]
    pub fn days_so_far(&self, now: Timestamp) -> Vec<DayArchive> {
        let open = day_so_far(&self.row.plan, now);
        // An archive that is there already was left by a turn that got no further: the row is newer.
        let over = self.days.iter().filter(|day| open.as_ref().is_none_or(|open| open.date != day.date)).cloned();
        over.chain(open.clone()).collect()
    }

    /// The mails that it sent on these days, with the moment by which each was sent.
    pub fn mails<'a>(&'a self, days: &'a [DayArchive]) -> impl Iterator<Item = SentMail> + 'a {
        days.iter().flat_map(|day| sent_on(day, self.window_ends(day.date)))
    }

    /// The end of its window on a date; on a date without one (its days were changed since), the end of the date.
    fn window_ends(&self, date: Date) -> Timestamp {
        let schedule = &self.row.plan.plan.schedule;
        schedule.window_on(date).map_or_else(|| schedule.day_bounds(date).1, |(_, end)| end)
    }
}

/// Where every mail was found first, over all mailboxes.
#[must_use]
pub fn finds_of<'a>(facts: impl IntoIterator<Item = &'a Facts>, limits: &EngageLimits) -> Finds {
    let mut finds = Finds::new(limits);
    for one in facts {
        finds.note_mailbox(&one.finds, &one.row.box_row);
    }
    finds
}
