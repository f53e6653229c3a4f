//! The providers: one file each, with verification, reading, classes and event key as webhooks.md describes them.

mod brevo;
mod eventbridge;
mod instantly;
mod kumomta;
mod mailersend;
mod mailgun;
mod mailjet;
mod mailtrap;
mod mailwizz;
mod mandrill;
mod postal;
mod postmark;
mod powermta;
mod resend;
mod sendgrid;
mod ses;
mod smartlead;
mod sns;
mod sparkpost;
mod standard;
mod unisender;

use std::collections::BTreeMap;

use jiff::Timestamp;
use preheat_core::event::{Reporter, Signature};

use crate::draft::{Batch, Delivery, Origin};
use crate::endpoint::{Ages, Endpoint, Secret};
use crate::outcome::{self, Accepted, Outcome, Reason, Refusal};
use crate::request::{Headers, Request};
use crate::{BODY_BYTES_MAX, seal};

/// Certificates that were fetched before, by URL: PEM text.
pub type Certificates<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// A request and all that it is judged by.
#[derive(Clone, Copy)]
struct Visit<'a> {
    endpoint: &'a Endpoint,
    headers: &'a Headers<'a>,
    body: &'a [u8],
    now: Timestamp,
}

/// What is read once it is known who sent it.
struct Reading<'a> {
    headers: &'a Headers<'a>,
    body: &'a [u8],
    origin: Origin<'a>,
}

/// What a provider's file gives.
struct Adapter {
    /// Who sent this?
    verify: fn(&Visit<'_>) -> Result<Signature, Refusal>,
    /// What does it say? An error is of the body as a whole.
    read: for<'a> fn(&Reading<'a>) -> Result<Batch<'a>, Reason>,
    /// Whether the signature carries a time. Where none does, old events go to quarantine.
    signs_time: bool,
}

fn adapter(provider: Reporter) -> Option<&'static Adapter> {
    Some(match provider {
        Reporter::Sendgrid => &sendgrid::ADAPTER,
        Reporter::Mailgun => &mailgun::ADAPTER,
        Reporter::Postmark => &postmark::ADAPTER,
        Reporter::Sparkpost => &sparkpost::ADAPTER,
        Reporter::Resend => &resend::ADAPTER,
        Reporter::StandardWebhooks => &standard::ADAPTER,
        Reporter::Brevo => &brevo::ADAPTER,
        Reporter::Mailjet => &mailjet::ADAPTER,
        Reporter::Mandrill => &mandrill::ADAPTER,
        Reporter::Mailwizz => &mailwizz::ADAPTER,
        Reporter::Powermta => &powermta::ADAPTER,
        Reporter::Kumomta => &kumomta::ADAPTER,
        Reporter::Smartlead => &smartlead::ADAPTER,
        Reporter::Instantly => &instantly::ADAPTER,
        Reporter::Postal => &postal::ADAPTER,
        Reporter::Mailersend => &mailersend::ADAPTER,
        Reporter::Mailtrap => &mailtrap::ADAPTER,
        Reporter::UnisenderGo => &unisender::ADAPTER,
        // SNS has a dialogue of its own; mailboxes are read, not posted.
        Reporter::Ses | Reporter::Mailbox => return None,
    })
}

/// What is to be done with a request to an endpoint: refuse it, store its events, or fetch something and call again.
///
/// Costs nothing but time until the sender is known: no write, no fetch. (A certificate is asked for only for topics on the
/// endpoint's list, and only from AWS's own host.)
#[must_use]
pub fn receive(endpoint: &Endpoint, request: &Request<'_>, now: Timestamp, certificates: Certificates<'_>) -> Outcome {
    let provider = endpoint.provider;
    if request.body.len() > BODY_BYTES_MAX {
        return outcome::refused(provider, Refusal::TooLarge);
    }
    if request.method.eq_ignore_ascii_case("HEAD") && provider == Reporter::Mandrill {
        // Mandrill looks whether the URL is there before it saves it, and signs nothing then.
        return accepted(Batch::new(origin(endpoint, request.body, now, Signature::None, false)), false);
    }
    if !request.method.eq_ignore_ascii_case("POST") {
        return outcome::refused(provider, Refusal::Method);
    }
    let visit = Visit { endpoint, headers: &request.headers, body: request.body, now };
    if provider == Reporter::Ses {
        return sns::receive(&visit, certificates);
    }
    let Some(adapter) = adapter(provider) else { return outcome::refused(provider, Refusal::NoSecret) };
    let signature = match (adapter.verify)(&visit) {
        Ok(signature) => signature,
        Err(refusal) => return outcome::refused(provider, refusal),
    };
    let checked = endpoint.ages == Ages::Checked && !(adapter.signs_time && signature == Signature::Verified);
    let sha256 = provider == Reporter::Postal && request.headers.get(postal::SHA256_HEADER).is_some();
    let origin = origin(endpoint, request.body, now, signature, checked);
    match (adapter.read)(&Reading { headers: &request.headers, body: request.body, origin }) {
        Ok(batch) => accepted(batch, sha256),
        Err(reason) => outcome::unreadable(provider, reason),
    }
}

