//! The knobs of a world: what an operator, a scenario or fate does to providers and accounts.

use jiff::Timestamp;

use crate::account::Account;
use crate::provider::Role;
use crate::world::{ProviderId, State, World, WorldError};

impl World {
    fn with_account<T>(
        &self,
        address: &str,
        change: impl FnOnce(&mut Account) -> Result<T, WorldError>,
    ) -> Result<T, WorldError> {
        let mut state = self.state();
        let account = state.accounts.get_mut(address).ok_or_else(|| WorldError::NoAccount(address.to_owned()))?;
        change(account)
    }

    /// Refuses (or again accepts) the account's credentials, in SMTP and IMAP. Mail to it still arrives.
    ///
    /// # Errors
    /// [`WorldError::NoAccount`].
    pub fn kill_credentials(&self, address: &str, dead: bool) -> Result<(), WorldError> {
        self.with_account(address, |account| {
            account.refused = dead;
            Ok(())
        })
    }

    /// Changes the account's password (and token).
    ///
    /// # Errors
    /// [`WorldError::NoAccount`].
    pub fn set_password(&self, address: &str, password: &str) -> Result<(), WorldError> {
        self.with_account(address, |account| {
            password.clone_into(&mut account.password);
            Ok(())
        })
    }

    /// Disables (or again enables) the account: no login, and mail to it bounces with 5.2.1.
    ///
    /// # Errors
    /// [`WorldError::NoAccount`].
    pub fn disable(&self, address: &str, disabled: bool) -> Result<(), WorldError> {
        self.with_account(address, |account| {
            account.disabled = disabled;
            Ok(())
        })
    }

    /// The account's filter puts back into junk whatever is moved from there to the INBOX (or no longer does); the server
    /// answers as if the move had held.
    ///
    /// # Errors
    /// [`WorldError::NoAccount`].
    pub fn put_back(&self, address: &str, stubborn: bool) -> Result<(), WorldError> {
        self.with_account(address, |account| {
            account.puts_back = stubborn;
            Ok(())
        })
    }

    /// Gives the folder a new UIDVALIDITY and its messages new UIDs. Sessions that have it selected are ended.
    ///
    /// # Errors
    /// [`WorldError::NoAccount`], [`WorldError::NoFolder`].
    pub fn move_uid_validity(&self, address: &str, folder: &str) -> Result<(), WorldError> {
        self.with_account(address, |account| {
            let at = account.folder(folder).ok_or_else(|| no_folder(address, folder))?;
            account.renumber(at);
            Ok(())
        })
    }

    /// Removes every copy of a message, as the owner would with another client; how many there were.
    ///
    /// # Errors
    /// [`WorldError::NoAccount`].
    pub fn erase(&self, address: &str, message_id: &str) -> Result<usize, WorldError> {
        self.with_account(address, |account| {
            let keys: Vec<u64> = account.by_message_id.get(message_id).into_iter().flatten().copied().collect();
            for &key in &keys {
                account.erase(key);
            }
            Ok(keys.len())
        })
    }

    /// Puts a message into a role's folder as it is, past submission and filter; `sender` is who it came from.
    ///
    /// # Errors
    /// [`WorldError::NoAccount`], [`WorldError::NoFolder`].
    pub fn plant(&self, address: &str, role: Role, sender: Option<&str>, raw: &[u8]) -> Result<(), WorldError> {
        let now = self.now();
        self.with_account(address, |account| {
            let folder = account.with_role(role).ok_or_else(|| no_folder(address, &format!("{role:?}")))?;
            let content = crate::message::Content::new(raw.to_vec());
            let (key, _) = account.insert(folder, &content, now, crate::message::Flags::default());
            if let Some(message) = account.messages.get_mut(&key) {
                message.sender = sender.map(str::to_owned);
            }
            Ok(())
        })
    }

    /// Where a message stands, by folder name and role; empty if it is not there.
    ///
    /// # Errors
    /// [`WorldError::NoAccount`].
    pub fn locate(&self, address: &str, message_id: &str) -> Result<Vec<(String, Role)>, WorldError> {
        self.with_account(address, |account| {
            let keys = account.by_message_id.get(message_id).into_iter().flatten();
            let messages = keys.filter_map(|key| account.messages.get(key));
            let mut places: Vec<(String, Role)> = messages
                .flat_map(|message| &message.places)
                .map(|&(folder, _)| (account.folders[folder].name.clone(), account.folders[folder].role))
                .collect();
            places.sort();
            Ok(places)
        })
    }

    fn with_provider<T>(&self, provider: ProviderId, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        debug_assert!(provider.0 < state.providers.len(), "a provider id comes from its own world");
        change(&mut state)
    }

    /// The provider answers every connection 421 (SMTP) or BYE (IMAP) from `from` until `to`.
    pub fn outage(&self, provider: ProviderId, from: Timestamp, to: Timestamp) {
        self.with_provider(provider, |state| state.providers[provider.0].outages.push((from, to)));
    }

    /// Whether the provider is in an outage at `at`.
    #[must_use]
    pub fn is_down(&self, provider: ProviderId, at: Timestamp) -> bool {
        self.with_provider(provider, |state| state.providers[provider.0].is_down(at))
    }

    /// The provider defers the first attempts of each sender and recipient for `wait_s` seconds; `None` stops that.
    pub fn greylist(&self, provider: ProviderId, wait_s: Option<i64>) {
        self.with_provider(provider, |state| {
            state.providers[provider.0].greylist_s = wait_s;
            state.providers[provider.0].greylisted.clear();
        });
    }

    /// All providers file the sender's mail as junk until `until`.
    pub fn spam_streak(&self, sender: &str, until: Timestamp) {
        let mut state = self.state();
        for provider in &mut state.providers {
            provider.filter.streak(sender, until);
        }
    }

    /// The provider rewrites the Message-IDs of this share (0–1) of sender domains.
    pub fn rewrite_message_ids(&self, provider: ProviderId, share: f64) {
        self.with_provider(provider, |state| state.providers[provider.0].rewriting_share = share);
    }

    /// Mail handed in at the provider takes between `least_s` and `most_s` seconds to arrive. 0 and 0 by default.
    pub fn set_delivery_delay(&self, provider: ProviderId, least_s: u32, most_s: u32) {
        self.with_provider(provider, |state| state.providers[provider.0].delay_s = (least_s, most_s));
    }
}

fn no_folder(address: &str, folder: &str) -> WorldError {
    WorldError::NoFolder(address.to_owned(), folder.to_owned())
}
