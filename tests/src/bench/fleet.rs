//! Mailboxes to measure with: one pool, five to an organisation, three kinds of provider, one zone, so that all windows
//! open at once and every tick in them is as full as it gets.

use anyhow::Result;
use jiff::civil::time;
use jiff::{SignedDuration, Timestamp};
use preheat_core::day::PlanRow;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::id::MailboxId;
use preheat_core::limits::Limits;
use preheat_core::mailbox::{Days, MailboxPlan, Mode, Provider, Role, Schedule, State};
use preheat_core::pairing::eligible_partners;
use preheat_core::ramp::Ramp;
use preheat_core::seed::Seed;
use preheat_core::suppression::Suppressed;
use preheat_core::tick::FleetRow;
use preheat_core::turn::turn_day;
use preheat_core::visit::BoxRow;
use preheat_store::NewMailbox;

/// Monday midnight in the fleet's zone, UTC.
pub const MONDAY: &str = "2026-03-02T00:00:00Z";
/// Sends a day of every mailbox, before the daily variation.
pub const SENDS_PER_DAY: u32 = 40;
/// Mailboxes of one organisation.
const PER_ORGANISATION: u32 = 5;
const PROVIDERS: [Provider; 3] = [Provider::Gmail, Provider::Microsoft, Provider::Other];

/// The start of the n-th hour of that Monday.
///
/// # Errors
/// Never: the day above parses.
pub fn monday_at(hour: i64) -> Result<Timestamp> {
    Ok(MONDAY.parse::<Timestamp>()? + SignedDuration::from_hours(hour))
}

/// The limits of domain.md without the system's own caps on sends an hour and a minute: those would cut off what a large
/// fleet is to be measured by.
#[must_use]
pub fn limits() -> Limits {
    Limits { system_per_hour: u32::MAX, system_per_minute: u32::MAX, ..Limits::default() }
}

/// The n-th mailbox (from 1), as an operator would describe it.
///
/// # Errors
/// Never: its names are good.
pub fn new_mailbox(n: u32) -> Result<NewMailbox> {
    let organisation = n / PER_ORGANISATION;
    let domain = format!("firm{organisation}.example");
    let endpoint = |port| Endpoint { host: format!("mail.{domain}"), port, security: Security::Implicit };
    let address = format!("user{n}@{domain}");
    Ok(NewMailbox {
        tenant: "bench".parse()?,
        address: address.parse()?,
        display_name: format!("User {n}"),
        provider: PROVIDERS[usize::try_from(organisation)? % PROVIDERS.len()],
        smtp: endpoint(465),
        imap: endpoint(993),
        organisation: domain,
        pool: "bench".parse()?,
        role: Role::Sender,
        mode: Mode::Exchange,
        schedule: Schedule::new("UTC", time(9, 0, 0, 0), time(17, 0, 0, 0), Days::WORKING)?,
        ramp: Ramp::Table { days: vec![SENDS_PER_DAY] },
        cap_per_day: None,
        reply_rate: 0.3,
        language: preheat_core::content::Language::default(),
        user: address,
    })
}

/// A fleet in memory, warming, its Monday begun.
///
/// # Errors
/// Never: its names are good.
pub fn begun(mailboxes: u32, seed: &Seed) -> Result<Vec<FleetRow>> {
    let mut fleet = (1..=mailboxes).map(row).collect::<Result<Vec<_>>>()?;
    let (now, limits) = (monday_at(0)?, limits());
    let partners = eligible_partners(&fleet, &limits, &Suppressed::default());
    for (row, eligible) in fleet.iter_mut().zip(partners) {
        if let Some(turned) = turn_day(seed, &row.plan, &row.box_row, now, eligible, &limits) {
            *row = FleetRow { plan: turned.plan, box_row: turned.box_row };
        }
    }
    Ok(fleet)
}

fn row(n: u32) -> Result<FleetRow> {
    let new = new_mailbox(n)?;
    let plan = MailboxPlan {
        id: MailboxId(n),
        tenant: new.tenant,
        address: new.address,
        provider: new.provider,
        organisation: new.organisation,
        pool: new.pool,
        role: new.role,
        mode: new.mode,
        schedule: new.schedule,
        ramp: new.ramp,
        cap_per_day: new.cap_per_day,
        reply_rate: new.reply_rate,
        language: new.language,
    };
    let plan = PlanRow::new(plan, State::Warming);
    Ok(FleetRow { plan, box_row: BoxRow::default() })
}
