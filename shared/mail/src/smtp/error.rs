//! What can become of a send, and how a server's answer is named.

use std::fmt;

use zeroize::Zeroizing;

use crate::next::Next;
use crate::reply::clean;
use crate::wire::Wire;

/// How far a session had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Name look-up, TCP, implicit TLS.
    Connect,
    /// The server's greeting and its answer to EHLO.
    Greeting,
    /// STARTTLS and the TLS handshake.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    MailFrom,
    /// RCPT TO.
    RcptTo,
    /// DATA.
    Data,
    /// The message, up to the terminator.
    Body,
    /// The terminator and its answer.
    Dot,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Greeting => "greeting",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::RcptTo => "RCPT TO",
            Self::Data => "DATA",
            Self::Body => "the message",
            Self::Dot => "the final dot",
        })
    }
}

/// What a server refused for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The sender's address.
    Sender,
    /// The recipient's address.
    Recipient,
    /// The message.
    Message,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Message => "message",
        })
    }
}

/// The server took the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What it said: often its queue id.
    pub reply: String,
}

/// Why a message was not, or perhaps not, sent. Server text is cleaned: no secret, no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No session: nothing secret was said, nothing was sent.
    #[error("the server is not reachable ({stage}): {reason}")]
    Unreachable {
        /// How far it came.
        stage: Stage,
        /// What went wrong.
        reason: String,
        /// What to do: a refused certificate is not tried again as soon as a lost packet.
        next: Next,
    },
    /// The server does not accept who we are.
    #[error("the credentials are refused: {reply}")]
    Credentials {
        /// What it said.
        reply: String,
    },
    /// Not now: a 4yz, or a provider's daily limit, which some announce as 5yz.
    #[error("deferred at {stage}: {code} {reply}")]
    Deferred {
        /// At which step.
        stage: Stage,
        /// The reply code.
        code: u16,
        /// What it said.
        reply: String,
    },
    /// Never: a 5yz.
    #[error("{what} refused: {code} {reply}")]
    Refused {
        /// What was refused.
        what: Refusal,
        /// The reply code; 0 if we refused it ourselves before connecting.
        code: u16,
        /// What it said.
        reply: String,
    },
    /// The connection ended before the terminator: nothing was delivered.
    #[error("the connection broke at {stage}: {reason}")]
    BrokenBefore {
        /// At which step.
        stage: Stage,
        /// How.
        reason: String,
    },
    /// The connection ended after the terminator may have left: the message may have been delivered.
    #[error("it is not known whether the message was taken: {reason}")]
    Unknown {
        /// How it ended.
        reason: String,
    },
}

impl SendError {
    /// What to do now.
    #[must_use]
    pub fn next(&self) -> Next {
        match self {
            Self::Unreachable { next, .. } => *next,
            Self::Credentials { .. } => Next::Pause,
            Self::Deferred { .. } => Next::Replan,
            Self::Refused { .. } => Next::Drop,
            Self::BrokenBefore { .. } => Next::Retry,
            Self::Unknown { .. } => Next::Reconcile,
        }
    }
}

/// What came back for a command: a negative answer, or nothing usable.
pub(super) enum Failure {
    Reply { code: u16, text: String },
    Broken(String),
}

pub(super) fn failure(error: &lettre::transport::smtp::Error, wire: &Wire) -> Failure {
    use std::error::Error as _;
    if let Some(code) = error.status() {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return Failure::Reply { code: code.into(), text };
    }
    Failure::Broken(wire.excess().map_or_else(|| error.to_string(), |excess| excess.to_string()))
}

/// Names a failure before the terminator, or a complete negative answer to it.
pub(super) fn failed(failure: Failure, stage: Stage, secrets: &[Zeroizing<String>]) -> SendError {
    let (code, reply) = match failure {
        Failure::Reply { code, text } => (code, clean(&text, secrets)),
        Failure::Broken(reason) if stage <= Stage::StartTls => {
            return SendError::Unreachable { stage, reason: clean(&reason, secrets), next: Next::Retry };
        }
        Failure::Broken(reason) => return SendError::BrokenBefore { stage, reason: clean(&reason, secrets) },
    };
    if (400..500).contains(&code) || is_sending_limit(&reply) {
        return SendError::Deferred { stage, code, reply };
    }
    match stage {
        Stage::Connect | Stage::Greeting | Stage::StartTls => {
            SendError::Unreachable { stage, reason: format!("{code} {reply}"), next: Next::Replan }
        }
        Stage::Auth => SendError::Credentials { reply: format!("{code} {reply}") },
        // RFC 4954 §6: 530, 534, 535, 538 speak of authentication wherever they come.
        Stage::MailFrom if matches!(code, 530 | 534 | 535 | 538) => {
            SendError::Credentials { reply: format!("{code} {reply}") }
        }
        Stage::MailFrom => SendError::Refused { what: Refusal::Sender, code, reply },
        Stage::RcptTo => SendError::Refused { what: Refusal::Recipient, code, reply },
        Stage::Data | Stage::Body | Stage::Dot => SendError::Refused { what: Refusal::Message, code, reply },
    }
}

/// Daily and hourly limits that providers announce with a permanent code although they pass: Gmail `550 5.4.5 Daily
/// user sending limit exceeded`, Microsoft `5.1.90` (daily recipients) and `5.2.122` (hourly), Zoho `5.4.6`.
fn is_sending_limit(reply: &str) -> bool {
    ["5.4.5 ", "5.1.90 ", "5.2.122 ", "5.4.6 "].iter().any(|code| reply.starts_with(code))
}
