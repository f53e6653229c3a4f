//! Answers in, verdict out.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::blocklist::Blocklist;
use super::fleet::{Member, fleet};
use super::state::{Change, DomainState};
use super::*;
use crate::health::Dns;
use crate::limits::HealthLimits;
use crate::mailbox::State;

/// Public halves of keys that were made for these tests and never used for anything.
const RSA_2048: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyla49d7mhrAiBmYpt16JRyFdADBVInFiRG2wTUNeayu4VqFOgJ1E0/3Us4ueh7WCuA6+ywuaeFSSgc0ahAVvoV5XjP5kxAd7+l25ro4alCBlNbguupL8F7NnyGycOBh1Zq3now9jUo7RruijLUKrSn93nVlJJ4kQJXCxpgnqKHVLKK+raxSNeg3wtm/L5aq+6VhKulXjOkUnnN9jp2i7ZxSozMfmw1QqBauUg+1cEOmmEOrXlsrdf8szY2CBxKkKcjiVBTWyRXY1R/4Fea/GxDYa7RBZMZBCBxfBofdhiyTR/R6T1iYYN3T/zH16jwLd3jIRSbFA9HsncxG7gYHfBQIDAQAB";
const RSA_2048_BARE: &str = "MIIBCgKCAQEAs43q4YL1s7dWej3F/gRBICXDcXDsAGPVO++BOKVZrH30SV5ZIkmfg2QIlR4BdLB6xsJk616/cWjQZQjCtyKpSjr5tPwpoLKoTcbGjJ/5dMPOle2voh1Id2Ziq96r9/B/odXHrfRxOXQBHKHReFsvX6a5Kz7O9SL2OKZ0O2I0ymVh3+ky8h8DESVJqt687Hjn7CB1H1OgeKffWA0X9PMBAaGEUwPDHjQ7t7JfA9cNpjR1GtKgl+msijYR9IZsGQQMJ1Egv9+/zeVE5SfQryFZ0LkwbIzsHFPkG0BN75zbo9vlnAtjp5ccFWrsuW3r3gkbBXB1A+mvuamBk2B75mrzvQIDAQAB";
const RSA_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDJl4j1QdTCR/OOJmMyT5BaNnMaUt03JRM4wodFt7RZe5n89X/CQIkU31jjKu7vAnJhaM59OUX3D0eovd9XiZEfCdTdMRJdY3F8ws0DYhtCHllcL8lBPDw31MxbicbR+mSK/FPU6MmF6JAywhd5dHP2dz6WjAyOoIOAC/VI/T56hQIDAQAB";
const RSA_512: &str = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL4Wsh/dYxs8agqvfH5AKwOELIN9N3GnjB+TBcnp4itnDR9gSFP/ofWo4scK/WIfNx+Kuq2yCDNbMqwrzmi8MNcCAwEAAQ==";

/// A DNS in a table. `None` for a name that is not there; the lines' records by kind.
#[derive(Default, Clone)]
struct Zone(BTreeMap<(String, RecordKind), Answer>);

impl Zone {
    fn with(mut self, name: &str, kind: RecordKind, records: &[&str]) -> Self {
        let records = records.iter().map(|&record| record.to_owned()).collect();
        self.0.insert((name.to_owned(), kind), Answer::Records(records));
        self
    }
    fn txt(self, name: &str, records: &[&str]) -> Self {
        self.with(name, RecordKind::Txt, records)
    }
    fn fails(mut self, name: &str, kind: RecordKind) -> Self {
        self.0.insert((name.to_owned(), kind), Answer::Failed("SERVFAIL".to_owned()));
        self
    }
    /// Asks what is missing until nothing is.
    fn judge(&self, subject: &Subject) -> Report {
        let mut known = Known::new();
        for _ in 0..ROUNDS_MAX {
            let judged = judge(subject, &known);
            if judged.missing.is_empty() {
                return judged.report;
            }
            for question in judged.missing {
                let key = (question.name.clone(), question.kind);
                known.insert(question, self.0.get(&key).cloned().unwrap_or(Answer::NoSuchName));
            }
        }
        panic!("it asks for ever");
    }
}

