//! Configuration of an MTA: which source sends how much (domain.md §9). Text out, nothing else: whoever runs the MTA puts it
//! in place, and writes it anew every day, as quotas grow daily.
//!
//! | writer | what it writes | how the quota holds |
//! |---|---|---|
//! | [`powermta::write`] | virtual MTAs with their source, `max-msg-rate` a domain, a pool | see the module: the daily quota as an hourly rate a destination |
//! | [`kumomta::write`] | egress sources, pools, source selection rates | exactly, over all destinations |
//!
//! May hold no rule of warmup: quotas and weights come in as they were decided. Everything that is written stems from types
//! that hold no quote, blank or line break, so nothing can break out of the text.

pub mod kumomta;
pub mod powermta;

use std::net::IpAddr;

use crate::id::DomainName;
use crate::ip::SendingIp;

/// A source as an MTA needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The address it sends from.
    pub address: IpAddr,
    /// The name it greets with; the PTR of the address should say the same.
    pub greeting: DomainName,
    /// What it may send today.
    pub quota_per_day: u32,
    /// What is being done with it: stands in a comment.
    pub status: &'static str,
    /// Its phase: stands in a comment.
    pub phase: String,
    /// 100: takes its full share; 0: only what its quota says.
    pub weight: u32,
}

impl Source {
    /// Of a sending IP.
    #[must_use]
    pub fn of(ip: &SendingIp) -> Self {
        Self {
            address: ip.address,
            greeting: ip.domain.clone(),
            quota_per_day: ip.quota(),
            status: ip.status.name(),
            phase: ip.phase().to_string(),
            weight: ip.weight(),
        }
    }

    /// Its name in configurations: `preheat-203-0-113-7`.
    #[must_use]
    pub fn name(&self) -> String {
        let address = self.address.to_string();
        let name: String = address.chars().map(|c| if c.is_ascii_hexdigit() { c } else { '-' }).collect();
        format!("preheat-{name}")
    }

    fn sends(&self) -> bool {
        self.quota_per_day > 0
    }
}

/// Large receivers' domains with their share of a day's quota, in per cent: 41 at Google, 30 at Microsoft, 21 at Yahoo, 10 at
/// Apple. A new address is judged by each of them apart: none should meet all of its mail at once.
///
/// Ours: what lists of businesses and consumers commonly hold of them.
const RECEIVERS: [(&str, u32); 12] = [
    ("gmail.com", 40),
    ("googlemail.com", 1),
    ("outlook.com", 12),
    ("hotmail.com", 12),
    ("live.com", 4),
    ("msn.com", 2),
    ("yahoo.com", 15),
    ("aol.com", 5),
    ("ymail.com", 1),
    ("icloud.com", 8),
    ("me.com", 1),
    ("mac.com", 1),
];
