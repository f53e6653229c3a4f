//! What is to be done with a request, and which status its provider wants to see.
//!
//! Providers read statuses differently (webhooks.md §0): a 403 stops Postmark's retries for good, a 406 Mailgun's; Brevo
//! throws the event away on any 4xx but 429 and on any 5xx. So the statuses are decided here, in one table.

use preheat_core::event::{Event, Reporter};

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Store the events and the quarantine, then answer the status. If storing fails: [`status_not_stored`].
    Accepted(Accepted),
    /// Answer the status; nothing is stored.
    Refused(Refused),
    /// The sender is who it says, but what it sent cannot be read at all: keep the body aside ([`aside`](crate::aside())), then
    /// answer the status.
    Unreadable {
        /// The status to answer.
        status: u16,
        /// Why it cannot be read.
        reason: Reason,
    },
    /// SNS asks whether this endpoint wants the topic. Verified, and on the allow-list: GET the URL within three days, then
    /// answer 200.
    Confirm {
        /// `https` on `sns.<region>.amazonaws.com`.
        subscribe_url: String,
        /// The topic's ARN.
        topic: String,
        /// For `ConfirmSubscription`.
        token: String,
    },
    /// Fetch the certificate at this URL (checked: AWS's own host), keep it by URL, and call again with it.
    Certificate {
        /// Where it lies.
        url: String,
    },
}

/// What was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// Normalised events, in the order of the batch.
    pub events: Vec<Event>,
    /// Elements that are kept aside.
    pub quarantined: Vec<Quarantined>,
    /// What to answer once both are stored.
    pub status: u16,
    /// Postal: it was signed with SHA-256; from now on set [`Endpoint::require_sha256`](crate::Endpoint::require_sha256).
    pub signed_sha256: bool,
}

/// An element of a batch that cannot be an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its position in the batch, from 0.
    pub position: usize,
    /// Why.
    pub reason: Reason,
    /// The whole element; secrets that the body carried are not in it.
    pub raw: String,
}

/// Why an element, or a whole body, is kept aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Neither JSON, form nor CSV as the provider writes it.
    #[error("does not parse: {0}")]
    Syntax(String),
    /// It parses, but is nothing that the provider documents.
    #[error("has another shape than the provider documents: {0}")]
    Shape(&'static str),
    /// Its time cannot be read.
    #[error("its time cannot be read: {0}")]
    Time(String),
    /// It happened more than 7 days ago, and nothing signed says when it was sent.
    #[error("happened more than 7 days ago")]
    TooOld,
    /// It is said to happen more than a day from now.
    #[error("is said to happen in the future")]
    InFuture,
    /// More elements than [`ELEMENTS_MAX`](crate::ELEMENTS_MAX).
    #[error("has too many elements")]
    TooMany,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The status to answer.
    pub status: u16,
    /// Why: for the log and the metric, not for the answer.
    pub reason: Refusal,
    /// The value of `WWW-Authenticate`, if there is to be one: SNS sends its credentials only after a 401 with it.
    pub www_authenticate: Option<&'static str>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Larger than [`BODY_BYTES_MAX`](crate::BODY_BYTES_MAX).
    #[error("the body is too large")]
    TooLarge,
    /// Not a POST.
    #[error("only POST is taken")]
    Method,
    /// This provider signs, and the endpoint has no secret to check it with.
    #[error("the endpoint has no secret yet")]
    NoSecret,
    /// The endpoint's own key does not parse.
    #[error("the endpoint's key cannot be used: it is not of the form that this provider's console shows")]
    BadKey,
    /// Nothing that proves who sent it.
    #[error("the signature or secret is missing")]
    Missing,
    /// What should prove it does not.
    #[error("the signature or secret does not match")]
    Mismatch,
    /// Signed too long ago, or in the future: a replay, or a wrong clock.
    #[error("the signed time is outside the window")]
    Stale,
    /// The topic or AWS account is not on the endpoint's list.
    #[error("the topic or account is not on the endpoint's list")]
    Source,
    /// The certificate's URL, or the subscription's, is not AWS's.
    #[error("a URL in the message is not AWS's")]
    Url,
    /// The certificate does not parse, or is not valid at this time.
    #[error("the signing certificate cannot be used")]
    Certificate,
    /// An unknown signature version, or one that the endpoint no longer takes.
    #[error("this signature version is not taken")]
    Version,
}

