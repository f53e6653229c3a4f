//! What the mail servers themselves say: Postfix's log, Dovecot's log, the mailboxes on disk. Nothing here asks Preheat.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A mail that Postfix took responsibility for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Who was logged in.
    pub(crate) user: String,
    /// Without angle brackets.
    pub(crate) message_id: String,
    /// To whom.
    pub(crate) to: String,
    /// Dovecot took it.
    pub(crate) delivered: bool,
    /// Its last byte arrived: it entered the queue. A connection cut before that leaves a mail without this.
    queued: bool,
}

/// The mails in Postfix's log that were accepted, in the order of their queue ids' first lines.
pub(crate) fn accepted(log: &str) -> Vec<Accepted> {
    let mut order = Vec::new();
    let mut mails: BTreeMap<(String, usize), Accepted> = BTreeMap::new();
    let mut generation: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lines() {
        let Some((daemon, id, rest)) = queue_line(line) else { continue };
        if daemon == "smtpd" && rest.starts_with("client=") {
            // Postfix uses short queue ids again when a mail has gone.
            let at = generation.entry(id.to_owned()).and_modify(|at| *at += 1).or_insert(0);
            let key = (id.to_owned(), *at);
            let user = after(rest, "sasl_username=").unwrap_or_default().to_owned();
            mails.insert(key.clone(), Accepted { user, ..Accepted::default() });
            order.push(key);
            continue;
        }
        let Some(at) = generation.get(id) else { continue };
        let Some(mail) = mails.get_mut(&(id.to_owned(), *at)) else { continue };
        match daemon {
            "cleanup" => {
                if let Some(message_id) = after(rest, "message-id=<") {
                    message_id.trim_end_matches('>').clone_into(&mut mail.message_id);
                }
            }
            "qmgr" if rest.starts_with("from=") => mail.queued = true,
            "lmtp" => {
                after(rest, "to=<").unwrap_or_default().trim_end_matches('>').clone_into(&mut mail.to);
                mail.delivered |= rest.contains("status=sent");
            }
            _ => {}
        }
    }
    order.into_iter().filter_map(|key| mails.remove(&key)).filter(|mail| mail.queued).collect()
}

/// `Mon 1 00:00:00 host postfix/smtpd[1]: ABC: rest` → (`smtpd`, `ABC`, `rest`).
fn queue_line(line: &str) -> Option<(&str, &str, &str)> {
    let (_, tail) = line.split_once(" postfix/")?;
    let (daemon, tail) = tail.split_once('[')?;
    let (_, tail) = tail.split_once("]: ")?;
    let (id, rest) = tail.split_once(": ")?;
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()) && id != "NOQUEUE").then_some((daemon, id, rest))
}

fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, tail) = text.split_once(key)?;
    tail.split([',', ' ']).next()
}

/// Message-IDs that Dovecot filed in Junk at delivery.
pub(crate) fn junked(log: &str) -> BTreeSet<String> {
    log.lines().filter(|line| line.contains("stored mail into mailbox 'Junk'")).filter_map(message_id).collect()
}

/// Message-IDs that a session moved from Junk to INBOX.
pub(crate) fn rescued(log: &str) -> BTreeSet<String> {
    let moved = |line: &&str| line.contains("copy from Junk: box=INBOX,");
    log.lines().filter(moved).filter_map(message_id).collect()
}

/// `…msgid=<x@y>…` → `x@y`.
fn message_id(line: &str) -> Option<String> {
    let (_, tail) = line.split_once("msgid=<")?;
    tail.split_once('>').map(|(id, _)| id.to_owned())
}

/// A mail as it lies in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The mailbox.
    pub(crate) address: String,
    /// `INBOX`, `Junk`, `Preheat`…
    pub(crate) folder: String,
    /// Without angle brackets.
    pub(crate) message_id: String,
    /// Without angle brackets; empty for an opening.
    pub(crate) in_reply_to: String,
    /// Space-separated, with angle brackets.
    pub(crate) references: String,
    /// As sent.
    pub(crate) subject: String,
    /// It has been read.
    pub(crate) seen: bool,
}

/// Every mail in every folder below `boxes` (Maildir++: `domain/user/.Folder/{cur,new}`).
pub(crate) fn stored(boxes: &Path) -> Vec<Stored> {
    let mut mails = Vec::new();
    for domain in entries(boxes) {
        for user in entries(&boxes.join(&domain)) {
            let home = boxes.join(&domain).join(&user);
            let address = format!("{user}@{domain}");
            read_folder(&home, &address, "INBOX", &mut mails);
            for name in entries(&home) {
                if let Some(folder) = name.strip_prefix('.') {
                    read_folder(&home.join(&name), &address, folder, &mut mails);
                }
            }
        }
    }
    mails
}

