//! PowerMTA: a virtual MTA a source, rates by destination, and one pool.
//!
//! PowerMTA's limits are by destination (`max-msg-rate N/[M]{d|h|m|s}`), so the quota of a day is written as a daily rate for
//! each large receiver and for any other single domain: none of them is sent more than its share of the quota. A day's rate,
//! not an hour's: who sends in working hours only would never reach the quota otherwise, and his days would not count. What all
//! destinations together get is up to whoever injects: PowerMTA has no directive for it. Sources that are paused have no
//! virtual MTA, and the pool holds none of them.

use std::fmt::Write as _;

use super::{RECEIVERS, Source};

/// The pool that mail is to be injected into.
pub const POOL: &str = "preheat";
/// Connections at once from a source that is warmed to one destination.
const CONNECTIONS_WARMING: u32 = 2;
/// ... and from one that takes its full share.
const CONNECTIONS_ACTIVE: u32 = 20;
/// A domain that is not a large receiver gets no more than this share of a day's quota, in per cent.
const OTHER_SHARE: u32 = 10;

/// The configuration of these sources; `as_of` says in a comment which date its quotas are of.
#[must_use]
pub fn write(sources: &[Source], as_of: &str) -> String {
    let mut out = String::new();
    // Writing to a String never fails.
    let _ = write_to(&mut out, sources, as_of);
    out
}

fn write_to(out: &mut String, sources: &[Source], as_of: &str) -> std::fmt::Result {
    writeln!(
        out,
        "# Written by `preheat ip config --format pmta` for {}: quotas grow daily, write it anew every day.",
        one_line(as_of)
    )?;
    for source in sources {
        let (address, name) = (source.address, source.name());
        writeln!(out, "\n# {address}: {}, {}, {} a day", source.status, source.phase, source.quota_per_day)?;
        if !source.sends() {
            writeln!(out, "# It sends nothing: no virtual MTA.")?;
            continue;
        }
        writeln!(out, "<virtual-mta {name}>\n    smtp-source-host {address} {}", source.greeting)?;
        let connections = if source.weight > 0 { CONNECTIONS_ACTIVE } else { CONNECTIONS_WARMING };
        for (domain, share) in RECEIVERS {
            domain_block(out, domain, rate(source.quota_per_day, share), connections)?;
        }
        domain_block(out, "*", rate(source.quota_per_day, OTHER_SHARE), connections)?;
        writeln!(out, "</virtual-mta>")?;
    }
    if sources.iter().any(Source::sends) {
        writeln!(out, "\n<virtual-mta-pool {POOL}>")?;
        for source in sources.iter().filter(|source| source.sends()) {
            writeln!(out, "    virtual-mta {}", source.name())?;
        }
        writeln!(out, "</virtual-mta-pool>")?;
    }
    Ok(())
}

fn domain_block(out: &mut String, domain: &str, rate: u32, connections: u32) -> std::fmt::Result {
    writeln!(out, "    <domain {domain}>")?;
    writeln!(out, "        max-msg-rate {rate}/day\n        max-smtp-out {connections}\n        use-starttls yes")?;
    writeln!(out, "    </domain>")
}

/// Mails a day that are this share of the quota; one at least, or nothing would ever go there.
fn rate(quota_per_day: u32, share: u32) -> u32 {
    let of_day = u64::from(quota_per_day) * u64::from(share) / 100;
    u32::try_from(of_day).unwrap_or(u32::MAX).max(1)
}

/// A comment must not end its line.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
