//! Domains: are SPF, DKIM, DMARC, MX, the PTR of sending IPs and DNS blocklists in order, and may the domain send
//! (domain.md §7)?
//!
//! Pure: [`judge`] is given the answers that are known, and says what it makes of them and which questions it still has
//! ([`Judged::missing`]: SPF's includes show themselves only one after the other). Whoever has a resolver asks those and judges
//! again, until none is missing.
//!
//! | module | what it judges |
//! |---|---|
//! | [`spf`] | the record, its look-ups, whether the sending IPs are in it; merging two records into one |
//! | [`dkim`] | keys at given selectors, or at those that providers are known to use |
//! | [`dmarc`] | the policy, its own or the organisational domain's |
//! | [`mail_hosts`] | MX, and the PTR of sending IPs |
//! | [`blocklist`] | DNS blocklists of addresses and of domains |
//! | [`state`] | since when a domain fails, and whether it may send |
//! | [`fleet`] | what is shown of a domain: its mailboxes and their scores |
//!
//! Decisions where domain.md is silent:
//! - A DKIM key that is found at none of the known selectors is `unknown`: selectors cannot be listed. At a given selector it is
//!   failing.
//! - A domain fails with a failing check that is required: SPF, DKIM, DMARC, MX, PTR, and the blocklists marked as such.
//!
//! May not open a socket, know a resolver, or take a failed look-up for a bad answer: it is [`Verdict::Unknown`].

pub mod blocklist;
pub mod dkim;
pub mod dmarc;
pub mod fleet;
pub mod mail_hosts;
pub mod spf;
pub mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::DomainName;
use crate::mailbox::Provider;

/// What is asked of the DNS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The name, lower case, without the dot at its end. May hold `_`, and anything that a record names.
    pub name: String,
    /// Which records.
    pub kind: RecordKind,
}

/// Kinds of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// TXT: each record's strings joined.
    Txt,
    /// MX: as `10 mx.example.com`; a null MX as `0 .`.
    Mx,
    /// A.
    A,
    /// AAAA.
    Aaaa,
    /// PTR: host names.
    Ptr,
}

/// What the DNS said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These records, as [`RecordKind`] says; names lower case, without the dot at their end.
    Records(Vec<String>),
    /// The name is there, such records are not.
    Nothing,
    /// There is no such name.
    NoSuchName,
    /// No answer, or one that is none: time-out, SERVFAIL, REFUSED. It says nothing of the domain.
    Failed(String),
}

impl Answer {
    /// The records, none where there are none; the reason if nobody knows.
    fn records(&self) -> Result<&[String], &str> {
        match self {
            Self::Records(records) => Ok(records),
            Self::Nothing | Self::NoSuchName => Ok(&[]),
            Self::Failed(why) => Err(why),
        }
    }
}

/// Every answer that is known.
pub type Known = BTreeMap<Question, Answer>;

/// The answers that are known, and a note of those that are not.
struct Ask<'a> {
    known: &'a Known,
    missing: BTreeSet<Question>,
}

impl<'a> Ask<'a> {
    /// The records of a name; `None`: not known yet, and noted.
    fn of(&mut self, kind: RecordKind, name: &str) -> Option<&'a Answer> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let question = Question { name, kind };
        let answer = self.known.get(&question);
        if answer.is_none() {
            self.missing.insert(question);
        }
        answer
    }

    /// A and AAAA of a name together: what is unknown of one counts only where the other is empty. `None`: not known yet.
    fn addresses(&mut self, name: &str) -> Option<Result<Vec<IpAddr>, String>> {
        let (four, six) = (self.of(RecordKind::A, name), self.of(RecordKind::Aaaa, name));
        let (four, six) = (four?, six?);
        let mut found = Vec::new();
        let mut failed = None;
        for answer in [four, six] {
            match answer.records() {
                Ok(records) => found.extend(records.iter().filter_map(|record| record.parse::<IpAddr>().ok())),
                Err(why) => failed = Some(why.to_owned()),
            }
        }
        Some(match failed {
            Some(why) if found.is_empty() => Err(why),
            Some(_) | None => Ok(found),
        })
    }
}

/// What is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The domain.
    pub domain: DomainName,
    /// DKIM selectors that it uses; empty: not known, the providers' usual ones are tried.
    pub selectors: Vec<String>,
    /// Who hosts its mailboxes, as far as known: for advice.
    pub providers: BTreeSet<Provider>,
    /// Addresses that send for it.
    pub ips: Vec<IpAddr>,
    /// Blocklists to ask.
    pub blocklists: Vec<blocklist::Blocklist>,
}

