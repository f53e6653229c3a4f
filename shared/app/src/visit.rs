//! One visit: what a careful owner does with a mailbox, in one IMAP session.
//!
//! Lease, look, **record, then act**. Placements and owed replies are written before anything is moved, so a visit that
//! dies half way is continued by the next one: a mail already recorded is not recorded again, and every action can be
//! repeated. The lease is not given back; it expires, and visits are an hour or more apart.
//!
//! A mail whose token does not verify is not ours: it is left alone, whatever it looks like (domain.md §6).
//!
//! | module | the part of the visit |
//! |---|---|
//! | `look` | which warmup mails lie where |
//! | `decide` | what is recorded of them: placements, owed replies, what the night left over |
//! | `act` | rescue, read, flag, file, expire |
//! | `reports` | bounces and other mail of programs is read, and handed to the events |

mod act;
mod decide;
mod look;
mod reports;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use preheat_core::control::Arm;
use preheat_core::day::PlanRow;
use preheat_core::engage::{settled_until, visit_times};
use preheat_core::id::{MailboxId, SlotId};
use preheat_core::mailbox::State;
use preheat_core::message::VisitOrder;
use preheat_core::visit::{Found, Placement};
use preheat_mail::imap::{ImapError, Visit};
use preheat_mail::smtp::{self, SendError};
use preheat_mail::{Account, Deadlines};
use preheat_store::{Profile, Secrets, StoreError};
use serde::Serialize;

use crate::moved;
use crate::redact::without_addresses;
use crate::send::account_auth;
use crate::{App, Next};

/// An ambiguous send that is not found so long after it was lost sight of did not arrive.
pub const ABSENT_AFTER: SignedDuration = SignedDuration::from_hours(2);

/// What a visit did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VisitReport {
    /// Mails seen for the first time, and where they were.
    #[serde(skip)]
    pub found: Vec<Found>,
    /// Mails moved out of spam or a category tab, and seen to have stayed where they were put.
    pub rescued: u32,
    /// Rescues that the server took and that did not hold: the next visit sees these mails again.
    pub rescues_lost: u32,
    /// Mails marked read.
    pub read: u32,
    /// Mails flagged.
    pub flagged: u32,
    /// Replies decided on.
    pub replies_owed: u32,
    /// Copies filed, received and sent.
    pub filed: u32,
    /// Filed copies whose 14 days were over.
    pub expired: u32,
    /// Reports of programs that were read: bounces, complaints, auto-replies, challenges.
    pub reports: u32,
    /// Events that they gave and that were new.
    pub events: u32,
    /// Ambiguous sends found.
    pub reconciled: u32,
    /// Ambiguous sends that did not arrive and may be planned again.
    pub replanned: u32,
    /// The night's audit: warmup mail that lay in INBOX or Sent since before last evening's visit. Target 0.
    pub left_over: u32,
    /// Why nothing was done, if nothing was.
    pub skipped: Option<String>,
}

impl VisitReport {
    /// Its counts, named as in metrics.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u32); 9] {
        let found = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        let in_spam = self.found.iter().filter(|found| found.placement == Placement::Spam).count();
        [
            ("found", found),
            ("found_in_spam", u32::try_from(in_spam).unwrap_or(u32::MAX)),
            ("rescued", self.rescued),
            ("read", self.read),
            ("replies_owed", self.replies_owed),
            ("filed", self.filed),
            ("expired", self.expired),
            ("reconciled", self.reconciled),
            ("replanned", self.replanned),
        ]
    }
}

/// Makes the visit.
///
/// # Errors
/// The ledger did not answer, or the mailbox could not be reached: the message goes back to its queue.
pub async fn visit(app: &App, order: &VisitOrder) -> Result<VisitReport, VisitError> {
    let now = app.now();
    if now >= order.not_after {
        return Ok(skipped("too late: a later visit does its work"));
    }
    let Some(profile) = app.profiles.get(&app.store, order.mailbox, now).await? else {
        return Ok(skipped("there is no such mailbox any more"));
    };
    let Some(row) = app.store.plan_row(order.mailbox).await? else {
        return Ok(skipped("there is no such mailbox any more"));
    };
    if matches!(row.state, State::Error | State::Retired) {
        return Ok(skipped("the mailbox is in error or retired"));
    }
    let secrets = app.vault.secrets().await?;
    let credential = app.vault.open(&profile.tenant, profile.id, &profile.sealed).await?;
    let account = Account { endpoint: &profile.imap, user: &profile.user, credential: account_auth(&credential) };
    if row.state == State::New {
        // It records nothing, so it needs no lease: the first day would have to wait for that to run out.
        return first_visit(app, &profile, &account).await;
    }
    let Some(lease) = app.store.lease(order.mailbox, now, now + app.limits.hold()).await? else {
        return Err(VisitError::Leased);
    };
    let session = match Visit::open(app.dial.as_ref(), &account, &Deadlines::IMAP).await {
        Ok(session) => session,
        Err(error) => {
            if let ImapError::Credentials { .. } = &error {
                let stopped = moved::refused(app, &profile, &State::LIVE, &error.to_string()).await?;
                let what = if stopped { "is in error now" } else { "lives no more" };
                return Ok(skipped(&format!("the credentials were refused: the mailbox {what}")));
            }
            return Err(error.into());
        }
    };
    let mut call = Call::new(app, order, &row, &secrets, session);
    let seen = call.look().await?;
    call.learn_arms(&seen).await?;
    let visits_done = if lease.row.date == Some(order.date) { lease.row.visits_done } else { 0 };
    call.read_reports(&seen, visits_done, now).await?;
    let changed = call.decide(&lease.row, &seen, now);
    app.store.record(&lease, &changed).await?;
    call.reconcile(&seen, now).await?;
    call.act(&seen, now).await?;
    let Call { session, report, .. } = call;
    session.logout().await;
    Ok(report)
}

