//! DMARC (RFC 9989, before it RFC 7489): what becomes of mails that neither SPF nor DKIM speak for? The domain's own record, or
//! the organisational domain's, whose `sp=` then counts. Which domain that is, the DNS itself says: RFC 9989's walk up the tree
//! replaces the list of public suffixes, which would be half a megabyte of every function that checks domains.

use super::{Answer, Ask, Check, RecordKind, Subject, Topic, Verdict, pending, tag, tags};

/// Names that are asked at most: of a longer one the domain itself, and then its last seven labels (RFC 9989 §4.10).
const WALK_MAX: usize = 8;

/// The check of a domain.
pub(super) fn check(ask: &mut Ask<'_>, subject: &Subject) -> Check {
    let domain = subject.domain.as_str();
    match at(ask, domain) {
        At::Open => pending(Topic::Dmarc, domain),
        At::Unknown(why) => Check::unknown(Topic::Dmarc, domain, &why),
        At::Records(records) if records.is_empty() => walk(ask, domain),
        At::Records(records) => of_records(domain, domain, &records),
    }
}

/// The names above a domain, nearest first, as far as they are asked.
fn above(domain: &str) -> Vec<&str> {
    let mut names: Vec<&str> = domain.match_indices('.').map(|(at, _)| &domain[at + 1..]).collect();
    names.drain(..names.len().saturating_sub(WALK_MAX - 1));
    names
}

/// A domain without a record: what the organisational domain publishes, else whoever runs the suffix (RFC 9989 §4.10).
fn walk(ask: &mut Ask<'_>, domain: &str) -> Check {
    let mut found: Vec<(&str, Vec<String>)> = Vec::new();
    let mut open = false;
    for name in above(domain) {
        match at(ask, name) {
            At::Open => open = true,
            At::Unknown(why) => return Check::unknown(Topic::Dmarc, domain, &why),
            At::Records(records) if records.is_empty() => {}
            At::Records(records) => {
                let says = suffix(&records).map(str::to_owned);
                // Right below a public suffix lies the organisation: what it says itself goes before.
                let org =
                    found.last().is_some_and(|(below, _)| below.split_once('.').is_some_and(|(_, of)| of == name));
                if says.as_deref() != Some("y") || !org {
                    found.push((name, records));
                }
                if matches!(says.as_deref(), Some("y" | "n")) {
                    break;
                }
            }
        }
    }
    if open {
        return pending(Topic::Dmarc, domain);
    }
    // The highest one is the organisation's.
    match found.pop() {
        Some((name, records)) => of_records(domain, name, &records),
        None => none(domain),
    }
}

/// What a record says of its name: `y`, a public suffix; `n`, an organisation; else nothing.
fn suffix(records: &[String]) -> Option<&str> {
    let [record] = records else { return None };
    tag(&tags(record)?, "psd")
}

enum At {
    Open,
    Unknown(String),
    Records(Vec<String>),
}

/// The DMARC records of a domain, other TXT records left out (RFC 7489 §6.6.3).
fn at(ask: &mut Ask<'_>, domain: &str) -> At {
    match ask.of(RecordKind::Txt, &format!("_dmarc.{domain}")).map(Answer::records) {
        None => At::Open,
        Some(Err(why)) => At::Unknown(why.to_owned()),
        Some(Ok(records)) => At::Records(records.iter().filter(|record| is_dmarc(record)).cloned().collect()),
    }
}

/// The version comes first, in exactly this form (RFC 7489 §6.4).
fn is_dmarc(record: &str) -> bool {
    let first = record.split(';').next().unwrap_or_default();
    first.split_once('=').is_some_and(|(tag, value)| tag.trim() == "v" && value.trim() == "DMARC1")
}

fn none(domain: &str) -> Check {
    Check::new(Topic::Dmarc, domain, Verdict::Failing, "there is no DMARC record; large providers ask senders for one")
        .advise(format!("add a TXT record at _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:dmarc@{domain}"))
}

fn of_records(domain: &str, found_at: &str, records: &[String]) -> Check {
    let new = |verdict, finding: String| Check::new(Topic::Dmarc, domain, verdict, finding);
    let [record] = records else {
        return new(
            Verdict::Failing,
            format!("there are {} DMARC records at _dmarc.{found_at}; receivers take that for none", records.len()),
        )
        .advise("keep one of them");
    };
    let Some(tags) = tags(record) else {
        return new(Verdict::Failing, format!("the record does not read: {record}"))
            .advise("it is a list of tag=value, separated by `;`, such as: v=DMARC1; p=none");
    };
    let reports = tag(&tags, "rua").is_some();
    let own = domain == found_at;
    let (name, policy) = match tag(&tags, "sp") {
        Some(policy) if !own => ("sp", Some(policy)),
        Some(_) | None => ("p", tag(&tags, "p")),
    };
    let policy = match policy.map(str::to_ascii_lowercase).as_deref() {
        Some("reject") => "reject",
        Some("quarantine") => "quarantine",
        Some("none") => "none",
        // Whoever wants reports is taken to want no more (RFC 7489 §6.6.3).
        None if reports => "none",
        Some(_) | None => {
            return new(
                Verdict::Failing,
                format!("its policy (`{name}=`) is none of none, quarantine, reject: {record}"),
            )
            .advise(format!("set `{name}=none` at least"));
        }
    };
    let of = if own { String::new() } else { format!(", by `{name}=` of {found_at}") };
    if !reports {
        return new(Verdict::Warning, format!("policy {policy}{of}; nobody reads reports (no `rua=`)"))
            .advise(format!("add rua=mailto:dmarc@{found_at}, or an address that you read"));
    }
    new(Verdict::Passing, format!("policy {policy}{of}"))
}
