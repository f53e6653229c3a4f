//! What is shown of a tenant's sending IPs: one line each, and the totals (domain.md §9).

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{IpLimits, Phase, SendingIp, Status};
use crate::id::{DomainName, TenantId};

/// One IP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its address.
    pub address: IpAddr,
    /// The domain that sends from it.
    pub domain: DomainName,
    /// Who owns it.
    pub tenant: TenantId,
    /// Its phase.
    pub phase: Phase,
    /// `warming`, `active` or `paused`.
    pub status: &'static str,
    /// What it may send today.
    pub quota_today: u32,
    /// The day of its plan.
    pub day: u32,
    /// Days of its plan.
    pub plan_days: u32,
    /// Its weight among an MTA's sources.
    pub weight: u32,
    /// The local date that the numbers are of.
    pub date: Date,
    /// When its pause is over.
    pub paused_until: Option<Timestamp>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// In the order given.
    pub ips: Vec<Line>,
    /// How many are active.
    pub active: usize,
    /// How many are on their plan.
    pub warming: usize,
    /// How many are paused.
    pub paused: usize,
    /// What all may send today.
    pub daily_capacity: u64,
}

/// The overview of these IPs.
#[must_use]
pub fn overview<'a>(ips: impl IntoIterator<Item = &'a SendingIp>, limits: &IpLimits) -> Overview {
    let mut all = Overview { ips: Vec::new(), active: 0, warming: 0, paused: 0, daily_capacity: 0 };
    for ip in ips {
        match ip.status {
            Status::Warming => all.warming += 1,
            Status::Active => all.active += 1,
            Status::Paused { .. } => all.paused += 1,
        }
        all.daily_capacity += u64::from(ip.quota());
        all.ips.push(Line {
            address: ip.address,
            domain: ip.domain.clone(),
            tenant: ip.tenant.clone(),
            phase: ip.phase(),
            status: ip.status.name(),
            quota_today: ip.quota(),
            day: ip.day,
            plan_days: ip.plan_days(),
            weight: ip.weight(),
            date: ip.date,
            paused_until: ip.paused_until(limits),
        });
    }
    all
}
