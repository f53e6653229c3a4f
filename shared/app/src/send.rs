//! One send: claim the slot, speak SMTP, write the outcome (architecture.md, *State of a send*).
//!
//! The order is the guarantee. Nothing is said to a mail server before the claim is in the ledger, so two deliveries of
//! a message give one DATA. Whatever ends *before* the final dot gives the claim back, and the fan-out plans the slot
//! anew; whatever ends *after* it leaves the slot ambiguous until the recipient's mailbox was searched. A process that
//! dies in between leaves a claim that expires, which is the same thing.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use preheat_core::bounce::classify;
use preheat_core::content::deck::thread;
use preheat_core::content::plan::Script;
use preheat_core::content::{conversation, render};
use preheat_core::event::Class;
use preheat_core::id::{Address, SlotId};
use preheat_core::mailbox::State;
use preheat_core::message::{Content, SendBatch, SendOrder};
use preheat_mail::compose::{Draft, compose};
use preheat_mail::smtp::{self, Refusal, SendError};
use preheat_mail::{Account, Auth, Deadlines};
use preheat_store::{Claim, ClaimRequest, Credential, Held, Lost, Profile, Secrets};
use serde::Serialize;

use crate::moved::refused;
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
    let script = match order.plan {
        Some(plan) => app.scripts.get(&app.store, plan).await?,
        None => None,
    };
    let message = match draft(&secrets, &profile, order, script.as_deref(), now) {
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
                SendError::Refused { what: Refusal::Recipient, code, reply }
                    if classify(Some(code), None, &reply) == Class::Hard =>
                {
                    (store.bounced(held, &reason).await, SendOutcome::Rejected)
                }
                SendError::Refused { .. } => (store.rejected(held, &reason).await, SendOutcome::Rejected),
                SendError::Credentials { .. } => {
                    let released = store.release(held, &reason).await;
                    // One that somebody has paused or stopped meanwhile stays so: its next visit finds out.
                    let stopped = refused(app, profile, &State::SENDING, &reason).await;
                    (released.and(stopped.map(drop)), SendOutcome::Unauthorised)
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

/// The mail. `script` is the thread's stored plan; without one the library speaks.
fn draft(
    secrets: &Secrets,
    profile: &Profile,
    order: &SendOrder,
    script: Option<&Script>,
    now: Timestamp,
) -> Result<Vec<u8>, String> {
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
    let thread = thread(&secrets.seed, root);
    let talk = match script {
        Some(script) => script.conversation(thread, order.language),
        None => conversation(thread, order.language),
    };
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

fn first_name(display_name: &str) -> &str {
    display_name.split_whitespace().next().unwrap_or(display_name)
}

/// What one calls the owner of an address: its first word, capitalised. `anna.berg@…` is Anna.
fn name_of(address: &Address) -> String {
    let word = address.local_part().split(['.', '_', '-', '+']).find(|word| !word.is_empty()).unwrap_or("there");
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use preheat_core::clock::Clock;
    use preheat_core::content::Language;
    use preheat_core::content::plan::Written;
    use preheat_core::endpoint::{Endpoint, Security};
    use preheat_core::id::MailboxId;
    use preheat_core::mailbox::Provider;
    use preheat_store::{Secret, Store, Vault};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_772_442_000).unwrap_or_default()
    }

    async fn stack() -> (Arc<Secrets>, Profile) {
        let clock: Clock = Arc::new(now);
        let aws = preheat_local::Aws::memory(clock.clone(), 7).expect("in memory");
        let store = Store::new(aws.dynamodb(), "ledger");
        store.create_table().await.expect("created");
        let vault = Vault::new(&aws.kms(), store, "alias/preheat", clock);
        let tenant: preheat_core::id::TenantId = "acme".parse().expect("a name");
        let credential = Credential::Password(Secret::new("not a real one".to_owned()));
        let sealed = vault.seal(&tenant, MailboxId(1), 1, &credential).await.expect("sealed");
        let endpoint = |port| Endpoint { host: "mx.one.example".to_owned(), port, security: Security::Implicit };
        let profile = Profile {
            tenant,
            id: MailboxId(1),
            address: "anna.berg@one.example".parse().expect("an address"),
            display_name: "Anna Berg".to_owned(),
            provider: Provider::Other,
            pool: "acme".parse().expect("a name"),
            zone: "Europe/Berlin".to_owned(),
            smtp: endpoint(465),
            imap: endpoint(993),
            user: "anna".to_owned(),
            sealed,
        };
        (vault.secrets().await.expect("made"), profile)
    }

    fn order(language: Language, content: Content) -> SendOrder {
        SendOrder {
            slot: "mb-1/2026-03-02/0".parse().expect("a slot"),
            partner: MailboxId(2),
            to: "tom.miller@two.example".parse().expect("an address"),
            due_at: now(),
            not_after: now(),
            content,
            language,
            plan: None,
        }
    }

    /// Subject and text as the recipient reads them.
    fn read(mail: &[u8]) -> (String, String) {
        let message = mail_parser::MessageParser::new().parse(mail).expect("a mail");
        let body = message.body_text(0).expect("a text").replace("\r\n", "\n");
        (message.subject().expect("a subject").to_owned(), body)
    }

    #[tokio::test]
    async fn a_mail_speaks_the_language_of_its_thread() {
        let (secrets, profile) = stack().await;
        for language in Language::ALL {
            let order = order(language, Content::Opening);
            let (subject, body) = read(&draft(&secrets, &profile, &order, None, now()).expect("a mail"));
            let expected = conversation(thread(&secrets.seed, order.slot), language);
            assert_eq!(subject, expected.subject);
            assert!(body.contains(&expected.turns[0]) && body.contains("Tom"), "{language}: {body}");
        }
    }

    /// A reply continues the plan of the opening; without its plan the thread goes on by the library.
    #[tokio::test]
    async fn a_reply_goes_on_by_the_plan_of_its_thread() {
        let (secrets, profile) = stack().await;
        let turns = (0..6).map(|turn| vec![format!("Das ist der {turn}. Zug, und er ist für dich.")]).collect();
        let subjects = vec!["Züge für dich".to_owned()];
        let script = Script::Written(Written { topic: "Züge".to_owned(), subjects, turns });
        let root: SlotId = "mb-2/2026-02-27/3".parse().expect("a slot");
        let chain = vec![root, SlotId { mailbox: MailboxId(1), ..root }];
        let reply = order(Language::De, Content::Reply { chain, rewritten_id: None });
        let (subject, body) = read(&draft(&secrets, &profile, &reply, Some(&script), now()).expect("a mail"));
        assert_eq!(subject, "Re: Züge für dich");
        assert!(body.contains("Das ist der 2. Zug"), "{body}");
        let (subject, body) = read(&draft(&secrets, &profile, &reply, None, now()).expect("a mail"));
        let expected = conversation(thread(&secrets.seed, root), Language::De);
        assert!(
            subject == format!("Re: {}", expected.subject) && body.contains(&expected.turns[2]),
            "{subject}: {body}"
        );
    }
}
