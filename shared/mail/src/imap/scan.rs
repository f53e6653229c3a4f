//! Looking: which mails lie in a folder since a date, and where a given one is. Changes nothing, not even `\Seen`.

use std::collections::{BTreeMap, BTreeSet};

use imap_proto::{AttributeValue, MailboxDatum, Response, Status};
use jiff::Timestamp;
use jiff::civil::Date;

use super::ImapError;
use super::folders::{Folder, Special};
use super::session::{Piece, Visit, quoted, refused};
use crate::compose::TOKEN_HEADER;
use crate::limits::{FETCH_CHUNK, HEADER_BYTES_MAX, REPORT_BYTES_MAX, SCAN_MAX};
use crate::read;
use crate::reply::{NONE, clean};
use crate::report::{TRIAGE_FIELDS, may_be_report};

/// A tab of Gmail's inbox other than Primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Promotions.
    Promotions,
    /// Social.
    Social,
    /// Updates.
    Updates,
    /// Forums.
    Forums,
}

impl Category {
    const ALL: [Self; 4] = [Self::Promotions, Self::Social, Self::Updates, Self::Forums];

    /// Its name in Gmail's search.
    fn word(self) -> &'static str {
        match self {
            Self::Promotions => "promotions",
            Self::Social => "social",
            Self::Updates => "updates",
            Self::Forums => "forums",
        }
    }
}

/// A mail as a scan saw it. Identifiers stand without angle brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its UID at the moment of the scan. For logs only: actions look the mail up again.
    pub uid: u32,
    /// Its Message-ID as it is now. A provider may have rewritten ours.
    pub message_id: Option<String>,
    /// The token in `X-Entity-Ref-ID`.
    pub token: Option<String>,
    /// What it replies to.
    pub in_reply_to: Option<String>,
    /// The thread so far, oldest first.
    pub references: Vec<String>,
    /// The sender's address, lower case.
    pub from: Option<String>,
    /// The subject, decoded.
    pub subject: String,
    /// When it arrived, by the server's clock.
    pub internal_date: Timestamp,
    /// It was read.
    pub seen: bool,
    /// It is flagged or starred.
    pub flagged: bool,
    /// Gmail's labels; empty elsewhere.
    pub labels: Vec<String>,
    /// The tab of Gmail's inbox it lies in; `None`: Primary, or not Gmail.
    pub category: Option<Category>,
    /// Made by a program (auto-reply, bounce, list): never replied to.
    pub automatic: bool,
    /// Not ours, and by its headers worth reading as a report (see [`crate::report::may_be_report`]).
    pub may_be_report: bool,
    /// The folder's UIDVALIDITY at the moment of the scan.
    uid_validity: u32,
}

const FIELDS: &str = "MESSAGE-ID IN-REPLY-TO REFERENCES FROM SUBJECT AUTO-SUBMITTED PRECEDENCE RETURN-PATH LIST-ID";

