//! The evidence: what the ledger knows of a mailbox's last days, turned round from those who received its mail.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use futures::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use preheat_core::counters::{Count, Subject};
use preheat_core::day::PlanRow;
use preheat_core::health::{
    DayTally, Dns, HealthInput, HealthRow, Neighbour, Neighbours, health, is_visited, owed, tally_day,
};
use preheat_core::id::{DomainName, MailboxId, TenantId};
use preheat_core::lifecycle::{Evidence, says_disabled};
use preheat_core::placement::Finds;
use preheat_core::slots::Slots;
use preheat_core::tick::FleetRow;
use preheat_core::turn::{DayArchive, day_so_far};
use preheat_store::BadRow;

use super::AT_ONCE;
use crate::{App, AppError};

/// How far back days are folded anew: a mail is missing after 48 h, visits look back three days, and a weekend lies between.
const FOLDED_DAYS: i64 = 6;

/// What all looks of a run share.
pub(super) struct Ground {
    finds: Finds,
    neighbours: Neighbours,
    days: BTreeMap<MailboxId, Vec<DayArchive>>,
    dns: BTreeMap<(TenantId, DomainName), Dns>,
    /// Whether placements were read at all: a look at one mailbox goes by what was last known of them.
    placements: bool,
    /// Rows that could not be read, each with the reason. Of what they say the last that was known holds.
    pub(super) unreadable: Vec<String>,
}

/// What is known of a mailbox besides its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    /// The reason that whoever changed its state has given.
    pub(super) reason: Option<&'a str>,
    /// Whether another mailbox of its domain is an emergency.
    pub(super) domain_emergency: bool,
    /// Whether its warmup was begun anew since the last look.
    pub(super) begun_anew: bool,
}

