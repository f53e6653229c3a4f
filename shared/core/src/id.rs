//! Names of things: tenants, pools, mailboxes, addresses, slots. A value of these types is valid by construction.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Why a name was refused. The message says what a valid one looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A tenant or pool name outside `[a-z0-9-]{1,40}`.
    #[error("`{0}` is not a valid name: use 1 to 40 of a-z, 0-9 and `-`")]
    Name(String),
    /// An address that is not `local@domain`, or carries CR, LF, NUL, spaces or other unsafe bytes.
    #[error("`{}` is not a valid address: {reason}", .text.escape_debug())]
    Address {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A domain name that is none.
    #[error("`{}` is not a domain name (such as `mail.example.com`)", .0.escape_debug())]
    Domain(String),
    /// A mailbox id that is not `mb-` and a base-36 number.
    #[error("`{0}` is not a mailbox id (such as `mb-1a`)")]
    Mailbox(String),
    /// A slot id that is not `mb-1a/2026-03-02/7`.
    #[error("`{0}` is not a slot id (such as `mb-1a/2026-03-02/7`)")]
    Slot(String),
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let fits = (1..=40).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                if fits { Ok(Self(text.to_owned())) } else { Err(IdError::Name(text.to_owned())) }
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type! {
    /// An account: owns domains, mailboxes, pools. No read or write crosses tenants.
    TenantId
}
name_type! {
    /// The mailboxes that exchange warmup mail. By default one closed pool a tenant, named like the tenant.
    PoolId
}

/// A mailbox's number in this stack: given once at import, never reused, so that positions in a pool stay stable
/// and references stay short. Written `mb-` and the number in base 36.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailboxId(pub u32);

impl fmt::Display for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mb-{}", base36(u64::from(self.0)))
    }
}
impl FromStr for MailboxId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.strip_prefix("mb-")
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()))
            .and_then(|digits| u32::from_str_radix(digits, 36).ok())
            .map(Self)
            .ok_or_else(|| IdError::Mailbox(text.to_owned()))
    }
}
impl TryFrom<String> for MailboxId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}
impl From<MailboxId> for String {
    fn from(id: MailboxId) -> String {
        id.to_string()
    }
}

/// An e-mail address, lower-cased, safe to put into SMTP, IMAP and headers as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

impl Address {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// What stands before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}
impl FromStr for Address {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = |reason| Err(IdError::Address { text: text.to_owned(), reason });
        // RFC 5321 §4.5.3.1: 64 octets of local part, 255 of domain, 254 of path.
        if text.len() > 254 {
            return refuse("longer than 254 characters");
        }
        if text.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return refuse("it holds a space, line break or control character");
        }
        let Some((local, domain)) = text.rsplit_once('@') else {
            return refuse("there is no `@`");
        };
        if local.is_empty() || local.len() > 64 {
            return refuse("the part before `@` must have 1 to 64 characters");
        }
        let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        if !local.bytes().all(atom) || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return refuse("the part before `@` must be a dot-atom (RFC 5322 §3.2.3)");
        }
        if !domain.contains('.') || !domain.split('.').all(is_host_label) {
            return refuse("the part behind `@` is not a domain name");
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}
impl TryFrom<String> for Address {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}
impl From<Address> for String {
    fn from(address: Address) -> String {
        address.0
    }
}
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A domain name, lower-cased, without the dot at its end: two labels at least, letters, digits and `-` only, so that it may
/// stand in any configuration file as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl FromStr for DomainName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        // RFC 1035 §2.3.4; a top level of digits alone would be an IP address.
        let top_is_a_name = name.rsplit('.').next().is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()));
        if name.len() <= 253 && name.contains('.') && name.split('.').all(is_host_label) && top_is_a_name {
            Ok(Self(name.to_ascii_lowercase()))
        } else {
            Err(IdError::Domain(text.to_owned()))
        }
    }
}
impl TryFrom<String> for DomainName {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}
impl From<DomainName> for String {
    fn from(name: DomainName) -> String {
        name.0
    }
}
impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether it is a label of a host name (RFC 1123 §2.1).
fn is_host_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// One planned send: `(mailbox, local date, k)`, k from 0 (domain.md §1). Its time and partner follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId {
    /// The mailbox that sends.
    pub mailbox: MailboxId,
    /// The sender's local date.
    pub date: Date,
    /// Which send of that day, from 0.
    pub k: u16,
}

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.mailbox, self.date, self.k)
    }
}
impl FromStr for SlotId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError::Slot(text.to_owned());
        let mut parts = text.split('/');
        let (Some(mailbox), Some(date), Some(k), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refuse());
        };
        Ok(Self {
            mailbox: mailbox.parse().map_err(|_| refuse())?,
            date: date.parse().map_err(|_| refuse())?,
            k: k.parse().map_err(|_| refuse())?,
        })
    }
}
impl Serialize for SlotId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for SlotId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A number in base 36, lower case: the shortest text DynamoDB can hold it in.
#[must_use]
pub fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        // A digit below 36 always has a character.
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize]);
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().map(|&b| char::from(b)).collect()
}

/// Days since 2020-01-01: how dates stand in rows and tokens.
#[must_use]
pub fn day_number(date: Date) -> u16 {
    let days = date.duration_since(EPOCH).as_hours() / 24;
    u16::try_from(days).unwrap_or(0)
}

/// The date of a [`day_number`].
#[must_use]
pub fn date_of(day_number: u16) -> Date {
    EPOCH.saturating_add(jiff::Span::new().days(i64::from(day_number)))
}

const EPOCH: Date = jiff::civil::date(2020, 1, 1);
