//! Caps: how much one tick may send at all (domain.md §4).
//!
//! The fan-out holds the whole tick's budget, so no counter is written per mail and nothing overshoots by
//! concurrency. Every cap is taken before an order is planned, in any order of asking; what was not taken is left.
//! May not choose who goes first: that is the tick's order by deficit.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::backoff::ProviderBudget;
use crate::mailbox::Provider;

/// What a tenant's plan allows (domain.md §1). `None`: the plan sets no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanLimits {
    /// Mailboxes that the tenant may have.
    pub mailboxes: Option<u32>,
    /// Sends of one mailbox in a day.
    pub per_mailbox_per_day: Option<u32>,
    /// Sends of all its mailboxes in an hour.
    pub per_hour: Option<u32>,
    /// Sends of all its mailboxes in a day, each mailbox's day being its local one.
    pub per_day: Option<u32>,
}

/// A cap that left no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "cap")]
pub enum Cap {
    /// The whole system's hour.
    SystemHour {
        /// Sends an hour.
        per_hour: u32,
        /// This tick's share of them.
        share: u32,
    },
    /// The whole system's minute: every minute in which the order could have gone is full.
    SystemMinute {
        /// Sends a minute.
        per_minute: u32,
    },
    /// The tenant's hour.
    TenantHour {
        /// Sends an hour.
        per_hour: u32,
        /// This tick's share of them.
        share: u32,
    },
    /// The tenant's day.
    TenantDay {
        /// Sends a day.
        per_day: u32,
        /// Taken before this tick.
        used: u32,
    },
    /// The provider's budget after trouble.
    Provider {
        /// Who.
        provider: Provider,
        /// What it was given in this tick.
        allowed: u32,
        /// What was due.
        due: u32,
    },
    /// The provider's breaker is open.
    Breaker {
        /// Who.
        provider: Provider,
        /// Until when.
        until: Timestamp,
    },
    /// One organisation's share of a pool that tenants share.
    Organisation {
        /// Its cap for the day, in sends.
        per_day: u32,
        /// Taken before this tick.
        used: u32,
    },
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SystemHour { per_hour, share } => {
                write!(f, "the system's cap of {per_hour} an hour gives this tick {share}, and they are taken")
            }
            Self::SystemMinute { per_minute } => {
                write!(f, "the system's cap of {per_minute} a minute is reached in every minute that was left")
            }
            Self::TenantHour { per_hour, share } => {
                write!(f, "the plan's cap of {per_hour} an hour gives this tick {share}, and they are taken")
            }
            Self::TenantDay { per_day, used } => {
                write!(f, "the plan's cap of {per_day} a day is reached ({used} before this tick)")
            }
            Self::Provider { provider, allowed, due } => {
                write!(f, "{provider:?} deferred sends: this tick it is given {allowed} of {due} due")
            }
            Self::Breaker { provider, until } => {
                write!(f, "{provider:?} deferred nearly everything: nothing is sent there until {until}")
            }
            Self::Organisation { per_day, used } => {
                write!(f, "the organisation's share of its pool, {per_day} a day, is reached ({used} before this tick)")
            }
        }
    }
}

/// This tick's share of an hourly cap. The shares of an hour's ticks add up to the cap exactly, so no split of it
/// overshoots. `tick_s` that does not divide an hour: the share is that of the ticks that begin in the hour.
#[must_use]
pub fn tick_share(per_hour: u32, tick_start: Timestamp, tick_s: u32) -> u32 {
    let tick_s = u64::from(tick_s.clamp(1, 3600));
    let ticks = 3600_u64.div_ceil(tick_s);
    let second = u64::try_from(tick_start.as_second().rem_euclid(3600)).unwrap_or(0);
    let i = second / tick_s;
    let upto = |i: u64| u64::from(per_hour) * i / ticks;
    u32::try_from(upto(i + 1) - upto(i)).unwrap_or(per_hour)
}

/// An allowance that is only ever taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    left: u32,
}

impl Allowance {
    /// So much, and no more.
    #[must_use]
    pub fn of(left: u32) -> Self {
        Self { left }
    }
    /// Without a limit.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { left: u32::MAX }
    }
    /// Whether one can be taken.
    #[must_use]
    pub fn has_room(self) -> bool {
        self.left > 0
    }
    fn take(&mut self) {
        self.left = self.left.saturating_sub(1);
    }
}

/// One tenant's allowances in a tick.
#[derive(Debug, Clone, Copy)]
pub struct TenantBudget {
    hour: Allowance,
    day: Allowance,
    hour_cap: Cap,
    day_cap: Cap,
}

impl TenantBudget {
    /// What a plan leaves in this tick, `used` sends into the day.
    #[must_use]
    pub fn new(plan: &PlanLimits, used: u32, tick_start: Timestamp, tick_s: u32) -> Self {
        let share = plan.per_hour.map_or(u32::MAX, |per_hour| tick_share(per_hour, tick_start, tick_s));
        let per_day = plan.per_day.unwrap_or(u32::MAX);
        Self {
            hour: Allowance::of(share),
            day: Allowance::of(per_day.saturating_sub(used)),
            hour_cap: Cap::TenantHour { per_hour: plan.per_hour.unwrap_or(u32::MAX), share },
            day_cap: Cap::TenantDay { per_day, used },
        }
    }
}

/// One provider's allowance in a tick.
#[derive(Debug, Clone, Copy)]
pub struct ProviderRoom {
    room: Allowance,
    cap: Cap,
}

