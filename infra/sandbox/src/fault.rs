//! What can go wrong with one connection, and who decides it: a script, or seeded shares.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::chance::Chance;
use crate::provider::Protocol;

/// A point of a session: the `nth` time (from 0) that the server meets `verb` on this connection.
///
/// SMTP verbs: `CONNECT`, `EHLO`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `.` (the final dot was read), `RSET`, `NOOP`, `QUIT`.
/// IMAP verbs: `CONNECT` and the commands by name, with `UID ` before those that have it, such as `UID MOVE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The verb, upper case.
    pub verb: String,
    /// Which occurrence on this connection, from 0.
    pub nth: u32,
}

impl Step {
    /// The first occurrence of `verb`.
    #[must_use]
    pub fn first(verb: &str) -> Self {
        Self { verb: verb.to_owned(), nth: 0 }
    }
}

/// One thing that goes wrong with one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The dial is refused.
    Refuse,
    /// The dial never ends.
    Unanswered,
    /// Reset after this many bytes from the client have passed.
    CutToServer {
        /// Bytes that pass.
        after: u64,
    },
    /// Reset after this many bytes to the client have passed.
    CutToClient {
        /// Bytes that pass.
        after: u64,
    },
    /// The server hears nothing after this many bytes, the connection stays open.
    StallToServer {
        /// Bytes that pass.
        after: u64,
    },
    /// The client hears nothing after this many bytes, the connection stays open.
    StallToClient {
        /// Bytes that pass.
        after: u64,
    },
    /// Each byte, either way, takes this long.
    Slow {
        /// Time a byte takes.
        per_byte: Duration,
    },
    /// The server closes the connection at a step, without an answer.
    Cut {
        /// Where.
        at: Step,
        /// Whether the command was carried out before: with `.` and `true`, the mail was accepted and nobody told.
        done: bool,
    },
    /// The server answers a step with this line instead of carrying it out: `451 4.3.0 later` in SMTP, `NO later`
    /// (without the tag) in IMAP. A `421` or `BYE` closes the connection.
    Answer {
        /// Where.
        at: Step,
        /// What.
        line: String,
    },
    /// Another session does something just before a step is carried out (IMAP).
    Meanwhile {
        /// Where.
        at: Step,
        /// What.
        what: Meanwhile,
    },
    /// The answer to a step announces a literal seven bytes longer than it is (IMAP).
    WrongLiteral {
        /// Where.
        at: Step,
    },
}

/// What another session does to the selected folder behind a client's back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// The messages that the command names (or found, for SEARCH: all of the folder) are expunged.
    Expunge,
    /// The folder gets a new UIDVALIDITY and its messages new UIDs.
    Renumber,
}

/// A dial, as a script sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    /// Host name dialled.
    pub host: String,
    /// Port dialled.
    pub port: u16,
    /// What is served there.
    pub protocol: Protocol,
    /// How many dials of this host and port came before.
    pub nth: u64,
    /// How many dials of the whole network came before.
    pub nth_of_all: u64,
}

/// Shares of connections (0–1 each, in sum at most 1) that a seeded draw gives one fault.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FaultRates {
    /// Refused.
    pub refuse: f64,
    /// Cut at a byte on the way to the server.
    pub cut_to_server: f64,
    /// Cut at a byte on the way to the client.
    pub cut_to_client: f64,
    /// Cut after the final dot or a changing IMAP command, half of them after it was carried out.
    pub cut_at_step: f64,
    /// Silence in one direction.
    pub stall: f64,
    /// One byte a second.
    pub slow: f64,
    /// A temporary refusal at some verb.
    pub deferred: f64,
    /// A new UIDVALIDITY in the middle of a visit; nothing on SMTP connections.
    pub renumber: f64,
}

/// Length of a usual session in bytes, either way: cuts fall below it, so that most of them hit something.
const SESSION_BYTES: u64 = 3_000;

impl FaultRates {
    /// The faults of one connection: the same for the same seed, host, port and number.
    #[must_use]
    pub fn draw(&self, chance: &Chance, dialled: &Dialled) -> Vec<Fault> {
        let (port, nth) = (dialled.port.to_le_bytes(), dialled.nth.to_le_bytes());
        let parts: [&[u8]; 3] = [dialled.host.as_bytes(), &port, &nth];
        let mut left = chance.unit("fault", &parts);
        let bytes = 1 + chance.below(SESSION_BYTES, "fault-bytes", &parts);
        let choice = chance.below(1 << 32, "fault-choice", &parts);
        let mut hit = |share: f64| {
            let hit = (0.0..share).contains(&left);
            left -= share;
            hit
        };
        if hit(self.refuse) {
            return vec![Fault::Refuse];
        }
        if hit(self.cut_to_server) {
            return vec![Fault::CutToServer { after: bytes }];
        }
        if hit(self.cut_to_client) {
            return vec![Fault::CutToClient { after: bytes }];
        }
        if hit(self.cut_at_step) {
            let verbs = step_verbs(dialled.protocol);
            let verb = verbs[(choice / 2) as usize % verbs.len()];
            return vec![Fault::Cut { at: Step::first(verb), done: choice.is_multiple_of(2) }];
        }
        if hit(self.stall) {
            let after = bytes;
            return vec![if choice.is_multiple_of(2) {
                Fault::StallToServer { after }
            } else {
                Fault::StallToClient { after }
            }];
        }
        if hit(self.slow) {
            return vec![Fault::Slow { per_byte: Duration::from_secs(1) }];
        }
        if hit(self.deferred) {
            return vec![deferral(dialled.protocol, choice)];
        }
        if hit(self.renumber) && dialled.protocol == Protocol::Imap {
            const VERBS: [&str; 3] = ["UID FETCH", "UID MOVE", "UID STORE"];
            let at = Step::first(VERBS[choice as usize % VERBS.len()]);
            return vec![Fault::Meanwhile { at, what: Meanwhile::Renumber }];
        }
        Vec::new()
    }
}

