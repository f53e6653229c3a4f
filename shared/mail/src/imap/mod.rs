//! One visit to a mailbox over IMAP (RFC 3501, and the extensions a server offers).
//!
//! [`Visit`] is one session: open it, look at the [`Folders`], scan, act, leave. Only async-imap's reading of answers is
//! used; its helpers for single commands are not, because most of them take a refused command or a lost connection for
//! an empty result, and an empty search result here would mean "the mail never arrived, send it again".
//!
//! A UID never leaves the function that found it: messages are named by Message-ID and looked up again for every action,
//! because a UID means nothing after a move or after a folder's UIDVALIDITY changed.

mod act;
mod folders;
mod login;
mod names;
mod scan;
mod session;

use std::fmt;

use crate::next::Next;

pub use act::{Moved, Rescue};
pub use folders::{FILED_FOLDER, Folder, Folders, Special};
pub use scan::{Category, Seen};
pub use session::{Capabilities, Visit};

/// How far a visit had come when it found no way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImapStage {
    /// Name look-up, TCP, implicit TLS.
    Connect,
    /// The greeting.
    Greeting,
    /// STARTTLS and the TLS handshake.
    StartTls,
}

impl fmt::Display for ImapStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Greeting => "greeting",
            Self::StartTls => "STARTTLS",
        })
    }
}

/// Why a visit, or one action of it, failed. Server text is cleaned: no secret, no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImapError {
    /// No session: nothing secret was said.
    #[error("the server is not reachable ({stage}): {reason}")]
    Unreachable {
        /// How far it came.
        stage: ImapStage,
        /// What went wrong.
        reason: String,
        /// What to do.
        next: Next,
    },
    /// The server does not accept who we are.
    #[error("the credentials are refused: {reply}")]
    Credentials {
        /// What it said.
        reply: String,
    },
    /// Not now: too many connections, maintenance, a folder in use.
    #[error("the server is busy ({command}): {reply}")]
    Busy {
        /// The command.
        command: &'static str,
        /// What it said.
        reply: String,
    },
    /// The server refused one command. The session goes on.
    #[error("{command} was refused: {reply}")]
    Refused {
        /// The command.
        command: &'static str,
        /// What it said.
        reply: String,
    },
    /// The connection is gone or cannot be trusted any more. A new visit is needed.
    #[error("the connection was lost during {command}: {reason}")]
    Lost {
        /// The command under way.
        command: &'static str,
        /// How.
        reason: String,
    },
    /// The folder's UIDs became invalid while it was open (UIDVALIDITY). A new visit sees it afresh.
    #[error("the folder was rebuilt by the server during {command}")]
    Rebuilt {
        /// The command under way.
        command: &'static str,
    },
    /// A name or identifier holds CR, LF or NUL. Nothing was said.
    #[error("an argument of {command} holds a control character")]
    Argument {
        /// The command.
        command: &'static str,
    },
}

impl ImapError {
    /// What to do now.
    #[must_use]
    pub fn next(&self) -> Next {
        match self {
            Self::Unreachable { next, .. } => *next,
            Self::Credentials { .. } => Next::Pause,
            Self::Busy { .. } | Self::Refused { .. } => Next::Replan,
            Self::Lost { .. } | Self::Rebuilt { .. } => Next::Retry,
            Self::Argument { .. } => Next::Drop,
        }
    }

    /// Whether the session that gave this error can still be used.
    #[must_use]
    pub fn session_lives(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Refused { .. } | Self::Argument { .. } | Self::Rebuilt { .. } => true,
            Self::Unreachable { .. } | Self::Credentials { .. } | Self::Lost { .. } => false,
        }
    }
}
