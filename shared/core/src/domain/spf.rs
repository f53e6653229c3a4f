//! SPF (RFC 7208): is there one record, can it be evaluated within the limits of look-ups, and are the sending IPs in it?
//!
//! Every term is walked, also those behind a match, so that the count of look-ups is that of the worst case.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::{Ask, Check, RecordKind, Subject, Topic, Verdict, pending};
use crate::mailbox::Provider;

/// Terms that cause a look-up, at most (RFC 7208 §4.6.4).
pub const LOOKUPS_MAX: u32 = 10;
/// Look-ups that find nothing, at most (RFC 7208 §4.6.4).
pub const VOIDS_MAX: u32 = 2;

/// What a match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Qualifier {
    Pass,
    Neutral,
    SoftFail,
    Fail,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mechanism {
    All,
    Include(String),
    A(Option<String>, Prefix),
    Mx(Option<String>, Prefix),
    Ptr,
    Exists(String),
    Net(IpAddr, u8),
}

/// Prefix lengths for IPv4 and IPv6.
type Prefix = (u8, u8);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Mechanism(Qualifier, Mechanism),
    Redirect(String),
    /// `exp=` and unknown modifiers: of no consequence.
    Modifier,
}

/// Whether a TXT record is an SPF record.
#[must_use]
pub fn is_spf(record: &str) -> bool {
    let version = record.split_ascii_whitespace().next().unwrap_or_default();
    version.eq_ignore_ascii_case("v=spf1") && record.trim_start().len() == record.len()
}

fn parse(record: &str) -> Result<Vec<Term>, String> {
    record
        .split_ascii_whitespace()
        .skip(1)
        .map(|text| term(text).ok_or_else(|| format!("`{text}` is no SPF term")))
        .collect()
}

fn term(text: &str) -> Option<Term> {
    let (qualifier, rest) = match text.as_bytes().first()? {
        b'+' => (Qualifier::Pass, &text[1..]),
        b'-' => (Qualifier::Fail, &text[1..]),
        b'~' => (Qualifier::SoftFail, &text[1..]),
        b'?' => (Qualifier::Neutral, &text[1..]),
        _ => (Qualifier::Pass, text),
    };
    let end = rest.find([':', '/', '=']).unwrap_or(rest.len());
    let (name, value) = (rest[..end].to_ascii_lowercase(), &rest[end..]);
    if let Some(value) = value.strip_prefix('=') {
        let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        return match name.as_str() {
            "redirect" if !value.is_empty() => Some(Term::Redirect(value.to_owned())),
            _ if named && rest.len() == text.len() => Some(Term::Modifier),
            _ => None,
        };
    }
    let target = value.strip_prefix(':');
    let mechanism = match name.as_str() {
        "all" if value.is_empty() => Mechanism::All,
        "include" => Mechanism::Include(target.filter(|target| !target.is_empty())?.to_owned()),
        "exists" => Mechanism::Exists(target.filter(|target| !target.is_empty())?.to_owned()),
        "ptr" if value.is_empty() || target.is_some_and(|target| !target.is_empty()) => Mechanism::Ptr,
        "ip4" | "ip6" => {
            let (address, bits) = net(target?)?;
            if address.is_ipv4() != (name == "ip4") {
                return None;
            }
            Mechanism::Net(address, bits)
        }
        "a" | "mx" => {
            let (domain, prefix) = host_and_prefix(value)?;
            if name == "a" { Mechanism::A(domain, prefix) } else { Mechanism::Mx(domain, prefix) }
        }
        _ => return None,
    };
    Some(Term::Mechanism(qualifier, mechanism))
}

/// `203.0.113.0/24`.
fn net(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(whole);
    (bits <= whole).then_some((address, bits))
}

/// `:host/24//64`, each part optional.
fn host_and_prefix(value: &str) -> Option<(Option<String>, Prefix)> {
    let end = value.find('/').unwrap_or(value.len());
    let (host, prefix) = value.split_at(end);
    let host = match host.strip_prefix(':') {
        Some("") => return None,
        Some(host) => Some(host.to_owned()),
        None if host.is_empty() => None,
        None => return None,
    };
    let bits = |text: &str, most: u8| text.parse::<u8>().ok().filter(|&bits| bits <= most);
    let prefix = match (prefix.split_once("//"), prefix.strip_prefix('/')) {
        (Some(("", six)), _) => (32, bits(six, 128)?),
        (Some((four, six)), _) => (bits(four.strip_prefix('/')?, 32)?, bits(six, 128)?),
        (None, Some(four)) => (bits(four, 32)?, 128),
        (None, None) => (32, 128),
    };
    Some((host, prefix))
}

