//! What is known of mails by their names, while a transaction is drafted. Pure.
//!
//! A mail stands under one of its names; its other names point there. An event that shows two names to be of one mail joins
//! what stood under each, so that nothing is counted under both. A pointer is never followed in a circle: what is joined points
//! to what it was joined to, and only a name under which something stands is ever joined.

use std::collections::{BTreeMap, BTreeSet};

use preheat_core::id::TenantId;
use preheat_core::merge::{Changes, Standing, difference};
use serde::{Deserialize, Serialize};

/// What lies under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Lies {
    /// The mail stands under another name.
    At {
        #[serde(rename = "at")]
        name: String,
    },
    /// What is known of it.
    Here(Standing),
}

/// What was read under a name, and under which version.
pub(super) type Rows = BTreeMap<String, (u64, Lies)>;

/// The names that `rows` point to.
pub(super) fn targets(rows: &Rows) -> BTreeSet<String> {
    let target = |lies: &Lies| match lies {
        Lies::At { name } => Some(name.clone()),
        Lies::Here(_) => None,
    };
    rows.values().filter_map(|(_, lies)| target(lies)).collect()
}

/// Mails, as they were read and as they become.
pub(super) struct Mails<'a> {
    read: &'a Rows,
    standings: BTreeMap<String, Standing>,
    pointers: BTreeMap<String, String>,
}

/// A mail that an event speaks of.
pub(super) struct Mail<'m> {
    /// What was known of it, under whatever names.
    pub(super) before: Standing,
    /// What is known of it.
    pub(super) standing: &'m mut Standing,
}

impl<'a> Mails<'a> {
    pub(super) fn new(read: &'a Rows) -> Self {
        let mut mails = Self { read, standings: BTreeMap::new(), pointers: BTreeMap::new() };
        for (name, (_, lies)) in read {
            match lies {
                Lies::Here(standing) => drop(mails.standings.insert(name.clone(), standing.clone())),
                Lies::At { name: there } => drop(mails.pointers.insert(name.clone(), there.clone())),
            }
        }
        mails
    }

    /// The mail that has `name` and these `others`: found under any, and from now on under all of them. What stood under two
    /// of them is joined, and `changes` become what one mail counts for.
    pub(super) fn of(&mut self, name: &str, others: &[String], tenant: &TenantId, changes: &mut Changes) -> Mail<'_> {
        let all = || std::iter::once(name).chain(others.iter().map(String::as_str));
        let is_known = |name: &&str| self.standings.contains_key(*name) || self.pointers.contains_key(*name);
        let root = self.root(all().find(is_known).unwrap_or(name)).to_owned();
        for other in all() {
            let other = self.root(other).to_owned();
            if other == root {
                continue;
            }
            if let Some(joined) = self.standings.remove(&other) {
                let standing = self.standings.entry(root.clone()).or_default();
                let before = standing.clone();
                standing.join(&joined);
                difference(tenant, &joined, &Standing::default(), changes);
                difference(tenant, &before, standing, changes);
            }
            self.pointers.insert(other, root.clone());
        }
        let standing = self.standings.entry(root).or_default();
        Mail { before: standing.clone(), standing }
    }

    /// Under which name stands, or would stand, what has this name.
    fn root<'n>(&'n self, name: &'n str) -> &'n str {
        let mut name = name;
        while let Some(there) = self.pointers.get(name) {
            name = there;
        }
        name
    }

    /// What is to be written: the name, the version that was read under it, and what lies there now.
    pub(super) fn changed(self) -> Vec<(String, Option<u64>, Lies)> {
        let standings = self.standings.into_iter().map(|(name, standing)| (name, Lies::Here(standing)));
        let pointers = self.pointers.into_iter().map(|(name, there)| (name, Lies::At { name: there }));
        let changed = |(name, lies): (String, Lies)| match self.read.get(&name) {
            Some((_, read)) if *read == lies => None,
            read => Some((name, read.map(|(version, _)| *version), lies)),
        };
        standings.chain(pointers).filter_map(changed).collect()
    }
}
