//! What a day, or the day so far, came to: tenant by tenant, and over the whole system (domain.md §6–§8).
//!
//! Sends and misses belong to the sender's local date, finds to the local date of the mailbox they were found in, and to the
//! tenant whose mail it was. May not decide what becomes of a mailbox: a bad day is said, and judged elsewhere.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::day::{PlanRow, SlotState};
use crate::facts::Facts;
use crate::id::{MailboxId, TenantId};
use crate::placement::{Counts, Outcome};
use crate::rate::Rate;
use crate::tick::FleetRow;
use crate::tick::fleet::ById;
use crate::turn::DayArchive;
use crate::visit::Found;

/// Over this share of mail in spam, somebody is told.
pub const SPAM_RATE_MAX: f64 = 0.10;
/// ... but only of mailboxes that are past this day of theirs: new ones meet spam, that is what warmup is for.
pub const SPAM_DAY_INDEX_MIN: u32 = 5;
/// ... and only on so many mails: small samples lie. Ours.
pub const SPAM_SAMPLE_MIN: u64 = 20;

/// The figures of a tenant, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Figures {
    /// Mailboxes that had a sending day.
    pub mailboxes: u32,
    /// What they were to send, what was carried in included.
    pub target: u32,
    /// What servers took.
    pub sent: u32,
    /// Of those, replies.
    pub replies: u32,
    /// What was refused for good.
    pub rejected: u32,
    /// What may have arrived: it is being looked for.
    pub ambiguous: u32,
    /// Where their mail was found.
    pub placed: Counts,
    /// The same, of mailboxes past [`SPAM_DAY_INDEX_MIN`] alone.
    pub placed_past_start: Counts,
    /// What was not sent and will not be made up for, by reason.
    pub missed: BTreeMap<String, u32>,
    /// Mailboxes whose INBOX and Sent were audited for what the evening before left there.
    pub audited: u32,
    /// What the audits found. Target 0.
    pub left_over: u32,
}

impl Figures {
    /// The share in spam, with its sample.
    #[must_use]
    pub fn spam_rate(&self) -> Rate {
        self.placed.spam_rate()
    }

    /// The spam rate that is too high, if it is: over 10 % of the mail of mailboxes past their fifth day, on 20 or more.
    #[must_use]
    pub fn high_spam(&self) -> Option<Rate> {
        let rate = self.placed_past_start.spam_rate();
        let is_high = rate.of >= SPAM_SAMPLE_MIN && rate.share().is_some_and(|share| share > SPAM_RATE_MAX);
        is_high.then_some(rate)
    }

    fn add_day(&mut self, day: &DayArchive) {
        let ambiguous = u32::try_from(day.ambiguous().count()).unwrap_or(u32::MAX);
        *self += Self {
            mailboxes: 1,
            target: day.target + day.carried_in,
            sent: day.sent(),
            replies: day.replies_sent(),
            rejected: day.rejected(),
            ambiguous,
            missed: day.missed.clone(),
            ..Self::default()
        };
    }

    fn add_find(&mut self, found: &Found, day_index: u32) {
        self.placed.add(Outcome::Found(found.placement));
        if day_index > SPAM_DAY_INDEX_MIN {
            self.placed_past_start.add(Outcome::Found(found.placement));
        }
    }

    fn add_audit(&mut self, left_over: Option<u32>) {
        self.audited += u32::from(left_over.is_some());
        self.left_over += left_over.unwrap_or(0);
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, more: Self) {
        self.mailboxes += more.mailboxes;
        self.target += more.target;
        self.sent += more.sent;
        self.replies += more.replies;
        self.rejected += more.rejected;
        self.ambiguous += more.ambiguous;
        self.placed += more.placed;
        self.placed_past_start += more.placed_past_start;
        for (reason, count) in more.missed {
            *self.missed.entry(reason).or_default() += count;
        }
        self.audited += more.audited;
        self.left_over += more.left_over;
    }
}

/// Figures by tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Each tenant that has a mailbox.
    pub tenants: BTreeMap<TenantId, Figures>,
}

impl Summary {
    /// All tenants together.
    #[must_use]
    pub fn system(&self) -> Figures {
        let mut system = Figures::default();
        self.tenants.values().for_each(|figures| system += figures.clone());
        system
    }

    fn of(&mut self, tenant: &TenantId) -> &mut Figures {
        self.tenants.entry(tenant.clone()).or_default()
    }
}

