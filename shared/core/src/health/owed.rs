//! What a mailbox owed on a day: its target, without what it missed for reasons that are not its own.
//!
//! domain.md §7 holds sends against targets to see whether a mailbox is used as it should be. A provider that is down, a cap
//! without room, a fan-out that did not run and a pool without partners say nothing of the mailbox: whoever counted them would
//! call an outage a loss of reputation, and take a whole fleet out of service for it. Of what a day missed, only what was tried
//! and met a trouble that speaks of the sender ([`is_own`]) is held against it.

use crate::bounce::classify;
use crate::event::Class;
use crate::tick::HELD_BACK;
use crate::turn::{DayArchive, MISSED_NO_TROUBLE};

/// What is held against the mailbox of its target of this day. What went over to the next day is owed there.
#[must_use]
pub fn owed(day: &DayArchive) -> u32 {
    let excused: u32 = day.missed.iter().filter(|(reason, _)| !is_own(reason)).map(|(_, count)| count).sum();
    day.target.saturating_sub(excused).saturating_sub(day.carried_out)
}

/// Whether a miss with this reason is the mailbox's own: servers that spoke of its reputation, of a rule that it broke, or of
/// what it sends.
#[must_use]
pub fn is_own(reason: &str) -> bool {
    // What most days that miss anything say; there is no server's text in it.
    if reason == MISSED_NO_TROUBLE || reason.starts_with(HELD_BACK) {
        return false;
    }
    match classify(None, None, reason) {
        Class::ReputationBlock | Class::Policy | Class::Content => true,
        Class::Hard
        | Class::MailboxFull
        | Class::Transient
        | Class::RateLimit
        | Class::OwnError
        | Class::Undetermined => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Arm;
    use crate::id::{MailboxId, date_of};
    use crate::slots::Slots;
    use crate::tick::HeldBy;

    fn day(target: u32, carried_out: u32, missed: &[(&str, u32)]) -> DayArchive {
        DayArchive {
            mailbox: MailboxId(1),
            date: date_of(2_000),
            day_index: 5,
            target,
            carried_in: 0,
            carried_out,
            missed: missed.iter().map(|&(reason, count)| (reason.to_owned(), count)).collect(),
            given_up: 0,
            replies: Vec::new(),
            arm: Arm::Exchange,
            slots: Slots::new(),
        }
    }

    #[test]
    fn only_what_speaks_of_the_sender_is_held_against_it() {
        for (reason, own) in [
            ("provider outage", false),
            (MISSED_NO_TROUBLE, false),
            (HeldBy::SystemMinute.text(), false),
            ("421 4.3.2 service shutting down", false),
            ("421 busy", false),
            ("could not connect: timed out", false),
            ("550 5.7.1 blocked due to the poor reputation of the sending IP", true),
            ("554 5.7.1 message rejected as spam", true),
        ] {
            assert_eq!(is_own(reason), own, "{reason}");
        }
    }

    #[test]
    fn an_outage_is_owed_by_nobody() {
        assert_eq!(owed(&day(20, 4, &[("provider outage", 16)])), 0);
        // Carried in besides: more is missed than the day's own target.
        assert_eq!(owed(&day(20, 0, &[("provider outage", 24)])), 0);
        assert_eq!(owed(&day(20, 0, &[("provider outage", 5)])), 15);
        assert_eq!(owed(&day(20, 0, &[("554 5.7.1 message rejected as spam", 5)])), 20);
        assert_eq!(owed(&day(20, 0, &[])), 20);
    }
}