/// The events of a body that came a way that is trusted by itself: a queue of our own, EventBridge, a direct SNS invocation
/// ([`lambda`](crate::lambda)), a file of an MTA. Nothing is verified; SNS topics and AWS accounts are still held against the
/// endpoint's list where it has one.
#[must_use]
pub fn normalise(endpoint: &Endpoint, body: &[u8], now: Timestamp) -> Outcome {
    let provider = endpoint.provider;
    if body.len() > BODY_BYTES_MAX {
        return outcome::refused(provider, Refusal::TooLarge);
    }
    let headers = Headers::default();
    if provider == Reporter::Ses {
        return sns::trusted(&Visit { endpoint, headers: &headers, body, now });
    }
    let Some(adapter) = adapter(provider) else { return outcome::refused(provider, Refusal::NoSecret) };
    let origin = origin(endpoint, body, now, Signature::None, false);
    match (adapter.read)(&Reading { headers: &headers, body, origin }) {
        Ok(batch) => accepted(batch, false),
        Err(reason) => outcome::unreadable(provider, reason),
    }
}

/// Of whom it is known who sent it: only then are the bytes gone over once more for their digest.
fn origin<'a>(
    endpoint: &'a Endpoint,
    body: &[u8],
    now: Timestamp,
    signature: Signature,
    event_age_checked: bool,
) -> Origin<'a> {
    let (provider, account) = (endpoint.provider, endpoint.account.as_str());
    Origin { provider, account, received_at: now, signature, event_age_checked, delivery: Delivery::of(body) }
}

fn accepted(batch: Batch<'_>, signed_sha256: bool) -> Outcome {
    // Every provider takes 200; Postmark, Mailgun, Mailjet and Unisender nothing else.
    let Batch { events, quarantined, .. } = batch;
    Outcome::Accepted(Accepted { events, quarantined, status: 200, signed_sha256 })
}

impl Visit<'_> {
    /// What the sender shows rather than signs. Every header that the endpoint asks for must be there, with any of the secrets
    /// that it may hold.
    fn shown(&self) -> Result<Signature, Refusal> {
        let authorization = self.headers.get("authorization");
        let basic = authorization.and_then(|value| scheme(value, "basic")).and_then(seal::base64);
        let bearer = authorization.and_then(|value| scheme(value, "bearer"));
        // Per header that is asked for: is it given at all, does it match?
        let mut asked: BTreeMap<String, (bool, bool)> = BTreeMap::new();
        for secret in &self.endpoint.secrets {
            let (name, shown, wanted): (&str, Option<&[u8]>, &[u8]) = match secret {
                Secret::Key(_) => continue,
                Secret::Basic(pair) => ("authorization", basic.as_deref(), pair.as_bytes()),
                Secret::Bearer(token) => ("authorization", bearer.map(str::as_bytes), token.as_bytes()),
                Secret::Header { name, value } => (name, self.headers.get(name).map(str::as_bytes), value.as_bytes()),
            };
            let (given, matched) = asked.entry(name.to_ascii_lowercase()).or_default();
            *given |= shown.is_some();
            *matched |= shown.is_some_and(|shown| !wanted.is_empty() && seal::same(shown, wanted));
        }
        if asked.is_empty() {
            return Ok(Signature::None);
        }
        if asked.values().any(|(given, _)| !given) {
            return Err(Refusal::Missing);
        }
        if asked.values().all(|(_, matched)| *matched) { Ok(Signature::Basic) } else { Err(Refusal::Mismatch) }
    }

    /// For providers that sign: one of the keys must verify, and whatever else the endpoint asks for must be shown. Without a
    /// key, what is shown is enough (SendGrid may use OAuth instead), but nothing at all is not.
    fn signed(&self, verify: impl Fn(&str) -> Result<(), Refusal>) -> Result<Signature, Refusal> {
        let shown = self.shown()?;
        let mut first_failure = None;
        for key in self.endpoint.keys() {
            // An empty key would be everybody's.
            let usable = if key.trim().is_empty() { Err(Refusal::BadKey) } else { Ok(()) };
            match usable.and_then(|()| verify(key)) {
                Ok(()) => return Ok(Signature::Verified),
                Err(failure) => first_failure = first_failure.or(Some(failure)),
            }
        }
        match first_failure {
            Some(failure) => Err(failure),
            None if shown == Signature::None => Err(Refusal::NoSecret),
            None => Ok(shown),
        }
    }

    /// Holds a signed time against `now`, unless ages are not checked.
    fn fresh(&self, signed_at_s: Option<i64>, past_s: i64, ahead_s: i64) -> Result<(), Refusal> {
        if self.endpoint.ages == Ages::Unchecked {
            return Ok(());
        }
        let age = self.now.as_second().checked_sub(signed_at_s.ok_or(Refusal::Stale)?).ok_or(Refusal::Stale)?;
        if (-ahead_s..=past_s).contains(&age) { Ok(()) } else { Err(Refusal::Stale) }
    }
}