fn good() -> Zone {
    Zone::default()
        .txt("example.com", &["google-site-verification=x", "v=spf1 include:_spf.google.com ip4:203.0.113.0/24 ~all"])
        .txt("_spf.google.com", &["v=spf1 ip4:192.0.2.0/24 -all"])
        .txt("google._domainkey.example.com", &[&format!("v=DKIM1; k=rsa; p={RSA_2048}")])
        .txt("_dmarc.example.com", &["v=DMARC1; p=none; rua=mailto:d@example.com"])
        .with("example.com", RecordKind::Mx, &["10 mx.example.com"])
        .with("mx.example.com", RecordKind::A, &["203.0.113.5"])
        .with("7.113.0.203.in-addr.arpa", RecordKind::Ptr, &["mail.example.com"])
        .with("mail.example.com", RecordKind::A, &["203.0.113.7"])
}

fn subject() -> Subject {
    Subject { ips: vec!["203.0.113.7".parse().unwrap()], ..Subject::new("example.com".parse().unwrap()) }
}

fn of(report: &Report, topic: Topic) -> &Check {
    report.checks.iter().find(|check| check.topic == topic).unwrap()
}

#[test]
fn a_domain_in_order_passes() {
    let report = good().judge(&subject());
    assert_eq!(report.verdict(), Verdict::Passing, "{report:#?}");
    assert_eq!(of(&report, Topic::Dkim).finding, "an RSA key of 2048 bits");
    assert_eq!(of(&report, Topic::Ptr).finding, "mail.example.com, and back");
    assert!(of(&report, Topic::Spf).finding.starts_with("1 of 10 look-ups"));
}

/// The SPF verdict and what is said, for this record of example.com.
fn spf(zone: Zone, records: &[&str]) -> (Verdict, String, String) {
    let report = zone.txt("example.com", records).judge(&subject());
    let check = of(&report, Topic::Spf);
    (check.verdict, check.finding.clone(), check.advice.clone().unwrap_or_default())
}

#[test]
fn spf_records() {
    use Verdict::{Failing, Passing, Warning};
    let chain = || {
        (0..12).fold(good(), |zone, n| {
            zone.txt(&format!("s{n}.example"), &[&format!("v=spf1 include:s{}.example -all", n + 1)])
        })
    };
    let ip = "ip4:203.0.113.7";
    for (zone, record, verdict, said) in [
        (good(), "v=spf1 ip4:203.0.113.7 -all", Passing, "0 of 10 look-ups"),
        (good(), "v=spf1 a:mail.example.com ~all", Passing, "1 of 10"),
        (good(), "v=spf1 a:mail.example.com/24 ~all", Passing, "1 of 10"),
        (good(), "v=spf1 mx/29 ~all", Passing, "1 of 10"),
        (good(), "v=spf1 redirect=other.example", Failing, "it has no SPF record"),
        (
            good().txt("other.example", &["v=spf1 ip4:203.0.113.7 -all"]),
            "v=spf1 redirect=other.example",
            Passing,
            "1 of 10",
        ),
        (good(), "v=spf1 ip4:203.0.113.8 ~all", Failing, "203.0.113.7 may not send by it"),
        (good(), "v=spf1 -ip4:203.0.113.7 ip4:203.0.113.0/24 ~all", Failing, "203.0.113.7 may not send by it"),
        (good(), "v=spf1 ip4:203.0.113.7 +all", Failing, "lets everybody send"),
        (good(), "v=spf1 ip4:203.0.113.7 all", Failing, "lets everybody send"),
        (good(), "v=spf1 ip4:203.0.113.7", Warning, "does not say what becomes"),
        (good(), "v=spf1 ip4:203.0.113.7 ?all", Warning, "does not say what becomes"),
        (good(), "v=spf1 ptr ip4:203.0.113.7 ~all", Warning, "`ptr`"),
        (good(), "v=spf1 ip4:203.0.113.300 ~all", Failing, "`ip4:203.0.113.300` is no SPF term"),
        (good(), "v=spf1 ip4:203.0.113.7/33 ~all", Failing, "is no SPF term"),
        (good(), "v=spf1 ip6:203.0.113.7 ~all", Failing, "is no SPF term"),
        (good(), "v=spf1 ipv4:203.0.113.7 ~all", Failing, "is no SPF term"),
        (good(), "v=spf1 include: ~all", Failing, "is no SPF term"),
        (good(), "v=spf1 include:example.com ~all", Failing, "includes itself"),
        (good(), "v=spf1 include:gone.example ~all", Failing, "gone.example: it has no SPF record"),
        (chain(), "v=spf1 include:s0.example ~all", Failing, "more than 10 look-ups"),
        (good(), "v=spf1 a:x1.example a:x2.example a:x3.example ~all", Failing, "3 of its look-ups find nothing"),
        (good(), "v=spf1 exists:%{i}.spf.example.org ip4:203.0.113.7 ~all", Passing, "1 of 10"),
        (good(), "v=spf1 ip4:203.0.113.7 exp=why.example x-mod=1 ~all", Passing, "0 of 10"),
    ] {
        let (found, finding, advice) = spf(zone, &[record]);
        assert_eq!(found, verdict, "{record}: {finding}");
        assert!(finding.contains(said), "{record}: {finding}");
        assert!(verdict != Failing || !advice.is_empty(), "{record} fails without advice");
    }
    let (_, _, advice) = spf(good(), &["v=spf1 mx:mx.example.com -all"]);
    assert!(advice.ends_with(&format!("v=spf1 mx:mx.example.com {ip} -all")), "{advice}");
}

