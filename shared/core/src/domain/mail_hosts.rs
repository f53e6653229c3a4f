//! MX: does mail for the domain have somewhere to go? PTR: do sending IPs have a name that leads back to them?

use std::net::IpAddr;

use super::{Answer, Ask, Check, RecordKind, Subject, Topic, Verdict, pending};

/// The check of MX. Warmup is an exchange: a domain that cannot receive cannot be warmed.
pub(super) fn mx(ask: &mut Ask<'_>, subject: &Subject) -> Check {
    let domain = subject.domain.as_str();
    let new = |verdict, finding: String| Check::new(Topic::Mx, domain, verdict, finding);
    let records = match ask.of(RecordKind::Mx, domain).map(Answer::records) {
        None => return pending(Topic::Mx, domain),
        Some(Err(why)) => return Check::unknown(Topic::Mx, domain, why),
        Some(Ok(records)) => records,
    };
    let mut hosts: Vec<(u16, &str)> = records
        .iter()
        .filter_map(|record| record.split_once(' '))
        .map(|(preference, host)| (preference.parse().unwrap_or(u16::MAX), host))
        .collect();
    hosts.sort_unstable();
    if hosts.is_empty() {
        return no_mx(ask, domain);
    }
    if hosts.iter().any(|(_, host)| matches!(*host, "." | "")) {
        return new(Verdict::Failing, "it says that it takes no mail (a null MX, RFC 7505)".to_owned())
            .advise("set the MX records that the provider of the mailboxes names");
    }
    let (mut reachable, mut dead, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut open = false;
    for &(_, host) in &hosts {
        match ask.addresses(host) {
            None => open = true,
            Some(Ok(found)) if found.is_empty() => dead.push(host),
            Some(Ok(_)) => reachable.push(host),
            Some(Err(why)) => unknown.push(format!("{host}: {why}")),
        }
    }
    if open {
        return pending(Topic::Mx, domain);
    }
    match (reachable.first(), dead.first()) {
        (Some(_), None) => new(Verdict::Passing, reachable.join(", ")),
        (Some(_), Some(_)) => new(Verdict::Warning, format!("{} has no address", dead.join(", ")))
            .advise("take it out of the MX records, or give it an address"),
        (None, _) if !unknown.is_empty() => Check::unknown(Topic::Mx, domain, &unknown.join("; ")),
        (None, _) => new(Verdict::Failing, format!("{} has no address", dead.join(", ")))
            .advise("set the MX records that the provider of the mailboxes names"),
    }
}

/// Without an MX record mail goes to the domain's own address, if it has one (RFC 5321 §5.1).
fn no_mx(ask: &mut Ask<'_>, domain: &str) -> Check {
    match ask.addresses(domain) {
        None => pending(Topic::Mx, domain),
        Some(Err(why)) => Check::unknown(Topic::Mx, domain, &why),
        Some(Ok(found)) if found.is_empty() => Check::new(Topic::Mx, domain, Verdict::Failing, "there is no MX record")
            .advise("set the MX records that the provider of the mailboxes names"),
        Some(Ok(_)) => Check::new(
            Topic::Mx,
            domain,
            Verdict::Warning,
            "there is no MX record: mail goes to the domain's own address",
        )
        .advise("set the MX records that the provider of the mailboxes names"),
    }
}

/// The checks of PTR, one a sending IP.
pub(super) fn ptr(ask: &mut Ask<'_>, subject: &Subject) -> Vec<Check> {
    subject.ips.iter().map(|&ip| of_ip(ask, ip)).collect()
}

fn of_ip(ask: &mut Ask<'_>, ip: IpAddr) -> Check {
    let new = |verdict, finding: String| Check::new(Topic::Ptr, ip.to_string(), verdict, finding);
    let names = match ask.of(RecordKind::Ptr, &reverse_name(ip)).map(Answer::records) {
        None => return pending(Topic::Ptr, ip.to_string()),
        Some(Err(why)) => return Check::unknown(Topic::Ptr, ip.to_string(), why),
        Some(Ok(names)) => names,
    };
    if names.is_empty() {
        return new(Verdict::Failing, "it has no name (no PTR record); large providers refuse its mail".to_owned())
            .advise("ask whoever gave you the address for a PTR record with the name that your MTA greets with");
    }
    let (mut forward, mut unknown, mut open) = (None, Vec::new(), false);
    for name in names {
        match ask.addresses(name) {
            None => open = true,
            Some(Ok(found)) if found.contains(&ip) => forward = forward.or(Some(name)),
            Some(Ok(_)) => {}
            Some(Err(why)) => unknown.push(format!("{name}: {why}")),
        }
    }
    match forward {
        _ if open => pending(Topic::Ptr, ip.to_string()),
        Some(name) if is_generic(name, ip) => new(Verdict::Warning, format!("{name} looks like a dial-up line's"))
            .advise("ask for a PTR record with the name that your MTA greets with"),
        Some(name) => new(Verdict::Passing, format!("{name}, and back")),
        None if !unknown.is_empty() => Check::unknown(Topic::Ptr, ip.to_string(), &unknown.join("; ")),
        None => new(Verdict::Failing, format!("{} does not lead back to it", names.join(", ")))
            .advise(format!("give that name the address {ip}, or the address another name")),
    }
}

/// Where the PTR record of an address lies: `7.113.0.203.in-addr.arpa`.
#[must_use]
pub fn reverse_name(ip: IpAddr) -> String {
    let suffix = if ip.is_ipv4() { "in-addr.arpa" } else { "ip6.arpa" };
    format!("{}.{suffix}", reversed(ip))
}

/// The address backwards: its bytes, or its 32 half-bytes.
pub(super) fn reversed(ip: IpAddr) -> String {
    let parts: Vec<String> = match ip {
        IpAddr::V4(four) => four.octets().iter().rev().map(ToString::to_string).collect(),
        IpAddr::V6(six) => {
            six.octets().iter().rev().flat_map(|byte| [byte & 0xf, byte >> 4]).map(|half| format!("{half:x}")).collect()
        }
    };
    parts.join(".")
}

/// A name that only repeats the address: `static-203-0-113-7.isp.example`.
fn is_generic(name: &str, ip: IpAddr) -> bool {
    let IpAddr::V4(four) = ip else { return false };
    let numbers: Vec<&str> = name.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
    four.octets().iter().all(|byte| numbers.iter().any(|number| number.parse() == Ok(*byte)))
}