/// The first visit of a new mailbox: both logins work, and it warms; one is refused, and it is in error, with the reason. A
/// server that does not answer is asked again at the next tick.
async fn first_visit(app: &App, profile: &Profile, imap: &Account<'_>) -> Result<VisitReport, VisitError> {
    let smtp = Account { endpoint: &profile.smtp, ..*imap };
    let refused = match Visit::open(app.dial.as_ref(), imap, &Deadlines::IMAP).await {
        Ok(session) => {
            session.logout().await;
            match smtp::check_login(app.dial.as_ref(), &smtp, profile.address.domain(), &Deadlines::SMTP).await {
                Ok(_) => None,
                Err(error @ SendError::Credentials { .. }) => Some(format!("SMTP: {error}")),
                Err(error) => {
                    let reason = without_addresses(&error.to_string());
                    return Ok(skipped(&format!("new, and SMTP does not answer yet: {reason}")));
                }
            }
        }
        Err(error @ ImapError::Credentials { .. }) => Some(format!("IMAP: {error}")),
        Err(error) => {
            let reason = without_addresses(&error.to_string());
            return Ok(skipped(&format!("new, and IMAP does not answer yet: {reason}")));
        }
    };
    // Logging in takes its time: who paused it meanwhile has the last word.
    let (is_done, what) = match refused {
        None if !may_begin(app, profile).await? => {
            return Ok(skipped(
                "new: both logins work, but its domain has failed its checks for longer than its grace",
            ));
        }
        None => (moved::accepted(app, profile).await?, "new: both logins work, it warms from now on"),
        Some(reason) => {
            let done = moved::refused(app, profile, &[State::New], &reason).await?;
            (done, "new: a login was refused, the mailbox is in error now")
        }
    };
    if is_done {
        Ok(skipped(what))
    } else {
        Ok(skipped("it was new when the visit began; somebody has changed that since"))
    }
}

/// Whether a mailbox of this domain may begin: its records do not fail, or are within their grace. Of one that was never looked
/// up the governor says when that has lasted too long.
async fn may_begin(app: &App, profile: &Profile) -> Result<bool, StoreError> {
    let Ok(domain) = profile.address.domain().parse() else { return Ok(true) };
    let state = app.store.domain_state(&profile.tenant, &domain).await?;
    Ok(state.is_none_or(|state| state.may_send(app.now(), &app.limits.health)))
}

/// Why a visit broke off.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The ledger did not answer, or the lease was lost.
    #[error("the ledger: {0}")]
    Store(#[from] StoreError),
    /// The mailbox.
    #[error("IMAP: {0}")]
    Imap(#[from] ImapError),
    /// Somebody else holds the lease: a visit under way, or one that died and whose lease has not expired yet. The queue
    /// delivers again when it has.
    #[error("another visit holds the lease")]
    Leased,
}

/// What the caller does with the message.
#[must_use]
pub fn next(result: &Result<VisitReport, VisitError>) -> Next {
    match result {
        // Whoever has the newer fence does the work.
        Ok(_) | Err(VisitError::Store(StoreError::StaleFence)) => Next::Done,
        Err(error) => Next::Retry(without_addresses(&error.to_string())),
    }
}

fn skipped(reason: &str) -> VisitReport {
    VisitReport { skipped: Some(reason.to_owned()), ..VisitReport::default() }
}

/// A visit under way.
struct Call<'a> {
    app: &'a App,
    order: &'a VisitOrder,
    row: &'a PlanRow,
    secrets: &'a Secrets,
    session: Visit,
    report: VisitReport,
    /// The mailbox's own arm, and those of the senders whose mail is in sight.
    own: Arm,
    arms: BTreeMap<MailboxId, Arm>,
    /// The visits of the order's date.
    visits: Vec<Timestamp>,
    /// What arrived before this moment was decided on, and filed, by the evening before.
    settled: Timestamp,
}

impl<'a> Call<'a> {
    fn new(app: &'a App, order: &'a VisitOrder, row: &'a PlanRow, secrets: &'a Secrets, session: Visit) -> Self {
        let (seed, plan) = (&secrets.seed, &row.plan);
        let per_day = app.limits.visits_per_day;
        Self {
            app,
            order,
            row,
            secrets,
            session,
            report: VisitReport::default(),
            own: Arm::of(seed, plan, app.limits.control_share),
            arms: BTreeMap::new(),
            visits: visit_times(seed, &plan.schedule, plan.id, order.date, per_day),
            settled: settled_until(seed, &plan.schedule, plan.id, order.date, per_day),
        }
    }

    /// Whether a mail is engaged with, or only measured: both its sender and this mailbox must be warmed.
    fn is_engaged(&self, slot: SlotId) -> bool {
        self.own.is_engaged() && self.arms.get(&slot.mailbox).copied().unwrap_or_default().is_engaged()
    }
}