/// Whether two addresses agree in their first bits.
fn within(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    let mask = |whole: u32| u128::MAX.checked_shl(whole - u32::from(bits)).unwrap_or(0);
    match (address, net) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()) ^ u128::from(b.to_bits())) & mask(32) == 0,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()) & mask(128) == 0,
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// What was found on the way through a record and everything that it includes.
#[derive(Debug, Default)]
struct Walk {
    lookups: u32,
    voids: u32,
    /// A look-up whose answer is not there yet: the judgement is not final.
    open: bool,
    errors: Vec<String>,
    unknown: Vec<String>,
    weak: Vec<String>,
    path: Vec<String>,
}

/// The result of a record for each address.
type Results = Vec<Option<Qualifier>>;

impl Walk {
    /// Walks through the record of `domain`; `None`: it has none, or nobody knows.
    fn record(&mut self, ask: &mut Ask<'_>, domain: &str, record: &str, ips: &[IpAddr]) -> Results {
        let mut results: Results = vec![None; ips.len()];
        let terms = match parse(record) {
            Ok(terms) => terms,
            Err(error) => {
                self.errors.push(format!("{error} (in the record of {domain})"));
                return results;
            }
        };
        self.path.push(domain.to_ascii_lowercase());
        let mut redirect = None;
        let mut has_all = false;
        for term in &terms {
            let (qualifier, mechanism) = match term {
                Term::Mechanism(qualifier, mechanism) => (*qualifier, mechanism),
                Term::Redirect(to) => {
                    redirect = Some(to);
                    continue;
                }
                Term::Modifier => continue,
            };
            has_all |= *mechanism == Mechanism::All;
            let matches = self.mechanism(ask, domain, mechanism, ips);
            for (result, matched) in results.iter_mut().zip(matches) {
                if matched && result.is_none() {
                    *result = Some(qualifier);
                }
            }
        }
        // A redirect counts only where there is no `all` (RFC 7208 §6.1).
        if let Some(to) = redirect.filter(|_| !has_all) {
            self.lookups += 1;
            let redirected = self.named(ask, to, ips, "redirect");
            for (result, redirected) in results.iter_mut().zip(redirected) {
                *result = result.or(redirected);
            }
        }
        self.path.pop();
        results
    }

    /// Walks through the record of another domain.
    fn named(&mut self, ask: &mut Ask<'_>, name: &str, ips: &[IpAddr], how: &str) -> Results {
        let none = vec![None; ips.len()];
        if name.contains('%') {
            self.weak.push(format!("`{how}` of `{name}` depends on each mail: not followed"));
            return none;
        }
        if self.path.iter().any(|seen| seen.eq_ignore_ascii_case(name)) {
            self.errors.push(format!("{name} includes itself"));
            return none;
        }
        // What lies behind the limit is never evaluated by anybody either.
        if self.lookups > LOOKUPS_MAX {
            return none;
        }
        let Some(answer) = ask.of(RecordKind::Txt, name) else {
            self.open = true;
            return none;
        };
        match answer.records() {
            Err(why) => {
                self.unknown.push(format!("{name}: {why}"));
                none
            }
            Ok(records) => {
                let spf: Vec<&String> = records.iter().filter(|record| is_spf(record)).collect();
                self.voids += u32::from(records.is_empty());
                match spf[..] {
                    [record] => self.record(ask, name, record, ips),
                    [] => {
                        self.errors.push(format!("`{how}` of {name}: it has no SPF record"));
                        none
                    }
                    _ => {
                        self.errors.push(format!("`{how}` of {name}: it has {} SPF records", spf.len()));
                        none
                    }
                }
            }
        }
    }

    /// Which addresses a mechanism matches.
    fn mechanism(&mut self, ask: &mut Ask<'_>, domain: &str, mechanism: &Mechanism, ips: &[IpAddr]) -> Vec<bool> {
        let none = vec![false; ips.len()];
        match mechanism {
            Mechanism::All => vec![true; ips.len()],
            Mechanism::Net(net, bits) => ips.iter().map(|&ip| within(ip, *net, *bits)).collect(),
            Mechanism::Include(name) => {
                self.lookups += 1;
                let results = self.named(ask, name, ips, "include");
                results.into_iter().map(|result| result == Some(Qualifier::Pass)).collect()
            }
            Mechanism::A(name, prefix) => {
                self.lookups += 1;
                let hosts = self.hosts(ask, name.as_deref().unwrap_or(domain));
                in_any(ips, &hosts, *prefix)
            }
            Mechanism::Mx(name, prefix) => {
                self.lookups += 1;
                let name = name.as_deref().unwrap_or(domain);
                let mut hosts = Vec::new();
                for host in self.mail_hosts(ask, name) {
                    hosts.extend(self.hosts(ask, &host));
                }
                in_any(ips, &hosts, *prefix)
            }
            Mechanism::Exists(name) => {
                self.lookups += 1;
                if name.contains('%') {
                    return none;
                }
                let found = !self.hosts(ask, name).is_empty();
                vec![found; ips.len()]
            }
            Mechanism::Ptr => {
                self.lookups += 1;
                self.weak.push(format!("`ptr` in the record of {domain} is slow and must not be used (RFC 7208 §5.5)"));
                none
            }
        }
    }

