//! How long a server may take and how much it may say. Nothing in this crate waits or reads without one of these.

use std::time::Duration;

/// The time a server has for each step of a session, and for all of it.
///
/// RFC 5321 §4.5.3.2 asks a client to wait 2 to 10 minutes a step. A function that is paid by the second cannot: these
/// are ours, long enough for every provider's usual answer, and the total stays below the function's own time-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Name look-up, TCP and TLS handshake together.
    pub connect: Duration,
    /// The greeting and the first answers, up to the end of STARTTLS.
    pub greeting: Duration,
    /// One command and its answer (RFC 5321: 5 minutes).
    pub command: Duration,
    /// Writing the whole message (RFC 5321: 3 minutes a block).
    pub data: Duration,
    /// The answer to the final dot (RFC 5321: 10 minutes; content filters run here).
    pub dot: Duration,
    /// The whole session.
    pub total: Duration,
}

impl Deadlines {
    /// One send: 60 s at most.
    pub const SMTP: Self = Self {
        connect: Duration::from_secs(15),
        greeting: Duration::from_secs(15),
        command: Duration::from_secs(15),
        data: Duration::from_secs(20),
        dot: Duration::from_secs(30),
        total: Duration::from_secs(60),
    };
    /// One visit: 3 minutes at most. `data` and `dot` are not used.
    pub const IMAP: Self = Self {
        connect: Duration::from_secs(15),
        greeting: Duration::from_secs(15),
        command: Duration::from_secs(30),
        data: Duration::from_secs(30),
        dot: Duration::from_secs(30),
        total: Duration::from_secs(180),
    };
}

/// Longest line of an SMTP answer, in bytes. RFC 5321 §4.5.3.1.5 allows 512.
pub(crate) const SMTP_LINE_MAX: usize = 2 * 1024;
/// Longest SMTP answer over all its lines, in bytes.
pub(crate) const SMTP_ANSWER_MAX: usize = 64 * 1024;

/// Longest line of an IMAP answer, in bytes: a SEARCH answer with some 30,000 UIDs.
pub(crate) const IMAP_LINE_MAX: usize = 256 * 1024;
/// Longest literal that a server may announce, in bytes. Headers are asked for in part ([`HEADER_BYTES_MAX`]).
pub(crate) const IMAP_LITERAL_MAX: usize = 32 * 1024;
/// Everything a server may say in answer to one command, in bytes.
pub(crate) const IMAP_ANSWER_MAX: usize = 4 * 1024 * 1024;
/// How much of one message's header is read, in bytes.
pub(crate) const HEADER_BYTES_MAX: usize = 16 * 1024;
/// How much of a report (a bounce, an auto-reply) is read, in bytes: it says what it has to say before the mail that it sends
/// back. Less than [`IMAP_LITERAL_MAX`], as servers count line ends differently.
pub(crate) const REPORT_BYTES_MAX: usize = 30 * 1024;
/// Messages fetched with one command.
pub(crate) const FETCH_CHUNK: usize = 50;
/// Messages looked at in one folder and scan: the newest.
pub(crate) const SCAN_MAX: usize = 2_000;
/// Folders that a mailbox may have for discovery; further ones are ignored.
pub(crate) const FOLDERS_MAX: usize = 500;
