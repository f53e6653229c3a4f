//! Delivery status notifications: RFC 3464 as it is written, as it is written in the wild, and in plain words.

use preheat_core::bounce::{self, Asked, judge};
use preheat_core::event::Class;

use super::fields::{self, Line};
use super::letter::Letter;
use super::original::is_id;
use super::{Action, DIAGNOSTIC_CHARS_MAX, Dsn, RECIPIENTS_MAX, Recipient, narrative, verp, words};

/// Reads a notification; one that names nobody is still one.
pub(super) fn read(letter: &Letter) -> Dsn {
    let mut recipients = of_status(letter);
    if recipients.is_empty() {
        recipients = of_words(letter);
    }
    if recipients.is_empty() {
        recipients.push(of_nobody(letter));
    }
    recipients.truncate(RECIPIENTS_MAX);
    if let [only] = recipients.as_mut_slice()
        && only.address.is_none()
    {
        only.address = verp::recipient(letter);
    }
    let mut original = letter.original.clone();
    original.envelope_id = envelope_id(letter);
    // Gmail sends nothing back at times, but answers in the original's thread.
    original.fill(&letter.answered());
    Dsn { recipients, original }
}

/// What the sender called the transaction (RFC 3461, ENVID): returned even where nothing of the mail is.
fn envelope_id(letter: &Letter) -> Option<String> {
    let lines = fields::lines(&letter.status);
    let told =
        ["original-envelope-id", "x-original-envelope-id"].into_iter().find_map(|name| fields::first(&lines, name))?;
    let bare = told.trim().trim_matches(['<', '>']);
    is_id(bare).then(|| bare.to_owned())
}

/// Reads a notification that names a recipient and says why; `None` otherwise.
pub(super) fn read_strict(letter: &Letter) -> Option<Dsn> {
    let dsn = read(letter);
    let sure = |one: &Recipient| one.address.is_some() && (one.class != Class::Undetermined || one.code.is_some());
    dsn.recipients.iter().any(sure).then_some(dsn)
}

/// The fields of one recipient.
#[derive(Default)]
struct Block {
    recipient: Option<String>,
    original: Option<String>,
    action: Option<Action>,
    status: Option<String>,
    diagnostic: Option<String>,
}

impl Block {
    fn is_started(&self) -> bool {
        self.recipient.is_some() || self.original.is_some() || self.action.is_some()
    }
    fn is_complete(&self) -> bool {
        (self.recipient.is_some() || self.original.is_some()) && (self.action.is_some() || self.status.is_some())
    }
}

fn of_status(letter: &Letter) -> Vec<Recipient> {
    let mut blocks = Vec::new();
    let mut block = Block::default();
    let mut gap = false;
    for line in fields::lines(&letter.status) {
        let (name, value) = match line {
            Line::Field(name, value) => (name, value),
            Line::Blank => {
                gap = true;
                continue;
            }
            Line::Other(_) => continue,
        };
        let repeats = match name.as_str() {
            "final-recipient" => block.recipient.is_some(),
            "original-recipient" => block.original.is_some(),
            "action" => block.action.is_some(),
            _ => false,
        };
        let opens = matches!(name.as_str(), "final-recipient" | "original-recipient" | "action" | "x-actual-recipient");
        if (opens && gap && block.is_complete()) || (repeats && block.is_complete()) {
            blocks.push(std::mem::take(&mut block));
        }
        gap = false;
        take(&mut block, &name, value);
        if blocks.len() >= RECIPIENTS_MAX {
            break;
        }
    }
    if block.is_started() {
        blocks.push(block);
    }
    let alone = blocks.len() == 1;
    blocks.into_iter().filter_map(|block| recipient(letter, block, alone)).collect()
}

fn take(block: &mut Block, name: &str, value: String) {
    match name {
        "final-recipient" | "x-actual-recipient" => block.recipient = block.recipient.take().or_else(|| typed(&value)),
        "original-recipient" => block.original = typed(&value),
        "action" => block.action = block.action.or_else(|| action(&value)),
        "status" => block.status = block.status.take().or(Some(value)),
        "diagnostic-code"
        | "x-diagnostic-code"
        | "diagnostic-text"
        | "x-supplementary-info"
        | "x-notes"
        | "x-display-text"
        | "x-outbound-diagnostic" => match &mut block.diagnostic {
            Some(known) => {
                known.push(' ');
                known.push_str(&value);
            }
            None => block.diagnostic = Some(value),
        },
        _ => {}
    }
}

/// `rfc822; Ada <ada@example.net>`, with or without the type.
fn typed(value: &str) -> Option<String> {
    let bare = value.split_once(';').map_or(value, |(_, address)| address);
    words::addresses(bare).into_iter().next().or_else(|| words::address(bare.trim()))
}

/// `failed`, `Failed (comment)`, `delayed`; what no table knows is not guessed.
fn action(value: &str) -> Option<Action> {
    let word: String = value.trim().chars().take_while(char::is_ascii_alphabetic).collect();
    Some(match word.to_ascii_lowercase().as_str() {
        "failed" | "failure" | "fail" | "expired" | "rejected" | "undeliverable" | "bounced" => Action::Failed,
        "delayed" | "delay" | "deferred" => Action::Delayed,
        "delivered" | "success" | "deliverable" => Action::Delivered,
        "relayed" => Action::Relayed,
        "expanded" => Action::Expanded,
        _ => return None,
    })
}

