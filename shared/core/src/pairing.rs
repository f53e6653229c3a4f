//! Who writes to whom (domain.md §5).
//!
//! Each slot has a few candidates from its pool's rotation (`pairing/ring.rs`); what is not acceptable is passed over, and of
//! what is left the one that stands furthest behind in mail received, weighed against provider and memory, is taken.
//! So a slot costs a bounded number of looks, whatever the pool's size, and in and out stay balanced.
//!
//! Degraded mailboxes are nobody's partners: who writes to them learns nothing of its own mail. Where fewer than
//! `eligible_partners_min` others live in the pool, they exchange among themselves, at their reduced volume: a whole pool that
//! was degraded could not send, so nothing would ever be known of it that lets it recover.
//!
//! May not know of time or caps of sending: a slot that is asked about is going to be sent.

mod barred;
mod members;
mod ring;
mod search;

use serde::{Deserialize, Serialize};

use crate::id::{SlotId, day_number};
use crate::limits::Limits;
use crate::mailbox::{Provider, Role};
use crate::pairing::barred::Barred;
use crate::pairing::members::{Member, Others, count_others};
use crate::pairing::ring::Ring;
use crate::pairing::search::{LOOKS_MAX, Search};
use crate::seed::Seed;
use crate::suppression::Suppressed;
use crate::tick::fleet::{Today, Traffic};
use crate::tick::{FleetRow, TickInput};

/// How gladly a mailbox of one provider writes to one of another, 0–1: the share of slots for which that pair counts
/// as any other; for the rest it stands back behind better pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderWeights {
    /// From a provider to the same one.
    pub same: f64,
    /// From a provider to another one.
    pub other: f64,
    /// To each provider besides, in the order of [`crate::caps::provider_index`]; multiplied with the above.
    pub to: [f64; 5],
}

impl Default for ProviderWeights {
    /// Another provider is preferred twice as much as the same; none of them over the rest.
    fn default() -> Self {
        Self { same: 0.5, other: 1.0, to: [1.0; 5] }
    }
}

impl ProviderWeights {
    /// The weight of a pair.
    #[must_use]
    pub fn of(&self, from: Provider, to: Provider) -> f64 {
        let pair = if from == to { self.same } else { self.other };
        pair * self.to[crate::caps::provider_index(to)]
    }
}

/// Why candidates were passed over, counted: what `why` tells of a slot without a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Refused {
    /// Places of the rotation without a mailbox, and itself.
    pub empty: u32,
    /// Paused, degraded, retired, in error, not yet checked, or suppressed.
    pub not_live: u32,
    /// Own domain or organisation.
    pub own: u32,
    /// Written to on this date already.
    pub written: u32,
    /// Received the day's most already.
    pub full: u32,
}

impl Refused {
    /// How many were looked at in vain.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.empty + self.not_live + self.own + self.written + self.full
    }
}

/// What came of looking for a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Position of the partner in the fleet; `None`: nobody is left.
    pub partner: Option<usize>,
    /// What was passed over.
    pub refused: Refused,
    /// How many candidates were looked at, acceptable ones included.
    pub looks: u32,
}

/// How many mailboxes each one may write to at all, by position in the fleet: living partners of its pool (among degraded ones
/// in a pool without enough of them the degraded, too) outside its domain and organisation; where those are fewer than
/// `eligible_partners_min`, inside as well. A day's target is at most this.
#[must_use]
pub fn eligible_partners(fleet: &[FleetRow], limits: &Limits, suppressed: &Suppressed) -> Vec<u32> {
    let (members, _) = Member::all(fleet, limits, suppressed);
    let others = count_others(&members);
    others.into_iter().map(|others| others.eligible(limits)).collect()
}

/// The pools of a fleet in one tick, and what each mailbox receives.
#[derive(Debug)]
pub(crate) struct Pairing {
    seed: Seed,
    members: Vec<Member>,
    others: Vec<Others>,
    barred: Barred,
    /// Place of each mailbox in its pool's ring.
    places: Vec<u32>,
    pools: Vec<Pool>,
    received: Vec<Received>,
    weights: ProviderWeights,
    limits: PairingLimits,
}

/// The numbers that pairing takes from [`Limits`].
#[derive(Debug, Clone, Copy)]
struct PairingLimits {
    inbound_per_day: u32,
    seed_inbound_per_day: u32,
    from_same_per_day: usize,
    alone_below: u32,
}

/// What one mailbox receives, for balance and for the inbound cap.
#[derive(Debug, Clone, Copy)]
struct Received {
    /// Its fair share of the week until tonight: what it sends.
    share: u32,
    /// What it received or will, in the week.
    week: u32,
    /// ... and of that today.
    today: u32,
}

/// The mailboxes of one pool.
#[derive(Debug)]
struct Pool {
    /// By id: the ring's places.
    by_place: Vec<u32>,
    /// The living ones by organisation and id: where the rotation fails, everybody outside an organisation is found
    /// at once.
    live: Vec<u32>,
    ring: Ring,
}

