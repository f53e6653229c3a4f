//! Since when a domain fails, and whether it may send (domain.md §7): failing for over 72 h it stops sending, and keeps
//! receiving. A look-up that fails changes nothing: what failed before fails still, what did not does not.
//!
//! A domain *fails* with any check that is required, and its owner is told. It *stops*, and caps the scores of its mailboxes, for
//! SPF, DKIM and DMARC only, on a clock of their own: the name or a listing of a sending IP says nothing of mailboxes that send
//! through their provider's servers.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Check, Report, Topic, Verdict, verdict};
use crate::health::Dns;
use crate::id::DomainName;
use crate::limits::HealthLimits;

/// What is remembered of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainState {
    /// The domain.
    pub domain: DomainName,
    /// How it stands, by the last that is known of every check.
    pub verdict: Verdict,
    /// Since when it stands so.
    pub since: Timestamp,
    /// Since when it fails without a break.
    pub failing_since: Option<Timestamp>,
    /// Since when SPF, DKIM or DMARC fails without a break: what stops it.
    #[serde(default)]
    pub records_failing_since: Option<Timestamp>,
    /// When it was checked last.
    pub checked_at: Timestamp,
    /// The last that is known of every check; of blocklists, those that list something or did not answer.
    pub checks: Vec<Check>,
    /// DKIM selectors that an operator named.
    #[serde(default)]
    pub selectors: Vec<String>,
}

/// What a check changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It fails from now on.
    Failing,
    /// Its grace is over: it stops sending.
    Stopped,
    /// It fails no longer.
    Recovered,
}

impl DomainState {
    /// The state after a check at `now`.
    #[must_use]
    pub fn after(before: Option<&Self>, report: Report, now: Timestamp) -> Self {
        let selectors = before.map(|before| before.selectors.clone()).unwrap_or_default();
        let seen: BTreeSet<String> = seen_keys(&report).map(|check| check.about.clone()).collect();
        let checks = report.checks.into_iter().map(|check| keep_failing(before, check, (&report.domain, &seen)));
        // It is written daily: what lists nobody would double the row.
        let is_quiet = |check: &Check| check.topic == Topic::Blocklist && check.verdict == Verdict::Passing;
        let checks: Vec<Check> = checks.filter(|check| !is_quiet(check)).collect();
        let verdict = verdict(&checks);
        let since = before.filter(|before| before.verdict == verdict).map_or(now, |before| before.since);
        let failing_since =
            (verdict == Verdict::Failing).then(|| before.and_then(|before| before.failing_since).unwrap_or(now));
        let records_failing_since = checks.iter().any(Check::stops).then(|| {
            let before = before.filter(|before| before.checks.iter().any(Check::stops));
            // A row of the version before knows one clock only.
            before.and_then(|before| before.records_failing_since.or(before.failing_since)).unwrap_or(now)
        });
        Self {
            domain: report.domain,
            verdict,
            since,
            failing_since,
            records_failing_since,
            checked_at: now,
            checks,
            selectors,
        }
    }

    /// How it stands, in the words of health. A check that failed stays failing while nobody can look, so a domain without a
    /// failing one does not fail; but one of whose records nothing is known does not pass either.
    #[must_use]
    pub fn dns(&self) -> Dns {
        let is_known = |check: &Check| check.authenticates() && check.verdict != Verdict::Unknown;
        match self.records_failing_since {
            Some(since) => Dns::Failing { since },
            None if self.checks.iter().any(is_known) => Dns::Passing,
            None => Dns::Unknown,
        }
    }

    /// Whether mailboxes of the domain may send: its records do not fail, or not for longer than their grace yet (72 h by
    /// default).
    #[must_use]
    pub fn may_send(&self, now: Timestamp, limits: &HealthLimits) -> bool {
        let grace = SignedDuration::from_hours(i64::from(limits.dns_grace_hours));
        self.records_failing_since.is_none_or(|since| now.duration_since(since) <= grace)
    }

    /// Whether it is time to look again: a day after it was well, an hour after it was not.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let minutes = match self.verdict {
            Verdict::Passing | Verdict::Warning => 23 * 60,
            Verdict::Failing | Verdict::Unknown => 50,
        };
        now.duration_since(self.checked_at) >= SignedDuration::from_mins(minutes)
    }

    /// What changed from `before`, which was looked at at its own `checked_at`.
    #[must_use]
    pub fn change(&self, before: Option<&Self>, limits: &HealthLimits) -> Option<Change> {
        let failed = before.is_some_and(|before| before.failing_since.is_some());
        let sent = before.is_none_or(|before| before.may_send(before.checked_at, limits));
        match (failed, self.failing_since.is_some()) {
            (true, false) => Some(Change::Recovered),
            (_, true) if sent && !self.may_send(self.checked_at, limits) => Some(Change::Stopped),
            (false, true) => Some(Change::Failing),
            (true, true) | (false, false) => None,
        }
    }
}

/// A check that nobody could make stays failing if it was: never better than the last that is known. Where DKIM's selectors are
/// only tried, failed look-ups are one check of the domain (`tried`): a key that failed and was not seen now fails still.
fn keep_failing(before: Option<&DomainState>, check: Check, tried: (&DomainName, &BTreeSet<String>)) -> Check {
    if check.verdict != Verdict::Unknown {
        return check;
    }
    let (domain, seen) = tried;
    let is_guess = check.topic == Topic::Dkim && check.required && check.about == domain.as_str();
    let failed = |old: &&Check| {
        let is_same = old.about == check.about || (is_guess && !seen.contains(&old.about));
        old.topic == check.topic && old.verdict == Verdict::Failing && is_same
    };
    match before.and_then(|before| before.checks.iter().find(failed)) {
        Some(old) => old.clone(),
        None => check,
    }
}

/// The DKIM keys that somebody saw.
fn seen_keys(report: &Report) -> impl Iterator<Item = &Check> {
    report.checks.iter().filter(|check| check.topic == Topic::Dkim && check.verdict != Verdict::Unknown)
}
