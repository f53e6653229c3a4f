//! Commands inside the selected folder: SEARCH and FETCH (which may set `\Seen`), STORE, COPY, MOVE, EXPUNGE.

use super::command::{Attribute, Change, Command, Item, Set};
use super::selected::{Selected, Target};
use super::{Answer, fetch, folders, search};
use crate::account::Account;
use crate::filter::Deed;
use crate::message::{Category, DELETED, FLAGGED, Flags, SEEN};
use crate::provider::Role;
use crate::world::State;

/// Carries out a command; the caller has checked that the folder is still the one selected.
pub(super) fn in_folder(state: &mut State, user: &str, selected: &Selected, command: Command) -> Answer {
    let Some(account) = state.accounts.get(user) else { return Answer::new("NO the account is gone") };
    let profile = account.profile;
    match command {
        Command::Check => Answer::new("OK CHECK completed"),
        Command::Search { by_uid, key } => {
            let found = search::search(account, selected, &key);
            let numbers = found.iter().map(|target| {
                let number = if by_uid { target.uid as usize } else { target.number };
                format!(" {number}")
            });
            let mut answer = Answer::new("OK SEARCH completed");
            answer.line(&format!("SEARCH{}", numbers.collect::<String>()));
            answer
        }
        Command::Fetch { by_uid, set, items } => fetch(state, user, selected, by_uid, &set, &items),
        Command::Store { .. } | Command::Move { .. } | Command::Expunge(_) if selected.read_only => {
            Answer::new("NO [READ-ONLY] The folder was opened with EXAMINE")
        }
        Command::Store { by_uid, set, attribute, change, silent, values } => {
            if attribute == Attribute::GmailLabels && !profile.labels {
                return Answer::new("BAD unknown STORE item");
            }
            let targets = match account.folders.get(selected.folder).map(|_| selected.targets(account, &set, by_uid)) {
                Some(Ok(targets)) => targets,
                Some(Err(answer)) => return answer,
                None => return Answer::new("NO the folder is gone"),
            };
            let store = Store { attribute, change, silent, by_uid, values: &values };
            store.run(state, user, selected, &targets)
        }
        Command::Move { .. } if !profile.moves => Answer::new("BAD unknown command"),
        Command::Expunge(Some(_)) if !profile.uidplus => Answer::new("BAD unknown command"),
        Command::Copy { by_uid, set, folder } => transfer(state, user, selected, by_uid, &set, &folder, false),
        Command::Move { by_uid, set, folder } => transfer(state, user, selected, by_uid, &set, &folder, true),
        Command::Expunge(set) => {
            let last = selected.view.last().copied().unwrap_or(0);
            if let Some(account) = state.accounts.get_mut(user) {
                let wanted = |uid| set.as_ref().is_none_or(|set: &Set| set.holds(uid, last));
                account.expunge(selected.folder, |uid| uid <= selected.last_uid && wanted(uid));
            }
            Answer::new("OK EXPUNGE completed")
        }
        _ => Answer::new("BAD not allowed here"),
    }
}

fn fetch(state: &mut State, user: &str, selected: &Selected, by_uid: bool, set: &Set, items: &[Item]) -> Answer {
    let Some(account) = state.accounts.get(user) else { return Answer::new("NO the account is gone") };
    let gmail = |item: &Item| matches!(item, Item::GmailId | Item::GmailLabels | Item::GmailThread);
    if !account.profile.labels && items.iter().any(gmail) {
        return Answer::new("BAD unknown FETCH item");
    }
    let targets = match selected.targets(account, set, by_uid) {
        Ok(targets) => targets,
        Err(answer) => return answer,
    };
    let reads = items.iter().any(|item| matches!(item, Item::Body { peek: false, .. })) && !selected.read_only;
    let mut answer = Answer::new("OK FETCH completed");
    for target in targets {
        let mut newly_read = false;
        if reads && let Some(message) = state.accounts.get_mut(user).and_then(|a| a.messages.get_mut(&target.key)) {
            newly_read = !message.flags.has(SEEN);
            message.flags.bits |= SEEN;
        }
        if newly_read {
            state.deed(user, target.key, Deed::Read);
        }
        let Some(account) = state.accounts.get(user) else { continue };
        if newly_read && !items.contains(&Item::Flags) {
            let with_flags: Vec<Item> = items.iter().cloned().chain([Item::Flags]).collect();
            fetch::answer(&mut answer, account, selected, target, &with_flags);
        } else {
            fetch::answer(&mut answer, account, selected, target, items);
        }
    }
    answer
}