impl Ground {
    /// The ground of a look at everybody.
    pub(super) async fn of_fleet(app: &App, fleet: &[FleetRow], now: Timestamp) -> Result<Self, AppError> {
        let mut ground = Self::empty(app);
        ground.placements = true;
        let mut read = futures::stream::iter(fleet)
            .map(|row| async move {
                let (id, since) = (row.plan.plan.id, since(&row.plan, now));
                let days = app.store.archives_since(id, since).await?;
                let finds = app.store.box_archives_since(id, since).await?;
                Ok::<_, AppError>((row, days, finds))
            })
            .buffered(AT_ONCE);
        while let Some((row, days, finds)) = read.try_next().await? {
            let plan = &row.plan.plan;
            ground.finds.note_mailbox(&finds.days, &row.box_row);
            // What lies in a mailbox whose finds are damaged is not missing for that.
            let is_searched = is_visited(row.plan.state) && finds.unreadable.is_empty();
            ground.take_days(plan.id, days.days, days.unreadable.into_iter().chain(finds.unreadable));
            let neighbour = Neighbour { provider: plan.provider, is_searched };
            ground.neighbours.insert(plan.id, neighbour);
        }
        drop(read);
        let mut tenants: Vec<&TenantId> = fleet.iter().map(|row| &row.plan.plan.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        for tenant in tenants {
            ground.note_domains(app, tenant).await?;
        }
        Ok(ground)
    }

    /// The ground of a look at one mailbox, out of turn.
    pub(super) async fn of_one(app: &App, row: &PlanRow, now: Timestamp) -> Result<Self, AppError> {
        let mut ground = Self::empty(app);
        let days = app.store.archives_since(row.plan.id, since(row, now)).await?;
        ground.take_days(row.plan.id, days.days, days.unreadable);
        ground.note_domains(app, &row.plan.tenant).await?;
        Ok(ground)
    }

    fn empty(app: &App) -> Self {
        Self {
            finds: Finds::new(&app.limits.engage),
            neighbours: Neighbours::new(),
            days: BTreeMap::new(),
            dns: BTreeMap::new(),
            placements: false,
            unreadable: Vec::new(),
        }
    }

    fn take_days(&mut self, id: MailboxId, days: Vec<DayArchive>, unreadable: impl IntoIterator<Item = BadRow>) {
        self.days.insert(id, days);
        self.unreadable.extend(unreadable.into_iter().map(|bad| bad.to_string()));
    }

    /// Whether placements were read: in a look at everybody.
    pub(super) fn sees_placements(&self) -> bool {
        self.placements
    }

    async fn note_domains(&mut self, app: &App, tenant: &TenantId) -> Result<(), AppError> {
        let domains = app.store.domains(tenant).await?;
        self.unreadable.extend(domains.unreadable.into_iter().map(|bad| bad.to_string()));
        for (domain, state) in domains.states {
            self.dns.insert((tenant.clone(), domain), state.map_or(Dns::Unknown, |state| state.dns()));
        }
        Ok(())
    }

    /// The last days of a mailbox, folded anew; reported events as `known` has them.
    pub(super) fn fold(&self, row: &PlanRow, known: &HealthRow, now: Timestamp) -> Vec<DayTally> {
        let fold = |date: Date, target: u32, slots: &Slots| {
            let before = known.days.iter().find(|day| day.date == date);
            let day = DayTally {
                target,
                reported_bounces: before.map_or(0, |day| day.reported_bounces),
                reported_complaints: before.map_or(0, |day| day.reported_complaints),
                reported_attempts: before.map_or(0, |day| day.reported_attempts),
                ..DayTally::new(date)
            };
            let schedule = &row.plan.schedule;
            let folded = tally_day(row.plan.id, day, slots, schedule, &self.finds, &self.neighbours, now);
            if self.placements { folded } else { with_known_placements(folded, before) }
        };
        let open = row.date;
        let archived = self.days.get(&row.plan.id).into_iter().flatten();
        // An archive beside a row of the same day was left by a turn that got no further.
        let over = archived.filter(|day| Some(day.date) != open).map(|day| fold(day.date, owed(day), &day.slots));
        let so_far = day_so_far(row, now).map(|day| fold(day.date, owed(&day), &row.slots));
        over.chain(so_far).collect()
    }

    /// What is known of a mailbox now.
    pub(super) fn evidence(
        &self,
        app: &App,
        row: &PlanRow,
        known: &HealthRow,
        given: Given<'_>,
        now: Timestamp,
    ) -> Evidence {
        let schedule = &row.plan.schedule;
        let today = schedule.local_date(now);
        let domain = row.plan.address.domain().parse::<DomainName>();
        let dns = domain.ok().and_then(|domain| self.dns.get(&(row.plan.tenant.clone(), domain)).copied());
        let dns = dns.unwrap_or(Dns::Unknown);
        let input = HealthInput {
            days: &known.days,
            today,
            day_index: row.day_index,
            schedule,
            dns_fails: known.standing.clone().with_dns(dns).dns_fails(),
            counted_from: known.standing.counted_from,
            dropped_on: known.standing.dropped_on,
            last: known.scores,
        };
        Evidence {
            state: row.state,
            says_disabled: given.reason.is_some_and(says_disabled),
            health: Some(health(&input, &app.limits.health)),
            day_index: row.day_index,
            half_plateau_day: row.plan.ramp.first_day_at(row.plan.ramp.plateau() / 2.0),
            sent: known.sent(),
            dns,
            // Nobody says so yet but the servers themselves, whose refusal a visit or a send has written down as the state.
            disabled: false,
            reputation: None,
            domain_emergency: given.domain_emergency,
            by_hand: row.by_hand,
            begun_anew: given.begun_anew,
            today,
        }
    }
}

/// Reported bounces, complaints and attempts of a mailbox, by local day, into the days that are known. A day that has any is kept.
pub(super) async fn reported(
    app: &App,
    row: &PlanRow,
    known: &HealthRow,
    now: Timestamp,
) -> Result<Vec<DayTally>, AppError> {
    let today = row.plan.schedule.local_date(now);
    let days: RangeInclusive<Date> = today.saturating_sub(FOLDED_DAYS.days())..=today;
    let counted = app.store.counters_by_day(&Subject::Mailbox(row.plan.id), days).await?;
    let day = |(date, counters): (Date, preheat_core::counters::Counters)| {
        let before = known.days.iter().find(|day| day.date == date).cloned();
        let whole = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        DayTally {
            reported_bounces: whole(counters.get(Count::Hard)),
            reported_complaints: whole(counters.get(Count::Complained)),
            reported_attempts: whole(counters.attempts()),
            ..before.unwrap_or_else(|| DayTally::new(date))
        }
    };
    Ok(counted.into_iter().map(day).filter(DayTally::has_any).collect())
}

fn since(row: &PlanRow, now: Timestamp) -> Date {
    row.plan.schedule.local_date(now).saturating_sub(FOLDED_DAYS.days())
}

/// A day whose sends were counted and whose placements were not: they are what they were when somebody looked.
fn with_known_placements(mut day: DayTally, known: Option<&DayTally>) -> DayTally {
    for (provider, before) in known.into_iter().flat_map(|known| &known.by_provider) {
        let tally = day.by_provider.entry(*provider).or_default();
        *tally = preheat_core::health::Tally { sent: tally.sent, bounced: tally.bounced, ..*before };
    }
    day
}
