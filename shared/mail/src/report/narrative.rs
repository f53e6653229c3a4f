//! What a bounce says in plain words: whom it means, and why.

use std::collections::BTreeSet;

use preheat_core::bounce::{Asked, classify};
use preheat_core::event::Class;

use super::letter::Letter;
use super::{RECIPIENTS_MAX, words};

/// Longest story kept of one recipient, in bytes.
const STORY_BYTES_MAX: usize = 2_000;
/// Longest verdict of a local delivery agent.
const VERDICT_BYTES_MAX: usize = 300;
/// Most lines of a story.
const STORY_LINES_MAX: usize = 12;

/// A line that starts so names somebody who is not the recipient.
const NOT_THE_RECIPIENT: &[&str] = &[
    "from:",
    "mail from",
    ">>> mail from",
    "sender:",
    "sender-mta",
    "original sender",
    "reply-to:",
    "return-path",
    "message-id",
    "message id",
    "references:",
    "in-reply-to:",
    "reporting-mta",
    "contact ",
    "please contact",
    "for further assistance",
    "for assistance",
    "if you have any questions",
    "x-",
    "a message sent by",
    "(ultimately generated from",
    "(generated from",
    "generated from",
    "addressed from",
    "cc:",
];

/// Local parts that are never the recipient meant.
const OFFICES: &[&str] =
    &["postmaster", "mailer-daemon", "mailerdaemon", "abuse", "hostmaster", "support", "helpdesk", "noc"];

/// A line that starts so is followed by the recipients.
const LEADS: &[&str] = &["recipient address:", "rcpt to", ">>> rcpt to", "final recipient", "addressed to:"];

/// The recipients that the text names, best guess first.
pub(super) fn recipients(letter: &Letter) -> Vec<String> {
    if let Some(failed) = letter.header("x-failed-recipients") {
        let failed = words::addresses(failed);
        if !failed.is_empty() {
            return failed;
        }
    }
    let ours: BTreeSet<&str> = letter
        .to
        .iter()
        .map(String::as_str)
        .chain(letter.original.from.as_deref())
        .chain(letter.from.as_deref())
        .collect();
    let mut accused = Vec::new();
    let mut led = Vec::new();
    let mut addressed = Vec::new();
    let mut named = Vec::new();
    let mut self_named = Vec::new();
    let mut skip_next = false;
    for line in letter.notes.lines() {
        let lower = line.trim_start_matches([' ', '\t', '*', '-', '>']).to_lowercase();
        let whole = line.trim_start().to_lowercase();
        if lower.trim().is_empty() {
            continue;
        }
        let not = NOT_THE_RECIPIENT.iter().any(|start| lower.starts_with(start) || whole.starts_with(start));
        let skip = std::mem::replace(&mut skip_next, lower.starts_with("a message sent by"));
        if not || skip {
            continue;
        }
        let blames = blames(&whole);
        let leads = LEADS.iter().any(|start| lower.starts_with(start) || whole.starts_with(start));
        for address in words::addresses(line) {
            let office = address.split('@').next().is_some_and(|local| OFFICES.contains(&local));
            if office {
                continue;
            }
            if ours.contains(address.as_str()) {
                self_named.push(address);
            } else if blames {
                accused.push(address);
            } else if leads {
                led.push(address);
            } else if lower.starts_with("to:") {
                addressed.push(address);
            } else {
                named.push(address);
            }
        }
    }
    let sent_to = &letter.original.to;
    let of_original = |list: &[String]| list.iter().filter(|one| sent_to.contains(one)).cloned().collect::<Vec<_>>();
    // Those whom a reply names are surest, then those whom the original was sent to, then those whom the text introduces.
    let candidates =
        [accused, of_original(&led), of_original(&named), named, led, addressed, self_named, sent_to.clone()];
    let mut seen = BTreeSet::new();
    let best = candidates.into_iter().find(|list| !list.is_empty()).unwrap_or_default();
    best.into_iter().filter(|one| seen.insert(one.clone())).take(RECIPIENTS_MAX).collect()
}

/// A line that is a reply of a server, or a transcript's, about the address in it: `550 <ada@example.net>... unknown`.
fn blames(line: &str) -> bool {
    let line = line.trim_start_matches("<<< ");
    let code = line.get(..3).is_some_and(|code| code.starts_with('5') && code.bytes().all(|b| b.is_ascii_digit()));
    code && line[3..].trim_start().starts_with('<') && line.contains(">...")
}

