//! A deliverability event, whoever reported it: a provider's webhook, an MTA's log, or a bounce found in a mailbox
//! (webhooks.md §19).
//!
//! This is the one form that effects are decided on: what an adapter cannot say in these words is [`Kind::Other`], is kept,
//! and changes nothing. May not know how any provider writes it down.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who reported an event. Its text stands in URLs, keys and exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reporter {
    /// Amazon SES: through SNS, EventBridge, or SQS around either.
    Ses,
    /// Twilio SendGrid.
    Sendgrid,
    /// Mailgun.
    Mailgun,
    /// Postmark.
    Postmark,
    /// SparkPost.
    Sparkpost,
    /// Resend.
    Resend,
    /// Any sender that follows the Standard Webhooks specification, or Svix.
    StandardWebhooks,
    /// Brevo.
    Brevo,
    /// Mailjet.
    Mailjet,
    /// Mandrill.
    Mandrill,
    /// MailWizz.
    Mailwizz,
    /// PowerMTA.
    Powermta,
    /// KumoMTA.
    Kumomta,
    /// Smartlead.
    Smartlead,
    /// Instantly.
    Instantly,
    /// Postal.
    Postal,
    /// MailerSend.
    Mailersend,
    /// Mailtrap.
    Mailtrap,
    /// Unisender Go.
    UnisenderGo,
    /// A mail found in a mailbox of ours: a delivery status notification, a feedback report, an auto-reply.
    Mailbox,
}

impl Reporter {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Ses,
        Self::Sendgrid,
        Self::Mailgun,
        Self::Postmark,
        Self::Sparkpost,
        Self::Resend,
        Self::StandardWebhooks,
        Self::Brevo,
        Self::Mailjet,
        Self::Mandrill,
        Self::Mailwizz,
        Self::Powermta,
        Self::Kumomta,
        Self::Smartlead,
        Self::Instantly,
        Self::Postal,
        Self::Mailersend,
        Self::Mailtrap,
        Self::UnisenderGo,
        Self::Mailbox,
    ];

    /// The name in URLs and keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ses => "ses",
            Self::Sendgrid => "sendgrid",
            Self::Mailgun => "mailgun",
            Self::Postmark => "postmark",
            Self::Sparkpost => "sparkpost",
            Self::Resend => "resend",
            Self::StandardWebhooks => "standard-webhooks",
            Self::Brevo => "brevo",
            Self::Mailjet => "mailjet",
            Self::Mandrill => "mandrill",
            Self::Mailwizz => "mailwizz",
            Self::Powermta => "powermta",
            Self::Kumomta => "kumomta",
            Self::Smartlead => "smartlead",
            Self::Instantly => "instantly",
            Self::Postal => "postal",
            Self::Mailersend => "mailersend",
            Self::Mailtrap => "mailtrap",
            Self::UnisenderGo => "unisender-go",
            Self::Mailbox => "mailbox",
        }
    }
}

impl fmt::Display for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no reporter has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no provider that reports events; see `preheat hooks add --help` for those that are known")]
pub struct UnknownReporter(pub String);

impl FromStr for Reporter {
    type Err = UnknownReporter;
    fn from_str(text: &str) -> Result<Self, UnknownReporter> {
        let found = Self::ALL.into_iter().find(|reporter| reporter.name() == text);
        found.ok_or_else(|| UnknownReporter(text.to_owned()))
    }
}

/// Why a mail bounced (webhooks.md §19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The address or its domain is bad: suppress for ever.
    Hard,
    /// The mailbox is full.
    MailboxFull,
    /// A passing trouble of the recipient's side: time-outs, greylisting that ran out.
    Transient,
    /// Too many, too fast.
    RateLimit,
    /// The sender's reputation: blocklists, complaints.
    ReputationBlock,
    /// A rule of the recipient's side: authentication, relaying, an administrator's ban.
    Policy,
    /// This mail: spam words, a virus, its size.
    Content,
    /// A fault of our own: a bad sender, a bad configuration, an account limit.
    OwnError,
    /// Nobody said.
    Undetermined,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The platform took the mail.
    Accepted,
    /// The recipient's server put it off; the platform tries again. Never a bounce.
    Deferred,
    /// The recipient's server took it.
    Delivered,
    /// It came back, for good as far as this try goes.
    Bounced(Class),
    /// The recipient called it spam.
    Complained,
    /// Its pixel was loaded.
    Opened {
        /// By a machine (a privacy proxy, a scanner): says nothing of a person.
        machine: bool,
    },
    /// A link was followed.
    Clicked,
    /// The recipient wants no more.
    Unsubscribed,
    /// The platform did not try, as the address is on its own list. No new signal.
    Suppressed,
    /// A person answered.
    Replied,
    /// A program answered: out of office, a ticket system.
    AutoReplied,
    /// The recipient's side wants a proof that the sender is a person.
    Challenge,
    /// The sending account is in trouble: disconnected, limited.
    AccountError,
    /// Anything else: kept, and changes nothing.
    Other,
}

