//! The mailboxes of a fleet as pairing sees them, and how many others each may write to.

use crate::id::MailboxId;
use crate::limits::Limits;
use crate::mailbox::{Provider, Role, State};
use crate::suppression::Suppressed;
use crate::tick::FleetRow;
use crate::tick::fleet::Names;

/// A mailbox as pairing sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) id: MailboxId,
    pub(super) pool: u32,
    pub(super) organisation: u32,
    pub(super) domain: u32,
    pub(super) provider: Provider,
    /// Whether others may choose it.
    pub(super) live: bool,
    /// Degraded, in a pool with too few others: chosen by its like alone.
    pub(super) convalescent: bool,
    /// It receives and replies only, under a cap of its own.
    pub(super) seed: bool,
}

impl Member {
    /// One a row, in the order of the fleet; and how many pools there are.
    pub(super) fn all(fleet: &[FleetRow], limits: &Limits, suppressed: &Suppressed) -> (Vec<Self>, usize) {
        let (mut pools, mut organisations, mut domains) = (Names::default(), Names::default(), Names::default());
        let mut members = Vec::with_capacity(fleet.len());
        for row in fleet {
            let plan = &row.plan.plan;
            let may_receive =
                plan.exchanges() && (suppressed.is_empty() || !suppressed.holds(&plan.tenant, &plan.address));
            members.push(Self {
                id: plan.id,
                pool: pools.number(plan.pool.as_str()),
                organisation: organisations.number(&plan.organisation),
                domain: domains.number(plan.address.domain()),
                provider: plan.provider,
                live: row.plan.state.is_partner() && may_receive,
                convalescent: row.plan.state == State::Degraded && may_receive,
                seed: plan.role == Role::Seed,
            });
        }
        let ranks = organisations.ranks();
        for member in &mut members {
            member.organisation = ranks[member.organisation as usize];
        }
        Self::part_convalescents(&mut members, pools.len(), limits);
        (members, pools.len())
    }

    /// Where enough others live in the pool, nobody writes to a degraded mailbox, and it writes to those.
    fn part_convalescents(members: &mut [Self], pools: usize, limits: &Limits) {
        let mut live = vec![0_u32; pools];
        for member in members.iter().filter(|member| member.live) {
            live[member.pool as usize] += 1;
        }
        for member in members {
            member.convalescent &= live[member.pool as usize] < limits.eligible_partners_min;
        }
    }

    /// Whether it may be written to by `from`, as far as its state goes.
    pub(super) fn takes_from(&self, from: &Self) -> bool {
        self.live || (self.convalescent && from.convalescent)
    }

    pub(super) fn is_own(&self, other: &Self) -> bool {
        self.organisation == other.organisation || self.domain == other.domain
    }
}

/// Living mailboxes of a mailbox's pool besides itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Others {
    /// Outside its domain and organisation.
    pub(super) foreign: u32,
    /// All of them.
    pub(super) all: u32,
}

impl Others {
    /// Whether it writes to its own people because there is nobody else.
    pub(super) fn is_alone(self, limits: &Limits) -> bool {
        self.foreign < limits.eligible_partners_min.max(1)
    }
    pub(super) fn eligible(self, limits: &Limits) -> u32 {
        if self.is_alone(limits) { self.all } else { self.foreign }
    }
}

pub(super) fn count_others(members: &[Member]) -> Vec<Others> {
    let live = count_among(members, |member| member.live);
    if !members.iter().any(|member| member.convalescent) {
        return live;
    }
    let degraded = count_among(members, |member| member.convalescent);
    let others = members.iter().zip(live).zip(degraded);
    let added = |((member, live), degraded): ((&Member, Others), Others)| {
        if member.convalescent {
            Others { foreign: live.foreign + degraded.foreign, all: live.all + degraded.all }
        } else {
            live
        }
    };
    others.map(added).collect()
}

fn count_among(members: &[Member], of: fn(&Member) -> bool) -> Vec<Others> {
    let counted = |key: fn(&Member) -> (u32, u32, u32)| {
        let mut keys: Vec<_> = members.iter().filter(|member| of(member)).map(key).collect();
        keys.sort_unstable();
        // Neighbours mostly are of one domain: one comparison instead of a search.
        let mut last = None;
        move |member: &Member| {
            let wanted = key(member);
            if let Some((same, count)) = last
                && same == wanted
            {
                return count;
            }
            let from = keys.partition_point(|&key| key < wanted);
            let count = u32::try_from(keys[from..].partition_point(|&key| key == wanted)).unwrap_or(u32::MAX);
            last = Some((wanted, count));
            count
        }
    };
    let mut in_pool = counted(|member| (member.pool, 0, 0));
    let mut in_organisation = counted(|member| (member.pool, member.organisation, 0));
    let mut in_domain = counted(|member| (member.pool, member.domain, 0));
    let mut in_both = counted(|member| (member.pool, member.organisation, member.domain));
    let others = |member: &Member| {
        let own = in_organisation(member) + in_domain(member) - in_both(member);
        let pool = in_pool(member);
        Others { foreign: pool - own, all: pool - u32::from(of(member)) }
    };
    members.iter().map(others).collect()
}
