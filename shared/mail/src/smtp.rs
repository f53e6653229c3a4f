//! One send over SMTP, step by step (RFC 5321, RFC 3207, RFC 4954), so that the caller knows which side of the final dot
//! a failure was on: before it nothing can have been delivered; after it only the recipient's mailbox knows.
//!
//! lettre's connection does the talking, on a stream of our own ([`Wire`]) that bounds what a server may say. The body
//! is written here and not by lettre: everything but the terminator first, flushed; then, if the server is still quietly
//! waiting, the terminator `CRLF . CRLF`. From its first byte on every failure is [`SendError::Unknown`], unless a
//! complete answer was read.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::{ClientId, Extension, ServerInfo};
use lettre::transport::smtp::response::{Response, Severity};
use preheat_core::endpoint::Security;
use preheat_core::id::Address;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

use crate::compose::wire_form;
use crate::dial::{Dial, DialError, DialStage};
use crate::limits::Deadlines;
use crate::next::Next;
use crate::reply::clean;
use crate::wire::{Peek, Rules, Wire};
use crate::{Account, Auth};

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

/// Sends one message to one recipient. `message` is a whole RFC 5322 message with CRLF line ends.
///
/// Dropping the future drops the connection. Dropped before the terminator was written, nothing was sent; the caller
/// that drops it later must treat the send as [`SendError::Unknown`].
///
/// # Errors
/// See [`SendError`]; its [`next`](SendError::next) says what to do.
pub async fn send(
    dial: &dyn Dial,
    account: &Account<'_>,
    from: &Address,
    to: &Address,
    message: &[u8],
    limits: &Deadlines,
) -> Result<Accepted, SendError> {
    let body = wire_form(message).map_err(|error| SendError::Refused {
        what: Refusal::Message,
        code: 0,
        reply: error.to_string(),
    })?;
    let mut session = Session::open(dial, account, from.domain(), limits).await?;
    session.authenticate(account).await?;
    let result = session.deliver(from, to, &body).await;
    session.quit().await;
    result
}

/// Opens a session and proves who we are, then leaves: for the diagnosis of a mailbox. Returns the extensions that
/// matter here and that the server offers.
///
/// # Errors
/// As [`send`].
pub async fn check_login(
    dial: &dyn Dial,
    account: &Account<'_>,
    hello: &str,
    limits: &Deadlines,
) -> Result<Vec<String>, SendError> {
    let mut session = Session::open(dial, account, hello, limits).await?;
    session.authenticate(account).await?;
    let offers = session.offers();
    session.quit().await;
    Ok(offers)
}

/// Time for QUIT. It is a courtesy: its answer changes nothing.
const QUIT_MAX: Duration = Duration::from_secs(1);

struct Session<'a> {
    conn: AsyncSmtpConnection,
    wire: Wire,
    info: ServerInfo,
    limits: &'a Deadlines,
    end: Instant,
    secrets: [&'a str; 2],
}

/// What came back for a command: a negative answer, or nothing usable.
enum Failure {
    Reply { code: u16, text: String },
    Broken(String),
}

impl<'a> Session<'a> {
    async fn open(
        dial: &dyn Dial,
        account: &Account<'a>,
        hello: &str,
        limits: &'a Deadlines,
    ) -> Result<Self, SendError> {
        let end = Instant::now() + limits.total;
        let endpoint = account.endpoint;
        let stream = timeout_at(end.min(Instant::now() + limits.connect), dial.dial(endpoint))
            .await
            .unwrap_or_else(|_| Err(DialError::TimedOut { host: endpoint.host.clone(), stage: DialStage::Tcp }))
            .map_err(|error| unreachable_because(Stage::Connect, &error))?;

        let wire = Wire::new(stream, Rules::SMTP);
        wire.hang_up_on_refusal(true);
        let hello = ClientId::Domain(hello.to_owned());
        let secrets = [account.credential.secret(), ""];
        let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &hello);
        let conn = match timeout_at(end.min(Instant::now() + limits.greeting), connecting).await {
            Err(_) => Err(Failure::Broken("no greeting in time".to_owned())),
            Ok(Err(error)) => Err(failure(&error, &wire)),
            Ok(Ok(conn)) => Ok(conn),
        };
        let conn = conn.map_err(|failure| failed(failure, Stage::Greeting, &secrets))?;
        wire.hang_up_on_refusal(false);