/// What a local date came to.
#[must_use]
pub fn of_date(facts: &[Facts], date: Date, now: Timestamp) -> Summary {
    let mut summary = Summary::default();
    let mut senders: BTreeMap<MailboxId, (&TenantId, Vec<DayArchive>)> = BTreeMap::new();
    for one in facts {
        let tenant = &one.row.plan.plan.tenant;
        let days = one.days_so_far(now);
        let figures = summary.of(tenant);
        days.iter().filter(|day| day.date == date).for_each(|day| figures.add_day(day));
        senders.insert(one.id(), (tenant, days));
    }
    for one in facts {
        for (found, left_over) in finds_on(one, date) {
            for found in found {
                // A mailbox that was deleted since has no tenant any more.
                let Some((tenant, days)) = senders.get(&found.slot.mailbox) else { continue };
                let day = days.iter().find(|day| day.date == found.slot.date);
                summary.of(tenant).add_find(found, day.map_or(0, |day| day.day_index));
            }
            summary.of(&one.row.plan.plan.tenant).add_audit(left_over);
        }
    }
    summary
}

/// What a mailbox found on a date, and its audit: from the archive, or from the row while the date goes on.
fn finds_on(facts: &Facts, date: Date) -> Vec<(&[Found], Option<u32>)> {
    let row = &facts.row.box_row;
    if row.date == Some(date) {
        return vec![(&row.found[(row.found_before as usize).min(row.found.len())..], row.left_over)];
    }
    let archive = facts.finds.iter().filter(|archive| archive.date == date);
    archive.map(|archive| (archive.found.as_slice(), archive.left_over)).collect()
}

/// What the days under way have come to, as a tick sees them in its rows. Of a mailbox whose window is over, that is its
/// whole day; the difference between two ticks is what happened between them.
#[must_use]
pub fn so_far(fleet: &[FleetRow], now: Timestamp) -> Summary {
    let by_id = ById::new(fleet);
    let mut numbers: BTreeMap<&TenantId, usize> = BTreeMap::new();
    let mut figures: Vec<(&TenantId, Figures)> = Vec::new();
    let mut tenant_of = Vec::with_capacity(fleet.len());
    for row in fleet {
        let tenant = &row.plan.plan.tenant;
        let number = *numbers.entry(tenant).or_insert_with(|| {
            figures.push((tenant, Figures::default()));
            figures.len() - 1
        });
        tenant_of.push(number);
        if row.plan.date == Some(row.plan.plan.schedule.local_date(now)) {
            figures[number].1.add_row(&row.plan, now);
        }
    }
    for (row, &number) in fleet.iter().zip(&tenant_of) {
        let today = (row.box_row.found_before as usize).min(row.box_row.found.len());
        for found in &row.box_row.found[today..] {
            let Some(sender) = by_id.get(found.slot.mailbox) else { continue };
            figures[tenant_of[sender]].1.add_find(found, fleet[sender].plan.day_index);
        }
        figures[number].1.add_audit(row.box_row.left_over);
    }
    Summary { tenants: figures.into_iter().map(|(tenant, figures)| (tenant.clone(), figures)).collect() }
}