fn recipient(letter: &Letter, block: Block, alone: bool) -> Option<Recipient> {
    // A final recipient without a domain to speak of (`ada@server`) is the host's own name for the original one.
    let is_local = |address: &String| !address.rsplit('@').next().unwrap_or_default().contains('.');
    let address = match (block.recipient, block.original) {
        (Some(last), Some(first)) if is_local(&last) => Some(first),
        (last, first) => last.or(first),
    };
    let raw_status = block.status.unwrap_or_default();
    let status = bounce::enhanced_in(&raw_status).or_else(|| raw_status.split_whitespace().next()).unwrap_or_default();
    let status = bounce::is_enhanced(status).then(|| status.to_owned());
    let diagnostic = block.diagnostic.filter(|text| !text.trim().is_empty());
    if address.is_none() && status.is_none() && diagnostic.is_none() {
        return None;
    }
    // Some programs write a comment behind the status that says more than the status.
    let comment = raw_status.split_once('(').map_or("", |(_, comment)| comment);
    let story = narrative::about(letter, address.as_deref());
    let said = diagnostic.as_deref().map(untyped).unwrap_or_default();
    let action = block.action.unwrap_or_else(|| match status.as_deref() {
        Some(status) if status.starts_with('2') => Action::Delivered,
        Some(status) if status.starts_with('4') && words::any(words::DELAYS, &letter.notes.to_lowercase()) => {
            Action::Delayed
        }
        _ => Action::Failed,
    });
    // The machine's field has the reply alone; what was asked stands in the words about it.
    let asked = match narrative::asked(&letter.notes, address.as_deref(), alone) {
        Asked::Unsaid => bounce::asked_in(&story),
        told => told,
    };
    let one = judged(letter, status, &[said, comment, &story], asked);
    Some(Recipient { address, action, diagnostic: diagnostic.as_deref().and_then(short).or(one.diagnostic), ..one })
}

/// `smtp; 550 …` without its type. That it was a local program (`x-unix`) is kept: it says as much as its words.
fn untyped(diagnostic: &str) -> &str {
    match diagnostic.split_once(';') {
        Some((kind, _)) if kind.trim().eq_ignore_ascii_case("x-unix") => diagnostic.trim(),
        Some((kind, text)) if kind.trim().len() <= 12 && !kind.trim().contains(' ') => text.trim(),
        _ => diagnostic.trim(),
    }
}

/// Classifies by the first source that says something; the others are asked in turn.
fn judged(letter: &Letter, status: Option<String>, sources: &[&str], asked: Asked) -> Recipient {
    let mut code = None;
    let mut enhanced = status;
    // A local agent speaks of its own mailboxes, whatever was asked on the way to it.
    let local = narrative::local_verdict(&letter.notes);
    let mut judgement = local.and_then(|verdict| judge(Asked::Recipient, None, None, &verdict));
    judgement = judgement.filter(|one| one.class != Class::Undetermined);
    for source in sources.iter().filter(|source| !source.trim().is_empty()) {
        let lower = source.to_lowercase();
        code = code.or_else(|| bounce::reply_in(&lower));
        if enhanced.as_deref().is_none_or(|status| status.ends_with(".0.0"))
            && let Some(better) = bounce::enhanced_in(&lower)
        {
            enhanced = Some(better.to_owned());
        }
        judgement = judgement.or_else(|| judge(asked, code, enhanced.as_deref(), source));
    }
    // The subject is asked where nothing else says a word: it calls every second bounce "user unknown".
    let judgement = judgement.or_else(|| judge(asked, code, enhanced.as_deref(), &letter.subject));
    let diagnostic = sources.iter().find_map(|source| short(source));
    let class = judgement.map_or(Class::Undetermined, |one| one.class);
    let is_closed = judgement.is_some_and(|one| one.is_closed);
    Recipient { address: None, action: Action::Failed, status: enhanced, code, diagnostic, class, is_closed }
}

/// One line, cut to size; `None` for nothing.
fn short(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| line.chars().take(DIAGNOSTIC_CHARS_MAX).collect())
}

/// From the words alone.
fn of_words(letter: &Letter) -> Vec<Recipient> {
    let action = action_in_words(letter);
    let named = narrative::recipients(letter);
    let alone = named.len() == 1;
    let all = named.into_iter().map(|address| {
        let story = narrative::about(letter, Some(&address));
        let asked = narrative::asked(&letter.notes, Some(&address), alone);
        let one = judged(letter, None, &[&story], asked);
        Recipient { address: Some(address), action, ..one }
    });
    all.collect()
}

/// A notification that names nobody.
fn of_nobody(letter: &Letter) -> Recipient {
    let story = narrative::about(letter, None);
    Recipient {
        action: action_in_words(letter),
        ..judged(letter, None, &[&story], narrative::asked(&letter.notes, None, true))
    }
}

fn action_in_words(letter: &Letter) -> Action {
    let notes = super::letter::one_line(fields::cut(&letter.notes, 4_000));
    let delayed = words::any(words::DELAYS, &notes) || words::any(words::DELAYS, &letter.subject);
    let given_up = words::any(words::FINAL, &notes) || words::any(words::FINAL, &letter.subject);
    if delayed && !given_up { Action::Delayed } else { Action::Failed }
}
