//! One send: claim the slot, speak SMTP, write the outcome (architecture.md, *State of a send*).
//!
//! The order is the guarantee. Nothing is said to a mail server before the claim is in the ledger, so two deliveries of
//! a message give one DATA. Whatever ends *before* the final dot gives the claim back, and the fan-out plans the slot
//! anew; whatever ends *after* it leaves the slot ambiguous until the recipient's mailbox was searched. A process that
//! dies in between leaves a claim that expires, which is the same thing.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use preheat_core::content::{Language, conversation, render};
use preheat_core::id::{Address, SlotId};
use preheat_core::mailbox::State;
use preheat_core::message::{Content, SendBatch, SendOrder};
use preheat_mail::compose::{Draft, compose};
use preheat_mail::smtp::{self, SendError};
use preheat_mail::{Account, Auth, Deadlines};
use preheat_store::{Claim, ClaimRequest, Credential, Held, Lost, Profile, Secrets};
use serde::Serialize;

use crate::queue::{Outgoing, Queue};
use crate::redact::without_addresses;
use crate::{App, AppError, Next};

/// An order may be executed this much before its time: clocks of queues and processes differ a little.
const EARLY_MAX: SignedDuration = SignedDuration::from_secs(5);

/// How one order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SendOutcome {
    /// The server took it.
    Sent,
    /// Refused for good; the quota was given back.
    Rejected,
    /// To be planned again: nothing can have been delivered.
    Deferred,
    /// It may have arrived.
    Ambiguous,
    /// Too late, or its mailbox does not send any more.
    Stale,
    /// Somebody else has the slot, or the parent was replied to already.
    Taken,
    /// The day's quota is used up.
    OverQuota,
    /// Came too soon after the last one: put back with a delay.
    Spaced,
    /// The mailbox's credentials were refused: it is in `error` now.
    Unauthorised,
}

impl SendOutcome {
    /// Its word in metrics and logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Rejected => "rejected",
            Self::Deferred => "deferred",
            Self::Ambiguous => "ambiguous",
            Self::Stale => "stale",
            Self::Taken => "taken",
            Self::OverQuota => "over_quota",
            Self::Spaced => "spaced",
            Self::Unauthorised => "unauthorised",
        }
    }
}

