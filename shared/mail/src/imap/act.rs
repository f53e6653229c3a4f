//! Doing: read, flag, move, expire. Every action looks the mail up again by its Message-ID and checks its own result;
//! every action can be repeated after it was interrupted anywhere.

use std::collections::{BTreeMap, BTreeSet};

use imap_proto::{AttributeValue, Response, ResponseCode, Status};
use jiff::civil::Date;

use super::ImapError;
use super::folders::{Folder, Special};
use super::scan::{Seen, set};
use super::session::{Piece, Visit, quoted, refused, string};
use crate::limits::{FETCH_CHUNK, SCAN_MAX};
use crate::reply::{NONE, clean};

/// What came of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It was in the source and is in the target now.
    Moved,
    /// It was in the target already, and is not in the source.
    Already,
    /// It is in neither: its owner deleted it or filed it elsewhere. Nobody's fault.
    Missing,
}

/// What came of a rescue from spam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rescue {
    /// It was moved, and a second look found it where it was put.
    Held,
    /// It was out of spam already.
    Already,
    /// The server took the move, and the mail is (again) in spam: a filter put it back, or the move did nothing.
    Lost,
    /// It is in neither folder.
    Missing,
}

impl Visit {
    /// Marks a mail read. `false`: it is not in that folder.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn mark_seen(&mut self, folder: &Folder, message_id: &str) -> Result<bool, ImapError> {
        self.set_flag(folder, message_id, "\\Seen").await
    }

    /// Flags (stars) a mail. `false`: it is not in that folder.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn flag(&mut self, folder: &Folder, message_id: &str) -> Result<bool, ImapError> {
        self.set_flag(folder, message_id, "\\Flagged").await
    }

    /// Marks a mail important where the provider has that (Gmail); elsewhere does nothing. `false`: nothing was done.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn mark_important(&mut self, folder: &Folder, message_id: &str) -> Result<bool, ImapError> {
        if !self.capabilities.gmail() {
            return Ok(false);
        }
        self.select(&folder.raw).await?;
        let uids = self.lookup(message_id).await?;
        if uids.is_empty() {
            return Ok(false);
        }
        self.store(&uids, "+X-GM-LABELS (\\Important)").await?;
        Ok(true)
    }

    /// Says that a mail is not junk, in the keywords that servers and mail programs know, where the folder can store
    /// keywords. Moving it out of Junk is what most servers learn from. `false`: nothing was done.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn not_junk(&mut self, folder: &Folder, message_id: &str) -> Result<bool, ImapError> {
        self.select(&folder.raw).await?;
        if !self.selected.as_ref().is_some_and(|open| open.keywords) {
            return Ok(false);
        }
        let uids = self.lookup(message_id).await?;
        if uids.is_empty() {
            return Ok(false);
        }
        self.store(&uids, "+FLAGS.SILENT ($NotJunk NonJunk)").await?;
        self.store(&uids, "-FLAGS.SILENT ($Junk Junk)").await?;
        Ok(true)
    }

    /// Takes a mail out of Gmail's category tabs into Primary. Gmail documents no way to do this over IMAP; the label is
    /// the one its own API uses, and the result is looked at. `false`: it is not there, or Gmail did not comply.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn to_primary(&mut self, inbox: &Folder, message_id: &str) -> Result<bool, ImapError> {
        if !self.capabilities.gmail() {
            return Ok(false);
        }
        self.select(&inbox.raw).await?;
        let uids = self.lookup(message_id).await?;
        if uids.is_empty() {
            return Ok(false);
        }
        match self.store(&uids, "+X-GM-LABELS (CATEGORY_PERSONAL)").await {
            Ok(()) => {}
            Err(ImapError::Refused { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
        let all: Vec<u32> = uids.iter().copied().collect();
        let query = format!("UID {} X-GM-RAW {}", set(&all), quoted("category:primary"));
        Ok(!self.search(vec![Piece::Text(query)]).await?.is_empty())
    }

    /// Moves a mail by MOVE, or by COPY and delete. Repeating it after an interruption anywhere finishes it: a copy that
    /// was made is not made again. The result is checked.
    ///
    /// # Errors
    /// See [`ImapError`]; `Refused` too if the server said OK and the mail is not where it should be.
    pub async fn move_to(&mut self, from: &Folder, message_id: &str, to: &Folder) -> Result<Moved, ImapError> {
        if from.raw == to.raw {
            return Ok(if self.find(to, message_id).await?.is_some() { Moved::Already } else { Moved::Missing });
        }
        self.select(&from.raw).await?;
        let uids = self.lookup(message_id).await?;
        if uids.is_empty() {
            return Ok(if self.find(to, message_id).await?.is_some() { Moved::Already } else { Moved::Missing });
        }
        if self.capabilities.has("MOVE") {
            let confirmed = self.transfer("MOVE", &uids, to).await?;
            if !confirmed && self.find(to, message_id).await?.is_none() {
                return Err(not_done("MOVE"));
            }
            if from.special == Some(Special::Sent) && self.capabilities.gmail() {
                self.leave_gmail_sent(from, message_id).await?;
            }
            return Ok(Moved::Moved);
        }
        // An earlier attempt may have got as far as the copy.
        if self.find(to, message_id).await?.is_none() {
            self.select(&from.raw).await?;
            let Some(&newest) = self.lookup(message_id).await?.last() else { return Ok(Moved::Missing) };
            let confirmed = self.transfer("COPY", &BTreeSet::from([newest]), to).await?;
            if !confirmed && self.find(to, message_id).await?.is_none() {
                return Err(not_done("COPY"));
            }
        }
        self.select(&from.raw).await?;
        let uids = self.lookup(message_id).await?;
        self.remove(&uids).await?;
        if self.lookup(message_id).await?.is_empty() { Ok(Moved::Moved) } else { Err(not_done("EXPUNGE")) }
    }

    /// Takes a mail out of spam: says that it is no junk, moves it, and looks in both folders whether that held.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn rescue(&mut self, junk: &Folder, message_id: &str, inbox: &Folder) -> Result<Rescue, ImapError> {
        self.not_junk(junk, message_id).await?;
        match self.move_to(junk, message_id, inbox).await {
            Ok(Moved::Already) => return Ok(Rescue::Already),
            Ok(Moved::Missing) => return Ok(Rescue::Missing),
            Ok(Moved::Moved) => {}
            // Without MOVE the copy is looked for before the original goes: a filter that took it back was faster.
            Err(ImapError::Refused { reply, .. }) if reply == NOTHING_DONE => return Ok(Rescue::Lost),
            Err(error) => return Err(error),
        }
        if self.find(junk, message_id).await?.is_some() {
            return Ok(Rescue::Lost);
        }
        Ok(if self.find(inbox, message_id).await?.is_some() { Rescue::Held } else { Rescue::Missing })
    }

    /// Deletes the mails in `folder` that arrived before `before` and carry our token header. What its owner put there
    /// stays. Returns how many.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn expire(&mut self, folder: &Folder, before: Date) -> Result<u32, ImapError> {
        self.expire_where(folder, before, |seen| seen.token.is_some()).await
    }

    /// Deletes the mails in `folder` that arrived before `before` and that `is_ours` says are ours. Returns how many;
    /// 2,000 at most, the rest another time.
    ///
    /// # Errors
    /// See [`ImapError`].
    pub async fn expire_where(
        &mut self,
        folder: &Folder,
        before: Date,
        mut is_ours: impl FnMut(&Seen) -> bool,
    ) -> Result<u32, ImapError> {
        self.select(&folder.raw).await?;
        let query = format!("UNDELETED BEFORE {}", before.strftime("%-d-%b-%Y"));
        let old = self.search(vec![Piece::Text(query)]).await?;
        // The headers are looked at here: not every server searches for headers it does not know.
        let mut found = BTreeMap::new();
        let old: Vec<u32> = old.into_iter().take(SCAN_MAX).collect();
        for chunk in old.chunks(FETCH_CHUNK) {
            self.fetch_headers(chunk, &mut found).await?;
        }
        let uids: BTreeSet<u32> = found.into_values().filter(|seen| is_ours(seen)).map(|seen| seen.uid).collect();
        let trash = self.folders.as_ref().and_then(|folders| folders.trash.clone());
        match trash {
            _ if uids.is_empty() => {}
            // On Gmail deleting in a label only takes the label off; what lies in Trash is gone after 30 days.
            Some(trash) if self.capabilities.gmail() && self.capabilities.has("MOVE") => {
                self.transfer("MOVE", &uids, &trash).await?;
            }
            _ => self.remove(&uids).await?,
        }
        Ok(u32::try_from(uids.len()).unwrap_or(u32::MAX))
    }

    /// Sets a flag and sees that it is set: a STORE on a UID that is gone succeeds and does nothing.
    async fn set_flag(&mut self, folder: &Folder, message_id: &str, flag: &'static str) -> Result<bool, ImapError> {
        self.select(&folder.raw).await?;
        let uids = self.lookup(message_id).await?;
        if uids.is_empty() {
            return Ok(false);
        }
        let all: Vec<u32> = uids.iter().copied().collect();
        let line = format!("UID STORE {} +FLAGS ({flag})", set(&all));
        if self.ask_for_flag("STORE", line, &uids, flag).await? {
            return Ok(true);
        }
        // A server need not repeat flags that it was told.
        if self.ask_for_flag("FETCH", format!("UID FETCH {} (UID FLAGS)", set(&all)), &uids, flag).await? {
            return Ok(true);
        }
        if self.lookup(message_id).await?.is_empty() { Ok(false) } else { Err(not_done("STORE")) }
    }

    async fn ask_for_flag(
        &mut self,
        command: &'static str,
        line: String,
        uids: &BTreeSet<u32>,
        flag: &str,
    ) -> Result<bool, ImapError> {
        let mut is_set = false;
        self.ask(command, vec![Piece::Text(line)], |answer| {
            let Response::Fetch(_, attributes) = answer else { return };
            let ours = attributes.iter().any(|a| matches!(a, AttributeValue::Uid(uid) if uids.contains(uid)));
            is_set |= ours
                && attributes.iter().any(
                    |a| matches!(a, AttributeValue::Flags(flags) if flags.iter().any(|f| f.eq_ignore_ascii_case(flag))),
                );
        })
        .await?;
        Ok(is_set)
    }

    async fn store(&mut self, uids: &BTreeSet<u32>, change: &str) -> Result<(), ImapError> {
        let all: Vec<u32> = uids.iter().copied().collect();
        self.command("STORE", vec![Piece::Text(format!("UID STORE {} {change}", set(&all)))]).await
    }

    /// UID MOVE or UID COPY from the folder that is open. `true`: the server named the new UIDs (UIDPLUS), which proves
    /// that something arrived. A target that has vanished is made again once.
    async fn transfer(&mut self, verb: &'static str, uids: &BTreeSet<u32>, to: &Folder) -> Result<bool, ImapError> {
        let all: Vec<u32> = uids.iter().copied().collect();
        for last_try in [false, true] {
            let mut copied = false;
            let mut try_create = false;
            let pieces = vec![Piece::Text(format!("UID {verb} {} ", set(&all))), string(verb, &to.raw)?];
            let outcome = self
                .run(verb, pieces, |answer| {
                    let (Response::Done { outcome, .. } | Response::Data { outcome, .. }) = answer else { return };
                    match &outcome.code {
                        Some(ResponseCode::CopyUid(_, _, to)) => copied |= !to.is_empty(),
                        Some(ResponseCode::TryCreate) => try_create = true,
                        _ => {}
                    }
                })
                .await?;
            if outcome.rebuilt {
                self.selected = None;
                return Err(ImapError::Rebuilt { command: verb });
            }
            match outcome.status {
                Status::Ok => return Ok(copied),
                _ if try_create && !last_try => {
                    self.command("CREATE", vec![Piece::Text("CREATE ".to_owned()), string("CREATE", &to.raw)?]).await?;
                }
                _ => return Err(refused(verb, clean(&outcome.text, NONE))),
            }
        }
        Err(not_done(verb))
    }

    /// Deletes mails of the folder that is open, and nothing else.
    ///
    /// Without UIDPLUS there is only EXPUNGE, which takes everything that anybody marked `\Deleted`. It is used only
    /// while nothing else is marked; otherwise ours stay marked, which hides them, until their owner expunges.
    async fn remove(&mut self, uids: &BTreeSet<u32>) -> Result<(), ImapError> {
        if uids.is_empty() {
            return Ok(());
        }
        self.store(uids, "+FLAGS.SILENT (\\Deleted)").await?;
        let all: Vec<u32> = uids.iter().copied().collect();
        if self.capabilities.has("UIDPLUS") {
            return self.command("EXPUNGE", vec![Piece::Text(format!("UID EXPUNGE {}", set(&all)))]).await;
        }
        let marked = self.search(vec![Piece::Text("DELETED".to_owned())]).await?;
        if marked.is_subset(uids) {
            self.command("EXPUNGE", vec![Piece::Text("EXPUNGE".to_owned())]).await
        } else {
            Ok(())
        }
    }

    /// Gmail keeps its Sent label on a mail whatever is moved. Only Trash takes it off; Gmail empties that by itself.
    async fn leave_gmail_sent(&mut self, sent: &Folder, message_id: &str) -> Result<(), ImapError> {
        self.select(&sent.raw).await?;
        let uids = self.lookup(message_id).await?;
        if uids.is_empty() { Ok(()) } else { self.store(&uids, "+X-GM-LABELS (\\Trash)").await }
    }
}

/// What is said of a server that says OK and does nothing.
const NOTHING_DONE: &str = "the server said OK, but nothing was done";

fn not_done(command: &'static str) -> ImapError {
    ImapError::Refused { command, reply: NOTHING_DONE.to_owned() }
}
