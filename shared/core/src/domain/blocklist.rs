//! DNS blocklists (RFC 5782): is a sending IP, or the domain itself, listed?
//!
//! A list that refuses to answer says so with an answer of its own (`127.255.255.x`: through a public resolver, or too often). That
//! is unknown, never a listing; nor is an answer outside 127.0.0.0/8, which comes from a resolver that makes answers up.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Answer, Ask, Check, RecordKind, Subject, Topic, Verdict, pending};
use crate::id::DomainName;

/// What a list lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lists {
    /// Addresses.
    Ip,
    /// Domains.
    Domain,
}

/// A list. As text: `zen.spamhaus.org:ip`, `multi.uribl.com:domain:warn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocklist {
    /// Where it is asked.
    pub zone: DomainName,
    /// What it lists.
    pub lists: Lists,
    /// Whether a listing makes the domain fail, or is only warned of.
    pub stops: bool,
}

/// The lists that are asked unless others are configured: the two that large providers go by stop, the others warn.
#[must_use]
pub fn defaults() -> Vec<Blocklist> {
    const DEFAULTS: [&str; 7] = [
        "zen.spamhaus.org:ip",
        "bl.spamcop.net:ip:warn",
        "b.barracudacentral.org:ip:warn",
        "psbl.surriel.com:ip:warn",
        "dbl.spamhaus.org:domain",
        "multi.surbl.org:domain:warn",
        "multi.uribl.com:domain:warn",
    ];
    DEFAULTS.iter().filter_map(|text| text.parse().ok()).collect()
}

/// What is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a blocklist: write ZONE:ip or ZONE:domain, and :warn behind it where a listing is only warned of"
)]
pub struct BlocklistError(String);

impl FromStr for Blocklist {
    type Err = BlocklistError;
    fn from_str(text: &str) -> Result<Self, BlocklistError> {
        let refuse = || BlocklistError(text.to_owned());
        let mut parts = text.split(':');
        let zone = parts.next().unwrap_or_default().parse().map_err(|_| refuse())?;
        let lists = match parts.next() {
            Some("ip") => Lists::Ip,
            Some("domain") => Lists::Domain,
            Some(_) | None => return Err(refuse()),
        };
        let stops = match (parts.next(), parts.next()) {
            (None, None) => true,
            (Some("warn"), None) => false,
            _ => return Err(refuse()),
        };
        Ok(Self { zone, lists, stops })
    }
}

impl fmt::Display for Blocklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = match self.lists {
            Lists::Ip => "ip",
            Lists::Domain => "domain",
        };
        write!(f, "{}:{lists}{}", self.zone, if self.stops { "" } else { ":warn" })
    }
}

/// The checks: one a list and address, one a list of domains.
pub(super) fn check(ask: &mut Ask<'_>, subject: &Subject) -> Vec<Check> {
    let mut checks = Vec::new();
    for list in &subject.blocklists {
        match list.lists {
            Lists::Domain => checks.push(of_name(ask, list, subject.domain.as_str(), subject.domain.as_str())),
            Lists::Ip => {
                let of = |&ip: &IpAddr| of_name(ask, list, &ip.to_string(), &super::mail_hosts::reversed(ip));
                checks.extend(subject.ips.iter().map(of));
            }
        }
    }
    checks
}

fn of_name(ask: &mut Ask<'_>, list: &Blocklist, what: &str, label: &str) -> Check {
    let about = format!("{what} at {}", list.zone);
    let name = format!("{label}.{}", list.zone);
    let records = match ask.of(RecordKind::A, &name).map(Answer::records) {
        None => return pending(Topic::Blocklist, about).optional(),
        // Lists come and go: one that does not answer leaves nothing open but itself.
        Some(Err(why)) => return Check::unknown(Topic::Blocklist, about, why).optional(),
        Some(Ok(records)) => records,
    };
    let codes: Vec<Ipv4Addr> = records.iter().filter_map(|record| record.parse().ok()).collect();
    if codes.is_empty() {
        return Check { required: list.stops, ..Check::new(Topic::Blocklist, about, Verdict::Passing, "not listed") };
    }
    let said: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let said = said.join(", ");
    let listings = codes.iter().filter(|&&code| is_listing(list, code)).count();
    if listings == 0 {
        return Check::new(Topic::Blocklist, about, Verdict::Unknown, format!("the list refuses to say ({said})"))
            .advise("ask it through a resolver of your own: lists refuse public ones, and those that ask too often")
            .optional();
    }
    let verdict = if list.stops { Verdict::Failing } else { Verdict::Warning };
    let check = Check::new(Topic::Blocklist, about, verdict, format!("listed ({said})"))
        .advise(format!("mend the cause, then ask {} to take it off; until then do not send from it", list.zone));
    Check { required: list.stops, ..check }
}

/// Whether a code is a listing, and not a refusal.
fn is_listing(list: &Blocklist, code: Ipv4Addr) -> bool {
    match code.octets() {
        [127, 255, 255, _] => false,
        // Domain lists of Spamhaus: "no queries of addresses"; of SURBL and URIBL: "blocked".
        [127, 0, 1, 255] => false,
        [127, 0, 0, 1] => list.lists == Lists::Ip && !list.zone.as_str().ends_with("spamhaus.org"),
        [127, ..] => true,
        _ => false,
    }
}