/// Executes the orders of a message, one after the other. `attempt` tells this invocation from every other.
///
/// # Errors
/// The ledger did not answer *before* a claim: the message goes back to its queue.
pub async fn send_batch(app: &App, batch: &SendBatch, attempt: &str) -> Result<Vec<SendOutcome>, AppError> {
    let mut outcomes = Vec::with_capacity(batch.orders.len());
    for order in &batch.orders {
        let outcome = send_one(app, batch, order, attempt).await?;
        tracing::info!(
            tenant = %batch.tenant, mailbox = %batch.mailbox, slot = %order.slot, request = attempt, ?outcome, "send"
        );
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// What the caller does with the message.
#[must_use]
pub fn next(result: &Result<Vec<SendOutcome>, AppError>) -> Next {
    match result {
        Ok(_) => Next::Done,
        Err(error) => Next::Retry(error.to_string()),
    }
}

async fn send_one(app: &App, batch: &SendBatch, order: &SendOrder, attempt: &str) -> Result<SendOutcome, AppError> {
    let now = app.now();
    if now >= order.not_after {
        return Ok(SendOutcome::Stale);
    }
    if now + EARLY_MAX < order.due_at {
        return put_back(app, batch, order, order.due_at).await;
    }
    let Some(profile) = app.profiles.get(&app.store, batch.mailbox, now).await? else {
        return Ok(SendOutcome::Stale);
    };
    // Everything that can fail without consequence comes before the claim.
    let secrets = app.vault.secrets().await?;
    let credential = app.vault.open(&profile.tenant, profile.id, &profile.sealed).await?;
    let message = match draft(&secrets, &profile, order, now) {
        Ok(message) => message,
        Err(reason) => {
            tracing::error!(mailbox = %batch.mailbox, slot = %order.slot, reason, "the mail cannot be composed");
            return Ok(SendOutcome::Stale);
        }
    };
    let request = ClaimRequest {
        slot: order.slot,
        partner: order.partner,
        parent: parent(order),
        fence: fence(attempt, order.slot),
        now,
        expires_at: now + app.limits.hold(),
        spacing_s: app.limits.spacing_s,
    };
    let held = match app.store.claim(&request).await? {
        Claim::Won(held) => held,
        Claim::Lost(Lost::Taken | Lost::Replied) => return Ok(SendOutcome::Taken),
        Claim::Lost(Lost::Stale) => return Ok(SendOutcome::Stale),
        Claim::Lost(Lost::Quota) => return Ok(SendOutcome::OverQuota),
        Claim::Lost(Lost::TooSoon { ready_at }) => return put_back(app, batch, order, ready_at).await,
    };
    let auth = auth(&credential);
    let account = Account { endpoint: &profile.smtp, user: &profile.user, credential: auth };
    let result = smtp::send(app.dial.as_ref(), &account, &profile.address, &order.to, &message, &Deadlines::SMTP).await;
    Ok(conclude(app, &profile, &held, result).await)
}

/// Writes the outcome. From here on nothing goes back to the queue: what cannot be written stays a claim, and an
/// expired claim is ambiguous.
async fn conclude(app: &App, profile: &Profile, held: &Held, result: Result<smtp::Accepted, SendError>) -> SendOutcome {
    let store = &app.store;
    let (written, outcome) = match result {
        Ok(_) => (store.sent(held).await, SendOutcome::Sent),
        Err(error) => {
            let reason = without_addresses(&error.to_string());
            tracing::warn!(mailbox = %profile.id, slot = %held.slot(), reason, "not sent");
            match error {
                SendError::Unknown { .. } => (store.ambiguous(held, app.now()).await, SendOutcome::Ambiguous),
                SendError::Refused { .. } => (store.rejected(held, &reason).await, SendOutcome::Rejected),
                SendError::Credentials { .. } => {
                    let released = store.release(held, &reason).await;
                    let stopped = store.set_state(profile.id, State::Error, Some(&reason)).await;
                    (released.and(stopped), SendOutcome::Unauthorised)
                }
                SendError::Deferred { .. } | SendError::Unreachable { .. } | SendError::BrokenBefore { .. } => {
                    let reported = store.report_provider(profile.provider, 1).await;
                    (store.release(held, &reason).await.and(reported), SendOutcome::Deferred)
                }
            }
        }
    };
    if let Err(error) = written {
        tracing::error!(mailbox = %profile.id, slot = %held.slot(), %error, "the outcome was not written: ambiguous");
        return SendOutcome::Ambiguous;
    }
    outcome
}

async fn put_back(
    app: &App,
    batch: &SendBatch,
    order: &SendOrder,
    ready_at: Timestamp,
) -> Result<SendOutcome, AppError> {
    if ready_at >= order.not_after {
        return Ok(SendOutcome::Stale);
    }
    let delay_s = ready_at.duration_since(app.now()).as_secs().clamp(1, 900);
    let alone = SendBatch { orders: vec![order.clone()], ..batch.clone() };
    let body = serde_json::to_string(&alone).map_err(crate::QueueError::from)?;
    let message = Outgoing { delay_s: u32::try_from(delay_s).unwrap_or(900), body };
    app.queues.push(Queue::Sends, &[message]).await?;
    Ok(SendOutcome::Spaced)
}

fn parent(order: &SendOrder) -> Option<SlotId> {
    match &order.content {
        Content::Opening => None,
        Content::Reply { chain, .. } => chain.last().copied(),
    }
}

/// Tells this claim from every other of the same slot, also from one of the same message in another invocation.
fn fence(attempt: &str, slot: SlotId) -> u32 {
    // FNV-1a: a label, not a secret.
    let text = format!("{attempt}/{slot}");
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn auth(credential: &Credential) -> Auth<'_> {
    match credential {
        Credential::Password(password) => Auth::Password(password.expose()),
        Credential::OAuth2 { access_token } => Auth::XOauth2(access_token.expose()),
    }
}

pub(crate) fn account_auth(credential: &Credential) -> Auth<'_> {
    auth(credential)
}

fn draft(secrets: &Secrets, profile: &Profile, order: &SendOrder, now: Timestamp) -> Result<Vec<u8>, String> {
    let own = profile.address.domain();
    let theirs = order.to.domain();
    let id = |slot: SlotId| {
        let domain = if slot.mailbox == order.slot.mailbox { own } else { theirs };
        secrets.tokens.message_id(&profile.pool, slot, domain)
    };
    let (root, turn, references) = match &order.content {
        Content::Opening => (order.slot, 0, Vec::new()),
        Content::Reply { chain, rewritten_id } => {
            let mut references: Vec<String> = chain.iter().map(|&slot| id(slot)).collect();
            if let (Some(last), Some(rewritten)) = (references.last_mut(), rewritten_id) {
                last.clone_from(rewritten);
            }
            let root = chain.first().copied().ok_or("a reply without a parent")?;
            (root, u8::try_from(chain.len()).unwrap_or(u8::MAX), references)
        }
    };
    let thread = secrets.seed.hash64("thread", &[u64::from(root.mailbox.0), date_part(root), u64::from(root.k)]);
    let talk = conversation(thread, Language::En);
    let zone = TimeZone::get(&profile.zone).map_err(|error| error.to_string())?;
    let text = render(&talk, turn, first_name(&profile.display_name), &name_of(&order.to));
    compose(&Draft {
        from: &profile.address,
        from_name: &profile.display_name,
        to: &order.to,
        subject: &text.subject,
        body: &text.body,
        message_id: &id(order.slot),
        token: &secrets.tokens.token(&profile.pool, order.slot),
        in_reply_to: references.last().map(String::as_str),
        references: &references,
        date: &now.to_zoned(zone),
    })
    .map_err(|error| error.to_string())
}

fn date_part(slot: SlotId) -> u64 {
    u64::from(preheat_core::id::day_number(slot.date))
}

fn first_name(display_name: &str) -> &str {
    display_name.split_whitespace().next().unwrap_or(display_name)
}

/// What one calls the owner of an address: its first word, capitalised. `anna.berg@…` is Anna.
fn name_of(address: &Address) -> String {
    let word = address.local_part().split(['.', '_', '-', '+']).find(|word| !word.is_empty()).unwrap_or("there");
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}
