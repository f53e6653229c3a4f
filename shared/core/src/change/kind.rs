//! The kinds of changes, how bad each is, and which of them are states of one thing.
//!
//! What is no state of a thing is no kind. An address that is suppressed is a line in a list, which has its own command
//! (`preheat suppress`): a storm of bounces would be a change each, published by the function that faces the world.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How bad a change is. In the order of badness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Should be looked at within a day.
    Warning,
    /// Should be looked at now; passes quiet hours.
    Critical,
    /// Everything stands: by SMS too.
    Emergency,
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Critical, Self::Emergency];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Emergency => "emergency",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What states exclude each other: of one subject and family the last change is how it stands. What lasts is a change that
/// equals the last one of its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Where a mailbox is in its life.
    Mailbox,
    /// The tier of its bounces.
    Bounces,
    /// The tier of its complaints.
    Complaints,
    /// How much of its mail lands in spam.
    Spam,
    /// Whether the day's quota is kept.
    Quota,
    /// A domain's records.
    Domain,
    /// A sending IP's plan.
    Ip,
    /// The whole stack.
    System,
    /// The language model.
    Llm,
    /// Events that come in.
    Hook,
}

/// A name that no kind of change has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of change; events/schema/change-v1.json lists them all")]
pub struct UnknownKind(pub String);

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $family:ident, $severity:ident, $words:literal;)+) => {
        /// What happened. The name is what stands on the bus, as `detail-type`, for rules of others to match.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the bus.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Which changes it ends, and is ended by.
            #[must_use]
            pub fn family(self) -> Family {
                match self {
                    $(Self::$variant => Family::$family,)+
                }
            }

            /// How bad it usually is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)+
                }
            }

            /// What is said of the subject.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)+
                }
            }
        }
    };
}

kinds! {
    /// Warming begins, or begins again.
    MailboxWarming = "mailbox.warming", Mailbox, Info, "is warming up";
    /// It may carry campaigns.
    MailboxReady = "mailbox.ready", Mailbox, Info, "is ready";
    /// Its reputation fell while warming.
    MailboxDegraded = "mailbox.degraded", Mailbox, Warning, "is degraded: its volume is reduced";
    /// It sends nothing, by hand or by a rule.
    MailboxPaused = "mailbox.paused", Mailbox, Warning, "is paused: it sends nothing";
    /// It sends again.
    MailboxResumed = "mailbox.resumed", Mailbox, Info, "sends again";
    /// It cannot be logged in to, or is disabled.
    MailboxError = "mailbox.error", Mailbox, Critical, "cannot be used: its login or its provider refuses";
    /// It never sends again.
    MailboxRetired = "mailbox.retired", Mailbox, Warning, "is retired: it never sends again";
    /// Bounces are back below every tier.
    BouncesNormal = "bounces.normal", Bounces, Info, "bounces as little as it should";
    /// 2–5 % bounced.
    BouncesWarning = "bounces.warning", Bounces, Warning, "bounces too often: its volume is lowered";
    /// 5–10 % bounced.
    BouncesCritical = "bounces.critical", Bounces, Critical, "bounces far too often: its volume is halved";
    /// Over 10 % bounced.
    BouncesEmergency = "bounces.emergency", Bounces, Emergency, "bounces so often that its whole domain is paused";
    /// Complaints are back below the threshold.
    ComplaintsNormal = "complaints.normal", Complaints, Info, "is complained about as little as it should be";
    /// Complaints are over the threshold.
    ComplaintsHigh = "complaints.high", Complaints, Critical, "is complained about too often";
    /// Spam placement is back to normal.
    SpamNormal = "spam.normal", Spam, Info, "reaches the inbox again";
    /// Too much lands in spam.
    SpamHigh = "spam.high", Spam, Warning, "lands in spam too often";
    /// The quota is kept again.
    QuotaCaughtUp = "quota.caught_up", Quota, Info, "has caught up with its quota";
    /// The quota is not kept.
    QuotaBehind = "quota.behind", Quota, Warning, "is behind its quota";
    /// SPF, DKIM and DMARC pass again.
    DomainPassing = "domain.passing", Domain, Info, "passes its DNS checks";
    /// SPF, DKIM or DMARC fails.
    DomainFailing = "domain.failing", Domain, Warning, "fails its DNS checks";
    /// It failed for over 72 hours.
    DomainStopped = "domain.stopped", Domain, Critical, "fails its DNS checks for too long: nothing is sent from it";
    /// It is on a blocklist.
    DomainListed = "domain.listed", Domain, Critical, "stands on a blocklist";
    /// A phase further.
    IpAdvanced = "ip.advanced", Ip, Info, "has advanced to its next phase";
    /// The day did not count.
    IpHeld = "ip.held", Ip, Info, "is held in its phase: the day had too little volume";
    /// Bounces or complaints stopped it.
    IpPaused = "ip.paused", Ip, Critical, "is paused";
    /// A phase back.
    IpRolledBack = "ip.rolled_back", Ip, Warning, "was rolled back to its previous phase";
    /// It goes on.
    IpResumed = "ip.resumed", Ip, Info, "goes on";
    /// Its plan is done.
    IpCompleted = "ip.completed", Ip, Info, "has completed its warmup";
    /// Completion and failures are where they should be.
    SystemHealthy = "system.healthy", System, Info, "is healthy";
    /// Completion under 95 %, or failures over 5 %.
    SystemDegraded = "system.degraded", System, Warning, "is degraded";
    /// Completion under 80 %, or failures over 10 %.
    SystemCritical = "system.critical", System, Critical, "is in a critical state";
    /// The language model answers again.
    LlmAvailable = "llm.available", Llm, Info, "answers again";
    /// It does not; the built-in library stands in.
    LlmUnavailable = "llm.unavailable", Llm, Warning, "does not answer: texts come from the built-in library";
    /// Events of an endpoint are put aside.
    HookQuarantined = "hook.quarantined", Hook, Warning, "reports events that cannot be understood";
}

impl From<Kind> for &'static str {
    fn from(kind: Kind) -> Self {
        kind.name()
    }
}
impl TryFrom<String> for Kind {
    type Error = UnknownKind;
    fn try_from(name: String) -> Result<Self, UnknownKind> {
        name.parse()
    }
}
impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
