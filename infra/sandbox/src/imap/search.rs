//! SEARCH: which messages of the selected folder a key holds for. Narrows by UID, day or Message-ID before it looks.

use std::collections::BTreeSet;

use super::command::Key;
use super::fetch::{gmail_id, label_of};
use super::selected::{Selected, Target};
use crate::account::Account;
use crate::message::{Category, FLAGGED, Message, SEEN, TOKEN_HEADER, headers};
use crate::provider::Role;

/// The messages that `key` holds for, in order of UID.
pub(super) fn search(account: &Account, selected: &Selected, key: &Key) -> Vec<Target> {
    let folder = &account.folders[selected.folder];
    let mut found = Vec::new();
    let mut look = |number: usize, uid: u32| {
        let Some(&message_key) = folder.entries.get(&uid) else { return };
        let target = Target { number, uid, key: message_key };
        if account.messages.get(&message_key).is_some_and(|m| holds(account, selected, key, target, m)) {
            found.push(target);
        }
    };
    match narrow(account, selected, key) {
        Some(uids) => {
            for uid in uids {
                // A message that this session has not been told of yet is not found either.
                if let Ok(index) = selected.view.binary_search(&uid) {
                    look(index + 1, uid);
                }
            }
        }
        None => {
            for (index, &uid) in selected.view.iter().enumerate() {
                look(index + 1, uid);
            }
        }
    }
    found
}

/// A small set of UIDs outside of which `key` cannot hold; `None` if no index helps.
fn narrow(account: &Account, selected: &Selected, key: &Key) -> Option<BTreeSet<u32>> {
    let folder = &account.folders[selected.folder];
    match key {
        Key::And(keys) => {
            // The smallest set that any of them gives.
            keys.iter().filter_map(|key| narrow(account, selected, key)).min_by_key(BTreeSet::len)
        }
        Key::Nothing => Some(BTreeSet::new()),
        Key::Uid(set) => {
            let ranges = set.ranges(selected.view.last().copied().unwrap_or(0));
            let inside = ranges.iter().flat_map(|&(from, to)| folder.entries.range(from..=to));
            Some(inside.map(|(&uid, _)| uid).collect())
        }
        Key::Since(day) => Some(folder.by_day.range((*day, 0)..).map(|&(_, uid)| uid).collect()),
        Key::Before(day) => Some(folder.by_day.range(..(*day, 0)).map(|&(_, uid)| uid).collect()),
        Key::On(day) => Some(folder.by_day.range((*day, 0)..(*day + 1, 0)).map(|&(_, uid)| uid).collect()),
        Key::Header(name, value) if name.eq_ignore_ascii_case("Message-ID") => {
            // Only a whole id can be looked up; a part of one must be searched for.
            let whole = value.starts_with('<') && value.ends_with('>');
            whole.then(|| {
                let keys = account.by_message_id.get(value).into_iter().flatten();
                let messages = keys.filter_map(|key| account.messages.get(key));
                messages.filter_map(|message| message.uid_in(selected.folder)).collect()
            })
        }
        _ => None,
    }
}

fn contains(text: &[u8], part: &str) -> bool {
    let part = part.as_bytes();
    let Some(first) = part.first() else { return true };
    // Most places differ in the first byte already.
    text.windows(part.len()).any(|window| window[0].eq_ignore_ascii_case(first) && window.eq_ignore_ascii_case(part))
}

fn holds(account: &Account, selected: &Selected, key: &Key, target: Target, message: &Message) -> bool {
    let all = |key: &Key| holds(account, selected, key, target, message);
    let day = crate::filter::day_of(message.internal);
    let content = &message.content;
    match key {
        Key::All => true,
        Key::Nothing => false,
        Key::Uid(set) => set.holds(target.uid, selected.view.last().copied().unwrap_or(0)),
        Key::Numbers(set) => {
            let last = u32::try_from(selected.view.len()).unwrap_or(u32::MAX);
            set.holds(u32::try_from(target.number).unwrap_or(u32::MAX), last)
        }
        Key::Since(since) => day >= *since,
        Key::Before(before) => day < *before,
        Key::On(on) => day == *on,
        Key::Flag(bit, set) => message.flags.has(*bit) == *set,
        Key::Keyword(keyword, set) => {
            message.flags.keywords.iter().any(|has| has.eq_ignore_ascii_case(keyword)) == *set
        }
        Key::Header(name, value) if name.eq_ignore_ascii_case("Message-ID") => {
            contains(content.message_id.as_bytes(), value)
        }
        Key::Header(name, value) if name.eq_ignore_ascii_case(TOKEN_HEADER) => {
            content.token.as_ref().is_some_and(|token| contains(token.as_bytes(), value))
        }
        Key::Header(name, value) => headers(content.head(), name).any(|has| contains(has.as_bytes(), value)),
        Key::Text(part) => contains(&content.raw, part),
        Key::Body(part) => contains(content.body(), part),
        Key::Larger(size) => content.raw.len() > *size,
        Key::Smaller(size) => content.raw.len() < *size,
        Key::Not(key) => !all(key),
        Key::Or(a, b) => all(a) || all(b),
        Key::And(keys) => keys.iter().all(all),
        Key::GmailRaw(query) => query.split_whitespace().all(|word| gmail_word(account, message, word)),
        Key::GmailId(id) => gmail_id(target.key) == *id,
        Key::GmailThread(id) => gmail_id(message.thread) == *id,
        Key::GmailLabel(label) => has_label(account, message, label),
    }
}

fn in_role(account: &Account, message: &Message, role: Role) -> bool {
    message.places.iter().any(|&(folder, _)| account.folders[folder].role == role)
}

fn has_label(account: &Account, message: &Message, label: &str) -> bool {
    message.places.iter().any(|&(folder, _)| {
        let folder = &account.folders[folder];
        let system = label_of(&folder.name, folder.role).map(|name| name.trim_matches('"').replace("\\\\", "\\"));
        system.is_some_and(|name| name.eq_ignore_ascii_case(label))
    })
}

/// One word of a Gmail query, of those that a warmup client may use; anything else is searched for as text.
fn gmail_word(account: &Account, message: &Message, word: &str) -> bool {
    let (negated, word) = word.strip_prefix('-').map_or((false, word), |word| (true, word));
    let (operator, value) = word.split_once(':').unwrap_or(("", word));
    let value = value.trim_matches(['"', '(', ')']);
    let inbox = in_role(account, message, Role::Inbox);
    let holds = match (operator, value) {
        ("category", "promotions") => message.category == Category::Promotions,
        ("category", "primary") => message.category == Category::Primary && inbox,
        ("category", _) => false,
        ("in", "inbox") => inbox,
        ("in", "spam") => in_role(account, message, Role::Junk),
        ("in", "trash") => in_role(account, message, Role::Trash),
        ("in", "sent") => in_role(account, message, Role::Sent),
        ("in", "anywhere") => true,
        ("is", "unread") => !message.flags.has(SEEN),
        ("is", "read") => message.flags.has(SEEN),
        ("is", "starred") => message.flags.has(FLAGGED),
        ("is", "important") => in_role(account, message, Role::Important),
        ("label", label) => has_label(account, message, label),
        ("rfc822msgid", id) => {
            message.content.message_id.trim_matches(['<', '>']).eq_ignore_ascii_case(id.trim_matches(['<', '>']))
        }
        _ => contains(&message.content.raw, word),
    };
    holds != negated
}
