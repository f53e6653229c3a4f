//! A provider's IMAP4rev1 server: the session loop. A command is read whole, carried out under the world's lock in one
//! go, and answered; nothing is held over an await.
//!
//! Strict on purpose: commands only in the state that allows them, extensions only if the profile announces them, UIDs
//! and sequence numbers kept as RFC 3501 asks, so that a client that relies on luck fails here first.

mod change;
mod command;
mod fetch;
mod fetch_items;
mod folders;
mod parse;
mod search;
mod search_key;
mod selected;

use std::io;

use command::{Command, Set};
use selected::Selected;

use crate::fault::{Interference, Meanwhile, Steps};
use crate::provider::Profile;
use crate::sasl::{self, Claim};
use crate::wire::{Wire, trimmed};
use crate::world::{State, World};

/// Largest literal, in bytes.
const LITERAL_MAX: usize = 36_000_000;

/// What a command leads to: untagged lines, then the tagged line's text.
#[derive(Debug)]
struct Answer {
    untagged: Vec<u8>,
    status: String,
    close: bool,
}

impl Answer {
    fn new(status: impl Into<String>) -> Self {
        Self { untagged: Vec::new(), status: status.into(), close: false }
    }

    /// Adds an untagged line.
    fn line(&mut self, text: &str) {
        self.untagged.extend_from_slice(b"* ");
        self.untagged.extend_from_slice(text.as_bytes());
        self.untagged.extend_from_slice(b"\r\n");
    }
}

struct Session {
    world: World,
    provider: usize,
    profile: &'static Profile,
    plain: bool,
    user: Option<String>,
    selected: Option<Selected>,
}