/// One STORE.
struct Store<'a> {
    attribute: Attribute,
    change: Change,
    silent: bool,
    by_uid: bool,
    values: &'a [String],
}

impl Store<'_> {
    fn run(&self, state: &mut State, user: &str, selected: &Selected, targets: &[Target]) -> Answer {
        let mut answer = Answer::new("OK STORE completed");
        let mut echo = match self.attribute {
            Attribute::Flags => vec![Item::Flags],
            Attribute::GmailLabels => vec![Item::GmailLabels],
        };
        if self.by_uid {
            echo.insert(0, Item::Uid);
        }
        for &target in targets {
            match self.attribute {
                Attribute::Flags => self.flags(state, user, target),
                Attribute::GmailLabels => self.labels(state, user, selected, target),
            }
            if !self.silent
                && let Some(account) = state.accounts.get(user)
            {
                fetch::answer(&mut answer, account, selected, target, &echo);
            }
        }
        // Gmail's auto-expunge is on by default: what is marked deleted leaves the folder at once.
        if let Some(account) = state.accounts.get_mut(user).filter(|account| account.profile.labels) {
            let uids: Vec<u32> = targets.iter().map(|target| target.uid).collect();
            account.expunge(selected.folder, |uid| uids.binary_search(&uid).is_ok());
        }
        answer
    }

    fn flags(&self, state: &mut State, user: &str, target: Target) {
        let Some(account) = state.accounts.get_mut(user) else { return };
        let asked = Flags::of(self.values, account.profile.keywords);
        let Some(message) = account.messages.get_mut(&target.key) else { return };
        let before = message.flags.bits;
        match self.change {
            Change::Replace => message.flags = asked,
            Change::Add => {
                message.flags.bits |= asked.bits;
                message.flags.keywords.extend(asked.keywords);
            }
            Change::Remove => {
                message.flags.bits &= !asked.bits;
                message.flags.keywords.retain(|keyword| !asked.keywords.contains(keyword));
            }
        }
        let after = message.flags.bits;
        star(account, target.key);
        if after & !before & SEEN != 0 {
            state.deed(user, target.key, Deed::Read);
        }
        if after & !before & FLAGGED != 0 {
            state.deed(user, target.key, Deed::Flagged);
        }
    }

    fn labels(&self, state: &mut State, user: &str, selected: &Selected, target: Target) {
        let mut wanted = Vec::new();
        for value in self.values {
            if let Some(category) = category_label(value) {
                let category = if self.change == Change::Remove { Category::Primary } else { category };
                set_category(state, user, target.key, category);
                continue;
            }
            let Some(account) = state.accounts.get_mut(user) else { return };
            wanted.push(folder_of_label(account, value, self.change != Change::Remove));
        }
        for folder in wanted.iter().flatten().copied() {
            if self.change == Change::Remove {
                if let Some(account) = state.accounts.get_mut(user) {
                    account.unlabel(target.key, folder);
                }
            } else {
                credit_move(state, user, target.key, folder);
                if let Some(account) = state.accounts.get_mut(user) {
                    account.label(target.key, folder);
                }
            }
        }
        if self.change == Change::Replace
            && let Some(account) = state.accounts.get_mut(user)
        {
            let places = account.messages.get(&target.key).map(|message| message.places.clone()).unwrap_or_default();
            for (folder, _) in places {
                if folder != selected.folder && !wanted.contains(&Some(folder)) {
                    account.unlabel(target.key, folder);
                }
            }
        }
        if let Some(account) = state.accounts.get_mut(user) {
            let starred = account.with_role(Role::Starred);
            if let Some(message) = account.messages.get_mut(&target.key)
                && wanted.iter().flatten().any(|&folder| Some(folder) == starred)
            {
                let bit = if self.change == Change::Remove { 0 } else { FLAGGED };
                message.flags.bits = message.flags.bits & !FLAGGED | bit;
            }
        }
    }
}

/// With labels, `\Flagged` and Starred are one.
fn star(account: &mut Account, key: u64) {
    let Some(starred) = account.with_role(Role::Starred) else { return };
    let Some(message) = account.messages.get(&key) else { return };
    let apart =
        message.places.iter().any(|&(place, _)| matches!(account.folders[place].role, Role::Junk | Role::Trash));
    // In Spam or Trash a star is only a flag: the label would take the mail out of there.
    if message.flags.has(FLAGGED) && !apart {
        account.label(key, starred);
    } else {
        account.unlabel(key, starred);
    }
}