        let info = conn.server_info().clone();
        let mut session = Self { conn, wire, info, limits, end, secrets };
        if endpoint.security == Security::StartTls {
            session.start_tls(dial, &endpoint.host, &hello).await?;
        }
        Ok(session)
    }

    /// STARTTLS is required where it is configured: a server that does not offer it, or says anything more in clear,
    /// is left without another word (reliability.md, F16).
    async fn start_tls(&mut self, dial: &dyn Dial, host: &str, hello: &ClientId) -> Result<(), SendError> {
        let stage = Stage::StartTls;
        let stop = |reason: &str| SendError::Unreachable { stage, reason: reason.to_owned(), next: Next::Replan };
        if !self.info.supports_feature(Extension::StartTls) {
            return Err(stop("the server does not offer STARTTLS, which is required: nothing is said without it"));
        }
        let answer = self.command(stage, "STARTTLS\r\n", self.limits.greeting).await?;
        if !answer.has_code(220) {
            return Err(stop("the server did not go over to TLS"));
        }
        let Some(plain) = self.wire.take_stream() else {
            return Err(stop("the server sent plaintext after STARTTLS: somebody may be in between"));
        };
        let stream = timeout_at(self.end.min(Instant::now() + self.limits.connect), dial.upgrade(plain, host))
            .await
            .unwrap_or_else(|_| Err(DialError::TimedOut { host: host.to_owned(), stage: DialStage::Tls }))
            .map_err(|error| unreachable_because(stage, &error))?;
        self.wire.put_stream(stream);
        let answer = self.command(stage, &format!("EHLO {hello}\r\n"), self.limits.greeting).await?;
        self.info = ServerInfo::from_response(&answer).map_err(|_| stop("the answer to EHLO makes no sense"))?;
        Ok(())
    }

    async fn authenticate(&mut self, account: &Account<'_>) -> Result<(), SendError> {
        let user = account.user;
        let secret = account.credential.secret();
        let refused = |reply: &str| Err(SendError::Credentials { reply: reply.to_owned() });
        if user.chars().chain(secret.chars()).any(char::is_control) {
            return refused("user name or secret holds a control character");
        }
        let offers = |mechanism| self.info.supports_auth_mechanism(mechanism);
        let accepted = match account.credential {
            Auth::XOauth2(token) if offers(Mechanism::Xoauth2) => {
                let response = Zeroizing::new(format!("user={user}\x01auth=Bearer {token}\x01\x01"));
                let line = Zeroizing::new(format!("AUTH XOAUTH2 {}\r\n", &*base64(&response)));
                let answer = self.command(Stage::Auth, &line, self.limits.command).await?;
                // A refused token is answered with a challenge that explains it, then, once answered, with 535.
                if answer.has_code(334) {
                    self.command(Stage::Auth, "\r\n", self.limits.command).await?
                } else {
                    answer
                }
            }
            Auth::Password(password) if offers(Mechanism::Plain) => {
                let response = Zeroizing::new(format!("\0{user}\0{password}"));
                let line = Zeroizing::new(format!("AUTH PLAIN {}\r\n", &*base64(&response)));
                self.command(Stage::Auth, &line, self.limits.command).await?
            }
            Auth::Password(password) if offers(Mechanism::Login) => {
                let mut answer = self.command(Stage::Auth, "AUTH LOGIN\r\n", self.limits.command).await?;
                for part in [user, password] {
                    if !answer.has_code(334) {
                        return refused("the server broke AUTH LOGIN off");
                    }
                    let line = Zeroizing::new(format!("{}\r\n", &*base64(part)));
                    answer = self.command(Stage::Auth, &line, self.limits.command).await?;
                }
                answer
            }
            Auth::XOauth2(_) => return refused("the server offers no AUTH XOAUTH2"),
            Auth::Password(_) => return refused("the server offers neither AUTH PLAIN nor AUTH LOGIN"),
        };
        if accepted.code().severity == Severity::PositiveCompletion {
            Ok(())
        } else {
            refused("the server asks for more than AUTH knows")
        }
    }

    async fn deliver(&mut self, from: &Address, to: &Address, body: &[u8]) -> Result<Accepted, SendError> {
        let eight_bit = if body.is_ascii() { "" } else { " BODY=8BITMIME" };
        if !eight_bit.is_empty() && !self.info.supports_feature(Extension::EightBitMime) {
            let reply = "the message is not ASCII and the server does not offer 8BITMIME".to_owned();
            return Err(SendError::Refused { what: Refusal::Message, code: 0, reply });
        }
        let time = self.limits.command;
        self.completed(Stage::MailFrom, &format!("MAIL FROM:<{from}>{eight_bit}\r\n"), time).await?;
        self.completed(Stage::RcptTo, &format!("RCPT TO:<{to}>\r\n"), time).await?;
        let answer = self.command(Stage::Data, "DATA\r\n", time).await?;
        if !answer.has_code(354) {
            return Err(broken(Stage::Data, "the server did not ask for the message"));
        }
        self.body(body).await?;
        self.dot().await
    }

    /// Everything but the terminator. Nothing can be delivered by it.
    async fn body(&mut self, body: &[u8]) -> Result<(), SendError> {
        let mut wire = self.wire.clone();
        let writing = async {
            wire.write_all(body).await?;
            wire.flush().await
        };
        match timeout_at(self.end.min(Instant::now() + self.limits.data), writing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(broken(Stage::Body, &error.to_string())),
            Err(_) => return Err(broken(Stage::Body, "the server did not take the message in time")),
        }
        match self.wire.peek().await {
            Peek::Quiet => Ok(()),
            Peek::Closed => Err(broken(Stage::Body, "the server closed the connection")),
            // An answer before the question, such as 421 or 552: it is about the session or the message's size.
            Peek::Waiting => match self.read(self.limits.command).await {
                Ok(_) => Err(broken(Stage::Body, "the server answered out of turn")),
                Err(failure) => Err(failed(failure, Stage::Body, &self.secrets)),
            },
        }
    }

    /// The terminator. Before this is called nothing can have been delivered; from its first byte on, only a complete
    /// answer tells. A partial write of it counts as if it had left.
    async fn dot(&mut self) -> Result<Accepted, SendError> {
        self.wire.begin();
        let asking = self.conn.command("\r\n.\r\n");
        match timeout_at(self.end.min(Instant::now() + self.limits.dot), asking).await {
            Err(_) => Err(SendError::Unknown { reason: "no answer to the final dot in time".to_owned() }),
            Ok(Ok(answer)) if answer.code().severity == Severity::PositiveCompletion => {
                Ok(Accepted { reply: clean(&joined(&answer), &self.secrets) })
            }
            Ok(Ok(_)) => Err(SendError::Unknown { reason: "the answer to the final dot makes no sense".to_owned() }),
            Ok(Err(error)) => match failure(&error, &self.wire) {
                Failure::Broken(reason) => Err(SendError::Unknown { reason: clean(&reason, &self.secrets) }),
                reply @ Failure::Reply { .. } => Err(failed(reply, Stage::Dot, &self.secrets)),
            },
        }
    }

    /// A command whose answer must be 2yz or 3yz.
    async fn command(&mut self, stage: Stage, line: &str, time: Duration) -> Result<Response, SendError> {
        self.wire.begin();
        let result = match timeout_at(self.end.min(Instant::now() + time), self.conn.command(line)).await {
            Err(_) => Err(Failure::Broken("no answer in time".to_owned())),
            Ok(Err(error)) => Err(failure(&error, &self.wire)),
            Ok(Ok(answer)) => Ok(answer),
        };
        result.map_err(|failure| failed(failure, stage, &self.secrets))
    }

    /// A command whose answer must be 2yz.
    async fn completed(&mut self, stage: Stage, line: &str, time: Duration) -> Result<(), SendError> {
        let answer = self.command(stage, line, time).await?;
        if answer.code().severity == Severity::PositiveCompletion {
            Ok(())
        } else {
            Err(broken(stage, "the server's answer makes no sense"))
        }
    }

    async fn read(&mut self, time: Duration) -> Result<Response, Failure> {
        self.wire.begin();
        match timeout_at(self.end.min(Instant::now() + time), self.conn.read_response()).await {
            Err(_) => Err(Failure::Broken("half an answer".to_owned())),
            Ok(Err(error)) => Err(failure(&error, &self.wire)),
            Ok(Ok(answer)) => Ok(answer),
        }
    }

    async fn quit(&mut self) {
        let time = QUIT_MAX.min(self.end.saturating_duration_since(Instant::now()));
        if timeout(time, self.conn.command("QUIT\r\n")).await.is_err() {
            tracing::debug!("no answer to QUIT");
        }
    }

    fn offers(&self) -> Vec<String> {
        let all = [
            (Extension::StartTls, "STARTTLS"),
            (Extension::EightBitMime, "8BITMIME"),
            (Extension::SmtpUtfEight, "SMTPUTF8"),
            (Extension::Authentication(Mechanism::Plain), "AUTH PLAIN"),
            (Extension::Authentication(Mechanism::Login), "AUTH LOGIN"),
            (Extension::Authentication(Mechanism::Xoauth2), "AUTH XOAUTH2"),
        ];
        all.into_iter().filter(|(e, _)| self.info.supports_feature(*e)).map(|(_, name)| name.to_owned()).collect()
    }
}

fn base64(text: &str) -> Zeroizing<String> {
    Zeroizing::new(BASE64.encode(text))
}

fn joined(answer: &Response) -> String {
    answer.message().collect::<Vec<_>>().join(" ")
}

fn broken(stage: Stage, reason: &str) -> SendError {
    SendError::BrokenBefore { stage, reason: reason.to_owned() }
}

fn unreachable_because(stage: Stage, error: &DialError) -> SendError {
    SendError::Unreachable { stage, reason: error.to_string(), next: error.next() }
}

fn failure(error: &lettre::transport::smtp::Error, wire: &Wire) -> Failure {
    use std::error::Error as _;
    if let Some(code) = error.status() {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return Failure::Reply { code: code.into(), text };
    }
    Failure::Broken(wire.excess().map_or_else(|| error.to_string(), |excess| excess.to_string()))
}

/// Names a failure before the terminator, or a complete negative answer to it.
fn failed(failure: Failure, stage: Stage, secrets: &[&str]) -> SendError {
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
