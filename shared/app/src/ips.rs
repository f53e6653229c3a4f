//! Sending IPs: bringing one in, and each one's decision of the day (domain.md §9).
//!
//! [`daily`] is called every hour: it decides for each IP once a local date, from 01:00 of its zone on, and ends pauses that are
//! over. Called again it does nothing. [`look`] follows bad events within minutes: it may pause, and nothing else. Either decides
//! on what the counters hold now: events of earlier days that came late count in the window. A state change is published before
//! it is recorded, under an id that follows from the date, so that a crash in between tells it twice and never not at all.

use std::net::IpAddr;

use futures::{StreamExt, stream};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use preheat_core::change::{Change, Kind, Subject};
use preheat_core::counters::{Count, Counters, Subject as Counted};
use preheat_core::id::{DomainName, TenantId};
use preheat_core::ip::admission::{Admission, admission};
use preheat_core::ip::daily::{Decision, Due, Rule, Verdict, added, consolidate, decide, due, watch};
use preheat_core::ip::{Counts, IpDay, IpLimits, NewIpError, SendingIp, Status};
use preheat_core::ramp::{Ramp, RampWarning};
use preheat_store::{Adding, Store, StoreError};

use crate::{App, AppError};

/// IPs that are decided on at once.
const PARALLEL: usize = 8;
/// How often an addition that another one crossed asks again whether there is room.
const TRIES_MAX: u32 = 3;

/// An IP that an operator wants to bring in.
#[derive(Debug, Clone)]
pub struct NewIp {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its address.
    pub address: IpAddr,
    /// The domain that sends from it.
    pub domain: DomainName,
    /// The zone of its days; that of the tenant's counters.
    pub zone: String,
    /// Its plan.
    pub ramp: Ramp,
    /// Why the limit of one a week does not hold for it.
    pub override_reason: Option<String>,
}

/// What bringing it in does.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The IP on its first day.
    pub ip: SendingIp,
    /// What is unwise about its plan.
    pub warnings: Vec<RampWarning>,
    /// The decision that is recorded with it.
    pub decision: Decision,
}

/// Why an IP is not brought in. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// It cannot be.
    #[error(transparent)]
    New(#[from] NewIpError),
    /// Another domain or IP came in less than a week ago.
    #[error(
        "one domain or IP a tenant and week: the last came in at {last_at}, the next may at {until}; an override needs a reason"
    )]
    Wait {
        /// When the last one came in.
        last_at: Timestamp,
        /// From when on the next one may.
        until: Timestamp,
    },
    /// It is there already.
    #[error("{0} is there already")]
    Exists(IpAddr),
    /// It belongs to another tenant.
    #[error("{0} belongs to another tenant of this stack")]
    Taken(IpAddr),
    /// The ledger did not answer.
    #[error("the ledger: {0}")]
    Store(#[from] StoreError),
}

/// What [`add`] would do now, without doing it.
///
/// # Errors
/// As for [`add`].
pub async fn plan(store: &Store, new: &NewIp, limits: &IpLimits, now: Timestamp) -> Result<Addition, AddError> {
    planned(store, new, limits, now).await.map(|(addition, _)| addition)
}

/// Brings an IP in: its domain, itself, its plan, and the record of why; all of it or nothing.
///
/// # Errors
/// It cannot be, must wait, is there already, or the ledger did not answer.
pub async fn add(store: &Store, new: &NewIp, limits: &IpLimits, now: Timestamp) -> Result<Addition, AddError> {
    for _ in 0..TRIES_MAX {
        let (addition, admitted) = planned(store, new, limits, now).await?;
        match store.add_ip(&addition.ip, &addition.decision, &admitted).await? {
            Adding::Done => return Ok(addition),
            Adding::Exists => return Err(AddError::Exists(addition.ip.address)),
            Adding::Taken => return Err(AddError::Taken(addition.ip.address)),
            Adding::Crossed => {}
        }
    }
    Err(StoreError::Contended(format!("the admission of {}", new.tenant)).into())
}