/// Gmail's tabs as labels. Undocumented by Google: accepted here so that a client can file into Primary.
fn category_label(label: &str) -> Option<Category> {
    match label.trim_start_matches('\\').to_ascii_uppercase().as_str() {
        "CATEGORY_PROMOTIONS" => Some(Category::Promotions),
        "CATEGORY_PERSONAL" | "CATEGORY_PRIMARY" => Some(Category::Primary),
        _ => None,
    }
}

fn set_category(state: &mut State, user: &str, key: u64, category: Category) {
    let Some(message) = state.accounts.get_mut(user).and_then(|a| a.messages.get_mut(&key)) else { return };
    let rescued = message.category == Category::Promotions && category == Category::Primary;
    message.category = category;
    if rescued {
        state.deed(user, key, Deed::Rescued);
    }
}

/// The folder behind a label; a user's label is made if it is missing and `make` allows it.
fn folder_of_label(account: &mut Account, label: &str, make: bool) -> Option<usize> {
    let role = match label.to_ascii_lowercase().as_str() {
        "\\inbox" => Role::Inbox,
        "\\sent" => Role::Sent,
        "\\important" => Role::Important,
        "\\starred" => Role::Starred,
        "\\draft" | "\\drafts" => Role::Drafts,
        "\\spam" | "\\junk" => Role::Junk,
        "\\trash" | "\\deleted" => Role::Trash,
        other if other.starts_with('\\') => return None,
        _ => {
            let there = account.folder(label);
            if there.is_none() && make {
                account.add_folder(label, Role::User, "");
            }
            return account.folder(label);
        }
    };
    account.with_role(role)
}

/// Tells the filter what it means that a message goes to `target`: out of junk, or into it.
fn credit_move(state: &mut State, user: &str, key: u64, target: usize) {
    let Some(account) = state.accounts.get(user) else { return };
    let Some(message) = account.messages.get(&key) else { return };
    let in_junk = message.places.iter().any(|&(place, _)| account.folders[place].role == Role::Junk);
    match account.folders[target].role {
        Role::Junk if !in_junk => state.deed(user, key, Deed::Complained),
        Role::Inbox if in_junk && !account.puts_back => state.deed(user, key, Deed::Rescued),
        _ => {}
    }
}

/// A stubborn filter: what was taken out of junk goes back there, though the client was told that all is well.
fn put_back(account: &mut Account, from: usize, to: usize, uid: u32) {
    let rescued = account.folders[from].role == Role::Junk && account.folders[to].role == Role::Inbox;
    if let Some(&key) = account.folders[to].entries.get(&uid).filter(|_| account.puts_back && rescued) {
        account.relocate(key, to, from);
    }
}

/// COPY and MOVE.
fn transfer(
    state: &mut State,
    user: &str,
    selected: &Selected,
    by_uid: bool,
    set: &Set,
    folder: &str,
    moves: bool,
) -> Answer {
    let Some(account) = state.accounts.get(user) else { return Answer::new("NO the account is gone") };
    let profile = account.profile;
    let targets = match selected.targets(account, set, by_uid) {
        Ok(targets) => targets,
        Err(answer) => return answer,
    };
    let Some(to) = account.folder(folder) else { return folders::try_create() };
    let verb = if moves { "MOVE" } else { "COPY" };
    let validity = account.folders[to].uid_validity;
    let (mut from_uids, mut to_uids) = (Vec::new(), Vec::new());
    for target in targets {
        credit_move(state, user, target.key, to);
        let Some(account) = state.accounts.get_mut(user) else { continue };
        let uid = if moves { account.relocate(target.key, selected.folder, to) } else { account.copy(target.key, to) };
        if let Some(uid) = uid {
            from_uids.push(target.uid.to_string());
            to_uids.push(uid.to_string());
        }
        if moves && let Some(message) = account.messages.get_mut(&target.key) {
            message.flags.bits &= !DELETED;
        }
        if let Some(uid) = uid {
            put_back(account, selected.folder, to, uid);
        }
    }
    let code = if profile.uidplus && !from_uids.is_empty() {
        format!("[COPYUID {validity} {} {}] ", from_uids.join(","), to_uids.join(","))
    } else {
        String::new()
    };
    if moves {
        let mut answer = Answer::new("OK MOVE completed");
        // RFC 6851 §4.3: COPYUID comes untagged, before the EXPUNGE responses.
        if !code.is_empty() {
            answer.line(&format!("OK {code}Moved"));
        }
        return answer;
    }
    Answer::new(format!("OK {code}{verb} completed"))
}