#[test]
fn several_spf_records_are_merged_into_one() {
    let (verdict, finding, advice) = spf(
        good(),
        &["v=spf1 include:_spf.google.com -all", "v=spf1 include:sendgrid.net include:_spf.google.com ~all"],
    );
    assert_eq!(verdict, Verdict::Failing);
    assert!(finding.contains("2 SPF records"), "{finding}");
    assert!(advice.ends_with("v=spf1 include:_spf.google.com include:sendgrid.net ~all"), "{advice}");
    assert_eq!(
        spf::merge(&["v=spf1 ip4:192.0.2.1 -all", "v=spf1 redirect=x.example"]),
        "v=spf1 ip4:192.0.2.1 include:x.example -all"
    );
    assert_eq!(spf::merge(&["v=spf1 mx", "v=spf1 +all"]), "v=spf1 mx ~all");
    // What only looks like one is none.
    assert!(
        !spf::is_spf("v=spf10 -all") && !spf::is_spf(" v=spf1 -all") && spf::is_spf("V=SPF1") && !spf::is_spf("v=spf")
    );
}

#[test]
fn without_an_spf_record_one_is_proposed() {
    let subject = Subject { providers: [Provider::Gmail].into(), ..subject() };
    let check = of(&Zone::default().judge(&subject), Topic::Spf).clone();
    assert_eq!(check.verdict, Verdict::Failing);
    assert!(check.advice.unwrap().ends_with("v=spf1 include:_spf.google.com ip4:203.0.113.7 ~all"));
}

