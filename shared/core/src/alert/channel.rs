//! A channel: where alerts go, from which severity on, and when it wants to be left alone. Its secret is elsewhere, sealed.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::change::Severity;
use crate::endpoint::Endpoint;
use crate::id::{Address, IdError, TenantId};

/// Why a channel was refused. Says what a good one looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// A name outside `[a-z0-9-]{1,40}`.
    #[error(transparent)]
    Name(#[from] IdError),
    /// Not `22:00-07:00`.
    #[error("`{0}` are no quiet hours: write them as 22:00-07:00, of different times")]
    Quiet(String),
    /// The zone is not in the bundled IANA database.
    #[error("`{0}` is not an IANA time zone (such as `Europe/Berlin`)")]
    Zone(String),
    /// A phone number that is not E.164.
    #[error("`{0}` is not a phone number: write `+`, country code and number, digits only")]
    Phone(String),
}

/// The name of a channel, of its owner's choice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelId(String);

impl ChannelId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl FromStr for ChannelId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        // The same letters as a tenant's name.
        text.parse::<TenantId>().map(|name| Self(name.into()))
    }
}
impl TryFrom<String> for ChannelId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}
impl From<ChannelId> for String {
    fn from(id: ChannelId) -> String {
        id.0
    }
}
impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose channel: it is told of its owner's changes and of nobody else's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// Whoever runs the stack: told of what belongs to no tenant.
    Stack,
    /// A tenant.
    Tenant(TenantId),
}

impl Owner {
    /// Whose a change is.
    #[must_use]
    pub fn of(tenant: Option<&TenantId>) -> Self {
        tenant.map_or(Self::Stack, |tenant| Self::Tenant(tenant.clone()))
    }

    /// The tenant, if it is one.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Stack => None,
            Self::Tenant(tenant) => Some(tenant),
        }
    }
}

/// Where alerts go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Target {
    /// A Slack channel. Secret: the URL of its incoming webhook.
    Slack,
    /// A Telegram chat. Secret: the bot's token.
    Telegram {
        /// The chat's number, or `@name` of a channel.
        chat: String,
    },
    /// A phone, through SNS. No secret.
    Sms {
        /// E.164.
        phone: String,
    },
    /// An e-mail address, through the submission server of any account. Secret: its password.
    Email {
        /// To whom.
        to: Address,
        /// From whom: an address that the account may send as.
        from: Address,
        /// The account's submission server.
        smtp: Endpoint,
        /// The account's name there.
        user: String,
    },
    /// A URL that gets signed messages (Standard Webhooks). Secrets: one or two `whsec_…`, separated by a blank.
    Webhook {
        /// https.
        url: String,
    },
}

impl Target {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Telegram { .. } => "telegram",
            Self::Sms { .. } => "sms",
            Self::Email { .. } => "email",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// Whether people read it: then many alerts at once become one message.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        !matches!(self, Self::Webhook { .. })
    }

    /// What its channel is told from on, unless its owner says otherwise: a text costs money and wakes people, a program
    /// wants to know everything.
    #[must_use]
    pub fn usual_severity(&self) -> Severity {
        match self {
            Self::Slack | Self::Telegram { .. } | Self::Email { .. } => Severity::Warning,
            Self::Sms { .. } => Severity::Emergency,
            Self::Webhook { .. } => Severity::Info,
        }
    }
}

/// Checks a phone number.
///
/// # Errors
/// It is not E.164 (ITU-T): `+` and 8 to 15 digits, the first not 0.
pub(crate) fn check_phone(phone: &str) -> Result<(), ChannelError> {
    let digits = phone.strip_prefix('+').unwrap_or_default();
    let good =
        (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if good { Ok(()) } else { Err(ChannelError::Phone(phone.to_owned())) }
}

/// Local hours in which only critical alerts are sent. They may go over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// IANA time zone.
    pub zone: String,
    /// When they begin.
    pub start: Time,
    /// When they end.
    pub end: Time,
}

impl Quiet {
    /// Reads `22:00-07:00` in a zone.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn new(hours: &str, zone: &str) -> Result<Self, ChannelError> {
        TimeZone::get(zone).map_err(|_| ChannelError::Zone(zone.to_owned()))?;
        let wrong = || ChannelError::Quiet(hours.to_owned());
        let (start, end) = hours.split_once('-').ok_or_else(wrong)?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| wrong());
        let (start, end) = (time(start)?, time(end)?);
        if start == end { Err(wrong()) } else { Ok(Self { zone: zone.to_owned(), start, end }) }
    }

    /// When the quiet hours that `now` lies in are over; `None`: it lies in none. A zone that is not known any more is never
    /// quiet: an alert too many is better than none.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.zone).ok()?;
        let local = now.to_zoned(zone.clone());
        let (date, time) = (local.date(), local.time());
        let over_midnight = self.end < self.start;
        let end_date = match (over_midnight, time >= self.start, time < self.end) {
            (false, true, true) | (true, false, true) => date,
            (true, true, _) => date.tomorrow().ok()?,
            (false, _, _) | (true, false, false) => return None,
        };
        // An end that the clock jumps over is the moment of the jump; one that it shows twice is the first.
        let end = end_date.to_datetime(self.end).to_zoned(zone).ok()?.timestamp();
        (end > now).then_some(end)
    }
}

/// A channel and what it wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name.
    pub id: ChannelId,
    /// Whose it is.
    pub owner: Owner,
    /// Where it leads.
    pub target: Target,
    /// What is milder is not said.
    pub at_least: Severity,
    /// When only critical alerts are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// Nothing is sent any more: whoever is behind it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
}

/// Why a channel is told nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    /// Since when.
    pub since: Timestamp,
    /// What it answered, without its secret.
    pub reason: String,
}

impl Channel {
    /// A channel with what is usual for its target.
    ///
    /// # Errors
    /// The target cannot be one.
    pub fn new(id: ChannelId, owner: Owner, target: Target) -> Result<Self, ChannelError> {
        if let Target::Sms { phone } = &target {
            check_phone(phone)?;
        }
        let at_least = target.usual_severity();
        Ok(Self { id, owner, target, at_least, quiet: None, disabled: None })
    }
}
