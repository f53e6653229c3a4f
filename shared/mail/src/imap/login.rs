//! The way in: greeting, STARTTLS, capabilities, login. Everything before login is said over plain lines, read here; no
//! protocol library sees a byte that came before TLS.

use imap_proto::{Capability, Response, ResponseCode, Status};
use preheat_core::endpoint::Security;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::session::{Capabilities, Piece, Visit, refused, string};
use super::{ImapError, ImapStage};
use crate::dial::{Dial, DialError, DialStage};
use crate::limits::Deadlines;
use crate::next::Next;
use crate::reply::{NONE, clean};
use crate::wire::{Rules, Wire};
use crate::{Account, Auth, base64};

/// Lines a server may say before login, apart from the answers.
const CHATTER_MAX: usize = 50;

impl Visit {
    /// Opens a session and logs in.
    ///
    /// # Errors
    /// See [`ImapError`]. Before TLS stands and the certificate is verified, nothing secret is said.
    pub async fn open(dial: &dyn Dial, account: &Account<'_>, limits: &Deadlines) -> Result<Self, ImapError> {
        let end = Instant::now() + limits.total;
        let wire = connect(dial, account, limits, end).await?;
        let mut entry = Entry { wire, deadline: end.min(Instant::now() + limits.greeting), tag: 0 };
        let mut offered = entry.greeting().await?;
        if account.endpoint.security == Security::StartTls {
            entry.start_tls(dial, &account.endpoint.host, offered, limits).await?;
            // What was said in clear counts for nothing now (RFC 3501 §6.2.1).
            offered = None;
        }
        let capabilities = match offered {
            Some(capabilities) => capabilities,
            None => entry.capabilities(ImapStage::Greeting).await?,
        };
        let mut visit = Self::new(entry.wire, *limits, end, capabilities);
        visit.login(account).await?;
        Ok(visit)
    }

    async fn login(&mut self, account: &Account<'_>) -> Result<(), ImapError> {
        let (user, secret) = (account.user, account.credential.secret());
        if user.chars().chain(secret.chars()).any(char::is_control) {
            let reply = "user name or secret holds a control character".to_owned();
            return Err(ImapError::Credentials { reply });
        }
        let (command, pieces) = match account.credential {
            Auth::XOauth2(_) => ("AUTHENTICATE", self.sasl("XOAUTH2", account)),
            Auth::Password(_) if self.capabilities.has("AUTH=PLAIN") => ("AUTHENTICATE", self.sasl("PLAIN", account)),
            Auth::Password(_) if self.capabilities.has("LOGINDISABLED") => {
                let reply = "the server does not allow a login with a password".to_owned();
                return Err(ImapError::Credentials { reply });
            }
            Auth::Password(password) => {
                let space = || Piece::Text(" ".to_owned());
                let pieces =
                    vec![Piece::Text("LOGIN ".to_owned()), string("LOGIN", user)?, space(), string("LOGIN", password)?];
                ("LOGIN", pieces)
            }
        };
        let mut after = None;
        let outcome = self.run(command, pieces, |answer| note_capabilities(answer, &mut after)).await?;
        let reply = clean(&outcome.text, &account.credential.forms(user));
        match outcome.status {
            Status::Ok => {}
            _ => {
                return Err(match refused(command, reply) {
                    // NO and BAD to a login that is not about being busy: the credentials, or what they may do.
                    ImapError::Refused { reply, .. } => ImapError::Credentials { reply },
                    busy => busy,
                });
            }
        }
        if after.is_none() {
            self.ask("CAPABILITY", vec![Piece::Text("CAPABILITY".to_owned())], |answer| {
                note_capabilities(answer, &mut after);
            })
            .await?;
        }
        self.capabilities = after.unwrap_or_default();
        Ok(())
    }

    /// AUTHENTICATE, with the response in the same line where the server takes that (SASL-IR, RFC 4959).
    fn sasl(&self, mechanism: &str, account: &Account<'_>) -> Vec<Piece> {
        let encoded = base64(&account.credential.sasl(account.user));
        if self.capabilities.has("SASL-IR") {
            vec![Piece::Text(format!("AUTHENTICATE {mechanism} {}", encoded.as_str()))]
        } else {
            vec![Piece::Text(format!("AUTHENTICATE {mechanism}")), Piece::Answer(encoded)]
        }
    }
}

fn note_capabilities(answer: &Response<'_>, found: &mut Option<Capabilities>) {
    let list = match answer {
        Response::Capabilities(list) => list,
        Response::Data { outcome, .. } | Response::Done { outcome, .. } => match &outcome.code {
            Some(ResponseCode::Capabilities(list)) => list,
            _ => return,
        },
        _ => return,
    };
    let names = list.iter().map(|capability| match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(mechanism) => format!("AUTH={}", mechanism.to_ascii_uppercase()),
        Capability::Atom(name) => name.to_ascii_uppercase(),
    });
    *found = Some(Capabilities(names.collect()));
}

async fn connect(dial: &dyn Dial, account: &Account<'_>, limits: &Deadlines, end: Instant) -> Result<Wire, ImapError> {
    let endpoint = account.endpoint;
    let stream = timeout_at(end.min(Instant::now() + limits.connect), dial.dial(endpoint))
        .await
        .unwrap_or_else(|_| Err(DialError::TimedOut { host: endpoint.host.clone(), stage: DialStage::Tcp }))
        .map_err(|error| unreachable(ImapStage::Connect, error.to_string(), error.next()))?;
    Ok(Wire::new(stream, Rules::IMAP))
}