#[test]
fn dkim_keys() {
    use Verdict::{Failing, Passing, Warning};
    let ed25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    for (record, verdict, said) in [
        (format!("v=DKIM1; k=rsa; p={RSA_2048}"), Passing, "2048 bits"),
        (format!("p={RSA_2048}"), Passing, "2048 bits"),
        (format!("v=DKIM1; p={RSA_2048_BARE}"), Passing, "2048 bits"),
        (format!("v=DKIM1; p={}", RSA_2048.trim_end_matches('=')), Passing, "2048 bits"),
        (format!("v=DKIM1; p={} {}", &RSA_2048[..100], &RSA_2048[100..]), Passing, "2048 bits"),
        (format!("v=DKIM1; t=y; p={RSA_2048}"), Warning, "test mode"),
        (format!("v=DKIM1; t=s; p={RSA_2048}"), Passing, "2048 bits"),
        (format!("v=DKIM1; p={RSA_1024}"), Warning, "1024 bits"),
        (format!("v=DKIM1; p={RSA_512}"), Failing, "512 bits"),
        (format!("v=DKIM1; k=ed25519; p={ed25519}"), Warning, "Ed25519"),
        (format!("v=DKIM1; k=ed25519; p={RSA_2048}"), Failing, "not 32"),
        (format!("v=DKIM2; p={RSA_2048}"), Failing, "DKIM2"),
        ("v=DKIM1; p=".to_owned(), Failing, "revoked"),
        (format!("v=DKIM1; p={}", &RSA_2048[..200]), Failing, "no RSA key"),
        ("v=DKIM1; p=\"abc".to_owned(), Failing, "no base64"),
        ("v=DKIM1; k=dsa; p=AAAA".to_owned(), Failing, "no kind of key"),
        ("a wildcard's text".to_owned(), Failing, "there is no key"),
    ] {
        let subject = Subject { selectors: vec!["sel".to_owned()], ..subject() };
        let report = good().txt("sel._domainkey.example.com", &[&record]).judge(&subject);
        let check = of(&report, Topic::Dkim);
        assert_eq!(check.verdict, verdict, "{record}: {}", check.finding);
        assert!(check.finding.contains(said), "{record}: {}", check.finding);
    }
}

#[test]
fn no_key_at_a_given_selector_fails_and_at_the_known_ones_nobody_knows() {
    let mut zone = good();
    zone.0.remove(&("google._domainkey.example.com".to_owned(), RecordKind::Txt));
    let report = zone.judge(&subject());
    assert_eq!((of(&report, Topic::Dkim).verdict, report.verdict()), (Verdict::Unknown, Verdict::Passing));
    let report = zone.judge(&Subject { selectors: vec!["sel".to_owned()], ..subject() });
    assert_eq!((of(&report, Topic::Dkim).verdict, report.verdict()), (Verdict::Failing, Verdict::Failing));
}

#[test]
fn dmarc_falls_back_to_the_organisation() {
    use Verdict::{Failing, Passing, Warning};
    let subject = Subject::new("a.mail.example.co.uk".parse().unwrap());
    let (own, org) = ("_dmarc.a.mail.example.co.uk", "_dmarc.example.co.uk");
    for (at, records, verdict, said) in [
        (own, &["v=DMARC1; p=quarantine; rua=mailto:x@example.co.uk"][..], Passing, "policy quarantine"),
        (org, &["v=DMARC1; p=reject; rua=mailto:x@example.co.uk"], Passing, "policy reject, by `p=` of example.co.uk"),
        (
            org,
            &["v=DMARC1; p=reject; sp=none; rua=mailto:x@example.co.uk"],
            Passing,
            "policy none, by `sp=` of example.co.uk",
        ),
        (own, &["v=DMARC1; p=reject; sp=none; rua=mailto:x@example.co.uk"], Passing, "policy reject"),
        (own, &["v=DMARC1; p=none"], Warning, "nobody reads reports"),
        (own, &["v=DMARC1; rua=mailto:x@example.co.uk"], Passing, "policy none"),
        (own, &["v=DMARC1; p=nothing"], Failing, "none of none, quarantine, reject"),
        (own, &["v=DMARC1; p=none", "v=DMARC1; p=reject"], Failing, "2 DMARC records"),
        (own, &["some other text", "v=DMARC1; p=none; rua=mailto:x@y.example"], Passing, "policy none"),
        (own, &["p=none; v=DMARC1"], Failing, "there is no DMARC record"),
        (own, &["v=DMARC1 p=none"], Failing, "there is no DMARC record"),
        ("_dmarc.mail.example.co.uk", &["v=DMARC1; p=none; rua=mailto:x@y.example"], Passing, "mail.example.co.uk"),
        (
            "_dmarc.co.uk",
            &["v=DMARC1; p=reject; psd=y; rua=mailto:x@y.example"],
            Passing,
            "policy reject, by `p=` of co.uk",
        ),
    ] {
        let report = Zone::default().txt(at, records).judge(&subject);
        let check = of(&report, Topic::Dmarc);
        assert_eq!(check.verdict, verdict, "{at} {records:?}: {}", check.finding);
        assert!(check.finding.contains(said), "{at} {records:?}: {}", check.finding);
    }
    // Who counts where several speak: the highest, unless one says where organisations begin (RFC 9989 §4.10).
    let tagged = |tag: &str| format!("v=DMARC1; p=none; rua=mailto:x@y.example{tag}");
    let said = |zone: Zone, domain: &str| {
        of(&zone.judge(&Subject::new(domain.parse().unwrap())), Topic::Dmarc).finding.clone()
    };
    for (org, suffix, by) in [("", "", "co.uk"), ("; psd=n", "", "example.co.uk"), ("", "; psd=y", "example.co.uk")] {
        let zone = Zone::default().txt("_dmarc.example.co.uk", &[&tagged(org)]).txt("_dmarc.co.uk", &[&tagged(suffix)]);
        let finding = said(zone, "a.mail.example.co.uk");
        assert_eq!(finding, format!("policy none, by `p=` of {by}"), "{org}{suffix}");
    }
    let suffix =
        Zone::default().txt("_dmarc.mail.example.co.uk", &[&tagged("")]).txt("_dmarc.co.uk", &[&tagged("; psd=y")]);
    assert_eq!(said(suffix, "a.mail.example.co.uk"), "policy none, by `p=` of co.uk", "example.co.uk says nothing");
    let long =
        Zone::default().txt("_dmarc.c.example.com", &[&tagged("")]).txt("_dmarc.d.c.b.a.example.com", &[&tagged("")]);
    assert!(said(long, "i.h.g.f.e.d.c.b.a.example.com").ends_with("of d.c.b.a.example.com"));
}