fn read_folder(folder: &Path, address: &str, name: &str, mails: &mut Vec<Stored>) {
    for part in ["new", "cur"] {
        for file in entries(&folder.join(part)) {
            // A session may have moved it meanwhile: then it is read where it went.
            let Ok(bytes) = fs::read(folder.join(part).join(&file)) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            let bare = |header: &str| value(&text, header).trim_matches(['<', '>']).to_owned();
            let flags = file.rsplit_once(":2,").map_or("", |(_, flags)| flags);
            mails.push(Stored {
                address: address.to_owned(),
                folder: name.to_owned(),
                message_id: bare("message-id"),
                in_reply_to: bare("in-reply-to"),
                references: value(&text, "references"),
                subject: value(&text, "subject"),
                seen: flags.contains('S'),
            });
        }
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let names =
        fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A header, unfolded; empty if it is not there.
fn value(text: &str, header: &str) -> String {
    let mut found: Option<String> = None;
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if let (Some(value), true) = (&mut found, line.starts_with([' ', '\t'])) {
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        if found.is_some() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case(header)
        {
            found = Some(value.trim().to_owned());
        }
    }
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
Nov 20 11:37:58 mail postfix/smtpd[1]: 5192A: client=localhost[127.0.0.1], sasl_method=PLAIN, sasl_username=ada@one.example
Nov 20 11:37:58 mail postfix/cleanup[2]: 5192A: message-id=<a1@one.example>
Nov 20 11:37:58 mail postfix/qmgr[3]: 5192A: from=<ada@one.example>, size=316, nrcpt=1 (queue active)
Nov 20 11:37:58 mail postfix/smtpd[4]: 670D1: client=localhost[127.0.0.1], sasl_method=PLAIN, sasl_username=eve@three.example
Nov 20 11:37:58 mail postfix/cleanup[2]: 670D1: message-id=<e1@three.example>
Nov 20 11:37:58 mail postfix/lmtp[5]: 5192A: to=<cy@two.example>, relay=x[/y], delay=0.14, dsn=2.0.0, status=sent (250 2.0.0 Saved)
Nov 20 11:37:58 mail postfix/smtpd[4]: lost connection after DATA from localhost[127.0.0.1]
Nov 20 11:37:58 mail postfix/smtpd[4]: NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 550 5.1.1 <n@one.example>
Nov 20 11:37:59 mail postfix/qmgr[3]: 5192A: removed
Nov 20 11:37:59 mail postfix/smtpd[1]: 5192A: client=localhost[127.0.0.1], sasl_method=PLAIN, sasl_username=bo@one.example
Nov 20 11:37:59 mail postfix/cleanup[2]: 5192A: message-id=<b1@one.example>
Nov 20 11:37:59 mail postfix/qmgr[3]: 5192A: from=<bo@one.example>, size=316, nrcpt=1 (queue active)
";

    #[test]
    fn a_mail_counts_from_the_moment_postfix_answers_for_it() {
        let mails = accepted(LOG);
        let ids: Vec<&str> = mails.iter().map(|mail| mail.message_id.as_str()).collect();
        assert_eq!(ids, ["a1@one.example", "b1@one.example"], "the one cut off in DATA was never accepted");
        assert_eq!(mails[0].user, "ada@one.example");
        assert_eq!(mails[0].to, "cy@two.example");
        assert!(mails[0].delivered && !mails[1].delivered);
    }

    #[test]
    fn junk_and_rescue_are_read_from_dovecots_log() {
        let log = "\
x lmtp(a)<1>: Info: sieve: msgid=<e1@three.example>: stored mail into mailbox 'Junk'
x imap(a)<1>: Info: copy from Junk: box=INBOX, msgid=<e1@three.example>, flags=()
x imap(a)<1>: Info: copy from INBOX: box=Preheat, msgid=<e1@three.example>, flags=(\\Seen)
";
        assert_eq!(junked(log), BTreeSet::from(["e1@three.example".to_owned()]));
        assert_eq!(rescued(log), BTreeSet::from(["e1@three.example".to_owned()]));
    }

    #[test]
    fn headers_are_unfolded_and_the_body_is_not_searched() {
        let mail = "References: <a@x>\r\n <b@x>\r\nIn-Reply-To: <b@x>\r\n\r\nSubject: no\r\n";
        assert_eq!(value(mail, "references"), "<a@x> <b@x>");
        assert_eq!(value(mail, "subject"), "");
    }
}