impl Visit {
    /// The mails in `folder` that arrived on or after `since` (by the server's calendar) and are not deleted, oldest
    /// first; the newest 2,000 at most.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn scan(&mut self, folder: &Folder, since: Date) -> Result<Vec<Seen>, ImapError> {
        self.select(&folder.raw).await?;
        let query = format!("UNDELETED SINCE {}", since.strftime("%-d-%b-%Y"));
        let mut uids = self.search(vec![Piece::Text(query.clone())]).await?;
        while uids.len() > SCAN_MAX {
            uids.pop_first();
        }
        let mut found = BTreeMap::new();
        let all: Vec<u32> = uids.into_iter().collect();
        for chunk in all.chunks(FETCH_CHUNK) {
            self.fetch_headers(chunk, &mut found).await?;
        }
        if self.capabilities.gmail() && folder.special == Some(Special::Inbox) && !found.is_empty() {
            for category in Category::ALL {
                let raw = quoted(&format!("category:{}", category.word()));
                for uid in self.search(vec![Piece::Text(format!("{query} X-GM-RAW {raw}"))]).await? {
                    if let Some(seen) = found.get_mut(&uid) {
                        seen.category = Some(category);
                    }
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// The UID of a mail in a folder, if it is there and not deleted: by its Message-ID, or, for one of ours whose
    /// Message-ID a provider rewrote, by the token that stands in its other header too.
    ///
    /// # Errors
    /// See [`ImapError`]. A refused search is an error, never an absence.
    pub async fn find(&mut self, folder: &Folder, message_id: &str) -> Result<Option<u32>, ImapError> {
        self.select(&folder.raw).await?;
        Ok(self.lookup(message_id).await?.last().copied())
    }

    /// The first 30 kB of a mail that a scan of `folder` saw, without marking it read. `None`: it is not there any more, or
    /// the server cannot give a part of a mail.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn peek(&mut self, folder: &Folder, seen: &Seen) -> Result<Option<Vec<u8>>, ImapError> {
        self.select(&folder.raw).await?;
        let is_same = self.selected.as_ref().is_some_and(|open| open.uid_validity == seen.uid_validity);
        if !is_same || !self.partial_fetch {
            return Ok(None);
        }
        let mut whole = None;
        let line = format!("UID FETCH {} (UID BODY.PEEK[]<0.{REPORT_BYTES_MAX}>)", seen.uid);
        let outcome = self
            .run("FETCH", vec![Piece::Text(line)], |answer| {
                let Response::Fetch(_, attributes) = answer else { return };
                if attributes.iter().any(|a| matches!(a, AttributeValue::Uid(uid) if *uid == seen.uid)) {
                    whole = attributes.iter().find_map(|attribute| match attribute {
                        AttributeValue::BodySection { data: Some(bytes), .. } => Some(bytes.to_vec()),
                        _ => None,
                    });
                }
            })
            .await?;
        if outcome.rebuilt {
            self.selected = None;
            return Err(ImapError::Rebuilt { command: "FETCH" });
        }
        match outcome.status {
            Status::Ok => Ok(whole),
            _ => Err(refused("FETCH", clean(&outcome.text, NONE))),
        }
    }

    /// All UIDs of a mail in the folder that is open. More than one where a move was interrupted.
    pub(super) async fn lookup(&mut self, message_id: &str) -> Result<BTreeSet<u32>, ImapError> {
        let header = |name: &str, value: &str| -> Result<Vec<Piece>, ImapError> {
            if value.is_empty() || !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
                return Err(ImapError::Argument { command: "SEARCH" });
            }
            Ok(vec![Piece::Text(format!("UNDELETED HEADER {name} {}", quoted(value)))])
        };
        let uids = self.search(header("Message-ID", &format!("<{message_id}>"))?).await?;
        let token = message_id.split_once('@').map_or(message_id, |(token, _)| token);
        // Our tokens are 30 characters and more; a short foreign one would match anything.
        if !uids.is_empty() || token.len() < 16 {
            return Ok(uids);
        }
        self.search(header(TOKEN_HEADER, token)?).await
    }

    pub(super) async fn search(&mut self, query: Vec<Piece>) -> Result<BTreeSet<u32>, ImapError> {
        let mut pieces = vec![Piece::Text("UID SEARCH ".to_owned())];
        pieces.extend(query);
        let mut uids = BTreeSet::new();
        self.ask("SEARCH", pieces, |answer| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = answer {
                uids.extend(found.iter().copied().filter(|&uid| uid > 0));
            }
        })
        .await?;
        Ok(uids)
    }