#[test]
fn mail_hosts_and_names() {
    use Verdict::{Failing, Passing, Warning};
    let mx = |records: &[&str]| {
        let report = good().with("example.com", RecordKind::Mx, records).judge(&subject());
        (of(&report, Topic::Mx).verdict, of(&report, Topic::Mx).finding.clone())
    };
    assert_eq!(mx(&["20 mx.example.com"]), (Passing, "mx.example.com".to_owned()));
    assert_eq!(mx(&["0 ."]).0, Failing);
    assert_eq!(mx(&["5 gone.example", "10 mx.example.com"]), (Warning, "gone.example has no address".to_owned()));
    assert_eq!(mx(&["5 gone.example"]).0, Failing);
    assert_eq!(mx(&[]).0, Failing);
    let ptr = |names: &[&str]| {
        let zone = good().with("7.113.0.203.in-addr.arpa", RecordKind::Ptr, names).with(
            "host-203-0-113-7.isp.example",
            RecordKind::A,
            &["203.0.113.7"],
        );
        let report = zone.judge(&subject());
        (of(&report, Topic::Ptr).verdict, of(&report, Topic::Ptr).finding.clone())
    };
    assert_eq!(ptr(&["mail.example.com"]).0, Passing);
    assert_eq!(ptr(&[]).0, Failing);
    assert_eq!(ptr(&["mx.example.com"]), (Failing, "mx.example.com does not lead back to it".to_owned()));
    assert_eq!(ptr(&["host-203-0-113-7.isp.example"]).0, Warning);
    let six: IpAddr = "2001:db8::7".parse().unwrap();
    let nibbles = "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    assert_eq!(mail_hosts::reverse_name(six), nibbles);
}