impl Pairing {
    /// The pools of a tick's fleet. `traffic` counts what is on its way.
    pub(crate) fn new(input: &TickInput<'_>, traffic: &Traffic, today: &[Today]) -> Self {
        let &TickInput { fleet, seed, limits, suppressed, .. } = input;
        let (members, pool_count) = Member::all(fleet, limits, suppressed);
        let others = count_others(&members);
        let barred = Barred::new(fleet, &members, pool_count, suppressed);
        let mut by_pool = vec![Vec::new(); pool_count];
        for (member, position) in members.iter().zip(0_u32..) {
            by_pool[member.pool as usize].push(position);
        }
        let mut places = vec![0; members.len()];
        let mut received = vec![Received { share: 0, week: 0, today: 0 }; members.len()];
        let pools = by_pool.into_iter().map(|mut by_place| {
            by_place.sort_unstable_by_key(|&position| members[position as usize].id);
            for (&position, place) in by_place.iter().zip(0..) {
                places[position as usize] = place;
            }
            fill_received(fleet, &by_place, (traffic, today), &mut received);
            Pool::new(seed, fleet, &members, by_place, limits)
        });
        let pools = pools.collect();
        let limits = PairingLimits {
            inbound_per_day: limits.inbound_per_day,
            seed_inbound_per_day: limits.seed_inbound_per_day,
            from_same_per_day: limits.inbound_from_same_per_day as usize,
            alone_below: limits.eligible_partners_min.max(1),
        };
        let weights = input.limits.provider_weights;
        Self { seed: seed.clone(), members, others, barred, places, pools, received, weights, limits }
    }

    /// How many mailboxes this one may write to at all.
    pub(crate) fn eligible(&self, mailbox: usize) -> u32 {
        let others = self.others[mailbox];
        if others.foreign < self.limits.alone_below { others.all } else { others.foreign }
    }

    /// A partner for an opening. `written`: whom the mailbox has written to on the slot's date, once for each mail.
    pub(crate) fn choose(&self, mailbox: usize, slot: SlotId, written: &[u32]) -> Choice {
        let pool = &self.pools[self.members[mailbox].pool as usize];
        let mut search = Search::new(self, mailbox, slot, written);
        let day = u32::from(day_number(slot.date));
        let whole = pool.ring.turns() <= LOOKS_MAX;
        for (class, rank) in pool.ring.classes(day).zip(0..) {
            search.look_through(pool, class, rank);
            if (search.is_settled() && !whole) || search.looks >= LOOKS_MAX {
                break;
            }
        }
        if search.best.is_none() && !whole {
            search.probe(pool);
        }
        search.choice()
    }

    /// Whether a reply may go to this mailbox now: it lives, is of the same pool, and was neither written to on this
    /// date already nor has the day's most. A thread may stay inside an organisation if it began there.
    pub(crate) fn may_reply(&self, mailbox: usize, to: usize, written: &[u32]) -> bool {
        let partner = &self.members[to];
        partner.takes_from(&self.members[mailbox])
            && to != mailbox
            && partner.pool == self.members[mailbox].pool
            && !self.barred.is(mailbox, to)
            && !self.is_full(to)
            && !self.is_written(to, written)
    }

    /// Notes that a mail goes to this mailbox.
    pub(crate) fn take(&mut self, to: usize) {
        let received = &mut self.received[to];
        received.week = received.week.saturating_add(1);
        received.today = received.today.saturating_add(1);
    }

    fn is_full(&self, to: usize) -> bool {
        let PairingLimits { inbound_per_day, seed_inbound_per_day, .. } = self.limits;
        let most = if self.members[to].seed { seed_inbound_per_day } else { inbound_per_day };
        self.received[to].today >= most
    }
    fn is_written(&self, to: usize, written: &[u32]) -> bool {
        written.iter().filter(|&&partner| partner as usize == to).take(self.limits.from_same_per_day).count()
            >= self.limits.from_same_per_day
    }
}

/// What the members of a pool have received and are to receive.
fn fill_received(fleet: &[FleetRow], pool: &[u32], (traffic, today): (&Traffic, &[Today]), received: &mut [Received]) {
    let share_of = |position: u32| {
        let row = &fleet[position as usize];
        // A day that is going on will be filled; one that is over is as it ended.
        let is_current = row.plan.date == Some(today[position as usize].date);
        let day = if is_current { row.plan.quota.max(row.plan.used) } else { row.plan.used };
        row.box_row.sent_week.saturating_add(day)
    };
    let senders = pool.iter().filter(|&&position| fleet[position as usize].plan.plan.role == Role::Sender);
    let (sum, count) = senders.fold((0_u64, 0_u64), |(sum, n), &position| (sum + u64::from(share_of(position)), n + 1));
    let mean = u32::try_from(sum / count.max(1)).unwrap_or(u32::MAX);
    for &position in pool {
        let row = &fleet[position as usize];
        let on_its_way = traffic.awaited(position as usize);
        received[position as usize] = Received {
            // A seed sends nothing of its own accord: it receives like the mean of those that do.
            share: if row.plan.plan.role == Role::Seed { mean } else { share_of(position) },
            week: row.box_row.received_week.saturating_add(on_its_way),
            today: traffic.addressed[position as usize],
        };
    }
}

impl Pool {
    fn new(seed: &Seed, fleet: &[FleetRow], members: &[Member], by_place: Vec<u32>, limits: &Limits) -> Self {
        let is_chosen = |member: &Member| member.live || member.convalescent;
        let mut live: Vec<u32> =
            by_place.iter().copied().filter(|&position| is_chosen(&members[position as usize])).collect();
        live.sort_by_key(|&position| (members[position as usize].organisation, members[position as usize].id));
        let quota = by_place.iter().map(|&position| fleet[position as usize].plan.quota).max().unwrap_or(0);
        let count = u32::try_from(by_place.len()).unwrap_or(u32::MAX);
        let pool = &fleet[by_place[0] as usize].plan.plan.pool;
        let ring = Ring::new(seed, pool, count, limits.partner_memory_days, stride(quota));
        Self { by_place, live, ring }
    }
}

/// The pool's largest quota, rounded up so that it changes seldom.
fn stride(quota: u32) -> u32 {
    let mut stride = 8_u32;
    while stride < quota {
        stride = stride.saturating_add((stride / 4).max(1));
    }
    stride
}