/// The status of a refusal.
#[must_use]
pub(crate) fn refused(provider: Reporter, reason: Refusal) -> Outcome {
    let status = match reason {
        Refusal::TooLarge => 413,
        Refusal::Method => 405,
        // 401 rather than 403: where 403 ends the retries for good (Postmark), a secret that is being rotated would cost
        // events. A sender that is not the provider learns the same from both.
        Refusal::NoSecret
        | Refusal::BadKey
        | Refusal::Missing
        | Refusal::Mismatch
        | Refusal::Stale
        | Refusal::Source
        | Refusal::Url
        | Refusal::Certificate
        | Refusal::Version => 401,
    };
    let www_authenticate = (status == 401 && provider == Reporter::Ses && reason == Refusal::Missing)
        .then_some("Basic realm=\"hooks\", charset=\"UTF-8\"");
    Outcome::Refused(Refused { status, reason, www_authenticate })
}

/// The status for what was authenticated but will never be readable, and is kept aside: sending it again is of no use.
#[must_use]
pub(crate) fn unreadable(provider: Reporter, reason: Reason) -> Outcome {
    let status = match provider {
        Reporter::Postmark => 403,
        Reporter::Mailgun => 406,
        // Brevo counts errors against the webhook; Mailjet takes anything but 200 for a failure and retries for a day.
        Reporter::Brevo | Reporter::Mailjet => 200,
        Reporter::Ses
        | Reporter::Sendgrid
        | Reporter::Sparkpost
        | Reporter::Resend
        | Reporter::StandardWebhooks
        | Reporter::Mandrill
        | Reporter::Mailwizz
        | Reporter::Powermta
        | Reporter::Kumomta
        | Reporter::Smartlead
        | Reporter::Instantly
        | Reporter::Postal
        | Reporter::Mailersend
        | Reporter::Mailtrap
        | Reporter::UnisenderGo
        | Reporter::Mailbox => 400,
    };
    Outcome::Unreadable { status, reason }
}

/// What to answer when storing failed, so that the provider comes again.
#[must_use]
pub fn status_not_stored(provider: Reporter) -> u16 {
    match provider {
        // "4xx except 429, and any 5xx, stop all retries": 429 is the one status after which Brevo comes again.
        Reporter::Brevo => 429,
        Reporter::Ses
        | Reporter::Sendgrid
        | Reporter::Mailgun
        | Reporter::Postmark
        | Reporter::Sparkpost
        | Reporter::Resend
        | Reporter::StandardWebhooks
        | Reporter::Mailjet
        | Reporter::Mandrill
        | Reporter::Mailwizz
        | Reporter::Powermta
        | Reporter::Kumomta
        | Reporter::Smartlead
        | Reporter::Instantly
        | Reporter::Postal
        | Reporter::Mailersend
        | Reporter::Mailtrap
        | Reporter::UnisenderGo
        | Reporter::Mailbox => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authentication_failure_never_ends_the_retries_for_good() {
        for provider in Reporter::ALL {
            let Outcome::Refused(refused) = refused(provider, Refusal::Mismatch) else { unreachable!() };
            assert_eq!(refused.status, 401, "{provider}: 403 stops Postmark, 406 Mailgun");
        }
    }

    #[test]
    fn what_was_not_stored_is_sent_again() {
        assert_eq!(status_not_stored(Reporter::Brevo), 429);
        assert!(Reporter::ALL.into_iter().all(|provider| status_not_stored(provider) / 100 != 2));
    }
}