#[test]
fn a_listing_is_a_listing_and_a_refusal_is_none() {
    use Verdict::{Failing, Passing, Unknown, Warning};
    for (list, code, verdict, whole) in [
        ("zen.spamhaus.org:ip", "127.0.0.2", Failing, Failing),
        ("zen.spamhaus.org:ip", "127.0.0.11", Failing, Failing),
        ("zen.spamhaus.org:ip", "127.255.255.252", Unknown, Passing),
        ("zen.spamhaus.org:ip", "127.255.255.254", Unknown, Passing),
        ("zen.spamhaus.org:ip", "127.255.255.255", Unknown, Passing),
        ("zen.spamhaus.org:ip", "203.0.113.99", Unknown, Passing),
        ("bl.spamcop.net:ip:warn", "127.0.0.2", Warning, Warning),
        ("dbl.spamhaus.org:domain", "127.0.1.2", Failing, Failing),
        ("dbl.spamhaus.org:domain", "127.0.1.255", Unknown, Passing),
        ("multi.uribl.com:domain:warn", "127.0.0.1", Unknown, Passing),
        ("multi.uribl.com:domain:warn", "127.0.0.2", Warning, Warning),
    ] {
        let list: Blocklist = list.parse().unwrap();
        let name = match list.lists {
            blocklist::Lists::Ip => format!("7.113.0.203.{}", list.zone),
            blocklist::Lists::Domain => format!("example.com.{}", list.zone),
        };
        let subject = Subject { blocklists: vec![list.clone()], ..subject() };
        let report = good().with(&name, RecordKind::A, &[code]).judge(&subject);
        assert_eq!((of(&report, Topic::Blocklist).verdict, report.verdict()), (verdict, whole), "{list} {code}");
        let report = good().fails(&name, RecordKind::A).judge(&subject);
        assert_eq!((of(&report, Topic::Blocklist).verdict, report.verdict()), (Unknown, Passing), "{list}");
        assert_eq!(list.to_string().parse(), Ok(list));
    }
    assert_eq!(blocklist::defaults().len(), 7, "every default reads");
    for wrong in ["zen.spamhaus.org", "zen:ip", "zen.spamhaus.org:ip:stop", "zen.spamhaus.org:mail"] {
        assert!(wrong.parse::<Blocklist>().is_err(), "{wrong}");
    }
}

#[test]
fn a_failed_look_up_is_unknown_and_never_failing() {
    let names = [
        ("example.com", RecordKind::Txt),
        ("_spf.google.com", RecordKind::Txt),
        ("_dmarc.example.com", RecordKind::Txt),
        ("example.com", RecordKind::Mx),
        ("mx.example.com", RecordKind::A),
        ("7.113.0.203.in-addr.arpa", RecordKind::Ptr),
        ("mail.example.com", RecordKind::A),
        ("sel._domainkey.example.com", RecordKind::Txt),
    ];
    let subject = Subject { selectors: vec!["sel".to_owned()], ..subject() };
    let zone = good().txt("sel._domainkey.example.com", &[&format!("p={RSA_2048}")]);
    for (name, kind) in names {
        let report = zone.clone().fails(name, kind).judge(&subject);
        assert_eq!(report.verdict(), Verdict::Unknown, "{name} {kind:?}: {report:#?}");
    }
}

#[test]
fn a_domain_stops_after_72_hours_of_failing_and_no_failed_look_up_changes_that() {
    let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
    let hour = |n: i64| start + SignedDuration::from_hours(n);
    let (well, ill, nobody_knows) =
        (good(), good().txt("_dmarc.example.com", &[]), good().fails("_dmarc.example.com", RecordKind::Txt));
    let mut state: Option<DomainState> = None;
    let mut step = |zone: &Zone, at: i64| {
        let next = DomainState::after(state.as_ref(), zone.judge(&subject()), hour(at));
        let said = (
            next.verdict,
            next.change(state.as_ref(), &HealthLimits::default()),
            next.may_send(hour(at), &HealthLimits::default()),
        );
        state = Some(next);
        said
    };
    use Verdict::{Failing, Passing};
    assert_eq!(step(&nobody_knows, -24), (Verdict::Unknown, None, true));
    assert_eq!(step(&well, 0), (Passing, None, true));
    assert_eq!(step(&nobody_knows, 24), (Verdict::Unknown, None, true), "unknown is not failing");
    assert_eq!(step(&ill, 48), (Failing, Some(Change::Failing), true));
    assert_eq!(step(&nobody_knows, 72), (Failing, None, true), "and never better than the last that is known");
    assert_eq!(step(&ill, 120), (Failing, None, true), "72 hours are not over 72");
    assert_eq!(step(&ill, 121), (Failing, Some(Change::Stopped), false));
    assert_eq!(step(&nobody_knows, 122), (Failing, None, false));
    assert_eq!(step(&well, 144), (Passing, Some(Change::Recovered), true));
    assert_eq!(step(&ill, 168), (Failing, Some(Change::Failing), true), "its grace begins anew");
    let json = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<Option<DomainState>>(&json).unwrap(), state);
}