/// What the text says of one recipient: the lines that name it and what belongs to them; the whole text if none does.
pub(super) fn about(letter: &Letter, address: Option<&str>) -> String {
    let lines: Vec<&str> = letter.notes.lines().collect();
    let mut story = String::new();
    if let Some(address) = address {
        let mut left = 0;
        let mut before = "";
        for line in &lines {
            let lower = line.to_lowercase();
            let before = std::mem::replace(&mut before, line);
            if blames(lower.trim()) {
                // A transcript's verdict is one line, and the reply that led to it.
                left = 0;
                if lower.contains(address) {
                    if before.trim_start().starts_with("<<<") {
                        tell(&mut story, before);
                    }
                    tell(&mut story, line);
                }
            } else if lower.contains(address) {
                left = STORY_LINES_MAX;
            } else if left > 0 && names_another(&lower, address) {
                left = 0;
            }
            if left > 0 {
                left -= 1;
                if !line.trim().is_empty() {
                    tell(&mut story, line);
                }
            }
        }
    }
    // The name alone is no story.
    let rest = address.map_or_else(|| story.clone(), |address| story.to_lowercase().replace(address, ""));
    if rest.chars().filter(|c| c.is_alphanumeric()).count() < 8 || !says_why(&rest) {
        for line in lines.iter().filter(|line| !line.trim().is_empty()).take(60) {
            tell(&mut story, line);
        }
    }
    story
}

fn tell(story: &mut String, line: &str) {
    if story.len() + line.len() < STORY_BYTES_MAX {
        story.push_str(line.trim());
        story.push(' ');
    }
}

fn names_another(line: &str, address: &str) -> bool {
    let starts = line.trim_start().trim_start_matches(['<', '*', ' ']);
    words::addresses(line).iter().any(|found| found != address && starts.starts_with(found.as_str()))
}

fn says_why(story: &str) -> bool {
    use preheat_core::bounce::reply_in;
    reply_in(story).is_some() || classify(None, None, story) != Class::Undetermined
}

/// What a local delivery agent says in the report's own words: see [`words::LOCAL_AGENTS`].
pub(super) fn local_verdict(notes: &str) -> Option<String> {
    let notes = super::letter::one_line(super::fields::cut(notes, STORY_BYTES_MAX));
    let begins = words::LOCAL_AGENTS.iter().filter_map(|agent| notes.find(agent)).min()?;
    Some(super::fields::cut(&notes[begins..], VERDICT_BYTES_MAX).to_owned())
}

/// What the report shows that the server was asked when it first refused the recipient. `alone`: it is the only one, so that
/// a transcript which names another (an alias of it) speaks of it as well.
pub(super) fn asked(notes: &str, address: Option<&str>, alone: bool) -> Asked {
    let marked = notes.replace(" >>> ", "\n>>> ").replace(" <<< ", "\n<<< ").to_lowercase();
    let named = address.and_then(|address| last_command(&marked, Some(address)));
    let command = named.or_else(|| alone.then(|| last_command(&marked, None)).flatten());
    let accused = address.is_some_and(|address| marked.lines().any(|line| accuses(line, address)));
    command.unwrap_or(if accused { Asked::Recipient } else { Asked::Unsaid })
}

/// A line of a list that gives the address and, in brackets beside it, why it is bad: `<ada@example.net> (unknown user)`.
fn accuses(line: &str, address: &str) -> bool {
    let beside = line.trim().strip_prefix('<').and_then(|rest| rest.strip_prefix(address));
    let reason = beside.and_then(|rest| rest.strip_prefix('>')).map(str::trim_start).unwrap_or_default();
    reason.starts_with('(') && classify(None, None, reason) == Class::Hard
}

/// The last command before the first refusal in a transcript: of this recipient, or of anybody.
fn last_command(marked: &str, address: Option<&str>) -> Option<Asked> {
    let mut command = String::new();
    let mut offered = String::new();
    let mut lines = marked.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        if let Some(given) = line.strip_prefix(">>> ") {
            given.clone_into(&mut command);
            if given.starts_with("rcpt") {
                offered.push_str(given);
            }
        } else if line.contains("while talking to") {
            // Another server: what the last one was offered is not this one's.
            command.clear();
            offered.clear();
        } else if line.starts_with("<<< 5") || line.starts_with("<<< 4") {
            let names = |text: &str| address.is_none_or(|address| text.contains(address));
            let of_message = command.starts_with("data") || command == ".";
            if of_message && (names(&offered) || names(line)) {
                return Some(Asked::Message);
            } else if command.starts_with("rcpt") && (names(&command) || names(line)) {
                return Some(Asked::Recipient);
            }
        } else if line.contains("smtp command") {
            // m-FILTER names the command on the next line.
            match lines.peek() {
                Some(&"data") => return Some(Asked::Message),
                Some(next) if next.starts_with("rcpt") => return Some(Asked::Recipient),
                _ => {}
            }
        }
    }
    None
}
