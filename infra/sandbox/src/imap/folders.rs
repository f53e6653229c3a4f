//! Commands on folders as wholes: LIST, SELECT, STATUS, CREATE, DELETE, APPEND.

use jiff::Timestamp;

use super::Answer;
use super::command::Command;
use super::selected::Selected;
use crate::account::{Account, Folder};
use crate::message::{Content, Flags, SEEN};
use crate::provider::{Profile, Role};

/// Carries out one of this module's commands.
pub(super) fn command(account: &mut Account, command: Command, now: Timestamp) -> Answer {
    match command {
        Command::Create(name) => create(account, &name),
        Command::Delete(name) => match account.folder(&name) {
            None => nonexistent(),
            Some(folder) if account.remove_folder(folder) => Answer::new("OK DELETE completed"),
            Some(_) => Answer::new("NO [CANNOT] This folder cannot be deleted"),
        },
        Command::List { extended: true, .. } if !account.profile.capabilities.contains("LIST-EXTENDED") => {
            Answer::new("BAD unknown LIST option")
        }
        Command::List { verb, reference, patterns, special_only, .. } => {
            list(account, verb, &reference, &patterns, special_only)
        }
        Command::Status { folder, items } => status(account, &folder, &items),
        Command::Append { folder, flags, at, message } => append(account, &folder, &flags, at.unwrap_or(now), message),
        _ => Answer::new("BAD not a folder command"),
    }
}

fn nonexistent() -> Answer {
    Answer::new("NO [NONEXISTENT] Unknown Mailbox")
}

/// What COPY, MOVE and APPEND say when the target is missing.
pub(super) fn try_create() -> Answer {
    Answer::new("NO [TRYCREATE] Folder doesn't exist")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn permanent_flags(profile: &Profile) -> &'static str {
    if profile.keywords {
        "\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*"
    } else {
        "\\Answered \\Flagged \\Deleted \\Seen \\Draft"
    }
}

/// SELECT or EXAMINE.
pub(super) fn select(account: &Account, name: &str, read_only: bool, _: Timestamp) -> (Answer, Option<Selected>) {
    let Some(index) = account.folder(name) else { return (nonexistent(), None) };
    let folder = &account.folders[index];
    let mode = if read_only { "READ-ONLY" } else { "READ-WRITE" };
    let mut answer = Answer::new(format!("OK [{mode}] {} selected", folder.name));
    answer.line("FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)");
    let permanent = if read_only { "" } else { permanent_flags(account.profile) };
    answer.line(&format!("OK [PERMANENTFLAGS ({permanent})] Flags permitted."));
    answer.line(&format!("{} EXISTS", folder.entries.len()));
    answer.line("0 RECENT");
    if let Some(first) = unseen(account, folder).next() {
        let number = folder.entries.range(..=first).count();
        answer.line(&format!("OK [UNSEEN {number}] First unseen."));
    }
    answer.line(&format!("OK [UIDVALIDITY {}] UIDs valid", folder.uid_validity));
    answer.line(&format!("OK [UIDNEXT {}] Predicted next UID", folder.uid_next));
    let selected = Selected {
        folder: index,
        read_only,
        uid_validity: folder.uid_validity,
        view: folder.entries.keys().copied().collect(),
        last_uid: folder.uid_next - 1,
        generation: folder.generation,
    };
    (answer, Some(selected))
}

/// UIDs of the unread messages of a folder.
fn unseen<'a>(account: &'a Account, folder: &'a Folder) -> impl Iterator<Item = u32> + 'a {
    let unread = |key| account.messages.get(key).is_some_and(|message| !message.flags.has(SEEN));
    folder.entries.iter().filter(move |(_, key)| unread(key)).map(|(&uid, _)| uid)
}

fn create(account: &mut Account, name: &str) -> Answer {
    let name = name.trim_end_matches(account.profile.delimiter);
    if account.folder(name).is_some() {
        return Answer::new("NO [ALREADYEXISTS] Folder exists");
    }
    let prefix = account.profile.prefix;
    if !name.starts_with(prefix) || name.len() == prefix.len() {
        return Answer::new(format!("NO [CANNOT] Folders must stand below {prefix}"));
    }
    if name.starts_with("[Gmail]") || name.contains(['%', '*', '"', '\\']) {
        return Answer::new("NO [CANNOT] Invalid folder name");
    }
    account.add_folder(name, Role::User, "");
    Answer::new("OK CREATE completed")
}

