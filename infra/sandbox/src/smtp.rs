//! A provider's submission server (RFC 6409 over RFC 5321): EHLO, AUTH, MAIL, RCPT, DATA, RSET, NOOP, QUIT.
//!
//! It hands accepted mail to [`crate::post`]. Strict where a careless client must be caught: CRLF only, 998 bytes a
//! line, the sender must be who logged in, verbs only in order.

use std::io;

use crate::fault::{Interference, Steps};
use crate::ledger::Outcome;
use crate::message::Content;
use crate::post;
use crate::sasl::{self, Claim};
use crate::wire::{Wire, trimmed};
use crate::world::World;

/// Largest mail, in bytes: what Gmail and Microsoft take (35 MB), announced with SIZE.
const SIZE_MAX: usize = 35_882_577;
/// Longest line of a mail, without CRLF (RFC 5321 §4.5.3.1.6).
const TEXT_LINE_MAX: usize = 998;

/// What follows a verb.
enum Then {
    Go,
    Close,
}

struct Session {
    world: World,
    provider: usize,
    wire: Wire,
    steps: Steps,
    greeted: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// Serves one connection until the client or a fault ends it.
pub(crate) async fn serve(world: World, provider: usize, wire: Wire, steps: Steps) -> io::Result<()> {
    let mut session = Session { world, provider, wire, steps, greeted: false, user: None, from: None, to: Vec::new() };
    let end = session.run().await;
    session.leave();
    end
}

impl Session {
    async fn run(&mut self) -> io::Result<()> {
        let (host, down) = {
            let now = self.world.now();
            let state = self.world.state();
            let provider = &state.providers[self.provider];
            (provider.smtp_host.clone(), provider.is_down(now))
        };
        if down {
            return self.reply("421 4.3.2 Service not available, closing transmission channel").await;
        }
        if let Then::Close = self.step("CONNECT", &format!("220 {host} ESMTP ready")).await? {
            return Ok(());
        }
        while let Some(line) = self.wire.line().await? {
            let line = String::from_utf8_lossy(trimmed(&line)).into_owned();
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            if let Then::Close = self.command(&verb.to_ascii_uppercase(), rest.trim(), &host).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Gives back the account's session slot.
    fn leave(&mut self) {
        if let Some(user) = self.user.take()
            && let Some(account) = self.world.state().accounts.get_mut(&user)
        {
            account.sessions = account.sessions.saturating_sub(1);
        }
    }

    async fn reply(&mut self, line: &str) -> io::Result<()> {
        self.wire.send(format!("{line}\r\n").as_bytes()).await
    }

    /// Says `answer`, unless a fault says or does something else.
    async fn step(&mut self, verb: &str, answer: &str) -> io::Result<Then> {
        match self.steps.reach(verb) {
            None | Some(Interference::WrongLiteral | Interference::Meanwhile(_)) => {
                self.reply(answer).await?;
                Ok(if answer.starts_with("421") { Then::Close } else { Then::Go })
            }
            Some(Interference::Answer(line)) => self.refuse(&line).await,
            Some(Interference::Cut { .. }) => Ok(Then::Close),
        }
    }

    async fn refuse(&mut self, line: &str) -> io::Result<Then> {
        self.reply(line).await?;
        Ok(if line.starts_with("421") { Then::Close } else { Then::Go })
    }

    fn forget_mail(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn command(&mut self, verb: &str, rest: &str, host: &str) -> io::Result<Then> {
        match verb {
            "EHLO" => {
                self.greeted = true;
                self.forget_mail();
                let more = if self.steps.plain { "STARTTLS" } else { "AUTH PLAIN LOGIN XOAUTH2" };
                let answer = format!(
                    "250-{host} at your service\r\n250-SIZE {SIZE_MAX}\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n\
                     250-PIPELINING\r\n250-{more}\r\n250 SMTPUTF8"
                );
                self.step("EHLO", &answer).await
            }
            "HELO" => {
                self.greeted = true;
                self.forget_mail();
                self.step("HELO", &format!("250 {host}")).await
            }
            "NOOP" => self.step("NOOP", "250 2.0.0 OK").await,
            "RSET" => {
                self.forget_mail();
                self.step("RSET", "250 2.0.0 Flushed").await
            }
            "QUIT" => {
                self.step("QUIT", "221 2.0.0 closing connection").await?;
                Ok(Then::Close)
            }
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "STARTTLS" if self.steps.plain => {
                // Here the stream already stands for the secured channel: only the state begins anew.
                self.greeted = false;
                let then = self.step("STARTTLS", "220 2.0.0 Ready to start TLS").await?;
                self.steps.plain = false;
                Ok(then)
            }
            "STARTTLS" => self.refuse("503 5.5.1 TLS is already active").await,
            _ => self.refuse("500 5.5.2 Unknown command").await,
        }
    }

    async fn auth(&mut self, rest: &str) -> io::Result<Then> {
        if self.steps.plain {
            return self.refuse("530 5.7.0 Must issue a STARTTLS command first").await;
        }
        if !self.greeted || self.user.is_some() {
            return self.refuse("503 5.5.1 Bad sequence of commands").await;
        }
        match self.steps.reach("AUTH") {
            Some(Interference::Answer(line)) => return self.refuse(&line).await,
            Some(Interference::Cut { .. }) => return Ok(Then::Close),
            Some(Interference::WrongLiteral | Interference::Meanwhile(_)) | None => {}
        }
        let (mechanism, initial) = rest.split_once(' ').map_or((rest, None), |(name, initial)| (name, Some(initial)));
        let claim = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => self.answer_to("", initial).await?.and_then(|bytes| sasl::plain(&bytes)),
            "LOGIN" => {
                let user = self.answer_to("VXNlcm5hbWU6", initial).await?;
                let secret = self.answer_to("UGFzc3dvcmQ6", None).await?;
                user.zip(secret).and_then(|(user, secret)| {
                    Some(Claim { user: String::from_utf8(user).ok()?, secret: String::from_utf8(secret).ok()? })
                })
            }
            "XOAUTH2" => self.answer_to("", initial).await?.and_then(|bytes| sasl::xoauth2(&bytes)),
            _ => return self.refuse("504 5.5.4 Unrecognised authentication type").await,
        };
        let admitted = claim.and_then(|claim| self.admit(&claim));
        if let Some(user) = admitted {
            self.user = Some(user);
            return self.refuse("235 2.7.0 Accepted").await;
        }
        if mechanism.eq_ignore_ascii_case("XOAUTH2") {
            // The client answers the error with an empty line and then hears the refusal.
            self.answer_to(&sasl::encode(sasl::BAD_TOKEN.as_bytes()), None).await?;
        }
        self.refuse("535 5.7.8 Username and Password not accepted").await
    }

    /// Opens the account and takes one of its session slots.
    fn admit(&mut self, claim: &Claim) -> Option<String> {
        let user = claim.user.to_ascii_lowercase();
        let mut state = self.world.state();
        let account = state.accounts.get_mut(&user).filter(|account| account.admits(claim, self.provider))?;
        account.sessions += 1;
        Some(user)
    }

    /// The client's decoded answer to a challenge; `initial` stands for it if the client sent it at once.
    async fn answer_to(&mut self, challenge: &str, initial: Option<&str>) -> io::Result<Option<Vec<u8>>> {
        if let Some(initial) = initial {
            return Ok(sasl::decode(initial.as_bytes()));
        }
        self.reply(&format!("334 {challenge}")).await?;
        let line = self.wire.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(sasl::decode(trimmed(&line)))
    }

    async fn mail(&mut self, rest: &str) -> io::Result<Then> {
        let Some(user) = self.user.clone() else {
            return self.refuse("530 5.7.0 Authentication Required").await;
        };
        if self.from.is_some() {
            return self.refuse("503 5.5.1 There is a mail already").await;
        }
        let Some(from) = path(rest, "FROM:") else {
            return self.refuse("501 5.5.4 Syntax: MAIL FROM:<address>").await;
        };
        if from != user {
            return self.refuse("553 5.7.1 The sender is not the one who logged in").await;
        }
        let now = self.world.now();
        let limit = self.world.state().accounts.get_mut(&user).and_then(|account| post::over_limit(account, now));
        if let Some(line) = limit {
            return self.refuse(line).await;
        }
        let reached = self.step("MAIL", "250 2.1.0 OK");
        let then = reached.await?;
        self.from = Some(from);
        Ok(then)
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<Then> {
        let Some(from) = self.from.clone() else {
            return self.refuse("503 5.5.1 MAIL first").await;
        };
        let Some(to) = path(rest, "TO:").filter(|to| to.contains('@')) else {
            return self.refuse("501 5.1.3 Syntax: RCPT TO:<address>").await;
        };
        let now = self.world.now();
        if self.world.state().greylists(self.provider, &from, &to, now) {
            return self.refuse("451 4.7.1 Greylisted, please try again in some minutes").await;
        }
        match self.steps.reach("RCPT") {
            Some(Interference::Answer(line)) => self.refuse(&line).await,
            Some(Interference::Cut { .. }) => Ok(Then::Close),
            Some(Interference::WrongLiteral | Interference::Meanwhile(_)) | None => {
                self.to.push(to);
                self.refuse("250 2.1.5 OK").await
            }
        }
    }

    async fn data(&mut self) -> io::Result<Then> {
        let (Some(from), false) = (self.from.clone(), self.to.is_empty()) else {
            return self.refuse("503 5.5.1 RCPT first").await;
        };
        match self.steps.reach("DATA") {
            Some(Interference::Answer(line)) => return self.refuse(&line).await,
            Some(Interference::Cut { .. }) => return Ok(Then::Close),
            Some(Interference::WrongLiteral | Interference::Meanwhile(_)) | None => self.reply("354 Go ahead").await?,
        }
        let body = self.body().await?;
        let to = std::mem::take(&mut self.to);
        self.from = None;
        let now = self.world.now();
        let step = self.steps.reach(".");
        let refusal = match (&step, body.complaint) {
            (Some(Interference::Answer(line)), _) => Some(line.clone()),
            (_, Some(complaint)) => Some(complaint.to_owned()),
            _ => None,
        };
        let lost = matches!(step, Some(Interference::Cut { done: false }));
        let entries: Vec<usize> = {
            let mut state = self.world.state();
            match (&refusal, lost) {
                (None, false) => state.take(&from, &to, body.bytes, now),
                (refusal, _) => {
                    let content = Content::new(body.bytes);
                    let outcome =
                        refusal.as_ref().map_or(Outcome::Lost, |line| Outcome::Refused { line: line.clone() });
                    to.iter().map(|to| state.note(&content, &from, to, now, outcome.clone())).collect()
                }
            }
        };
        if matches!(step, Some(Interference::Cut { .. })) {
            return Ok(Then::Close);
        }
        let number = entries.first().copied().unwrap_or(0);
        let answer = refusal.unwrap_or_else(|| format!("250 2.0.0 OK {number:08}"));
        let then = self.refuse(&answer).await?;
        let mut state = self.world.state();
        for entry in entries {
            state.ledger[entry].answered = true;
        }
        Ok(then)
    }

    /// Reads a mail up to its final dot, dots unstuffed.
    async fn body(&mut self) -> io::Result<Body> {
        let mut body = Body { bytes: Vec::new(), complaint: None };
        loop {
            let line = self.wire.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line == b".\r\n" {
                return Ok(body);
            }
            if !line.ends_with(b"\r\n") || line[..line.len() - 2].contains(&b'\r') {
                body.complaint.get_or_insert("550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal");
            }
            if line.len() > TEXT_LINE_MAX + 2 {
                body.complaint.get_or_insert("554 5.6.0 A line is longer than 998 bytes");
            }
            if body.bytes.len() + line.len() > SIZE_MAX {
                body.complaint.get_or_insert("552 5.3.4 Message size exceeds fixed limit");
                continue;
            }
            body.bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

struct Body {
    bytes: Vec<u8>,
    /// What is wrong with it, as the reply.
    complaint: Option<&'static str>,
}

/// The address of `FROM:<a@b> …`, lower case.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let head = rest.get(..keyword.len()).filter(|head| head.eq_ignore_ascii_case(keyword))?;
    let after = rest[head.len()..].trim_start().strip_prefix('<')?;
    let (address, _) = after.split_once('>')?;
    Some(address.to_ascii_lowercase())
}
