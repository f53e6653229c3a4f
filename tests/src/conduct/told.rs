//! What the bus was told of mailboxes: of each change of state one id, however often it comes.
//!
//! May not know how ids are made: only that one change has one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use preheat_core::change::{Change, Family, Kind, Thing, kind_of};
use preheat_core::decision::Decision;
use preheat_core::id::MailboxId;

use super::course::Course;

/// The rule under which is said again what lasts.
const REMINDER: &str = "it lasts";

/// The changes of mailboxes' states that were heard.
#[derive(Default)]
pub(super) struct Told {
    /// What each id stands for.
    known: BTreeMap<String, (Kind, String)>,
    /// By mailbox: its number, as the bus has it.
    ids: BTreeMap<(String, Kind), BTreeSet<String>>,
    reminders: BTreeMap<(String, Kind, Date), BTreeSet<String>>,
}

impl Told {
    /// A change that came onto the bus at `at`, and what is wrong with it beside those before.
    pub(super) fn hear(&mut self, change: &Change, at: Timestamp) -> Option<String> {
        if change.subject.thing != Thing::Mailbox || change.kind.family() != Family::Mailbox {
            return None;
        }
        let subject = change.subject.id.clone();
        let meaning = (change.kind, subject.clone());
        let known = self.known.entry(change.id.clone()).or_insert_with(|| meaning.clone());
        if *known != meaning {
            return Some(format!("the bus was told {meaning:?} under the id of {known:?}"));
        }
        if change.rule != REMINDER {
            self.ids.entry((subject, change.kind)).or_default().insert(change.id.clone());
            return None;
        }
        // Zones differ by less than a day from UTC, and reminders come when a window begins: never two in a date of either.
        let date = at.to_zoned(TimeZone::UTC).date();
        let of_day = self.reminders.entry((subject.clone(), change.kind, date)).or_default();
        of_day.insert(change.id.clone());
        (of_day.len() > 1).then(|| format!("{subject}: it was reminded of {} twice on {date}", change.kind.name()))
    }

    /// Whether what was told of a mailbox is what was decided: each decision that is told under one id, and nothing else but
    /// what others did and told themselves.
    pub(super) fn check(&self, id: MailboxId, decisions: &[Decision], course: &Course) -> Vec<String> {
        let kinds = Kind::ALL.iter().copied().filter(|kind| kind.family() == Family::Mailbox);
        let found = kinds.filter_map(|kind| {
            let of_kind = |one: &&Decision| !one.void && one.is_told() && kind_of(one.from, one.to) == Some(kind);
            let (observed, own): (Vec<_>, Vec<_>) = decisions.iter().filter(of_kind).partition(|one| one.observed);
            let least = own.len() + observed.len();
            let most = own.len() + observed.len().max(course.moves(kind));
            let told = self.ids.get(&(id.to_string(), kind)).map_or(0, BTreeSet::len);
            (told < least || told > most).then(|| {
                let name = kind.name();
                format!("{name} was told under {told} ids, of {least} decisions and at most {most} changes")
            })
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use preheat_core::change::Subject;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a second of this age")
    }

    fn change(kind: Kind, second: i64, rule: &str) -> Change {
        Change::new(kind, None, Subject::mailbox(MailboxId(7), "ann@acme.test"), at(second), rule, &[])
    }

    #[test]
    fn a_repeat_is_the_same_change_and_a_second_id_is_one_too_many() {
        let mut told = Told::default();
        let (first, second) = (change(Kind::MailboxPaused, 1, "bounces"), change(Kind::MailboxPaused, 2, "bounces"));
        for one in [&first, &first, &second] {
            assert_eq!(told.hear(one, at(9)), None);
        }
        let found = told.check(MailboxId(7), &[], &Course::default());
        assert_eq!(found, ["mailbox.paused was told under 2 ids, of 0 decisions and at most 0 changes"]);
        assert_eq!(told.check(MailboxId(8), &[], &Course::default()), Vec::<String>::new());
    }

    #[test]
    fn an_id_means_one_thing() {
        let mut told = Told::default();
        let paused = change(Kind::MailboxPaused, 1, "bounces");
        assert_eq!(told.hear(&paused, at(1)), None);
        let other = Change { id: paused.id, ..change(Kind::MailboxReady, 1, "ready") };
        assert!(told.hear(&other, at(2)).is_some());
    }

    #[test]
    fn what_lasts_is_said_again_once_a_day() {
        let mut told = Told::default();
        let monday = change(Kind::MailboxError, 1, REMINDER);
        let again = change(Kind::MailboxError, 2, REMINDER);
        assert_eq!(told.hear(&monday, at(100)), None);
        assert_eq!(told.hear(&monday, at(200)), None, "delivered twice");
        assert_eq!(told.hear(&again, at(100 + 86_400)), None, "the next day");
        assert!(told.hear(&change(Kind::MailboxError, 3, REMINDER), at(300 + 86_400)).is_some());
    }
}