impl Subject {
    /// A domain of which nothing else is known, with the default blocklists.
    #[must_use]
    pub fn new(domain: DomainName) -> Self {
        let blocklists = blocklist::defaults();
        Self { domain, selectors: Vec::new(), providers: BTreeSet::new(), ips: Vec::new(), blocklists }
    }
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// Who may send for the domain.
    Spf,
    /// Keys that mails are signed with.
    Dkim,
    /// What becomes of mails that fail both.
    Dmarc,
    /// Where the domain's mail goes to.
    Mx,
    /// Names of sending IPs.
    Ptr,
    /// DNS blocklists.
    Blocklist,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spf => "SPF",
            Self::Dkim => "DKIM",
            Self::Dmarc => "DMARC",
            Self::Mx => "MX",
            Self::Ptr => "PTR",
            Self::Blocklist => "blocklist",
        })
    }
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// In order.
    Passing,
    /// It works, and should be better.
    Warning,
    /// Not in order.
    Failing,
    /// Nobody knows: the look-up failed, or there is no way to look.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Failing => "failing",
            Self::Unknown => "unknown",
        })
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked.
    pub topic: Topic,
    /// Of what: the domain, a selector, an address, a list.
    pub about: String,
    /// How it stands.
    pub verdict: Verdict,
    /// Whether the domain depends on it: fails where it fails, is unknown where it is unknown.
    pub required: bool,
    /// What was found.
    pub finding: String,
    /// What to do.
    pub advice: Option<String>,
}

impl Check {
    fn new(topic: Topic, about: impl Into<String>, verdict: Verdict, finding: impl Into<String>) -> Self {
        Self { topic, about: about.into(), verdict, required: true, finding: finding.into(), advice: None }
    }

    fn unknown(topic: Topic, about: impl Into<String>, why: &str) -> Self {
        Self::new(topic, about, Verdict::Unknown, format!("could not be looked up: {why}"))
            .advise("nothing yet: the look-up is made again with the next check")
    }

    fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// Whether it fails, and stops the domain: a record that authenticates its mail.
    fn stops(&self) -> bool {
        self.authenticates() && self.required && self.verdict == Verdict::Failing
    }

    /// Whether it is one of the records that say who may send for the domain.
    fn authenticates(&self) -> bool {
        match self.topic {
            Topic::Spf | Topic::Dkim | Topic::Dmarc => true,
            Topic::Mx | Topic::Ptr | Topic::Blocklist => false,
        }
    }

    fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}

/// Everything that was checked of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The domain.
    pub domain: DomainName,
    /// In the order of topics.
    pub checks: Vec<Check>,
}

impl Report {
    /// How the domain stands: failing with any required check; else unknown with any; else passing.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(&self.checks)
    }
}

/// See [`Report::verdict`].
#[must_use]
pub fn verdict(checks: &[Check]) -> Verdict {
    let required = |verdict| checks.iter().any(|check| check.required && check.verdict == verdict);
    if required(Verdict::Failing) {
        Verdict::Failing
    } else if required(Verdict::Unknown) {
        Verdict::Unknown
    } else if checks.iter().any(|check| matches!(check.verdict, Verdict::Warning | Verdict::Failing)) {
        Verdict::Warning
    } else {
        Verdict::Passing
    }
}

/// What is made of the answers so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The judgement; to be relied upon once nothing is missing.
    pub report: Report,
    /// Questions that are still open.
    pub missing: BTreeSet<Question>,
}

/// Rounds of questions after which nothing new may come up: SPF's chain of includes is cut at its own limit long before.
pub const ROUNDS_MAX: usize = 16;

/// Judges a domain by the answers that are known.
#[must_use]
pub fn judge(subject: &Subject, known: &Known) -> Judged {
    let mut ask = Ask { known, missing: BTreeSet::new() };
    let mut checks = vec![spf::check(&mut ask, subject)];
    checks.extend(dkim::check(&mut ask, subject));
    checks.push(dmarc::check(&mut ask, subject));
    checks.push(mail_hosts::mx(&mut ask, subject));
    checks.extend(mail_hosts::ptr(&mut ask, subject));
    checks.extend(blocklist::check(&mut ask, subject));
    Judged { report: Report { domain: subject.domain.clone(), checks }, missing: ask.missing }
}

/// A check whose answers are not there yet; [`judge`] is called again when they are.
fn pending(topic: Topic, about: impl Into<String>) -> Check {
    Check::new(topic, about, Verdict::Unknown, "not looked up yet")
}

/// `tag=value` pairs separated by `;`, as DKIM and DMARC write them (RFC 6376 §3.2). `None`: it is no such list.
fn tags(record: &str) -> Option<Vec<(&str, &str)>> {
    let parts = record.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').map(|(tag, value)| (tag.trim(), value.trim()))).collect()
}

/// The value of a tag.
fn tag<'a>(tags: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name)).map(|&(_, value)| value)
}
