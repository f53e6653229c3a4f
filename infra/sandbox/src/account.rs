//! One account: its folders, its messages, and the moves between them, with plain or with label semantics.
//!
//! Plain: a message stands in one folder, a copy is another message. Labels (Gmail): a message is one thing that
//! stands in several folders; flags are shared; All Mail holds everything but Spam and Trash.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::filter::day_of;
use crate::message::{Category, Content, DELETED, Flags, Message};
use crate::provider::{Profile, Role};

/// One folder.
#[derive(Debug)]
pub(crate) struct Folder {
    /// As on the wire.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) attribute: &'static str,
    pub(crate) uid_validity: u32,
    pub(crate) uid_next: u32,
    /// UID → message key.
    pub(crate) entries: BTreeMap<u32, u64>,
    /// (UTC day of the internal date, UID): what SEARCH SINCE walks.
    pub(crate) by_day: BTreeSet<(i64, u32)>,
    /// Rises with every change of `entries`, so that a session sees at a glance whether it is up to date.
    pub(crate) generation: u64,
    pub(crate) deleted: bool,
}

/// One account and everything in it.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) password: String,
    pub(crate) provider: usize,
    pub(crate) profile: &'static Profile,
    /// Auth is refused (dead credentials).
    pub(crate) refused: bool,
    /// Auth is refused and mail to it bounces.
    pub(crate) disabled: bool,
    /// Its filter puts mail back that was moved out of junk.
    pub(crate) puts_back: bool,
    pub(crate) folders: Vec<Folder>,
    pub(crate) messages: BTreeMap<u64, Message>,
    /// Message-ID → keys.
    pub(crate) by_message_id: BTreeMap<String, BTreeSet<u64>>,
    next_key: u64,
    next_validity: u32,
    /// When it handed in mail, for the limits: the last 24 hours.
    pub(crate) handed_in: VecDeque<Timestamp>,
    /// Open submission sessions.
    pub(crate) sessions: usize,
    pub(crate) replies_sent: u32,
    pub(crate) rescued: u32,
}

impl Account {
    pub(crate) fn new(password: &str, provider: usize, profile: &'static Profile, first_validity: u32) -> Self {
        let mut account = Self {
            password: password.to_owned(),
            provider,
            profile,
            refused: false,
            disabled: false,
            puts_back: false,
            folders: Vec::new(),
            messages: BTreeMap::new(),
            by_message_id: BTreeMap::new(),
            next_key: 1,
            next_validity: first_validity,
            handed_in: VecDeque::new(),
            sessions: 0,
            replies_sent: 0,
            rescued: 0,
        };
        for spec in profile.folders {
            account.add_folder(spec.name, spec.role, spec.attribute);
        }
        account
    }

    pub(crate) fn add_folder(&mut self, name: &str, role: Role, attribute: &'static str) {
        let uid_validity = self.new_validity();
        self.folders.push(Folder {
            name: name.to_owned(),
            role,
            attribute,
            uid_validity,
            uid_next: 1,
            entries: BTreeMap::new(),
            by_day: BTreeSet::new(),
            generation: 0,
            deleted: false,
        });
    }

    fn new_validity(&mut self) -> u32 {
        self.next_validity += 1;
        self.next_validity
    }

    /// The index of a folder by its wire name; INBOX in any case.
    pub(crate) fn folder(&self, name: &str) -> Option<usize> {
        let is_inbox = name.eq_ignore_ascii_case("INBOX");
        self.folders
            .iter()
            .position(|folder| !folder.deleted && (folder.name == name || is_inbox && folder.role == Role::Inbox))
    }

    /// The index of the account's folder for `role`.
    pub(crate) fn with_role(&self, role: Role) -> Option<usize> {
        self.folders.iter().position(|folder| folder.role == role)
    }

    fn role(&self, folder: usize) -> Role {
        self.folders[folder].role
    }

    /// Puts a new message into `folder` (and, with labels, into All Mail); its key and UID.
    pub(crate) fn insert(
        &mut self,
        folder: usize,
        content: &Arc<Content>,
        internal: Timestamp,
        flags: Flags,
    ) -> (u64, u32) {
        let key = self.next_key;
        self.next_key += 1;
        let parent = content.parents.iter().find_map(|id| self.by_message_id.get(id)?.first().copied());
        let thread = parent.and_then(|parent| self.messages.get(&parent)).map_or(key, |parent| parent.thread);
        self.by_message_id.entry(content.message_id.clone()).or_default().insert(key);
        let message = Message {
            content: Arc::clone(content),
            internal,
            flags,
            category: Category::Primary,
            places: Vec::new(),
            thread,
            sender: None,
            deeds: 0,
        };
        self.messages.insert(key, message);
        let uid = self.label(key, folder);
        (key, uid)
    }

    /// Enters a message into a folder's list, unless it stands there; its UID.
    fn enter(&mut self, key: u64, folder: usize) -> u32 {
        let Some(message) = self.messages.get_mut(&key) else { return 0 };
        if let Some(uid) = message.uid_in(folder) {
            return uid;
        }
        let list = &mut self.folders[folder];
        let uid = list.uid_next;
        list.uid_next += 1;
        list.generation += 1;
        list.entries.insert(uid, key);
        list.by_day.insert((day_of(message.internal), uid));
        message.places.push((folder, uid));
        uid
    }

