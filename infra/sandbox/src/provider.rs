//! What tells one provider from another: folders and their names, IMAP capabilities, limits, filtering.

use jiff::Timestamp;
use serde::Serialize;

use crate::filter::Filter;

/// What is served on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// Submission, ports 465 and 587.
    Smtp,
    /// Ports 993 and 143.
    Imap,
}

impl Protocol {
    /// What the sandbox serves on `port`.
    #[must_use]
    pub fn of_port(port: u16) -> Option<Self> {
        match port {
            465 | 587 => Some(Self::Smtp),
            993 | 143 => Some(Self::Imap),
            _ => None,
        }
    }
}

/// A kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Gmail-like: labels, `X-GM-EXT-1`, categories, its own Sent copy, 2,000 mails in any 24 hours.
    Gmail,
    /// Outlook-like: `Junk Email`, its own Sent copy, 30 mails a minute and 3 connections.
    Outlook,
    /// A current Dovecot: MOVE, UIDPLUS, SPECIAL-USE, no Sent copy.
    Dovecot,
    /// The same with every folder below `INBOX.`.
    Prefixed,
    /// An old server: no MOVE, UIDPLUS or SPECIAL-USE; German folder names, no keywords.
    Old,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Gmail, Self::Outlook, Self::Dovecot, Self::Prefixed, Self::Old];

    pub(crate) fn profile(self) -> &'static Profile {
        match self {
            Self::Gmail => &GMAIL,
            Self::Outlook => &OUTLOOK,
            Self::Dovecot => &DOVECOT,
            Self::Prefixed => &PREFIXED,
            Self::Old => &OLD,
        }
    }
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The INBOX.
    Inbox,
    /// Junk or spam.
    Junk,
    /// Sent mail.
    Sent,
    /// Deleted mail.
    Trash,
    /// Drafts.
    Drafts,
    /// Gmail's All Mail.
    All,
    /// Gmail's Starred.
    Starred,
    /// Gmail's Important.
    Important,
    /// Made by the user.
    User,
}

/// A folder that every account of a provider is born with. The name is as on the wire (modified UTF-7).
#[derive(Debug)]
pub(crate) struct FolderSpec {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// Special-use attribute, if the server shows one.
    pub(crate) attribute: &'static str,
}

/// The fixed traits of a kind.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) folders: &'static [FolderSpec],
    pub(crate) delimiter: char,
    /// Namespace prefix under which users' folders must stand.
    pub(crate) prefix: &'static str,
    pub(crate) greeting: &'static str,
    pub(crate) capabilities_before: &'static str,
    pub(crate) capabilities: &'static str,
    pub(crate) labels: bool,
    pub(crate) uidplus: bool,
    pub(crate) moves: bool,
    pub(crate) keywords: bool,
    pub(crate) sent_copy: bool,
    /// Share of a new sender's mail that lands in junk (domain.md: 10–25 % for a new mailbox). Ours, not measured.
    pub(crate) junk_at_first: f64,
    /// Share of a new sender's mail that lands in a category tab.
    pub(crate) promotions_at_first: f64,
    /// Mails a sender may hand in during any 24 hours.
    pub(crate) per_day: Option<usize>,
    /// Mails a sender may hand in during any minute.
    pub(crate) per_minute: Option<usize>,
    /// Submission sessions a sender may hold at once.
    pub(crate) sessions: Option<usize>,
}

const fn folder(name: &'static str, role: Role, attribute: &'static str) -> FolderSpec {
    FolderSpec { name, role, attribute }
}

static GMAIL: Profile = Profile {
    folders: &[
        folder("INBOX", Role::Inbox, ""),
        folder("[Gmail]/All Mail", Role::All, "\\All"),
        folder("[Gmail]/Drafts", Role::Drafts, "\\Drafts"),
        folder("[Gmail]/Important", Role::Important, "\\Important"),
        folder("[Gmail]/Sent Mail", Role::Sent, "\\Sent"),
        folder("[Gmail]/Spam", Role::Junk, "\\Junk"),
        folder("[Gmail]/Starred", Role::Starred, "\\Flagged"),
        folder("[Gmail]/Trash", Role::Trash, "\\Trash"),
    ],
    delimiter: '/',
    prefix: "",
    greeting: "Gimap ready for requests",
    capabilities_before: "IMAP4rev1 UNSELECT NAMESPACE ID X-GM-EXT-1 SASL-IR AUTH=XOAUTH2 AUTH=PLAIN",
    capabilities: "IMAP4rev1 UNSELECT NAMESPACE ID X-GM-EXT-1 UIDPLUS MOVE SPECIAL-USE LIST-EXTENDED LITERAL+",
    labels: true,
    uidplus: true,
    moves: true,
    keywords: true,
    sent_copy: true,
    junk_at_first: 0.18,
    promotions_at_first: 0.08,
    // domain.md §2: 2,000 in any rolling 24 h.
    per_day: Some(2_000),
    per_minute: None,
    sessions: None,
};