impl Figures {
    /// A row's day, without making an archive of it: a tick does this for every mailbox.
    fn add_row(&mut self, row: &PlanRow, now: Timestamp) {
        self.mailboxes += 1;
        self.target += row.quota;
        for state in row.slots.values() {
            match state {
                SlotState::Sent { .. } => self.sent += 1,
                SlotState::Rejected { .. } | SlotState::Bounced { .. } => self.rejected += 1,
                SlotState::Claimed { .. } | SlotState::Ambiguous { .. } => {
                    self.ambiguous += u32::from(state.ambiguous_since(now).is_some());
                }
            }
        }
        let sent = |k: &&u16| matches!(row.slots.get(k), Some(SlotState::Sent { .. }));
        self.replies += u32::try_from(row.replied.values().filter(sent).count()).unwrap_or(u32::MAX);
        let over = row.date.and_then(|date| row.plan.schedule.window_on(date)).is_none_or(|(_, end)| end <= now);
        let short = row.quota.saturating_sub(row.used);
        if over && short > 0 {
            let reason = row.last_trouble.as_deref().unwrap_or(crate::turn::MISSED_NO_TROUBLE);
            *self.missed.entry(reason.to_owned()).or_default() += short;
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::id::SlotId;
    use crate::mailbox::Provider;
    use crate::tick::simulation;
    use crate::turn::BoxArchive;
    use crate::visit::Placement;

    const MONDAY: Date = Date::constant(2026, 3, 2);

    /// Two mailboxes of `acme`, one of `other`; mailbox 1 is on its day 3, the others on day 9.
    fn fleet() -> Vec<Facts> {
        let of = |(id, tenant, day_index): (u32, &str, u32)| {
            let mut row = simulation::row(id, &format!("d{id}.example"), Provider::Other, "table:4".parse().unwrap());
            row.plan.plan.tenant = tenant.parse().unwrap();
            (row.plan.date, row.plan.day_index, row.plan.quota) = (Some(MONDAY), day_index, 4);
            row.box_row.date = Some(MONDAY);
            Facts { row, days: Vec::new(), finds: Vec::new() }
        };
        [(1, "acme", 3), (2, "acme", 9), (3, "other", 9)].map(of).into()
    }
    fn send(facts: &mut Facts, to: u32, count: u16, reply_to: Option<SlotId>) {
        for _ in 0..count {
            let k = u16::try_from(facts.row.plan.slots.len()).unwrap();
            facts.row.plan.slots.insert(k, SlotState::Sent { partner: MailboxId(to) });
            facts.row.plan.used += 1;
            if let Some(parent) = reply_to {
                facts.row.plan.replied.insert(parent, k);
            }
        }
    }
    fn find(facts: &mut Facts, from: u32, count: u16, placement: Placement) {
        for _ in 0..count {
            let k = u16::try_from(facts.row.box_row.found.len()).unwrap();
            let slot = SlotId { mailbox: MailboxId(from), date: MONDAY, k };
            facts.row.box_row.found.push(Found { slot, placement });
        }
    }
    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn tenant(summary: &Summary, name: &str) -> Figures {
        summary.tenants[&name.parse().unwrap()].clone()
    }

    #[test]
    fn a_day_is_summed_by_tenant_and_a_find_belongs_to_who_sent_it() {
        let mut facts = fleet();
        send(&mut facts[0], 2, 3, None);
        send(&mut facts[1], 3, 1, Some(SlotId { mailbox: MailboxId(1), date: MONDAY, k: 0 }));
        facts[1].row.plan.last_trouble = Some("421 busy".to_owned());
        find(&mut facts[1], 1, 2, Placement::Inbox);
        find(&mut facts[2], 2, 1, Placement::Spam);
        facts[2].row.box_row.left_over = Some(1);
        let evening = at("2026-03-02T17:00:00Z");
        let summary = of_date(&facts, MONDAY, evening);
        let acme = tenant(&summary, "acme");
        assert_eq!((acme.mailboxes, acme.target, acme.sent, acme.replies), (2, 8, 4, 1));
        assert_eq!((acme.placed.inbox, acme.placed.spam, acme.placed_past_start.found()), (2, 1, 1));
        assert_eq!(acme.missed["421 busy"], 3);
        assert_eq!((acme.audited, tenant(&summary, "other").audited, tenant(&summary, "other").left_over), (0, 1, 1));
        assert_eq!(summary.system().sent, 4);
        let rows: Vec<FleetRow> = facts.iter().map(|one| one.row.clone()).collect();
        assert_eq!(so_far(&rows, evening), summary, "a tick sees the same");
        assert_eq!(of_date(&facts, MONDAY, at("2026-03-02T10:00:00Z")).system().missed.len(), 0, "still to come");
    }

    #[test]
    fn a_day_that_is_over_reads_like_the_day_that_went_on() {
        let mut facts = fleet();
        send(&mut facts[0], 2, 4, None);
        find(&mut facts[1], 1, 4, Placement::Inbox);
        let night = at("2026-03-02T22:30:00Z");
        let live = of_date(&facts, MONDAY, night);
        for one in &mut facts {
            one.days = one.days_so_far(night);
            let (found, left_over) = (std::mem::take(&mut one.row.box_row.found), one.row.box_row.left_over);
            one.finds = vec![BoxArchive { mailbox: one.id(), date: MONDAY, found, left_over }];
            (one.row.plan.date, one.row.box_row.date) = (Some(date(2026, 3, 3)), Some(date(2026, 3, 3)));
            one.row.plan.slots.clear();
        }
        assert_eq!(of_date(&facts, MONDAY, at("2026-03-03T08:00:00Z")), live);
        let tuesday = of_date(&facts, date(2026, 3, 3), at("2026-03-03T08:00:00Z"));
        assert_eq!((tuesday.system().sent, tuesday.system().placed.found()), (0, 0));
    }

    #[test]
    fn spam_is_high_over_a_tenth_past_the_fifth_day_and_on_enough_mail() {
        let high = |from: u32, inbox: u16, spam: u16| {
            let mut facts = fleet();
            find(&mut facts[2], from, inbox, Placement::Inbox);
            find(&mut facts[2], from, spam, Placement::Spam);
            tenant(&of_date(&facts, MONDAY, at("2026-03-02T10:00:00Z")), "acme").high_spam()
        };
        assert_eq!(high(2, 17, 3), Some(Rate::new(3, 20)));
        assert_eq!(high(2, 18, 2), None, "10 % is not over 10 %");
        assert_eq!(high(2, 10, 9), None, "19 mails say little");
        assert_eq!(high(1, 10, 10), None, "day 3: that is what warmup is for");
    }

    #[test]
    fn without_mailboxes_there_is_nothing_to_sum_up() {
        assert_eq!(of_date(&[], MONDAY, at("2026-03-02T10:00:00Z")), Summary::default());
        assert_eq!(so_far(&[], at("2026-03-02T10:00:00Z")).system(), Figures::default());
    }
}