impl ProviderRoom {
    /// What a provider's budget leaves of `due` sends.
    #[must_use]
    pub fn new(provider: Provider, budget: &ProviderBudget, due: u32, now: Timestamp) -> Self {
        let allowed = budget.allowed(due, now);
        let cap = match budget.opened_until {
            Some(until) if now < until => Cap::Breaker { provider, until },
            Some(_) | None => Cap::Provider { provider, allowed, due },
        };
        Self { room: Allowance::of(allowed), cap }
    }
}

/// One organisation's allowance in a pool that tenants share.
#[derive(Debug, Clone, Copy)]
pub struct OrganisationRoom {
    room: Allowance,
    cap: Cap,
}

impl OrganisationRoom {
    /// So many a day, so many of them taken.
    #[must_use]
    pub fn new(per_day: u32, used: u32) -> Self {
        Self { room: Allowance::of(per_day.saturating_sub(used)), cap: Cap::Organisation { per_day, used } }
    }
}

/// The budget of one tick over the whole fleet. Indexes are the caller's own numbering of tenants, providers and
/// organisations.
#[derive(Debug, Clone)]
pub struct TickBudget {
    system: Allowance,
    system_cap: Cap,
    tenants: Vec<TenantBudget>,
    providers: [ProviderRoom; 5],
    organisations: Vec<OrganisationRoom>,
    /// Which sends go in which minute.
    pub minutes: Minutes,
}

/// Who asks for a send.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// Index of its tenant.
    pub tenant: usize,
    /// Its provider.
    pub provider: Provider,
    /// Index of its organisation's room, in a pool that has one.
    pub organisation: Option<usize>,
}

impl TickBudget {
    /// The budget of the tick that starts at `tick_start`. `providers` is indexed by [`provider_index`].
    #[must_use]
    pub fn new(
        per_hour: u32,
        minutes: Minutes,
        tick: (Timestamp, u32),
        tenants: Vec<TenantBudget>,
        providers: [ProviderRoom; 5],
        organisations: Vec<OrganisationRoom>,
    ) -> Self {
        let share = tick_share(per_hour, tick.0, tick.1);
        let system_cap = Cap::SystemHour { per_hour, share };
        Self { system: Allowance::of(share), system_cap, tenants, providers, organisations, minutes }
    }

    /// Whether one more send of this asker fits every cap but the minute's. Takes nothing.
    ///
    /// # Errors
    /// The first cap without room, widest first.
    pub fn check(&self, asker: Asker) -> Result<(), Cap> {
        let tenant = &self.tenants[asker.tenant];
        let provider = &self.providers[provider_index(asker.provider)];
        let organisation = asker.organisation.map(|index| &self.organisations[index]);
        let rooms = [
            (self.system, self.system_cap),
            (tenant.hour, tenant.hour_cap),
            (tenant.day, tenant.day_cap),
            (provider.room, provider.cap),
        ];
        let own = organisation.map(|organisation| (organisation.room, organisation.cap));
        rooms.into_iter().chain(own).find(|(room, _)| !room.has_room()).map_or(Ok(()), |(_, cap)| Err(cap))
    }

    /// Takes one send. Only after [`TickBudget::check`] said that it fits.
    pub fn take(&mut self, asker: Asker) {
        self.system.take();
        self.tenants[asker.tenant].hour.take();
        self.tenants[asker.tenant].day.take();
        self.providers[provider_index(asker.provider)].room.take();
        if let Some(index) = asker.organisation {
            self.organisations[index].room.take();
        }
    }
}

/// Where a provider stands in [`TickBudget`]'s list.
#[must_use]
pub fn provider_index(provider: Provider) -> usize {
    match provider {
        Provider::Gmail => 0,
        Provider::Microsoft => 1,
        Provider::Yahoo => 2,
        Provider::Zoho => 3,
        Provider::Other => 4,
    }
}

/// How many sends go in each minute of a tick. Ticks begin on a whole minute, so no minute belongs to two of them.
#[derive(Debug, Clone)]
pub struct Minutes {
    taken: Vec<u32>,
    per_minute: u32,
}

impl Minutes {
    /// Empty minutes of a tick of `tick_s` seconds.
    #[must_use]
    pub fn new(per_minute: u32, tick_s: u32) -> Self {
        Self { taken: vec![0; tick_s.div_ceil(60).max(1) as usize], per_minute }
    }

    /// The second nearest to `wanted_s` within `from_s..=to_s` whose minute has room: later ones before earlier ones.
    /// `None`: every minute is full. Takes nothing.
    #[must_use]
    pub fn nearest(&self, wanted_s: u32, from_s: u32, to_s: u32) -> Option<u32> {
        if from_s > to_s {
            return None;
        }
        let wanted_s = wanted_s.clamp(from_s, to_s);
        let has_room = |minute: u32| self.taken.get(minute as usize).is_some_and(|&taken| taken < self.per_minute);
        let minute = wanted_s / 60;
        if has_room(minute) {
            return Some(wanted_s);
        }
        // Keep the second within the minute, so that a pushed order is no more at the full minute than it was.
        let within = |minute: u32| (minute * 60 + wanted_s % 60).clamp(from_s, to_s);
        let later = (minute + 1..=to_s / 60).find(|&minute| has_room(minute));
        let earlier = (from_s / 60..minute).rev().find(|&minute| has_room(minute));
        later.or(earlier).map(within)
    }

    /// Takes one send at this second.
    pub fn take(&mut self, at_s: u32) {
        if let Some(taken) = self.taken.get_mut((at_s / 60) as usize) {
            *taken += 1;
        }
    }

    /// The fullest minute.
    #[must_use]
    pub fn peak(&self) -> u32 {
        self.taken.iter().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