fn list(account: &Account, verb: &str, reference: &str, patterns: &[String], special_only: bool) -> Answer {
    let mut answer = Answer::new(format!("OK {verb} completed"));
    let profile = account.profile;
    let delimiter = profile.delimiter;
    if patterns.iter().all(String::is_empty) {
        answer.line(&format!("{verb} (\\Noselect) \"{delimiter}\" \"\""));
        return answer;
    }
    let wanted = |name: &str| {
        patterns.iter().any(|pattern| matches(format!("{reference}{pattern}").as_bytes(), name.as_bytes(), delimiter))
    };
    let mut lines: Vec<(String, String)> = Vec::new();
    if profile.labels && !special_only && wanted("[Gmail]") {
        lines.push(("[Gmail]".to_owned(), "\\HasChildren \\Noselect".to_owned()));
    }
    for folder in account.folders.iter().filter(|folder| !folder.deleted && wanted(&folder.name)) {
        if special_only && folder.attribute.is_empty() {
            continue;
        }
        let inside = format!("{}{delimiter}", folder.name);
        let parent = account.folders.iter().any(|other| !other.deleted && other.name.starts_with(&inside));
        let children = if parent { "\\HasChildren" } else { "\\HasNoChildren" };
        lines.push((folder.name.clone(), format!("{children} {}", folder.attribute).trim().to_owned()));
    }
    lines.sort_by(|a, b| (a.0 != "INBOX", &a.0).cmp(&(b.0 != "INBOX", &b.0)));
    for (name, attributes) in lines {
        answer.line(&format!("{verb} ({attributes}) \"{delimiter}\" {}", quoted(&name)));
    }
    answer
}

/// LIST patterns: `*` is anything, `%` anything without the delimiter; INBOX in any case.
fn matches(pattern: &[u8], name: &[u8], delimiter: char) -> bool {
    if name == b"INBOX" && pattern.eq_ignore_ascii_case(b"INBOX") {
        return true;
    }
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), Some((_, tail))) => matches(rest, name, delimiter) || matches(pattern, tail, delimiter),
        (Some((b'%', rest)), Some((&first, tail))) => {
            matches(rest, name, delimiter) || (char::from(first) != delimiter && matches(pattern, tail, delimiter))
        }
        (Some((b'*' | b'%', rest)), None) => matches(rest, name, delimiter),
        (Some((a, rest)), Some((b, tail))) => a == b && matches(rest, tail, delimiter),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn status(account: &Account, name: &str, items: &[String]) -> Answer {
    let Some(folder) = account.folder(name).map(|index| &account.folders[index]) else { return nonexistent() };
    let mut values = Vec::new();
    for item in items {
        let value = match item.as_str() {
            "MESSAGES" => folder.entries.len() as u64,
            "RECENT" => 0,
            "UIDNEXT" => u64::from(folder.uid_next),
            "UIDVALIDITY" => u64::from(folder.uid_validity),
            "UNSEEN" => unseen(account, folder).count() as u64,
            _ => return Answer::new("BAD unknown STATUS item"),
        };
        values.push(format!("{item} {value}"));
    }
    let mut answer = Answer::new("OK STATUS completed");
    answer.line(&format!("STATUS {} ({})", quoted(&folder.name), values.join(" ")));
    answer
}

fn append(account: &mut Account, name: &str, flags: &[String], at: Timestamp, message: Vec<u8>) -> Answer {
    let Some(folder) = account.folder(name) else { return try_create() };
    if message.is_empty() {
        return Answer::new("NO can't append a message of no bytes");
    }
    let flags = Flags::of(flags, account.profile.keywords);
    let (_, uid) = account.insert(folder, &Content::new(message), at, flags);
    if account.profile.uidplus {
        let validity = account.folders[folder].uid_validity;
        return Answer::new(format!("OK [APPENDUID {validity} {uid}] APPEND completed"));
    }
    Answer::new("OK APPEND completed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let fits = |pattern: &str, name: &str| matches(pattern.as_bytes(), name.as_bytes(), '/');
        assert!(fits("*", "a/b") && fits("%", "a") && fits("a/%", "a/b") && fits("inbox", "INBOX"));
        assert!(!fits("%", "a/b") && !fits("a", "ab") && !fits("A", "a"));
        assert!(fits("*b", "a/b") && fits("", ""));
    }
}
