//! The session itself: one command at a time, each with a deadline and a budget, each with its answer read whole.

use std::collections::BTreeSet;
use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_imap::Client;
use futures::FutureExt as _;
use imap_proto::{Response, ResponseCode, Status};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::ImapError;
use super::folders::Folders;
use crate::limits::Deadlines;
use crate::reply::{NONE, clean};
use crate::wire::Wire;

/// Time for LOGOUT. It is a courtesy.
const LOGOUT_MAX: Duration = Duration::from_secs(1);

/// What a server says it can do, in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities(pub(super) BTreeSet<String>);

impl Capabilities {
    /// Whether the server offers `name`, such as `MOVE` or `AUTH=PLAIN`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&name.to_ascii_uppercase())
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Gmail's extensions: labels, categories, its own search.
    #[must_use]
    pub fn gmail(&self) -> bool {
        self.has("X-GM-EXT-1")
    }

    pub(super) fn of_words<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        Self(words.map(str::to_ascii_uppercase).collect())
    }
}

/// The folder that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selected {
    /// Its name on the wire.
    pub(super) raw: String,
    /// UIDs mean nothing once this changes. 0: the server does not say.
    pub(super) uid_validity: u32,
    /// Keywords (flags of our own, such as `$NotJunk`) can be stored.
    pub(super) keywords: bool,
}

/// One part of a command line.
pub(super) enum Piece {
    /// As it is.
    Text(String),
    /// A string that needs a literal: not ASCII, or a secret that a quoted string cannot hold.
    Literal(Zeroizing<Vec<u8>>),
    /// A line that answers the server's `+`.
    Answer(Zeroizing<String>),
}

/// A string as an argument: quoted where that is enough, else a literal.
pub(super) fn string(command: &'static str, text: &str) -> Result<Piece, ImapError> {
    if text.contains(['\r', '\n', '\0']) {
        return Err(ImapError::Argument { command });
    }
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) && text.len() <= 1_000 {
        return Ok(Piece::Text(quoted(text)));
    }
    Ok(Piece::Literal(Zeroizing::new(text.as_bytes().to_vec())))
}

/// A printable ASCII string in quotes. The caller has made sure that it is one.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// How a command ended.
pub(super) struct Outcome {
    pub(super) status: Status,
    /// The server's words, not cleaned yet, with their response code if we do not know it.
    pub(super) text: String,
    /// The folder's UIDVALIDITY changed while the command ran.
    pub(super) rebuilt: bool,
}

/// One session with a mailbox.
///
/// After an error for which [`ImapError::session_lives`] is false, and after a future of one of its methods was dropped
/// half way, every further call fails with [`ImapError::Lost`]: a half-read connection is never used again.
#[derive(Debug)]
pub struct Visit {
    client: Client<Wire>,
    wire: Wire,
    limits: Deadlines,
    end: Instant,
    tag: u32,
    /// Set while a command is under way, and for good once one was not read to its end.
    torn: bool,
    pub(super) capabilities: Capabilities,
    pub(super) selected: Option<Selected>,
    pub(super) folders: Option<Folders>,
    /// The server understands `BODY[…]<0.n>` with header fields. All should.
    pub(super) partial_fetch: bool,
}

impl Visit {
    pub(super) fn new(wire: Wire, limits: Deadlines, end: Instant, capabilities: Capabilities) -> Self {
        Self {
            client: Client::new(wire.clone()),
            wire,
            limits,
            end,
            tag: 0,
            torn: false,
            capabilities,
            selected: None,
            folders: None,
            partial_fetch: true,
        }
    }

    /// What the server offers, as it said after login.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// A command that must succeed.
    pub(super) async fn command(&mut self, command: &'static str, pieces: Vec<Piece>) -> Result<(), ImapError> {
        self.ask(command, pieces, |_| {}).await
    }