    fn hosts(&mut self, ask: &mut Ask<'_>, name: &str) -> Vec<IpAddr> {
        if name.contains('%') || self.lookups > LOOKUPS_MAX {
            return Vec::new();
        }
        match ask.addresses(name) {
            None => {
                self.open = true;
                Vec::new()
            }
            Some(Err(why)) => {
                self.unknown.push(format!("{name}: {why}"));
                Vec::new()
            }
            Some(Ok(found)) => {
                self.voids += u32::from(found.is_empty());
                found
            }
        }
    }

    fn mail_hosts(&mut self, ask: &mut Ask<'_>, name: &str) -> Vec<String> {
        if name.contains('%') || self.lookups > LOOKUPS_MAX {
            return Vec::new();
        }
        let Some(answer) = ask.of(RecordKind::Mx, name) else {
            self.open = true;
            return Vec::new();
        };
        match answer.records() {
            Err(why) => {
                self.unknown.push(format!("{name}: {why}"));
                Vec::new()
            }
            Ok(records) => {
                self.voids += u32::from(records.is_empty());
                // RFC 7208 §4.6.4: ten hosts at most.
                let host = |record: &String| record.split_once(' ').map(|(_, host)| host.to_owned());
                records.iter().take(10).filter_map(host).filter(|host| host != ".").collect()
            }
        }
    }
}

fn in_any(ips: &[IpAddr], hosts: &[IpAddr], (four, six): Prefix) -> Vec<bool> {
    let bits = |ip: IpAddr| if ip.is_ipv4() { four } else { six };
    ips.iter().map(|&ip| hosts.iter().any(|&host| within(ip, host, bits(host)))).collect()
}

/// The check of a domain.
pub(super) fn check(ask: &mut Ask<'_>, subject: &Subject) -> Check {
    let domain = subject.domain.as_str();
    let new = |verdict, finding: String| Check::new(Topic::Spf, domain, verdict, finding);
    let records = match ask.of(RecordKind::Txt, domain).map(super::Answer::records) {
        None => return pending(Topic::Spf, domain),
        Some(Err(why)) => return Check::unknown(Topic::Spf, domain, why),
        Some(Ok(records)) => records,
    };
    let spf: Vec<&str> = records.iter().map(String::as_str).filter(|record| is_spf(record)).collect();
    let record = match spf[..] {
        [] => {
            let proposed = with_terms("v=spf1 ~all", &wanted(subject));
            return new(Verdict::Failing, "there is no SPF record".to_owned())
                .advise(format!("add a TXT record at {domain}: {proposed}"));
        }
        [record] => record,
        _ => {
            let finding = format!("there are {} SPF records; receivers take that for none (RFC 7208 §4.5)", spf.len());
            return new(Verdict::Failing, finding)
                .advise(format!("replace them by one TXT record at {domain}: {}", merge(&spf)));
        }
    };
    let mut walk = Walk::default();
    let results = walk.record(ask, domain, record, &subject.ips);
    if walk.open {
        return pending(Topic::Spf, domain);
    }
    verdict(&walk, record, &results, subject)
}