async fn planned(
    store: &Store,
    new: &NewIp,
    limits: &IpLimits,
    now: Timestamp,
) -> Result<(Addition, preheat_core::ip::admission::Admitted), AddError> {
    let NewIp { tenant, address, domain, zone, ramp, .. } = new.clone();
    let (ip, warnings) = SendingIp::new(tenant, address, domain, zone, ramp, now)?;
    match store.ip_owner(ip.address).await? {
        Some(owner) if owner == ip.tenant => return Err(AddError::Exists(ip.address)),
        Some(_) => return Err(AddError::Taken(ip.address)),
        None => {}
    }
    let admitted = store.admitted(&ip.tenant).await?;
    let note = match admission(&admitted, now, limits) {
        Admission::Open => None,
        Admission::Wait { last_at, until } => {
            Some(new.override_reason.clone().ok_or(AddError::Wait { last_at, until })?)
        }
    };
    let decision = added(&ip, note, limits);
    Ok((Addition { ip, warnings, decision }, admitted))
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decided {
    /// IPs that were decided on.
    pub decided: usize,
    /// IPs of which nothing was due.
    pub idle: usize,
    /// IPs that could not be read, decided on or written: the next hour tries again.
    pub failed: usize,
}

/// Decides on every IP that is due. One that cannot be decided on never costs its neighbours.
///
/// # Errors
/// The list of IPs cannot be read.
pub async fn daily(app: &App, now: Timestamp) -> Result<Decided, AppError> {
    let owners = app.store.ip_owners().await?;
    let outcomes = stream::iter(owners)
        .map(async |(address, tenant)| {
            let outcome = one(app, &tenant, address, now).await;
            if let Err(error) = &outcome {
                tracing::error!(%address, %error, "a sending IP was not decided on");
            }
            outcome
        })
        .buffer_unordered(PARALLEL);
    let count = |mut sum: Decided, outcome: Result<bool, AppError>| {
        match outcome {
            Ok(true) => sum.decided += 1,
            Ok(false) => sum.idle += 1,
            Err(_) => sum.failed += 1,
        }
        std::future::ready(sum)
    };
    Ok(outcomes.fold(Decided::default(), count).await)
}

/// Decides on one; false: nothing was due, or somebody else did.
async fn one(app: &App, tenant: &TenantId, address: IpAddr, now: Timestamp) -> Result<bool, AppError> {
    let Some(stored) = app.store.ip(tenant, address).await? else { return Ok(false) };
    let limits = &app.limits.ip;
    let dates = match due(&stored.ip, now, limits) {
        Due::Nothing => return Ok(false),
        Due::Resume => Vec::new(),
        Due::Daily(dates) => dates,
    };
    let (window, ended) = window(app, &stored.ip, &dates).await?;
    let (next, decision) = decide(&stored.ip, &window, now, limits);
    app.tell(&changes(&next, &decision)).await?;
    Ok(app.store.decide_ip(&stored, &next, &ended, &decision).await?)
}

/// Looks at one out of turn: something bad was reported of it. Whether it was paused. One that nobody has added, or that is
/// paused already, is none of our business.
///
/// # Errors
/// The ledger or the bus did not answer: look again.
pub async fn look(app: &App, tenant: &TenantId, address: IpAddr, now: Timestamp) -> Result<bool, AppError> {
    let Some(stored) = app.store.ip(tenant, address).await? else { return Ok(false) };
    let ip = &stored.ip;
    if matches!(ip.status, Status::Paused { .. }) {
        return Ok(false);
    }
    // What lies between the date that was decided on and today is not consolidated here: it waits for 01:00.
    let (window, _) = window(app, ip, &[ip.local_date(now).max(ip.date)]).await?;
    let Some((next, decision)) = watch(ip, &window, now, &app.limits.ip) else { return Ok(false) };
    app.tell(&changes(&next, &decision)).await?;
    Ok(app.store.decide_ip(&stored, &next, &[], &decision).await?)
}

/// The days that a decision looks at, oldest first, and of them those of `dates`, which no row holds yet. Counts are what the
/// counters say now, of consolidated days too: providers report for days. Every date is there, one on which nothing was
/// reported, too.
async fn window(app: &App, ip: &SendingIp, dates: &[Date]) -> Result<(Vec<IpDay>, Vec<IpDay>), AppError> {
    let since = ip.date.saturating_sub(i64::from(app.limits.ip.window_days).days());
    let until = dates.last().copied().unwrap_or(ip.date);
    let counted = Counted::Ip(ip.tenant.clone(), ip.address);
    let counted =
        app.store.counters_by_day(&counted, since.min(dates.first().copied().unwrap_or(since))..=until).await?;
    let counts = |date| counted.get(&date).map(counts).unwrap_or_default();
    let new: Vec<IpDay> = dates.iter().map(|&date| consolidate(ip, date, counts(date))).collect();
    let mut window = app.store.ip_days(&ip.tenant, ip.address, since).await?;
    window.retain(|before| !dates.contains(&before.date));
    for day in &mut window {
        day.counts = counts(day.date);
    }
    window.extend_from_slice(&new);
    Ok((window, new))
}

/// What those are told who listen to the bus.
fn changes(ip: &SendingIp, decision: &Decision) -> Vec<Change> {
    let kind = match decision.result {
        Verdict::Advanced if decision.from.phase != decision.to.phase => Kind::IpAdvanced,
        // It lasts: those who were told are reminded.
        Verdict::Unchanged if decision.rule == Rule::PauseInForce => Kind::IpPaused,
        Verdict::Advanced | Verdict::Added | Verdict::Unchanged => return Vec::new(),
        Verdict::Held if decision.rule == Rule::VolumeLow => Kind::IpHeld,
        // Not sure yet: the decision is recorded, nobody is woken.
        Verdict::Held => return Vec::new(),
        Verdict::Paused => Kind::IpPaused,
        Verdict::Resumed if decision.to.phase < decision.from.phase => Kind::IpRolledBack,
        Verdict::Resumed => Kind::IpResumed,
        Verdict::Completed => Kind::IpCompleted,
    };
    let mut numbers = vec![("day", f64::from(decision.to.day)), ("quota", f64::from(decision.to.quota))];
    if let Some(inputs) = &decision.inputs {
        let rates = [("bounce_rate", inputs.bounces_day), ("complaint_rate", inputs.complaints_week)];
        numbers.extend(rates.into_iter().filter_map(|(name, rate)| Some((name, rate.share()?))));
    }
    let subject = Subject::ip(ip.address);
    let change = Change::new(kind, Some(&ip.tenant), subject, decision.at, "sending IP, daily", &numbers);
    vec![change.saying(&format!("{}: {decision}", ip.address)).on(&ip.date.to_string())]
}

/// What the counters of events say of a day. Bounces are hard ones (webhooks.md §19); what the recipient's side decided on went
/// out, whether anybody reported it as sent or not.
fn counts(counters: &Counters) -> Counts {
    Counts {
        sent: counters.get(Count::Accepted).max(counters.attempts()),
        delivered: counters.get(Count::Delivered),
        bounced: counters.get(Count::Hard),
        complaints: counters.get(Count::Complained),
        opens: counters.get(Count::Opened),
        clicks: counters.get(Count::Clicked),
    }
}
