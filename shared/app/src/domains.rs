//! Domains: looked up daily, hourly while they fail (domain.md §7).
//!
//! The look-up comes in as a function, so that this crate links no resolver: the governor gives it the real one, the local stack
//! its sandbox's. Whether a mailbox sends is not decided here: whoever decides reads [`DomainState::failing_since`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use preheat_core::change::{Change, Kind, Subject as About};
use preheat_core::domain::fleet::Member;
use preheat_core::domain::state::{self, DomainState};
use preheat_core::domain::{Report, Subject, Topic, Verdict};
use preheat_core::id::{DomainName, MailboxId, TenantId};
use preheat_core::limits::HealthLimits;
use preheat_core::mailbox::Provider;
use preheat_store::{SHARDS, Store};

use crate::{App, AppError};

/// Domains that are looked up at once.
const PARALLEL: usize = 8;
/// Shards that are read at once.
const SHARDS_PARALLEL: usize = 16;

/// A domain of a tenant with what sends from it.
#[derive(Debug, Clone, Default)]
pub struct Used {
    /// Its mailboxes. Their scores are not known here.
    pub members: Vec<Member>,
    /// Their ids, in the same order.
    pub mailboxes: Vec<MailboxId>,
    /// Who hosts them.
    pub providers: BTreeSet<Provider>,
    /// Its sending IPs.
    pub ips: Vec<IpAddr>,
}

/// Every domain in use: of mailboxes that are not retired, and of sending IPs. Reads the whole fleet once.
///
/// # Errors
/// The ledger did not answer.
pub async fn used(store: &Store) -> Result<BTreeMap<(TenantId, DomainName), Used>, AppError> {
    let mut used: BTreeMap<(TenantId, DomainName), Used> = BTreeMap::new();
    let mut shards = stream::iter((0..SHARDS).map(|shard| store.shard(shard))).buffered(SHARDS_PARALLEL);
    while let Some(shard) = shards.try_next().await? {
        for row in shard.rows {
            let (plan, state) = (row.plan.plan, row.plan.state);
            // An address's domain is one: both are checked alike.
            let Ok(domain) = plan.address.domain().parse() else { continue };
            let entry = used.entry((plan.tenant, domain)).or_default();
            entry.providers.insert(plan.provider);
            entry.mailboxes.push(plan.id);
            entry.members.push(Member { address: plan.address, state, warmup_score: None });
        }
    }
    for (address, tenant) in store.ip_owners().await? {
        if let Some(stored) = store.ip(&tenant, address).await? {
            used.entry((tenant, stored.ip.domain)).or_default().ips.push(address);
        }
    }
    Ok(used)
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Domains that were looked up.
    pub checked: usize,
    /// ... of them, those that fail.
    pub failing: usize,
    /// Domains whose last look-up is recent enough.
    pub recent: usize,
    /// Domains that could not be read or written: the next hour tries again.
    pub failed: usize,
}

/// Looks up every domain whose time has come, remembers how it stands, and tells of changes. One that cannot be looked up never
/// costs its neighbours.
///
/// # Errors
/// The fleet cannot be read.
pub async fn daily(app: &App, look_up: impl AsyncFn(&Subject) -> Report, now: Timestamp) -> Result<Checked, AppError> {
    let used = used(&app.store).await?;
    let look_up = &look_up;
    let outcomes = stream::iter(used)
        .map(async |((tenant, domain), used)| {
            let outcome = one(app, look_up, &tenant, &domain, used, now).await;
            if let Err(error) = &outcome {
                tracing::error!(%domain, %error, "a domain was not checked");
            }
            outcome
        })
        .buffer_unordered(PARALLEL);
    let count = |mut sum: Checked, outcome: Result<Option<Verdict>, AppError>| {
        match outcome {
            Ok(Some(verdict)) => {
                sum.checked += 1;
                sum.failing += usize::from(verdict == Verdict::Failing);
            }
            Ok(None) => sum.recent += 1,
            Err(_) => sum.failed += 1,
        }
        std::future::ready(sum)
    };
    Ok(outcomes.fold(Checked::default(), count).await)
}

async fn one(
    app: &App,
    look_up: &impl AsyncFn(&Subject) -> Report,
    tenant: &TenantId,
    domain: &DomainName,
    used: Used,
    now: Timestamp,
) -> Result<Option<Verdict>, AppError> {
    let before = app.store.domain_state(tenant, domain).await?;
    if before.as_ref().is_some_and(|before| !before.is_due(now)) {
        return Ok(None);
    }
    let mut subject = Subject::new(domain.clone());
    subject.selectors = before.as_ref().map(|before| before.selectors.clone()).unwrap_or_default();
    (subject.providers, subject.ips) = (used.providers, used.ips);
    let state = DomainState::after(before.as_ref(), look_up(&subject).await, now);
    app.tell(&changes(tenant, before.as_ref(), &state, &app.limits.health)).await?;
    app.store.set_domain_state(tenant, &state).await?;
    Ok(Some(state.verdict))
}

/// What those are told who listen to the bus. Told before it is recorded, under an id of the day: twice at worst.
fn changes(tenant: &TenantId, before: Option<&DomainState>, after: &DomainState, limits: &HealthLimits) -> Vec<Change> {
    let change = |kind, text: &str| {
        let about = About::domain(after.domain.as_str());
        let change = Change::new(kind, Some(tenant), about, after.checked_at, "domain, daily", &[]);
        change.saying(text).on(&utc_date(after.checked_at).to_string())
    };
    let failing: Vec<String> = after
        .checks
        .iter()
        .filter(|check| check.required && check.verdict == Verdict::Failing)
        .map(|check| format!("{}: {}", check.topic, check.finding))
        .collect();
    let why = failing.join("; ");
    let name = &after.domain;
    let mut changes = Vec::new();
    match after.change(before, limits) {
        Some(state::Change::Failing) => changes.push(change(Kind::DomainFailing, &format!("{name} fails: {why}"))),
        Some(state::Change::Stopped) => {
            let text = format!("{name} has failed for over {} h and stops sending: {why}", limits.dns_grace_hours);
            changes.push(change(Kind::DomainStopped, &text));
        }
        Some(state::Change::Recovered) => changes.push(change(Kind::DomainPassing, &format!("{name} fails no longer"))),
        // It lasts: told again once a day, at the day's first look.
        None if before.is_some_and(|before| utc_date(before.checked_at) < utc_date(after.checked_at)) => {
            if let Some(since) = after.failing_since {
                let may_send = after.may_send(after.checked_at, limits);
                let kind = if may_send { Kind::DomainFailing } else { Kind::DomainStopped };
                changes.push(change(kind, &format!("{name} has failed since {since}: {why}")));
            }
        }
        None => {}
    }
    let listed = |state: &DomainState| -> BTreeSet<String> {
        let listed =
            state.checks.iter().filter(|check| check.topic == Topic::Blocklist && check.verdict == Verdict::Failing);
        listed.map(|check| check.about.clone()).collect()
    };
    let new: Vec<String> = listed(after).difference(&before.map(listed).unwrap_or_default()).cloned().collect();
    if !new.is_empty() {
        changes.push(change(Kind::DomainListed, &format!("{name} stands on a blocklist: {}", new.join(", "))));
    }
    changes
}

fn utc_date(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}