static OUTLOOK: Profile = Profile {
    folders: &[
        folder("INBOX", Role::Inbox, ""),
        folder("Archive", Role::User, "\\Archive"),
        folder("Deleted Items", Role::Trash, "\\Trash"),
        folder("Drafts", Role::Drafts, "\\Drafts"),
        folder("Junk Email", Role::Junk, "\\Junk"),
        folder("Sent Items", Role::Sent, "\\Sent"),
    ],
    delimiter: '/',
    prefix: "",
    greeting: "The Microsoft Exchange IMAP4 service is ready.",
    capabilities_before: "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT NAMESPACE LITERAL+",
    capabilities: "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT NAMESPACE LITERAL+",
    labels: false,
    uidplus: true,
    moves: true,
    keywords: false,
    sent_copy: true,
    junk_at_first: 0.24,
    promotions_at_first: 0.0,
    // domain.md §2: 10,000 recipients a day and 30 a minute, 3 connections at once.
    per_day: Some(10_000),
    per_minute: Some(30),
    sessions: Some(3),
};

static DOVECOT: Profile = Profile {
    folders: &[
        folder("INBOX", Role::Inbox, ""),
        folder("Drafts", Role::Drafts, "\\Drafts"),
        folder("Junk", Role::Junk, "\\Junk"),
        folder("Sent", Role::Sent, "\\Sent"),
        folder("Trash", Role::Trash, "\\Trash"),
    ],
    ..DOVECOT_LIKE
};

static PREFIXED: Profile = Profile {
    folders: &[
        folder("INBOX", Role::Inbox, ""),
        folder("INBOX.Drafts", Role::Drafts, "\\Drafts"),
        folder("INBOX.Junk", Role::Junk, "\\Junk"),
        folder("INBOX.Sent", Role::Sent, "\\Sent"),
        folder("INBOX.Trash", Role::Trash, "\\Trash"),
    ],
    delimiter: '.',
    prefix: "INBOX.",
    ..DOVECOT_LIKE
};

static OLD: Profile = Profile {
    folders: &[
        folder("INBOX", Role::Inbox, ""),
        folder("Entw&APw-rfe", Role::Drafts, ""),
        folder("Gesendet", Role::Sent, ""),
        folder("Papierkorb", Role::Trash, ""),
        folder("Spamverdacht", Role::Junk, ""),
    ],
    greeting: "IMAP4 server ready",
    capabilities_before: "IMAP4rev1 AUTH=PLAIN",
    capabilities: "IMAP4rev1 AUTH=PLAIN",
    uidplus: false,
    moves: false,
    keywords: false,
    junk_at_first: 0.11,
    ..DOVECOT_LIKE
};

/// What the three kinds of ordinary server share.
const DOVECOT_LIKE: Profile = Profile {
    folders: &[],
    delimiter: '/',
    prefix: "",
    greeting: "Dovecot ready.",
    capabilities_before: "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE LITERAL+ AUTH=PLAIN AUTH=XOAUTH2",
    capabilities: "IMAP4rev1 SASL-IR ID ENABLE LITERAL+ NAMESPACE UNSELECT UIDPLUS MOVE SPECIAL-USE LIST-EXTENDED",
    labels: false,
    uidplus: true,
    moves: true,
    keywords: true,
    sent_copy: false,
    junk_at_first: 0.14,
    promotions_at_first: 0.0,
    per_day: None,
    per_minute: None,
    sessions: None,
};

/// A provider of a world: its kind, hosts, knobs and filter.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) kind: Kind,
    pub(crate) smtp_host: String,
    pub(crate) imap_host: String,
    pub(crate) filter: Filter,
    /// Times during which every connection is answered 421 or BYE: from, to (exclusive).
    pub(crate) outages: Vec<(Timestamp, Timestamp)>,
    /// Seconds after which a first attempt may be repeated; `None`: no greylisting.
    pub(crate) greylist_s: Option<i64>,
    /// First attempts under greylisting, by sender and recipient.
    pub(crate) greylisted: std::collections::BTreeMap<(String, String), Timestamp>,
    /// Share of sender domains whose Message-IDs are rewritten at submission.
    pub(crate) rewriting_share: f64,
    /// Seconds from submission to delivery: least and most.
    pub(crate) delay_s: (u32, u32),
}

impl Provider {
    pub(crate) fn profile(&self) -> &'static Profile {
        self.kind.profile()
    }

    pub(crate) fn is_down(&self, now: Timestamp) -> bool {
        self.outages.iter().any(|&(from, to)| (from..to).contains(&now))
    }
}