#[test]
fn a_failed_dkim_look_up_heals_no_failing_key() {
    let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
    let hour = |n: i64| start + SignedDuration::from_hours(n);
    let google = "google._domainkey.example.com";
    let broken = good().txt(google, &["v=DKIM1; p="]);
    let unseen = good().fails(google, RecordKind::Txt);
    // Somebody else's key, fit for nothing but a warning, beside the one that nobody can see.
    let beside = unseen.clone().txt("s1._domainkey.example.com", &[&format!("v=DKIM1; t=y; p={RSA_2048}")]);
    let failing = DomainState::after(None, broken.judge(&subject()), hour(0));
    assert_eq!((failing.verdict, failing.records_failing_since), (Verdict::Failing, Some(hour(0))));
    for zone in [&unseen, &beside] {
        let next = DomainState::after(Some(&failing), zone.judge(&subject()), hour(24));
        assert_eq!(next.verdict, Verdict::Failing, "{:#?}", next.checks);
        assert_eq!(
            (next.dns(), next.change(Some(&failing), &HealthLimits::default())),
            (Dns::Failing { since: hour(0) }, None)
        );
        // Once the key is seen, and good, it is good.
        let healed = DomainState::after(Some(&next), good().judge(&subject()), hour(48));
        assert_eq!(
            (healed.verdict, healed.change(Some(&next), &HealthLimits::default())),
            (Verdict::Passing, Some(Change::Recovered))
        );
    }
    // Never seen at all: required, so that the next look comes in an hour.
    let never = DomainState::after(None, unseen.judge(&subject()), hour(0));
    assert_eq!((never.verdict, never.dns()), (Verdict::Unknown, Dns::Passing));
    assert!(never.is_due(hour(1)));
    // Nothing seen at all is no pass.
    let blind = ["example.com", "_dmarc.example.com"].into_iter();
    let blind = blind.fold(unseen, |zone, name| zone.fails(name, RecordKind::Txt));
    assert_eq!(DomainState::after(None, blind.judge(&subject()), hour(0)).dns(), Dns::Unknown);
}

#[test]
fn a_failing_name_or_listing_is_told_and_stops_no_mailbox() {
    let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
    let hour = |n: i64| start + SignedDuration::from_hours(n);
    let mut nameless = good();
    nameless.0.remove(&("7.113.0.203.in-addr.arpa".to_owned(), RecordKind::Ptr));
    let first = DomainState::after(None, nameless.judge(&subject()), hour(0));
    assert_eq!(
        (first.verdict, first.change(None, &HealthLimits::default())),
        (Verdict::Failing, Some(Change::Failing))
    );
    let later = DomainState::after(Some(&first), nameless.judge(&subject()), hour(100));
    assert_eq!(
        (
            later.change(Some(&first), &HealthLimits::default()),
            later.may_send(hour(100), &HealthLimits::default()),
            later.dns()
        ),
        (None, true, Dns::Passing)
    );
    // SPF fails as well from then on: its grace begins then.
    let both = nameless.clone().txt("example.com", &[]);
    let both = DomainState::after(Some(&later), both.judge(&subject()), hour(101));
    assert_eq!((both.failing_since, both.records_failing_since), (Some(hour(0)), Some(hour(101))));
    assert!(
        both.may_send(hour(101 + 72), &HealthLimits::default())
            && !both.may_send(hour(101 + 73), &HealthLimits::default())
    );
    // SPF is mended while nobody knows of the name: it fails no longer in what stops it.
    let unknown = nameless.fails("_dmarc.example.com", RecordKind::Txt);
    let mended = DomainState::after(Some(&both), unknown.judge(&subject()), hour(102));
    assert_eq!((mended.dns(), mended.verdict), (Dns::Passing, Verdict::Failing));
}