fn step_verbs(protocol: Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::Smtp => &["."],
        Protocol::Imap => &["UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE", "UID FETCH", "CREATE", "SELECT"],
    }
}

fn deferral(protocol: Protocol, choice: u64) -> Fault {
    match protocol {
        Protocol::Smtp => {
            const VERBS: [&str; 6] = ["CONNECT", "AUTH", "MAIL", "RCPT", "DATA", "."];
            const LINES: [&str; 3] = [
                "421 4.3.2 Service not available, closing transmission channel",
                "451 4.3.0 Temporary failure, try again later",
                "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
            ];
            let verb = VERBS[choice as usize % VERBS.len()];
            let line = match verb {
                "CONNECT" => LINES[0],
                "AUTH" => "454 4.7.0 Temporary authentication failure",
                _ => LINES[(choice / 8) as usize % LINES.len()],
            };
            Fault::Answer { at: Step::first(verb), line: line.to_owned() }
        }
        Protocol::Imap => {
            const VERBS: [&str; 4] = ["LOGIN", "SELECT", "UID SEARCH", "UID MOVE"];
            let verb = VERBS[choice as usize % VERBS.len()];
            Fault::Answer { at: Step::first(verb), line: "NO [UNAVAILABLE] Temporary failure, try again".to_owned() }
        }
    }
}

/// What a session is told to do at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Interference {
    Cut { done: bool },
    Answer(String),
    WrongLiteral,
    Meanwhile(Meanwhile),
}

/// The step faults of one connection and how often each verb was met.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// Whether the client still has to say STARTTLS.
    pub(crate) plain: bool,
    faults: Vec<Fault>,
    met: BTreeMap<String, u32>,
}

impl Steps {
    pub(crate) fn new(faults: Vec<Fault>, plain: bool) -> Self {
        Self { plain, faults, met: BTreeMap::new() }
    }

    /// Counts `verb` and says what goes wrong here.
    pub(crate) fn reach(&mut self, verb: &str) -> Option<Interference> {
        if self.faults.is_empty() {
            return None;
        }
        let met = self.met.entry(verb.to_owned()).or_default();
        let nth = *met;
        *met += 1;
        let here = |at: &Step| at.nth == nth && at.verb == verb;
        self.faults.iter().find_map(|fault| match fault {
            Fault::Cut { at, done } if here(at) => Some(Interference::Cut { done: *done }),
            Fault::Answer { at, line } if here(at) => Some(Interference::Answer(line.clone())),
            Fault::Meanwhile { at, what } if here(at) => Some(Interference::Meanwhile(*what)),
            Fault::WrongLiteral { at } if here(at) => Some(Interference::WrongLiteral),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialled(nth: u64) -> Dialled {
        Dialled { host: "smtp.a.test".into(), port: 465, protocol: Protocol::Smtp, nth, nth_of_all: nth }
    }

    #[test]
    fn rates_hold_and_repeat() {
        let rates = FaultRates { refuse: 0.1, cut_to_client: 0.1, deferred: 0.2, ..FaultRates::default() };
        let all = |seed| (0..2_000).map(|n| rates.draw(&Chance::new(seed), &dialled(n))).collect::<Vec<_>>();
        let drawn = all(3);
        assert_eq!(drawn, all(3));
        assert_ne!(drawn, all(4));
        let share = |wanted: fn(&Fault) -> bool| drawn.iter().flatten().filter(|fault| wanted(fault)).count();
        assert!((150..250).contains(&share(|fault| *fault == Fault::Refuse)));
        assert!((320..480).contains(&share(|fault| matches!(fault, Fault::Answer { .. }))));
        assert_eq!(share(|fault| matches!(fault, Fault::Slow { .. })), 0);
    }

    #[test]
    fn a_step_counts_its_own_verb() {
        let at = Step { verb: "RCPT".into(), nth: 1 };
        let mut steps = Steps::new(vec![Fault::Cut { at, done: false }], false);
        assert_eq!(steps.reach("RCPT"), None);
        assert_eq!(steps.reach("MAIL"), None);
        assert_eq!(steps.reach("RCPT"), Some(Interference::Cut { done: false }));
        assert_eq!(steps.reach("RCPT"), None);
    }
}