    /// Takes a message out of a folder's list; a message that stands nowhere is gone.
    fn leave(&mut self, key: u64, folder: usize) {
        let Some(message) = self.messages.get_mut(&key) else { return };
        let Some(uid) = message.uid_in(folder) else { return };
        message.places.retain(|&(place, _)| place != folder);
        let list = &mut self.folders[folder];
        list.entries.remove(&uid);
        list.by_day.remove(&(day_of(message.internal), uid));
        list.generation += 1;
        if message.places.is_empty() {
            let id = message.content.message_id.clone();
            self.messages.remove(&key);
            if let Some(keys) = self.by_message_id.get_mut(&id) {
                keys.remove(&key);
                if keys.is_empty() {
                    self.by_message_id.remove(&id);
                }
            }
        }
    }

    /// Gives a message a place; with labels, Spam and Trash exclude every other place and others bring All Mail.
    pub(crate) fn label(&mut self, key: u64, folder: usize) -> u32 {
        let uid = self.enter(key, folder);
        if !self.profile.labels {
            return uid;
        }
        let apart = |role| matches!(role, Role::Junk | Role::Trash);
        let places: Vec<usize> = self
            .messages
            .get(&key)
            .map_or_else(Vec::new, |message| message.places.iter().map(|place| place.0).collect());
        let alone = apart(self.role(folder));
        for place in places {
            if place != folder && (alone || apart(self.role(place))) {
                self.leave(key, place);
            }
        }
        if !alone && let Some(all) = self.with_role(Role::All) {
            self.enter(key, all);
        }
        uid
    }

    /// Takes a place away. With labels, All Mail and Sent stay whatever is asked: only Trash and Spam end them.
    pub(crate) fn unlabel(&mut self, key: u64, folder: usize) {
        if !(self.profile.labels && matches!(self.role(folder), Role::All | Role::Sent)) {
            self.leave(key, folder);
        }
    }

    /// COPY of one message; the UID in the target.
    pub(crate) fn copy(&mut self, key: u64, target: usize) -> Option<u32> {
        if self.profile.labels {
            return Some(self.label(key, target));
        }
        let message = self.messages.get(&key)?.clone();
        let (copy, uid) = self.insert(target, &message.content, message.internal, message.flags);
        if let Some(copy) = self.messages.get_mut(&copy) {
            copy.sender = message.sender;
            copy.deeds = message.deeds;
            copy.flags.bits &= !DELETED;
        }
        Some(uid)
    }

    /// MOVE of one message; the UID in the target.
    pub(crate) fn relocate(&mut self, key: u64, from: usize, target: usize) -> Option<u32> {
        if from == target && self.profile.labels {
            return self.messages.get(&key)?.uid_in(from);
        }
        if from == target {
            // A plain server gives the message a new UID at the end of its folder.
            let uid = self.copy(key, target)?;
            self.leave(key, from);
            return Some(uid);
        }
        let uid = self.label(key, target);
        self.unlabel(key, from);
        Some(uid)
    }

    /// Removes messages that carry `\Deleted` (and, if given, a UID that `wanted` holds) from a folder.
    pub(crate) fn expunge(&mut self, folder: usize, wanted: impl Fn(u32) -> bool) {
        let doomed: Vec<u64> = self.folders[folder]
            .entries
            .iter()
            .filter(|&(&uid, key)| {
                wanted(uid) && self.messages.get(key).is_some_and(|message| message.flags.has(DELETED))
            })
            .map(|(_, &key)| key)
            .collect();
        for key in doomed {
            if self.profile.labels {
                if let Some(message) = self.messages.get_mut(&key) {
                    message.flags.bits &= !DELETED;
                }
                self.unlabel(key, folder);
            } else {
                self.leave(key, folder);
            }
        }
    }

    /// Removes a message wherever it stands, as another client would.
    pub(crate) fn erase(&mut self, key: u64) {
        let places: Vec<usize> = self
            .messages
            .get(&key)
            .map_or_else(Vec::new, |message| message.places.iter().map(|place| place.0).collect());
        for place in places {
            self.leave(key, place);
        }
    }

    /// Gives a folder a new UIDVALIDITY and its messages new UIDs.
    pub(crate) fn renumber(&mut self, folder: usize) {
        let uid_validity = self.new_validity();
        let list = &mut self.folders[folder];
        list.uid_validity = uid_validity;
        list.generation += 1;
        let keys: Vec<u64> = std::mem::take(&mut list.entries).into_values().collect();
        list.by_day.clear();
        list.uid_next = 1;
        for key in keys {
            if let Some(message) = self.messages.get_mut(&key) {
                message.places.retain(|&(place, _)| place != folder);
            }
            self.enter(key, folder);
        }
    }

    /// Deletes a user's folder with what is only in it; whether it could be.
    pub(crate) fn remove_folder(&mut self, folder: usize) -> bool {
        if self.role(folder) != Role::User {
            return false;
        }
        let keys: Vec<u64> = self.folders[folder].entries.values().copied().collect();
        for key in keys {
            self.leave(key, folder);
        }
        self.folders[folder].deleted = true;
        true
    }
}
