//! Real look-ups against a name server in this process: real records, time-outs, SERVFAIL, NXDOMAIN, long answers by TCP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::time::Duration;

use preheat_core::domain::{Answer, Question, RecordKind, Report, Subject, Topic, Verdict};
use preheat_dns::Dns;

use server::{Reaction, Server};

/// The public half of a key that was made for this test and never used for anything.
const KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyla49d7mhrAiBmYpt16JRyFdADBVInFiRG2wTUNeayu4VqFOgJ1E0/3Us4ueh7WCuA6+ywuaeFSSgc0ahAVvoV5XjP5kxAd7+l25ro4alCBlNbguupL8F7NnyGycOBh1Zq3now9jUo7RruijLUKrSn93nVlJJ4kQJXCxpgnqKHVLKK+raxSNeg3wtm/L5aq+6VhKulXjOkUnnN9jp2i7ZxSozMfmw1QqBauUg+1cEOmmEOrXlsrdf8szY2CBxKkKcjiVBTWyRXY1R/4Fea/GxDYa7RBZMZBCBxfBofdhiyTR/R6T1iYYN3T/zH16jwLd3jIRSbFA9HsncxG7gYHfBQIDAQAB";

fn zone() -> Server {
    let long = format!("v=DKIM1; k=rsa; p={KEY}");
    Server::default()
        .txt("example.com", &[&["v=spf1 include:_spf.example.net", " ip4:203.0.113.0/24 ~all"], &["something else"]])
        .txt("_spf.example.net", &[&["v=spf1 a:out.example.net -all"]])
        .a("out.example.net", "192.0.2.9")
        .cname("sel._domainkey.example.com", "sel.dkim.example.net")
        .txt("sel.dkim.example.net", &[&[&long[..255], &long[255..]]])
        .txt("_dmarc.example.com", &[&["v=DMARC1; p=reject; rua=mailto:d@example.com"]])
        .mx("example.com", 10, "MX.Example.Com.")
        .a("mx.example.com", "203.0.113.5")
        .ptr("7.113.0.203.in-addr.arpa", "mail.example.com")
        .a("mail.example.com", "203.0.113.7")
        .a("7.113.0.203.zen.spamhaus.org", "127.255.255.254")
}

fn subject() -> Subject {
    Subject {
        selectors: vec!["sel".to_owned()],
        ips: vec!["203.0.113.7".parse().unwrap()],
        ..Subject::new("example.com".parse().unwrap())
    }
}

async fn look_up(server: Server) -> Report {
    let (address, _running) = server.start().await;
    let dns = Dns::servers(&[address], Duration::from_millis(300)).unwrap();
    dns.look_up(&subject()).await
}

fn verdict(report: &Report, topic: Topic) -> (Verdict, String) {
    let check = report.checks.iter().find(|check| check.topic == topic).unwrap();
    (check.verdict, check.finding.clone())
}

#[tokio::test]
async fn a_domain_in_order_passes() {
    let report = look_up(zone()).await;
    assert_eq!(report.verdict(), Verdict::Passing, "{report:#?}");
    assert!(verdict(&report, Topic::Spf).1.starts_with("2 of 10 look-ups: v=spf1 include:_spf.example.net ip4:"));
    assert_eq!(verdict(&report, Topic::Dkim).1, "an RSA key of 2048 bits");
    assert_eq!(verdict(&report, Topic::Mx).1, "mx.example.com");
    assert_eq!(verdict(&report, Topic::Ptr).1, "mail.example.com, and back");
    let refused = report.checks.iter().find(|check| check.about.ends_with("zen.spamhaus.org")).unwrap();
    assert_eq!(refused.verdict, Verdict::Unknown, "a list that refuses to answer lists nothing");
}

#[tokio::test]
async fn what_is_not_there_fails_and_what_does_not_answer_is_unknown() {
    for (reaction, expected) in [
        (Reaction::NoSuchName, Verdict::Failing),
        (Reaction::Empty, Verdict::Failing),
        (Reaction::ServFail, Verdict::Unknown),
        (Reaction::Refused, Verdict::Unknown),
        (Reaction::Silence, Verdict::Unknown),
        (Reaction::Garbage, Verdict::Unknown),
    ] {
        for (name, topic) in [
            ("example.com", Topic::Spf),
            ("sel._domainkey.example.com", Topic::Dkim),
            ("_dmarc.example.com", Topic::Dmarc),
            ("7.113.0.203.in-addr.arpa", Topic::Ptr),
        ] {
            let report = look_up(zone().reacting(name, reaction)).await;
            let (found, finding) = verdict(&report, topic);
            assert_eq!(found, expected, "{name} {reaction:?}: {finding}");
            assert_eq!(report.verdict(), expected, "{name} {reaction:?}");
        }
    }
}

#[tokio::test]
async fn an_include_that_does_not_answer_leaves_spf_unknown() {
    let report = look_up(zone().reacting("_spf.example.net", Reaction::ServFail)).await;
    assert_eq!(verdict(&report, Topic::Spf).0, Verdict::Unknown);
}

#[tokio::test]
async fn a_listed_address_is_listed() {
    let report = look_up(zone().a("7.113.0.203.zen.spamhaus.org", "127.0.0.2")).await;
    assert_eq!(report.verdict(), Verdict::Failing);
}

#[tokio::test]
async fn a_long_answer_comes_by_tcp() {
    let many: Vec<String> = (0..40).map(|n| format!("{n:0>200}")).collect();
    let many: Vec<[&str; 1]> = many.iter().map(|text| [text.as_str()]).collect();
    let many: Vec<&[&str]> = many.iter().map(|record| &record[..]).collect();
    let (address, _running) = zone().txt("long.example.com", &many).start().await;
    let dns = Dns::servers(&[address], Duration::from_millis(500)).unwrap();
    let answer = dns.ask(&Question { name: "long.example.com".to_owned(), kind: RecordKind::Txt }).await;
    let Answer::Records(records) = answer else { panic!("{answer:?}") };
    assert_eq!(records.len(), 40);
}

#[tokio::test]
async fn names_that_cannot_be_are_not_there() {
    let (address, _running) = zone().start().await;
    let dns = Dns::servers(&[address], Duration::from_millis(300)).unwrap();
    for name in ["a..b", &"x".repeat(70), "%{i}._spf"] {
        let answer = dns.ask(&Question { name: name.to_owned(), kind: RecordKind::A }).await;
        assert_eq!(answer, Answer::NoSuchName, "{name}");
    }
}

#[tokio::test]
async fn no_server_at_all_is_unknown() {
    let dns = Dns::servers(&["127.0.0.1:9".parse().unwrap()], Duration::from_millis(200)).unwrap();
    let report = dns.look_up(&subject()).await;
    assert_eq!(report.verdict(), Verdict::Unknown, "{report:#?}");
    assert!(report.checks.iter().all(|check| check.verdict == Verdict::Unknown));
}
