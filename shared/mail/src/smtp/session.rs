//! The session itself: one step after the other, each with its deadline.

use std::time::Duration;

use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::{ClientId, Extension, ServerInfo};
use lettre::transport::smtp::response::{Response, Severity};
use preheat_core::endpoint::Security;
use preheat_core::id::Address;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

use crate::dial::{Dial, DialError, DialStage};
use crate::limits::Deadlines;
use crate::next::Next;
use crate::reply::clean;
use crate::wire::{Peek, Rules, Wire};

use super::error::{Accepted, Failure, Refusal, SendError, Stage, failed, failure};
use crate::{Account, Auth, base64};

/// Time for QUIT. It is a courtesy: its answer changes nothing.
const QUIT_MAX: Duration = Duration::from_secs(1);

pub(super) struct Session<'a> {
    conn: AsyncSmtpConnection,
    wire: Wire,
    info: ServerInfo,
    limits: &'a Deadlines,
    end: Instant,
    secrets: Vec<Zeroizing<String>>,
    /// The last answer was read whole, and the server waits for a command.
    in_step: bool,
}

impl<'a> Session<'a> {
    pub(super) async fn open(
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
        let secrets = account.credential.forms(account.user);
        let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &hello);
        let conn = match timeout_at(end.min(Instant::now() + limits.greeting), connecting).await {
            Err(_) => Err(Failure::Broken("no greeting in time".to_owned())),
            Ok(Err(error)) => Err(failure(&error, &wire)),
            Ok(Ok(conn)) => Ok(conn),
        };
        let conn = conn.map_err(|failure| failed(failure, Stage::Greeting, &secrets))?;
        wire.hang_up_on_refusal(false);

        let info = conn.server_info().clone();
        let mut session = Self { conn, wire, info, limits, end, secrets, in_step: true };
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

    pub(super) async fn authenticate(&mut self, account: &Account<'_>) -> Result<(), SendError> {
        let user = account.user;
        let secret = account.credential.secret();
        let refused = |reply: &str| Err(SendError::Credentials { reply: reply.to_owned() });
        if user.chars().chain(secret.chars()).any(char::is_control) {
            return refused("user name or secret holds a control character");
        }
        let offers = |mechanism| self.info.supports_auth_mechanism(mechanism);
        let accepted = match account.credential {
            Auth::XOauth2(_) if offers(Mechanism::Xoauth2) => {
                let response = base64(&account.credential.sasl(user));
                let line = Zeroizing::new(format!("AUTH XOAUTH2 {}\r\n", response.as_str()));
                let answer = self.command(Stage::Auth, &line, self.limits.command).await?;
                // A refused token is answered with a challenge that explains it, then, once answered, with 535.
                if answer.has_code(334) {
                    self.command(Stage::Auth, "\r\n", self.limits.command).await?
                } else {
                    answer
                }
            }
            Auth::Password(_) if offers(Mechanism::Plain) => {
                let response = base64(&account.credential.sasl(user));
                let line = Zeroizing::new(format!("AUTH PLAIN {}\r\n", response.as_str()));
                self.command(Stage::Auth, &line, self.limits.command).await?
            }
            Auth::Password(password) if offers(Mechanism::Login) => {
                let mut answer = self.command(Stage::Auth, "AUTH LOGIN\r\n", self.limits.command).await?;
                for part in [user, password] {
                    if !answer.has_code(334) {
                        return refused("the server broke AUTH LOGIN off");
                    }
                    let line = Zeroizing::new(format!("{}\r\n", base64(part).as_str()));
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

    pub(super) async fn deliver(&mut self, from: &Address, to: &Address, body: &[u8]) -> Result<Accepted, SendError> {
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
        self.in_step = false;
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
        let answer = match timeout_at(self.end.min(Instant::now() + self.limits.dot), asking).await {
            Err(_) => Err(Failure::Broken("no answer to the final dot in time".to_owned())),
            Ok(Err(error)) => Err(failure(&error, &self.wire)),
            Ok(Ok(answer)) if answer.code().severity == Severity::PositiveCompletion => Ok(answer),
            Ok(Ok(_)) => Err(Failure::Broken("the answer to the final dot makes no sense".to_owned())),
        };
        self.in_step = !matches!(answer, Err(Failure::Broken(_)));
        match answer {
            Ok(answer) => Ok(Accepted { reply: clean(&joined(&answer), &self.secrets) }),
            Err(Failure::Broken(reason)) => Err(SendError::Unknown { reason: clean(&reason, &self.secrets) }),
            Err(reply @ Failure::Reply { .. }) => Err(failed(reply, Stage::Dot, &self.secrets)),
        }
    }

    /// A command whose answer must be 2yz or 3yz.
    async fn command(&mut self, stage: Stage, line: &str, time: Duration) -> Result<Response, SendError> {
        self.wire.begin();
        self.in_step = false;
        let result = match timeout_at(self.end.min(Instant::now() + time), self.conn.command(line)).await {
            Err(_) => Err(Failure::Broken("no answer in time".to_owned())),
            Ok(Err(error)) => Err(failure(&error, &self.wire)),
            Ok(Ok(answer)) => Ok(answer),
        };
        self.in_step = matches!(result, Ok(_) | Err(Failure::Reply { .. }));
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

    /// QUIT, unless the session is out of step: a connection on which something was half said or half read gets no
    /// further word.
    pub(super) async fn quit(&mut self) {
        if !self.in_step {
            return;
        }
        let time = QUIT_MAX.min(self.end.saturating_duration_since(Instant::now()));
        if timeout(time, self.conn.command("QUIT\r\n")).await.is_err() {
            tracing::debug!("no answer to QUIT");
        }
    }

    pub(super) fn offers(&self) -> Vec<String> {
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

fn joined(answer: &Response) -> String {
    answer.message().collect::<Vec<_>>().join(" ")
}

fn broken(stage: Stage, reason: &str) -> SendError {
    SendError::BrokenBefore { stage, reason: reason.to_owned() }
}

fn unreachable_because(stage: Stage, error: &DialError) -> SendError {
    SendError::Unreachable { stage, reason: error.to_string(), next: error.next() }
}
