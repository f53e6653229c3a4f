//! The invariants of reliability.md, checked while a simulation runs.
//!
//! What servers took is read from the sandbox's ledger; what the program believes from DynamoDB. The two are compared, so
//! a promise that only the program believes in does not pass.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use preheat_core::day::PlanRow;
use preheat_core::mailbox::Schedule;
use preheat_sandbox::Entry;

use crate::rig::{Rig, RigError};
use crate::summary::Violations;

/// The longest that a session may take from its claim to the final dot: an order claimed in the last second of a window
/// may end so much later.
const SESSION_MAX: SignedDuration = SignedDuration::from_secs(90);

/// Looks at a rig again and again, and remembers what it must not see.
#[derive(Default)]
pub struct Watch {
    next: u64,
    taken: BTreeMap<String, Timestamp>,
    answered: BTreeSet<(String, String)>,
    per_day: BTreeMap<(String, jiff::civil::Date), u32>,
    quota: BTreeMap<(String, jiff::civil::Date), u32>,
    /// Every violation, in words.
    pub violations: Vec<String>,
    /// The same, counted by kind.
    pub counts: Violations,
    /// Mails that servers took over.
    pub mails: u64,
}

impl Watch {
    /// Checks everything that has happened since the last look.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn look(&mut self, rig: &Rig) -> Result<(), RigError> {
        let rows = rig.rows().await?;
        let schedules: BTreeMap<&str, &Schedule> =
            rows.iter().map(|row| (row.plan.address.as_str(), &row.plan.schedule)).collect();
        for entry in rig.world.ledger_since(self.next) {
            self.next = entry.sequence + 1;
            self.entry(&entry, &schedules);
        }
        for row in &rows {
            self.row(row);
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, schedules: &BTreeMap<&str, &Schedule>) {
        if entry.token.is_none() || !entry.is_taken() {
            return;
        }
        self.mails += 1;
        if let Some(first) = self.taken.insert(entry.message_id.clone(), entry.at) {
            self.counts.duplicates += 1;
            self.violations.push(format!(
                "{} took {} from {} to {} a second time, the first was at {first}",
                entry.at, entry.message_id, entry.from, entry.to
            ));
        }
        if let Some(parent) = &entry.in_reply_to
            && !self.answered.insert((entry.from.clone(), parent.clone()))
        {
            self.counts.duplicates += 1;
            self.violations.push(format!("{} a second reply to {parent}", entry.at));
        }
        let Some(schedule) = schedules.get(entry.from.as_str()) else {
            self.violations.push(format!("{} mail from a stranger", entry.at));
            return;
        };
        // The claim was made inside the window; the final dot may come a session later.
        let inside = |at: Timestamp| {
            schedule.window_on(schedule.local_date(at)).is_some_and(|(start, end)| at >= start && at < end)
        };
        if !inside(entry.at) && !inside(entry.at - SESSION_MAX) {
            self.counts.outside_window += 1;
            self.violations.push(format!("{} mail of {} outside its window", entry.at, entry.from));
        }
        let date = schedule.local_date(entry.at);
        *self.per_day.entry((entry.from.clone(), date)).or_default() += 1;
    }

    fn row(&mut self, row: &PlanRow) {
        let counted = row.slots.values().filter(|state| state.counts()).count();
        if usize::try_from(row.used) != Ok(counted) {
            self.violations.push(format!("{}: used is {}, its slots say {counted}", row.plan.id, row.used));
        }
        if row.used > row.quota {
            self.counts.over_quota += row.used - row.quota;
            self.violations.push(format!("{}: {} used of a quota of {}", row.plan.id, row.used, row.quota));
        }
        let Some(date) = row.date else { return };
        let key = (row.plan.address.to_string(), date);
        self.quota.insert(key.clone(), row.quota);
        let taken = self.per_day.get(&key).copied().unwrap_or(0);
        if taken > row.quota {
            self.counts.over_quota += taken - row.quota;
            self.violations.push(format!("{}: {taken} mails on {date}, its quota is {}", row.plan.id, row.quota));
        }
    }
}