    pub(super) async fn fetch_headers(
        &mut self,
        uids: &[u32],
        found: &mut BTreeMap<u32, Seen>,
    ) -> Result<(), ImapError> {
        let uid_validity = self.selected.as_ref().map_or(0, |open| open.uid_validity);
        let labels = if self.capabilities.gmail() { " X-GM-LABELS" } else { "" };
        loop {
            let part = if self.partial_fetch { format!("<0.{HEADER_BYTES_MAX}>") } else { String::new() };
            let line = format!(
                "UID FETCH {} (UID FLAGS INTERNALDATE{labels} BODY.PEEK[HEADER.FIELDS ({} {FIELDS} {TRIAGE_FIELDS})]{part})",
                set(uids),
                TOKEN_HEADER.to_ascii_uppercase(),
            );
            let outcome = self
                .run("FETCH", vec![Piece::Text(line)], |answer| {
                    if let Response::Fetch(_, attributes) = answer
                        && let Some(seen) = seen(attributes, uid_validity)
                        && uids.contains(&seen.uid)
                    {
                        found.insert(seen.uid, seen);
                    }
                })
                .await?;
            if outcome.rebuilt {
                self.selected = None;
                return Err(ImapError::Rebuilt { command: "FETCH" });
            }
            match outcome.status {
                Status::Ok => return Ok(()),
                // RFC 5530: some of them were expunged by another session meanwhile. The rest has come.
                _ if outcome.text.to_ascii_uppercase().contains("[EXPUNGEISSUED]") => return Ok(()),
                Status::Bad if self.partial_fetch => self.partial_fetch = false,
                _ => return Err(refused("FETCH", clean(&outcome.text, NONE))),
            }
        }
    }
}

/// UIDs as an IMAP sequence set: `1:3,7`. They are in ascending order.
pub(super) fn set(uids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let parts: Vec<String> = ranges
        .iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}:{last}") })
        .collect();
    parts.join(",")
}

/// A FETCH answer with a UID and headers; others are news about flags that nobody asked for.
fn seen(attributes: &[AttributeValue<'_>], uid_validity: u32) -> Option<Seen> {
    let (mut uid, mut date, mut block) = (None, None, None);
    let (mut flags, mut labels): (&[_], Vec<String>) = (&[], Vec::new());
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(value) => uid = Some(*value),
            AttributeValue::InternalDate(text) => date = internal_date(text),
            AttributeValue::Flags(list) => flags = list,
            AttributeValue::GmailLabels(list) => {
                labels = list.iter().map(|label| label.replace("\\\\", "\\")).collect();
            }
            AttributeValue::BodySection { data: Some(bytes), .. } => block = Some(bytes.as_ref()),
            _ => {}
        }
    }
    let block = block?;
    let headers = read::headers(block);
    let may_be_report = headers.token.is_none() && may_be_report(block);
    let has = |name: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(name));
    Some(Seen {
        uid: uid?,
        message_id: headers.message_id,
        token: headers.token,
        in_reply_to: headers.in_reply_to,
        references: headers.references,
        from: headers.from,
        subject: headers.subject,
        // A server that gives no usable date gives one that is older than any window.
        internal_date: date.unwrap_or(Timestamp::UNIX_EPOCH),
        seen: has("\\Seen"),
        flagged: has("\\Flagged"),
        labels,
        category: None,
        automatic: headers.automatic,
        may_be_report,
        uid_validity,
    })
}

/// `17-Jul-1996 02:44:25 -0700`; a single-digit day has a space in front.
fn internal_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let padded = if text.as_bytes().get(1) == Some(&b'-') { format!("0{text}") } else { text.to_owned() };
    let broken_down = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", &padded).ok()?;
    broken_down.to_timestamp().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_short() {
        assert_eq!(set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[u32::MAX]), "4294967295");
    }

    #[test]
    fn internal_dates_of_both_forms() {
        let expected: Timestamp = "1996-07-17T09:44:25Z".parse().unwrap();
        assert_eq!(internal_date("17-Jul-1996 02:44:25 -0700"), Some(expected));
        let expected: Timestamp = "2026-03-02T08:14:00Z".parse().unwrap();
        for text in [" 2-Mar-2026 09:14:00 +0100", "02-Mar-2026 09:14:00 +0100", "2-Mar-2026 09:14:00 +0100"] {
            assert_eq!(internal_date(text), Some(expected));
        }
        assert_eq!(internal_date("yesterday"), None);
    }
}
