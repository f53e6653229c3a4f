//! DMARC (RFC 7489): what becomes of mails that neither SPF nor DKIM speak for? The domain's own record, or the
//! organisational domain's, whose `sp=` then counts.

use super::{Answer, Ask, Check, RecordKind, Subject, Topic, Verdict, organisational, pending, tag, tags};

/// The check of a domain.
pub(super) fn check(ask: &mut Ask<'_>, subject: &Subject) -> Check {
    let domain = subject.domain.as_str();
    match at(ask, domain) {
        At::Open => pending(Topic::Dmarc, domain),
        At::Unknown(why) => Check::unknown(Topic::Dmarc, domain, &why),
        At::Records(records) if records.is_empty() => fall_back(ask, domain),
        At::Records(records) => of_records(domain, domain, &records),
    }
}

fn fall_back(ask: &mut Ask<'_>, domain: &str) -> Check {
    let organisation = organisational(domain);
    if organisation == domain {
        return none(domain, domain);
    }
    match at(ask, organisation) {
        At::Open => pending(Topic::Dmarc, domain),
        At::Unknown(why) => Check::unknown(Topic::Dmarc, domain, &why),
        At::Records(records) if records.is_empty() => none(domain, organisation),
        At::Records(records) => of_records(domain, organisation, &records),
    }
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

fn none(domain: &str, organisation: &str) -> Check {
    Check::new(Topic::Dmarc, domain, Verdict::Failing, "there is no DMARC record; large providers ask senders for one")
        .advise(format!("add a TXT record at _dmarc.{organisation}: v=DMARC1; p=none; rua=mailto:dmarc@{organisation}"))
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