/// Serves one connection until the client or a fault ends it.
pub(crate) async fn serve(world: World, provider: usize, mut wire: Wire, mut steps: Steps) -> io::Result<()> {
    let (profile, down) = {
        let now = world.now();
        let state = world.state();
        (state.providers[provider].profile(), state.providers[provider].is_down(now))
    };
    if down {
        return wire.send(b"* BYE [UNAVAILABLE] Service unavailable\r\n").await;
    }
    let greeting = format!("OK [CAPABILITY {}] {}", capabilities(profile, steps.plain, false), profile.greeting);
    let greeting = match steps.reach("CONNECT") {
        Some(Interference::Cut { .. }) => return Ok(()),
        Some(Interference::Answer(line)) => line,
        Some(Interference::WrongLiteral | Interference::Meanwhile(_)) | None => greeting,
    };
    wire.send(format!("* {greeting}\r\n").as_bytes()).await?;
    if greeting.starts_with("BYE") {
        return Ok(());
    }
    let mut session = Session { world, provider, profile, plain: steps.plain, user: None, selected: None };
    while let Some(bytes) = read_command(&mut wire).await? {
        if !session.turn(&mut wire, &mut steps, &bytes).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// What the server announces.
fn capabilities(profile: &Profile, plain: bool, logged_in: bool) -> String {
    let base = if logged_in { profile.capabilities } else { profile.capabilities_before };
    if !plain {
        return base.to_owned();
    }
    let kept = base.split(' ').filter(|word| !word.starts_with("AUTH="));
    kept.chain(["STARTTLS", "LOGINDISABLED"]).collect::<Vec<_>>().join(" ")
}

/// Reads a command with its literals, without the final CRLF.
async fn read_command(wire: &mut Wire) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    loop {
        let Some(line) = wire.line().await? else { return Ok(None) };
        let begin = bytes.len();
        bytes.extend_from_slice(&line);
        let Some((length, waits)) = announced_literal(trimmed(&bytes[begin..])) else {
            bytes.truncate(begin + trimmed(&bytes[begin..]).len());
            return Ok(Some(bytes));
        };
        if length > LITERAL_MAX {
            wire.send(b"* BYE [TOOBIG] The literal is too big\r\n").await?;
            return Ok(None);
        }
        if waits {
            wire.send(b"+ Ready for literal data\r\n").await?;
        }
        let Some(literal) = wire.exact(length).await? else { return Ok(None) };
        bytes.extend_from_slice(&literal);
    }
}

/// `{12}` or `{12+}` at the end of a line: its length, and whether the client waits for a go-ahead.
fn announced_literal(line: &[u8]) -> Option<(usize, bool)> {
    let inside = line.strip_suffix(b"}")?;
    let open = inside.iter().rposition(|&byte| byte == b'{')?;
    let inside = std::str::from_utf8(&inside[open + 1..]).ok()?;
    let (digits, waits) = inside.strip_suffix('+').map_or((inside, true), |digits| (digits, false));
    Some((digits.parse().ok()?, waits))
}

impl Session {
    /// One command; `false` ends the session.
    async fn turn(&mut self, wire: &mut Wire, steps: &mut Steps, bytes: &[u8]) -> io::Result<bool> {
        let (tag, parsed) = parse::parse(bytes);
        let (verb, command) = match parsed {
            Ok(parsed) => parsed,
            Err(bad) => {
                wire.send(format!("{tag} BAD {bad}\r\n").as_bytes()).await?;
                return Ok(true);
            }
        };
        let fault = steps.reach(&verb);
        match &fault {
            Some(Interference::Cut { done: false }) => return Ok(false),
            Some(Interference::Answer(line)) => {
                let mark = if line.starts_with("BYE") { "*" } else { tag.as_str() };
                wire.send(format!("{mark} {line}\r\n").as_bytes()).await?;
                return Ok(!line.starts_with("BYE"));
            }
            Some(Interference::Meanwhile(what)) => self.meanwhile(*what, &command),
            Some(Interference::Cut { done: true } | Interference::WrongLiteral) | None => {}
        }
        let mut answer = match command {
            Command::Authenticate { mechanism, initial } => self.authenticate(wire, &mechanism, initial).await?,
            command => self.execute(command),
        };
        if matches!(fault, Some(Interference::Cut { .. })) {
            return Ok(false);
        }
        if fault == Some(Interference::WrongLiteral) {
            answer.untagged = with_wrong_literal(&answer.untagged);
        }
        let mut out = answer.untagged;
        if !answer.status.is_empty() {
            out.extend_from_slice(format!("{tag} {}\r\n", answer.status).as_bytes());
        }
        wire.send(&out).await?;
        Ok(!answer.close)
    }

    /// AUTHENTICATE, the one command with a conversation inside.
    async fn authenticate(&mut self, wire: &mut Wire, mechanism: &str, initial: Option<String>) -> io::Result<Answer> {
        if self.user.is_some() || self.plain {
            return Ok(Answer::new("BAD AUTHENTICATE is not allowed now"));
        }
        if !self.profile.capabilities_before.split(' ').any(|word| word.strip_prefix("AUTH=") == Some(mechanism)) {
            return Ok(Answer::new("NO Unsupported authentication mechanism"));
        }
        let has_initial = self.profile.capabilities_before.contains("SASL-IR");
        let text = match initial {
            Some(_) if !has_initial => return Ok(Answer::new("BAD an initial response is not supported")),
            Some(initial) => initial.into_bytes(),
            None => {
                wire.send(b"+ \r\n").await?;
                let line = wire.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
                trimmed(&line).to_vec()
            }
        };
        if text == b"*" {
            return Ok(Answer::new("BAD cancelled"));
        }
        let bytes = sasl::decode(&text);
        let claim =
            bytes.and_then(|bytes| if mechanism == "PLAIN" { sasl::plain(&bytes) } else { sasl::xoauth2(&bytes) });
        let answer = claim.map_or_else(refused, |claim| {
            let world = self.world.clone();
            self.log_in(&world.state(), &claim)
        });
        if mechanism == "XOAUTH2" && self.user.is_none() {
            wire.send(format!("+ {}\r\n", sasl::encode(sasl::BAD_TOKEN.as_bytes())).as_bytes()).await?;
            wire.line().await?;
        }
        Ok(answer)
    }

    /// Carries out a command and brings the client's view of the selected folder up to date.
    fn execute(&mut self, command: Command) -> Answer {
        let world = self.world.clone();
        let mut state = world.state();
        let numbers_stay = matches!(
            command,
            Command::Fetch { by_uid: false, .. }
                | Command::Store { by_uid: false, .. }
                | Command::Search { by_uid: false, .. }
        );
        let mut answer = self.dispatch(&mut state, command);
        if let Some((user, selected)) = self.user.as_ref().zip(self.selected.as_mut())
            && let Some(account) = state.accounts.get(user)
            && !selected.follow(account, &mut answer, numbers_stay)
        {
            return Answer {
                untagged: b"* BYE The folder has changed, please reconnect\r\n".to_vec(),
                status: String::new(),
                close: true,
            };
        }
        answer
    }

    /// What another session does to the selected folder just before `command`.
    fn meanwhile(&self, what: Meanwhile, command: &Command) {
        let mut state = self.world.state();
        let Some((user, selected)) = self.user.as_ref().zip(self.selected.as_ref()) else { return };
        let Some(account) = state.accounts.get_mut(user) else { return };
        match what {
            Meanwhile::Renumber => account.renumber(selected.folder),
            Meanwhile::Expunge => {
                let all = Set(vec![(1, 0)]);
                let (set, by_uid) = match command {
                    Command::Fetch { by_uid, set, .. }
                    | Command::Store { by_uid, set, .. }
                    | Command::Copy { by_uid, set, .. }
                    | Command::Move { by_uid, set, .. } => (set, *by_uid),
                    _ => (&all, true),
                };
                for target in selected.targets(account, set, by_uid).unwrap_or_default() {
                    account.erase(target.key);
                }
            }
        }
    }

    fn dispatch(&mut self, state: &mut State, command: Command) -> Answer {
        match command {
            Command::Capability => {
                let mut answer = Answer::new("OK CAPABILITY completed");
                let words = capabilities(self.profile, self.plain, self.user.is_some());
                answer.line(&format!("CAPABILITY {words}"));
                answer
            }
            Command::Noop => Answer::new("OK NOOP completed"),
            Command::Id => {
                let mut answer = Answer::new("OK ID completed");
                answer.line("ID (\"name\" \"preheat-sandbox\")");
                answer
            }
            Command::Logout => {
                let mut answer = Answer::new("OK LOGOUT completed");
                answer.line("BYE Logging out");
                answer.close = true;
                answer
            }
            Command::StartTls if self.plain && self.user.is_none() => {
                self.plain = false;
                Answer::new("OK Begin TLS negotiation now")
            }
            Command::StartTls => Answer::new("BAD STARTTLS is not allowed now"),
            Command::Login { .. } if self.plain => Answer::new("NO [PRIVACYREQUIRED] STARTTLS first"),
            Command::Login { .. } if self.user.is_some() => Answer::new("BAD already logged in"),
            Command::Login { user, secret } => self.log_in(state, &Claim { user, secret }),
            command => match self.user.clone() {
                Some(user) => self.logged_in(state, &user, command),
                None => Answer::new("BAD log in first"),
            },
        }
    }

    /// Opens the account that the client claims.
    fn log_in(&mut self, state: &State, claim: &Claim) -> Answer {
        let user = claim.user.to_ascii_lowercase();
        if !state.accounts.get(&user).is_some_and(|account| account.admits(claim, self.provider)) {
            return refused();
        }
        self.user = Some(user);
        Answer::new(format!("OK [CAPABILITY {}] Logged in", self.profile.capabilities))
    }

    fn logged_in(&mut self, state: &mut State, user: &str, command: Command) -> Answer {
        match command {
            Command::Namespace if !self.profile.capabilities.contains("NAMESPACE") => {
                Answer::new("BAD unknown command")
            }
            Command::Namespace => {
                let mut answer = Answer::new("OK NAMESPACE completed");
                let (prefix, delimiter) = (self.profile.prefix, self.profile.delimiter);
                answer.line(&format!("NAMESPACE ((\"{prefix}\" \"{delimiter}\")) NIL NIL"));
                answer
            }
            Command::Enable => Answer::new("OK ENABLE completed"),
            Command::Subscribe => Answer::new("OK done"),
            Command::Select { folder, read_only } => {
                self.selected = None;
                let now = self.world.now();
                let Some(account) = state.accounts.get(user) else { return refused() };
                let (answer, selected) = folders::select(account, &folder, read_only, now);
                self.selected = selected;
                answer
            }
            Command::Create(_)
            | Command::Delete(_)
            | Command::List { .. }
            | Command::Status { .. }
            | Command::Append { .. } => {
                let now = self.world.now();
                state.accounts.get_mut(user).map_or_else(refused, |account| folders::command(account, command, now))
            }
            command => match self.selected.take() {
                Some(selected) => self.in_folder(state, user, selected, command),
                None => Answer::new("BAD select a folder first"),
            },
        }
    }

    fn in_folder(&mut self, state: &mut State, user: &str, selected: Selected, command: Command) -> Answer {
        let folder = selected.folder;
        if matches!(command, Command::Close | Command::Unselect) {
            if matches!(command, Command::Close)
                && !selected.read_only
                && let Some(account) = state.accounts.get_mut(user)
            {
                account.expunge(folder, |_| true);
            }
            return Answer::new("OK completed");
        }
        let current = state.accounts.get(user).is_some_and(|account| {
            !account.folders[folder].deleted && account.folders[folder].uid_validity == selected.uid_validity
        });
        let answer = if current {
            change::in_folder(state, user, &selected, command)
        } else {
            // `follow` ends the session.
            Answer::new("NO the folder has changed")
        };
        self.selected = Some(selected);
        answer
    }
}

fn refused() -> Answer {
    Answer::new("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)")
}

/// Makes the first literal announce seven bytes too many.
fn with_wrong_literal(untagged: &[u8]) -> Vec<u8> {
    let text = untagged;
    let Some(end) = text.windows(3).position(|three| three == b"}\r\n") else { return text.to_vec() };
    let Some(open) = text[..end].iter().rposition(|&byte| byte == b'{') else { return text.to_vec() };
    let length: usize = std::str::from_utf8(&text[open + 1..end]).ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut wrong = text[..=open].to_vec();
    wrong.extend_from_slice((length + 7).to_string().as_bytes());
    wrong.extend_from_slice(&text[end..]);
    wrong
}
