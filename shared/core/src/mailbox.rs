//! What the planner knows of a mailbox: who it is, how its day looks, which ramp it is on, whether it lives.

use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::content::Language;
use crate::id::{Address, MailboxId, PoolId, TenantId};
use crate::ramp::Ramp;

/// Who hosts a mailbox (domain.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Gmail and Google Workspace.
    Gmail,
    /// Microsoft 365 and Outlook.
    Microsoft,
    /// Yahoo and AOL.
    Yahoo,
    /// Zoho.
    Zoho,
    /// Anybody else.
    Other,
}

impl Provider {
    /// Its name, as in settings, keys and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::Microsoft => "microsoft",
            Self::Yahoo => "yahoo",
            Self::Zoho => "zoho",
            Self::Other => "other",
        }
    }
}

/// What a mailbox is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Is warmed: sends and receives.
    Sender,
    /// Receives and replies only.
    Seed,
}

/// How far a recipient's side goes (domain.md §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything: rescue, read, flag, reply, file.
    Exchange,
    /// Find, record and file only: an honest thermometer.
    Measure,
    /// Nothing is exchanged: its owner's real mail is the warmup (domain.md §9). It sends no warmup mail, receives none,
    /// and is visited only to see whether its logins work.
    Volume,
}

/// The life of a mailbox (domain.md §7), as far as sending is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Imported, not yet checked.
    New,
    /// On the ramp.
    Warming,
    /// At its plateau.
    Ready,
    /// Sends at reduced volume.
    Degraded,
    /// Sends nothing until resumed.
    Paused,
    /// Credentials refused or mailbox disabled: sends nothing until mended.
    Error,
    /// Never sends again.
    Retired,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::New, Self::Warming, Self::Ready, Self::Degraded, Self::Paused, Self::Error, Self::Retired];
    /// Those that live: a login may be refused to a mailbox in any of them.
    pub const LIVE: [Self; 5] = [Self::New, Self::Warming, Self::Ready, Self::Degraded, Self::Paused];
    /// Those that send.
    pub const SENDING: [Self; 3] = [Self::Warming, Self::Ready, Self::Degraded];

    /// Whether a mailbox in this state may send.
    #[must_use]
    pub fn sends(self) -> bool {
        match self {
            Self::Warming | Self::Ready | Self::Degraded => true,
            Self::New | Self::Paused | Self::Error | Self::Retired => false,
        }
    }
    /// Whether others may choose it as a partner: it must live and its health must not be in doubt. Degraded ones choose each
    /// other where next to nobody else is left: see [`crate::pairing`].
    #[must_use]
    pub fn is_partner(self) -> bool {
        match self {
            Self::Warming | Self::Ready => true,
            Self::New | Self::Degraded | Self::Paused | Self::Error | Self::Retired => false,
        }
    }
}

/// A mailbox's sending hours: local wall time in its own zone, so that a DST change moves nothing outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// IANA name, such as `Europe/Berlin`.
    pub zone: String,
    /// First moment of the window, local.
    pub start: Time,
    /// End of the window, local, exclusive. Later than `start`.
    pub end: Time,
    /// The days on which it sends.
    pub days: Days,
}

/// A set of weekdays, one bit each, Monday lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days(pub u8);

impl Days {
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b001_1111);
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);
    /// Whether `day` is in the set.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }
}

/// Everything the fan-out must know of a mailbox, kept compact in its planning row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MailboxPlan {
    /// Its number.
    pub id: MailboxId,
    /// Who owns it.
    pub tenant: TenantId,
    /// Its address.
    pub address: Address,
    /// Who hosts it.
    pub provider: Provider,
    /// Its organisation: mailboxes of one organisation do not write to each other while others are left.
    /// By default the registrable domain of the address.
    pub organisation: String,
    /// Whom it exchanges mail with.
    pub pool: PoolId,
    /// Sender or seed.
    pub role: Role,
    /// Exchange, measure or volume.
    pub mode: Mode,
    /// When it sends.
    pub schedule: Schedule,
    /// How its volume grows.
    pub ramp: Ramp,
    /// Its own ceiling, in sends a day; `None`: only the provider's.
    pub cap_per_day: Option<u32>,
    /// Share of received mail that it replies to, 0–0.5.
    pub reply_rate: f64,
    /// The language in which it begins threads. Whoever replies goes on in it.
    pub language: Language,
}

impl MailboxPlan {
    /// Whether it exchanges warmup mail with its pool at all.
    #[must_use]
    pub fn exchanges(&self) -> bool {
        match self.mode {
            Mode::Exchange | Mode::Measure => true,
            Mode::Volume => false,
        }
    }
}
