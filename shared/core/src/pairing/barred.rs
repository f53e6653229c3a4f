//! Whom a tenant may not write to in a pool that it shares with others: a tenant's list of suppressed addresses binds its own
//! mailboxes and nobody else's.
//!
//! Pools of one tenant, which almost all are, cost nothing here: there a listed mailbox is simply no partner.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::TenantId;
use crate::pairing::members::Member;
use crate::suppression::Suppressed;
use crate::tick::FleetRow;

/// Pairs that must not write.
#[derive(Debug, Default)]
pub(super) struct Barred {
    /// The tenant's number by position in the fleet; empty while there is no pair.
    tenants: Vec<u32>,
    /// A tenant's number, and the position of a mailbox that is not its own.
    pairs: BTreeSet<(u32, u32)>,
}

impl Barred {
    /// The pairs of a fleet.
    pub(super) fn new(fleet: &[FleetRow], members: &[Member], pools: usize, suppressed: &Suppressed) -> Self {
        if suppressed.is_empty() {
            return Self::default();
        }
        let mut of_pool: Vec<BTreeSet<&TenantId>> = vec![BTreeSet::new(); pools];
        for (row, member) in fleet.iter().zip(members) {
            of_pool[member.pool as usize].insert(&row.plan.plan.tenant);
        }
        let is_shared = |member: &Member| of_pool[member.pool as usize].len() > 1;
        let shared = fleet.iter().zip(members).zip(0_u32..).filter(|((_, member), _)| is_shared(member));
        let positions: BTreeMap<&str, u32> =
            shared.map(|((row, _), position)| (row.plan.plan.address.as_str(), position)).collect();
        if positions.is_empty() {
            return Self::default();
        }
        let mut numbers: BTreeMap<&TenantId, u32> = BTreeMap::new();
        let mut number = |tenant| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(tenant).or_insert(next)
        };
        let mut pairs = BTreeSet::new();
        for (tenant, addresses) in suppressed.lists() {
            let listed = addresses.iter().filter_map(|address| positions.get(address.as_str()));
            let of_others = listed.filter(|&&position| fleet[position as usize].plan.plan.tenant != *tenant);
            let tenant = number(tenant);
            pairs.extend(of_others.map(|&position| (tenant, position)));
        }
        if pairs.is_empty() {
            return Self::default();
        }
        Self { tenants: fleet.iter().map(|row| number(&row.plan.plan.tenant)).collect(), pairs }
    }

    /// Whether the one may not write to the other, by position in the fleet.
    pub(super) fn is(&self, from: usize, to: usize) -> bool {
        let Some(&tenant) = self.tenants.get(from) else { return false };
        u32::try_from(to).is_ok_and(|to| self.pairs.contains(&(tenant, to)))
    }
}