fn verdict(walk: &Walk, record: &str, results: &Results, subject: &Subject) -> Check {
    let domain = subject.domain.as_str();
    let new = |verdict, finding: String| Check::new(Topic::Spf, domain, verdict, finding);
    let Walk { lookups, voids, .. } = walk;
    if let Some(error) = walk.errors.first() {
        return new(Verdict::Failing, error.clone())
            .advise("correct or remove that term: until then the whole record fails");
    }
    if *lookups > LOOKUPS_MAX {
        let finding = format!("it needs more than {LOOKUPS_MAX} look-ups (RFC 7208 §4.6.4): {record}");
        return new(Verdict::Failing, finding)
            .advise("remove `include`s that send nothing any more, or put a service on a subdomain of its own");
    }
    if *voids > VOIDS_MAX {
        let finding = format!("{voids} of its look-ups find nothing; {VOIDS_MAX} are allowed (RFC 7208 §4.6.4)");
        return new(Verdict::Failing, finding).advise("remove the terms whose names no longer exist");
    }
    if record.split_ascii_whitespace().any(|term| term.eq_ignore_ascii_case("all") || term.eq_ignore_ascii_case("+all"))
    {
        return new(Verdict::Failing, format!("it lets everybody send for the domain: {record}"))
            .advise("end it with ~all instead of +all");
    }
    if !walk.unknown.is_empty() {
        return Check::unknown(Topic::Spf, domain, &walk.unknown.join("; "));
    }
    let left_out: Vec<IpAddr> = subject
        .ips
        .iter()
        .zip(results)
        .filter(|&(_, result)| *result != Some(Qualifier::Pass))
        .map(|(&ip, _)| ip)
        .collect();
    if !left_out.is_empty() {
        let names: Vec<String> = left_out.iter().map(ToString::to_string).collect();
        let terms: Vec<String> = left_out.iter().map(ip_term).collect();
        return new(Verdict::Failing, format!("{} may not send by it: {record}", names.join(", ")))
            .advise(format!("change it to: {}", with_terms(record, &terms)));
    }
    let counted = format!("{lookups} of {LOOKUPS_MAX} look-ups: {record}");
    let ends = |with: &str| record.split_ascii_whitespace().any(|term| term.to_ascii_lowercase().starts_with(with));
    if !ends("-all") && !ends("~all") && !ends("redirect=") {
        return new(Verdict::Warning, format!("it does not say what becomes of other senders; {counted}"))
            .advise("end it with ~all");
    }
    match walk.weak.first() {
        Some(weak) => new(Verdict::Warning, format!("{weak}; {counted}")),
        None => new(Verdict::Passing, counted),
    }
}

/// The terms that a new record needs, by what is known of the domain.
fn wanted(subject: &Subject) -> Vec<String> {
    let include = |provider: &Provider| match provider {
        Provider::Gmail => Some("include:_spf.google.com"),
        Provider::Microsoft => Some("include:spf.protection.outlook.com"),
        Provider::Zoho => Some("include:zohomail.com"),
        Provider::Yahoo | Provider::Other => None,
    };
    let includes = subject.providers.iter().filter_map(include).map(str::to_owned);
    let mut terms: Vec<String> = includes.chain(subject.ips.iter().map(ip_term)).collect();
    if terms.is_empty() {
        terms.push("mx".to_owned());
    }
    terms
}

fn ip_term(ip: &IpAddr) -> String {
    match ip {
        IpAddr::V4(four) => format!("ip4:{four}"),
        IpAddr::V6(six) => format!("ip6:{six}"),
    }
}

/// The record with more terms, each once, before what ends it.
#[must_use]
pub fn with_terms(record: &str, terms: &[String]) -> String {
    let more = format!("v=spf1 {}", terms.join(" "));
    let last = |term: &&str| is_all(term) || term.to_ascii_lowercase().starts_with("redirect=");
    let (ends, begins): (Vec<&str>, Vec<&str>) = record.split_ascii_whitespace().skip(1).partition(last);
    let mut merged = merge_terms(begins.iter().copied().chain(more.split_ascii_whitespace().skip(1)));
    for end in ends {
        let _ = write!(merged, " {end}");
    }
    merged
}

/// One record instead of several: every term once, in order; a `redirect` becomes an `include`; at the end the mildest of their
/// `all`s, so that no mail is refused that was taken before, and never `+all`.
#[must_use]
pub fn merge(records: &[&str]) -> String {
    let terms = || records.iter().flat_map(|record| record.split_ascii_whitespace().skip(1));
    let includes: Vec<String> = terms()
        .filter(|term| !is_all(term) && !term.to_ascii_lowercase().starts_with("exp="))
        .map(|term| match term.split_once('=') {
            Some((name, to)) if name.eq_ignore_ascii_case("redirect") => format!("include:{to}"),
            Some(_) | None => term.to_owned(),
        })
        .collect();
    let hardest = terms().filter(is_all).all(|term| term.starts_with('-')) && terms().any(|term| is_all(&term));
    let mut merged = merge_terms(includes.iter().map(String::as_str));
    merged.push_str(if hardest { " -all" } else { " ~all" });
    merged
}

fn is_all(term: &&str) -> bool {
    term.trim_start_matches(['+', '-', '~', '?']).eq_ignore_ascii_case("all")
}

fn merge_terms<'a>(terms: impl Iterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut merged = "v=spf1".to_owned();
    for term in terms {
        if !seen.iter().any(|before| before.eq_ignore_ascii_case(term)) {
            seen.push(term);
            merged.push(' ');
            merged.push_str(term);
        }
    }
    merged
}
