//! The rotation: in which order a pool's mailboxes write to one another.
//!
//! A pool is a ring of its members by id. In round (day d, slot k) every member writes to the one that stands a certain
//! offset further on, the same offset for all: so each has exactly one mail in and one out a round. The offsets are
//! shuffled once a pool; days take turns over [`Ring::classes`] of them, so that no class, and no partner, comes
//! again within the memory, whatever was skipped and replaced inside a class. Only where a class is too small for a
//! day's mail do the next classes follow, those farthest away in time first.

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;

use crate::id::PoolId;
use crate::seed::Seed;

/// The rotation of one pool.
#[derive(Debug)]
pub(crate) struct Ring {
    /// Places of the ring: members, and up to an eighth more so that additions seldom change it. A place without a
    /// member is a partner that is not acceptable.
    size: u32,
    /// The offsets 1..size, shuffled.
    offsets: Vec<u32>,
    /// How many classes the days take turns over: the days of memory and one.
    classes: u32,
    /// In which order a day goes through the classes, as days ahead.
    order: Vec<u32>,
    /// How far each turn of a class starts behind the turn before: at least a day's slots.
    stride: u32,
}

impl Ring {
    /// The rotation of `members` members. `stride`: the pool's largest quota.
    pub(crate) fn new(seed: &Seed, pool: &PoolId, members: u32, memory_days: u32, stride: u32) -> Self {
        let size = ring_size(members);
        let mut offsets: Vec<u32> = (1..size).collect();
        let name = pool.as_str().bytes().map(u64::from);
        let parts: Vec<u64> = name.chain([u64::from(size)]).collect();
        shuffle(&mut offsets, &mut seed.stream("pairing ring", &parts));
        let classes = memory_days.saturating_add(1).min(64);
        Self { size, offsets, classes, order: spread_order(classes), stride: stride.max(1) }
    }

    /// How many places there are to write to.
    pub(crate) fn turns(&self) -> u32 {
        self.size - 1
    }

    /// How far apart the slots of one day keep their replacements.
    pub(crate) fn stride(&self) -> u32 {
        self.stride
    }

    /// The classes in `day`'s order: its own first, then those farthest away in time, so that whom a mailbox wrote to
    /// lately, or will write to soon, comes last.
    pub(crate) fn classes(&self, day: u32) -> impl Iterator<Item = Class<'_>> {
        self.order.iter().map(move |ahead| {
            let class = (day + ahead) % self.classes;
            let edge = |class: u32| u64::from(self.turns()) * u64::from(class) / u64::from(self.classes);
            let span = |edge: u64| usize::try_from(edge).unwrap_or(0);
            let offsets = self.offsets.get(span(edge(class))..span(edge(class + 1))).unwrap_or_default();
            // Every time that a class has its turn it begins where the last time ended.
            Class { offsets, start: u64::from(day / self.classes) * u64::from(self.stride), size: self.size }
        })
    }
}

/// The offsets of one class on one day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Class<'a> {
    offsets: &'a [u32],
    start: u64,
    size: u32,
}

impl Class<'_> {
    /// How many turns it has.
    pub(crate) fn turns(&self) -> u32 {
        u32::try_from(self.offsets.len()).unwrap_or(u32::MAX)
    }

    /// Where the partner of the member at `place` stands in this turn; it may be an empty place. Turns beyond the last
    /// begin anew.
    pub(crate) fn place(&self, place: u32, turn: u32) -> u32 {
        let at = (self.start + u64::from(turn)) % (self.offsets.len() as u64).max(1);
        let offset = self.offsets.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or(0);
        let partner = place + offset;
        if partner >= self.size { partner - self.size } else { partner }
    }
}

/// The ring of so many members: it grows in steps of about an eighth, so that additions seldom change it.
fn ring_size(members: u32) -> u32 {
    let mut size = 8_u32;
    while size < members {
        size += (size / 8).max(1);
    }
    // Below 8 every step is 1: holes would be most of the ring.
    if members < 8 { members.max(2) } else { size }
}

/// 0..n in an order in which every beginning lies spread evenly over the circle (bit reversal).
fn spread_order(n: u32) -> Vec<u32> {
    let bits = n.next_power_of_two().trailing_zeros();
    if bits == 0 {
        return vec![0];
    }
    (0..1 << bits).map(|x: u32| x.reverse_bits() >> (32 - bits)).filter(|&x| x < n).collect()
}

/// Fisher and Yates.
fn shuffle(numbers: &mut [u32], stream: &mut ChaCha8Rng) {
    for i in (1..numbers.len()).rev() {
        // Multiply-shift (Lemire 2019): a bias below 2^-32 is of no account here.
        let bound = u64::try_from(i).unwrap_or(0) + 1;
        let j = (u64::from(stream.next_u32()) * bound) >> 32;
        numbers.swap(i, usize::try_from(j).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ring(members: u32, stride: u32) -> Ring {
        Ring::new(&Seed::new([5; 32]), &"acme".parse().unwrap(), members, 7, stride)
    }

    /// The places that the member at `place` is to write to on a day, in order.
    fn places(ring: &Ring, place: u32, day: u32) -> Vec<u32> {
        let turns = |class: Class<'_>| (0..class.turns()).map(|turn| class.place(place, turn)).collect::<Vec<_>>();
        ring.classes(day).flat_map(turns).collect()
    }

    #[test]
    fn a_day_goes_through_everybody_else_once() {
        for members in [2, 3, 5, 8, 12, 24, 60, 500] {
            let ring = ring(members, 12);
            for day in 2400..2410 {
                let places = places(&ring, 1, day);
                let distinct: BTreeSet<u32> = places.iter().copied().collect();
                assert_eq!(
                    (places.len() as u32, distinct.len() as u32),
                    (ring.size - 1, ring.size - 1),
                    "{members} members"
                );
                assert!(!distinct.contains(&1), "nobody writes to itself");
            }
        }
    }

    #[test]
    fn each_has_one_in_and_one_out_a_round() {
        let ring = ring(60, 12);
        let all: Vec<Vec<u32>> = (0..ring.size).map(|place| places(&ring, place, 2400)).collect();
        for turn in 0..ring.turns() as usize {
            let places: BTreeSet<u32> = all.iter().map(|places| places[turn]).collect();
            assert_eq!(places.len() as u32, ring.size);
        }
    }

    #[test]
    fn classes_do_not_meet_within_the_memory() {
        let ring = ring(1000, 50);
        let own = |day| -> BTreeSet<u32> {
            let class = ring.classes(day).next().unwrap();
            (0..class.turns()).map(|turn| class.place(3, turn)).collect()
        };
        for day in 2400..2430 {
            for later in day + 1..=day + 7 {
                assert!(own(day).is_disjoint(&own(later)), "days {day} and {later}");
            }
        }
    }

    #[test]
    fn additions_seldom_change_the_ring() {
        let mut sizes: Vec<u32> = (2..=10_000).map(ring_size).collect();
        assert!(sizes.iter().zip(2..).all(|(&size, members)| size >= members && size <= members + members / 7 + 1));
        sizes.dedup();
        assert!(sizes.len() < 75, "{} sizes up to 10,000", sizes.len());
    }

    #[test]
    fn the_order_of_classes_is_spread() {
        assert_eq!(spread_order(8), [0, 4, 2, 6, 1, 5, 3, 7]);
        for n in 1..30 {
            let mut all = spread_order(n);
            assert_eq!(all[0], 0);
            all.sort_unstable();
            assert_eq!(all, (0..n).collect::<Vec<_>>());
        }
    }
}