impl Kind {
    /// Which of two events of one mail is the truth: the one with the higher rank, whatever came first (webhooks.md §0:
    /// complaint > hard > soft > delivered > sent).
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Complained => 5,
            Self::Bounced(Class::Hard) => 4,
            Self::Bounced(_) => 3,
            Self::Delivered => 2,
            Self::Accepted | Self::Deferred => 1,
            Self::Opened { .. }
            | Self::Clicked
            | Self::Unsubscribed
            | Self::Suppressed
            | Self::Replied
            | Self::AutoReplied
            | Self::Challenge
            | Self::AccountError
            | Self::Other => 0,
        }
    }

    /// Whether it counts in the bounce rate: only addresses that are bad do. Deferrals, suppressions, auto-replies and
    /// faults of our own never.
    #[must_use]
    pub fn is_hard_bounce(self) -> bool {
        self == Self::Bounced(Class::Hard)
    }

    /// Whether it says that we send too much or too fast.
    #[must_use]
    pub fn is_throttle_signal(self) -> bool {
        matches!(self, Self::Bounced(Class::ReputationBlock | Class::RateLimit))
    }

    /// Whether health is looked at again at once.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Bounced(Class::Hard | Class::ReputationBlock) | Self::Complained | Self::AccountError)
    }
}

/// How sure it is that the reporter is who it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// A signature over the bytes was verified.
    Verified,
    /// A shared secret was shown: basic auth, a header, a field.
    Basic,
    /// Nothing but the secret in the URL, or the way it came (IAM, our own mailbox).
    None,
}

/// What leads from an event to what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Correlation {
    /// The warmup token, where one came back with the event.
    pub warmup_id: Option<String>,
    /// The campaign's id on its platform.
    pub campaign: Option<String>,
    /// Tags, categories, metadata: `name` or `name=value`. At most some dozens.
    pub tags: Vec<String>,
}

/// A normalised event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Who reported it.
    pub provider: Reporter,
    /// The account it belongs to: the id of the endpoint it came in at, or of the mailbox it was found in.
    pub account: String,
    /// The provider's own id of the event, if it gives one.
    pub provider_event_id: Option<String>,
    /// The same for every delivery of this event, and for no other event of the account: 1 to 128 printable characters.
    pub dedupe_key: String,
    /// What happened.
    pub kind: Kind,
    /// To whom the mail went, lower case, if known.
    pub recipient: Option<String>,
    /// From whom, if known.
    pub sender: Option<String>,
    /// From which of our addresses, if known. Never the reader's.
    pub sending_ip: Option<IpAddr>,
    /// The wire Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// The provider's own id of the mail.
    pub provider_message_id: Option<String>,
    /// What else leads to what was sent.
    pub correlation: Correlation,
    /// The SMTP reply code, 200–599.
    pub smtp_code: Option<u16>,
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub enhanced_code: Option<String>,
    /// What the server said, cut to a sane length.
    pub diagnostic: Option<String>,
    /// When it happened, by the reporter.
    pub occurred_at: Timestamp,
    /// When it came in.
    pub received_at: Timestamp,
    /// How sure its origin is.
    pub signature: Signature,
    /// Which delivery it stood in: `sha256:` and the first 32 hexadecimal digits of the digest of the raw bytes, the same for all
    /// events that came together. The bytes themselves are not kept: message bodies are nobody's to store, and what could
    /// not be read lies in quarantine. None of a mail that was found: it lies in its mailbox.
    pub raw_ref: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reporter_is_read_as_it_is_written() {
        for reporter in Reporter::ALL {
            assert_eq!(reporter.name().parse(), Ok(reporter));
            assert_eq!(serde_json::to_string(&reporter).unwrap(), format!("\"{reporter}\""));
        }
        assert!("sendgrid2".parse::<Reporter>().is_err());
    }

    #[test]
    fn a_complaint_outranks_a_bounce_and_a_bounce_a_delivery() {
        let ranks = [
            Kind::Complained,
            Kind::Bounced(Class::Hard),
            Kind::Bounced(Class::Transient),
            Kind::Delivered,
            Kind::Accepted,
        ];
        assert!(ranks.windows(2).all(|pair| pair[0].rank() > pair[1].rank()));
    }

    #[test]
    fn only_bad_addresses_count_as_bounces() {
        let never = [
            Kind::Deferred,
            Kind::Suppressed,
            Kind::AutoReplied,
            Kind::Bounced(Class::OwnError),
            Kind::Bounced(Class::Content),
        ];
        assert!(never.into_iter().all(|kind| !kind.is_hard_bounce()));
        assert!(Kind::Bounced(Class::Hard).is_hard_bounce());
    }
}