    /// A command that must succeed; every untagged answer goes through `see`.
    pub(super) async fn ask(
        &mut self,
        command: &'static str,
        pieces: Vec<Piece>,
        see: impl FnMut(&Response<'_>),
    ) -> Result<(), ImapError> {
        let outcome = self.run(command, pieces, see).await?;
        if outcome.rebuilt {
            self.selected = None;
            return Err(ImapError::Rebuilt { command });
        }
        match outcome.status {
            Status::Ok => Ok(()),
            _ => Err(refused(command, clean(&outcome.text, NONE))),
        }
    }

    /// A command, whatever its end. The answer is read up to the tagged line, or the session is over.
    pub(super) async fn run(
        &mut self,
        command: &'static str,
        pieces: Vec<Piece>,
        mut see: impl FnMut(&Response<'_>),
    ) -> Result<Outcome, ImapError> {
        if self.torn {
            let reason = "an earlier command was not finished".to_owned();
            return Err(ImapError::Lost { command, reason });
        }
        self.torn = true;
        self.wire.begin();
        let deadline = self.end.min(Instant::now() + self.limits.command);
        let result = match timeout_at(deadline, self.exchange(pieces, &mut see)).await {
            Err(_) => Err("no answer in time".to_owned()),
            Ok(result) => result,
        };
        match result {
            Ok(outcome) => {
                self.torn = false;
                Ok(outcome)
            }
            Err(reason) => {
                self.wire.close();
                Err(ImapError::Lost { command, reason: clean(&reason, NONE) })
            }
        }
    }

    async fn exchange(&mut self, pieces: Vec<Piece>, see: &mut impl FnMut(&Response<'_>)) -> Result<Outcome, String> {
        self.tag = self.tag.wrapping_add(1);
        let tag = format!("A{:04}", self.tag);
        // What is written at once, up to the next point where the server must speak first.
        let mut line = Zeroizing::new(format!("{tag} ").into_bytes());
        let mut pieces = pieces.into_iter().peekable();
        let mut rebuilt = false;
        let mut bye = None;
        loop {
            // Whether the server owes a `+` before the rest may follow.
            let mut owed: Option<Zeroizing<Vec<u8>>> = None;
            for piece in pieces.by_ref() {
                match piece {
                    Piece::Text(text) => line.extend_from_slice(text.as_bytes()),
                    Piece::Literal(bytes) if self.capabilities.has("LITERAL+") => {
                        line.extend_from_slice(format!("{{{}+}}\r\n", bytes.len()).as_bytes());
                        line.extend_from_slice(&bytes);
                    }
                    Piece::Literal(bytes) => {
                        line.extend_from_slice(format!("{{{}}}", bytes.len()).as_bytes());
                        owed = Some(bytes);
                        break;
                    }
                    Piece::Answer(text) => {
                        owed = Some(Zeroizing::new(text.as_bytes().to_vec()));
                        break;
                    }
                }
            }
            line.extend_from_slice(b"\r\n");
            let wire = self.client.get_mut();
            wire.write_all(&line).await.map_err(|error| error.to_string())?;
            wire.flush().await.map_err(|error| error.to_string())?;
            line.clear();
            loop {
                // The parser reads bytes of anybody's making. If one more of them makes it panic, one session ends, and
                // not the function with a hundred others in it.
                let reading = AssertUnwindSafe(self.client.read_response()).catch_unwind();
                let answer = match reading.await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())) {
                    Ok(Some(answer)) => answer,
                    Ok(None) => return Err(bye.unwrap_or_else(|| "the server closed the connection".to_owned())),
                    Err(error) => return Err(self.reading(&error)),
                };
                match answer.parsed() {
                    Response::Done { tag: done, status, outcome } if done.as_bytes() == tag.as_bytes() => {
                        see(answer.parsed());
                        let text = outcome.information.as_deref().unwrap_or_default().to_owned();
                        return Ok(Outcome { status: status_of(status), text, rebuilt });
                    }
                    Response::Done { .. } => return Err("the server answered another command".to_owned()),
                    Response::Continue(_) => {
                        // A refused token is explained in a further `+`, which an empty line answers (XOAUTH2).
                        line.extend_from_slice(&owed.take().unwrap_or_default());
                        break;
                    }
                    Response::Data { status: Status::Bye, outcome } => {
                        bye = outcome.information.as_deref().map(|text| format!("the server said goodbye: {text}"));
                    }
                    other => {
                        rebuilt |= self.is_rebuilt(other);
                        see(other);
                    }
                }
            }
        }
    }

    fn is_rebuilt(&self, answer: &Response<'_>) -> bool {
        let Response::Data { outcome, .. } = answer else { return false };
        let (Some(ResponseCode::UidValidity(now)), Some(open)) = (&outcome.code, &self.selected) else { return false };
        *now != open.uid_validity
    }

    /// Why reading ended, without the bytes that were read: they may be anybody's mail.
    fn reading(&self, error: &io::Error) -> String {
        match self.wire.excess() {
            Some(excess) => excess.to_string(),
            None if error.kind() == io::ErrorKind::Other => "the server's answer does not parse".to_owned(),
            None => error.to_string(),
        }
    }

    /// Opens a folder, unless it is open.
    pub(super) async fn select(&mut self, raw: &str) -> Result<(), ImapError> {
        if self.selected.as_ref().is_some_and(|open| open.raw == raw) {
            return Ok(());
        }
        // A SELECT that fails leaves no folder open.
        self.selected = None;
        let mut open = Selected { raw: raw.to_owned(), uid_validity: 0, keywords: false };
        let pieces = vec![Piece::Text("SELECT ".to_owned()), string("SELECT", raw)?];
        self.ask("SELECT", pieces, |answer| {
            let Response::Data { status: Status::Ok, outcome } = answer else { return };
            match &outcome.code {
                Some(ResponseCode::UidValidity(validity)) => open.uid_validity = *validity,
                Some(ResponseCode::PermanentFlags(flags)) => open.keywords = flags.iter().any(|flag| flag == "\\*"),
                _ => {}
            }
        })
        .await?;
        self.selected = Some(open);
        Ok(())
    }

    /// Ends the session politely. It ends anyway when it is dropped.
    pub async fn logout(mut self) {
        self.end = self.end.min(Instant::now() + LOGOUT_MAX);
        if let Err(error) = self.command("LOGOUT", vec![Piece::Text("LOGOUT".to_owned())]).await {
            tracing::debug!(%error, "LOGOUT");
        }
    }
}

fn status_of(status: &Status) -> Status {
    match status {
        Status::Ok => Status::Ok,
        Status::No => Status::No,
        Status::Bad | Status::PreAuth | Status::Bye => Status::Bad,
    }
}

/// Names a refusal: RFC 5530's codes, and Gmail's and Microsoft's words for "too many".
pub(super) fn refused(command: &'static str, reply: String) -> ImapError {
    let said = reply.to_ascii_uppercase();
    let busy = ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "TOO MANY", "TRY AGAIN", "THROTTLED", "TEMPORAR"];
    if busy.iter().any(|word| said.contains(word)) {
        ImapError::Busy { command, reply }
    } else {
        ImapError::Refused { command, reply }
    }
}