/// For providers that sign nothing: what is shown, or the secrecy of the URL.
fn shown_only(visit: &Visit<'_>) -> Result<Signature, Refusal> {
    // A key that cannot be checked would seem to protect.
    if visit.endpoint.keys().next().is_some() { Err(Refusal::BadKey) } else { visit.shown() }
}

/// What follows the scheme's name in an `Authorization` header.
fn scheme<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(name).then(|| rest.trim())
}

/// How far ahead a sender's clock may go where its vendor says nothing, in seconds.
const AHEAD_S: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn visit_of(secrets: Vec<Secret>, headers: &[(&str, &str)]) -> Result<Signature, Refusal> {
        let endpoint = Endpoint::new(Reporter::Brevo, "e1", secrets);
        let headers: Headers<'_> = headers.iter().copied().collect();
        shown_only(&Visit { endpoint: &endpoint, headers: &headers, body: b"{}", now: Timestamp::UNIX_EPOCH })
    }

    #[test]
    fn every_header_must_be_shown_whatever_it_is_called() {
        let two =
            || vec![Secret::header("X-Token", "t"), Secret::header("X-Other", "o"), Secret::header("x-token", "new")];
        assert_eq!(visit_of(two(), &[("x-token", "t"), ("x-other", "o")]), Ok(Signature::Basic));
        assert_eq!(visit_of(two(), &[("x-token", "new"), ("x-other", "o")]), Ok(Signature::Basic));
        assert_eq!(visit_of(two(), &[("x-token", "t")]), Err(Refusal::Missing));
        assert_eq!(visit_of(two(), &[("x-token", "t"), ("x-other", "t")]), Err(Refusal::Mismatch));
        // One header holds one of them: either is enough.
        let pair = || vec![Secret::basic("u:p"), Secret::bearer("b")];
        assert_eq!(visit_of(pair(), &[("authorization", "Basic dTpw")]), Ok(Signature::Basic));
        assert_eq!(visit_of(pair(), &[("authorization", "Bearer b")]), Ok(Signature::Basic));
        assert_eq!(visit_of(pair(), &[("authorization", "Bearer u:p")]), Err(Refusal::Mismatch));
    }

    #[test]
    fn every_kind_of_secret_must_be_shown_and_of_one_kind_either() {
        let both = || vec![Secret::basic("u:old"), Secret::basic("u:new"), Secret::header("X-Token", "t")];
        let (old, wrong) = (("authorization", "Basic dTpvbGQ="), ("authorization", "Basic dTp3cm9uZw=="));
        assert_eq!(visit_of(both(), &[old, ("x-token", "t")]), Ok(Signature::Basic));
        assert_eq!(visit_of(both(), &[old]), Err(Refusal::Missing));
        assert_eq!(visit_of(both(), &[old, ("x-token", "T")]), Err(Refusal::Mismatch));
        assert_eq!(visit_of(both(), &[wrong, ("x-token", "t")]), Err(Refusal::Mismatch));
        assert_eq!(visit_of(vec![Secret::bearer("b")], &[("Authorization", "bearer b")]), Ok(Signature::Basic));
        assert_eq!(visit_of(vec![Secret::bearer("b")], &[("Authorization", "Basic Yg==")]), Err(Refusal::Missing));
    }

    #[test]
    fn an_empty_secret_protects_nothing_and_lets_nobody_in() {
        assert!(visit_of(vec![Secret::basic("")], &[("authorization", "Basic ")]).is_err());
        assert!(visit_of(vec![Secret::header("x-token", "")], &[("x-token", "")]).is_err());
        let endpoint = Endpoint::new(Reporter::Mailersend, "e1", vec![Secret::key(" ")]);
        let forged = seal::hex(seal::hmac_sha256(b" ", &[b"{}"]).as_ref());
        let headers: Headers<'_> = [("signature", forged.as_str())].into_iter().collect();
        let outcome = receive(&endpoint, &Request::post(headers, b"{}"), Timestamp::UNIX_EPOCH, &|_| None);
        assert_eq!(outcome, outcome::refused(Reporter::Mailersend, Refusal::BadKey));
    }

    #[test]
    fn without_a_secret_the_url_is_the_secret_and_the_event_says_so() {
        assert_eq!(visit_of(vec![], &[]), Ok(Signature::None));
        assert_eq!(visit_of(vec![Secret::key("k")], &[]), Err(Refusal::BadKey));
    }
}
