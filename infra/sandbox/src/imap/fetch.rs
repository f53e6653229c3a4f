//! FETCH: items of messages, literals for their parts.

use super::Answer;
use super::command::{Item, Section};
use super::selected::{Selected, Target};
use crate::account::Account;
use crate::message::{Message, field_name, fields};
use crate::provider::Role;

/// Appends one `* n FETCH (…)`.
pub(super) fn answer(answer: &mut Answer, account: &Account, selected: &Selected, target: Target, items: &[Item]) {
    let Some(message) = account.messages.get(&target.key) else { return };
    let out = &mut answer.untagged;
    out.extend_from_slice(format!("* {} FETCH (", target.number).as_bytes());
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        match item {
            Item::Uid => out.extend_from_slice(format!("UID {}", target.uid).as_bytes()),
            Item::Flags => out.extend_from_slice(format!("FLAGS ({})", message.flags.text()).as_bytes()),
            Item::InternalDate => {
                let date = message.internal.strftime("%e-%b-%Y %H:%M:%S +0000");
                out.extend_from_slice(format!("INTERNALDATE \"{date}\"").as_bytes());
            }
            Item::Size => out.extend_from_slice(format!("RFC822.SIZE {}", message.content.raw.len()).as_bytes()),
            Item::GmailLabels => {
                let labels = labels(account, message, selected.folder).join(" ");
                out.extend_from_slice(format!("X-GM-LABELS ({labels})").as_bytes());
            }
            Item::GmailId => out.extend_from_slice(format!("X-GM-MSGID {}", gmail_id(target.key)).as_bytes()),
            Item::GmailThread => out.extend_from_slice(format!("X-GM-THRID {}", gmail_id(message.thread)).as_bytes()),
            Item::Body { section, label, partial, .. } => body(out, message, section, label, *partial),
        }
    }
    out.extend_from_slice(b")\r\n");
}

fn body(out: &mut Vec<u8>, message: &Message, section: &Section, label: &str, partial: Option<(usize, usize)>) {
    let content = &message.content;
    let chosen;
    let bytes: &[u8] = match section {
        Section::Whole => &content.raw,
        Section::Header => content.head(),
        Section::Text => content.body(),
        Section::Fields { names, not } => {
            chosen = chosen_fields(content.head(), names, *not);
            &chosen
        }
    };
    let bytes = match partial {
        None => bytes,
        Some((offset, length)) => {
            let rest = bytes.get(offset..).unwrap_or_default();
            &rest[..length.min(rest.len())]
        }
    };
    out.extend_from_slice(format!("{label} {{{}}}\r\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
}

fn chosen_fields(head: &[u8], names: &[String], not: bool) -> Vec<u8> {
    let mut chosen = Vec::new();
    for field in fields(head) {
        let named = names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(field_name(field)));
        if named != not {
            chosen.extend_from_slice(field);
        }
    }
    chosen.extend_from_slice(b"\r\n");
    chosen
}

/// `X-GM-MSGID` of a key: Gmail's ids are large.
pub(super) fn gmail_id(key: u64) -> u64 {
    1_278_455_344_230_000_000 + key
}

/// A folder's label as Gmail writes it; All Mail is not a label.
pub(super) fn label_of(name: &str, role: Role) -> Option<String> {
    Some(match role {
        Role::Inbox => "\"\\\\Inbox\"".to_owned(),
        Role::Sent => "\"\\\\Sent\"".to_owned(),
        Role::Junk => "\"\\\\Spam\"".to_owned(),
        Role::Trash => "\"\\\\Trash\"".to_owned(),
        Role::Drafts => "\"\\\\Draft\"".to_owned(),
        Role::Starred => "\"\\\\Starred\"".to_owned(),
        Role::Important => "\"\\\\Important\"".to_owned(),
        Role::All => return None,
        Role::User if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => name.to_owned(),
        Role::User => format!("\"{name}\""),
    })
}

/// The labels of a message but the selected folder's own.
fn labels(account: &Account, message: &Message, selected: usize) -> Vec<String> {
    let places = message.places.iter().filter(|&&(folder, _)| folder != selected);
    let mut labels: Vec<String> = places
        .filter_map(|&(folder, _)| label_of(&account.folders[folder].name, account.folders[folder].role))
        .collect();
    labels.sort();
    labels
}
