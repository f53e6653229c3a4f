//! The slots of one local date by their number: what a planning row knows of its day.
//!
//! A map whose keys are nearly always 0, 1, 2 and so on, kept as one sorted list: a fleet's tick walks the slots of every
//! mailbox some fifty times a day, and 100,000 trees of small nodes would cost it more than the rules do.

use crate::day::SlotState;

/// What became of each slot of a date, in the order of their numbers. A slot that is not here is planned or free.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slots(Vec<(u16, SlotState)>);

impl Slots {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Where slot `k` is, or belongs.
    fn position(&self, k: u16) -> Result<usize, usize> {
        let at = usize::from(k);
        match self.0.get(at) {
            Some((found, _)) if *found == k => Ok(at),
            _ => self.0.binary_search_by_key(&k, |entry| entry.0),
        }
    }

    /// What became of slot `k`.
    #[must_use]
    pub fn get(&self, k: &u16) -> Option<&SlotState> {
        self.position(*k).ok().map(|at| &self.0[at].1)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, k: &u16) -> Option<&mut SlotState> {
        self.position(*k).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether anything became of slot `k`.
    #[must_use]
    pub fn contains_key(&self, k: &u16) -> bool {
        self.position(*k).is_ok()
    }

    /// Notes what became of slot `k`; what was noted before.
    pub fn insert(&mut self, k: u16, state: SlotState) -> Option<SlotState> {
        match self.position(k) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, state)),
            Err(at) => {
                self.0.insert(at, (k, state));
                None
            }
        }
    }

    /// Forgets slot `k`; what was noted of it.
    pub fn remove(&mut self, k: &u16) -> Option<SlotState> {
        self.position(*k).ok().map(|at| self.0.remove(at).1)
    }

    /// Keeps those that `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&u16, &mut SlotState) -> bool) {
        self.0.retain_mut(|(k, state)| keep(k, state));
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Numbers and states, by number.
    pub fn iter(&self) -> Iter<'_> {
        self.0.iter().map(|(k, state)| (k, state))
    }

    /// Numbers, rising.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &u16> + Clone {
        self.0.iter().map(|(k, _)| k)
    }

    /// States, by number.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &SlotState> + Clone {
        self.0.iter().map(|(_, state)| state)
    }
}

impl std::ops::Index<&u16> for Slots {
    type Output = SlotState;
    /// What became of slot `k`.
    ///
    /// # Panics
    /// Nothing did.
    fn index(&self, k: &u16) -> &SlotState {
        &self.0[self.position(*k).unwrap_or(usize::MAX)].1
    }
}

/// Numbers and states, by number.
pub type Iter<'a> = std::iter::Map<std::slice::Iter<'a, (u16, SlotState)>, fn(&(u16, SlotState)) -> (&u16, &SlotState)>;

impl<'a> IntoIterator for &'a Slots {
    type Item = (&'a u16, &'a SlotState);
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Slots {
    type Item = (u16, SlotState);
    type IntoIter = std::vec::IntoIter<(u16, SlotState)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Extend<(u16, SlotState)> for Slots {
    fn extend<T: IntoIterator<Item = (u16, SlotState)>>(&mut self, slots: T) {
        for (k, state) in slots {
            self.insert(k, state);
        }
    }
}

impl FromIterator<(u16, SlotState)> for Slots {
    fn from_iter<T: IntoIterator<Item = (u16, SlotState)>>(slots: T) -> Self {
        let mut all: Vec<(u16, SlotState)> = slots.into_iter().collect();
        // Of one number twice the later counts, as in a map: a stable sort leaves it last.
        all.sort_by_key(|(k, _)| *k);
        all.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                *kept = *later;
            }
            same
        });
        Self(all)
    }
}

impl<const N: usize> From<[(u16, SlotState); N]> for Slots {
    fn from(slots: [(u16, SlotState); N]) -> Self {
        slots.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::id::MailboxId;

    fn sent(to: u32) -> SlotState {
        SlotState::Sent { partner: MailboxId(to) }
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((0_u16..20, any::<bool>(), 0_u32..9), 0..60)) {
            let (mut slots, mut map) = (Slots::new(), BTreeMap::new());
            for (k, inserts, to) in steps {
                if inserts {
                    prop_assert_eq!(slots.insert(k, sent(to)), map.insert(k, sent(to)));
                } else {
                    prop_assert_eq!(slots.remove(&k), map.remove(&k));
                }
                prop_assert!(slots.iter().eq(map.iter()));
                prop_assert_eq!(slots.get(&k), map.get(&k));
                prop_assert_eq!(slots.contains_key(&k), map.contains_key(&k));
                prop_assert_eq!(slots.len(), map.len());
            }
        }

        #[test]
        fn it_is_made_like_a_map(entries in proptest::collection::vec((0_u16..20, 0_u32..9), 0..40)) {
            let entries = || entries.iter().map(|&(k, to)| (k, sent(to)));
            let (slots, map) = (entries().collect::<Slots>(), entries().collect::<BTreeMap<_, _>>());
            prop_assert!(slots.iter().eq(map.iter()));
        }
    }
}