#[test]
fn a_domain_that_fails_no_longer_does_not_fail_while_something_else_is_unknown() {
    let start: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
    let ill = DomainState::after(None, good().txt("example.com", &[]).judge(&subject()), start);
    let half = good().fails("_dmarc.example.com", RecordKind::Txt);
    let next = DomainState::after(Some(&ill), half.judge(&subject()), start + SignedDuration::from_hours(1));
    assert_eq!(
        (next.verdict, next.change(Some(&ill), &HealthLimits::default())),
        (Verdict::Unknown, Some(Change::Recovered))
    );
    assert_eq!(next.dns(), Dns::Passing);
}

#[test]
fn the_status_of_a_domain_counts_its_mailboxes() {
    let member = |name: &str, state, warmup_score| Member {
        address: format!("{name}@example.com").parse().unwrap(),
        state,
        warmup_score,
    };
    let all = fleet(vec![
        member("b", State::Ready, Some(90)),
        member("a", State::Ready, Some(85)),
        member("c", State::Retired, Some(3)),
        member("d", State::Ready, None),
    ]);
    assert_eq!((all.mailboxes, all.all_ready), (3, true));
    assert_eq!((all.warmup_score_avg, all.warmup_score_min, all.warmup_score_max), (Some(87.5), Some(85), Some(90)));
    assert_eq!(all.members[0].address.as_str(), "a@example.com");
    assert!(!fleet(vec![member("a", State::Warming, Some(99))]).all_ready);
    assert!(!fleet(Vec::new()).all_ready);
}

proptest! {
    /// Whatever stands in the DNS: no panic, an end, and a reason to every verdict.
    #[test]
    fn any_records_are_judged(
        spf in "(v=spf1 )?[ -~]{0,60}",
        terms in proptest::collection::vec("[+~?-]?(a|mx|include|ip4|ip6|exists|ptr|all|redirect)[:=/]?[a-z0-9.%{}/:]{0,12}", 0..12),
        dkim in "(v=DKIM1; p=)?[ -~]{0,80}",
        dmarc in "(v=DMARC1; )?[ -~]{0,60}",
        mx in "[0-9]{0,3} ?[a-z.]{0,10}",
    ) {
        let record = format!("v=spf1 {}", terms.join(" "));
        let zone = Zone::default()
            .txt("example.com", &[&spf])
            .txt("x.example", &[&record])
            .txt("sel._domainkey.example.com", &[&dkim])
            .txt("_dmarc.example.com", &[&dmarc])
            .with("example.com", RecordKind::Mx, &[&mx]);
        for records in [&[record.as_str()][..], &[&spf], &[&record, "v=spf1 include:x.example -all"]] {
            let subject = Subject { selectors: vec!["sel".to_owned()], ..subject() };
            let report = zone.clone().txt("example.com", records).judge(&subject);
            prop_assert!(report.checks.iter().all(|check| !check.finding.is_empty()));
        }
    }

    #[test]
    fn merged_records_hold_every_term_once(
        a in proptest::collection::vec(r"(include:[a-c]\.example|ip4:192\.0\.2\.[0-9]|mx|a)", 0..5),
        b in proptest::collection::vec(r"(include:[a-c]\.example|ip4:192\.0\.2\.[0-9]|mx|a)", 0..5),
    ) {
        let merged = spf::merge(&[&format!("v=spf1 {} -all", a.join(" ")), &format!("v=spf1 {} ~all", b.join(" "))]);
        let terms: Vec<&str> = merged.split(' ').collect();
        for term in a.iter().chain(&b) {
            prop_assert_eq!(terms.iter().filter(|found| *found == term).count(), 1);
        }
        prop_assert!(spf::is_spf(&merged) && merged.ends_with(" ~all"));
    }
}