fn unreachable(stage: ImapStage, reason: impl Into<String>, next: Next) -> ImapError {
    ImapError::Unreachable { stage, reason: reason.into(), next }
}

/// A connection before login.
struct Entry {
    wire: Wire,
    deadline: Instant,
    tag: u32,
}

impl Entry {
    async fn line(&mut self, stage: ImapStage) -> Result<String, ImapError> {
        let lost = |reason: String| unreachable(stage, clean(&reason, NONE), Next::Retry);
        let reading = async {
            let mut line = Vec::new();
            let mut space = [0_u8; 1024];
            while !line.ends_with(b"\n") {
                let count = self.wire.read(&mut space).await.map_err(|error| error.to_string())?;
                if count == 0 {
                    return Err("the server closed the connection".to_owned());
                }
                line.extend_from_slice(&space[..count]);
            }
            Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
        };
        timeout_at(self.deadline, reading).await.map_err(|_| lost("no answer in time".to_owned()))?.map_err(lost)
    }

    /// The greeting, and the capabilities if they stand in it.
    async fn greeting(&mut self) -> Result<Option<Capabilities>, ImapError> {
        let stage = ImapStage::Greeting;
        let line = self.line(stage).await?;
        let said = clean(&line, NONE);
        let mut words = line.split(' ');
        match (words.next(), words.next().map(str::to_ascii_uppercase).as_deref()) {
            (Some("*"), Some("OK")) => Ok(listed_in_code(&line)),
            // Already logged in, as whom? Whoever sits in between could say so to keep us from STARTTLS.
            (Some("*"), Some("PREAUTH")) => {
                Err(unreachable(stage, "the server greets with PREAUTH, which is not accepted", Next::Replan))
            }
            (Some("*"), Some("BYE")) => Err(unreachable(stage, said, Next::Replan)),
            _ => Err(unreachable(stage, "this is not an IMAP server", Next::Replan)),
        }
    }

    /// A command in clear lines; untagged lines go through `see`. The text of the tagged answer, if it is OK.
    async fn command(&mut self, stage: ImapStage, name: &str, mut see: impl FnMut(&str)) -> Result<String, ImapError> {
        self.tag += 1;
        let tag = format!("P{}", self.tag);
        let line = format!("{tag} {name}\r\n");
        self.wire.begin();
        let writing = async {
            self.wire.write_all(line.as_bytes()).await?;
            self.wire.flush().await
        };
        match timeout_at(self.deadline, writing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(unreachable(stage, error.to_string(), Next::Retry)),
            Err(_) => return Err(unreachable(stage, "the server does not read", Next::Retry)),
        }
        for _ in 0..CHATTER_MAX {
            let line = self.line(stage).await?;
            let Some(rest) = line.strip_prefix(&tag).and_then(|rest| rest.strip_prefix(' ')) else {
                see(&line);
                continue;
            };
            let ok = rest.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("OK"));
            return if ok {
                Ok(rest.to_owned())
            } else {
                Err(unreachable(stage, format!("{name}: {}", clean(rest, NONE)), Next::Replan))
            };
        }
        Err(unreachable(stage, "the server does not come to the point", Next::Replan))
    }

    async fn capabilities(&mut self, stage: ImapStage) -> Result<Capabilities, ImapError> {
        let mut found = Capabilities::default();
        self.command(stage, "CAPABILITY", |line| {
            let mut words = line.split_ascii_whitespace();
            if words.next() == Some("*") && words.next().is_some_and(|word| word.eq_ignore_ascii_case("CAPABILITY")) {
                found = Capabilities::of_words(words);
            }
        })
        .await?;
        Ok(found)
    }

    async fn start_tls(
        &mut self,
        dial: &dyn Dial,
        host: &str,
        offered: Option<Capabilities>,
        limits: &Deadlines,
    ) -> Result<(), ImapError> {
        let stage = ImapStage::StartTls;
        let offered = match offered {
            Some(capabilities) => capabilities,
            None => self.capabilities(stage).await?,
        };
        if !offered.has("STARTTLS") {
            let reason = "the server does not offer STARTTLS, which is required: nothing is said without it";
            return Err(unreachable(stage, reason, Next::Replan));
        }
        self.command(stage, "STARTTLS", |_| {}).await?;
        let Some(plain) = self.wire.take_stream() else {
            let reason = "the server sent plaintext after STARTTLS: somebody may be in between";
            return Err(unreachable(stage, reason, Next::Replan));
        };
        let stream = timeout_at(Instant::now() + limits.connect, dial.upgrade(plain, host))
            .await
            .unwrap_or_else(|_| Err(DialError::TimedOut { host: host.to_owned(), stage: DialStage::Tls }))
            .map_err(|error| unreachable(stage, error.to_string(), error.next()))?;
        self.wire.put_stream(stream);
        Ok(())
    }
}

/// `* OK [CAPABILITY IMAP4rev1 …] ready`
fn listed_in_code(line: &str) -> Option<Capabilities> {
    let (_, code) = line.split_once('[')?;
    let (code, _) = code.split_once(']')?;
    let mut words = code.split_ascii_whitespace();
    words.next().filter(|word| word.eq_ignore_ascii_case("CAPABILITY"))?;
    Some(Capabilities::of_words(words))
}
